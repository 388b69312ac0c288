"""A crew's streets shared over the days of its week: each day near together, nothing after its claim ends."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fieldops.planning.routing import FloatArray, Task, Walker, route

ITERATIONS = 2_000
DAY = 24 * 3600
PARTS = 2  # of a day: a street that takes longer is shared out in parts of at most so much


@dataclass(frozen=True, slots=True)
class Work:
    """What a street still takes of the whole crew, in seconds, and the second (from the first midnight on) when its claim ends."""

    seconds: int
    until: int


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
        Second of the day at which it begins, and for how long it works.

    Notes
    -----
    Every day is a walker of a vehicle routing problem; the same input gives the same days, because the search ends after a
    number of iterations and not by the clock.
    """
    most = max(1, day_seconds // PARTS)
    tasks: list[Task] = []
    owner: list[int] = []
    for street, one in enumerate(work):
        parts = max(1, math.ceil(one.seconds / most))
        for _part in range(parts):
            tasks.append(
                Task(
                    ways=((street + 1, street + 1),), seconds=round(one.seconds / parts), required=False,
                    late=max(0, one.until - round(one.seconds / parts)),
                )
            )  # fmt: skip
            owner.append(street)
    walkers = [Walker(start=0, early=day * DAY + begins, late=day * DAY + begins + day_seconds) for day in days]
    shared: dict[int, dict[int, int]] = {day: {} for day in days}
    if not days:
        return shared, list(range(len(work)))
    found = route(metres, tasks, walkers, metres_per_second=metres_per_second, seed=seed, iterations=ITERATIONS)
    for visits, kind in zip(found.rounds, found.walker, strict=True):
        for visit in visits:
            street = owner[visit.task]
            mine = shared[days[kind]]
            mine[street] = mine.get(street, 0) + tasks[visit.task].seconds
    given = {street for mine in shared.values() for street in mine}
    return shared, [street for street in range(len(work)) if street not in given]
