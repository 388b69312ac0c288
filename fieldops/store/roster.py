"""Crews and promoters as a lead asks about them: who worked on which day, what was verified, who left."""

from dataclasses import dataclass
from datetime import date, datetime

from fieldops.clock import format_moment
from fieldops.ids import CrewId, PromoterId
from fieldops.store.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class CrewWork:
    """
    A crew over a span of days.

    `saturated` counts streets that moved on with this crew's credit by a decision that still stands and whose measurement no
    quarantine touches: verified work only. `candidates` are those it brought.
    """

    id: CrewId
    name: str
    people: int
    full_day: float
    members: int
    holds: int
    hours: float
    contacts: int
    saturated: int
    candidates: int


@dataclass(frozen=True, slots=True)
class Member:
    """A promoter with the days of the membership; `until` is None while it lasts."""

    id: PromoterId
    crew: CrewId
    since: date | None
    until: date | None
    first_day: date | None


def read_crew_work(
    connection: sqlite3.Connection, since: datetime, until: datetime, first: date, today: date
) -> list[CrewWork]:
    """Return every crew over a span of time; days of effort are those of the city, from `first` to `today`."""
    rows = connection.execute(
        "SELECT c.id, c.name, c.people, c.people * c.hours_per_day, "
        "(SELECT count(*) FROM promoter AS p WHERE p.crew_id = c.id AND (p.until IS NULL OR p.until > :today)), "
        "(SELECT count(*) FROM claim AS k WHERE k.crew_id = c.id AND k.claimed_at <= :until AND coalesce(k.ended_at, k.held_until) > :until), "
        "(SELECT coalesce(sum(e.promoter_hours), 0.0) FROM effort AS e WHERE e.crew_id = c.id AND e.day BETWEEN :first AND :today), "
        "(SELECT coalesce(sum(e.contacts), 0) FROM effort AS e WHERE e.crew_id = c.id AND e.day BETWEEN :first AND :today), "
        "(SELECT count(*) FROM claim AS k WHERE k.credit = c.id AND k.ended_at > :since AND k.ended_at <= :until AND EXISTS "
        "(SELECT 1 FROM decision AS d WHERE (d.street_id = k.street_id OR d.triangle_id = (SELECT triangle_id FROM street WHERE id = k.street_id)) "
        "AND d.verdict = 'move_on' AND d.withdrawn_at IS NULL AND NOT EXISTS (SELECT 1 FROM quarantine AS q JOIN survey AS v ON v.id = q.survey_id "
        "WHERE v.measurement_id = d.measurement_id AND q.until_seq IS NULL))), "
        "(SELECT count(*) FROM candidate AS n WHERE n.crew_id = c.id AND n.merged_into IS NULL AND n.made_at > :since AND n.made_at <= :until) "
        "FROM crew AS c ORDER BY 9 DESC, 10 DESC, 7 DESC, c.id",
        {
            "since": format_moment(since),
            "until": format_moment(until),
            "first": first.isoformat(),
            "today": today.isoformat(),
        },
    )
    return [CrewWork(CrewId(row[0]), *row[1:]) for row in map(tuple, rows)]


def read_attendance(connection: sqlite3.Connection, first: date, today: date) -> dict[tuple[CrewId, date], float]:
    """Return the promoter-hours that each crew worked on each day."""
    rows = connection.execute(
        "SELECT crew_id, day, sum(promoter_hours) FROM effort WHERE day BETWEEN ? AND ? GROUP BY crew_id, day",
        (first.isoformat(), today.isoformat()),
    )
    return {(CrewId(row[0]), date.fromisoformat(row[1])): row[2] for row in rows}


def read_members(connection: sqlite3.Connection) -> list[Member]:
    """Return all promoters with the first day of effort of their crew as the earliest day that is known of them."""
    rows = connection.execute(
        "SELECT p.id, p.crew_id, p.since, p.until, (SELECT min(e.day) FROM effort AS e WHERE e.crew_id = p.crew_id) FROM promoter AS p "
        "ORDER BY p.crew_id, p.id"
    )
    return [Member(PromoterId(row[0]), CrewId(row[1]), _day(row[2]), _day(row[3]), _day(row[4])) for row in rows]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
