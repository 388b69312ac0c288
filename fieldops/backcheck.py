"""Are the answers real? Exact tests of counts and orders, and which tests are surveyed again; `suspects` ranks promoters by them."""

import math
from collections.abc import Sequence
from functools import cache
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt

from fieldops.awareness import R50
from fieldops.errors import BadInput
from fieldops.ids import MeasurementId

INTERVIEWER_ICC = 0.03  # Statistics Canada review 2022: how alike answers to one interviewer are
SURE = 1e-12

FloatArray = npt.NDArray[np.float64]


# ── exact tests ─────────────────────────────────────────────────────────────────────────────────────────────────────


def compare_counts(knows1: int, asked1: int, knows2: int, asked2: int) -> float:
    """
    Return how likely honest counts differ so much: small where the first share is too high for the second.

    One-sided hypergeometric mid-p, P(X > s1) + P(X = s1) / 2 with X ~ Hyp(n1 + n2, s1 + s2, n1).

    Parameters
    ----------
    knows1, asked1
        What the promoter reported.
    knows2, asked2
        What the blind re-survey found.

    Raises
    ------
    BadInput
        If more people know than were asked.
    """
    for knows, asked in ((knows1, asked1), (knows2, asked2)):
        if not 0 <= knows <= asked:
            raise BadInput(f"{knows} of {asked} asked cannot know")
    ways = [
        math.comb(asked1, x) * math.comb(asked2, knows1 + knows2 - x)
        for x in range(knows1, min(asked1, knows1 + knows2) + 1)
    ]
    # Exact integers up to the one division.
    return (2 * sum(ways) - ways[0]) / (2 * math.comb(asked1 + asked2, knows1 + knows2))


def runs_test(answers: Sequence[bool]) -> float:
    """
    Return P(at least so many runs) among all orders of these answers: small where they alternate too neatly.

    Exact for every share, because given the counts every order is equally likely (Wald & Wolfowitz 1940).
    """
    asked, knows = len(answers), sum(answers)
    if knows in (0, asked):
        return 1.0
    runs = 1 + sum(a != b for a, b in pairwise(map(bool, answers)))
    ways = sum(_orders_with_runs(knows, asked - knows, r) for r in range(runs, asked + 1))
    return ways / math.comb(asked, knows)


def _orders_with_runs(ones: int, zeros: int, runs: int) -> int:
    half = runs // 2
    if runs % 2 == 0:
        return 2 * math.comb(ones - 1, half - 1) * math.comb(zeros - 1, half - 1)
    return math.comb(ones - 1, half) * math.comb(zeros - 1, half - 1) + (
        math.comb(ones - 1, half - 1) * math.comb(zeros - 1, half)
    )


def evenness_test(answers: Sequence[bool]) -> float:
    """
    Return P(Q <= q) among all orders, Q the sum of squared gaps of "no" (ends included): small where "knows" is too even.

    Exact, by counting compositions of the noes into gaps. It catches what counts runs misses: every fifth knows.
    """
    asked, knows = len(answers), sum(answers)
    if knows in (0, asked):
        return 1.0
    gaps = [len(list(group)) for known, group in groupby(map(bool, answers)) if not known]
    ways = _squares_of_gaps(knows + 1, asked - knows)
    return float(ways[: sum(gap * gap for gap in gaps) + 1].sum() / ways.sum())


@cache
def _squares_of_gaps(gaps: int, noes: int) -> FloatArray:
    """Return the number of ways to split `noes` into so many gaps, by the sum of their squares, shape (noes^2 + 1,)."""
    ways = np.zeros((noes + 1, noes * noes + 1))
    ways[0, 0] = 1.0
    for _ in range(gaps):
        after = ways.copy()  # a gap of 0
        for gap in range(1, noes + 1):
            after[gap:, gap * gap :] += ways[: noes + 1 - gap, : noes * noes + 1 - gap * gap]
        ways = after
    return np.asarray(ways[noes])


def promoter_score(
    knows: npt.ArrayLike, asked: npt.ArrayLike, expected: npt.ArrayLike, icc: float = INTERVIEWER_ICC
) -> float:
    """
    Return the promoter's funnel score z over places; |z| > 3 stands out among those who asked at the same places.

    z = sum(s - n p) / sqrt(sum n p (1 - p) (1 + (n - 1) icc)).

    Parameters
    ----------
    knows, asked
        The promoter's counts by place and day.
    expected
        Share that others found there on that day, in (0, 1).
    icc
        How alike answers to one interviewer are.

    Raises
    ------
    BadInput
        If a count or a share is impossible.
    """
    s, n, p = np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in (knows, asked, expected)))
    if np.any((s < 0) | (s > n)) or np.any((p <= 0) | (p >= 1)) or not 0 <= icc <= 1:
        raise BadInput("counts, expected shares or icc are impossible")
    variance = float(np.sum(n * p * (1 - p) * (1 + np.maximum(n - 1, 0) * icc)))
    return float(np.sum(s - n * p)) / math.sqrt(variance) if variance else 0.0


def detection_probability(fabricated_share: float, rechecked: int) -> float:
    """Return the probability that re-asking so many answers finds at least one made-up one: 1 - (1 - f)^m."""
    if not 0 <= fabricated_share <= 1 or rechecked < 0:
        raise BadInput(f"a share of {fabricated_share} and {rechecked} rechecked answers cannot be")
    return 1.0 - (1.0 - fabricated_share) ** rechecked


def stop_pattern(stops: int, chances: Sequence[float]) -> float:
    """
    Return the probability of at least `stops` successes in trials of these chances, exactly (Poisson-binomial).

    For tests that moved on at the very first look: `chances` are what honest answers give; see `first_look_chance`.
    """
    ways = np.array([1.0])
    for chance in chances:
        ways = np.convolve(ways, [1.0 - chance, chance])
    return float(ways[stops:].sum())


@cache
def first_look_chance(share: float) -> float:
    """Return the probability that R50 moves on at its first look of 10 surveys where `share` of the people know."""
    look, least = R50.looks[0], R50.move_on_at_least[0]
    return sum(math.comb(look, k) * share**k * (1 - share) ** (look - k) for k in range(least, look + 1))


def combine_p(values: Sequence[float]) -> float:
    """Return Fisher's combined p of independent tests; conservative where they are discrete, as these are."""
    if not values:
        return 1.0
    half = -sum(math.log(max(value, SURE)) for value in values)
    terms = np.cumsum(np.log(half / np.arange(1, len(values)))) if half > 0 else np.full(len(values) - 1, -np.inf)
    return min(1.0, float(np.exp(-half) + np.exp(terms - half).sum()))


# ── whom to check again ─────────────────────────────────────────────────────────────────────────────────────────────


def choose_back_checks(
    move_ons: Sequence[MeasurementId], ordered: int, share: float, rng: np.random.Generator
) -> list[MeasurementId]:
    """
    Return which tests that moved on are surveyed again, so that at least `share` of all are.

    Parameters
    ----------
    move_ons
        Tests that moved on and are not ordered to be checked yet, in a fixed order.
    ordered
        How many were ordered before.
    share
        Share of all to check, in (0, 1).
    rng
        Chooses; nobody can know beforehand whom it takes.
    """
    wanted = math.ceil(share * (len(move_ons) + ordered) - 1e-9) - ordered
    if wanted <= 0:
        return []
    return [move_ons[i] for i in sorted(rng.choice(len(move_ons), size=min(wanted, len(move_ons)), replace=False))]
