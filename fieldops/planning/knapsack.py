"""
One crew refilled exactly: which of its streets to hand back and which free ones to take, out of the 24 nearest calls.

The two halves of the calls are enumerated (4,096 subsets each) and matched by their hours, so that the best of all
16.8 million subsets is found in about a millisecond (Horowitz & Sahni 1974, Journal of the ACM 21(2)).
"""

import numpy as np

from fieldops.planning.assignment import NOBODY, BoolArray, FloatArray, IntArray
from fieldops.planning.search import SLACK, Search

HALF = 12
_SUBSETS: FloatArray = ((np.arange(1 << HALF)[:, None] >> np.arange(HALF)) & 1).astype(np.float64)


def refill_crew(search: Search, crew: int) -> float:
    """
    Exchange streets of one crew with free ones for the best gain, and return the gain, >= 0.

    Only streets of this crew and free streets change. Exact over the calls closest to even at the prices.
    """
    pairs = search.pairs_of[crew]
    now = search.held[search.street[pairs]]
    pairs = pairs[(now == pairs) | (now == NOBODY)]
    if not len(pairs):
        return 0.0
    held = search.held[search.street[pairs]] == pairs
    sign = np.where(held, -1.0, 1.0)
    # Earnings at the prices: negative where the change is against them. Those nearest to even are the close calls.
    earned = sign * (search.prices.profit[search.street[pairs]] - search.regret[pairs])
    if len(pairs) > 2 * HALF:
        close = np.argpartition(-earned, 2 * HALF)[: 2 * HALF]
        pairs, held, sign, earned = pairs[close], held[close], sign[close], earned[close]
    order = np.argsort(-earned, kind="stable")
    pairs, held, sign, earned = pairs[order], held[order], sign[order], earned[order]
    chosen, gain = _best_subset(
        sign * search.values[pairs], sign * search.hours[pairs], sign,
        float(search.hours_left[crew]), int(search.places_left[crew]),
    )  # fmt: skip
    if gain <= 1e-9 * (1 + abs(float(search.values[pairs].max()))):
        return 0.0
    changed = pairs[chosen]
    search.hold(search.street[changed], np.where(held[chosen], NOBODY, changed))
    return gain


def _best_subset(
    values: FloatArray, hours: FloatArray, places: FloatArray, hours_left: float, places_left: int
) -> tuple[BoolArray, float]:
    """Return the subset of largest summed value within hours and places, as a mask, and its value; signs are free."""
    first, second = np.arange(0, len(values), 2), np.arange(1, len(values), 2)
    bits1 = _SUBSETS[: 1 << len(first), : len(first)]
    bits2 = _SUBSETS[: 1 << len(second), : len(second)]
    hours1, value1, place1 = bits1 @ hours[first], bits1 @ values[first], bits1 @ places[first]
    hours2, value2, place2 = bits2 @ hours[second], bits2 @ values[second], bits2 @ places[second]
    order = np.argsort(hours2, kind="stable")
    hours2, value2, place2 = hours2[order], value2[order], place2[order]
    fits = np.searchsorted(hours2, hours_left + SLACK - hours1, side="right") - 1
    # Best value of the second half with at most so many hours (columns) and places (rows; one row where all fit).
    scarce = places_left < len(values)
    levels = np.arange(int(place2.min()), int(place2.max()) + 1) if scarce else np.array([len(values)])
    best = np.maximum.accumulate(np.where(place2 <= levels[:, None], value2, -np.inf), axis=1)
    room = places_left - place1 - levels[0] if scarce else np.zeros_like(place1)
    row = np.minimum(room, len(levels) - 1).astype(np.int64)
    lawful = (fits >= 0) & (row >= 0)
    total = np.where(lawful, value1 + best[np.maximum(row, 0), np.maximum(fits, 0)], -np.inf)
    one = int(total.argmax())
    if not total[one] > 0:
        return np.zeros(len(values), dtype=bool), 0.0
    partners = np.where(place2 <= levels[row[one]], value2, -np.inf)[: fits[one] + 1]
    two: IntArray = order[int(partners.argmax())]
    chosen = np.zeros(len(values), dtype=bool)
    chosen[first], chosen[second] = bits1[one] > 0, bits2[two] > 0
    return chosen, float(total[one])
