"""Connection points: the network 1-center of three hubs, inside their triangle where that is possible."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fieldops.city.graph import IntArray, WalkGraph
from fieldops.city.hubs import Ground
from fieldops.city.metres import FloatArray

BoolArray = npt.NDArray[np.bool_]

INSIDE_M = 60.0  # a point this far outside its triangle still counts as inside
DETOUR = 1.8  # a walk longer than this many times the line by air goes around a barrier
_TOO_NEAR_M = 100.0  # nearer than this, a crossing on the other side of the junction is no barrier


@dataclass(frozen=True, slots=True)
class Choice:
    """A connection point: `node` is -1 and `radius_m` inf where no node is within the walks' limit of all three."""

    node: int
    radius_m: float
    inside: bool


@dataclass(slots=True)
class Walks:
    """The walks from hubs, kept while triangles are tried; rows are computed for many hubs at once."""

    graph: WalkGraph
    ground: Ground
    limit_m: float
    _rows: dict[int, tuple[IntArray, FloatArray]] = field(default_factory=dict)

    def prepare(self, nodes: IntArray) -> None:
        """Compute the walks from these nodes that are not known yet."""
        fresh = np.unique([node for node in nodes.tolist() if node not in self._rows]).astype(np.int64)
        if not fresh.size:
            return
        found = self.graph.reach(fresh, limit_m=self.limit_m)
        found.sort_indices()
        for row, node in enumerate(fresh.tolist()):
            part = slice(found.indptr[row], found.indptr[row + 1])
            self._rows[node] = (found.indices[part].astype(np.int64), found.data[part])

    def metres(self, source: int, targets: IntArray) -> FloatArray:
        """Return the metres on foot from a prepared node to others; inf beyond the limit."""
        nodes, metres = self._rows[source]
        at = np.minimum(np.searchsorted(nodes, targets), len(nodes) - 1)
        return np.where(nodes[at] == targets, metres[at], np.inf)

    def around(self, source: int, limit_m: float) -> tuple[IntArray, FloatArray]:
        """Return the nodes within so many metres on foot of a prepared node, and the metres to each."""
        nodes, metres = self._rows[source]
        return nodes[metres <= limit_m], metres[metres <= limit_m]

    def find_point(
        self,
        corners: tuple[int, int, int],
        triangle: FloatArray,
        *,
        radius_m: float,
        taken: BoolArray | None = None,
    ) -> Choice:
        """
        Return the node that minimises the longest walk to three prepared hub nodes.

        Parameters
        ----------
        corners
            Positions of the hubs' nodes.
        triangle
            The corners of the drawn triangle in metres, shape (3, 2).
        radius_m
            The radius that is allowed.
        taken
            Which nodes are the connection point of another triangle already and are left to it, shape (n,).

        Returns
        -------
        Choice
            The best junction inside the triangle if its radius is allowed; else the best other place inside; else the
            best outside, on a bridge last; where none is allowed, the best place inside, or outside if nothing is.
        """
        nodes, longest = self._longest_walks(corners)
        if taken is not None:
            nodes, longest = nodes[~taken[nodes]], longest[~taken[nodes]]
        if (within := longest <= radius_m).any():
            nodes, longest = nodes[within], longest[within]
        if not nodes.size:
            return Choice(-1, np.inf, inside=False)
        inside = outside_by(self.ground.at[nodes], triangle) <= INSIDE_M
        junction, standing = self.ground.junction[nodes], self.ground.standing[nodes]
        wishes = [inside & junction, inside & standing, junction, standing, inside]
        if longest.min() > radius_m:
            wishes = [inside & standing, standing, inside]
        for wish in wishes:
            if wish.any():
                best = np.flatnonzero(wish)[np.argmin(longest[wish])]
                break
        else:
            best = np.argmin(longest)
        return Choice(int(nodes[best]), float(longest[best]), bool(inside[best]))

    def _longest_walks(self, corners: tuple[int, int, int]) -> tuple[IntArray, FloatArray]:
        """Return the nodes within the limit of all three hubs, and the longest of their three walks."""
        first, second, third = sorted(corners, key=lambda node: len(self._rows[node][0]))
        nodes, longest = self._rows[first]
        for other in (second, third):
            longest = np.maximum(longest, self.metres(other, nodes))
            known = np.isfinite(longest)
            nodes, longest = nodes[known], longest[known]
        return nodes, longest


def outside_by(points: FloatArray, triangle: FloatArray) -> FloatArray:
    """Return how many metres each point lies outside the triangle, 0 within it; shapes (n, 2), (3, 2) -> (n,)."""
    start, side = triangle, np.roll(triangle, -1, axis=0) - triangle
    away = points[:, None, :] - start[None, :, :]
    cross = side[None, :, 0] * away[:, :, 1] - side[None, :, 1] * away[:, :, 0]
    within = (cross >= 0).all(axis=1) | (cross <= 0).all(axis=1)
    length = np.maximum((side**2).sum(axis=1), 1e-9)
    share = np.clip((away * side[None, :, :]).sum(axis=2) / length, 0.0, 1.0)
    gap = away - share[:, :, None] * side[None, :, :]
    metres = np.sqrt((gap**2).sum(axis=2)).min(axis=1)
    return np.where(within, 0.0, metres)


def detours(walks_m: FloatArray, air_m: FloatArray) -> FloatArray:
    """Return walk / line by air; 1 for places too near each other for the ratio to mean anything."""
    return np.where(air_m < _TOO_NEAR_M, 1.0, walks_m / np.maximum(air_m, 1e-9))
