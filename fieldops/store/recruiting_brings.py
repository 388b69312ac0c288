"""What recruiting brought where: candidates and promoter-hours by street, venue kind, crew, day and hour of the day."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from fieldops.clock import format_moment, parse_moment
from fieldops.recruiting.brings import Worked
from fieldops.store.sqlite import sqlite3

_COUNTS = (
    "count(*), sum(c.reached IN ('signed', 'trained', 'first_order', 'active')), sum(c.reached = 'active'),"
    " sum(c.due_at <= :due AND c.erased_at IS NULL)"
)
_LIVE = "c.merged_into IS NULL AND c.made_at >= :since"
# Who came by a poster, or at a venue, whose own row does not say where: the poster and the venue say it (hours at a venue
# count for its street too). Each of them asks for what the plain count leaves out.
_BY_POSTER = (
    "SELECT p.{field} AS name, {counts} FROM candidate AS c JOIN poster AS p ON p.code = c.poster"
    " WHERE c.{field} IS NULL AND p.{field} IS NOT NULL AND {live} GROUP BY 1"
)
_MORE = {
    "street": [
        _BY_POSTER.format(field="street_id", counts=_COUNTS, live=_LIVE),
        f"SELECT v.street_id AS name, {_COUNTS} FROM candidate AS c LEFT JOIN poster AS p ON p.code = c.poster"  # noqa: S608  # constants
        " JOIN venue AS v ON v.id = coalesce(c.venue_id, p.venue_id) WHERE c.street_id IS NULL AND p.street_id IS NULL"
        f" AND v.street_id IS NOT NULL AND {_LIVE} GROUP BY 1",
    ],
    "crew": [_BY_POSTER.format(field="crew_id", counts=_COUNTS, live=_LIVE)],
    "venue": [_BY_POSTER.format(field="venue_id", counts=_COUNTS, live=_LIVE)],
    "venue_kind": [
        f"SELECT v.kind AS name, {_COUNTS} FROM candidate AS c JOIN poster AS p ON p.code = c.poster"  # noqa: S608  # constants
        f" JOIN venue AS v ON v.id = p.venue_id WHERE c.venue_id IS NULL AND {_LIVE} GROUP BY 1"
    ],
}
_BY = {
    "street": (
        f"SELECT c.street_id AS name, {_COUNTS} FROM candidate AS c WHERE c.street_id IS NOT NULL AND {_LIVE} GROUP BY 1",  # noqa: S608  # constants
        "SELECT street_id AS name, sum(promoter_hours) AS h FROM effort WHERE day >= :day GROUP BY 1",
    ),
    "crew": (
        f"SELECT c.crew_id AS name, {_COUNTS} FROM candidate AS c WHERE c.crew_id IS NOT NULL AND {_LIVE} GROUP BY 1",  # noqa: S608  # constants
        "SELECT crew_id AS name, sum(promoter_hours) AS h FROM effort WHERE day >= :day GROUP BY 1",
    ),
    "venue": (
        f"SELECT c.venue_id AS name, {_COUNTS} FROM candidate AS c WHERE c.venue_id IS NOT NULL AND {_LIVE} GROUP BY 1",  # noqa: S608  # constants
        "SELECT venue_id AS name, sum(promoter_hours) AS h FROM effort WHERE venue_id IS NOT NULL AND day >= :day GROUP BY 1",
    ),
    "venue_kind": (
        f"SELECT v.kind AS name, {_COUNTS} FROM candidate AS c JOIN venue AS v ON v.id = c.venue_id WHERE {_LIVE} GROUP BY 1",  # noqa: S608  # constants
        "SELECT v.kind AS name, sum(e.promoter_hours) AS h FROM effort AS e JOIN venue AS v ON v.id = e.venue_id WHERE e.day >= :day GROUP BY 1",
    ),
    "poster": (
        f"SELECT c.poster AS name, {_COUNTS} FROM candidate AS c WHERE c.poster IS NOT NULL AND {_LIVE} GROUP BY 1",  # noqa: S608  # constants
        "SELECT code AS name, 1.0 AS h FROM poster",
    ),
}  # fmt: skip


def read_worked(
    connection: sqlite3.Connection, by: str, since: datetime, first_day: date, due: datetime
) -> list[Worked]:
    """
    Return who came from every street, venue, venue kind, crew or poster since a moment, and the hours worked there.

    Of a poster the hours are 1: it is the unit. `due` is the moment by which a call counts as due.
    """
    came, worked = _BY[by]
    counts: dict[str, list[Worked]] = {}
    for query in (came, *_MORE.get(by, [])):
        for row in connection.execute(query, _values(since, due)):
            counts.setdefault(row[0], []).append(_worked("", 0.0, tuple(row)[1:]))
    hours = {row[0]: float(row[1]) for row in connection.execute(worked, {"day": first_day.isoformat()})}
    return [_summed(name, hours.get(name, 0.0), counts.get(name, [])) for name in sorted(counts.keys() | hours.keys())]


def _worked(name: str, hours: float, counts: tuple[int, ...]) -> Worked:
    candidates, signed, active, due = counts
    return Worked(name, candidates, hours, signed, active, due)


def _values(since: datetime, due: datetime) -> dict[str, str]:
    return {"since": format_moment(since), "due": format_moment(due)}


def _by_hours(
    connection: sqlite3.Connection, since: datetime, due: datetime, *, posters: bool
) -> list[tuple[datetime, Worked]]:
    """Return the candidates of crews, and those of posters if wanted, by the hour in which they signed up."""
    rows = connection.execute(
        f"SELECT substr(c.made_at, 1, 13), {_COUNTS} FROM candidate AS c"  # noqa: S608  # constants
        f" WHERE (c.crew_id IS NOT NULL OR (:posters AND c.poster IS NOT NULL)) AND {_LIVE} GROUP BY 1",
        {**_values(since, due), "posters": posters},
    )
    return [(parse_moment(f"{row[0]}:00:00Z"), _worked("", 0.0, tuple(row)[1:])) for row in rows]


def _summed(name: str, hours: float, parts: list[Worked]) -> Worked:
    whole = Worked(name, 0, hours)
    for one in parts:
        whole = replace(
            whole, candidates=whole.candidates + one.candidates, signed=whole.signed + one.signed,
            active=whole.active + one.active, due=whole.due + one.due,
        )  # fmt: skip
    return whole


def read_worked_days(
    connection: sqlite3.Connection, since: datetime, first_day: date, due: datetime, zone: ZoneInfo
) -> list[Worked]:
    """Return candidates and hours of every day of the city since a moment, of crews and of posters; those of files are left out."""
    parts: dict[str, list[Worked]] = {}
    for hour, one in _by_hours(connection, since, due, posters=True):
        parts.setdefault(hour.astimezone(zone).date().isoformat(), []).append(one)
    hours: dict[str, float] = {}
    for day, _, worked in read_days(connection, first_day):
        hours[day] = hours.get(day, 0.0) + worked
    return [_summed(day, hours.get(day, 0.0), parts.get(day, [])) for day in sorted(parts.keys() | hours.keys())]


def read_worked_hours(
    connection: sqlite3.Connection, since: datetime, due: datetime, zone: ZoneInfo, hours: dict[int, float]
) -> list[Worked]:
    """Return the candidates of crews (a poster is scanned at any hour) by the hour of the city's day, beside the promoter-hours given for each."""
    parts: dict[int, list[Worked]] = {}
    for hour, one in _by_hours(connection, since, due, posters=False):
        parts.setdefault(hour.astimezone(zone).hour, []).append(one)
    return [
        _summed(f"{hour:02d}", hours.get(hour, 0.0), parts.get(hour, []))
        for hour in sorted(parts.keys() | hours.keys())
    ]


def read_venue_names(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the names of venues, by id."""
    return {row[0]: row[1] for row in connection.execute("SELECT id, name FROM venue")}


def read_poster_labels(connection: sqlite3.Connection) -> dict[str, str]:
    """Return of every poster where it hangs and whose it is, then its code, by its code."""
    rows = connection.execute(
        "SELECT p.code, s.label, v.name, c.name FROM poster AS p LEFT JOIN street AS s ON s.id = p.street_id"
        " LEFT JOIN venue AS v ON v.id = p.venue_id LEFT JOIN crew AS c ON c.id = p.crew_id"
    )
    return {row[0]: " · ".join([*(name for name in tuple(row)[1:] if name), row[0]]) for row in rows}


def read_days(connection: sqlite3.Connection, first_day: date) -> list[tuple[str, str, float]]:
    """Return promoter-hours by day and crew since a day."""
    rows = connection.execute(
        "SELECT day, crew_id, sum(promoter_hours) FROM effort WHERE day >= ? GROUP BY day, crew_id",
        (first_day.isoformat(),),
    )
    return [(row[0], row[1], float(row[2])) for row in rows]


def count_asked(
    connection: sqlite3.Connection, since: datetime, zone: ZoneInfo
) -> dict[tuple[str, str], dict[int, int]]:
    """Return how many surveys each crew asked in each hour of each day: when its people were on the street."""
    rows = connection.execute(
        "SELECT p.crew_id, substr(s.asked_at, 1, 13), count(*) FROM survey AS s JOIN promoter AS p ON p.id = s.promoter_id"
        " WHERE s.asked_at >= ? GROUP BY 1, 2",
        (format_moment(since),),
    )
    found: dict[tuple[str, str], dict[int, int]] = {}
    for crew, hour, count in rows:
        here = parse_moment(f"{hour}:00:00Z").astimezone(zone)
        hours = found.setdefault((here.date().isoformat(), crew), {})
        hours[here.hour] = hours.get(here.hour, 0) + count
    return found
