import itertools
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.awareness import A130, R50, TWO_OF_TEN, CountRule, Verdict, bayes_rule, find_rule, sprt, two_sprt
from fieldops.errors import BadInput

ORACLES = {
    "naive fixed n=10 c=2": (TWO_OF_TEN, False),
    "naive curtailed 2-of-10": (TWO_OF_TEN, True),
    "fixed n=40 c=8 (LQAS 12/28@10)": (CountRule((40,), (7,), (8,)), False),
    "fixed n=109 c=22 (LQAS 15/25@10)": (CountRule((109,), (21,), (22,)), False),
    "SPRT Wald .15/.25 a=b=.05 N=3000": (sprt(0.15, 0.25, 0.05, 0.05, max_surveys=3000), False),
    "SPRT Wald .15/.25 a=b=.10 N=3000": (sprt(0.15, 0.25, 0.10, 0.10, max_surveys=3000), False),
    "SPRT Wald .12/.28 a=b=.10 N=3000": (sprt(0.12, 0.28, 0.10, 0.10, max_surveys=3000), False),
    "SPRT Wald .12/.28 a=b=.10 trunc N=60": (sprt(0.12, 0.28, 0.10, 0.10, max_surveys=60), False),
    "2-SPRT .15/.25 th=theta* A=B=.10": (two_sprt(0.15, 0.25, 0.10, 0.10), False),
    "2-SPRT .12/.28 th=theta* A=B=.10": (two_sprt(0.12, 0.28, 0.10, 0.10), False),
    "2-SPRT .12/.28 th=.1754 A=.2847 B=.1740": (two_sprt(0.12, 0.28, 0.2847, 0.1740, theta=0.1754), False),
    "2-SPRT .15/.25 th=.1909 A=.2441 B=.1850": (two_sprt(0.15, 0.25, 0.2441, 0.1850, theta=0.1909), False),
    "Bayes Beta(2,8) eps .19/.06 N=48": (bayes_rule(2, 8, 0.19, 0.06, max_surveys=48), False),
    "LQAS double 25/3/6 + 24, c=10": (CountRule((25, 49), (3, 9), (6, 10)), False),
    "R50": (R50, False),
    "R50C": (R50, True),
    "A130": (A130, False),
    "A130C": (A130, True),
}


@pytest.mark.parametrize("name", ORACLES)
def test_every_published_rule_has_its_exact_characteristic_and_table(name: str, shared_data: Path) -> None:
    oracles = json.loads((shared_data / "stats" / "oracles.json").read_text())
    assert set(oracles) == set(ORACLES)
    rule, curtailed = ORACLES[name]
    assert rule.most_surveys == oracles[name]["N"]
    for row in oracles[name]["rows"]:
        found = rule.operating_characteristic(row["p"], curtailed=curtailed)
        assert found.move_on == pytest.approx(row["P_move"], abs=1e-9)
        assert found.expected_surveys == pytest.approx(row["ASN"], abs=1e-9)
        assert found.surveys_95 == row["q95"]
    if oracles[name]["lo"]:
        bounds = rule.curtailed_bounds if curtailed else rule.bounds
        assert bounds.low.tolist() == oracles[name]["lo"]
        assert bounds.high.tolist() == oracles[name]["hi"]


@pytest.mark.parametrize(
    ("rule", "share", "move_on", "surveys", "curtailed_surveys"),
    [
        (R50, 0.05, 0.00167647, 15.927665, 15.919777),
        (R50, 0.12, 0.09943458, 26.443358, 26.220516),
        (R50, 0.20, 0.56153567, 29.490514, 28.571256),
        (R50, 0.28, 0.90138755, 22.526298, 21.020915),
        (R50, 0.40, 0.99287979, 14.089335, 11.996234),
        (TWO_OF_TEN, 0.10, 0.26390107, 10.0, 8.764806),
        (TWO_OF_TEN, 0.20, 0.62419036, 10.0, 7.449863),
    ],
)
def test_the_ready_made_cards_have_the_printed_digits(
    rule: CountRule, share: float, move_on: float, surveys: float, curtailed_surveys: float
) -> None:
    assert rule.operating_characteristic(share).move_on == pytest.approx(move_on, abs=5e-9)
    assert rule.operating_characteristic(share, curtailed=False).expected_surveys == pytest.approx(surveys, abs=5e-7)
    assert rule.operating_characteristic(share).expected_surveys == pytest.approx(curtailed_surveys, abs=5e-7)


def test_the_audit_card_has_the_printed_digits() -> None:
    assert A130.operating_characteristic(0.15)[:2] == pytest.approx((0.09993810, 64.812858), abs=5e-7)
    assert A130.error_rates() == pytest.approx((0.099938, 0.098471), abs=5e-7)
    assert float(A130.surveys_curve(np.linspace(0.1, 0.3, 401)).max()) == pytest.approx(74.698, abs=5e-4)


def test_stopping_at_ten_with_move_on_has_its_printed_probability() -> None:
    at_ten = [R50.stop_probabilities(p, curtailed=False)[1][10] for p in (0.05, 0.10, 0.15, 0.20)]
    assert at_ten == pytest.approx([0.001028, 0.012795, 0.049970, 0.120874], abs=5e-7)


def test_the_card_is_read_as_it_is_said_in_the_field() -> None:
    nobody, four = [False] * 10, [True] * 4 + [False] * 6
    assert R50.decide(nobody).verdict is Verdict.PUSH_ON
    assert R50.decide(four, curtailed=False).verdict is Verdict.MOVE_ON
    assert R50.decide([True, *nobody[1:]]).verdict is Verdict.ASK_MORE
    assert R50.decide([]).verdict is Verdict.ASK_MORE


def test_four_who_know_among_the_first_six_decide_already() -> None:
    said = R50.decide([True, False, True, True, False, True, False, False])
    assert (said.verdict, said.surveys_used, said.knows_used) == (Verdict.MOVE_ON, 6, 4)
    assert (said.asked, said.knows) == (8, 4)


def test_one_who_knows_of_two_hundred_never_moves_on() -> None:
    assert R50.decide([True] + [False] * 199).verdict is Verdict.PUSH_ON


def test_two_of_ten_is_decided_by_the_ninth_who_does_not_know() -> None:
    assert TWO_OF_TEN.decide([False] * 8 + [True]).verdict is Verdict.ASK_MORE
    assert TWO_OF_TEN.decide([False] * 9).verdict is Verdict.PUSH_ON


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=60), st.sampled_from([R50, A130, TWO_OF_TEN]))
def test_curtailing_never_changes_a_decision_and_never_asks_more(answers: list[bool], rule: CountRule) -> None:
    early, late = rule.decide(answers), rule.decide(answers, curtailed=False)
    if late.verdict is not Verdict.ASK_MORE:
        assert early.verdict is late.verdict
        assert early.surveys_used <= late.surveys_used
    elif early.verdict is not Verdict.ASK_MORE:
        # Whatever comes next, the look says the same.
        missing = rule.next_look(len(answers)) - len(answers)
        for rest in ([True] * missing, [False] * missing):
            assert rule.decide([*answers, *rest], curtailed=False).verdict is early.verdict


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=50, max_size=70))
def test_fifty_answers_always_decide_and_later_ones_change_nothing(answers: list[bool]) -> None:
    said = R50.decide(answers)
    assert said.verdict is not Verdict.ASK_MORE
    assert R50.decide(answers[: said.surveys_used]).verdict is said.verdict
    assert R50.decide(answers[: said.surveys_used - 1]).verdict is Verdict.ASK_MORE


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_the_more_people_know_the_likelier_the_card_moves_on(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert R50.operating_characteristic(low).move_on <= R50.operating_characteristic(high).move_on + 1e-12


def test_the_characteristic_is_that_of_trying_every_order_of_answers() -> None:
    card = CountRule((3, 5, 8), (0, 1, 2), (3, 3, 3))
    share = Fraction(1, 5)
    for curtailed in (False, True):
        move_on, surveys = Fraction(0), Fraction(0)
        for answers in itertools.product((False, True), repeat=8):
            said = card.decide(answers, curtailed=curtailed)
            weight = share ** sum(answers) * (1 - share) ** (8 - sum(answers))
            move_on += weight * (said.verdict is Verdict.MOVE_ON)
            surveys += weight * said.surveys_used
        found = card.operating_characteristic(0.2, curtailed=curtailed)
        assert found.move_on == pytest.approx(float(move_on), abs=1e-14)
        assert found.expected_surveys == pytest.approx(float(surveys), abs=1e-13)


def test_a_certain_decision_at_the_next_look_ends_the_test_at_a_look_too() -> None:
    card = CountRule((2, 4), (-1, 1), (3, 2))  # two who know after two surveys: the next look can only move on
    assert card.decide([True, True]).verdict is Verdict.MOVE_ON
    assert card.decide([True, True], curtailed=False).verdict is Verdict.ASK_MORE


@pytest.mark.parametrize("first", [1, 7, 10, 12, 50, 60])
def test_a_card_that_may_not_decide_before_a_survey_decides_at_it_or_later_and_as_exactly(first: int) -> None:
    card = R50.not_before(first)
    assert card.looks == (tuple(look for look in R50.looks if look >= first) or (first,))
    for n, _s in card.paths():
        assert n >= first
    for share in (0.05, 0.2, 0.28):
        by_path = sum(
            paths * share**s * (1 - share) ** (n - s)
            for (n, s), (paths, _) in card.paths().items()
            if s >= card.curtailed_bounds.high[n]
        )
        assert card.operating_characteristic(share).move_on == pytest.approx(by_path, abs=1e-12)
        unbiased = sum(first * share**s * (1 - share) ** (n - s) for (n, s), (_, first) in card.paths().items())
        assert unbiased == pytest.approx(share, abs=1e-12)
    assert R50.not_before(60).move_on_at_least == (12,)


def test_a_curve_is_the_characteristic_at_each_share() -> None:
    shares = np.array([0.0, 0.07, 0.2, 1.0])
    single = [R50.operating_characteristic(float(share)) for share in shares]
    assert R50.move_on_curve(shares) == pytest.approx([found.move_on for found in single], abs=1e-14)
    assert R50.surveys_curve(shares) == pytest.approx([found.expected_surveys for found in single], abs=1e-12)


def test_where_nobody_or_everybody_knows_the_card_is_sure() -> None:
    assert R50.operating_characteristic(0.0) == (0.0, 10.0, 10)
    assert R50.operating_characteristic(1.0) == (1.0, 4.0, 4)


@pytest.mark.parametrize(
    ("m", "icc", "share", "move_on"),
    [
        (5, 0.0, 0.12, 0.099435), (5, 0.05, 0.12, 0.124476), (5, 0.10, 0.05, 0.012172), (5, 0.10, 0.28, 0.840957),
        (10, 0.05, 0.20, 0.523408), (10, 0.10, 0.12, 0.166974), (10, 0.10, 0.28, 0.777447),
    ],
)  # fmt: skip
def test_companions_who_answer_alike_spoil_the_test_as_printed(
    m: int, icc: float, share: float, move_on: float
) -> None:
    assert R50.clustered_characteristic(share, icc=icc, cluster_size=m).move_on == pytest.approx(move_on, abs=5e-7)


def test_clusters_change_the_expected_surveys_as_printed() -> None:
    printed = {(5, 0.0): 26.443, (5, 0.05): 24.600, (5, 0.10): 22.990, (10, 0.05): 23.037, (10, 0.10): 20.506}
    for (m, icc), surveys in printed.items():
        found = R50.clustered_characteristic(0.12, icc=icc, cluster_size=m)
        assert found.expected_surveys == pytest.approx(surveys, abs=5e-4)


@settings(deadline=None)
@given(st.floats(0.01, 0.99))
def test_clusters_of_one_are_no_clusters(share: float) -> None:
    alone = R50.clustered_characteristic(share, icc=0.4, cluster_size=1)
    assert alone == pytest.approx(R50.operating_characteristic(share, curtailed=False), abs=1e-11)


@pytest.mark.parametrize(
    ("knowing", "move_on"), [(4, 0.000133), (8, 0.010783), (12, 0.160426), (16, 0.616109), (20, 0.900791)]
)
def test_nobody_is_asked_twice_on_a_small_street(knowing: int, move_on: float) -> None:
    found = R50.finite_characteristic(80, knowing)
    assert found.move_on == pytest.approx(move_on, abs=5e-7)
    if knowing == 4:
        assert found.expected_surveys == pytest.approx(15.6206, abs=5e-5)


@pytest.mark.parametrize(("people", "knowing", "move_on"), [(8, 1, 0.0), (8, 2, 1.0), (5, 1, 1.0), (1, 0, 0.0)])
def test_where_everybody_was_asked_heads_are_counted(people: int, knowing: int, move_on: float) -> None:
    found = R50.finite_characteristic(people, knowing, curtailed=False)
    assert found.move_on == pytest.approx(move_on)
    assert found.expected_surveys == pytest.approx(people)


def test_a_huge_street_is_like_an_endless_one() -> None:
    found = R50.finite_characteristic(10**9, 12 * 10**7)
    assert found == pytest.approx(R50.operating_characteristic(0.12, curtailed=False), abs=1e-6)


def test_cards_are_found_by_name() -> None:
    assert find_rule(" R50 ") is R50
    assert find_rule("two_of_ten") is TWO_OF_TEN
    with pytest.raises(BadInput, match="a130"):
        find_rule("r51")


@pytest.mark.parametrize(
    ("looks", "low", "high", "problem"),
    [
        ((), (), (), "a look at least"),
        ((10, 20), (1,), (2,), "for each look"),
        ((10, 10), (0, 1), (2, 2), "do not increase"),
        ((0, 5), (-1, 1), (2, 2), "do not increase"),
        ((10,), (2,), (2,), "pushes on at 2"),
        ((10,), (1,), (3,), "undecided"),
        ((10,), (-2,), (3,), "pushes on at -2"),
    ],
)
def test_what_is_no_card_is_refused(looks: tuple, low: tuple, high: tuple, problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        CountRule(looks, low, high)


def test_impossible_shares_and_counts_are_refused() -> None:
    with pytest.raises(BadInput):
        R50.operating_characteristic(1.1)
    with pytest.raises(BadInput):
        R50.clustered_characteristic(0.2, icc=1.0, cluster_size=5)
    with pytest.raises(BadInput):
        R50.finite_characteristic(10, 11)
