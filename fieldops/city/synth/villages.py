"""Villages of a made-up city: a main street that leaves the nearest road, and lanes to both sides of it."""

from itertools import pairwise
from math import cos, pi, sin

import numpy as np
import shapely
from numpy.typing import NDArray

from fieldops.city.synth.blocks import Cutter, Piece, Ring
from fieldops.city.synth.growth import Growth
from fieldops.city.synth.land import VILLAGE_GRAIN, District, Parcel
from fieldops.city.synth.lattice import Lattice
from fieldops.city.synth.names import Names
from fieldops.city.synth.net import Line, Net
from fieldops.city.synth.plane import FloatArray
from fieldops.city.synth.roads import named

_LARGEST_M = 210.0
_APART_M = 2 * _LARGEST_M + 20  # farther apart, two villages cannot touch
_NO_WALKING = ("motorway", "motorway_link", "service", "footway")


def village_sites(net: Net, lattice: Lattice, parcels: list[Parcel], rng: np.random.Generator) -> FloatArray:
    """Return where villages may lie, shape (n, 2), metres: parcels kept for them, rural cells, and the open country."""
    kept = [np.mean([(net.x[piece.node], net.y[piece.node]) for piece in parcel.ring], axis=0)
            for parcel in parcels if parcel.use == "village"]  # fmt: skip
    a, b = np.nonzero(lattice.growth == Growth.RURAL)
    rural = np.column_stack([lattice.x[2 * a + 1, 2 * b + 1], lattice.y[2 * a + 1, 2 * b + 1]])
    rural += rng.uniform(-280, 280, rural.shape)
    rural = rural[rng.random(len(rural)) < 0.7]
    reach = 1.25 * float(np.hypot(*rural.T).max(initial=1_000.0))
    far = rng.uniform(-reach, reach, (len(rural), 2))  # those near a highway will find their road
    return np.concatenate([np.array(kept).reshape(-1, 2), rural, far])


def _roads(net: Net) -> tuple[list[Line], shapely.STRtree]:
    """Return the lines of all roads drawn so far, and a tree of them."""
    lines = [line for way in net.ways if way.tags.get("highway", "service") not in _NO_WALKING and "bridge" not in way.tags
             for line in pairwise(way.nodes)]  # fmt: skip
    ends = np.array(lines)
    x, y = np.array(net.x), np.array(net.y)
    points = np.stack([np.column_stack([x[ends[:, k]], y[ends[:, k]]]) for k in (0, 1)], axis=1)
    return lines, shapely.STRtree(np.asarray(shapely.linestrings(points), dtype=object))


def lay_villages(
    net: Net, cutter: Cutter, sites: FloatArray, barriers: NDArray[np.object_], names: Names, rng: np.random.Generator
) -> list[Parcel]:
    """
    Draw a village at each site that has room and a road within 900 m; return its parcels, all of them houses.

    Parameters
    ----------
    net, cutter
        The drawing and what cuts streets into it.
    sites
        Where villages may lie, shape (n, 2), metres.
    barriers
        Ground that no village street crosses: waters, rails, motorways.
    names
        The town's book of names.
    rng
        Generator that decides.
    """
    if not len(sites):
        return []
    lines, tree = _roads(net)
    blocked = shapely.STRtree(barriers)
    points = np.asarray(shapely.points(sites), dtype=object)
    nearest = tree.nearest(points)
    room = shapely.distance(points, tree.geometries[nearest])
    clear = shapely.distance(points, blocked.geometries[blocked.nearest(points)])
    radius = np.minimum(np.minimum(rng.uniform(95, _LARGEST_M, len(sites)), room - 12), clear - 25)
    found: list[Parcel] = []
    done: dict[tuple[int, int], list[tuple[float, float, float]]] = {}
    for k in np.flatnonzero((radius > 62) & (room < 900)).tolist():
        x, y, size = float(sites[k, 0]), float(sites[k, 1]), float(radius[k])
        road = tree.geometries[nearest[k]]
        foot = shapely.line_interpolate_point(road, shapely.line_locate_point(road, points[k]))
        path = shapely.LineString([(x, y), (foot.x, foot.y)])
        column, row = int(x // _APART_M), int(y // _APART_M)
        near = [v for a in (-1, 0, 1) for b in (-1, 0, 1) for v in done.get((column + a, row + b), ())]
        crowded = any((x - p) ** 2 + (y - q) ** 2 < (size + r + 20) ** 2 for p, q, r in near)
        if crowded or len(blocked.query(path, predicate="intersects")):
            continue
        done.setdefault((column, row), []).append((x, y, size))
        gate = net.put_into(lines[nearest[k]], foot.x, foot.y, snap=8.0)
        name = names.village()
        net.node(x, y, {"place": "village", **{t.replace("__", ":"): v for t, v in named(name).items()}})
        for half in _main_street(net, (x, y), size, gate, f"{name}路" if rng.random() < 0.5 else "", rng):
            found += [Parcel(tuple(part), "houses", District.URBAN_VILLAGE, 0.0, cutter.area(part))
                      for part in cutter.cut(half, VILLAGE_GRAIN, rng)]  # fmt: skip
    return found


def _main_street(
    net: Net, at: tuple[float, float], size: float, gate: int, name: str, rng: np.random.Generator
) -> tuple[Ring, Ring]:
    """Draw the street from the road through the middle of the village; return the two halves beside it."""
    start = float(np.arctan2(net.y[gate] - at[1], net.x[gate] - at[0]))
    radii = size * rng.uniform(0.78, 1.0, 8)
    rim = [
        net.node(at[0] + radii[k] * cos(start + k * pi / 4), at[1] + radii[k] * sin(start + k * pi / 4))
        for k in range(8)
    ]
    bend = rng.uniform(-0.12, 0.12, 2) * size
    middle = net.node(
        at[0] - bend[0] * sin(start) + bend[1] * cos(start), at[1] + bend[0] * cos(start) + bend[1] * sin(start)
    )
    net.way([gate, rim[0], middle, rim[4]], highway="unclassified", **named(name))
    street = [Piece(rim[0], (rim[0], middle), 2, name), Piece(middle, (middle, rim[4]), 2, name)]
    back = [Piece(rim[4], (middle, rim[4]), 2, name), Piece(middle, (rim[0], middle), 2, name)]
    edge = [Piece(rim[k], (rim[k], rim[(k + 1) % 8]), 0, "") for k in range(8)]
    return edge[:4] + back, street + edge[4:]
