"""What recruiting brings: candidates per promoter-hour, pooled and shrunk, and what the plan expects of a street."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fieldops.clock import local_day
from fieldops.errors import BadInput
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.recruiting.brings import Pool, Worked, Yield, estimate_yields, fit_pool
from fieldops.store import people, places
from fieldops.store import recruiting_brings as store
from fieldops.store.connect import Region, read_rules
from fieldops.store.sqlite import sqlite3

SORTS = ("street", "venue", "venue_kind", "crew", "day", "hour", "poster")
SPAN = timedelta(days=90)
_USUAL_HOURS = range(10, 20)  # where nobody was surveyed that day: spread evenly over these hours of the city


@dataclass(frozen=True, slots=True)
class Brings:
    """Yields of one sort, best first by what is certain (the low end), with the pool they are drawn to; names for people."""

    sort: str
    yields: tuple[Yield, ...]
    pool: Pool | None
    names: dict[str, str]
    share: float
    since: datetime


def read_brings(
    region: Region, actor: Actor, sort: str, *, most: int = 200, span: timedelta = SPAN, now: datetime | None = None
) -> Brings:
    """
    Return candidates per promoter-hour by street, venue kind, crew or hour of the day; posters by candidates alone.

    Hours of the day: a crew's hours of a day are spread over the hours in which it surveyed. Permission: candidate.read.

    Raises
    ------
    BadInput
        If there is no such sort.
    """
    require(actor, "candidate.read")
    if sort not in SORTS:
        raise BadInput(f"'{sort}' is no sort", field="by", cure=f"use one of {', '.join(SORTS)}")
    connection, present = region.reader(), region.moment(now)
    zone, since = places.read_zone(connection), present - span
    first_day = local_day(since, zone)
    if sort == "hour":
        worked = _by_hour(connection, since)
    elif sort == "day":
        worked = store.read_worked_days(connection, since, first_day, zone)
    else:
        worked = store.read_worked(connection, sort, since, first_day)
    share = read_rules(connection).interval_share
    pool = fit_pool(worked)
    found = estimate_yields(worked, share, pool)
    if sort == "poster":
        found = tuple(Yield(one.name, one.candidates, 0.0, 0.0, 0.0, 0.0, None) for one in worked)
        ordered = sorted(found, key=lambda one: -one.candidates)
    elif sort == "hour":
        ordered = sorted(found, key=lambda one: one.name)
    elif sort == "day":
        ordered = sorted(found, key=lambda one: one.name, reverse=True)
    else:
        ordered = sorted(found, key=lambda one: (-one.low, one.name))
    return Brings(sort, tuple(ordered[:most]), pool, _names(connection, sort, ordered[:most]), share, since)


def _names(connection: sqlite3.Connection, sort: str, found: list[Yield]) -> dict[str, str]:
    if sort == "street":
        return places.read_labels(connection)
    if sort == "venue":
        return store.read_venue_names(connection)
    if sort == "crew":
        return {str(crew.id): crew.name for crew in people.read_crews(connection).values()}
    return {one.name: one.name for one in found}


def _by_hour(connection: sqlite3.Connection, since: datetime) -> list[Worked]:
    zone = places.read_zone(connection)
    asked = store.count_asked(connection, since, zone)
    hours: dict[int, float] = {}
    for day, crew, worked in store.read_days(connection, local_day(since, zone)):
        seen = asked.get((day, crew)) or dict.fromkeys(_USUAL_HOURS, 1)
        for hour, count in seen.items():
            hours[hour] = hours.get(hour, 0.0) + worked * count / sum(seen.values())
    came = store.count_hours_of_day(connection, since, zone)
    return [
        Worked(f"{hour:02d}", came.get(hour, 0), hours.get(hour, 0.0)) for hour in sorted(came.keys() | hours.keys())
    ]


def expected_rates(connection: sqlite3.Connection, present: datetime, streets: list[str]) -> list[float] | None:
    """
    Return the candidates to be expected from a promoter-hour on each street, None where nothing is known yet.

    For the plan's values, where the setting `plan_values` says that recruits count; streets never worked get the mean.
    """
    zone, since = places.read_zone(connection), present - SPAN
    worked = store.read_worked(connection, "street", since, local_day(since, zone))
    pool = fit_pool(worked)
    if pool is None:
        return None
    rates = {one.name: one.rate for one in estimate_yields(worked, 0.8, pool)}
    return [rates.get(street, pool.mean) for street in streets]
