"""One pass over an OpenStreetMap file (PBF, XML, gzip, bzip2) by pyosmium; it runs in the limited child process alone."""

import json
from array import array
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import osmium
from osmium.filter import KeyFilter

from fieldops.city.raw import PLACE_TAGS, WAY_TAGS
from fieldops.errors import BadInput
from fieldops.said import Said

_AREA_KEYS = ("building", "landuse", "amenity", "shop", "leisure", "tourism", "office", "railway", "public_transport")
_KEYS = (*_AREA_KEYS, "highway", "barrier", "entrance")
_PLACE_TAGS = frozenset(PLACE_TAGS)
_WAY_TAGS = frozenset(WAY_TAGS)
_REPORT_EVERY = 20_000
_OSMIUM_ERRORS = (RuntimeError, ValueError, OSError, osmium.InvalidLocationError)

Tags = dict[str, str]


class _Found:
    """What the pass has gathered so far: numbers in flat arrays, tags only where there are any."""

    def __init__(self) -> None:
        self.ways: list[Tags] = []
        self.way_ids = array("q")
        self.way_sizes = array("q")
        self.vertices = array("q")  # node, x, y of every vertex, one after the other
        self.areas: list[Tags] = []
        self.area_ids: list[str] = []
        self.area_wkb: list[bytes] = []
        self.points: list[Tags] = []
        self.point_ids: list[str] = []
        self.point_xy = array("q")
        self.left_out: Counter[str] = Counter()
        self.generator = ""  # the program that wrote the file

    def add(self, thing: Any, shape: Any) -> None:
        """Take in one way, area or node of the file."""
        if thing.is_way():
            tags = {tag.k: tag.v for tag in thing.tags if tag.k in _WAY_TAGS}
            if "highway" in tags:
                self.ways.append(tags)
                self.way_ids.append(thing.id)
                self.way_sizes.append(len(thing.nodes))
                for node in thing.nodes:
                    self.vertices.extend((node.ref, node.x, node.y))
        elif thing.is_area():
            try:
                wkb = bytes.fromhex(shape.create_multipolygon(thing))
            except RuntimeError:  # a ring that crosses itself or is not closed
                self.left_out["area_not_valid"] += 1
                return
            self.area_wkb.append(wkb)
            self.area_ids.append(f"{'w' if thing.from_way() else 'r'}{thing.orig_id()}")
            self.areas.append({tag.k: tag.v for tag in thing.tags if tag.k in _PLACE_TAGS})
        elif thing.is_node():
            self.point_ids.append(f"n{thing.id}")
            self.points.append({tag.k: tag.v for tag in thing.tags if tag.k in _PLACE_TAGS})
            self.point_xy.extend((thing.location.x, thing.location.y))
        elif thing.tags.get("type") == "multipolygon":
            self.left_out["relations_in"] += 1

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all of it as arrays, the tags as JSON text in one of bytes: no pickle leaves the child."""
        built = sum(1 for name in self.area_ids if name[0] == "r")
        missing = self.left_out.pop("relations_in", 0) - built - self.left_out["area_not_valid"]
        if missing > 0:
            self.left_out["multipolygon_not_closed"] = missing
        tables = {
            "ways": self.ways, "areas": self.areas, "area_ids": self.area_ids, "points": self.points,
            "point_ids": self.point_ids, "left_out": self.left_out, "generator": self.generator,
        }  # fmt: skip
        return {
            "tables": np.frombuffer(json.dumps(tables).encode(), dtype=np.uint8),
            "way_ids": np.array(self.way_ids, dtype=np.int64),
            "way_sizes": np.array(self.way_sizes, dtype=np.int64),
            "vertices": np.array(self.vertices, dtype=np.int64).reshape(-1, 3),
            "point_xy": np.array(self.point_xy, dtype=np.int64).reshape(-1, 2),
            "area_sizes": np.array([len(wkb) for wkb in self.area_wkb], dtype=np.int64),
            "area_wkb": np.frombuffer(b"".join(self.area_wkb), dtype=np.uint8),
        }


def scan_osm(path: Path, form: str, report: Callable[[int], None]) -> dict[str, np.ndarray]:
    """
    Return the ways, areas and points of an OpenStreetMap file as the arrays that `osm.map_of_scan` understands.

    Parameters
    ----------
    path
        The file.
    form
        libosmium's name of its format: `pbf`, `osm`, `osm.gz` or `osm.bz2`.
    report
        Told the number of objects now and then.

    Raises
    ------
    BadInput
        If the file is cut off, damaged or of another format.
    """
    found = _Found()
    shape = osmium.geom.WKBFactory()
    try:
        source = osmium.io.File(str(path), form)
        things = osmium.FileProcessor(source).with_locations("flex_mem")
        things = things.with_areas(KeyFilter(*_AREA_KEYS)).with_filter(KeyFilter(*_KEYS))
        for number, thing in enumerate(things):
            found.add(thing, shape)
            if number % _REPORT_EVERY == 0:
                report(number)
        found.generator = things.header.get("generator")
    except _OSMIUM_ERRORS as error:
        reason = " ".join(str(error).split())[:120]
        raise BadInput(
            Said("it cannot be read as an OpenStreetMap file (%(reason)s)", reason=reason),
            cure="it may be cut off or damaged: download it again",
        ) from None
    return found.arrays()
