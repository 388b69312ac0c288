"""
The assignment that is solved: lawful pairs of streets and near crews, and the sets of streets that go to one crew together.

RULE 10: a triangle's point decides for all its streets at once, when the last of them is pushed. Given to several crews, all wait
for the slowest; given in part, its crew has to push the rest beside its plan. So the open streets of a triangle are one set, as
far as a crew's hours allow, and a set is given whole.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fieldops.planning.assignment import NOBODY, Assignment, AssignmentProblem, FloatArray, IntArray
from fieldops.planning.opening import DAY_H
from fieldops.planning.problem import Crews, PlanProblem, pair_values, room_inside, street_values
from fieldops.planning.reserve import counted_hours, free_hours

CREWS_PER_STREET = 20
PART = 0.5  # of a crew's full hours: a triangle that takes more is given in several sets


def without_fixed(problem: PlanProblem) -> Crews:
    """Return the crews with the hours and places that what is pinned by hand, and the reserve, leave them."""
    street, crew = np.array(problem.fixed, dtype=np.int64).reshape(-1, 2).T
    hours, places = free_hours(problem), problem.crews.places.copy()
    np.subtract.at(hours, crew, counted_hours(problem, street, crew))
    np.subtract.at(places, crew, 1)
    return replace(problem.crews, capacity=np.maximum(0.0, hours), places=places)


def pose(problem: PlanProblem) -> AssignmentProblem:
    """
    Return the assignment over the pairs that may be given: the nearest crews of each street, lawful ones only.

    What is pinned by hand is not asked: its streets have no pair, and its hours and places are gone already.
    """
    streets = problem.streets
    crews = without_fixed(problem)
    chosen = _usable(problem)
    way = problem.home_m[:, chosen] * 0.25 + problem.turf_m[:, chosen]
    count = min(CREWS_PER_STREET, len(crews.ids))
    if not len(chosen) or not count:
        return AssignmentProblem([], [], crews.capacity, np.zeros((0, 2)), crews.places, streets=len(streets.ids))
    place = np.full(len(streets.ids), NOBODY)
    place[chosen] = np.arange(len(chosen))
    for members in street_sets(problem):  # a set has the same crews near it
        way[:, place[members]] = way[:, place[members]].mean(axis=1, keepdims=True)
    nearest = np.argpartition(way, count - 1, axis=0)[:count] if count < len(crews.ids) else np.argsort(way, axis=0)
    crew, street = nearest.T.ravel(), np.repeat(chosen, count)
    near = np.isfinite(way[crew, np.repeat(np.arange(len(chosen)), count)])
    crew, street = crew[near], street[near]
    if problem.waiting:
        free = np.array([(s, c) not in problem.waiting for s, c in zip(street.tolist(), crew.tolist(), strict=True)])
        crew, street = crew[free], street[free]
    hours = counted_hours(problem, street, crew)
    fits = (hours <= crews.capacity[crew]) & (streets.hours[street] <= room_inside(problem, street, crew))
    pairs = np.column_stack([street[fits], crew[fits]])
    worth = pair_values(problem, street[fits], crew[fits])
    return AssignmentProblem(worth, hours[fits], crews.capacity, pairs, crews.places, streets=len(streets.ids))


def _usable(problem: PlanProblem) -> IntArray:
    streets = problem.streets
    usable = np.array([not reason for reason in streets.excluded], dtype=bool)
    usable &= (street_values(problem) > 0) & np.isfinite(streets.hours)
    usable[[street for street, _ in problem.fixed]] = False
    return np.flatnonzero(usable)


def street_sets(problem: PlanProblem) -> list[IntArray]:
    """Return the streets that may be given, in sets that go to one crew together; see the module."""
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


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """
    The assignment over sets of streets in the place of streets; `sets` are their members, by the number of the set.

    A set takes one place under the cap there: no more than in any lawful plan, so that the bound holds. What is too much for a crew's
    places is taken back after, see `entry`.
    """

    problem: AssignmentProblem
    sets: tuple[IntArray, ...]
    streets: int

    def spread(self, found: Assignment) -> Assignment:
        """Return an answer over sets as one over streets, with the same bound."""
        crew_of_street = np.full(self.streets, NOBODY, dtype=np.int64)
        for members, crew in zip(self.sets, found.crew_of_street.tolist(), strict=True):
            crew_of_street[members] = crew
        return replace(found, crew_of_street=crew_of_street)


def gather(problem: PlanProblem, posed: AssignmentProblem) -> Gathered:
    """Return the posed assignment over the sets; a set that no crew can take whole falls into its streets."""
    sets = street_sets(problem)
    able = set(_whole_pairs(posed, sets)[0].tolist())
    sets = [
        part for k, members in enumerate(sets) for part in ([members] if k in able else np.split(members, len(members)))
    ]
    number, crew, values, hours = _whole_pairs(posed, sets)
    gathered = AssignmentProblem(
        values, hours, posed.capacities, np.column_stack([number, crew]), posed.max_streets, streets=len(sets)
    )
    return Gathered(gathered, tuple(sets), posed.streets)


def _whole_pairs(
    posed: AssignmentProblem, sets: Sequence[IntArray]
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """Return set, crew, value and hours of the pairs in which a crew may take all of a set."""
    of = np.full(posed.streets, NOBODY, dtype=np.int64)
    for k, members in enumerate(sets):
        of[members] = k
    size = np.array([len(members) for members in sets], dtype=np.int64)
    codes, where, many = np.unique(of[posed.street] * posed.crews + posed.crew, return_inverse=True, return_counts=True)
    values, hours = (np.bincount(where, column, len(codes)) for column in (posed.values, posed.hours))
    hours = np.round(hours, 6)
    number, crew = np.divmod(codes, max(1, posed.crews))
    whole = (many == size[number]) & (hours <= posed.capacities[crew]) & (many <= posed.max_streets[crew])
    return number[whole], crew[whole], values[whole], hours[whole]
