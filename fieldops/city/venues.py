"""Venues: where people are met, what kind of place it is, how many are met there an hour, and on which street it stands."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from fieldops.city import names
from fieldops.city.metres import Plane
from fieldops.city.raw import RawMap
from fieldops.city.streets import components

ELEVATOR_FLOORS = 7  # a proxy: dwellings of seven floors and more must have a lift in China (GB 50096-2011)
_SAME_PLACE_M = 60.0
_SAME_SPOT_M = 15.0


@dataclass(frozen=True, slots=True)
class VenueKind:
    """
    A kind of venue: the tags that say so, and the people met there an hour.

    The hourly figures are assumed (source: assumed): a first guess of how many people pass or wait at the door in a
    working hour, to be replaced by `fieldops venues import` and by what the crews count.
    """

    kind: str
    people_per_hour: float
    key: str
    values: tuple[str, ...]


# The first that fits counts.
KINDS = (
    VenueKind("mall", 400.0, "shop", ("mall", "department_store")),
    VenueKind("market", 300.0, "amenity", ("marketplace",)),
    VenueKind("supermarket", 200.0, "shop", ("supermarket", "wholesale")),
    VenueKind("cinema", 150.0, "amenity", ("cinema",)),
    VenueKind("theatre", 100.0, "amenity", ("theatre", "arts_centre")),
    VenueKind("school_gate", 150.0, "amenity", ("school", "kindergarten")),
    VenueKind("campus_gate", 300.0, "amenity", ("university", "college")),
    VenueKind("hospital", 200.0, "amenity", ("hospital",)),
    VenueKind("clinic", 50.0, "amenity", ("clinic", "doctors", "dentist")),
    VenueKind("station", 500.0, "railway", ("station", "halt", "subway_entrance")),
    VenueKind("station", 300.0, "amenity", ("bus_station", "ferry_terminal")),
    VenueKind("station", 300.0, "public_transport", ("station",)),
    VenueKind("bus_stop", 60.0, "highway", ("bus_stop",)),
    VenueKind("tram_stop", 60.0, "railway", ("tram_stop",)),
    VenueKind("restaurant", 60.0, "amenity", ("restaurant", "fast_food", "food_court")),
    VenueKind("cafe", 40.0, "amenity", ("cafe", "bar", "pub", "ice_cream", "internet_cafe")),
    VenueKind("bank", 40.0, "amenity", ("bank", "post_office")),
    VenueKind("public_building", 40.0, "amenity", ("library", "townhall", "community_centre", "courthouse")),
    VenueKind("worship", 30.0, "amenity", ("place_of_worship",)),
    VenueKind("pharmacy", 40.0, "amenity", ("pharmacy",)),
    VenueKind("hotel", 40.0, "tourism", ("hotel", "hostel", "guest_house", "motel")),
    VenueKind("attraction", 80.0, "tourism", ("attraction", "museum", "zoo", "theme_park", "gallery")),
    VenueKind("park", 80.0, "leisure", ("park", "playground", "garden", "water_park")),
    VenueKind("sports", 60.0, "leisure", ("sports_centre", "fitness_centre", "stadium", "swimming_pool", "ice_rink")),
    VenueKind("convenience", 60.0, "shop", ("convenience", "kiosk", "bakery", "greengrocer", "butcher", "alcohol")),
)
_SHOP = VenueKind("shop", 25.0, "shop", ())
_APARTMENTS = VenueKind("apartment_building", 40.0, "building", ())
_NO_SHOP = ("", "no", "vacant", "disused")
_HOURS = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")


def people_per_hour(kind: str) -> float:
    """Return the assumed people met an hour at a venue of that kind; that of a shop where the kind is not known."""
    for one in (*KINDS, _APARTMENTS):
        if one.kind == kind:
            return one.people_per_hour
    return _SHOP.people_per_hour


def find_venues(raw: RawMap, plane: Plane, homes: pd.DataFrame) -> pd.DataFrame:
    """
    Return the venues of a map, one row a place.

    A place that is mapped both as a point and as an area, or twice under one name within 60 m, is one venue. Buildings
    of apartments count where they have seven floors or more (then they must have a lift) or where floors are unknown.

    Returns
    -------
    pd.DataFrame
        Columns `id` (in the source), `kind`, `name`, `people_per_hour`, `open_from`, `open_until`, `shape` (metres: a
        point, or the area that the venue fills).
    """
    tags = pd.concat([raw.areas, raw.points], ignore_index=True)
    kind, hourly = _kinds(tags)
    rows = np.flatnonzero(kind != "")
    degrees = np.concatenate([raw.area_shapes, raw.point_shapes])[rows]
    hours = [_HOURS.search(text) for text in tags["opening_hours"].iloc[rows]]
    places = pd.DataFrame({
        "id": tags["id"].to_numpy(object)[rows], "kind": kind[rows], "name": tags["name"].to_numpy(object)[rows],
        "people_per_hour": hourly[rows],
        "open_from": [_clock_time(found, 1) for found in hours], "open_until": [_clock_time(found, 3) for found in hours],
        "shape": plane.flatten(degrees) if len(rows) else np.zeros(0, dtype=object),
    })  # fmt: skip
    tall = (homes["kind"] == "apartments") & ~(homes["floors"] < ELEVATOR_FLOORS)
    tall |= (homes["kind"] != "unknown") & (homes["floors"] >= ELEVATOR_FLOORS)
    lifts = homes[tall]
    apartments = pd.DataFrame({
        "id": lifts["id"].to_numpy(object), "kind": _APARTMENTS.kind, "name": "",
        "people_per_hour": _APARTMENTS.people_per_hour, "open_from": "", "open_until": "",
        "shape": lifts["point"].to_numpy(object),
    })  # fmt: skip
    return pd.concat([frame for frame in (_once(places), apartments) if len(frame)] or [places], ignore_index=True)


def _kinds(tags: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    kind = np.full(len(tags), "", dtype=object)
    hourly = np.zeros(len(tags))
    shop = ~np.isin(tags["shop"].to_numpy(object), _NO_SHOP)
    kind[shop], hourly[shop] = _SHOP.kind, _SHOP.people_per_hour
    for one in reversed(KINDS):
        fits = np.isin(tags[one.key].to_numpy(object), one.values)
        kind[fits], hourly[fits] = one.kind, one.people_per_hour
    return kind, hourly


def _clock_time(found: re.Match[str] | None, group: int) -> str:
    """Return HH:MM of the first span of opening hours; later spans and exceptions of days are not read."""
    if found is None:
        return ""
    hour, minute = int(found[group]), int(found[group + 1])
    return f"{hour % 24:02d}:{minute:02d}" if minute < 60 and hour <= 26 else ""


def _once(places: pd.DataFrame) -> pd.DataFrame:
    """Keep one row of each place that is mapped twice: areas come first and stay."""
    shapes = places["shape"].to_numpy(object)
    if not len(places):
        return places
    a, b = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=_SAME_PLACE_M)
    kind = places["kind"].to_numpy(object)
    name = np.array([names.normalise(one) for one in places["name"]], dtype=object)
    pair = (a < b) & (kind[a] == kind[b]) & (name[a] == name[b])
    a, b = a[pair], b[pair]
    near = (name[a] != "") | shapely.dwithin(shapes[a], shapes[b], _SAME_SPOT_M)
    place = components(len(places), a[near], b[near])
    first = np.unique(place, return_index=True)[1]
    return places.iloc[np.sort(first)].reset_index(drop=True)


def stand_on(shapes: np.ndarray, lines: np.ndarray, street: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """
    Return for each venue the street that it fronts, its door, and the metres between.

    Parameters
    ----------
    shapes
        Points or areas, metres.
    lines, street
        Claimable segments, metres, and the number of the street of each; one segment at least.

    Returns
    -------
    tuple[np.ndarray, np.ndarray, np.ndarray]
        Number of the street; the door, which is the point of the venue nearest to it; metres from door to street.
    """
    (_, nearest), away = shapely.STRtree(lines).query_nearest(shapes, return_distance=True, all_matches=False)
    door = shapely.get_point(shapely.shortest_line(shapes, lines[nearest]), 0)
    point = shapely.get_type_id(shapes) == 0
    covered = ~point & (away <= 0)  # a street runs through the area: its middle must do
    door = np.where(point, shapes, np.where(covered, shapely.point_on_surface(shapes), door))
    return street[nearest], door, away
