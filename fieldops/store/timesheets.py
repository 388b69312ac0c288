"""Hours by promoter and day: what phones told, what own records speak for it, what a lead confirmed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from fieldops.clock import format_moment, parse_moment
from fieldops.events import HoursConfirmed
from fieldops.ids import CrewId, PromoterId
from fieldops.store import audit
from fieldops.store.connect import Turn
from fieldops.store.sqlite import sqlite3

DayOf = tuple[PromoterId, date]


@dataclass(frozen=True, slots=True)
class Spoken:
    """A promoter's own records of a day: how many, the first and the last; surveys in quarantine are left out."""

    records: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a lead said of a promoter's day."""

    hours: float
    why: str


def read_told(connection: sqlite3.Connection, first: date, last: date) -> dict[DayOf, tuple[CrewId, float]]:
    """Return the hours that promoters told of days from first to last, each place by its last word, and their crew then."""
    rows = connection.execute(
        "SELECT promoter_id, day, max(crew_id), sum(hours) FROM hours_told AS h WHERE day BETWEEN ? AND ? AND NOT EXISTS"
        " (SELECT 1 FROM hours_told AS l WHERE l.promoter_id = h.promoter_id AND l.day = h.day AND l.venue_id IS h.venue_id"
        " AND l.street_id IS h.street_id AND (l.made_at, l.seq, l.id) > (h.made_at, h.seq, h.id))"
        " GROUP BY promoter_id, day",
        (first.isoformat(), last.isoformat()),
    )
    return {(PromoterId(r[0]), date.fromisoformat(r[1])): (CrewId(r[2]), float(r[3])) for r in rows}


def read_spoken(
    connection: sqlite3.Connection, since: datetime, until: datetime, day_of: Callable[[datetime], date]
) -> dict[DayOf, Spoken]:
    """Return the own records of every promoter by day over a span of time; `day_of` tells the day of a moment."""
    rows = connection.execute(
        "WITH own (promoter, at) AS (SELECT promoter_id, made_at FROM contact WHERE made_at >= :since AND made_at < :until"
        " UNION ALL SELECT promoter_id, made_at FROM venue_visit WHERE made_at >= :since AND made_at < :until"
        " UNION ALL SELECT v.promoter_id, v.asked_at FROM survey AS v WHERE v.asked_at >= :since AND v.asked_at < :until"
        " AND NOT EXISTS (SELECT 1 FROM quarantine AS q WHERE q.survey_id = v.id AND q.until_seq IS NULL))"
        " SELECT promoter, count(*), min(at), max(at) FROM own GROUP BY promoter, substr(at, 1, 13)",
        {"since": format_moment(since), "until": format_moment(until)},
    )
    found: dict[DayOf, Spoken] = {}
    for promoter, count, first, last in map(tuple, rows):
        early, late = parse_moment(first), parse_moment(last)
        key = PromoterId(promoter), day_of(late)
        known = found.get(key, Spoken(0, early, late))
        found[key] = Spoken(known.records + count, min(known.first, early), max(known.last, late))
    return found


def read_confirmed(connection: sqlite3.Connection, first: date, last: date) -> dict[DayOf, Confirmed]:
    """Return what leads said of promoters' days from first to last."""
    rows = connection.execute(
        "SELECT promoter_id, day, hours, why FROM hours_confirmed WHERE day BETWEEN ? AND ?",
        (first.isoformat(), last.isoformat()),
    )
    return {(PromoterId(r[0]), date.fromisoformat(r[1])): Confirmed(r[2], r[3]) for r in rows}


def sum_of_effort(connection: sqlite3.Connection, first: date, last: date) -> float:
    """Return the promoter-hours of days that came in for crews, by files and phones together."""
    found: float = connection.execute(
        "SELECT coalesce(sum(promoter_hours), 0.0) FROM effort WHERE day BETWEEN ? AND ?",
        (first.isoformat(), last.isoformat()),
    ).fetchone()[0]
    return found


def write_confirmed(turn: Turn, *, event: HoursConfirmed) -> None:
    """Store what a lead said of a promoter's day, instead of what was said before, with the event."""
    audit.append(turn, event)
    turn.connection.execute(
        "INSERT INTO hours_confirmed VALUES (?, ?, ?, ?) ON CONFLICT (promoter_id, day) DO UPDATE SET hours = excluded.hours,"
        " why = excluded.why",
        (event.promoter, event.day.isoformat(), event.hours, event.why),
    )
