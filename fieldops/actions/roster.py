"""People of a region: attendance from effort, verified work of crews, and how long promoters stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import exp, sqrt

from fieldops.actions.people import promoter_names
from fieldops.clock import local_day
from fieldops.contacts import Lesson
from fieldops.errors import NotFound
from fieldops.ids import CrewId, PromoterId
from fieldops.people import Actor, Crew
from fieldops.permissions import require
from fieldops.store import bursts, people, roster
from fieldops.store.connect import Region
from fieldops.store.desk import read_present
from fieldops.store.places import read_zone
from fieldops.store.roster import CrewWork, Member, PromoterWork
from fieldops.store.sqlite import sqlite3

DAYS = 14
LESSONS = tuple(str(one) for one in Lesson)
HORIZONS = (7, 14, 28, 56)
CURVE = tuple(range(57))
_Z80 = 1.2815515655446004


@dataclass(frozen=True, slots=True)
class Stay:
    """The share of promoters who still work so many days after they began, with an 80 % interval, and how many were watched."""

    days: int
    share: float
    low: float
    high: float
    watched: int


@dataclass(frozen=True, slots=True)
class Heads:
    """How many of today's promoters are expected to work still after so many days, with the 80 % interval of their rate of leaving."""

    days: int
    expected: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Roster:
    """
    The people of a region over the running burst, else over the last `DAYS` days.

    `attendance` is promoter-hours by crew and day over `days`; `stays` and `curve` are empty where nobody's first day is
    known, `heads` where nobody was watched. `board` leaves out the `hidden` who do not want to be there.
    """

    first: date
    today: date
    burst: bool
    crews: tuple[CrewWork, ...]
    days: tuple[date, ...]
    attendance: dict[tuple[CrewId, date], float]
    members: tuple[Member, ...]
    names: dict[PromoterId, str]
    stays: tuple[Stay, ...]
    curve: tuple[Stay, ...]
    left: int
    heads: tuple[Heads, ...]
    board: tuple[PromoterWork, ...]
    hidden: int
    standby: dict[PromoterId, datetime]
    crew_of: dict[PromoterId, CrewId]


@dataclass(frozen=True, slots=True)
class CrewPeople:
    """One crew's people: hours by promoter and day, verified work since `first`, who stands by, who is not on the board."""

    crew: Crew
    first: date
    today: date
    days: tuple[date, ...]
    hours: dict[tuple[PromoterId, date], float]
    work: tuple[PromoterWork, ...]
    members: dict[PromoterId, Member]
    names: dict[PromoterId, str]
    hidden: set[PromoterId]
    standby: dict[PromoterId, datetime]


def read_roster(region: Region, actor: Actor) -> Roster:
    """
    Return crews, attendance and members at the region's present.

    Raises
    ------
    Forbidden
        If the actor may not read the desk.
    """
    require(actor, "desk.read")
    connection = region.reader()
    present, today = _today(connection)
    first, burst = board_since(connection, today)
    since = datetime.combine(first, time(0), read_zone(connection))
    days = _days(today)
    members = tuple(roster.read_members(connection))
    spans = [(one.since, one.until) for one in members]
    working = [one for one in members if one.until is None or one.until > today]
    hidden = people.read_hidden(connection)
    board = [
        one
        for one in roster.read_promoter_work(connection, since, present)
        if one.streets or one.candidates or one.learned
    ]
    return Roster(
        first=first,
        today=today,
        burst=burst,
        crews=tuple(roster.read_crew_work(connection, since, present, first, today)),
        days=days,
        attendance=roster.read_attendance(connection, days[0], today),
        members=members,
        names=promoter_names(region, actor),
        stays=tuple(staying(spans, today)),
        curve=tuple(staying(spans, today, CURVE)),
        left=len(members) - len(working),
        heads=tuple(expected_heads(spans, len(working), today)),
        board=tuple(one for one in board if one.id not in hidden),
        hidden=sum(one.id in hidden for one in board),
        standby=people.read_standby(connection),
        crew_of={one.id: one.crew for one in members},
    )


def read_crew_people(region: Region, actor: Actor, crew: CrewId) -> CrewPeople:
    """
    Return one crew's people at the region's present.

    Raises
    ------
    Forbidden
        If the actor may not read the desk.
    NotFound
        If there is no such crew.
    """
    require(actor, "desk.read")
    connection = region.reader()
    known = people.find_crew(connection, crew)
    present, today = _today(connection)
    first, _ = board_since(connection, today)
    since, days = datetime.combine(first, time(0), read_zone(connection)), _days(today)
    return CrewPeople(
        known, first, today, days, roster.read_days_of(connection, crew, days[0], today),
        tuple(one for one in roster.read_promoter_work(connection, since, present) if one.crew == crew),
        {one.id: one for one in roster.read_members(connection) if one.crew == crew}, promoter_names(region, actor),
        people.read_hidden(connection), people.read_standby(connection),
    )  # fmt: skip


def read_own_work(region: Region, actor: Actor, promoter: PromoterId) -> tuple[PromoterWork, bool, date]:
    """
    Return a promoter's verified work, whether the board shows it, and since which day it counts.

    Raises
    ------
    Forbidden
        If the actor is of another crew.
    NotFound
        If there is no such promoter.
    """
    connection = region.reader()
    present, today = _today(connection)
    first, _ = board_since(connection, today)
    since = datetime.combine(first, time(0), read_zone(connection))
    mine = next((one for one in roster.read_promoter_work(connection, since, present) if one.id == promoter), None)
    if mine is None:
        raise NotFound("promoter", promoter)
    require(actor, "phone.use", crew=mine.crew)
    return mine, promoter not in people.read_hidden(connection), first


def board_since(connection: sqlite3.Connection, today: date) -> tuple[date, bool]:
    """Return from which day on verified work is counted: the running burst's first, else two weeks back; and which it is."""
    running = [one.starts_on for one in bursts.newest_bursts(connection) if one.starts_on <= today < one.ends_on]
    return min(running, default=today - timedelta(days=DAYS - 1)), bool(running)


def _today(connection: sqlite3.Connection) -> tuple[datetime, date]:
    present = read_present(connection)
    return present, local_day(present, read_zone(connection))


def _days(today: date) -> tuple[date, ...]:
    return tuple(today - timedelta(days=back) for back in range(DAYS - 1, -1, -1))


def expected_heads(spans: Sequence[tuple[date | None, date | None]], working: int, today: date) -> list[Heads]:
    """
    Return how many of those who work now will still work after 7 and 14 days, by the rate of leaving of the last 28 days.

    The rate is constant: leavers over person-days watched, with Byar's approximate Poisson interval of 80 %.

    Notes
    -----
    Breslow & Day (1987), Statistical Methods in Cancer Research II, p. 69.
    """
    since = today - timedelta(days=28)
    watched = [(max(begun, since), until if until and until <= today else today) for begun, until in spans
               if begun is not None and begun <= today and (until is None or until > since)]  # fmt: skip
    days = sum((end - begun).days for begun, end in watched)
    if days <= 0:
        return []
    left = sum(
        until is not None and since < until <= today for begun, until in spans if begun is not None and begun <= today
    )
    low = left * (1 - 1 / (9 * left) - _Z80 / (3 * sqrt(left))) ** 3 if left else 0.0
    high = (left + 1) * (1 - 1 / (9 * (left + 1)) + _Z80 / (3 * sqrt(left + 1))) ** 3
    return [
        Heads(ahead, *(working * exp(-count / days * ahead) for count in (left, high, max(low, 0.0))))
        for ahead in (7, 14)
    ]


def staying(
    spans: Sequence[tuple[date | None, date | None]], today: date, horizons: Sequence[int] = HORIZONS
) -> list[Stay]:
    """
    Return how long promoters stay: Kaplan and Meier's estimate after so many days, with Greenwood's interval of 80 %.

    Spans without a first day, or that begin later than today, are left out; who still works counts as watched until today.

    Notes
    -----
    Kaplan & Meier (1958), JASA 53; Greenwood (1926).
    """
    known = [((until if until and until <= today else today) - since, bool(until and until <= today)) for since, until in spans
             if since is not None and since <= today]  # fmt: skip
    if not known:
        return []
    found = []
    for horizon in horizons:
        share, sums = 1.0, 0.0
        for day in sorted({span.days for span, left in known if left and span.days <= horizon}):
            at_risk = sum(span.days >= day for span, _ in known)
            gone = sum(left and span.days == day for span, left in known)
            share *= 1 - gone / at_risk
            sums += gone / (at_risk * (at_risk - gone)) if at_risk > gone else 0.0
        watched = sum(span.days >= horizon for span, _ in known)
        spread = _Z80 * share * sqrt(sums)
        found.append(Stay(horizon, share, max(0.0, share - spread), min(1.0, share + spread), watched))
    return found
