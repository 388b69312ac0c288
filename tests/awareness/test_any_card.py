"""What cards do, held against trying every order of answers in exact fractions, for cards at random."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import special

from fieldops.awareness import (
    R50,
    CountRule,
    Verdict,
    confidence_interval,
    drifting_characteristic,
    predictive_value,
    reasked_characteristic,
    repeated_move_on,
    unbiased_share,
)
from tests.awareness.any_card import (
    alike,
    cards,
    shares,
    try_all,
)


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
