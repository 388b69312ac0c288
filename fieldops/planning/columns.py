"""
Whole sets of streets as the choices of each crew: a bound that knows how streets pack, and dives to good answers.

A refill asks which crew takes which street; here every crew chooses one set of streets that fits its hours, and a linear
program mixes the sets so that each street is taken once. Sets that would improve the mix are found by one exact knapsack a
crew (column generation). The mix is nearly whole, and its bound nearly the best answer, where streets are large against
the hours of a crew: exactly where prices of hours alone are weak. A dive fixes the set of which the mix has most, mixes
again, and so on; what the last few crews take is left to the exact solver.

Notes
-----
Savelsbergh (1997), Operations Research 45(6), for the sets; Wentges (1997), ITOR 4(2), for the smoothed prices; Sadykov,
Vanderbeck, Pessoa, Tahiri, Uchoa (2019), INFORMS J. Computing 31(2), for the dives.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from ortools.linear_solver import pywraplp

from fieldops.planning.assignment import BoolArray, FloatArray, IntArray
from fieldops.planning.sets import best_set

SMOOTH = 0.8  # weight of the best prices so far, at the root; half of it below
ROOT_ROUNDS = 400
DIVE_ROUNDS = 60
WHOLE = 0.999  # share of the mix at which a set counts as taken
NARROW = 1e-4  # of the scale: bound and mix have met

Column = tuple[int, IntArray]  # a crew's position and the positions of its streets


@dataclass(frozen=True, slots=True, eq=False)
class Packing:
    """
    A small problem in whole units of hours: `worth` and `hours` of every crew and street, -inf where the pair is forbidden.

    `free` is what a street is worth that nobody takes (far below nothing where somebody must); `room` the hours at hand.
    """

    worth: FloatArray
    hours: IntArray
    room: IntArray
    free: FloatArray

    def worth_of(self, column: Column) -> float:
        """Return what a set is worth to its crew."""
        return float(self.worth[column[0], column[1]].sum())

    def prove(self, prices: FloatArray) -> float:
        """Return the bound that prices of all streets prove for all crews (weak duality)."""
        return price_sets(self, np.arange(len(self.room)), np.ones(len(self.free), dtype=bool), prices)[0]


def price_sets(
    packing: Packing, crews: IntArray, open_street: BoolArray, prices: FloatArray
) -> tuple[float, list[Column]]:
    """Return the bound that prices of the open streets prove for these crews, and the best set of each at them."""
    prices = np.maximum(prices, packing.free)  # below, leaving a street would gain
    bound, found = float(prices[open_street].sum()), []
    for crew in crews.tolist():
        worth = np.where(open_street, packing.worth[crew] - prices, -np.inf)
        value, streets = best_set(worth, packing.hours[crew], int(packing.room[crew]))
        bound += value
        found.append((crew, streets))
    return bound, found


@dataclass(slots=True, eq=False)
class Mix:
    """The best mix of sets after its prices have settled: shares of the columns, prices of the streets, and the bound."""

    columns: list[Column]
    shares: FloatArray
    prices: FloatArray
    bound: float


class _Master:
    """The linear program over sets, of those crews and streets that are still open."""

    def __init__(self, packing: Packing, crews: IntArray, open_street: BoolArray) -> None:
        self.packing, self.crews, self.open_street = packing, crews, open_street
        self.columns: list[Column] = []
        self._known: set[tuple[int, bytes]] = set()
        self._streets = np.flatnonzero(self.open_street)
        self._program = pywraplp.Solver.CreateSolver("GLOP")
        self._most = self._program.infinity()
        self._rows = {int(i): self._program.Constraint(1.0, 1.0) for i in self._streets}
        self._crew_rows = {int(j): self._program.Constraint(-self._most, 1.0) for j in self.crews}
        self._worth = self._program.Objective()
        self._worth.SetMaximization()
        self._variables: list[pywraplp.Variable] = []
        for i, row in self._rows.items():
            alone = self._program.NumVar(0.0, self._most, "")
            row.SetCoefficient(alone, 1.0)
            self._worth.SetCoefficient(alone, float(self.packing.free[i]))

    def add(self, column: Column) -> bool:
        """Offer a set; False where it was there already."""
        key = (column[0], column[1].tobytes())
        if key in self._known:
            return False
        self._known.add(key)
        variable = self._program.NumVar(0.0, self._most, "")
        self._worth.SetCoefficient(variable, self.packing.worth_of(column))
        for street in column[1].tolist():
            self._rows[street].SetCoefficient(variable, 1.0)
        self._crew_rows[column[0]].SetCoefficient(variable, 1.0)
        self.columns.append(column)
        self._variables.append(variable)
        return True

    def solve(self, *, shares: bool = False) -> tuple[float, FloatArray, FloatArray] | None:
        """Return the value of the mix, the prices of the streets, and (`shares`) how much of each column it takes."""
        if self._program.Solve() != pywraplp.Solver.OPTIMAL:  # GLOP gives up for its numbers' sake
            return None
        prices = np.zeros(len(self.packing.free))
        prices[self._streets] = [row.dual_value() for row in self._rows.values()]
        taken = np.array([one.solution_value() for one in self._variables]) if shares else np.zeros(0)
        return float(self._worth.Value()), prices, taken


def settle_mix(
    packing: Packing,
    crews: IntArray,
    open_street: BoolArray,
    known: Iterable[Column],
    prices: FloatArray,
    *,
    rounds: int,
    smooth: float,
    going: Callable[[], bool],
) -> Mix:
    """
    Return the best mix of sets, found by adding the sets that would improve it, and the bound that this proves.

    The bound holds whenever the rounds end: it is that of the best prices tried (weak duality), which is all it rests on.
    """
    master = _Master(packing, crews, open_street)
    for column in known:
        master.add(column)
    for crew in crews.tolist():
        master.add((crew, np.zeros(0, dtype=np.int64)))
    best, lowest = prices, np.inf
    scale = float(np.abs(packing.worth[np.isfinite(packing.worth)]).max(initial=1.0))
    for _round in range(rounds):
        mixed = master.solve()
        if mixed is None:
            return Mix(master.columns, np.zeros(len(master.columns)), best, lowest)
        value, at, _ = mixed
        tried = smooth * best + (1 - smooth) * at
        bound, found = price_sets(packing, crews, open_street, tried)
        if bound < lowest:
            best, lowest = tried, bound
        added = sum([master.add(column) for column in found])
        if added <= len(crews) // 3:
            bound, found = price_sets(packing, crews, open_street, at)
            if bound < lowest:
                best, lowest = at, bound
            added += sum([master.add(column) for column in found])
        if not added or lowest - value <= NARROW * scale or not going():
            break
    mixed = master.solve(shares=True)
    shares = np.zeros(len(master.columns)) if mixed is None else mixed[2]
    return Mix(master.columns, shares, best, lowest)


def dive(
    packing: Packing,
    root: Mix,
    rng: np.random.Generator,
    *,
    leave: int,
    greed: float,
    haste: float = 0.0,
    going: Callable[[], bool],
) -> tuple[list[Column], IntArray, BoolArray]:
    """
    Return sets fixed one after the other, the crews left, and which streets are still open.

    Where the time is up, as many sets of the present mix are fixed at once as have no street in common.

    Parameters
    ----------
    leave
        Crews to leave to somebody else.
    greed
        In (0, 1]: at 1 the set of largest share is fixed; below, shares are first blurred by random factors from there on.
    haste
        In [0, 1): share of the crews left whose sets are fixed before the rest is mixed again; at 0 it is one crew.
    """
    crews, open_street, mix = np.arange(len(packing.room)), np.ones(len(packing.free), dtype=bool), root
    fixed: list[Column] = []
    while len(crews) > leave:
        in_time = going()
        blurred = mix.shares * rng.uniform(greed, 1.0, len(mix.shares)) if greed < 1.0 else mix.shares
        order = np.argsort(-np.where(mix.shares >= WHOLE, 2.0, blurred), kind="stable").tolist()
        count = max(1, int(haste * len(crews)), int((mix.shares >= WHOLE).sum())) if in_time else len(order)
        for crew, streets in (mix.columns[k] for k in order[:count]):
            if len(crews) > leave and crew in crews and open_street[streets].all():
                fixed.append((crew, streets))
                crews = crews[crews != crew]
                open_street[streets] = False
        if len(crews) <= leave or not in_time:
            break
        still = [column for column in mix.columns if column[0] in set(crews.tolist()) and open_street[column[1]].all()]
        mix = settle_mix(
            packing, crews, open_street, still, mix.prices, rounds=DIVE_ROUNDS, smooth=SMOOTH / 2, going=going
        )
    return fixed, crews, open_street
