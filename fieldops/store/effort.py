"""Promoter-hours by day, crew and street (hours at a venue count for the street on which it stands)."""

import json
from collections.abc import Mapping, Sequence
from datetime import date

from fieldops.clock import format_moment
from fieldops.events import RowsImported
from fieldops.ids import CrewId, StreetId, VenueId
from fieldops.store import audit
from fieldops.store.connect import Turn
from fieldops.store.sqlite import sqlite3
from fieldops.surveys import Effort

_EFFORT = "id, day, crew_id, street_id, venue_id, promoter_hours, contacts"


def read_effort(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, Effort]:
    """Return what is recorded under these ids."""
    found: dict[str, Effort] = {}
    for name in ids:
        row = connection.execute(f"SELECT {_EFFORT} FROM effort WHERE id = ?", (name,)).fetchone()  # noqa: S608  # constants
        if row is not None:
            found[name] = Effort(
                date.fromisoformat(row[1]), CrewId(row[2]), StreetId(row[3]), VenueId(row[4]) if row[4] else None,
                row[5], row[6],
            )  # fmt: skip
    return found


def hours_since(connection: sqlite3.Connection, since: Mapping[StreetId, date]) -> dict[StreetId, float]:
    """Return the promoter-hours worked on each of these streets from its day on; streets without any are left out."""
    rows = connection.execute(
        "SELECT e.street_id, sum(e.promoter_hours) FROM json_each(?) AS s JOIN effort AS e ON e.street_id = s.key"
        " AND e.day >= s.value GROUP BY e.street_id",
        (json.dumps({street: day.isoformat() for street, day in since.items()}),),
    )
    return {StreetId(row[0]): row[1] for row in rows}


def write_effort(turn: Turn, efforts: Sequence[Effort], *, event: RowsImported) -> None:
    """Store efforts, new ones and corrected ones, and the event; of one that was corrected to none the row stays, with 0 hours."""
    audit.append(turn, event)
    recorded_at = format_moment(turn.now)
    turn.connection.executemany(
        "INSERT INTO effort VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " promoter_hours = excluded.promoter_hours, contacts = excluded.contacts, recorded_at = excluded.recorded_at",
        [
            (
                one.id,
                one.day.isoformat(),
                one.crew,
                one.street,
                one.venue,
                one.promoter_hours,
                one.contacts,
                recorded_at,
            )
            for one in efforts
        ],
    )
