"""A town of three streets and a compound, made by hand."""

import geopandas as gpd
import pandas as pd
import shapely

from fieldops.city.model import WGS84, City, empty_frame

STEP = 0.001  # degrees between crossings, about 111 m at the equator

# East Road runs 1-2-3-4 along y=0; North Lane goes up from 2 to 5; the compound lies above between 2 and 4.
NODES = {1: (0.0, 0.0), 2: (STEP, 0.0), 3: (2 * STEP, 0.0), 4: (3 * STEP, 0.0), 5: (STEP, STEP)}
SEGMENTS = [(1, 2, "EAST"), (2, 3, "EAST"), (3, 4, "EAST"), (2, 5, "NORTH")]


def line(a: int, b: int) -> shapely.LineString:
    return shapely.LineString([NODES[a], NODES[b]])


def street(name: str, kind: str, geometry: shapely.Geometry, people: float, node: int) -> dict[str, object]:
    return {
        "street": name, "kind": kind, "name": name.title(), "label": name.title(), "name_source": "map",
        "length_m": 111.0 * max(1, shapely.get_num_geometries(geometry)), "walk_m": 111.0, "people": people,
        "people_low": people / 2, "people_high": people * 2, "people_source": "total", "buildings": 0,
        "floors": float("nan"), "permission": "free", "open_from": "", "open_until": "", "status": "open", "priority": 1.0, "triangle": "T1",
        "zone": "Z1", "node": node, "ways": name.lower(), "geometry": geometry,
    }  # fmt: skip


def town() -> City:
    compound = shapely.box(1.1 * STEP, 0.1 * STEP, 2.9 * STEP, 0.9 * STEP)
    streets = [
        street("EAST", "street", shapely.MultiLineString([line(1, 2), line(2, 3), line(3, 4)]), 300.0, 2),
        street("NORTH", "lane", shapely.MultiLineString([line(2, 5)]), 100.0, 5),
        street("COURT", "compound", compound, 500.0, 3),
    ]
    buildings = [
        {"building": f"B{i}", "kind": "apartments", "street": "COURT", "floors": 6.0, "area_m2": 400.0, "people": 250.0,
         "frontage_m": 20.0, "geometry": shapely.Point(x * STEP, 0.5 * STEP)}
        for i, x in enumerate((1.3, 2.7))
    ]  # fmt: skip
    segments = [
        {"way": i, "from_node": a, "to_node": b, "length_m": 111.0, "kind": "claim", "highway": "residential",
         "name": name, "dual": False, "bridge": False, "street": name, "geometry": line(a, b)}
        for i, (a, b, name) in enumerate(SEGMENTS)
    ]  # fmt: skip
    gates = [{"street": "COURT", "node": 3, "source": "nearest", "geometry": shapely.Point(2 * STEP, 0.1 * STEP)}]
    frames = {
        name: gpd.GeoDataFrame(rows, geometry="geometry", crs=WGS84)
        for name, rows in (("streets", streets), ("buildings", buildings), ("segments", segments), ("gates", gates))
    }
    nodes = pd.DataFrame([(n, x, y) for n, (x, y) in NODES.items()], columns=["node", "lon", "lat"])
    empty = {name: empty_frame(name) for name in ("venues", "hubs", "triangles", "zones")}
    return City(
        name="Town", time_zone="UTC", boundary=shapely.box(0, 0, 4 * STEP, STEP), nodes=nodes, **frames, **empty
    )  # type: ignore[arg-type]
