"""What the test is worth where its assumptions break, and what to report after it has stopped."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from fieldops.awareness.counting import Characteristic, FloatArray, count_stops, summarise
from fieldops.awareness.stopping import CountRule
from fieldops.errors import BadInput


def drifting_characteristic(
    rule: CountRule, share: float, per_survey: float, *, curtailed: bool = False
) -> Characteristic:
    """
    Return the characteristic where the share rises by `per_survey` with each survey, because people push while asking.

    The reason for RULE 9's order: measure, then push, and never pool one measurement across hours of pushing.
    """
    bounds = rule.curtailed_bounds if curtailed else rule.bounds
    return summarise(*count_stops(bounds, lambda n, _s: min(1.0, max(0.0, share + per_survey * n))))


def reasked_characteristic(
    rule: CountRule, present: int, knowing: int, *, informed: float, curtailed: bool = False
) -> Characteristic:
    """
    Return the characteristic where people may be asked again after they were pitched in this very test.

    Parameters
    ----------
    present
        People who can be met there now.
    knowing
        How many of them know before the test.
    informed
        Share of those who answered "does not know" who know from then on, in [0, 1].
    """
    if not 0 <= knowing <= present or present < 1 or not 0.0 <= informed <= 1.0:
        raise BadInput(f"{knowing} of {present} people cannot know", field="knowing")
    bounds = rule.curtailed_bounds if curtailed else rule.bounds
    return summarise(*count_stops(bounds, lambda n, s: np.minimum(1.0, (knowing + informed * (n - s)) / present)))


def repeated_move_on(move_on: ArrayLike, tests: ArrayLike) -> FloatArray:
    """Return P(at least one of `tests` independent tests says *move on*), each saying so with P = `move_on`."""
    return np.asarray(-np.expm1(np.asarray(tests) * np.log1p(-np.asarray(move_on, dtype=np.float64))))


class Leaving(NamedTuple):
    """Where a crew leaves that tests after each push: P(leaving) at each test, and the mean awareness it leaves behind."""

    probabilities: FloatArray
    mean_share: float


def chain_of_tests(rule: CountRule, shares: Sequence[float]) -> Leaving:
    """
    Return where a crew leaves that tests at each of `shares` in turn (test, push, test ...) until a test says *move on*.

    Nobody leaves for another reason: the probabilities fall short of 1 by those who have not left after the last test,
    and the mean is over those who left.
    """
    move_on = rule.move_on_curve(np.array(shares, dtype=np.float64))
    stayed = np.concatenate([[1.0], np.cumprod(1.0 - move_on[:-1])])
    leaving = stayed * move_on
    return Leaving(leaving, float(leaving @ np.array(shares) / leaving.sum()))


def predictive_value(rule: CountRule, prior_knows: float, prior_not: float, share: float) -> float:
    """
    Return P(awareness >= `share` | the card said *move on*) where places have awareness ~ Beta(prior_knows, prior_not).

    Exact: the stopping points are counted and the Beta prior is conjugate.
    """
    truly, said = 0.0, 0.0
    start = special.betaln(prior_knows, prior_not)
    for (n, s), (paths, _) in rule.paths(curtailed=False).items():
        if s >= rule.bounds.high[n]:
            mass = paths * np.exp(special.betaln(prior_knows + s, prior_not + n - s) - start)
            said += mass
            truly += mass * special.betaincc(prior_knows + s, prior_not + n - s, share)
    return truly / said


def unbiased_share(rule: CountRule, surveys: int, knows: int, *, curtailed: bool = False) -> float:
    """
    Return the unbiased share of people who know after a test that stopped at (surveys, knows).

    The plain ratio is inflated by stopping: at a true 15 % those tests of R50 that said *move on* show 29 %.

    Parameters
    ----------
    rule
        The card.
    surveys, knows
        Where it stopped.
    curtailed
        Whether the test also stopped between looks; it must be said, since other points stop it then.

    Raises
    ------
    BadInput
        If the card does not stop there.

    Notes
    -----
    Girshick, Mosteller & Savage (1946): orders of answers that lead there from (1, 1), over those from (0, 0); exact.
    """
    try:
        paths, knew_first = rule.paths(curtailed=curtailed)[surveys, knows]
    except KeyError:
        raise BadInput(
            f"the card does not stop at {knows} of {surveys}", cure="give the counts at which the test stopped"
        ) from None
    return knew_first / paths


def confidence_interval(knows: ArrayLike, asked: ArrayLike, alpha: float) -> tuple[FloatArray, FloatArray]:
    """
    Return an interval for the share that holds with confidence 1 - `alpha` whenever the asking stopped, and why.

    Parameters
    ----------
    knows, asked
        Counts, any shape; where nobody was asked the interval is [0, 1].
    alpha
        Error allowed, in (0, 1); the probability that the intervals of *all* survey numbers hold is 1 - alpha.

    Returns
    -------
    tuple of FloatArray
        Lower and upper ends, shapes as given (scalars for scalars).

    Raises
    ------
    BadInput
        If more people know than were asked, or alpha is outside (0, 1).

    Notes
    -----
    The shares p with B(1 + s, 1 + n - s) / (p^s (1 - p)^(n - s)) < 1 / alpha: Ville's inequality for the uniform mixture
    (Robbins 1970; Howard et al. 2021; Waudby-Smith & Ramdas 2020).
    """
    s, n = np.broadcast_arrays(np.asarray(knows, dtype=np.float64), np.asarray(asked, dtype=np.float64))
    if np.any((s < 0) | (s > n)):
        raise BadInput("more people know than were asked", field="knows")
    if not 0.0 < alpha < 1.0:
        raise BadInput(f"{alpha} is not strictly between 0 and 1", field="alpha")
    floor = special.betaln(1 + s, 1 + n - s) + np.log(alpha)
    peak = np.divide(s, n, out=np.full(s.shape, 0.5), where=n > 0)

    def outside(p: FloatArray) -> FloatArray:
        return np.asarray(special.xlogy(s, p) + special.xlog1py(n - s, -p) <= floor)

    ends = []
    for edge in (0.0, 1.0):
        far, near = np.full(s.shape, edge), peak.copy()
        for _ in range(60):  # halving: 2^-60 of the way
            middle = (far + near) / 2
            beyond = outside(middle)
            far, near = np.where(beyond, middle, far), np.where(beyond, near, middle)
        ends.append(np.where(outside(np.full(s.shape, edge)), near, edge)[()])
    return ends[0], ends[1]
