"""
A proven bound on the dead-head of a walk: what is walked between the required pieces, whatever their order.

Any closed walk meets every node an even number of times and holds together. So the ways between pieces leave every set of
pieces that hang together at least twice, and every set with an odd number of odd ends at least once. The linear program
with these cuts, found as they are violated, is a bound at every round; the same program in whole numbers, where the ways
that are too dear for any walk better than the one at hand are left out, is a better one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, csr_matrix, hstack, vstack
from scipy.sparse.csgraph import breadth_first_order, connected_components, maximum_flow

from fieldops.clock import Stopwatch
from fieldops.planning.assignment import BoolArray, FloatArray, IntArray
from fieldops.planning.zonebound import Parts

MOST_NODES = 600  # beyond, pieces that hang together are one node: weaker, and still a bound
MOST_ROUNDS = 60
SCALE = 1_000_000
SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class DeadHead:
    """
    Metres that every closed walk has beyond its pieces, at least, and ways between terminals that make a walk.

    `ways` are (from, to) terminals, repeated where walked twice: together with the pieces they hold together and meet every
    terminal an even number of times; None where no such ways were found. Their metres equal the bound where it is the best.
    """

    metres: float
    ways: tuple[tuple[int, int], ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """What each piece takes of a walker's day, the largest day, and the terminals where walkers begin; see `zonebound`."""

    loads: FloatArray
    room: float
    starts: IntArray


def least_dead_head(
    metres: FloatArray, pieces: Sequence[tuple[int, int]], points: Sequence[int], *, at_most: float = np.inf,
    seconds: float = 5.0, shared: Shared | None = None,
) -> DeadHead:  # fmt: skip
    """
    Return what every closed walk over all pieces and points has beyond the pieces themselves.

    Parameters
    ----------
    metres
        Shortest walks between terminals, shape (n, n), symmetric and finite.
    pieces
        (first, last) terminal of each piece; a piece that is walked twice is listed twice.
    points
        Terminals that are visited, the start among them.
    at_most
        Dead-head of a walk that is known, metres: whole numbers are tried only to prove more than that it is near.
    seconds
        Time after which nothing new is begun; the bound so far holds.
    shared
        How several walkers share the pieces, of whom none can carry all; None for a single walker.
    """
    watch = Stopwatch()
    terminals, group, odd, between = _nodes(metres, pieces, points)
    program = _Program(group, odd, between)
    if len(group) == 1:
        return DeadHead(0.0, ())
    if shared is not None:
        program.most = np.inf  # every walker may come this way
        if len(between) == len(terminals):
            ends = np.searchsorted(terminals, np.array(pieces, dtype=np.int64).reshape(-1, 2))
            starts = np.searchsorted(terminals, shared.starts)
            program.parts = Parts(ends, shared.loads, shared.room, starts, len(terminals))
    while program.rounds < MOST_ROUNDS and watch.seconds < seconds and program.tighten():
        pass
    while (
        program.bound < (1 - SLACK) * at_most
        and watch.seconds < seconds
        and program.tighten_whole(at_most, seconds - watch.seconds)
    ):
        pass
    ways = None if len(group) < len(terminals) else program.ways(terminals)
    return DeadHead(min(program.bound * (1 - SLACK), at_most), ways)


def _nodes(
    metres: FloatArray, pieces: Sequence[tuple[int, int]], points: Sequence[int]
) -> tuple[IntArray, IntArray, BoolArray, FloatArray]:
    """Return the terminals that are needed, and group, oddness and distances of the program's nodes."""
    ends = np.array(pieces, dtype=np.int64).reshape(-1, 2)
    together: Any = csr_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=metres.shape)
    _, label = connected_components(together, directed=False)
    needed = np.unique(np.concatenate([ends.ravel(), np.array(points, dtype=np.int64)]))
    _, group = np.unique(label[needed], return_inverse=True)
    odd = np.bincount(ends.ravel(), minlength=len(metres))[needed] % 2 == 1
    between = metres[needed][:, needed]
    if len(needed) <= MOST_NODES:
        return needed, group.astype(np.int64), odd, between
    order = np.argsort(group, kind="stable")
    begins = np.flatnonzero(np.diff(group[order], prepend=-1))
    rows = np.minimum.reduceat(between[order], begins, axis=0)
    whole = np.minimum.reduceat(rows[:, order], begins, axis=1)
    return needed, np.arange(len(begins), dtype=np.int64), np.zeros(len(begins), dtype=bool), whole


def _single_ways(between: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the ways that pass no third node: every other way is two of these, as long and in more cuts."""
    count = len(between)
    single = np.triu(np.isfinite(between), 1)
    for via in range(count):
        passes = between[:, via, None] + between[None, via, :] <= between + 1e-9
        apart = between[via] > 0
        single &= ~(passes & apart[:, None] & apart[None, :])
    first, second = np.nonzero(single)
    return first.astype(np.int64), second.astype(np.int64)


@dataclass(slots=True, eq=False, init=False)
class _Program:
    """Ways between nodes, how often each is walked; cuts so far, the bound that they prove."""

    group: IntArray
    odd: BoolArray
    first: IntArray
    second: IntArray
    cost: FloatArray
    rows: list[FloatArray]
    least: list[float]
    bound: float
    fraction: float  # the bound of the program in fractions, to which `dearer` belongs
    dearer: FloatArray  # what one walk of a way adds to it at least
    rounds: int
    whole: FloatArray | None  # how often each way is walked in an answer without a violated cut
    most: float  # how often a way is walked at most in the best answer
    parts: Parts | None

    def __init__(self, group: IntArray, odd: BoolArray, between: FloatArray) -> None:
        self.group, self.odd = group, odd
        self.whole, self.most, self.parts = None, 2.0, None
        self.first, self.second = _single_ways(between)
        self.cost = between[self.first, self.second]
        self.rows, self.least = [], []
        self.bound, self.fraction, self.rounds, self.dearer = 0.0, 0.0, 0, np.zeros(len(self.cost))
        nodes = np.arange(len(group))
        self._add([nodes == i for i in np.flatnonzero(odd).tolist()])
        if group.max() > 0:
            self._add([group == one for one in range(int(group.max()) + 1)])

    def tighten(self) -> bool:
        """Solve in fractions and add the cuts that it violates; return whether there were any."""
        self.rounds += 1
        if not self.rows:
            return False
        matrix, least = csr_array(np.array(self.rows)), np.array(self.least)
        found: Any = linprog(self.cost, A_ub=-matrix, b_ub=-least, bounds=(0, None), method="highs-ds")  # type: ignore[call-overload]
        if not found.success:
            return False
        if found.fun >= self.bound:
            self.bound = self.fraction = float(found.fun)
            self.dearer = np.asarray(found.lower.marginals)
        return self._add_violated(np.asarray(found.x))

    def tighten_whole(self, at_most: float, seconds: float) -> bool:
        """Solve in whole numbers with every node left an even number of times in all; return whether cuts were violated."""
        kept = np.flatnonzero(self.fraction + self.dearer <= at_most + 1e-6)
        nodes, ways = len(self.group), len(kept)
        across = np.arange(ways)
        touch = csr_array(
            (np.ones(2 * ways), (np.concatenate([self.first[kept], self.second[kept]]), np.tile(across, 2))),
            shape=(nodes, ways),
        )
        pairs = csr_array((np.full(nodes, -2.0), (np.arange(nodes), np.arange(nodes))), shape=(nodes, nodes))
        even = hstack([touch, pairs])
        cuts = hstack(
            [csr_array(np.array(self.rows).reshape(-1, len(self.cost))[:, kept]), csr_array((len(self.rows), nodes))]
        )
        found: Any = milp(
            np.concatenate([self.cost[kept], np.zeros(nodes)]), integrality=np.ones(ways + nodes, dtype=np.int64),
            bounds=Bounds(0, np.concatenate([np.full(ways, self.most), np.full(nodes, np.inf)])),
            constraints=[
                LinearConstraint(vstack([even]), self.odd.astype(float), self.odd.astype(float)),
                LinearConstraint(cuts, np.array(self.least), np.inf),
            ],
            options={"time_limit": max(0.1, seconds), "mip_rel_gap": 1e-5},
        )  # fmt: skip
        if found.mip_dual_bound is not None and np.isfinite(found.mip_dual_bound):
            self.bound = max(self.bound, min(at_most, float(found.mip_dual_bound)))
        if found.x is None:
            return False
        x = np.zeros(len(self.cost))
        x[kept] = np.rint(found.x[:ways])
        violated = self._add_violated(x)
        if not violated:
            self.whole = x
        return violated

    def ways(self, terminals: IntArray) -> tuple[tuple[int, int], ...] | None:
        """Return the ways of the answer in whole numbers by terminals, None where none was found."""
        if self.whole is None:
            return None
        times = self.whole.astype(np.int64)
        pairs = np.column_stack([terminals[self.first], terminals[self.second]])
        return tuple((int(a), int(b)) for a, b in np.repeat(pairs, times, axis=0))

    def _add_violated(self, x: FloatArray) -> bool:
        """Add the cuts that these ways violate and return whether there were any."""
        lacking = [] if self.parts is None else self.parts.violated(self.first, self.second, x)
        for members, least in lacking:
            self.rows.append((members[self.first] != members[self.second]).astype(np.float64))
            self.least.append(least)
        return self._add(self._violated(x)) or bool(lacking)

    def _add(self, sets: Sequence[BoolArray]) -> bool:
        """Add the cut of each set: left twice where it is whole groups, once where its odd ends are odd in number."""
        for members in sets:
            inside = np.bincount(self.group[members], minlength=int(self.group.max()) + 1)
            whole = np.all((inside == 0) | (inside == np.bincount(self.group))) and not members.all()
            self.rows.append((members[self.first] != members[self.second]).astype(np.float64))
            self.least.append(2.0 if whole else float(np.count_nonzero(members & self.odd) % 2))
        return bool(sets)

    def _violated(self, x: FloatArray) -> list[BoolArray]:
        """Return sets that are left too seldom: parts that hang together with odd ends, least cuts between groups."""
        found: dict[bytes, BoolArray] = {}
        for threshold in (SLACK, 0.34, 0.67):
            used = x > threshold
            part: Any = csr_matrix(
                (x[used], (self.first[used], self.second[used])), shape=(len(self.group), len(self.group))
            )
            parts, label = connected_components(part, directed=False)
            for one in range(parts):
                members = label == one
                if np.count_nonzero(members & self.odd) % 2:
                    leaving = x[members[self.first] != members[self.second]].sum()
                    if leaving < 1 - 1e-4:
                        found[members.tobytes()] = members
        for members in self._least_cuts(x):
            found[members.tobytes()] = members
        return list(found.values())

    def _least_cuts(self, x: FloatArray) -> list[BoolArray]:
        groups = int(self.group.max()) + 1
        capacity = np.zeros((groups, groups))
        np.add.at(capacity, (self.group[self.first], self.group[self.second]), x)
        capacity = capacity + capacity.T
        np.fill_diagonal(capacity, 0.0)
        flow: Any = csr_matrix(np.rint(capacity * SCALE).astype(np.int32))
        found: list[BoolArray] = []
        covered = np.zeros(groups, dtype=bool)
        for sink in range(1, groups):
            if covered[sink]:
                continue
            result = maximum_flow(flow, 0, sink)
            if result.flow_value >= 2 * SCALE * (1 - 1e-4):
                continue
            residual: Any = flow - result.flow
            residual.data = np.where(residual.data > 0, residual.data, 0)
            residual.eliminate_zeros()
            near = np.zeros(groups, dtype=bool)
            near[breadth_first_order(residual, 0, return_predecessors=False)] = True
            covered |= ~near
            found.append(~near[self.group])
        return found
