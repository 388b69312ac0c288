"""Is this a walk? Recomputed from the problem and the walk alone; and every node along it, for drawing."""

from itertools import pairwise
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from fieldops.planning.walkproblem import Walk, WalkProblem


def route_nodes(problem: WalkProblem, found: Walk) -> list[int]:
    """Return every node along the walk, both ends included; for drawing it and for GPX."""
    matrix: Any = csr_matrix(problem.matrix)
    way = [problem.start]
    for leg in found.sequence:
        way += _shortest(matrix, way[-1], leg.enter)[1:]
        for edge in leg.edges:
            a, b = problem.edges[edge].tolist()
            way.append(b if way[-1] == a else a)
    way += _shortest(matrix, way[-1], problem.start)[1:]
    return [node for i, node in enumerate(way) if i == 0 or node != way[i - 1]]


def _shortest(matrix: Any, start: int, end: int) -> list[int]:
    if start == end:
        return [start]
    _, before = dijkstra(matrix, directed=False, indices=[start], return_predecessors=True)
    way = [end]
    while way[-1] != start:
        way.append(int(before[0, way[-1]]))
    return way[::-1]


def is_walk(problem: WalkProblem, found: Walk) -> list[str]:
    """Return what is wrong with a walk, recomputed from the problem alone: sentences; empty where nothing is."""
    wrong = []
    times = np.zeros(len(problem.edges), dtype=np.int64)
    for leg in found.sequence:
        for edge in leg.edges:
            times[edge] += 1
    wrong += [f"edge {i} is walked {n} times, not {problem.sides}" for i, n in enumerate(times) if n != problem.sides]
    visited = [leg.stop for leg in found.sequence if leg.stop is not None]
    missing = set(range(len(problem.stops))) - set(visited) - set(found.left_out)
    wrong += [f"stop {stop} is not visited" for stop in sorted(missing)]
    wrong += [f"stop {stop} is left out and required" for stop in found.left_out if problem.stops[stop].required]
    way = route_nodes(problem, found)
    matrix = problem.matrix
    extra = {(a, b): float(m) for (a, b), m in zip(map(tuple, problem.edges.tolist()), problem.metres, strict=True)}
    for a, b in pairwise(way):
        if max(float(matrix[a, b]), float(matrix[b, a]), extra.get((a, b), 0.0), extra.get((b, a), 0.0)) <= 0:
            wrong.append(f"no way leads from node {a} to node {b}")
    for leg in found.sequence:
        if leg.stop is not None:
            stop = problem.stops[leg.stop]
            if leg.arrive < stop.open_from - 1 or leg.leave > stop.open_until + 1:
                wrong.append(f"stop {leg.stop} is visited when it is closed")
    return wrong
