"""
From a raw map to a settled town: streets, lanes, compounds, homes, gates, venues and people, on one page.

Every home belongs to exactly one street, lane or compound; no street is longer than the bound, no compound holds more
people than the bound, none is empty; ids come from what things are made of, so an unchanged part keeps them.
"""

from collections import Counter
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fieldops.city import compounds, coverage, homes, names, units, venues, ways
from fieldops.city.labels import describe_streets
from fieldops.city.mainland import in_mainland
from fieldops.city.metres import Plane
from fieldops.city.model import WGS84, check_frame
from fieldops.city.names import Words
from fieldops.city.population import People, Residents
from fieldops.city.raw import FloatArray, IntArray, RawMap
from fieldops.city.segments import clip_segments, cut_ways, find_duals
from fieldops.city.streets import Joined, join_streets
from fieldops.city.units import Draft
from fieldops.errors import BadInput, Stopped
from fieldops.progress import Progress, no_progress
from fieldops.rules import Rules

_FAR_FROM_STREETS_M = 250.0


@dataclass(frozen=True, slots=True)
class Settled:
    """A town with streets and people, before triangles and zones; frames follow `model.SCHEMA`, WGS-84."""

    name: str
    time_zone: str
    boundary: shapely.Polygon | shapely.MultiPolygon
    nodes: pd.DataFrame
    segments: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    gates: gpd.GeoDataFrame
    venues: gpd.GeoDataFrame
    report: dict[str, object]
    attribution: str


def settle(
    raw: RawMap,
    *,
    name: str,
    time_zone: str,
    rules: Rules,
    residents: Residents | None = None,
    progress: Progress = no_progress,
) -> Settled:
    """
    Return the streets, compounds, homes, gates, venues and people of a map.

    Parameters
    ----------
    raw
        The map as read.
    name, time_zone
        Of the city.
    rules
        `street_length_max_m` bounds streets, `compound_people_max` compounds.
    residents
        A total, people by street, or a grid; see `population.estimate_people`.
    progress
        Told at each stage; may stop the work.

    Returns
    -------
    Settled
        Triangles and zones are not made yet: those columns are empty texts.

    Raises
    ------
    BadInput
        If the map has no street that can be claimed, or the residents cannot be used.
    Stopped
        If `progress` answers False.
    """
    _tell(progress, "streets", 0.0)
    plane = Plane.around(raw.lon, raw.lat)
    kind, reason = ways.classify_ways(raw.ways)
    segments = _walkable(raw, kind, plane)
    words, chinese = _language(raw, segments)
    found = homes.find_homes(raw, plane, chinese=chinese)
    found = _within(found, raw, plane)
    mapped, refused = compounds.find_mapped(raw, plane, segments, found, chinese=chinese)
    around = compounds.inside(mapped, segments)
    nameless = (segments["kind"].to_numpy() == ways.CLAIM) & (segments["key"].to_numpy() < 0)
    taken = np.where(nameless, around, -1)
    claimable = (segments["kind"].to_numpy() == ways.CLAIM) & (taken < 0)
    joined = join_streets(
        segments.assign(claimable=claimable, taken=taken, around=around), length_max_m=rules.street_length_max_m
    )
    _tell(progress, "compounds", 0.3)
    draft = _first_draft(joined, mapped, found, words)
    draft = units.place_homes(draft)
    _tell(progress, "people", 0.5)
    described = units.describe(draft, words)
    people = units.people_of(draft, described, residents, plane, chinese=chinese)
    whole = draft
    draft, people = units.split_crowded(draft, people, float(rules.compound_people_max))
    if draft is not whole:
        described = units.describe(draft, words)
    gates = compounds.find_gates(raw, plane, draft.compounds, draft.segments)
    _tell(progress, "venues", 0.7)
    placed, far = _place_venues(raw, plane, draft, described)
    nodes = _nodes(draft.segments)
    frontage = units.frontage_of(draft, gates)
    streets = _streets_frame(draft, described, people, gates, nodes, plane)
    town = raw.boundary or plane.unflatten(coverage.town_outline(draft.segments))
    left_out = Counter(raw.left_out) + Counter(one for one in reason if one) + Counter({"venue_far_from_streets": far})
    report = {
        **coverage.measure_ways(draft.segments), **coverage.measure_graph(draft.segments), **people.report,
        "cut_streets": joined.cut, "joined_across": joined.joined_across,
        "compounds_mapped": len(mapped.frame), "residential_areas_not_compounds": refused,
        **_figures(streets, draft, placed, frontage, plane.flatten(town)),
        "left_out": dict(sorted(left_out.items())), "notes": list(raw.notes),
    }  # fmt: skip
    settled = Settled(
        name=name, time_zone=time_zone, boundary=town, nodes=_degrees_of(nodes, plane),
        segments=_segments_frame(draft, described, plane), streets=streets,
        buildings=_buildings_frame(draft, described, people, frontage, plane),
        gates=_gates_frame(gates, described, len(draft.streets), plane), venues=_venues_frame(placed, plane),
        report=report, attribution=raw.attribution,
    )  # fmt: skip
    for frame in ("nodes", "segments", "streets", "buildings", "gates", "venues"):
        check_frame(frame, getattr(settled, frame))
    _tell(progress, "venues", 1.0)
    return settled


def _tell(progress: Progress, stage: str, share: float) -> None:
    if not progress(stage, share):
        raise Stopped


def _walkable(raw: RawMap, kind: np.ndarray, plane: Plane) -> pd.DataFrame:
    segments = cut_ways(raw, kind, plane)
    if raw.boundary is not None and len(segments):
        segments = clip_segments(segments, plane.flatten(raw.boundary))
        if not len(segments):
            raise BadInput(
                "no street lies within the boundary", field="boundary", cure="check its place and coordinates"
            )
    if not (segments["kind"] == ways.CLAIM).any():
        raise BadInput("the map has no streets", cure="give a map whose lines have a column or tag `highway`")
    return segments.assign(dual=find_duals(segments))


def _language(raw: RawMap, segments: pd.DataFrame) -> tuple[Words, bool]:
    """Return the words of the names, and whether the town is Chinese by its place or its names (which sets the assumptions)."""
    middle = shapely.Point(float(np.median(raw.lon)), float(np.median(raw.lat)))
    mainland = bool(in_mainland(np.array([middle.x]), np.array([middle.y]))[0])
    spellings = [name for name in segments["name"].unique().tolist() if name]
    words = names.words_of(spellings) if spellings or not mainland else names.CHINESE
    return words, mainland or words is names.CHINESE


def _within(found: pd.DataFrame, raw: RawMap, plane: Plane) -> pd.DataFrame:
    if raw.boundary is None or not len(found):
        return found
    area = plane.flatten(raw.boundary)
    shapely.prepare(area)
    return found[shapely.intersects(area, found["point"].to_numpy(object))].reset_index(drop=True)


def _first_draft(joined: Joined, mapped: compounds.Compounds, found: pd.DataFrame, words: Words) -> Draft:
    streets = describe_streets(joined.segments, joined.street, words)
    taken = joined.segments["taken"].to_numpy()
    unit = np.where(taken >= 0, taken + len(streets), joined.street)
    return Draft(joined.segments.assign(unit=unit), streets, mapped, found, joined.segments["around"].to_numpy())


def _nodes(segments: pd.DataFrame) -> pd.DataFrame:
    """Return each node once with its point in metres, sorted by number."""
    lines = segments["line"].to_numpy(object)
    nodes = pd.DataFrame({
        "node": np.concatenate([segments["u"].to_numpy(), segments["v"].to_numpy()]),
        "point": np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)]),
    }).drop_duplicates("node")  # fmt: skip
    return nodes.sort_values("node").reset_index(drop=True)


def _degrees_of(nodes: pd.DataFrame, plane: Plane) -> pd.DataFrame:
    lon, lat = plane.to_degrees(*shapely.get_coordinates(nodes["point"].to_numpy(object)).T)
    return pd.DataFrame({"node": nodes["node"].to_numpy(np.int64), "lon": lon, "lat": lat})


def _place_venues(
    raw: RawMap, plane: Plane, draft: Draft, described: pd.DataFrame
) -> tuple[pd.DataFrame, int]:  # fmt: skip
    """Return the venues with their street and door, and how many are too far from every street."""
    found = _within_area(venues.find_venues(raw, plane, draft.homes), raw, plane)
    segments = draft.segments[draft.segments["unit"] >= 0]
    if not len(found):
        return found.assign(unit=np.zeros(0, dtype=np.int64), door=np.zeros(0, dtype=object), street=""), 0
    unit, door, away = venues.stand_on(
        found["shape"].to_numpy(object), segments["line"].to_numpy(object), segments["unit"].to_numpy()
    )
    within = draft.compounds.holding(door)
    off_street = (within >= 0) & ((away > compounds.FRONTAGE_M) | (found["kind"] == "apartment_building").to_numpy())
    unit = np.where(off_street, within + len(draft.streets), unit)
    of_home = dict(zip(draft.homes["id"], draft.homes["unit"], strict=True))
    lives = found["kind"] == "apartment_building"
    unit = np.where(lives, found["id"].map(of_home).fillna(-1).to_numpy(int), unit)
    far = (away > _FAR_FROM_STREETS_M) & (within < 0) & ~lives.to_numpy()
    placed = found.assign(unit=unit, door=door, street=described["street"].to_numpy(object)[unit])
    return placed[~far].reset_index(drop=True), int(far.sum())


def _within_area(found: pd.DataFrame, raw: RawMap, plane: Plane) -> pd.DataFrame:
    if raw.boundary is None or not len(found):
        return found
    return found[shapely.intersects(plane.flatten(raw.boundary), found["shape"].to_numpy(object))].reset_index(
        drop=True
    )


def _streets_frame(
    draft: Draft, described: pd.DataFrame, people: People, gates: pd.DataFrame, nodes: pd.DataFrame, plane: Plane
) -> gpd.GeoDataFrame:
    offset = len(draft.streets)
    outside = nodes["point"].to_numpy(object)[np.searchsorted(nodes["node"].to_numpy(), gates["node"].to_numpy())]
    length, walk = units.compound_lengths(draft, gates, outside)
    main = gates.drop_duplicates("compound").sort_values("compound")
    homes_of = draft.homes.groupby("unit")["floors"].agg(["size", "mean"]).reindex(np.arange(draft.count))
    compound = np.arange(draft.count) >= offset
    return gpd.GeoDataFrame({
        "street": described["street"], "kind": described["kind"], "name": described["name"],
        "label": described["label"], "name_source": described["name_source"],
        "length_m": np.concatenate([draft.streets["length_m"].to_numpy(), length]),
        "walk_m": np.concatenate([draft.streets["walk_m"].to_numpy(), walk]),
        "people": people.people, "people_low": people.low, "people_high": people.high, "people_source": people.source,
        "buildings": homes_of["size"].fillna(0).to_numpy(np.int64), "floors": homes_of["mean"].to_numpy(float),
        "permission": np.where(compound, "unknown", "free"), "open_from": "", "open_until": "", "status": "open", "priority": 1.0, "triangle": "", "zone": "",
        "node": np.concatenate([draft.streets["node"].to_numpy(np.int64), main["node"].to_numpy(np.int64)]),
        "ways": described["ways"],
    }, geometry=plane.unflatten(described["shape"].to_numpy(object)), crs=WGS84)  # fmt: skip


def _segments_frame(draft: Draft, described: pd.DataFrame, plane: Plane) -> gpd.GeoDataFrame:
    segments = draft.segments
    unit = segments["unit"].to_numpy()
    return gpd.GeoDataFrame({
        "way": segments["way"].to_numpy(np.int64), "from_node": segments["u"].to_numpy(np.int64),
        "to_node": segments["v"].to_numpy(np.int64), "length_m": segments["length_m"].to_numpy(float),
        "kind": segments["kind"], "highway": segments["highway"], "name": segments["name"],
        "dual": segments["dual"].to_numpy(bool), "bridge": segments["bridge"].to_numpy(bool),
        "street": np.where(unit >= 0, described["street"].to_numpy(object)[unit], ""),
    }, geometry=plane.unflatten(segments["line"].to_numpy(object)), crs=WGS84)  # fmt: skip


def _buildings_frame(
    draft: Draft, described: pd.DataFrame, people: People, frontage: FloatArray, plane: Plane
) -> gpd.GeoDataFrame:
    found = draft.homes
    unit: IntArray = found["unit"].to_numpy(np.int64)
    in_unit = np.bincount(unit, weights=found["people"], minlength=draft.count)
    # Homes share what their unit holds, but a thinly mapped street's people live in homes that nobody has drawn.
    scale = np.minimum(people.people / np.maximum(in_unit, 1e-9), 2.0)
    return gpd.GeoDataFrame({
        "building": "B" + found["id"].astype(object), "kind": found["kind"],
        "street": described["street"].to_numpy(object)[unit], "floors": found["floors"].to_numpy(float),
        "area_m2": found["area_m2"].to_numpy(float), "people": found["people"].to_numpy(float) * scale[unit],
        "frontage_m": frontage,
    }, geometry=plane.unflatten(found["point"].to_numpy(object)), crs=WGS84)  # fmt: skip


def _gates_frame(gates: pd.DataFrame, described: pd.DataFrame, offset: int, plane: Plane) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({
        "street": described["street"].to_numpy(object)[gates["compound"].to_numpy(np.int64) + offset],
        "node": gates["node"].to_numpy(np.int64), "source": gates["source"],
    }, geometry=plane.unflatten(gates["point"].to_numpy(object)), crs=WGS84)  # fmt: skip


def _venues_frame(placed: pd.DataFrame, plane: Plane) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({
        "venue": "V" + placed["id"].astype(object), "kind": placed["kind"], "name": placed["name"],
        "people_per_hour": placed["people_per_hour"].to_numpy(float), "open_from": placed["open_from"],
        "open_until": placed["open_until"], "street": placed["street"], "source": "map",
    }, geometry=plane.unflatten(placed["door"].to_numpy(object)), crs=WGS84)  # fmt: skip


def _figures(
    streets: gpd.GeoDataFrame, draft: Draft, placed: pd.DataFrame, frontage: FloatArray, town: shapely.Geometry
) -> dict[str, object]:
    km2 = float(shapely.area(town)) / 1e6
    by_source = streets.groupby("people_source")["people"].sum()
    return {
        "area_km2": round(km2, 2),
        "compounds": int((streets["kind"] == "compound").sum()),
        "venues_per_km2": round(len(placed) / max(km2, 1e-9), 2),
        "homes": len(draft.homes),
        "homes_within_50_m": round(float((frontage <= compounds.FRONTAGE_M).mean()), 3) if len(frontage) else None,
        "people": round(float(streets["people"].sum())),
        "people_by_source": {str(source): round(float(count)) for source, count in by_source.items()},
    }
