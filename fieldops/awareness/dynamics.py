"""How hours become awareness and how it fades: one day, the hours still needed, the hours that hold it (4.2, 4.3)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse, special

from fieldops.awareness.counting import FloatArray
from fieldops.errors import BadInput

Neighbours: TypeAlias = Any  # a square matrix (dense or scipy.sparse), or one sequence of neighbours per street

# How each fitted number is laid out on the real line, where its uncertainty is about normal: (there, back).
SCALES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "rho": (np.log, np.exp),
    "delta": (special.logit, special.expit),
    "sigma": (lambda sigma: special.logit(sigma / 2), lambda x: 2 * special.expit(x)),
    "mu": (special.logit, special.expit),
    "kappa": (np.log, np.exp),
    "tau": (np.log, np.exp),
}
_Z80 = float(special.ndtri(0.9))


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """
    How streets answer effort. The defaults are ASSUMED: no field data yet (statistics.md 4.2).

    Parameters
    ----------
    rho
        New-person-effective contacts per promoter-hour on a typical street, > 0.
    delta
        Share of those who know that forgets overnight, in [0, 1).
    sigma
        Hours that an hour on a street is worth to all its neighbours together, in [0, 2).
    tau
        Spread of the street factor: a street's own rate is rho exp(tau z - tau^2 / 2), z standard normal; >= 0.
    mu, kappa
        Awareness before the first push ~ Beta(mu kappa, (1 - mu) kappa) over the streets; 0 < mu < 1, kappa > 0.
    covariance
        Of (rho, delta, sigma, mu, kappa, tau), each on its scale in `SCALES`, shape (6, 6); None where assumed.

    Raises
    ------
    BadInput
        If a number is outside its range.
    """

    rho: float = 12.0
    delta: float = 0.03
    sigma: float = 0.3
    tau: float = 0.35
    mu: float = 0.07
    kappa: float = 25.0
    covariance: tuple[tuple[float, ...], ...] | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be meant."""
        lawful = {
            "rho": self.rho > 0, "delta": 0 <= self.delta < 1, "sigma": 0 <= self.sigma < 2, "tau": self.tau >= 0,
            "mu": 0 < self.mu < 1, "kappa": self.kappa > 0,
            "covariance": self.covariance is None or np.shape(self.covariance) == (len(SCALES), len(SCALES)),
        }  # fmt: skip
        for field, fits in lawful.items():
            if not fits:
                raise BadInput(f"a response cannot have {field} = {getattr(self, field)}", field=field)

    @property
    def assumed(self) -> bool:
        """Whether the numbers are assumptions, not fitted to the record."""
        return self.covariance is None

    def deviation(self, name: str) -> float:
        """Return the standard deviation of a number on its scale in `SCALES`; 0 where it is assumed."""
        place = list(SCALES).index(name)
        return 0.0 if self.covariance is None else float(np.sqrt(self.covariance[place][place]))

    @property
    def spread(self) -> float:
        """Standard deviation of the logarithm of a street's rate: its own factor and the uncertainty of `rho`."""
        return float(np.hypot(self.tau, self.deviation("rho")))

    def in_doubt(self, doubt: float) -> "Response":
        """
        Return the response where the people of streets are known within a factor e^doubt (standard deviation of the log).

        Only people / rho matters, so that their error is one more street factor; the median street stays as it is. A
        fitted response has it in its tau already.
        """
        tau = float(np.hypot(self.tau, doubt))
        return replace(self, tau=tau, rho=float(self.rho * np.exp((tau**2 - self.tau**2) / 2.0)))

    def on_scales(self) -> FloatArray:
        """Return (rho, delta, sigma, mu, kappa, tau), each on its scale in `SCALES`."""
        return np.array([there(getattr(self, name)) for name, (there, _) in SCALES.items()])

    @classmethod
    def from_scales(cls, numbers: FloatArray) -> Self:
        """Return the response whose `on_scales` these are, without uncertainty."""
        rho, delta, sigma, mu, kappa, tau = (
            float(back(x)) for (_, back), x in zip(SCALES.values(), numbers, strict=True)
        )
        return cls(rho=rho, delta=delta, sigma=sigma, tau=tau, mu=mu, kappa=kappa)

    def alternatives(self, names: Sequence[str] = tuple(SCALES)) -> list["Response"]:
        """
        Return responses, equally likely, whose mean and covariance of these numbers are, on the scales, those of this one.

        The corners of a regular simplex, one more than names; the response alone where it is assumed. What is computed for
        each and then mixed has the uncertainty of the fit in it.
        """
        if self.covariance is None:
            return [self]
        places = [list(SCALES).index(name) for name in names]
        size = len(places)
        # Rows of an orthonormal basis of the vectors that sum to zero, stretched to unit covariance over the corners.
        centred = np.eye(size + 1) - 1.0 / (size + 1)
        basis = np.linalg.svd(centred)[0][:, :size] * np.sqrt(size + 1)
        root = np.linalg.cholesky(np.array(self.covariance)[np.ix_(places, places)] + 1e-12 * np.eye(size))
        corners = np.tile(self.on_scales(), (size + 1, 1))
        corners[:, places] += basis @ root.T
        return [self.from_scales(corner) for corner in corners]

    def interval(self, name: str) -> tuple[float, float] | None:
        """Return the 80 % interval of `rho`, `delta`, `sigma`, `mu`, `kappa` or `tau`; None where it is assumed."""
        if self.covariance is None:
            return None
        there, back = SCALES[name]
        centre, reach = there(getattr(self, name)), _Z80 * self.deviation(name)
        return float(back(centre - reach)), float(back(centre + reach))

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """
        Return the response that `to_json` wrote; what is absent takes its default.

        Raises
        ------
        BadInput
            If a name is unknown or a value has the wrong type.
        """
        unknown = set(stored) - {field.name for field in fields(cls)}
        if unknown:
            raise BadInput(f"a response has no {sorted(unknown)[0]}", field=sorted(unknown)[0])
        try:
            made = cls(**stored)
            rows = made.covariance
            return replace(made, covariance=None if rows is None else tuple(tuple(row) for row in rows))
        except TypeError as error:
            raise BadInput(f"these are not the numbers of a response: {error}") from None


def _shares(awareness: ArrayLike) -> FloatArray:
    """Return awareness as floats, refusing what is no share."""
    shares = np.asarray(awareness, dtype=np.float64)
    wrong = ~((shares >= 0.0) & (shares <= 1.0))
    if wrong.any():
        raise BadInput(f"an awareness of {shares[wrong].flat[0]} is outside [0, 1]", row=_first(wrong))
    return shares


def _positive(values: ArrayLike, noun: str) -> FloatArray:
    numbers = np.asarray(values, dtype=np.float64)
    wrong = ~(numbers > 0)
    if wrong.any():
        raise BadInput(f"{noun} must be above 0, not {numbers[wrong].flat[0]}", row=_first(wrong))
    return numbers


def _first(wrong: ArrayLike) -> int | None:
    places = np.flatnonzero(wrong)
    return int(places[0]) if np.ndim(wrong) else None


def _target(target: float) -> float:
    if not 0.0 < target < 1.0:
        raise BadInput(f"a target of {target} is not strictly between 0 and 1", field="target")
    return target


def spill_weights(neighbours: Neighbours, streets: int) -> sparse.csr_array:
    """
    Return the spill-over weights W: an hour on street j is worth sigma W_ij hours to its neighbour i, W_ij = A_ij / deg(j).

    Parameters
    ----------
    neighbours
        Adjacency of the streets: a square matrix (dense or sparse; non-zero = neighbours), or one sequence of indices of
        neighbours per street.
    streets
        Number of streets.

    Raises
    ------
    BadInput
        If the shape does not fit the streets or a street is its own neighbour.
    """
    if not sparse.issparse(neighbours):
        rows: Sequence[Sequence[int]] = list(neighbours)
        lengths = {len(row) for row in rows}
        # No street has as many neighbours as there are streets: such rows are those of a matrix.
        neighbours = np.array(rows) if lengths == {streets} else _matrix_of_lists(rows, streets)
    if neighbours.shape != (streets, streets):
        raise BadInput(f"neighbours of shape {neighbours.shape} do not fit {streets} streets")
    adjacency = sparse.csr_array(neighbours, dtype=np.float64, copy=True)  # never the caller's
    adjacency.sum_duplicates()
    adjacency.eliminate_zeros()
    adjacency.data[:] = 1.0
    if adjacency.diagonal().any():
        raise BadInput("a street is its own neighbour", row=_first(adjacency.diagonal() != 0))
    part = 1.0 / np.bincount(adjacency.indices, minlength=streets)[adjacency.indices]
    return sparse.csr_array((part, adjacency.indices, adjacency.indptr), shape=(streets, streets))


def _matrix_of_lists(rows: Sequence[Sequence[int]], streets: int) -> sparse.csr_array:
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows], dtype=np.int64)])
    columns = np.array([column for row in rows for column in row], dtype=np.int64)
    if len(rows) != streets or (columns.size and not 0 <= columns.min() <= columns.max() < streets):
        raise BadInput(f"the neighbours of {len(rows)} streets do not fit {streets} streets")
    return sparse.csr_array((np.ones(len(columns)), columns, starts), shape=(streets, streets))


def effective_hours(hours: ArrayLike, neighbours: Neighbours | None, response: Response) -> FloatArray:
    """Return the hours that each street feels: its own and what spills over, u = h + sigma W h; shape (n_streets, ...)."""
    own = np.asarray(hours, dtype=np.float64)
    if np.any(~(own >= 0.0)):
        raise BadInput("hours cannot be negative", row=_first((~(own >= 0.0)).reshape(len(own), -1).any(axis=1)))
    if neighbours is None or response.sigma == 0.0:
        return own
    return np.asarray(own + response.sigma * (spill_weights(neighbours, len(own)) @ own))


def next_day(
    awareness: ArrayLike, hours: ArrayLike, people: ArrayLike, neighbours: Neighbours | None, response: Response, *,
    factors: ArrayLike = 1.0,
) -> FloatArray:  # fmt: skip
    """
    Return each street's awareness on the next morning.

    Parameters
    ----------
    awareness
        Share of people who know this morning, shape (n_streets,), in [0, 1].
    hours
        Promoter-hours worked on each street today, shape (n_streets,), >= 0.
    people
        People who can be met on the street, shape (n_streets,), > 0.
    neighbours
        Adjacency of the streets (see `spill_weights`), or None for no spill-over.
    response
        How streets answer effort.
    factors
        Street factors by which rho is multiplied, shape (n_streets,), > 0.

    Returns
    -------
    FloatArray
        Share of people who know after today's push and one night of forgetting, shape (n_streets,).

    Raises
    ------
    BadInput
        If an input is outside its range; the message names the first offending street.

    Notes
    -----
    Vidale & Wolfe (1957) in discrete days; statistics.md 4.2.
    """
    share, reach = _shares(awareness), _positive(people, "people")
    dose = response.rho * np.asarray(factors) * effective_hours(hours, neighbours, response) / reach
    return np.asarray((1.0 - response.delta) * (share - (1.0 - share) * np.expm1(-dose)))


def forecast_share(awareness: ArrayLike, days: ArrayLike, response: Response) -> FloatArray:
    """Return the awareness after so many nights without a push, a (1 - delta)^days; shapes broadcast."""
    return np.asarray(_shares(awareness) * (1.0 - response.delta) ** np.asarray(days, dtype=np.float64))


def share_to_outlast(days: ArrayLike, response: Response, target: float = 0.2) -> FloatArray:
    """Return the awareness at which to leave so that it is still at target after so many nights without a push."""
    return np.asarray(_target(target) / (1.0 - response.delta) ** np.asarray(days, dtype=np.float64))


def hours_to_target(awareness: ArrayLike, people: ArrayLike, response: Response, target: float = 0.2) -> FloatArray:
    """
    Return the promoter-hours that still bring each street to the target awareness in one go.

    Parameters
    ----------
    awareness
        Share of people who know now, shape (n_streets,), in [0, 1].
    people
        People who can be met on the street, shape (n_streets,), > 0.
    response
        How streets answer effort.
    target
        Share to reach, in (0, 1).

    Returns
    -------
    FloatArray
        Hours, shape (n_streets,); 0 where the target is met already. For a street of typical rate: over the street
        factor their median is e^(tau^2 / 2) and their mean e^(tau^2) times as many; `hours_at_probability` gives any
        quantile, over the uncertainty of the awareness as well.

    Raises
    ------
    BadInput
        If an input is outside its range; the message names the first offending street.

    Notes
    -----
    H = (N / rho) ln((1 - a) / (1 - t)); Vidale & Wolfe (1957), solved for the effort.
    """
    share, reach = _shares(awareness), _positive(people, "people")
    with np.errstate(divide="ignore"):  # ln 0 where everybody knows: no hours
        return np.asarray(reach / response.rho * np.maximum(np.log1p(-share) - np.log1p(-_target(target)), 0.0))[()]


def days_to_target(
    awareness: ArrayLike, people: ArrayLike, response: Response, target: float = 0.2, *, hours_per_day: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """
    Return the days and the promoter-hours to the target where each street gets `hours_per_day` every day.

    It forgets every night, so that few hours a day cost more in all and may never get there: concentrate, do not drip.

    Returns
    -------
    tuple of FloatArray
        Days (whole numbers, the last one in part) and hours, shape (n_streets,); 0 where the target is met already, inf
        where forgetting outruns the effort.

    Raises
    ------
    BadInput
        If an input is outside its range; the message names the first offending street.

    Notes
    -----
    Statistics.md 4.3: x_k = x* + (phi q)^(k-1) (x_1 - x*) at the end of day k, q = e^(-rho h / N), phi = 1 - delta.
    """
    share, reach, a_day, goal = np.broadcast_arrays(
        _shares(awareness), _positive(people, "people"), _positive(hours_per_day, "hours a day"), _target(target)
    )
    fade = 1.0 - response.delta
    kept = np.exp(-response.rho * a_day / reach)
    first = 1.0 - (1.0 - share) * kept
    with np.errstate(divide="ignore", invalid="ignore"):  # streets that never arrive are replaced below
        limit = (1.0 - kept) / (1.0 - fade * kept)
        # A day that ends at the target up to the last bits has reached it.
        more = np.ceil(np.log((limit - goal) / (limit - first)) / np.log(fade * kept) - 1e-9)
        more = np.where(first >= goal, 0.0, more)
        evening = limit + (fade * kept) ** (more - 1.0) * (first - limit)
        morning = np.where(more == 0.0, share, fade * evening)
        hours = more * a_day + reach / response.rho * (np.log1p(-morning) - np.log1p(-goal))
    never = (first < goal) & ((limit <= goal) | ~np.isfinite(more))
    met = share >= goal
    days = np.where(met, 0.0, np.where(never, np.inf, more + 1.0))
    return days[()], np.where(met, 0.0, np.where(never, np.inf, hours))[()]


def hours_to_hold(people: ArrayLike, response: Response, target: float = 0.2) -> FloatArray:
    """Return the promoter-hours a day that hold each street at the target against forgetting; shape (n_streets,)."""
    faded = (1.0 - response.delta) * _target(target)
    return np.asarray(_positive(people, "people") / response.rho * (np.log1p(-faded) - np.log1p(-target)))[()]
