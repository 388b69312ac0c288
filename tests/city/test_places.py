"""Which street or connection point a position belongs to."""

import math

import numpy as np
import pytest
import shapely

from fieldops.city.places import AT_POINT_M, AT_STREET_M, Ground, find_in, metres_to_nearest
from fieldops.ids import StreetId, TriangleId

LON, LAT = 117.2, 28.3
M_LAT = 110_850.0  # metres of a degree of latitude there
M_LON = 111_320.0 * math.cos(math.radians(LAT)) * 1.0007  # on the ellipsoid


def ground(lon: float = LON) -> Ground:
    """A street of 100 m going east, a compound 1 km north of it, and a connection point at the street's east end."""
    east = lon + 100 / M_LON
    court = shapely.box(lon, LAT + 1000 / M_LAT, east, LAT + 1100 / M_LAT)
    shapes = np.array([shapely.LineString([(lon, LAT), (east, LAT)]), court], dtype=object)
    return Ground.of((StreetId("ROAD"), StreetId("COURT")), shapes, (TriangleId("T"),), [east], [LAT])


@pytest.mark.parametrize(
    ("east_m", "north_m", "place"),
    [
        (100, AT_POINT_M - 2, "T"), (50, 30, "ROAD"), (0, AT_STREET_M - 2, "ROAD"), (0, AT_STREET_M + 2, None),
        (50, 1050, "COURT"), (50, 5000, None),
    ],
)  # fmt: skip
def test_a_position_belongs_to_the_point_nearby_else_to_the_street_nearby_else_to_nothing(
    east_m: float, north_m: float, place: str | None
) -> None:
    found = ground().find([LON + east_m / M_LON], [LAT + north_m / M_LAT])[0]
    assert (found.street or found.triangle) == place


def test_the_distance_to_a_place_is_in_metres_on_the_ground() -> None:
    assert ground().find([LON], [LAT + 80 / M_LAT])[0].distance_m == pytest.approx(80, rel=0.002)
    assert ground().find([LON + 50 / M_LON], [LAT + 1050 / M_LAT])[0].distance_m == 0.0


def test_of_two_cities_the_nearer_one_is_asked() -> None:
    places = find_in([ground(), ground(LON + 3)], np.array([LON + 3, LON, LON + 1]), np.array([LAT, LAT, LAT]))
    assert [place.inside for place in places] == [True, True, False]


def test_a_region_without_streets_has_no_place() -> None:
    empty = Ground.of((), np.array([], dtype=object), (), [], [])
    assert not empty.find([LON], [LAT])[0].inside
    assert metres_to_nearest(LON, LAT, np.array([]), np.array([])) == math.inf


def test_a_degree_of_longitude_at_the_equator_is_111_km_also_across_the_date_line() -> None:
    far = metres_to_nearest(179.5, 0.0, np.array([-179.5, 0.0]), np.array([0.0, 0.0]))
    assert far == pytest.approx(111_195, rel=1e-3)
