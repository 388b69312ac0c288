"""
Candidates per promoter-hour: what a street, a venue, a crew, an hour of the day brings, pooled because each has few data.

Counts are Poisson with a rate of their own; the rates of one sort come from one gamma distribution, whose mean and
spread are learnt from all of them. What has few hours is drawn to the mean of its sort, and its interval is wide.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, gammaln

from fieldops.recruiting.funnel import Interval, wilson

FloatArray = NDArray[np.float64]
_PRIOR_SCALE = 0.7
_HARDLY_ANY = 20.0  # a low end so many times below the rate says nothing


@dataclass(frozen=True, slots=True)
class Worked:
    """
    One place, crew, day or hour of the day: who came from there, and the promoter-hours worked there, >= 0.

    Of the `candidates`, `signed` ever became sellers and `active` ever active ones; `due` are to be called today.
    """

    name: str
    candidates: int
    hours: float
    signed: int = 0
    active: int = 0
    due: int = 0


@dataclass(frozen=True, slots=True)
class Yield:
    """Candidates per promoter-hour: the shrunk rate with its interval, and the plain ratio (None without hours)."""

    name: str
    candidates: int
    hours: float
    rate: float
    low: float
    high: float
    plain: float | None


@dataclass(frozen=True, slots=True)
class Brought:
    """
    What one place, crew, day, hour of the day or poster brought, and what it cost.

    `rate` to `plain` are candidates per unit as in `Yield`; the unit is a promoter-hour, of posters one poster. Money is in
    yuan; it is unknown where no hours are recorded.
    """

    name: str
    candidates: int
    hours: float
    rate: float
    low: float
    high: float
    plain: float | None
    signed: int
    active: int
    due: int
    signed_share: Interval
    active_share: Interval
    cost: float | None
    yuan_per_candidate: Interval
    yuan_per_active: Interval


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """
    What is known of a sort's rates: `mean` candidates an hour, and `spread`, the rates' standard deviation over their mean.

    Both are averages (the mean a geometric one) over what the data leave possible: `means`, `spreads` with their `weights`, each of shape (n,).
    """

    mean: float
    spread: float
    means: FloatArray
    spreads: FloatArray
    weights: FloatArray

    def mean_interval(self, share: float) -> tuple[float, float]:
        """Return the interval of that share (equal tails) in which the mean lies, even in its logarithm between the grid's points."""
        means, place = np.unique(self.means, return_inverse=True)
        if len(means) == 1:
            return float(means[0]), float(means[0])
        mass, points = np.bincount(place, weights=self.weights), np.log(means)
        middles = (points[1:] + points[:-1]) / 2
        edges = np.concatenate([[2 * points[0] - middles[0]], middles, [2 * points[-1] - middles[-1]]])
        below = np.concatenate([[0.0], np.cumsum(mass)])
        low, high = np.exp(np.interp([(1 - share) / 2, (1 + share) / 2], below, edges))
        return float(low), float(high)


def fit_pool(worked: Sequence[Worked]) -> Pool | None:
    """
    Return the pool of rates, None where nobody worked or nobody came.

    Mean and spread are not taken for known: a grid of both is weighed by the negative binomial likelihood, with a half-Cauchy
    prior on the spread (scale 0.7) and a flat one on the logarithm of the mean. So few places do not pretend to be all alike.

    Notes
    -----
    Gelman (2006), Bayesian Analysis 1(3), on priors for the spread of a group; Efron & Morris (1973).
    """
    counts = np.array([one.candidates for one in worked if one.hours > 0], dtype=np.float64)
    hours = np.array([one.hours for one in worked if one.hours > 0], dtype=np.float64)
    if not len(counts) or counts.sum() <= 0:
        return None
    spreads = np.geomspace(0.05, 3.0, 18)
    middle, width = np.log(counts.sum() / hours.sum()), np.sqrt(1 / counts.sum() + 1 / len(counts))
    means = np.exp(middle + width * np.linspace(-2.5, 2.5, 11))
    prior = np.log(spreads) - np.log1p(
        (spreads / _PRIOR_SCALE) ** 2
    )  # the first term: the grid is even in its logarithm
    weights = np.empty((len(spreads), len(means)))
    for i, spread in enumerate(spreads):
        shape = 1 / spread**2
        own = float(np.sum(gammaln(counts + shape) - gammaln(shape)))
        rate = shape / means[:, None]
        rest = len(counts) * shape * np.log(rate[:, 0]) - ((counts + shape) * np.log(rate + hours)).sum(axis=1)
        weights[i] = own + rest + prior[i]
    weights = np.exp(weights - weights.max())
    weights /= weights.sum()
    grid_means, grid_spreads = np.tile(means, len(spreads)), np.repeat(spreads, len(means))
    flat = weights.reshape(-1)
    kept = flat > 1e-6 * flat.max()
    flat, grid_means, grid_spreads = flat[kept] / flat[kept].sum(), grid_means[kept], grid_spreads[kept]
    return Pool(float(np.exp(flat @ np.log(grid_means))), float(flat @ grid_spreads), grid_means, grid_spreads, flat)


def estimate_yields(worked: Sequence[Worked], share: float, pool: Pool | None = None) -> tuple[Yield, ...]:
    """
    Return every rate with its interval of that share (equal tails), in the order given.

    The posterior is a mixture of gamma distributions over the pool's grid; its mean is exact, its interval is that of the
    gamma distribution with the same mean and variance. Without a pool it is fitted to what is given; where none can be
    fitted there is nothing to tell, and no yield.
    """
    pool = pool or fit_pool(worked)
    if pool is None:
        return ()
    counts = np.array([one.candidates if one.hours > 0 else 0 for one in worked], dtype=np.float64)
    hours = np.array([one.hours for one in worked], dtype=np.float64)
    first, second = np.zeros(len(worked)), np.zeros(len(worked))
    for mean, spread, weight in zip(pool.means, pool.spreads, pool.weights, strict=True):
        shape = counts + 1 / spread**2
        rate = hours + 1 / (spread**2 * mean)
        first += weight * shape / rate
        second += weight * shape * (shape + 1) / rate**2
    shape = first**2 / (second - first**2)
    low, high = (gammaincinv(shape, tail) * first / shape for tail in ((1 - share) / 2, (1 + share) / 2))
    return tuple(
        Yield(one.name, one.candidates, one.hours, float(first[i]), float(low[i]), float(high[i]),
              one.candidates / one.hours if one.hours > 0 else None)
        for i, one in enumerate(worked)
    )  # fmt: skip


def reckon(worked: Sequence[Worked], share: float, *, unit_cost: float) -> tuple[Brought, ...]:
    """
    Return what everything brought and cost, in the order given, with intervals of that share; nothing where nobody came.

    Parameters
    ----------
    worked
        Who came from where; `hours` are units: promoter-hours, or 1 for a poster.
    share
        Share of the intervals, in (0, 1).
    unit_cost
        Yuan that a unit costs.
    """
    yields = estimate_yields(worked, share)
    active = {one.name: one for one in estimate_yields([Worked(w.name, w.active, w.hours) for w in worked], share)}
    return tuple(
        Brought(
            one.name, one.candidates, one.hours, one.rate, one.low, one.high, one.plain, it.signed, it.active, it.due,
            wilson(it.signed, it.candidates, share), wilson(it.active, it.candidates, share),
            it.hours * unit_cost if it.hours > 0 else None, _price(one, unit_cost), _price(active.get(one.name), unit_cost),
        )
        for one, it in zip(yields, worked, strict=bool(yields))
    )  # fmt: skip


def _price(one: Yield | None, unit_cost: float) -> Interval:
    """Return what one more costs at a rate; without a bound above where so few came that hardly any rate is too low."""
    if one is None or one.hours <= 0:
        return Interval(None, None, None)
    bounded = one.low * _HARDLY_ANY > one.rate
    return Interval(unit_cost / one.rate, unit_cost / one.high, unit_cost / one.low if bounded else None)
