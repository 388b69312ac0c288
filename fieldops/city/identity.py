"""Which street of a newer map is which street of the older one: the same id, else the same ground; zones apart by their names."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from fieldops.city.model import City

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


def name_zones_apart(city: City, taken: Collection[str]) -> City:
    """Return the city with its own name before those of its zones, where another city has zones that are called so."""
    if not set(taken).intersection(city.zones["zone"]):
        return city
    apart = {name: f"{city.name}-{name}" for name in city.zones["zone"]}
    tables: dict[str, Any] = {
        noun: table.assign(zone=table["zone"].map(lambda name: apart.get(name, name)))
        for noun, table in (("streets", city.streets), ("triangles", city.triangles), ("zones", city.zones))
    }
    return replace(city, **tables)


def match_streets(
    old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, *, near_m: float = 15.0, least_overlap: float = 0.5
) -> IntArray:
    """
    Return for each new street the position of the old street that it continues, or -1.

    Equal ids match first. What is left matches by ground: the share of the one that lies within `near_m` of the other,
    taken both ways, the smaller of the two; best pairs first, each street once, a compound only with a compound.

    Parameters
    ----------
    old, new
        Streets as in `model.SCHEMA`, EPSG:4326. `old` may hold streets that were retired by hand.
    near_m
        Metres by which a redrawn line may have moved.
    least_overlap
        Smallest share of common ground that still is the same street, in (0, 1].

    Returns
    -------
    IntArray
        Positions into `old`, shape (len(new),); no position occurs twice.
    """
    match: IntArray = np.full(len(new), -1, dtype=np.int64)
    if len(old) == 0 or len(new) == 0:
        return match
    position = {street: i for i, street in enumerate(old["street"])}
    for j, street in enumerate(new["street"]):
        match[j] = position.get(street, -1)
    taken = set(match[match >= 0].tolist())
    free_old = np.array([i for i in range(len(old)) if i not in taken], dtype=np.int64)
    free_new = np.flatnonzero(match < 0)
    if free_old.size == 0 or free_new.size == 0:
        return match
    latitude = float(shapely.total_bounds(np.asarray(old.geometry))[1])
    ground_old = _to_metres(np.asarray(old.geometry)[free_old], latitude)
    ground_new = _to_metres(np.asarray(new.geometry)[free_new], latitude)
    j_new, i_old = shapely.STRtree(ground_old).query(ground_new, predicate="dwithin", distance=near_m)
    compound_old = (old["kind"].to_numpy() == "compound")[free_old]
    compound_new = (new["kind"].to_numpy() == "compound")[free_new]
    same_sort = compound_new[j_new] == compound_old[i_old]
    j_new, i_old = j_new[same_sort], i_old[same_sort]
    share = np.minimum(
        _share_within(ground_new[j_new], ground_old[i_old], near_m),
        _share_within(ground_old[i_old], ground_new[j_new], near_m),
    )
    for k in np.argsort(-share, kind="stable"):
        if share[k] < least_overlap:
            break
        j, i = int(free_new[j_new[k]]), int(free_old[i_old[k]])
        if match[j] < 0 and i not in taken:
            match[j] = i
            taken.add(i)
    return match


def _to_metres(geometries: np.ndarray, latitude: float) -> np.ndarray:
    """Project by local scale: good to a few per mille over a city, enough to compare neighbours."""
    scale = np.array([111_320.0 * np.cos(np.radians(latitude)), 110_574.0])
    projected: np.ndarray = shapely.transform(geometries, lambda points: points * scale)
    return projected


def _share_within(these: np.ndarray, those: np.ndarray, near_m: float) -> FloatArray:
    """Return the share of each geometry (length, or area of a polygon) within `near_m` of its partner."""
    polygon = shapely.get_dimensions(these) == 2
    around = shapely.buffer(those, np.where(polygon, 0.0, near_m))
    common = shapely.intersection(these, around)
    part = np.where(polygon, shapely.area(common), shapely.length(common))
    whole = np.where(polygon, shapely.area(these), shapely.length(these))
    return np.asarray(part / np.maximum(whole, 1e-9), dtype=np.float64)
