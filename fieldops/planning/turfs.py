"""Where each crew's turf lies: middles spread over the work, each given to the crew that lives nearest to it."""

import numpy as np
from scipy.cluster.vq import kmeans2
from scipy.optimize import linear_sum_assignment

from fieldops.planning.assignment import FloatArray

ROUNDS = 12


def place_turfs(
    places: FloatArray,
    work: FloatArray,
    homes: FloatArray,
    held: list[FloatArray],
    *,
    rng: np.random.Generator,
) -> FloatArray:
    """
    Return the middle of each crew's turf, shape (n_crews, 2), in the metres of the places.

    Crews that hold streets stay around them; the others get middles of their own, so that crews of one base do not all
    stand on its doorstep.

    Parameters
    ----------
    places
        Streets that may be given, shape (n_streets, 2), metres.
    work
        What each of them weighs, shape (n_streets,), >= 0.
    homes
        Where each crew starts its day, shape (n_crews, 2), metres.
    held
        For each crew the places of the streets that it holds, shape (n, 2); n = 0 for none.
    rng
        Draws the first middles.

    Notes
    -----
    Lloyd (1982), IEEE Trans. Inf. Theory 28(2), started by k-means++ on places drawn by their work; crews are matched to
    middles by the least sum of squared distances (Hungarian method).
    """
    middles = homes.copy()
    settled = np.array([len(streets) > 0 for streets in held], dtype=bool)
    for crew in np.flatnonzero(settled).tolist():
        middles[crew] = held[crew].mean(axis=0)
    free = np.flatnonzero(~settled)
    if not len(free) or not len(places) or work.sum() <= 0:
        return middles
    drawn = places[rng.choice(len(places), size=max(4 * len(places), 2000), p=work / work.sum())]
    found = np.unique(places, axis=0)
    if len(found) <= len(free):
        seeds = found[rng.integers(0, len(found), size=len(free))]
    else:
        seeds, _ = kmeans2(drawn, len(free), iter=ROUNDS, minit="++", rng=rng, missing="warn")
    apart = ((homes[free][:, None, :] - seeds[None, :, :]) ** 2).sum(axis=2)
    rows, columns = linear_sum_assignment(apart)
    middles[free[rows]] = seeds[columns]
    return middles
