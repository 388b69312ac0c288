"""
Whole streets packed exactly for every crew: a tighter bound and good answers where crews take few streets each.

The prices of hours (`prices.py`) let a crew take a part of a street; with three or four streets a crew that is worth
percents. Here the streets have prices instead, and every crew packs whole streets into its hours so that the values
above the prices are largest. The sum of the prices and of the packs bounds every lawful assignment, whatever the prices
(Lagrangian relaxation of "at most one crew a street": Fisher, Jaikumar & Van Wassenhove 1986, Management Science 32(9));
they follow the subgradient with the step of Polyak (1969). Packs that meet on a street leave one crew with room, which
is refilled: an answer.
"""

from collections.abc import Callable

import numpy as np

from fieldops.clock import Stopwatch
from fieldops.planning.assignment import AssignmentProblem, FloatArray, IntArray
from fieldops.planning.knapsack import refill_crew
from fieldops.planning.search import Search
from fieldops.planning.sets import best_set

UNITS = 10_000  # hours are counted in units, at most so many for the largest crew
CELLS_MOST = 400_000_000  # pairs x units of a round, beyond which it takes seconds; crews take many streets then
PATIENCE = 5  # rounds without gain before the step is halved
HALVINGS = 6
ANSWER_EVERY = 3  # rounds
REFILLS = 3  # of every crew, for an answer


def pack_crews(search: Search, *, seconds: float, going: Callable[[], bool]) -> float:
    """
    Return a proven bound on the value of any lawful assignment, and leave the best answer found in the search.

    Parameters
    ----------
    search
        Holds the best answer so far; it gets no worse. The prices begin with what its streets earn.
    seconds
        Wall seconds, after which no new round starts; one round is made in any case.
    going
        Asked after each round; False stops.

    Returns
    -------
    float
        The bound; inf where the problem is so large that a round would take seconds, and nothing was done.

    Notes
    -----
    The bound leaves the cap on streets per crew out of account, and rounds hours down to the units: both only widen it.
    """
    packs = _Packs(search)
    if len(search.street) < len(search.problem.street) or packs.cells > CELLS_MOST:
        return np.inf
    watch = Stopwatch()
    everywhere, objective, kept = np.arange(search.problem.streets), search.objective, search.held.copy()
    price = best_price = search.prices.profit
    bound, step, waited, halvings, rounds = np.inf, 1.0, 0, 0, 0
    while True:
        now, packed = packs.fill(price)
        rounds, waited = rounds + 1, waited + 1
        if now < bound - 1e-6 * abs(now):
            bound, best_price, waited = now, price, 0
        if rounds % ANSWER_EVERY == 0:
            packs.answer(packed)
            if search.objective > objective:
                objective, kept = search.objective, search.held.copy()
            else:
                search.hold(everywhere, kept)
        over = np.bincount(search.street[packed], minlength=search.problem.streets) - 1.0
        over[(price <= 0) & (over < 0)] = 0.0  # a price of nothing cannot fall
        missing = now - objective
        if missing <= 0 or not over.any() or halvings > HALVINGS or watch.seconds > seconds or not going():
            return bound
        if waited > PATIENCE:
            price, step, waited, halvings = best_price, step / 2, 0, halvings + 1
        else:
            price = np.maximum(0.0, price + step * missing / float(over @ over) * over)


def prove_packs(problem: AssignmentProblem, price: FloatArray, *, scale: int) -> float:
    """
    Return the bound that prices of streets prove over all pairs of the problem, whatever they are.

    Parameters
    ----------
    price
        Of each street, shape (n_streets,), >= 0.
    scale
        Whole units per hour in which hours are counted, > 0. Where they are not exact in them they are rounded down, which only
        widens the bound.
    """
    total = float(price.sum())
    hours = np.floor(problem.hours * scale + 1e-6).astype(np.int64)
    room = np.floor(problem.capacities * scale + 1e-6).astype(np.int64)
    order = np.argsort(problem.crew, kind="stable")
    ends = np.cumsum(np.bincount(problem.crew, minlength=problem.crews))[:-1]
    for pairs, most in zip(np.split(order, ends), room.tolist(), strict=True):
        above = problem.values[pairs] - price[problem.street[pairs]]
        good = (above > 0) & (hours[pairs] <= most)
        total += best_set(above[good], hours[pairs[good]], most)[0]
    return total * (1 + 1e-12)


class _Packs:
    """The crews' knapsacks in whole units of hours."""

    def __init__(self, search: Search) -> None:
        self.search = search
        capacities = search.problem.capacities
        unit = max(0.01, float(capacities.max(initial=0.0)) / UNITS)
        # A thousand streets that just fit in hours fit in units too: their slack is less than that of the room.
        self.hours: IntArray = np.floor(search.hours / unit + 1e-9).astype(np.int64)
        self.room: IntArray = np.floor(capacities / unit + 1e-6).astype(np.int64)
        self.cells = sum(len(pairs) * int(room) for pairs, room in zip(search.pairs_of, self.room, strict=True))

    def fill(self, price: FloatArray) -> tuple[float, IntArray]:
        """Return the bound at these prices of streets, and the pairs of all packs."""
        search, total, packed = self.search, float(price.sum()), []
        for pairs, room in zip(search.pairs_of, self.room.tolist(), strict=True):
            above = search.values[pairs] - price[search.street[pairs]]
            good = (above > 0) & (self.hours[pairs] <= room)
            worth, chosen = best_set(above[good], self.hours[pairs[good]], room)
            total += worth
            packed.append(pairs[good][chosen])
        return total, np.concatenate(packed)

    def answer(self, packed: IntArray) -> None:
        """Make the search hold what the packs hold: a street of several goes where it is worth most; rooms are refilled."""
        search = self.search
        packed = packed[np.lexsort((-search.values[packed], search.street[packed]))]
        packed = packed[np.r_[True, np.diff(search.street[packed]) > 0]] if len(packed) else packed
        search.clear()
        for crew, places in enumerate(search.places_left.tolist()):
            mine = packed[search.crew[packed] == crew]
            mine = mine[np.argsort(-search.values[mine], kind="stable")][:places]
            while search.hours[mine].sum() > search.hours_left[crew]:  # rounded down, they seemed to fit
                mine = mine[:-1]
            search.hold(search.street[mine], mine)
        for _again in range(REFILLS):
            if sum(refill_crew(search, crew) for crew in range(search.problem.crews)) <= 0:
                break
