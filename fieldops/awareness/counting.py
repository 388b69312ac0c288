"""Exact counting over (surveys, knows): what a card does when the next answer is "knows" with a stated probability."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
NextKnows: TypeAlias = Callable[[int, IntArray], FloatArray | float]


class Characteristic(NamedTuple):
    """How a rule behaves: P(*move on*), expected number of surveys, and the number not passed in 95 of 100 tests."""

    move_on: float
    expected_surveys: float
    surveys_95: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """
    When to stop after each survey: *push on* at `low[n]` knows or fewer, *move on* at `high[n]` knows or more.

    Both have shape (last + 1,), index = surveys asked; -1 and n + 1 mean "cannot". At the last one every count decides.
    """

    low: IntArray
    high: IntArray

    @property
    def last(self) -> int:
        """Return the number of surveys that always decides."""
        return len(self.low) - 1


def bounds_of_looks(looks: tuple[int, ...], low: tuple[int, ...], high: tuple[int, ...], *, curtailed: bool) -> Bounds:
    """
    Return the stopping bounds after each survey of a card that is looked at after `looks` surveys.

    With `curtailed` the test stops as soon as the decision at the next look is certain. That never changes a decision,
    in whatever order the answers come: it only saves surveys.
    """
    last = looks[-1]
    surveys = np.arange(last + 1)
    lows, highs = np.full(last + 1, -1), surveys + 1
    at = np.array(looks)
    lows[at], highs[at] = low, high
    if curtailed:
        # The next look is the first one after n surveys; at a look itself its own decision comes first.
        following = np.searchsorted(at, surveys[:-1], side="right")
        gap = at[following] - surveys[:-1]
        certain_high = np.maximum(np.minimum(highs[:-1], np.array(high)[following]), lows[:-1] + 1)
        certain_low = np.maximum(lows[:-1], np.minimum(np.array(low)[following] - gap, certain_high - 1))
        lows[:-1], highs[:-1] = certain_low, certain_high
    return Bounds(np.maximum(lows, -1), np.minimum(highs, surveys + 1))


def count_stops(bounds: Bounds, next_knows: NextKnows) -> tuple[FloatArray, FloatArray]:
    """
    Return the probabilities of stopping after each survey, with *push on* and with *move on*.

    Parameters
    ----------
    bounds
        When to stop.
    next_knows
        P(the next answer is "knows") after n surveys of which s knew, for an array of s; shape (..., n + 1) or
        broadcasting to it, so that many shares are counted at once.

    Returns
    -------
    tuple of FloatArray
        *Push on* and *move on*, each of shape (..., last + 1), index = surveys asked; together they sum to 1.

    Notes
    -----
    Forward recursion over the states not yet stopped; see Girshick, Mosteller & Savage (1946).
    """
    last = bounds.last
    knows = np.arange(last + 1)
    leading = np.shape(next_knows(0, knows[:1]))[:-1]
    alive: FloatArray = np.zeros((*leading, last + 1))
    alive[..., 0] = 1.0
    push_on: FloatArray = np.zeros((*leading, last + 1))
    move_on: FloatArray = np.zeros((*leading, last + 1))
    for n in range(last):
        # Between the bounds after n surveys: no other state is alive.
        first, beyond = int(bounds.low[n]) + 1, int(bounds.high[n])
        yes = alive[..., first:beyond] * next_knows(n, knows[first:beyond])
        alive[..., first:beyond] -= yes
        alive[..., first + 1 : beyond + 1] += yes
        low, high = int(bounds.low[n + 1]), int(bounds.high[n + 1])
        push_on[..., n + 1] = alive[..., first : low + 1].sum(axis=-1)
        move_on[..., n + 1] = alive[..., high : beyond + 1].sum(axis=-1)
        alive[..., first : low + 1] = 0.0
        alive[..., high : beyond + 1] = 0.0
    return push_on, move_on


def count_clustered_stops(
    bounds: Bounds, share: float, *, icc: float, cluster_size: int
) -> tuple[FloatArray, FloatArray]:
    """
    Return what `count_stops` does where answers come in clusters that share a rate.

    Each run of `cluster_size` consecutive answers shares a rate drawn from a Beta distribution of mean `share` and
    intra-cluster correlation `icc`; inside it, P(next knows) after c of k is (a + c) / (a + b + k).

    Notes
    -----
    Statistics.md 3.1; the beta-binomial of Hedt-Gauthier et al. (2013).
    """
    last = bounds.last
    knows, inside = np.arange(last + 1), np.arange(cluster_size + 1)
    alive: FloatArray = np.zeros((cluster_size + 1, last + 1))  # knows within the cluster, knows in all
    alive[0, 0] = 1.0
    push_on: FloatArray = np.zeros(last + 1)
    move_on: FloatArray = np.zeros(last + 1)
    for n in range(last):
        place = n % cluster_size
        if place == 0:
            alive = np.vstack([alive.sum(axis=0), np.zeros((cluster_size, last + 1))])
        # (a + c) / (a + b + k) with a + b = (1 - icc) / icc, multiplied out so that icc = 0 needs no case of its own.
        rate = ((1 - icc) * share + icc * inside) / ((1 - icc) + icc * place)
        yes = alive * np.where(inside <= place, rate, 0.0)[:, None]
        alive -= yes
        alive[1:, 1:] += yes[:-1, :-1]
        below, above = knows <= bounds.low[n + 1], knows >= bounds.high[n + 1]
        push_on[n + 1], move_on[n + 1] = alive[:, below].sum(), alive[:, above].sum()
        alive[:, below | above] = 0.0
    return push_on, move_on


def count_paths(bounds: Bounds) -> dict[tuple[int, int], tuple[int, int]]:
    """
    Return how many orders of answers lead to each stopping point (surveys, knows), and how many of them open with "knows".

    Exact integers: P(stop at (n, s)) is the first count times p^s (1 - p)^(n - s), and their ratio is the unbiased share.
    """
    alive: dict[int, tuple[int, int]] = {0: (1, 0)}
    stopped: dict[tuple[int, int], tuple[int, int]] = {}
    for n in range(1, bounds.last + 1):
        grown: dict[int, tuple[int, int]] = {}
        for s, (paths, knew_first) in alive.items():
            for step in (0, 1):
                more, first = grown.get(s + step, (0, 0))
                grown[s + step] = (more + paths, first + (step if n == 1 else knew_first))
        alive = {}
        for s, (paths, knew_first) in grown.items():
            if bounds.low[n] < s < bounds.high[n]:
                alive[s] = (paths, knew_first)
            else:
                stopped[n, s] = (paths, knew_first)
    return stopped


def summarise(push_on: FloatArray, move_on: FloatArray) -> Characteristic:
    """Return the characteristic of one share from its stopping probabilities, as `count_stops` gives them."""
    stops = push_on + move_on
    return Characteristic(
        move_on=float(move_on.sum()),
        expected_surveys=float(stops @ np.arange(len(stops))),
        # A sum of a few hundred floats: a tail that equals 5 % up to the last bits counts as 5 %.
        surveys_95=int(np.argmax(np.cumsum(stops) >= 0.95 - 1e-12)),
    )
