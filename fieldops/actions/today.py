"""The first page of a lead in one reading: where we stand, what ends today, who is idle, what waits for a decision."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import sqrt

from fieldops.actions.appeals import list_appeals
from fieldops.actions.backcheck import find_suspects
from fieldops.actions.desk import Overview, read_overview
from fieldops.actions.nightly import FailedNight, find_failed_night
from fieldops.actions.plans import PUBLISH_WITHIN
from fieldops.actions.recruiting_brings import end_of_day
from fieldops.actions.shifts import WEEK, read_week
from fieldops.actions.timeline import read_timeline
from fieldops.clock import find_zone, local_day
from fieldops.ids import CityId
from fieldops.people import Actor
from fieldops.permissions import require, why
from fieldops.planning.ending import Z80, Ending, doubt_together, forecast_ending
from fieldops.store import bursts, people, today
from fieldops.store.connect import Region
from fieldops.store.desk import PlanCard
from fieldops.store.incidents import count_waiting
from fieldops.store.recruiting_lists import count_due
from fieldops.store.today import Happening, IdleCrew, Streets

DAYS_BACK = 14
EVENING = time(18)  # of the city: from then on crews that told no hours today are called, before it those of yesterday


@dataclass(frozen=True, slots=True)
class Forecast:
    """Streets of the claims in force that will have moved on by their end: expected, and an 80 % interval."""

    claims: int
    expected: float
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class DayCount:
    """A day of the city: streets that became saturated in it, and claims that the clock ended."""

    day: date
    saturated: int
    forfeited: int


@dataclass(frozen=True, slots=True)
class Today:
    """
    All that the first page shows; `burst` is (day N, of how many); `plan_over`: the newest plan protects nothing more.

    `quiet` counts crews that held streets on `quiet_day` and told no hours of it: from the evening on that is today, before
    it yesterday. `let_go` counts claims that ended unsaturated in the last 24 hours and whose street is free. `incidents` wait.
    `night` is one whose work failed and is not done yet. `suspects`, `appeals` and `calls` (candidates to be called today) are None for those who may not see them.
    """

    overview: Overview
    plan_over: bool
    day: date
    burst: tuple[int, int] | None
    streets: Streets
    idle: tuple[IdleCrew, ...]
    undecided: int
    pushing: int
    let_go: int
    quiet: int
    quiet_day: date
    incidents: int
    suspects: int | None
    appeals: int | None
    calls: int | None
    night: FailedNight | None
    forecast: Forecast | None
    ending: Ending | None
    days: tuple[DayCount, ...]
    happenings: tuple[Happening, ...]


def read_today(region: Region, actor: Actor, *, city: CityId | None = None) -> Today:
    """
    Return where a city stands at the region's present.

    Raises
    ------
    Forbidden
        If the actor may not read the desk.
    NotFound
        If there is no such city, or no city at all.
    """
    require(actor, "desk.read")
    overview = read_overview(region, actor, city=city)
    connection, present, name = region.reader(), overview.present, overview.city.id
    day = local_day(present, find_zone(overview.city.time_zone))
    zone = find_zone(overview.city.time_zone)
    quiet_day = day if present.astimezone(zone).time() >= EVENING else day - timedelta(days=1)
    sees_suspects = why(actor, "survey.quarantine") is None
    return Today(
        overview=overview,
        plan_over=is_over(overview.plan, present),
        day=day,
        burst=read_timeline(region, actor).day_of_burst,
        streets=today.count_streets(connection, name, present),
        idle=tuple(today.idle_crews(connection, present, day.isoformat())),
        undecided=len(today.undecided_places(connection)),
        pushing=today.count_pushing(connection, name),
        let_go=len(today.let_go(connection, present)),
        quiet=len(read_week(region, actor, quiet_day).quiet),
        quiet_day=quiet_day,
        incidents=count_waiting(connection),
        suspects=len(find_suspects(region, actor, now=present)) if sees_suspects else None,
        appeals=len(list_appeals(region, actor)) if why(actor, "appeal.answer") is None else None,
        calls=count_due(connection, end_of_day(present, zone)) if why(actor, "candidate.read") is None else None,
        night=find_failed_night(region, actor) if why(actor, "job.read") is None else None,
        forecast=forecast_claims(today.chances_of_claims(connection, present)),
        ending=forecast_bursts(region, day, present, overview.city.time_zone),
        days=count_days(region, overview.city.time_zone, present),
        happenings=tuple(today.last_happenings(connection, 12)),
    )


def is_over(plan: PlanCard | None, present: datetime) -> bool:
    """Return whether a plan can no longer be published, or was, and its seven days are over."""
    if plan is None:
        return False
    return present > plan.starts_at + (timedelta(days=WEEK) if plan.published_at else PUBLISH_WITHIN)


def forecast_claims(groups: Sequence[Sequence[float]]) -> Forecast | None:
    """
    Return how many of the claims in force will have moved on by their end, from their probabilities; None where none has one.

    Those of a group are decided together. The interval is the normal one of a sum of independent decisions, so it is a little
    too narrow where a whole town does better or worse than planned.
    """
    if not groups:
        return None
    count, expected = sum(map(len, groups)), sum(map(sum, groups))
    spread = Z80 * sqrt(doubt_together(groups))
    return Forecast(count, expected, max(0, round(expected - spread)), min(count, round(expected + spread)))


def forecast_bursts(region: Region, day: date, present: datetime, zone_name: str) -> Ending | None:
    """Return how the bursts that run on a day will end (the latest of their ends), None where none runs."""
    connection, zone = region.reader(), find_zone(zone_name)
    running = [one for one in bursts.newest_bursts(connection) if one.runs_on(day)]
    if not running:
        return None
    begin = datetime.combine(min(one.starts_on for one in running), time(0), zone)
    last = max(one.ends_on for one in running)
    coming = [day + timedelta(days=k) for k in range((last - day).days)]
    stand = today.stand_of_bursts(connection, bursts.streets_of(connection, running), present, begin)
    at_hand = sum(
        crew.people * crew.hours_per_day * sum(one not in crew.days_off for one in coming)
        for crew in people.read_crews(connection).values()
    )
    return forecast_ending(
        streets=stand.streets, saturated=stand.saturated, claims=stand.claims, free=stand.free,
        hours_left=at_hand - stand.claims_hours, ended=stand.ended,
    )  # fmt: skip


def count_days(region: Region, zone_name: str, present: datetime) -> tuple[DayCount, ...]:
    """Return the last days of the city, today last, with what became saturated and what was forfeited in each."""
    zone = find_zone(zone_name)
    last = local_day(present, zone)
    days = [last - timedelta(days=back) for back in range(DAYS_BACK - 1, -1, -1)]
    begin = datetime.combine(days[0], time(0), zone)
    connection = region.reader()
    saturated = Counter(local_day(at, zone) for at in today.saturated_since(connection, begin, present))
    forfeited = Counter(local_day(at, zone) for at in today.forfeits_since(connection, begin, present))
    return tuple(DayCount(day, saturated[day], forfeited[day]) for day in days)
