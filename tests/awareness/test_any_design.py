"""Cards made from (p0, p1, alpha, beta), held against what defines them, for designs at random."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import special

from fieldops.awareness import (
    A130,
    R50,
    CountRule,
    bayes_rule,
    equidistant_share,
    kiefer_weiss_bound,
    lqas,
    lqas_double,
    sprt,
    stretch,
    two_sprt,
)
from tests.awareness.any_card import (
    cards,
)

zones = st.tuples(st.integers(2, 30), st.integers(6, 40)).map(lambda z: (z[0] / 100, (z[0] + z[1]) / 100))


errors = st.sampled_from([0.02, 0.05, 0.08, 0.10, 0.15, 0.20])


def by_ratio(card: CountRule, n: int) -> tuple[int, int]:
    """Return the counts at which a card looked at after every survey stops after n of them."""
    at = card.looks.index(n)
    return card.push_on_at_most[at], card.move_on_at_least[at]


@settings(deadline=None, max_examples=60)
@given(zones, errors, errors, st.integers(5, 60))
def test_walds_test_stops_where_its_ratio_says(zone: tuple[float, float], alpha: float, beta: float, most: int) -> None:
    p0, p1 = zone
    card = sprt(p0, p1, alpha, beta, max_surveys=most)
    assert card.most_surveys <= most
    upper, lower = math.log((1 - beta) / alpha), math.log(beta / (1 - alpha))
    for n in card.looks[:-1] if card.most_surveys == most else card.looks:
        low, high = by_ratio(card, n)
        ratios = [s * math.log(p1 / p0) + (n - s) * math.log((1 - p1) / (1 - p0)) for s in range(n + 1)]
        assume(min(min(abs(one - upper), abs(one - lower)) for one in ratios) > 1e-9)
        assert low == max((s for s in range(n + 1) if ratios[s] <= lower), default=-1)
        assert high == min((s for s in range(n + 1) if ratios[s] >= upper), default=n + 1)


@settings(deadline=None, max_examples=25)
@given(zones, errors, errors)
def test_the_test_of_two_ratios_stops_where_they_say(zone: tuple[float, float], a: float, b: float) -> None:
    p0, p1 = zone
    theta = equidistant_share(p0, p1)

    def kl(p: float) -> float:
        return theta * math.log(theta / p) + (1 - theta) * math.log((1 - theta) / (1 - p))

    assert kl(p0) == pytest.approx(kl(p1), abs=1e-12)
    assert p0 < theta < p1
    card = two_sprt(p0, p1, a, b)

    def excess(n: int, s: int) -> tuple[float, float]:
        over0 = s * math.log(theta / p0) + (n - s) * math.log((1 - theta) / (1 - p0)) - math.log(1 / a)
        over1 = s * math.log(theta / p1) + (n - s) * math.log((1 - theta) / (1 - p1)) - math.log(1 / b)
        return over0, over1

    for n in card.looks:
        low, high = by_ratio(card, n)
        for s in range(n + 1):
            move, stay = excess(n, s)
            assume(min(abs(move), abs(stay), abs(move - stay)) > 1e-9)
            said = "move" if s >= high else "stay" if s <= low else ""
            if move < 0 and stay < 0:
                assert said == ""
            else:
                assert said == ("move" if move > stay else "stay")
    wrong_move_on, wrong_push_on = card.error_rates(p0, p1)
    assert wrong_move_on <= a  # Lorden's boundaries keep them
    assert wrong_push_on <= b


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 5), st.integers(1, 15), st.integers(1, 30), st.integers(1, 30), st.integers(4, 40))
def test_the_bayes_rule_stops_where_the_posterior_says(prior: int, against: int, e1: int, e0: int, most: int) -> None:
    sure, unsure = 1 - e1 / 100, e0 / 100
    card = bayes_rule(prior, against, e1 / 100, e0 / 100, max_surveys=most)
    for n in card.looks:
        low, high = by_ratio(card, n)
        posterior = [1 - special.betainc(prior + s, against + n - s, 0.2) for s in range(n + 1)]
        ends = (0.5, 0.5) if n == most else (sure, unsure)
        assume(min(min(abs(one - ends[0]), abs(one - ends[1])) for one in posterior) > 1e-9)
        assert high == min((s for s in range(n + 1) if posterior[s] >= ends[0]), default=n + 1)
        if n < most:
            assert low == max((s for s in range(n + 1) if posterior[s] <= ends[1]), default=-1)


def binomial_tail(n: int, c: int, p: float) -> float:
    """Return P(S >= c) of n answers, summed term by term."""
    return math.fsum(math.comb(n, s) * p**s * (1 - p) ** (n - s) for s in range(c, n + 1))


@settings(deadline=None, max_examples=25)
@given(st.tuples(st.integers(3, 20), st.integers(14, 40)), errors, errors)
def test_the_lot_is_the_smallest_that_keeps_both_errors(zone: tuple[int, int], alpha: float, beta: float) -> None:
    p0, p1 = zone[0] / 100, (zone[0] + zone[1]) / 100

    def keeps(n: int, c: int) -> bool:
        return binomial_tail(n, c, p0) <= alpha and 1 - binomial_tail(n, c, p1) <= beta

    n, c = next((n, c) for n in range(1, 400) for c in range(n + 2) if keeps(n, c))
    assert lqas(p0, p1, alpha, beta) == (n, c)


@settings(deadline=None, max_examples=4)
@given(st.sampled_from([(0.1, 0.4), (0.05, 0.35), (0.2, 0.55)]), st.sampled_from([0.1, 0.2]))
def test_a_double_lot_keeps_both_errors_and_asks_no_more_than_the_single_one(
    zone: tuple[float, float], error: float
) -> None:
    double, (single, _) = lqas_double(*zone, error, error), lqas(*zone, error, error)
    assert len(double.looks) == 2
    assert max(double.error_rates(*zone)) <= error
    assert double.surveys_curve(np.linspace(0.01, 0.8, 80), curtailed=False).max() <= single


@settings(deadline=None, max_examples=25)
@given(cards(), st.integers(0, 99), st.integers(0, 99), st.integers(0, 4))
def test_no_card_undercuts_the_bound_at_its_own_errors(card: CountRule, low: int, high: int, between: int) -> None:
    grid = np.linspace(0.01, 0.99, 99)
    moves_on = card.move_on_curve(grid)
    lows = grid[(moves_on > 0.005) & (moves_on < 0.45)]  # where it errs neither hardly ever nor almost always
    highs = grid[(moves_on > 0.55) & (moves_on < 0.995)]
    assume(len(lows) and len(highs) and lows[0] < highs[-1])
    p0 = float(lows[low % len(lows)])
    above = highs[highs > p0]
    assume(len(above))
    p1 = float(above[high % len(above)])
    alpha, beta = card.error_rates(p0, p1)
    theta = p0 + (p1 - p0) * between / 4
    bound = kiefer_weiss_bound(p0, p1, alpha, beta, mixture=([theta], [1.0]))
    for early in (False, True):
        assert card.operating_characteristic(theta, curtailed=early).expected_surveys >= bound - 1e-6


@pytest.mark.parametrize("zone", [(0.12, 0.28), (0.05, 0.30), (0.20, 0.45)])
def test_where_the_share_is_an_end_of_the_zone_walds_test_is_the_bound(zone: tuple[float, float]) -> None:
    """Wald & Wolfowitz (1948): no test with its errors asks fewer at either end; so the bound there is what it asks."""
    card = sprt(*zone, 0.1, 0.08, max_surveys=1_000)
    found = [card.operating_characteristic(p, curtailed=False) for p in zone]
    for end, one in zip(zone, found, strict=True):
        bound = kiefer_weiss_bound(*zone, found[0].move_on, 1 - found[1].move_on, mixture=([end], [1.0]))
        assert bound == pytest.approx(one.expected_surveys, rel=1e-4)


@settings(deadline=None, max_examples=40)
@given(st.floats(1.0, 3.0), st.sampled_from([R50, A130]))
def test_a_stretched_card_follows_its_formula(effect: float, card: CountRule) -> None:
    wide = stretch(card, effect)
    for look, low, high, new, new_low, new_high in zip(
        card.looks, card.push_on_at_most, card.move_on_at_least,
        wide.looks, wide.push_on_at_most, wide.move_on_at_least, strict=True,
    ):  # fmt: skip
        assert new == 5 * math.ceil(effect * look / 5 - 1e-9)
        if look == card.most_surveys:
            break
        assert new_low == math.floor(new / 5 + effect * (low - look / 5) + 1e-9)
        assert new_high <= math.ceil(new / 5 + effect * (high - look / 5) - 1e-9)  # non-decreasing from the right
    assert list(wide.move_on_at_least) == sorted(wide.move_on_at_least)
