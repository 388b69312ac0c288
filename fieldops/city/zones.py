"""
Zones: contiguous sets of whole streets of balanced work, cut by METIS and evened out by moves that keep them whole.

Streets are neighbours where they share a node, where a link of at most 200 m joins them, and over a gap of at most 60 m
only where they would otherwise stand alone. Neighbours across a bridge are tied loosely, so that a river is a border
where it can be; streets across water without a bridge are no neighbours at all, because no walk joins them.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pymetis
import shapely
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree, Voronoi

from fieldops.city.area import operation_area
from fieldops.city.metres import FloatArray, Plane
from fieldops.city.model import WGS84, empty_frame
from fieldops.errors import BadInput, Stopped
from fieldops.progress import Progress, no_progress
from fieldops.rules import Rules
from fieldops.said import Said

if TYPE_CHECKING:
    from fieldops.city.settle import Settled

IntArray = npt.NDArray[np.int64]

LINK_M = 200.0
GAP_M = 60.0
FAR_ISLAND_M = 300.0
MINUTES_PER_PERSON = 5.0  # promoter-minutes until one more person knows: 12 an hour, assumed (`awareness.Response`)
VENUE_HOURS = 2.0  # promoter-hours at a venue in a burst, assumed
ZONE_HOURS = 700.0  # a burst of 10 days of a team of 10 to 12 people at 6 hours
TIE, BRIDGE_TIE = 20, 1
_BORDER_M = 15.0  # corners of a drawn border smaller than this are smoothed away
ROUNDS = 40


@dataclass(frozen=True, slots=True)
class Zones:
    """Zones as `model.SCHEMA` has them, the zone of each street in the order of the streets, and what was bridged."""

    zones: gpd.GeoDataFrame
    zone_of_street: list[str]
    report: dict[str, object]


def cut_zones(
    settled: "Settled",
    *,
    rules: Rules,
    zones: int | None = None,
    area: shapely.MultiPolygon | None = None,
    progress: Progress = no_progress,
) -> Zones:
    """
    Cut the streets into zones.

    Parameters
    ----------
    settled
        The town with its streets, segments and venues.
    zones
        How many; by default so many that one holds about `ZONE_HOURS` of work.
    area
        The operation area in degrees, where it is known already: the zones' drawn ground tiles it.

    Raises
    ------
    BadInput
        If more zones are wanted than there are streets.
    """
    streets = settled.streets
    work = work_hours(settled, rules)
    count = zones or min(len(streets), max(1, round(float(work.sum()) / ZONE_HOURS)))
    if count > len(streets):
        raise BadInput(
            Said("%(count)s zones of %(count2)s streets", count=count, count2=len(streets)),
            field="--zones",
            cure=Said("ask for at most %(count)s", count=len(streets)),
        )
    if not progress("zones", 0.0):
        raise Stopped
    plane = Plane.around(settled.nodes["lon"].to_numpy(), settled.nodes["lat"].to_numpy())
    shapes = plane.flatten(streets.geometry.to_numpy())
    ties, report = _neighbours(settled, shapes)
    zone = _partition(ties, work, count)
    zone = _even_out(ties, work, zone, count)
    progress("zones", 0.6)
    order = _reading_order(shapes, zone, count)
    zone = np.argsort(order)[zone]
    names = [f"Z{i + 1:0{len(str(count))}d}" for i in range(count)]
    ground = operation_area(streets.geometry.to_numpy(), plane) if area is None else plane.flatten(area)
    frame = _frame(settled, plane, _areas(shapes, zone, ground, count), work, zone, names)
    loads = np.bincount(zone, weights=work, minlength=count)
    report |= {
        "zone_work_max_to_mean": round(float(loads.max() / loads.mean()), 3),
        "zone_work_min_to_mean": round(float(loads.min() / loads.mean()), 3),
    }
    progress("zones", 1.0)
    return Zones(frame, [names[i] for i in zone], report)


def work_hours(settled: "Settled", rules: Rules) -> FloatArray:
    """Return the promoter-hours by which streets are balanced: walking, talking to people, venues; shape (n_streets,)."""
    streets = settled.streets
    sides = 2.0 if rules.walk_both_sides else 1.0
    walking = streets["walk_m"].to_numpy(float) * sides / (rules.walk_speed_km_h * 1000.0)
    talking = streets["people"].to_numpy(float) * rules.target_share * MINUTES_PER_PERSON / 60.0
    at_venues = streets["street"].map(settled.venues["street"].value_counts()).fillna(0.0).to_numpy(float) * VENUE_HOURS
    return np.maximum(walking + talking + at_venues, 0.05)


def _neighbours(settled: "Settled", shapes: np.ndarray) -> tuple[csr_array, dict[str, object]]:
    """Return how firmly streets are tied, symmetric, shape (n, n) and in one piece, and which islands were bridged."""
    pairs, tie = _by_nodes(settled)
    count = len(settled.streets)
    matrix = _symmetric(pairs, tie, count)
    pieces, of = connected_components(matrix, directed=False)
    if pieces == 1:
        return matrix, {"islands_bridged": 0, "islands_beyond_300_m": 0}
    added, metres = _over_gaps(shapes, of.astype(np.int64))
    matrix = _symmetric(np.r_[pairs, added], np.r_[tie, np.full(len(added), BRIDGE_TIE)], count)
    return matrix, {
        "islands_bridged": int((metres > GAP_M).sum()), "islands_beyond_300_m": int((metres > FAR_ISLAND_M).sum())
    }  # fmt: skip


def _over_gaps(shapes: np.ndarray, of: IntArray) -> tuple[IntArray, FloatArray]:
    """Return pairs of streets, the nearest over each gap between pieces `of` the town, smallest pieces first, and metres."""
    points, owner = shapely.get_coordinates(shapely.segmentize(shapes, 25.0), return_index=True)
    biggest = np.bincount(of).argmax()
    main = of[owner] == biggest
    mainland = KDTree(points[main])
    added: list[tuple[int, int]] = []
    gaps: list[float] = []
    while (of != biggest).any():
        islands, sizes = np.unique(of[of != biggest], return_counts=True)
        small = islands[int(np.argmin(sizes))]
        inside = of[owner] == small
        best = (np.inf, 0, 0)
        for where, tree in ((np.flatnonzero(main), mainland), (np.flatnonzero(~main & ~inside), None)):
            if where.size:
                metres, hit = (np.asarray(one) for one in (tree or KDTree(points[where])).query(points[inside]))
                nearest = int(np.argmin(metres))
                found = (float(metres[nearest]), int(owner[inside][nearest]), int(owner[where[hit[nearest]]]))
                best = min(best, found)
        added.append(best[1:])
        gaps.append(best[0])
        of = np.where(of == small, of[best[2]], of)
    return np.array(added, dtype=np.int64), np.array(gaps)


def _by_nodes(settled: "Settled") -> tuple[IntArray, IntArray]:
    """Return pairs of streets that meet at a node, or over a short link, with how firmly they are tied."""
    position = {street: i for i, street in enumerate(settled.streets["street"])}
    segments = settled.segments
    unit = segments["street"].map(position).fillna(-1).to_numpy(np.int64)
    ends = segments[["from_node", "to_node"]].to_numpy(np.int64)
    own = unit >= 0
    node = np.r_[ends[own].ravel(), settled.gates["node"].to_numpy(np.int64)]
    gate_of = settled.gates["street"].map(position).to_numpy(np.int64)
    street = np.r_[np.repeat(unit[own], 2), gate_of]
    on_bridge = np.r_[np.repeat(segments["bridge"].to_numpy(bool)[own], 2), np.zeros(len(gate_of), dtype=bool)]
    link = (~own) & (segments["kind"] == "link").to_numpy() & (segments["length_m"] <= LINK_M).to_numpy()
    # A short link carries the streets at its one end to its other end.
    far_side = np.r_[ends[link], ends[link][:, ::-1]]
    there = pd.DataFrame({"node": node, "street": street, "bridge": on_bridge}).drop_duplicates(["node", "street"])
    carried = pd.DataFrame(far_side, columns=["node", "to"]).merge(there, on="node")
    bridges = np.r_[segments["bridge"].to_numpy(bool)[link]] if link.any() else np.zeros(0, dtype=bool)
    over = pd.DataFrame(far_side, columns=["node", "to"]).assign(over=np.r_[bridges, bridges])
    carried = carried.merge(over.drop_duplicates(["node", "to"]), on=["node", "to"])
    moved = pd.DataFrame({
        "node": carried["to"], "street": carried["street"], "bridge": carried["bridge"] | carried["over"]
    })  # fmt: skip
    every = pd.concat([there, moved], ignore_index=True) if len(moved) else there
    met = every.merge(every, on="node", suffixes=("_a", "_b"))
    met = met[met["street_a"] < met["street_b"]]
    tie = np.where(met["bridge_a"] | met["bridge_b"], BRIDGE_TIE, TIE)
    return met[["street_a", "street_b"]].to_numpy(np.int64), tie.astype(np.int64)


def _symmetric(pairs: IntArray, tie: IntArray, count: int) -> csr_array:
    half = coo_array((tie, (pairs[:, 0], pairs[:, 1])), shape=(count, count)).tocsr()
    return csr_array(half + half.T)


def _partition(ties: csr_array, work: FloatArray, count: int) -> IntArray:
    """Return the zone of each street by METIS, every zone in one piece."""
    if count == 1:
        return np.zeros(len(work), dtype=np.int64)
    weight = np.maximum(1, np.rint(work / work.mean() * 100)).astype(np.int64)
    options = pymetis.Options(contig=True, seed=1, ufactor=30, ncuts=4)
    _, part = pymetis.part_graph(
        count, pymetis.CSRAdjacency(ties.indptr.tolist(), ties.indices.tolist()), vweights=weight.tolist(),
        eweights=ties.data.astype(np.int64).tolist(), options=options, recursive=False,
    )  # fmt: skip
    zone = np.asarray(part, dtype=np.int64)
    for empty in np.setdiff1d(np.arange(count), zone).tolist():  # more zones than METIS could fill: take a street each
        largest = int(np.bincount(zone, minlength=count).argmax())
        loose = next(s for s in np.flatnonzero(zone == largest).tolist() if _stays_whole(ties, zone, s))
        zone[loose] = empty
    return zone


def _even_out(ties: csr_array, work: FloatArray, zone: IntArray, count: int) -> IntArray:
    """Move border streets from heavier to lighter zones while both stay in one piece and the spread shrinks."""
    load = np.bincount(zone, weights=work, minlength=count)
    mean = float(load.mean())
    for _ in range(ROUNDS):
        moved = 0
        for light in np.argsort(load).tolist():
            if load[light] >= 0.97 * mean:
                break
            border = np.unique(ties[np.flatnonzero(zone == light)].indices)
            border = border[zone[border] != light]
            for street in border[np.argsort(-load[zone[border]], kind="stable")].tolist():
                heavy = int(zone[street])
                if load[light] + work[street] < load[heavy] and _stays_whole(ties, zone, street):
                    zone[street] = light
                    load[light] += work[street]
                    load[heavy] -= work[street]
                    moved += 1
                    if load[light] >= mean:
                        break
        if not moved:
            break
    return zone


def _stays_whole(ties: csr_array, zone: IntArray, street: int) -> bool:
    """Return whether the street's zone stays in one piece, and not empty, without it."""
    rest = np.flatnonzero(zone == zone[street])
    rest = rest[rest != street]
    if not len(rest):
        return False
    touching = np.intersect1d(ties.indices[ties.indptr[street] : ties.indptr[street + 1]], rest)
    if len(touching) <= 1:
        return True
    pieces, _ = connected_components(ties[rest][:, rest], directed=False)
    return bool(pieces == 1)


def _reading_order(shapes: np.ndarray, zone: IntArray, count: int) -> IntArray:
    """Return the zones from north to south in rows, and within a row from west to east."""
    middle = shapely.get_coordinates(shapely.centroid(shapes))
    x = np.array([middle[zone == z, 0].mean() for z in range(count)])
    y = np.array([middle[zone == z, 1].mean() for z in range(count)])
    rows = max(1, round(count**0.5))
    row = np.argsort(np.argsort(-y)) * rows // count
    return np.lexsort((x, row))


def _frame(
    settled: "Settled", plane: Plane, areas: np.ndarray, work: FloatArray, zone: IntArray, names: list[str]
) -> gpd.GeoDataFrame:
    if not len(zone):
        return empty_frame("zones")  # type: ignore[return-value]
    streets = settled.streets
    people = np.bincount(zone, weights=streets["people"].to_numpy(float), minlength=len(names))
    biggest = [streets["name"].iloc[np.flatnonzero(zone == z)[_main(streets, zone, z)]] for z in range(len(names))]
    return gpd.GeoDataFrame({
        "zone": names, "name": [f"{name[1:]} {street}" for name, street in zip(names, biggest, strict=True)],
        "streets": np.bincount(zone, minlength=len(names)).astype(np.int64), "people": people,
        "work_hours": np.bincount(zone, weights=work, minlength=len(names)),
    }, geometry=plane.unflatten(areas), crs=WGS84)  # fmt: skip


def _main(streets: gpd.GeoDataFrame, zone: IntArray, z: int) -> int:
    """Return which street of the zone gives it its name: the most people, a name from the map first."""
    mine = np.flatnonzero(zone == z)
    named = (streets["name_source"].to_numpy()[mine] == "map").astype(float)
    return int(np.argmax(named * 1e9 + streets["people"].to_numpy(float)[mine]))


def _areas(shapes: np.ndarray, zone: IntArray, ground: shapely.MultiPolygon, count: int) -> np.ndarray:
    """Return for each zone the part of the operation area nearest to its streets: no overlaps, no gaps."""
    if count == 1:
        return np.array([ground], dtype=object)
    lines = np.where(shapely.get_dimensions(shapes) == 2, shapely.boundary(shapes), shapes)
    points, street = shapely.get_coordinates(shapely.segmentize(lines, 50.0), return_index=True)
    points, first = np.unique(np.round(points, 1), axis=0, return_index=True)
    owner = zone[street[first]]
    # Far points all around make every border finite.
    left, low, right, high = shapely.bounds(ground)
    wide = max(right - left, high - low) + 1000.0
    far = [
        (left - wide, low - wide),
        (right + wide, low - wide),
        (left - wide, high + wide),
        (right + wide, high + wide),
    ]
    cells = Voronoi(np.concatenate((points, far)))
    both = np.r_[owner, np.full(len(far), -1)][cells.ridge_points]
    ends = np.asarray(cells.ridge_vertices)[(both[:, 0] != both[:, 1]) & (both >= 0).all(axis=1)]
    borders = shapely.linestrings(cells.vertices[ends[(ends >= 0).all(axis=1)]])
    smooth = shapely.simplify(shapely.line_merge(shapely.multilinestrings(borders)), _BORDER_M)
    drawn = shapely.union_all([smooth, shapely.boundary(ground)])
    every = shapely.get_parts(shapely.polygonize(shapely.get_parts(drawn)))
    faces = every[shapely.contains(ground, shapely.point_on_surface(every))]
    middle = shapely.get_coordinates(shapely.point_on_surface(faces))
    nearest = KDTree(points).query(middle)[1]
    return np.array([shapely.union_all(faces[owner[np.asarray(nearest)] == z]) for z in range(count)], dtype=object)
