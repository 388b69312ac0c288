"""Who stays, who worked, and only verified work counts."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldops.actions.backcheck import quarantine_surveys
from fieldops.actions.claims import end_in_turn, make_claim
from fieldops.actions.decisions import decide
from fieldops.actions.roster import CURVE, expected_heads, read_roster, staying
from fieldops.actions.surveys import record_surveys
from fieldops.ids import CrewId, MeasurementId, StreetId
from fieldops.store.connect import Region
from tests.conftest import LEAD, NOON
from tests.towns import add_town, numbered, survey_rows

TODAY = date(2026, 3, 2)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def test_the_share_that_stays_is_that_of_kaplan_and_meier() -> None:
    # Ten began 60 days ago: two left after 5 days, one after 20; five more began 10 days ago and all still work.
    spans = [(ago(60), ago(55))] * 2 + [(ago(60), ago(40))] + [(ago(60), None)] * 7 + [(ago(10), None)] * 5
    found = {one.days: one for one in staying(spans, TODAY)}
    assert found[7].share == pytest.approx(13 / 15)
    assert found[14].share == pytest.approx(13 / 15)
    assert found[28].share == pytest.approx(13 / 15 * 7 / 8)
    assert found[56].watched == 7
    assert found[28].low < found[28].share < found[28].high <= 1.0


def test_nobody_known_is_unknown_and_who_begins_tomorrow_is_not_counted() -> None:
    assert staying([], TODAY) == []
    assert staying([(None, None), (ago(-1), None)], TODAY) == []


@given(st.lists(st.tuples(st.integers(0, 90), st.one_of(st.none(), st.integers(0, 90))), min_size=1, max_size=30))
def test_the_share_never_rises_and_lies_within_its_interval(raw: list[tuple[int, int | None]]) -> None:
    spans = [(ago(begun), ago(begun) + timedelta(days=stay) if stay is not None else None) for begun, stay in raw]
    found = staying(spans, TODAY)
    shares = [one.share for one in found]
    assert shares == sorted(shares, reverse=True)
    assert all(0 <= one.low <= one.share <= one.high <= 1 for one in found)


def test_a_saturated_street_counts_for_its_crew_until_its_surveys_are_in_quarantine(region: Region) -> None:
    add_town(region)
    make_claim(region, LEAD, street=StreetId("S0"), crew=CrewId("C0"), now=NOON)
    later = NOON + timedelta(hours=1)
    record_surveys(region, LEAD, numbered(survey_rows([True] * 4, at=NOON, street="S0")), now=later)
    decide(region, LEAD, now=later)
    assert {one.id: one.saturated for one in read_roster(region, LEAD).crews}["C0"] == 1
    measurement = region.reader().execute("SELECT id FROM measurement").fetchone()[0]
    quarantine_surveys(region, LEAD, reason="suspect", measurement=MeasurementId(measurement), now=later)
    assert {one.id: one.saturated for one in read_roster(region, LEAD).crews}["C0"] == 0


def test_the_curve_begins_with_everybody_and_passes_through_the_table() -> None:
    spans = [(ago(60), ago(55))] * 2 + [(ago(60), None)] * 8
    curve = {one.days: one for one in staying(spans, TODAY, CURVE)}
    assert curve[0].share == 1.0
    assert [curve[one.days] for one in staying(spans, TODAY)] == staying(spans, TODAY)


def test_heads_ahead_follow_from_who_left_of_those_watched_in_the_last_28_days() -> None:
    # Nine watched for 28 days, one for 18 who then left: one leaver in 270 days.
    spans: list[tuple[date | None, date | None]] = (
        [(ago(40), None)] * 9 + [(ago(40), ago(10))] + [(ago(90), ago(50))] * 5
    )
    week, fortnight = expected_heads(spans, 9, TODAY)
    assert (week.days, fortnight.days) == (7, 14)
    assert week.expected == pytest.approx(9 * 2.718281828 ** (-7 / 270))
    assert fortnight.low < week.low < week.expected < week.high <= 9
    assert expected_heads([], 0, TODAY) == []
    assert expected_heads([(None, None)], 1, TODAY) == []


def test_a_crew_s_work_is_of_this_claim_and_not_of_a_decision_before_it(region: Region) -> None:
    add_town(region)
    record_surveys(region, LEAD, numbered(survey_rows([True] * 4, at=NOON, street="S0")), now=NOON + timedelta(hours=1))
    decide(region, LEAD, now=NOON + timedelta(hours=1))
    later = NOON + timedelta(days=400)
    claim = make_claim(region, LEAD, street=StreetId("S0"), crew=CrewId("C0"), now=later)
    with region.turn(LEAD, now=later + timedelta(hours=1)) as turn:
        end_in_turn(turn, claim.id, outcome="saturated", why="point_test")
    assert {one.id: one.saturated for one in read_roster(region, LEAD).crews}["C0"] == 0
