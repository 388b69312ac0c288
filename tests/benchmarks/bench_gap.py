"""Public generalized assignment instances: our answer against the best known value, beside CP-SAT and HiGHS in the same time."""

import csv
import os
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from fieldops.planning.assignment import AssignmentProblem
from fieldops.planning.solve import assign
from tests.benchmarks.peers import highs, plain_cp_sat
from tests.conftest import ROOT

FOLDER = Path(os.environ.get("FIELDOPS_SHARED_DATA", ROOT.parent / "shared" / "data"))
QUICK = ("a20200", "b20200", "c10400", "c20200", "d05200", "d10100", "e05100", "e10100")


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


def main(full: bool = False) -> None:
    """Print one row an instance, then the worst gap of each type: ours, CP-SAT, HiGHS; eight for 20 s, or all for 60 s."""
    if not FOLDER.is_dir():
        raise SystemExit("the folder of public data is not here (see $FIELDOPS_SHARED_DATA)")
    with (FOLDER / "best_known.csv").open() as file:
        best = {row["name"]: int(row["best_known"]) for row in csv.DictReader(file) if row["set"] == "gap"}
    seconds, worst = 60.0 if full else 20.0, dict[str, list[float]]()
    table = Table("instance", "best known", "ours", "to best", "proven", "seconds", "CP-SAT", "HiGHS", box=None)
    for name in sorted(best) if full else QUICK:
        problem, offset = pose_instance(FOLDER / "gap" / name)
        known = best[name]
        found = assign(problem, time_limit=seconds, seed=1, workers=2)
        cost, bound = offset - found.objective, offset - found.bound
        others = [plain_cp_sat(problem, seconds), highs(problem, seconds)]
        gaps = [cost / known - 1, *((offset - one) / known - 1 if one is not None else np.nan for one in others)]
        worst[name[0]] = [max(pair) for pair in zip(gaps, worst.get(name[0], gaps), strict=True)]
        table.add_row(
            name, str(known), f"{cost:.0f}", f"{gaps[0]:.3%}", f"{cost / bound - 1:.3%}", f"{found.seconds:.1f}",
            *(f"{one:.3%}" for one in gaps[1:]),
        )  # fmt: skip
    for kind, gaps in worst.items():
        table.add_row(f"type {kind}", "worst", "", f"{gaps[0]:.3%}", "", "", *(f"{one:.3%}" for one in gaps[1:]))
    Console(width=120).print(table)
