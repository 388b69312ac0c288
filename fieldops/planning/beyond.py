"""
Crews farther off than the nearest: those that a set needs are asked too, and the bound counts the others.

A near crew may be busy and a far one idle: then the far one is worth its way. Prices tell (column generation: Dantzig & Wolfe 1960,
Operations Research 8(1)): at the prices of an hour at each crew, a set that would earn more from a crew that was not asked asks it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from fieldops.clock import Stopwatch
from fieldops.planning.assignment import Assignment, AssignmentProblem, BoolArray, FloatArray, IntArray
from fieldops.planning.posing import Gathered, gather, near_crews, pose
from fieldops.planning.prices import find_prices
from fieldops.planning.problem import HUNDREDTHS, PlanProblem, pair_values
from fieldops.planning.reserve import counted_hours
from fieldops.planning.sets import best_set
from fieldops.planning.together import takers

ROUNDS = 6


def ask_crews(problem: PlanProblem, sets: Sequence[IntArray], *, time_limit: float) -> BoolArray:
    """
    Return which crews are asked for which sets, shape (n_crews, n_sets): the nearest, and those whose hours are worth less.

    Parameters
    ----------
    time_limit
        Wall seconds after which no further crew is sought.
    """
    watch, allowed = Stopwatch(), takers(problem, sets)
    asked = near_crews(problem, sets, allowed)
    for _round in range(ROUNDS):
        if asked.sum() == allowed.sum() or watch.seconds > time_limit:
            break
        posed = gather(pose(problem, sets, asked), sets).problem
        prices = find_prices(posed, watch, time_limit=time_limit)
        most, who = prices.profit.copy(), np.full(len(sets), -1)
        for crew, which, earns in _earnings(problem, sets, allowed & ~asked, prices.hour, prices.place):
            more = earns > most[which] * (1 + 1e-9) + 1e-9
            most[which[more]], who[which[more]] = earns[more], crew
        new = np.flatnonzero(who >= 0)
        if not len(new):
            break
        asked = asked.copy()
        asked[who[new], new] = True
    return asked


def over_all_crews(problem: PlanProblem, gathered: Gathered, found: Assignment) -> Assignment:
    """
    Return the answer over sets with a bound on every lawful plan, also on those that give a set to a crew that was not asked.

    Notes
    -----
    Weak duality, at the prices of the answer. A plan that gives nothing to a crew that was not asked is within the answer's own
    bound. One that gives set k to such a crew j earns no more than what all hours and places cost, what every other set earns
    at these prices from its best crew, and what k earns from j.
    """
    asked, sets = gathered.problem, gathered.sets
    others = takers(problem, sets)
    others[asked.crew, asked.street] = False
    if not others.any():
        return found
    best, farther = _best(asked, found.hour_price, found.place_price), np.full(len(sets), -np.inf)
    for _, which, earns in _earnings(problem, sets, others, found.hour_price, found.place_price):
        farther[which] = np.maximum(farther[which], earns)
    prices = found.hour_price @ asked.capacities + found.place_price @ asked.max_streets
    anyone = np.maximum(best, farther)
    most = max(found.bound, float(np.sum(anyone) + prices + (farther - anyone).max()) * (1 + 1e-12))
    if most > found.bound and found.street_price is not None:
        most = max(found.objective, min(most, _packed(problem, gathered, found.street_price)))
    status = "feasible" if found.status == "optimal" and most > found.bound else found.status
    return replace(found, bound=most, status=status)


def _packed(problem: PlanProblem, gathered: Gathered, price: FloatArray) -> float:
    """Return the bound that prices of sets prove for all crews that may take them: each packs whole sets into its hours."""
    sets, capacities = gathered.sets, gathered.problem.capacities
    total = float(price.sum())
    for crew, which, worth, hours in _pairs(problem, sets, takers(problem, sets)):
        above = worth - price[which]
        good = above > 0
        units = np.floor(hours[good] * HUNDREDTHS + 1e-6).astype(np.int64)
        total += best_set(above[good], units, int(capacities[crew] * HUNDREDTHS + 1e-6))[0]
    return total * (1 + 1e-12)


def _best(asked: AssignmentProblem, hour: FloatArray, place: FloatArray) -> FloatArray:
    """Return what each set earns at these prices from the crews that were asked, >= 0."""
    best = np.zeros(asked.streets)
    np.maximum.at(best, asked.street, asked.values - hour[asked.crew] * asked.hours - place[asked.crew])
    return best


def _earnings(
    problem: PlanProblem, sets: Sequence[IntArray], pairs: BoolArray, hour: FloatArray, place: FloatArray
) -> Iterator[tuple[int, IntArray, FloatArray]]:
    """Return for each crew its sets among the pairs, and what they earn from it at these prices."""
    for crew, which, worth, hours in _pairs(problem, sets, pairs):
        yield crew, which, worth - hour[crew] * hours - place[crew]


def _pairs(
    problem: PlanProblem, sets: Sequence[IntArray], pairs: BoolArray
) -> Iterator[tuple[int, IntArray, FloatArray, FloatArray]]:
    """Return for each crew its sets among the pairs, with their values and the hours that they count."""
    for crew in np.flatnonzero(pairs.any(axis=1)).tolist():
        which = np.flatnonzero(pairs[crew])
        members = [sets[k] for k in which.tolist()]
        street, begins = np.concatenate(members), np.cumsum([0, *map(len, members[:-1])])
        every = np.full(len(street), crew)
        worth = np.add.reduceat(pair_values(problem, street, every), begins)
        yield crew, which, worth, np.add.reduceat(counted_hours(problem, street, every), begins)
