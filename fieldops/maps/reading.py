"""The one door for maps: any supported file becomes a `RawMap` in WGS-84, with notes on what is odd about it."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import shapely

from fieldops.city.build import build_city
from fieldops.city.coordinates import SYSTEMS, geometries_to_wgs84, to_wgs84
from fieldops.city.metres import Plane
from fieldops.city.model import City
from fieldops.city.population import Residents
from fieldops.city.raw import RawMap
from fieldops.city.shift import Shift, find_shift
from fieldops.errors import BadInput
from fieldops.maps import formats
from fieldops.maps.layers import layers_of, map_of_layers, read_layer
from fieldops.maps.osm import read_osm
from fieldops.progress import Progress, no_progress
from fieldops.rules import Rules
from fieldops.said import Reason, Said, template

Area = shapely.Polygon | shapely.MultiPolygon
_BORDER_EVERY_M = 40.0


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
        `wgs84`, `gcj02` or `bd09`: in which coordinates the map (and the boundary) was made. Nothing is guessed: points
        or a boundary that look shifted against the streets are named in `notes`, and stay where they are.
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
            Said("no coordinates are called '%(coordinates)s'", coordinates=coordinates),
            field="coordinates",
            cure="use wgs84, gcj02 or bd09",
        )
    area = None if boundary is None else _read_boundary(boundary, coordinates)
    raw = _convert(_read(path, progress), coordinates)
    if not len(raw.ways):
        raise BadInput(
            Said("%(name)s holds no streets", name=path.name),
            cure="give a map whose lines have a tag or column `highway`",
        )
    if area is not None:
        if not shapely.contains_xy(area, raw.lon, raw.lat).any():
            name = Path(boundary).name if isinstance(boundary, Path | str) else "the boundary"
            raise BadInput(
                Said("%(name)s lies outside the map", name=name),
                field="boundary",
                cure="check that it is this city's, longitude first",
            )
        raw = replace(raw, boundary=area)
    return replace(raw, notes=(*raw.notes, *_notes(raw)))


def read_city(
    path: Path | str,
    *,
    boundary: Path | str | Area | None = None,
    coordinates: str = "wgs84",
    name: str | None = None,
    time_zone: str = "Asia/Shanghai",
    residents: Residents | None = None,
    rules: Rules | None = None,
    progress: Progress = no_progress,
) -> City:
    """
    Return the city that a map file makes: streets, compounds, venues, triangles and zones; nothing is stored.

    Parameters
    ----------
    path, boundary, coordinates, progress
        As `read_map` takes them.
    name
        Its name; by default the file's name without its endings.
    time_zone
        IANA name.
    residents
        How many people live in it, or people by street or grid; None leaves them to buildings, floors and length.
    rules
        Lengths and people per street; the defaults where None.

    Returns
    -------
    City
        Frames in WGS-84 (EPSG:4326), as `fieldops.city.model.SCHEMA` lists them.

    Raises
    ------
    BadInput
        As `read_map`; also if the map has no street that can be claimed.
    Stopped
        If `progress` answers False.

    Notes
    -----
    `actions.city.import_city` stores a city, keeps ids over a newer map and edits by hand; this only reads.
    """
    raw = read_map(path, boundary=boundary, coordinates=coordinates, progress=progress)
    return build_city(
        raw, name=name or Path(path).name.partition(".")[0], time_zone=time_zone, rules=rules or Rules(),
        residents=residents, progress=progress,
    )  # fmt: skip


def map_lines(raw: RawMap) -> np.ndarray:
    """Return the ways of a map as lines (degrees WGS-84); a way of one place is none."""
    sizes = np.diff(raw.starts)
    owner = np.repeat(np.arange(len(sizes)), sizes)
    whole = np.isin(owner, np.flatnonzero(sizes >= 2))
    _, indices = np.unique(owner[whole], return_inverse=True)
    xy = np.column_stack((raw.lon[whole], raw.lat[whole]))
    return np.asarray(shapely.linestrings(xy, indices=indices), dtype=object)


def _read(path: Path, progress: Progress) -> RawMap:
    form = formats.detect_format(path)
    if form in formats.OSM_FORMATS:
        return read_osm(path, form, progress=progress)
    if form == "zip":
        with tempfile.TemporaryDirectory(prefix="fieldops-zip-") as folder:
            maps = formats.unpack(path, Path(folder))
            if len(maps) == 1 and formats.detect_format(maps[0]) in formats.OSM_FORMATS:
                return read_osm(maps[0], formats.detect_format(maps[0]), name=path.name, progress=progress)
    return map_of_layers(path, layers_of(path))


def _convert(raw: RawMap, coordinates: str) -> RawMap:
    if coordinates == "wgs84":
        return raw
    lon, lat = to_wgs84(raw.lon, raw.lat, coordinates)
    return replace(
        raw, lon=lon, lat=lat, area_shapes=geometries_to_wgs84(raw.area_shapes, coordinates),
        point_shapes=geometries_to_wgs84(raw.point_shapes, coordinates),
    )  # fmt: skip


def _read_boundary(given: Path | str | Area, coordinates: str) -> Area:
    """Return the operation area in WGS-84; it is read before the map, which takes longer."""
    if isinstance(given, Path | str):
        shapes = np.asarray(read_layer(Path(given)).geometry.to_numpy(), dtype=object)
        shapes = shapes[shapely.get_dimensions(shapes) == 2]
        if not len(shapes):
            raise BadInput(
                Said("%(name)s holds no polygon", name=Path(given).name),
                field="boundary",
                cure="draw the operation area as a polygon",
            )
        area = shapely.union_all(shapes)
    else:
        area = given
        if not shapely.is_valid(area):
            raise BadInput(
                Said("the boundary crosses itself (%(given)s)", given=shapely.is_valid_reason(area)), field="boundary",
                cure="draw it again without crossing lines",
            )  # fmt: skip
    moved: Area = geometries_to_wgs84(np.array([area], dtype=object), coordinates)[0]
    return moved


def _notes(raw: RawMap) -> list[str]:
    """Say which of the points and the boundary look shifted against the streets."""
    plane = Plane.around(raw.lon, raw.lat)
    lines = plane.flatten(map_lines(raw))
    notes: list[str] = []
    if raw.source == "layers" and len(raw.point_shapes):
        shift = find_shift(shapely.get_coordinates(plane.flatten(raw.point_shapes)), lines)
        notes += (
            [
                _say(
                    template("the points look shifted against the streets by %(east)s m east and %(north)s m north"),
                    shift,
                )
            ]
            if shift
            else []
        )
    if raw.boundary is not None:
        border = shapely.segmentize(shapely.boundary(plane.flatten(raw.boundary)), _BORDER_EVERY_M)
        shift = find_shift(shapely.get_coordinates(border), lines)
        notes += (
            [
                _say(
                    template("the boundary looks shifted against the streets by %(east)s m east and %(north)s m north"),
                    shift,
                )
            ]
            if shift
            else []
        )
    return notes


def _say(what: str, shift: Shift) -> Reason:
    return Reason([
        Said(what, east=f"{shift.east_m:+.0f}", north=f"{shift.north_m:+.0f}"),
        Said("fit %(fit)s, moved back %(moved)s", fit=f"{shift.fit:.2f}", moved=f"{shift.fit_moved:.2f}"),
        Said("nothing was moved: if they are GCJ-02 or BD-09, convert them, or state the coordinates of the whole map"),
    ])  # fmt: skip
