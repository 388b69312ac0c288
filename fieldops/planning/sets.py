"""The best set of streets for one crew alone: an exact knapsack in whole units of its hours."""

import numpy as np

from fieldops.planning.assignment import BoolArray, FloatArray, IntArray


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
    First each street that every best set takes, or none, is settled by the relaxation (Ingargiola & Korsh 1973, Management
    Science 20(4)); then dynamic programming over the room (Bellman 1957): n x room steps, each row in one stroke.
    """
    items = np.flatnonzero((worth > 0) & (hours <= room))
    size, gain = hours[items], worth[items]
    if size.sum() <= room:
        return float(gain.sum()), items
    greedy, surely, still = _settle(gain, size, room)
    open_items, left = items[still], room - int(size[surely].sum())
    reached = float(gain[greedy].sum())
    if left < 0:  # what every better set takes does not fit: there is none
        return reached, items[greedy]
    value, chosen = _pack(worth[open_items], hours[open_items], left)
    value += float(gain[surely].sum())
    if value <= reached:
        return reached, items[greedy]
    return value, np.sort(np.concatenate([items[surely], open_items[chosen]]))


def _settle(gain: FloatArray, size: IntArray, room: int) -> tuple[BoolArray, BoolArray, BoolArray]:
    """
    Return a good set, what every better one takes, and what is still open; of what is left no better one takes any.

    Not all fit. Taking a street against the relaxation, or leaving it, costs at least what its hours are worth there.
    What takes no hours comes first: the relaxation has it too.
    """
    order = np.argsort(-np.where(size > 0, gain / np.maximum(size, 1), np.inf), kind="stable")
    before = np.cumsum(size[order]) - size[order]
    breaking = int(np.argmax(before + size[order] > room))
    price = float(gain[order[breaking]]) / float(size[order[breaking]])
    relaxed = float(gain[order[:breaking]].sum()) + price * float(room - before[breaking])
    greedy = np.zeros(len(gain), dtype=bool)
    greedy[order[:breaking]] = True
    free = room - int(before[breaking])
    for item in order[breaking:][size[order[breaking:]] <= free].tolist():
        if size[item] <= free:
            greedy[item], free = True, free - int(size[item])
    margin = relaxed - float(gain[greedy].sum())
    against = gain - price * size  # what the relaxation would lose without it; below 0: with it
    return greedy, against > margin, np.abs(against) <= margin


def _pack(gain: FloatArray, size: IntArray, room: int) -> tuple[float, IntArray]:
    """Return the best sum that fits, and the positions taken."""
    if size.sum() <= room:
        return float(gain.sum()), np.arange(len(gain))
    best = np.zeros(room + 1)
    taken = np.zeros((len(gain), room + 1), dtype=bool)
    for row, (units, value) in enumerate(zip(size.tolist(), gain.tolist(), strict=True)):
        if units > room:
            continue
        with_it = best[: room + 1 - units] + value
        np.greater(with_it, best[units:], out=taken[row, units:])
        np.maximum(with_it, best[units:], out=best[units:])
    chosen, left = [], room
    for row in range(len(gain) - 1, -1, -1):
        if taken[row, left]:
            chosen.append(row)
            left -= int(size[row])
    return float(best[room]), np.array(chosen[::-1], dtype=np.int64)
