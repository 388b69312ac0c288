"""Walks on real cities beside OR-Tools routing and VROOM, same walks and time; public arc routing instances."""

import csv
import os
import re
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.sparse import coo_array

from fieldops.city.build import build_city
from fieldops.city.graph import WalkGraph
from fieldops.clock import Stopwatch
from fieldops.maps import read_map
from fieldops.planning.routing import TENTHS
from fieldops.planning.walkproblem import Piece, Stop, WalkProblem, join_pieces, walks_between
from fieldops.planning.walks import walk
from fieldops.planning.zonewalks import ZoneWalkProblem, zone_walks
from fieldops.rules import Rules
from tests.conftest import ROOT

FOLDER = Path(os.environ.get("FIELDOPS_SHARED_DATA", ROOT.parent / "shared" / "data"))
CITIES = ("guixi.osm", "wangjing_2020.osm", "heidelberg.osm.pbf", "poa_2020.osm.pbf", "yuma.osm.pbf")
QUICK_CITIES = CITIES[:2]
STREETS, VENUES = 12, 4
QUICK_CARP = ("gdb1", "gdb8", "1A", "1C", "4D", "10D")


def walks_of(name: str, count: int, *, sides: int, seed: int = 0) -> list[WalkProblem]:
    """Return walks of a city: about a day of streets near each other, venues among them, from a junction near by."""
    city = build_city(read_map(FOLDER / "maps" / name), name=name, time_zone="UTC", rules=Rules())
    graph = WalkGraph.from_segments(city.nodes, city.segments)
    claim = city.segments[city.segments["kind"] == "claim"]
    a, b = graph.positions(claim["from_node"]), graph.positions(claim["to_node"])
    good = (a >= 0) & (b >= 0) & (a != b)
    good[good] &= graph.component[a[good]] == 0
    claim, a, b = claim[good], a[good], b[good]
    street = claim["street"].to_numpy()
    ids, of = np.unique(street, return_inverse=True)
    middle = np.column_stack(
        [np.bincount(of, graph.x[a]) / np.bincount(of), np.bincount(of, graph.y[a]) / np.bincount(of)]
    )
    main = np.flatnonzero(graph.component == 0)
    rng = np.random.default_rng(seed)
    problems = []
    for first in rng.choice(len(ids), count, replace=False).tolist():
        near = np.argsort(((middle - middle[first]) ** 2).sum(axis=1))[: 2 * STREETS]
        mine = np.isin(of, rng.choice(near, min(STREETS, len(near)), replace=False))
        around = graph.around(*middle[first], 700.0)
        around = around[graph.component[around] == 0] if len(around) else main[:1]
        stops = [Stop(int(node)) for node in rng.choice(around, min(VENUES, len(around)), replace=False)]
        home = int(around[rng.integers(len(around))])
        edges = list(zip(a[mine].tolist(), b[mine].tolist(), claim["length_m"].to_numpy()[mine].tolist(), strict=True))
        problems.append(WalkProblem(graph, edges, stops, home, owner=of[mine], sides=sides))
    return problems


def _posed(problem: WalkProblem) -> tuple[list[Piece], np.ndarray, np.ndarray, list[list[int]], float]:
    """Return the walk as others take it: places (start, both directions of each piece, stops), tenths between, groups."""
    pieces = join_pieces(problem) * problem.sides
    terminals, metres = walks_between(problem, pieces)
    at = {node: i for i, node in enumerate(terminals.tolist())}
    ends, groups = [(at[problem.start], at[problem.start])], []
    for piece in pieces:
        a, b = at[piece.first], at[piece.last]
        ways = [(a, b)] if a == b else [(a, b), (b, a)]
        groups.append(list(range(len(ends), len(ends) + len(ways))))
        ends += ways
    for stop in problem.stops:
        groups.append([len(ends)])
        ends.append((at[stop.node], at[stop.node]))
    places = np.array(ends)
    tenths = np.rint(metres[places[:, 1]][:, places[:, 0]] * TENTHS).astype(np.int64)
    np.fill_diagonal(tenths, 0)
    return pieces, places, tenths, groups, problem.sides * float(problem.metres.sum())


def by_ortools(problem: WalkProblem, seconds: float) -> float:
    """Return the metres of OR-Tools routing with guided local search, directions as disjunctions of which one is made."""
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    _, places, tenths, groups, required = _posed(problem)
    manager = pywrapcp.RoutingIndexManager(len(places), 1, 0)
    model = pywrapcp.RoutingModel(manager)
    rows = tenths.tolist()
    cost = model.RegisterTransitMatrix(rows)
    model.SetArcCostEvaluatorOfAllVehicles(cost)
    for group in groups:
        if len(group) > 1:
            model.AddDisjunction([manager.NodeToIndex(i) for i in group], 10**8, 1)
    asked = pywrapcp.DefaultRoutingSearchParameters()
    asked.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PATH_CHEAPEST_ARC
    asked.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    asked.time_limit.FromMilliseconds(int(seconds * 1000))
    found = model.SolveWithParameters(asked)
    if found is None or found.ObjectiveValue() >= 10**8:
        return float("inf")
    return found.ObjectiveValue() / TENTHS + required


def by_vroom(problem: WalkProblem) -> float:
    """
    Return the metres of VROOM, which knows no choice of direction: both ends of a piece are jobs, and leaving one for
    anything but the other costs so much that they follow each other.
    """
    import vroom

    pieces, _, _, _, required = _posed(problem)
    terminals, metres = walks_between(problem, pieces)
    at = {node: i for i, node in enumerate(terminals.tolist())}
    ends = [at[node] for piece in pieces for node in (piece.first, piece.last)]
    nodes = np.array([at[problem.start], *ends, *(at[stop.node] for stop in problem.stops)])
    much = int(metres.max() * TENTHS) + 1
    tenths = np.rint(metres[nodes][:, nodes] * TENTHS).astype(np.int64) + much
    first = 1 + 2 * np.arange(len(pieces))
    tenths[first, first + 1] = tenths[first + 1, first] = 0
    np.fill_diagonal(tenths, 0)
    posed = vroom.Input()
    posed.set_durations_matrix(profile="car", matrix_input=tenths.astype(np.uint32))
    posed.add_vehicle(vroom.Vehicle(1, start=0, end=0))
    posed.add_job([vroom.Job(i, location=i) for i in range(1, len(nodes))])
    found = posed.solve(exploration_level=5, nb_threads=1)
    between = found.summary.cost - much * (len(nodes) - len(pieces))
    if found.summary.unassigned or between < 0 or between >= much * len(pieces):
        return float("inf")
    return between / TENTHS + required


def city_row(name: str, sides: int, *, count: int = 5, seconds: float = 1.0) -> list[str]:
    """Return a row of the table: mean gaps to the best bound that was proven, of each solver in the same time."""
    rows = []
    for problem in walks_of(name, count, sides=sides):
        watch = Stopwatch()
        found = walk(problem, time_limit=seconds / 2, bound_seconds=seconds / 2)
        used = watch.seconds
        bound = max(found.bound_m, walk(problem, iterations=1, bound_seconds=4 * seconds).bound_m)
        alone = walk(problem, time_limit=used, bound=False).length_m
        gaps = [length / bound - 1 for length in (found.length_m, alone, by_ortools(problem, used), by_vroom(problem))]
        rows.append([*gaps, used, len(join_pieces(problem)), 1 - found.required_m / found.length_m])
    mean = np.array(rows).mean(axis=0)
    best = sum(row[0] < 1e-5 for row in rows)
    return [
        name, f"{sides}", f"{count}", f"{mean[5]:.0f}", f"{mean[6]:.0%}", f"{mean[0]:.2%}", f"{best}",
        *(f"{gap:.2%}" for gap in mean[1:4]), f"{mean[4]:.1f}",
    ]  # fmt: skip


def cities(names: tuple[str, ...]) -> None:
    """Print the mean gap to the proven bound of each solver, a table a city, as soon as it is known."""
    for name in names:
        table = Table(
            "city", "sides", "walks", "pieces", "dead-head", "ours", "proven best", "PyVRP alone", "OR-Tools", "VROOM",
            "seconds each", box=None,
        )  # fmt: skip
        for sides in (1, 2):
            table.add_row(*city_row(name, sides))
        Console(width=140).print(table)


def read_carp(path: Path) -> tuple[ZoneWalkProblem, int]:
    """Return a public instance as a zone with crews of one base, and its number of vehicles."""
    text = path.read_text("latin-1")
    nodes, crews, room, home = (
        int(re.search(rf"{word}\s*:\s*(\d+)", text)[1])  # type: ignore[index]
        for word in ("VERTICES", "VEHICULOS", "CAPACIDAD", "DEPOSITO")
    )
    edge = r"\(\s*(\d+),\s*(\d+)\)\s*coste\s+(\d+)\s+demanda\s+(\d+)"
    edges = np.array([[int(n) for n in match] for match in re.findall(edge, text)])
    start, end = edges[:, 0] - 1, edges[:, 1] - 1
    matrix = coo_array((edges[:, 2].astype(float), (start, end)), shape=(nodes, nodes)).tocsr()
    problem = ZoneWalkProblem(matrix, edges[:, :2] - 1, edges[:, 2], edges[:, 3], [home - 1] * crews, [room] * crews)
    return problem, crews


def arcs(names: tuple[str, ...], seconds: float = 5.0) -> None:
    """Print ours against the best known where one is listed, and against the bound that we prove, for each instance."""
    with (FOLDER / "best_known.csv").open() as file:
        best = {row["name"]: row["best_known"] for row in csv.DictReader(file) if row["set"] == "carp"}
    table = Table("instance", "streets", "crews", "ours", "best known", "to best", "bound", "gap", "seconds", box=None)
    for name in names:
        problem, crews = read_carp(FOLDER / "carp" / f"{name}.dat")
        watch = Stopwatch()
        found = zone_walks(problem, time_limit=seconds, bound_seconds=seconds / 2)
        known = best[f"{name}.dat"]
        table.add_row(
            name, f"{len(problem.edges)}", f"{crews}", f"{found.length_m:.0f}", known or "not listed",
            f"{found.length_m / float(known) - 1:.2%}" if known else "", f"{found.bound_m:.0f}", f"{found.gap:.2%}",
            f"{watch.seconds:.1f}",
        )  # fmt: skip
    Console(width=140).print(table)


def main(full: bool = False) -> None:
    """Print both tables; quick: two cities and six instances, full: five cities, 50 walks, all instances."""
    if not FOLDER.is_dir():
        raise SystemExit("the folder of public data is not here (see $FIELDOPS_SHARED_DATA)")
    cities(CITIES if full else QUICK_CITIES)
    every = tuple(sorted(path.stem for path in (FOLDER / "carp").glob("*.dat")))
    arcs(every if full else QUICK_CARP)
