"""How far a made-up city has grown: which cells are town, suburb, country or wild."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from fieldops.city.synth.plane import FloatArray, Waves


class Growth(IntEnum):
    """How far a medium cell has been built."""

    WILD = 0
    RURAL = 1
    SUBURB = 2
    URBAN = 3


# Streets that one medium cell of each growth brings; `fieldops.exchange.synthfiles` corrects what is off.
STREETS_PER_CELL = {Growth.RURAL: 2.6, Growth.SUBURB: 8.0, Growth.URBAN: 29.0}
_CELLS_PER_SUBCENTRE = 130


def cells_for(streets: float) -> dict[Growth, int]:
    """Return how many medium cells of each growth make a city of so many streets."""
    per_cell = STREETS_PER_CELL
    urban = streets / (per_cell[Growth.URBAN] + 0.5 * per_cell[Growth.SUBURB] + per_cell[Growth.RURAL])
    cells = {Growth.URBAN: max(1, int(urban)), Growth.RURAL: max(4, round(urban))}
    left = streets - sum(per_cell[stage] * count for stage, count in cells.items())
    cells[Growth.SUBURB] = max(2, round(left / per_cell[Growth.SUBURB]))  # takes up the fraction of an urban cell
    return cells


def grow(
    x: FloatArray,
    y: FloatArray,
    river: int,
    planned: dict[Growth, int],
    cells: dict[Growth, int],
    rng: np.random.Generator,
) -> tuple[NDArray[np.int8], FloatArray, tuple[tuple[float, float], ...]]:
    """
    Return the growth and the score of each medium cell, and the centres of towns that the city swallowed.

    Parameters
    ----------
    x, y
        Nodes of the lattice, shape (2 k + 1, 2 k + 1), metres from the centre.
    river
        Row of the river: the other bank was built later.
    planned
        How many cells of each growth the lattice was made for: they set the shape of the town.
    cells
        How many there are: more or fewer only move its edge.
    rng
        Generator that decides.
    """
    centre = medium = x.shape[0] // 2
    x, y = x[1::2, 1::2], y[1::2, 1::2]
    radius = np.hypot(x, y)
    edge = float(np.sort(radius, axis=None)[min(planned[Growth.URBAN], radius.size - 1)])
    score = radius / edge * (1 + 0.16 * Waves(rng, 2.2 * edge, 6 * edge)(x, y)) + 0.06 * Waves(rng, 1_200, 4_000)(x, y)
    row, column = np.arange(medium)[None, :] * 2 + 1, np.arange(medium)[:, None] * 2 + 1
    score += 0.28 * ((row - river) * (centre - river) < 0)
    score -= 0.12 * ((np.abs(row - centre) == 1) | (np.abs(column - centre) == 1))  # along the old highways
    towns = []
    for _ in range(round(planned[Growth.URBAN] / _CELLS_PER_SUBCENTRE)):
        angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(0.55, 0.98) * edge
        towns.append((float(away * np.cos(angle)), float(away * np.sin(angle))))
        score = np.minimum(score, 0.45 + np.hypot(x - towns[-1][0], y - towns[-1][1]) / 2_600)
    free = score.copy()
    free[[0, -1], :] = free[:, [0, -1]] = np.inf  # the rim of the lattice stays wild
    growth = np.zeros(score.shape, np.int8)
    order = np.argsort(free, axis=None, kind="stable")
    start = 0
    for stage in (Growth.URBAN, Growth.SUBURB, Growth.RURAL):
        growth.flat[order[start : start + cells[stage]]] = stage
        start += cells[stage]
    return growth, score, tuple(towns)
