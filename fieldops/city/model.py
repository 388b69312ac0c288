"""
The city: frozen GeoDataFrames with a stated schema, all in WGS-84 (EPSG:4326, longitude first).

`SCHEMA` is the contract between the rooms that make a city and everything that reads one. Lengths are metres on the
ground, areas square metres, people are persons, hours promoter-hours. Ids are text and survive a re-import.
"""

from dataclasses import dataclass, field
from datetime import datetime

import geopandas as gpd
import pandas as pd
import shapely

from fieldops.errors import BadInput

WGS84 = "EPSG:4326"

# frame -> column -> (numpy/pandas kind: i integer, f float, b bool, s text, g geometry; meaning)
SCHEMA: dict[str, dict[str, tuple[str, str]]] = {
    "nodes": {
        "node": ("i", "id of a point of the street graph (OSM node id, or negative where made by us)"),
        "lon": ("f", "degrees"),
        "lat": ("f", "degrees"),
    },
    "segments": {
        "way": ("i", "id of the way in the source"),
        "from_node": ("i", "node at the start"),
        "to_node": ("i", "node at the end"),
        "length_m": ("f", "length on the ground"),
        "kind": ("s", "claim (doors and people), link (walkable only) or closed (nobody may walk there)"),
        "highway": ("s", "the source's class of way"),
        "name": ("s", "name in the source, empty where none"),
        "dual": ("b", "one carriageway of two: counts half for the work"),
        "bridge": ("b", "on a bridge"),
        "street": ("s", "id of the street it belongs to; empty for link and closed segments"),
        "geometry": ("g", "LineString"),
    },
    "streets": {
        "street": ("s", "id"),
        "kind": ("s", "street, lane or compound"),
        "name": ("s", "bare name, generated where the source has none"),
        "label": ("s", "name with from/to crossing or number: unique in the city"),
        "name_source": ("s", "map, generated or hand"),
        "length_m": ("f", "drawn length (compound: length of the ways inside and of its gate paths)"),
        "walk_m": ("f", "length to walk once, the two carriageways of an avenue counted once"),
        "people": ("f", "people who live on it or can be met on it, > 0"),
        "people_low": ("f", "lower end of the 80 % interval"),
        "people_high": ("f", "upper end of the 80 % interval"),
        "people_source": ("s", "residents_file, grid, total, buildings or length"),
        "buildings": ("i", "residential buildings"),
        "floors": ("f", "mean floors of its residential buildings, nan where unknown"),
        "permission": ("s", "free, unknown, granted or refused (compounds)"),
        "open_from": ("s", "from when promoters may enter, HH:MM; empty where always"),
        "open_until": ("s", "until when, HH:MM; not after `open_from` where it is past midnight"),
        "status": ("s", "open or closed"),
        "priority": ("f", "factor on its value in the plan, 1.0 unless a person set it"),
        "triangle": ("s", "id of its connection triangle, empty before triangles are made"),
        "zone": ("s", "id of its zone, empty before zones are cut"),
        "node": ("i", "graph node where a walk to it ends: nearest to its middle, a compound's main gate"),
        "ways": ("s", "way ids of the source, space separated and sorted: its identity at a re-import"),
        "geometry": ("g", "MultiLineString, or Polygon for a compound"),
    },
    "buildings": {
        "building": ("s", "id"),
        "kind": ("s", "apartments, house, residential, dormitory, mixed ..."),
        "street": ("s", "the one street, lane or compound that it belongs to"),
        "floors": ("f", "nan where unknown"),
        "area_m2": ("f", "footprint"),
        "people": ("f", "persons"),
        "frontage_m": ("f", "metres to the frontage or gate of its street"),
        "geometry": ("g", "Point"),
    },
    "gates": {
        "street": ("s", "the compound"),
        "node": ("i", "graph node outside the gate"),
        "source": ("s", "map (a mapped gate), path (a way crosses the border) or nearest (made)"),
        "geometry": ("g", "Point"),
    },
    "venues": {
        "venue": ("s", "id"),
        "kind": ("s", "apartment_building, restaurant, cinema, mall, market, school_gate, bus_stop ..."),
        "name": ("s", "empty where none"),
        "people_per_hour": ("f", "people met per hour, a default per kind"),
        "open_from": ("s", "HH:MM or empty"),
        "open_until": ("s", "HH:MM or empty"),
        "street": ("s", "the street on which it stands"),
        "source": ("s", "map, csv or hand"),
        "geometry": ("g", "Point"),
    },
    "hubs": {
        "hub": ("s", "id"),
        "kind": ("s", "venues, gate, junction, border or hand"),
        "node": ("i", "graph node"),
        "weight": ("f", "people met per hour there"),
        "geometry": ("g", "Point"),
    },
    "triangles": {
        "triangle": ("s", "id"),
        "a": ("s", "hub"),
        "b": ("s", "hub"),
        "c": ("s", "hub"),
        "point_node": ("i", "graph node of the connection point"),
        "point_lon": ("f", "degrees"),
        "point_lat": ("f", "degrees"),
        "radius_m": ("f", "longest walk from the connection point to A, B, C"),
        "barrier": ("b", "a detour above 1.8: river, rail or wall inside"),
        "inside": ("b", "the connection point lies inside the triangle (+60 m)"),
        "zone": ("s", "the zone that holds most of its work"),
        "geometry": ("g", "Polygon"),
    },
    "zones": {
        "zone": ("s", "id"),
        "name": ("s", "for people: the biggest street's name and a number"),
        "streets": ("i", "count"),
        "people": ("f", "persons"),
        "work_hours": ("f", "promoter-hours of walking and venues, the measure that is balanced"),
        "geometry": ("g", "Polygon or MultiPolygon around its streets"),
    },
}


@dataclass(frozen=True, slots=True)
class City:
    """
    A city as imported. Frames follow `SCHEMA`, are indexed 0..n-1 and are never changed in place.

    `report` is the coverage report: plain JSON values, what the map holds, lacks, and what was left out by reason.
    """

    name: str
    time_zone: str
    boundary: shapely.Polygon | shapely.MultiPolygon
    nodes: pd.DataFrame
    segments: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    gates: gpd.GeoDataFrame
    venues: gpd.GeoDataFrame
    hubs: gpd.GeoDataFrame
    triangles: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    report: dict[str, object] = field(default_factory=dict)
    attribution: str = "© OpenStreetMap contributors, ODbL 1.0"
    read_at: datetime | None = None


def empty_frame(name: str) -> gpd.GeoDataFrame | pd.DataFrame:
    """Return the frame of that name with every column of its schema and no row."""
    dtypes = {"i": "int64", "f": "float64", "b": "bool", "s": "object", "g": "object"}
    columns = {column: pd.Series([], dtype=dtypes[kind]) for column, (kind, _) in SCHEMA[name].items()}
    if "geometry" not in columns:
        return pd.DataFrame(columns)
    return gpd.GeoDataFrame(columns, geometry="geometry", crs=WGS84)


def check_frame(name: str, frame: pd.DataFrame) -> None:
    """
    Refuse a frame that does not follow its schema.

    Raises
    ------
    BadInput
        If a column is missing or of another kind, or the CRS is not WGS-84; the message names frame and column.
    """
    kinds = {"i": "iu", "f": "f", "b": "b", "s": "OTU", "g": "O"}
    for column, (kind, _) in SCHEMA[name].items():
        if column not in frame.columns:
            raise BadInput(f"the frame {name} has no column {column}")
        if kind in "ifb" and frame[column].dtype.kind not in kinds[kind]:
            raise BadInput(f"the frame {name} has {frame[column].dtype} in column {column}")
    if "geometry" in SCHEMA[name] and str(getattr(frame, "crs", None)) != WGS84:
        raise BadInput(f"the frame {name} is not in {WGS84}")
