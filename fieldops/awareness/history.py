"""What was worked and asked on each street, and what it says of awareness now: old surveys carried on by the model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from fieldops.awareness.counting import FloatArray, IntArray
from fieldops.awareness.dynamics import Neighbours, Response, spill_weights
from fieldops.awareness.estimate import beta_of_moments
from fieldops.errors import BadInput

_BLOCK = 1024  # streets at a time: some 100 MB
_PACES, _PACE_WEIGHTS = np.polynomial.hermite_e.hermegauss(7)  # street factors, as standard normal deviates
_STEP = 0.2
_LOGITS = np.arange(-8.0, 2.5, _STEP)
STARTS: FloatArray = 1.0 / (1.0 + np.exp(-_LOGITS))  # awareness before the first push
LOG_PACE_WEIGHTS: FloatArray = np.log(_PACE_WEIGHTS / _PACE_WEIGHTS.sum())
PACES: FloatArray = _PACES
CONTACT_NOISE = 0.15
_COUNT_WORTH = 4.0  # promoter-hours that the assumption is worth
CONTACTS_PER_TOLD = 1.35  # conversations for each person who newly knows, before anything was counted (ASSUMED)


@dataclass(frozen=True, slots=True)
class History:
    """
    Hours and surveys of some consecutive days.

    Parameters
    ----------
    people
        People who can be met on each street, shape (n_streets,), > 0.
    hours
        Promoter-hours worked on each street on each day, shape (n_streets, n_days), >= 0.
    neighbours
        Adjacency of the streets (see `spill_weights`), or None for no spill-over.
    street, day
        Index of street and day of each group of surveys, shape (n_groups,).
    after_push
        Whether the group was asked after that day's push (True) or before it, shape (n_groups,).
    knows, asked
        Counts of each group, shape (n_groups,). Quarantined surveys are left out by the caller (RULE 13).
    pace
        Mean and standard deviation of each street's factor as a standard normal deviate, shape (2, n_streets); see
        `pace_of_contacts`. None: nothing is known of it, 0 and 1.
    beside
        What each street sees of its neighbours' hours, W h, shape of `hours`, where it is known already: for some streets
        out of a city, whose neighbours are elsewhere.

    Raises
    ------
    BadInput
        If shapes, indices or counts cannot be; the message names the first offending row.
    """

    people: FloatArray
    hours: FloatArray
    neighbours: Neighbours | None
    street: IntArray
    day: IntArray
    after_push: NDArray[np.bool_]
    knows: FloatArray
    asked: FloatArray
    pace: FloatArray | None = None
    beside: FloatArray | None = None

    def __post_init__(self) -> None:
        """Take anything like an array and refuse what cannot be."""
        kinds = {"people": float, "hours": float, "street": np.int64, "day": np.int64, "after_push": bool,
                 "knows": float, "asked": float}  # fmt: skip
        for name, kind in kinds.items():
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=kind))
        if self.hours.ndim != 2 or len(self.hours) != len(self.people) or np.any(~(self.people > 0)):
            raise BadInput(f"hours of shape {self.hours.shape} do not fit {len(self.people)} streets with people")
        if self.pace is not None and np.shape(self.pace) != (2, len(self.people)):
            raise BadInput(f"a pace of shape {np.shape(self.pace)} does not fit {len(self.people)} streets")
        if self.beside is not None and self.beside.shape != self.hours.shape:
            raise BadInput(f"neighbours' hours of shape {self.beside.shape} do not fit hours of {self.hours.shape}")
        if np.any(~(self.hours >= 0)):
            raise BadInput("hours cannot be negative", row=int(np.argmax(np.any(~(self.hours >= 0), axis=1))))
        if len({len(getattr(self, name)) for name in ("street", "day", "after_push", "knows", "asked")}) > 1:
            raise BadInput("the columns of the surveys differ in length")
        wrong = (self.street < 0) | (self.street >= len(self.people)) | (self.day < 0) | (self.day >= self.days)
        wrong |= ~((self.knows >= 0) & (self.knows <= self.asked))
        if wrong.any():
            raise BadInput("a group of surveys names no street or day, or more know than were asked",
                           row=int(np.argmax(wrong)))  # fmt: skip

    @property
    def days(self) -> int:
        """Return the number of days."""
        return int(self.hours.shape[1])

    def paces(self, streets: IntArray) -> FloatArray:
        """Return the deviates at which each of these streets is followed, shape (n, n_paces)."""
        if self.pace is None:
            return np.broadcast_to(PACES, (len(streets), len(PACES)))
        mean, deviation = np.asarray(self.pace)[:, streets, None]
        return np.asarray(mean + deviation * PACES)

    def spilled(self) -> FloatArray:
        """Return the neighbours' hours that each street sees, W h, shape of `hours`; sigma of them count."""
        if self.beside is not None:
            return self.beside
        if self.neighbours is None:
            return np.zeros_like(self.hours)
        weights: sparse.csr_array = spill_weights(self.neighbours, len(self.people))
        return np.asarray(weights @ self.hours)


class Lines(NamedTuple):
    """
    Ignorance at one moment is linear in that before the first push: 1 - a = slope (1 - a_0) + rise.

    Both of shape (4, n_streets, n_paces): the value, and its derivatives by the log of the rate, delta and sigma; of shape
    (1, n_streets, n_paces) where no derivatives are asked for.
    """

    slope: FloatArray
    rise: FloatArray


def follow(
    own: FloatArray, spilled: FloatArray, people: FloatArray, responses: Sequence[Response], paces: FloatArray,
    *, gradient: bool,
) -> Iterator[tuple[int, bool, Lines]]:  # fmt: skip
    """
    Yield day, whether after its push, and the lines then: mornings and evenings in turn, at last the coming morning.

    The lines of all streets under the first response come first, then under the second, and so on.

    Parameters
    ----------
    own, spilled
        The streets' own hours and what they see of their neighbours', shape (n_streets, n_days).
    people
        As in `History`.
    responses
        How streets may answer effort.
    paces
        Deviates of the street factor at which each street is followed, shape (n_streets, n_paces).
    gradient
        Whether the lines have their derivatives.
    """
    many = len(responses)
    rho, tau, sigma, delta = (
        np.repeat([getattr(one, name) for one in responses], len(people))[:, None]
        for name in ("rho", "tau", "sigma", "delta")
    )
    own, spilled = np.tile(own, (many, 1)), np.tile(spilled, (many, 1))
    rates = rho * np.exp(tau * np.tile(paces, (many, 1)) - tau**2 / 2) / np.tile(people, many)[:, None]
    slope: FloatArray = np.zeros((4 if gradient else 1, *rates.shape))
    rise = np.zeros_like(slope)
    slope[0] = 1.0
    keep = 1.0 - delta
    for day in range(own.shape[1]):
        yield day, False, Lines(slope, rise)
        by_sigma = rates * spilled[:, day, None]
        dose = rates * own[:, day, None] + sigma * by_sigma
        left = np.exp(-dose)
        slope, rise = slope * left, rise * left
        if gradient:
            for line in (slope, rise):
                line[1] -= line[0] * dose
                line[3] -= line[0] * by_sigma
        yield day, True, Lines(slope, rise)
        slope, rise = slope * keep, rise * keep
        if gradient:
            slope[2] -= slope[0] / keep
            rise[2] += 1.0 - rise[0] / keep
        rise[0] += delta
    yield own.shape[1], False, Lines(slope, rise)


def start_log_weights(mean: FloatArray, kappa: ArrayLike) -> FloatArray:
    """Return the log weights of `STARTS` under Beta(mean kappa, (1 - mean) kappa), shape (..., n_starts), summing to 1."""
    weight = np.asarray(kappa, dtype=np.float64)[..., None]
    a, b = np.asarray(mean)[..., None] * weight, (1.0 - np.asarray(mean)[..., None]) * weight
    # Density on the logit scale, where the grid is even; whoever lies below it counts at its lower end.
    logs = a * np.log(STARTS) + b * np.log1p(-STARTS)
    logs[..., 0] += np.log1p(1.0 / (a[..., 0] * _STEP))
    return np.asarray(logs - np.logaddexp.reduce(logs, axis=-1, keepdims=True))


def start_scores(mean: float, kappa: float) -> tuple[FloatArray, FloatArray]:
    """Return the derivatives of `start_log_weights` by alpha = mean kappa and beta, each of shape (n_starts,)."""
    weights = np.exp(start_log_weights(np.array(mean), kappa))
    by_alpha, by_beta = np.log(STARTS), np.log1p(-STARTS)
    alpha = mean * kappa
    by_alpha[0] -= 1.0 / (alpha * (1.0 + alpha * _STEP))
    return by_alpha - weights @ by_alpha, by_beta - weights @ by_beta


class CurrentAwareness(NamedTuple):
    """
    Each street on the coming morning, given all that was worked and asked.

    `alpha`, `beta`: Beta posterior. `factor`: its rate relative to a street of which nothing is known (1 where it was never
    pushed and asked); forecasts take it as so many fewer people, `people / factor`. `measured`: somebody was asked.
    `pace`: mean and standard deviation of the factor's standard normal deviate, shape (2, n_streets), as `History` takes it.
    """

    alpha: FloatArray
    beta: FloatArray
    factor: FloatArray
    measured: NDArray[np.bool_]
    pace: FloatArray


def current_awareness(
    history: History, response: Response, *, prior_mean: ArrayLike | None = None, kappa: ArrayLike | None = None
) -> CurrentAwareness:
    """
    Return each street's awareness on the morning after the history, all its surveys carried on by the model.

    Parameters
    ----------
    history
        Hours and surveys.
    response
        How streets answer effort; see `fit_response`.
    prior_mean
        Awareness expected before the first push, shape (n_streets,) or a scalar: triangle means of `pool_streets` on arrival
        surveys; by default the response's `mu`.
    kappa
        Surveys that the prior mean is worth, shape (n_streets,) or a scalar; by default the response's.

    Notes
    -----
    Exact up to quadrature: 53 starting shares x 7 street factors per street, mixed over the uncertainty of a fitted response.
    Linear in streets x days.
    """
    streets = len(history.people)
    # Where the start is told, what the response says of it does not matter, and tau is a matter of width only.
    guesses = response.alternatives() if prior_mean is None else response.alternatives(("rho", "delta", "sigma"))
    mean, weight = (
        np.array([np.broadcast_to(told if given is None else given, streets) for told in of_response], dtype=np.float64)
        for given, of_response in (
            (prior_mean, [guess.mu for guess in guesses]), (kappa, [guess.kappa for guess in guesses]),
        )
    )  # fmt: skip
    found, spilled = np.zeros((4, streets)), history.spilled()
    for chosen in blocks(np.arange(streets), len(guesses)):
        found[:, chosen] = _moments(history, spilled, chosen, guesses, mean[:, chosen], weight[:, chosen])
    first, second, pace, pace_square = found
    alpha, beta = beta_of_moments(first, second - first**2)
    measured = np.bincount(history.street, history.asked, streets) > 0
    deviation = np.sqrt(np.maximum(pace_square - pace**2, 1e-6))
    return CurrentAwareness(alpha, beta, np.exp(response.tau * pace), measured, np.array([pace, deviation]))


def _moments(
    history: History,
    spilled: FloatArray,
    chosen: IntArray,
    responses: Sequence[Response],
    mean: FloatArray,
    kappa: FloatArray,
) -> FloatArray:
    """
    Return the posterior means of awareness, of its square, of the factor's deviate and its square, shape (4, n_chosen).

    Each is the average over the responses; `mean` and `kappa` have the shape (n_responses, n_chosen).
    """
    log_weights, _, last = walk_block(history, spilled, chosen, responses, gradient=False)
    joint = log_weights + start_log_weights(mean.ravel(), kappa.ravel())[:, :, None] + LOG_PACE_WEIGHTS
    weights = np.exp(joint - joint.max(axis=(1, 2), keepdims=True))
    weights /= weights.sum(axis=(1, 2), keepdims=True)
    shares = 1.0 - (last.slope[0][:, None, :] * (1.0 - STARTS)[None, :, None] + last.rise[0][:, None, :])
    of_pace, paces = weights.sum(axis=1), np.tile(history.paces(chosen), (len(responses), 1))
    found = np.array(
        [
            np.einsum("ijk,ijk->i", weights, shares),
            np.einsum("ijk,ijk,ijk->i", weights, shares, shares),
            np.einsum("ik,ik->i", of_pace, paces),
            np.einsum("ik,ik->i", of_pace, paces**2),
        ]
    )
    return np.asarray(found.reshape(4, len(responses), -1).mean(axis=1))


def blocks(streets: IntArray, responses: int = 1) -> list[IntArray]:
    """Return the streets in blocks that fit the memory, each to be followed under so many responses."""
    size = max(1, _BLOCK // responses)
    return [streets[start : start + size] for start in range(0, len(streets), size)]


def walk_block(
    history: History, spilled: FloatArray, chosen: IntArray, responses: Sequence[Response], *, gradient: bool
) -> tuple[FloatArray, FloatArray, Lines]:
    """
    Return the log-likelihood of the chosen streets' surveys at each start and pace, its gradient, and the last lines.

    Returns
    -------
    tuple
        Log-likelihood of shape (n_responses x n_chosen, n_starts, n_paces), in the order of `follow`; its derivatives by the log
        of the rate, delta and sigma, shape (3, n_responses x n_chosen, n_starts, n_paces) or empty; lines on the coming morning.
    """
    place = np.full(len(history.people), -1)
    place[chosen] = np.arange(len(chosen))
    mine = np.flatnonzero((place[history.street] >= 0) & (history.asked > 0))
    moments = history.day[mine] * 2 + history.after_push[mine]
    order = mine[np.argsort(moments, kind="stable")]
    edges = np.searchsorted(np.sort(moments), np.arange(2 * history.days + 1))
    many = len(responses)
    shape = (many * len(chosen), len(STARTS), len(PACES))
    likelihood: FloatArray = np.zeros(shape)
    slopes: FloatArray = np.zeros((3, *shape) if gradient else (0,))
    ignorant = 1.0 - STARTS[None, :, None]
    lines = Lines(np.empty(0), np.empty(0))
    for day, after, lines in follow(
        history.hours[chosen], spilled[chosen], history.people[chosen], responses, history.paces(chosen),
        gradient=gradient,
    ):  # fmt: skip
        moment = 2 * day + after
        rows = order[edges[moment] : edges[moment + 1]] if day < history.days else order[:0]
        if not len(rows):
            continue
        at = (len(chosen) * np.arange(many)[:, None] + place[history.street[rows]]).ravel()
        not_knowing = lines.slope[0][at][:, None, :] * ignorant + lines.rise[0][at][:, None, :]
        share = np.clip(1.0 - not_knowing, 1e-12, 1.0 - 1e-12)
        s, n = (np.tile(counts[rows], many)[:, None, None] for counts in (history.knows, history.asked))
        np.add.at(likelihood, at, s * np.log(share) + (n - s) * np.log1p(-share))
        if gradient:
            by_share = s / share - (n - s) / (1.0 - share)
            for which in range(3):
                moved = lines.slope[1 + which][at][:, None, :] * ignorant + lines.rise[1 + which][at][:, None, :]
                np.add.at(slopes[which], at, -by_share * moved)
    return likelihood, slopes, lines


def conversations_per_hour(contacts: float, hours: float, response: Response) -> float:
    """Return the conversations that an hour gives on a typical street, from all that were counted, and before that as assumed."""
    assumed = _COUNT_WORTH * response.rho
    return (assumed * CONTACTS_PER_TOLD + contacts) / (_COUNT_WORTH + hours)


def pace_of_contacts(
    contacts: ArrayLike, expected: ArrayLike, response: Response, *, noise: float = CONTACT_NOISE
) -> FloatArray:
    """
    Return what counted conversations say of each street's factor: mean and standard deviation of its normal deviate.

    Parameters
    ----------
    contacts
        Conversations counted on each street, shape (n_streets,), >= 0.
    expected
        Conversations that as many hours give on a typical street, shape (n_streets,); 0 where nobody counted.
    response
        Gives the spread of the factors, tau.
    noise
        Standard deviation of the logarithm of conversations per person who newly knows, from street to street (ASSUMED).

    Returns
    -------
    FloatArray
        Shape (2, n_streets), as `History` takes it; (0, 1) where nobody counted.

    Notes
    -----
    log(contacts / expected) is about normal around log factor = tau z - tau^2 / 2 with variance 1 / contacts + noise^2. Of
    tau only what is assumed of streets' own rates shows in conversations: the rest is doubt of how many people there are.
    """
    counted, usual = np.asarray(contacts, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    wrong = ~((counted >= 0) & (usual >= 0))
    if wrong.any():
        raise BadInput("contacts cannot be negative", row=int(np.argmax(wrong)), field="contacts")
    shown, tau = min(response.tau, Response().tau) ** 2, max(response.tau, 1e-9)
    log_factor = np.log((counted + 0.5) / np.maximum(usual + 0.5, 0.5)) + shown / 2
    weight = np.where(usual > 0, shown / (shown + 1.0 / (counted + 0.5) + noise**2), 0.0)
    return np.array([weight * log_factor / tau, np.sqrt(1.0 - weight * shown / tau**2)])
