"""Venues given by hand or file, beside those of the map."""

from collections.abc import Sequence
from dataclasses import dataclass

from fieldops.events import RowsImported
from fieldops.ids import CityId, StreetId, VenueId
from fieldops.store import audit, geopackage
from fieldops.store.connect import Turn
from fieldops.store.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class Venue:
    """A place where people are met: kind, name, position in degrees, people per hour, hours "HH:MM", its street."""

    id: VenueId
    city: CityId
    kind: str
    name: str
    lon: float
    lat: float
    people_per_hour: float
    open_from: str
    open_until: str
    street: StreetId | None


def read_venues(connection: sqlite3.Connection) -> dict[VenueId, tuple[Venue, str]]:
    """Return all venues by id, each with its source: map, csv or hand."""
    rows = connection.execute(
        "SELECT id, city_id, kind, name, geom, people_per_hour, open_from, open_until, street_id, source FROM venue ORDER BY id"
    ).fetchall()
    points = geopackage.decode([row[4] for row in rows])
    return {
        VenueId(row[0]): (
            Venue(row[0], row[1], row[2], row[3], point.x, point.y, row[5], row[6] or "", row[7] or "", row[8]),
            row[9],
        )
        for row, point in zip(rows, points, strict=True)
    }


def write_venues(turn: Turn, venues: Sequence[Venue], *, event: RowsImported) -> None:
    """Store venues from a file, new ones and changed ones, and the event."""
    import shapely

    audit.append(turn, event)
    blobs = geopackage.encode([shapely.Point(one.lon, one.lat) for one in venues])
    turn.connection.executemany(
        "INSERT INTO venue (geom, id, city_id, kind, name, people_per_hour, open_from, open_until, street_id, source)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'csv') ON CONFLICT (id) DO UPDATE SET geom = excluded.geom,"
        " city_id = excluded.city_id, kind = excluded.kind, name = excluded.name,"
        " people_per_hour = excluded.people_per_hour, open_from = excluded.open_from, open_until = excluded.open_until,"
        " street_id = excluded.street_id, source = 'csv'",
        [
            (
                blob, one.id, one.city, one.kind, one.name, one.people_per_hour, one.open_from or None,
                one.open_until or None, one.street,
            )
            for blob, one in zip(blobs, venues, strict=True)
        ],
    )  # fmt: skip
