"""OpenStreetMap files (PBF, XML, gzip, bzip2): what the limited child process found in one becomes a raw map."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from fieldops.city.raw import MADE_UP, OPENSTREETMAP, PLACE_TAGS, WAY_TAGS, IntArray, RawMap
from fieldops.errors import BadInput
from fieldops.maps.fetch import fetch
from fieldops.progress import Progress, no_progress
from fieldops.said import Said

_NO_COORDINATE = 2147483647  # libosmium's mark of a node that the file does not hold
_SYNTH = "fieldops synth"  # what a made-up city names as its generator
_UNITS = 10_000_000  # libosmium's units of a degree


def read_osm(path: Path, form: str, *, name: str | None = None, progress: Progress = no_progress) -> RawMap:
    """
    Return the ways, areas and points of an OpenStreetMap file.

    Parameters
    ----------
    path
        The file.
    form
        libosmium's name of its format: `pbf`, `osm`, `osm.gz` or `osm.bz2`.
    name
        What a refusal calls it; its own name by default.
    progress
        Told now and then; may stop the reading.

    Raises
    ------
    BadInput
        If the file is cut off, damaged, of another format, or beyond the limits of the child process.
    Stopped
        If `progress` answers False.
    """
    return map_of_scan(fetch([(form, path)], name or path.name, progress=progress))


def map_of_scan(arrays: dict[str, np.ndarray]) -> RawMap:
    """Return the map that the arrays of `scan.scan_osm` describe; a way is cut where the file lacks its nodes."""
    tables = json.loads(arrays["tables"].tobytes())
    vertices, way_sizes = arrays["vertices"], arrays["way_sizes"]
    owner = np.repeat(np.arange(len(way_sizes)), way_sizes)
    here = vertices[:, 1] != _NO_COORDINATE
    _refuse_no_degrees(vertices[here, 1:])
    _refuse_no_degrees(arrays["point_xy"])
    left_out = tables["left_out"] | {"vertex_outside_the_file": int((~here).sum())}
    step = np.flatnonzero(here)
    new_run = np.r_[True, (np.diff(step) > 1) | (np.diff(owner[step]) > 0)] if step.size else np.zeros(0, dtype=bool)
    run_starts = np.flatnonzero(new_run)
    ways = _table(tables["ways"], WAY_TAGS)
    ways.insert(0, "way", arrays["way_ids"])
    ends = np.cumsum(arrays["area_sizes"])
    blob = arrays["area_wkb"].tobytes()
    wkb = [blob[end - size : end] for size, end in zip(arrays["area_sizes"].tolist(), ends.tolist(), strict=True)]
    vertices = vertices[here]
    return RawMap(
        ways=ways.iloc[owner[step][run_starts]].reset_index(drop=True),
        starts=np.r_[run_starts, len(step)].astype(np.int64),
        refs=vertices[:, 0],
        lon=vertices[:, 1] / _UNITS,
        lat=vertices[:, 2] / _UNITS,
        areas=_places(tables["area_ids"], tables["areas"]),
        area_shapes=np.asarray(shapely.from_wkb(np.array(wkb, dtype=object)), dtype=object),
        points=_places(tables["point_ids"], tables["points"]),
        point_shapes=np.asarray(shapely.points(arrays["point_xy"] / _UNITS), dtype=object),
        source="osm",
        left_out={reason: count for reason, count in left_out.items() if count},
        attribution=MADE_UP if tables["generator"] == _SYNTH else OPENSTREETMAP,
    )


def _refuse_no_degrees(units: IntArray) -> None:
    wrong = np.flatnonzero((np.abs(units[:, 0]) > 180 * _UNITS) | (np.abs(units[:, 1]) > 90 * _UNITS))
    if wrong.size:
        x, y = units[wrong[0]] / _UNITS
        raise BadInput(
            Said("(%(x)s, %(y)s) is no longitude and latitude", x=f"{x:g}", y=f"{y:g}"),
            cure="give a map in degrees WGS 84",
        )


def _table(rows: list[dict[str, str]], tags: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame({tag: [row.get(tag, "") for row in rows] for tag in tags}, dtype=object)


def _places(ids: list[str], rows: list[dict[str, str]]) -> pd.DataFrame:
    places = _table(rows, PLACE_TAGS)
    places.insert(0, "id", pd.Series(ids, dtype=object))
    return places
