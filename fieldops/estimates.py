"""
What is known of every street and connection point now: all surveys that count, carried on to today by the effort since.

The model is that of `fieldops.awareness.dynamics` (statistics.md 4.2): pushes raise awareness on a street and a little on
its neighbours, nights fade it everywhere.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from fieldops.evidence import (
    HORIZON_DAYS,
    BoolArray,
    Evidence,
    FloatArray,
    IntArray,
    Work,
    arrival_counts,
    breadth_of,
    history_of,
    pace_of,
    sums_of,
    weights_of,
    work_of,
)
from fieldops.ids import StreetId
from fieldops.said import Said, template

if TYPE_CHECKING:
    from fieldops.awareness import Pool, Response

_LEAST_BEFORE, _MOST_BEFORE = 0.002, 0.9  # awareness before a push that the prior may claim
_TOGETHER_DAYS = 10
_FEW_TRIANGLES = 8  # with fewer nobody can say how far triangles lie apart
_NOBODY_ASKED = template("Nobody was asked yet: awareness is assumed everywhere.")
_FEW_ASKED = template(
    "Only %(answers_n)s answers at %(measured_n)s of %(triangles_n)s triangles so far: elsewhere awareness is little more than assumed."
)


@dataclass(frozen=True, slots=True)
class StreetAwareness:
    """
    The awareness of every street today, all arrays in the order of `street`.

    `knows` of `asked` is what was counted; `alpha`, `beta` the Beta posterior, carried on to today; `share` its mean,
    `low` and `high` its interval (80 % unless the region's rules say otherwise). `pace` and `pace_deviation` are what is
    known of the street's factor, as a standard normal deviate (see `History`), and `factor` is how quickly it answers effort
    by that, 1 where nothing is known: forecasts take it as so many fewer people, people / factor. RULE 12: where `measured` is False the
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
    factor: FloatArray
    pace: FloatArray
    pace_deviation: FloatArray

    def take(self, rows: IntArray) -> Self:
        """Return the streets at these positions, in the order given."""
        names = [field.name for field in fields(self)][1:]
        return type(self)(tuple(self.street[row] for row in rows), *(getattr(self, name)[rows] for name in names))

    def faded(self, share: float) -> Self:
        """Return what is to be expected when only `share` of those who know now still does; counts and interval stay."""
        from fieldops.awareness import beta_of_moments

        variance = self.share * (1.0 - self.share) / (self.alpha + self.beta + 1.0)
        alpha, beta = beta_of_moments(self.share * share, variance * share**2)
        return replace(self, alpha=alpha, beta=beta, share=self.share * share)


@dataclass(frozen=True, slots=True)
class GroupAwareness:
    """Counts, and share of the people who know with its interval, of triangles or zones; shape (n_groups,)."""

    knows: IntArray
    asked: IntArray
    share: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True, slots=True)
class Basis:
    """On how many answers, at how many of all triangles, the belief about a city rests."""

    answers: int
    measured: int
    triangles: int

    @classmethod
    def of(cls, asked: Iterable[int]) -> Self:
        """Return the basis from the answers of each triangle."""
        every = list(asked)
        return cls(sum(every), sum(count > 0 for count in every), len(every))

    @property
    def warning(self) -> Said | None:
        """Return what is to be said where few triangles were measured, None where it is enough."""
        if self.measured >= min(_FEW_TRIANGLES, self.triangles):
            return None
        if not self.measured:
            return Said(_NOBODY_ASKED)
        return Said(_FEW_ASKED, answers_n=self.answers, measured_n=self.measured, triangles_n=self.triangles)


@dataclass(frozen=True, slots=True)
class Estimates:
    """
    Posteriors of streets, connection points, triangles and zones today, and the hours still to be expected.

    `hours_low` and `hours_high` are the hours at the ends of the interval of each street's awareness.
    """

    streets: StreetAwareness
    points: StreetAwareness
    triangles: GroupAwareness
    zones: GroupAwareness
    hours_to_target: FloatArray
    hours_low: FloatArray
    hours_high: FloatArray


def estimate(
    evidence: Evidence, response: "Response", *, target: float, interval: float, pools: Sequence["Pool | None"] = ()
) -> Estimates:
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
    pools
        What ties the streets of each city together, as of today; where one is missing it is fitted to the evidence. Cities know
        nothing of each other.
    """
    from fieldops.awareness import posterior_interval

    streets, units = len(evidence.streets), len(evidence.streets) + evidence.triangles
    of = np.concatenate([evidence.triangle, np.arange(evidence.triangles)])
    work = work_of(evidence, response)
    knows, asked = arrival_counts(evidence, work.first, response)
    breadth = breadth_of(evidence)
    city = evidence.city_of_triangle
    held = _pools(knows, asked, evidence, pools)
    mean, doubt = _each(held, city, lambda pool: pool.triangle_posterior(knows, asked, of, evidence.triangles, breadth))
    alpha, beta = _each(held, city[of], lambda pool: pool.street_posterior(knows, asked, mean[of], doubt[of], breadth))
    pace = pace_of(evidence, response)
    (weight,) = _each(held, city[of], lambda pool: (pool.prior_weight(mean[of], doubt[of], breadth),))
    _push(evidence, work, (alpha, beta, pace), mean[of], weight, response)
    total_knows, total_asked = (
        np.bincount(evidence.unit, counts, units).astype(np.int64) for counts in (evidence.knows, evidence.asked)
    )
    wanted = np.flatnonzero(_wanted(evidence))
    low, high = np.zeros(units), np.ones(units)
    low[wanted], high[wanted] = posterior_interval(alpha[wanted], beta[wanted], interval)
    names = (*evidence.streets, *(StreetId("") for _ in range(evidence.triangles)))
    every = StreetAwareness(
        names,
        total_knows,
        total_asked,
        alpha,
        beta,
        alpha / (alpha + beta),
        low,
        high,
        total_asked > 0,
        np.exp(response.tau * pace[0]),
        *pace,
    )
    known, points = every.take(np.arange(streets)), every.take(np.arange(streets, units))
    kappa = np.array([pool.kappa for pool in held])[city[of]]
    inherited = np.sqrt(doubt[of]) * kappa / (kappa + asked)
    worth, knowing = _each(
        held, city, lambda pool: pool.triangle_surveys(knows, asked, of, evidence.triangles, breadth)
    )
    city_of_zone = np.zeros(evidence.zones, dtype=np.int64)
    city_of_zone[evidence.point_zone] = city
    zone_mean, zone_doubt = _each(
        held, city_of_zone, lambda pool: pool.zone_posterior(worth, knowing, evidence.point_zone, evidence.zones)
    )
    return Estimates(
        known,
        points,
        _triangles(evidence, known, points, inherited[:streets], interval),
        _zones(evidence, every, work.first <= evidence.today, (zone_mean, zone_doubt), interval),
        *_expected_hours(known, evidence.people / known.factor, response, target, evidence.own),
    )


def fit_pools(evidence: Evidence, response: "Response") -> list["Pool"]:
    """Return what ties the streets of each city together as of today: see `fit_pool`."""
    work = work_of(evidence, response)
    return _pools(*arrival_counts(evidence, work.first, response), evidence, ())


def _pools(knows: FloatArray, asked: FloatArray, evidence: Evidence, known: Sequence["Pool | None"]) -> list["Pool"]:
    """Return what ties the units of each city together: as known, else from their counts before the first push."""
    from fieldops.awareness import fit_pool

    of, breadth = np.concatenate([evidence.triangle, np.arange(evidence.triangles)]), breadth_of(evidence)
    city, count = evidence.city_of_triangle[of], max(1, len(evidence.cities))
    return [
        pool or fit_pool(np.where(city == i, knows, 0.0), np.where(city == i, asked, 0.0), of, breadth)
        for i, pool in enumerate(known or [None] * count)
    ]


def _each(
    pools: Sequence["Pool"], city: IntArray, figures: Callable[["Pool"], tuple[FloatArray, ...]]
) -> tuple[FloatArray, ...]:
    """Return the columns that figures make of pools, each row by the pool of its city."""
    found = [figures(pool) for pool in pools]
    return tuple(np.stack(columns)[city, np.arange(len(city))] for columns in zip(*found, strict=True))


def _push(
    evidence: Evidence, work: Work, known: tuple[FloatArray, FloatArray, FloatArray], mean: FloatArray,
    weight: FloatArray, response: "Response",
) -> None:  # fmt: skip
    """
    Replace alpha, beta and pace of pushed units; `mean`, worth `weight` surveys, is as if nobody had pushed.

    `pace` is brought up to what surveys after pushes say of the factors.
    """
    from fieldops.awareness import current_awareness

    touched = np.flatnonzero((work.first <= evidence.today) & _wanted(evidence))
    # Units whose first push fell into the same days go together, from the first of these days on.
    began = work.first[touched] // _TOGETHER_DAYS * _TOGETHER_DAYS
    began = np.maximum(began, evidence.today - HORIZON_DAYS + 1)
    for begin in np.unique(began):
        chosen = touched[began == begin]
        history = history_of(evidence, work, known[2], chosen, int(begin), 1 - response.delta)
        # The mean speaks of today, had nobody pushed: back then there was as much more as has been forgotten since, and
        # as much more doubt.
        left = (1 - response.delta) ** (evidence.today - begin + 1)
        prior = np.clip(mean[chosen] / left, _LEAST_BEFORE, _MOST_BEFORE)
        variance = mean[chosen] * (1 - mean[chosen]) / (weight[chosen] + 1) / left**2
        worth = np.maximum(prior * (1 - prior) / variance - 1, 1.0)
        now = current_awareness(history, response, prior_mean=prior, kappa=worth)
        for column, figures in zip(known, (now.alpha, now.beta, now.pace), strict=True):
            column[..., chosen] = figures


def _wanted(evidence: Evidence) -> BoolArray:
    """Return which units are to be estimated: the streets' own first ones, and every connection point."""
    streets = len(evidence.streets)
    units = np.arange(streets + evidence.triangles)
    return np.asarray((units < (streets if evidence.own is None else evidence.own)) | (units >= streets))


def _expected_hours(
    known: StreetAwareness, people: FloatArray, response: "Response", target: float, own: int | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """
    Return the hours still to be expected over each street's posterior, and those at the ends of its interval.

    Not at the posterior's mean: doubt costs hours too.
    """
    from fieldops.awareness import expected_dose, hours_to_target

    def hours(awareness: FloatArray) -> FloatArray:
        return np.asarray(hours_to_target(awareness, people[:own], response, target))

    expected, low, high = np.zeros((3, len(people)))
    expected[:own] = people[:own] / response.rho * expected_dose(known.alpha[:own], known.beta[:own], target)
    low[:own], high[:own] = hours(known.high[:own]), hours(known.low[:own])
    return expected, low, high


def _triangles(
    evidence: Evidence, known: StreetAwareness, points: StreetAwareness, inherited: FloatArray, interval: float
) -> GroupAwareness:
    """
    Return the triangles: by their connection point where it was measured, else by their streets, weighed by people.

    `inherited` is the standard deviation that each street has from its triangle: the streets share that error.
    """
    of, count = evidence.triangle, evidence.triangles
    weight = weights_of(evidence.people, of, count)
    variance = known.share * (1 - known.share) / (known.alpha + known.beta + 1)
    own = np.maximum(variance - inherited**2, 0.0)
    spread = sums_of(weight**2 * own, of, count) + sums_of(weight * inherited, of, count) ** 2
    knows = sums_of(known.knows, of, count).astype(np.int64) + points.knows
    asked = sums_of(known.asked, of, count).astype(np.int64) + points.asked
    found = _group(knows, asked, sums_of(weight * known.share, of, count), spread, interval)
    figures = (
        np.where(points.measured, here, there)
        for here, there in ((points.share, found.share), (points.low, found.low), (points.high, found.high))
    )
    return GroupAwareness(knows, asked, *figures)


def _zones(
    evidence: Evidence,
    every: StreetAwareness,
    pushed: BoolArray,
    by_zone: tuple[FloatArray, FloatArray],
    interval: float,
) -> GroupAwareness:
    """
    Return the zones: what a sample of their streets says of those nobody pushed, and each pushed street for itself.

    Streets of a zone are alike beyond their triangles, so their errors do not average out as if independent: the mean of
    the unpushed is estimated as one figure, with the uncertainty of a cluster sample.
    """
    of, count, streets = evidence.zone, evidence.zones, len(evidence.streets)
    units = np.concatenate([of, evidence.point_zone])
    mean, doubt = by_zone
    share = every.share[:streets]
    variance = share * (1 - share) / (every.alpha[:streets] + every.beta[:streets] + 1)
    weight = weights_of(evidence.people, of, count) * pushed[:streets]
    rest = 1 - sums_of(weight, of, count)
    total_knows, total_asked = (sums_of(n, units, count).astype(np.int64) for n in (every.knows, every.asked))
    spread = rest**2 * doubt + sums_of(weight**2 * variance, of, count)
    return _group(total_knows, total_asked, rest * mean + sums_of(weight * share, of, count), spread, interval)


def _group(
    knows: IntArray, asked: IntArray, share: FloatArray, variance: FloatArray, interval: float
) -> GroupAwareness:
    from fieldops.awareness import posterior_interval

    inside = np.clip(share, 1e-9, 1 - 1e-9)
    weight = np.maximum(inside * (1 - inside) / np.maximum(variance, 1e-12) - 1, 1e-3)
    return GroupAwareness(knows, asked, share, *posterior_interval(inside * weight, (1 - inside) * weight, interval))
