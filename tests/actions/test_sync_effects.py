"""What follows from records of phones: streets claimed and given up, contacts undone, hours, doors not to be contacted."""

import pytest

from fieldops.actions.claims import list_claims, make_claim
from fieldops.clock import format_moment
from fieldops.contacts import Mark
from fieldops.ids import CrewId, StreetId
from fieldops.people import Role
from fieldops.store.connect import Region
from fieldops.store.contacts import doors_not_to_contact, read_contacts, venues_not_to_contact
from fieldops.store.effort import read_effort
from fieldops.store.verify import verify
from fieldops.surveys import Effort
from tests.conftest import LEAD
from tests.phones import AGAIN, DAY, HOUR, MINUTE, MORNING, NOON, TAKEN, Phone, contacts, crew_actor, query, results
from tests.towns import add_town, position

# ── wishes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_only_the_server_claims_and_who_lost_is_told_who_won_and_the_next_best(region: Region) -> None:
    add_town(region)
    winner, loser = Phone(), Phone(promoter="C1-0", device="D1")
    won = winner.send(region, [winner.make(NOON, "claim", street="S2")], NOON).answers[0]
    assert (won.result, won.facts["generation"]) == ("accepted", 1)
    assert won.facts["until"] == format_moment(NOON + 7 * DAY)
    lost = loser.send(region, [loser.make(NOON, "claim", street="S2")], NOON).answers[0]
    assert (lost.result, lost.reason, lost.facts["holder_name"]) == ("rejected", "claimed", "Crew C0")
    assert lost.facts["until"] == format_moment(NOON + 7 * DAY)
    assert lost.facts["next"] in ("S1", "S3")
    assert str(lost.facts["next_label"]).startswith("Road")


def test_a_wish_is_good_for_its_day_and_for_who_may_claim(region: Region) -> None:
    add_town(region)
    phone = Phone()
    old, plain = phone.make(NOON - DAY, "claim", street="S0"), phone.make(NOON, "claim", street="S0")
    assert results(phone.send(region, [old], NOON)) == [("rejected", "too_old")]
    assert results(phone.send(region, [plain], NOON, crew_actor(role=Role.CREW))) == [("rejected", "not_allowed")]
    assert list_claims(region, LEAD, now=NOON)[1] == []


def test_a_crew_gives_up_its_own_claim_in_force_and_no_other(region: Region) -> None:
    add_town(region)
    make_claim(region, LEAD, street=StreetId("S0"), crew=CrewId("C0"), now=NOON)
    phone = Phone()
    wrong = [phone.make(NOON, "withdrawal", street="S1"), phone.make(NOON, "withdrawal", street="S0", generation=2)]
    assert results(phone.send(region, wrong, NOON)) == [("rejected", "claim_ended")] * 2
    right = phone.make(NOON, "withdrawal", street="S0", generation=1)
    assert results(phone.send(region, [right], NOON)) == [TAKEN]
    assert results(phone.send(region, [right], NOON)) == [AGAIN]
    assert query(region, "SELECT outcome FROM claim") == [("withdrawn",)]


# ── undo, hours, do not contact ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_undone_contact_counts_nowhere_and_is_kept_whichever_comes_first(
    region: Region, order: tuple[int, int]
) -> None:
    add_town(region)
    phone = Phone()
    made = phone.make(MORNING, street="S0", what="do_not_contact", door="1-2")
    pair = [made, phone.make(MORNING + MINUTE, "undo", about=made["id"])]
    for place in order:
        assert results(phone.send(region, [pair[place]], NOON)) == [TAKEN]
    assert read_contacts(region.reader()) == []
    assert doors_not_to_contact(region.reader(), [StreetId("S0")]) == {}
    assert query(region, "SELECT count(*) FROM phone_record") == [(2,)]


def test_a_contact_taken_back_later_leaves_the_effort_of_its_day_too(region: Region) -> None:
    add_town(region)
    phone = Phone()
    made = phone.make(MORNING, street="S0", what="refused")
    hours = phone.make(MORNING, "hours", street="S0", day="2026-03-11", hours=2)
    phone.send(region, [made, hours], NOON)
    assert query(region, "SELECT promoter_hours, contacts FROM effort") == [(2.0, 1)]
    assert results(phone.send(region, [phone.make(NOON, "undo", about=made["id"])], NOON)) == [TAKEN]
    assert query(region, "SELECT promoter_hours, contacts FROM effort") == [(2.0, 0)]


def test_nobody_undoes_what_another_made_and_nobody_takes_an_answer_back(region: Region) -> None:
    add_town(region)
    phone, mate = Phone(), Phone(promoter="C0-1", device="D1")
    made = [phone.make(MORNING, street="S0", what="refused"), phone.survey(MORNING, False)]
    phone.send(region, made, NOON)
    undone = [mate.make(NOON, "undo", about=made[0]["id"]), phone.make(NOON, "undo", about=made[1]["id"])]
    done = phone.send(region, undone, NOON)
    assert results(done) == [("rejected", "other_promoter"), ("rejected", "cannot_be_undone")]
    assert len(read_contacts(region.reader())) == 1


def test_hours_of_a_crew_are_the_sum_of_what_each_told_last_with_the_contacts_made(region: Region) -> None:
    add_town(region)
    phone, mate = Phone(), Phone(promoter="C0-1", device="D1")
    day = {"street": "S0", "day": "2026-03-11"}
    sent = [
        phone.make(MORNING, "hours", hours=2.0, **day), phone.make(MORNING + HOUR, "hours", hours=3.5, **day),
        mate.make(MORNING, "hours", hours=1.25, **day), *contacts(mate, 3, street="S0"),
        mate.make(MORNING - DAY, street="S0", what="refused"),
    ]  # fmt: skip
    for record in reversed(sent):  # the last word is the one made last, not the one that came last
        phone.send(region, [record], NOON)
    one = Effort(NOON.date(), CrewId("C0"), StreetId("S0"), None, 4.75, 3)
    assert read_effort(region.reader(), [one.id]) == {one.id: one}


def test_hours_are_corrected_to_none_and_the_row_of_the_crews_effort_says_so(region: Region) -> None:
    add_town(region)
    phone, day = Phone(), {"street": "S0", "day": "2026-03-11"}
    told = [
        phone.make(MORNING, "hours", hours=2.0, **day), phone.make(MORNING + HOUR, "hours", hours=0, **day),
        phone.make(MORNING + HOUR, "hours", hours=0, street="S1", day="2026-03-11"),
    ]  # fmt: skip
    for record in told:
        assert results(phone.send(region, [record], NOON)) == [TAKEN]
    assert query(region, "SELECT street_id, promoter_hours FROM effort") == [("S0", 0.0)]
    assert verify(region).violations == []


@pytest.mark.parametrize("together", [True, False])
def test_more_than_sixteen_hours_of_one_promoter_in_one_day_are_marked_wherever_they_were(
    region: Region, together: bool
) -> None:
    add_town(region)
    phone, mate = Phone(), Phone(promoter="C0-1", device="D1")
    told = [
        phone.make(MORNING, "hours", hours=10, street="S0", day="2026-03-11"),
        phone.make(MORNING, "hours", hours=6, street="S1", day="2026-03-11"),
        phone.make(MORNING, "hours", hours=1, street="S2", day="2026-03-10"),
        phone.make(MORNING, "hours", hours=6.5, street="S1", day="2026-03-11"),
        phone.make(MORNING, "hours", hours=0, street="S0", day="2026-03-11"),
    ]
    batches = [told] if together else [[one] for one in told]
    marks = [answer.marks for batch in batches for answer in phone.send(region, batch, NOON).answers]
    assert marks == [(), (), (), (Mark.LONG_DAY,), ()]
    other = [mate.make(MORNING, "hours", hours=12, street="S1", day="2026-03-11")]
    assert [one.marks for one in mate.send(region, other, NOON).answers] == [()]


def test_a_door_and_a_venue_that_asked_not_to_be_contacted_are_listed_and_a_later_contact_is_marked(
    region: Region,
) -> None:
    add_town(region)
    with region.turn(LEAD, now=MORNING) as turn:
        turn.connection.execute(
            "INSERT INTO venue (geom, id, city_id, kind, name, people_per_hour, street_id, source)"
            " VALUES (x'00', 'V0', 'town', 'cinema', 'Star', 60, 'S1', 'csv')"
        )
    phone = Phone()
    sent = [
        phone.make(MORNING, street="S0", what="do_not_contact", door="3-502"),
        phone.make(MORNING, venue="V0", what="do_not_contact"),
    ]
    phone.send(region, sent, MORNING + MINUTE)
    assert doors_not_to_contact(region.reader(), [StreetId("S0"), StreetId("S1")]) == {"S0": ["3-502"]}
    assert venues_not_to_contact(region.reader()) == {"V0"}
    later = [
        phone.make(MORNING + HOUR, street="S0", what="not_home", door="3-502"),
        phone.make(MORNING + HOUR, "visit", venue="V0", what="talked"),
        phone.make(MORNING + HOUR, street="S0", what="not_home", door="3-503"),
    ]
    done = phone.send(region, later, NOON)
    assert [one.marks for one in done.answers] == [("do_not_contact",), ("do_not_contact",), ()]


def test_a_position_never_stands_in_the_way(region: Region) -> None:
    add_town(region)
    phone = Phone()
    near, far = position(0, north_m=40), position(0, north_m=4_000)
    sent = [
        phone.survey(MORNING, True, street="S0", lon=lon, lat=lat, accuracy_m=accuracy)
        for (lon, lat), accuracy in ((near, 15), (far, 15), (far, 4_000))
    ]
    done = phone.send(region, sent, NOON)
    assert [(one.result, one.marks) for one in done.answers] == [
        ("accepted", ()), ("accepted", ("far",)), ("accepted", ()),
    ]  # fmt: skip
    assert query(region, "SELECT lon IS NULL FROM survey ORDER BY id") == [(0,), (1,), (0,)]
    assert query(region, "SELECT count(*) FROM phone_record WHERE lon IS NOT NULL") == [(3,)]
