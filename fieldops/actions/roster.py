"""People of a region: attendance from effort, verified work of crews, and how long promoters stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import sqrt

from fieldops.actions.people import promoter_names
from fieldops.clock import local_day
from fieldops.ids import CrewId, PromoterId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.store import bursts, roster
from fieldops.store.connect import Region
from fieldops.store.desk import read_present
from fieldops.store.places import read_zone
from fieldops.store.roster import CrewWork, Member

DAYS = 14
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
class Roster:
    """
    The people of a region over the running burst, else over the last `DAYS` days.

    `attendance` is promoter-hours by crew and day over `days`; `stays` is empty where nobody's first day is known.
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
    left: int


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
    zone, present = read_zone(connection), read_present(connection)
    today = local_day(present, zone)
    running = [one for one in bursts.newest_bursts(connection) if one.starts_on <= today < one.ends_on]
    first = min((one.starts_on for one in running), default=today - timedelta(days=DAYS - 1))
    since = datetime.combine(first, time(0), zone)
    days = tuple(today - timedelta(days=back) for back in range(DAYS - 1, -1, -1))
    members = tuple(roster.read_members(connection))
    return Roster(
        first=first,
        today=today,
        burst=bool(running),
        crews=tuple(roster.read_crew_work(connection, since, present, first, today)),
        days=days,
        attendance=roster.read_attendance(connection, days[0], today),
        members=members,
        names=promoter_names(region, actor),
        stays=tuple(staying([(one.since, one.until) for one in members], today)),
        left=sum(one.until is not None and one.until <= today for one in members),
    )


def staying(spans: Sequence[tuple[date | None, date | None]], today: date) -> list[Stay]:
    """
    Return how long promoters stay: Kaplan and Meier's estimate after 7, 14, 28 and 56 days, with Greenwood's interval.

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
    for horizon in (7, 14, 28, 56):
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
