"""What crews farther off than those that were asked could add: the bound on every lawful plan, whoever takes a set."""

from dataclasses import replace

import numpy as np

from fieldops.planning.assignment import Assignment
from fieldops.planning.posing import Gathered
from fieldops.planning.problem import PlanProblem, pair_values
from fieldops.planning.reserve import counted_hours
from fieldops.planning.together import takers


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
    allowed = takers(problem, sets)
    if not len(sets) or int(allowed.sum()) == len(asked.values):
        return found
    allowed[asked.crew, asked.street] = False
    best = np.zeros(len(sets))
    reduced = asked.values - found.hour_price[asked.crew] * asked.hours - found.place_price[asked.crew]
    np.maximum.at(best, asked.street, reduced)
    farther = np.full(len(sets), -np.inf)
    for crew in np.flatnonzero(allowed.any(axis=1)).tolist():
        which = np.flatnonzero(allowed[crew])
        members = [sets[k] for k in which.tolist()]
        street, begins = np.concatenate(members), np.cumsum([0, *map(len, members[:-1])])
        every = np.full(len(street), crew)
        worth = np.add.reduceat(pair_values(problem, street, every), begins)
        hours = np.add.reduceat(counted_hours(problem, street, every), begins)
        earns = worth - found.hour_price[crew] * hours - found.place_price[crew]
        farther[which] = np.maximum(farther[which], earns)
    prices = found.hour_price @ asked.capacities + found.place_price @ asked.max_streets
    anyone = np.maximum(best, farther)
    most = float(np.sum(anyone) + prices + (farther - anyone).max()) * (1 + 1e-12)
    if most <= found.bound:
        return found
    status = "feasible" if found.status == "optimal" else found.status
    return replace(found, bound=most, status=status)
