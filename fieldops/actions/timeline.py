"""Bursts as a timeline: which zones on which days with how many people, how far each is, and the days on which nobody worked."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from fieldops.clock import local_day, parse_moment
from fieldops.ids import JobId, ZoneId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.planning.terms import check_first_day
from fieldops.progress import Progress
from fieldops.store import bursts as store
from fieldops.store import places, timeline
from fieldops.store.bursts import StoredBurst
from fieldops.store.connect import Region, open_region
from fieldops.store.desk import read_present
from fieldops.store.timeline import ZoneStand


@dataclass(frozen=True, slots=True)
class Bar:
    """A zone, or a part of one, in its burst: its name, how far the zone is, and the days on which nobody worked."""

    burst: StoredBurst
    name: str
    stand: ZoneStand | None
    gaps: tuple[date, ...]

    def runs_on(self, day: date) -> bool:
        """Return whether the burst runs on the day."""
        return self.burst.starts_on <= day < self.burst.ends_on


@dataclass(frozen=True, slots=True)
class Timeline:
    """The bursts over the days from the first to the last; `setting` is (first day, people, days, days that no order beats)."""

    today: date
    bars: tuple[Bar, ...]
    days: tuple[date, ...]
    people: dict[date, int]
    setting: tuple[date, int, int, int] | None

    @property
    def running(self) -> tuple[Bar, ...]:
        """Return what runs today."""
        return tuple(bar for bar in self.bars if bar.runs_on(self.today))

    @property
    def day_of_burst(self) -> tuple[int, int] | None:
        """Return (day N, of how many) of the burst that runs today; the longest where several do; None where none does."""
        running = self.running
        if not running:
            return None
        first, last = min(b.burst.starts_on for b in running), max(b.burst.ends_on for b in running)
        return (self.today - first).days + 1, (last - first).days


def read_timeline(region: Region, actor: Actor) -> Timeline:
    """
    Return the bursts as they were set last; empty where none were ever set.

    Raises
    ------
    Forbidden
        If the actor may not read the desk.
    """
    require(actor, "desk.read")
    connection = region.reader()
    zone = places.read_zone(connection)
    today = local_day(read_present(connection), zone)
    slots = store.newest_bursts(connection)
    names, stands = store.zone_names(connection), timeline.read_zone_stands(connection)
    gaps: dict[str, list[date]] = {}
    for part, _, day in store.gap_days(connection, slots, today, zone):
        gaps.setdefault(part, []).append(day)
    bars = tuple(Bar(one, _name(one, names), stands.get(one.zone), tuple(gaps.get(one.part, ()))) for one in slots)
    first = min((one.starts_on for one in slots), default=today)
    last = max((one.ends_on for one in slots), default=today)
    days = tuple(first + timedelta(days=number) for number in range((last - first).days))
    people = {day: sum(bar.burst.people for bar in bars if bar.runs_on(day)) for day in days}
    return Timeline(today, bars, days, people, store.newest_setting(connection))


def check_start(region: Region, first: date) -> None:
    """
    Let bursts begin on a day: a job that would be refused is not ordered.

    Raises
    ------
    BadInput
        If it is over, or more than a year ahead.
    """
    connection = region.reader()
    check_first_day(first, local_day(read_present(connection), places.read_zone(connection)))


def _name(burst: StoredBurst, names: dict[ZoneId, str]) -> str:
    name = names.get(burst.zone, burst.zone)
    return name if burst.part == burst.zone else f"{name} ({burst.part.rpartition('/')[2] or burst.part})"


def run_bursts_job(
    path: Path,
    actor: Actor,
    *,
    job: JobId,
    progress: Progress,
    people: int,
    start: str = "",
    time_limit: float = 10.0,
    now: str = "",
) -> dict[str, Any]:
    """Do a job of kind `bursts` (see `actions.jobs`); setting bursts again puts the same in their place."""
    from fieldops.actions.bursts import set_bursts

    del job
    moment: datetime | None = parse_moment(now) if now else None
    region = open_region(path)
    try:
        made = set_bursts(
            region, actor, people_at_hand=people, start=date.fromisoformat(start) if start else None,
            time_limit=time_limit, now=moment, progress=progress,
        )  # fmt: skip
    finally:
        region.close()
    return {"bursts": len(made.slots), "days": made.days, "bound_days": made.bound_days}
