"""
How evenly the crews' results per hour are spread, and plans that spread them more evenly at a stated price.

The bound of a plan without fairness bounds every fairer plan too: so the price of fairness is what the fairer plan is
worth less, and the gap is stated against the same bound.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array, csr_array

from fieldops.planning.assignment import Assignment, AssignmentProblem, FloatArray, IntArray

EXCHANGES = 25  # for each crew, at most: so far a limit that cannot be reached is pursued


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


def even_out(problem: AssignmentProblem, best: Assignment, *, limit: float) -> Fair:
    """
    Return a plan whose Gini coefficient is at most `limit`, else the most even one found, near the best in value.

    Streets change hands between two crews at a time, one for one or one for none, from the crew with more result per hour to
    the one with less, where that evens them out by more than it costs; hours and caps hold throughout. Crews that can take
    nothing are left out of the coefficient. The same problem and plan give the same answer.
    """
    hours = np.where(np.bincount(problem.crew, minlength=problem.crews) > 0, problem.capacities, 0.0)
    before = gini(results_of(problem, best.crew_of_street), hours)
    hands = _Hands(problem, best.crew_of_street)
    now, vain = before, set[tuple[int, int]]()
    for _exchange in range(EXCHANGES * problem.crews):
        if now <= limit:
            break
        both = hands.most_uneven(vain)
        if both is None:
            break
        if hands.exchange(*both):
            vain = {pair for pair in vain if not set(pair) & set(both)}
            now = gini(hands.results, hours)
        else:
            vain.add(both)
    if now >= before:
        return Fair(best, before, before, 0.0)
    value = float(hands.results.sum())
    status = "feasible" if value < best.objective and best.status == "optimal" else best.status
    found = replace(
        best, crew_of_street=hands.crew_of_street, objective=value, bound=max(best.bound, value), status=status
    )
    return Fair(found, now, before, max(0.0, (best.objective - value) / best.objective))


class _Hands:
    """Who holds which street while streets change hands; `results` and hours left of every crew."""

    def __init__(self, problem: AssignmentProblem, crew_of_street: IntArray) -> None:
        self.problem, self.crew_of_street = problem, crew_of_street.copy()
        taken = problem.crew == crew_of_street[problem.street]
        used = np.bincount(problem.crew[taken], weights=problem.hours[taken], minlength=problem.crews)
        self.results = results_of(problem, crew_of_street)
        self.left: FloatArray = problem.capacities - used
        self.places: IntArray = problem.max_streets - np.bincount(problem.crew[taken], minlength=problem.crews)
        shared = csr_array(
            (np.ones(len(problem.street)), (problem.street, problem.crew)), shape=(problem.streets, problem.crews)
        )
        near = coo_array(shared.T @ shared)
        apart = (near.row != near.col) & (problem.capacities[near.row] > 0) & (problem.capacities[near.col] > 0)
        self._pairs = np.column_stack([near.row[apart], near.col[apart]])
        self._key = problem.street * problem.crews + problem.crew  # rising: pairs are sorted by street, then crew

    def most_uneven(self, vain: Collection[tuple[int, int]]) -> tuple[int, int] | None:
        """Return the crews that could change streets and differ most in result per hour, the richer first."""
        rate = self.results / np.maximum(self.problem.capacities, 1e-9)
        apart = rate[self._pairs[:, 0]] - rate[self._pairs[:, 1]]
        for k in np.argsort(-apart, kind="stable").tolist():
            both = (int(self._pairs[k, 0]), int(self._pairs[k, 1]))
            if apart[k] <= 1e-9:
                return None
            if both not in vain:
                return both
        return None

    def exchange(self, rich: int, poor: int) -> bool:
        """Let the best exchange between two crews happen; False where none evens them out."""
        give, take = self._held(rich, poor), self._held(poor, rich)
        value, hours, new_value, new_hours = (np.append(column, 0.0) for column in give[1:])  # the last: nothing
        back, back_hours, new_back, new_back_hours = (np.append(column, 0.0)[None, :] for column in take[1:])
        to_rich = new_back - value[:, None]
        to_poor = new_value[:, None] - back
        fits = (new_back_hours - hours[:, None] <= self.left[rich]) & (
            new_hours[:, None] - back_hours <= self.left[poor]
        )
        fits[-1, :-1] &= self.places[rich] > 0
        fits[:-1, -1] &= self.places[poor] > 0
        size = np.maximum(self.problem.capacities, 1e-9)
        rate = self.results / size
        middle = (self.results[rich] + self.results[poor]) / (size[rich] + size[poor])
        now = size[rich] * (rate[rich] - middle) ** 2 + size[poor] * (rate[poor] - middle) ** 2
        after = size[rich] * ((self.results[rich] + to_rich) / size[rich] - middle) ** 2
        after = after + size[poor] * ((self.results[poor] + to_poor) / size[poor] - middle) ** 2
        cost = (rate[rich] - rate[poor]) * np.maximum(0.0, -(to_rich + to_poor))
        gain = np.where(fits, now - after - cost, -np.inf)
        i, j = np.unravel_index(int(gain.argmax()), gain.shape)
        if gain[i, j] <= 1e-9 * max(1.0, now):
            return False
        self._hand(rich, poor, float(to_rich[i, j]), float((new_back_hours - hours[:, None])[i, j]), give[0][i : i + 1])
        self._hand(poor, rich, float(to_poor[i, j]), float((new_hours[:, None] - back_hours)[i, j]), take[0][j : j + 1])
        return True

    def _held(self, crew: int, other: int) -> tuple[IntArray, FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return the streets of a crew that another could take, with value and hours of each, its own and the other's."""
        streets, values, hours = np.flatnonzero(self.crew_of_street == crew), self.problem.values, self.problem.hours
        theirs = np.searchsorted(self._key, streets * self.problem.crews + other)
        theirs = np.minimum(theirs, len(self._key) - 1)
        known = self._key[theirs] == streets * self.problem.crews + other
        streets, theirs = streets[known], theirs[known]
        own = np.searchsorted(self._key, streets * self.problem.crews + crew)
        return streets, values[own], hours[own], values[theirs], hours[theirs]

    def _hand(self, crew: int, other: int, value: float, hours: float, given: IntArray) -> None:
        """Count the change of value and hours of one crew, and hand over the street that it gives, if any."""
        self.results[crew] += value
        self.left[crew] -= hours
        self.crew_of_street[given] = other
        self.places[crew] += len(given)
        self.places[other] -= len(given)
