"""How a burst will end: the interval holds what happens, and learns from how its claims have ended."""

import numpy as np
import pytest

from fieldops.planning.ending import forecast_ending


def test_without_claims_and_hours_it_ends_as_it_stands() -> None:
    found = forecast_ending(streets=50, saturated=7, claims=[], free=[(10.0, 0.8)], hours_left=5.0, ended=[])
    assert (found.expected, found.low, found.high, found.later) == (7.0, 7, 7, 0)


def test_hours_that_are_left_take_the_smallest_streets_first() -> None:
    found = forecast_ending(
        streets=50, saturated=0, claims=[], free=[(30.0, 0.9), (10.0, 0.8), (15.0, 0.7)], hours_left=26.0, ended=[]
    )
    assert found.later == 2
    assert found.expected == pytest.approx(1.5)


def test_claims_that_ended_worse_than_promised_lower_what_is_expected() -> None:
    claims = [0.8] * 40
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
        found = forecast_ending(streets=200, saturated=0, claims=[0.8] * 80, free=[], hours_left=0.0, ended=ended)
        inside += found.low <= rng.binomial(80, truth) <= found.high
    assert 0.74 <= inside / rounds <= 0.90  # 80 %, and whole numbers are rounded outward or inward
