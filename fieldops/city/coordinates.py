"""
Places: WGS-84, the shifted coordinates of Chinese maps (GCJ-02, BD-09), and metres on the ground.

Everything is stored in WGS-84 degrees, longitude first. GCJ-02 is an offset of 50-700 m that the law lays over maps
of mainland China (AMap, Tencent); BD-09 is Baidu's second offset upon it. Both are undone by fixed-point iteration.
"""

from collections.abc import Callable

import numpy as np
import shapely

from fieldops.city.mainland import FloatArray, in_mainland
from fieldops.errors import BadInput
from fieldops.said import Said

Pair = tuple[FloatArray, FloatArray]

SYSTEMS = ("wgs84", "gcj02", "bd09")

_A = 6378245.0  # Krassowski's ellipsoid, which the offset is defined on
_EE = 0.00669342162296594323
_TURN = np.pi * 3000.0 / 180.0
_WGS_A = 6378137.0
_WGS_EE = 6.69437999014e-3
_ROUNDS = 5  # four reach 1 um; one more costs nothing


def gcj02_from_wgs84(lon: FloatArray, lat: FloatArray) -> Pair:
    """Return GCJ-02 degrees of WGS-84 points; points outside mainland China are not shifted."""
    d_lon, d_lat = _offset(lon, lat)
    inside = in_mainland(lon, lat)
    return lon + np.where(inside, d_lon, 0.0), lat + np.where(inside, d_lat, 0.0)


def wgs84_from_gcj02(lon: FloatArray, lat: FloatArray) -> Pair:
    """
    Return WGS-84 degrees of GCJ-02 points; points whose true place is outside mainland China are not shifted.

    Notes
    -----
    Fixed point of `w = p - offset(w)`: 1 um after four rounds. Within one offset (700 m) of the mainland's border a
    pair of shifted coordinates may stand for two places, one on either side; then the mainland is meant.
    """
    w_lon, w_lat = _undo(_offset, lon, lat)
    inside = in_mainland(w_lon, w_lat)
    return np.where(inside, w_lon, lon), np.where(inside, w_lat, lat)


def bd09_from_wgs84(lon: FloatArray, lat: FloatArray) -> Pair:
    """Return BD-09 degrees of WGS-84 points; points outside mainland China are not shifted."""
    g_lon, g_lat = gcj02_from_wgs84(lon, lat)
    b_lon, b_lat = _baidu(g_lon, g_lat)
    inside = in_mainland(lon, lat)
    return np.where(inside, g_lon + b_lon, lon), np.where(inside, g_lat + b_lat, lat)


def wgs84_from_bd09(lon: FloatArray, lat: FloatArray) -> Pair:
    """Return WGS-84 degrees of BD-09 points; points whose true place is outside mainland China are not shifted."""
    w_lon, w_lat = _undo(_offset, *_undo(_baidu, lon, lat))
    inside = in_mainland(w_lon, w_lat)
    return np.where(inside, w_lon, lon), np.where(inside, w_lat, lat)


def to_wgs84(lon: FloatArray, lat: FloatArray, coordinates: str) -> Pair:
    """
    Return WGS-84 degrees of points given in one of `SYSTEMS`.

    Raises
    ------
    BadInput
        If no such system is known.
    """
    if coordinates == "wgs84":
        return lon, lat
    if coordinates == "gcj02":
        return wgs84_from_gcj02(lon, lat)
    if coordinates == "bd09":
        return wgs84_from_bd09(lon, lat)
    raise BadInput(
        Said("no coordinates are called '%(coordinates)s'", coordinates=coordinates),
        field="coordinates",
        cure="use wgs84, gcj02 or bd09",
    )


def geometries_to_wgs84(geometries: np.ndarray, coordinates: str) -> np.ndarray:
    """Return geometries, given in one of `SYSTEMS`, in WGS-84."""
    if coordinates == "wgs84" or len(geometries) == 0:
        return geometries

    def convert(xy: FloatArray) -> FloatArray:
        return np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], coordinates))

    moved: np.ndarray = shapely.transform(geometries, convert)
    return moved


def _offset(lon: FloatArray, lat: FloatArray) -> Pair:
    """Return the GCJ-02 offset in degrees, the same polynomial and sines that every open library uses."""
    x, y = lon - 105.0, lat - 35.0
    wave = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    root = np.sqrt(np.abs(x))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    phi = np.radians(lat)
    magic = 1.0 - _EE * np.sin(phi) ** 2
    d_lat = np.degrees(north / (_A * (1.0 - _EE) / magic**1.5))
    d_lon = np.degrees(east / (_A / np.sqrt(magic) * np.cos(phi)))
    return d_lon, d_lat


def _baidu(lon: FloatArray, lat: FloatArray) -> Pair:
    """Return the offset in degrees from GCJ-02 to BD-09."""
    z = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _TURN)
    theta = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _TURN)
    return z * np.cos(theta) + 0.0065 - lon, z * np.sin(theta) + 0.006 - lat


def _undo(offset: Callable[[FloatArray, FloatArray], Pair], lon: FloatArray, lat: FloatArray) -> Pair:
    found_lon, found_lat = lon, lat
    for _ in range(_ROUNDS):
        d_lon, d_lat = offset(found_lon, found_lat)
        found_lon, found_lat = lon - d_lon, lat - d_lat
    return found_lon, found_lat


def metres_per_degree(lat: FloatArray) -> Pair:
    """Return metres on the WGS-84 ellipsoid of one degree of longitude and of latitude at the given latitudes."""
    phi = np.radians(lat)
    magic = 1.0 - _WGS_EE * np.sin(phi) ** 2
    along = np.radians(1.0) * _WGS_A * np.cos(phi) / np.sqrt(magic)
    across = np.radians(1.0) * _WGS_A * (1.0 - _WGS_EE) / magic**1.5
    return along, across


def ground_lengths(lines: np.ndarray) -> FloatArray:
    """Return the lengths in metres on the ellipsoid of lines in degrees, exact to 1e-5 for pieces of city size."""
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    same = owner[1:] == owner[:-1]
    along, across = metres_per_degree((xy[1:, 1] + xy[:-1, 1]) / 2)
    step = np.hypot((xy[1:, 0] - xy[:-1, 0]) * along, (xy[1:, 1] - xy[:-1, 1]) * across)
    lengths: FloatArray = np.bincount(owner[1:][same], weights=step[same], minlength=len(lines)).astype(float)
    return lengths
