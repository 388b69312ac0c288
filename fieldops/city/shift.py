"""Whether a layer or a table lies beside the streets by a constant vector, as mixed-up Chinese coordinates do."""

from dataclasses import dataclass

import numpy as np
import shapely

from fieldops.city.coordinates import SYSTEMS, to_wgs84
from fieldops.city.metres import Plane
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
_APART_M = 50.0  # places of a table nearer than that count once: ten crews of one house prove no more than one
_KNOWN_GAIN_LEAST = 0.15  # one vector that is known before leaves less to chance than the best of hundreds
_FIT_LEAST = 0.58  # what layers that were moved on purpose reach; chance alone reached 0.55 with 45 points


@dataclass(frozen=True, slots=True)
class Shift:
    """
    The vector in metres (east, north) by which a layer seems to lie off the streets.

    `fit` and `fit_moved` say how well it fits the streets as it lies and when moved back, 0 to 1. `system` is the one of
    `coordinates.SYSTEMS` that shifts like this there, empty where none does or none was looked for.
    """

    east_m: float
    north_m: float
    fit: float
    fit_moved: float
    system: str = ""


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


def find_table_shift(lon: FloatArray, lat: FloatArray, lines: np.ndarray) -> Shift | None:
    """
    Return the shift of a table's places against the streets, None where none is plain.

    Parameters
    ----------
    lon, lat
        Places that lie at streets, degrees as the table gives them.
    lines
        Streets, degrees WGS-84.

    Returns
    -------
    Shift or None
        With its system where places taken for GCJ-02 or BD-09 fit better by 0.15, and to 0.58; else as `find_shift` finds
        it. None also where fewer than 20 places stand 50 m apart, and where they fit so well that none can be plain.
    """
    plane = Plane.around(lon, lat)
    places = np.column_stack(plane.to_metres(lon, lat))
    apart = np.sort(np.unique(np.round(places / _APART_M), axis=0, return_index=True)[1])
    if len(apart) < _FEWEST or not len(lines):
        return None
    some = apart[np.linspace(0, len(apart) - 1, min(len(apart), _MOST)).astype(int)]
    flat = plane.flatten(lines)
    tree, still = shapely.STRtree(_pieces(flat)), np.zeros((1, 2))
    here = float(_fit(places[some], tree, still)[0])
    if here * _TIMES_LEAST > 1.0:
        return None
    best: Shift | None = None
    for system in SYSTEMS[1:]:
        moved = np.column_stack(plane.to_metres(*to_wgs84(lon[some], lat[some], system)))
        fit = float(_fit(moved, tree, still)[0])
        east, north = (places[some] - moved).mean(axis=0).tolist()
        if fit >= max(_FIT_LEAST, here + _KNOWN_GAIN_LEAST) and (best is None or fit > best.fit_moved):
            best = Shift(east, north, here, fit, system)
    return best or find_shift(places[some], flat)


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
