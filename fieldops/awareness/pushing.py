"""
How long the streets of one neighbourhood are to be pushed, together: what an hour on one does for the others counts too.

The question is the crew's: another hour here, or on the next street, or is it enough? An hour is worth what it adds to the
chance that streets are truly at the target, and it is pushed while that is more than its price.
"""

import numpy as np
from numpy.typing import ArrayLike

from fieldops.awareness.counting import FloatArray
from fieldops.awareness.dynamics import Response
from fieldops.awareness.forecast import chance_by_dose

_GRID = np.concatenate(
    [[0.0], 0.25 * 1.12 ** np.arange(40)]
)  # promoter-hours that are tried; the last are a day of five crews
_ROUNDS = 6
SHORT_BY = 0.05  # a street left farther below the target than this was left short


def joint_hours(
    alpha: ArrayLike, beta: ArrayLike, people: ArrayLike, response: Response, *, target: float, tau: ArrayLike,
    spill: FloatArray, price: ArrayLike, setup: ArrayLike, short: float = 0.0,
) -> FloatArray:  # fmt: skip
    """
    Return the promoter-hours to push on each street of a group, chosen together.

    Parameters
    ----------
    alpha, beta
        Beta posterior of each street's awareness now, shape (n_streets,), > 0.
    people
        People of each street, divided by its factor where that is known, shape (n_streets,), > 0.
    response
        How streets answer effort.
    target
        Share to reach, in (0, 1).
    tau
        What is not known of the log factor of each street, standard deviation, shape (n_streets,), >= 0.
    spill
        Hours that an hour on street j gives to street i, sigma W, shape (n_streets, n_streets), diagonal 0.
    price
        Chance of one street that an hour must add, shape (n_streets,) or a scalar, > 0; less where streets outside the group
        gain from it.
    short
        What it is worth, in chances, that a street is not left more than 5 points short, >= 0.
    setup
        Promoter-hours of beginning on each street, 0 where the crew is set up already, shape (n_streets,).

    Returns
    -------
    FloatArray
        Hours, shape (n_streets,); 0 where beginning is not worth it.

    Notes
    -----
    Coordinate ascent of sum_i P_i(h_i + sum_j spill_ij h_j) - price_i (h_i + setup_i [h_i > 0]) over a grid of hours, from nothing
    pushed; every step improves, so it ends, not necessarily at the best of all.
    """
    shares, doses = chance_by_dose(alpha, beta, response, target=target, tau=tau)
    if short > 0:
        shares = shares + short * chance_by_dose(alpha, beta, response, target=target - SHORT_BY, tau=tau)[0]
    reach = np.asarray(people, dtype=np.float64) / response.rho
    count = len(reach)
    cost, begin = np.broadcast_to(price, count), np.broadcast_to(setup, count)
    hours = np.zeros(count)
    for _ in range(_ROUNDS):
        before = hours.copy()
        for i in range(count):
            others = hours.copy()
            others[i] = 0.0
            seen = (others + spill @ others)[:, None] + spill[:, i, None] * _GRID
            seen[i] += _GRID
            gain = -cost[i] * (_GRID + begin[i] * (_GRID > 0))
            for k in np.flatnonzero((spill[:, i] > 0) | (np.arange(count) == i)):
                gain = gain + np.interp(seen[k] / reach[k], doses, shares[k])
            hours[i] = _GRID[int(np.argmax(gain))]
        if np.array_equal(before, hours):
            break
    return hours
