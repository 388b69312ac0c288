"""Every table of the statistics, as printed and to its last digit (sections 1 to 3 of the design's text)."""

from math import ceil, exp

import numpy as np
import pytest

from fieldops.awareness import A130, R50, TWO_OF_TEN, CountRule, field_weights, kiefer_weiss_bound, sprt, two_sprt

SHARES = (0.05, 0.10, 0.12, 0.15, 0.18, 0.20, 0.22, 0.25, 0.28, 0.30, 0.40)
OF_NAIVE = (0.05, 0.10, 0.12, 0.15, 0.18, 0.20, 0.22, 0.25, 0.30)
TENTH = np.linspace(0.01, 0.60, 591)  # shares at which a worst case is looked for


def moves(rule: CountRule, shares: tuple[float, ...], *, curtailed: bool = False) -> list[float]:
    return [rule.operating_characteristic(share, curtailed=curtailed).move_on for share in shares]


def asked(rule: CountRule, shares: tuple[float, ...], *, curtailed: bool) -> list[float]:
    return [rule.operating_characteristic(share, curtailed=curtailed).expected_surveys for share in shares]


def printed(text: str) -> list[float]:
    return [float(figure) for figure in text.split()]


def half_a_digit(text: str) -> float:
    """Return half a unit of the last printed digit, and a little for the float."""
    return 0.5001 * 10.0 ** -len(text.split()[0].split(".")[1])


# ── 1. the naive rule ───────────────────────────────────────────────────────────────────────────────────────────────

NAIVE = ".08613836 .26390107 .34172497 .45570018 .56083678 .62419036 .68153062 .75597477 .85069165"
EARLY = "9.117779 8.764806 8.543722 8.160555 7.740096 7.449863 7.157553 6.723560 6.034460"
PEEK = ".24999645 .49860397 .59463265 .72658592 .83387635 .88814480 .92855709 .96703217 .99308252"
TEN_OF_FIFTY = ".00015856 .02453794 .07076160 .20890633 .41215900 .55625959 .68695171 .83631610 .95976837"


def peeking() -> CountRule:
    """Return what a motivated promoter does: ask on until 20 % of those asked know, from 5 to 50."""
    looks = tuple(range(5, 51))
    needed = tuple(ceil(look / 5) for look in looks)
    return CountRule(looks, (*[-1] * (len(looks) - 1), needed[-1] - 1), needed)


@pytest.mark.parametrize(
    ("rule", "row"), [(TWO_OF_TEN, NAIVE), (peeking(), PEEK), (CountRule((50,), (9,), (10,)), TEN_OF_FIFTY)]
)
def test_two_of_ten_and_its_variants_move_on_as_often_as_printed(rule: CountRule, row: str) -> None:
    assert moves(rule, OF_NAIVE) == pytest.approx(printed(row), abs=half_a_digit(row))


def test_two_of_ten_stopped_early_asks_as_many_as_printed() -> None:
    assert asked(TWO_OF_TEN, OF_NAIVE, curtailed=True) == pytest.approx(printed(EARLY), abs=half_a_digit(EARLY))


@pytest.mark.parametrize(
    ("rule", "share", "tries", "row"),
    [
        (TWO_OF_TEN, 0.05, (1, 3, 7), ".0861 .2368 .4677"), (TWO_OF_TEN, 0.10, (1, 3, 7), ".2639 .6012 .8829"),
        (TWO_OF_TEN, 0.15, (1, 3, 7), ".4557 .8387 .9858"), (R50, 0.05, (1, 3, 7), ".0017 .0050 .0117"),
        (R50, 0.10, (1, 3, 7), ".0437 .1254 .2685"), (R50, 0.12, (1, 3, 7), ".0994 .2696 .5196"),
        (R50, 0.15, (1, 3, 7), ".2415 .5635 .8555"),
    ],
)  # fmt: skip
def test_tested_often_enough_any_place_passes_as_often_as_printed(
    rule: CountRule, share: float, tries: tuple[int, ...], row: str
) -> None:
    stays = 1 - moves(rule, (share,))[0]
    assert [1 - stays**times for times in tries] == pytest.approx(printed(row), abs=half_a_digit(row))


# ── 2. sequential rules ─────────────────────────────────────────────────────────────────────────────────────────────

R50_MOVES = (
    ".00167647 .04368652 .09943458 .24145085 .43152010 .56153567 .67870347 .81484232 .90138755 .93694960 .99287979"
)
R50_ASKS = (
    "15.927665 23.615901 26.443358 29.346395 30.111807 29.490514 28.187043 25.486006 22.526298 20.651816 14.089335"
)
R50C_ASKS = (
    "15.919777 23.496625 26.220516 28.898886 29.384317 28.571256 27.088790 24.159820 21.020915 19.045883 11.996234"
)
NAIVE_MOVES = (
    ".08613836 .26390107 .34172497 .45570018 .56083678 .62419036 .68153062 .75597477 .81696458 .85069165 .95364260"
)
A130_MOVES = ".00000457 .00257762 .01468498 .09993810 .33007648 .53522795 .72231059 .90152903 .97279547 .98935846"
A130C_ASKS = "28.482801 42.183029 50.598246 64.812858 74.057122 73.987470 69.162725 57.489337 46.042999 39.890167"


@pytest.mark.parametrize(("rule", "row"), [(R50, R50_MOVES), (TWO_OF_TEN, NAIVE_MOVES), (A130, A130_MOVES)])
def test_cards_move_on_as_often_as_printed_curtailed_or_not(rule: CountRule, row: str) -> None:
    for curtailed in (False, True):
        found = moves(rule, SHARES[: len(printed(row))], curtailed=curtailed)
        assert found == pytest.approx(printed(row), abs=half_a_digit(row))


@pytest.mark.parametrize(
    ("rule", "curtailed", "row"), [(R50, False, R50_ASKS), (R50, True, R50C_ASKS), (A130, True, A130C_ASKS)]
)
def test_cards_ask_as_many_as_printed(rule: CountRule, curtailed: bool, row: str) -> None:
    found = asked(rule, SHARES[: len(printed(row))], curtailed=curtailed)
    assert found == pytest.approx(printed(row), abs=half_a_digit(row))


@pytest.mark.parametrize(
    ("curtailed", "row"), [(False, "30 45 50 50 50 50 50 50 50 45 30"), (True, "30 45 49 50 50 50 50 49 46 44 28")]
)
def test_nineteen_of_twenty_tests_by_the_card_end_by_the_printed_number(curtailed: bool, row: str) -> None:
    found = [R50.operating_characteristic(share, curtailed=curtailed).surveys_95 for share in SHARES]
    assert found == [int(figure) for figure in row.split()]


def test_the_errors_and_worst_cases_of_the_cards_are_as_printed() -> None:
    assert R50.error_rates() == pytest.approx((0.09943458, 0.09861245), abs=5.1e-9)
    assert A130.error_rates() == pytest.approx((0.099938, 0.098471), abs=5.1e-7)
    assert CountRule((40,), (7,), (8,)).error_rates(0.12, 0.28) == pytest.approx((0.0996, 0.0924), abs=5.1e-5)
    around = np.linspace(0.16, 0.19, 3001)
    worst = [R50.surveys_curve(around, curtailed=one).max() for one in (False, True)]
    assert worst == pytest.approx([30.1350, 29.4708], abs=5.1e-5)
    assert A130.surveys_curve(TENTH).max() == pytest.approx(74.698, abs=5e-3)


@pytest.mark.parametrize(
    ("zone", "theta", "a", "b", "worst", "most"),
    [
        ((0.10, 0.30), 0.18617, 0.25170, 0.21581, 17.40, 36), ((0.12, 0.28), 0.17541, 0.28467, 0.17399, 27.81, 62),
        ((0.15, 0.25), 0.19091, 0.24408, 0.18504, 72.72, 182),
    ],
)  # fmt: skip
def test_calibrated_tests_of_two_ratios_keep_ten_percent_at_the_printed_price(
    zone: tuple[float, float], theta: float, a: float, b: float, worst: float, most: int
) -> None:
    rule = two_sprt(*zone, a, b, theta=theta)
    assert rule.most_surveys == most
    assert max(rule.error_rates(*zone)) == pytest.approx(0.10, abs=1e-3)
    assert rule.surveys_curve(TENTH, curtailed=False).max() == pytest.approx(worst, abs=0.01)


@pytest.mark.parametrize(
    ("zone", "error", "worst"),
    [
        ((0.10, 0.30), 0.10, 31.27), ((0.10, 0.30), 0.05, 44.44), ((0.12, 0.28), 0.10, 49.33), ((0.12, 0.28), 0.05, 70.36),
        ((0.15, 0.25), 0.10, 126.44), ((0.15, 0.25), 0.05, 181.64), ((0.16, 0.24), 0.10, 197.43),
        ((0.16, 0.24), 0.05, 283.85),
    ],
)  # fmt: skip
def test_lordens_own_boundaries_cost_what_is_printed(zone: tuple[float, float], error: float, worst: float) -> None:
    shares = np.linspace(0.15, 0.25, 201)
    rule = two_sprt(*zone, error, error)
    assert rule.surveys_curve(shares, curtailed=False).max() == pytest.approx(worst, abs=0.006)


@pytest.mark.parametrize(
    ("zone", "error", "worst", "q95"),
    [
        ((0.10, 0.30), 0.10 - 1e-9, 22.17, 58), ((0.10, 0.30), 0.05, 37.50, 98), ((0.12, 0.28), 0.10, 34.07, 88),
        ((0.12, 0.28), 0.05, 58.67, 152), ((0.15, 0.25), 0.10, 84.21, 221), *(
            pytest.param(*long, marks=pytest.mark.full)
            for long in (((0.15, 0.25), 0.05, 147.41, 385), ((0.16, 0.24), 0.10, 130.69, 341), ((0.16, 0.24), 0.05, 228.37, 600))
        ),
    ],
)  # fmt: skip
def test_walds_test_costs_what_is_printed_and_has_a_long_tail(
    zone: tuple[float, float], error: float, worst: float, q95: int
) -> None:
    # 10/30 at 10 %: two of two who know lie exactly on the boundary, 3 x 3 = 9. Printed is what it costs where that does not count.
    shares = np.linspace(0.10, 0.25, 301)
    rule = sprt(*zone, error, error, max_surveys=40 * round(worst))
    cost = rule.surveys_curve(shares, curtailed=False)
    assert cost.max() == pytest.approx(worst, abs=0.006)
    assert max(rule.operating_characteristic(p, curtailed=False).surveys_95 for p in shares[::5]) == pytest.approx(
        q95, abs=2
    )


def test_walds_test_at_the_ends_of_its_zone_asks_more_than_his_approximation() -> None:
    rule = sprt(0.12, 0.28, 0.1, 0.1, max_surveys=1500)
    assert asked(rule, (0.12, 0.28), curtailed=False) == pytest.approx([25.846, 22.490], abs=5.1e-4)


def test_the_sequential_alternative_of_an_app_costs_what_is_printed() -> None:
    upper, lower = exp(2.11272), exp(-2.32399)
    alpha = (1 - lower) / (upper - lower)
    rule = sprt(0.12, 0.28, alpha, lower * (1 - alpha), max_surveys=50)
    assert max(rule.error_rates()) == pytest.approx(0.0994, abs=1e-3)
    assert rule.surveys_curve(TENTH, curtailed=False).max() == pytest.approx(28.97, abs=0.006)
    shares, weights = field_weights()
    assert weights @ rule.surveys_curve(shares, curtailed=False) == pytest.approx(22.14, abs=0.006)


@pytest.mark.full
@pytest.mark.parametrize(
    ("zone", "error", "worst", "field"),
    [
        ((0.10, 0.30), 0.05, 28.636, 22.206), ((0.12, 0.28), 0.10, 27.278, 20.818), ((0.12, 0.28), 0.05, 45.964, 32.108),
        ((0.15, 0.25), 0.10, 71.531, 42.804), ((0.15, 0.25), 0.05, 120.953, 64.495), ((0.16, 0.24), 0.10, 112.376, 58.631),
        ((0.16, 0.24), 0.05, 190.143, 87.543),
    ],
)  # fmt: skip
def test_the_bounds_of_the_price_list_are_as_printed(
    zone: tuple[float, float], error: float, worst: float, field: float
) -> None:
    assert kiefer_weiss_bound(*zone, error, error) == pytest.approx(worst, abs=2e-3)
    assert kiefer_weiss_bound(*zone, error, error, mixture=field_weights()) == pytest.approx(field, abs=2e-3)


# ── 3. robustness ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("size", "icc", "row", "surveys"),
    [
        (5, 0.0, ".001676 .043687 .099435 .241451 .561536 .814842 .901388", 26.443),
        (5, 0.05, ".006208 .065180 .124476 .258558 .543793 .780759 .870943", 24.600),
        (5, 0.10, ".012172 .083606 .143873 .269910 .527505 .749442 .840957", 22.990),
        (10, 0.05, ".012904 .083746 .143418 .268158 .523408 .744584 .836549", 23.037),
        (10, 0.10, ".026056 .109710 .166974 .276383 .490535 .686481 .777447", 20.506),
    ],
)
def test_companions_spoil_the_card_as_much_as_printed(size: int, icc: float, row: str, surveys: float) -> None:
    shares = (0.05, 0.10, 0.12, 0.15, 0.20, 0.25, 0.28)
    found = [R50.clustered_characteristic(share, icc=icc, cluster_size=size) for share in shares]
    assert [one.move_on for one in found] == pytest.approx(printed(row), abs=half_a_digit(row))
    assert found[2].expected_surveys == pytest.approx(surveys, abs=5.1e-4)


@pytest.mark.parametrize(
    ("truth", "made_up", "rate", "moved_on"),
    [(0.05, 0.3, 0.3, 0.118334), (0.05, 0.3, 0.5, 0.464590), (0.10, 0.3, 0.3, 0.301607)],
)
def test_made_up_answers_pass_the_card_as_often_as_printed(
    truth: float, made_up: float, rate: float, moved_on: float
) -> None:
    assert moves(R50, ((1 - made_up) * truth + made_up * rate,)) == pytest.approx([moved_on], abs=5.1e-7)


def test_a_verifier_refutes_a_false_move_on_as_often_as_printed() -> None:
    refuted = [1 - one for one in moves(R50, (0.05, 0.08, 0.10, 0.12))]
    assert refuted == pytest.approx([0.998324, 0.984897, 0.956313, 0.900565], abs=5.1e-7)
