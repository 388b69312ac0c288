"""What the cards do, held against trying every order of answers in exact fractions, for cards and designs at random."""

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import special

from fieldops.awareness import (
    A130,
    R50,
    CountRule,
    Verdict,
    bayes_rule,
    confidence_interval,
    drifting_characteristic,
    equidistant_share,
    kiefer_weiss_bound,
    lqas,
    lqas_double,
    pool_streets,
    predictive_value,
    reasked_characteristic,
    repeated_move_on,
    sprt,
    stretch,
    two_sprt,
    unbiased_share,
)

NextKnows = Callable[[tuple[bool, ...]], Fraction]
LONGEST = 9


@st.composite
def cards(draw: st.DrawFn) -> CountRule:
    """Draw any lawful card of at most `LONGEST` surveys."""
    looks = sorted(draw(st.sets(st.integers(1, LONGEST), min_size=1, max_size=4)))
    low, high = [], []
    for look in looks:
        least = draw(st.integers(-1, look))
        low.append(least)
        high.append(least + 1 if look == looks[-1] else draw(st.integers(least + 1, look + 1)))
    return CountRule(tuple(looks), tuple(low), tuple(high))


shares = st.integers(1, 19).map(lambda twentieth: Fraction(twentieth, 20))


def try_all(card: CountRule, next_knows: NextKnows, *, curtailed: bool) -> tuple[Fraction, Fraction, int]:
    """Return P(move on), the expected surveys and the 95 % point by walking through every order of answers."""
    moved = Fraction(0)
    ends: dict[int, Fraction] = {}

    def walk(answers: tuple[bool, ...], weight: Fraction) -> None:
        nonlocal moved
        said = card.decide(answers, curtailed=curtailed)
        if said.verdict is not Verdict.ASK_MORE:
            ends[len(answers)] = ends.get(len(answers), Fraction(0)) + weight
            moved += weight * (said.verdict is Verdict.MOVE_ON)
            return
        knows = next_knows(answers)
        for answer, part in ((True, knows), (False, 1 - knows)):
            if part:
                walk((*answers, answer), weight * part)

    walk((), Fraction(1))
    assert sum(ends.values()) == 1
    passed, at = Fraction(0), 0
    for at in sorted(ends):
        passed += ends[at]
        if passed >= Fraction(95, 100):
            break
    return moved, sum((n * weight for n, weight in ends.items()), Fraction(0)), at


def alike(found: tuple[float, float, int], tried: tuple[Fraction, Fraction, int]) -> bool:
    near = abs(found[0] - tried[0]) < 1e-12 and abs(found[1] - tried[1]) < 1e-11
    return bool(near and found[2] == tried[2])


@settings(deadline=None, max_examples=60)
@given(cards(), shares, st.booleans())
def test_the_characteristic_of_any_card_is_that_of_every_order(card: CountRule, share: Fraction, early: bool) -> None:
    tried = try_all(card, lambda _: share, curtailed=early)
    assert alike(card.operating_characteristic(float(share), curtailed=early), tried)


@settings(deadline=None, max_examples=60)
@given(cards(), shares, st.integers(1, 9), st.integers(1, 6), st.booleans())
def test_companions_are_counted_as_every_order_of_clusters_gives(
    card: CountRule, share: Fraction, tenths: int, size: int, early: bool
) -> None:
    icc = Fraction(tenths, 10)
    a, b = share * (1 - icc) / icc, (1 - share) * (1 - icc) / icc

    def knows(answers: tuple[bool, ...]) -> Fraction:
        inside = answers[len(answers) // size * size :]
        return (a + sum(inside)) / (a + b + len(inside))

    found = card.clustered_characteristic(float(share), icc=float(icc), cluster_size=size, curtailed=early)
    assert alike(found, try_all(card, knows, curtailed=early))


@settings(deadline=None, max_examples=60)
@given(cards(), st.integers(0, 30), st.integers(0, 30), st.booleans())
def test_a_small_street_is_counted_as_every_order_without_asking_twice(
    card: CountRule, knowing: int, others: int, early: bool
) -> None:
    people = knowing + others
    assume(people >= card.most_surveys)

    def knows(answers: tuple[bool, ...]) -> Fraction:
        return Fraction(knowing - sum(answers), people - len(answers))

    found = card.finite_characteristic(people, knowing, curtailed=early)
    assert alike(found, try_all(card, knows, curtailed=early))


@settings(deadline=None, max_examples=40)
@given(cards(), shares, st.integers(-3, 5))
def test_pushing_while_asking_is_counted_as_every_order_gives(card: CountRule, share: Fraction, step: int) -> None:
    rise = Fraction(step, 100)
    tried = try_all(
        card, lambda answers: min(Fraction(1), max(Fraction(0), share + rise * len(answers))), curtailed=False
    )
    assert alike(drifting_characteristic(card, float(share), float(rise)), tried)


@settings(deadline=None, max_examples=40)
@given(cards(), st.integers(9, 60), st.integers(0, 9), st.integers(0, 4))
def test_asking_those_just_told_is_counted_as_every_order_gives(
    card: CountRule, present: int, knowing: int, quarters: int
) -> None:
    told = Fraction(quarters, 4)

    def knows(answers: tuple[bool, ...]) -> Fraction:
        return min(Fraction(1), (knowing + told * (len(answers) - sum(answers))) / present)

    found = reasked_characteristic(card, present, knowing, informed=float(told))
    assert alike(found, try_all(card, knows, curtailed=False))


@settings(deadline=None, max_examples=60)
@given(cards(), st.booleans())
def test_the_unbiased_share_is_that_of_the_orders_that_open_with_one_who_knows(card: CountRule, early: bool) -> None:
    ends: dict[tuple[int, int], list[int]] = {}

    def walk(answers: tuple[bool, ...]) -> None:
        if card.decide(answers, curtailed=early).verdict is Verdict.ASK_MORE:
            walk((*answers, True))
            walk((*answers, False))
        else:
            end = ends.setdefault((len(answers), sum(answers)), [0, 0])
            end[0] += 1
            end[1] += answers[0]

    walk(())
    assert {end: tuple(counts) for end, counts in ends.items()} == card.paths(curtailed=early)
    for (n, s), (orders, opening) in ends.items():
        assert unbiased_share(card, n, s, curtailed=early) == opening / orders


@settings(deadline=None, max_examples=40)
@given(cards(), st.integers(1, 6), st.integers(1, 12), shares)
def test_what_move_on_proves_is_the_exact_beta_sum(
    card: CountRule, knows: int, not_knows: int, least: Fraction
) -> None:
    said, truly = Fraction(0), 0.0
    for (n, s), (orders, _) in card.paths(curtailed=False).items():
        if s >= card.bounds.high[n]:
            a, b = knows + s, not_knows + n - s
            mass = orders * Fraction(math.factorial(a - 1) * math.factorial(b - 1), math.factorial(a + b - 1))
            said += mass
            # P(Beta(a, b) >= x) = P(Binomial(a + b - 1, x) <= a - 1), in fractions
            m = a + b - 1
            truly += mass * sum(math.comb(m, k) * least**k * (1 - least) ** (m - k) for k in range(a))
    if said:
        assert predictive_value(card, knows, not_knows, float(least)) == pytest.approx(float(truly / said), abs=1e-10)


@settings(deadline=None)
@given(st.floats(0, 1), st.integers(1, 20))
def test_more_tests_pass_more_often_and_one_is_itself(move_on: float, tests: int) -> None:
    assume(move_on < 1)
    found = repeated_move_on(move_on, [1, tests, tests + 1])
    assert found[0] == pytest.approx(move_on, abs=1e-12)
    assert found[1] == pytest.approx(1 - (1 - move_on) ** tests, abs=1e-12)
    assert found[1] <= found[2] + 1e-15


# ── designs from (p0, p1, alpha, beta) ──────────────────────────────────────────────────────────────────────────────

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


@settings(deadline=None, max_examples=60)
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


# ── properties ──────────────────────────────────────────────────────────────────────────────────────────────────────


@settings(deadline=None, max_examples=60)
@given(cards(), st.floats(0, 1), st.floats(0, 1))
def test_where_more_know_a_card_whose_counts_never_fall_moves_on_more_often(
    card: CountRule, one: float, other: float
) -> None:
    rows = list(zip(card.push_on_at_most, card.move_on_at_least, strict=True))
    assume(all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(rows)))
    low, high = sorted((one, other))
    found = card.move_on_curve(np.array([low, high]))
    assert found[0] <= found[1] + 1e-12


@settings(deadline=None, max_examples=60)
@given(cards(), shares, st.integers(1, 9), st.integers(1, 6))
def test_curtailing_never_changes_how_often_a_card_moves_on_companions_or_not(
    card: CountRule, share: Fraction, tenths: int, size: int
) -> None:
    late, early = (
        card.clustered_characteristic(float(share), icc=tenths / 10, cluster_size=size, curtailed=one)
        for one in (False, True)
    )
    assert early.move_on == pytest.approx(late.move_on, abs=1e-12)
    assert early.expected_surveys <= late.expected_surveys + 1e-12
    assert early.surveys_95 <= late.surveys_95


@settings(deadline=None, max_examples=30)
@given(st.integers(60, 400))
def test_asking_nobody_twice_errs_no_more_at_the_ends_of_the_zone(people: int) -> None:
    """Sampling without replacement is the more conservative: R50 errs less on a small street (statistics.md 3.2)."""
    below, above = math.floor(0.12 * people), math.ceil(0.28 * people)
    assert (
        R50.finite_characteristic(people, below).move_on <= R50.operating_characteristic(below / people).move_on + 1e-9
    )
    assert (
        R50.finite_characteristic(people, above).move_on >= R50.operating_characteristic(above / people).move_on - 1e-9
    )


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


@settings(deadline=None)
@given(st.integers(0, 80), st.integers(0, 80), st.floats(0.02, 0.5))
def test_the_interval_is_where_the_evidence_is_below_one_to_alpha(knows: int, others: int, alpha: float) -> None:
    n = knows + others
    low, high = (float(end) for end in confidence_interval(knows, n, alpha))

    def evidence(p: float) -> float:
        return math.exp(special.betaln(1 + knows, 1 + others) - special.xlogy(knows, p) - special.xlog1py(others, -p))

    for end, outward in ((low, -1), (high, 1)):
        if 0 < end < 1:
            assert evidence(end) == pytest.approx(1 / alpha, rel=1e-6)
            assert evidence(min(1 - 1e-12, max(1e-12, end + outward * 1e-6))) > 1 / alpha * (1 - 1e-9)


def pooled_by_hand(s: list[int], n: list[int], of: list[int]) -> tuple[float, float, float]:
    """Return city mean, rho and kappa by the formulas of statistics.md 3.4, written out street by street."""
    numerator = denominator = 0.0
    for triangle in sorted(set(of)):
        mine = [i for i, t in enumerate(of) if t == triangle]
        total, k = sum(n[i] for i in mine), len(mine)
        p = sum(s[i] for i in mine) / total
        v = p * (1 - p)
        m = sum(n[i] * (s[i] / n[i] - p) ** 2 for i in mine)
        star = total - sum(n[i] ** 2 for i in mine) / total
        numerator += m - (k - 1) * v
        denominator += (star - (k - 1)) * v
    rho = min(0.5, max(0.005, numerator / denominator)) if denominator > 0 else 0.005
    kappa = 1 / rho - 1
    w = [n[i] / (1 + (n[i] - 1) * rho) for i in range(len(n))]
    big = {t: sum(w[i] for i in range(len(n)) if of[i] == t) for t in set(of)}
    share = {t: sum(w[i] * s[i] / n[i] for i in range(len(n)) if of[i] == t) / big[t] for t in set(of)}
    city = sum(big[t] * share[t] for t in big) / sum(big.values())
    return city, rho, kappa


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 30), st.integers(0, 3)), min_size=8, max_size=30))
def test_two_levels_are_the_formulas_written_out(streets: list[tuple[int, int, int]]) -> None:
    s, n, of = [k for k, _, _ in streets], [k + more for k, more, _ in streets], [t for _, _, t in streets]
    of = [sorted(set(of)).index(t) for t in of]
    assume(len(set(of)) >= 2)
    assume(all(sum(s[i] for i in range(len(s)) if of[i] == t) > 0 for t in set(of)))
    assume(all(of.count(t) > 1 for t in set(of)))
    city, rho, kappa = pooled_by_hand(s, n, of)
    found = pool_streets(s, n, of)
    assert found.rho == pytest.approx(rho, abs=1e-9)
    assert found.kappa == pytest.approx(kappa, rel=1e-9)
    assert found.city == pytest.approx(city, abs=1e-9)
    expected = [(kappa * found.triangle_mean[t] + k) / (kappa + asked) for k, asked, t in zip(s, n, of, strict=True)]
    assert found.street_mean == pytest.approx(expected, abs=1e-9)
    low, high = found.interval()
    assert ((low >= 0) & (low <= found.street_mean) & (found.street_mean <= high) & (high <= 1)).all()
