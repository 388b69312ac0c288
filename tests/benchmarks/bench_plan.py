"""Streets to crews at city size: proven gap after a minute, ours against CP-SAT alone and the greedy rule, same run."""

import resource
from itertools import pairwise

import numpy as np
from ortools.sat.python import cp_model
from rich.console import Console
from rich.table import Table
from scipy.spatial import KDTree

from fieldops.clock import Stopwatch
from fieldops.planning.assignment import AssignmentProblem
from fieldops.planning.solve import assign

NEAREST = 20
HOURS = 100  # hours are whole hundredths, as in a region's plan


def made_up(streets: int, crews: int, *, capacity: float, seed: int = 0) -> AssignmentProblem:
    """
    Return a made-up city: clustered streets, lognormal hours of 1 to 12, the 20 nearest crews of each.

    `capacity` is what all crews have together, as a share of the hours of all streets. Walking to a street counts as
    hours of the crew, so that hours differ by crew.
    """
    rng = np.random.default_rng(seed)
    side = np.sqrt(streets) * 120.0  # metres
    middles = rng.uniform(0, side, (max(4, streets // 400), 2))
    near = middles[rng.integers(len(middles), size=streets)] + rng.normal(0, 800, (streets, 2))
    place = np.where(rng.random((streets, 1)) < 0.7, near, rng.uniform(0, side, (streets, 2)))
    homes = place[rng.choice(streets, crews, replace=False)] + rng.normal(0, 300, (crews, 2))
    hours = np.clip(rng.lognormal(1.2, 0.6, streets), 1, 12)
    people = hours * rng.lognormal(3.5, 0.35, streets)
    metres, crew = KDTree(homes).query(place, k=min(NEAREST, crews))
    street = np.repeat(np.arange(streets), crew.shape[1])
    walk = 1.3 * metres.ravel() / 4500.0
    room = rng.uniform(0.7, 1.3, crews)
    needed = np.ceil((hours[street] + walk) * HOURS) / HOURS
    share = np.floor(room * capacity * hours.sum() / room.sum() * HOURS) / HOURS
    return AssignmentProblem(people[street], needed, share, np.column_stack([street, crew.ravel()]))


def greedy(problem: AssignmentProblem) -> float:
    """Return the objective of giving the pairs of most value an hour first."""
    left, taken, total = problem.capacities.copy(), np.zeros(problem.streets, dtype=bool), 0.0
    for pair in np.argsort(-problem.values / problem.hours, kind="stable").tolist():
        street, crew = problem.street[pair], problem.crew[pair]
        if not taken[street] and problem.hours[pair] <= left[crew]:
            taken[street] = True
            left[crew] -= problem.hours[pair]
            total += float(problem.values[pair])
    return total


def plain_cp_sat(problem: AssignmentProblem, seconds: float) -> float:
    """Return the objective of CP-SAT alone on all pairs, two workers; 0 where it found nothing."""
    model = cp_model.CpModel()
    taken = [model.new_bool_var("") for _ in problem.values]
    begins = np.searchsorted(problem.street, np.arange(problem.streets + 1)).tolist()
    for first, last in pairwise(begins):
        model.add_at_most_one(taken[first:last])
    hours = np.rint(problem.hours * HOURS).astype(int)
    for crew, room in enumerate(np.rint(problem.capacities * HOURS).astype(int).tolist()):
        mine = np.flatnonzero(problem.crew == crew).tolist()
        model.add(cp_model.LinearExpr.weighted_sum([taken[k] for k in mine], hours[mine].tolist()) <= room)
    worth = np.rint(problem.values * 1000).astype(int)
    model.maximize(cp_model.LinearExpr.weighted_sum(taken, worth.tolist()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 2
    solver.parameters.max_time_in_seconds = seconds
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return 0.0
    chosen = [solver.boolean_value(one) for one in taken]
    return float(problem.values[chosen].sum())


def main(full: bool = False) -> None:
    """Print gaps against the one proven bound of each city; quick: 2,000 x 40 in 10 s, full: a minute a city."""
    seconds = 60.0 if full else 10.0
    sizes = [(20_000, 200), (50_000, 1_000)] if full else [(2_000, 40)]
    table = Table("streets x crews", "capacity", "pairs", "ours", "seconds", "CP-SAT", "greedy", "peak MB", box=None)
    for streets, crews in sizes:
        for capacity in (0.9, 0.5):
            problem = made_up(streets, crews, capacity=capacity)
            watch = Stopwatch()
            found = assign(problem, time_limit=seconds, seed=1, workers=2)
            used = watch.seconds
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # before the others ask for memory
            others = [plain_cp_sat(problem, seconds), greedy(problem)]
            gaps = [f"{found.bound / value - 1:.3%}" if value > 0 else "nothing" for value in others]
            table.add_row(
                f"{streets} x {crews}", f"{capacity:.0%}", str(len(problem.values)), f"{found.gap:.3%}", f"{used:.1f}",
                *gaps, f"{peak:.0f}",
            )  # fmt: skip
    Console(width=120).print(table)
