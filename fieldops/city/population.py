"""
People: how many live on, or can be met on, each street, lane and compound, where from, and how sure that is.

The best source counts: a table of residents by street, a population grid, a total; else homes x floors; else length.
Nobody is left out: every street has more than nobody, and where a figure is a guess its interval is wide.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fieldops.city import names
from fieldops.city.metres import Plane
from fieldops.city.raw import FloatArray, IntArray
from fieldops.errors import BadInput
from fieldops.said import Said

Residents = int | pd.DataFrame | gpd.GeoDataFrame

# Factor f of the 80 % interval [people / f, people x f] by source: 80 % of the streets lie within it. By length and by a share of
# a total: measured in Porto Alegre against its population grid (4,474 streets). By buildings and by a total over mapped
# homes: measured on 60 made-up towns, whose people are as far off as there; tests look at others. The rest is assumed. Where
# hardly anybody lives (the centre of Helsinki: offices) no factor holds; there only a grid helps.
SPREAD = {
    "residents_file": 1.15,
    "grid": 1.6,
    "total": 2.1,
    "length_of_total": 2.3,
    "buildings": 3.0,
    "area": 3.2,
    "length": 3.5,
}
# Where nothing else is known (assumed): people a metre of street, people a square metre of compound; China, elsewhere.
_PER_METRE = (1.0, 0.25)
_PER_M2 = (0.025, 0.008)
_LEAST_PER_METRE = 0.01
_MOST_STRETCH = 2.0  # homes x floors may be wrong by this factor; people beyond it live in homes that nobody has drawn
_LEAST_SHARE_OF_LENGTH = 0.03  # of a total, kept for streets without any mapped home
_FAR_FROM_STREETS_M = 500.0


@dataclass(frozen=True, slots=True)
class Units:
    """Streets, lanes and compounds as the people see them; arrays in the order of the units."""

    doors_m: FloatArray  # metres along which there can be doors, 0 for compounds
    home_people: FloatArray
    area_m2: FloatArray  # of compounds without mapped homes, else 0
    alike: list[set[str]]  # every name by which a table may call it, normalised; empty where there is no table


@dataclass(frozen=True, slots=True)
class Samples:
    """Points that stand for where people live, each with its unit and the people assumed there (metres)."""

    points: np.ndarray
    unit: IntArray
    people: FloatArray


@dataclass(frozen=True, slots=True)
class People:
    """People of each unit, the 80 % interval and the source; `report` says what could not be used."""

    people: FloatArray
    low: FloatArray
    high: FloatArray
    source: np.ndarray
    report: dict[str, object]


def assumed_people(units: Units, *, chinese: bool) -> tuple[FloatArray, np.ndarray]:
    """Return people from homes x floors, else from length or area, and which of the three, for each unit."""
    column = 0 if chinese else 1
    by_length = units.doors_m * _PER_METRE[column]
    by_area = units.area_m2 * _PER_M2[column]
    people = np.maximum.reduce([units.home_people, by_area, by_length * (units.home_people < 0.3 * by_length)])
    people = np.maximum(people, 1.0)
    source = np.where(by_area > units.home_people, "area", "buildings").astype(object)
    source[(units.home_people < 0.3 * by_length) | ((units.home_people <= 0) & (by_area <= 0))] = "length"
    return people, source


def estimate_people(
    units: Units, samples: Samples, residents: Residents | None, plane: Plane, *, chinese: bool
) -> People:
    """
    Return the people of each unit from the best source at hand.

    Parameters
    ----------
    units
        What is to be peopled.
    samples
        Where people are assumed to live; a grid is shared out by them (areal weighting).
    residents
        A total; or a frame with the columns `street` (id, label or name; a name that several streets bear is shared by
        length) and `people`; or cells
        (polygons, or points that stand for them) with a column `people`; or None.
    plane
        The city's flat map, for a grid.
    chinese
        Whether the town is Chinese: denser assumptions.

    Returns
    -------
    People
        `people` > 0 everywhere. A total is met exactly; so is a grid, but for cells farther than 500 m from any street.

    Raises
    ------
    BadInput
        If the residents are negative or not numbers, match no street, or lie elsewhere.
    """
    people, source = assumed_people(units, chinese=chinese)
    report: dict[str, object] = {}
    if isinstance(residents, gpd.GeoDataFrame):
        people, report = _from_grid(len(people), samples, residents, plane)
        source = np.full(len(people), "grid", dtype=object)
    elif isinstance(residents, pd.DataFrame):
        people, source, report = _from_table(units, people, source, residents)
    elif residents is not None:
        people, source = _from_total(units, people, source, float(residents))
    spread = np.array([SPREAD[one] for one in source], dtype=float)
    shown = np.where(source == "length_of_total", "length", source)
    return People(people, people / spread, people * spread, shown, report)


def _from_total(
    units: Units, assumed: FloatArray, source: np.ndarray, total: float
) -> tuple[FloatArray, np.ndarray]:  # fmt: skip
    """
    Share out a total: homes grow as all that is assumed does, at most twofold; the rest goes by length.

    Each street gets the larger of its homes' people and `rate x length`; `rate` is solved so that the sum is the total.
    So a fully mapped town is only scaled, and a thinly mapped one is peopled along its streets.
    """
    if not np.isfinite(total) or total <= 0:
        raise BadInput(
            Said("%(total)s residents", total=f"{total:g}"),
            field="residents",
            cure="give the number of people who live here",
        )
    homes = np.where(source == "area", assumed, units.home_people)
    length = units.doors_m
    bare = float(length[homes <= 0].sum() / max(length.sum(), 1e-9))
    most = (1 - _LEAST_SHARE_OF_LENGTH * bare) * total / max(homes.sum(), 1e-9)
    # As far as the assumption goes streets without homes grow with the others: homes alone would take their people.
    stretch = min(most, total / assumed.sum(), _MOST_STRETCH)
    homes = homes * stretch
    if length.sum() <= 0:
        return homes * total / homes.sum(), np.full(len(homes), "total", dtype=object)
    low, high = 0.0, total / length.sum() + (homes / np.maximum(length, 1e-9))[length > 0].max(initial=0.0)
    for _ in range(80):
        rate = (low + high) / 2
        low, high = (rate, high) if np.maximum(homes, rate * length).sum() < total else (low, rate)
    people = np.maximum(homes, high * length)
    people *= total / people.sum()
    by_length = high * length > homes
    shared: np.ndarray = np.where(by_length, "length_of_total", np.where(source == "area", "area", "total"))
    return people, shared.astype(object)


def _from_table(
    units: Units, assumed: FloatArray, source: np.ndarray, table: pd.DataFrame
) -> tuple[FloatArray, np.ndarray, dict[str, object]]:
    """Take the table's people where it names a street; the other streets keep what is assumed."""
    people, source = assumed.copy(), source.copy()
    weight = np.maximum(units.doors_m, 1.0)
    known: dict[str, list[int]] = {}
    for row, alike in enumerate(units.alike):
        for name in alike:
            known.setdefault(name, []).append(row)
    unknown: list[str] = []
    by_name = table.groupby("street", sort=False)["people"].sum()
    for name, count in zip(by_name.index.astype(str), by_name.to_numpy(float), strict=True):
        if not np.isfinite(count) or count < 0:
            raise BadInput(
                Said("%(count)s people on '%(name)s'", count=count, name=name),
                field="people",
                cure="give a number of people, 0 or more",
            )
        rows = known.get(names.normalise(name), [])
        if not rows:
            unknown.append(name)
            continue
        people[rows] = np.maximum(count * weight[rows] / weight[rows].sum(), 1.0)
        source[rows] = "residents_file"
    if len(unknown) == len(by_name):
        raise BadInput(
            Said("no street of the residents file is in the map (first '%(first)s')", first=unknown[0]) if unknown
            else "no street of the residents file is in the map",
            field="street", cure="write streets by their name, label or id as in `fieldops export streets`",
        )  # fmt: skip
    return people, source, {"residents_unknown_streets": len(unknown), "residents_unknown_first": unknown[:5]}


def _from_grid(
    count: int, samples: Samples, grid: gpd.GeoDataFrame, plane: Plane
) -> tuple[FloatArray, dict[str, object]]:
    """Share out the people of each cell by the samples inside it; a cell without any gives to the nearest one."""
    if "people" not in grid.columns or not len(grid):
        raise BadInput("the population grid has no column people", cure="name the column with the residents `people`")
    held = pd.to_numeric(grid["people"], errors="coerce").to_numpy(float)
    if not (np.isfinite(held) & (held >= 0)).all():
        row = int(np.flatnonzero(~(np.isfinite(held) & (held >= 0)))[0])
        raise BadInput("not a number of people", row=row + 1, field="people", cure="give 0 or more in every cell")
    cells = plane.flatten(np.asarray(grid.geometry.to_numpy(), dtype=object))
    cell = _cell_of(samples.points, cells)
    inside = np.flatnonzero(cell >= 0)
    total = np.bincount(cell[inside], weights=samples.people[inside], minlength=len(cells))
    share = held[cell[inside]] * samples.people[inside] / total[cell[inside]]
    people: FloatArray = np.bincount(samples.unit[inside], weights=share, minlength=count).astype(float)
    alone = np.flatnonzero((total <= 0) & (held > 0))
    middle = shapely.centroid(cells[alone])
    (asked, nearest), away = shapely.STRtree(samples.points).query_nearest(
        middle, return_distance=True, all_matches=False
    )
    near = away <= _FAR_FROM_STREETS_M
    np.add.at(people, samples.unit[nearest[near]], held[alone[asked[near]]])
    outside = float(held[alone[asked[~near]]].sum())
    if people.sum() <= 0:
        raise BadInput("the population grid lies elsewhere", cure="check its coordinates and its column people")
    least = np.bincount(samples.unit, weights=samples.people, minlength=count)
    people = np.maximum(people, np.minimum(1.0, 0.01 * np.maximum(least, 1.0)))
    return people, {"grid_cells": len(cells), "grid_people_outside": round(outside)}


def _cell_of(points: np.ndarray, cells: np.ndarray) -> IntArray:
    """Return the cell of each point: the polygon that holds it, or the nearest of cells given by their middles."""
    found = np.full(len(points), -1, dtype=np.int64)
    tree = shapely.STRtree(cells)
    if (shapely.get_dimensions(cells) == 2).all():
        inner, outer = tree.query(points, predicate="intersects")
        found[inner[::-1]] = outer[::-1]
        return found
    middles = shapely.centroid(cells)
    (_, _), gaps = shapely.STRtree(middles).query_nearest(
        middles, return_distance=True, all_matches=False, exclusive=True
    )
    apart = float(np.median(gaps)) if len(gaps) else _FAR_FROM_STREETS_M
    (asked, nearest), away = tree.query_nearest(points, return_distance=True, all_matches=False)
    near = away <= apart  # a cell reaches about as far as the next middle
    found[asked[near]] = nearest[near]
    return found
