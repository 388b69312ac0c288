"""
What crews keep in reserve, because nobody knows beforehand how many hours a street takes, and what their plans promise.

A crew's hours are pooled: what one street takes more another takes less. A crew can do its streets as surely as the rules
want where

    mean of all their hours + z x standard deviation of their sum <= its hours,    z = the normal quantile of that probability,

for then even the last of its streets is finished so surely, in whatever order it works. Hours of different streets err
independently (variances add up), those of all together by the common doubt. The solver wants sums: sqrt(V) lies below each of
its tangents, V / 2s + s / 2, so that every street counts its share of the reserve and every crew a little beside it; whatever
fits these sums is sure enough (the normal sum of chance-constrained packing: Klopfenstein & Nace 2012, Operations Research
Letters 40(5), and the tangent).
"""

import numpy as np
from scipy import special

from fieldops.planning.assignment import NOBODY, BoolArray, FloatArray, IntArray
from fieldops.planning.problem import HUNDREDTHS, PlanProblem, pair_hours, part_there

_NONE = 1e-9
SLACK = 1e-6  # hours


def surety(problem: PlanProblem) -> float:
    """Return z: how many standard deviations a crew keeps in reserve, >= 0."""
    return max(0.0, float(special.ndtri(problem.rules.finish_probability)))


def pair_doubt(problem: PlanProblem, street: IntArray, crew: IntArray) -> FloatArray:
    """Return the standard deviation of the hours that each pair takes, by the street itself, shape (n_pairs,)."""
    return np.asarray(problem.streets.doubt[street] / part_there(problem, street, crew))


def counted_hours(problem: PlanProblem, street: IntArray, crew: IntArray) -> FloatArray:
    """Return the hours that each pair counts against `free_hours`: those to be expected and its share of the reserve."""
    hours, doubt = pair_hours(problem, street, crew), pair_doubt(problem, street, crew)
    variance = doubt**2 + problem.common_doubt**2 * hours * _full(problem)[crew]
    share = np.minimum(
        variance / (2.0 * _typical(problem)[crew]), np.sqrt(variance)
    )  # one large street: its own deviation
    return np.asarray(np.ceil((hours + surety(problem) * share) * HUNDREDTHS - 1e-6) / HUNDREDTHS)


def free_hours(problem: PlanProblem) -> FloatArray:
    """Return the hours of each crew, less what it keeps in reserve beside the shares of its streets, shape (n_crews,)."""
    typical = _typical(problem)
    beside = _pinned_doubt(problem) ** 2 / (2.0 * typical) + typical / 2.0
    kept = surety(problem) * np.where(typical > _NONE, beside, 0.0)
    return np.asarray(np.floor(np.maximum(0.0, problem.crews.capacity - kept) * HUNDREDTHS + 1e-6) / HUNDREDTHS)


def kept_hours(problem: PlanProblem, crew_of_street: IntArray) -> float:
    """
    Return the promoter-hours that all crews keep in reserve under a plan, so that each finishes as surely as the rules want.

    What lies beside the shares of the streets, given any or not, and what the streets given count beyond the hours expected.

    Parameters
    ----------
    crew_of_street
        The plan, shape (n_streets,), -1 where nobody has a street.
    """
    street = np.flatnonzero(crew_of_street != NOBODY)
    crew = crew_of_street[street]
    shares = counted_hours(problem, street, crew) - pair_hours(problem, street, crew)
    return float((problem.crews.capacity - free_hours(problem)).sum() + shares.sum())


def sure_hours(problem: PlanProblem, crew_of_street: IntArray) -> FloatArray:
    """
    Return the promoter-hours with which each crew can do all its streets as surely as the rules want, shape (n_crews,).

    Live claims come first and are not in it, but for their doubt. In a lawful plan no crew needs more than it has.

    Parameters
    ----------
    crew_of_street
        The plan, shape (n_streets,), -1 where nobody has a street.
    """
    street = np.flatnonzero(crew_of_street != NOBODY)
    crew, many = crew_of_street[street], len(problem.crews.ids)
    hours = np.bincount(crew, pair_hours(problem, street, crew), many)
    variance = np.bincount(crew, pair_doubt(problem, street, crew) ** 2, many) + _pinned_doubt(problem) ** 2
    return np.asarray(hours + surety(problem) * np.sqrt(variance + (problem.common_doubt * hours) ** 2))


def still_fit(hours: FloatArray, values: FloatArray, sets: IntArray, *, reserve: float, room: float) -> BoolArray:
    """
    Return which of a crew's streets it can still do after its hours have become fewer, shape (n_streets,).

    Parameters
    ----------
    hours, values
        Promoter-hours that each street is expected to take, and what it is worth, shape (n_streets,), >= 0.
    sets
        Number of the set of each street, shape (n_streets,), >= 0: a set is kept whole or not at all.
    reserve
        Promoter-hours that all of them take beside these, >= 0: what `sure_hours` adds.
    room
        Promoter-hours that the crew has now.

    Notes
    -----
    Most value an hour first. The reserve of a part is at most that of the whole times the root of the part's share of the hours:
    variances add up.
    """
    total = float(hours.sum())
    if total + reserve <= room:
        return np.ones(len(hours), dtype=bool)
    many = int(sets.max(initial=-1)) + 1
    size, worth = np.bincount(sets, hours, many), np.bincount(sets, values, many)
    used, kept = 0.0, np.zeros(many, dtype=bool)
    for part in np.argsort(-worth / np.maximum(size, _NONE), kind="stable").tolist():
        more = used + float(size[part])
        if more + reserve * (more / max(total, _NONE)) ** 0.5 <= room:
            used, kept[part] = more, True
    return np.asarray(kept[sets])


def promise(problem: PlanProblem, crew_of_street: IntArray) -> FloatArray:
    """
    Return the probability that each street given is finished within its claim, 0 where it is given to nobody.

    Parameters
    ----------
    crew_of_street
        The plan, shape (n_streets,), -1 where nobody has a street.

    Notes
    -----
    RULE 10: a crew's streets of one triangle are decided together, when the last of them is done. Live claims come first, then the
    triangles in an order that nobody knows: the mean over their places in it.
    """
    chances = np.zeros(len(crew_of_street))
    for crew in np.unique(crew_of_street[crew_of_street != NOBODY]).tolist():
        mine = np.flatnonzero(crew_of_street == crew)
        crews, of = np.full(len(mine), crew), problem.streets.triangle
        chances[mine] = week_chances(
            pair_hours(problem, mine, crews), pair_doubt(problem, mine, crews),
            np.full(len(mine), NOBODY) if of is None else of[mine], room=float(problem.crews.capacity[crew]),
            before=float(_pinned_doubt(problem)[crew]), common_doubt=problem.common_doubt,
        )  # fmt: skip
    return chances


def week_chances(
    hours: FloatArray, doubt: FloatArray, triangle: IntArray, *, room: float, before: float = 0.0,
    common_doubt: float = 0.0,
) -> FloatArray:  # fmt: skip
    """
    Return the probability that each of a crew's streets is finished in the hours that the crew has left.

    Parameters
    ----------
    hours, doubt
        Promoter-hours that each street is still expected to take, and their standard deviation, shape (n_streets,), >= 0.
    triangle
        Number of each street's triangle, -1 where it is decided by itself, shape (n_streets,).
    room
        Promoter-hours that are left to the crew for these streets, >= 0: live claims come first and are not in it.
    before
        Standard deviation of what those need.
    common_doubt
        Standard deviation of the log of what all hours have in common.

    Notes
    -----
    Rises with the room, falls with the hours of any street, and is nearly 1 where next to nothing is left to do.
    """
    alone = triangle == NOBODY
    _, group = np.unique(np.where(alone, NOBODY - 1 - np.arange(len(hours)), triangle), return_inverse=True)
    own, variance = np.bincount(group, hours), np.bincount(group, doubt**2)
    place = np.linspace(0.0, 1.0, len(own)) if len(own) > 1 else np.ones(1)
    spent = own[:, None] + place * (own.sum() - own)[:, None]
    doubtful = (
        before**2 + variance[:, None] + place * (variance.sum() - variance)[:, None] + (common_doubt * spent) ** 2
    )
    done = special.ndtr((room - spent + SLACK) / np.maximum(np.sqrt(doubtful), _NONE)).mean(axis=1)
    return np.asarray(done[group])


def _full(problem: PlanProblem) -> FloatArray:
    return problem.crews.capacity + problem.crews.pinned_hours


def _pinned_doubt(problem: PlanProblem) -> FloatArray:
    known = problem.crews.pinned_doubt
    return np.zeros(len(problem.crews.ids)) if known is None else known


def _typical(problem: PlanProblem) -> FloatArray:
    """Return s: about the standard deviation of the sum of each crew's hours when all its hours are given, shape (n_crews,)."""
    streets, full = problem.streets, _full(problem)
    able = np.isfinite(streets.hours) & np.array([not reason for reason in streets.excluded], dtype=bool)
    work = float(streets.work[able].sum())
    an_hour = float((streets.doubt[able] ** 2).sum()) / work if work > 0 else 0.0
    return np.maximum(np.sqrt(an_hour * full + (problem.common_doubt * full) ** 2), _NONE)
