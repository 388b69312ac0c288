"""Which street, or which connection point, a position belongs to; how far a position is from the region's streets."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import shapely

from fieldops.city.metres import FloatArray, Plane
from fieldops.ids import StreetId, TriangleId

AT_POINT_M = 40.0  # a phone's usual error beside houses, and the width of a crossing
AT_STREET_M = 150.0  # the operation area: streets and what lies within 150 m of them
_EARTH_M = 6_371_008.8


@dataclass(frozen=True, slots=True)
class Place:
    """Where a position belongs: a street or a triangle's connection point, or neither, and the metres to it."""

    street: StreetId | None
    triangle: TriangleId | None
    distance_m: float

    @property
    def inside(self) -> bool:
        """Return whether the position lies in the operation area."""
        return self.street is not None or self.triangle is not None


@dataclass(frozen=True)
class Ground:
    """
    The streets and connection points of one city, ready to be searched.

    Build it with `Ground.of`; it holds the geometries flattened to metres and two search trees.
    """

    plane: Plane
    streets: tuple[StreetId, ...]
    triangles: tuple[TriangleId, ...]
    shapes: Any
    _street_tree: shapely.STRtree
    _point_tree: shapely.STRtree

    @classmethod
    def of(
        cls,
        streets: tuple[StreetId, ...],
        shapes: npt.NDArray[np.object_],
        triangles: tuple[TriangleId, ...],
        point_lon: npt.ArrayLike,
        point_lat: npt.ArrayLike,
    ) -> Self:
        """
        Return the ground of a city.

        Parameters
        ----------
        streets, shapes
            Ids and geometries (degrees WGS-84) in the same order.
        triangles, point_lon, point_lat
            Ids and connection points (degrees) in the same order.
        """
        bounds = shapely.total_bounds(shapes) if len(shapes) else np.zeros(4)
        plane = Plane.around(bounds[[0, 2]], bounds[[1, 3]])
        flat = plane.flatten(shapes)
        points = np.asarray(shapely.points(*plane.to_metres(point_lon, point_lat)), dtype=object)
        return cls(plane, streets, triangles, flat, shapely.STRtree(flat), shapely.STRtree(points))

    def find(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> list[Place]:
        """
        Return the place of each position, in order.

        A position within `AT_POINT_M` of a connection point belongs to the nearest one, else to the nearest street
        within `AT_STREET_M`, else to nothing; `distance_m` is then the way to the nearest street.
        """
        positions = shapely.points(*self.plane.to_metres(lon, lat))
        to_point, point_m = _nearest(self._point_tree, positions)
        to_street, street_m = _nearest(self._street_tree, positions)
        found: list[Place] = []
        for point, at_point, street, at_street in zip(to_point, point_m, to_street, street_m, strict=True):
            if at_point <= AT_POINT_M:
                found.append(Place(None, self.triangles[point], float(at_point)))
            elif at_street <= AT_STREET_M:
                found.append(Place(self.streets[street], None, float(at_street)))
            else:
                found.append(Place(None, None, float(at_street)))
        return found

    def nearest_streets(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[list[StreetId | None], FloatArray]:
        """Return the nearest street of each position, however far, and the metres to it."""
        nearest, metres = _nearest(self._street_tree, shapely.points(*self.plane.to_metres(lon, lat)))
        return [self.streets[i] if i >= 0 else None for i in nearest], metres


def _nearest(tree: shapely.STRtree, positions: Any) -> tuple[npt.NDArray[np.int64], FloatArray]:
    nearest = np.full(len(positions), -1, dtype=np.int64)
    metres = np.full(len(positions), np.inf)
    if len(tree) and len(positions):
        (asked, found), distance = tree.query_nearest(positions, return_distance=True, all_matches=False)
        nearest[asked], metres[asked] = found, distance
    return nearest, metres


def find_in(grounds: list[Ground], lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> list[Place]:
    """Return the place of each position in whichever city is nearest; see `Ground.find`."""
    best = [Place(None, None, float("inf"))] * len(lon)
    for ground in grounds:
        for i, place in enumerate(ground.find(lon, lat)):
            if (place.inside, -place.distance_m) > (best[i].inside, -best[i].distance_m):
                best[i] = place
    return best


def metres_to_nearest(lon: float, lat: float, lons: FloatArray, lats: FloatArray) -> float:
    """Return the great-circle distance in metres from a position to the nearest of others; inf where there are none."""
    if not len(lons):
        return float("inf")
    # The haversine formula on the mean sphere: off by at most 0.6 %, and it holds all round the earth.
    phi, phis = np.radians(lat), np.radians(lats)
    half = np.sin((phis - phi) / 2) ** 2 + np.cos(phi) * np.cos(phis) * np.sin(np.radians(lons - lon) / 2) ** 2
    return float(2 * _EARTH_M * np.arcsin(np.sqrt(half.min())))
