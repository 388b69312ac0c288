"""
Which streets go to one crew together: a law of plans, which the solver keeps and the check asks.

RULE 10: a triangle's point decides for all its streets at once, when the last of them is pushed. Given to several crews, all wait
for the slowest; given in part, its crew has to push the rest beside its plan. So the open streets of a triangle are one set, as
far as a crew's hours allow, and a set is given whole or not at all. What is pinned by hand belongs to no set, and what no crew
can take whole falls into its streets.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np

from fieldops.planning.assignment import NOBODY, BoolArray, FloatArray, IntArray
from fieldops.planning.opening import DAY_H, FORGIVEN_H
from fieldops.planning.problem import Crews, PlanProblem, room_inside, street_values
from fieldops.planning.reserve import counted_hours, free_hours

PART = 0.5  # of a crew's full hours: a triangle that takes more is given in several sets
SLACK = 1e-6  # hours


def without_fixed(problem: PlanProblem) -> Crews:
    """Return the crews with the hours and places that what is pinned by hand, and the reserve, leave them."""
    street, crew = np.array(problem.fixed, dtype=np.int64).reshape(-1, 2).T
    hours, places = free_hours(problem), problem.crews.places.copy()
    np.subtract.at(hours, crew, counted_hours(problem, street, crew))
    np.subtract.at(places, crew, 1)
    return replace(problem.crews, capacity=np.maximum(0.0, hours), places=places)


def street_sets(problem: PlanProblem) -> list[IntArray]:
    """Return the streets that may be given, in sets that go to one crew together; see the module."""
    sets = _triangle_sets(problem)
    able: list[bool] = np.any(takers(problem, sets), axis=0).tolist()
    return [
        one for whole, part in zip(able, sets, strict=True) for one in ([part] if whole else np.split(part, len(part)))
    ]


def takers(problem: PlanProblem, sets: Sequence[IntArray]) -> BoolArray:
    """Return which crews may take which sets whole, each by itself, shape (n_crews, n_sets)."""
    crews = without_fixed(problem)
    allowed = np.zeros((len(crews.ids), len(sets)), dtype=bool)
    if not sets:
        return allowed
    street, begins = np.concatenate(sets), np.cumsum([0, *map(len, sets[:-1])])
    size = np.array([len(part) for part in sets])
    waiting: dict[int, list[int]] = defaultdict(list)
    for waits, crew in problem.waiting:
        waiting[crew].append(waits)
    for crew in range(len(crews.ids)):
        every = np.full(len(street), crew)
        lawful = np.isfinite(problem.home_m[crew, street] + problem.turf_m[crew, street])
        lawful &= problem.streets.hours[street] <= room_inside(problem, street, every) + 2 * FORGIVEN_H
        lawful &= ~np.isin(street, waiting[crew])
        hours = np.full(len(street), np.inf)
        hours[lawful] = counted_hours(problem, street[lawful], every[lawful])
        fits = np.add.reduceat(hours, begins) <= crews.capacity[crew] + SLACK
        allowed[crew] = fits & (size <= crews.places[crew])
    return allowed


def _triangle_sets(problem: PlanProblem) -> list[IntArray]:
    streets = problem.streets
    waits: dict[int, list[int]] = defaultdict(list)
    for street, crew in sorted(problem.waiting):
        waits[street].append(crew)
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for street in _usable(problem).tolist():
        triangle = NOBODY if streets.triangle is None else int(streets.triangle[street])
        alone = triangle == NOBODY or _is_limited(problem, street)
        groups[(NOBODY, street) if alone else (triangle, tuple(waits[street]))].append(street)
    full = problem.crews.people * problem.crews.hours_per_day * problem.crews.days
    most = PART * float(np.median(full[full > 0])) if (full > 0).any() else np.inf
    return [part for members in groups.values() for part in _parts(members, streets.work, most)]


def _usable(problem: PlanProblem) -> IntArray:
    streets = problem.streets
    usable = np.array([not reason for reason in streets.excluded], dtype=bool)
    usable &= (street_values(problem) > 0) & np.isfinite(streets.hours)
    usable[[street for street, _ in problem.fixed]] = False
    return np.flatnonzero(usable)


def _is_limited(problem: PlanProblem, street: int) -> bool:
    opens, closes = problem.streets.opens, problem.streets.closes
    return opens is not None and closes is not None and bool(closes[street] - opens[street] < DAY_H)


def _parts(members: list[int], work: FloatArray, most: float) -> list[IntArray]:
    """Return the members in as few parts as their hours need, about equal ones."""
    count = min(len(members), max(1, int(np.ceil(float(work[members].sum()) / most))))
    parts: list[list[int]] = [[] for _ in range(count)]
    taken = np.zeros(count)
    for street in sorted(members, key=lambda street: (-work[street], street)):
        least = int(np.argmin(taken))
        parts[least].append(street)
        taken[least] += work[street]
    return [np.sort(np.array(part, dtype=np.int64)) for part in parts]
