"""The plane on which a made-up city is drawn: metres east and north of its centre, and smooth random fields over it."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# Middle of the Atlantic, at the latitude of the Yangtze: far from any coast, so that no map of China is derived.
CENTRE_LON, CENTRE_LAT = -30.0, 30.0


def to_degrees(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """
    Return longitude and latitude (degrees WGS-84, rounded to the 1e-7 that OSM keeps) of points in the plane.

    Parameters
    ----------
    x, y
        Metres east and north of the centre. Lengths are kept to 0.5 % within 60 km, which is ample for a made-up map.
    """
    radians = np.radians(CENTRE_LAT)
    metres_per_lat = 111_132.92 - 559.82 * np.cos(2 * radians) + 1.175 * np.cos(4 * radians)
    metres_per_lon = 111_412.84 * np.cos(radians) - 93.5 * np.cos(3 * radians)
    return np.round(CENTRE_LON + x / metres_per_lon, 7), np.round(CENTRE_LAT + y / metres_per_lat, 7)


class Waves:
    """
    A smooth random field over the plane with mean 0 and variance 1.

    A sum of plane waves of random direction (Rahimi & Recht 2007), so that it can be asked at any point.

    Parameters
    ----------
    rng
        Generator of the waves.
    shortest, longest
        Range of the wave lengths, metres.
    terms
        Number of waves.
    """

    def __init__(self, rng: np.random.Generator, shortest: float, longest: float, terms: int = 14) -> None:
        length = np.exp(rng.uniform(np.log(shortest), np.log(longest), terms))
        heading = rng.uniform(0, 2 * np.pi, terms)
        self._kx = 2 * np.pi / length * np.cos(heading)
        self._ky = 2 * np.pi / length * np.sin(heading)
        self._phase = rng.uniform(0, 2 * np.pi, terms)

    def __call__(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the field at the points, in their shape."""
        total = np.zeros(np.broadcast(x, y).shape)
        for kx, ky, phase in zip(self._kx, self._ky, self._phase, strict=True):
            total += np.cos(kx * x + ky * y + phase)
        return total * float(np.sqrt(2 / self._kx.size))


class Warp:
    """
    The bend of the town: maps the straight sheet on which the lattice is drawn to the plane.

    Squares become rounded rings, the sheet follows the bends of the river near to it, and districts turn a little.

    Parameters
    ----------
    rng
        Generator of the bends.
    river_v
        Height of the river in the sheet, metres.
    turn
        Rotation of the whole, radians.
    """

    def __init__(self, rng: np.random.Generator, *, river_v: float, turn: float) -> None:
        self._bends = Waves(rng, 2_600, 6_500, 7)
        self._drift = [Waves(rng, 5_000, 16_000, 10) for _ in range(2)]
        self._wobble = [Waves(rng, 1_500, 3_500, 12) for _ in range(2)]
        self._river_v = river_v
        self._turn = turn

    def __call__(self, u: FloatArray, v: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the points (x, y) of the plane for points (u, v) of the sheet, metres."""
        radius = np.maximum(np.hypot(u, v), 1.0)
        square = (np.abs(u) ** 5 + np.abs(v) ** 5) ** 0.2
        rounding = 0.75 * np.clip((radius - 400) / 2_600, 0, 1)
        shrink = np.maximum(square / radius, 0.5) ** rounding
        bend = 230 * self._bends(u, np.zeros_like(u)) * np.exp(-(((v - self._river_v) / 1_700) ** 2))
        u, v = u * shrink, v * shrink + bend
        x = u + 270 * self._drift[0](u, v) + 38 * self._wobble[0](u, v)
        y = v + 270 * self._drift[1](u, v) + 38 * self._wobble[1](u, v)
        cos, sin = np.cos(self._turn), np.sin(self._turn)
        return x * cos - y * sin, x * sin + y * cos
