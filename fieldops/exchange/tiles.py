"""
The map as vector tiles in one PMTiles file, made by the GDAL inside pyogrio from frames in memory.

GDAL never opens the region file. One layer `map` holds everything, told apart by `what`: *street*, *lane*, *compound*,
*triangle*, *point* (a connection point) and *zone*. `key` is 4 x fid + (0 street, 1 triangle, 2 point, 3 zone): whole
numbers, because they are what a map library can give a state to. States never go into tiles.
"""

import math
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from fieldops.city.model import WGS84
from fieldops.errors import NotFound, Stopped
from fieldops.ids import CityId
from fieldops.progress import Progress, no_progress
from fieldops.store.city import city_ids, read_city
from fieldops.store.sqlite import sqlite3

LAYER = "map"
FINEST = 14  # MapLibre enlarges it for closer looks
LOOSEST, TIGHTEST = 5, 12  # bounds of the zoom at which a whole city fits a phone's screen


def write_tiles(connection: sqlite3.Connection, path: Path, *, number: int, progress: Progress = no_progress) -> Path:
    """
    Write the tiles of every city of the region beside its file and return their path.

    The name is `STEM.mapNUMBER.HASH.pmtiles`: the number says which state of the map it shows, the hash what is inside.

    Raises
    ------
    NotFound
        If the region holds no city.
    Stopped
        If `progress` asked to stop; nothing is written then.
    """
    cities = city_ids(connection)
    if not cities:
        raise NotFound("city", "", cure="import a map with `fieldops import MAP --city NAME`")
    frames = []
    for done, city in enumerate(cities):
        if not progress("reading the map", done / len(cities)):
            raise Stopped
        frames.append(city_features(connection, city))
    features = gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), geometry="geometry", crs=WGS84)
    if not progress("making tiles", 0.0):
        raise Stopped
    with TemporaryDirectory(dir=path.parent, prefix=".tiles-") as folder:
        drawn = Path(folder) / "map.pmtiles"
        pyogrio.write_dataframe(
            features, drawn, driver="PMTiles", layer=LAYER, geometry_type="Unknown",
            dataset_options={
                "NAME": path.stem, "MINZOOM": _first_zoom(features.total_bounds), "MAXZOOM": FINEST,
                "MAX_SIZE": 2_000_000, "MAX_FEATURES": 300_000,  # else GDAL leaves streets out when zoomed out
            },
        )  # fmt: skip
        with drawn.open("rb") as file:
            content = file_digest(file, "sha256").hexdigest()[:12]
        made = drawn.replace(path.with_name(f"{path.stem}.map{number}.{content}.pmtiles"))
    progress("making tiles", 1.0)
    return made


def city_features(connection: sqlite3.Connection, city: CityId) -> gpd.GeoDataFrame:
    """Return everything that the map of a city draws: what, key, name and geometry."""
    stored = read_city(connection, city)
    streets, triangles, zones = stored.streets, stored.triangles, stored.zones
    points = shapely.points(triangles["point_lon"], triangles["point_lat"])
    parts = [
        _features(streets["kind"], streets["fid"], 0, streets["name"], streets.geometry),
        _features("triangle", triangles["fid"], 1, "", triangles.geometry),
        _features("point", triangles["fid"], 2, "", points),
        _features("zone", zones["fid"], 3, zones["name"], zones.geometry),
    ]
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry="geometry", crs=WGS84)


def _features(
    what: "str | pd.Series[str]", fid: "pd.Series[int]", kind: int, name: "str | pd.Series[str]", geometry: object
) -> gpd.GeoDataFrame:
    columns = {"key": 4 * fid.to_numpy() + kind, "what": np.asarray(what), "name": np.asarray(name)}
    return gpd.GeoDataFrame(columns, geometry=np.asarray(geometry), crs=WGS84, index=range(len(fid)))


def _first_zoom(bounds: np.ndarray) -> int:
    """Return the zoom at which the bounds (degrees) fit a tile or two."""
    width = max(bounds[2] - bounds[0], bounds[3] - bounds[1], 1e-6)
    return min(TIGHTEST, max(LOOSEST, math.floor(math.log2(360 / width)) - 1))
