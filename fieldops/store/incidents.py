"""Incidents of the field, and streets closed for a time because of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from fieldops.clock import format_moment, parse_moment
from fieldops.contacts import Incident
from fieldops.events import IncidentReported, IncidentSettled, PauseEnded, StreetPaused
from fieldops.ids import CrewId, PromoterId, StreetId
from fieldops.store import audit
from fieldops.store.sqlite import sqlite3

if TYPE_CHECKING:
    from fieldops.store.connect import Turn


@dataclass(frozen=True, slots=True)
class StoredIncident:
    """An incident with the names that people know street and crew by, and until when its street is closed (None: it is open)."""

    id: str
    what: Incident
    happened_at: datetime
    street: StreetId | None
    street_label: str
    crew: CrewId | None
    crew_name: str
    promoter: PromoterId | None
    settled_at: datetime | None
    outcome: str
    paused_until: datetime | None


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """An incident that waits, with its street where it has one."""

    id: str
    street: StreetId | None


def read_incidents(connection: sqlite3.Connection, at: datetime, *, most: int = 200) -> list[StoredIncident]:
    """Return incidents, those that wait first, then the newest first; `at` tells which pauses are in force."""
    rows = connection.execute(
        "SELECT i.id, i.kind, i.happened_at, i.street_id, coalesce(s.label, ''), i.crew_id, coalesce(c.name, ''), i.promoter_id,"
        " i.settled_at, i.outcome, (SELECT max(p.until) FROM pause AS p WHERE p.street_id = i.street_id AND p.since <= :at"
        " AND coalesce(p.ended_at, p.until) > :at) FROM incident AS i LEFT JOIN street AS s ON s.id = i.street_id"
        " LEFT JOIN crew AS c ON c.id = i.crew_id ORDER BY i.settled_at IS NOT NULL, i.happened_at DESC, i.id LIMIT :most",
        {"at": format_moment(at), "most": most},
    )
    return [
        StoredIncident(
            row[0], Incident(row[1]), parse_moment(row[2]), row[3], row[4], row[5], row[6], row[7], _moment(row[8]), row[9],
            _moment(row[10]),
        )
        for row in map(tuple, rows)
    ]  # fmt: skip


def is_known(connection: sqlite3.Connection, incident: str) -> bool:
    """Return whether there is such an incident."""
    return connection.execute("SELECT 1 FROM incident WHERE id = ?", (incident,)).fetchone() is not None


def count_waiting(connection: sqlite3.Connection) -> int:
    """Return how many incidents wait."""
    return int(connection.execute("SELECT count(*) FROM incident WHERE settled_at IS NULL").fetchone()[0])


def find_open(connection: sqlite3.Connection, incident: str) -> OpenIncident | None:
    """Return an incident that waits, None where no such one does."""
    row = connection.execute(
        "SELECT id, street_id FROM incident WHERE id = ? AND settled_at IS NULL", (incident,)
    ).fetchone()
    return OpenIncident(row[0], StreetId(row[1]) if row[1] else None) if row else None


def add_incident(turn: "Turn", promoter: PromoterId | None, *, event: IncidentReported) -> None:
    """Store an incident with its event; `event.at` is when it happened."""
    audit.append(turn, event)
    turn.connection.execute(
        "INSERT INTO incident (id, kind, happened_at, street_id, crew_id, promoter_id) VALUES (?, ?, ?, ?, ?, ?)",
        (event.incident, event.what, format_moment(event.at), event.street, event.crew, promoter),
    )


def settle(turn: "Turn", *, event: IncidentSettled) -> None:
    """Store that an incident is settled, with the event."""
    audit.append(turn, event)
    turn.connection.execute(
        "UPDATE incident SET settled_at = ?, outcome = ? WHERE id = ?",
        (format_moment(event.at), event.outcome, event.incident),
    )


def pause(turn: "Turn", *, event: StreetPaused) -> None:
    """Close a street to claims until a moment, with the event; a pause in force gives way to this one."""
    audit.append(turn, event)
    _end_pause(turn, event.street)
    turn.connection.execute(
        "INSERT INTO pause VALUES (?, ?, ?, ?, NULL) ON CONFLICT (street_id, since) DO UPDATE SET until = excluded.until,"
        " incident_id = excluded.incident_id, ended_at = NULL",
        (event.street, format_moment(event.at), format_moment(event.until), event.incident or None),
    )


def reopen(turn: "Turn", *, event: PauseEnded) -> None:
    """Open a street again before its pause is over, with the event."""
    audit.append(turn, event)
    _end_pause(turn, event.street)


def _end_pause(turn: "Turn", street: StreetId) -> None:
    turn.connection.execute(
        "UPDATE pause SET ended_at = :at WHERE street_id = :street AND since <= :at AND coalesce(ended_at, until) > :at",
        {"street": street, "at": format_moment(turn.now)},
    )


def paused_until(connection: sqlite3.Connection, street: StreetId, at: datetime) -> datetime | None:
    """Return until when a street is closed for a time at the moment, None where it is not."""
    row = connection.execute(
        "SELECT max(until) FROM pause WHERE street_id = :street AND since <= :at AND coalesce(ended_at, until) > :at",
        {"street": street, "at": format_moment(at)},
    ).fetchone()
    return _moment(row[0])


def paused_streets(connection: sqlite3.Connection, at: datetime) -> dict[StreetId, datetime]:
    """Return the streets that are closed for a time at the moment, with the end of each."""
    rows = connection.execute(
        "SELECT street_id, max(until) FROM pause WHERE since <= :at AND coalesce(ended_at, until) > :at GROUP BY street_id",
        {"at": format_moment(at)},
    )
    return {StreetId(row[0]): parse_moment(row[1]) for row in rows}


def _moment(text: str | None) -> datetime | None:
    return parse_moment(text) if text else None
