"""
A small city on a grid, quick to make, with triangles and zones (statistics.md 5).

A street is a crossing with its four arms; it touches the streets to the left, right, above and below where their arms end.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fieldops.city.metres import Plane
from fieldops.city.model import WGS84, City, empty_frame

if TYPE_CHECKING:
    from fieldops.simulate.town import FloatArray

BLOCK_M = 150.0
MEDIAN_PEOPLE, PEOPLE_SPREAD = 400.0, 0.45
_TENTH = 1.2816  # standard deviations from the middle to the end of an 80 % interval
VENUES = 0.2  # share of streets with a venue
_LON, _LAT = -30.0, 28.0  # in the Atlantic, as every made-up city
_BY_TRIANGLE, _BY_ZONE = 2, 5  # blocks on a side


def make_grid_city(side: int, rng: np.random.Generator, *, people_error: float = 0.0) -> City:
    """
    Return a city of `side` rows of `side` streets, each one block long, with cross ways that are nobody's.

    People are lognormal around 400, with the 80 % interval of a `people_error` (standard deviation of the log); triangles
    hold 2 x 2 streets, zones 5 x 5.
    """
    column, row = (axis.ravel() for axis in np.meshgrid(np.arange(side), np.arange(side)))
    people = np.round(MEDIAN_PEOPLE * np.exp(PEOPLE_SPREAD * rng.standard_normal(side * side)))
    has_venue = rng.random(side * side) < VENUES
    plane = Plane(_LON, _LAT)
    triangle = _names("T", column // _BY_TRIANGLE, row // _BY_TRIANGLE)
    zone = _names("Z", column // _BY_ZONE, row // _BY_ZONE)
    arms = _arms(side)
    lines = [_cross(plane, side, arms, k) for k in range(side * side)]
    names = _names("S", column, row)
    streets = _streets(names, lines, people, triangle, zone, off=float(np.exp(_TENTH * people_error)))
    corners = [(-BLOCK_M, -BLOCK_M), (side * BLOCK_M, side * BLOCK_M)]
    boundary = shapely.box(*np.ravel(_degrees(plane, corners)))
    return City(
        name="grid",
        time_zone="UTC",
        boundary=boundary,
        nodes=_nodes(side, plane),
        segments=_segments(side, names, arms, plane),
        streets=streets,
        buildings=_none("buildings"),
        gates=_none("gates"),
        venues=_venues(plane, names, column, row, has_venue),
        hubs=_none("hubs"),
        triangles=_triangles(side, plane),
        zones=_zones(streets),
        attribution="made up",
    )


def _none(name: str) -> gpd.GeoDataFrame:
    frame = empty_frame(name)
    assert isinstance(frame, gpd.GeoDataFrame)  # only nodes have no geometry
    return frame


def _names(letter: str, column: Any, row: Any) -> list[str]:
    return [f"{letter}{y:03d}-{x:03d}" for x, y in zip(column, row, strict=True)]


def _degrees(plane: Plane, places: Sequence[tuple[float, float]]) -> Any:
    at = np.asarray(places, dtype=float)
    return np.column_stack(plane.to_degrees(at[:, 0], at[:, 1]))


def _place(side: int, node: int) -> tuple[float, float]:
    """Return where a node lies, metres: crossings first, then the ends of arms to the right, then of those upwards."""
    kind, crossing = divmod(node, side * side)
    y, x = divmod(crossing, side)
    return (x + 0.5 * (kind == 1)) * BLOCK_M, (y + 0.5 * (kind == 2)) * BLOCK_M


def _arms(side: int) -> list[list[int]]:
    """Return for each street the nodes at which its arms end."""
    count = side * side
    arms: list[list[int]] = [[] for _ in range(count)]
    for k in range(count):
        y, x = divmod(k, side)
        for there, near, kind in ((x + 1 < side, k + 1, 1), (y + 1 < side, k + side, 2)):
            if there:
                arms[k].append(kind * count + k)
                arms[near].append(kind * count + k)
    return arms


def _cross(plane: Plane, side: int, arms: list[list[int]], k: int) -> shapely.MultiLineString:
    return shapely.MultiLineString([_degrees(plane, [_place(side, k), _place(side, end)]) for end in arms[k]])


def _nodes(side: int, plane: Plane) -> pd.DataFrame:
    used = sorted({*range(side * side), *(end for ends in _arms(side) for end in ends)})
    lon, lat = _degrees(plane, [_place(side, node) for node in used]).T
    return pd.DataFrame({"node": np.array(used, dtype=np.int64), "lon": lon, "lat": lat})


def _streets(
    names: list[str],
    lines: list[Any],
    people: "FloatArray",
    triangle: list[str],
    zone: list[str],
    *,
    off: float,
) -> gpd.GeoDataFrame:
    count = len(names)
    columns = {
        "street": names, "kind": ["street"] * count, "name": names, "label": names, "name_source": ["generated"] * count,
        "length_m": np.full(count, 2 * BLOCK_M), "walk_m": np.full(count, 2 * BLOCK_M), "people": people,
        "people_low": people / off, "people_high": people * off, "people_source": ["total"] * count,
        "buildings": np.zeros(count, dtype=np.int64), "floors": np.full(count, np.nan), "permission": ["free"] * count,
        "open_from": [""] * count, "open_until": [""] * count,
        "status": ["open"] * count, "priority": np.ones(count), "triangle": triangle, "zone": zone,
        "node": np.arange(count), "ways": names,
    }  # fmt: skip
    return gpd.GeoDataFrame(columns, geometry=lines, crs=WGS84)


def _segments(side: int, names: list[str], arms: list[list[int]], plane: Plane) -> gpd.GeoDataFrame:
    pairs = [(k, end) for k, ends in enumerate(arms) for end in ends]
    count = len(pairs)
    columns = {
        "way": np.arange(count), "from_node": np.array([k for k, _ in pairs]), "to_node": np.array([e for _, e in pairs]),
        "length_m": np.full(count, BLOCK_M / 2), "kind": ["claim"] * count, "highway": ["residential"] * count,
        "name": [names[k] for k, _ in pairs], "dual": np.zeros(count, dtype=bool), "bridge": np.zeros(count, dtype=bool),
        "street": [names[k] for k, _ in pairs],
    }  # fmt: skip
    lines = [shapely.LineString(_degrees(plane, [_place(side, k), _place(side, end)])) for k, end in pairs]
    return gpd.GeoDataFrame(columns, geometry=lines, crs=WGS84)


def _venues(plane: Plane, names: list[str], column: Any, row: Any, there: Any) -> gpd.GeoDataFrame:
    chosen = np.flatnonzero(there).tolist()
    columns = {
        "venue": [f"V-{names[i]}" for i in chosen], "kind": ["restaurant"] * len(chosen), "name": [""] * len(chosen),
        "people_per_hour": np.full(len(chosen), 60.0), "open_from": ["10:00"] * len(chosen),
        "open_until": ["20:00"] * len(chosen), "street": [names[i] for i in chosen], "source": ["map"] * len(chosen),
    }  # fmt: skip
    at = [(float(column[i]) * BLOCK_M, float(row[i]) * BLOCK_M) for i in chosen]
    places = [shapely.Point(*_degrees(plane, [one])[0]) for one in at]
    return gpd.GeoDataFrame(columns, geometry=places, crs=WGS84)


def _triangles(side: int, plane: Plane) -> gpd.GeoDataFrame:
    parts = -(-side // _BY_TRIANGLE)
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(parts), np.arange(parts)))
    names = _names("T", x, y)
    width = _BY_TRIANGLE * BLOCK_M
    low_x, low_y = x * _BY_TRIANGLE, y * _BY_TRIANGLE
    middle = [((a + 0.5) * BLOCK_M, b * BLOCK_M) for a, b in zip(low_x, low_y, strict=True)]
    lon, lat = _degrees(plane, middle).T
    node = np.where(low_x + 1 < side, side * side + low_y * side + low_x, low_y * side + low_x)
    corners = [
        shapely.Polygon(
            _degrees(plane, [(a * width, b * width), ((a + 1) * width, b * width), (a * width, (b + 1) * width)])
        )
        for a, b in zip(x, y, strict=True)
    ]
    count = len(names)
    zone = _names(
        "Z", np.minimum(x * _BY_TRIANGLE, side - 1) // _BY_ZONE, np.minimum(y * _BY_TRIANGLE, side - 1) // _BY_ZONE
    )
    columns = {
        "triangle": names, "a": [f"A-{n}" for n in names], "b": [f"B-{n}" for n in names], "c": [f"C-{n}" for n in names],
        "point_node": node.astype(np.int64), "point_lon": lon, "point_lat": lat, "radius_m": np.full(count, width),
        "barrier": np.zeros(count, dtype=bool), "inside": np.ones(count, dtype=bool), "zone": zone,
    }  # fmt: skip
    return gpd.GeoDataFrame(columns, geometry=corners, crs=WGS84)


def _zones(streets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    rows = []
    for name, mine in streets.groupby("zone"):
        shape = mine.geometry.union_all().convex_hull.buffer(1e-4)
        rows.append({"zone": name, "name": name, "streets": len(mine), "people": float(mine["people"].sum()),
                     "work_hours": float(mine["people"].sum()) / 100.0, "geometry": shape})  # fmt: skip
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=WGS84)
