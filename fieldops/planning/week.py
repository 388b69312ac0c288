"""A crew's streets shared over the days of its week: near ones on one day, nothing after its claim ends, no hour unused."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from fieldops.planning.routing import FloatArray, Task, Walker, route

ITERATIONS = 500
DAY = 24 * 3600
# A street is begun in what is left of a day where that is at least this share of it: else the next day has it whole.
# Where the week has no room for that, whatever is left is used, and then every street gets a little less.
TIGHTER = ((0.25, 1.0), (0.0, 1.0), (0.0, 0.95), (0.0, 0.9), (0.0, 0.85), (0.0, 0.8))
NO_POINT = -1
LEAST = 600  # seconds for which nobody goes to a street


@dataclass(frozen=True, slots=True)
class Work:
    """
    What a street still takes of the whole crew, and until when, in seconds (from the first midnight on).

    `point` is the triangle whose point the crew tests on each day on which it works there, `test_seconds` what a test takes;
    a street without one has `NO_POINT` and 0.
    """

    seconds: int
    until: int
    point: int = NO_POINT
    test_seconds: int = 0


def share_days(
    metres: FloatArray, work: Sequence[Work], days: Sequence[int], *, begins: int, day_seconds: int,
    metres_per_second: float, seed: int = 1,
) -> tuple[dict[int, dict[int, int]], list[int]]:  # fmt: skip
    """
    Return for each day the streets worked on it with their seconds, and the streets for which there is no time left.

    Parameters
    ----------
    metres
        Walks between the meeting point (0) and the streets (1 ...), shape (n + 1, n + 1).
    work
        One for each street.
    days
        Days on which the crew works, counted from the first midnight, rising.
    begins, day_seconds
        Second of the day at which it begins, and for how long it works: ways and tests included.

    Notes
    -----
    One round over all streets, cut into days (route first, cluster second: Beasley 1983, Omega 11(4)). A plan fills the
    hours of a week with whole streets, so no day may be left in part because the next street is longer; what the plan
    counts for ways and tests is an estimate, and up to a fifth of the work gives way where it was too low.
    """
    order = _round(metres, work, metres_per_second, seed)
    shared: dict[int, dict[int, int]] = {}
    some = [street for street in order if days and work[street].until > days[0] * DAY + begins]
    none = [street for street in range(len(work)) if street not in some]
    for least, part in TIGHTER:
        week = _Week(metres / metres_per_second, work, days, begins, day_seconds, least)
        missing = [street for street in some if not week.give(street, round(part * work[street].seconds))]
        shared = shared if shared and missing else week.shared
        if not missing:
            break
    given = {street for mine in shared.values() for street in mine}
    return shared or {day: {} for day in days}, sorted({*none, *some} - given)


def _round(metres: FloatArray, work: Sequence[Work], metres_per_second: float, seed: int) -> list[int]:
    """Return the streets in a short round; those whose claims end first come first."""
    ends = sorted(range(len(work)), key=lambda street: work[street].until // DAY)
    order: list[int] = []
    for _, group in groupby(ends, key=lambda street: work[street].until // DAY):
        streets = list(group)
        tasks = [Task(ways=((street + 1, street + 1),)) for street in streets]
        found = route(
            metres, tasks, [Walker(start=0)], metres_per_second=metres_per_second, seed=seed, iterations=ITERATIONS
        )
        order += [streets[visit.task] for visits in found.rounds for visit in visits]
    return order


class _Week:
    """The days as they fill up, one after the other."""

    def __init__(
        self, walk: FloatArray, work: Sequence[Work], days: Sequence[int], begins: int, seconds: int, least: float
    ) -> None:
        self.walk, self.work, self.begins, self.seconds = walk, work, begins, seconds
        self.least = max(LEAST, least * seconds)
        self.shared: dict[int, dict[int, int]] = {day: {} for day in days}
        self._days = list(days)
        self._here, self._used = 0, 0.0
        self._tested: set[int] = set()

    def give(self, street: int, seconds: int) -> bool:
        """Give the street its seconds from where the week stands; return whether all of them found room."""
        left, one = seconds, self.work[street]
        while left > 0 and self._days:
            day = self._days[0]
            start = self._used + float(self.walk[self._here, street + 1])
            start += 0 if one.point in self._tested else one.test_seconds
            room = int(self.seconds - start - float(self.walk[street + 1, 0]))
            claim = one.until - day * DAY - self.begins - int(start)
            part = min(left, room, claim)
            if part == left or part >= self.least:
                mine = self.shared[day]
                mine[street] = mine.get(street, 0) + part
                left -= part
                self._here, self._used = street + 1, start + part
                self._tested.add(one.point)
            if left > 0:
                if claim <= room:
                    return False
                self._days.pop(0)
                self._here, self._used = 0, 0.0
                self._tested.clear()
        return left == 0
