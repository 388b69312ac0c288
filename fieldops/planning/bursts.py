"""
Which zones when: bursts of 7 to 15 consecutive days, every zone of a burst from its first day on and fully manned.

The days until all zones are done are least, then the promoter-days. RULE 14 is in the model itself: a zone has one burst, one
length, and as many people as that length needs on each of its days, or it is split before.
"""

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from fieldops.errors import BadInput
from fieldops.progress import Progress, no_progress
from fieldops.rules import Rules
from fieldops.said import Said

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


KM_PER_DEGREE = 111.195  # of latitude
DETOUR = 1.3  # walks are so much longer than the line by air


@dataclass(frozen=True, slots=True)
class ZoneWork:
    """
    A zone, or a part of one, and the people that it needs on every day of a burst, by the burst's days.

    `not_before` is the first day on which it may start: a zone that lagged in a burst gets its next one after that.
    """

    name: str
    people: dict[int, int]
    not_before: int = 0

    @property
    def choices(self) -> list[tuple[int, int]]:
        """Return (days, people) that are worth choosing: more days only where they need fewer people."""
        found: list[tuple[int, int]] = []
        for days, people in sorted(self.people.items()):
            if not found or people < found[-1][1]:
                found.append((days, people))
        return found


@dataclass(frozen=True, slots=True)
class Busy:
    """People who are in a running burst from the first day on, for so many days more."""

    people: int
    days: int


@dataclass(frozen=True, slots=True)
class Slot:
    """When a zone is pushed: day of the start (0 is the first), days, people on each of them."""

    name: str
    start: int
    days: int
    people: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """Slots of all zones; days until all are done, and a proven bound on them."""

    slots: tuple[Slot, ...]
    days: int
    bound_days: int
    status: str

    @property
    def gap(self) -> float:
        """Return (days - bound) / bound; 0 where nothing is to be done."""
        return (self.days - self.bound_days) / self.bound_days if self.bound_days else 0.0


def nights_waited(days: int) -> float:
    """Return the nights that a street of a zone waits for its push: it comes half the burst away on average."""
    return (days - 1) / 2.0


def pooled_hours(hours: Sequence[float], doubts: Sequence[float], *, probability: float) -> float:
    """Return the promoter-hours that do for all of these streets as surely as is wanted: what one takes more another takes less."""
    reserve = max(0.0, NormalDist().inv_cdf(probability)) * math.sqrt(sum(doubt**2 for doubt in doubts))
    return sum(hours) + reserve


def hours_around(
    places: Sequence[tuple[float, float]], triangles: Sequence[Hashable], *, rules: Rules, crew_people: float
) -> list[float]:
    """
    Return the promoter-hours that each street of a zone takes beside pushing and asking.

    The crew sets itself up, comes from the nearest other street of the zone, and does its part of the test of its triangle's point.

    Parameters
    ----------
    places
        Longitude and latitude of the streets' middles, degrees.
    triangles
        Of each street; None where no point decides for it.
    rules
        Settings of the region.
    crew_people
        People who come together.
    """
    streets, setup = Counter(triangles), rules.setup_minutes / 60.0 * crew_people
    found = []
    for k, ((lon, lat), triangle) in enumerate(zip(places, triangles, strict=True)):
        narrow = math.cos(math.radians(lat))
        others = (math.hypot(narrow * (x - lon), y - lat) for i, (x, y) in enumerate(places) if i != k)
        way_km = DETOUR * KM_PER_DEGREE * min(others, default=0.0)
        test = rules.test_hours / streets[triangle] if triangle is not None else 0.0
        found.append(setup + crew_people * way_km / rules.walk_speed_km_h + test)
    return found


def people_needed(hours: float, days: int, *, hours_per_day: float) -> int:
    """
    Return the people who finish a zone within so many days.

    Parameters
    ----------
    hours
        Promoter-hours that its streets need when their turn comes (see `nights_waited`), spill-over among them counted, set-up,
        walks and point tests too.
    days
        Days of the burst.
    hours_per_day
        Promoter-hours of one person on one day, > 0.
    """
    return max(1, math.ceil(hours / (days * hours_per_day) - 1e-9)) if hours > 0 else 0


def parts_needed(people: int, most: int) -> int:
    """Return into how many parts a zone is split so that none needs more people than there are (rule 14)."""
    return max(1, math.ceil(people / most))


def schedule_bursts(
    zones: Sequence[ZoneWork],
    people: int,
    *,
    days_min: int = 7,
    busy: Sequence[Busy] = (),
    time_limit: float = 10.0,
    seed: int = 1,
    workers: int = 2,
    progress: Progress = no_progress,
) -> Schedule:
    """
    Return bursts that are done soonest, and the days below which it cannot be done.

    Bursts start at least `days_min` days apart, so that there are few of them; a zone that needs longer goes on while the
    next burst begins.

    Raises
    ------
    BadInput
        If there is nobody, or a zone needs more people than there are even in the longest burst: split it first.
    """
    if people < 1:
        raise BadInput("there is nobody for a burst", field="--people", cure="give at least 1")
    for zone in zones:
        if min(zone.people.values()) > people:
            raise BadInput(
                Said("zone %(name)s needs %(min)s people in the longest burst, and there are %(people)s", name=zone.name, min=min(zone.people.values()), people=people),
                field="--people", cure="split the zone, or bring more people",
            )  # fmt: skip
    if not zones:
        return Schedule((), 0, 0, "optimal")
    first = _greedy(zones, people, busy)
    least = _least_days(zones, people, busy)
    ends = max(slot.start + slot.days for slot in first)
    if ends <= least:
        return Schedule(tuple(first), ends, ends, "optimal")
    return _solve(zones, people, busy, first, least, days_min, time_limit, seed, workers, progress)


def _least_days(zones: Sequence[ZoneWork], people: int, busy: Sequence[Busy]) -> int:
    """Return the days that all promoter-days together, or the zone that takes longest, need at least."""
    work = sum(min(d * p for d, p in zone.choices) for zone in zones) + sum(b.people * b.days for b in busy)
    longest = max(zone.not_before + min(d for d, p in zone.choices if p <= people) for zone in zones)
    return max(math.ceil(work / people), longest)


def _greedy(zones: Sequence[ZoneWork], people: int, busy: Sequence[Busy]) -> list[Slot]:
    """Fill one burst after the other, zones that need most people first; each with the fewest days that fit."""
    waiting = sorted(zones, key=lambda zone: (-min(zone.people.values()), zone.name))
    slots: list[Slot] = []
    start = 0
    while waiting:
        free = people - sum(b.people for b in busy if b.days > start)
        later: list[ZoneWork] = []
        longest = 0
        for zone in waiting:
            fits = [(d, p) for d, p in zone.choices if p <= free and zone.not_before <= start]
            if not fits:
                later.append(zone)
                continue
            days, needed = fits[0]
            slots.append(Slot(zone.name, start, days, needed))
            free, longest = free - needed, max(longest, days)
        nothing = [b.days for b in busy if b.days > start] + [z.not_before for z in later if z.not_before > start]
        start = start + longest if longest else min(nothing)
        waiting = later
    return slots


def _solve(
    zones: Sequence[ZoneWork], people: int, busy: Sequence[Busy], first: Sequence[Slot], least: int, apart: int,
    time_limit: float, seed: int, workers: int, progress: Progress,
) -> Schedule:  # fmt: skip
    from ortools.sat.python import cp_model

    horizon = max(slot.start + slot.days for slot in first)
    model = cp_model.CpModel()
    starts = [model.new_int_var(0, horizon, "") for _ in {slot.start for slot in first}]
    for one, following in pairwise(starts):
        model.add(following >= one + apart)
    ends = model.new_int_var(least, horizon, "")
    taken = {
        (i, b, days, needed): model.new_bool_var("")
        for i, zone in enumerate(zones)
        for b in range(len(starts))
        for days, needed in zone.choices
        if needed <= people
    }
    for i in range(len(zones)):
        model.add_exactly_one(chosen for (zone, *_), chosen in taken.items() if zone == i)
    for (i, b, *_), chosen in taken.items():
        if zones[i].not_before:
            model.add(starts[b] >= zones[i].not_before).only_enforce_if(chosen)
    _man(model, starts, ends, taken, people, busy)
    cost = sum(days * needed * chosen for (_, _, days, needed), chosen in taken.items())
    most = sum(max(d * p for d, p in zone.choices) for zone in zones)
    spread = most + 1  # one day outweighs all promoter-days
    model.minimize(spread * ends + cost)
    _hint(model, first, zones, starts, ends, taken)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers, solver.parameters.random_seed = workers, seed
    solver.parameters.max_time_in_seconds = time_limit
    status = solver.solve(model, _watch(time_limit, progress))
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Schedule(tuple(first), horizon, least, "feasible")
    slots = tuple(
        Slot(zones[i].name, solver.value(starts[b]), days, needed)
        for (i, b, days, needed), chosen in taken.items()
        if solver.boolean_value(chosen)
    )
    done = max(slot.start + slot.days for slot in slots)
    bound = max(least, math.ceil((solver.best_objective_bound - most) / spread - 1e-9))
    return Schedule(slots, done, min(done, bound), "optimal" if status == cp_model.OPTIMAL else "feasible")


def _man(
    model: "cp_model.CpModel", starts: Sequence["cp_model.IntVar"], ends: "cp_model.IntVar",
    taken: "dict[tuple[int, int, int, int], cp_model.IntVar]", people: int, busy: Sequence[Busy],
) -> None:  # fmt: skip
    """RULE 14: on each day all zones that are pushed have their people; one interval for each burst and length."""
    intervals = [model.new_fixed_size_interval_var(0, one.days, "") for one in busy]
    demands: list[Any] = [one.people for one in busy]
    groups: dict[tuple[int, int], list[tuple[int, Any]]] = {}
    for (_, b, days, needed), chosen in taken.items():
        groups.setdefault((b, days), []).append((needed, chosen))
    for (b, days), members in sorted(groups.items()):
        together = model.new_int_var(0, people, "")
        model.add(together == sum(needed * chosen for needed, chosen in members))
        intervals.append(model.new_fixed_size_interval_var(starts[b], days, ""))
        demands.append(together)
        used = model.new_bool_var("")
        for _, chosen in members:
            model.add_implication(chosen, used)
        model.add(ends >= starts[b] + days).only_enforce_if(used)
    model.add_cumulative(intervals, demands, people)


def _hint(
    model: "cp_model.CpModel", first: Sequence[Slot], zones: Sequence[ZoneWork], starts: Sequence["cp_model.IntVar"],
    ends: "cp_model.IntVar", taken: "dict[tuple[int, int, int, int], cp_model.IntVar]",
) -> None:  # fmt: skip
    """Tell the solver the answer that is known."""
    days = sorted({slot.start for slot in first})
    of = {slot.name: slot for slot in first}
    for start, value in zip(starts, days, strict=True):
        model.add_hint(start, value)
    model.add_hint(ends, max(slot.start + slot.days for slot in first))
    for (i, b, length, needed), chosen in taken.items():
        slot = of[zones[i].name]
        model.add_hint(chosen, (slot.start, slot.days, slot.people) == (days[b], length, needed))


def _watch(time_limit: float, progress: Progress) -> Any:
    """Return a callback that reports every better answer and stops the search where it is asked to."""
    from ortools.sat.python import cp_model

    class Watch(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            share = min(1.0, self.wall_time / time_limit)
            if not progress("bursts", share, objective=self.objective_value, bound=self.best_objective_bound):
                self.stop_search()

    return Watch()
