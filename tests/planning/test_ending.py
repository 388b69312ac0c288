"""How a burst will end: the interval holds what happens, and learns from how its claims have ended."""

import numpy as np
import pytest

from fieldops.actions.today import forecast_claims
from fieldops.planning.ending import doubt_together, forecast_ending


def test_without_claims_and_hours_it_ends_as_it_stands() -> None:
    found = forecast_ending(streets=50, saturated=7, claims=[], free=[(10.0, 0.8, "S0")], hours_left=5.0, ended=[])
    assert (found.expected, found.low, found.high, found.later) == (7.0, 7, 7, 0)


def test_hours_that_are_left_take_the_smallest_streets_first() -> None:
    found = forecast_ending(
        streets=50,
        saturated=0,
        claims=[],
        free=[(30.0, 0.9, "S0"), (10.0, 0.8, "S1"), (15.0, 0.7, "S2")],
        hours_left=26.0,
        ended=[],
    )
    assert found.later == 2
    assert found.expected == pytest.approx(1.5)


def test_claims_that_ended_worse_than_promised_lower_what_is_expected() -> None:
    claims = [[0.8]] * 40
    before = forecast_ending(streets=60, saturated=5, claims=claims, free=[], hours_left=0.0, ended=[])
    after = forecast_ending(
        streets=60, saturated=5, claims=claims, free=[], hours_left=0.0, ended=[(0.8, k % 2 == 0) for k in range(60)]
    )
    assert before.expected == pytest.approx(5 + 32)
    assert after.expected < before.expected
    assert after.kept == pytest.approx((30 + 8) / (48 + 8))


def test_the_interval_holds_four_of_five_outcomes_of_towns_that_keep_their_word_more_or_less() -> None:
    rng, inside, rounds = np.random.default_rng(7), 0, 400
    for _ in range(rounds):
        truth = rng.beta(8, 2)  # as the prior has it: 0.8, worth ten claims
        ended = [(0.8, bool(rng.random() < truth)) for _ in range(25)]
        found = forecast_ending(streets=200, saturated=0, claims=[[0.8]] * 80, free=[], hours_left=0.0, ended=ended)
        inside += found.low <= rng.binomial(80, truth) <= found.high
    assert 0.74 <= inside / rounds <= 0.90  # 80 %, and whole numbers are rounded outward or inward


def test_streets_of_one_triangle_are_decided_together_and_widen_the_interval() -> None:
    apart, together = (forecast_claims(groups) for groups in ([[0.8]] * 40, [[0.8] * 8] * 5))
    assert apart is not None
    assert together is not None
    assert apart.expected == pytest.approx(together.expected)
    assert together.high - together.low > apart.high - apart.low + 6
    for free in ([(5.0, 0.8, f"S{k}") for k in range(40)], [(5.0, 0.8, f"T{k // 8}") for k in range(40)]):
        burst = forecast_ending(
            streets=80,
            saturated=0,
            claims=[],
            free=free,
            hours_left=200.0,
            ended=[(0.8, k % 5 > 0) for k in range(400)],
        )
        assert burst.later == 40
        wide = burst.high - burst.low
        assert (wide > 12) == (free[0][2] == free[1][2])


def test_the_doubt_of_a_group_is_that_of_drawing_one_number_for_all_of_it() -> None:
    assert doubt_together([[0.8] * 5]) == pytest.approx(25 * 0.16)
    assert doubt_together([[1.0] * 5 + [0.0] * 5]) == pytest.approx(0.0)
    chances = np.array([0.9, 0.5, 0.7])
    drawn = (np.random.default_rng(3).random((200_000, 1)) < chances).sum(axis=1)
    assert doubt_together([chances.tolist()]) == pytest.approx(float(drawn.var()), rel=0.02)


def test_the_interval_holds_four_of_five_outcomes_of_triangles_that_move_on_as_one() -> None:
    rng = np.random.default_rng(11)
    sizes, chances = rng.integers(1, 9, 40), rng.uniform(0.55, 0.97, 40)
    groups = [[chance] * size for chance, size in zip(chances.tolist(), sizes.tolist(), strict=True)]
    found = forecast_claims(groups)
    assert found is not None
    assert found.claims == sizes.sum()
    ended = ((rng.random((4000, 40)) < chances) * sizes).sum(axis=1)
    assert ended.mean() == pytest.approx(found.expected, rel=0.01)
    assert 0.76 <= ((found.low <= ended) & (ended <= found.high)).mean() <= 0.90
    alone = forecast_claims([[chance] for group in groups for chance in group])
    assert alone is not None
    assert ((alone.low <= ended) & (ended <= alone.high)).mean() < 0.65  # so sure it was where each counted by itself
