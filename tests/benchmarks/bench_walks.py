"""
Walks on real cities beside OR-Tools routing and VROOM, same walks and time; public arc routing instances.

Quick (about 10 minutes): 56 walks on eight cities, 12 instances for 3 s each. Full (about 30): 80 walks, all 57 instances for
10 s each. Rows are told as they come; what was stopped goes on where it stopped.
"""

import csv
import re
from datetime import timedelta
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
from tests.benchmarks.problems import FOLDER
from tests.benchmarks.rows import Row, Rows

CITIES = (
    "guixi.osm", "cau_haidian_2026.osm", "wangjing_2020.osm", "shanghai_university_baoshan_2021.osm",
    "helsinki_centre_2019.osm.pbf", "yuma.osm.pbf", "poa_2020.osm.pbf", "heidelberg.osm.pbf",
)  # fmt: skip
SOLVERS = ("PyVRP alone", "OR-Tools", "VROOM")
BOUND_SECONDS = 4.0  # for the best bound, beside the one that is proven in the time of the walk
CLOSED = 1e-5
STREETS, VENUES = 12, 4
QUICK_CARP = ("gdb1", "gdb8", "gdb9", "1A", "1C", "2C", "4D", "5D", "6C", "8C", "9D", "10D")
LIMIT = 900.0  # wall seconds after which a row is ended that should have stopped by itself long ago


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


def by_vroom(problem: WalkProblem, seconds: float) -> float:
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
    found = posed.solve(exploration_level=5, nb_threads=1, timeout=timedelta(seconds=seconds))
    between = found.summary.cost - much * (len(nodes) - len(pieces))
    if found.summary.unassigned or between < 0 or between >= much * len(pieces):
        return float("inf")
    return between / TENTHS + required


def compare(name: str, sides: int, count: int, seconds: float) -> Row:
    """
    Return for each walk of a city what each solver made of it in the same wall time, and the best bound that was proven.

    `seconds` is the least of which half goes to the search of ours, half to its proof; the others get all that ours used.
    """
    walks: list[dict[str, float]] = []
    for problem in walks_of(name, count, sides=sides):
        watch = Stopwatch()
        found = walk(problem, time_limit=seconds / 2, bound_seconds=seconds / 2)
        used = watch.seconds
        closed = found.gap < CLOSED
        again = found if closed else walk(problem, iterations=1, bound_seconds=BOUND_SECONDS)
        walks.append({
            "ours": found.length_m, "own bound": found.bound_m, "PyVRP alone": walk(problem, time_limit=used, bound=False).length_m,
            "OR-Tools": by_ortools(problem, used), "VROOM": by_vroom(problem, used), "bound": max(found.bound_m, again.bound_m),
            "used": used, "pieces": len(join_pieces(problem)), "required": found.required_m,
        })  # fmt: skip
    return {"walks": walks}


def city_row(name: str, sides: int, rows: Rows, *, count: int, seconds: float) -> list[str]:
    """Return a row of the table: mean gaps to the best bound that was proven, of each solver in the same time."""
    row = rows.make(compare, name, sides, count, seconds, limit=LIMIT)
    if "walks" not in row:
        return [name, f"{sides}", str(row["ended"])]
    walks = row["walks"]
    mean = {key: float(np.mean([one[key] for one in walks])) for key in ("used", "pieces")}
    gaps = {who: [one[who] / one["bound"] - 1 for one in walks] for who in ("ours", *SOLVERS)}
    dead = np.mean([1 - one["required"] / one["ours"] for one in walks])
    best = sum(gap < CLOSED for gap in gaps["ours"])
    behind = sum(min(one[who] for who in SOLVERS) < one["ours"] - 0.5 for one in walks)
    return [
        name, f"{sides}", f"{len(walks)}", f"{mean['pieces']:.0f}", f"{dead:.0%}", f"{np.mean(gaps['ours']):.2%}", f"{best}",
        f"{behind}", *(f"{np.mean(gaps[who]):.2%}" for who in SOLVERS), f"{mean['used']:.1f}", f"{row['cpu']:.0f}",
        f"{row['load']}",
    ]  # fmt: skip


def cities(counts: tuple[int, int], rows: Rows, console: Console, *, seconds: float) -> None:
    """Print the mean gap to the proven bound of each solver, city by city as soon as it is known, then as one table."""
    table = Table(
        "city", "sides", "walks", "pieces", "dead-head", "ours", "proven best", "behind one", *SOLVERS, "s each", "CPU s",
        "load", box=None,
    )  # fmt: skip
    for name in CITIES:
        for sides, count in enumerate(counts, start=1):
            shown = city_row(name, sides, rows, count=count, seconds=seconds)
            console.print("  " + " ".join(shown))
            table.add_row(*shown)
    console.print(table)


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


def zone_row(name: str, seconds: float) -> Row:
    """Return the metres of all crews on a public instance, and the bound that we prove."""
    problem, crews = read_carp(FOLDER / "carp" / f"{name}.dat")
    found = zone_walks(problem, time_limit=seconds, bound_seconds=seconds)
    return {"length": found.length_m, "bound": found.bound_m, "streets": len(problem.edges), "crews": crews}


def arcs(names: tuple[str, ...], rows: Rows, console: Console, *, seconds: float) -> None:
    """Print ours against the best known where one is listed, and against the bound that we prove, for each instance."""
    with (FOLDER / "best_known.csv").open() as file:
        best = {row["name"]: row["best_known"] for row in csv.DictReader(file) if row["set"] == "carp"}
    table = Table(
        "instance", "streets", "crews", "ours", "best known", "to best", "bound", "gap", "s", "CPU s", "load", box=None
    )
    gaps: list[float] = []
    for name in names:
        row = rows.make(zone_row, name, seconds, limit=LIMIT)
        if "length" not in row:
            table.add_row(name, "", "", str(row["ended"]))
            continue
        known, length, bound = best[f"{name}.dat"], row["length"], row["bound"]
        gaps.append(length / bound - 1)
        table.add_row(
            name, f"{row['streets']}", f"{row['crews']}", f"{length:.0f}", known or "not listed",
            f"{length / float(known) - 1:.2%}" if known else "", f"{bound:.0f}", f"{gaps[-1]:.2%}", f"{row['wall']:.1f}",
            f"{row['cpu']:.1f}", f"{row['load']}",
        )  # fmt: skip
        console.print(f"  {name}: {length:.0f}, bound {bound:.0f} ({gaps[-1]:.2%})")
    console.print(table)
    if gaps:
        closed = sum(gap < CLOSED for gap in gaps)
        console.print(
            f"{len(gaps)} instances, {closed} proven best; gap mean {np.mean(gaps):.2%}, worst {max(gaps):.2%}"
        )


def main(full: bool = False) -> None:
    """Print both tables."""
    if not FOLDER.is_dir():
        raise SystemExit("the folder of public data is not here (see $FIELDOPS_SHARED_DATA)")
    rows, console = Rows("walks"), Console(width=150)
    cities((5, 5) if full else (4, 3), rows, console, seconds=1.0)
    every = tuple(sorted(path.stem for path in (FOLDER / "carp").glob("*.dat")))
    arcs(every if full else QUICK_CARP, rows, console, seconds=10.0 if full else 3.0)
    rows.say(console)
