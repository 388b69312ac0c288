"""
What hours will do: how many bring a street to the target, or to the decision *move on*, with a stated probability.

Everything depends on the *dose* (effective contacts per person of a typical street, rho h / N), so that one small table over
(awareness, dose) serves every street, and a street's forecast is its posterior times that table.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from fieldops.awareness.counting import FloatArray, IntArray
from fieldops.awareness.dynamics import Response
from fieldops.awareness.stopping import R50, CountRule
from fieldops.errors import BadInput

LEAST_SURVEYS = 10.0  # somebody has to ask: no card decides before, and a street of few people is no free visit
_BLOCK = 4096  # streets at a time: some 10 MB
_STEP = 0.125
_SHARES = 1.0 / (1.0 + np.exp(-np.arange(-12.0, 4.0, _STEP)))
_FINEST_DOSE, _DOSE_STEP = 1e-4, 0.04  # from the second on each dose is e^0.04 times the one before
CHANCE_DOSES = np.concatenate([[0.0], np.geomspace(0.004, 2.5, 48)])
_DOSES = np.concatenate([[0.0], _FINEST_DOSE * np.exp(_DOSE_STEP * np.arange(319))])
_PACES, _PACE_WEIGHTS = np.polynomial.hermite_e.hermegauss(25)
_PACE_WEIGHTS = _PACE_WEIGHTS / _PACE_WEIGHTS.sum()
# When tests fall, as shares of the pushing: on arrival, after the planned hours, and once more with the reserve spent.
_TESTS = {1: (1.0,), 2: (0.75, 1.0), 3: (0.0, 0.75, 1.0)}


def _weights(alpha: FloatArray, beta: FloatArray) -> FloatArray:
    """Return the posterior on `_SHARES`, shape (n_streets, n_shares), rows summing to 1."""
    # Density on the logit scale, where the grid is even; whoever lies below it counts at its lower end.
    logs = alpha[:, None] * np.log(_SHARES) + beta[:, None] * np.log1p(-_SHARES)
    logs[:, 0] += np.log1p(1.0 / (alpha * _STEP))
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


@dataclass(frozen=True, slots=True)
class _Outcome:
    """P(finished) and the expected surveys for a street at each of `_SHARES` now and each of `_DOSES`."""

    finished: FloatArray
    surveys: FloatArray


@lru_cache(maxsize=64)
def _reaching(response: Response, target: float) -> _Outcome:
    """Return the outcome that the street is truly at target right after the push; a first look is asked to see it."""
    needed = np.maximum(np.log1p(-_SHARES) - np.log1p(-target), 0.0)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.log(_DOSES / needed) - response.tau**2 / 2
        finished = special.ndtr(room / response.spread) if response.spread else (room >= 0.0).astype(np.float64)
    finished = np.where(needed == 0.0, 1.0, finished)
    return _Outcome(finished, np.full_like(finished, LEAST_SURVEYS))


def _evening(days: int, part: float, response: Response) -> FloatArray:
    """Return awareness when `part` of the doses has been given, spread over `days`; shape (shares, doses, paces)."""
    rates = np.exp(response.spread * _PACES - response.tau**2 / 2)
    daily = (_DOSES[:, None] * rates / days)[None]
    unaware: FloatArray = np.broadcast_to(1.0 - _SHARES[:, None, None], (len(_SHARES), len(_DOSES), len(_PACES)))
    whole, rest = divmod(part * days, 1.0)
    for day in range(int(whole)):
        unaware = unaware * np.exp(-daily)
        if day + 1 < days:  # a night lies between two days of pushing; after the last one nobody waits
            unaware = response.delta + (1.0 - response.delta) * unaware
    return np.asarray(1.0 - unaware * np.exp(-rest * daily))


@lru_cache(maxsize=64)  # a table is 0.7 MB; simulations ask for the same one day after day
def _tested(response: Response, rule: CountRule, tests: int, days: int) -> _Outcome:
    """Return the outcome that one of the tests says *move on*; each is made where the ones before did not."""
    grid = np.linspace(0.0, 1.0, 1001)
    move_on, asked = rule.move_on_curve(grid), rule.surveys_curve(grid)
    still: FloatArray = np.ones((len(_SHARES), len(_DOSES), len(_PACES)))
    surveys = np.zeros(still.shape[:2])
    for part in _TESTS[tests]:
        share = _evening(days, part, response)
        surveys += (still * np.interp(share, grid, asked)) @ _PACE_WEIGHTS
        still = still * (1.0 - np.interp(share, grid, move_on))
    return _Outcome(1.0 - still @ _PACE_WEIGHTS, surveys)


def _streets(*columns: ArrayLike) -> list[FloatArray]:
    """Return the columns as floats of one shape (n_streets,); alpha, beta and people must be positive."""
    arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(column, dtype=np.float64)) for column in columns))
    for name, values in zip(("alpha", "beta", "people"), arrays, strict=False):
        wrong = ~(values > 0)
        if wrong.any():
            raise BadInput(f"{name} must be above 0, not {values[wrong][0]}", row=int(np.argmax(wrong)), field=name)
    return [np.asarray(values) for values in arrays]


def _outcomes(
    people: FloatArray, response: Response, rule: CountRule, target: float, tests: int, days: FloatArray,
    head_count_below: float,
) -> Iterator[tuple[_Outcome, IntArray]]:  # fmt: skip
    """Yield the table of each kind of street with the streets that it serves, in blocks that fit the memory."""
    if tests not in _TESTS:
        raise BadInput(f"{tests} tests within one claim are not allowed", cure="give 1, 2 or 3", field="tests")
    if np.any((days < 1) | (days != np.floor(days))):
        raise BadInput("days of pushing are whole numbers from 1 on", field="days")
    # RULE 9: a small street has no test of its own: heads are counted.
    small = people < head_count_below
    kinds = [(_reaching(response, target), np.flatnonzero(small))] if small.any() else []
    kinds += [
        (_tested(response, rule, tests, int(count)), np.flatnonzero(~small & (days == count)))
        for count in np.unique(days[~small])
    ]
    for outcome, chosen in kinds:
        for start in range(0, len(chosen), _BLOCK):
            yield outcome, chosen[start : start + _BLOCK]


def _first_place(probability: FloatArray, wanted: float) -> FloatArray:
    """Return where along `_DOSES` each row reaches the wanted probability; inf where it never does."""
    rising = np.maximum.accumulate(probability, axis=1)
    above = rising >= wanted
    after = np.argmax(above, axis=1)
    place = _between(rising, after, np.full(len(rising), wanted))
    return np.where(above.any(axis=1), place, np.inf)


def _last_place(hours: FloatArray, most: FloatArray) -> FloatArray:
    """Return how far along `_DOSES` so many hours go, in rows of `_hours_by_dose`; 0 where they go nowhere."""
    most = most * (1.0 + 1e-9)  # where a row is level the last bit of the hours shall not decide
    above = hours > most[:, None]
    after = np.argmax(above, axis=1)
    return np.where(above.any(axis=1), _between(hours, after, most), len(_DOSES) - 1.0)


def _between(table: FloatArray, after: IntArray, wanted: FloatArray) -> FloatArray:
    """Return the place at or before column `after` at which each row, not falling, takes the wanted value."""
    before, rows = np.maximum(after - 1, 0), np.arange(len(table))
    low, high = table[rows, before], table[rows, after]
    return np.where(
        after == 0, 0.0, before + np.where(high > low, (wanted - low) / np.maximum(high - low, 1e-300), 1.0)
    )


def _at_place(table: FloatArray, place: FloatArray) -> FloatArray:
    """Return each row of the table at its own place along `_DOSES`; inf beyond its end."""
    inside = np.where(np.isfinite(place), place, 0.0)
    before = np.minimum(inside.astype(np.int64), len(_DOSES) - 2)
    part, rows = inside - before, np.arange(len(place))
    found = table[rows, before] * (1.0 - part) + table[rows, before + 1] * part
    return np.where(np.isfinite(place), found, np.inf)


def _hours_by_dose(surveys: FloatArray, hours_per_dose: FloatArray, survey_minutes: float) -> FloatArray:
    """
    Return the hours, pushing and asking, that reach each of `_DOSES` or more, shape (n_streets, n_doses).

    A stronger push may spare more asking than it costs (streets of few people, long surveys): then it is the cheaper way to
    the weaker one too. Rows therefore never fall, and hours and probability are each other's inverse.
    """
    spent = hours_per_dose[:, None] * _DOSES + surveys * (survey_minutes / 60.0)
    return np.asarray(np.minimum.accumulate(spent[:, ::-1], axis=1)[:, ::-1])


def hours_at_probability(
    alpha: ArrayLike, beta: ArrayLike, people: ArrayLike, response: Response, *, target: float = 0.2,
    probability: ArrayLike,
) -> FloatArray:  # fmt: skip
    """
    Return the promoter-hours in one go that bring each street truly to the target with the stated probability.

    Parameters
    ----------
    alpha, beta
        Beta posterior of each street's awareness now, shape (n_streets,), > 0.
    people
        People who can be met on the street, shape (n_streets,), > 0; divided by its factor where that is known.
    response
        How streets answer effort; the factor of the street and the uncertainty of rho are averaged over.
    target
        Share to reach, in (0, 1).
    probability
        In (0, 1): 0.1 and 0.9 are the ends of the 80 % interval, 0.5 is the median.

    Returns
    -------
    FloatArray
        Hours, shape (n_streets,); 0 where the street is at target already with that probability.

    Raises
    ------
    BadInput
        If a number is outside its range; the message names the first offending street.

    Notes
    -----
    P(at target | h) = E Phi((ln(rho h / N) - ln ln((1 - a) / (1 - t)) - tau^2 / 2) / spread) over the posterior of a;
    within about 0.2 % of exact.
    """
    a, b, n, wanted = _streets(alpha, beta, people, probability)
    if not 0.0 < target < 1.0 or np.any(~((wanted > 0.0) & (wanted < 1.0))):
        raise BadInput("target and probability lie strictly between 0 and 1", field="probability")
    outcome = _reaching(response, target)
    hours = np.empty(len(a))
    for level in np.unique(wanted):
        chosen = np.flatnonzero(wanted == level)
        for start in range(0, len(chosen), _BLOCK):
            some = chosen[start : start + _BLOCK]
            place = _first_place(_weights(a[some], b[some]) @ outcome.finished, float(level))
            hours[some] = _at_place(np.broadcast_to(_DOSES, (len(some), len(_DOSES))), place) * n[some] / response.rho
    return hours


def chance_by_dose(
    alpha: ArrayLike, beta: ArrayLike, response: Response, *, target: float, tau: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """
    Return P(truly at target) of each street after each of some doses, shape (n_streets, n_doses), and the doses, rising from 0.

    Parameters
    ----------
    alpha, beta
        Beta posterior of each street's awareness now, shape (n_streets,), > 0.
    response
        How streets answer effort; its tau is not used.
    target
        Share to reach, in (0, 1).
    tau
        Standard deviation of what is not known of each street's log factor, shape (n_streets,), >= 0. A dose is
        rho h / people, where the people are divided by the mean of the factor.
    """
    a, b = (np.atleast_1d(np.asarray(column, dtype=np.float64)) for column in (alpha, beta))
    needed = np.maximum(np.log1p(-_SHARES) - np.log1p(-target), 0.0)
    weights = _weights(a, b)
    doses = CHANCE_DOSES[1:]
    unknown = np.asarray(tau, dtype=np.float64)[:, None]
    spread = np.sqrt(unknown**2 + max(response.spread**2 - response.tau**2, 0.0)) + 1e-9
    below = needed > 0.0
    # P(log dose + log factor >= log needed), the factor lognormal with mean 1.
    margin = np.log(doses)[None, :, None] - np.log(needed[below])[None, None, :] - unknown[:, :, None] ** 2 / 2
    reached = special.ndtr(margin / spread[:, :, None])
    chance = np.einsum("ijk,ik->ij", reached, weights[:, below]) + weights[:, ~below].sum(axis=1)[:, None]
    start = weights[:, ~below].sum(axis=1)[:, None]
    return np.hstack([start, chance]), CHANCE_DOSES


def hours_for_finish(
    alpha: ArrayLike, beta: ArrayLike, people: ArrayLike, response: Response, rule: CountRule = R50, *,
    target: float = 0.2, probability: float = 0.8, days: ArrayLike = 1, tests: int = 3, survey_minutes: float = 1.5,
    head_count_below: float = 200.0,
) -> FloatArray:  # fmt: skip
    """
    Return the promoter-hours, pushing and asking, after which the decision *move on* has fallen with that probability.

    Parameters
    ----------
    alpha, beta, people, response
        As in `hours_at_probability`.
    rule
        The card of the street's test.
    target
        Share at which streets without a test of their own are finished, in (0, 1).
    probability
        In (0, 1): at least so often a claim with these hours ends saturated.
    days
        Days over which the pushing is spread evenly, whole, >= 1, shape (n_streets,) or a scalar; what is forgotten in the
        nights between costs hours.
    tests
        1: after the hours; 2: after three quarters and after all of them; 3: also on arrival. RULE 9 allows no more.
    survey_minutes
        Promoter-minutes per survey.
    head_count_below
        Streets of fewer people have no test (RULE 9): they are finished when truly at target, and a first look is asked.

    Returns
    -------
    FloatArray
        Hours, shape (n_streets,); inf where no effort suffices. What is *not* promised: that the street is truly at target
        (see `probability_at_least`; a test errs with its stated errors), and walking.

    Raises
    ------
    BadInput
        If a number is outside its range; the message names the first offending street.

    Notes
    -----
    P(finished | h) = E [1 - prod over the tests of P(push on | awareness then)], over the posterior of awareness now and the
    street factor; the card's characteristic is exact. Asking is the expected number of surveys of the tests that are made.
    """
    a, b, n, over = _streets(alpha, beta, people, days)
    if not 0.0 < target < 1.0 or not 0.0 < probability < 1.0 or survey_minutes < 0:
        raise BadInput("target and probability lie strictly between 0 and 1", field="probability")
    hours = np.empty(len(a))
    for outcome, some in _outcomes(n, response, rule, target, tests, over, head_count_below):
        weights = _weights(a[some], b[some])
        spent = _hours_by_dose(weights @ outcome.surveys, n[some] / response.rho, survey_minutes)
        hours[some] = _at_place(spent, _first_place(weights @ outcome.finished, probability))
    return hours


def finish_probability(
    alpha: ArrayLike, beta: ArrayLike, people: ArrayLike, hours: ArrayLike, response: Response, rule: CountRule = R50, *,
    target: float = 0.2, days: ArrayLike = 1, tests: int = 3, survey_minutes: float = 1.5,
    head_count_below: float = 200.0,
) -> FloatArray:  # fmt: skip
    """
    Return the probability that the decision *move on* falls within a claim of so many promoter-hours.

    The inverse of `hours_for_finish`, where all parameters are told: `hours` holds pushing and asking, and more hours never
    make a finish less likely. Hours that do not even pay the asking push nothing, and the tests are made all the same.

    Returns
    -------
    FloatArray
        Probability, shape (n_streets,).

    Raises
    ------
    BadInput
        If a number is outside its range; the message names the first offending street.
    """
    a, b, n, given, over = _streets(alpha, beta, people, hours, days)
    if survey_minutes < 0:
        raise BadInput("a survey cannot take less than no time", field="survey_minutes")
    if np.any(~(given >= 0)):
        raise BadInput("hours cannot be negative", row=int(np.argmax(~(given >= 0))), field="hours")
    result = np.empty(len(a))
    for outcome, some in _outcomes(n, response, rule, target, tests, over, head_count_below):
        weights = _weights(a[some], b[some])
        spent = _hours_by_dose(weights @ outcome.surveys, n[some] / response.rho, survey_minutes)
        finished = np.maximum.accumulate(weights @ outcome.finished, axis=1)
        result[some] = _at_place(finished, _last_place(spent, given[some]))
    return result


def hours_until_finish(
    alpha: ArrayLike, beta: ArrayLike, people: ArrayLike, response: Response, rule: CountRule = R50, *,
    target: float = 0.2, days: ArrayLike = 1, tests: int = 3, survey_minutes: float = 1.5,
    head_count_below: float = 200.0,
) -> FloatArray:  # fmt: skip
    """
    Return the mean of the promoter-hours after which the decision *move on* falls.

    Hours h of which `finish_probability` says P are enough with probability P: this is the mean of that distribution. Hours of
    several streets that are worked by one crew add up, and what one street takes more another takes less. Parameters as there.

    Returns
    -------
    FloatArray
        Hours, shape (n_streets,); what the largest push does not finish counts as finished by it.

    Raises
    ------
    BadInput
        If a number is outside its range; the message names the first offending street.
    """
    a, b, n, over = _streets(alpha, beta, people, days)
    if survey_minutes < 0:
        raise BadInput("a survey cannot take less than no time", field="survey_minutes")
    mean = np.empty(len(a))
    for outcome, some in _outcomes(n, response, rule, target, tests, over, head_count_below):
        weights = _weights(a[some], b[some])
        spent = _hours_by_dose(weights @ outcome.surveys, n[some] / response.rho, survey_minutes)
        finished = np.maximum.accumulate(weights @ outcome.finished, axis=1)
        finished[:, -1] = 1.0
        steps, middle = np.diff(finished, axis=1), (spent[:, 1:] + spent[:, :-1]) / 2.0
        mean[some] = finished[:, 0] * spent[:, 0] + (steps * middle).sum(axis=1)
    return mean
