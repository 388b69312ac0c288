"""
Compounds (小区): blocks of homes claimed as a whole, from the map's residential areas or from homes off every street.

In Chinese towns 17-83 % of the homes stand more than 50 m from any named street; a plan of streets alone misses them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from fieldops.city.metres import Plane
from fieldops.city.raw import FloatArray, IntArray, RawMap
from fieldops.city.streets import components
from fieldops.city.ways import CLAIM, CLOSED

FRONTAGE_M = 50.0
GATE_NEAR_M = 15.0
_SMALLEST_M2, _LARGEST_M2 = 1_500.0, 1_000_000.0
_NAMED_INSIDE_MOST_M = 60.0
_INSIDE_M = 10.0  # a border is often drawn along the middle of the street
_NEIGHBOURS_M = 80.0
_LEAST_PEOPLE = 15.0  # five households or so
_AROUND_M, _BACK_M = 45.0, 20.0
_SAMPLE_M = 40.0


@dataclass(frozen=True, slots=True)
class Compounds:
    """Compounds in metres: `frame` has `name`, `ways` (what they are made of in the source) and `shape` (Polygon)."""

    frame: pd.DataFrame

    @property
    def shapes(self) -> np.ndarray:
        """Return the polygons."""
        return self.frame["shape"].to_numpy(object)

    def holding(self, points: np.ndarray) -> IntArray:
        """Return for each point the number of the compound it lies in, -1 for none."""
        return holding(self.shapes, points)


def make_compounds(names: list[str], ways: list[str], shapes: Sequence[shapely.Geometry]) -> Compounds:
    """Return compounds of these names, source ids and polygons, in this order."""
    drawn = np.empty(len(shapes), dtype=object)
    drawn[:] = shapes
    return Compounds(pd.DataFrame({
        "name": pd.Series(names, dtype=object), "ways": pd.Series(ways, dtype=object), "shape": drawn
    }))  # fmt: skip


def find_mapped(
    raw: RawMap, plane: Plane, segments: pd.DataFrame, homes: pd.DataFrame, *, chinese: bool
) -> tuple[Compounds, int]:
    """
    Return the residential areas of the map that are compounds, and how many are not.

    A residential area is a compound when no named public street runs through it. Outside China it must also hold a home
    that stands more than 50 m from every claimable street: there most residential areas are only a use of land, and
    their homes front the streets.
    """
    rows = np.flatnonzero(raw.areas["landuse"].to_numpy(object) == "residential")
    shapes = shapely.make_valid(plane.flatten(raw.area_shapes[rows])) if len(rows) else np.zeros(0, dtype=object)
    area = shapely.area(shapes)
    named = segments.loc[(segments["kind"] == CLAIM) & (segments["key"] >= 0), "line"].to_numpy(object)
    within = _length_within(shapely.buffer(shapes, -_INSIDE_M), named)
    good = (area >= _SMALLEST_M2) & (area <= _LARGEST_M2) & (within <= _NAMED_INSIDE_MOST_M)
    if not chinese:
        public = segments.loc[segments["kind"] == CLAIM, "line"].to_numpy(object)
        off = homes["point"].to_numpy(object)[distance_to(public, homes["shape"].to_numpy(object)) > FRONTAGE_M]
        holds = np.zeros(len(shapes), dtype=bool)
        if len(off) and len(shapes):
            holds[shapely.STRtree(shapes).query(off, predicate="within")[1]] = True
        good &= holds
    order = np.flatnonzero(good)[np.argsort(area[good], kind="stable")]  # the innermost of nested areas first
    after, before = shapely.STRtree(shapes[order]).query(shapes[order])
    inner: dict[int, list[int]] = {}
    for one, other in zip(after.tolist(), before.tolist(), strict=True):
        if other < one:
            inner.setdefault(one, []).append(other)
    found: list[int] = []
    polygons: list[shapely.Geometry] = []
    taken: dict[int, shapely.Geometry] = {}
    for number, row in enumerate(order.tolist()):
        nested = [taken[one] for one in inner.get(number, ()) if one in taken]
        rest = _largest(shapely.difference(shapes[row], shapely.union_all(nested)) if nested else shapes[row])
        if rest is not None and rest.area >= max(0.5 * area[row], _SMALLEST_M2):
            found.append(row)
            polygons.append(rest)
            taken[number] = rest
    tags = raw.areas.iloc[rows[found]]
    return make_compounds(list(tags["name"]), list(tags["id"]), polygons), len(rows) - len(found)


def derive(segments: pd.DataFrame, homes: pd.DataFrame, off: IntArray) -> tuple[Compounds, IntArray]:
    """
    Return compounds made of the homes that no street reaches, and for each of these homes its compound or -1.

    Homes of one block (enclosed by claimable streets) within 80 m of each other form a compound when about 15 people or
    more live there; fewer stay with the nearest street. Its polygon surrounds the homes by 25 m within the block.

    Parameters
    ----------
    off
        Rows of `homes` farther than 50 m from the frontage of every street and outside every mapped compound.
    """
    found = np.full(len(off), -1, dtype=np.int64)
    if not len(off):
        return make_compounds([], [], []), found
    shapes = homes["shape"].to_numpy(object)[off]
    points = homes["point"].to_numpy(object)[off]
    claim = segments.loc[segments["kind"] == CLAIM, "line"].to_numpy(object)
    blocks = shapely.get_parts(shapely.polygonize(claim))
    block = np.full(len(off), -1, dtype=np.int64)
    if len(blocks):
        inner, outer = shapely.STRtree(blocks).query(points, predicate="within")
        block[inner] = outer
    a, b = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=_NEIGHBOURS_M)
    same = block[a] == block[b]
    cluster = components(len(off), a[same], b[same])
    people = np.bincount(cluster, weights=homes["people"].to_numpy()[off])
    around = shapely.buffer(shapes, _AROUND_M)
    polygons: list[shapely.Polygon] = []
    made_of: list[str] = []
    for number in np.flatnonzero(people >= _LEAST_PEOPLE).tolist():
        rows = np.flatnonzero(cluster == number)
        hull = shapely.buffer(shapely.union_all(around[rows]), -_BACK_M)
        hull = hull if hull.geom_type == "Polygon" else shapely.convex_hull(shapely.union_all(around[rows]))
        if block[rows[0]] >= 0:
            within = shapely.intersection(hull, shapely.buffer(blocks[block[rows[0]]], -_INSIDE_M / 2))
            hull = within if within.geom_type == "Polygon" and not within.is_empty else hull
        found[rows] = len(polygons)
        polygons.append(shapely.Polygon(hull.exterior))
        made_of.append(" ".join(sorted(homes["id"].iloc[off[rows]])))
    return make_compounds([""] * len(polygons), made_of, polygons), found


def inside(compounds: Compounds, segments: pd.DataFrame) -> IntArray:
    """Return for each segment the compound that it runs inside of (its middle, 10 m from the border), -1 for none."""
    middle = shapely.line_interpolate_point(segments["line"].to_numpy(object), 0.5, normalized=True)
    return holding(shapely.buffer(compounds.shapes, -_INSIDE_M), middle)


def holding(shapes: np.ndarray, points: np.ndarray) -> IntArray:
    """Return for each point the number of the first polygon it lies in, -1 for none."""
    found = np.full(len(points), -1, dtype=np.int64)
    if len(shapes) and len(points):
        inner, outer = shapely.STRtree(shapes).query(points, predicate="within")
        found[inner[::-1]] = outer[::-1]
    return found


def find_gates(raw: RawMap, plane: Plane, compounds: Compounds, segments: pd.DataFrame) -> pd.DataFrame:
    """
    Return the gates of every compound, one at least.

    Mapped gates within 15 m of the border; else where a walkable way crosses it; else the street node nearest to it.

    Returns
    -------
    pd.DataFrame
        Columns `compound` (number), `node` (of the walkable graph, outside), `source` (map, path or nearest), `point`
        (metres); sorted by compound, its main gate first: the one on the biggest street.
    """
    if not len(compounds.frame):
        return _gate_frame(np.zeros(0), np.zeros(0), "map", np.zeros(0, dtype=object))
    open_ = segments[segments["kind"] != CLOSED]
    ends = pd.DataFrame({
        "node": np.concatenate([open_["u"].to_numpy(), open_["v"].to_numpy()]),
        "claim": np.tile((open_["kind"] == CLAIM).to_numpy(), 2),
        "point": np.concatenate([
            shapely.get_point(open_["line"].to_numpy(object), 0), shapely.get_point(open_["line"].to_numpy(object), -1)
        ]),
    }).sort_values(["node", "claim"], ascending=[True, False], kind="stable")  # fmt: skip
    ends = ends.drop_duplicates("node").reset_index(drop=True)
    ends = ends[compounds.holding(ends["point"].to_numpy(object)) < 0].reset_index(drop=True)
    shapes = compounds.shapes
    parts = [_mapped_gates(raw, plane, shapes, ends), _path_gates(shapes, segments)]
    have = set(parts[0]["compound"])
    parts[1] = parts[1][~parts[1]["compound"].isin(have)]
    left = np.setdiff1d(np.arange(len(shapes)), np.concatenate([part["compound"].to_numpy(int) for part in parts]))
    parts.append(_nearest_gates(shapes, left, ends))
    gates = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    on_street = gates["node"].isin(ends.loc[ends["claim"], "node"]).to_numpy()
    gates = gates.assign(off=~on_street).sort_values(["compound", "off", "node"], kind="stable")
    return gates.drop_duplicates(["compound", "node"]).drop(columns="off").reset_index(drop=True)


def _gate_frame(compound: np.ndarray, node: np.ndarray, source: str, point: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({
        "compound": np.asarray(compound, dtype=np.int64), "node": np.asarray(node, dtype=np.int64),
        "source": np.full(len(compound), source, dtype=object), "point": np.asarray(point, dtype=object),
    })  # fmt: skip


def _mapped_gates(raw: RawMap, plane: Plane, shapes: np.ndarray, ends: pd.DataFrame) -> pd.DataFrame:
    gate = np.isin(raw.points["barrier"].to_numpy(object), ("gate", "lift_gate", "swing_gate", "entrance"))
    gate |= np.isin(raw.points["entrance"].to_numpy(object), ("main", "gate"))
    points = plane.flatten(raw.point_shapes[gate]) if gate.any() else np.zeros(0, dtype=object)
    borders = shapely.boundary(shapes)
    if not len(points) or not len(shapes) or not len(ends):
        return _gate_frame(np.zeros(0), np.zeros(0), "map", np.zeros(0, dtype=object))
    which, compound = shapely.STRtree(borders).query(points, predicate="dwithin", distance=GATE_NEAR_M)
    places = ends["point"].to_numpy(object)
    _, nearest = shapely.STRtree(places).query_nearest(points[which], all_matches=False)
    return _gate_frame(compound, ends["node"].to_numpy()[nearest], "map", points[which])


def _path_gates(shapes: np.ndarray, segments: pd.DataFrame) -> pd.DataFrame:
    """Return where open ways leave a compound: one end 5 m inside its border, the other outside."""
    open_ = segments[segments["kind"] != CLOSED]
    lines = open_["line"].to_numpy(object)
    inner = shapely.buffer(shapes, -_INSIDE_M / 2)
    none = _gate_frame(np.zeros(0), np.zeros(0), "path", np.zeros(0, dtype=object))
    if not len(lines) or not len(shapes):
        return none
    row, compound = shapely.STRtree(inner).query(lines, predicate="crosses")
    first = shapely.within(shapely.get_point(lines[row], 0), inner[compound])
    last = shapely.within(shapely.get_point(lines[row], -1), inner[compound])
    leaves = first != last
    row, compound, first = row[leaves], compound[leaves], first[leaves]
    if not len(row):
        return none
    outside = np.where(first, open_["v"].to_numpy()[row], open_["u"].to_numpy()[row])
    crossing = shapely.intersection(lines[row], shapely.boundary(inner[compound]))
    return _gate_frame(compound, outside, "path", shapely.centroid(crossing))


def _nearest_gates(shapes: np.ndarray, left: IntArray, ends: pd.DataFrame) -> pd.DataFrame:
    doors = ends[ends["claim"]]
    if not len(left) or not len(doors):
        return _gate_frame(np.zeros(0), np.zeros(0), "nearest", np.zeros(0, dtype=object))
    places = doors["point"].to_numpy(object)
    _, nearest = shapely.STRtree(places).query_nearest(shapes[left], all_matches=False)
    line = shapely.shortest_line(shapes[left], places[nearest])
    return _gate_frame(left, doors["node"].to_numpy()[nearest], "nearest", shapely.get_point(line, 0))


def split_compound(
    shape: shapely.Polygon, points: np.ndarray, people: FloatArray, most: float
) -> tuple[list[shapely.Polygon], IntArray]:
    """
    Return the polygon cut into neighbouring parts of at most so many people, and the part of each point.

    Polygon and points are halved again and again, straight across the longer extent of the points, at half the people;
    so neighbouring homes stay together. A part that a bay of the polygon would tear apart is filled up to its convex
    hull; parts never overlap.

    Raises
    ------
    ValueError
        If one point alone holds more than `most` people.
    """
    if people.max(initial=0.0) > most:
        raise ValueError("one point holds more people than a part may")
    part = np.zeros(len(points), dtype=np.int64)
    xy = shapely.get_coordinates(points)
    polygons: list[shapely.Polygon] = []
    waiting: list[tuple[IntArray, list[float]]] = [(np.arange(len(points)), list(shape.bounds))]
    while waiting:
        rows, bounds = waiting.pop()
        if people[rows].sum() <= most:
            part[rows] = len(polygons)
            west, south, east, north = bounds
            piece = shapely.intersection(shape, shapely.box(west, south, east, north))
            whole = _largest(piece if piece.geom_type == "Polygon" else shapely.convex_hull(piece))
            polygons.append(whole or shape)
            continue
        axis = int(np.ptp(xy[rows, 1]) > np.ptp(xy[rows, 0]))
        order = rows[np.argsort(xy[rows, axis], kind="stable")]
        half = int(np.searchsorted(np.cumsum(people[order]), people[order].sum() / 2))
        half = min(max(half, 1), len(order) - 1)
        cut = float(xy[order[half - 1 : half + 1], axis].mean())
        if not bounds[axis] < cut < bounds[axis + 2]:
            cut = (bounds[axis] + bounds[axis + 2]) / 2
        lower, upper = list(bounds), list(bounds)
        lower[axis + 2] = upper[axis] = cut
        waiting += [(order[half:], upper), (order[:half], lower)]
    return polygons, part


def sample_points(shape: shapely.Polygon, *, least: int = 1) -> np.ndarray:
    """Return points 40 m apart inside a polygon, nearer for about `least` of them: homes that the map does not draw."""
    apart = min(_SAMPLE_M, (shape.area / least) ** 0.5)
    low_x, low_y, high_x, high_y = shape.bounds
    x, y = np.meshgrid(np.arange(low_x, high_x, apart), np.arange(low_y, high_y, apart))
    grid = np.asarray(shapely.points(x.ravel(), y.ravel()), dtype=object)
    held: np.ndarray = grid[shapely.within(grid, shape)]
    return held if len(held) else np.array([shapely.point_on_surface(shape)], dtype=object)


def distance_to(lines: np.ndarray, shapes: np.ndarray) -> FloatArray:
    """Return the metres from each shape to the nearest line, inf where there is none."""
    away = np.full(len(shapes), np.inf)
    if len(lines) and len(shapes):
        (asked, _), distance = shapely.STRtree(lines).query_nearest(shapes, return_distance=True, all_matches=False)
        away[asked] = distance
    return away


def _length_within(shapes: np.ndarray, lines: np.ndarray) -> FloatArray:
    within = np.zeros(len(shapes))
    if len(shapes) and len(lines):
        line, shape = shapely.STRtree(shapes).query(lines, predicate="intersects")
        np.add.at(within, shape, shapely.length(shapely.intersection(lines[line], shapes[shape])))
    return within


def _largest(shape: shapely.Geometry) -> shapely.Polygon | None:
    """Return the largest polygon of a geometry, without its holes; None where it has none."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and not part.is_empty]
    if not parts:
        return None
    return shapely.Polygon(max(parts, key=lambda part: part.area).exterior)
