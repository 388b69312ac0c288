"""Hubs, connection triangles and connection points of a settled town: the whole operation area, tiled."""

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import KDTree

from fieldops.city.area import operation_area
from fieldops.city.graph import IntArray, WalkGraph
from fieldops.city.hubs import find_hubs, survey_ground
from fieldops.city.metres import FloatArray
from fieldops.city.model import WGS84
from fieldops.city.points import DETOUR, Choice, Walks, detours
from fieldops.city.tiling import BORDER, Tile, Tiling
from fieldops.errors import Stopped
from fieldops.progress import Progress, no_progress
from fieldops.rules import Rules

if TYPE_CHECKING:
    from fieldops.city.settle import Settled

_SPACING = 1.15  # of the radius: junctions that become hubs stand so far from any other hub
_WALK_LIMIT = 3.0  # of the radius: farther hubs are not walked to while triangles are tried


@dataclass(frozen=True, slots=True)
class Triangles:
    """
    Hubs and triangles as `model.SCHEMA` has them (zones still empty), and the triangle of each street in order.

    `area` is the operation area that they tile, in degrees.
    """

    hubs: gpd.GeoDataFrame
    triangles: gpd.GeoDataFrame
    triangle_of_street: list[str]
    area: shapely.MultiPolygon
    report: dict[str, object]


def make_triangles(
    settled: "Settled",
    graph: WalkGraph,
    *,
    rules: Rules,
    hand_hubs: gpd.GeoDataFrame | None = None,
    progress: Progress = no_progress,
) -> Triangles:
    """
    Tile the operation area with triangles of neighbouring hubs.

    Parameters
    ----------
    settled
        The town with its streets.
    graph
        Its walkable graph.
    rules
        `triangle_radius_max_m` bounds the longest walk from a connection point to A, B, C.
    hand_hubs
        Points (EPSG:4326) set by hand; all of them become hubs.

    Returns
    -------
    Triangles
        No gaps and no overlaps; a street belongs to the triangle whose connection point is nearest on foot. The report
        counts the triangles that keep a larger radius, because walls, water or missing ways leave no other choice.

    Raises
    ------
    Stopped
        If `progress` answers False.
    """
    if not progress("triangles", 0.0):
        raise Stopped
    area = operation_area(settled.streets.geometry.to_numpy(), graph.plane)
    ground = survey_ground(graph, settled.segments, settled.venues)
    radius = rules.triangle_radius_max_m
    points = None
    if hand_hubs is not None and len(hand_hubs):
        points = pd.DataFrame({"lon": hand_hubs.geometry.x.to_numpy(), "lat": hand_hubs.geometry.y.to_numpy()})
    chosen = find_hubs(
        graph, ground, streets=settled.streets, venues=settled.venues, area=area, spacing_m=_SPACING * radius,
        hand_hubs=points,
    )  # fmt: skip
    tiling = Tiling(area, Walks(graph, ground, _WALK_LIMIT * radius), radius)
    tiling.begin(chosen)
    tiles = _apart([_with_point(tile, tiling) for tile in tiling.refine(progress)], tiling)
    hubs, name_of = _hubs(tiling, tiles, graph, ground.footfall)
    triangles = _triangles(tiling, tiles, graph, name_of)
    of_street = _nearest_triangles(settled, graph, triangles)
    progress("triangles", 1.0)
    return Triangles(hubs, triangles, of_street, graph.plane.unflatten(area), _report(triangles, area, tiling, radius))


def _with_point(tile: Tile, tiling: Tiling) -> Tile:
    """Return the tile with a connection point even where no node is within the walks' limit of all three hubs."""
    if tile.point.node >= 0:
        return tile
    ground, graph = tiling.walks.ground, tiling.walks.graph
    middle = np.mean([tiling.at[vertex] for vertex in tile.corners], axis=0)
    standing = np.flatnonzero(ground.standing)
    if not standing.size:
        standing = np.arange(len(graph))
    node = int(standing[KDTree(ground.at[standing]).query(middle)[1]])
    walks = graph.distances([node], targets=list(tile.feet))[0]
    reached = walks[np.isfinite(walks)]
    longest = float(reached.max()) if reached.size else 0.0
    return replace(tile, point=Choice(node, longest, inside=False))


def _apart(tiles: list[Tile], tiling: Tiling) -> list[Tile]:
    """Return the tiles with connection points of their own where another one inside the triangle is as lawful."""
    taken = np.zeros(len(tiling.walks.graph), dtype=bool)
    apart: list[Tile] = []
    for tile in tiles:
        if taken[tile.point.node]:
            shape = np.asarray([tiling.at[vertex] for vertex in tile.corners])
            other = tiling.walks.find_point(tile.feet, shape, radius_m=tiling.radius_m, taken=taken)
            if other.inside and other.radius_m <= tiling.radius_m:
                tile = replace(tile, point=other)
        taken[tile.point.node] = True
        apart.append(tile)
    return apart


def _hubs(
    tiling: Tiling, tiles: list[Tile], graph: WalkGraph, footfall: FloatArray
) -> tuple[gpd.GeoDataFrame, dict[tuple[int, int], str]]:
    """
    Return the hubs that are corners of a tile, and the name of each pair of vertex and node.

    A place off the street is one hub for each side of the barrier that it lies in: the place is the same, the node not.
    """
    used = sorted({pair for tile in tiles for pair in zip(tile.corners, tile.feet, strict=True)})
    vertex, foot = np.array(used, dtype=np.int64).reshape(-1, 2).T
    at = np.array(tiling.at)[vertex]
    lon, lat = graph.plane.to_degrees(at[:, 0], at[:, 1])
    names: dict[tuple[int, int], str] = {}
    for (corner, node), x, y in zip(used, lon.tolist(), lat.tolist(), strict=True):
        number, stands = int(graph.nodes[node]), f"{graph.lon[node]:.5f} {graph.lat[node]:.5f}"
        if number > 0:  # a node of the source keeps its number; one that we made is known by its place
            stands = f"n{number}"
        names[corner, node] = _name("H", stands if tiling.node[corner] == node else f"{stands} from {x:.5f} {y:.5f}")
    frame = gpd.GeoDataFrame({
        "hub": list(names.values()), "kind": [_kind(tiling, *pair) for pair in used], "node": graph.nodes[foot],
        "weight": footfall[foot],
    }, geometry=shapely.points(lon, lat), crs=WGS84)  # fmt: skip
    return frame, names


def _kind(tiling: Tiling, vertex: int, foot: int) -> str:
    """Return the kind of a corner; a hub that stands for a node of the other side is a place on the border there."""
    return tiling.kind[vertex] if tiling.node[vertex] in (foot, BORDER) else "border"


def _name(letter: str, made_of: str) -> str:
    return letter + hashlib.blake2b(made_of.encode(), digest_size=5).hexdigest().upper()


def _triangles(
    tiling: Tiling, tiles: list[Tile], graph: WalkGraph, name_of: dict[tuple[int, int], str]
) -> gpd.GeoDataFrame:
    corners = [sorted(name_of[pair] for pair in zip(tile.corners, tile.feet, strict=True)) for tile in tiles]
    shapes = shapely.polygons([[tiling.at[v] for v in (*tile.corners, tile.corners[0])] for tile in tiles])
    point: IntArray = np.array([tile.point.node for tile in tiles], dtype=np.int64)
    feet = tiling.walks.ground.at[np.array([tile.feet for tile in tiles], dtype=np.int64)]
    air = np.hypot(*np.moveaxis(np.roll(feet, -1, axis=1) - feet, 2, 0))
    barrier = (detours(np.array([tile.walk_m for tile in tiles]), air) > DETOUR).any(axis=1)
    frame = gpd.GeoDataFrame({
        "triangle": [_name("T", " ".join(names)) for names in corners],
        "a": [names[0] for names in corners], "b": [names[1] for names in corners], "c": [names[2] for names in corners],
        "point_node": graph.nodes[point], "point_lon": graph.lon[point], "point_lat": graph.lat[point],
        "radius_m": np.array([tile.point.radius_m for tile in tiles], dtype=float), "barrier": barrier,
        "inside": np.array([tile.point.inside for tile in tiles], dtype=bool), "zone": "",
    }, geometry=graph.plane.unflatten(shapes), crs=WGS84)  # fmt: skip
    return frame.sort_values("triangle").reset_index(drop=True)


def _nearest_triangles(settled: "Settled", graph: WalkGraph, triangles: gpd.GeoDataFrame) -> list[str]:
    """Return for each street the triangle whose connection point is nearest on foot; by air where no way leads there."""
    points = graph.positions(triangles["point_node"])
    unique, first = np.unique(points, return_index=True)
    _, nearest = graph.nearest_source(unique)
    streets = graph.positions(settled.streets["node"])
    middle = shapely.get_coordinates(shapely.centroid(graph.plane.flatten(settled.streets.geometry.to_numpy())))
    by_air = first[KDTree(np.column_stack((graph.x[unique], graph.y[unique]))).query(middle)[1]]
    found = np.where(streets >= 0, nearest[np.maximum(streets, 0)], -1)
    chosen = np.where(found >= 0, first[np.maximum(found, 0)], by_air)
    names = triangles["triangle"].to_numpy(object)
    return [str(name) for name in names[chosen]]


def _report(
    triangles: gpd.GeoDataFrame, area: shapely.MultiPolygon, tiling: Tiling, radius_m: float
) -> dict[str, object]:
    radius = triangles["radius_m"].to_numpy(float)
    return {
        "operation_area_km2": round(float(area.area) / 1e6, 2),
        "triangle_radius_median_m": round(float(np.median(radius))) if len(radius) else None,
        "triangle_radius_max_m": round(float(radius.max())) if len(radius) else None,
        "triangles_beyond_radius": int((radius > radius_m).sum()),
        "triangles_with_barrier": int(triangles["barrier"].sum()),
        "points_outside_their_triangle": int((~triangles["inside"]).sum()),
        "border_hubs": sum(kind == "border" for kind, alive in zip(tiling.kind, tiling.alive, strict=True) if alive),
    }
