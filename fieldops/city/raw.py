"""What a map file says, before it becomes streets: ways with their vertices, areas and points with their tags."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

if TYPE_CHECKING:
    import pandas as pd  # the child process that reads OpenStreetMap files needs the tags alone

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

OPENSTREETMAP = "© OpenStreetMap contributors, ODbL 1.0"  # shown wherever a map made of its data is shown
MADE_UP = "made up by fieldops synth, CC0 1.0"
# The tags that are read; a tag that a way or place lacks is an empty text.
WAY_TAGS = (
    "highway", "name", "access", "foot", "service", "footway", "bridge", "tunnel", "oneway", "junction", "motorroad",
    "sidewalk",
)  # fmt: skip
PLACE_TAGS = (
    "name", "building", "building:levels", "landuse", "amenity", "shop", "leisure", "tourism", "office", "railway",
    "public_transport", "highway", "barrier", "entrance", "opening_hours",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RawMap:
    """
    A map as read, in WGS-84 degrees. Vertices of way `i` are `[starts[i], starts[i + 1])` of `refs`, `lon`, `lat`.

    `ways` has the column `way` (its id) and `WAY_TAGS`; a way that leaves a clipped file and comes back has several rows.
    `areas` and `points` have `id` (text: n, w or r and the number in the source) and `PLACE_TAGS`; `area_shapes` and
    `point_shapes` hold their geometries in the same order. Ways that share a point share its id in `refs`.
    `left_out` counts what the reader dropped, by reason; `notes` are sentences for the person who imports.
    """

    ways: "pd.DataFrame"
    starts: IntArray
    refs: IntArray
    lon: FloatArray
    lat: FloatArray
    areas: "pd.DataFrame"
    area_shapes: np.ndarray
    points: "pd.DataFrame"
    point_shapes: np.ndarray
    source: str
    boundary: shapely.Polygon | shapely.MultiPolygon | None = None
    left_out: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    attribution: str = OPENSTREETMAP
