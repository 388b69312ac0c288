"""What a phone is given for a day, whom it belongs to, and what its promoter sees of the week."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fieldops.actions.accounts import add_account
from fieldops.actions.appeals import answer_appeal, list_appeals
from fieldops.actions.backcheck import lift_quarantine, list_quarantines, quarantine_surveys
from fieldops.actions.claims import end_claim, make_claim
from fieldops.actions.dispatch import near_streets
from fieldops.actions.phone import keep_day, own_promoter, read_day, read_own_page, say_words, shifted
from fieldops.awareness import find_rule
from fieldops.errors import BadInput, Forbidden, NotFound
from fieldops.events import WalkMade
from fieldops.ids import CityId, CrewId, PromoterId, StreetId, TriangleId
from fieldops.people import Role
from fieldops.store.connect import Region
from fieldops.store.decisions import venues_in
from fieldops.store.people import find_promoter
from fieldops.store.private import read_names
from fieldops.store.triangles import read_venue_cards
from fieldops.store.verify import verify
from fieldops.store.walks import StoredWalk, add_walk, stops_digest, stops_text, venues_on
from tests.conftest import LEAD, NOON, PLANNER
from tests.phone_town import HELD, make_phone_town
from tests.phones import Phone, crew_actor, results

MINUTE = timedelta(minutes=1)
ME = PromoterId("C0-0")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Region]:
    made = make_phone_town(tmp_path / "region.gpkg")
    yield made
    made.close()


def test_a_day_holds_the_crews_streets_in_walking_order_with_the_end_of_their_claims(town: Region) -> None:
    day = read_day(town, crew_actor(), ME, now=NOON)
    assert [one.place.street for one in day.held] == ["S0", "S1", "S2", "S3", "S4"][:HELD]
    assert {one.claim.held_until for one in day.held} == {NOON + timedelta(days=7)}
    assert [stop.venue for stop in day.stops] == ["V1", "V0", "V2"]  # most people an hour first
    assert {(point.triangle, point.ours) for point in day.points} == {("T0", True), ("T1", True)}
    assert day.held[0].place.lines[0][0] == pytest.approx((117.2, 28.3 - 60 / 110_850))


def test_the_walk_that_was_planned_for_the_day_gives_the_order(town: Region) -> None:
    stops = [
        {"order": 1, "street": "S3"},
        {"order": 2, "venue": "V1"},
        {"order": 3, "street": "S1"},
        {"street": "S0", "left_out": "no time"},
    ]
    walk = StoredWalk(CrewId("C0"), NOON.date(), NOON, 900.0, 880.0, tuple(stops), ())
    with town.turn(PLANNER, now=NOON) as turn:
        text = stops_text(walk.stops)
        event = WalkMade(
            at=NOON, crew=walk.crew, day=walk.day, stops=3, length_m=900.0, bound_m=880.0, digest=stops_digest(text)
        )
        add_walk(turn, walk, event=event)
    assert [one.place.street for one in read_day(town, crew_actor(), ME, now=NOON).held] == [
        "S3",
        "S1",
        "S0",
        "S4",
        "S2",
    ]
    assert near_streets(town, crew_actor(), CrewId("C0"), now=NOON)[0].street not in {
        "S0",
        "S1",
        "S2",
        "S3",
        "S4",
        "S5",
    }


def test_the_cards_of_a_phone_are_the_count_tables_that_decide(town: Region) -> None:
    for card in read_day(town, crew_actor(), ME, now=NOON).cards:
        rule = find_rule(card.name)
        assert (card.looks, list(card.low)) == (rule.looks, list(rule.curtailed_bounds.low))
        assert list(card.high) == list(rule.curtailed_bounds.high)


def test_an_open_sitting_comes_with_the_answers_that_count(town: Region) -> None:
    phone = Phone()
    sent = [phone.survey(NOON + i * MINUTE, i == 2, cluster="A") for i in range(7)]  # two too many at a corner
    phone.send(town, sent, NOON + 10 * MINUTE)
    (open_one,) = read_day(town, crew_actor(), ME, now=NOON + 20 * MINUTE).sittings
    assert (open_one.sitting.place, len(open_one.counted)) == ("T0", 5)
    assert read_day(town, crew_actor(), ME, now=NOON + timedelta(hours=3)).sittings == ()


def test_doors_and_venues_that_asked_not_to_be_contacted_stand_on_the_list_and_off_it(town: Region) -> None:
    phone = Phone()
    told = [phone.make(NOON, street="S0", what="do_not_contact", door="3-1"),
            phone.make(NOON, venue="V1", what="do_not_contact")]  # fmt: skip
    phone.send(town, told, NOON + MINUTE)
    day = read_day(town, crew_actor(), ME, now=NOON + MINUTE)
    assert day.held[0].doors == ("3-1",)
    assert [stop.venue for stop in day.stops] == ["V0", "V2"]
    assert [venue for venue, _ in venues_in(town.reader(), TriangleId("T0"))] == ["V0", "V2"]  # swarms
    assert {one["venue"] for one in venues_on(town.reader(), [StreetId(f"S{i}") for i in range(3)])} == {
        "V0",
        "V2",
    }  # walks
    assert {one.id for one in read_venue_cards(town.reader(), CityId("town"))[TriangleId("T0")]} == {
        "V0",
        "V2",
    }  # desk


def test_what_ended_lately_is_told_and_how(town: Region) -> None:
    held = read_day(town, crew_actor(), ME, now=NOON).held
    end_claim(town, LEAD, held[0].claim.id, outcome="revoked", why="crew_shrank", now=NOON + MINUTE)
    day = read_day(town, crew_actor(), ME, now=NOON + timedelta(hours=1))
    assert [(one.street, one.outcome) for one in day.ended] == [("S0", "revoked")]
    assert len(day.held) == HELD - 1
    assert read_day(town, crew_actor(), ME, now=NOON + timedelta(days=3)).ended == ()
    forfeited = read_day(town, crew_actor(), ME, now=NOON + timedelta(days=7, hours=1))
    assert (len(forfeited.held), {one.outcome for one in forfeited.ended}) == (0, {"forfeited"})


def test_a_street_that_the_crew_holds_again_is_not_told_as_given_up_and_one_is_told_once(town: Region) -> None:
    street, claim = "S0", read_day(town, crew_actor(), ME, now=NOON).held[0].claim.id
    for hour in (1, 2):
        then = NOON + timedelta(hours=hour)
        end_claim(town, LEAD, claim, outcome="withdrawn", why="no_time", now=then)
        assert [one.street for one in read_day(town, crew_actor(), ME, now=then).ended] == [street]
        if hour == 1:
            claim = make_claim(town, LEAD, street=StreetId(street), crew=CrewId("C0"), now=then).id
            assert read_day(town, crew_actor(), ME, now=then).ended == ()


def test_streets_are_kept_for_the_day_once(town: Region) -> None:
    kept = keep_day(town, crew_actor(), CrewId("C0"), now=NOON)
    again = keep_day(town, crew_actor(), CrewId("C0"), now=NOON)
    assert {one.street for one in kept} == {one.street for one in again} == {
        one.street for one, _ in read_day(town, crew_actor(), ME, now=NOON).kept
    }  # fmt: skip
    assert kept


def test_the_words_of_the_day_reach_the_crew_they_are_for_and_lie_outside_the_record(town: Region) -> None:
    assert say_words(town, LEAD, "雨天先走商场", now=NOON).isoformat() == "2026-03-02"
    say_words(town, LEAD, "甲组今天早点回", crew=CrewId("C0"), now=NOON)
    assert read_day(town, crew_actor(), ME, now=NOON).words == ("雨天先走商场", "甲组今天早点回")
    assert read_day(town, crew_actor("C1"), PromoterId("C1-0"), now=NOON).words == ("雨天先走商场",)
    assert read_day(town, crew_actor(), ME, now=NOON + timedelta(days=1)).words == ()
    say_words(town, LEAD, "", crew=CrewId("C0"), now=NOON)
    assert read_day(town, crew_actor(), ME, now=NOON).words == ("雨天先走商场",)
    facts = "".join(row[0] for row in town.reader().execute("SELECT facts FROM event"))
    assert "雨天" not in facts
    for text, crew, error in (("x" * 501, None, BadInput), ("x", "C9", NotFound)):
        with pytest.raises(error):
            say_words(town, LEAD, text, crew=CrewId(crew) if crew else None, now=NOON)
    with pytest.raises(Forbidden):
        say_words(town, crew_actor(), "x", now=NOON)


def test_who_joined_by_a_link_becomes_a_promoter_of_the_crew_once(town: Region) -> None:
    account = add_account(town, PLANNER, login="xiaoli", name="小李", role=Role.CREW, crew=CrewId("C1"))
    first = own_promoter(town, account.actor, account.id)
    assert own_promoter(town, account.actor, account.id) == first
    known = find_promoter(town.reader(), first)
    assert known is not None
    assert (known.crew, known.since) == ("C1", NOON.date())
    assert read_names(town)[first] == "小李"
    phone = Phone(promoter=first, device="new")
    made = phone.make(NOON, street="S5", what="refused")
    assert results(phone.send(town, [made], NOON, account.actor)) == [("accepted", "")]
    assert verify(town).violations == []


def test_a_promoters_week_is_what_the_record_says(town: Region) -> None:
    phone = Phone()
    told = [
        phone.make(NOON - timedelta(hours=1), street="S0", what=what) for what in ("refused", "refused", "interested")
    ]
    told += [phone.survey(NOON - i * MINUTE, False) for i in range(4)]
    told += [phone.make(NOON, "visit", venue="V0", what="talked"), phone.make(NOON, "undo", about=told[0]["id"])]
    told += [phone.make(NOON, "hours", street="S0", day="2026-03-02", hours=hours) for hours in (2, 4.5)]
    phone.send(town, told, NOON)
    page = read_own_page(town, crew_actor(), ME, now=NOON)
    assert (page.own.hours, page.own.contacts, page.own.visits, page.own.surveys) == (
        4.5, {"interested": 1, "refused": 1}, 1, 4,
    )  # fmt: skip
    assert (page.rank.place, page.rank.crews, page.rank.streets) == (1, 3, 0)


def test_a_saturated_street_counts_for_the_asker_and_is_not_verified_before_somebody_checked(town: Region) -> None:
    phone, mate = Phone(), Phone(promoter="C0-1", device="D1")
    told = [(phone, mate)[i % 2].survey(NOON + i * 6 * MINUTE, True, cluster="AB"[i % 2]) for i in range(10)]
    phone.send(town, told, NOON + timedelta(hours=2))
    page = read_own_page(town, crew_actor(), ME, now=NOON + timedelta(hours=2))
    assert {(one.street, one.verified) for one in page.credits} == {("S0", None), ("S1", None), ("S2", None)}
    assert (page.rank.place, page.rank.streets) == (1, 3)
    other = read_own_page(town, crew_actor("C1"), PromoterId("C1-0"), now=NOON + timedelta(hours=2))
    assert (other.rank.place, other.rank.best) == (2, 3)


def test_nobody_reads_the_day_of_another_crew(town: Region) -> None:
    for act in (read_day, read_own_page):
        with pytest.raises(Forbidden):
            act(town, crew_actor("C1"), ME, now=NOON)  # type: ignore[operator]
        with pytest.raises(NotFound):
            act(town, crew_actor(), PromoterId("nobody"), now=NOON)  # type: ignore[operator]


def test_map_programs_get_the_coordinates_that_they_count_in() -> None:
    ((amap, baidu),) = shifted([(116.397, 39.909)])
    assert amap == pytest.approx((116.40324, 39.91040), abs=2e-5)
    assert baidu == pytest.approx((116.40968, 39.91666), abs=3e-4)
    assert shifted([(8.68, 49.41)]) == [((8.68, 49.41), (8.68, 49.41))]
    assert shifted([]) == []


def test_a_promoter_sees_each_quarantine_of_own_surveys_and_whether_it_was_appealed_against(town: Region) -> None:
    phone = Phone()
    made = [phone.survey(NOON + i * MINUTE, True, street="S0") for i in range(2)]
    made.append(phone.survey(NOON + 2 * MINUTE, True))  # at the connection point: it is named by a street
    phone.send(town, made, NOON + 3 * MINUTE)
    quarantine_surveys(town, LEAD, reason="suspect", promoter=ME, now=NOON + 4 * MINUTE)
    (doubted,) = read_own_page(town, crew_actor(), ME, now=NOON + 4 * MINUTE).doubted
    assert (doubted.last, doubted.surveys, doubted.reason, doubted.appealed) == (made[2]["id"], 3, "suspect", False)
    phone.send(town, [phone.make(NOON + 5 * MINUTE, "appeal", about=doubted.last, why="it_is_true")], NOON + 5 * MINUTE)
    (doubted,) = read_own_page(town, crew_actor(), ME, now=NOON + 5 * MINUTE).doubted
    assert doubted.appealed
    (appeal,) = list_appeals(town, LEAD)
    assert (appeal.about_kind, appeal.about_place) == ("survey", "解放东路")
    answer_appeal(town, LEAD, appeal.id, upheld=True, why="back_check_agrees", now=NOON + 6 * MINUTE)
    lift_quarantine(town, LEAD, list_quarantines(town, LEAD)[0].seq, now=NOON + 6 * MINUTE)
    page = read_own_page(town, crew_actor(), ME, now=NOON + 6 * MINUTE)
    assert page.doubted == ()
    assert [(one.upheld, one.answer_why) for one in page.appeals] == [(True, "back_check_agrees")]


def test_a_day_names_the_streets_of_its_triangles_as_homes_the_fullest_ones(town: Region) -> None:
    homes = read_day(town, crew_actor(), ME, now=NOON).homes
    assert set(homes) == {"T0", "T1"}
    assert {street for street, _ in homes[TriangleId("T0")]} == {"S0", "S1", "S2"}
    assert ("S2", "人民路") in homes[TriangleId("T0")]
