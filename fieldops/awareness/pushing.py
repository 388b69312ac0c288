"""
How long the streets of one neighbourhood are to be pushed, together: what an hour on one does for the others counts too.

The question is the crew's: another hour here, or on the next street, or is it enough? An hour is worth what it adds to the
chance that streets are truly at the target, and it is pushed while that is more than its price.
"""

import numpy as np
from numpy.typing import ArrayLike

from fieldops.awareness.counting import FloatArray

_GRID = np.concatenate([[0.0], 0.25 * 1.12 ** np.arange(40)])  # promoter-hours that are tried, up to 21
_ROUNDS = 6
SHORT_BY = 0.05  # a street left farther below the target than this was left short


def joint_hours(
    worth: FloatArray, doses: FloatArray, reach: ArrayLike, *, spill: FloatArray, price: ArrayLike, setup: ArrayLike
) -> FloatArray:
    """
    Return the promoter-hours to push on each street of a group, chosen together.

    Parameters
    ----------
    worth
        What each street is worth after each dose, in chances of being truly at the target, shape (n_streets, n_doses), not
        falling; see `chance_by_dose`.
    doses
        From 0 on, rising, shape (n_doses,); what lies beyond the last is worth as much as the last.
    reach
        Hours on a street alone that are a dose of 1: its people, divided by its factor and by rho; shape (n_streets,), > 0.
    spill
        Hours that an hour on street j gives to street i, sigma W, shape (n_streets, n_streets), diagonal 0.
    price
        Worth that an hour must add, shape (n_streets,) or a scalar, > 0; less where streets outside the group gain from it.
    setup
        Promoter-hours of beginning on each street, 0 where the crew is set up already; shape (n_streets,) or a scalar.

    Returns
    -------
    FloatArray
        Hours, shape (n_streets,); 0 where beginning is not worth it.

    Notes
    -----
    Coordinate ascent of sum_i worth_i(h_i + sum_j spill_ij h_j) - price_i (h_i + setup_i [h_i > 0]) over a grid of hours, from
    nothing pushed; every step improves, so it ends, not necessarily at the best of all.
    """
    scale = np.asarray(reach, dtype=np.float64)
    count = len(scale)
    cost, begin = np.broadcast_to(price, count), np.broadcast_to(setup, count)
    given = spill + np.eye(count)
    spent = -cost[:, None] * (_GRID + begin[:, None] * (_GRID > 0))
    hours = np.zeros(count)
    for _ in range(_ROUNDS):
        before = hours.copy()
        for i in range(count):
            hours[i] = 0.0
            seen = (given @ hours)[:, None] + given[:, i, None] * _GRID
            gain = spent[i].copy()
            for k in np.flatnonzero(given[:, i] > 0):
                gain += np.interp(seen[k] / scale[k], doses, worth[k])
            hours[i] = _GRID[int(np.argmax(gain))]
        if np.array_equal(before, hours):
            break
    return hours
