"""
A first walk, made at once: what lies apart is joined by the shortest ways, odd ends are paired, and all is one closed way.

A search that begins here has the hard part behind it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from fieldops.planning.assignment import FloatArray, IntArray


def first_ways(metres: FloatArray, pieces: Sequence[tuple[int, int]], points: Sequence[int]) -> list[tuple[int, int]]:
    """
    Return ways between terminals that make one closed walk of all pieces and points, neither best nor bad.

    Parameters
    ----------
    metres
        Shortest walks between terminals, shape (n, n), symmetric and finite.
    pieces
        (first, last) terminal of each piece; listed as often as it is walked.
    points
        Terminals that are visited, the start first.

    Notes
    -----
    Frederickson (1979), Journal of the ACM 26(3): a shortest spanning tree of what hangs together, and a pairing of the odd
    ends, here a greedy one, improved as long as exchanging the partners of two pairs helps.
    """
    ends = np.array(pieces, dtype=np.int64).reshape(-1, 2)
    together: Any = csr_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=metres.shape)
    group: IntArray = connected_components(together, directed=False)[1].astype(np.int64)
    ways = _join(metres, group, np.unique(np.concatenate([ends.ravel(), np.array(points, dtype=np.int64)])), points[0])
    meets = np.bincount(np.concatenate([ends.ravel(), np.array(ways, dtype=np.int64).ravel()]), minlength=len(metres))
    return ways + _pair(metres, np.flatnonzero(meets % 2))


def _join(metres: FloatArray, group: IntArray, needed: IntArray, start: int) -> list[tuple[int, int]]:
    """Return the ways of a shortest tree over the groups (Prim 1957), from the start's on."""
    outside = np.zeros(len(metres), dtype=bool)
    outside[needed] = True
    near = np.full(len(metres), np.inf)
    beside = np.zeros(len(metres), dtype=np.int64)
    ways: list[tuple[int, int]] = []
    reached = start
    while True:
        members = needed[group[needed] == group[reached]]
        members = members if len(members) else np.array([reached])
        outside[members] = False
        away = metres[members].min(axis=0)
        beside = np.where(away < near, members[metres[members].argmin(axis=0)], beside)
        near = np.minimum(near, away)
        if not outside.any():
            return ways
        reached = int(np.where(outside, near, np.inf).argmin())
        ways.append((int(beside[reached]), reached))


def _pair(metres: FloatArray, odd: IntArray) -> list[tuple[int, int]]:
    """Return pairs of the odd terminals, short in all."""
    if not len(odd):
        return []
    between = metres[np.ix_(odd, odd)]
    free = np.ones(len(odd), dtype=bool)
    one, other = np.triu_indices(len(odd), 1)
    pairs: list[tuple[int, int]] = []
    for k in np.argsort(between[one, other], kind="stable").tolist():
        if free[one[k]] and free[other[k]]:
            free[one[k]] = free[other[k]] = False
            pairs.append((int(one[k]), int(other[k])))
    a, b = np.array(pairs).T
    while True:
        now = between[a, b][:, None] + between[a, b][None, :]
        across, along = between[np.ix_(a, a)] + between[np.ix_(b, b)], between[np.ix_(a, b)] + between[np.ix_(a, b)].T
        gain = now - np.minimum(across, along)
        np.fill_diagonal(gain, 0.0)
        i, j = np.unravel_index(int(gain.argmax()), gain.shape)
        if gain[i, j] <= 1e-9:
            return list(zip(odd[a].tolist(), odd[b].tolist(), strict=True))
        if across[i, j] <= along[i, j]:
            b[i], a[j] = a[j], b[i]
        else:
            b[i], b[j] = b[j], b[i]
