"""Venues come in from files, and are listed."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from fieldops.actions.datum import rows_in_wgs84
from fieldops.actions.intake import Row, imported, read_by_key, summarise
from fieldops.city.places import AT_STREET_M, Ground
from fieldops.errors import BadInput
from fieldops.ids import CityId, VenueId
from fieldops.intake import Intake, Refusals, read_id, read_name, read_number, read_position
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.said import Said
from fieldops.store import venues as store
from fieldops.store.connect import Region
from fieldops.store.places import read_grounds
from fieldops.store.venues import Venue

NEEDED = ("venue_id", "kind", "name", "lon", "lat")
KNOWN = (*NEEDED, "people_per_hour", "open_from", "open_until")
MOST_PEOPLE_PER_HOUR = 10_000.0
_KIND = re.compile(r"[a-z][a-z_]{1,40}")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


def import_venues(
    region: Region, actor: Actor, rows: Iterable[Row], *, strict: bool = False, coordinates: str | None = "wgs84",
    now: datetime | None = None,
) -> Intake:  # fmt: skip
    """
    Take in venues, given as numbered rows of text with the columns `KNOWN`; each stands on the nearest street.

    A venue that is there already is updated, also one of the map. Permission: venue.import. Event: RowsImported.
    `coordinates`: see `datum.rows_in_wgs84`.

    Raises
    ------
    BadInput
        If nobody stated the coordinates, and the places lie beside the streets.
    Forbidden
        If the actor may not.
    RowsRefused
        With `strict`, if any row cannot be used; nothing is stored then.
    """
    require(actor, "venue.import")
    with region.turn(actor, now=now) as turn:
        grounds = read_grounds(turn.connection)
        before = store.read_venues(turn.connection)
        refusals = Refusals()
        rows = rows_in_wgs84(turn.connection, rows, coordinates)
        read = read_by_key(rows, "venue_id", lambda row: _read_venue(row, grounds), refusals)
        if strict:
            refusals.refuse_any()
        changed = [one for name, one in read.items() if before.get(VenueId(name)) != (one, "csv")]
        done = summarise(refusals, read, before, len(changed))
        if changed:
            store.write_venues(turn, changed, event=imported("venues", turn.now, done, changed))
    return done


def list_venues(region: Region, actor: Actor) -> list[tuple[Venue, str]]:
    """Return all venues by id with their source. Permission: region.read."""
    require(actor, "region.read")
    return list(store.read_venues(region.reader()).values())


def _read_venue(row: Mapping[str, str], grounds: Mapping[CityId, Ground]) -> Venue:
    from fieldops.city.venues import people_per_hour

    kind = row.get("kind", "")
    if not _KIND.fullmatch(kind):
        raise BadInput(
            Said("'%(kind)s' is no kind of venue", kind=kind),
            field="kind",
            cure="use a word such as restaurant or bus_stop",
        )
    lon, lat = read_position(row)
    if lon is None or lat is None:
        raise BadInput("is empty", field="lon", cure="give the position in degrees")
    met = (
        read_number(row, "people_per_hour", low=0.0, high=MOST_PEOPLE_PER_HOUR)
        if row.get("people_per_hour") else people_per_hour(kind)
    )  # fmt: skip
    hours = [row.get(field, "") for field in ("open_from", "open_until")]
    for field, text in zip(("open_from", "open_until"), hours, strict=True):
        if text and not _TIME.fullmatch(text):
            raise BadInput(Said("'%(text)s' is not a time of day", text=text), field=field, cure="write it as 09:30")
    if bool(hours[0]) != bool(hours[1]):
        raise BadInput("only one of the opening hours is given", field="open_until", cure="give both or none")
    found = [
        (metres[0], city, streets[0])
        for city, ground in grounds.items()
        for streets, metres in [ground.nearest_streets([lon], [lat])]
    ]
    away, city, street = min(found, key=lambda one: one[0], default=(float("inf"), CityId(""), None))
    if street is None or away > AT_STREET_M:
        raise BadInput(
            Said("it stands %(away_m)s from the nearest street", away_m=away),
            field="lon",
            cure="check lon and lat",
        )
    return Venue(
        VenueId(read_id(row, "venue_id")), city, kind, read_name(row, "name") if row.get("name") else "", lon, lat, met,
        hours[0], hours[1], street,
    )  # fmt: skip
