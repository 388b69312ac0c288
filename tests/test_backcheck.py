"""Exact tests of counts, orders and traces (statistics.md 3.3), and who is ranked by them."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.awareness import Verdict, sprt
from fieldops.backcheck import (
    choose_back_checks,
    combine_p,
    compare_counts,
    detection_probability,
    evenness_test,
    first_look_chance,
    promoter_score,
    runs_test,
    stop_pattern,
)
from fieldops.errors import BadInput
from fieldops.ids import CityId, MeasurementId, PromoterId, TriangleId
from fieldops.suspects import Handed, rank_suspects

CITY = CityId("")
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TOO_EVEN = [answer == "1" for answer in "0000100001000010000100001"]


def test_counts_of_runs_miss_what_evenness_catches() -> None:
    assert runs_test(TOO_EVEN) == pytest.approx(0.365, abs=5e-4)
    assert evenness_test(TOO_EVEN) == pytest.approx(0.0318, abs=5e-5)


@pytest.mark.parametrize(("share", "rechecked"), [(0.1, 22), (0.2, 11), (0.3, 7), (0.5, 4)])
def test_ninety_percent_detection_needs_so_many_rechecks(share: float, rechecked: int) -> None:
    assert detection_probability(share, rechecked) >= 0.9 > detection_probability(share, rechecked - 1)


@pytest.mark.parametrize(("share", "chance"), [(0.05, 0.001028), (0.10, 0.012795), (0.15, 0.049970), (0.20, 0.120874)])
def test_honest_tests_seldom_move_on_at_the_first_look(share: float, chance: float) -> None:
    assert first_look_chance(share) == pytest.approx(chance, abs=5e-7)


def test_the_recontact_test_flags_and_clears_where_the_design_says() -> None:
    rule = sprt(0.05, 0.25, 0.05, 0.10, max_surveys=60)
    honest, false = (rule.operating_characteristic(q, curtailed=False) for q in (0.05, 0.25))
    assert (honest.move_on, false.move_on) == (pytest.approx(0.031561, abs=1e-6), pytest.approx(0.909641, abs=1e-6))
    assert (honest.expected_surveys, false.expected_surveys) == (pytest.approx(15.25, abs=0.005), pytest.approx(13.07, abs=0.005))  # fmt: skip
    assert rule.decide([True, False, True]).verdict is Verdict.MOVE_ON
    assert rule.decide([False] * 10).verdict is Verdict.PUSH_ON
    flags = {count: max(n for n in rule.looks if rule.bounds.high[n] == count) for count in (2, 3, 4)}
    assert flags == {2: 3, 3: 11, 4: 19}
    clears = {count: min(n for n in rule.looks if rule.bounds.low[n] >= count) for count in (0, 1, 2)}
    assert clears == {0: 10, 1: 18, 2: 26}


def test_compared_counts_give_the_hypergeometric_mid_p() -> None:
    # P(X > 8) + P(X = 8) / 2 of Hyp(30, 9, 10) by enumeration
    ways = {x: math.comb(10, x) * math.comb(20, 9 - x) for x in range(10)}
    assert compare_counts(8, 10, 1, 20) == (ways[9] + ways[8] / 2) / sum(ways.values())


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
def test_compared_counts_are_a_probability_and_mirror_each_other(s1: int, n1: int, s2: int, n2: int) -> None:
    if s1 > n1 or s2 > n2:
        with pytest.raises(BadInput):
            compare_counts(s1, n1, s2, n2)
        return
    p = compare_counts(s1, n1, s2, n2)
    assert 0.0 < p < 1.0
    assert p + compare_counts(s2, n2, s1, n1) == pytest.approx(1.0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_order_tests_count_every_order_once(answers: list[bool]) -> None:
    places = range(len(answers))
    orders = [tuple(i in knowing for i in places) for knowing in combinations(places, sum(answers))]

    def runs(order: tuple[bool, ...]) -> int:
        return 1 + sum(a != b for a, b in pairwise(order))

    def squares(order: tuple[bool, ...]) -> int:
        return sum(len(gap) ** 2 for gap in "".join("01"[a] for a in order).split("1"))

    mixed = 0 < sum(answers) < len(answers)
    by_runs = sum(runs(order) >= runs(tuple(answers)) for order in orders) / len(orders)
    by_squares = sum(squares(order) <= squares(tuple(answers)) for order in orders) / len(orders)
    assert runs_test(answers) == pytest.approx(by_runs if mixed else 1.0)
    assert evenness_test(answers) == pytest.approx(by_squares if mixed else 1.0)


def test_the_funnel_score_is_the_formula() -> None:
    z = promoter_score([8, 6], [20, 20], [0.1, 0.2], 0.05)
    variance = 20 * 0.09 * (1 + 19 * 0.05) + 20 * 0.16 * (1 + 19 * 0.05)
    assert z == pytest.approx((14 - 6) / math.sqrt(variance))
    assert promoter_score(2, 20, 0.1, 0.0) == pytest.approx(0.0)


@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=8), st.integers(0, 8))
def test_the_stop_pattern_is_a_tail_that_shrinks(chances: list[float], stops: int) -> None:
    assert 0 <= stop_pattern(stops + 1, chances) <= stop_pattern(stops, chances) <= 1 + 1e-12
    assert stop_pattern(len(chances), chances) == pytest.approx(math.prod(chances))


def test_fishers_combined_p_of_two_is_its_closed_form() -> None:
    product = 0.01 * 0.02
    assert combine_p([0.01, 0.02]) == pytest.approx(product * (1 - math.log(product)))
    assert (combine_p([]), combine_p([1.0, 1.0])) == (1.0, 1.0)


# ── who is ranked ───────────────────────────────────────────────────────────────────────────────────────────────────


def handed(
    promoter: str, answers: str, *, measurement: str, every_s: list[float] | float = 300, **more: object
) -> list[Handed]:
    gaps = every_s if isinstance(every_s, list) else [every_s * (1 + 0.6 * (-1) ** i) for i in range(len(answers))]
    moments = [START + timedelta(seconds=float(total)) for total in np.cumsum(gaps)[: len(answers)]]
    return [
        Handed(PromoterId(promoter), MeasurementId(measurement), TriangleId("T"), moment, answer == "1", **more)  # type: ignore[arg-type]
        for moment, answer in zip(moments, answers, strict=True)
    ]


def codes(surveys: list[Handed], promoter: str, **rechecked: tuple[int, int]) -> set[str]:
    found = rank_suspects(surveys, expected={CITY: 0.1}, rechecked={MeasurementId(k): v for k, v in rechecked.items()})
    return {reason.code for one in found if one.promoter == promoter for reason in one.reasons}


def honest(count: int = 6, seed: int = 3) -> list[Handed]:
    rng = np.random.default_rng(seed)
    return [
        one for i in range(count)
        for one in handed(f"H{i}", "".join("01"[int(x)] for x in rng.random(20) < 0.1), measurement=f"h{i}")
    ]  # fmt: skip


def test_honest_promoters_give_no_reason() -> None:
    assert rank_suspects(honest(), expected={CITY: 0.1}, rechecked={}) == []


def test_whoever_finds_far_more_than_others_at_the_same_place_stands_out() -> None:
    assert "other_than_others" in codes(honest() + handed("X", "1011010110" * 2, measurement="x"), "X")


def places(rng: np.random.Generator, promoter: str, phase: str, mean: float, count: int = 6) -> list[Handed]:
    """What a promoter hears at so many places that differ as in a real town, each in a triangle of its own."""
    found: list[Handed] = []
    for i in range(count):
        share = rng.beta(25 * mean, 25 * (1 - mean))
        answers = "".join("01"[int(x)] for x in rng.random(12) < share)
        found += [
            replace(one, triangle=TriangleId(f"{promoter}-{phase}-{i}"))
            for one in handed(promoter, answers, measurement=f"{promoter}-{phase}-{i}", phase=phase)
        ]
    return found


def test_a_crew_that_makes_answers_up_together_stands_out_against_the_rest_of_the_city() -> None:
    rng = np.random.default_rng(5)
    town = [one for k in range(6) for one in places(rng, f"H{k}", "arrival", 0.07)]
    # Both ask at the same places, and nobody else comes there.
    faked = [
        replace(one, measurement=MeasurementId(one.measurement.replace(name, "x")), triangle=TriangleId("X"))
        for name in ("X1", "X2")
        for one in places(rng, name, "arrival", 0.5, count=3)
    ]
    assert all("other_than_city" in codes(town + faked, name) for name in ("X1", "X2"))
    assert not any("other_than_city" in codes(town + faked, f"H{k}") for k in range(6))


def test_whoever_asks_after_pushes_is_compared_with_those_who_do_so_too() -> None:
    """Streets that were pushed know far more: that is no reason to look closer."""
    flagged = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        town = [one for k in range(4) for one in places(rng, f"A{k}", "arrival", 0.07)]
        town += [one for k in range(4) for one in places(rng, f"E{k}", "exit", 0.25)]
        found = rank_suspects(town, expected={CITY: 0.16}, rechecked={})
        flagged += sum(reason.code == "other_than_city" for one in found for reason in one.reasons)
    assert flagged <= 4  # of 320 honest promoters


def test_answers_spread_too_evenly_stand_out_over_several_measurements() -> None:
    faked = [one for i in range(3) for one in handed("X", "00001" * 5, measurement=f"x{i}")]
    assert "too_even" in codes(honest() + faked, "X")


def test_many_tests_that_move_on_at_the_first_look_stand_out() -> None:
    faked = [one for i in range(3) for one in handed("X", "0110010100", measurement=f"x{i}")]
    assert "early_stops" in codes(honest() + faked, "X")


def test_a_blind_re_survey_that_finds_nobody_refutes_the_report() -> None:
    surveys = honest() + handed("X", "0101000100" * 2, measurement="x")
    assert "refuted" in codes(surveys, "X", x=(0, 30))
    assert "refuted" not in codes(surveys, "X", x=(9, 30))


def test_traces_of_a_desk_stand_out() -> None:
    still = {"lon": 117.2, "lat": 28.3, "accuracy_m": 5.0, "device_time": START}
    faked = handed("X", "0" * 45, measurement="x", every_s=[10.0] * 45, **still)
    assert {"too_quick", "too_many", "clockwork", "never_moved", "same_times"} <= codes(faked, "X")


def test_positions_without_an_accuracy_are_places_and_no_trace() -> None:
    assert "never_moved" not in codes(handed("X", "0" * 20, measurement="x", lon=117.2, lat=28.3), "X")


def test_the_heaviest_reason_ranks_first() -> None:
    surveys = (
        honest() + handed("X", "1" * 20, measurement="x") + handed("Y", "0" * 12, measurement="y", every_s=[300.0] * 12)
    )
    found = rank_suspects(surveys, expected={CITY: 0.1}, rechecked={})
    assert [one.promoter for one in found] == ["X", "Y"]
    assert found[0].score > found[1].score
    weights = [reason.weight for reason in found[0].reasons]
    assert weights == sorted(weights, reverse=True)


@given(st.integers(0, 40), st.integers(0, 10), st.floats(0.01, 1.0), st.integers(0, 99))
def test_at_least_the_share_of_all_move_ons_is_checked(waiting: int, ordered: int, share: float, seed: int) -> None:
    names = [MeasurementId(f"m{i}") for i in range(waiting)]
    chosen = choose_back_checks(names, ordered, share, np.random.default_rng(seed))
    assert len(set(chosen)) == len(chosen)
    assert len(chosen) == waiting or len(chosen) + ordered >= share * (waiting + ordered) - 1e-6
    assert chosen == choose_back_checks(names, ordered, share, np.random.default_rng(seed))
