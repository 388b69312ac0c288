"""How many people know on each street: surveys of street, triangle and city pooled in closed form, with an interval."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from fieldops.awareness.counting import FloatArray, IntArray
from fieldops.awareness.dynamics import Response
from fieldops.errors import BadInput

_LEAST_STREETS = 8  # with fewer measured streets their spread cannot be estimated
_FEW_STREETS_KAPPA = 30.0
_RHO_RANGE = (0.005, 0.5)
# What is thought of a correlation before the data speak, for the width of intervals only: 1 / 31 (kappa = 30), as much off.
_RHO_BEFORE = 1.0 / (1.0 + _FEW_STREETS_KAPPA)
_NODES, _NODE_WEIGHTS = (
    (np.polynomial.legendre.leggauss(16)[0] + 1.0) / 2.0,
    np.polynomial.legendre.leggauss(16)[1] / 2.0,
)


@dataclass(frozen=True, slots=True)
class Correlation:
    """How alike two answers of one group are: the clipped moment estimate, and the one that intervals are as wide as."""

    rho: float
    cautious: float

    @property
    def kappa(self) -> float:
        """Surveys that the mean of the groups is worth in each group."""
        return 1.0 / self.rho - 1.0

    @property
    def cautious_kappa(self) -> float:
        """The same where the estimate itself is uncertain: intervals are not narrower than that."""
        return 1.0 / self.cautious - 1.0


@dataclass(frozen=True, slots=True)
class Pool:
    """
    What ties the streets together. It moves slowly: until it is made anew a survey touches its street and its triangle.

    Parameters
    ----------
    city
        Awareness of the city, in [0, 1].
    streets
        Correlation of two answers on one street beyond their triangle's mean.
    kappa
        Surveys that a triangle's mean is worth on each of its streets.
    triangles
        Correlation of two answers in one triangle beyond the city's mean.
    doubt
        Variance of `city`: after a few surveys little is known of the places where nobody was asked.
    """

    city: float
    streets: Correlation
    kappa: float
    triangles: Correlation
    doubt: float = 0.0

    def faded(self, share: float) -> "Pool":
        """Return the pool when only `share` of those who knew still does."""
        return replace(self, city=self.city * share, doubt=self.doubt * share**2)

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the pool that `to_json` wrote."""
        streets, triangles = (Correlation(**stored[name]) for name in ("streets", "triangles"))
        doubt = stored.get("doubt", 0.0)  # pools of old records had none
        return cls(city=stored["city"], streets=streets, kappa=stored["kappa"], triangles=triangles, doubt=doubt)

    def triangle_surveys(
        self, knows: FloatArray, asked: FloatArray, triangle: IntArray, triangles: int, breadth: ArrayLike = 1.0
    ) -> tuple[FloatArray, FloatArray]:
        """Return the effective surveys of each triangle, and those times its share, shape (triangles,)."""
        rho = np.asarray(1.0 / (1.0 + self.streets.kappa * np.asarray(breadth, dtype=np.float64)))
        return effective_surveys(knows, asked, triangle, triangles, rho)

    def triangle_posterior(
        self, knows: FloatArray, asked: FloatArray, triangle: IntArray, triangles: int, breadth: ArrayLike = 1.0
    ) -> tuple[FloatArray, FloatArray]:
        """
        Return mean and variance of each triangle's awareness, shape (triangles,); the city's where nobody was asked.

        `breadth` says how many streets' people each unit mixes; see `fit_pool`.
        """
        weight, total = self.triangle_surveys(knows, asked, triangle, triangles, breadth)
        return self._posterior(weight, total)

    def zone_posterior(
        self, weight: FloatArray, total: FloatArray, zone: IntArray, zones: int
    ) -> tuple[FloatArray, FloatArray]:
        """
        Return mean and variance of each zone's awareness, shape (zones,), with the doubt of a sample of its triangles.

        `weight` and `total` are the effective surveys of each triangle, and those times its share; see `effective_surveys`.
        """
        above, below = effective_surveys(total, weight, zone, zones, self.triangles.rho)[::-1]
        return self._posterior(below, above)

    def _posterior(self, weight: FloatArray, total: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return mean and variance of groups by their effective surveys, the doubt of the city's own mean included."""
        held = self.triangles.kappa
        mean = (held * self.city + total) / (held + weight)
        own = mean * (1.0 - mean) / (self.triangles.cautious_kappa + weight + 1.0)
        return mean, own + self.doubt * (held / (held + weight)) ** 2

    def street_posterior(
        self, knows: FloatArray, asked: FloatArray, mean: FloatArray, variance: FloatArray, breadth: ArrayLike = 1.0
    ) -> tuple[FloatArray, FloatArray]:
        """
        Return alpha and beta of each street's posterior; `mean` and `variance` are those of its triangle, per street.

        Its mean is (kappa m + s) / (kappa + n). Its width also has what the triangle's mean and kappa are in doubt.
        """
        wide = np.asarray(breadth, dtype=np.float64)
        kappa = self.kappa * wide
        expected = (kappa * mean + knows) / (kappa + asked)
        own = expected * (1.0 - expected) / (min(self.kappa, self.streets.cautious_kappa) * wide + asked + 1.0)
        inherited = variance * (kappa / (kappa + asked)) ** 2
        return beta_of_moments(expected, own + inherited)

    def prior_weight(self, mean: FloatArray, variance: FloatArray, breadth: ArrayLike = 1.0) -> FloatArray:
        """Return the surveys that its triangle's mean is worth on a unit of which nothing is known, its doubt included."""
        spread = mean * (1.0 - mean)
        own = spread / (min(self.kappa, self.streets.cautious_kappa) * np.asarray(breadth, dtype=np.float64) + 1.0)
        return np.asarray(np.maximum(spread / np.maximum(own + variance, 1e-15) - 1.0, 1.0))


def effective_surveys(
    knows: FloatArray, asked: FloatArray, triangle: IntArray, triangles: int, rho: float | FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return each triangle's effective number of surveys W_T = sum n / (1 + (n - 1) rho), and W_T times its share."""
    per_survey = 1.0 / (1.0 + (np.maximum(asked, 1.0) - 1.0) * rho)
    weight: FloatArray = np.bincount(triangle, per_survey * asked, triangles).astype(np.float64)
    total: FloatArray = np.bincount(triangle, per_survey * knows, triangles).astype(np.float64)
    return weight, total


def beta_of_moments(mean: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return alpha and beta of the Beta distributions with these means, in (0, 1), and variances."""
    inside = np.clip(mean, 1e-9, 1.0 - 1e-9)
    weight = np.maximum(inside * (1.0 - inside) / np.maximum(variance, 1e-15) - 1.0, 1e-3)
    return inside * weight, (1.0 - inside) * weight


@dataclass(frozen=True, slots=True)
class PooledAwareness:
    """
    The estimate of every street. RULE 12: unmeasured is unknown; no mean is to be shown without its interval.

    Parameters
    ----------
    pool
        What ties the streets together.
    triangle_mean
        Awareness of each triangle, shape (n_triangles,).
    alpha, beta
        Beta posterior of each street, shape (n_streets,): the prior of its triangle where it is unmeasured.
    measured
        Whether anybody was asked on the street, shape (n_streets,).
    """

    pool: Pool
    triangle_mean: FloatArray
    alpha: FloatArray
    beta: FloatArray
    measured: NDArray[np.bool_]

    @property
    def city(self) -> float:
        """Awareness of the city."""
        return self.pool.city

    @property
    def rho(self) -> float:
        """Correlation of two answers on one street, beyond its triangle."""
        return self.pool.streets.rho

    @property
    def kappa(self) -> float:
        """Surveys that a triangle's mean is worth on a street."""
        return self.pool.kappa

    @property
    def street_mean(self) -> FloatArray:
        """Posterior mean of each street."""
        return np.asarray(self.alpha / (self.alpha + self.beta))

    def interval(self, share: float = 0.80) -> tuple[FloatArray, FloatArray]:
        """Return the central posterior interval of each street, by default the 80 % one."""
        return posterior_interval(self.alpha, self.beta, share)

    def probability_at_least(self, target: float = 0.2) -> FloatArray:
        """Return P(awareness >= target) of each street."""
        return probability_at_least(self.alpha, self.beta, target)


def posterior_interval(alpha: FloatArray, beta: FloatArray, share: float = 0.80) -> tuple[FloatArray, FloatArray]:
    """Return the central interval that holds `share` of each Beta posterior; shapes as given."""
    tail = (1.0 - share) / 2.0
    return np.asarray(special.betaincinv(alpha, beta, tail)), np.asarray(special.betainccinv(alpha, beta, tail))


def probability_at_least(alpha: FloatArray, beta: FloatArray, target: float = 0.2) -> FloatArray:
    """Return P(awareness >= target) under each Beta posterior; shapes as given."""
    return np.asarray(special.betaincc(alpha, beta, target))


def expected_shortfall(alpha: FloatArray, beta: FloatArray, target: float = 0.2) -> FloatArray:
    """
    Return E max(0, target - awareness) under each Beta posterior: the share of people still to be told; shapes as given.

    It is above 0 wherever the street may be below the target, though its mean lies above.
    """
    mean = alpha / (alpha + beta)
    below = target * special.betainc(alpha, beta, target) - mean * special.betainc(alpha + 1.0, beta, target)
    return np.asarray(np.maximum(below, 0.0))


def expected_dose(alpha: FloatArray, beta: FloatArray, target: float = 0.2) -> FloatArray:
    """
    Return E max(0, ln((1 - awareness) / (1 - target))) under each Beta posterior: effective contacts per person to the target.

    Notes
    -----
    Integrated by parts: the integral of P(awareness <= a) / (1 - a) over a from 0 to the target, by 16 nodes of Gauss.
    """
    dose = np.zeros(np.shape(alpha))
    for node, weight in zip(_NODES, _NODE_WEIGHTS, strict=True):
        share = target * node
        dose += target * weight * special.betainc(alpha, beta, share) / (1.0 - share)
    return dose


def pool_streets(
    knows: ArrayLike, asked: ArrayLike, triangle: ArrayLike | None = None, *, prior: Response | None = None
) -> PooledAwareness:
    """
    Return the awareness of every street, shrunk towards its triangle and that towards the city.

    Pool only what is comparable: surveys made before the first push. What was asked later tells of the push as well;
    see `current_awareness`. Quarantined surveys are left out by the caller (RULE 13).

    Parameters
    ----------
    knows, asked
        Surveys answered "knows", and surveys answered, per street, shape (n_streets,).
    triangle
        Index 0 .. n_triangles - 1 of each street's triangle, shape (n_streets,); None for a single level.
    prior
        Gives mean and weight where nobody was asked at all; by default the assumed response.

    Returns
    -------
    PooledAwareness
        City, rho, kappa, triangle means and each street's posterior with its interval.

    Raises
    ------
    BadInput
        If more people know than were asked, or the shapes differ; the message names the first offending street.

    Notes
    -----
    Kleinman (1973), two levels: statistics.md 3.4. Closed form: 50,000 streets take some milliseconds.
    """
    s, n = np.asarray(knows, dtype=np.float64), np.asarray(asked, dtype=np.float64)
    if s.ndim != 1 or s.shape != n.shape:
        raise BadInput(f"knows has shape {s.shape}, asked {n.shape}", cure="give one count per street")
    wrong = ~((s >= 0) & (s <= n))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise BadInput(f"{s[row]:g} of {n[row]:g} asked cannot know", row=row)
    of = np.zeros(len(s), dtype=np.int64) if triangle is None else np.asarray(triangle, dtype=np.int64)
    if of.shape != s.shape or (of.size and of.min() < 0):
        raise BadInput(f"triangle has shape {of.shape}, knows {s.shape}", cure="give one triangle index per street")
    if triangle is None:
        return _pool_one_level(s, n, of, prior or Response())
    pool = _fit_pool(s, n, of, prior or Response())
    mean, variance = pool.triangle_posterior(s, n, of, int(of.max(initial=-1)) + 1)
    return PooledAwareness(pool, mean, *pool.street_posterior(s, n, mean[of], variance[of]), n > 0)


def _pool_one_level(s: FloatArray, n: FloatArray, of: IntArray, prior: Response) -> PooledAwareness:
    total = float(n.sum())
    correlation = _moments(s, n, of)
    kappa = _usable_kappa(correlation, n, prior)
    city = float(s.sum()) / total if total else prior.mu
    effective = float(effective_surveys(s, n, of, 1, correlation.rho)[0][0])
    doubt = np.full(len(s), city * (1.0 - city) / (effective + 1.0) if total else 0.0)
    pool = Pool(city, correlation, kappa, correlation)
    posterior = pool.street_posterior(s, n, np.full(len(s), city), doubt)
    return PooledAwareness(pool, np.array([city]), *posterior, n > 0)


def _usable_kappa(correlation: Correlation, asked: FloatArray, prior: Response) -> float:
    measured = int(np.sum(asked > 0))
    if measured == 0:
        return prior.kappa
    return correlation.kappa if measured >= _LEAST_STREETS else _FEW_STREETS_KAPPA


def _fit_pool(s: FloatArray, n: FloatArray, triangle: IntArray, prior: Response) -> Pool:
    streets = _moments(s, n, triangle)
    kappa = _usable_kappa(streets, n, prior)
    weight, total = effective_surveys(s, n, triangle, int(triangle.max(initial=-1)) + 1, streets.rho)
    measured = weight > 0
    city = float(total.sum() / weight.sum()) if measured.any() else prior.mu
    triangles = _moments(total[measured], weight[measured], np.zeros(int(measured.sum()), dtype=np.int64))
    return Pool(city, streets, kappa, triangles)


def _moments(s: FloatArray, n: FloatArray, group: IntArray) -> Correlation:
    """Return the correlation inside streets, pooled over the groups, from sums per group (statistics.md 3.4)."""
    count: FloatArray = np.bincount(group, n > 0).astype(np.float64)
    asked, knows = np.bincount(group, n), np.bincount(group, s)
    many = np.maximum(asked, 1e-300)
    mean = knows / many
    spread = np.bincount(group, s * s / np.maximum(n, 1e-300)) - knows * mean  # sum of n (s/n - mean)^2
    binomial = mean * (1.0 - mean)
    free = np.maximum(count - 1.0, 0.0)
    scale = np.where(count > 0, asked - np.bincount(group, n * n) / many - free, 0.0)
    evidence = float(np.sum(scale * binomial))
    low, high = _RHO_RANGE
    if evidence <= 0.0:
        return Correlation(low, _RHO_BEFORE)
    rho = float(np.clip(np.sum(spread - free * binomial) / evidence, low, high))
    # Each group's spread is about chi-square with `free` degrees; weighing with the view before the data gives the width.
    expected = binomial * (free + rho * scale)
    error = float(np.sum(2.0 * expected**2 / np.maximum(free, 1.0))) / evidence**2
    cautious = (rho * _RHO_BEFORE**2 + _RHO_BEFORE * error) / (_RHO_BEFORE**2 + error)
    return Correlation(rho, max(rho, cautious))


def carry_forward(
    alpha: FloatArray, beta: FloatArray, dose: ArrayLike, response: Response, *, noise: float = 0.0004
) -> tuple[FloatArray, FloatArray]:
    """
    Return the posterior of tomorrow morning from that of this morning: today's push, then one night of forgetting.

    Parameters
    ----------
    alpha, beta
        Beta posterior of this morning, shape (n_streets,). A survey adds its knows to alpha and the others to beta.
    dose
        Effective contacts per person today, rho u / N with u of `effective_hours`, shape (n_streets,).
    response
        How streets answer effort.
    noise
        Variance that a day adds, for what the model does not know.

    Notes
    -----
    Statistics.md 4.4: mean and variance of the linear step, matched by a Beta. Good from day to day; over weeks, or where
    a street's own rate matters, use `current_awareness`.
    """
    mean = alpha / (alpha + beta)
    variance = mean * (1.0 - mean) / (alpha + beta + 1.0)
    keep = 1.0 - response.delta
    gain = np.asarray(dose, dtype=np.float64)
    slope = keep * np.exp(-gain)
    return beta_of_moments(-keep * np.expm1(-gain) + slope * mean, slope**2 * variance + noise)
