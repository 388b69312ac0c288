"""Fairness: the coefficient is Gini's, and an evener plan is lawful, within the bound, and has its price."""

import numpy as np
import pytest

from fieldops.planning import AssignmentProblem, assign
from fieldops.planning.fairness import even_out, gini, results_of
from tests.benchmarks.problems import Terms, made_up
from tests.planning.test_solve import is_lawful


@pytest.mark.parametrize(
    ("results", "hours", "expected"),
    [
        ([4.0, 4.0], [2.0, 2.0], 0.0),
        ([8.0, 4.0], [4.0, 2.0], 0.0),  # the same per hour
        ([0.0, 1.0], [1.0, 1.0], 0.5),
        ([0.0, 0.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0], 0.75),
        ([1.0, 2.0, 3.0], [1.0, 1.0, 1.0], 2 / 9),
        ([0.0, 0.0], [1.0, 1.0], 0.0),
        ([5.0, 3.0], [0.0, 1.0], 0.0),  # without hours nobody counts
    ],
)
def test_the_coefficient_is_ginis(results: list[float], hours: list[float], expected: float) -> None:
    assert gini(np.array(results), np.array(hours)) == pytest.approx(expected)


def test_a_fairer_plan_is_lawful_evener_and_priced_against_the_same_bound() -> None:
    rng, streets, crews = np.random.default_rng(2), 40, 4
    pairs = [(s, c) for s in range(streets) for c in range(crews)]
    rich = np.array([2.0, 1.0, 1.0, 0.8])  # one crew earns twice as much on every street
    values = (rng.uniform(20, 60, streets)[:, None] * rich).ravel()
    problem = AssignmentProblem(values, rng.uniform(2, 6, len(pairs)).round(2), np.full(crews, 25.0), pairs)

    best = assign(problem, time_limit=1.0, seed=1)
    hours = problem.capacities
    before = gini(results_of(problem, best.crew_of_street), hours)
    fair = even_out(problem, best, limit=before - 0.02)
    lawful, value = is_lawful(problem, fair.found.crew_of_street.tolist())
    assert lawful
    assert value == pytest.approx(fair.found.objective)
    assert fair.gini == pytest.approx(gini(results_of(problem, fair.found.crew_of_street), hours))
    assert fair.gini < fair.gini_before == before
    assert fair.price == pytest.approx((best.objective - value) / best.objective)
    assert fair.found.bound == best.bound >= value
    even = even_out(problem, best, limit=0.9)
    assert (even.found, even.price) == (best, 0.0)


@pytest.mark.parametrize("capacity", [0.5, 0.9])
def test_in_a_city_whose_crews_all_earn_about_the_same_the_coefficient_still_halves_for_a_hundredth(
    capacity: float,
) -> None:
    problem, _ = made_up(300, 8, Terms(capacity, capped=True, weights=True))
    best = assign(problem, time_limit=60.0, seed=1, gap=0.02)
    fair = even_out(problem, best, limit=0.0)
    lawful, value = is_lawful(problem, fair.found.crew_of_street.tolist())
    assert lawful
    assert value == pytest.approx(fair.found.objective)
    assert fair.gini < 0.5 * fair.gini_before
    assert fair.price < 0.01
