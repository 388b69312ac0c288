"""The walkable graph: what can be walked, how far it is, and the way."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array, csr_array, csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import KDTree

from fieldops.city.metres import FloatArray, Plane
from fieldops.errors import BadInput

IntArray = npt.NDArray[np.int64]

_SHORTEST_M = 0.01  # an edge of length zero would vanish from a sparse matrix
_DENSE_CELLS = 4_000_000  # rows of distances are computed in blocks of at most so many numbers (32 MB)


@dataclass(frozen=True, slots=True, eq=False)
class WalkGraph:
    """
    The frozen graph of claim and link segments, both directions; closed segments are not in it.

    Nodes are addressed by position 0..n-1 in `nodes`, which is sorted by id. `matrix` holds metres on the ground; of
    parallel segments the shortest counts. `segment` says, for each number of `matrix.data`, which row of the segments
    frame it is. `component` numbers the islands, 0 is the largest. `x`, `y` are metres in `plane`.
    """

    nodes: IntArray
    lon: FloatArray
    lat: FloatArray
    x: FloatArray
    y: FloatArray
    matrix: csr_array
    segment: IntArray
    component: IntArray
    mainland: IntArray = field(repr=False)
    plane: Plane
    _tree: KDTree = field(repr=False)

    @classmethod
    def from_segments(cls, nodes: pd.DataFrame, segments: pd.DataFrame) -> Self:
        """
        Return the graph of frames that follow the schema of `fieldops.city.model`.

        Raises
        ------
        BadInput
            If no segment can be walked, or a segment names a node that is not there.
        """
        rows = np.flatnonzero((segments["kind"] != "closed").to_numpy())
        if not rows.size:
            raise BadInput("no segment of the map can be walked", cure="check that the map holds streets")
        ends = segments[["from_node", "to_node"]].to_numpy(dtype=np.int64)[rows]
        ids = np.unique(ends)
        frame = nodes.set_index("node")[["lon", "lat"]]
        places = frame[~frame.index.duplicated()].reindex(ids).to_numpy(dtype=float)
        if np.isnan(places).any():
            missing = ids[np.isnan(places).any(axis=1)][0]
            raise BadInput(f"a segment ends at node {missing}, which has no place", cure="import the map again")
        length = np.maximum(segments["length_m"].to_numpy(dtype=float)[rows], _SHORTEST_M)
        start, end = np.searchsorted(ids, ends[:, 0]), np.searchsorted(ids, ends[:, 1])
        matrix, segment = _adjacency(start, end, length, rows, len(ids))
        component = _islands(matrix)
        city = nodes.set_index("node")["city"].reindex(ids).to_numpy() if "city" in nodes else np.zeros(len(ids))
        plane = Plane.around(places[:, 0], places[:, 1])
        x, y = plane.to_metres(places[:, 0], places[:, 1])
        return cls(
            nodes=ids, lon=places[:, 0], lat=places[:, 1], x=x, y=y, matrix=matrix, segment=segment,
            component=component, mainland=_mainland(component, city), plane=plane, _tree=KDTree(np.column_stack((x, y))),
        )  # fmt: skip

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self.nodes)

    @property
    def degree(self) -> IntArray:
        """Return how many neighbours each node has, shape (n,)."""
        return np.diff(self.matrix.indptr).astype(np.int64)

    def positions(self, ids: npt.ArrayLike) -> IntArray:
        """Return the positions of node ids; -1 where the graph has no such node."""
        wanted = np.asarray(ids, dtype=np.int64)
        found = np.minimum(np.searchsorted(self.nodes, wanted), len(self.nodes) - 1)
        return np.where(self.nodes[found] == wanted, found, -1).astype(np.int64)

    def nearest(self, lon: npt.ArrayLike, lat: npt.ArrayLike, *, mainland: bool = False) -> tuple[IntArray, FloatArray]:
        """
        Return the position of the node nearest by air to each place, and the metres to it.

        With `mainland` only nodes of the largest component of a city count, so that a walk from there leads somewhere.
        """
        at = np.column_stack(self.plane.to_metres(np.atleast_1d(lon), np.atleast_1d(lat)))
        if not mainland:
            metres, found = self._tree.query(at)
            return np.asarray(found, dtype=np.int64), np.asarray(metres)
        main = self.mainland
        metres, found = KDTree(np.column_stack((self.x[main], self.y[main]))).query(at)
        return main[found].astype(np.int64), np.asarray(metres)

    def around(self, x: float, y: float, within_m: float) -> IntArray:
        """Return the positions of all nodes within so many metres by air of a point of the plane, sorted."""
        return np.sort(np.asarray(self._tree.query_ball_point((x, y), within_m), dtype=np.int64))

    def distances(
        self, sources: npt.ArrayLike, *, targets: npt.ArrayLike | None = None, limit_m: float = np.inf
    ) -> FloatArray:
        """
        Return the metres on foot from each source to each target, shape (n_sources, n_targets).

        Parameters
        ----------
        sources
            Positions of nodes.
        targets
            Positions of nodes; all nodes where left away.
        limit_m
            Farther targets are `inf`, as are those that cannot be reached.

        Notes
        -----
        Dijkstra (scipy), in blocks, so that memory beyond the result stays bounded. For many sources and a short
        limit `reach` is far faster.
        """
        sources = np.atleast_1d(np.asarray(sources, dtype=np.int64))
        columns = slice(None) if targets is None else np.atleast_1d(np.asarray(targets, dtype=np.int64))
        width = len(self) if isinstance(columns, slice) else len(columns)
        result = np.empty((len(sources), width))
        block = max(1, _DENSE_CELLS // max(1, len(self)))
        for start in range(0, len(sources), block):
            rows = dijkstra(self._undirected, directed=True, indices=sources[start : start + block], limit=limit_m)
            result[start : start + block] = rows[:, columns]
        return result

    def reach(self, sources: npt.ArrayLike, *, limit_m: float) -> csr_array:
        """
        Return the metres on foot from each source to every node within the limit, sparse, shape (n_sources, n).

        Explicit zeros stand for the source itself; what is absent is farther than the limit.

        Notes
        -----
        A walk is never shorter than the line by air, so neighbouring sources share one small piece of the graph.
        """
        sources = np.atleast_1d(np.asarray(sources, dtype=np.int64))
        rows, columns, metres = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0)]
        for group, piece in self._pieces(sources, limit_m):
            part = csr_matrix(self.matrix[piece][:, piece])
            found = dijkstra(part, indices=np.searchsorted(piece, sources[group]), limit=limit_m)
            row, column = np.nonzero(np.isfinite(found))
            rows.append(group[row])
            columns.append(piece[column])
            metres.append(found[row, column])
        return csr_array(
            (np.concatenate(metres), (np.concatenate(rows), np.concatenate(columns))), shape=(len(sources), len(self))
        )

    def nearest_source(self, sources: npt.ArrayLike, *, limit_m: float = np.inf) -> tuple[FloatArray, IntArray]:
        """
        Return for every node the metres on foot to the nearest source, and which one it is.

        The second array holds indices into `sources`, -1 where none is within the limit; the first holds `inf` there.
        """
        sources = np.atleast_1d(np.asarray(sources, dtype=np.int64))
        index = np.full(len(self), -1, dtype=np.int64)
        if not sources.size:
            return np.full(len(self), np.inf), index
        metres, _, owner = dijkstra(
            self._undirected, indices=sources, min_only=True, return_predecessors=True, limit=limit_m
        )
        index[sources[::-1]] = np.arange(len(sources))[::-1]  # of two sources on one node the first counts
        return metres, np.where(np.isfinite(metres), index[np.where(owner < 0, 0, owner)], -1)

    def path(self, source: int, target: int) -> IntArray:
        """Return the positions along the shortest walk, both ends included; empty where there is no way."""
        metres, before = dijkstra(self._undirected, indices=[source], return_predecessors=True)
        if not np.isfinite(metres[0, target]):
            return np.empty(0, dtype=np.int64)
        way = [target]
        while way[-1] != source:
            way.append(int(before[0, way[-1]]))
        return np.asarray(way[::-1], dtype=np.int64)

    @property
    def _undirected(self) -> Any:
        return csr_matrix(self.matrix)  # csgraph wants the older class; no copy is made

    def _pieces(self, sources: IntArray, limit_m: float) -> Iterator[tuple[IntArray, IntArray]]:
        """Yield groups of neighbouring sources with the nodes that their walks can touch."""
        cells = np.floor(np.column_stack((self.x[sources], self.y[sources])) / max(limit_m, 200.0)).astype(np.int64)
        _, group_of = np.unique(cells, axis=0, return_inverse=True)
        order = np.argsort(group_of, kind="stable")
        margin = limit_m * 1.001 + 1.0  # the plane and the lengths on the ground differ by parts in a million
        for group in np.split(order, np.flatnonzero(np.diff(group_of[order])) + 1):
            if not group.size:
                continue
            x, y = self.x[sources[group]], self.y[sources[group]]
            near = (
                (self.x >= x.min() - margin) & (self.x <= x.max() + margin)
                & (self.y >= y.min() - margin) & (self.y <= y.max() + margin)
            )  # fmt: skip
            yield group, np.flatnonzero(near)


def _mainland(component: IntArray, city: npt.NDArray[Any]) -> IntArray:
    """Return the positions of the nodes that lie in the largest component of their city, sorted."""
    _, of = np.unique(city, return_inverse=True)
    island, where, size = np.unique(np.column_stack((of, component)), axis=0, return_inverse=True, return_counts=True)
    largest = np.lexsort((-size, island[:, 0]))
    first = largest[np.diff(island[largest, 0], prepend=-1) != 0]
    return np.flatnonzero(np.isin(where.ravel(), first)).astype(np.int64)


def _adjacency(
    start: IntArray, end: IntArray, length: FloatArray, rows: IntArray, count: int
) -> tuple[csr_array, IntArray]:
    """Return the symmetric matrix of the shortest segment between two nodes, and the rows of these segments."""
    there = np.concatenate((start, end)).astype(np.int64)
    back = np.concatenate((end, start)).astype(np.int64)
    metres, row = np.concatenate((length, length)), np.concatenate((rows, rows))
    order = np.lexsort((row, metres, back, there))
    there, back, metres, row = there[order], back[order], metres[order], row[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (there[1:] != there[:-1]) | (back[1:] != back[:-1])
    first &= there != back  # a loop leads nowhere
    matrix = csr_array(coo_array((metres[first], (there[first], back[first])), shape=(count, count)))
    return matrix, row[first].astype(np.int64)


def _islands(matrix: csr_array) -> IntArray:
    """Return the number of the connected component of each node, numbered by falling size."""
    _, label = connected_components(csr_matrix(matrix), directed=False)
    rank = np.empty(label.max() + 1, dtype=np.int64)
    rank[np.argsort(-np.bincount(label), kind="stable")] = np.arange(label.max() + 1)
    return rank[label]
