"""Grid towns by hand for the graph, the triangles and the zones: crossings 200 m apart on the equator."""

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fieldops.city.metres import Plane
from fieldops.city.model import WGS84, empty_frame
from fieldops.city.settle import Settled

PLANE = Plane(0.0, 0.0)
BLOCK_M = 200.0


def grid_town(
    columns: int,
    rows: int,
    *,
    block_m: float = BLOCK_M,
    left_out: Iterable[tuple[int, int]] = (),
    bridges: Iterable[tuple[int, int]] = (),
    venues: Iterable[tuple[float, float, float]] = (),
) -> Settled:
    """
    Return a town of `columns` x `rows` crossings; node `row * columns + column + 1`; a street is one block's side.

    `left_out` and `bridges` are pairs of nodes, the lower first; venues are (x, y, people per hour) in metres.
    """
    nodes = [
        (row * columns + column + 1, column * block_m, row * block_m)
        for row in range(rows)
        for column in range(columns)
    ]
    at = {node: (x, y) for node, x, y in nodes}
    pairs = [(node, node + 1) for node in at if node % columns] + [
        (node, node + columns) for node in at if node + columns in at
    ]
    pairs = [pair for pair in sorted(pairs) if pair not in set(left_out)]
    lines = PLANE.unflatten(shapely.linestrings([[at[a], at[b]] for a, b in pairs]))
    names = [f"S{a}-{b}" for a, b in pairs]
    lon, lat = PLANE.to_degrees(*np.array([at[node] for node in at]).T)
    segments = gpd.GeoDataFrame({
        "way": range(1, len(pairs) + 1), "from_node": [a for a, _ in pairs], "to_node": [b for _, b in pairs],
        "length_m": block_m, "kind": "claim", "highway": "residential", "name": names, "dual": False,
        "bridge": [pair in set(bridges) for pair in pairs], "street": names,
    }, geometry=lines, crs=WGS84)  # fmt: skip
    streets = gpd.GeoDataFrame({
        "street": names, "kind": "street", "name": names, "label": names, "name_source": "map", "length_m": block_m,
        "walk_m": block_m, "people": 300.0, "people_low": 200.0, "people_high": 400.0, "people_source": "length",
        "buildings": 0, "floors": float("nan"), "permission": "free", "open_from": "", "open_until": "", "status": "open", "priority": 1.0,
        "triangle": "", "zone": "", "node": [a for a, _ in pairs], "ways": [str(i + 1) for i in range(len(pairs))],
    }, geometry=lines, crs=WGS84)  # fmt: skip
    return Settled(
        name="Grid", time_zone="UTC", boundary=shapely.box(-1, -1, 1, 1),
        nodes=pd.DataFrame({"node": list(at), "lon": lon, "lat": lat}), segments=segments, streets=streets,
        buildings=empty_frame("buildings"), gates=empty_frame("gates"), venues=_venues(list(venues)), report={},
        attribution="by hand",
    )  # type: ignore[arg-type]  # fmt: skip


def _venues(places: list[tuple[float, float, float]]) -> gpd.GeoDataFrame:
    if not places:
        return empty_frame("venues")  # type: ignore[return-value]
    lon, lat = PLANE.to_degrees([x for x, _, _ in places], [y for _, y, _ in places])
    return gpd.GeoDataFrame({
        "venue": [f"V{i}" for i in range(len(places))], "kind": "restaurant", "name": "", "open_from": "",
        "people_per_hour": [people for _, _, people in places], "open_until": "", "street": "", "source": "hand",
    }, geometry=shapely.points(lon, lat), crs=WGS84)  # fmt: skip
