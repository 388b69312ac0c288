"""What the land of a made-up city is used for: districts of blocks, and what stands on each parcel."""

from dataclasses import dataclass
from enum import StrEnum
from math import atan2, hypot, pi

import numpy as np

from fieldops.city.synth.blocks import Cutter, Grain, Piece, Ring
from fieldops.city.synth.growth import Growth
from fieldops.city.synth.lattice import Lattice
from fieldops.city.synth.roads import Block, Roads


class District(StrEnum):
    """The character of a block, from which its streets and uses follow."""

    OLD = "old"
    CORE = "core"
    ESTATE = "estate"
    NEW = "new"
    URBAN_VILLAGE = "urban_village"
    INDUSTRY = "industry"
    SUBURB = "suburb"


GRAINS = {
    District.OLD: Grain(8_500, 0.50, 0.30, 0.20, 0.06, 1, 0.66, "living_street"),
    District.CORE: Grain(20_000, 0.50, 0.12, 0.15, 0.02, 2, 0.55, "residential"),
    District.ESTATE: Grain(38_000, 0.38, 0.14, 0.15, 0.03, 2, 0.40, "residential"),
    District.NEW: Grain(38_000, 0.35, 0.05, 0.10, 0.02, 3, 0.50, "residential"),
    District.URBAN_VILLAGE: Grain(6_500, 0.50, 0.24, 0.18, 0.05, 1, 0.12, "residential"),
    District.INDUSTRY: Grain(52_000, 0.50, 0.06, 0.14, 0.01, 3, 0.40, "unclassified"),
    District.SUBURB: Grain(70_000, 0.60, 0.20, 0.20, 0.05, 2, 0.10, "unclassified"),
}
VILLAGE_GRAIN = Grain(5_500, 0.50, 0.28, 0.20, 0.07, 0, 0.05, "residential")

# How likely each use is on a parcel of the district.
USES: dict[District, dict[str, float]] = {
    District.OLD: {"houses": 0.86, "flats": 0.06, "market": 0.02, "school": 0.02, "park": 0.02, "office": 0.02},
    District.CORE: {"compound": 0.46, "flats": 0.08, "houses": 0.12, "mall": 0.10, "office": 0.09, "school": 0.06,
                    "market": 0.04, "park": 0.03, "hospital": 0.02},
    District.ESTATE: {"compound": 0.76, "houses": 0.03, "school": 0.06, "park": 0.03, "office": 0.03, "mall": 0.02,
                      "market": 0.03, "hospital": 0.01, "works": 0.02, "site": 0.01},
    District.NEW: {"compound": 0.52, "site": 0.14, "grass": 0.09, "office": 0.08, "park": 0.07, "school": 0.05, "mall": 0.04,
                   "hospital": 0.01},
    District.URBAN_VILLAGE: {"houses": 0.96, "market": 0.02, "school": 0.01, "park": 0.01},
    District.INDUSTRY: {"works": 0.74, "compound": 0.07, "site": 0.06, "grass": 0.13},
    District.SUBURB: {"fields": 0.44, "village": 0.22, "compound": 0.10, "works": 0.09, "site": 0.04, "school": 0.03,
                      "grass": 0.08},
}  # fmt: skip
SMALLEST_COMPOUND_M2 = 7_000.0
LARGEST_COMPOUND_M2 = 70_000.0
LARGEST_HOUSES_M2 = 18_000.0
# Larger, and it is built over with homes.
LARGEST_M2 = {"market": 12_000.0, "office": 20_000.0, "mall": 28_000.0, "hospital": 45_000.0, "school": 60_000.0}


@dataclass(frozen=True, slots=True)
class Parcel:
    """A piece of land between streets: its border counter-clockwise, its use, and how central it lies (1 centre, 0 edge)."""

    ring: tuple[Piece, ...]
    use: str
    district: District
    centrality: float
    area_m2: float

    @property
    def street(self) -> str:
        """Return the name of the most important named road along it, empty where there is none."""
        named = [piece for piece in self.ring if piece.name]
        return max(named, key=lambda piece: piece.rank).name if named else ""


def _growth_of(lattice: Lattice, block: Block) -> tuple[Growth, float, tuple[int, int]]:
    """Return the best growth of the block's cells, the lowest score, and that cell."""
    medium = lattice.growth.shape[0]
    cells = [(i, j) for i, j in block.cells if 0 <= i // 2 < medium and 0 <= j // 2 < medium]
    best = max(cells, key=lambda cell: (lattice.growth[cell[0] // 2, cell[1] // 2], cell), default=(0, 0))
    a, b = best[0] // 2, best[1] // 2
    return Growth(int(lattice.growth[a, b])), float(lattice.score[a, b]), best


def district_of(
    lattice: Lattice,
    growth: Growth,
    score: float,
    cell: tuple[int, int],
    at: tuple[float, float],
    rng: np.random.Generator,
) -> District:
    """Return the character of a block from where it lies."""
    if growth < Growth.URBAN:
        beyond = (cell[1] - lattice.lines["rail"]) * (lattice.centre - lattice.lines["rail"]) < 0
        return District.INDUSTRY if growth == Growth.SUBURB and beyond and rng.random() < 0.35 else District.SUBURB
    draw = rng.random()
    if hypot(*at) < lattice.old_radius_m or any(hypot(at[0] - x, at[1] - y) < 420 for x, y in lattice.subcentres):
        return District.OLD if draw < 0.9 else District.CORE
    if hypot(*at) < 1.9 * lattice.old_radius_m:
        return District.CORE if draw < 0.7 else District.OLD if draw < 0.85 else District.ESTATE
    beyond_rail = (cell[1] - lattice.lines["rail"]) * (lattice.centre - lattice.lines["rail"]) < 0
    toward = (atan2(at[1], at[0]) - lattice.turn) % pi < pi / 2
    if beyond_rail and toward and draw < 0.72:
        return District.INDUSTRY
    beyond_river = (cell[1] - lattice.lines["river"]) * (lattice.centre - lattice.lines["river"]) < 0
    if beyond_river and score > 0.5 and draw < 0.7:
        return District.NEW
    return District.URBAN_VILLAGE if draw > 0.91 else District.ESTATE


def _use_of(district: District, area: float, rng: np.random.Generator) -> str:
    uses = USES[district]
    share = np.cumsum(list(uses.values()))
    use = list(uses)[int(np.searchsorted(share / share[-1], rng.random(), side="right"))]
    if use in ("compound", "school", "mall", "works", "hospital") and area < SMALLEST_COMPOUND_M2:
        return "flats" if district is not District.OLD and area > 2_500 else "houses"
    if area > LARGEST_M2.get(use, area):
        use = "compound"
    if use == "houses" and area > LARGEST_HOUSES_M2:
        return "flats"
    if use == "compound" and area > LARGEST_COMPOUND_M2:
        return "site"
    if use == "fields" and area < 9_000:
        return "grass"
    if use == "village" and area < 25_000:
        return "houses"
    return use


def divide(roads: Roads, cutter: Cutter, rng: np.random.Generator) -> list[Parcel]:
    """
    Return the parcels of all blocks that are built on, having drawn the streets between them.

    Parameters
    ----------
    roads
        The main roads and the blocks between them.
    cutter
        Draws the streets.
    rng
        Generator that decides.
    """
    lattice, found = roads.lattice, []
    for block in roads.blocks:
        growth, score, cell = _growth_of(lattice, block)
        if growth < Growth.SUBURB:
            continue  # villages of the country are laid out later
        ring: Ring = [Piece(u, (u, v), rank, name) for u, v, rank, name in zip(
            block.nodes, (*block.nodes[1:], block.nodes[0]), block.ranks, block.names, strict=True)]  # fmt: skip
        x = sum(roads.net.x[n] for n in block.nodes) / len(block.nodes)
        y = sum(roads.net.y[n] for n in block.nodes) / len(block.nodes)
        district = district_of(lattice, growth, score, cell, (x, y), rng)
        for part in cutter.cut(ring, GRAINS[district], rng):
            area = cutter.area(part)
            use = _use_of(district, area, rng)
            found.append(Parcel(tuple(part), use, district, float(np.clip(1 - score, 0, 1)), area))
    return found
