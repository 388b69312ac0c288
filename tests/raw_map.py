"""Maps drawn by hand for tests: streets on a plane of metres about a point in Germany or in China."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import shapely

from fieldops.city.metres import Plane
from fieldops.city.raw import PLACE_TAGS, WAY_TAGS, RawMap

GERMANY = Plane(8.69, 49.41)
CHINA = Plane(117.21, 28.30)

Line = Sequence[tuple[float, float]]
Way = tuple[Line, Mapping[str, str]]
Place = tuple[shapely.Geometry, Mapping[str, str]]


def street(name: str, *points: tuple[float, float], **tags: str) -> Way:
    """A residential street of that name through points in metres."""
    return points, {"highway": "residential", "name": name, **tags}


def home(x: float, y: float, kind: str = "apartments", size: float = 20.0, **tags: str) -> Place:
    """A square building around a point; the tag `levels` is short for `building:levels`."""
    levels = {"building:levels": tags.pop("levels")} if "levels" in tags else {}
    return shapely.box(x - size / 2, y - size / 2, x + size / 2, y + size / 2), {"building": kind, **levels, **tags}


def block(x0: float, y0: float, x1: float, y1: float, **tags: str) -> Place:
    """A residential area."""
    return shapely.box(x0, y0, x1, y1), {"landuse": "residential", **tags}


def raw_map(
    ways: Sequence[Way],
    places: Sequence[Place] = (),
    *,
    plane: Plane = GERMANY,
    boundary: shapely.Polygon | None = None,
    way_ids: Sequence[int] | None = None,
) -> RawMap:
    """A map of these ways and places, all in metres of the plane; ways meet where they share a point."""
    points: dict[tuple[float, float], int] = {}
    refs = [points.setdefault(point, 1000 + len(points)) for line, _ in ways for point in line]
    xy = np.array([point for line, _ in ways for point in line], dtype=float).reshape(-1, 2)
    lon, lat = plane.to_degrees(xy[:, 0], xy[:, 1])
    areas = [place for place in places if shapely.get_dimensions(place[0]) == 2]
    spots = [place for place in places if shapely.get_dimensions(place[0]) == 0]
    tags = pd.DataFrame({tag: [t.get(tag, "") for _, t in ways] for tag in WAY_TAGS}, dtype=object)
    tags.insert(0, "way", np.array(way_ids if way_ids is not None else range(1, len(ways) + 1), dtype=np.int64))
    return RawMap(
        ways=tags,
        starts=np.r_[0, np.cumsum([len(line) for line, _ in ways])].astype(np.int64),
        refs=np.array(refs, dtype=np.int64),
        lon=lon,
        lat=lat,
        areas=_tags(areas, "w"),
        area_shapes=_shapes(areas, plane),
        points=_tags(spots, "n"),
        point_shapes=_shapes(spots, plane),
        source="osm",
        boundary=plane.unflatten(boundary) if boundary is not None else None,
    )


def _tags(places: Sequence[Place], letter: str) -> pd.DataFrame:
    frame = pd.DataFrame({tag: [t.get(tag, "") for _, t in places] for tag in PLACE_TAGS}, dtype=object)
    frame.insert(0, "id", pd.Series([f"{letter}{900 + i}" for i in range(len(places))], dtype=object))
    return frame


def _shapes(places: Sequence[Place], plane: Plane) -> np.ndarray:
    shapes = np.empty(len(places), dtype=object)
    shapes[:] = [shape for shape, _ in places]
    return plane.unflatten(shapes) if len(shapes) else shapes
