"""
What others answer to the same assignment in the same time: CP-SAT, HiGHS, zone by zone, and giving greedily.

Each is told to stop at the time limit, which begins when its model is built; the best value so far is told at once, so that
one that does not stop has answered too.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from fieldops.clock import Stopwatch
from fieldops.planning.assignment import AssignmentProblem
from tests.benchmarks.problems import HOURS, posed
from tests.benchmarks.rows import Row, processor, tell

BoolArray = NDArray[np.bool_]
VALUES = 1000
WORKERS = 2


def other(which: str, spec: list[Any], seconds: float) -> Row:
    """Return what another answers: `cp_sat`, `highs`, `zones` or `greedy`; value None where it is not installed."""
    problem, offset, zone = posed(spec)
    watch, before = Stopwatch(), processor()

    def better(value: float) -> None:
        tell({"value": value, "offset": offset, "wall": round(watch.seconds, 2), "cpu": round(processor() - before, 2)})

    value = {
        "cp_sat": lambda: plain_cp_sat(problem, seconds, better=better),
        "highs": lambda: highs(problem, seconds, better=better),
        "zones": lambda: zone_by_zone(problem, zone, seconds),
        "greedy": lambda: float(problem.values[greedy(problem)].sum()),
    }[which]()
    return {
        "value": value, "offset": offset, "wall": round(watch.seconds, 2), "cpu": round(processor() - before, 2),
    }  # fmt: skip


def ignore(_value: float) -> None:
    """Tell nobody."""


def greedy(problem: AssignmentProblem) -> BoolArray:
    """Return the pairs taken where those of most value an hour come first, shape (n_pairs,)."""
    left, places = problem.capacities.copy(), problem.max_streets.copy()
    given, taken = np.zeros(problem.streets, dtype=bool), np.zeros(len(problem.values), dtype=bool)
    for pair in np.argsort(-problem.values / np.maximum(problem.hours, 1e-9), kind="stable").tolist():
        street, crew = problem.street[pair], problem.crew[pair]
        if not given[street] and problem.hours[pair] <= left[crew] and places[crew] and problem.values[pair] > 0:
            given[street] = taken[pair] = True
            left[crew] -= problem.hours[pair]
            places[crew] -= 1
    return taken


class Better(cp_model.CpSolverSolutionCallback):
    """Tells the value of each better answer of CP-SAT."""

    def __init__(self, told: Callable[[float], None], scale: float) -> None:
        super().__init__()
        self._told, self._scale = told, scale

    def on_solution_callback(self) -> None:
        """Tell it."""
        self._told(self.objective_value / self._scale)


def plain_cp_sat(
    problem: AssignmentProblem, seconds: float, *, workers: int = WORKERS, better: Callable[[float], None] = ignore,
    hint: BoolArray | None = None,
) -> float:  # fmt: skip
    """Return the objective of CP-SAT alone on all pairs, 0 where it found nothing; `hint` are pairs that it may begin with."""
    model = cp_model.CpModel()
    taken = [model.new_bool_var("") for _ in problem.values]
    begins = np.searchsorted(problem.street, np.arange(problem.streets + 1)).tolist()
    for first, last in pairwise(begins):
        if last > first:
            model.add_at_most_one(taken[first:last])
    hours = np.rint(problem.hours * HOURS).astype(int)
    for crew, room in enumerate(np.floor(problem.capacities * HOURS + 1e-6).astype(int).tolist()):
        mine = np.flatnonzero(problem.crew == crew).tolist()
        literals = [taken[k] for k in mine]
        model.add(cp_model.LinearExpr.weighted_sum(literals, hours[mine].tolist()) <= room)
        if problem.max_streets[crew] < len(mine):
            model.add(cp_model.LinearExpr.sum(literals) <= int(problem.max_streets[crew]))
    scale = 1 if problem.is_whole else VALUES
    worth = np.rint(problem.values * scale).astype(int)
    model.maximize(cp_model.LinearExpr.weighted_sum(taken, worth.tolist()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = workers
    solver.parameters.max_time_in_seconds = seconds
    for literal, holds in zip(taken, hint.tolist() if hint is not None else [], strict=False):
        model.add_hint(literal, holds)
    if solver.solve(model, Better(better, scale)) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return 0.0
    chosen = [solver.boolean_value(one) for one in taken]
    return float(problem.values[chosen].sum())


def highs(
    problem: AssignmentProblem, seconds: float, *, workers: int = WORKERS, better: Callable[[float], None] = ignore
) -> float | None:
    """Return the objective of HiGHS alone on all pairs; 0 where it found nothing, None where it is not installed."""
    try:
        import highspy
    except ImportError:
        return None
    pairs, rows = len(problem.values), problem.streets + 2 * problem.crews
    index = np.stack([
        problem.street, problem.streets + problem.crew, problem.streets + problem.crews + problem.crew
    ], axis=1)  # fmt: skip
    value = np.stack([np.ones(pairs), problem.hours, np.ones(pairs)], axis=1)
    solver, model = highspy.Highs(), highspy.HighsLp()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("time_limit", seconds)
    solver.setOptionValue("threads", workers)
    model.num_col_, model.num_row_ = pairs, rows
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_, model.col_lower_, model.col_upper_ = problem.values, np.zeros(pairs), np.ones(pairs)
    model.row_lower_ = np.full(rows, -highspy.kHighsInf)
    model.row_upper_ = np.concatenate([np.ones(problem.streets), problem.capacities, problem.max_streets.astype(float)])
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.arange(0, 3 * pairs + 1, 3)
    model.a_matrix_.index_, model.a_matrix_.value_ = index.ravel(), value.ravel()
    model.integrality_ = [highspy.HighsVarType.kInteger] * pairs
    solver.passModel(model)
    solver.cbMipImprovingSolution.subscribe(lambda event: better(float(event.data_out.objective_function_value)))
    solver.run()
    found: Any = solver.getInfo()
    return float(found.objective_function_value) if found.primal_solution_status == 2 else 0.0


def zone_by_zone(problem: AssignmentProblem, zone_of_crew: NDArray[np.int64], seconds: float) -> float:
    """
    Return the objective of CP-SAT on each zone alone, from the greedy answer on, the time shared.

    A street belongs to the zone of its best pair.
    """
    best = np.lexsort((-problem.values / np.maximum(problem.hours, 1e-9), problem.street))
    first = best[np.r_[True, np.diff(problem.street[best]) > 0]]
    zone_of_street = np.full(problem.streets, -1)
    zone_of_street[problem.street[first]] = zone_of_crew[problem.crew[first]]
    zones, total = np.unique(zone_of_crew), 0.0
    for zone in zones:
        inside = np.flatnonzero((zone_of_crew[problem.crew] == zone) & (zone_of_street[problem.street] == zone))
        if not len(inside):
            continue
        crews, crew = np.unique(problem.crew[inside], return_inverse=True)
        streets, street = np.unique(problem.street[inside], return_inverse=True)
        part = AssignmentProblem(
            problem.values[inside], problem.hours[inside], problem.capacities[crews], np.column_stack([street, crew]),
            problem.max_streets[crews], streets=len(streets),
        )  # fmt: skip
        begun = greedy(part)
        total += max(plain_cp_sat(part, seconds / len(zones), hint=begun), float(part.values[begun].sum()))
    return total
