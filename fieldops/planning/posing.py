"""The assignment that is solved: sets of streets and the crews near them that may take them whole."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fieldops.planning.assignment import NOBODY, Assignment, AssignmentProblem, BoolArray, FloatArray, IntArray
from fieldops.planning.problem import PlanProblem, pair_values
from fieldops.planning.reserve import counted_hours
from fieldops.planning.together import street_sets, takers, without_fixed

CREWS_PER_SET = 20
ALL_PAIRS = 20_000  # of sets and crews: so many are all asked


def pose(
    problem: PlanProblem, sets: Sequence[IntArray] | None = None, asked: BoolArray | None = None
) -> AssignmentProblem:
    """
    Return the assignment over the pairs of streets and crews that are asked: of each set the crews that may take it whole.

    What is pinned by hand is not asked: its streets have no pair, and its hours and places are gone already.

    Parameters
    ----------
    sets
        Those of `street_sets`, where they are known already.
    asked
        Crews and sets, shape (n_crews, n_sets); those of `near_crews` where it is left away, see also `beyond`.
    """
    sets = street_sets(problem) if sets is None else sets
    asked = near_crews(problem, sets, takers(problem, sets)) if asked is None else asked
    crews = without_fixed(problem)
    crew, number = np.nonzero(asked)
    sizes = np.array([len(part) for part in sets], dtype=np.int64)
    street = np.concatenate([np.zeros(0, dtype=np.int64), *(sets[k] for k in number.tolist())])
    crew = np.repeat(crew, sizes[number]) if len(number) else np.zeros(0, dtype=np.int64)
    return AssignmentProblem(
        pair_values(problem, street, crew), counted_hours(problem, street, crew), crews.capacity,
        np.column_stack([street, crew]), crews.places, streets=len(problem.streets.ids),
    )  # fmt: skip


def near_crews(problem: PlanProblem, sets: Sequence[IntArray], allowed: BoolArray) -> BoolArray:
    """Return which of the allowed crews are the nearest to each set, all in a small town; shape (n_crews, n_sets)."""
    if allowed.size <= ALL_PAIRS or len(allowed) <= CREWS_PER_SET:
        return allowed
    street, begins = np.concatenate(sets), np.cumsum([0, *map(len, sets[:-1])])
    size = np.array([len(part) for part in sets])
    way = np.full(allowed.shape, np.inf)
    for crew in range(len(allowed)):
        metres = problem.home_m[crew, street] * 0.25 + problem.turf_m[crew, street]
        way[crew] = np.where(allowed[crew], np.add.reduceat(metres, begins) / size, np.inf)
    near = np.zeros_like(allowed)
    np.put_along_axis(near, np.argpartition(way, CREWS_PER_SET - 1, axis=0)[:CREWS_PER_SET], values=True, axis=0)
    return np.asarray(near & allowed)


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


def gather(posed: AssignmentProblem, sets: Sequence[IntArray]) -> Gathered:
    """Return the posed assignment over the sets: the pairs in which a crew may take all of a set."""
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
    inside = of[posed.street] != NOBODY
    codes, where, many = np.unique(
        (of[posed.street] * posed.crews + posed.crew)[inside], return_inverse=True, return_counts=True
    )
    values, hours = (np.bincount(where, column[inside], len(codes)) for column in (posed.values, posed.hours))
    hours = np.round(hours, 6)
    number, crew = np.divmod(codes, max(1, posed.crews))
    whole = (many == size[number]) & (hours <= posed.capacities[crew] + 1e-6) & (many <= posed.max_streets[crew])
    return number[whole], crew[whole], values[whole], hours[whole]
