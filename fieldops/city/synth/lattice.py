"""
The bones of a made-up city: which main roads, waters and rails run where, and how far the town has grown.

Everything is decided on a square lattice of lines (column i, row j), which `Warp` bends afterwards. Lines have a
level: 2 for every fourth (avenues), 1 for every other (main streets), 0 for the rest. Fine cells lie between
neighbouring lines, medium cells between lines of level 1, coarse cells between lines of level 2; outside the town the
lower lines are missing, so that every cell that remains is a whole block.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fieldops.city.synth.growth import Growth, cells_for, grow
from fieldops.city.synth.plane import FloatArray, Warp


class Kind(IntEnum):
    """What runs along an edge of the lattice."""

    NONE = 0
    ROAD = 1
    AVENUE = 2  # two carriageways
    RIVER = 3
    CREEK = 4
    RAIL = 5
    MOTORWAY = 6


HALF_WIDTH = {Kind.NONE: 0.0, Kind.ROAD: 0.0, Kind.AVENUE: 11.0, Kind.RIVER: 125.0, Kind.CREEK: 27.0, Kind.RAIL: 24.0,
              Kind.MOTORWAY: 34.0}  # fmt: skip
WATER = (Kind.RIVER, Kind.CREEK)


@dataclass(frozen=True, slots=True)
class Edge:
    """
    One edge of the lattice between the nodes `a` and `b` (numbers i * size + j).

    `line` names the line it belongs to (`r` row, `c` column, `up` and `down` diagonals, and its number), `place` its
    position along that line; `middle` holds the points (x, y) between the ends, metres; `left` and `right` say whether
    anybody lives on that side, so that a water has a road along it there.
    """

    a: int
    b: int
    kind: Kind
    level: int
    highway: str
    line: tuple[str, int]
    place: int
    middle: tuple[tuple[float, float], ...]
    left: bool
    right: bool
    ring: int  # number of the ring road, counted from the old town, 0 for no ring


@dataclass(frozen=True, slots=True)
class Lattice:
    """
    The bones of a city.

    `x`, `y` are the nodes in the plane, shape (size, size), metres. `growth` and `score` are by medium cell; the score
    is the distance from the centre as growth feels it, 0 in the centre and 1 where the town ends. `crossed` are the
    nodes where a road crosses water, rail or motorway. `lines` gives the row of river and rail and the column of creek
    and motorway, where there is one.
    """

    size: int
    x: FloatArray
    y: FloatArray
    growth: NDArray[np.int8]
    score: FloatArray
    edges: tuple[Edge, ...]
    crossed: frozenset[int]
    centre: int
    lines: dict[str, int]
    turn: float
    old_radius_m: float
    subcentres: tuple[tuple[float, float], ...]


class _Draft:
    """The sheet while lines are laid over it; `kind[d][i, j]` is the edge from node (i, j) in direction d."""

    STEP: ClassVar = {"r": ((0, 0), (1, 0)), "c": ((0, 0), (0, 1)), "up": ((0, 0), (1, 1)), "down": ((0, 1), (1, 0))}

    def __init__(self, rng: np.random.Generator, cells: dict[Growth, int]) -> None:
        self.rng = rng
        total = sum(cells.values())
        medium = 2 * int(np.ceil(0.5 * (1.25 * np.sqrt(total) + 3)))
        self.size = n = 2 * medium + 1
        self.centre = c = medium
        self.reach = max(3, round(np.sqrt(cells[Growth.URBAN] * 4 / np.pi)))  # fine cells from centre to edge of town
        away = int(rng.choice([-1, 1]))
        self.lines = {"river": c + 2 * away, "rail": c - away * max(4, 2 * round(0.3 * self.reach))}
        side = int(rng.choice([-1, 1]))
        if total > 60:
            self.lines["creek"] = c + side * max(4, 2 * round(0.22 * self.reach))
        self.lines["motorway"] = min(max(c - side * 2 * (round(0.62 * self.reach) + 1), 2), n - 3)
        self.kind = {d: np.zeros((n, n), np.int8) for d in self.STEP}
        self.highway: dict[str, NDArray[np.str_]] = {d: np.full((n, n), "", "<U12") for d in self.STEP}
        self.ring = {d: np.zeros((n, n), np.int8) for d in self.STEP}
        self.turn = float(rng.uniform(-0.3, 0.3) + rng.integers(4) * np.pi / 2)
        self.u, self.v = self._sheet()
        self.warp = Warp(rng, river_v=float(self.v[c, self.lines["river"]]), turn=self.turn)
        self.x, self.y = self.warp(self.u, self.v)

    def _sheet(self) -> tuple[FloatArray, FloatArray]:
        """Return the nodes on the straight sheet: spacings that vary and grow outwards, lines that waver a little."""
        n, c, rng = self.size, self.centre, self.rng
        at = []
        for across in ("u", "v"):
            gap = (300 + 150 * np.minimum(np.abs(np.arange(n - 1) + 0.5 - c) / 14, 1)) * rng.uniform(0.78, 1.28, n - 1)
            for name in ("river", "rail") if across == "v" else ("creek", "motorway"):
                line = self.lines.get(name)
                if line is not None:
                    width = HALF_WIDTH[Kind[name.upper()]]
                    gap[max(line - 1, 0)] += width
                    gap[min(line, n - 2)] += width
            place = np.concatenate([[0.0], np.cumsum(gap)])
            at.append(place - place[c])
        u, v = np.meshgrid(at[0], at[1], indexing="ij")
        waver = [26 * np.sin(2 * np.pi * along / rng.uniform(1_400, 3_800, n) + rng.uniform(0, 7, n))
                 for along in (v.T, u)]  # fmt: skip
        odd = (np.arange(n) - c) % 2 == 1
        jitter = rng.uniform(-20, 20, (2, n, n)) * (odd[:, None] | odd[None, :])
        return u + waver[0].T + jitter[0], v + waver[1] + jitter[1]

    def lay(self, direction: str, where: Any, kind: Kind, highway: str, ring: int = 0) -> None:
        """Lay one kind of line over the edges of one direction."""
        self.ring[direction][where] = ring
        self.kind[direction][where] = kind
        self.highway[direction][where] = highway

    def level(self, number: int) -> int:
        """Return the level of a line."""
        away = (number - self.centre) % 4
        return 2 if away == 0 else 1 if away == 2 else 0


def _both_sides(growth: NDArray[np.int8], size: int, direction: str) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Return the growth on the left and on the right of each edge of one direction, shape (size, size)."""
    fine = np.zeros((size + 1, size + 1), np.int8)
    fine[1:size, 1:size] = np.repeat(np.repeat(growth, 2, axis=0), 2, axis=1)
    here = fine[1:, 1:]  # the cell above and to the right of node (i, j)
    return (here, fine[1:, :-1]) if direction == "r" else (fine[:-1, 1:], here)


def _lay_grid(draft: _Draft, growth: NDArray[np.int8]) -> None:
    """Lay the roads of the grid where the town has grown, and make avenues of the main ones."""
    n, c = draft.size, draft.centre
    level = np.array([draft.level(k) for k in range(n)])
    middle = np.abs(np.arange(n) - c)
    for direction in ("r", "c"):
        left, right = _both_sides(growth, n, direction)
        most, least = np.maximum(left, right), np.minimum(left, right)
        of_line = level[None, :] if direction == "r" else level[:, None]
        away = np.maximum(middle[:, None], middle[None, :])
        present = np.select(
            [of_line == 2, of_line == 1], [most >= Growth.RURAL, most >= Growth.SUBURB], least == Growth.URBAN
        )
        along = np.arange(n)[:, None] if direction == "r" else np.arange(n)[None, :]
        present &= along < n - 1
        broad = np.broadcast_to((draft.rng.random(n) < 0.34)[None, :] if direction == "r"
                                else (draft.rng.random(n) < 0.34)[:, None], (n, n))  # fmt: skip
        axis = np.broadcast_to((middle == 0)[None, :] if direction == "r" else (middle == 0)[:, None], (n, n))
        avenue = (of_line == 2) & (most >= Growth.SUBURB) & ((away > 2) | axis)
        avenue |= (of_line == 1) & broad & (most == Growth.URBAN) & (away > 2)
        highway = np.broadcast_to(np.select([of_line == 2, of_line == 1], ["primary", "secondary"], "tertiary"), (n, n))
        for kind, where in ((Kind.ROAD, present & ~avenue), (Kind.AVENUE, present & avenue)):
            draft.kind[direction][where] = kind
            draft.highway[direction][where] = highway[where]
        out = axis & (along < n - 1) & (most < Growth.SUBURB)  # to the next towns
        draft.lay(direction, out, Kind.ROAD, "trunk")


def _lay_rings(draft: _Draft) -> None:
    """Lay ring roads with cut corners, the innermost around the old town."""
    c, aways = draft.centre, [2]
    while aways[-1] + 4 <= draft.reach:
        aways.append(2 * round((aways[-1] + min(max(4, draft.reach / 2.2), 10)) / 2))
    for ring, away in enumerate(aways, start=1):
        low, high, cut = c - away, c + away, 2 if away >= 6 else 0
        if low < 2 or high > draft.size - 3:
            continue
        highway = "primary" if ring == 1 else "trunk"
        span = slice(low + cut, high - cut)
        pieces: list[tuple[str, Any]] = [
            ("r", (span, low)),
            ("r", (span, high)),
            ("c", (low, span)),
            ("c", (high, span)),
        ]
        for k in range(cut):
            pieces += [("down", (low + k, low + cut - 1 - k)), ("down", (high - cut + k, high - 1 - k)),
                       ("up", (low + k, high - cut + k)), ("up", (high - cut + k, low + k))]  # fmt: skip
        for direction, where in pieces:
            draft.lay(direction, where, Kind.AVENUE, highway, ring)


def _lay_highways(draft: _Draft, growth: NDArray[np.int8]) -> None:
    """Lay highways to the next towns, leaving the old ring at its corners and cutting across the blocks."""
    c, n = draft.centre, draft.size
    toward_river = 1 if draft.lines["river"] > c else -1
    corners = [(sx, sy) for sx in (-1, 1) for sy in (-1, 1)]
    chosen = [corners[k] for k in draft.rng.permutation(4)[: 2 if n < 40 else 3]]
    for sx, sy in chosen:
        for k in range(4 if sy == toward_river else 2, c):
            i, j = c + sx * k - (sx < 0), c + sy * k - (sy < 0)
            built = growth[min(i // 2, n // 2 - 1), min(j // 2, n // 2 - 1)] >= Growth.SUBURB
            direction = "up" if sx == sy else "down"
            if draft.kind["up"][i, j] or draft.kind["down"][i, j]:
                continue  # a ring cuts its corner here
            draft.lay(direction, (i, j), Kind.AVENUE if built else Kind.ROAD, "primary" if built else "trunk")


def _lay_barriers(draft: _Draft) -> None:
    """Lay river, creek, rail and motorway over everything."""
    n, lines = draft.size, draft.lines
    draft.lay("r", (slice(0, n - 1), lines["rail"]), Kind.RAIL, "")
    if "creek" in lines:
        span = slice(lines["river"], n - 1) if lines["river"] < draft.centre else slice(0, lines["river"])
        draft.lay("c", (lines["creek"], span), Kind.CREEK, "tertiary")
    draft.lay("c", (lines["motorway"], slice(0, n - 1)), Kind.MOTORWAY, "")
    draft.lay("r", (slice(0, n - 1), lines["river"]), Kind.RIVER, "secondary")


def _join_cells(draft: _Draft, growth: NDArray[np.int8], score: FloatArray) -> None:
    """Take out some lowest lines inside medium cells, so that blocks differ in size and roads end in a T."""
    draws = draft.rng.random((*growth.shape, 2))
    for a, b in np.argwhere(growth == Growth.URBAN).tolist():
        i, j = 2 * a, 2 * b
        if any(draft.kind[d][i : i + 2, j : j + 2].any() for d in ("up", "down")):
            continue
        draw, pick = draws[a, b]
        inside = [("r", i, j + 1), ("r", i + 1, j + 1), ("c", i + 1, j), ("c", i + 1, j + 1)]
        loose = 0.15 if score[a, b] < 0.3 else 0.62
        if draw < loose * 0.55:
            removed = [inside[int(pick * 4)]]
        elif draw < loose:
            removed = inside[:2] if pick < 0.5 else inside[2:]
        else:
            continue
        for d, p, q in removed:
            if draft.kind[d][p, q] == Kind.ROAD:
                draft.lay(d, (p, q), Kind.NONE, "")


def _thin_out(draft: _Draft, growth: NDArray[np.int8]) -> None:
    """Take out many country roads, then every road that leads nowhere or hangs on nothing."""
    n, rng = draft.size, draft.rng
    for direction in ("r", "c"):
        left, right = _both_sides(growth, n, direction)
        empty = np.maximum(left, right) <= Growth.RURAL
        piece = (np.arange(n) - draft.centre) // 4
        keep = rng.random((n, n))  # one draw for a whole piece between two lines of level 2
        drawn = (
            keep[piece[:, None] % n, np.arange(n)[None, :]]
            if direction == "r"
            else keep[np.arange(n)[:, None], piece[None, :] % n]
        )
        country = empty & (drawn < 0.4) & (draft.highway[direction] == "primary") & (draft.ring[direction] == 0)
        draft.lay(direction, country & (draft.kind[direction] == Kind.ROAD), Kind.NONE, "")
    while True:
        degree = np.zeros((n, n), int)
        for d, (a, b) in draft.STEP.items():
            for i, j in np.argwhere(draft.kind[d] > 0):
                degree[i + a[0], j + a[1]] += 1
                degree[i + b[0], j + b[1]] += 1
        removed = 0
        for d, (a, b) in draft.STEP.items():
            for i, j in np.argwhere((draft.kind[d] == Kind.ROAD) & (draft.highway[d] != "trunk")):
                if degree[i + a[0], j + a[1]] == 1 or degree[i + b[0], j + b[1]] == 1:
                    draft.lay(d, (i, j), Kind.NONE, "")
                    removed += 1
        if not removed:
            return


def _cross(draft: _Draft) -> frozenset[int]:
    """Return the nodes where a road crosses water, rail or motorway; rivers have few bridges."""
    n, lines, rng = draft.size, draft.lines, draft.rng
    crossed: set[int] = set()
    road = (Kind.ROAD, Kind.AVENUE)
    share = {"river": (0.0, 0.22, 0.85), "rail": (0.1, 0.4, 1.0), "creek": (0.5, 0.9, 1.0), "motorway": (0.0, 0.5, 1.0)}
    for name, line in lines.items():
        row = name in ("river", "rail")
        for k in range(1, n - 1):
            i, j = (k, line) if row else (line, k)
            straight = draft.kind["c"][i, j] in road and draft.kind["c"][i, j - 1] in road
            if not row:
                straight = draft.kind["r"][i, j] in road and draft.kind["r"][i - 1, j] in road
            askew = (draft.kind["up"][i, j] in road and draft.kind["up"][i - 1, j - 1] in road) or (
                draft.kind["down"][i - 1, j] in road and draft.kind["down"][i, j - 1] in road
            )
            if (straight and (rng.random() < share[name][draft.level(k)] or k == draft.centre)) or askew:
                crossed.add(i * n + j)
    return frozenset(crossed)


def _edges(draft: _Draft, growth: NDArray[np.int8]) -> tuple[Edge, ...]:
    """Return the edges that were laid, each with its bent course."""
    n = draft.size
    found: list[Edge] = []
    for d, ((ai, aj), (bi, bj)) in draft.STEP.items():
        i, j = np.nonzero(draft.kind[d])
        ua, va, ub, vb = (
            draft.u[i + ai, j + aj],
            draft.v[i + ai, j + aj],
            draft.u[i + bi, j + bj],
            draft.v[i + bi, j + bj],
        )
        share = np.array([0.25, 0.5, 0.75])[:, None]
        mx, my = draft.warp(ua + (ub - ua) * share, va + (vb - va) * share)
        left, right = _both_sides(growth, n, d if d in ("r", "c") else "r")
        lived = [side >= Growth.SUBURB if d in ("r", "c") else np.ones((n, n), bool) for side in (left, right)]
        line = {"r": j, "c": i, "up": i - j, "down": i + j}[d]
        place = j if d == "c" else i
        for e in range(i.size):
            p, q = int(i[e]), int(j[e])
            level = 2 if d in ("up", "down") else draft.level(int(line[e]))
            middle = tuple((float(mx[k, e]), float(my[k, e])) for k in range(3))
            found.append(Edge((p + ai) * n + q + aj, (p + bi) * n + q + bj, Kind(int(draft.kind[d][p, q])), level,
                              str(draft.highway[d][p, q]), (d, int(line[e])), int(place[e]), middle,
                              bool(lived[0][p, q]), bool(lived[1][p, q]), int(draft.ring[d][p, q])))  # fmt: skip
    return tuple(found)


def make_lattice(streets: float, rng: np.random.Generator, *, fill: float = 1.0) -> Lattice:
    """
    Return the bones of a city for about so many streets.

    Parameters
    ----------
    streets
        Streets wanted as the importer counts them, >= 100; met to about 25 %.
    rng
        Generator that decides everything.
    fill
        Share of the cells for that many streets that are built: moves the edge of the town and little else.
    """
    planned, cells = cells_for(streets), cells_for(streets * fill)
    draft = _Draft(rng, planned)
    growth, score, subcentres = grow(draft.x, draft.y, draft.lines["river"], planned, cells, rng)
    _lay_grid(draft, growth)
    _lay_rings(draft)
    _lay_highways(draft, growth)
    _join_cells(draft, growth, score)
    _thin_out(draft, growth)
    _lay_barriers(draft)
    crossed = _cross(draft)
    edge = float(np.sqrt(planned[Growth.URBAN] * 0.55 / np.pi) * 1_000)
    return Lattice(draft.size, draft.x, draft.y, growth, score, _edges(draft, growth), crossed, draft.centre,
                   draft.lines, draft.turn, float(np.clip(0.24 * edge, 420, 1_000)), subcentres)  # fmt: skip
