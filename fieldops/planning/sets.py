"""The best set of streets for one crew alone: an exact knapsack in whole units of its hours."""

import numpy as np

from fieldops.planning.assignment import FloatArray, IntArray


def best_set(worth: FloatArray, hours: IntArray, room: int) -> tuple[float, IntArray]:
    """
    Return the largest sum of `worth` whose `hours` fit into the room, and the positions taken, in order.

    Parameters
    ----------
    worth
        What each street is worth, shape (n,); those that are worth nothing are left out.
    hours
        Whole units, shape (n,), >= 0.
    room
        Whole units at hand, >= 0.

    Notes
    -----
    Dynamic programming over the room (Bellman 1957): n x room steps, each row in one stroke.
    """
    items = np.flatnonzero((worth > 0) & (hours <= room))
    size, gain = hours[items], worth[items]
    if size.sum() <= room:
        return float(gain.sum()), items
    best = np.zeros(room + 1)
    taken = np.zeros((len(items), room + 1), dtype=bool)
    for row, (units, value) in enumerate(zip(size.tolist(), gain.tolist(), strict=True)):
        with_it = best[: room + 1 - units] + value
        np.greater(with_it, best[units:], out=taken[row, units:])
        np.maximum(with_it, best[units:], out=best[units:])
    chosen, left = [], room
    for row in range(len(items) - 1, -1, -1):
        if taken[row, left]:
            chosen.append(row)
            left -= int(size[row])
    return float(best[room]), items[chosen[::-1]]
