"""Surveys that count in no decision until somebody has looked into them, and the way back (rule 13)."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from fieldops.clock import format_moment, parse_moment
from fieldops.events import QuarantineLifted, SurveysQuarantined
from fieldops.ids import MeasurementId, PromoterId
from fieldops.store import audit, heads, tallies
from fieldops.store.connect import Turn
from fieldops.store.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class Order:
    """A quarantine: the number of its event, whom or what it concerns, why, how many surveys, and since when."""

    seq: int
    promoter: PromoterId | None
    measurement: MeasurementId | None
    reason: str
    surveys: int
    made_at: datetime
    undone_at: datetime | None


def quarantined_promoters(connection: sqlite3.Connection) -> set[PromoterId]:
    """Return the promoters whose surveys are in quarantine now, and who may hand in no new ones."""
    rows = connection.execute(
        "SELECT promoter_id FROM quarantine_order WHERE undone_at IS NULL AND promoter_id IS NOT NULL"
    )
    return {PromoterId(row[0]) for row in rows}


def any_in_force(connection: sqlite3.Connection) -> bool:
    """Return whether any survey is in quarantine now."""
    return connection.execute("SELECT 1 FROM quarantine_order WHERE undone_at IS NULL LIMIT 1").fetchone() is not None


def count_surveys(connection: sqlite3.Connection) -> int:
    """Return how many surveys are in quarantine now."""
    rows = connection.execute("SELECT count(DISTINCT survey_id) FROM quarantine WHERE until_seq IS NULL")
    found: int = rows.fetchone()[0]
    return found


def orders_in_force(connection: sqlite3.Connection) -> frozenset[int]:
    """Return the numbers of the quarantines in force."""
    return frozenset(row[0] for row in connection.execute("SELECT seq FROM quarantine_order WHERE undone_at IS NULL"))


def orders_known(connection: sqlite3.Connection, event: int) -> frozenset[int]:
    """Return the numbers of the quarantines that were in force when the event of a number had been recorded."""
    rows = connection.execute(
        "SELECT seq FROM quarantine_order WHERE seq <= :event AND NOT EXISTS (SELECT 1 FROM event AS e WHERE e.seq <= :event"
        " AND e.seq > quarantine_order.seq AND e.kind = 'QuarantineLifted' AND e.facts ->> 'order' = quarantine_order.seq)",
        {"event": event},
    )
    return frozenset(row[0] for row in rows)


def hold_any(connection: sqlite3.Connection, orders: frozenset[int], event: int) -> bool:
    """Return whether any of these quarantines may hold what had been recorded by an event: a survey, or somebody told."""
    row = connection.execute(
        "SELECT 1 FROM json_each(?1) AS o JOIN quarantine AS q ON q.since_seq = o.value JOIN survey AS s ON s.id = q.survey_id"
        " WHERE s.batch <= ?2 UNION ALL SELECT 1 FROM json_each(?1) AS o JOIN quarantine_order AS q ON q.seq = o.value"
        " JOIN phone_record AS r ON r.promoter_id = q.promoter_id AND r.kind = 'contact' AND r.batch <= ?2 LIMIT 1",
        (json.dumps(sorted(orders)), event),
    ).fetchone()
    return row is not None


def read_orders(connection: sqlite3.Connection) -> list[Order]:
    """Return all quarantines, newest first, lifted ones too."""
    rows = connection.execute(
        "SELECT o.seq, o.promoter_id, o.measurement_id, o.reason, (SELECT count(*) FROM quarantine AS q"
        " WHERE q.since_seq = o.seq), o.made_at, o.undone_at FROM quarantine_order AS o ORDER BY o.seq DESC"
    )
    return [
        Order(row[0], row[1], row[2], row[3], row[4], parse_moment(row[5]), parse_moment(row[6]) if row[6] else None)
        for row in rows
    ]


def choose_surveys(
    connection: sqlite3.Connection, promoter: PromoterId | None, measurement: MeasurementId | None
) -> list[tuple[str, MeasurementId]]:
    """Return the surveys of a promoter or of a measurement, each with its measurement, by id."""
    rows = connection.execute(
        "SELECT id, measurement_id FROM survey WHERE promoter_id = ? OR measurement_id = ? ORDER BY id",
        (promoter, measurement),
    )
    return [(row[0], MeasurementId(row[1])) for row in rows]


def has_told(connection: sqlite3.Connection, promoter: PromoterId) -> bool:
    """Return whether the promoter handed in conversations: those whom it told are heads on small streets."""
    row = connection.execute(
        "SELECT 1 FROM phone_record WHERE promoter_id = ? AND kind = 'contact' LIMIT 1", (promoter,)
    ).fetchone()
    return row is not None


def digest_of(surveys: list[tuple[str, MeasurementId]]) -> str:
    """Return the SHA-256 over the ids of surveys, in order."""
    return hashlib.sha256("\n".join(name for name, _ in surveys).encode()).hexdigest()


def add_order(
    turn: Turn, surveys: list[tuple[str, MeasurementId]], reason: str, *, event: SurveysQuarantined
) -> tuple[int, list[MeasurementId]]:
    """Put surveys into quarantine; return the order's number and the measurements to be decided again."""
    seq = audit.append(turn, event)
    turn.connection.execute(
        "INSERT INTO quarantine_order VALUES (?, ?, ?, ?, ?, NULL)",
        (seq, event.promoter, event.measurement, reason, format_moment(turn.now)),
    )
    turn.connection.executemany(
        "INSERT INTO quarantine VALUES (?, ?, NULL, ?)", [(name, seq, reason) for name, _ in surveys]
    )
    touched = _touched(turn, event.promoter, [measurement for _, measurement in surveys])
    tallies.recount(turn, touched, event=seq)
    return seq, touched


def lift_order(turn: Turn, seq: int, *, event: Callable[[int], QuarantineLifted]) -> tuple[int, list[MeasurementId]]:
    """Let the surveys of a quarantine count again; return how many, and the measurements to be decided again."""
    rows = turn.connection.execute(
        "SELECT s.measurement_id FROM quarantine AS q JOIN survey AS s ON s.id = q.survey_id"
        " WHERE q.since_seq = ? AND q.until_seq IS NULL",
        (seq,),
    ).fetchall()
    lifted = audit.append(turn, event(len(rows)))
    turn.connection.execute(
        "UPDATE quarantine SET until_seq = ? WHERE since_seq = ? AND until_seq IS NULL", (lifted, seq)
    )
    turn.connection.execute("UPDATE quarantine_order SET undone_at = ? WHERE seq = ?", (format_moment(turn.now), seq))
    whose = turn.connection.execute("SELECT promoter_id FROM quarantine_order WHERE seq = ?", (seq,)).fetchone()[0]
    touched = _touched(turn, whose, [MeasurementId(row[0]) for row in rows])
    tallies.recount(turn, touched, event=lifted)
    return len(rows), touched


def _touched(turn: Turn, promoter: PromoterId | None, measurements: list[MeasurementId]) -> list[MeasurementId]:
    """Return the measurements to be counted again: those of the surveys, and those whose heads the promoter told of."""
    told = heads.sittings_of_promoter(turn.connection, promoter, turn.rules) if promoter else []
    return sorted({*measurements, *told})
