"""OpenStreetMap files (PBF, XML, gzip, bzip2) by pyosmium: one pass for relations, one for everything else."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import pandas as pd
import shapely
from osmium.filter import KeyFilter

from fieldops.city.raw import PLACE_TAGS, WAY_TAGS, IntArray, RawMap
from fieldops.errors import BadInput, Stopped
from fieldops.progress import Progress, no_progress

_AREA_KEYS = ("building", "landuse", "amenity", "shop", "leisure", "tourism", "office", "railway", "public_transport")
_KEYS = (*_AREA_KEYS, "highway", "barrier", "entrance")
_PLACE_TAGS = frozenset(PLACE_TAGS)
_WAY_TAGS = frozenset(WAY_TAGS)
_NO_COORDINATE = 2147483647  # libosmium's mark of a node that the file does not hold
_UNITS = 10_000_000  # libosmium's units of a degree
_REPORT_EVERY = 20_000
_OSMIUM_ERRORS = (RuntimeError, ValueError, OSError, osmium.InvalidLocationError)


class _Collected:
    """What the pass has gathered so far."""

    def __init__(self) -> None:
        self.way_ids: list[int] = []
        self.way_tags: list[dict[str, str]] = []
        self.way_sizes: list[int] = []
        self.vertices: list[tuple[int, int, int]] = []
        self.area_ids: list[str] = []
        self.area_tags: list[dict[str, str]] = []
        self.area_wkb: list[str] = []
        self.point_ids: list[str] = []
        self.point_tags: list[dict[str, str]] = []
        self.point_xy: list[tuple[int, int]] = []
        self.left_out: Counter[str] = Counter()

    def add(self, thing: Any, shape: Any) -> None:
        """Take in one way, area or node of the file."""
        if thing.is_way():
            tags = {tag.k: tag.v for tag in thing.tags if tag.k in _WAY_TAGS}
            if "highway" in tags:
                self.way_ids.append(thing.id)
                self.way_tags.append(tags)
                self.way_sizes.append(len(thing.nodes))
                self.vertices.extend([(node.ref, node.x, node.y) for node in thing.nodes])
        elif thing.is_area():
            try:
                wkb = shape.create_multipolygon(thing)
            except RuntimeError:  # a ring that crosses itself or is not closed
                self.left_out["area_not_valid"] += 1
                return
            self.area_wkb.append(wkb)
            self.area_ids.append(f"{'w' if thing.from_way() else 'r'}{thing.orig_id()}")
            self.area_tags.append({tag.k: tag.v for tag in thing.tags if tag.k in _PLACE_TAGS})
        elif thing.is_node():
            self.point_ids.append(f"n{thing.id}")
            self.point_tags.append({tag.k: tag.v for tag in thing.tags if tag.k in _PLACE_TAGS})
            self.point_xy.append((thing.location.x, thing.location.y))
        elif thing.tags.get("type") == "multipolygon":
            self.left_out["relations_in"] += 1


def read_osm(path: Path, form: str, progress: Progress = no_progress) -> RawMap:
    """
    Return the ways, areas and points of an OpenStreetMap file.

    Parameters
    ----------
    path
        The file.
    form
        libosmium's name of its format: `pbf`, `osm`, `osm.gz` or `osm.bz2`.
    progress
        Told now and then; may stop the reading.

    Raises
    ------
    BadInput
        If the file is cut off, damaged or of another format.
    Stopped
        If `progress` answers False.
    """
    found = _Collected()
    shape = osmium.geom.WKBFactory()
    try:
        source = osmium.io.File(str(path), form)
        things = osmium.FileProcessor(source).with_locations("flex_mem")
        things = things.with_areas(KeyFilter(*_AREA_KEYS)).with_filter(KeyFilter(*_KEYS))
        for number, thing in enumerate(things):
            found.add(thing, shape)
            if number % _REPORT_EVERY == 0 and not progress("reading the map", 0.0, objects=number):
                raise Stopped
    except _OSMIUM_ERRORS as error:
        reason = " ".join(str(error).split())[:120]
        raise BadInput(
            f"{path.name} cannot be read as an OpenStreetMap file ({reason})",
            cure="it may be cut off or damaged: download it again",
        ) from None
    return _assemble(found)


def _assemble(found: _Collected) -> RawMap:
    built = sum(1 for name in found.area_ids if name[0] == "r")
    missing = found.left_out.pop("relations_in", 0) - built - found.left_out["area_not_valid"]
    if missing > 0:
        found.left_out["multipolygon_not_closed"] = missing
    vertices = np.array(found.vertices, dtype=np.int64).reshape(-1, 3)
    owner = np.repeat(np.arange(len(found.way_ids)), found.way_sizes)
    here = vertices[:, 1] != _NO_COORDINATE
    _refuse_no_degrees(vertices[here, 1:])
    _refuse_no_degrees(np.array(found.point_xy, dtype=np.int64).reshape(-1, 2))
    found.left_out["vertex_outside_the_file"] = int((~here).sum())
    # A way is cut where the file lacks its nodes: each run of vertices that are here becomes a row of its own.
    step = np.flatnonzero(here)
    new_run = np.r_[True, (np.diff(step) > 1) | (np.diff(owner[step]) > 0)] if step.size else np.zeros(0, dtype=bool)
    run_starts = np.flatnonzero(new_run)
    rows = owner[step][run_starts]
    ways = pd.DataFrame({tag: [tags.get(tag, "") for tags in found.way_tags] for tag in WAY_TAGS}, dtype=object)
    ways.insert(0, "way", np.array(found.way_ids, dtype=np.int64))
    xy = np.array(found.point_xy, dtype=float).reshape(-1, 2) / _UNITS
    vertices = vertices[here]
    return RawMap(
        ways=ways.iloc[rows].reset_index(drop=True),
        starts=np.r_[run_starts, len(step)].astype(np.int64),
        refs=vertices[:, 0],
        lon=vertices[:, 1] / _UNITS,
        lat=vertices[:, 2] / _UNITS,
        areas=_places(found.area_ids, found.area_tags),
        area_shapes=np.asarray(shapely.from_wkb(np.array(found.area_wkb, dtype=object)), dtype=object),
        points=_places(found.point_ids, found.point_tags),
        point_shapes=np.asarray(shapely.points(xy), dtype=object),
        source="osm",
        left_out={reason: count for reason, count in found.left_out.items() if count},
    )


def _refuse_no_degrees(units: IntArray) -> None:
    wrong = np.flatnonzero((np.abs(units[:, 0]) > 180 * _UNITS) | (np.abs(units[:, 1]) > 90 * _UNITS))
    if wrong.size:
        x, y = units[wrong[0]] / _UNITS
        raise BadInput(f"({x:g}, {y:g}) is no longitude and latitude", cure="give a map in degrees WGS 84")


def _places(ids: list[str], tags: list[dict[str, str]]) -> pd.DataFrame:
    places = pd.DataFrame({tag: [one.get(tag, "") for one in tags] for tag in PLACE_TAGS}, dtype=object)
    places.insert(0, "id", pd.Series(ids, dtype=object))
    return places
