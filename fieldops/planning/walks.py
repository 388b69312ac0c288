"""
Today's order on foot: streets from either end and stops with opening hours, out from a place and back to it.

A search makes a walk; the proof that none is much shorter often finds the shortest itself.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from fieldops.errors import BadInput
from fieldops.planning.firstway import first_ways
from fieldops.planning.routing import FOREVER, FloatArray, IntArray, Task, Visit, Walker, route
from fieldops.planning.walkbound import DeadHead, least_dead_head
from fieldops.planning.walkproblem import Leg, Piece, Walk, WalkProblem, join_pieces, walks_between
from fieldops.said import Said


def walk(
    problem: WalkProblem,
    *,
    time_limit: float | None = None,
    seed: int = 1,
    iterations: int | None = None,
    bound: bool = True,
    bound_seconds: float = 5.0,
) -> Walk:
    """
    Return a short walk over everything, and a proven bound on any.

    Parameters
    ----------
    time_limit, iterations
        Seconds, or a number of iterations, for the search; the same seed and iterations give the same walk.
    bound, bound_seconds
        Whether the bound is computed, and for how long; otherwise it is the required length alone.

    Raises
    ------
    BadInput
        If something required cannot be reached from the start, or has no room between its opening hours.
    """
    pieces = join_pieces(problem)
    terminals, metres = walks_between(problem, pieces)
    place = {node: i for i, node in enumerate(terminals.tolist())}
    _refuse_islands(problem, pieces, place, metres)
    tasks = _tasks(problem, pieces, place)
    walker = Walker(start=place[problem.start], early=round(60 * problem.begins))
    doubled = pieces * problem.sides
    ends = [(place[piece.first], place[piece.last]) for piece in doubled]
    ways = first_ways(metres, ends, [place[problem.start], *(place[stop.node] for stop in problem.stops)])
    begin = [(visit.task, visit.way) for visit in _closed_way(place[problem.start], tasks, ways, ())]
    found = route(
        metres, tasks, [walker], metres_per_second=problem.metres_per_minute / 60, seed=seed, time_limit=time_limit,
        iterations=iterations, begin=begin,
    )  # fmt: skip
    if not found.feasible:
        raise BadInput("the stops do not fit their opening hours", cure="begin earlier, or leave a stop out")
    visits = _turn_round(found.rounds[0] if found.rounds else (), tasks, metres, place[problem.start])
    legs, length = _legs(problem, doubled, visits, tasks, metres, place, terminals)
    required = problem.sides * float(problem.metres.sum())
    left = tuple(task - len(doubled) for task in found.left_out)
    dead = DeadHead(0.0)
    if bound:
        points = [place[s.node] for i, s in enumerate(problem.stops) if i not in left]
        dead = least_dead_head(
            metres, ends, [place[problem.start], *points], at_most=length - required, seconds=bound_seconds
        )
    if dead.ways is not None:
        through = _closed_way(place[problem.start], tasks, dead.ways, found.left_out)
        other, shorter = _legs(problem, doubled, through, tasks, metres, place, terminals)
        if shorter < length and all(_is_open(problem, leg) for leg in other):
            legs, length = other, shorter
    return Walk(tuple(legs), length, min(length, required + dead.metres), required, left)


def _is_open(problem: WalkProblem, leg: Leg) -> bool:
    return leg.stop is None or leg.leave <= problem.stops[leg.stop].open_until + 1e-9


def _closed_way(
    start: int, tasks: Sequence[Task], ways: Sequence[tuple[int, int]], left_out: Sequence[int]
) -> list[Visit]:
    """
    Return the tasks in the order of a closed way over all of them and the ways between.

    Notes
    -----
    Hierholzer (1873): at every terminal an even number meets, and all hangs together.
    """
    at: dict[int, list[tuple[int, int, int | None]]] = {}
    ends = [(*task.ways[0], t) for t, task in enumerate(tasks) if t not in left_out]
    for number, (a, b, task) in enumerate([*((a, b, None) for a, b in ways), *ends]):
        at.setdefault(a, []).append((number, b, task))
        at.setdefault(b, []).append((number, a, task))
    used: set[int] = set()
    trail: list[tuple[int, int | None]] = [(start, None)]
    circuit: list[tuple[int, int | None]] = []
    while trail:
        node, _ = trail[-1]
        while at.get(node) and at[node][-1][0] in used:
            at[node].pop()
        if at.get(node):
            edge, other, task = at[node].pop()
            used.add(edge)
            trail.append((other, task))
        else:
            circuit.append(trail.pop())
    circuit.reverse()
    visits = []
    for (before, _), (after, task) in pairwise(circuit):
        if task is not None:
            visits.append(Visit(task, tasks[task].ways.index((before, after)), 0, 0))
    return visits


def _refuse_islands(problem: WalkProblem, pieces: Sequence[Piece], place: dict[int, int], metres: FloatArray) -> None:
    home = metres[place[problem.start]]
    for piece in pieces:
        if not np.isfinite(home[place[piece.first]]):
            a, b = problem.edges[piece.edges[0]].tolist()
            raise BadInput(
                Said("the edge from node %(a)s to node %(b)s cannot be reached from the start", a=a, b=b), field="start"
            )
    for i, stop in enumerate(problem.stops):
        if not np.isfinite(home[place[stop.node]]):
            raise BadInput(
                Said("stop %(i)s at node %(node)s cannot be reached from the start", i=i, node=stop.node), field="start"
            )


def _tasks(problem: WalkProblem, pieces: Sequence[Piece], place: dict[int, int]) -> list[Task]:
    tasks = []
    for piece in list(pieces) * problem.sides:
        mine = list(piece.edges)
        minutes = float(problem.minutes[mine].sum()) / problem.sides
        minutes += float(problem.metres[mine].sum()) / problem.metres_per_minute
        a, b = place[piece.first], place[piece.last]
        tasks.append(Task(ways=((a, b),) if a == b else ((a, b), (b, a)), seconds=round(60 * minutes)))
    for stop in problem.stops:
        at, last = place[stop.node], stop.open_until - stop.minutes
        tasks.append(
            Task(
                ways=((at, at),), seconds=round(60 * stop.minutes), early=round(60 * stop.open_from),
                late=max(0, round(60 * last)) if math.isfinite(stop.open_until) else FOREVER, required=stop.required,
            )
        )  # fmt: skip
    return tasks


def _turn_round(visits: Sequence[Visit], tasks: Sequence[Task], metres: FloatArray, start: int) -> list[Visit]:
    """
    Return the visits in the same order, each in the way that makes the whole shortest.

    Not where a stop has hours: there the search's own times hold.
    """
    if not visits or any(tasks[v.task].late < FOREVER or tasks[v.task].early > 0 for v in visits):
        return list(visits)
    best, before = {start: 0.0}, []
    for visit in visits:
        reached: dict[int, tuple[float, int, int]] = {}
        for way, (enter, leave) in enumerate(tasks[visit.task].ways):
            length, came = min((done + metres[node, enter], node) for node, done in best.items())
            if leave not in reached or length < reached[leave][0]:
                reached[leave] = (length, came, way)
        before.append(reached)
        best = {node: length for node, (length, _, _) in reached.items()}
    node = min(best, key=lambda end: best[end] + metres[end, start])
    ways = []
    for reached in reversed(before):
        _, came, way = reached[node]
        ways.append(way)
        node = came
    return [Visit(v.task, way, v.begins, v.ends) for v, way in zip(visits, reversed(ways), strict=True)]


def _legs(
    problem: WalkProblem, doubled: Sequence[Piece], visits: Sequence[Visit], tasks: Sequence[Task], metres: FloatArray,
    place: dict[int, int], terminals: IntArray,
) -> tuple[list[Leg], float]:  # fmt: skip
    """Return what is done in order with times of the day, and the metres of the whole."""
    legs: list[Leg] = []
    at, clock, length = place[problem.start], problem.begins, 0.0
    for visit in visits:
        task = tasks[visit.task]
        enter, leave = task.ways[visit.way]
        way = float(metres[at, enter])
        clock += way / problem.metres_per_minute
        clock = max(clock, task.early / 60)
        stop = visit.task - len(doubled) if visit.task >= len(doubled) else None
        edges: tuple[int, ...] = () if stop is not None else doubled[visit.task].edges
        if visit.way == 1:
            edges = edges[::-1]
        own = float(problem.metres[list(edges)].sum()) if edges else 0.0
        ends = clock + task.seconds / 60
        legs.append(Leg(edges, stop, int(terminals[enter]), int(terminals[leave]), way, own, clock, ends))
        at, clock, length = leave, ends, length + way + own
    return legs, length + float(metres[at, place[problem.start]])
