"""Public generalized assignment instances: our answer after some seconds against the best known value, and CP-SAT's."""

import csv
import os
from pathlib import Path

import numpy as np
from ortools.sat.python import cp_model
from rich.console import Console
from rich.table import Table

from fieldops.planning.assignment import AssignmentProblem
from fieldops.planning.solve import assign
from tests.conftest import ROOT

FOLDER = Path(os.environ.get("FIELDOPS_SHARED_DATA", ROOT.parent / "shared" / "data"))
QUICK = ("c10200", "d05100", "d10100", "e10100")


def pose_instance(path: Path) -> tuple[AssignmentProblem, int]:
    """
    Return an instance as values K - cost, and K times its jobs: this minus the objective is the cost.

    K exceeds what all jobs can cost together, so that leaving a job out never pays.
    """
    numbers = np.array(path.read_text().split(), dtype=np.int64)
    agents, jobs = int(numbers[0]), int(numbers[1])
    cost, use = numbers[2 : 2 + 2 * agents * jobs].reshape(2, agents, jobs)
    capacity = numbers[2 + 2 * agents * jobs :][:agents]
    large = int(cost.max()) * jobs + 1
    agent, job = np.indices((agents, jobs)).reshape(2, -1)
    problem = AssignmentProblem((large - cost).ravel(), use.ravel(), capacity, np.column_stack([job, agent]))
    return problem, large * jobs


def plain_cp_sat(problem: AssignmentProblem, seconds: float) -> float:
    """Return the objective of CP-SAT alone on the whole model, one worker; 0 where it found nothing."""
    model = cp_model.CpModel()
    taken = [model.new_bool_var("") for _ in problem.values]
    for street in range(problem.streets):
        model.add_at_most_one([taken[k] for k in np.flatnonzero(problem.street == street).tolist()])
    for crew in range(problem.crews):
        mine = np.flatnonzero(problem.crew == crew)
        load = cp_model.LinearExpr.weighted_sum(
            [taken[k] for k in mine.tolist()], problem.hours[mine].astype(int).tolist()
        )
        model.add(load <= int(problem.capacities[crew]))
    model.maximize(cp_model.LinearExpr.weighted_sum(taken, problem.values.astype(int).tolist()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = seconds
    found = solver.solve(model) in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return solver.objective_value if found else 0.0


def main(full: bool = False) -> None:
    """Print one row an instance: cost found, gap to the best known, gap proven, and what CP-SAT alone reaches."""
    if not FOLDER.is_dir():
        raise SystemExit("the folder of public data is not here (see $FIELDOPS_SHARED_DATA)")
    with (FOLDER / "best_known.csv").open() as file:
        best = {row["name"]: int(row["best_known"]) for row in csv.DictReader(file) if row["set"] == "gap"}
    seconds = 60.0 if full else 5.0
    table = Table("instance", "best known", "ours", "to best", "proven", "seconds", "CP-SAT", "to best", box=None)
    for name in sorted(best) if full else QUICK:
        problem, offset = pose_instance(FOLDER / "gap" / name)
        found = assign(problem, time_limit=seconds, seed=1)
        cost, bound, known = offset - found.objective, offset - found.bound, best[name]
        alone = offset - plain_cp_sat(problem, found.seconds)
        table.add_row(
            name, str(known), f"{cost:.0f}", f"{cost / known - 1:.3%}", f"{cost / bound - 1:.3%}", f"{found.seconds:.1f}",
            f"{alone:.0f}", f"{alone / known - 1:.3%}",
        )  # fmt: skip
    Console(width=120).print(table)
