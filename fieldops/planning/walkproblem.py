"""
What is walked and visited on a day, and the walk that does it: rural postman with stops.

Required edges that follow each other without a crossing are one *piece*; a piece is walked whole, from either end, once for
each side of the street.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array, csr_matrix
from scipy.sparse.csgraph import dijkstra

from fieldops.errors import BadInput
from fieldops.planning.routing import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Stop:
    """A place to be visited: its node, how long, and when it is open (minutes of the day; beyond midnight they go on counting)."""

    node: int
    minutes: float = 0.0
    open_from: float = 0.0
    open_until: float = math.inf
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
