"""Who is where: crews by day and zone, days off, idle ones, and those who hold streets and told no hours."""

from datetime import date, timedelta

from fieldops.actions.claims import end_claim, list_claims, make_claim
from fieldops.actions.effort import import_effort
from fieldops.actions.shifts import read_week
from fieldops.claims import Outcome
from fieldops.ids import CrewId, StreetId
from fieldops.store.connect import Region
from tests.conftest import LEAD, NOON
from tests.towns import add_town

MONDAY = date(2026, 3, 2)  # NOON's day
DAY = timedelta(days=1)
C0, C1, C2 = (CrewId(f"C{i}") for i in range(3))


def town(region: Region) -> None:
    add_town(region, streets=4, crews=3)
    with region.turn(LEAD, now=NOON) as turn:
        turn.connection.execute("UPDATE crew SET days_off = '[\"2026-03-03\"]' WHERE id = 'C1'")
    make_claim(region, LEAD, street=StreetId("S0"), crew=C0, now=NOON)
    make_claim(region, LEAD, street=StreetId("S1"), crew=C0, now=NOON)
    make_claim(region, LEAD, street=StreetId("S2"), crew=C1, now=NOON)


def test_a_week_tells_each_crew_day_by_day_what_it_holds(region: Region) -> None:
    town(region)
    week = read_week(region, LEAD)
    assert (week.today, week.days[0], week.day) == (MONDAY, MONDAY, MONDAY)
    held = {crew.id: [shift.streets for shift in shifts] for crew, shifts in week.crews}
    assert held == {C0: [2] * 7, C1: [1] * 7, C2: [0] * 7}
    days_off = {crew.id: [shift.off for shift in shifts] for crew, shifts in week.crews}
    assert days_off[C1] == [False, True, False, False, False, False, False]
    after = read_week(region, LEAD, MONDAY + 7 * DAY)  # claims of Monday noon hold until the next Monday's noon
    assert [[shift.streets for shift in shifts][:2] for crew, shifts in after.crews if crew.id == C0] == [[2, 0]]


def test_a_day_tells_who_works_in_which_zone_who_is_off_and_who_has_no_street(region: Region) -> None:
    town(region)
    today = read_week(region, LEAD)
    people = {crew.id: crew.people for crew, _ in today.crews}
    assert today.at_work == people[C0] + people[C1]
    assert sum(place.people for place in today.places) >= today.at_work
    assert {crew.id for place in today.places for crew, _ in place.crews} == {C0, C1}
    assert [crew.id for crew in today.idle] == [C2]
    tomorrow = read_week(region, LEAD, MONDAY + DAY)
    assert [crew.id for crew in tomorrow.off] == [C1]
    assert {crew.id for place in tomorrow.places for crew, _ in place.crews} == {C0}
    assert tomorrow.quiet == ()  # nobody tells hours of a day to come


def test_a_crew_that_held_streets_and_told_no_hours_is_named_until_it_tells_them(region: Region) -> None:
    town(region)
    later = NOON + DAY
    make_claim(region, LEAD, street=StreetId("S3"), crew=C2, now=later)  # which brings the region to the next day
    assert {crew.id for crew in read_week(region, LEAD, MONDAY).quiet} == {C0, C1}
    rows = [(1, {"day": "2026-03-02", "crew": "C0", "street": "S0", "promoter_hours": "6"})]
    import_effort(region, LEAD, rows, now=later)
    assert {crew.id for crew in read_week(region, LEAD, MONDAY).quiet} == {C1}
    shift = next(shifts[0] for crew, shifts in read_week(region, LEAD, MONDAY).crews if crew.id == C0)
    assert shift.hours == 6.0


def test_a_crew_whose_last_street_ended_this_morning_is_idle_today_and_was_not_yesterday(region: Region) -> None:
    town(region)
    later = NOON + DAY
    for one in list_claims(region, LEAD, now=NOON)[1]:
        if one.claim.crew == C0:
            end_claim(region, LEAD, one.claim.id, outcome=Outcome.REVOKED, why="safety", now=later)
    assert C0 in {crew.id for crew in read_week(region, LEAD).idle}
    assert C0 not in {crew.id for crew in read_week(region, LEAD, MONDAY).idle}
