"""A city on one page: a raw map is settled, tiled with triangles, and cut into zones."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fieldops.city.graph import WalkGraph
from fieldops.city.metres import FloatArray, Plane
from fieldops.city.model import SCHEMA, WGS84, City, check_frame
from fieldops.city.population import Residents
from fieldops.city.raw import RawMap
from fieldops.city.segments import split_segments
from fieldops.city.settle import Settled, settle
from fieldops.city.triangles import make_triangles
from fieldops.city.zones import cut_zones, work_hours
from fieldops.progress import Progress, no_progress
from fieldops.rules import Rules

SEGMENT_M = 200.0  # hubs, connection points and the ends of walks are nodes: they need one this often


def build_city(
    raw: RawMap,
    *,
    name: str,
    time_zone: str,
    rules: Rules,
    residents: Residents | None = None,
    hand_hubs: gpd.GeoDataFrame | None = None,
    zones: int | None = None,
    progress: Progress = no_progress,
) -> City:
    """
    Return the city that a map makes; every frame follows `model.SCHEMA`.

    Parameters
    ----------
    raw
        The map as read.
    residents
        A total, people by street, or a grid; see `population.estimate_people`.
    hand_hubs
        Points (EPSG:4326) where people gather, set by hand; None where there are none.
    zones
        How many zones; by default as `zones.cut_zones` chooses.

    Raises
    ------
    BadInput
        If the map has no street that can be claimed, or something given cannot be used.
    Stopped
        If `progress` answers False.
    """
    settled = with_short_segments(
        settle(raw, name=name, time_zone=time_zone, rules=rules, residents=residents, progress=progress)
    )
    graph = WalkGraph.from_segments(settled.nodes, settled.segments)
    tiled = make_triangles(settled, graph, rules=rules, hand_hubs=hand_hubs, progress=progress)
    cut = cut_zones(settled, rules=rules, zones=zones, area=tiled.area, progress=progress)
    streets = settled.streets.assign(triangle=tiled.triangle_of_street, zone=cut.zone_of_street)
    triangles = tiled.triangles.assign(zone=_main_zones(tiled.triangles, streets, work_hours(settled, rules)))
    city = City(
        name=name, time_zone=time_zone, boundary=settled.boundary, nodes=settled.nodes, segments=settled.segments,
        streets=streets, buildings=settled.buildings, gates=settled.gates, venues=settled.venues, hubs=tiled.hubs,
        triangles=triangles, zones=cut.zones, report={**settled.report, **tiled.report, **cut.report},
        attribution=settled.attribution,
    )  # fmt: skip
    for frame in SCHEMA:
        check_frame(frame, getattr(city, frame))
    return city


def with_short_segments(settled: Settled) -> Settled:
    """Return the town with no segment longer than `SEGMENT_M`, so that some node is near every place on a street."""
    plane = Plane.around(settled.nodes["lon"], settled.nodes["lat"])
    given = settled.segments.rename(columns={"from_node": "u", "to_node": "v"})
    drawn = pd.DataFrame(given.drop(columns="geometry")).assign(line=plane.flatten(given.geometry.to_numpy()))
    pieces = np.maximum(1, np.ceil(drawn["length_m"].to_numpy(float) / SEGMENT_M)).astype(np.int64)
    pieces[(drawn["kind"] == "closed").to_numpy()] = 1
    cut, _ = split_segments(drawn, pieces)
    lines = cut["line"].to_numpy(object)
    ends = pd.DataFrame({"node": cut["v"].to_numpy(np.int64), "point": shapely.get_point(lines, -1)})
    fresh = ends[~ends["node"].isin(settled.nodes["node"])].drop_duplicates("node")
    lon, lat = plane.to_degrees(*shapely.get_coordinates(fresh["point"].to_numpy(object)).T)
    made = pd.DataFrame({"node": fresh["node"].to_numpy(np.int64), "lon": lon, "lat": lat})
    nodes = pd.concat([settled.nodes, made]).sort_values("node").reset_index(drop=True)
    segments = gpd.GeoDataFrame(
        cut.drop(columns="line").rename(columns={"u": "from_node", "v": "to_node"}),
        geometry=plane.unflatten(lines), crs=WGS84,
    )  # fmt: skip
    return replace(settled, nodes=nodes, segments=segments)


def _main_zones(triangles: gpd.GeoDataFrame, streets: gpd.GeoDataFrame, work: FloatArray) -> list[str]:
    """Return for each triangle the zone that holds most of its work; of one without a street, the nearest street's."""
    shares = pd.DataFrame({"triangle": streets["triangle"], "zone": streets["zone"], "work": work})
    shares = (
        shares.pivot_table(index=["triangle", "zone"], values="work", aggfunc="sum").reset_index().sort_values("work")
    )
    main = dict(zip(shares["triangle"], shares["zone"], strict=True))  # the last of a triangle holds the most
    points = shapely.points(triangles["point_lon"].to_numpy(float), triangles["point_lat"].to_numpy(float))
    nearest = shapely.STRtree(streets.geometry.to_numpy()).nearest(points)
    around = streets["zone"].to_numpy(object)[np.asarray(nearest)]
    return [main.get(triangle, other) for triangle, other in zip(triangles["triangle"], around, strict=True)]
