"""How cards are made: Wald's test, Lorden's, Bayes', lot quality sampling, and a calibrated card with looks in blocks."""

from dataclasses import replace
from math import ceil, floor, log, log1p

import numpy as np
from scipy import special

from fieldops.awareness.counting import FloatArray, IntArray
from fieldops.awareness.stopping import CountRule
from fieldops.errors import BadInput
from fieldops.said import Said

_TIE = 1e-9  # a count within this of a boundary lies on it: logarithms of equal products differ in the last bits
_FINEST_SURVEYS = 20_000  # a design that asks more than this is no field test


def _check(p0: float, p1: float, alpha: float, beta: float) -> None:
    if not 0.0 < p0 < p1 < 1.0:
        raise BadInput(
            Said("the zone %(p0)s .. %(p1)s is not two increasing shares strictly between 0 and 1", p0=p0, p1=p1),
            field="p0",
        )
    for field, value in (("alpha", alpha), ("beta", beta)):
        if not 0.0 < value < 1.0:
            raise BadInput(Said("%(value)s is not strictly between 0 and 1", value=value), field=field)


def sprt(p0: float, p1: float, alpha: float, beta: float, *, max_surveys: int) -> CountRule:
    """
    Return Wald's sequential probability ratio test, looked at after every survey and cut off at `max_surveys`.

    Parameters
    ----------
    p0, p1
        Shares at which the errors are meant, 0 < p0 < p1 < 1.
    alpha, beta
        Meant P(*move on*) at `p0` and P(*push on*) at `p1`, with alpha + beta < 1. Wald's boundaries (1 - beta) / alpha
        and beta / (1 - alpha) keep them only roughly, and the cut adds to them: read `operating_characteristic`.
    max_surveys
        At this number the likelihood ratio decides: *move on* above 1.

    Raises
    ------
    BadInput
        If a number is outside its range.

    Notes
    -----
    Wald (1945); optimal at `p0` and `p1` only (Wald & Wolfowitz 1948), with a long tail between them.
    """
    _check(p0, p1, alpha, beta)
    if alpha + beta >= 1.0 or max_surveys < 1:
        raise BadInput("the errors sum to 1 or more, or no survey is allowed", field="alpha")
    up, down = log(p1 / p0), log1p(-p1) - log1p(-p0)
    surveys = np.arange(1, max_surveys + 1)
    high = np.ceil((log((1 - beta) / alpha) - surveys * down) / (up - down) - _TIE).astype(np.int64)
    low = np.floor((log(beta / (1 - alpha)) - surveys * down) / (up - down) + _TIE).astype(np.int64)
    low[-1] = floor(-max_surveys * down / (up - down) + _TIE)
    high[-1] = low[-1] + 1
    return _card(surveys, low, high, name="sprt", zone=(p0, p1))


def _card(looks: IntArray, low: IntArray, high: IntArray, *, name: str, zone: tuple[float, float]) -> CountRule:
    """Return the card, counts that cannot be written as -1 and look + 1."""
    return CountRule(
        tuple(looks.tolist()), tuple(np.maximum(low, -1).tolist()), tuple(np.minimum(high, looks + 1).tolist()),
        name=name, zone=zone,
    )  # fmt: skip


def equidistant_share(p0: float, p1: float) -> float:
    """Return the share between two others that is as hard to tell from the one as from the other (equal divergence)."""
    fall = log1p(-p0) - log1p(-p1)
    return fall / (log(p1 / p0) + fall)


def two_sprt(
    p0: float, p1: float, a: float, b: float, *, theta: float | None = None, every: int = 1, first: int | None = None
) -> CountRule:
    """
    Return Lorden's 2-SPRT: leave as soon as `theta` explains the answers much better than `p0` (or `p1`) does.

    *Move on* where the likelihood of `theta` is at least 1 / a times that of `p0`, *push on* where it is at least 1 / b
    times that of `p1`; where both hold the larger excess wins. The test always ends.

    Parameters
    ----------
    p0, p1
        Shares at which the errors are meant, 0 < p0 < p1 < 1.
    a, b
        Boundaries in (0, 1). As errors they are kept with much to spare; `calibrated_card` finds the exact ones.
    theta
        Share between `p0` and `p1` where the test is to be shortest; by default the equidistant one.
    every, first
        Look after `first` surveys (default `every`) and then after each `every` more.

    Raises
    ------
    BadInput
        If a number is outside its range, or the test would need more than 20,000 surveys.

    Notes
    -----
    Lorden (1976), Annals of Statistics 4, 281-291.
    """
    _check(p0, p1, a, b)
    theta = equidistant_share(p0, p1) if theta is None else theta
    first = every if first is None else first
    if not p0 < theta < p1 or every < 1 or first < 1:
        raise BadInput(
            Said(
                "theta %(theta)s is not between %(p0)s and %(p1)s, or looks every %(every)s cannot be",
                theta=theta,
                p0=p0,
                p1=p1,
                every=every,
            ),
            field="theta",
        )
    # Excess over each boundary = knows * rise + surveys * drift - threshold.
    drift0, drift1 = log1p(-theta) - log1p(-p0), log1p(-theta) - log1p(-p1)
    rise0, rise1 = log(theta / p0) - drift0, log(theta / p1) - drift1
    # The two lines meet where every count is decided; one more look covers the rounding to whole counts.
    meeting = (log(1 / a) / rise0 - log(1 / b) / rise1) / (drift0 / rise0 - drift1 / rise1)
    most = max(first, ceil(meeting)) + 2 * every
    if most > _FINEST_SURVEYS:
        raise BadInput(
            Said("the test would need up to %(most)s surveys", most=most), cure="widen the zone or allow larger errors"
        )
    surveys = np.arange(first, most + 1, every)
    high = np.ceil((log(1 / a) - surveys * drift0) / rise0 - _TIE).astype(np.int64)
    low = np.floor((log(1 / b) - surveys * drift1) / rise1 + _TIE).astype(np.int64)
    last = int(np.argmax(low >= high - 1))
    if low[last] >= high[last]:
        counts = np.arange(high[last], low[last] + 1)
        excess_move = counts * rise0 + surveys[last] * drift0 - log(1 / a)
        excess_push = counts * rise1 + surveys[last] * drift1 - log(1 / b)
        low[last] = high[last] + int(np.sum(excess_move <= excess_push)) - 1
        high[last] = low[last] + 1
    keep = slice(0, last + 1)
    return _card(surveys[keep], low[keep], high[keep], name="two_sprt", zone=(p0, p1))


def bayes_rule(
    prior_knows: float, prior_not: float, move_on_error: float, push_on_error: float, *,
    max_surveys: int, target: float = 0.20, zone: tuple[float, float] = (0.12, 0.28),
) -> CountRule:  # fmt: skip
    """
    Return the test that leaves when the posterior is sure enough that the target is reached, or is not.

    *Move on* where P(share >= target) is at least 1 - `move_on_error`, *push on* where it is at most `push_on_error`, at
    `max_surveys` by one half; the prior is Beta(prior_knows, prior_not). A fifth to a half above the bound (2.2).
    """
    if min(prior_knows, prior_not) <= 0 or not 0 < push_on_error < 1 - move_on_error < 1 or max_surveys < 1:
        raise BadInput("the prior must be positive and the errors must leave room between them")
    surveys = np.arange(1, max_surveys + 1)
    n, s = surveys[:, None], np.arange(max_surveys + 1)[None, :]
    sure = np.where(s <= n, special.betaincc(prior_knows + s, np.maximum(prior_not + n - s, 1e-300), target), 1.0)
    # The posterior rises with s: counting the knows below a level finds the boundary.
    high = np.sum((sure < 1 - move_on_error) & (s <= n), axis=1)
    low = np.sum((sure <= push_on_error) & (s <= n), axis=1) - 1
    high[-1] = np.sum((sure[-1] < 0.5) & (s[0] <= max_surveys))
    low[-1] = high[-1] - 1
    return _card(surveys, low, high, name="bayes", zone=zone)


def lqas(p0: float, p1: float, alpha: float, beta: float) -> tuple[int, int]:
    """
    Return lot quality sampling in one go: ask so many, *move on* from so many knows.

    The fewest surveys, then the smallest count, with P(*move on*) <= alpha at `p0` and P(*push on*) <= beta at `p1`.

    Raises
    ------
    BadInput
        If a number is outside its range or more than 20,000 surveys would be needed.

    Notes
    -----
    Dodge & Romig (1929); Lemeshow & Taber (1991). With normal approximations the numbers differ: these are exact.
    """
    _check(p0, p1, alpha, beta)
    # No test of fewer surveys can keep the errors: what n answers tell is n times what one tells (data processing).
    fewest = ceil(_divergence(1 - beta, alpha) / _divergence(p1, p0)) if alpha + beta < 1.0 else 1
    for surveys in range(max(1, fewest), _FINEST_SURVEYS + 1):
        least = _least_count(surveys, p0, alpha)
        if special.bdtr(least - 1, surveys, p1) <= beta if least else True:
            return surveys, least
    raise BadInput(
        Said("more than %(finest_surveys)s surveys would be needed", finest_surveys=_FINEST_SURVEYS),
        cure="widen the zone or allow larger errors",
    )


def _divergence(p: float, q: float) -> float:
    """Return the Kullback-Leibler divergence of two yes-or-no answers."""
    return p * log(p / q) + (1 - p) * (log1p(-p) - log1p(-q))


def _least_count(surveys: int, p0: float, alpha: float) -> int:
    """Return the smallest c with P(S >= c | p0) <= alpha."""
    counts = np.arange(surveys + 1)
    tail = np.concatenate([[1.0], special.bdtrc(counts, surveys, p0)])  # P(S >= 0), P(S >= 1), ...
    return int(np.argmax(tail <= alpha))


def lqas_double(p0: float, p1: float, alpha: float, beta: float) -> CountRule:
    """
    Return double sampling: ask n1 and leave if it is clear, else ask n2 more and decide on the total.

    Of all such cards that keep both errors, the one with the smallest worst expected number of surveys.
    Seconds for wide zones, minutes for narrow ones: the search is complete up to single sampling's number of surveys.

    Raises
    ------
    BadInput
        If a number is outside its range.
    """
    single, least = lqas(p0, p1, alpha, beta)
    best, best_surveys = CountRule((single,), (least - 1,), (least,), name="lqas", zone=(p0, p1)), float(single)
    between = np.linspace(p0 / 2, min(1.0, 1.5 * p1), 61)
    for n1 in range(2, single):
        counts = np.arange(n1 + 1)
        first = [_binomial(n1, p) for p in (p0, p1)]
        spread = np.array([_binomial(n1, p) for p in between])
        # P(S1 >= r) at p0 and P(S1 <= a) at p1 must leave room for the second sample.
        leave = int(np.argmax(np.append(first[0][::-1].cumsum()[::-1], 0.0) <= alpha))
        push = int(np.sum(first[1].cumsum() <= beta)) - 1
        for high in range(leave, min(n1, single) + 1):
            for low in range(-1, min(push, high - 2) + 1):
                worst_second = float(spread[:, low + 1 : high].sum(axis=1).max())
                most_second = int(min(2 * single, (best_surveys - n1 - 1e-9) / worst_second))
                found = _second_sample(first, counts, low, high, most_second, (p0, p1, alpha, beta))
                if found:
                    n2, total = found
                    best_surveys = n1 + n2 * worst_second
                    best = CountRule((n1, n1 + n2), (low, total - 1), (high, total), name="lqas_double", zone=(p0, p1))
    return best


def _binomial(surveys: int, share: float) -> FloatArray:
    """Return the binomial probabilities of 0 .. surveys knows."""
    counts = np.arange(surveys + 1)
    ways = special.gammaln(surveys + 1) - special.gammaln(counts + 1) - special.gammaln(surveys - counts + 1)
    return np.asarray(np.exp(ways + counts * log(share) + (surveys - counts) * log1p(-share)))


def _second_sample(
    first: list[FloatArray], counts: IntArray, low: int, high: int, most: int,
    errors: tuple[float, float, float, float],
) -> tuple[int, int] | None:  # fmt: skip
    """Return the smallest second sample, up to `most`, and the total that decides; None where none keeps the errors."""
    p0, p1, alpha, beta = errors
    middle = slice(low + 1, high)
    moved = [float(f[high:].sum()) for f in first]
    for n2 in range(1, most + 1):
        # Smallest total that keeps alpha; the larger the total, the larger beta.
        totals = np.arange(high, high + n2 + 1)
        needed = totals[:, None] - counts[middle][None, :] - 1
        at_p0 = moved[0] + _upper(needed, n2, p0) @ first[0][middle]
        if not np.any(at_p0 <= alpha):
            continue
        at = int(np.argmax(at_p0 <= alpha))
        if moved[1] + float(_upper(needed[at : at + 1], n2, p1)[0] @ first[1][middle]) >= 1 - beta:
            return n2, int(totals[at])
    return None


def _upper(counts: IntArray, surveys: int, share: float) -> FloatArray:
    """Return P(S > counts) for a binomial S, 1 below 0 and 0 from `surveys` on."""
    inside = np.clip(counts, 0, surveys)
    return np.where(counts < 0, 1.0, np.asarray(special.bdtrc(inside, surveys, share)))


def stretch(rule: CountRule, deff: float) -> CountRule:
    """
    Return the card for clustered answers: longer by the design effect, looks at multiples of five.

    Parameters
    ----------
    rule
        A card whose last look decides at 20 %.
    deff
        Design effect 1 + (m - 1) rho, at least 1; use the stretched card above 1.25.

    Notes
    -----
    Statistics.md 3.1. The margins grow with the design effect; the last look decides by 20 %; counts that move on never
    fall from one look to the next.
    """
    if deff < 1.0:
        raise BadInput(Said("a design effect of %(deff)s is below 1", deff=deff), field="deff")
    looks = [5 * ceil(deff * n / 5 - _TIE) for n in rule.looks]
    low = [
        floor(m / 5 + deff * (c - n / 5) + _TIE)
        for m, n, c in zip(looks, rule.looks, rule.push_on_at_most, strict=True)
    ]
    high = [
        ceil(m / 5 + deff * (c - n / 5) - _TIE)
        for m, n, c in zip(looks, rule.looks, rule.move_on_at_least, strict=True)
    ]
    high[-1] = looks[-1] // 5
    low[-1] = high[-1] - 1
    for i in reversed(range(len(high) - 1)):
        high[i] = min(high[i], high[i + 1])
    low = [max(-1, min(a, b - 1)) for a, b in zip(low, high, strict=True)]
    name = f"{rule.name} x {deff:g}" if rule.name else ""
    return replace(rule, looks=tuple(looks), push_on_at_most=tuple(low), move_on_at_least=tuple(high), name=name)
