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

from fieldops.planning.assignment import NOBODY, FloatArray, IntArray
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
    of: dict[int, dict[tuple[int, int], list[int]]] = {}
    for street in np.flatnonzero(crew_of_street != NOBODY).tolist():
        triangle = NOBODY if problem.streets.triangle is None else int(problem.streets.triangle[street])
        group = (triangle, NOBODY if triangle != NOBODY else street)
        of.setdefault(int(crew_of_street[street]), {}).setdefault(group, []).append(street)
    for crew, groups in of.items():
        hours, variances = np.array([_moments(problem, np.array(mine), crew) for mine in groups.values()]).T
        before = float(_pinned_doubt(problem)[crew]) ** 2
        place = np.linspace(0.0, 1.0, len(groups)) if len(groups) > 1 else np.ones(1)
        for mine, own, variance in zip(groups.values(), hours.tolist(), variances.tolist(), strict=True):
            spent = own + place * (hours.sum() - own)
            doubt = before + variance + place * (variances.sum() - variance) + (problem.common_doubt * spent) ** 2
            room = float(problem.crews.capacity[crew]) - spent + SLACK
            chances[mine] = special.ndtr(room / np.maximum(np.sqrt(doubt), _NONE)).mean()
    return chances


def _moments(problem: PlanProblem, members: IntArray, crew: int) -> tuple[float, float]:
    crews = np.full(len(members), crew)
    hours, doubt = pair_hours(problem, members, crews), pair_doubt(problem, members, crews)
    return float(hours.sum()), float((doubt**2).sum())


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
