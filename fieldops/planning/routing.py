"""
Orders of visits by PyVRP: tasks that may be done in one of several ways, walkers with a day each, least metres.

A task is done in exactly one of its ways (a street from either end, a stop in one way): its ways are a mutually exclusive
group. Everything is counted in whole tenths of a metre and whole seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from fieldops.clock import Stopwatch
from fieldops.errors import BadInput

if TYPE_CHECKING:
    from pyvrp import ProblemData, Solution

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

TENTHS = 10.0
FOREVER = 10_000_000  # seconds
FAR = 10_000_000  # tenths of a metre: where there is no way
WORTH = 1_000_000  # tenths of a metre that are walked for a task that may be left out
PATIENCE = 20_000  # iterations without anything better after which the search ends
BEGINNING = 2_000  # iterations of each beginning of a search that begins afresh
LAST = 0.2  # share of the time that it goes on from the best of them
HISTORY, PERTURBED = 50, 10  # how it looks around: less is taken apart at once, and less worse is accepted


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """
    Something to be done once: `ways` are (enter, leave) positions of terminals, one is chosen.

    `seconds` is what it takes (its own walk included), `load` what it takes of a walker's capacity; it begins within
    [`early`, `late`], seconds of the clock. What is not `required` is left out where it does not fit.
    """

    ways: tuple[tuple[int, int], ...]
    seconds: int = 0
    load: int = 0
    early: int = 0
    late: int = FOREVER
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Walker:
    """Who walks: from a terminal and back to it, within [`early`, `late`] (seconds of the clock), up to a load."""

    start: int
    capacity: int = 0
    early: int = 0
    late: int = FOREVER
    count: int = 1


@dataclass(frozen=True, slots=True)
class Visit:
    """A task done in one of its ways; seconds of the clock at its beginning and end."""

    task: int
    way: int
    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class Rounds:
    """What each walker does in order, `walker` saying which one; tasks left out; whether everything was kept."""

    rounds: tuple[tuple[Visit, ...], ...]
    walker: tuple[int, ...]
    left_out: tuple[int, ...]
    feasible: bool


def route(
    metres: FloatArray,
    tasks: Sequence[Task],
    walkers: Sequence[Walker],
    *,
    metres_per_second: float,
    seed: int,
    time_limit: float | None = None,
    iterations: int | None = None,
    afresh: bool = False,
    begin: Sequence[tuple[int, int]] = (),
) -> Rounds:
    """
    Return the rounds of least length that were found.

    Parameters
    ----------
    metres
        Walks between terminals, shape (n, n); inf where there is no way.
    tasks, walkers
        What is to be done, and by whom; a walker may stay at home.
    metres_per_second
        Speed on foot, > 0.
    seed
        The same seed and iterations give the same answer.
    time_limit, iterations
        Seconds, or a number of iterations, after which the best is returned; at least one is given.
    afresh
        Whether to begin again and again, the last time from the best: for walkers with little room to spare, whose good
        rounds lie far apart.
    begin
        (task, way) in an order of the first walker from which the search begins; empty where it makes its own beginning.

    Notes
    -----
    Wouda, Lan & Kool (2024), PyVRP: a high-performance VRP solver package, INFORMS Journal on Computing 36(4).
    """
    if not tasks:
        return Rounds(tuple(() for _ in walkers), tuple(range(len(walkers))), (), True)
    if time_limit is None and iterations is None:
        raise BadInput("neither a time limit nor a number of iterations", field="time_limit")
    places, owner = _places(tasks, walkers)
    data = _pose(metres, tasks, walkers, places, metres_per_second)
    seconds, turns = time_limit or FOREVER, iterations or FOREVER
    if afresh:
        best = _search_afresh(data, seed, seconds, turns)
    else:
        best = _search(data, seed, seconds, turns, begin=_beginning(data, owner, begin))
    return _read(best, tasks, owner, best.is_feasible())


def _search(
    data: "ProblemData", seed: int, seconds: float, iterations: int, *, params: Any = None, begin: Any = None
) -> "Solution":
    from pyvrp import SolveParams, solve
    from pyvrp.stop import MaxIterations, MaxRuntime, MultipleCriteria, NoImprovement

    criteria: list[Any] = [NoImprovement(PATIENCE), MaxRuntime(seconds), MaxIterations(iterations)]
    return solve(
        data, MultipleCriteria(criteria), seed=seed, collect_stats=False, display=False, params=params or SolveParams(),
        initial_solution=begin,
    ).best  # fmt: skip


def _beginning(
    data: "ProblemData", owner: list[tuple[int, int]], order: Sequence[tuple[int, int]]
) -> "Solution | None":
    from pyvrp import Activity, ActivityType, Route, Solution

    if not order:
        return None
    place = {both: i for i, both in enumerate(owner)}
    return Solution(data, [Route(data, [Activity(ActivityType.CLIENT, place[both]) for both in order], 0)])


def _search_afresh(data: "ProblemData", seed: int, seconds: float, iterations: int) -> "Solution":
    """Search from many beginnings, each for as many iterations, and with the last share of the time from the best end."""
    from pyvrp import IteratedLocalSearchParams, SolveParams
    from pyvrp.search import PerturbationParams

    params = SolveParams(
        ils=IteratedLocalSearchParams(history_length=HISTORY), perturbation=PerturbationParams(1, PERTURBED)
    )
    watch, left, found = Stopwatch(), iterations, list["Solution"]()
    while not found or (left > LAST * iterations and watch.seconds < (1 - LAST) * seconds):
        each = min(BEGINNING, left)
        found.append(_search(data, seed + len(found), max(0.01, seconds - watch.seconds), each, params=params))
        left -= each
    best = min(found, key=lambda one: (not one.is_feasible(), one.distance()))
    if left <= 0 or watch.seconds >= seconds:
        return best
    last = _search(data, seed, seconds - watch.seconds, left, params=params, begin=best)
    return min((best, last), key=lambda one: (not one.is_feasible(), one.distance()))


def _places(tasks: Sequence[Task], walkers: Sequence[Walker]) -> tuple[IntArray, list[tuple[int, int]]]:
    """Return (enter, leave) of every place, walkers' starts first, and (task, way) of every client."""
    owner = [(t, w) for t, task in enumerate(tasks) for w in range(len(task.ways))]
    pairs = [(walker.start, walker.start) for walker in walkers] + [tasks[t].ways[w] for t, w in owner]
    return np.array(pairs, dtype=np.int64), owner


def _pose(
    metres: FloatArray, tasks: Sequence[Task], walkers: Sequence[Walker], places: IntArray, speed: float
) -> "ProblemData":
    from pyvrp import Client, ClientGroup, Depot, Location, ProblemData, VehicleType

    between = metres[places[:, 1]][:, places[:, 0]]
    tenths = np.where(np.isfinite(between), np.rint(between * TENTHS), FAR).astype(np.int64)
    seconds = np.where(np.isfinite(between), np.rint(between / speed), FAR // 10).astype(np.int64)
    np.fill_diagonal(tenths, 0)
    np.fill_diagonal(seconds, 0)
    loaded = any(task.load for task in tasks)
    clients: list[Client] = []
    groups: list[ClientGroup] = []
    for task in tasks:
        alone = len(task.ways) == 1
        mine = range(len(clients), len(clients) + len(task.ways))
        for _way in task.ways:
            clients.append(
                Client(
                    len(walkers) + len(clients), [task.load] if loaded else [], service_duration=task.seconds,
                    tw_early=task.early, tw_late=task.late, required=alone and task.required,
                    prize=0 if task.required else WORTH, group=None if alone else len(groups),
                )
            )  # fmt: skip
        if not alone:
            groups.append(ClientGroup(list(mine), required=task.required))
    return ProblemData(
        [Location(0, 0) for _ in range(len(places))], clients, [Depot(i) for i in range(len(walkers))],
        [
            VehicleType(
                walker.count, [walker.capacity] if loaded else [], i, i, tw_early=walker.early, tw_late=walker.late,
                start_late=walker.early,
            )
            for i, walker in enumerate(walkers)
        ],
        [cast(Any, tenths)], [cast(Any, seconds)], groups,
    )  # fmt: skip


def _read(best: "Solution", tasks: Sequence[Task], owner: list[tuple[int, int]], feasible: bool) -> Rounds:
    rounds, walkers, done = [], [], set()
    for one in best.routes():
        visits = []
        for activity in one.schedule():
            if not activity.is_client():
                continue
            task, way = owner[activity.idx]
            done.add(task)
            visits.append(Visit(task, way, activity.start_time, activity.end_time))
        rounds.append(tuple(visits))
        walkers.append(one.vehicle_type())
    left = tuple(t for t in range(len(tasks)) if t not in done)
    return Rounds(tuple(rounds), tuple(walkers), left, feasible)
