"""
Several crews emptied and refilled together: the streets between them, and the free ones, as one small exact problem.

Regrets keep the problem small without losing anything: a choice whose regret exceeds all that these crews lose now
cannot be part of an improvement. Where too many choices are left, the ones of least regret are kept.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, wait
from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model

from fieldops.planning.assignment import NOBODY, BoolArray, FloatArray, IntArray
from fieldops.planning.search import SLACK, Search

POLL_SECONDS = 0.2
LARGEST = 2.0**40  # sum of the whole numbers of an objective
FINE = 1_000_000  # whole numbers per hour where hours have no common scale: rounded against the crew


@dataclass(frozen=True, slots=True, eq=False)
class Refill:
    """
    A small problem: which of `choices` (pairs of the core) to take, beside the pairs that are `settled`.

    `places_of` and `hours_of` are what each crew has for the choices, after its settled pairs. `exact` where nothing
    that could improve was left out.
    """

    crews: IntArray
    streets: IntArray
    choices: IntArray
    settled: IntArray
    optional: BoolArray
    hours_of: FloatArray
    places_of: IntArray
    exact: bool


@dataclass(frozen=True, slots=True, eq=False)
class Refilled:
    """What the solver answered: the pairs taken, and by how much any other answer is better at most (inf: unknown)."""

    taken: IntArray
    within: float


def pose_refill(search: Search, crews: IntArray, *, most_choices: int, spared: BoolArray) -> Refill | None:
    """
    Return the problem of refilling these crews with their own streets and the free ones; None if nothing can change.

    Parameters
    ----------
    most_choices
        About how many pairs to decide at most; the ones of least regret are kept.
    spared
        Streets to leave alone, shape (n_streets,): another refill decides them at the same time.
    """
    pairs = np.sort(np.concatenate([search.pairs_of[crew] for crew in crews]))
    streets = search.street[pairs]
    now = search.held[streets]
    ours = np.isin(search.crew[now], crews) & (now != NOBODY)
    pairs = pairs[(ours | (now == NOBODY)) & ~spared[streets]]
    if not len(pairs):
        return None
    streets, at = np.unique(search.street[pairs], return_inverse=True)
    free = search.prices.profit[streets]
    least = free.copy()
    np.minimum.at(least, at, search.regret[pairs])
    more, more_free = search.regret[pairs] - least[at], free - least
    crew_loss = search.prices.hour[crews] @ search.hours_left[crews]
    crew_loss += search.prices.place[crews] @ search.places_left[crews]
    lost = float(crew_loss + (search.regret_now(streets) - least).sum())
    limit = lost - (1 - 1e-6) if search.is_whole else lost
    if limit <= 0:
        return None
    reach = _reach(more, more_free, at, limit, most_choices)
    held = search.held[streets]
    kept = (more < reach) | (held[at] == pairs)
    optional = (more_free < reach) | (held == NOBODY)
    options = np.bincount(at[kept], minlength=len(streets)) + optional
    open_street = options > 1
    settled = pairs[kept & ~open_street[at]]
    choices = pairs[kept & open_street[at]]
    if not len(choices):
        return None
    hours_of, places_of = search.hours_left.copy(), search.places_left.copy()
    for sign, taken in ((1, held[held != NOBODY]), (-1, settled)):
        np.add.at(hours_of, search.crew[taken], sign * search.hours[taken])
        np.add.at(places_of, search.crew[taken], sign)
    return Refill(
        crews, streets[open_street], choices, settled, optional[open_street], hours_of, places_of,
        exact=reach >= limit and not spared[search.street].any(),
    )  # fmt: skip


def _reach(more: FloatArray, more_free: FloatArray, at: IntArray, limit: float, most_choices: int) -> float:
    """Return the largest extra regret, at most `limit`, under which no more than so many choices are open."""

    def choices(reach: float) -> int:
        near = more < reach
        options = np.bincount(at[near], minlength=len(more_free)) + (more_free < reach)
        return int((options[at[near]] > 1).sum())

    if choices(limit) <= most_choices:
        return limit
    low, high = 0.0, limit
    for _halving in range(14):
        middle = (low + high) / 2
        low, high = (low, middle) if choices(middle) > most_choices else (middle, high)
    return low


def solve_refills(
    search: Search,
    refills: Sequence[Refill],
    *,
    pool: Executor,
    work: float,
    seed: int,
    seconds: float,
    going: Callable[[], bool],
) -> list[Refilled]:
    """
    Solve small problems side by side and return the answers in order; the same seed and work give the same answers.

    Parameters
    ----------
    work
        Deterministic time of CP-SAT for each; about seconds on a fast core.
    seconds
        Wall time after which each gives up in any case.
    going
        Asked now and then; False stops all of them, with what they have.
    """
    solvers = [_solver(work, seed + k, seconds) for k in range(len(refills))]
    jobs = [pool.submit(_solve, search, *both) for both in zip(refills, solvers, strict=True)]
    while wait(jobs, timeout=POLL_SECONDS).not_done:
        if not going():
            for solver in solvers:
                solver.stop_search()
    return [job.result() for job in jobs]


def _solver(work: float, seed: int, seconds: float) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed % 2**31
    solver.parameters.linearization_level = 2  # knapsacks at prices: the relaxation decides, propagation does not
    solver.parameters.cp_model_probing_level = 0
    solver.parameters.max_deterministic_time = work
    solver.parameters.max_time_in_seconds = max(0.01, seconds)
    return solver


def _solve(search: Search, refill: Refill, solver: cp_model.CpSolver) -> Refilled:
    model, taken, error = _model(search, refill)
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Refilled(np.zeros(0, dtype=np.int64), within=np.inf)
    chosen = np.array([solver.boolean_value(one) for one in taken], dtype=bool)
    return Refilled(refill.choices[chosen], within=error if status == cp_model.OPTIMAL else np.inf)


def _model(search: Search, refill: Refill) -> tuple[cp_model.CpModel, list[cp_model.IntVar], float]:
    """Return the model in whole numbers with the present answer as its hint, a literal a choice, and its error."""
    model = cp_model.CpModel()
    choices = refill.choices
    taken = [model.new_bool_var("") for _ in choices]
    at = np.searchsorted(refill.streets, search.street[choices])
    begins = np.searchsorted(at, np.arange(len(refill.streets) + 1)).tolist()
    values = search.values[choices]
    shift = np.where(refill.optional, 0.0, np.inf)
    np.minimum.at(shift, at, values)
    shift = np.where(refill.optional, 0.0, shift)
    worth = values - shift[at]
    for street, free in enumerate(refill.optional.tolist()):
        options = taken[begins[street] : begins[street + 1]]
        if free:
            model.add_at_most_one(options)
        else:
            model.add_exactly_one(options)
    scale = search.hour_scale or FINE
    hours = np.ceil(search.hours[choices] * scale - 1e-3).astype(np.int64)
    for crew in refill.crews.tolist():
        mine = np.flatnonzero(search.crew[choices] == crew)
        if not len(mine):
            continue
        literals = [taken[k] for k in mine.tolist()]
        room = int(np.floor((refill.hours_of[crew] + SLACK) * scale + 1e-6))
        model.add(cp_model.LinearExpr.weighted_sum(literals, hours[mine].tolist()) <= room)
        if refill.places_of[crew] < len(mine):
            model.add(cp_model.LinearExpr.sum(literals) <= int(refill.places_of[crew]))
    fine = 1.0 if search.is_whole else min(1e6, LARGEST / max(float(np.abs(worth).sum()), 1e-9))
    model.maximize(cp_model.LinearExpr.weighted_sum(taken, np.rint(worth * fine).astype(np.int64).tolist()))
    for literal, holds in zip(taken, (search.held[search.street[choices]] == choices).tolist(), strict=True):
        model.add_hint(literal, holds)
    error = 0.0 if search.is_whole else len(choices) / fine
    return model, taken, error if search.hour_scale else np.inf


def apply_refill(search: Search, refill: Refill, answer: Refilled, *, even_worse: bool = False) -> float:
    """Take the answer over where it is better than what is held now (or `even_worse`), and return the gain."""
    streets = np.concatenate([refill.streets, search.street[refill.settled]])
    new = np.full(search.problem.streets, NOBODY, dtype=np.int64)
    for pairs in (refill.settled, answer.taken):
        new[search.street[pairs]] = pairs
    before, after = search.held[streets], new[streets]
    gain = float(search.values[after[after != NOBODY]].sum() - search.values[before[before != NOBODY]].sum())
    if not len(answer.taken) or (gain <= 1e-9 * (1 + abs(search.values).max()) and not even_worse):
        return 0.0
    search.hold(streets, after)
    return gain
