"""
Candidates per promoter-hour: what a street, a venue, a crew, an hour of the day brings, pooled because each has few data.

Counts are Poisson with a rate of their own; the rates of one sort come from one gamma distribution, whose spread is fitted
to all of them (negative binomial likelihood). What has few hours is drawn to the mean of its sort, and its interval is wide.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import gammaincinv, gammaln

FloatArray = NDArray[np.float64]
_LEAST_SHAPE, _MOST_SHAPE = 0.05, 1e4


@dataclass(frozen=True, slots=True)
class Worked:
    """One place, crew or hour of the day: its candidates and the promoter-hours worked there; `hours` >= 0."""

    name: str
    candidates: int
    hours: float


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
class Pool:
    """The gamma distribution of a sort's rates: mean (candidates per hour) and shape (large: all alike)."""

    mean: float
    shape: float


def fit_pool(worked: Sequence[Worked]) -> Pool | None:
    """
    Return the pool of rates, None where nobody worked or nobody came.

    The mean is all candidates over all hours; the shape has the largest negative binomial likelihood, given the mean.

    Notes
    -----
    Efron & Morris (1973); Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.7.
    """
    counts = np.array([one.candidates for one in worked if one.hours > 0], dtype=np.float64)
    hours = np.array([one.hours for one in worked if one.hours > 0], dtype=np.float64)
    if not len(counts) or counts.sum() <= 0:
        return None
    mean = float(counts.sum() / hours.sum())
    if len(counts) < 3:
        return Pool(mean, 1.0)  # too few to tell how unlike they are: as unlike as an exponential

    def unlikelihood(log_shape: float) -> float:
        shape = np.exp(log_shape)
        rate = shape / mean
        return -float(np.sum(
            gammaln(counts + shape) - gammaln(shape) + shape * np.log(rate) - (counts + shape) * np.log(rate + hours)
        ))  # fmt: skip

    found = minimize_scalar(unlikelihood, bounds=(np.log(_LEAST_SHAPE), np.log(_MOST_SHAPE)), method="bounded")
    return Pool(mean, float(np.exp(found.x)))


def estimate_yields(worked: Sequence[Worked], share: float, pool: Pool | None = None) -> tuple[Yield, ...]:
    """
    Return every rate with its interval of that share (equal tails of the gamma posterior), in the order given.

    Without a pool it is fitted to what is given; where none can be fitted there is nothing to tell, and no yield.
    """
    pool = pool or fit_pool(worked)
    if pool is None:
        return ()
    shape = pool.shape + np.array([one.candidates if one.hours > 0 else 0 for one in worked], dtype=np.float64)
    rate = pool.shape / pool.mean + np.array([one.hours for one in worked], dtype=np.float64)
    low, high = (gammaincinv(shape, tail) / rate for tail in ((1 - share) / 2, (1 + share) / 2))
    means = shape / rate
    return tuple(
        Yield(one.name, one.candidates, one.hours, float(means[i]), float(low[i]), float(high[i]),
              one.candidates / one.hours if one.hours > 0 else None)
        for i, one in enumerate(worked)
    )  # fmt: skip
