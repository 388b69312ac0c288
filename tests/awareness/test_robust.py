import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.awareness import (
    A130,
    R50,
    TWO_OF_TEN,
    CountRule,
    chain_of_tests,
    confidence_interval,
    drifting_characteristic,
    predictive_value,
    reasked_characteristic,
    repeated_move_on,
    unbiased_share,
)
from fieldops.errors import BadInput


def stops_of(rule: CountRule, share: float, *, curtailed: bool) -> dict[tuple[int, int], float]:
    paths = rule.paths(curtailed=curtailed)
    return {(n, s): ways * share**s * (1 - share) ** (n - s) for (n, s), (ways, _) in paths.items()}


def test_pushing_while_asking_spoils_the_test_as_printed() -> None:
    found = [drifting_characteristic(R50, 0.12, d).move_on for d in (0.0005, 0.001, 0.002)]
    assert found == pytest.approx([0.135596, 0.180153, 0.288381], abs=5e-7)
    assert drifting_characteristic(R50, 0.12, 0.0) == R50.operating_characteristic(0.12, curtailed=False)


@pytest.mark.parametrize(
    ("present", "knowing", "informed", "move_on"),
    [(80, 4, 1.0, 0.603994), (80, 4, 0.5, 0.217142), (200, 10, 1.0, 0.126323), (400, 20, 1.0, 0.020214)],
)
def test_asking_people_just_pitched_spoils_the_test_as_printed(
    present: int, knowing: int, informed: float, move_on: float
) -> None:
    found = reasked_characteristic(R50, present, knowing, informed=informed)
    assert found.move_on == pytest.approx(move_on, abs=5e-7)


@pytest.mark.parametrize(
    ("rule", "share", "printed", "places"),
    [
        (R50, 0.05, (0.0017, 0.0050, 0.0117), 5e-5), (R50, 0.10, (0.0437, 0.1254, 0.2685), 5e-5),
        (R50, 0.12, (0.0994, 0.2696, 0.5196), 5e-5), (R50, 0.15, (0.2415, 0.5635, 0.8555), 1e-4),
        (TWO_OF_TEN, 0.10, (0.2639, 0.6012, 0.8829), 5e-5),
    ],
)  # fmt: skip
def test_trying_again_and_again_ends_in_move_on_as_often_as_printed(
    rule: CountRule, share: float, printed: tuple, places: float
) -> None:
    found = repeated_move_on(rule.operating_characteristic(share).move_on, [1, 3, 7])
    assert found == pytest.approx(printed, abs=places)


@pytest.mark.parametrize(
    ("rule", "below_10", "below_15", "mean"),
    [(TWO_OF_TEN, 0.2920, 0.5565, 0.1412), (R50, 0.0281, 0.1560, 0.1884), (A130, 0.0009, 0.0278, 0.2057)],
)
def test_a_crew_that_tests_after_each_push_leaves_where_printed(
    rule: CountRule, below_10: float, below_15: float, mean: float
) -> None:
    shares = [1 - 0.95 * (0.80 / 0.95) ** (push / 4) for push in range(40)]  # from 5 %, four pushes reach 20 %
    left = chain_of_tests(rule, shares)
    at = np.array(shares)
    assert left.probabilities[at < 0.10].sum() == pytest.approx(below_10, abs=5e-5)
    assert left.probabilities[at < 0.15].sum() == pytest.approx(below_15, abs=5.1e-5)
    assert left.mean_share == pytest.approx(mean, abs=5e-5)
    assert left.probabilities.sum() == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("rule", [TWO_OF_TEN, R50, A130])
def test_what_move_on_proves_is_what_integration_over_the_places_gives(rule: CountRule) -> None:
    shares = (np.arange(4000) + 0.5) / 4000
    said = shares * (1 - shares) ** 9 * rule.move_on_curve(shares)
    for least in (0.15, 0.20):
        assert predictive_value(rule, 2, 10, least) == pytest.approx(said[shares > least].sum() / said.sum(), abs=1e-6)


@pytest.mark.parametrize(
    ("rule", "proves_20", "proves_15"),
    [(TWO_OF_TEN, 0.5575, 0.7557), (R50, 0.7396, 0.9216), (A130, 0.8389, 0.9813)],
)
def test_what_move_on_proves_is_as_printed(rule: CountRule, proves_20: float, proves_15: float) -> None:
    # Printed from a grid of places: up to 0.0002 above the exact value.
    assert predictive_value(rule, 2, 10, 0.20) == pytest.approx(proves_20, abs=2e-4)
    assert predictive_value(rule, 2, 10, 0.15) == pytest.approx(proves_15, abs=1e-4)


@pytest.mark.parametrize(
    ("surveys", "knows", "share"),
    [
        (10, 4, 0.4), (15, 5, 91 / 340), (20, 7, 0.236541), (25, 7, 0.218242), (30, 8, 0.204674), (35, 8, 0.195280),
        (40, 9, 0.188733), (50, 10, 0.184779),
    ],
)  # fmt: skip
def test_the_unbiased_share_is_as_printed(surveys: int, knows: int, share: float) -> None:
    assert unbiased_share(R50, surveys, knows) == pytest.approx(share, abs=5e-7)


@settings(deadline=None)
@given(st.floats(0.01, 0.9), st.sampled_from([R50, A130, TWO_OF_TEN]), st.booleans())
def test_the_unbiased_share_is_right_on_average(share: float, rule: CountRule, curtailed: bool) -> None:
    stops = stops_of(rule, share, curtailed=curtailed)
    mean = sum(weight * unbiased_share(rule, n, s, curtailed=curtailed) for (n, s), weight in stops.items())
    assert mean == pytest.approx(share, abs=1e-10)
    assert sum(stops.values()) == pytest.approx(1.0, abs=1e-10)


def test_the_plain_ratio_is_inflated_by_stopping_as_printed() -> None:
    printed = {0.05: (0.0299, 0.362), 0.10: (0.0730, 0.305), 0.15: (0.1367, 0.292), 0.20: (0.2126, 0.302),
               0.25: (0.2834, 0.327)}  # fmt: skip
    for share, (ratio, ratio_after_move_on) in printed.items():
        stops = stops_of(R50, share, curtailed=False)
        moved = {(n, s): weight for (n, s), weight in stops.items() if s >= R50.bounds.high[n]}
        assert sum(w * s / n for (n, s), w in stops.items()) == pytest.approx(ratio, abs=1e-4)
        after = sum(w * s / n for (n, s), w in moved.items()) / sum(moved.values())
        assert after == pytest.approx(ratio_after_move_on, abs=5e-4)


def test_a_share_is_unbiased_only_where_the_test_stops() -> None:
    with pytest.raises(BadInput, match="does not stop at 3 of 10"):
        unbiased_share(R50, 10, 3)


def test_the_interval_ends_where_the_evidence_is_one_to_alpha() -> None:
    low, high = confidence_interval(3, 10, 0.2)
    grid = np.linspace(1e-6, 1 - 1e-6, 200_001)
    inside = np.exp(-np.log(11 * 120) - 3 * np.log(grid) - 7 * np.log1p(-grid)) < 5  # B(4, 8) = 1 / (11 x 120)
    assert (low, high) == pytest.approx((grid[inside][0], grid[inside][-1]), abs=1e-5)


@settings(deadline=None)
@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.01, 0.5))
def test_the_interval_holds_the_ratio_and_grows_with_confidence(knows: int, more: int, alpha: float) -> None:
    asked = knows + more
    low, high = confidence_interval(knows, asked, alpha)
    wider = confidence_interval(knows, asked, alpha / 2)
    assert 0 <= wider[0] <= low <= high <= wider[1] <= 1
    if asked:
        assert low <= knows / asked <= high
    else:
        assert (low, high) == (0, 1)


def test_the_interval_holds_at_every_survey_at_once_even_for_one_who_peeks() -> None:
    rng = np.random.default_rng(7)
    knows = np.cumsum(rng.random((500, 120)) < 0.15, axis=1)
    low, high = confidence_interval(knows, np.arange(1, 121), 0.2)
    assert ((low <= 0.15) & (high >= 0.15)).all(axis=1).mean() >= 0.8


def test_more_who_know_than_were_asked_are_refused() -> None:
    with pytest.raises(BadInput):
        confidence_interval(3, 2, 0.2)
    with pytest.raises(BadInput):
        confidence_interval(1, 2, 1.0)
    with pytest.raises(BadInput):
        reasked_characteristic(R50, 10, 11, informed=1.0)
