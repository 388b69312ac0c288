"""Small streets (rule 9, statistics.md 3.2): heads that know are those who said so and those whom the crew told since."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

from fieldops.actions.backcheck import lift_quarantine, quarantine_surveys
from fieldops.actions.claims import make_claim
from fieldops.actions.decisions import read_standings
from fieldops.actions.rules import change_rules
from fieldops.actions.story import read_story
from fieldops.actions.surveys import explain_measurement
from fieldops.actions.trusting import with_quarantined
from fieldops.awareness import Verdict
from fieldops.decisions import judge
from fieldops.ids import CrewId, MeasurementId, PromoterId, StreetId
from fieldops.rules import Rules
from fieldops.store.claims import claims_of_street
from fieldops.store.connect import Region
from fieldops.store.decisions import is_closed
from fieldops.store.verify import verify
from tests.conftest import LEAD, NOON
from tests.phones import Phone
from tests.towns import add_town

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
S0 = StreetId("S0")
NEEDED = 20  # of the street's 100 people
TOLD = ("interested", "signed_up", "come_back")


@pytest.fixture
def phone(region: Region) -> Phone:
    """The phone of a crew that holds a street of 100 people, on which 4 of 10 said that they know."""
    add_town(region, people=[100.0] * 6)
    make_claim(region, LEAD, street=S0, crew=CrewId("C0"), now=NOON)
    phone = Phone()
    asked = [
        phone.survey(NOON + i * 5 * MINUTE, i < 4, street="S0", phase="before", measurement="M", cluster="AB"[i % 2])
        for i in range(10)
    ]
    phone.send(region, asked, NOON + HOUR)
    return phone


def talk(
    phone: Phone, region: Region, count: int, *, at: datetime = NOON + HOUR, what: str = "", street: str = "S0", door: str = "",
) -> list[dict[str, object]]:  # fmt: skip
    """Let the crew end so many conversations, a minute each, at a door of their own unless one is given."""
    begun = len(phone.made)
    made = [
        phone.make(at + i * MINUTE, street=street, what=what or TOLD[i % 3], door=door or f"{begun + i}")
        for i in range(count)
    ]
    phone.send(region, made, max(at, NOON + HOUR) + HOUR)
    return made


def verdict(region: Region, at: datetime = NOON + 3 * HOUR) -> Verdict:
    return read_standings(region, LEAD, now=at)[0].test.verdict


def test_a_small_street_moves_on_with_the_head_that_was_told_last(region: Region, phone: Phone) -> None:
    talk(phone, region, NEEDED - 4 - 1)
    assert (verdict(region), is_closed(region.reader(), S0, NOON + 3 * HOUR)) == (Verdict.ASK_MORE, False)
    talk(phone, region, 1, at=NOON + 2 * HOUR)
    test = read_standings(region, LEAD, now=NOON + 3 * HOUR)[0].test
    assert (test.verdict, test.rule, test.knows, test.asked) == (Verdict.MOVE_ON, "head_count", NEEDED, 26)
    assert claims_of_street(region.reader(), S0)[0].outcome == "saturated"
    assert region.reader().execute("SELECT decisive_at FROM decision").fetchone()[0][:16] == "2026-03-02T06:00"
    assert verify(region).violations == []


def test_the_interval_of_a_head_count_is_what_the_heads_leave_open(region: Region, phone: Phone) -> None:
    shown = read_standings(region, LEAD, now=NOON + 2 * HOUR)[0]
    assert (shown.low, shown.high) == (0.04, 0.98)  # 4 of 100 know, 2 at least do not
    talk(phone, region, NEEDED - 4)
    shown = read_standings(region, LEAD, now=NOON + 4 * HOUR)[0]
    assert (shown.low, shown.high) == (0.20, 1.0)


def test_a_door_counts_once_and_nobody_who_did_not_listen_or_knew_already(region: Region, phone: Phone) -> None:
    talk(phone, region, 15)
    talk(phone, region, 5, door="7", at=NOON + 2 * HOUR)
    talk(phone, region, 1, what="interested", door="7", at=NOON + 2 * HOUR)
    for what in ("not_home", "refused", "knows_already", "no_access", "do_not_contact"):
        talk(phone, region, 3, what=what, at=NOON + 2 * HOUR)
    standing = read_standings(region, LEAD, now=NOON + 4 * HOUR)[0].test
    assert (standing.verdict, standing.knows) == (Verdict.MOVE_ON, 20)
    heads = explain_measurement(region, LEAD, MeasurementId("M"))
    assert sum(one.survey.answer == "told" for one in heads) == 16  # fifteen doors, and door 7


def test_a_conversation_that_is_undone_withdraws_what_rested_on_it(region: Region, phone: Phone) -> None:
    made = talk(phone, region, NEEDED - 4)
    assert verdict(region) is Verdict.MOVE_ON
    phone.send(region, [phone.make(NOON + 2 * HOUR, "undo", about=made[0]["id"])], NOON + 2 * HOUR)
    assert verdict(region) is Verdict.ASK_MORE
    assert not is_closed(region.reader(), S0, NOON + 3 * HOUR)
    assert claims_of_street(region.reader(), S0)[0].outcome == "saturated"  # what has moved stays
    assert verify(region).violations == []


@pytest.mark.parametrize(
    ("at", "street"), [(NOON - HOUR, "S0"), (NOON + 25 * HOUR, "S0"), (NOON + HOUR, "S1")],
    ids=["before it was asked", "a day later", "elsewhere"],
)  # fmt: skip
def test_only_who_was_told_on_the_street_within_a_day_of_the_measurement_counts(
    region: Region, phone: Phone, at: datetime, street: str
) -> None:
    talk(Phone(promoter="C0-1", device="D1"), region, 30, at=at, street=street)
    assert verdict(region, NOON + 27 * HOUR) is Verdict.ASK_MORE


def test_a_street_of_200_people_is_tested_by_answers_alone(region: Region) -> None:
    add_town(region, people=[200.0] * 6)
    phone = Phone()
    asked = [
        phone.survey(NOON + i * 5 * MINUTE, False, street="S0", phase="before", cluster="AB"[i % 2]) for i in range(10)
    ]
    phone.send(region, asked, NOON + HOUR)
    talk(phone, region, 45)
    assert (verdict(region), len(claims_of_street(region.reader(), S0))) == (Verdict.PUSH_ON, 0)


def test_an_exit_measurement_already_hears_who_was_told_and_counts_answers_alone(region: Region) -> None:
    add_town(region, people=[100.0] * 6)
    phone = Phone()
    asked = [
        phone.survey(NOON + i * 5 * MINUTE, True, street="S0", phase="after", cluster="AB"[i % 2]) for i in range(4)
    ]
    phone.send(region, asked, NOON + HOUR)
    talk(phone, region, 30)
    assert verdict(region) is Verdict.ASK_MORE


def test_heads_of_a_promoter_in_quarantine_count_no_more_until_it_is_lifted(region: Region, phone: Phone) -> None:
    """RULE 13: nothing of theirs counts in a decision; what a second promoter told at the same door does."""
    other, at = Phone(promoter="C0-1", device="D1"), NOON + HOUR
    talk(other, region, NEEDED - 4)
    other.send(region, [other.survey(at, False, street="S3", phase="before")], at + HOUR)
    assert verdict(region) is Verdict.MOVE_ON
    order = quarantine_surveys(region, LEAD, reason="suspect", promoter=PromoterId("C0-1"), now=NOON + 3 * HOUR).order
    assert (verdict(region), is_closed(region.reader(), S0, NOON + 3 * HOUR)) == (Verdict.ASK_MORE, False)
    told = [one for one in explain_measurement(region, LEAD, MeasurementId("M")) if one.survey.answer == "told"]
    assert {one.why_not for one in told} == {"quarantined"}
    assert len(told) == NEEDED - 4
    with with_quarantined(region, now=NOON + 3 * HOUR):
        assert verdict(region) is Verdict.MOVE_ON
    assert verify(region).violations == []
    talk(phone, region, 1, door="2", at=NOON + 2 * HOUR)
    counts = Counter(one.why_not for one in explain_measurement(region, LEAD, MeasurementId("M")))
    assert counts == {"": 10 + 1, "quarantined": NEEDED - 4 - 1}
    lift_quarantine(region, LEAD, order, now=NOON + 4 * HOUR)
    assert verdict(region, NOON + 4 * HOUR) is Verdict.MOVE_ON
    assert verify(region).violations == []


def test_two_doors_are_no_two_corners(region: Region) -> None:
    """RULE 9: at least two promoters or two corners, of heads too."""
    add_town(region, people=[100.0] * 6)
    phone = Phone()
    asked = [phone.survey(NOON + i * 5 * MINUTE, i < 4, street="S0", phase="before", measurement="M") for i in range(5)]
    phone.send(region, asked, NOON + HOUR)
    talk(phone, region, 30)
    test = read_standings(region, LEAD, now=NOON + 3 * HOUR)[0].test
    assert (test.verdict, test.why_more) == (Verdict.ASK_MORE, "another promoter, or another corner")
    talk(Phone(promoter="C0-1", device="D1"), region, 1, door="99")
    assert verdict(region) is Verdict.MOVE_ON
    assert verify(region).violations == []


def test_who_was_told_is_no_sample_for_the_estimate(region: Region, phone: Phone) -> None:
    talk(phone, region, 16)
    counted = region.reader().execute("SELECT knows, asked FROM home_tally WHERE street_id = 'S0'").fetchall()
    assert [tuple(row) for row in counted] == [(4, 10)]


def test_a_promoter_who_told_and_asked_nobody_can_be_put_into_quarantine_and_out_of_it(
    region: Region, phone: Phone
) -> None:
    liar = Phone(promoter="C0-1", device="D1")
    talk(liar, region, NEEDED - 4)
    assert verdict(region) is Verdict.MOVE_ON
    done = quarantine_surveys(region, LEAD, reason="suspect", promoter=PromoterId("C0-1"), now=NOON + 3 * HOUR)
    assert done.surveys == 0
    assert (verdict(region), verify(region).violations) == (Verdict.ASK_MORE, [])
    with with_quarantined(region, now=NOON + 4 * HOUR):
        assert verdict(region) is Verdict.MOVE_ON
    lift_quarantine(region, LEAD, done.order, now=NOON + 5 * HOUR)
    assert (verdict(region), verify(region).violations) == (Verdict.MOVE_ON, [])


@pytest.mark.parametrize(
    "settings",
    [
        {"least_promoters": "3", "least_clusters": "3"}, {"small_street_people": "50"}, {"surveys_per_cluster": "2"},
        {"least_promoters": "3", "least_clusters": "3", "small_street_people": "50"},
    ],
)  # fmt: skip
def test_a_quarantine_of_heads_alone_is_counted_by_the_settings_of_its_time(
    region: Region, phone: Phone, settings: dict[str, str]
) -> None:
    other = Phone(promoter="C0-1", device="D1")
    elsewhere = other.survey(NOON + 50 * MINUTE, True, street="S3", phase="before")
    other.send(region, [elsewhere], NOON + HOUR)
    talk(other, region, 3)
    change_rules(region, LEAD, why="correction", now=NOON + 3 * HOUR, **settings)
    order = quarantine_surveys(region, LEAD, reason="suspect", promoter=PromoterId("C0-1"), now=NOON + 4 * HOUR).order
    assert verify(region).violations == []
    lift_quarantine(region, LEAD, order, now=NOON + 5 * HOUR)
    assert verify(region).violations == []


def test_no_head_leaks_into_a_card_where_a_street_stops_being_small(region: Region, phone: Phone) -> None:
    talk(Phone(promoter="C0-1", device="D1"), region, 12)
    change_rules(region, LEAD, why="correction", now=NOON + 3 * HOUR, small_street_people="50")
    test = read_standings(region, LEAD, now=NOON + 4 * HOUR)[0].test
    assert (test.rule, test.knows, test.asked) == ("r50", 4, 10)
    order = quarantine_surveys(region, LEAD, reason="suspect", promoter=PromoterId("C0-1"), now=NOON + 4 * HOUR).order
    with with_quarantined(region, now=NOON + 5 * HOUR):
        assert read_standings(region, LEAD, now=NOON + 5 * HOUR)[0].test == test
    lift_quarantine(region, LEAD, order, now=NOON + 5 * HOUR)
    assert read_standings(region, LEAD, now=NOON + 6 * HOUR)[0].test == test


def test_a_street_that_the_map_finds_larger_is_tested_without_its_heads(region: Region, phone: Phone) -> None:
    talk(Phone(promoter="C0-1", device="D1"), region, 12)
    with region.turn(LEAD, now=NOON + 3 * HOUR) as turn:
        turn.connection.execute("UPDATE street SET people = 300, people_low = 250, people_high = 350 WHERE id = 'S0'")
    test = read_standings(region, LEAD, now=NOON + 4 * HOUR)[0].test
    assert (test.rule, test.knows, test.asked) == ("r50", 4, 10)


@pytest.mark.parametrize("larger", ["by the settings", "by the map"])
def test_the_story_of_a_street_counts_as_its_test_does_where_it_stops_being_small(
    region: Region, phone: Phone, larger: str
) -> None:
    talk(Phone(promoter="C0-1", device="D1"), region, 12)
    assert measured(region) == [(16, 22)]
    if larger == "by the settings":
        change_rules(region, LEAD, why="correction", now=NOON + 3 * HOUR, small_street_people="50")
    else:
        with region.turn(LEAD, now=NOON + 3 * HOUR) as turn:
            turn.connection.execute("UPDATE street SET people = 300 WHERE id = 'S0'")
    assert measured(region) == [(4, 10)]
    quarantine_surveys(region, LEAD, reason="suspect", promoter=PromoterId("C0-1"), now=NOON + 4 * HOUR)
    assert measured(region) == [(4, 10)]
    with with_quarantined(region, now=NOON + 5 * HOUR):
        assert measured(region) == [(4, 10)]


def measured(region: Region) -> list[tuple[int, int]]:
    return [(one.knows, one.asked) for one in read_story(region, LEAD, S0).chapters if one.kind == "measured"]


def test_a_card_refuses_heads() -> None:
    with pytest.raises(ValueError, match="3 heads told on a card"):
        judge("1110", spread_at=2, rule="r50", rules=Rules(), people=400.0, told=3)
