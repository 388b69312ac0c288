"""
What somebody who knew everything would need at least: the omniscient bound (statistics.md, section 5).

Every policy that brings each street truly to the target pays h + sigma W h >= D in promoter-hours, whatever it measures and in
whatever order: forgetting only raises what is needed. Beginning on a street costs its set-up once.
"""

from dataclasses import dataclass

import numpy as np
from ortools.linear_solver import pywraplp

from fieldops.errors import FieldopsError
from fieldops.simulate.town import FloatArray, Town


@dataclass(frozen=True, slots=True)
class Bound:
    """
    Promoter-hours that no policy can go below for bringing every street truly to the target.

    `pushing` counts pushes alone (LP), `with_setup` the set-up of every street that is pushed as well (MILP; proven, not
    necessarily attained); `alone` is the pushing if streets did not help their neighbours.
    """

    pushing: float
    with_setup: float
    alone: float


class NoBound(FieldopsError):
    """The solver found no bound."""


def needed_hours(town: Town, target: float) -> FloatArray:
    """Return D: the promoter-hours in one go that bring each street truly to the target, shape (n_streets,)."""
    ignorant = np.maximum(0.0, np.log1p(-town.awareness) - np.log1p(-target))
    return np.asarray(ignorant * town.people / (town.response.rho * town.factor))


def omniscient_bound(town: Town, *, target: float, setup_hours: float, seconds: float = 20.0) -> Bound:
    """
    Return the bound for a town as it is at the start.

    Parameters
    ----------
    town
        The truth.
    target
        Share to reach, in (0, 1).
    setup_hours
        Promoter-hours of beginning on a street, >= 0.
    seconds
        Time limit for the integer problem; its bound holds whenever it stops.

    Raises
    ------
    NoBound
        If the solver fails.
    """
    needed = needed_hours(town, target)
    pushing = _solve(town, needed, None, seconds)
    with_setup = _solve(town, needed, setup_hours, seconds) if setup_hours > 0 else pushing
    return Bound(pushing, max(pushing, with_setup), float(needed.sum()))


def _solve(town: Town, needed: FloatArray, setup_hours: float | None, seconds: float) -> float:
    """Return the proven lower bound of the LP, or with set-ups of the MILP."""
    solver = pywraplp.Solver.CreateSolver("GLOP" if setup_hours is None else "SCIP")
    if solver is None:
        raise NoBound("OR-Tools brings no such solver")
    sigma, spill = town.response.sigma, town.spill.tocoo()
    hours = [solver.NumVar(0.0, solver.infinity(), "") for _ in needed]
    covers = [solver.Constraint(float(hours_needed), solver.infinity()) for hours_needed in needed]
    for street, cover in enumerate(covers):
        cover.SetCoefficient(hours[street], 1.0)
    for street, near, weight in zip(spill.row.tolist(), spill.col.tolist(), spill.data.tolist(), strict=True):
        covers[street].SetCoefficient(hours[near], sigma * weight)
    goal = solver.Objective()
    goal.SetMinimization()
    for one in hours:
        goal.SetCoefficient(one, 1.0)
    if setup_hours is not None:
        # A street is pushed at most as long as it, or its neediest neighbour by spill-over alone, needs.
        most = needed.copy()
        if sigma > 0:
            np.maximum.at(most, spill.col, needed[spill.row] / (sigma * spill.data))
        for one, limit in zip(hours, most.tolist(), strict=True):
            begun = solver.BoolVar("")
            goal.SetCoefficient(begun, setup_hours)
            room = solver.Constraint(-solver.infinity(), 0.0)
            room.SetCoefficient(one, 1.0)
            room.SetCoefficient(begun, -limit)
        solver.SetTimeLimit(round(seconds * 1000))
    status = solver.Solve()
    if status not in (pywraplp.Solver.OPTIMAL, pywraplp.Solver.FEASIBLE):
        raise NoBound(f"the bound was not solved in {seconds:g} s (status {status})")
    return float(goal.Value() if setup_hours is None else goal.BestBound())
