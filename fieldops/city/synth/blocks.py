"""
Blocks are cut into parcels by streets and lanes: again and again across their length, until a parcel is small enough.

A cut runs from one edge of the block to another. Where a road ends on the other side of that edge, the cut prefers to
meet it, so that streets run on across main roads and crossings are not all staggered.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import cos, hypot, sin

import numpy as np

from fieldops.city.synth.names import Names
from fieldops.city.synth.net import Line, Net
from fieldops.city.synth.roads import named


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a parcel's border from `node` to the next piece's: the line it lies on, its rank and its road's name."""

    node: int
    line: Line
    rank: int
    name: str


Ring = list[Piece]
_LONGEST_NAME_M = 1_300.0
_SIDES_TRIED = 6  # the smallest box around a parcel lies along one of its longest sides, near enough


@dataclass(frozen=True, slots=True)
class Grain:
    """
    How finely a block is cut, and into what.

    `parcel_m2` is the parcel's median size and `spread` the sigma of its logarithm; `skew` (radians) and `drift` (share
    of the length) bend the cut away from the straight middle; `bow` (share of the length) curves it. `streets` is how
    many of the first cuts are named streets; the share `named_lanes` of the others has a name.
    """

    parcel_m2: float
    spread: float
    skew: float
    drift: float
    bow: float
    streets: int
    named_lanes: float
    lane: str


@dataclass(frozen=True, slots=True)
class _End:
    """A street or lane that ends somewhere: its name and class, its direction, and the length under that name so far."""

    name: str
    highway: str
    along: tuple[float, float]
    length: float
    street: bool

    def goes_on(self, dx: float, dy: float, length: float, *, street: bool) -> bool:
        """Whether a cut by (dx, dy) may bear this name too: of its kind, in its direction, and not too long together."""
        straight = abs(self.along[0] * dy - self.along[1] * dx) < 0.4 * length
        return self.street == street and straight and self.length + length < _LONGEST_NAME_M


@dataclass(slots=True)
class Cutter:
    """Cuts blocks and remembers which street ends where, so that it may run on."""

    net: Net
    names: Names
    _ends: dict[int, _End] = field(default_factory=dict)

    def cut(self, ring: Ring, grain: Grain, rng: np.random.Generator) -> Iterator[Ring]:
        """Draw the streets and lanes of a block and return its parcels."""
        waiting = [(ring, 0)]
        while waiting:
            part, depth = waiting.pop()
            wanted = grain.parcel_m2 * float(np.exp(grain.spread * rng.standard_normal()))
            halves = self._halve(part, depth, grain, rng) if self.area(part) > 1.6 * wanted else None
            if halves is None:
                yield part
            else:
                waiting += [(half, depth + 1) for half in halves]

    def area(self, ring: Ring) -> float:
        """Return the area of a ring, square metres."""
        x, y = self.net.x, self.net.y
        nodes = [piece.node for piece in ring]
        return sum(x[a] * y[b] - x[b] * y[a] for a, b in zip(nodes, nodes[1:] + nodes[:1], strict=True)) / 2

    def _halve(self, ring: Ring, depth: int, grain: Grain, rng: np.random.Generator) -> tuple[Ring, Ring] | None:
        """Cut a ring across its length; None where no fair cut is found."""
        points = [(self.net.x[piece.node], self.net.y[piece.node]) for piece in ring]
        (ux, uy), low, high, breadth = _long_axis(points)
        if high - low < 34 or breadth < 16:
            return None
        draw = rng.random(4)
        along = low + (high - low) * (0.5 + grain.drift * (2 * draw[0] - 1))
        skew = grain.skew * (2 * draw[1] - 1)
        nx, ny = ux * cos(skew) - uy * sin(skew), ux * sin(skew) + uy * cos(skew)
        cx = sum(p[0] for p in points) / len(points)
        cy = sum(p[1] for p in points) / len(points)
        offset = along - (cx * ux + cy * uy)
        level = (cx + ux * offset) * nx + (cy + uy * offset) * ny
        ends = _crossings(points, (nx, ny), level, (cx + ux * offset, cy + uy * offset))
        if ends is None:
            return None
        first, second = (self._end(ring, k, at) for k, at in ends)
        if first[0] == second[0]:
            return None
        return self._split(ring, first, second, depth, grain, rng)

    def _end(self, ring: Ring, k: int, at: tuple[float, float]) -> tuple[int, int]:
        """Return the node in which a cut ends on piece k, and k; an existing end nearby is met."""
        net, piece, after = self.net, ring[k], ring[(k + 1) % len(ring)]
        length = hypot(net.x[after.node] - net.x[piece.node], net.y[after.node] - net.y[piece.node])
        node = net.put_into(piece.line, *at, snap=min(22.0, 0.3 * length))
        return node, k

    def _split(
        self,
        ring: Ring,
        first: tuple[int, int],
        second: tuple[int, int],
        depth: int,
        grain: Grain,
        rng: np.random.Generator,
    ) -> tuple[Ring, Ring] | None:
        """Draw the cut between two nodes on the border and return what lies on both sides of it."""
        (a, ka), (b, kb) = first, second
        net = self.net
        nodes = [piece.node for piece in ring]
        if (a not in nodes and not self._inside(ring, ka, a)) or (b not in nodes and not self._inside(ring, kb, b)):
            return None
        start, stop = _insert(ring, a, ka), None
        ring = start
        kb = next((k for k, piece in enumerate(ring) if piece.node == b), kb + (1 if kb > ka and a not in nodes else 0))
        ring = _insert(ring, b, kb)
        ia = next(k for k, piece in enumerate(ring) if piece.node == a)
        stop = next(k for k, piece in enumerate(ring) if piece.node == b)
        if min((stop - ia) % len(ring), (ia - stop) % len(ring)) < 2:
            return None
        if ring[ia].rank == ring[ia - 1].rank == 0 and ring[stop].rank == ring[stop - 1].rank == 0:
            return None  # a street must hang on something
        course = self._bowed(a, b, grain.bow * (2 * float(rng.random()) - 1))
        name, highway, rank = self._name(course, ring[ia].name or ring[stop].name, depth, grain, rng)
        net.way(course, highway=highway, **named(name))
        cut = list(pairwise(course))
        there = [Piece(u, (u, v), rank, name) for u, v in cut]
        back = [Piece(v, (u, v), rank, name) for u, v in reversed(cut)]
        turned = ring[ia:] + ring[:ia]
        gap = (stop - ia) % len(ring)
        return turned[:gap] + back, turned[gap:] + there

    def _inside(self, ring: Ring, k: int, node: int) -> bool:
        """Whether a node that was put into a line lies on this ring's part of it."""
        net, u, v = self.net, ring[k].node, ring[(k + 1) % len(ring)].node
        dx, dy = net.x[v] - net.x[u], net.y[v] - net.y[u]
        along = ((net.x[node] - net.x[u]) * dx + (net.y[node] - net.y[u]) * dy) / (dx * dx + dy * dy)
        return 0.02 < along < 0.98

    def _bowed(self, a: int, b: int, bow: float) -> list[int]:
        """Return the course from a to b: straight when short, with two points on an arc when long or bowed."""
        net = self.net
        dx, dy = net.x[b] - net.x[a], net.y[b] - net.y[a]
        length = hypot(dx, dy)
        if abs(bow) * length < 3 and length < 150:
            return [a, b]
        shares = (0.5,) if length < 60 else (1 / 3, 2 / 3)
        return [a, *(net.node(net.x[a] + dx * s - dy * bow * 4 * s * (1 - s), net.y[a] + dy * s + dx * bow * 4 * s * (1 - s))
                     for s in shares), b]  # fmt: skip

    def _name(
        self, course: list[int], parent: str, depth: int, grain: Grain, rng: np.random.Generator
    ) -> tuple[str, str, int]:
        """Return name, class and rank of a cut; a street that ends in the very same node goes on under its name."""
        net, a, b = self.net, course[0], course[-1]
        dx, dy = net.x[b] - net.x[a], net.y[b] - net.y[a]
        length = hypot(dx, dy)
        street = depth < grain.streets
        known = next(
            (
                there
                for end in (a, b)
                if (there := self._ends.get(end)) and there.goes_on(dx, dy, length, street=street)
            ),
            None,
        )
        if known:
            name, highway = known.name, known.highway
        elif street:
            name, highway = self.names.street(), "tertiary" if depth == 0 and length > 250 else "residential"
        else:
            name, highway = self.names.lane(parent) if rng.random() < grain.named_lanes else "", grain.lane
        total = length + (known.length if known else 0.0)
        self._ends[a] = self._ends[b] = _End(name, highway, (dx / length, dy / length), total, street)
        return name, highway, 2 if street else 1


def _insert(ring: Ring, node: int, k: int) -> Ring:
    """Return the ring with the node on piece k, unless it is a corner already."""
    if any(piece.node == node for piece in ring):
        return ring
    piece = ring[k]
    return [*ring[: k + 1], Piece(node, piece.line, piece.rank, piece.name), *ring[k + 1 :]]


def _long_axis(points: list[tuple[float, float]]) -> tuple[tuple[float, float], float, float, float]:
    """Return the direction of the longer side of the smallest box around the points, its extent along it, its breadth."""
    best: tuple[float, tuple[float, float], float, float, float] | None = None
    sides = [(bx - ax, by - ay) for (ax, ay), (bx, by) in zip(points, points[1:] + points[:1], strict=True)]
    sides.sort(key=lambda side: -hypot(*side))
    for dx, dy in sides[:_SIDES_TRIED]:
        length = hypot(dx, dy)
        ux, uy = dx / length, dy / length
        along = [x * ux + y * uy for x, y in points]
        across = [y * ux - x * uy for x, y in points]
        low, high, left, right = min(along), max(along), min(across), max(across)
        long, wide = high - low, right - left
        if best is None or long * wide < best[0]:
            best = (
                (long * wide, (ux, uy), low, high, wide)
                if long >= wide
                else (long * wide, (-uy, ux), left, right, long)
            )
    return best[1:] if best else ((1.0, 0.0), 0.0, 0.0, 0.0)


def _crossings(
    points: list[tuple[float, float]], normal: tuple[float, float], level: float, near: tuple[float, float]
) -> tuple[tuple[int, tuple[float, float]], tuple[int, tuple[float, float]]] | None:
    """Return the two crossings of the line with the ring that enclose the point `near`: number of the piece, and point."""
    nx, ny = normal
    side = [x * nx + y * ny - level for x, y in points]
    found = []
    for k, here in enumerate(side):
        there = side[(k + 1) % len(side)]
        if (here < 0) != (there < 0):
            share = here / (here - there)
            (ax, ay), (bx, by) = points[k], points[(k + 1) % len(points)]
            x, y = ax + (bx - ax) * share, ay + (by - ay) * share
            found.append((y * nx - x * ny, k, (x, y)))
    found.sort()
    at = near[1] * nx - near[0] * ny
    for (low, k, p), (high, m, q) in zip(found[::2], found[1::2], strict=False):
        if low <= at <= high or len(found) == 2:
            return (k, p), (m, q)
    return None
