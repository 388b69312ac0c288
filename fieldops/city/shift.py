"""Whether a layer lies beside the streets by a constant vector, as layers of mixed-up Chinese coordinates do."""

from dataclasses import dataclass

import numpy as np
import shapely

from fieldops.city.raw import FloatArray

NEAREST_M, FARTHEST_M = 300.0, 700.0
_FEWEST = 20
_MOST = 150
_WIDTH_M = 40.0
_COARSE_M = 50.0
_FINE_M = 15.0
_PEAKS = 5
_GAIN_LEAST = 0.2
_TIMES_LEAST = 1.5
_FIT_LEAST = 0.58  # what layers that were moved on purpose reach; chance alone reached 0.55 with 45 points


@dataclass(frozen=True, slots=True)
class Shift:
    """
    The vector in metres (east, north) by which a layer seems to lie off the streets.

    `fit` and `fit_moved` say how well it fits the streets as it lies and when moved back, 0 to 1.
    """

    east_m: float
    north_m: float
    fit: float
    fit_moved: float


def find_shift(points: FloatArray, lines: np.ndarray) -> Shift | None:
    """
    Return the shift of a layer against the streets, None where none of 300-700 m is plain.

    Parameters
    ----------
    points
        Places that lie at streets (venues, corners of a boundary), metres, shape (n, 2).
    lines
        Streets, metres.

    Returns
    -------
    Shift or None
        None also where there are fewer than 20 points. A regular grid of streets hides shifts by whole blocks or
        along its streets: None there promises nothing.

    Notes
    -----
    The fit is the mean of exp(-(d / 40 m)^2) over the distances d to the nearest street, searched over a ring of vectors
    in 50 m steps, then in 15 m steps around the five best. It must rise by 0.2, by half, and to 0.58.
    """
    if len(points) < _FEWEST or not len(lines):
        return None
    points = points[np.linspace(0, len(points) - 1, min(len(points), _MOST)).astype(int)]
    tree = shapely.STRtree(_pieces(lines))
    here = _fit(points, tree, np.zeros((1, 2)))[0]
    steps = np.arange(-FARTHEST_M, FARTHEST_M + 1, _COARSE_M)
    ring = _in_ring(np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2))
    best = ring[np.argsort(-_fit(points, tree, ring), kind="stable")[:_PEAKS]]
    fine = np.arange(-_COARSE_M, _COARSE_M + 1, _FINE_M)
    around = np.stack(np.meshgrid(fine, fine), axis=-1).reshape(-1, 2)
    near = _in_ring((best[:, None, :] + around[None, :, :]).reshape(-1, 2))
    fits = _fit(points, tree, near)
    top = int(fits.argmax())
    if fits[top] < max(_FIT_LEAST, here + _GAIN_LEAST, _TIMES_LEAST * here):
        return None
    east, north = -near[top]  # moved by the vector it fits, so it lies off by its opposite
    return Shift(float(east), float(north), float(here), float(fits[top]))


def _pieces(lines: np.ndarray) -> np.ndarray:
    """Return the straight pieces of lines: short ones make a search tree quick."""
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    follows = owner[1:] == owner[:-1]
    return np.asarray(shapely.linestrings(np.stack((xy[:-1][follows], xy[1:][follows]), axis=1)), dtype=object)


def _in_ring(vectors: FloatArray) -> FloatArray:
    size = np.hypot(vectors[:, 0], vectors[:, 1])
    ring: FloatArray = vectors[(size >= NEAREST_M) & (size <= FARTHEST_M + _COARSE_M)]
    return ring


def _fit(points: FloatArray, tree: shapely.STRtree, vectors: FloatArray) -> FloatArray:
    moved = (points[None, :, :] + vectors[:, None, :]).reshape(-1, 2)
    (asked, _), away = tree.query_nearest(shapely.points(moved), return_distance=True, all_matches=False)
    fits = np.zeros(len(moved))
    fits[asked] = np.exp(-((away / _WIDTH_M) ** 2))
    mean: FloatArray = fits.reshape(len(vectors), len(points)).mean(axis=1)
    return mean
