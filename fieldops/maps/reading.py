"""The one door for maps: any supported file becomes a `RawMap` in WGS-84, clipped to nothing, with notes on what is odd."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import shapely

from fieldops.city.coordinates import SYSTEMS, geometries_to_wgs84, to_wgs84
from fieldops.city.raw import RawMap
from fieldops.errors import BadInput
from fieldops.maps import formats
from fieldops.maps.osm import read_osm
from fieldops.progress import Progress, no_progress

Area = shapely.Polygon | shapely.MultiPolygon


def read_map(
    path: Path | str,
    *,
    boundary: Path | str | Area | None = None,
    coordinates: str = "wgs84",
    progress: Progress = no_progress,
) -> RawMap:
    """
    Return what a map file says, in WGS-84.

    Parameters
    ----------
    path
        OpenStreetMap (PBF, XML, gzip, bzip2), GeoPackage, GeoJSON, Shapefile, or a zip of these; told by content.
    boundary
        The operation area: a polygon in `coordinates`, or a file with polygons. Streets are clipped to it when the map
        is settled, not here.
    coordinates
        `wgs84`, `gcj02` or `bd09`: in which coordinates the map (and the boundary) was made. Nothing is guessed: a map
        or boundary that looks shifted is named in `notes`, and stays where it is.
    progress
        Told now and then; may stop the reading.

    Raises
    ------
    BadInput
        If a file is missing, empty, cut off, of another format or too large for safety, has coordinates that are none,
        holds no street, or if the boundary lies outside the map.
    Stopped
        If `progress` answers False.
    """
    path = Path(path)
    if coordinates not in SYSTEMS:
        raise BadInput(
            f"no coordinates are called '{coordinates}'", field="coordinates", cure="use wgs84, gcj02 or bd09"
        )
    raw = _convert(_read(path, progress), coordinates)
    if not len(raw.ways):
        raise BadInput(f"{path.name} holds no streets", cure="give a map whose lines have a tag or column `highway`")
    return raw


def _read(path: Path, progress: Progress) -> RawMap:
    form = formats.detect_format(path)
    if form in formats.OSM_FORMATS:
        return read_osm(path, form, progress)
    raise BadInput(f"{path.name} is of a format that is not read yet")


def _convert(raw: RawMap, coordinates: str) -> RawMap:
    if coordinates == "wgs84":
        return raw
    lon, lat = to_wgs84(raw.lon, raw.lat, coordinates)
    return replace(
        raw, lon=lon, lat=lat, area_shapes=geometries_to_wgs84(raw.area_shapes, coordinates),
        point_shapes=geometries_to_wgs84(raw.point_shapes, coordinates),
    )  # fmt: skip
