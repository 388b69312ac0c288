"""
A whole zone given to its crews in one day: who walks which of its streets, in which order (capacitated arc routing).

Every street is walked by exactly one crew, nobody is given more than its day, and the metres of all together are least.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array, csr_matrix
from scipy.sparse.csgraph import dijkstra

from fieldops.errors import BadInput
from fieldops.planning.routing import FloatArray, IntArray, Task, Walker, route
from fieldops.planning.walkbound import Shared, least_dead_head


@dataclass(frozen=True, slots=True, init=False, eq=False)
class ZoneWalkProblem:
    """
    The streets of a zone and its crews.

    Attributes
    ----------
    matrix
        Metres between neighbouring nodes, sparse, shape (n, n).
    edges, metres, loads
        Streets as (from, to) nodes, their lengths, and what each takes of a crew's day (whole units, e.g. minutes).
    starts, capacities
        Where each crew begins and ends, and its day in the same units.
    """

    matrix: csr_array
    edges: IntArray
    metres: FloatArray
    loads: IntArray
    starts: IntArray
    capacities: IntArray

    def __init__(
        self,
        graph: Any,
        edges: ArrayLike,
        metres: ArrayLike,
        loads: ArrayLike,
        starts: ArrayLike,
        capacities: ArrayLike,
    ) -> None:
        """
        Check and keep the problem.

        Raises
        ------
        BadInput
            If one street is larger than every crew's day, or all together larger than all days.
        """
        values = (
            csr_array(getattr(graph, "matrix", graph), dtype=np.float64), np.asarray(edges, dtype=np.int64).reshape(-1, 2),
            np.asarray(metres, dtype=np.float64), np.asarray(loads, dtype=np.int64), np.asarray(starts, dtype=np.int64),
            np.asarray(capacities, dtype=np.int64),
        )  # fmt: skip
        for name, value in zip(self.__slots__, values, strict=True):
            object.__setattr__(self, name, value)
        most = int(self.capacities.max(initial=0))
        if np.any(self.loads > most):
            i = int(np.argmax(self.loads > most))
            raise BadInput(
                f"street {i} takes {self.loads[i]}, more than the day of any crew ({most})", field="loads",
                cure="split the street, or join crews",
            )  # fmt: skip
        if self.loads.sum() > self.capacities.sum():
            raise BadInput(
                f"the zone takes {self.loads.sum()}, its crews have {self.capacities.sum()} in a day", field="capacities",
                cure="add crews, or give the zone more days",
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ZoneWalks:
    """For each crew its streets in order and its metres; metres of all together, and a proven bound on any such walks."""

    streets: tuple[tuple[int, ...], ...]
    lengths_m: tuple[float, ...]
    length_m: float
    bound_m: float

    @property
    def gap(self) -> float:
        """Return (length - bound) / bound."""
        return (self.length_m - self.bound_m) / self.bound_m if self.bound_m > 0 else 0.0


def zone_walks(
    problem: ZoneWalkProblem,
    *,
    time_limit: float | None = None,
    iterations: int | None = None,
    seed: int = 1,
    bound_seconds: float = 5.0,
    bound_room: float | None = None,
) -> ZoneWalks:
    """
    Return walks for all crews together; each street from either end.

    Parameters
    ----------
    time_limit, iterations
        Seconds, or a number of iterations, for the search.
    bound_seconds, bound_room
        Seconds for the bound, and the largest day of a crew that it allows; that of the problem where left away.

    Raises
    ------
    BadInput
        If no way was found to give everything away within the days; the message says how much is at hand.
    """
    graph: Any = csr_matrix(problem.matrix)
    terminals = np.unique(np.concatenate([problem.edges.ravel(), problem.starts]))
    metres = np.asarray(dijkstra(graph, directed=False, indices=terminals)[:, terminals])
    ends = np.searchsorted(terminals, problem.edges)
    starts = np.searchsorted(terminals, problem.starts)
    tasks = [
        Task(ways=((a, b), (b, a)) if a != b else ((a, b),), load=int(load))
        for (a, b), load in zip(ends.tolist(), problem.loads.tolist(), strict=True)
    ]
    kinds, counts = np.unique(np.column_stack([starts, problem.capacities]), axis=0, return_counts=True)
    walkers = [
        Walker(start=start, capacity=room, count=count)
        for (start, room), count in zip(kinds.tolist(), counts.tolist(), strict=True)
    ]
    found = route(
        metres,
        tasks,
        walkers,
        metres_per_second=1.0,
        seed=seed,
        time_limit=time_limit,
        iterations=iterations,
        afresh=True,
    )
    if not found.feasible:
        raise BadInput(
            f"no way was found to give streets of {problem.loads.sum()} to crews of {problem.capacities.sum()}",
            field="capacities", cure="give it more time, or add a crew",
        )  # fmt: skip
    lengths, given = _read(problem, found.rounds, found.walker, tasks, walkers, metres)
    length = float(sum(lengths))
    required = float(problem.metres.sum())
    dead = least_dead_head(
        _joined(metres, starts), [(a, b) for a, b in ends.tolist()], sorted(set(starts.tolist())),
        at_most=length - required, seconds=bound_seconds,
        shared=Shared(problem.loads.astype(np.float64), bound_room or float(problem.capacities.max()), np.unique(starts)),
    )  # fmt: skip
    return ZoneWalks(given, lengths, length, min(length, required + dead.metres))


def _read(
    problem: ZoneWalkProblem, rounds: Sequence[Any], kinds: Sequence[int], tasks: Sequence[Task],
    walkers: Sequence[Walker], metres: FloatArray,
) -> tuple[tuple[float, ...], tuple[tuple[int, ...], ...]]:  # fmt: skip
    """Return each crew's metres and streets: crews of one kind are alike, and take their rounds in order."""
    lengths = [0.0] * len(problem.starts)
    given: list[tuple[int, ...]] = [() for _ in problem.starts]
    terminals = np.unique(np.concatenate([problem.edges.ravel(), problem.starts]))
    free = {
        kind: [
            i
            for i in range(len(problem.starts))
            if terminals[walker.start] == problem.starts[i] and walker.capacity == problem.capacities[i]
        ]
        for kind, walker in enumerate(walkers)
    }
    for visits, kind in zip(rounds, kinds, strict=True):
        at, crew = walkers[kind].start, free[kind].pop(0)
        for visit in visits:
            enter, leave = tasks[visit.task].ways[visit.way]
            lengths[crew] += float(metres[at, enter] + problem.metres[visit.task])
            at = leave
        lengths[crew] += float(metres[at, walkers[kind].start])
        given[crew] = tuple(visit.task for visit in visits)
    return tuple(lengths), tuple(given)


def _joined(metres: FloatArray, starts: IntArray) -> FloatArray:
    """
    Return the metres with all starts as one place: what several crews walk together is no shorter than in this town.

    Without it a bound would make somebody visit the start of a crew that stays at home.
    """
    away: FloatArray = metres[:, np.unique(starts)].min(axis=1)
    joined: FloatArray = np.minimum(metres, away[:, None] + away[None, :])
    return joined
