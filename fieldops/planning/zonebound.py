"""
Cuts for walks of several crews: how often a part of a zone must be left, because no crew can carry all the work in it.

A part that takes more than k - 1 days of a crew is entered and left by k of them. Parts for which the ways of a program are
too few are looked for by least cuts and by growing them street by street; what is found holds for any walks.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_matrix
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from fieldops.planning.assignment import BoolArray, FloatArray, IntArray

STRETCHES = (1.0, 1.03, 1.07, 1.12, 1.2, 1.35, 1.6, 2.0)  # of the work: a part may lack little to the next whole crew
SCALE = 1_000_000
MOST_SEEDS = 60
MOST_STEPS = 150
MOST_CUTS = 60  # a round
LEAST_LACK = 1e-3


@dataclass(slots=True, eq=False)
class Parts:
    """
    The work of a zone by the nodes of a program.

    `ends` are the nodes of each street, shape (n_streets, 2); `loads` what it takes of a day, `room` the largest day of a
    crew; `starts` are nodes where crews begin: no part contains one.
    """

    ends: IntArray
    loads: FloatArray
    room: float
    starts: IntArray
    nodes: int
    _profit: FloatArray = field(init=False, repr=False)
    _bonds: FloatArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Share each street's work between its ends."""
        share = self.loads / self.room
        self._profit = np.zeros(self.nodes)
        np.add.at(self._profit, self.ends, share[:, None])
        self._bonds = np.zeros((self.nodes, self.nodes))
        a, b = self.ends.T
        apart = a != b
        np.add.at(self._bonds, (a[apart], b[apart]), 1.0 - share[apart])
        self._bonds += self._bonds.T

    def least(self, parts: BoolArray) -> FloatArray:
        """
        Return how often the ways between streets leave each part at least, shape (n_parts,).

        Notes
        -----
        x(S) >= 2 ceil(load(S) / capacity) - streets that leave S (Belenguer & Benavent 1998, European Journal of Operational
        Research 110), where load(S) counts every street that touches S.
        """
        a, b = parts[:, self.ends[:, 0]], parts[:, self.ends[:, 1]]
        crews = np.ceil((a | b) @ self.loads / self.room - 1e-9)
        return np.asarray(2.0 * crews - (a ^ b).sum(axis=1))

    def violated(self, first: IntArray, second: IntArray, times: FloatArray) -> list[tuple[BoolArray, float]]:
        """Return parts that the ways (first, second), walked so many times, leave too seldom, those first that lack most."""
        bonds = self._bonds.copy()
        np.add.at(bonds, (first, second), times)
        np.add.at(bonds, (second, first), times)
        parts = np.unique(np.concatenate([self._cut_off(bonds), self._grow(bonds)]), axis=0)
        parts = parts[parts.any(axis=1)]
        least = self.least(parts)
        lack = least - (parts[:, first] ^ parts[:, second]) @ times
        worst = np.argsort(-lack, kind="stable")[:MOST_CUTS]
        return [(parts[k], float(least[k])) for k in worst.tolist() if lack[k] > LEAST_LACK]

    def _cut_off(self, bonds: FloatArray) -> BoolArray:
        """
        Return the parts of least cut minus work, the work stretched by several factors, and all together.

        Notes
        -----
        A street of load d weighs 1 - d/Q in the cut and d/Q at either end, so that one least cut finds the part that lacks
        most before rounding (Belenguer & Benavent 2003, Computers & Operations Research 30).
        """
        source, sink = self.nodes, self.nodes + 1
        a, b = np.nonzero(bonds)
        inner = np.arange(self.nodes)
        home = np.isin(inner, self.starts)
        found = [~home]
        for stretch in STRETCHES:
            start = np.concatenate([a, np.full(self.nodes, source), inner[home]])
            end = np.concatenate([b, inner, np.full(int(home.sum()), sink)])
            weight = np.concatenate([bonds[a, b], stretch * self._profit, np.full(int(home.sum()), 1e3)])
            whole = np.minimum(np.rint(weight * SCALE), 2**30).astype(np.int32)
            graph: Any = csr_matrix(coo_array((whole, (start, end)), shape=(self.nodes + 2, self.nodes + 2)))
            residual = graph - maximum_flow(graph, source, sink).flow
            residual.data = np.where(residual.data > 0, residual.data, 0)
            residual.eliminate_zeros()
            members = np.zeros(self.nodes + 2, dtype=bool)
            members[breadth_first_order(residual, source, return_predecessors=False)] = True
            found.append(members[: self.nodes])
        return np.array(found)

    def _grow(self, bonds: FloatArray) -> BoolArray:
        """Return parts grown from single nodes, always by the node next to them that costs least: every step of them."""
        home = np.isin(np.arange(self.nodes), self.starts)
        seeds = np.flatnonzero(~home & (self._profit > 0))
        if len(seeds) > MOST_SEEDS:
            seeds = seeds[:: len(seeds) // MOST_SEEDS + 1]
        parts = np.zeros((len(seeds), self.nodes), dtype=bool)
        parts[np.arange(len(seeds)), seeds] = True
        degree, steps = bonds.sum(axis=1), [parts.copy()]
        for _step in range(min(MOST_STEPS, int((~home).sum()) - 1)):
            inside = parts @ bonds
            cost = degree - 2.0 * inside - self._profit
            cost[parts | home | (inside <= 1e-9)] = np.inf
            nearest = cost.argmin(axis=1)
            more = np.isfinite(cost[np.arange(len(seeds)), nearest])
            if not more.any():
                break
            parts[np.flatnonzero(more), nearest[more]] = True
            steps.append(parts.copy())
        return np.concatenate(steps)
