"""
How evenly the crews' results per hour are spread, and plans that spread them more evenly at a stated price.

The bound of a plan without fairness bounds every fairer plan too: so the price of fairness is what the fairer plan is
worth less, and the gap is stated against the same bound.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fieldops.planning.assignment import NOBODY, Assignment, AssignmentProblem, FloatArray, IntArray

ROUNDS = 6
LIFT = 0.6  # power of the ratio by which a poor crew's values are lifted from round to round
MOST = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Fair:
    """The plan chosen, its Gini coefficient and that of the best plan, and the share of value that it gives up."""

    found: Assignment
    gini: float
    gini_before: float
    price: float


def gini(results: FloatArray, hours: FloatArray) -> float:
    """
    Return the Gini coefficient of result per hour, every crew weighing its hours; 0 is even, 1 is all to one.

    Crews without hours do not count. Where nobody has a result, everybody has the same: 0.

    Notes
    -----
    Twice the area between the Lorenz curve of results over hours and the diagonal (Gini 1912).
    """
    counted = hours > 0
    result, hour = results[counted], hours[counted]
    if result.sum() <= 0 or len(result) < 2:
        return 0.0
    order = np.argsort(result / hour, kind="stable")
    share = np.concatenate([[0.0], np.cumsum(result[order]) / result.sum()])
    width = hour[order] / hour.sum()
    return float(max(0.0, 1.0 - ((share[1:] + share[:-1]) * width).sum()))


def results_of(problem: AssignmentProblem, crew_of_street: IntArray) -> FloatArray:
    """Return the value that each crew's streets have together, shape (n_crews,)."""
    taken = problem.crew == crew_of_street[problem.street]
    return np.bincount(problem.crew[taken], weights=problem.values[taken], minlength=problem.crews).astype(np.float64)


def even_out(
    problem: AssignmentProblem,
    best: Assignment,
    *,
    limit: float,
    solve: Callable[[AssignmentProblem], Assignment],
) -> Fair:
    """
    Return the plan of most value found whose Gini coefficient is at most `limit`, else the most even one found.

    Each round lifts the values of the crews whose result per hour is below the mean, lowers those above, and solves
    again; what counts is always the true value. Crews that can take nothing are left out of the coefficient.

    Parameters
    ----------
    solve
        Returns an assignment of the problem it is given; called up to `ROUNDS` times.
    """
    hours = np.where(np.bincount(problem.crew, minlength=problem.crews) > 0, problem.capacities, 0.0)
    before = gini(results_of(problem, best.crew_of_street), hours)
    found, lowest, lift = best, before, np.ones(problem.crews)
    pairs = np.column_stack([problem.street, problem.crew])
    tried = [(before, best.objective, best)]
    for _round in range(ROUNDS):
        if lowest <= limit:
            break
        result = results_of(problem, found.crew_of_street) / np.maximum(hours, 1e-9)
        mean = float(result[hours > 0].mean())
        ratio = mean / np.maximum(result, 0.05 * mean)
        lift = np.clip(lift * np.where(hours > 0, ratio, 1.0) ** LIFT, 1 / MOST, MOST)
        answer = solve(
            AssignmentProblem(
                problem.values * lift[problem.crew], problem.hours, problem.capacities, pairs, problem.max_streets,
                streets=problem.streets,
            )
        )  # fmt: skip
        found = _valued(problem, answer, best)
        lowest = min(lowest, gini(results_of(problem, found.crew_of_street), hours))
        tried.append((gini(results_of(problem, found.crew_of_street), hours), found.objective, found))
    within = [one for one in tried if one[0] <= limit]
    coefficient, value, chosen = (
        max(within, key=lambda one: one[1]) if within else min(tried, key=lambda one: (one[0], -one[1]))
    )
    price = (best.objective - value) / best.objective if best.objective > 0 else 0.0
    return Fair(chosen, coefficient, before, max(0.0, price))


def _valued(problem: AssignmentProblem, answer: Assignment, best: Assignment) -> Assignment:
    """Return the answer with its true value and the bound of the plan without fairness."""
    taken = (problem.crew == answer.crew_of_street[problem.street]) & (answer.crew_of_street[problem.street] != NOBODY)
    value = float(problem.values[taken].sum())
    return Assignment(
        answer.crew_of_street, value, max(best.bound, value), best.seconds + answer.seconds, best.status,
        best.hour_price, best.place_price,
    )  # fmt: skip
