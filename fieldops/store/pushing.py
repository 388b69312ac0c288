"""What the streets around a crew's points are: open or not, what lies beside them, and which points said *push on* last."""

import json
from collections.abc import Collection
from datetime import date, datetime
from zoneinfo import ZoneInfo

from scipy import sparse

from fieldops.awareness import Verdict, spill_weights
from fieldops.clock import format_moment, local_day, parse_moment
from fieldops.ids import CrewId, StreetId, TriangleId
from fieldops.store.decisions import closed_streets
from fieldops.store.places import read_neighbours, streets_around
from fieldops.store.sqlite import sqlite3


def open_around(
    connection: sqlite3.Connection, held: Collection[StreetId], at: datetime
) -> dict[TriangleId, list[StreetId]]:
    """Return the streets of the triangles of these streets that have not moved on, whoever holds them."""
    rows = connection.execute(
        "SELECT triangle_id, id FROM street WHERE status = 'open' AND permission <> 'forbidden' AND triangle_id IN"
        " (SELECT triangle_id FROM street WHERE id IN (SELECT value FROM json_each(?))) ORDER BY id",
        (json.dumps(list(held)),),
    ).fetchall()
    closed = closed_streets(connection, at, [StreetId(street) for _, street in rows])
    found: dict[TriangleId, list[StreetId]] = {}
    for triangle, street in rows:
        if street not in closed:
            found.setdefault(TriangleId(triangle), []).append(StreetId(street))
    return found


def refused_points(
    connection: sqlite3.Connection, triangles: Collection[TriangleId], at: datetime, zone: ZoneInfo
) -> set[TriangleId]:
    """Return the triangles whose point's newest decisive test says *push on*, where no hours were told of a later day."""
    rows = connection.execute(
        "SELECT triangle_id, verdict, max(decisive_at) FROM decision WHERE decided_at <= :at AND withdrawn_at IS NULL"
        " AND triangle_id IN (SELECT value FROM json_each(:some)) GROUP BY triangle_id",
        {"at": format_moment(at), "some": json.dumps(list(triangles))},
    ).fetchall()
    refused = set()
    for triangle, verdict, moment in rows:
        day = local_day(parse_moment(moment), zone).isoformat()
        later = connection.execute(
            "SELECT 1 FROM street AS s JOIN effort AS e ON e.street_id = s.id AND e.day > ? WHERE s.triangle_id = ? LIMIT 1",
            (day, triangle),
        ).fetchone()
        if verdict == Verdict.PUSH_ON and later is None:
            refused.add(TriangleId(triangle))
    return refused


def stands_on(connection: sqlite3.Connection, crew: CrewId, held: Collection[StreetId], day: date) -> StreetId | None:
    """Return the street of which the crew told hours last on a day, among those that it holds."""
    row = connection.execute(
        "SELECT street_id FROM effort WHERE street_id IN (SELECT value FROM json_each(?)) AND day = ? AND crew_id = ?"
        " ORDER BY recorded_at DESC, street_id LIMIT 1",
        (json.dumps(list(held)), day.isoformat(), crew),
    ).fetchone()
    return StreetId(row[0]) if row else None


def spill_around(
    connection: sqlite3.Connection, streets: Collection[StreetId]
) -> tuple[list[StreetId], sparse.csr_array]:
    """Return these streets and those beside them, with the spill-over weights W between them; right for hours on `streets`."""
    beside = streets_around(connection, streets)
    known = [*streets, *sorted(streets_around(connection, beside) - set(streets))]
    return known, spill_weights(read_neighbours(connection, known), len(known))
