"""The walkable map around a crew: its ways as a graph, the place nearest to a point, the place where the crew meets."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fieldops.errors import NotFound
from fieldops.people import Crew
from fieldops.store.dispatch import METRES_PER_DEGREE, Box, near_ways

if TYPE_CHECKING:
    import numpy as np
    from scipy.sparse import csr_array

    from fieldops.store.sqlite import sqlite3

MARGIN_M = 1000.0


@dataclass(frozen=True, slots=True)
class Ground:
    """The walkable map around a crew, by positions 0..n-1 of its nodes."""

    nodes: dict[int, int]
    places: list[tuple[float, float]]
    matrix: "csr_array"
    island: "np.ndarray"


def map_around(connection: "sqlite3.Connection", around: Sequence[tuple[float, float]]) -> Ground:
    """Read the map around the places, with a margin for ways round."""
    import numpy as np
    from scipy.sparse import coo_array, csr_array, csr_matrix
    from scipy.sparse.csgraph import connected_components

    lon, lat = [p[0] for p in around], [p[1] for p in around]
    middle = ((min(lon) + max(lon)) / 2, (min(lat) + max(lat)) / 2)
    reach = max(
        (max(lon) - min(lon)) * math.cos(math.radians(middle[1])), max(lat) - min(lat)
    ) * METRES_PER_DEGREE / 2 + MARGIN_M  # fmt: skip
    found, ways = near_ways(connection, Box.around(*middle, 1.3 * reach))
    nodes = {node: i for i, node in enumerate(found)}
    edges = [(nodes[a], nodes[b], m) for a, out in ways.items() if a in nodes for b, m in out if b in nodes]
    if not edges:
        raise NotFound("walkable way", f"near {middle[0]:.5f}, {middle[1]:.5f}", cure="import the map of the city")
    order = sorted(edges, key=lambda edge: -edge[2])
    start, end, metres = (np.array(column) for column in zip(*order, strict=True))
    count = len(nodes)
    key = start * count + end
    _, last = np.unique(key[::-1], return_index=True)  # of parallel ways the shortest
    keep = len(key) - 1 - last
    matrix = csr_array(coo_array((np.maximum(metres[keep], 0.01), (start[keep], end[keep])), shape=(count, count)))
    _, island = connected_components(csr_matrix(matrix), directed=False)
    return Ground(nodes, list(found.values()), matrix, island)


def nearest(ground: Ground, lon: float, lat: float, *, of: int | None = None) -> int:
    """Return the position of the nearest node, on the island of a node where one is given."""
    import numpy as np

    place = np.array(ground.places)
    away = np.hypot((place[:, 0] - lon) * math.cos(math.radians(lat)), place[:, 1] - lat)
    if of is not None:
        away = np.where(ground.island == ground.island[of], away, np.inf)
    return int(np.argmin(away))


def meeting_point(ground: Ground, crew: Crew) -> int:
    """Return the position of the node where the crew meets, on the largest island of the map around it."""
    import numpy as np

    largest = int(np.flatnonzero(ground.island == np.bincount(ground.island).argmax())[0])
    return nearest(ground, crew.home_lon, crew.home_lat, of=largest)
