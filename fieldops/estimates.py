"""
What is known of every street and connection point now: all surveys that count, carried on to today by the effort since.

The model is that of `fieldops.awareness.dynamics` (statistics.md 4.2): pushes raise awareness on their street and, less, on
the streets that touch it; nights fade it everywhere.
"""

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt

from fieldops.ids import StreetId

if TYPE_CHECKING:
    from fieldops.awareness import History, PooledAwareness, Response

HORIZON_DAYS = 60  # what lies further back says nothing that the prior does not say
_LEAST_BEFORE, _MOST_BEFORE = 0.002, 0.9  # awareness before a push that the prior may claim
_SLICES = 8  # equal slices of a posterior over which hours are averaged

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


def _nothing() -> IntArray:
    return np.zeros(0, dtype=np.int64)


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
    zone, point_zone
        Index of the zone of each street, shape (n_streets,), and of each connection point, shape (triangles,).
    zones
        Number of zones.
    unit, day, after_push, knows, asked
        Groups of surveys: where, when, whether after that day's push, and counts; shape (n_groups,).
    worked_unit, worked_day, hours
        Promoter-hours by street and day, shape (n_efforts,).
    today
        The day for which to estimate.
    touching
        Pairs of a street's index and a node that it touches: streets that share one are neighbours. None: no spill-over.
    counted_unit, contacts, counted_hours
        Conversations that were counted on a street, and the hours in which they were; shape (n_counts,).
    """

    streets: tuple[StreetId, ...]
    people: FloatArray
    triangle: IntArray
    triangles: int
    zone: IntArray
    point_zone: IntArray
    zones: int
    unit: IntArray
    day: IntArray
    after_push: BoolArray
    knows: FloatArray
    asked: FloatArray
    worked_unit: IntArray
    worked_day: IntArray
    hours: FloatArray
    today: int
    touching: tuple[tuple[int, int], ...] = ()
    counted_unit: IntArray = field(default_factory=_nothing)
    contacts: IntArray = field(default_factory=_nothing)
    counted_hours: FloatArray = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True, slots=True)
class StreetAwareness:
    """
    The awareness of every street today, all arrays in the order of `street`.

    `knows` of `asked` is what was counted; `alpha`, `beta` the Beta posterior, carried on to today; `share` its mean,
    `low` and `high` its interval (80 % unless the region's rules say otherwise). RULE 12: where `measured` is False the
    posterior is the prior of triangle and city, good for planning, and nothing to show as a number. `pace` and
    `pace_deviation` are what is known of the street's factor, as a standard normal deviate; see `History`.
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
    pace: FloatArray
    pace_deviation: FloatArray

    def take(self, rows: IntArray) -> Self:
        """Return the streets at these positions, in the order given."""
        names = [field.name for field in fields(self)][1:]
        return type(self)(tuple(self.street[row] for row in rows), *(getattr(self, name)[rows] for name in names))


@dataclass(frozen=True, slots=True)
class GroupAwareness:
    """Counts, and share of the people who know with its interval, of triangles or zones; shape (n_groups,)."""

    knows: IntArray
    asked: IntArray
    share: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True, slots=True)
class Estimates:
    """Posteriors of streets, connection points, triangles and zones today, and the hours still to be expected."""

    streets: StreetAwareness
    points: StreetAwareness
    triangles: GroupAwareness
    zones: GroupAwareness
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
    from fieldops.awareness import pool_streets, posterior_interval

    streets, units = len(evidence.streets), len(evidence.streets) + evidence.triangles
    of = np.concatenate([evidence.triangle, np.arange(evidence.triangles)])
    work = _work(evidence, response)
    begun = work.first[evidence.unit]
    arrival = (evidence.day < begun) | ((evidence.day == begun) & ~evidence.after_push)
    aged = evidence.asked / (1 - response.delta) ** (evidence.today - evidence.day)  # see `_history`
    knows, asked = (_sums(n[arrival], evidence.unit[arrival], units) for n in (evidence.knows, aged))
    pooled = pool_streets(knows, asked, of, prior=response)
    pace = _pace(evidence, response)
    alpha, beta = _push(
        evidence, work, pooled.alpha, pooled.beta, pooled.triangle_mean[of], pooled.kappa, pace, response
    )
    total_knows, total_asked = (
        np.bincount(evidence.unit, counts, units).astype(np.int64) for counts in (evidence.knows, evidence.asked)
    )
    low, high = posterior_interval(alpha, beta, interval)
    names = (*evidence.streets, *(StreetId("") for _ in range(evidence.triangles)))
    every = StreetAwareness(
        names, total_knows, total_asked, alpha, beta, alpha / (alpha + beta), low, high, total_asked > 0, *pace
    )
    known, points = every.take(np.arange(streets)), every.take(np.arange(streets, units))
    _, doubt = pooled.pool.triangle_posterior(knows, asked, of, evidence.triangles)
    inherited = np.sqrt(doubt[of]) * pooled.kappa / (pooled.kappa + asked)
    by_zone = pool_streets(knows, asked, np.concatenate([evidence.zone, evidence.point_zone]), prior=response)
    return Estimates(
        known,
        points,
        _triangles(evidence, known, points, inherited[:streets], interval),
        _zones(evidence, every, work.first <= evidence.today, by_zone, knows, asked, interval),
        _expected_hours(known.alpha, known.beta, evidence.people, response, target),
    )


@dataclass(frozen=True, slots=True)
class _Work:
    """What was worked, by unit: a connection point sees the people and the hours of its whole triangle."""

    people: FloatArray
    unit: IntArray
    day: IntArray
    hours: FloatArray
    first: IntArray  # day of the first push, tomorrow where there was none


def _work(evidence: Evidence, response: "Response") -> _Work:
    worked_unit, worked_day, hours = _felt(evidence, response)
    streets, units = len(evidence.streets), len(evidence.streets) + evidence.triangles
    folk = np.bincount(evidence.triangle, evidence.people, evidence.triangles)
    unit = np.concatenate([worked_unit, streets + evidence.triangle[worked_unit]])
    day = np.tile(worked_day, 2)
    first = np.full(units, evidence.today + 1)
    np.minimum.at(first, unit, day)
    people = np.concatenate([evidence.people, np.maximum(folk, 1.0)])
    return _Work(people, unit, day, np.tile(hours, 2), first)


def _pace(evidence: Evidence, response: "Response") -> FloatArray:
    """Return what counted conversations say of the factor of each unit, shape (2, n_units); points have no factor of their own."""
    from fieldops.awareness import conversations_per_hour, pace_of_contacts

    units = len(evidence.streets) + evidence.triangles
    hours = np.bincount(evidence.counted_unit, evidence.counted_hours, units)
    contacts = np.bincount(evidence.counted_unit, evidence.contacts, units)
    return pace_of_contacts(contacts, hours * conversations_per_hour(contacts.sum(), hours.sum(), response), response)


def _felt(evidence: Evidence, response: "Response") -> tuple[IntArray, IntArray, FloatArray]:
    """Return street, day and hours of all that streets felt: what was worked on them, and what spilled over."""
    from scipy import sparse

    from fieldops.awareness import effective_hours

    if not evidence.touching or not len(evidence.hours):
        return evidence.worked_unit, evidence.worked_day, evidence.hours
    street, node = np.array(evidence.touching, dtype=np.int64).T
    _, place = np.unique(node, return_inverse=True)
    touches = sparse.csr_array(
        (np.ones(len(street)), (street, place)), shape=(len(evidence.streets), int(place.max()) + 1)
    )
    near = sparse.csr_array(touches @ touches.T)
    near.setdiag(0)
    days, column = np.unique(evidence.worked_day, return_inverse=True)
    worked = np.zeros((len(evidence.streets), len(days)))
    np.add.at(worked, (evidence.worked_unit, column), evidence.hours)
    felt = effective_hours(worked, near, response)
    unit, which = np.nonzero(felt)
    return unit.astype(np.int64), days[which], felt[unit, which]


def _push(
    evidence: Evidence, work: _Work, alpha: FloatArray, beta: FloatArray, mean: FloatArray, kappa: float,
    pace: FloatArray, response: "Response",
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """
    Return the posteriors with those of pushed units replaced; `alpha`, `beta`, `mean` are as if nobody had pushed.

    `pace` is brought up to what surveys after pushes say of the factors.
    """
    from fieldops.awareness import current_awareness

    alpha, beta = alpha.copy(), beta.copy()
    first = np.maximum(work.first, evidence.today - HORIZON_DAYS + 1)
    for begin in np.unique(first[first <= evidence.today]):  # units pushed for the first time on one day go together
        chosen = np.flatnonzero(first == begin)
        history = replace(_history(evidence, work, chosen, int(begin), 1 - response.delta), pace=pace[:, chosen])
        # The mean speaks of today, had nobody pushed: back then there was as much more as has been forgotten since.
        before = mean[chosen] / (1 - response.delta) ** (evidence.today - begin + 1)
        prior = np.clip(before, _LEAST_BEFORE, _MOST_BEFORE)
        now = current_awareness(history, response, prior_mean=prior, kappa=kappa)
        alpha[chosen], beta[chosen], pace[:, chosen] = now.alpha, now.beta, now.pace
    return alpha, beta


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


def _history(evidence: Evidence, work: _Work, chosen: IntArray, begin: int, keep: float) -> "History":
    """
    Return what happened to the chosen units from their first push on; earlier surveys stand before it, aged.

    Where s of n knew, and a share k of them still does, it is as if s of n / k had been asked: the share is right, and
    for small shares its variance too.
    """
    from fieldops.awareness import History

    position = np.full(len(work.people), -1)
    position[chosen] = np.arange(len(chosen))
    table = np.zeros((len(chosen), evidence.today - begin + 1))
    mine = (position[work.unit] >= 0) & (work.day >= begin) & (work.day <= evidence.today)
    np.add.at(table, (position[work.unit[mine]], work.day[mine] - begin), work.hours[mine])
    here = position[evidence.unit] >= 0
    at = np.maximum(evidence.day[here] - begin, 0)
    after = evidence.after_push[here] & (evidence.day[here] >= begin)
    aged = evidence.asked[here] / keep ** np.maximum(begin - evidence.day[here], 0)
    return History(
        work.people[chosen], table, None, position[evidence.unit[here]], at, after, evidence.knows[here], aged
    )


def _triangles(
    evidence: Evidence, known: StreetAwareness, points: StreetAwareness, inherited: FloatArray, interval: float
) -> GroupAwareness:
    """
    Return the triangles: by their connection point where it was measured, else by their streets, weighed by people.

    `inherited` is the standard deviation that each street has from its triangle: the streets share that error.
    """
    of, count = evidence.triangle, evidence.triangles
    weight = _weights(evidence.people, of, count)
    variance = known.share * (1 - known.share) / (known.alpha + known.beta + 1)
    own = np.maximum(variance - inherited**2, 0.0)
    spread = _sums(weight**2 * own, of, count) + _sums(weight * inherited, of, count) ** 2
    knows = _sums(known.knows, of, count).astype(np.int64) + points.knows
    asked = _sums(known.asked, of, count).astype(np.int64) + points.asked
    found = _group(knows, asked, _sums(weight * known.share, of, count), spread, interval)
    figures = (
        np.where(points.measured, here, there)
        for here, there in ((points.share, found.share), (points.low, found.low), (points.high, found.high))
    )
    return GroupAwareness(knows, asked, *figures)


def _zones(
    evidence: Evidence, every: StreetAwareness, pushed: BoolArray, pooled: "PooledAwareness", knows: FloatArray,
    asked: FloatArray, interval: float,
) -> GroupAwareness:  # fmt: skip
    """
    Return the zones: what a sample of their streets says of those nobody pushed, and each pushed street for itself.

    Streets of a zone are alike beyond their triangles, so their errors do not average out as if independent: the mean of
    the unpushed is estimated as one figure, with the uncertainty of a cluster sample.
    """
    of, count, streets = evidence.zone, evidence.zones, len(evidence.streets)
    units = np.concatenate([of, evidence.point_zone])
    mean, doubt = pooled.pool.triangle_posterior(knows, asked, units, count)
    share = every.share[:streets]
    variance = share * (1 - share) / (every.alpha[:streets] + every.beta[:streets] + 1)
    weight = _weights(evidence.people, of, count) * pushed[:streets]
    rest = 1 - _sums(weight, of, count)
    total_knows, total_asked = (_sums(n, units, count).astype(np.int64) for n in (every.knows, every.asked))
    spread = rest**2 * doubt + _sums(weight**2 * variance, of, count)
    return _group(total_knows, total_asked, rest * mean + _sums(weight * share, of, count), spread, interval)


def _weights(people: FloatArray, group: IntArray, groups: int) -> FloatArray:
    return np.asarray(people / np.bincount(group, people, groups)[group])


def _sums(values: FloatArray | IntArray, group: IntArray, groups: int) -> FloatArray:
    return np.asarray(np.bincount(group, values, groups), dtype=np.float64)


def _group(
    knows: IntArray, asked: IntArray, share: FloatArray, variance: FloatArray, interval: float
) -> GroupAwareness:
    from fieldops.awareness import posterior_interval

    inside = np.clip(share, 1e-9, 1 - 1e-9)
    weight = np.maximum(inside * (1 - inside) / np.maximum(variance, 1e-12) - 1, 1e-3)
    return GroupAwareness(knows, asked, share, *posterior_interval(inside * weight, (1 - inside) * weight, interval))
