"""The move-on rule on one measurement, saturation (rule 10) and reopening (rule 8), as pure rules."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldops.awareness import Verdict
from fieldops.decisions import LONGEST_CLOSURE, PlaceDecision, error_rates, judge, reopening, saturating
from fieldops.ids import MeasurementId, StreetId
from fieldops.rules import Rules
from fieldops.surveys import Asked, spread_at

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
RULES = Rules()
MOVE_ON, PUSH_ON, ASK_MORE = Verdict.MOVE_ON, Verdict.PUSH_ON, Verdict.ASK_MORE


def decision(verdict: Verdict, *, hours: float = 0, knows: int = 4, asked: int = 10) -> PlaceDecision:
    return PlaceDecision(
        id="d", measurement=MeasurementId("m"), street=StreetId("S"), triangle=None, rule="r50", asked=asked, knows=knows,
        surveys_used=asked, verdict=verdict, wrong_move_on=0.1, wrong_push_on=0.1, digest="", crew=None, blind=False,
        decisive_at=NOON + timedelta(hours=hours), decided_at=NOON,
    )  # fmt: skip


def said(answers: str, *, spread_at: int | None = 2, rule: str = "r50", people: float | None = 400) -> Verdict:
    return judge(answers, spread_at=spread_at, rule=rule, rules=RULES, people=people).verdict


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [("1111", MOVE_ON), ("0" * 9, ASK_MORE), ("0" * 10, PUSH_ON), ("1" + "0" * 9, ASK_MORE), ("", ASK_MORE)],
)
def test_the_card_speaks_as_soon_as_its_next_look_is_certain(answers: str, verdict: Verdict) -> None:
    assert said(answers) is verdict


def test_one_promoter_at_one_corner_decides_nothing() -> None:
    assert said("1111", spread_at=None) is ASK_MORE
    assert said("0" * 10, spread_at=None) is ASK_MORE
    assert said("1" * 20, spread_at=None, people=60) is ASK_MORE


@pytest.mark.parametrize(
    ("answers", "spread_at", "verdict"),
    [
        ("1111", 4, MOVE_ON), ("1111", 2, MOVE_ON), ("0" * 10, 10, PUSH_ON),
        ("1111" + "0" * 6, 10, MOVE_ON),  # the second comes just in time for the look at ten
        ("1111" + "0" * 7, 11, ASK_MORE), ("1111" + "0" * 7 + "1", 11, MOVE_ON),  # the look at fifteen wants five
        ("0" * 11, 11, ASK_MORE), ("0" * 15, 11, PUSH_ON), ("0" * 10 + "1" * 5, 11, MOVE_ON),
    ],
)  # fmt: skip
def test_those_that_decide_come_from_two_promoters_or_two_corners(
    answers: str, spread_at: int, verdict: Verdict
) -> None:
    assert said(answers, spread_at=spread_at) is verdict


@given(
    st.text("01", max_size=140), st.integers(1, 140), st.sampled_from(["r50", "a130"]), st.sampled_from([60.0, 400.0])
)
def test_no_prefix_of_one_promoter_at_one_corner_decides(
    answers: str, spread_at: int, rule: str, people: float
) -> None:
    test = judge(answers, spread_at=spread_at, rule=rule, rules=RULES, people=people)
    assert test.verdict is ASK_MORE or test.surveys_used >= spread_at
    if test.verdict is not ASK_MORE:
        assert max(test.wrong_move_on, test.wrong_push_on) < 0.13
    elif people == 400.0:
        assert said(answers + "1" * test.ask, spread_at=spread_at, rule=rule) is not None
        assert test.ask > 0


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("ab"), st.sampled_from(["", "x", "y"])), max_size=40))
def test_a_tally_knows_from_which_answer_on_enough_had_asked(answers: list[tuple[bool, str, str]]) -> None:
    surveys = [
        Asked(f"s{i:02}", NOON + timedelta(minutes=6 * i), "knows" if knows else "does_not_know", who, corner)
        for i, (knows, who, corner) in enumerate(answers)
    ]

    def enough(some: list[Asked]) -> bool:
        return len({one.promoter for one in some}) >= 2 or len({one.corner for one in some} - {""}) >= 2

    assert spread_at(surveys, RULES) == next((n for n in range(1, len(surveys) + 1) if enough(surveys[:n])), None)


def test_what_is_missing_is_said_in_words() -> None:
    assert judge("1" + "0" * 10, spread_at=2, rule="r50", rules=RULES).why_more == "ask 4 more"
    assert "another" in judge("1111", spread_at=None, rule="r50", rules=RULES).why_more


def test_the_plain_rule_stands_beside_every_verdict() -> None:
    test = judge("11" + "0" * 8, spread_at=2, rule="r50", rules=RULES)
    assert (test.verdict, test.plain) == (ASK_MORE, MOVE_ON)


def test_a_small_street_is_settled_by_a_head_count_only() -> None:
    assert said("1" * 9, people=50) is ASK_MORE
    assert said("1" * 10, people=50) is MOVE_ON
    assert said("0" * 40, people=50) is ASK_MORE
    assert said("0" * 41, people=50) is PUSH_ON
    assert judge("1" * 10, spread_at=2, rule="r50", rules=RULES, people=50).wrong_move_on == 0.0


def test_a_street_of_200_people_has_a_test_of_its_own() -> None:
    assert said("1111", people=199) is ASK_MORE
    assert said("1111", people=200) is MOVE_ON


@given(st.text("01", max_size=60), st.integers(1, 60))
def test_a_head_count_is_never_wrong_whatever_the_rest_would_answer(answers: str, people: int) -> None:
    given_answers = answers[:people]
    verdict = said(given_answers, people=people)
    knows, rest = given_answers.count("1"), people - len(given_answers)
    if verdict is MOVE_ON:
        assert knows >= 0.2 * people - 1e-9
    elif verdict is PUSH_ON:
        assert knows + rest < 0.2 * people


@given(st.text("01", min_size=2, max_size=80), st.integers(1, 60))
def test_a_head_count_moves_on_exactly_where_those_who_know_and_those_told_are_enough(
    answers: str, people: int
) -> None:
    """Statistics.md 3.2: K + new people told, in whatever order they came: who did not know may be told since."""
    assert (said(answers, people=people) is MOVE_ON) == (answers.count("1") >= 0.2 * people - 1e-9)


def test_a_head_count_pushes_on_only_while_too_few_were_told() -> None:
    assert said("0" * 9, people=10) is PUSH_ON
    assert said("0" * 9 + "1", people=10) is PUSH_ON
    test = judge("0" * 9 + "1" * 9, spread_at=2, rule="r50", rules=RULES, people=10)
    assert (test.verdict, test.surveys_used, test.knows_used) == (MOVE_ON, 11, 2)


def test_the_audit_rule_needs_more_surveys() -> None:
    assert said("1111", rule="a130") is ASK_MORE


def test_the_error_rates_are_those_of_the_card() -> None:
    assert error_rates("r50") == pytest.approx((0.09943458, 0.09861245), abs=1e-8)
    assert error_rates("a130") == pytest.approx((0.09993810, 0.09847097), abs=1e-8)


@pytest.mark.parametrize(
    ("own", "point", "saturated"),
    [
        (None, None, False), (MOVE_ON, None, True), (PUSH_ON, None, False), (None, MOVE_ON, True), (None, PUSH_ON, False),
        (MOVE_ON, MOVE_ON, True), (MOVE_ON, PUSH_ON, True), (PUSH_ON, MOVE_ON, False), (PUSH_ON, PUSH_ON, False),
    ],
)  # fmt: skip
def test_a_street_is_saturated_by_its_own_test_or_by_its_point_unless_its_own_says_push_on(
    own: Verdict | None, point: Verdict | None, saturated: bool
) -> None:
    by = saturating(own and decision(own), point and decision(point, hours=1))
    assert (by is not None) is saturated


def test_the_later_of_two_that_say_move_on_closes_the_street() -> None:
    own, point = decision(MOVE_ON, hours=2), decision(MOVE_ON, hours=1)
    assert saturating(own, point) is own


def test_a_street_reopens_not_before_seven_days() -> None:
    at = reopening(decision(MOVE_ON), prior=0.07, prior_surveys=25, fading=0.03, rules=RULES)
    assert at == NOON + timedelta(days=7)


def test_a_well_known_street_stays_closed_until_it_is_forgotten() -> None:
    at = reopening(decision(MOVE_ON, knows=60, asked=100), prior=0.07, prior_surveys=25, fading=0.03, rules=RULES)
    share = (0.07 * 25 + 60) / 125
    nights = (at - NOON) / timedelta(days=1)
    assert share * 0.97**nights == pytest.approx(0.2)


@given(st.integers(4, 200), st.floats(0, 0.5), st.floats(0.01, 1))
def test_a_closure_lasts_between_a_week_and_a_year(asked: int, fading: float, share: float) -> None:
    made = decision(MOVE_ON, knows=round(asked * share), asked=asked)
    at = reopening(made, prior=0.07, prior_surveys=25, fading=fading, rules=RULES)
    assert timedelta(days=7) <= at - NOON <= LONGEST_CLOSURE
