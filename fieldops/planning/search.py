"""
The working state of a search: who holds which street now, what is left, and what each crew loses against the bound.

At given prices the bound minus the objective splits into parts that are never negative: what hours and places left
over would have cost, and what each street earns less than its best choice (its regret). So every crew's part is known,
and a pair whose regret alone exceeds what there is to gain cannot belong to a better answer.
"""

import numpy as np

from fieldops.planning.assignment import NOBODY, AssignmentProblem, FloatArray, IntArray
from fieldops.planning.prices import Prices, core_pairs

CORE_PER_STREET = 8.0
SMALL = 50_000  # pairs: below, none is left out
SLACK = 1e-9  # hours; sums of hours are exact to less than that
SCALES = (1, 10, 100, 1_000, 10_000, 100_000)


class Search:
    """
    Streets held by crews, on the core of pairs with least regret; always lawful.

    Attributes
    ----------
    street, crew, values, hours, regret
        The core, shape (n_core,), sorted by street, then crew.
    begins
        Where each street's pairs begin, shape (n_streets + 1,).
    pairs_of
        Positions of each crew's pairs, a list over the crews.
    held
        Position of the pair by which each street is held, shape (n_streets,), -1 for nobody.
    hours_left, places_left
        What each crew has left, shape (n_crews,), >= 0.
    hour_scale
        Whole numbers per hour in which the hours of all pairs are exact, and what a crew has may be rounded down; 0 where
        there is no such scale.
    beyond
        Least regret of a pair outside the core: no answer that loses less in all needs any of them.
    """

    def __init__(self, problem: AssignmentProblem, prices: Prices) -> None:
        """Start with every street free."""
        regret = prices.regret(problem)
        core = (
            np.arange(len(regret))
            if len(regret) <= SMALL
            else core_pairs(regret, problem.street, per_street=CORE_PER_STREET)
        )
        outside = np.ones(len(regret), dtype=bool)
        outside[core] = False
        self.problem, self.prices = problem, prices
        self.beyond = float(regret[outside].min()) if outside.any() else np.inf
        self.street, self.crew = problem.street[core], problem.crew[core]
        self.values, self.hours, self.regret = problem.values[core], problem.hours[core], regret[core]
        self.begins: IntArray = np.searchsorted(self.street, np.arange(problem.streets + 1))
        by_crew = np.argsort(self.crew, kind="stable")
        ends = np.cumsum(np.bincount(self.crew, minlength=problem.crews))
        self.pairs_of: list[IntArray] = np.split(by_crew, ends[:-1])
        self.hour_scale = next((s for s in SCALES if _whole(problem.hours * s)), 0)
        self.is_whole = problem.is_whole
        self.clear()

    def clear(self) -> None:
        """Free every street."""
        self.held: IntArray = np.full(self.problem.streets, NOBODY, dtype=np.int64)
        self.hours_left: FloatArray = self.problem.capacities.copy()
        self.places_left: IntArray = self.problem.max_streets.copy()

    def state(self) -> tuple[IntArray, FloatArray, IntArray]:
        """Return who holds what and what is left, to come back to."""
        return self.held.copy(), self.hours_left.copy(), self.places_left.copy()

    def restore(self, state: tuple[IntArray, FloatArray, IntArray]) -> None:
        """Come back to a state."""
        held, hours, places = state
        self.held, self.hours_left, self.places_left = held.copy(), hours.copy(), places.copy()

    @property
    def objective(self) -> float:
        """Return the value of the streets held."""
        return float(self.values[self.held[self.held != NOBODY]].sum())

    @property
    def crew_of_street(self) -> IntArray:
        """Return who holds each street, -1 for nobody."""
        return np.where(self.held == NOBODY, NOBODY, self.crew[self.held]) if len(self.crew) else self.held.copy()

    def regret_now(self, streets: IntArray) -> FloatArray:
        """Return what these streets earn less than their best choice, as they are held now."""
        held = self.held[streets]
        return np.where(held == NOBODY, self.prices.profit[streets], self.regret[held])

    def losses(self) -> FloatArray:
        """Return each crew's part of bound minus objective, shape (n_crews,); a free street counts for its best crew."""
        loss = self.prices.hour * self.hours_left + self.prices.place * self.places_left
        held = self.held[self.held != NOBODY]
        loss += np.bincount(self.crew[held], weights=self.regret[held], minlength=len(loss))
        favourite = np.flatnonzero((self.regret <= 0) & (self.held[self.street] == NOBODY))
        wasted = self.prices.profit[self.street[favourite]]
        return np.maximum(loss + np.bincount(self.crew[favourite], weights=wasted, minlength=len(loss)), 0.0)

    def hold(self, streets: IntArray, pairs: IntArray) -> None:
        """Give the streets to the crews of these pairs (-1: free them); the caller answers for the capacities."""
        for sign, taken in ((1, self.held[streets]), (-1, pairs)):
            real = taken[taken != NOBODY]
            np.add.at(self.hours_left, self.crew[real], sign * self.hours[real])
            np.add.at(self.places_left, self.crew[real], sign)
        self.held[streets] = pairs

    def round_prices(self) -> None:
        """
        Give the streets out greedily: those first that lose most per hour when their best crew is full.

        Each takes its best choice that still fits, never one that earns less than staying free.
        """
        order = np.lexsort((self.regret, self.street))
        profit, count = self.prices.profit, self.problem.streets
        later = np.full(count, np.inf)
        several = np.flatnonzero(np.diff(self.begins) > 1)
        later[several] = self.regret[order[self.begins[several] + 1]]
        least = np.full(count, np.inf)
        np.minimum.at(least, self.street, self.hours)
        urgency = np.minimum(later, profit) / np.maximum(least, SLACK)
        crew, hours, regret = self.crew.tolist(), self.hours.tolist(), self.regret.tolist()
        left, places = self.hours_left.tolist(), self.places_left.tolist()
        begins, sequence = self.begins.tolist(), order.tolist()
        for street in np.argsort(-urgency, kind="stable").tolist():
            for pair in sequence[begins[street] : begins[street + 1]]:
                if regret[pair] >= profit[street]:
                    break
                who = crew[pair]
                if hours[pair] <= left[who] + SLACK and places[who] > 0:
                    left[who] -= hours[pair]
                    places[who] -= 1
                    self.held[street] = pair
                    break
        self.hours_left, self.places_left = np.array(left), np.array(places, dtype=np.int64)


def _whole(numbers: FloatArray) -> bool:
    return bool((np.abs(numbers - np.rint(numbers)) <= SLACK * 1e2).all()) if len(numbers) else True
