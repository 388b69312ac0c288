"""Rows of houses along lanes, and rows of shops with flats above them along streets."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from fieldops.city.synth.estates import inset, outlines
from fieldops.city.synth.land import Parcel
from fieldops.city.synth.net import Net
from fieldops.city.synth.plane import FloatArray


@dataclass(frozen=True, slots=True)
class Row:
    """Buildings in a row along a road: metres from its middle line, depth, longest front, floors, share that is built."""

    building: str
    offset: float
    depth: float
    longest: float
    floors: tuple[int, int]
    density: float
    least_rank: int


ROWS = (
    Row("house", 3.5, 11.0, 42.0, (3, 5), 0.95, 1),
    Row("house", 17.0, 11.0, 42.0, (2, 4), 0.75, 1),
    Row("apartments", 7.0, 13.0, 46.0, (5, 7), 0.80, 2),
)


def _rows(net: Net, pieces: list[tuple[int, int, int]], row_kind: Row) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return rectangles (n, 4, 2) along pieces of border (parcel, from node, to node), and the parcel of each."""
    x, y, offset, depth = np.array(net.x), np.array(net.y), row_kind.offset, row_kind.depth
    table = np.array(pieces, dtype=np.int64).reshape(-1, 3)
    a = np.column_stack([x[table[:, 1]], y[table[:, 1]]])
    b = np.column_stack([x[table[:, 2]], y[table[:, 2]]])
    length = np.hypot(*(b - a).T)
    usable = length - 2 * (offset + depth * 0.6)
    kept = usable > 11
    table, a, b, length, usable = table[kept], a[kept], b[kept], length[kept], usable[kept]
    count = np.ceil(usable / row_kind.longest).astype(int)
    row = np.repeat(np.arange(len(table)), count)
    number = np.arange(row.size) - np.repeat(np.cumsum(count) - count, count)
    along = (b - a) / length[:, None]
    inward = np.column_stack([-along[:, 1], along[:, 0]])
    step = usable / count
    start = offset + depth * 0.6 + number * step[row] + 1
    end = start + step[row] - 2
    near = a[row] + inward[row] * offset
    far = near + inward[row] * depth
    rectangles = np.stack([near + along[row] * start[:, None], near + along[row] * end[:, None],
                           far + along[row] * end[:, None], far + along[row] * start[:, None]], axis=1)  # fmt: skip
    return rectangles, table[row, 0]


def _ways_in(net: Net) -> NDArray[np.object_]:
    """Return the ways through gates as strips that stay free, metres."""
    steps = [step for way in net.ways if way.tags.get("highway") == "service" for step in pairwise(way.nodes)]
    x, y, ends = np.array(net.x), np.array(net.y), np.array(steps, dtype=np.int64).reshape(-1, 2)
    lines = shapely.linestrings(np.stack([np.column_stack([x[ends[:, k]], y[ends[:, k]]]) for k in (0, 1)], axis=1))
    return np.asarray(shapely.buffer(lines, 3.0, quad_segs=1), dtype=object)


def _free(
    rectangles: FloatArray, owner: NDArray[np.int64], ground: NDArray[np.object_], kept_free: NDArray[np.object_]
) -> NDArray[np.bool_]:
    """Return which rectangles lie in their parcel, on no way in, and overlap none that comes before them."""
    shapely.prepare(ground)
    free = np.ones(owner.size, bool)
    for k in range(4):
        free &= shapely.contains_xy(ground[owner], rectangles[:, k, 0], rectangles[:, k, 1])
    shapes = np.asarray(shapely.polygons(rectangles[free]), dtype=object)
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    taken = np.zeros(shapes.size, bool)
    taken[shapely.STRtree(kept_free).query(shapes, predicate="intersects")[0]] = True
    for i, j in zip(left[left < right].tolist(), right[left < right].tolist(), strict=True):
        taken[j] |= not taken[i]
    free[np.flatnonzero(free)[taken]] = False
    return free


def build_rows(
    net: Net, parcels: list[Parcel], fronts: frozenset[int], rng: np.random.Generator
) -> tuple[FloatArray, list[dict[str, str]]]:
    """
    Return the buildings that stand in rows along lanes (houses) and along streets (shops with flats above).

    Parameters
    ----------
    net
        The drawing, read only.
    parcels
        All parcels; houses stand where the use is `houses`.
    fronts
        Numbers of the parcels that leave room for a row of shops before their wall.
    rng
        Generator that decides floors and gaps.

    Returns
    -------
    tuple
        Corners in metres, shape (n, 4, 2), and the tags of each building.
    """
    corners, tags, kept_free = [], [], _ways_in(net)
    for row in ROWS:
        pieces = []
        for k, parcel in enumerate(parcels):
            if (parcel.use == "houses") if row.building == "house" else (k in fronts):
                pieces += [(k, piece.node, after.node) for piece, after in zip(
                    parcel.ring, parcel.ring[1:] + parcel.ring[:1], strict=True) if piece.rank >= row.least_rank]  # fmt: skip
        if not pieces:
            continue
        rectangles, owner = _rows(net, pieces, row)
        chosen, owner = np.unique(owner, return_inverse=True)
        ground = inset(outlines(net, [parcels[k] for k in chosen.tolist()]), np.full(chosen.size, 2.0))
        kept = _free(rectangles, owner, ground, kept_free) & (rng.random(owner.size) < row.density)
        if row is ROWS[0]:  # the second row stands behind the first
            kept_free = np.concatenate([kept_free, np.asarray(shapely.polygons(rectangles[kept]), dtype=object)])
        floors = rng.integers(row.floors[0], row.floors[1] + 1, int(kept.sum()))
        corners.append(rectangles[kept])
        tags += [{"building": row.building, "building:levels": str(storeys)} for storeys in floors.tolist()]
    return (np.concatenate(corners) if corners else np.empty((0, 4, 2))), tags
