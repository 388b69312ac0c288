"""What recruiting brings: candidates per promoter-hour, pooled and shrunk, and what the plan expects of a street."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fieldops.clock import local_day
from fieldops.errors import BadInput
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.recruiting.brings import Brought, Pool, Worked, estimate_yields, fit_pool, reckon
from fieldops.recruiting.funnel import Interval
from fieldops.said import Said
from fieldops.store import people, places
from fieldops.store import recruiting_brings as store
from fieldops.store.connect import Region, read_rules
from fieldops.store.sqlite import sqlite3

SORTS = ("street", "venue", "venue_kind", "crew", "day", "hour", "poster")
SPAN = timedelta(days=90)
ORDERS = (
    "name", "rate", "candidates", "due", "signed", "active", "hours", "cost", "yuan_per_candidate", "yuan_per_active",
)  # fmt: skip
_FIRST_UP = ("name", "yuan_per_candidate", "yuan_per_active")  # the others begin with the most
_USUAL_HOURS = range(10, 20)  # where nobody was surveyed that day: spread evenly over these hours of the city


@dataclass(frozen=True, slots=True)
class Brings:
    """
    What everything of one sort brought and cost, in the order asked for; names for people.

    `yields` may be the first of `count`; `whole` is the sum over all of them. `down`: the most stands first. `pool` is the
    mean to which few hours are drawn; `unit_cost` is what a promoter-hour (a poster) costs, in yuan.
    """

    sort: str
    order: str
    down: bool
    yields: tuple[Brought, ...]
    count: int
    whole: Worked
    pool: Pool | None
    names: dict[str, str]
    share: float
    since: datetime
    unit_cost: float


def read_brings(
    region: Region, actor: Actor, sort: str, *, order: str = "", down: bool | None = None, most: int = 200,
    span: timedelta = SPAN, now: datetime | None = None,
) -> Brings:  # fmt: skip
    """
    Return what every street, venue, venue kind, crew, day, hour of the day or poster brought, what it cost, and who is due.

    Ordered by a column of `ORDERS` ("rate": by what is certain, the low end), else days from the last, hours from the first, and
    everything else by rate. What is unknown stands last. Hours of the day: a crew's hours of a day are spread over the hours in which
    it surveyed. Money follows from the settings `hour_cost_yuan` and `poster_cost_yuan`. Permission: candidate.read.

    Raises
    ------
    BadInput
        If there is no such sort, or no such order.
    """
    require(actor, "candidate.read")
    for field, given, known in (("by", sort, SORTS), ("order", order or ORDERS[0], ORDERS)):
        if given not in known:
            raise BadInput(
                Said("'%(sort)s' is no sort", sort=given),
                field=field,
                cure=Said("use one of %(choices)s", choices=", ".join(known)),
            )
    connection, present = region.reader(), region.moment(now)
    zone, since, rules = places.read_zone(connection), present - span, read_rules(connection)
    first_day, due = local_day(since, zone), end_of_day(present, zone)
    if sort == "hour":
        worked = store.read_worked_hours(connection, since, due, zone, _hours_of_day(connection, since, zone))
    elif sort == "day":
        worked = store.read_worked_days(connection, since, first_day, due, zone)
    else:
        worked = store.read_worked(connection, sort, since, first_day, due)
    unit_cost = rules.poster_cost_yuan if sort == "poster" else rules.hour_cost_yuan
    found = reckon(worked, rules.interval_share, unit_cost=unit_cost)
    names = _names(connection, sort, found)
    order = order or ("name" if sort in ("day", "hour") else "rate")
    down = down if down is not None else sort == "day" if order == "name" else order not in _FIRST_UP
    ordered = _ordered(found, order, names, down=down)
    return Brings(
        sort, order, down, ordered[:most], len(found), _sum(found), fit_pool(worked), names, rules.interval_share, since,
        unit_cost,
    )  # fmt: skip


def _ordered(found: Sequence[Brought], order: str, names: Mapping[str, str], *, down: bool) -> tuple[Brought, ...]:
    """Return everything by one column, what is unknown last in either direction."""

    def value(one: Brought) -> float | str | None:
        if order == "name":
            return names.get(one.name, one.name)
        if order == "rate":
            return one.low if down else one.high
        given: float | Interval | None = getattr(one, order)
        return given.value if isinstance(given, Interval) else given

    known = sorted((one for one in found if value(one) is not None), key=lambda one: one.name)
    known.sort(key=value, reverse=down)  # type: ignore[arg-type]  # the unknown are left out above
    return (*known, *(one for one in found if value(one) is None))


def _sum(found: Sequence[Brought]) -> Worked:
    return Worked(
        "", sum(one.candidates for one in found), sum(one.hours for one in found), sum(one.signed for one in found),
        sum(one.active for one in found), sum(one.due for one in found),
    )  # fmt: skip


def name_one(region: Region, actor: Actor, sort: str, name: str) -> str:
    """Return the name of a street, venue or crew, its id where it has none. Permission: candidate.read."""
    require(actor, "candidate.read")
    return _names(region.reader(), sort, []).get(name, name)


def end_of_day(present: datetime, zone: ZoneInfo) -> datetime:
    """Return the end of the city's day: what is due by then is to be done today."""
    return datetime.combine(local_day(present, zone) + timedelta(days=1), datetime.min.time(), tzinfo=zone)


def _names(connection: sqlite3.Connection, sort: str, found: Sequence[Brought]) -> dict[str, str]:
    if sort == "street":
        return places.read_labels(connection)
    if sort == "venue":
        return store.read_venue_names(connection)
    if sort == "crew":
        return {str(crew.id): crew.name for crew in people.read_crews(connection).values()}
    if sort == "poster":
        return store.read_poster_labels(connection)
    return {one.name: one.name for one in found}


def _hours_of_day(connection: sqlite3.Connection, since: datetime, zone: ZoneInfo) -> dict[int, float]:
    asked = store.count_asked(connection, since, zone)
    hours: dict[int, float] = {}
    for day, crew, worked in store.read_days(connection, local_day(since, zone)):
        seen = asked.get((day, crew)) or dict.fromkeys(_USUAL_HOURS, 1)
        for hour, count in seen.items():
            hours[hour] = hours.get(hour, 0.0) + worked * count / sum(seen.values())
    return hours


def expected_rates(connection: sqlite3.Connection, present: datetime, streets: list[str]) -> list[float] | None:
    """
    Return the candidates to be expected from a promoter-hour on each street, None where nothing is known yet.

    For the plan's values, where the setting `plan_values` says that recruits count; streets never worked get the mean.
    """
    zone, since = places.read_zone(connection), present - SPAN
    worked = store.read_worked(connection, "street", since, local_day(since, zone), present)
    pool = fit_pool(worked)
    if pool is None:
        return None
    rates = {one.name: one.rate for one in estimate_yields(worked, 0.8, pool)}
    return [rates.get(street, pool.mean) for street in streets]
