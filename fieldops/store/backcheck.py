"""Blind re-surveys that were ordered, what they found, and surveys as their promoters handed them in."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from fieldops.clock import format_moment, parse_moment
from fieldops.events import BackCheckOrdered
from fieldops.ids import CrewId, MeasurementId, StreetId, TriangleId
from fieldops.store import audit
from fieldops.store.connect import Turn
from fieldops.store.positions import Position
from fieldops.store.sqlite import sqlite3
from fieldops.suspects import Handed


@dataclass(frozen=True, slots=True)
class Task:
    """A place to be surveyed again by a crew that did not ask there; `done_by` is the blind measurement that did it."""

    measurement: MeasurementId
    street: StreetId | None
    triangle: TriangleId | None
    asked_by: CrewId | None
    crew: CrewId | None
    ordered_at: datetime
    done_by: MeasurementId | None


@dataclass(frozen=True, slots=True)
class MoveOn:
    """A test that moved on and that nobody was told to check: its place (degrees) and the crew that asked."""

    measurement: MeasurementId
    crew: CrewId | None
    lon: float
    lat: float


def read_places(
    connection: sqlite3.Connection, measurements: Iterable[MeasurementId]
) -> dict[MeasurementId, tuple[StreetId | None, TriangleId | None]]:
    """Return where measurements were made: a street, or a triangle's connection point."""
    rows = connection.execute(
        "SELECT id, street_id, triangle_id FROM measurement WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(measurements)),),
    )
    return {MeasurementId(row[0]): (row[1], row[2]) for row in rows}


def read_handed(
    connection: sqlite3.Connection, since: datetime, until: datetime, positions: Mapping[str, Position]
) -> Iterator[Handed]:
    """
    Yield the surveys of measurements opened in [since, until), not those of verifiers, in the order asked.

    `positions` are those that phones measured, by survey: the rows hold them on a coarse grid only.
    """
    for row in connection.execute(
        "SELECT s.promoter_id, s.measurement_id, coalesce(m.triangle_id, t.triangle_id), s.asked_at, s.answer, s.id,"
        " s.device_time, m.phase, coalesce(p.city_id, t.city_id, '') FROM measurement AS m"
        " CROSS JOIN survey AS s ON s.measurement_id = m.id LEFT JOIN street AS t ON t.id = m.street_id"
        " LEFT JOIN triangle AS p ON p.id = m.triangle_id"
        " WHERE m.opened_at >= ? AND m.opened_at < ? AND m.blind = 0 ORDER BY m.opened_at, m.id, s.asked_at, s.id",
        (format_moment(since), format_moment(until)),
    ):
        knows = None if row[4] == "refused" else row[4] == "knows"
        lon, lat, accuracy_m = positions.get(row[5], (None, None, None))
        device_time = datetime.fromisoformat(row[6]) if row[6] else None
        asked_at = datetime.fromisoformat(row[3])
        yield Handed(row[0], row[1], row[2], asked_at, knows, lon, lat, accuracy_m, device_time, row[7], row[8])


def read_rechecked(connection: sqlite3.Connection) -> dict[MeasurementId, tuple[int, int]]:
    """Return what blind re-surveys found, by the measurement that they check: (knows, asked)."""
    found: dict[MeasurementId, tuple[int, int]] = {}
    for name, answers in connection.execute(
        "SELECT m.back_check_of, t.answers FROM measurement AS m JOIN tally AS t ON t.measurement_id = m.id WHERE m.blind = 1"
    ):
        knows, asked = found.get(name, (0, 0))
        found[MeasurementId(name)] = (knows + answers.count("1"), asked + len(answers))
    return found


def read_blind(connection: sqlite3.Connection) -> dict[MeasurementId, list[MeasurementId]]:
    """Return the measurements that were surveyed again, each with its blind ones in the order opened."""
    found: dict[MeasurementId, list[MeasurementId]] = {}
    for checked, blind in connection.execute(
        "SELECT back_check_of, id FROM measurement WHERE blind = 1 AND back_check_of IS NOT NULL ORDER BY opened_at, id"
    ):
        found.setdefault(checked, []).append(blind)
    return found


def unchecked_move_ons(connection: sqlite3.Connection) -> tuple[list[MoveOn], int]:
    """Return the standing tests that moved on and are not to be checked yet, by id, and how many are."""
    rows = connection.execute(
        "SELECT d.measurement_id, d.crew_id, coalesce(s.lon, t.point_lon), coalesce(s.lat, t.point_lat), b.id"
        " FROM decision AS d JOIN measurement AS m ON m.id = d.measurement_id"
        " LEFT JOIN street AS s ON s.id = d.street_id LEFT JOIN triangle AS t ON t.id = d.triangle_id"
        " LEFT JOIN back_check AS b ON b.measurement_id = d.measurement_id"
        " WHERE d.verdict = 'move_on' AND d.withdrawn_at IS NULL AND m.blind = 0 ORDER BY d.measurement_id"
    ).fetchall()
    waiting = [MoveOn(row[0], row[1], row[2] or 0.0, row[3] or 0.0) for row in rows if row[4] is None]
    return waiting, len(rows) - len(waiting)


def read_tasks(connection: sqlite3.Connection, crew: CrewId | None = None) -> list[Task]:
    """Return the ordered re-surveys, of one crew where given, oldest first."""
    rows = connection.execute(
        "SELECT m.id, m.street_id, m.triangle_id, m.crew_id, b.crew_id, b.ordered_at,"
        " (SELECT n.id FROM measurement AS n WHERE n.back_check_of = m.id ORDER BY n.opened_at LIMIT 1)"
        " FROM back_check AS b JOIN measurement AS m ON m.id = b.measurement_id WHERE ? IS NULL OR b.crew_id = ?"
        " ORDER BY b.ordered_at, m.id",
        (crew, crew),
    )
    return [Task(row[0], row[1], row[2], row[3], row[4], parse_moment(row[5]), row[6]) for row in rows]


def order_check(turn: Turn, name: str, *, event: BackCheckOrdered) -> None:
    """Store the order to survey the place of a measurement again, and the event."""
    audit.append(turn, event)
    turn.connection.execute(
        "INSERT INTO back_check VALUES (?, ?, ?, ?)", (name, event.measurement, event.crew, format_moment(turn.now))
    )
