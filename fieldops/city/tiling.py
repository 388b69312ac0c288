"""
The tiling: a Delaunay triangulation of the operation area, refined until every triangle can be walked.

A corner of a triangle is a hub on a street, or a place on the edge of what can be walked: on the outline of the area, or
in the middle of a river, a railway, a wall. Such an edge place stands for the nearest node *on the triangle's own side*,
so that the two banks of a river share it and nobody is sent across.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from scipy.spatial import Delaunay, KDTree

from fieldops.city.area import outline
from fieldops.city.graph import IntArray
from fieldops.city.hubs import Streetside
from fieldops.city.metres import FloatArray
from fieldops.city.points import DETOUR, Choice, Walks
from fieldops.progress import Progress, no_progress

_OUTLINE_EDGE_M = 650.0  # the longest edge of the outline to begin with
_CLOSEST_M = 90.0  # new corners keep this distance from all others; what needs closer ones is unavoidable
_CHOICE = 8  # a place off the street may stand for any of so many nodes at least
_ROUNDS = 60
_THIN_ROUNDS = 12
_OFF_STREET = 3.0  # a metre off the street weighs as three on it: one goes as near as the side allows
_BARRIER_M = 40.0  # in the middle of a barrier they may come closer
_PATCH_M = 400.0  # in one round no two corners are set nearer to each other than a share of the side, at most this
_SHARED_M = 1000.0  # so much farther a corner may look for a node that is not another corner's already
_THIN_DEGREES = 20.0
_WEIGHT = ("hand", "venues", "gate", "junction", "border")  # kinds of corners, the one that people know best first
BORDER = -1


@dataclass(frozen=True, slots=True)
class Tile:
    """One triangle: its corners (positions of vertices), the node that each stands for, and its connection point."""

    corners: tuple[int, int, int]
    feet: tuple[int, int, int]
    point: Choice
    side_m: tuple[float, float, float]  # by air, the side from corner i to corner i + 1
    walk_m: tuple[float, float, float]  # between the feet, inf beyond the limit of the walks


class _Patches:
    """The places where a round has set a corner, in squares of `_PATCH_M`, so that a near one is found at once."""

    def __init__(self) -> None:
        self.count = 0
        self._squares: dict[tuple[int, int], list[tuple[float, float]]] = {}

    def add(self, place: tuple[float, float]) -> None:
        """Remember a place."""
        self.count += 1
        self._squares.setdefault((int(place[0] // _PATCH_M), int(place[1] // _PATCH_M)), []).append(place)

    def is_free(self, place: tuple[float, float], gap_m: float) -> bool:
        """Return whether no place within `gap_m`, at most `_PATCH_M`, was taken in this round."""
        column, line = int(place[0] // _PATCH_M), int(place[1] // _PATCH_M)
        return not any(
            math.hypot(x - place[0], y - place[1]) < gap_m
            for i in (column - 1, column, column + 1)
            for j in (line - 1, line, line + 1)
            for x, y in self._squares.get((i, j), ())
        )


@dataclass(slots=True)
class Tiling:
    """The state of the refinement: vertices are only ever added; `node` is `BORDER` for places off the street."""

    area: shapely.MultiPolygon
    walks: Walks
    radius_m: float
    at: list[tuple[float, float]] = field(default_factory=list)
    node: list[int] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)
    alive: list[bool] = field(default_factory=list)  # False: taken out again
    needed: set[int] = field(default_factory=set)  # must not be taken out
    edges: list[tuple[int, int]] = field(default_factory=list)  # the outline
    _tiles: dict[tuple[int, int, int], Tile] = field(default_factory=dict)
    _near: dict[int, tuple[IntArray, FloatArray]] = field(default_factory=dict)
    _footing: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    _feet_tree: KDTree | None = None

    def begin(self, hubs: Streetside) -> None:
        """Take the hubs on streets and the corners of the outline as the first vertices."""
        ground = self.walks.ground
        self._footing = np.flatnonzero(ground.claimable)
        self._feet_tree = KDTree(ground.at[self._footing])
        for node, kind in zip(hubs.node.tolist(), hubs.kind, strict=True):
            self._add(tuple(ground.at[node]), node, kind)
        first = len(self.at)
        points, edges = outline(self.area, _OUTLINE_EDGE_M)
        for x, y in points.tolist():
            self._add((x, y), BORDER, "border")
        self.edges = [(first + start, first + end) for start, end in edges.tolist()]

    def refine(self, progress: Progress = no_progress) -> list[Tile]:
        """Insert vertices until every tile can be walked within the radius, then take out those that make tiles thin."""
        tiles = self._judge(self._cut())
        for closest_m in (_CLOSEST_M, _BARRIER_M):
            for turn in range(_ROUNDS):
                wrong = [tile for tile in tiles if self._wrong(tile)]
                if not progress("triangles", min(0.8, turn / 15), too_large=len(wrong)):
                    return tiles
                if not self._mend(wrong, closest_m):
                    break
                tiles = self._judge(self._cut())
        for tile in tiles:
            if self._wrong(tile):
                self._tiles[tile.corners] = self._on_one_side(tile)
        tiles = [self._tiles[tile.corners] for tile in tiles]
        for turn in range(_THIN_ROUNDS):
            progress("triangles", 0.8 + 0.2 * turn / _THIN_ROUNDS)
            thinned = self._thicken(tiles)
            if thinned is None:
                break
            tiles = thinned
        return tiles

    # ── cutting ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _add(self, at: tuple[Any, ...], node: int, kind: str) -> int:
        self.at.append((float(at[0]), float(at[1])))
        self.node.append(node)
        self.kind.append(kind)
        self.alive.append(True)
        return len(self.at) - 1

    def _cut(self) -> IntArray:
        """Return the triangles inside the area, counter-clockwise; outline edges that are missing are halved first."""
        while True:
            at, alive = np.asarray(self.at), np.flatnonzero(self.alive)
            corners = np.sort(alive[Delaunay(at[alive]).simplices], axis=1)
            sides = np.concatenate((corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]))
            there = np.unique(sides[:, 0] * len(at) + sides[:, 1])
            wanted = np.sort(np.asarray(self.edges, dtype=np.int64), axis=1)
            missing = ~np.isin(wanted[:, 0] * len(at) + wanted[:, 1], there)
            length = np.hypot(*(at[wanted[:, 0]] - at[wanted[:, 1]]).T)
            halved = [self._halve(edge) for edge in np.flatnonzero(missing & (length > _CLOSEST_M)).tolist()]
            if not halved:
                break
        middle = at[corners].mean(axis=1)
        a, b, c = at[corners[:, 0]], at[corners[:, 1]], at[corners[:, 2]]
        double = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
        kept = shapely.contains_xy(self.area, middle[:, 0], middle[:, 1]) & (np.abs(double) > 2.0)
        return np.asarray(corners[kept], dtype=np.int64)

    def _halve(self, edge: int) -> int:
        start, end = self.edges[edge]
        (x1, y1), (x2, y2) = self.at[start], self.at[end]
        new = self._add(((x1 + x2) / 2, (y1 + y2) / 2), BORDER, "border")
        self.edges[edge] = (start, new)
        self.edges.append((new, end))
        return new

    # ── judging ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _judge(self, corners: IntArray) -> list[Tile]:
        """Return the tiles of the triangles, with the nodes of their corners and their connection points."""
        triples = [tuple(row) for row in corners.tolist()]
        fresh = [triple for triple in triples if triple not in self._tiles]
        anchors = self._anchors(fresh)
        self.walks.prepare(np.asarray(anchors, dtype=np.int64))
        feet = [self._feet(triple, anchor) for triple, anchor in zip(fresh, anchors, strict=True)]
        self.walks.prepare(np.asarray(feet, dtype=np.int64).ravel())
        for triple, nodes in zip(fresh, feet, strict=True):
            self._tiles[triple] = self._tile(triple, nodes)
        return [self._tiles[triple] for triple in triples]

    def _tile(self, corners: tuple[int, int, int], feet: tuple[int, int, int]) -> Tile:
        """Return the tile of three corners that stand for these prepared nodes."""
        shape = np.asarray([self.at[vertex] for vertex in corners])
        point = self.walks.find_point(feet, shape, radius_m=self.radius_m)
        side = np.hypot(*(np.roll(shape, -1, axis=0) - shape).T).tolist()
        walk = [float(self.walks.metres(feet[i], np.asarray([feet[(i + 1) % 3]]))[0]) for i in range(3)]
        return Tile(corners, feet, point, (side[0], side[1], side[2]), (walk[0], walk[1], walk[2]))

    def _anchors(self, triples: list[Any]) -> list[int]:
        """Return for each triangle the node that says on which side it lies: a hub's, else the nearest to its middle."""
        assert self._feet_tree is not None  # begin() came first
        middles = np.asarray([np.mean([self.at[v] for v in triple], axis=0) for triple in triples]).reshape(-1, 2)
        nearest = self._footing[self._feet_tree.query(middles)[1]]
        return [
            next((self.node[v] for v in triple if self.node[v] != BORDER), int(middle))
            for triple, middle in zip(triples, nearest, strict=True)
        ]

    def _feet(self, triple: tuple[int, int, int], anchor: int) -> tuple[int, int, int]:
        """Return the nodes that the corners stand for: three different ones where the side has them."""
        feet = [self.node[vertex] for vertex in triple]
        for i in (i for i in range(3) if feet[i] == BORDER):
            near, air = self._close(triple[i])
            trip = self.walks.metres(anchor, near) + _OFF_STREET * air
            trip[np.isin(near, feet)] += _SHARED_M
            feet[i] = int(near[np.argmin(trip)])
        return feet[0], feet[1], feet[2]

    def _close(self, vertex: int) -> tuple[IntArray, FloatArray]:
        """Return the nodes that a place off the street may stand for, the nearest first, and the metres to each."""
        near = self._near.get(vertex)
        if near is None:
            assert self._feet_tree is not None  # begin() came first
            some = range(1, min(_CHOICE, len(self._footing)) + 1)
            metres, nearest = (np.asarray(one) for one in self._feet_tree.query(self.at[vertex], k=some))
            around = self._feet_tree.query_ball_point(self.at[vertex], 1.5 * metres[0] + 100.0)
            found = self._footing[np.union1d(around, nearest).astype(np.int64)]
            air = np.hypot(*(self.walks.ground.at[found] - self.at[vertex]).T)
            order = np.argsort(air, kind="stable")
            near = self._near[vertex] = (found[order], air[order])
        return near

    # ── mending ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _wrong(self, tile: Tile) -> bool:
        return tile.point.radius_m > self.radius_m

    def _mend(self, wrong: list[Tile], closest_m: float) -> int:
        """Insert a vertex for each tile that is wrong, the worst first and not two in one place; return how many."""
        wrong.sort(key=lambda tile: (-min(tile.point.radius_m, 1e9), -max(tile.side_m), tile.corners))
        taken = np.asarray(self.at)
        tree, new, halved = KDTree(taken), _Patches(), set()
        by_edge = {tuple(sorted(edge)): number for number, edge in enumerate(self.edges)}
        for tile in wrong:
            for i in self._sides(tile):
                start, end = tile.corners[i], tile.corners[(i + 1) % 3]
                edge = by_edge.get((min(start, end), max(start, end)))
                if edge in halved:
                    break
                if edge is not None:
                    if tile.side_m[i] <= 2 * _CLOSEST_M:
                        continue
                    halved.add(edge)
                    new.add(self.at[self._halve(edge)])
                    break
                place, node = self._place(tile, i, tree)
                if tree.query(place)[0] < (closest_m if self._around(tile, i) else _CLOSEST_M):
                    continue
                gap = max(_CLOSEST_M, min(_PATCH_M, 0.3 * tile.side_m[i]))
                if new.is_free(place, gap):
                    self._add(place, node, "junction" if node != BORDER else "border")
                    new.add(place)
                break
        return new.count

    def _sides(self, tile: Tile) -> list[int]:
        """Return the sides in the order to try: those around a barrier by their detour, then the longest."""
        return sorted(range(3), key=lambda i: (-self._around(tile, i), -tile.side_m[i]))

    def _around(self, tile: Tile, side: int) -> float:
        """Return the walk along a side that goes around a barrier, 0 where there is none."""
        air = tile.side_m[side]
        return tile.walk_m[side] if tile.walk_m[side] > DETOUR * max(air, 150.0) else 0.0

    def _place(self, tile: Tile, side: int, taken: KDTree) -> tuple[tuple[float, float], int]:
        """Return where to cut a side and on which node: a junction near its middle, else the gap that it crosses."""
        start, end = (np.asarray(self.at[tile.corners[k % 3]]) for k in (side, side + 1))
        ground = self.walks.ground
        if not self._around(tile, side):
            middle = (start + end) / 2
            near = self.walks.graph.around(middle[0], middle[1], 0.22 * tile.side_m[side])
            near = near[ground.standing[near] & np.isfinite(self.walks.metres(tile.feet[side], near))]
            near = near[taken.query(ground.at[near])[0] >= _CLOSEST_M] if near.size else near
            if near.size:
                score = ground.rank[near] * np.where(ground.junction[near], 1.0, 0.3)
                best = int(near[np.argmax(score)])
                return (float(ground.at[best, 0]), float(ground.at[best, 1])), best
            return (float(middle[0]), float(middle[1])), BORDER
        assert self._feet_tree is not None
        along = start + np.linspace(0.2, 0.8, 25)[:, None] * (end - start)
        gap = along[np.argmax(self._feet_tree.query(along)[0])]
        return (float(gap[0]), float(gap[1])), BORDER

    def _on_one_side(self, tile: Tile) -> Tile:
        """
        Return a tile that no new vertex can mend with its corners standing for nodes on one side of the barrier.

        The corner with the most weight keeps its node; the others stand for what is nearest to them within a walk of it,
        though they be hubs of the other side, too near to the barrier for a place between.
        """
        for keeper in sorted(range(3), key=lambda i: _WEIGHT.index(self.kind[tile.corners[i]])):
            near, walk = self.walks.around(tile.feet[keeper], self.radius_m)
            standing = self.walks.ground.claimable[near]
            near, walk = near[standing], walk[standing]
            if near.size < 3:
                continue
            feet = list(tile.feet)
            for i in (i for i in range(3) if i != keeper and feet[i] not in near):
                trip = walk + _OFF_STREET * np.hypot(*(self.walks.ground.at[near] - self.at[tile.corners[i]]).T)
                trip[np.isin(near, feet)] += _SHARED_M
                feet[i] = int(near[np.argmin(trip)])
            self.walks.prepare(np.asarray(feet, dtype=np.int64))
            sided = self._tile(tile.corners, (feet[0], feet[1], feet[2]))
            if not self._wrong(sided):
                return sided
        return tile

    # ── thickening ──────────────────────────────────────────────────────────────────────────────────────────────

    def _thicken(self, tiles: list[Tile]) -> list[Tile] | None:
        """Take out vertices at the short sides of thin tiles where that makes none worse; None where nothing changed."""
        angle = dict(zip((tile.corners for tile in tiles), self._angles(tiles).tolist(), strict=True))
        around: dict[int, list[Tile]] = {}
        for tile in tiles:
            for vertex in tile.corners:
                around.setdefault(vertex, []).append(tile)
        outline_vertices = {vertex for edge in self.edges for vertex in edge}
        out: list[int] = []
        touched: set[int] = set()
        for tile in sorted(tiles, key=lambda tile: angle[tile.corners]):
            if angle[tile.corners] >= _THIN_DEGREES:
                break
            for vertex in self._candidates(tile, outline_vertices):
                link = {corner for other in around[vertex] for corner in other.corners}
                if not link & touched:
                    touched |= link
                    out.append(vertex)
                    break
        if not out:
            return None
        for vertex in out:
            self.alive[vertex] = False
        known = set(angle)
        fresh = [tile for tile in self._judge(self._cut()) if tile.corners not in known]
        sharp = self._angles(fresh)
        for vertex in out:
            link = {corner for other in around[vertex] for corner in other.corners}
            before = min(angle[tile.corners] for tile in around[vertex])
            now = [i for i, tile in enumerate(fresh) if set(tile.corners) <= link]
            if any(self._wrong(fresh[i]) or sharp[i] <= before for i in now):
                self.alive[vertex] = True
                self.needed.add(vertex)
        return self._judge(self._cut())

    def _candidates(self, tile: Tile, outline_vertices: set[int]) -> list[int]:
        """Return the ends of a tile's shortest side that may be taken out, those off the street first."""
        short = int(np.argmin(tile.side_m))
        ends = (tile.corners[short], tile.corners[(short + 1) % 3])
        free = [
            vertex for vertex in ends
            if self.kind[vertex] in ("border", "junction") and vertex not in outline_vertices | self.needed
        ]  # fmt: skip
        return sorted(free, key=lambda vertex: (self.node[vertex] != BORDER, vertex))

    def _angles(self, tiles: list[Tile]) -> FloatArray:
        """Return the smallest angle of each tile in degrees."""
        if not tiles:
            return np.empty(0)
        side = np.sort(np.asarray([tile.side_m for tile in tiles]), axis=1)
        cosine = (side[:, 1] ** 2 + side[:, 2] ** 2 - side[:, 0] ** 2) / np.maximum(2 * side[:, 1] * side[:, 2], 1e-9)
        return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
