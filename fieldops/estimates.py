"""
What is known of every street and connection point now: all surveys that count, carried on to today by the effort since.

Before the first push a place is taken to be as it always was; from then on the model of `fieldops.awareness.dynamics`
runs: pushes raise awareness, nights fade it. Spill-over between streets is left out, which errs on the side of asking.
"""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt

from fieldops.ids import StreetId

if TYPE_CHECKING:
    from fieldops.awareness import History, Pool, Response

HORIZON_DAYS = 60  # what lies further back says nothing that the prior does not say
_SLICES = 8  # equal slices of a posterior over which hours are averaged

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    What was asked and worked, by unit: first the streets, in order, then one unit for each triangle's connection point.

    A point's unit holds the surveys asked there whose home street nobody knows. Days are ordinals of the city's calendar.

    Parameters
    ----------
    streets
        Ids, in order; shape (n_streets,).
    people
        People of each street, shape (n_streets,), > 0.
    triangle
        Index of each street's triangle, shape (n_streets,); every index below `triangles`.
    triangles
        Number of triangles.
    unit, day, after_push, knows, asked
        Groups of surveys: where, when, whether after that day's push, and counts; shape (n_groups,).
    worked_unit, worked_day, hours
        Promoter-hours by street and day, shape (n_efforts,).
    today
        The day for which to estimate.
    """

    streets: tuple[StreetId, ...]
    people: FloatArray
    triangle: IntArray
    triangles: int
    unit: IntArray
    day: IntArray
    after_push: BoolArray
    knows: FloatArray
    asked: FloatArray
    worked_unit: IntArray
    worked_day: IntArray
    hours: FloatArray
    today: int


@dataclass(frozen=True, slots=True)
class StreetAwareness:
    """
    The awareness of every street today, all arrays in the order of `street`.

    `knows` of `asked` is what was counted; `alpha`, `beta` the Beta posterior, carried on to today; `share` its mean,
    `low` and `high` its interval (80 % unless the region's rules say otherwise). RULE 12: where `measured` is False the
    posterior is the prior of triangle and city, good for planning, and nothing to show as a number.
    """

    street: tuple[StreetId, ...]
    knows: IntArray
    asked: IntArray
    alpha: FloatArray
    beta: FloatArray
    share: FloatArray
    low: FloatArray
    high: FloatArray
    measured: BoolArray

    def take(self, rows: IntArray) -> Self:
        """Return the streets at these positions, in the order given."""
        names = [field.name for field in fields(self)][1:]
        return type(self)(tuple(self.street[row] for row in rows), *(getattr(self, name)[rows] for name in names))


@dataclass(frozen=True, slots=True)
class Estimates:
    """Posteriors of streets and of connection points today, what ties them together, and the streets' people and hours."""

    streets: StreetAwareness
    points: StreetAwareness
    pool: "Pool"
    people: FloatArray
    hours_to_target: FloatArray


def estimate(evidence: Evidence, response: "Response", *, target: float, interval: float) -> Estimates:
    """
    Return what is known of every street and connection point today.

    Parameters
    ----------
    evidence
        All that was asked and worked; quarantined surveys are left out by the caller (rule 13).
    response
        How streets answer effort.
    target, interval
        Share to reach, and share of the posterior that the intervals hold.
    """
    from fieldops.awareness import current_awareness, pool_streets, posterior_interval

    streets, units = len(evidence.streets), len(evidence.streets) + evidence.triangles
    of = np.concatenate([evidence.triangle, np.arange(evidence.triangles)])
    # A point sees its whole triangle: its people are theirs, and so are their hours.
    folk = np.bincount(evidence.triangle, evidence.people, evidence.triangles)
    people = np.concatenate([evidence.people, np.maximum(folk, 1.0)])
    worked = np.concatenate([evidence.worked_unit, streets + evidence.triangle[evidence.worked_unit]])
    days, hours = np.tile(evidence.worked_day, 2), np.tile(evidence.hours, 2)
    first = np.full(units, evidence.today + 1)
    np.minimum.at(first, worked, days)

    begun = first[evidence.unit]
    arrival = (evidence.day < begun) | ((evidence.day == begun) & ~evidence.after_push)
    knows, asked = (
        np.bincount(evidence.unit[arrival], counts[arrival], units) for counts in (evidence.knows, evidence.asked)
    )
    pooled = pool_streets(knows, asked, of, prior=response)
    alpha, beta = pooled.alpha.copy(), pooled.beta.copy()
    first = np.maximum(first, evidence.today - HORIZON_DAYS + 1)
    for begin in np.unique(first[first <= evidence.today]):  # units pushed for the first time on one day go together
        chosen = np.flatnonzero(first == begin)
        history = _history(evidence, chosen, int(begin), people, worked, days, hours)
        now = current_awareness(history, response, prior_mean=pooled.triangle_mean[of[chosen]], kappa=pooled.kappa)
        alpha[chosen], beta[chosen] = now.alpha, now.beta
    total_knows, total_asked = (
        np.bincount(evidence.unit, counts, units).astype(np.int64) for counts in (evidence.knows, evidence.asked)
    )
    low, high = posterior_interval(alpha, beta, interval)
    names = (*evidence.streets, *(StreetId("") for _ in range(evidence.triangles)))
    every = StreetAwareness(
        names, total_knows, total_asked, alpha, beta, alpha / (alpha + beta), low, high, total_asked > 0
    )
    known = every.take(np.arange(streets))
    still = _expected_hours(known.alpha, known.beta, evidence.people, response, target) if streets else np.zeros(0)
    return Estimates(known, every.take(np.arange(streets, units)), pooled.pool, evidence.people, still)


def _expected_hours(
    alpha: FloatArray, beta: FloatArray, people: FloatArray, response: "Response", target: float
) -> FloatArray:
    """Return the hours still to be expected over each street's posterior, not at its mean: doubt costs hours too."""
    from scipy.special import betaincinv

    from fieldops.awareness import hours_to_target

    expected = np.zeros(len(people))
    for k in range(_SLICES):
        awareness = betaincinv(alpha, beta, (k + 0.5) / _SLICES)
        expected += np.asarray(hours_to_target(awareness, people, response, target)) / _SLICES
    return expected


def _history(
    evidence: Evidence, chosen: IntArray, begin: int, people: FloatArray, worked: IntArray, days: IntArray,
    hours: FloatArray,
) -> "History":  # fmt: skip
    """Return what happened to the chosen units from their first push on; earlier surveys stand before it."""
    from fieldops.awareness import History

    position = np.full(len(people), -1)
    position[chosen] = np.arange(len(chosen))
    length = evidence.today - begin + 1
    table = np.zeros((len(chosen), length))
    mine = (position[worked] >= 0) & (days >= begin) & (days <= evidence.today)
    np.add.at(table, (position[worked[mine]], days[mine] - begin), hours[mine])
    here = position[evidence.unit] >= 0
    at = np.maximum(evidence.day[here] - begin, 0)
    after = evidence.after_push[here] & (evidence.day[here] >= begin)
    return History(
        people[chosen],
        table,
        None,
        position[evidence.unit[here]],
        at,
        after,
        evidence.knows[here],
        evidence.asked[here],
    )


def combine(
    alpha: FloatArray, beta: FloatArray, people: FloatArray, group: IntArray, groups: int, interval: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """
    Return share, low and high of groups of streets, weighed by people; nan where a group has none.

    The streets' posteriors are taken as independent, and their weighted sum as a Beta of the same mean and variance.
    """
    from fieldops.awareness import posterior_interval

    mean = alpha / (alpha + beta)
    variance = mean * (1 - mean) / (alpha + beta + 1)
    total = np.bincount(group, people, groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.bincount(group, people * mean, groups) / total
        spread = np.bincount(group, people**2 * variance, groups) / total**2
        weight = np.maximum(share * (1 - share) / spread - 1, 1e-3)
    low, high = posterior_interval(share * weight, (1 - share) * weight, interval)
    return share, low, high
