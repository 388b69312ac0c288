import numpy as np
import pytest

from fieldops.awareness import (
    R50,
    CountRule,
    bayes_rule,
    equidistant_share,
    lqas,
    lqas_double,
    sprt,
    stretch,
    two_sprt,
)
from fieldops.errors import BadInput


@pytest.mark.parametrize(
    ("zone", "surveys", "count"),
    [
        ((0.10, 0.30, 0.10, 0.10), 25, 5), ((0.10, 0.30, 0.05, 0.05), 41, 8), ((0.12, 0.28, 0.10, 0.10), 40, 8),
        ((0.12, 0.28, 0.05, 0.05), 66, 13), ((0.15, 0.25, 0.10, 0.10), 109, 22), ((0.15, 0.25, 0.05, 0.05), 176, 35),
        ((0.16, 0.24, 0.10, 0.10), 165, 33), ((0.16, 0.24, 0.05, 0.05), 271, 54),
    ],
)  # fmt: skip
def test_lot_quality_sampling_has_the_printed_sizes(zone: tuple, surveys: int, count: int) -> None:
    assert lqas(*zone) == (surveys, count)


def test_no_smaller_lot_keeps_both_errors() -> None:
    surveys, _ = lqas(0.12, 0.28, 0.10, 0.10)
    for count in range(surveys):
        rule = CountRule((surveys - 1,), (count - 1,), (count,))
        wrong_move_on, wrong_push_on = rule.error_rates(0.12, 0.28)
        assert wrong_move_on > 0.10 or wrong_push_on > 0.10


@pytest.mark.parametrize(("zone", "surveys"), [((0.10, 0.30, 0.10, 0.10), 21.44), ((0.12, 0.28, 0.10, 0.10), 34.49)])
def test_double_sampling_asks_as_little_as_the_best_found(zone: tuple, surveys: float) -> None:
    rule = lqas_double(*zone)
    wrong_move_on, wrong_push_on = rule.error_rates()
    assert wrong_move_on <= zone[2]
    assert wrong_push_on <= zone[3]
    most = rule.surveys_curve(np.linspace(0.01, 0.6, 296), curtailed=False).max()
    assert most == pytest.approx(surveys, abs=0.005)


@pytest.mark.full
@pytest.mark.parametrize(("zone", "surveys"), [((0.10, 0.30, 0.05, 0.05), 35.02), ((0.12, 0.28, 0.05, 0.05), 57.25)])
def test_double_sampling_asks_as_little_as_the_best_found_for_small_errors(zone: tuple, surveys: float) -> None:
    most = lqas_double(*zone).surveys_curve(np.linspace(0.01, 0.6, 296), curtailed=False).max()
    assert most <= surveys + 0.005


def test_the_share_in_the_middle_is_as_printed() -> None:
    assert equidistant_share(0.12, 0.28) == pytest.approx(0.191485, abs=5e-7)
    assert equidistant_share(0.15, 0.25) == pytest.approx(0.196801, abs=5e-7)


@pytest.mark.parametrize(
    ("rule", "printed"),
    [
        (sprt(0.12, 0.28, 0.1, 0.1, max_surveys=60),
         [(0.08148868, 24.978526), (0.53278863, 29.910033), (0.89576690, 21.764139)]),
        (two_sprt(0.12, 0.28, 0.1, 0.1), [(0.04103409, 39.781262), (0.55718316, 48.549786), (0.95126196, 33.816247)]),
        (bayes_rule(2, 8, 0.19, 0.06, max_surveys=48),
         [(0.09951762, 30.242003), (0.53886065, 31.688240), (0.90035659, 21.922867)]),
        (CountRule((25, 49), (3, 9), (6, 10)),
         [(0.09724862, 31.757970), (0.55342115, 34.184708), (0.90468814, 29.959320)]),
    ],
)  # fmt: skip
def test_designs_have_the_printed_digits(rule: CountRule, printed: list[tuple[float, float]]) -> None:
    for share, (move_on, surveys) in zip((0.12, 0.20, 0.28), printed, strict=True):
        found = rule.operating_characteristic(share, curtailed=False)
        assert found.move_on == pytest.approx(move_on, abs=5e-9)
        assert found.expected_surveys == pytest.approx(surveys, abs=5e-7)


def test_the_check_of_fabrication_has_the_printed_errors_and_limits() -> None:
    rule = sprt(0.05, 0.25, 0.05, 0.10, max_surveys=60)
    honest, invented = (rule.operating_characteristic(p, curtailed=False) for p in (0.05, 0.25))
    assert (honest.move_on, invented.move_on) == pytest.approx((0.031561, 0.909641), abs=5e-7)
    assert (honest.expected_surveys, invented.expected_surveys) == pytest.approx((15.25, 13.07), abs=5e-3)
    assert [rule.looks[rule.push_on_at_most.index(c)] for c in (0, 1, 2)] == [10, 18, 26]
    assert [rule.looks[rule.move_on_at_least.index(c + 1)] - 1 for c in (2, 3, 4)] == [3, 11, 19]


def test_looks_in_blocks_cost_surveys_and_keep_the_errors_of_the_boundaries() -> None:
    always, blocks = (two_sprt(0.12, 0.28, 0.1, 0.1, every=every) for every in (1, 10))
    assert set(blocks.looks) <= set(range(10, 200, 10))
    for share in (0.05, 0.2, 0.35):
        asked = [r.operating_characteristic(share, curtailed=False).expected_surveys for r in (always, blocks)]
        assert asked[0] < asked[1]
    assert max(blocks.error_rates()) <= 0.1


def test_the_stretched_card_is_as_printed() -> None:
    card = stretch(R50, 1.4)
    assert card.looks == (15, 25, 30, 35, 45, 50, 60, 65, 70)
    assert card.push_on_at_most == (0, 0, 1, 2, 4, 5, 7, 10, 13)
    assert card.move_on_at_least == (6, 8, 10, 10, 12, 12, 14, 14, 14)
    low, high = (card.clustered_characteristic(p, icc=0.10, cluster_size=5) for p in (0.12, 0.28))
    assert (low.move_on, 1 - high.move_on) == pytest.approx((0.084843, 0.088143), abs=5e-7)
    assert low.expected_surveys == pytest.approx(44.687, abs=5e-4)
    wider = stretch(R50, 1.45)
    low, high = (wider.clustered_characteristic(p, icc=0.05, cluster_size=10) for p in (0.12, 0.28))
    assert (low.move_on, 1 - high.move_on) == pytest.approx((0.081394, 0.083524), abs=5e-7)
    assert low.expected_surveys == pytest.approx(46.642, abs=5e-4)


def test_without_clustering_the_card_is_not_stretched() -> None:
    card = stretch(R50, 1.0)
    assert (card.looks, card.push_on_at_most, card.move_on_at_least) == (
        R50.looks, R50.push_on_at_most, R50.move_on_at_least,
    )  # fmt: skip


@pytest.mark.parametrize(
    "make",
    [
        lambda: sprt(0.3, 0.1, 0.1, 0.1, max_surveys=10),
        lambda: sprt(0.1, 0.3, 0.6, 0.6, max_surveys=10),
        lambda: sprt(0.1, 0.3, 0.1, 0.1, max_surveys=0),
        lambda: two_sprt(0.1, 0.3, 0.0, 0.1),
        lambda: two_sprt(0.1, 0.3, 0.1, 0.1, theta=0.4),
        lambda: two_sprt(0.1999, 0.2001, 0.01, 0.01),
        lambda: bayes_rule(0, 8, 0.1, 0.1, max_surveys=10),
        lambda: bayes_rule(2, 8, 0.6, 0.6, max_surveys=10),
        lambda: lqas(0.1, 0.1, 0.1, 0.1),
        lambda: lqas(0.2, 0.2001, 0.01, 0.01),
        lambda: stretch(R50, 0.9),
    ],
)
def test_designs_that_cannot_be_are_refused(make) -> None:
    with pytest.raises(BadInput):
        make()
