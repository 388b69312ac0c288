"""What recruiting brought where: candidates and promoter-hours by street, venue kind, crew and hour of the day."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from fieldops.clock import format_moment, parse_moment
from fieldops.recruiting.brings import Worked
from fieldops.store.sqlite import sqlite3

_BY = {
    "street": (
        "SELECT street_id AS name, count(*) AS n FROM candidate WHERE street_id IS NOT NULL AND merged_into IS NULL AND made_at >= :since GROUP BY 1",
        "SELECT street_id AS name, sum(promoter_hours) AS h FROM effort WHERE day >= :day GROUP BY 1",
    ),
    "crew": (
        "SELECT crew_id AS name, count(*) AS n FROM candidate WHERE crew_id IS NOT NULL AND merged_into IS NULL AND made_at >= :since GROUP BY 1",
        "SELECT crew_id AS name, sum(promoter_hours) AS h FROM effort WHERE day >= :day GROUP BY 1",
    ),
    "venue": (
        "SELECT venue_id AS name, count(*) AS n FROM candidate WHERE venue_id IS NOT NULL AND merged_into IS NULL AND made_at >= :since GROUP BY 1",
        "SELECT venue_id AS name, sum(promoter_hours) AS h FROM effort WHERE venue_id IS NOT NULL AND day >= :day GROUP BY 1",
    ),
    "venue_kind": (
        "SELECT v.kind AS name, count(*) AS n FROM candidate AS c JOIN venue AS v ON v.id = c.venue_id"
        " WHERE c.merged_into IS NULL AND c.made_at >= :since GROUP BY 1",
        "SELECT v.kind AS name, sum(e.promoter_hours) AS h FROM effort AS e JOIN venue AS v ON v.id = e.venue_id WHERE e.day >= :day GROUP BY 1",
    ),
    "poster": (
        "SELECT poster AS name, count(*) AS n FROM candidate WHERE poster IS NOT NULL AND merged_into IS NULL AND made_at >= :since GROUP BY 1",
        "SELECT code AS name, 0.0 AS h FROM poster WHERE made_at >= :since",
    ),
}  # fmt: skip


def read_worked(connection: sqlite3.Connection, by: str, since: datetime, first_day: date) -> list[Worked]:
    """Return candidates and hours of every street, venue kind, crew or poster since a moment."""
    came, worked = _BY[by]
    values = {"since": format_moment(since), "day": first_day.isoformat()}
    counts = {row[0]: row[1] for row in connection.execute(came, values)}
    hours = {row[0]: float(row[1]) for row in connection.execute(worked, values)}
    return [Worked(name, counts.get(name, 0), hours.get(name, 0.0)) for name in sorted(counts.keys() | hours.keys())]


def read_worked_days(connection: sqlite3.Connection, since: datetime, first_day: date, zone: ZoneInfo) -> list[Worked]:
    """Return candidates and hours of every day of the city since a moment; candidates of posters and files are left out."""
    counts: dict[str, int] = {}
    rows = connection.execute(
        "SELECT substr(made_at, 1, 13), count(*) FROM candidate WHERE merged_into IS NULL AND crew_id IS NOT NULL"
        " AND made_at >= ? GROUP BY 1",
        (format_moment(since),),
    )
    for hour, count in rows:
        day = parse_moment(f"{hour}:00:00Z").astimezone(zone).date().isoformat()
        counts[day] = counts.get(day, 0) + count
    hours: dict[str, float] = {}
    for day, _, worked in read_days(connection, first_day):
        hours[day] = hours.get(day, 0.0) + worked
    return [Worked(day, counts.get(day, 0), hours.get(day, 0.0)) for day in sorted(counts.keys() | hours.keys())]


def read_venue_names(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the names of venues, by id."""
    return {row[0]: row[1] for row in connection.execute("SELECT id, name FROM venue")}


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


def count_hours_of_day(connection: sqlite3.Connection, since: datetime, zone: ZoneInfo) -> dict[int, int]:
    """Return how many candidates of crews signed up in each hour of the city's day."""
    rows = connection.execute(
        "SELECT substr(made_at, 1, 13), count(*) FROM candidate WHERE merged_into IS NULL AND crew_id IS NOT NULL"
        " AND made_at >= ? GROUP BY 1",
        (format_moment(since),),
    )
    found: dict[int, int] = {}
    for hour, count in rows:
        here = parse_moment(f"{hour}:00:00Z").astimezone(zone).hour
        found[here] = found.get(here, 0) + count
    return found
