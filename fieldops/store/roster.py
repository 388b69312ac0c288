"""Crews and promoters as a lead asks about them: who worked on which day, what was verified, who left."""

from dataclasses import dataclass
from datetime import date, datetime

from fieldops.clock import format_moment, parse_moment
from fieldops.ids import CrewId, PromoterId
from fieldops.store.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class CrewWork:
    """
    A crew over a span of days.

    `saturated` counts streets that moved on with this crew's credit by a decision that still stands and whose measurement no
    quarantine touches, `candidates` those it brought and somebody has talked with since: verified work only. `hours` and
    `contacts` are what the crew told. `learned` counts the training cards that its members worked through.
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
    learned: int


@dataclass(frozen=True, slots=True)
class PromoterWork:
    """
    What of a promoter's work is verified, over a span of time.

    `streets` at whose deciding test they asked; `candidates` they signed up and somebody has talked with since; `learned` are
    the training cards they worked through, ever.
    """

    id: PromoterId
    crew: CrewId
    streets: int
    candidates: int
    learned: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A promoter with the days of the membership; `until` is None while it lasts."""

    id: PromoterId
    crew: CrewId
    since: date | None
    until: date | None
    first_day: date | None


# A claim `k` that ended as saturated by a decision that stands, and whose measurement no quarantine touches.
VERIFIED = (
    "EXISTS (SELECT 1 FROM decision AS d WHERE (d.street_id = k.street_id OR d.triangle_id = "
    "(SELECT triangle_id FROM street WHERE id = k.street_id)) AND d.verdict = 'move_on' AND d.withdrawn_at IS NULL "
    "AND d.decided_at >= k.claimed_at AND NOT EXISTS (SELECT 1 FROM quarantine AS q JOIN survey AS v ON v.id = q.survey_id WHERE v.measurement_id = d.measurement_id AND q.until_seq IS NULL))"
)


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
        "(SELECT count(*) FROM claim AS k WHERE k.credit = c.id AND k.ended_at > :since AND k.ended_at <= :until AND {verified}), "
        "(SELECT count(*) FROM candidate AS n WHERE n.crew_id = c.id AND n.merged_into IS NULL AND n.reached <> 'new' AND n.made_at > :since AND n.made_at <= :until), "
        "(SELECT count(DISTINCT r.promoter_id || r.what) FROM phone_record AS r JOIN promoter AS p ON p.id = r.promoter_id "
        "WHERE p.crew_id = c.id AND r.kind = 'lesson') FROM crew AS c ORDER BY 9 DESC, 10 DESC, 11 DESC, c.id".replace(
            "{verified}", VERIFIED
        ),
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


@dataclass(frozen=True, slots=True)
class HeldSpan:
    """A street of a crew from its claim's beginning to its end, with the name of its zone (empty where it has none)."""

    crew: CrewId
    begins: datetime
    ends: datetime
    zone: str


def read_held(connection: sqlite3.Connection, begin: datetime, end: datetime) -> list[HeldSpan]:
    """Return what crews hold at any moment of [begin, end)."""
    rows = connection.execute(
        "SELECT k.crew_id, k.claimed_at, coalesce(k.ended_at, k.held_until), coalesce(z.name, '') FROM claim AS k JOIN street AS s"
        " ON s.id = k.street_id LEFT JOIN zone AS z ON z.id = s.zone_id"
        " WHERE k.claimed_at < ? AND coalesce(k.ended_at, k.held_until) > ?",
        (format_moment(end), format_moment(begin)),
    )
    return [HeldSpan(CrewId(row[0]), parse_moment(row[1]), parse_moment(row[2]), row[3]) for row in map(tuple, rows)]


def read_members(connection: sqlite3.Connection) -> list[Member]:
    """Return all promoters with the first day of effort of their crew as the earliest day that is known of them."""
    rows = connection.execute(
        "SELECT p.id, p.crew_id, p.since, p.until, (SELECT min(e.day) FROM effort AS e WHERE e.crew_id = p.crew_id AND e.promoter_hours > 0) FROM promoter AS p "
        "ORDER BY p.crew_id, p.id"
    )
    return [Member(PromoterId(row[0]), CrewId(row[1]), _day(row[2]), _day(row[3]), _day(row[4])) for row in rows]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def read_promoter_work(connection: sqlite3.Connection, since: datetime, until: datetime) -> list[PromoterWork]:
    """Return the verified work of every promoter over a span of time, most first."""
    rows = connection.execute(
        "WITH asker AS (SELECT DISTINCT v.promoter_id AS promoter, d.id AS decision FROM decision AS d JOIN survey AS v"
        " ON v.measurement_id = d.measurement_id WHERE d.verdict = 'move_on' AND d.withdrawn_at IS NULL AND v.late = 0"
        " AND d.decided_at > :since AND d.decided_at <= :until AND NOT EXISTS (SELECT 1 FROM quarantine AS q JOIN survey AS w"
        " ON w.id = q.survey_id WHERE w.measurement_id = d.measurement_id AND q.until_seq IS NULL)),"
        " signed AS (SELECT DISTINCT r.promoter_id AS promoter, u.candidate_id AS candidate FROM sign_up AS u JOIN phone_record AS r"
        " ON r.id = u.id JOIN candidate AS n ON n.id = u.candidate_id WHERE n.reached <> 'new' AND u.again = 0"
        " AND u.made_at > :since AND u.made_at <= :until)"
        " SELECT p.id, p.crew_id, (SELECT count(*) FROM asker AS a WHERE a.promoter = p.id),"
        " (SELECT count(*) FROM signed AS s WHERE s.promoter = p.id),"
        " (SELECT group_concat(DISTINCT r.what) FROM phone_record AS r WHERE r.promoter_id = p.id AND r.kind = 'lesson')"
        " FROM promoter AS p ORDER BY 3 DESC, 4 DESC, p.id",
        {"since": format_moment(since), "until": format_moment(until)},
    )
    return [
        PromoterWork(PromoterId(r[0]), CrewId(r[1]), r[2], r[3], tuple(sorted((r[4] or "").split(",")) if r[4] else ()))
        for r in rows
    ]


def read_days_of(
    connection: sqlite3.Connection, crew: CrewId, first: date, today: date
) -> dict[tuple[PromoterId, date], float]:
    """Return the hours that each promoter of a crew told of each day, each place by its last word."""
    rows = connection.execute(
        "SELECT h.promoter_id, h.day, sum(h.hours) FROM hours_told AS h JOIN promoter AS p ON p.id = h.promoter_id WHERE p.crew_id = ?"
        " AND h.day BETWEEN ? AND ? AND NOT EXISTS (SELECT 1 FROM hours_told AS l WHERE l.promoter_id = h.promoter_id AND l.day = h.day"
        " AND l.venue_id IS h.venue_id AND l.street_id IS h.street_id AND (l.made_at, l.seq, l.id) > (h.made_at, h.seq, h.id))"
        " GROUP BY h.promoter_id, h.day",
        (crew, first.isoformat(), today.isoformat()),
    )
    return {(PromoterId(row[0]), date.fromisoformat(row[1])): row[2] for row in rows}
