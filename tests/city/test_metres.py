import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldops.city.metres import Plane

GLOBE = pyproj.Geod(ellps="WGS84")


@given(st.floats(-179, 179), st.floats(-70, 70), st.floats(-30_000, 30_000), st.floats(-30_000, 30_000))
def test_a_place_comes_back_from_the_plane_where_it_was(lon: float, lat: float, x: float, y: float) -> None:
    plane = Plane(lon, lat)
    there = plane.to_metres(*plane.to_degrees([x], [y]))
    assert np.allclose(np.ravel(there), [x, y], atol=1e-3)


@given(st.floats(-60, 60), st.floats(-15_000, 15_000), st.floats(-15_000, 15_000))
def test_lengths_in_the_plane_are_lengths_on_the_ground(lat: float, x: float, y: float) -> None:
    plane = Plane(117.0, lat)
    lon, lats = plane.to_degrees([x, x + 600.0], [y, y + 800.0])
    _, _, metres = GLOBE.inv(lon[0], lats[0], lon[1], lats[1])
    assert metres == pytest.approx(1000.0, rel=1e-5)


def test_the_plane_of_nothing_is_a_plane() -> None:
    assert Plane.around([], []) == Plane(0.0, 0.0)
