"""
Today's order on foot: streets from either end and stops with opening hours, out from a place and back to it.

Rural postman with stops. Required edges that follow each other without a crossing are one *piece*; a piece is walked whole,
from either end, once for each side of the street. A search makes a walk; the proof that none is much shorter often finds
the shortest itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array, csr_matrix
from scipy.sparse.csgraph import dijkstra

from fieldops.errors import BadInput
from fieldops.planning.routing import FOREVER, FloatArray, IntArray, Task, Visit, Walker, route
from fieldops.planning.walkbound import DeadHead, least_dead_head

MOST_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Stop:
    """A place to be visited: its node, how long, and when it is open (minutes of the day)."""

    node: int
    minutes: float = 0.0
    open_from: float = 0.0
    open_until: float = 24 * 60.0
    required: bool = True


@dataclass(frozen=True, slots=True, init=False, eq=False)
class WalkProblem:
    """
    What is walked and visited.

    Attributes
    ----------
    matrix
        Metres between neighbouring nodes, sparse, shape (n, n), symmetric.
    edges
        Required edges as (from, to) nodes, shape (n_edges, 2).
    metres
        Their lengths, shape (n_edges,).
    minutes
        What is worked on each of them, beside the walking; shape (n_edges,).
    owner
        Whose they are: edges of another owner are never in one piece; shape (n_edges,).
    stops, start
        Places to be visited; the node where the walk begins and ends.
    sides
        How often each edge is walked: 2 for both sides of the street.
    begins
        Minutes of the day at which the walk begins.
    """

    matrix: csr_array
    edges: IntArray
    metres: FloatArray
    minutes: FloatArray
    owner: IntArray
    stops: tuple[Stop, ...]
    start: int
    sides: int
    begins: float
    metres_per_minute: float

    def __init__(
        self,
        graph: Any,
        required_edges: Sequence[Sequence[float]],
        stops: Sequence[Stop | int],
        start: int,
        *,
        minutes: ArrayLike | None = None,
        owner: ArrayLike | None = None,
        sides: int = 1,
        begins: float = 9 * 60.0,
        metres_per_minute: float = 75.0,
    ) -> None:
        """
        Check and keep the problem.

        Parameters
        ----------
        graph
            A `WalkGraph`, or a sparse matrix of metres between neighbouring nodes; of two directions the shorter counts.
        required_edges
            Pairs of nodes, or triples with the metres where they differ from the graph's (parallel ways).
        stops
            Nodes, or `Stop` values.

        Raises
        ------
        BadInput
            If a node or an edge is not there, or a number is outside its range; the message names it.
        """
        matrix = csr_array(getattr(graph, "matrix", graph), dtype=np.float64)
        nodes = matrix.shape[0]
        edges = np.array([[int(edge[0]), int(edge[1])] for edge in required_edges], dtype=np.int64).reshape(-1, 2)
        places = tuple(stop if isinstance(stop, Stop) else Stop(int(stop)) for stop in stops)
        for node in [*edges.ravel().tolist(), *(stop.node for stop in places), start]:
            if not 0 <= node < nodes:
                raise BadInput(f"the graph has no node {node}", field="graph", cure=f"give 0 to {nodes - 1}")
        metres = np.array(
            [
                edge[2] if len(edge) > 2 else max(float(matrix[a, b]), float(matrix[b, a]))
                for edge, (a, b) in zip(required_edges, edges.tolist(), strict=True)
            ]
        )
        if np.any(~(metres > 0)):
            wrong = edges[int(np.argmax(~(metres > 0)))].tolist()
            raise BadInput(f"no way leads from node {wrong[0]} to node {wrong[1]}", field="required_edges")
        if sides not in (1, 2) or not metres_per_minute > 0:
            raise BadInput("a street is walked on 1 or 2 sides, at a speed above 0", field="sides")
        worked = np.zeros(len(edges)) if minutes is None else np.asarray(minutes, dtype=np.float64)
        owners = np.zeros(len(edges), dtype=np.int64) if owner is None else np.asarray(owner, dtype=np.int64)
        values = (matrix, edges, metres, worked, owners, places, int(start), sides, begins, metres_per_minute)
        for name, value in zip(self.__slots__, values, strict=True):
            object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True)
class Leg:
    """
    One thing done on the walk: a piece (`edges` in the order walked) or a `stop`, the other being empty or None.

    `from_m` are the metres walked to it from the one before; `length_m` those on it; `arrive` and `leave` are minutes of
    the day; `enter` and `exit` nodes.
    """

    edges: tuple[int, ...]
    stop: int | None
    enter: int
    exit: int
    from_m: float
    length_m: float
    arrive: float
    leave: float


@dataclass(frozen=True, slots=True)
class Walk:
    """
    The walk in order.

    `length_m` counts everything on foot, the way back to the start included; no walk that does the same is shorter than
    `bound_m` (proven, opening hours left out of account). `required_m` is what is walked whatever the order. `left_out` are
    stops that did not fit their opening hours.
    """

    sequence: tuple[Leg, ...]
    length_m: float
    bound_m: float
    required_m: float
    left_out: tuple[int, ...]

    @property
    def gap(self) -> float:
        """Return (length - bound) / bound; 0 where nothing is walked."""
        return (self.length_m - self.bound_m) / self.bound_m if self.bound_m > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Piece:
    """Required edges in a row, from one end to the other."""

    edges: tuple[int, ...]
    first: int
    last: int


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
    found = route(
        metres, tasks, [walker], metres_per_second=problem.metres_per_minute / 60, seed=seed, time_limit=time_limit,
        iterations=iterations,
    )  # fmt: skip
    doubled = pieces * problem.sides
    if not found.feasible:
        raise BadInput("the stops do not fit their opening hours", cure="begin earlier, or leave a stop out")
    visits = _turn_round(found.rounds[0] if found.rounds else (), tasks, metres, place[problem.start])
    legs, length = _legs(problem, doubled, visits, tasks, metres, place, terminals)
    required = problem.sides * float(problem.metres.sum())
    left = tuple(task - len(doubled) for task in found.left_out)
    dead = DeadHead(0.0)
    if bound:
        ends = [(place[piece.first], place[piece.last]) for piece in doubled]
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


def join_pieces(problem: WalkProblem) -> list[Piece]:
    """Return the required edges as pieces: joined where two of one owner meet and no other way leads from."""
    degree = np.diff(csr_array(problem.matrix + problem.matrix.T).indptr)
    at: dict[int, list[int]] = {}
    for i, (a, b) in enumerate(problem.edges.tolist()):
        at.setdefault(a, []).append(i)
        at.setdefault(b, []).append(i)
    fixed = {problem.start, *(stop.node for stop in problem.stops)}
    through = {
        node
        for node, mine in at.items()
        if len(mine) == degree[node] == 2 and mine[0] != mine[1] and problem.owner[mine[0]] == problem.owner[mine[1]]
    } - fixed
    pieces: list[Piece] = []
    done = np.zeros(len(problem.edges), dtype=bool)
    ends = [i for i, (a, b) in enumerate(problem.edges.tolist()) if a not in through or b not in through]
    for first in [*ends, *range(len(problem.edges))]:  # what is left after the ends are rings
        if done[first]:
            continue
        a, b = problem.edges[first].tolist()
        node, other = (a, b) if a not in through else (b, a)
        chain, done[first] = [first], True
        while other in through and other != node:
            following = next((i for i in at[other] if not done[i]), None)
            if following is None:
                break
            chain.append(following)
            done[following] = True
            c, d = problem.edges[following].tolist()
            other = d if c == other else c
        pieces.append(Piece(tuple(chain), node, other))
    return pieces


def walks_between(problem: WalkProblem, pieces: Sequence[Piece]) -> tuple[IntArray, FloatArray]:
    """Return the nodes where something begins or ends, sorted, and the metres between them, shape (n, n)."""
    nodes = {problem.start, *(stop.node for stop in problem.stops)}
    nodes.update(node for piece in pieces for node in (piece.first, piece.last))
    terminals = np.array(sorted(nodes), dtype=np.int64)
    graph: Any = csr_matrix(problem.matrix)
    metres = dijkstra(graph, directed=False, indices=terminals)  # of two directions the shorter counts
    return terminals, np.asarray(metres[:, terminals])


def _refuse_islands(problem: WalkProblem, pieces: Sequence[Piece], place: dict[int, int], metres: FloatArray) -> None:
    home = metres[place[problem.start]]
    for piece in pieces:
        if not np.isfinite(home[place[piece.first]]):
            a, b = problem.edges[piece.edges[0]].tolist()
            raise BadInput(f"the edge from node {a} to node {b} cannot be reached from the start", field="start")
    for i, stop in enumerate(problem.stops):
        if not np.isfinite(home[place[stop.node]]):
            raise BadInput(f"stop {i} at node {stop.node} cannot be reached from the start", field="start")


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
                late=max(0, round(60 * last)) if stop.open_until < 24 * 60 else FOREVER, required=stop.required,
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


def route_nodes(problem: WalkProblem, found: Walk) -> list[int]:
    """Return every node along the walk, both ends included; for drawing it and for GPX."""
    matrix: Any = csr_matrix(problem.matrix)
    way = [problem.start]
    for leg in found.sequence:
        way += _shortest(matrix, way[-1], leg.enter)[1:]
        for edge in leg.edges:
            a, b = problem.edges[edge].tolist()
            way.append(b if way[-1] == a else a)
    way += _shortest(matrix, way[-1], problem.start)[1:]
    return [node for i, node in enumerate(way) if i == 0 or node != way[i - 1]]


def _shortest(matrix: Any, start: int, end: int) -> list[int]:
    if start == end:
        return [start]
    _, before = dijkstra(matrix, directed=False, indices=[start], return_predecessors=True)
    way = [end]
    while way[-1] != start:
        way.append(int(before[0, way[-1]]))
    return way[::-1]


def is_walk(problem: WalkProblem, found: Walk) -> list[str]:
    """Return what is wrong with a walk, recomputed from the problem alone: sentences; empty where nothing is."""
    wrong = []
    times = np.zeros(len(problem.edges), dtype=np.int64)
    for leg in found.sequence:
        for edge in leg.edges:
            times[edge] += 1
    wrong += [f"edge {i} is walked {n} times, not {problem.sides}" for i, n in enumerate(times) if n != problem.sides]
    visited = [leg.stop for leg in found.sequence if leg.stop is not None]
    missing = set(range(len(problem.stops))) - set(visited) - set(found.left_out)
    wrong += [f"stop {stop} is not visited" for stop in sorted(missing)]
    wrong += [f"stop {stop} is left out and required" for stop in found.left_out if problem.stops[stop].required]
    way = route_nodes(problem, found)
    matrix = problem.matrix
    extra = {(a, b): float(m) for (a, b), m in zip(map(tuple, problem.edges.tolist()), problem.metres, strict=True)}
    for a, b in pairwise(way):
        if max(float(matrix[a, b]), float(matrix[b, a]), extra.get((a, b), 0.0), extra.get((b, a), 0.0)) <= 0:
            wrong.append(f"no way leads from node {a} to node {b}")
    for leg in found.sequence:
        if leg.stop is not None:
            stop = problem.stops[leg.stop]
            if leg.arrive < stop.open_from - 1 or leg.leave > stop.open_until + 1:
                wrong.append(f"stop {leg.stop} is visited when it is closed")
    return wrong
