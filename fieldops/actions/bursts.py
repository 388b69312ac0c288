"""Which zones are pushed when: bursts are set, replanned where a zone lags, and overridden by a lead with a reason."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from fieldops.actions.burstwork import Scene, Work, read_scene, work_of
from fieldops.clock import find_zone, local_day
from fieldops.errors import BadInput, NotFound
from fieldops.events import BurstOverridden, BurstsSet
from fieldops.ids import StreetId, ZoneId
from fieldops.intake import read_reason
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.planning.burstcheck import burst_violations
from fieldops.planning.bursts import (
    Busy,
    ZoneWork,
    nights_waited,
    parts_needed,
    people_needed,
    schedule_bursts,
)
from fieldops.planning.reasons import say
from fieldops.planning.terms import check_first_day
from fieldops.progress import Progress, no_progress
from fieldops.rules import Rules
from fieldops.said import Reason, Said
from fieldops.store import bursts as store
from fieldops.store import places
from fieldops.store.bursts import StoredBurst
from fieldops.store.claims import street_words
from fieldops.store.connect import Region


@dataclass(frozen=True, slots=True)
class Before:
    """The bursts that were set before: since which day, for how many people, and the first day on which none runs."""

    first_day: date
    people: int
    ends_on: date


@dataclass(frozen=True, slots=True)
class Bursts:
    """
    The bursts as they are set: slots by start, days until all is done with the bound, and what stands out.

    `gaps` are (part, zone, day) on which nobody worked; `lagging` names running parts that will not be done in time;
    `done` names zones that need nothing more. `before` is what was in force when these were found.
    """

    first_day: date
    people: int
    slots: tuple[StoredBurst, ...]
    days: int
    bound_days: int
    gaps: tuple[tuple[str, ZoneId, date], ...]
    lagging: dict[str, float] = field(default_factory=dict)
    done: tuple[ZoneId, ...] = ()
    before: "Before | None" = None

    @property
    def ends_on(self) -> date | None:
        """Return the first day on which none runs any more."""
        return max((one.ends_on for one in self.slots), default=None)

    @property
    def gap(self) -> float:
        """Return (days - bound) / bound; 0 where nothing is to be done."""
        return (self.days - self.bound_days) / self.bound_days if self.bound_days else 0.0


def set_bursts(
    region: Region,
    actor: Actor,
    *,
    people_at_hand: int,
    start: date | None = None,
    days_min: int | None = None,
    days_max: int | None = None,
    time_limit: float = 10.0,
    seed: int = 1,
    workers: int = 2,
    dry_run: bool = False,
    now: datetime | None = None,
    progress: Progress = no_progress,
) -> Bursts:
    """
    Decide which zones are pushed when, and store it in the place of the bursts before; nothing is stored by a `dry_run`.

    What has begun before the first day goes on: it is not started anew, and where it lags it is given more days, up to the longest
    burst; what is left then gets a later one. A zone that needs more people than there are is split (rule 14).
    Permission: burst.set. Event: BurstsSet.

    Raises
    ------
    Forbidden
        If the actor is no lead.
    BadInput
        If there is nobody, no zone, or the days are not within the settings of the region.
    """
    require(actor, "burst.set")
    region.check_moment(now)
    connection, at = region.reader(), region.moment(now)
    scene = read_scene(region, at, now)
    first = start or scene.today
    lengths = _lengths(scene.rules, days_min, days_max)
    check_first_day(first, scene.today)
    if people_at_hand < 1:
        raise BadInput("there is nobody for a burst", field="--people", cure="give at least 1")
    if not scene.streets:
        raise BadInput("the region has no zone", cure="import a map: fieldops import MAP --city NAME")
    before = store.newest_bursts(connection)
    past = [one for one in before if one.ends_on <= first]
    running, lagging, rest = _running(scene, before, first, lengths)
    work = [*rest, *(w for zone in sorted(scene.streets) for w in _not_running(scene, zone, running))]
    done = tuple(zone for zone in sorted(scene.streets) if not work_of(scene, zone))
    units = [unit for one in work for unit in _split(scene, one, people_at_hand, lengths)]
    busy = [Busy(min(one.people, people_at_hand), (one.ends_on - first).days) for one in running]
    posed = [ZoneWork(one.part, _people(scene, one, lengths), one.not_before) for one in units]
    found = schedule_bursts(
        posed, people_at_hand,
        days_min=lengths[0], busy=busy, time_limit=time_limit, seed=seed, workers=workers, progress=progress,
    )  # fmt: skip
    wrong = burst_violations(posed, found.slots, people_at_hand, days=lengths, busy=busy)
    if wrong:
        raise BadInput(
            Said("no lawful bursts were found: %(wrong)s", wrong=wrong[0]), cure="give it more seconds, or more people"
        )
    slots = [*past, *running, *_stored(units, found.slots, first)]
    ends = max([found.days, *((one.ends_on - first).days for one in running)], default=0)
    bound = max([found.bound_days, *((one.ends_on - first).days for one in running)], default=0)
    replaced = _before(connection, before)
    if not dry_run:
        _store(region, actor, first, people_at_hand, slots, (ends, bound), now)
    gaps = store.gap_days(connection, slots, scene.today, places.read_zone(connection))
    return Bursts(first, people_at_hand, tuple(slots), ends, bound, tuple(gaps), lagging, done, replaced)


def _before(connection: Any, slots: Sequence[StoredBurst]) -> Before | None:
    facts = store.newest_setting(connection)
    return Before(facts[0], facts[1], max(one.ends_on for one in slots)) if facts and slots else None


def _store(
    region: Region, actor: Actor, first: date, people: int, slots: Sequence[StoredBurst], days: tuple[int, int],
    now: datetime | None,
) -> None:  # fmt: skip
    with region.turn(actor, now=now) as turn:
        event = BurstsSet(
            at=turn.now, first_day=first, people=people, zones=len(slots), days=days[0], bound_days=days[1],
            digest=store.bursts_digest((s.part, s.zone, s.starts_on.isoformat(), s.days, s.people) for s in slots),
        )  # fmt: skip
        store.set_bursts(turn, slots, event=event)


def read_bursts(region: Region, actor: Actor, *, now: datetime | None = None) -> Bursts:
    """
    Return the bursts that are set, which of them lag, and the days on which nobody worked. Permission: region.read.

    Raises
    ------
    BadInput
        If none were ever set.
    """
    require(actor, "region.read")
    connection, at = region.reader(), region.moment(now)
    slots = store.newest_bursts(connection)
    facts = store.newest_setting(connection)
    if facts is None:
        raise BadInput("no bursts are set", cure="set them: fieldops burst --people N --from DATE")
    scene = read_scene(region, at, now)
    _, lagging, _ = _running(scene, slots, scene.today, (scene.rules.burst_days_min, scene.rules.burst_days_max))
    gaps = store.gap_days(connection, slots, scene.today, places.read_zone(connection))
    first, number, days, bound = facts
    return Bursts(first, number, tuple(slots), days, bound, tuple(gaps), lagging)


def why_outside_bursts(region: Region, street: StreetId, moment: datetime) -> str:
    """Return why no running burst holds a street at a moment; empty where one does, and where bursts were never set."""
    reader = region.reader()
    day = local_day(moment, find_zone(street_words(reader, street)[1]))
    return store.outside_bursts(reader, day).get(street, "")


def override_burst(region: Region, actor: Actor, zone: ZoneId, *, why: str, now: datetime | None = None) -> None:
    """
    Let a zone be planned although it is in no running burst, until bursts are set anew (rule 15).

    Permission: burst.override. Event: BurstOverridden.

    Raises
    ------
    Forbidden
        If the actor is no lead.
    NotFound
        If there is no such zone.
    BadInput
        If no reason is given.
    """
    require(actor, "burst.override")
    why = read_reason(why, ("school_fair", "holiday", "lead_decision"))
    with region.turn(actor, now=now) as turn:
        if zone not in store.zone_names(turn.connection):
            raise NotFound("zone", zone, cure="see `fieldops awareness --json` for the zones")
        store.override_zone(turn, event=BurstOverridden(at=turn.now, why=why, zone=zone))


def _lengths(rules: Rules, days_min: int | None, days_max: int | None) -> tuple[int, int]:
    """RULE 14: 7 to 15 days, or a part of that span."""
    low, high = days_min or rules.burst_days_min, days_max or rules.burst_days_max
    if not rules.burst_days_min <= low <= high <= rules.burst_days_max:
        within = days_min is None or rules.burst_days_min <= low <= rules.burst_days_max
        raise BadInput(
            Said("bursts of %(low)s to %(high)s days", low=low, high=high), field="--days-max" if within and days_max is not None else "--days-min",
            cure=Said("give days within %(burst_days_min)s to %(burst_days_max)s, the shortest first", burst_days_min=rules.burst_days_min, burst_days_max=rules.burst_days_max),
        )  # fmt: skip
    return low, high


def _not_running(scene: Scene, zone: ZoneId, running: Sequence[StoredBurst]) -> list[Work]:
    """Return what a zone needs beside the parts of it that are in a running burst."""
    mine = [one for one in running if one.zone == zone]
    if not mine:
        return work_of(scene, zone)
    if any(not one.streets for one in mine):
        return []
    inside = {street for one in mine for street in one.streets}
    outside = [s.street for s in scene.streets[zone] if s.street not in inside]
    return work_of(scene, zone, outside) if outside else []


def _people(scene: Scene, work: Work, lengths: tuple[int, int]) -> dict[int, int]:
    return {
        days: people_needed(
            work.hours + work.wait_hours * nights_waited(days), days, hours_per_day=scene.hours_per_day
        )
        for days in range(lengths[0], lengths[1] + 1)
    }  # fmt: skip


def _split(scene: Scene, work: Work, most: int, lengths: tuple[int, int]) -> list[Work]:
    """RULE 14: a zone that cannot be done with the people at hand in the longest burst is split along its longer side."""
    needed = _people(scene, work, lengths)[lengths[1]]
    count = parts_needed(needed, most)
    if count == 1:
        return [work]
    wanted = set(work.streets)
    mine = [s for s in scene.streets[work.zone] if not wanted or s.street in wanted]
    middle = sum(s.lat for s in mine) / len(mine)
    narrow = math.cos(math.radians(middle))
    wide = narrow * (max(s.lon for s in mine) - min(s.lon for s in mine))
    along = (lambda s: (s.lon, s.street)) if wide > max(s.lat for s in mine) - min(s.lat for s in mine) else (lambda s: (s.lat, s.street))  # fmt: skip
    reason = Reason([say("burst_split", parts_n=count, needs_n=needed, days=lengths[1], people_n=most)])
    parts: list[list[StreetId]] = [[]]
    spent = 0.0
    for street in sorted(mine, key=along):
        if spent >= work.hours / count * len(parts) and len(parts) < count:
            parts.append([])
        parts[-1].append(street.street)
        spent += scene.hours.get(street.street, 0.0)
    found = [
        Work(f"{work.part}/{number}", one.zone, one.hours, one.wait_hours, tuple(streets), reason, work.not_before)
        for number, streets in enumerate(parts, start=1)
        for one in work_of(scene, work.zone, streets)
    ]
    # one street may be larger than a part: what is still too large is split again, down to single streets
    return [
        smaller
        for one in found
        for smaller in (_split(scene, one, most, lengths) if 1 < len(one.streets) < len(mine) else [one])
    ]


def _running(
    scene: Scene, before: Sequence[StoredBurst], first: date, lengths: tuple[int, int]
) -> tuple[list[StoredBurst], dict[str, float], list[Work]]:
    """
    Return what runs on the first day, the hours by which each part lags, and what is left for a later burst.

    A part lags where its people cannot do what is left in the days that it has; it is given more, up to the longest burst.
    """
    running, lagging, rest = [], {}, []
    for one in before:
        if not one.starts_on < first < one.ends_on:  # what would start on the first day is decided anew
            continue
        left = sum(work.hours for work in work_of(scene, one.zone, one.streets))
        a_day = one.people * scene.hours_per_day
        gone, days_left = (first - one.starts_on).days, (one.ends_on - first).days
        missing = left - a_day * days_left
        if missing <= 0.5:
            running.append(one)
            continue
        lagging[one.part] = round(missing, 1)
        days = min(lengths[1], gone + math.ceil(left / a_day))
        reason = Reason([say("burst_lagged", missing_hours=round(missing, 1), days=days, before=one.days)])
        longer = StoredBurst(
            one.part, one.zone, one.starts_on, max(days, one.days), one.people, one.hours, reason, one.streets
        )
        running.append(longer)
        more = left - a_day * (longer.days - gone)
        if more > 0.5:
            why = Reason([say("burst_rest", left_hours=round(more, 1))])
            rest += [
                Work(
                    f"{one.part}+", one.zone, more, work.wait_hours * more / left, one.streets, why, longer.days - gone
                )
                for work in work_of(scene, one.zone, one.streets)
            ]
    return running, lagging, rest


def _stored(units: Sequence[Work], slots: Iterable[Any], first: date) -> list[StoredBurst]:
    """Return the slots as they are stored; what does not start at once says why."""
    of = {unit.part: unit for unit in units}
    found = []
    for slot in slots:
        unit = of[slot.name]
        reason = unit.reason
        if slot.start and not reason:
            reason = Reason([say("burst_waits")])
        found.append(
            StoredBurst(
                unit.part, unit.zone, first + timedelta(days=slot.start), slot.days, slot.people, round(unit.hours, 1),
                reason, unit.streets,
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (one.starts_on, one.part))
