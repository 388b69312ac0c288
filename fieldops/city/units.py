"""The units of claim in the making: which street, lane or compound each home belongs to, and how many people each holds."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import shapely

from fieldops.city import compounds, names, population
from fieldops.city.compounds import FRONTAGE_M, Compounds
from fieldops.city.labels import make_ids, make_labels
from fieldops.city.metres import Plane
from fieldops.city.names import Words
from fieldops.city.population import People, Residents, Samples, Units
from fieldops.city.raw import FloatArray, IntArray
from fieldops.city.streets import work_of

_TOUR = (
    0.7124  # expected length of the shortest tour of n places in an area A is about this x sqrt(n A) (Beardwood 1959)
)
_DOORS_ON_A_BRIDGE = 0.01  # of its length
_SAMPLE_EVERY_M = 25.0
_LENGTH_WEIGHT = 0.05


@dataclass(frozen=True, slots=True)
class Draft:
    """
    A town in the making, in metres. Units are numbered: streets and lanes first, then compounds.

    `segments` has `unit` (-1 for none); `homes` has `unit`; `streets` is what `labels.describe_streets` returns; `around`
    is the compound that each segment runs inside of, whether it may be claimed or not (-1 for none).
    """

    segments: pd.DataFrame
    streets: pd.DataFrame
    compounds: Compounds
    homes: pd.DataFrame
    around: IntArray

    @property
    def count(self) -> int:
        """Return the number of units."""
        return len(self.streets) + len(self.compounds.frame)


def place_homes(draft: Draft) -> Draft:
    """
    Give every home to one unit: the compound it lies in, the street it fronts, else a derived compound.

    A home fronts the nearest claimable street when its footprint is within 50 m of it. What is farther off forms
    compounds of its own (`compounds.derive`); single homes too far from everything stay with the nearest street.
    """
    segments, homes, offset = draft.segments, draft.homes, len(draft.streets)
    shapes = homes["shape"].to_numpy(object)
    within = draft.compounds.holding(homes["point"].to_numpy(object))
    unit = np.where(within >= 0, within + offset, -1)
    rows = np.flatnonzero(segments["unit"].to_numpy() >= 0)
    nearest, away = _nearest_unit(segments, rows, shapes)
    unit = np.where((unit < 0) & (away <= FRONTAGE_M), nearest, unit)
    off = np.flatnonzero(unit < 0)
    derived, which = compounds.derive(segments, homes, off)
    unit[off] = np.where(which >= 0, which + offset + len(draft.compounds.frame), nearest[off])
    frame = pd.concat([part for part in (draft.compounds.frame, derived.frame) if len(part)] or [derived.frame])
    every = Compounds(frame.reset_index(drop=True))
    around = np.where(draft.around >= 0, draft.around, compounds.inside(every, segments))
    return replace(draft, homes=homes.assign(unit=unit), compounds=every, around=around)


def _nearest_unit(segments: pd.DataFrame, rows: IntArray, shapes: np.ndarray) -> tuple[IntArray, FloatArray]:
    lines = segments["line"].to_numpy(object)[rows]
    nearest = np.full(len(shapes), -1, dtype=np.int64)
    away = np.full(len(shapes), np.inf)
    if len(lines) and len(shapes):
        (asked, found), distance = shapely.STRtree(lines).query_nearest(shapes, return_distance=True, all_matches=False)
        nearest[asked], away[asked] = segments["unit"].to_numpy()[rows[found]], distance
    return nearest, away


def people_of(
    draft: Draft, described: pd.DataFrame, residents: Residents | None, plane: Plane, *, chinese: bool
) -> People:
    """Return the people of every unit; `described` is what `describe` returns. See `population.estimate_people`."""
    homes = draft.homes
    by_name = isinstance(residents, pd.DataFrame) and "street" in residents.columns
    home_people: FloatArray = np.bincount(homes["unit"], weights=homes["people"], minlength=draft.count).astype(float)
    doors: FloatArray = np.bincount(
        draft.segments["unit"] + 1, weights=_doors_of(draft.segments), minlength=draft.count + 1
    )[1:].astype(float)
    doors[len(draft.streets) :] = 0.0
    area = np.concatenate([np.zeros(len(draft.streets)), shapely.area(draft.compounds.shapes)])
    columns = [described[column].tolist() for column in ("street", "label", "name")]
    alike = [{names.normalise(one) for one in row} for row in zip(*columns, strict=True)] if by_name else []
    units = Units(doors, home_people, np.where(home_people > 0, 0.0, area), alike)
    samples = _samples(draft, units, chinese=chinese)
    return population.estimate_people(units, samples, residents, plane, chinese=chinese)


def _doors_of(segments: pd.DataFrame) -> FloatArray:
    """Return the metres of each segment along which there can be doors: hardly any on a bridge."""
    doors: FloatArray = work_of(segments) * np.where(segments["bridge"].to_numpy(bool), _DOORS_ON_A_BRIDGE, 1.0)
    return doors


def _samples(draft: Draft, units: Units, *, chinese: bool) -> Samples:
    """Return homes with their people, points along the streets, and points inside compounds without mapped homes."""
    assumed, source = population.assumed_people(units, chinese=chinese)
    segments = draft.segments[draft.segments["unit"].to_numpy() >= 0]
    lines = segments["line"].to_numpy(object)
    steps = np.maximum(np.ceil(shapely.length(lines) / _SAMPLE_EVERY_M), 1).astype(np.int64)
    row = np.repeat(np.arange(len(lines)), steps)
    share = (np.arange(len(row)) - np.repeat(np.cumsum(steps) - steps, steps) + 0.5) / steps[row]
    along = shapely.line_interpolate_point(lines[row], share, normalized=True)
    unit = segments["unit"].to_numpy()[row]
    work = (_doors_of(segments) / steps)[row]
    part = work / np.maximum(np.bincount(unit, weights=work, minlength=draft.count)[unit], 1e-9)
    weight = np.where(source == "length", 1.0, _LENGTH_WEIGHT)
    bare = np.flatnonzero(units.area_m2 > 0)
    inside = [compounds.sample_points(draft.compounds.shapes[one - len(draft.streets)]) for one in bare]
    return Samples(
        np.concatenate([draft.homes["point"].to_numpy(object), along, *inside]),
        np.concatenate([draft.homes["unit"].to_numpy(), unit, *(np.full(len(p), u) for p, u in zip(inside, bare, strict=True))]).astype(np.int64),
        np.concatenate([draft.homes["people"], assumed[unit] * weight[unit] * part, *(np.full(len(p), assumed[u] / len(p)) for p, u in zip(inside, bare, strict=True))]),
    )  # fmt: skip


def split_crowded(draft: Draft, people: People, most: float) -> tuple[Draft, People]:
    """
    Cut compounds of more than `most` people into neighbouring parts below it; their people go with their homes.

    Where one building alone would hold more, people are taken to live all over the compound.
    """
    offset = len(draft.streets)
    crowded = np.flatnonzero(people.people[offset:] > most)
    if not len(crowded):
        return draft, people
    share = np.ones(draft.count)
    origin = list(range(draft.count))
    shapes = list(draft.compounds.shapes)
    home_unit = draft.homes["unit"].to_numpy().copy()
    home_points = draft.homes["point"].to_numpy(object)
    for number in crowded.tolist():
        unit, total = offset + number, float(people.people[offset + number])
        mine = np.flatnonzero(home_unit == unit)
        points, weight = home_points[mine], draft.homes["people"].to_numpy()[mine]
        if not len(mine) or total * weight.max() / weight.sum() > most:
            points = compounds.sample_points(shapes[number], least=int(4 * total / most) + 1)
            weight = np.ones(len(points))
        polygons, part = compounds.split_compound(shapes[number], points, weight * total / weight.sum(), most)
        fraction = np.bincount(part, weights=weight) / weight.sum()
        numbers = np.r_[unit, len(origin) + np.arange(len(polygons) - 1)]
        shapes[number] = polygons[0]
        shapes.extend(polygons[1:])
        origin.extend([unit] * (len(polygons) - 1))
        share[unit] = fraction[0]
        share = np.r_[share, fraction[1:]]
        if len(points) == len(mine):
            home_unit[mine] = numbers[part]
        else:
            _, nearest = shapely.STRtree(np.array(polygons, dtype=object)).query_nearest(
                home_points[mine], all_matches=False
            )
            home_unit[mine] = numbers[nearest]
    frame = draft.compounds.frame.iloc[np.array(origin[offset:]) - offset].reset_index(drop=True)
    drawn = np.empty(len(shapes), dtype=object)
    drawn[:] = shapes
    parts = Compounds(frame.assign(shape=drawn))
    around = compounds.inside(parts, draft.segments)
    unit_of = draft.segments["unit"].to_numpy()
    unit_of = np.where((unit_of >= offset) & (around >= 0), around + offset, unit_of)
    cut = replace(
        draft, compounds=parts, around=around, homes=draft.homes.assign(unit=home_unit),
        segments=draft.segments.assign(unit=unit_of),
    )  # fmt: skip
    return cut, People(
        people.people[origin] * share, people.low[origin] * share, people.high[origin] * share, people.source[origin],
        people.report,
    )  # fmt: skip


def frontage_of(draft: Draft, gates: pd.DataFrame) -> FloatArray:
    """
    Return the metres from each home to where its unit is worked.

    For a street: from the footprint to the drawn line of that very street. For a compound: from the footprint to the
    nearest of its gates, the ways inside it, and its border, along which a promoter walks from house to house.
    """
    offset, unit = len(draft.streets), draft.homes["unit"].to_numpy()
    shapes = draft.homes["shape"].to_numpy(object)
    frontage = np.full(len(shapes), np.inf)
    lines = draft.streets["line"].to_numpy(object)
    on_street = unit < offset
    frontage[on_street] = shapely.distance(shapes[on_street], lines[unit[on_street]])
    home = np.flatnonzero(~on_street)
    frontage[home] = shapely.distance(shapes[home], shapely.boundary(draft.compounds.shapes[unit[home] - offset]))
    inside = np.flatnonzero(draft.around >= 0)
    pieces = np.concatenate([draft.segments["line"].to_numpy(object)[inside], gates["point"].to_numpy(object)])
    of = np.concatenate([draft.around[inside], gates["compound"].to_numpy()])
    if len(pieces) and len(home):
        a, b = shapely.STRtree(pieces).query(shapes[home], predicate="dwithin", distance=FRONTAGE_M)
        same = of[b] == unit[home[a]] - offset
        np.minimum.at(frontage, home[a[same]], shapely.distance(shapes[home[a[same]]], pieces[b[same]]))
    return frontage


def describe(draft: Draft, words: Words) -> pd.DataFrame:
    """
    Return one row a unit with ids, names and labels; `name_source` is `map` or `generated`.

    A nameless compound is called after the nearest named street.
    """
    frame = draft.compounds.frame
    own = frame["name"].to_numpy(object)
    named = draft.streets[draft.streets["name_source"] == "map"]
    near = np.full(len(frame), "", dtype=object)
    if len(named) and len(frame):
        (asked, found) = shapely.STRtree(named["line"].to_numpy(object)).query_nearest(
            draft.compounds.shapes, all_matches=False
        )
        near[asked] = named["name"].to_numpy(object)[found]
    made = [words.homes_off.format(one) if one else words.homes for one in near]
    rows = pd.DataFrame({
        "kind": "compound", "name": np.where(own != "", own, np.array(made, dtype=object)),
        "name_source": np.where(own != "", "map", "generated"), "at_start": near, "at_end": "",
        "ways": frame["ways"], "shape": draft.compounds.shapes,
    })  # fmt: skip
    streets = draft.streets[["kind", "name", "name_source", "at_start", "at_end", "ways"]]
    streets = streets.assign(shape=draft.streets["line"])
    every = pd.concat([part for part in (streets, rows) if len(part)] or [rows], ignore_index=True)
    middle = shapely.get_coordinates(shapely.centroid(every["shape"].to_numpy(object)))
    return every.assign(street=make_ids(every, middle), label=make_labels(every, words))


def compound_lengths(draft: Draft, gates: pd.DataFrame, gate_node: np.ndarray) -> tuple[FloatArray, FloatArray]:
    """
    Return the drawn length of the ways and gate paths of each compound, and the length to walk once.

    The walk is the ways inside, or where they are not mapped a tour of its homes, and the path from the street.

    Parameters
    ----------
    gate_node
        Point of the node outside each row of `gates` (metres).
    """
    count = len(draft.compounds.frame)
    inside = (draft.around >= 0) & (draft.segments["kind"].to_numpy() != "")
    length = draft.segments["length_m"].to_numpy()[inside]
    ways: FloatArray = np.bincount(draft.around[inside], weights=length, minlength=count).astype(float)
    path = shapely.distance(gates["point"].to_numpy(object), gate_node)
    paths = np.bincount(gates["compound"], weights=path, minlength=count)
    main = gates.drop_duplicates("compound")
    first = np.zeros(count)
    first[main["compound"].to_numpy()] = path[main.index.to_numpy()]
    homes = np.bincount(
        draft.homes["unit"].to_numpy()[draft.homes["unit"].to_numpy() >= len(draft.streets)] - len(draft.streets),
        minlength=count,
    )
    tour = _TOUR * np.sqrt(np.maximum(homes, 1) * shapely.area(draft.compounds.shapes))
    return ways + paths, np.maximum(ways, tour) + first
