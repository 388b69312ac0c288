"""Residential buildings: which buildings are homes, how many floors they have and how many people live there."""

import numpy as np
import pandas as pd
import shapely

from fieldops.city.metres import Plane
from fieldops.city.raw import FloatArray, RawMap

# Assumed where the map is silent (source: assumed; no census of storeys is at hand). Kind -> floors in China, elsewhere.
_FLOORS = {
    "apartments": (6.0, 4.0), "residential": (6.0, 3.0), "dormitory": (6.0, 4.0), "house": (2.0, 1.5),
    "mixed": (5.0, 3.0), "unknown": (3.0, 2.0),
}  # fmt: skip
# m2 of floor (walls, stairs and corridors included) that one resident takes up: China, elsewhere.
_FLOOR_AREA_PER_PERSON = (40.0, 50.0)
_SHARE_HOMES = {"unknown": 0.5, "mixed": 0.7}  # of the floor area; the rest is shops, sheds, offices
_MOST_PEOPLE_OF_A_BUILDING = 2000.0

_KINDS = {
    "apartments": "apartments", "apartment": "apartments", "residential": "residential", "block": "residential",
    "dormitory": "dormitory", "house": "house", "detached": "house", "semidetached_house": "house", "terrace": "house",
    "bungalow": "house", "farm": "house", "cabin": "house", "static_caravan": "house", "mixed": "mixed",
    "mixed_use": "mixed", "yes": "unknown",
}  # fmt: skip
_NO_HOMES = (
    "industrial", "commercial", "retail", "railway", "military", "education", "institutional", "construction",
    "cemetery", "brownfield", "port", "quarry", "landfill", "religious", "farmyard", "greenhouse_horticulture",
)  # fmt: skip
_PUBLIC = (
    "school", "university", "college", "kindergarten", "hospital", "clinic", "place_of_worship", "townhall", "prison",
    "marketplace", "bus_station", "police", "fire_station",
)  # fmt: skip
_SMALLEST_M2, _SMALLEST_UNKNOWN_M2, _LARGEST_UNKNOWN_M2 = 20.0, 40.0, 4000.0


def find_homes(raw: RawMap, plane: Plane, *, chinese: bool) -> pd.DataFrame:
    """
    Return the residential buildings of a map.

    A building that is only called a building (`building=yes`) counts as a home of kind *unknown*, with half its floor
    area, unless its tags, its size, or the land it stands on say otherwise.

    Returns
    -------
    pd.DataFrame
        Columns `id` (in the source), `kind`, `floors` (nan where the map is silent), `area_m2`, `people` (estimated from
        footprint x floors), `shape` (metres), `point` (metres, inside the footprint).
    """
    tags = raw.areas
    kind = tags["building"].map(_KINDS).fillna("").to_numpy(object)
    used = np.zeros(len(tags), dtype=bool)
    for key in ("amenity", "shop", "office", "tourism", "leisure", "railway", "public_transport"):
        used |= tags[key].to_numpy(object) != ""
    kind[(kind == "unknown") & used] = ""
    rows = np.flatnonzero(kind != "")
    shapes = plane.flatten(raw.area_shapes[rows]) if len(rows) else np.zeros(0, dtype=object)
    area = shapely.area(shapes)
    points = shapely.point_on_surface(shapes)
    unknown = kind[rows] == "unknown"
    good = np.where(unknown, (area >= _SMALLEST_UNKNOWN_M2) & (area <= _LARGEST_UNKNOWN_M2), area >= _SMALLEST_M2)
    good &= ~(unknown & _on_other_land(raw, plane, points))
    rows, shapes, area, points = rows[good], shapes[good], area[good], points[good]
    levels = pd.to_numeric(tags["building:levels"].iloc[rows].str.extract(r"^\s*(\d+(?:\.\d+)?)")[0], errors="coerce")
    floors = levels.where(levels.between(1, 120)).to_numpy(float)
    return pd.DataFrame({
        "id": tags["id"].to_numpy(object)[rows],
        "kind": kind[rows],
        "floors": floors,
        "area_m2": area,
        "people": _people(kind[rows], floors, area, chinese=chinese),
        "shape": shapes,
        "point": points,
    })  # fmt: skip


def _people(kind: np.ndarray, floors: FloatArray, area: FloatArray, *, chinese: bool) -> FloatArray:
    column = 0 if chinese else 1
    assumed = np.array([_FLOORS[one][column] for one in kind], dtype=float)
    share = np.array([_SHARE_HOMES.get(one, 1.0) for one in kind], dtype=float)
    people = area * np.where(np.isnan(floors), assumed, floors) * share / _FLOOR_AREA_PER_PERSON[column]
    clipped: FloatArray = np.clip(people, 1.0, _MOST_PEOPLE_OF_A_BUILDING)
    return clipped


def _on_other_land(raw: RawMap, plane: Plane, points: np.ndarray) -> np.ndarray:
    """Return for each point whether it lies on land that is used for something else than homes."""
    tags = raw.areas
    other = np.isin(tags["landuse"].to_numpy(object), _NO_HOMES) | np.isin(tags["amenity"].to_numpy(object), _PUBLIC)
    found = np.zeros(len(points), dtype=bool)
    if other.any() and len(points):
        land = plane.flatten(raw.area_shapes[other])
        found[shapely.STRtree(land).query(points, predicate="within")[0]] = True
    return found
