"""The acts on the map: import a city, import a newer map of it, change a street by hand."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldops.actions.datum import check_given, read_given
from fieldops.actions.refusals import in_words
from fieldops.clock import Stopwatch, find_zone
from fieldops.errors import BadInput, NotFound, StreetInUse
from fieldops.events import CityImported, StreetEdited
from fieldops.ids import CityId, StreetId, new_id
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.progress import Progress, no_progress
from fieldops.rules import Rules
from fieldops.said import Reason, Said
from fieldops.store import city as city_store
from fieldops.store import claims as claim_store
from fieldops.store.connect import Region, Turn, create_region, open_region, read_rules

if TYPE_CHECKING:
    from fieldops.city.edits import Edit
    from fieldops.city.model import City
    from fieldops.city.raw import RawMap

DEFAULT_ZONE = "Asia/Shanghai"
SAME_CITY = 0.05  # of the streets of the smaller map: fewer in common, and it is the map of another place
UNDER_CLAIM_REFUSED = frozenset({"split", "join", "close"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MapSource:
    """
    What an import reads: the map file and what goes with it; `residents` is a number, a file, or None.

    `coordinates` is what map and boundary are in, `tables` what hubs and residents are: the same where None.
    """

    map: Path
    coordinates: str = "wgs84"
    tables: str | None = None
    boundary: Path | None = None
    residents: str | None = None
    hubs: Path | None = None
    zones: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did: the city's figures, and how its streets relate to those of the map before."""

    city: CityId
    figures: dict[str, Any]
    kept: int
    added: int
    removed: int
    lost_edits: tuple[str, ...]


def import_city(
    path: Path,
    actor: Actor,
    source: MapSource,
    *,
    name: str,
    time_zone: str | None = None,
    sandbox: bool = False,
    replace_city: bool = False,
    now: datetime | None = None,
    progress: Progress = no_progress,
) -> Imported:
    """
    Read a map and store it as a city of the region at `path`, which is made where it does not exist.

    Everything is read and computed first; then one write turn stores it whole. A city of the same name is renewed:
    streets that are still there keep their ids, edits by hand are applied again, streets that are gone keep their rows.
    What is left out now and was given then is taken again: the time zone, the boundary, the total of residents, the
    hubs set by hand. A new city without a time zone has that of Shanghai.

    Parameters
    ----------
    replace_city
        Take the map although it has almost no street in common with the city of that name.

    Raises
    ------
    BadInput
        If a file cannot be used, the map holds no street, or it is the map of another place than the city of that name;
        nothing is made or changed then.
    StreetInUse
        If the newer map would drop a street that is claimed at this moment.
    Stopped
        If `progress` asked to stop.
    """
    require(actor, "city.import")
    name = name.strip()
    if not name:
        raise BadInput("the name of the city is empty", field="--city", cure="give the name that people use")
    if time_zone is not None:
        find_zone(time_zone)
    watch = Stopwatch()
    region = open_region(path) if path.exists() else None
    if region is None and not path.resolve().parent.is_dir():
        raise BadInput(
            Said("there is no folder %(parent)s", parent=path.resolve().parent),
            field="--db",
            cure="make it, or choose another file",
        )
    if region is not None and sandbox and not region.sandbox:
        raise BadInput(
            Said("%(path)s is a region in use, and stays one", path=path), field="--sandbox",
            cure="leave it away, or make a sandbox in another file with --db",
        )  # fmt: skip
    if region is not None:
        region.check_moment(now)
    made, digest = _read_source(region, source, name, time_zone, progress, replace_city=replace_city)
    if region is None:
        region = create_region(path, actor, sandbox=sandbox, now=now)
    with region.turn(actor, now=now) as turn:
        imported = _store(turn, CityId(name), made, source.coordinates, digest, progress, replace_city=replace_city)
    progress("storing", 1.0)
    region.close()
    return replace(imported, figures=imported.figures | {"seconds": round(watch.seconds, 2), "peak_mb": _peak_mb()})


def plant_city(
    region: Region, actor: Actor, made: "City", *, now: datetime | None = None, progress: Progress = no_progress
) -> Imported:
    """
    Store a city that was made in memory, not read from a map; for sandboxes, simulations and tests.

    Raises
    ------
    BadInput
        If a street of it belongs to another city of the region.
    """
    require(actor, "city.import")
    digest = hashlib.sha256("\n".join(made.streets["street"]).encode()).hexdigest()
    with region.turn(actor, now=now) as turn:
        return _store(turn, CityId(made.name), made, "wgs84", digest, progress, replace_city=True)


def _read_source(
    region: Region | None,
    source: MapSource,
    name: str,
    time_zone: str | None,
    progress: Progress,
    *,
    replace_city: bool,
) -> "tuple[City, str]":
    from fieldops import maps
    from fieldops.city.build import build_city
    from fieldops.city.sun import zone_notes

    rules = read_rules(region.reader()) if region else Rules()
    before = None if replace_city else _city_before(region, name)
    given: dict[str, Any] = dict(before.report.get("given") or {}) if before else {}  # type: ignore[call-overload]
    residents = source.residents or given.get("residents")
    people, hubs = read_given(residents, source.hubs, source.tables or source.coordinates)
    hand_hubs = _hand_hubs(before) if hubs is None else hubs
    raw = maps.read_map(source.map, boundary=source.boundary, coordinates=source.coordinates, progress=progress)
    if source.tables is None:
        check_given(people, hubs, maps.map_lines(raw))
    if before and not _overlaps(before, raw):
        raise _another_place(name, len(before.streets), 0)
    if before and given.get("boundary") and raw.boundary is None:
        raw = replace(raw, boundary=before.boundary)
    made = build_city(
        raw,
        name=name,
        time_zone=time_zone or (before.time_zone if before else DEFAULT_ZONE),
        rules=rules,
        residents=people,
        hand_hubs=hand_hubs,
        zones=source.zones,
        progress=progress,
    )
    total = (
        residents if residents and not Path(residents).exists() else None
    )  # a file is read again where it is named again
    told = [*raw.notes, *zone_notes(made, find_zone(made.time_zone))]
    given = {"residents": total, "boundary": raw.boundary is not None}
    made = replace(made, report=made.report | {"notes": told, "given": given})
    with source.map.open("rb") as file:
        return made, hashlib.file_digest(file, "sha256").hexdigest()


def _city_before(region: Region | None, name: str) -> "City | None":
    """Return the city of that name as it is now, None where there is none."""
    if region is None or name not in city_store.city_ids(region.reader()):
        return None
    return city_store.read_city(region.reader(), CityId(name))


def _hand_hubs(before: "City | None") -> Any:
    """Return the hubs set by hand at an earlier import, None where there are none."""
    hand = before.hubs[before.hubs["kind"] == "hand"] if before else ()
    return hand if len(hand) else None


def _store(
    turn: Turn, city_id: CityId, made: "City", coordinates: str, digest: str, progress: Progress, *, replace_city: bool
) -> Imported:
    """Give the streets the ids that they had, apply the edits again, and write the city in the open turn."""
    from fieldops.city.identity import name_zones_apart

    connection = turn.connection
    before: set[str] = set()
    lost: list[str] = []
    if city_id in city_store.city_ids(connection):
        old = city_store.read_city(connection, city_id)
        before = set(old.streets["street"])
        made = _with_old_ids(connection, city_id, old, made)
        made, lost = _with_edits(made, city_store.read_edits(connection, city_id))
        made = _with_own_venues(old, made)
    made = name_zones_apart(made, city_store.zones_of_other_cities(connection, city_id))
    after = set(made.streets["street"])
    kept = len(before & after)
    if not replace_city and kept < SAME_CITY * min(len(before), len(after)):
        raise _another_place(city_id, len(before), kept)
    foreign = city_store.streets_of_other_cities(connection, city_id, [StreetId(street) for street in after])
    if foreign:
        raise BadInput(
            Said(
                "%(count)s streets (first %(foreign)s) belong to another city of this region already",
                count=len(foreign),
                foreign=foreign[0],
            ),
            cure="give the maps boundaries that do not overlap (--boundary), or use the other city's name",
        )
    _refuse_to_drop_claims(turn, before - after)
    event = CityImported(
        at=turn.now, city=city_id, streets=len(after), kept=kept, added=len(after - before),
        removed=len(before - after), digest=digest,
    )  # fmt: skip
    city_store.write_city(turn, city_id, made, coordinates=coordinates, event=event, progress=progress)
    return Imported(
        city=city_id, figures=city_figures(made), kept=event.kept, added=event.added, removed=event.removed,
        lost_edits=tuple(lost),
    )  # fmt: skip


def _overlaps(before: "City", raw: "RawMap") -> bool:
    """Return whether any point of the map lies within the bounds of the city as it is now."""
    west, south, east, north = before.boundary.bounds
    return bool(((raw.lon >= west) & (raw.lon <= east) & (raw.lat >= south) & (raw.lat <= north)).any())


def _another_place(city: str, streets: int, kept: int) -> BadInput:
    return BadInput(
        Said("this is the map of another place: it has %(kept)s of the %(streets)s streets of %(city)s", kept=kept, streets=streets, city=city), field="--city",
        cure="give the city another name, or say that this map takes its place (--replace)",
    )  # fmt: skip


def _with_old_ids(connection: Any, city_id: CityId, old: "City", made: "City") -> "City":
    import geopandas as gpd
    import pandas as pd

    from fieldops.city.identity import match_streets
    from fieldops.city.model import WGS84

    by_hand = {street for edit in city_store.read_edits(connection, city_id) for street in edit.made}
    on_map = old.streets[~old.streets["street"].isin(by_hand)]
    known = gpd.GeoDataFrame(
        pd.concat([on_map, city_store.retired_streets(connection, city_id)], ignore_index=True),
        geometry="geometry",
        crs=WGS84,
    )
    match = match_streets(known, made.streets)
    old_ids = known["street"].to_numpy()
    new_ids = made.streets["street"].to_numpy()
    renamed = {new: old_ids[i] for new, i in zip(new_ids, match, strict=True) if i >= 0 and new != old_ids[i]}
    if not renamed:
        return made
    frames = {
        frame: getattr(made, frame).assign(street=getattr(made, frame)["street"].replace(renamed))
        for frame in ("streets", "segments", "buildings", "gates", "venues")
    }
    return replace(made, **frames)


def _with_edits(made: "City", edits: "list[Edit]") -> "tuple[City, list[str]]":
    """Return the city with the edits applied, and a sentence for each that no longer applies."""
    from fieldops.city.edits import apply_edit

    lost: list[str] = []
    for edit in edits:
        try:
            made = apply_edit(made, edit)
        except (BadInput, NotFound) as reason:
            what = Said("%(kind)s %(streets)s", kind=edit.kind, streets=" ".join(edit.streets))
            lost.append(Reason([what, reason.told()]))
    return made, lost


def _with_own_venues(old: "City", made: "City") -> "City":
    """Carry venues from CSV or by hand over to the newer map, each on the nearest street."""
    import geopandas as gpd
    import numpy as np
    import pandas as pd
    import shapely

    from fieldops.city.model import SCHEMA, WGS84

    own = old.venues[old.venues["source"] != "map"]
    own = own[~own["venue"].isin(made.venues["venue"])]
    if len(own) == 0:
        return made
    nearest = shapely.STRtree(list(made.streets.geometry)).nearest(np.asarray(own.geometry))
    own = own.assign(street=made.streets["street"].to_numpy()[nearest])[list(SCHEMA["venues"])]
    parts = [part for part in (made.venues, own) if len(part)]
    return replace(made, venues=gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry="geometry", crs=WGS84))


def _refuse_to_drop_claims(turn: Turn, streets: set[str]) -> None:
    held = [claim for claim in claim_store.claims_in_force(turn.connection, turn.now) if claim.street in streets]
    if held:
        first = held[0]
        refusal = StreetInUse(street=first.street, holder=first.crew, held_until=first.ends_at, others=len(held) - 1)
        raise in_words(turn, refusal)


def edit_street(
    region: Region, actor: Actor, edit: "Edit", *, city: CityId | None = None, now: datetime | None = None
) -> "Edit":
    """
    Carry out a change of a street by hand; it survives every later import.

    Returns
    -------
    Edit
        The edit with the ids of the streets that it made.

    Raises
    ------
    StreetInUse
        If the edit would split, join or close a claimed street.
    NotFound, BadInput
        If the edit names no street of the city or cannot be carried out.
    """
    from fieldops.city.edits import apply_edit

    require(actor, "street.edit")
    if not edit.made:
        count = {"split": 2, "join": 1, "draw": 1}.get(edit.kind, 0)
        edit = replace(edit, made=tuple(StreetId(f"H{new_id()[:10].upper()}") for _ in range(count)))
    with region.turn(actor, now=now) as turn:
        if edit.kind in UNDER_CLAIM_REFUSED:
            _refuse_to_drop_claims(turn, set(edit.streets))
        before = city_store.read_city(turn.connection, city or _city_of(turn.connection, edit))
        after = apply_edit(before, edit)
        subject, others = ([*edit.streets, *edit.made][0], [*edit.streets, *edit.made][1:])
        event = StreetEdited(at=turn.now, street=subject, change=edit.kind, others=tuple(others))
        city_store.save_edit(turn, CityId(before.name), edit, after, event=event)
    return edit


def _city_of(connection: Any, edit: "Edit") -> CityId | None:
    return city_store.city_of_street(connection, edit.streets[0]) if edit.streets else None


def city_figures(city: "City") -> dict[str, Any]:
    """Return the figures of an import as `interfaces.md` names them, without seconds and memory."""
    claimable = city.segments[city.segments["kind"] == "claim"]
    report = {key: value for key, value in city.report.items() if key != "left_out"}
    return {
        "city": city.name,
        "segments": len(city.segments),
        "streets": len(city.streets),
        "named_streets": int((city.streets["name_source"] == "map").sum()),
        "compounds": int((city.streets["kind"] == "compound").sum()),
        "time_zone": city.time_zone,
        "centre": [round(float(at), 5) for at in (city.boundary.centroid.x, city.boundary.centroid.y)],
        "length_km": round(float(claimable["length_m"].sum()) / 1000, 2),
        "people": round(float(city.streets["people"].sum())),
        "venues": {str(kind): int(n) for kind, n in city.venues["kind"].value_counts().sort_index().items()},
        "hubs": len(city.hubs),
        "triangles": len(city.triangles),
        "zones": len(city.zones),
        "left_out": city.report.get("left_out", {}),
        "report": report,
    }


def _peak_mb() -> float:
    import resource
    import sys

    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)
