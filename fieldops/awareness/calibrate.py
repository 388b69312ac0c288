"""Cards for other zones and errors: the 2-SPRT with its boundaries drawn in until the stated errors are just kept."""

from dataclasses import replace

import numpy as np

from fieldops.awareness.design import two_sprt
from fieldops.awareness.stopping import CountRule
from fieldops.errors import BadInput
from fieldops.said import Said

_BLOCKS = (5, 10, 20, 50, 100)  # surveys between two looks
_MOST_LOOKS = 16  # more do not fit a card in the hand


def calibrated_two_sprt(p0: float, p1: float, alpha: float, beta: float, *, every: int = 1) -> CountRule:
    """
    Return the 2-SPRT that keeps both errors exactly counted and asks least in the worst case.

    Parameters
    ----------
    p0, p1
        Shares at which the errors are stated, 0 < p0 < p1 < 1.
    alpha, beta
        P(*move on*) at `p0` and P(*push on*) at `p1`, at most; below one half.
    every
        Surveys between two looks.

    Returns
    -------
    CountRule
        Within about 2 % of `kiefer_weiss_bound` where every survey is looked at.

    Raises
    ------
    BadInput
        If a number is outside its range.
    """
    if not 0.0 < alpha < 0.5 or not 0.0 < beta < 0.5:
        raise BadInput(
            Said("errors of %(alpha)s and %(beta)s are no test", alpha=alpha, beta=beta),
            cure="give errors below one half",
            field="alpha",
        )
    best: CountRule | None = None
    least = np.inf
    between = np.linspace(0.5 * p0, min(1.0, 1.5 * p1), 41)
    middle, step = 0.45, 0.1
    for _ in range(3):  # ever finer around the best place for theta between p0 and p1
        for place in middle + step * np.arange(-2, 3):
            rule = _calibrate(p0, p1, alpha, beta, p0 + place * (p1 - p0), every)
            if rule is None:
                continue
            surveys = float(rule.surveys_curve(between, curtailed=False).max())
            if surveys < least:
                best, least, middle = rule, surveys, place
        step /= 3.0
    if best is None:
        raise BadInput("no such test was found", cure="widen the zone or allow larger errors")
    return best


def _calibrate(p0: float, p1: float, alpha: float, beta: float, theta: float, every: int) -> CountRule | None:
    """Return the test of that theta with the widest boundaries that keep both errors; None where none was found."""
    bounds = {"a": alpha, "b": beta}  # Lorden's boundaries keep the errors with much to spare
    kept = two_sprt(p0, p1, alpha, beta, theta=theta, every=every)
    for _ in range(3):
        for name in ("a", "b"):
            low, high = bounds[name], 0.9
            for _ in range(10):
                tried = {**bounds, name: (low + high) / 2}
                rule = two_sprt(p0, p1, tried["a"], tried["b"], theta=theta, every=every)
                move_on = rule.move_on_curve(np.array([p0, p1]))
                if move_on[0] <= alpha and 1.0 - move_on[1] <= beta:
                    low, kept = tried[name], rule
                else:
                    high = tried[name]
            bounds[name] = low
    move_on = kept.move_on_curve(np.array([p0, p1]))
    return kept if move_on[0] <= alpha and 1.0 - move_on[1] <= beta else None


def design_card(p0: float, p1: float, alpha: float, beta: float) -> CountRule:
    """
    Return a card for the hand: looks in blocks of 5, 10, 20 ... surveys, at most 16 of them, errors exactly kept.

    Raises
    ------
    BadInput
        If a number is outside its range.
    """
    for every in _BLOCKS:
        rule = _without_idle_looks(calibrated_two_sprt(p0, p1, alpha, beta, every=every))
        if len(rule.looks) <= _MOST_LOOKS:
            break
    return replace(rule, name=f"{p0:g}/{p1:g}")


def _without_idle_looks(rule: CountRule) -> CountRule:
    """Return the card without the first looks at which nothing can be decided."""
    table = zip(rule.looks, rule.push_on_at_most, rule.move_on_at_least, strict=True)
    idle = sum(1 for look, low, high in table if low < 0 and high > look)
    return replace(
        rule, looks=rule.looks[idle:], push_on_at_most=rule.push_on_at_most[idle:],
        move_on_at_least=rule.move_on_at_least[idle:],
    )  # fmt: skip
