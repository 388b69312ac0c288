"""The datum: what Chinese maps shift is shifted back to the millimetre, and nothing else is touched."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldops.city.coordinates import (
    bd09_from_wgs84,
    gcj02_from_wgs84,
    ground_lengths,
    metres_per_degree,
    to_wgs84,
    wgs84_from_bd09,
    wgs84_from_gcj02,
)
from fieldops.city.mainland import in_mainland
from fieldops.errors import BadInput

Shift = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

NEVER_SHIFTED = {
    "Hong Kong Central": (114.158, 22.282), "Lo Wu": (114.1135, 22.528), "Sheung Shui": (114.128, 22.502),
    "Macau": (113.543, 22.190), "Taipa": (113.560, 22.157), "Taipei": (121.56, 25.03), "Kinmen": (118.32, 24.43),
    "Seoul": (127.0, 37.5), "Hanoi": (105.85, 21.03), "Ulaanbaatar": (106.9, 47.9), "Vladivostok": (131.9, 43.1),
    "Heidelberg": (8.69, 49.41), "Yuma": (-114.6, 32.7), "Sydney": (151.2, -33.9),
}  # fmt: skip
SHIFTED = {
    "Guixi": (117.21, 28.30), "Luohu in Shenzhen": (114.118, 22.533), "Gongbei in Zhuhai": (113.548, 22.220),
    "Xiamen": (118.09, 24.48), "Beijing": (116.40, 39.90), "Heihe": (127.50, 50.245), "Sanya": (109.50, 18.25),
    "Urumqi": (87.6, 43.8), "Zhoushan": (122.2, 29.98),
}  # fmt: skip


def points(places: dict[str, tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    lon, lat = np.array(list(places.values())).T
    return lon, lat


def metres_apart(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    along, across = metres_per_degree(a[1])
    return np.hypot((a[0] - b[0]) * along, (a[1] - b[1]) * across)


def test_hong_kong_macau_taiwan_and_abroad_are_never_shifted() -> None:
    lon, lat = points(NEVER_SHIFTED)
    for shift in (gcj02_from_wgs84, bd09_from_wgs84):
        moved = metres_apart((lon, lat), shift(lon, lat))
        assert dict(zip(NEVER_SHIFTED, moved, strict=True)) == dict.fromkeys(NEVER_SHIFTED, 0.0)


def test_the_mainland_is_shifted_up_to_its_border_towns() -> None:
    lon, lat = points(SHIFTED)
    assert in_mainland(lon, lat).all()
    moved = metres_apart((lon, lat), gcj02_from_wgs84(lon, lat))
    assert (moved > 50).all()
    assert (moved < 800).all()
    assert (metres_apart((lon, lat), bd09_from_wgs84(lon, lat)) > 300).all()


def test_guixi_is_shifted_by_the_known_vector() -> None:
    lon, lat = gcj02_from_wgs84(np.array([117.21]), np.array([28.30]))
    along, across = metres_per_degree(np.array([28.30]))
    assert float((lon[0] - 117.21) * along[0]) == pytest.approx(508, abs=10)  # 508 E, 363 S: measured in the design
    assert float((lat[0] - 28.30) * across[0]) == pytest.approx(-363, abs=10)


@pytest.mark.parametrize(("there", "back"), [(gcj02_from_wgs84, wgs84_from_gcj02), (bd09_from_wgs84, wgs84_from_bd09)])
def test_a_round_trip_of_a_hundred_thousand_points_errs_by_less_than_a_millimetre(there: Shift, back: Shift) -> None:
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(73, 135, 250_000), rng.uniform(18, 53, 250_000)
    inside = in_mainland(lon, lat)
    lon, lat = lon[inside], lat[inside]
    assert len(lon) > 100_000
    assert metres_apart((lon, lat), back(*there(lon, lat))).max() < 1e-3


@given(st.floats(100, 118), st.floats(24, 38))
def test_converting_as_the_wrong_system_moves_a_point_by_hundreds_of_metres(lon: float, lat: float) -> None:
    here = np.array([lon]), np.array([lat])
    assert metres_apart(here, to_wgs84(*here, "gcj02"))[0] > 50
    assert metres_apart(here, to_wgs84(*here, "wgs84"))[0] == 0


def test_an_unknown_system_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match="wgs84, gcj02 or bd09"):
        to_wgs84(np.zeros(1), np.zeros(1), "gcj2")


def test_lengths_on_the_ground_agree_with_the_geodesic() -> None:
    import pyproj
    import shapely

    lines = np.array(
        [shapely.linestrings([(8.6, 49.4), (8.7, 49.45), (8.75, 49.3)]), shapely.linestrings([(0, 0), (0.1, 0.1)])]
    )
    exact = [pyproj.Geod(ellps="WGS84").geometry_length(line) for line in lines]
    assert ground_lengths(lines) == pytest.approx(exact, rel=1e-5)
