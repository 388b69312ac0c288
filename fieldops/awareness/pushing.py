"""
How long the streets of one neighbourhood are to be pushed, together: what an hour on one does for the others counts too.

The question is the crew's: another hour here, or on the next street, or is it enough? An hour is worth what it adds to the
chance that streets are truly at the target, and it is pushed while that is more than its price.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fieldops.awareness.counting import FloatArray
from fieldops.awareness.dynamics import Response
from fieldops.awareness.estimate import probability_at_least
from fieldops.awareness.forecast import CHANCE_DOSES, chance_by_dose

_GRID = np.concatenate([[0.0], 0.25 * 1.12 ** np.arange(40)])  # promoter-hours that are tried, up to 21
_ROUNDS = 6
_CHEAPER = (0.7, 0.5, 0.35, 0.2)  # prices, as parts of the usual one, at which a refused triangle is pushed once more
SHORT_BY = 0.05  # a street left farther below the target than this was left short


@dataclass(frozen=True, slots=True)
class PushPrice:
    """
    What a promoter-hour of pushing has to bring, in chances of streets being truly at the target.

    `hour` is the least that it must add; `short` what it is worth that a street is not left more than 5 points short; `setup`
    the promoter-hours that beginning on a street costs.
    """

    hour: float
    short: float
    setup: float


@dataclass(slots=True)
class Standing:
    """What is known of a street at a moment: Beta posterior, people, and the factor's deviate, its mean and deviation."""

    alpha: float
    beta: float
    people: float
    pace: float
    pace_deviation: float
    _worth: FloatArray | None = field(default=None, repr=False)

    def worth(self, response: Response, target: float, short: float) -> FloatArray:
        """Return what the street is worth after each of `CHANCE_DOSES`, in chances of being truly at the target; see `joint_hours`."""
        if self._worth is None:
            known: dict[str, Any] = {"alpha": [self.alpha], "beta": [self.beta], "tau": [self.spread(response)]}
            self._worth = chance_by_dose(**known, response=response, target=target)[0][0]
            if short > 0:
                not_short = chance_by_dose(**known, response=response, target=target - SHORT_BY)[0][0]
                self._worth = self._worth + short * not_short
        return self._worth

    def spread(self, response: Response) -> float:
        """Return the standard deviation of what is not known of the log of the street's factor."""
        return response.tau * self.pace_deviation

    def reach(self, response: Response) -> float:
        """Return the people divided by the mean of the factor: a factor that is known in part is so many fewer people."""
        return self.people / math.exp(response.tau * self.pace - (response.tau**2 - self.spread(response) ** 2) / 2)

    def chance(self, target: float) -> float:
        """Return the probability that the street is truly at the target now."""
        return float(probability_at_least(np.array([self.alpha]), np.array([self.beta]), target)[0])


def hours_worth(
    known: Sequence[Standing], response: Response, *, target: float, price: PushPrice, spill: FloatArray,
    outside: FloatArray, stands: int = -1, refused: bool = False,
) -> FloatArray:  # fmt: skip
    """
    Return the promoter-hours that each street of a triangle is worth now, pushed together; 0 where it is enough.

    Parameters
    ----------
    known
        What is known of the streets.
    response
        How streets answer effort.
    target
        Share to reach, in (0, 1).
    price
        What an hour must bring.
    spill, outside
        Hours that an hour on street j gives to street i of the triangle, shape (n_streets, n_streets), and to open streets
        outside it, shape (n_streets,): what these gain makes the hour cheaper.
    stands
        Street on which the crew has begun already, -1 for none.
    refused
        Whether the point said *push on* since the last push: then an hour may cost more than it adds.
    """
    worth = np.array([one.worth(response, target, price.short) for one in known])
    reach = [one.reach(response) / response.rho for one in known]
    begin = np.where(np.arange(len(known)) == stands, 0.0, price.setup)
    hours = np.zeros(len(known))
    for part in (1.0, *_CHEAPER) if refused else (1.0,):
        cost = part * price.hour * (1.0 - outside)
        hours = joint_hours(worth, CHANCE_DOSES, reach, spill=spill, price=cost, setup=begin)
        if hours.any():
            break
    return hours


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
    nothing pushed, the largest street first; every step improves, so it ends, not necessarily at the best of all.
    """
    scale = np.asarray(reach, dtype=np.float64)
    count = len(scale)
    cost, begin = np.broadcast_to(price, count), np.broadcast_to(setup, count)
    given = spill + np.eye(count)
    spent = -cost[:, None] * (_GRID + begin[:, None] * (_GRID > 0))
    hours = np.zeros(count)
    order = np.argsort(-scale, kind="stable").tolist()  # the largest first, in whatever order the streets are told
    for _ in range(_ROUNDS):
        before = hours.copy()
        for i in order:
            hours[i] = 0.0
            seen = (given @ hours)[:, None] + given[:, i, None] * _GRID
            gain = spent[i].copy()
            for k in np.flatnonzero(given[:, i] > 0):
                gain += np.interp(seen[k] / scale[k], doses, worth[k])
            hours[i] = _GRID[int(np.argmax(gain))]
        if np.array_equal(before, hours):
            break
    return hours
