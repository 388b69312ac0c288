"""Crews and promoters come in, and are listed."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial

from fieldops.actions.datum import rows_in_wgs84
from fieldops.actions.intake import Row, imported, read_by_key, summarise
from fieldops.city.places import metres_to_nearest
from fieldops.errors import BadInput
from fieldops.ids import CrewId, PromoterId
from fieldops.intake import Intake, Refusals, read_day, read_days_off, read_id, read_name, read_number, read_position
from fieldops.people import Actor, Crew, Promoter
from fieldops.permissions import require, why
from fieldops.said import Said
from fieldops.store import people as store
from fieldops.store import private
from fieldops.store.connect import Region
from fieldops.store.places import street_positions

CREW_NEEDED = ("crew", "name", "people", "hours_per_day", "home_lon", "home_lat")
CREW_KNOWN = (*CREW_NEEDED, "base", "days_off")
PROMOTER_NEEDED = ("promoter", "crew", "name")
PROMOTER_KNOWN = (*PROMOTER_NEEDED, "from", "until")
HOME_FROM_STREETS_MAX_KM = 50.0


def import_crews(
    region: Region, actor: Actor, rows: Iterable[Row], *, strict: bool = False, coordinates: str | None = "wgs84",
    now: datetime | None = None,
) -> Intake:  # fmt: skip
    """
    Take in crews, given as numbered rows of text with the columns `CREW_KNOWN`.

    A crew that is there already is updated where a value differs. Permission: crew.import. Event: RowsImported.
    `coordinates`: see `datum.rows_in_wgs84`.

    Raises
    ------
    Forbidden
        If the actor may not.
    BadInput
        If the region has no streets yet, or nobody stated the coordinates, and the homes lie beside the streets.
    RowsRefused
        With `strict`, if any row cannot be used; nothing is stored then.
    """
    require(actor, "crew.import")
    with region.turn(actor, now=now) as turn:
        lons, lats = street_positions(turn.connection)
        if not len(lons):
            raise BadInput(
                "the region has no streets yet", cure="import a map first: `fieldops import MAP --city NAME`"
            )
        before = store.read_crews(turn.connection)
        refusals = Refusals()
        distance = partial(metres_to_nearest, lons=lons, lats=lats)
        rows = rows_in_wgs84(turn.connection, rows, coordinates, lon="home_lon", lat="home_lat")
        crews = read_by_key(rows, "crew", lambda row: _read_crew(row, distance), refusals)
        if strict:
            refusals.refuse_any()
        changed = [crew for crew in crews.values() if before.get(CrewId(crew.id)) != crew]
        done = summarise(refusals, crews, before, len(changed))
        if changed:
            store.write_crews(turn, changed, event=imported("crews", turn.now, done, changed))
    return done


def import_promoters(
    region: Region, actor: Actor, rows: Iterable[Row], *, strict: bool = False, now: datetime | None = None
) -> Intake:
    """
    Take in promoters, given as numbered rows of text with the columns `PROMOTER_KNOWN`.

    Names are stored in the private file only, first. Permission: crew.import. Event: RowsImported.

    Raises
    ------
    Forbidden
        If the actor may not.
    RowsRefused
        With `strict`, if any row cannot be used; nothing is stored then.
    """
    require(actor, "crew.import")
    with region.turn(actor, now=now) as turn:
        private.sweep_orphans(turn)
        crews = store.read_crews(turn.connection)
        before, names_before = store.read_promoters(turn.connection), private.read_names(region)
        refusals = Refusals()
        read = read_by_key(rows, "promoter", lambda row: _read_promoter(row, crews), refusals)
        if strict:
            refusals.refuse_any()
        names = {PromoterId(key): name for key, (_, name) in read.items()}
        changed = [
            one for key, (one, name) in read.items()
            if before.get(PromoterId(key)) != one or names_before.get(PromoterId(key)) != name
        ]  # fmt: skip
        done = summarise(refusals, read, before, len(changed))
        if changed:
            private.save_names(region, {one.id: names[one.id] for one in changed})
            store.write_promoters(turn, changed, event=imported("promoters", turn.now, done, changed))
    return done


def list_crews(region: Region, actor: Actor) -> list[Crew]:
    """Return all crews by id. Permission: region.read."""
    require(actor, "region.read")
    return list(store.read_crews(region.reader()).values())


def list_promoters(region: Region, actor: Actor) -> list[tuple[Promoter, str]]:
    """Return all promoters by id with their names. Permission: crew.import, because names are private."""
    require(actor, "crew.import")
    names = private.read_names(region)
    return [(one, names.get(one.id, "")) for one in store.read_promoters(region.reader()).values()]


def promoter_names(region: Region, actor: Actor) -> dict[PromoterId, str]:
    """
    Return the names of promoters by id; nobody's where the actor is no lead.

    Raises
    ------
    Forbidden
        If the actor may not read the region.
    """
    require(actor, "region.read")
    return private.read_names(region) if why(actor, "crew.import") is None else {}


def _read_crew(row: Mapping[str, str], metres_to_streets: Callable[[float, float], float]) -> Crew:
    people = read_number(row, "people")
    if people != int(people):
        raise BadInput(
            Said("'%(given)s' is not a whole number", given=row["people"]), field="people", cure="give 1 to 200"
        )
    lon, lat = read_position(row, "home_lon", "home_lat")
    if lon is None or lat is None:
        raise BadInput("is empty", field="home_lon", cure="give the crew's home in degrees")
    crew = Crew(
        CrewId(read_id(row, "crew")), read_name(row, "name"), int(people), read_number(row, "hours_per_day"), lon, lat,
        row.get("base") or None, read_days_off(row, "days_off"),
    )  # fmt: skip
    away_km = metres_to_streets(lon, lat) / 1000
    if away_km > HOME_FROM_STREETS_MAX_KM:
        swapped_km = metres_to_streets(lat, lon) / 1000 if abs(lon) <= 90 else away_km
        cure = "exchange home_lon and home_lat" if swapped_km <= HOME_FROM_STREETS_MAX_KM else "give degrees WGS-84"
        problem = Said("the home lies %(away_n)s km from the nearest street of the region", away_n=away_km)
        raise BadInput(problem, field="home_lon", cure=cure)
    return crew


def _read_promoter(row: Mapping[str, str], crews: Mapping[CrewId, Crew]) -> tuple[Promoter, str]:
    crew = CrewId(read_id(row, "crew"))
    if crew not in crews:
        raise BadInput(
            Said("no crew is called '%(crew)s'", crew=crew), field="crew", cure="import the crews first, or mend the id"
        )
    since, until = read_day(row, "from"), read_day(row, "until")
    if since and until and until <= since:
        raise BadInput("ends before it begins", field="until", cure="give the first day after the last one worked")
    return Promoter(PromoterId(read_id(row, "promoter")), crew, since, until), read_name(row, "name")
