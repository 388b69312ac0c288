"""Sentinels: finished streets that a crew asks again on a day (statistics.md 4.4)."""

from dataclasses import dataclass
from datetime import date, datetime

from fieldops.clock import format_moment, parse_moment
from fieldops.events import SentinelsChosen
from fieldops.ids import CrewId, MeasurementId, StreetId
from fieldops.store import audit
from fieldops.store.connect import Turn
from fieldops.store.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class Sentinel:
    """A street to ask again on a day: who shall, and the measurement that did since, None until then."""

    day: date
    street: StreetId
    label: str
    crew: CrewId | None
    chosen_at: datetime
    done_by: MeasurementId | None


@dataclass(frozen=True, slots=True)
class Finished:
    """A street that moved on and that nobody pushes: its place (degrees), its triangle, when and by whom last asked."""

    street: StreetId
    triangle: str
    lon: float
    lat: float
    last_asked_at: datetime
    crew: CrewId | None


def finished_streets(connection: sqlite3.Connection, at: datetime) -> list[Finished]:
    """Return the streets whose closure is in force and that no crew holds, by id."""
    moment = format_moment(at)
    rows = connection.execute(
        "SELECT s.id, coalesce(s.triangle_id, s.id), s.lon, s.lat, coalesce(m.opened_at, min(d.since)), m.crew_id"
        " FROM closure AS d JOIN street AS s ON s.id = d.street_id LEFT JOIN measurement AS m ON m.id ="
        " (SELECT n.id FROM measurement AS n WHERE n.street_id = s.id AND n.opened_at <= :at ORDER BY n.opened_at DESC LIMIT 1)"
        " WHERE s.status = 'open' AND d.since <= :at AND d.reopens_at > :at AND (d.ended_at IS NULL OR d.ended_at > :at)"
        " AND NOT EXISTS (SELECT 1 FROM claim AS c WHERE c.street_id = s.id AND c.claimed_at <= :at"
        " AND coalesce(c.ended_at, c.held_until) > :at) GROUP BY s.id ORDER BY s.id",
        {"at": moment},
    )
    return [Finished(row[0], row[1], row[2], row[3], parse_moment(row[4]), row[5]) for row in rows]


def read_sentinels(connection: sqlite3.Connection, day: date) -> list[Sentinel]:
    """Return the sentinels of a day; what is asked there within two days of the choice does it."""
    rows = connection.execute(
        "SELECT n.street_id, s.label, n.crew_id, n.chosen_at, (SELECT m.id FROM measurement AS m WHERE m.street_id = n.street_id"
        " AND m.opened_at >= n.chosen_at AND julianday(m.opened_at) < julianday(n.chosen_at) + 2 ORDER BY m.opened_at LIMIT 1)"
        " FROM sentinel AS n JOIN street AS s ON s.id = n.street_id WHERE n.day = ? ORDER BY n.street_id",
        (day.isoformat(),),
    )
    return [Sentinel(day, row[0], row[1], row[2], parse_moment(row[3]), row[4]) for row in rows]


def save_sentinels(turn: Turn, *, event: SentinelsChosen) -> None:
    """Store the sentinels of a day, and the event."""
    audit.append(turn, event)
    turn.connection.executemany(
        "INSERT INTO sentinel VALUES (?, ?, ?, ?)",
        [
            (event.day.isoformat(), street, crew, format_moment(event.at))
            for street, crew in zip(event.streets, event.crews, strict=True)
        ],
    )
