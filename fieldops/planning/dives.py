"""Refills answered by dives over whole sets of streets, for crews whose few large streets have to be packed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from fieldops.planning.assignment import NOBODY, FloatArray, IntArray
from fieldops.planning.columns import ROOT_ROUNDS, SMOOTH, Packing, dive, settle_mix
from fieldops.planning.neighbourhoods import Refill, Refilled, solve_refills
from fieldops.planning.search import SLACK, Search

STREETS = 150  # about as many as one mix settles in a few seconds
WHOLE_STREETS = 220  # a problem of no more is dived into whole
STREETS_A_CREW = (
    20  # sets of more are without number: their mix does not settle, and whole streets pack well by themselves
)
MOST_STREETS = 260  # of which the mix settles in bearable time
FEW_A_CREW = 4  # where crews take no more each, a mix of any number settles: sets of them are few
DENSE = 6_000_000  # crews x streets of such a mix
FEWEST_CREWS = 5
LEAVE = 4  # crews whose streets the exact solver hands out at the end
LEAVE_WORK = 0.3
GREED = 0.5
CELLS = 20_000_000  # of the largest knapsack table
UNITS = 4_000  # of the largest crew's hours, where hours need not be as fine: sets are found in a fifth of the time
MUST = 5.0  # times the largest worth: what leaving a street costs that somebody must take


class Diver:
    """
    The mix of sets for one refill, and dives from it; see `columns`.

    Sets are found in coarse units, hours rounded against the crew; the bound is proven in the units in which hours are exact.
    `bound` is the most that any answer of the refill is worth, in the values of its choices; `room` by how much that is more
    than what is held.
    """

    def __init__(self, search: Search, refill: Refill, going: Callable[[], bool]) -> None:
        """Settle the mix; about a second for 10 crews with 100 streets, five for 20 with 200."""
        self.refill, self._search = refill, search
        crews, streets, choices = refill.crews, refill.streets, refill.choices
        row = np.searchsorted(crews, search.crew[choices])
        column = np.searchsorted(streets, search.street[choices])
        profit = search.prices.profit[streets]
        worth = np.full((len(crews), len(streets)), -np.inf)
        worth[row, column] = search.values[choices] - profit[column]
        exact, coarse = search.hour_scale, _coarse(search, refill)
        hours = np.zeros(worth.shape)
        hours[row, column] = search.hours[choices]
        at_hand = refill.hours_of[crews] + SLACK
        self._pair = np.full(worth.shape, NOBODY, dtype=np.int64)
        self._pair[row, column] = choices
        must = -MUST * float(np.abs(worth[row, column]).max(initial=1.0))
        free = np.where(refill.optional, -profit, must)

        def in_units(scale: int) -> Packing:
            up, down = np.ceil(hours * scale - 1e-3), np.floor(at_hand * scale + 1e-6)
            return Packing(worth, up.astype(np.int64), down.astype(np.int64), free)

        self._packing = in_units(coarse)
        self._root = settle_mix(
            self._packing, np.arange(len(crews)), np.ones(len(streets), dtype=bool), self._present(), np.zeros(len(streets)),
            rounds=ROOT_ROUNDS, smooth=SMOOTH, going=going,
        )  # fmt: skip
        bound = self._root.bound if coarse == exact else in_units(exact).prove(self._root.prices)
        self.bound = bound + float(profit.sum())
        held = search.held[streets]
        self.room = self.bound - float(search.values[held[held != NOBODY]].sum())

    def street_prices(self) -> FloatArray:
        """Return the price of every street of the search, >= 0: the mix's, and what it earns where the mix does not know it."""
        price = self._search.prices.profit.copy()
        price[self.refill.streets] += self._root.prices
        return np.maximum(price, 0.0)

    def _present(self) -> list[tuple[int, IntArray]]:
        """Return the sets that the crews hold now."""
        held = self._search.held[self.refill.streets]
        return [(j, np.flatnonzero((self._pair[j] == held) & (held != NOBODY))) for j in range(len(self.refill.crews))]

    def dive(
        self, rng: np.random.Generator, *, seed: int, seconds: float, going: Callable[[], bool], haste: float = 0.0
    ) -> Refilled:
        """Return one answer of the refill; empty where the dive ended in a street that somebody must take and nobody can."""
        fixed, left, still_open = dive(
            self._packing, self._root, rng, leave=LEAVE, greed=GREED, haste=haste, going=going
        )
        taken = [self._pair[crew, streets] for crew, streets in fixed]
        nothing = Refilled(np.zeros(0, dtype=np.int64), within=np.inf)
        if still_open.any() and len(left):
            rest = self._rest(left, np.flatnonzero(still_open), np.concatenate([np.zeros(0, dtype=np.int64), *taken]))
            if rest is None:
                return nothing
            with ThreadPoolExecutor(1) as pool:
                answer = solve_refills(
                    self._search, [rest], pool=pool, work=LEAVE_WORK, seed=seed, seconds=seconds, going=going
                )[0]
            if not len(answer.taken) and not self.refill.optional[still_open].all():
                return nothing
            taken.append(answer.taken)
        elif (still_open & ~self.refill.optional).any():
            return nothing
        return Refilled(np.concatenate([np.zeros(0, dtype=np.int64), *taken]), within=np.inf)

    def _rest(self, left: IntArray, streets: IntArray, taken: IntArray) -> Refill | None:
        """Return the refill of the crews that the dive left, over the streets that are still open."""
        pairs = self._pair[np.ix_(left, streets)]
        choices = np.sort(pairs[pairs != NOBODY])
        places: IntArray = self.refill.places_of.copy()
        np.add.at(places, self._search.crew[taken], -1)
        listed = np.isin(self.refill.streets[streets], self._search.street[choices])
        if not (listed | self.refill.optional[streets]).all():
            return None
        return Refill(
            self.refill.crews[left], self.refill.streets[streets][listed], choices, np.zeros(0, dtype=np.int64),
            self.refill.optional[streets][listed], self.refill.hours_of, places, exact=False,
        )  # fmt: skip


def can_dive(search: Search, refill: Refill) -> bool:
    """Return whether a dive is of use: few streets, also for each crew, whole hours, no cap that binds, tables of a bearable size."""
    crews, streets = len(refill.crews), len(refill.streets)
    if not search.hour_scale or not (
        streets <= min(MOST_STREETS, STREETS_A_CREW * crews) or _takes_few(search, refill)
    ):
        return False
    count = np.bincount(search.crew[refill.choices], minlength=len(refill.places_of))[refill.crews]
    room = refill.hours_of[refill.crews].max(initial=0.0) * search.hour_scale
    return bool(room * count.max(initial=0) <= CELLS) and not any(
        _binds(search, refill, j) for j in refill.crews.tolist()
    )


def _takes_few(search: Search, refill: Refill) -> bool:
    held = int((search.held[refill.streets] != NOBODY).sum())
    return held <= FEW_A_CREW * len(refill.crews) and len(refill.crews) * len(refill.streets) <= DENSE


def _binds(search: Search, refill: Refill, crew: int) -> bool:
    """Return whether the hours of a crew would hold more streets than its cap, were they the shortest."""
    shortest = np.sort(search.hours[refill.choices[search.crew[refill.choices] == crew]])
    most = max(0, int(refill.places_of[crew]))
    return len(shortest) > most and float(shortest[: most + 1].sum()) <= refill.hours_of[crew] + SLACK


def _coarse(search: Search, refill: Refill) -> int:
    """Return whole units per hour in which sets are found: those in which hours are exact, or fewer."""
    return max(1, min(search.hour_scale, int(UNITS / max(1.0, float(refill.hours_of[refill.crews].max(initial=0.0))))))


def crews_of_a_dive(search: Search) -> int:
    """Return how many crews hold about as many streets as one mix settles quickly."""
    held, crews = max(1, int((search.held != NOBODY).sum())), search.problem.crews
    if held <= WHOLE_STREETS or (held <= FEW_A_CREW * crews and crews * search.problem.streets <= DENSE):
        return crews
    return min(search.problem.crews, max(FEWEST_CREWS, STREETS * search.problem.crews // held))
