"""
Prices of the crews' hours, and the bound that they prove.

Charge every crew a price for each hour and for each place under its cap, and let every street choose for itself: what
the streets then earn, plus what all hours and places cost, is at least the value of any lawful assignment, whatever the
prices (weak duality). Good prices make this bound nearly as low as the linear relaxation allows; the same prices tell
the search which pairs are worth looking at.
"""

from dataclasses import dataclass
from math import floor

import numpy as np
from scipy.optimize import minimize

from fieldops.clock import Stopwatch
from fieldops.planning.assignment import AssignmentProblem, BoolArray, FloatArray, IntArray

COOLING = 4.0
HURRY = 16.0  # cooling beyond the time limit
STAGES = 16
STEPS = 80
COLD = 0.02  # of the spread of a street's values
SETTLED = 1e-5  # of the bound: a stage that moves it less was the last
REACH = 25.0  # a pair this many temperatures below the best weighs exp(-25): it is left out of the stage


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """
    What an hour and a place under the cap cost at each crew, shape (n_crews,), >= 0, and the bound they prove.

    `profit` is what each street earns at these prices, shape (n_streets,), >= 0: its best pair, or 0 for nobody.
    """

    hour: FloatArray
    place: FloatArray
    profit: FloatArray
    bound: float

    def regret(self, problem: AssignmentProblem) -> FloatArray:
        """Return what each pair earns less than the best choice of its street, shape (n_pairs,), >= 0."""
        return self.profit[problem.street] - _reduced(problem, self.hour, self.place)


def _reduced(problem: AssignmentProblem, hour: FloatArray, place: FloatArray) -> FloatArray:
    return problem.values - hour[problem.crew] * problem.hours - place[problem.crew]


def prove(problem: AssignmentProblem, hour: FloatArray, place: FloatArray) -> Prices:
    """
    Return the prices with the bound that they prove for this problem; any prices >= 0 will do.

    Notes
    -----
    sum_i max(0, max_j v_ij - hour_j w_ij - place_j) + sum_j hour_j C_j + place_j K_j (Fisher 1981, Management Science
    27(1), the relaxation of the capacities of a generalized assignment). The sum is rounded up by more than its own
    rounding error, and down to a whole number where every objective is one.
    """
    profit = np.zeros(problem.streets)
    np.maximum.at(profit, problem.street, _reduced(problem, hour, place))
    parts = np.concatenate([profit, hour * problem.capacities, place * problem.max_streets])
    bound = float(parts.sum() * (1 + 1e-12))
    return Prices(hour, place, profit, float(floor(bound + 1e-9)) if problem.is_whole else bound)


def find_prices(problem: AssignmentProblem, watch: Stopwatch, *, time_limit: float) -> Prices:
    """
    Return prices whose bound is close to that of the linear relaxation.

    The maximum over a street's choices is smoothed (log-sum-exp) and the smoothed bound minimised by L-BFGS-B, first at
    a high temperature, then colder and colder; the proven bound is always that of the maximum itself. Beyond the
    time limit it cools faster, and ends with the first cold stage: what a hot one proves may be worth nothing.

    Parameters
    ----------
    watch, time_limit
        Seconds of the watch after which it hurries: two or three stages more.
    """
    best = prove(problem, np.zeros(problem.crews), np.zeros(problem.crews))
    if not len(problem.values) or not best.bound:
        return best
    capped = np.bincount(problem.crew, minlength=problem.crews) > problem.max_streets
    top = best.profit[best.profit > 0]
    even = _even_price(problem)
    spread = _spread(problem, even)
    temperature = min(0.5 * float(np.median(top)), 2.0 * spread)
    unit = temperature / max(float(problem.hours.mean()), 1e-9)
    start = np.concatenate([np.full(problem.crews, even / unit), np.zeros(problem.crews)])
    last = best.bound
    for _stage in range(STAGES):
        late = watch.seconds > time_limit
        start = _cool(problem, start, temperature, unit, capped)
        hour, place = start[: problem.crews] * unit, start[problem.crews :] * unit
        found = prove(problem, hour, place)
        moved = abs(last - found.bound)
        best = found if found.bound < best.bound else best
        # A warm stage may prove less than no prices at all: only cold stages that change nothing more end the cooling.
        if temperature < COLD * spread and (late or moved < SETTLED * found.bound):
            break
        last = found.bound
        temperature /= HURRY if late else COOLING
    return best


def _spread(problem: AssignmentProblem, price: float) -> float:
    """Return how much the pairs of one street typically differ, their hours at that price: the scale of its choices."""
    begins = np.flatnonzero(np.diff(problem.street, prepend=-1))
    worth = problem.values - price * problem.hours
    high, low = np.maximum.reduceat(worth, begins), np.minimum.reduceat(worth, begins)
    return float((high - low).mean()) or float(np.abs(problem.values).mean()) or 1.0


def _even_price(problem: AssignmentProblem) -> float:
    """Return the value per hour at which the best streets would just fill all hours, were they one crew's."""
    begins = np.flatnonzero(np.diff(problem.street, prepend=-1))
    value = np.maximum.reduceat(problem.values, begins)
    hours = np.maximum(np.minimum.reduceat(problem.hours, begins), 1e-9)
    worth = value / hours
    order = np.argsort(-worth, kind="stable")
    filled = np.searchsorted(np.cumsum(hours[order]), problem.capacities.sum())
    return max(0.0, float(worth[order[filled]])) if filled < len(order) else 0.0


def _cool(
    problem: AssignmentProblem, start: FloatArray, temperature: float, unit: float, capped: BoolArray
) -> FloatArray:
    """Return scaled prices (hours, then places) that minimise the bound smoothed at one temperature."""
    crews = problem.crews
    reduced = _reduced(problem, start[:crews] * unit, start[crews:] * unit)
    profit = np.zeros(problem.streets)
    np.maximum.at(profit, problem.street, reduced)
    near = np.flatnonzero(reduced > profit[problem.street] - REACH * temperature)
    street, crew = problem.street[near], problem.crew[near]
    values, hours = problem.values[near] / temperature, problem.hours[near]
    scale = unit / temperature
    begins = np.flatnonzero(np.diff(street, prepend=-1))
    sizes = np.diff(np.append(begins, len(street)))
    offset = np.maximum(np.maximum.reduceat(reduced[near], begins), 0.0) / temperature  # keeps the sum small
    room = np.concatenate([problem.capacities, problem.max_streets.astype(np.float64)]) * scale

    def smoothed(price: FloatArray) -> tuple[float, FloatArray]:
        share = values - scale * (price[crew] * hours + price[crews + crew])
        peak = np.maximum(np.maximum.reduceat(share, begins), 0.0)
        np.exp(share - np.repeat(peak, sizes), out=share)
        total = np.add.reduceat(share, begins) + np.exp(-peak)
        share /= np.repeat(total, sizes)
        used = np.concatenate([
            np.bincount(crew, weights=share * hours, minlength=crews),
            np.bincount(crew, weights=share, minlength=crews),
        ])  # fmt: skip
        return float((peak + np.log(total) - offset).sum() + room @ (price - start)), room - scale * used

    limits = [(0.0, None)] * crews + [(0.0, None if tight else 0.0) for tight in capped]
    answer = minimize(
        smoothed,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=limits,
        options={"maxiter": STEPS, "maxcor": 20, "ftol": 1e-10},
    )
    return np.maximum(np.asarray(answer.x, dtype=np.float64), 0.0)


def core_pairs(regret: FloatArray, street: IntArray, *, per_street: float) -> IntArray:
    """Return the positions of the pairs with least regret, `per_street` a street on average, in their order."""
    most = int(per_street * (len(np.unique(street)) + 1))
    if len(regret) <= most:
        return np.arange(len(regret))
    return np.sort(np.argpartition(regret, most)[:most])  # of equal ones some: there is always something to give
