"""Shifts: which crew works on which day of a week, with how many people, and in which zones its streets lie."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from fieldops.clock import local_day
from fieldops.ids import CrewId
from fieldops.people import Actor, Crew
from fieldops.permissions import require
from fieldops.store import people, roster
from fieldops.store.connect import Region
from fieldops.store.desk import read_present
from fieldops.store.places import read_zone
from fieldops.store.roster import HeldSpan

WEEK = 7


@dataclass(frozen=True, slots=True)
class Shift:
    """
    One crew on one day: `off` where it does not work, the streets that it holds on that day, by zone, the most first.

    `hours` are the promoter-hours that were told of the day, of `full` ones; days to come have none.
    """

    day: date
    off: bool
    zones: tuple[tuple[str, int], ...]
    hours: float
    full: float

    @property
    def streets(self) -> int:
        """How many streets the crew holds on the day."""
        return sum(count for _, count in self.zones)

    @property
    def works(self) -> bool:
        """Whether the crew is at work and has a street."""
        return not self.off and self.streets > 0


@dataclass(frozen=True, slots=True)
class ZoneDay:
    """Who is in one zone on one day: crews with their streets there. A crew with streets in two zones stands in both."""

    zone: str
    crews: tuple[tuple[Crew, int], ...]

    @property
    def people(self) -> int:
        """How many people those crews have."""
        return sum(crew.people for crew, _ in self.crews)


@dataclass(frozen=True, slots=True)
class Week:
    """The shifts of all crews from `days[0]`, a Monday, on; `day` is the one told zone by zone, `quiet` told no hours of it."""

    today: date
    day: date
    days: tuple[date, ...]
    crews: tuple[tuple[Crew, tuple[Shift, ...]], ...]
    places: tuple[ZoneDay, ...]
    off: tuple[Crew, ...]
    idle: tuple[Crew, ...]
    quiet: tuple[Crew, ...]
    standby: int

    @property
    def at_work(self) -> int:
        """How many people work on the day."""
        away = {crew.id for crew in (*self.off, *self.idle)}
        return sum(crew.people for crew, _ in self.crews if crew.id not in away)


def read_week(region: Region, actor: Actor, day: date | None = None) -> Week:
    """
    Return who works where in the week of a day, and on that day; the region's present day where none is given.

    What a crew holds today is what it holds now; on a day to come, what it holds now and still will then: a plan may give more.

    Raises
    ------
    Forbidden
        If the actor may not read the desk.
    """
    require(actor, "desk.read")
    connection = region.reader()
    zone, present = read_zone(connection), read_present(connection)
    today = local_day(present, zone)
    chosen = day or today
    monday = chosen - timedelta(days=chosen.weekday())
    days = tuple(monday + timedelta(days=k) for k in range(WEEK))
    told = roster.read_attendance(connection, days[0], days[-1])
    begin, end = _morning(days[0], zone), _morning(days[-1] + timedelta(days=1), zone)
    spans: dict[CrewId, list[HeldSpan]] = {}
    for span in roster.read_held(connection, begin, end):
        spans.setdefault(span.crew, []).append(span)
    begins = {one: present if one == today else _morning(one, zone) for one in days}  # what ended today is over
    crews = tuple(
        (
            crew,
            tuple(
                _shift(crew, begins[one], spans.get(crew.id, ()), told.get((crew.id, one), 0.0), zone) for one in days
            ),
        )
        for crew in people.read_crews(connection).values()
    )
    on_day = [(crew, shifts[chosen.weekday()]) for crew, shifts in crews]
    return Week(
        today=today, day=chosen, days=days, crews=crews, places=_places(on_day),
        off=tuple(crew for crew, one in on_day if one.off),
        idle=tuple(crew for crew, one in on_day if not one.off and not one.streets),
        quiet=tuple(crew for crew, one in on_day if one.works and not one.hours) if chosen <= today else (),
        standby=len(people.read_standby(connection)),
    )  # fmt: skip


def _shift(crew: Crew, begin: datetime, spans: Sequence[HeldSpan], hours: float, zone: ZoneInfo) -> Shift:
    day = local_day(begin, zone)
    end = _morning(day + timedelta(days=1), zone)
    held = Counter(span.zone for span in spans if span.begins < end and span.ends > begin)
    by_size = sorted(held.items(), key=lambda pair: (-pair[1], pair[0]))
    return Shift(day, day in crew.days_off, tuple(by_size), hours, crew.people * crew.hours_per_day)


def _places(on_day: Sequence[tuple[Crew, Shift]]) -> tuple[ZoneDay, ...]:
    found: dict[str, list[tuple[Crew, int]]] = {}
    for crew, shift in on_day:
        if shift.works:
            for zone, count in shift.zones:
                found.setdefault(zone, []).append((crew, count))
    return tuple(ZoneDay(zone, tuple(crews)) for zone, crews in sorted(found.items()))


def _morning(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone)
