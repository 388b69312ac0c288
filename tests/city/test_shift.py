"""Layers of mixed-up coordinates are noticed, and true ones are left in peace."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.city.shift import find_shift

RNG = np.random.default_rng(5)
# Irregular streets: winding lines 250-500 m apart, as in Chinese superblocks.
STREETS = np.array(
    [shapely.LineString(np.column_stack((np.linspace(-3000, 3000, 30), y + RNG.normal(0, 25, 30).cumsum() / 3))) for y in np.cumsum(RNG.uniform(250, 500, 16)) - 3000]
    + [shapely.LineString(np.column_stack((x + RNG.normal(0, 25, 30).cumsum() / 3, np.linspace(-3000, 3000, 30)))) for x in np.cumsum(RNG.uniform(250, 500, 16)) - 3000],
    dtype=object,
)  # fmt: skip


def shops(count: int, seed: int = 1) -> np.ndarray:
    """Points 10-25 m beside streets, in the middle of the town."""
    rng = np.random.default_rng(seed)
    along = shapely.line_interpolate_point(
        STREETS[rng.integers(len(STREETS), size=count)], rng.uniform(0.2, 0.8, count), normalized=True
    )
    return shapely.get_coordinates(along) + rng.choice([-1, 1], (count, 2)) * rng.uniform(7, 17, (count, 2))


@settings(deadline=None, max_examples=6)
@given(st.floats(380, 680), st.floats(25, 65), st.integers(0, 3), st.integers(0, 99))
def test_a_constant_shift_of_hundreds_of_metres_is_found(metres: float, off: float, side: int, seed: int) -> None:
    angle = np.radians(off + 90 * side)
    east, north = metres * np.cos(angle), metres * np.sin(angle)
    found = find_shift(shops(80, seed) + np.array([east, north]), STREETS)
    assert found is not None
    assert np.hypot(found.east_m - east, found.north_m - north) < 60
    assert found.fit_moved > found.fit


@pytest.mark.parametrize("seed", range(3))
def test_a_layer_in_its_place_is_not_called_shifted(seed: int) -> None:
    assert find_shift(shops(80, seed), STREETS) is None


def test_points_that_have_nothing_to_do_with_streets_are_not_called_shifted() -> None:
    assert find_shift(np.random.default_rng(3).uniform(-2000, 2000, (100, 2)), STREETS) is None


def test_a_handful_of_points_proves_nothing() -> None:
    assert find_shift(shops(19) + np.array([500, -360]), STREETS) is None
    assert find_shift(shops(80), STREETS[:0]) is None
