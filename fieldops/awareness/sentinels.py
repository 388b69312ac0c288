"""Which finished streets are asked again each day, so that forgetting is measured and not assumed."""

import numpy as np
from numpy.typing import ArrayLike

from fieldops.awareness.counting import IntArray
from fieldops.errors import BadInput


def choose_sentinels(
    last_asked: ArrayLike, triangle: ArrayLike, rng: np.random.Generator, *, count: int = 3
) -> IntArray:
    """
    Return the finished streets to re-survey today: those not asked for longest, in different triangles first.

    Parameters
    ----------
    last_asked
        Day on which each finished street was last asked, shape (n_finished,); only streets that nobody pushes any more.
    triangle
        Index of each street's triangle, shape (n_finished,).
    rng
        Decides between streets asked on the same day, so that nobody can tell beforehand where the verifier comes.
    count
        Streets a day; with 3 the daily forgetting is known to about 30 %, without any to 55 % (statistics.md 4.4).

    Returns
    -------
    IntArray
        Indices into the finished streets, at most `count`, in order of need.

    Raises
    ------
    BadInput
        If the shapes differ or the count is negative.
    """
    days, of = np.asarray(last_asked), np.asarray(triangle)
    if days.shape != of.shape or days.ndim != 1 or count < 0:
        raise BadInput(f"last_asked has shape {days.shape}, triangle {of.shape}", cure="give one of each per street")
    order = np.lexsort((rng.random(len(days)), days))
    # The first street of each triangle comes before any triangle's second.
    turn = np.empty(len(order), dtype=np.int64)
    grouped = order[np.argsort(of[order], kind="stable")]
    new = np.diff(of[grouped], prepend=of[grouped[:1]] - 1) != 0
    starts = np.flatnonzero(new)
    turn[grouped] = np.arange(len(grouped)) - np.repeat(starts, np.diff(np.append(starts, len(grouped))))
    return np.asarray(order[np.argsort(turn[order], kind="stable")][:count])
