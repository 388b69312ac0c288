"""Walks: everything is walked, nothing is shorter than the bound, and the best of tiny worlds is found."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from fieldops.errors import BadInput
from fieldops.planning.firstway import first_ways
from fieldops.planning.walkbound import least_dead_head
from fieldops.planning.walkcheck import is_walk, route_nodes
from fieldops.planning.walkproblem import Stop, WalkProblem, join_pieces, walks_between
from fieldops.planning.walks import walk
from fieldops.planning.week import Work, share_days
from fieldops.planning.zonewalks import ZoneWalkProblem, zone_walks

HOUR = 3600


def grid(columns: int = 4, rows: int = 4, step: float = 100.0) -> tuple[csr_array, list[tuple[int, int]]]:
    """A grid of streets; node x + y * columns."""
    east = [(y * columns + x, y * columns + x + 1) for y in range(rows) for x in range(columns - 1)]
    north = [(y * columns + x, (y + 1) * columns + x) for y in range(rows - 1) for x in range(columns)]
    edges = east + north
    start, end = zip(*edges, strict=True)
    count = columns * rows
    metres = np.full(2 * len(edges), step)
    return csr_array(coo_array((metres, ([*start, *end], [*end, *start])), shape=(count, count))), edges


def shortest(problem: WalkProblem) -> float:
    """The best walk by trying every order and direction of single edges and stops."""
    metres = np.asarray(dijkstra(problem.matrix, directed=False))
    things = [((a, b), (b, a)) for a, b in problem.edges.tolist()] * problem.sides
    things += [((stop.node, stop.node),) for stop in problem.stops]
    best = np.inf
    for order in permutations(range(len(things))):
        for ways in product(*(things[i] for i in order)):
            at, length = problem.start, 0.0
            for enter, leave in ways:
                length += metres[at, enter]
                at = leave
            best = min(best, length + metres[at, problem.start])
    return float(best + problem.sides * problem.metres.sum())


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 23), unique=True, min_size=1, max_size=3), st.lists(st.integers(0, 15), max_size=1),
    st.integers(0, 15), st.integers(1, 2),
)  # fmt: skip
def test_the_best_walk_of_a_tiny_world_is_found_and_the_bound_does_not_exceed_it(
    chosen: list[int], stops: list[int], start: int, sides: int
) -> None:
    matrix, edges = grid()
    sides = 1 if len(chosen) > 2 else sides
    problem = WalkProblem(matrix, [edges[i] for i in chosen], stops, start, sides=sides)
    found, best = walk(problem, iterations=300), shortest(problem)
    assert is_walk(problem, found) == []
    assert found.length_m == pytest.approx(best)
    assert found.bound_m <= best + 1e-6
    assert found.bound_m >= 0.8 * best


@pytest.mark.parametrize("seed", [2, 3])
def test_a_longer_walk_that_is_known_does_not_raise_the_bound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix, edges = grid(5, 5)
    matrix.data *= rng.uniform(0.6, 1.5, len(matrix.data))  # of two directions the shorter counts
    chosen = [edges[i] for i in rng.choice(len(edges), 7, replace=False)]
    problem = WalkProblem(matrix, chosen, rng.choice(25, 2, replace=False).tolist(), 0, sides=2)
    pieces = join_pieces(problem)
    terminals, metres = walks_between(problem, pieces)
    at = {node: i for i, node in enumerate(terminals.tolist())}
    ends = [(at[piece.first], at[piece.last]) for piece in pieces * 2]
    points = [at[0], *(at[stop.node] for stop in problem.stops)]
    exact = least_dead_head(metres, ends, points, seconds=20)
    assert exact.ways is not None
    assert sum(metres[a, b] for a, b in exact.ways) == pytest.approx(exact.metres, rel=1e-4)
    for times in (1.02, 1.05):
        bound = least_dead_head(metres, ends, points, at_most=times * exact.metres, seconds=20)
        assert bound.metres <= exact.metres * (1 + 1e-5)
    found = walk(problem, iterations=1, bound_seconds=20)
    assert found.length_m == pytest.approx(found.bound_m, rel=1e-4)  # the proof finds the walk itself


def test_a_walk_around_a_block_is_the_block_and_its_bound_proves_it() -> None:
    matrix, _ = grid(2, 2)
    problem = WalkProblem(matrix, [(0, 1), (1, 3), (3, 2), (2, 0)], [], 0)
    found = walk(problem, iterations=100)
    assert (found.length_m, found.bound_m, found.gap) == (400.0, 400.0, 0.0)
    assert route_nodes(problem, found) in ([0, 1, 3, 2, 0], [0, 2, 3, 1, 0])


def test_a_dead_end_is_walked_back_once_on_one_side_and_for_nothing_on_both() -> None:
    matrix, _ = grid(4, 1)
    one = walk(WalkProblem(matrix, [(0, 1), (1, 2), (2, 3)], [], 0), iterations=50)
    both = walk(WalkProblem(matrix, [(0, 1), (1, 2), (2, 3)], [], 0, sides=2), iterations=50)
    assert one.length_m == both.length_m == 600.0
    assert [one.bound_m, both.bound_m] == pytest.approx([600.0, 600.0])
    assert (one.required_m, both.required_m) == (300.0, 600.0)


def test_edges_are_one_piece_until_a_crossing_a_stop_or_another_street() -> None:
    matrix, row = grid(5, 1)
    assert len(join_pieces(WalkProblem(matrix, row, [], 0))) == 1
    assert len(join_pieces(WalkProblem(matrix, row, [2], 0))) == 2
    crossed, _ = grid(5, 2)
    assert len(join_pieces(WalkProblem(crossed, row, [], 0))) == 4
    assert len(join_pieces(WalkProblem(matrix, row, [], 0, owner=[1, 1, 2, 2]))) == 2


def test_a_venue_is_visited_while_it_is_open() -> None:
    matrix, _ = grid(4, 4)
    late = Stop(1, minutes=20, open_from=14 * 60, open_until=15 * 60)
    problem = WalkProblem(matrix, [(2, 3)], [Stop(15, minutes=30), late], 0, begins=9 * 60)
    found = walk(problem, iterations=300)
    leg = next(leg for leg in found.sequence if leg.stop == 1)
    assert leg.arrive >= 14 * 60
    assert leg.leave <= 15 * 60 + 1e-9
    assert is_walk(problem, found) == []


def test_a_venue_that_is_closed_by_then_is_left_out_and_a_required_one_refuses() -> None:
    matrix, _ = grid(4, 1)
    early = {"minutes": 5.0, "open_from": 6 * 60.0, "open_until": 7 * 60.0}
    found = walk(WalkProblem(matrix, [(0, 1)], [Stop(3, **early, required=False)], 0), iterations=100)
    assert found.left_out == (0,)
    assert found.length_m == 200.0
    with pytest.raises(BadInput, match="opening hours"):
        walk(WalkProblem(matrix, [(0, 1)], [Stop(3, **early)], 0), iterations=100)


def test_what_lies_across_the_river_is_named() -> None:
    matrix = csr_array(coo_array(([1.0, 1.0, 1.0, 1.0], ([0, 1, 2, 3], [1, 0, 3, 2])), shape=(4, 4)))
    with pytest.raises(BadInput, match="edge from node 2 to node 3 cannot be reached"):
        walk(WalkProblem(matrix, [(0, 1), (2, 3)], [], 0), iterations=10)
    with pytest.raises(BadInput, match="stop 0 at node 3 cannot be reached"):
        walk(WalkProblem(matrix, [(0, 1)], [3], 0), iterations=10)
    with pytest.raises(BadInput, match="no way leads from node 1 to node 2"):
        WalkProblem(matrix, [(1, 2)], [], 0)
    with pytest.raises(BadInput, match="no node 9"):
        WalkProblem(matrix, [(0, 9)], [], 0)


def test_nothing_to_do_is_no_walk() -> None:
    matrix, _ = grid(2, 2)
    found = walk(WalkProblem(matrix, [], [], 0), iterations=10)
    assert (found.length_m, found.bound_m, found.gap, found.sequence) == (0.0, 0.0, 0.0, ())


def test_a_walk_is_near_the_best_after_one_turn_of_the_search() -> None:
    matrix, edges = grid(16, 16)
    rng = np.random.default_rng(4)
    scattered = [edges[i] for i in rng.choice(len(edges), 60, replace=False).tolist()]
    found = walk(WalkProblem(matrix, scattered, [200, 37], 120), iterations=1)
    assert is_walk(WalkProblem(matrix, scattered, [200, 37], 120), found) == []
    assert found.gap < 0.03


def test_a_first_way_joins_what_lies_apart_and_leaves_every_end_even() -> None:
    line = np.abs(np.subtract.outer(np.arange(6.0), np.arange(6.0)))
    assert sorted(map(sorted, first_ways(line, [(0, 1), (4, 5)], [0]))) == [[0, 5], [1, 4]]
    assert first_ways(line, [(0, 1), (1, 0)], [0]) == []
    assert sorted(map(sorted, first_ways(line, [], [0, 3, 2]))) == [[0, 2], [0, 3], [2, 3]]


def test_the_same_seed_and_iterations_give_the_same_walk() -> None:
    matrix, edges = grid(7, 7)
    problem = WalkProblem(matrix, [edges[i] for i in range(0, 80, 4)], [3, 30], 24)
    assert walk(problem, iterations=200, seed=5, bound=False) == walk(problem, iterations=200, seed=5, bound=False)


def test_a_checker_sees_what_is_not_walked() -> None:
    matrix, edges = grid()
    problem = WalkProblem(matrix, edges[:3], [15], 0)
    less = walk(WalkProblem(matrix, edges[:2], [], 0), iterations=50)
    assert is_walk(problem, less) == ["edge 2 is walked 0 times, not 1", "stop 0 is not visited"]


def test_the_bound_counts_odd_ends_and_islands_of_work() -> None:
    line = np.abs(np.subtract.outer(np.arange(6.0), np.arange(6.0)))
    assert least_dead_head(line, [(0, 1)], [0]).metres == pytest.approx(1.0, rel=1e-4)
    assert least_dead_head(line, [(0, 1), (4, 5)], [0]).metres == pytest.approx(
        8.0, rel=1e-4
    )  # there and back, and 0-1, 4-5
    assert least_dead_head(line, [(0, 1), (1, 0)], [0, 3]).metres == pytest.approx(4.0, rel=1e-4)
    assert least_dead_head(line, [(0, 1), (1, 0)], [0]).metres == pytest.approx(0.0, rel=1e-4)


# ── the week ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_days_hold_near_streets_together_and_nobody_works_longer_than_a_day() -> None:
    place = np.array([0.0, 1000.0, 1010.0, -1000.0, -1010.0])
    metres = np.abs(np.subtract.outer(place, place))
    work = [Work(3 * HOUR, 7 * 24 * HOUR) for _ in range(4)]
    days, none = share_days(metres, work, [0, 1], begins=9 * HOUR, day_seconds=7 * HOUR, metres_per_second=1.25)
    assert none == []
    assert sorted(map(sorted, days.values())) == [[0, 1], [2, 3]]
    assert sum(sum(day.values()) for day in days.values()) == 12 * HOUR


def test_a_street_is_worked_before_its_claim_ends_and_said_to_have_no_time_else() -> None:
    metres = np.zeros((3, 3))
    soon, never = Work(2 * HOUR, 12 * HOUR), Work(2 * HOUR, 8 * HOUR)
    days, none = share_days(metres, [soon, never], [0, 1], begins=9 * HOUR, day_seconds=6 * HOUR, metres_per_second=1.0)
    assert days == {0: {0: 2 * HOUR}, 1: {}}
    assert none == [1]
    assert share_days(metres, [soon, never], [], begins=0, day_seconds=1, metres_per_second=1.0) == ({}, [0, 1])


def test_a_week_whose_hours_are_full_has_a_day_for_every_street_and_none_is_longer_than_a_day() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        place = rng.uniform(-700.0, 700.0, (7, 2)) * (np.arange(7) > 0)[:, None]
        metres = np.abs(place[:, None] - place).sum(axis=2)
        ways = 2 * metres[0].max() + 1_400
        full = 7 * (5 * HOUR - ways / 1.25 - 900)  # what ways and tests leave of a week
        part = rng.dirichlet(np.full(6, 3.0))
        work = [Work(round(full * share), 7 * 24 * HOUR + 8 * HOUR, i, 900) for i, share in enumerate(part)]
        days, none = share_days(
            metres, work, list(range(7)), begins=9 * HOUR, day_seconds=5 * HOUR, metres_per_second=1.25
        )
        assert none == []
        assert {street for day in days.values() for street in day} == set(range(6))
        for day in days.values():
            assert (
                sum(day.values()) + 900 * len(day) + 2 * metres[0, [s + 1 for s in day]].max(initial=0.0) / 1.25
                <= 5 * HOUR + 1
            )
        assert days[0]  # the first day is worked on too


def test_where_ways_take_more_than_the_plan_thought_every_street_gets_a_little_less() -> None:
    metres = np.array([[0.0, 900.0], [900.0, 0.0]])
    days, none = share_days(
        metres, [Work(35 * HOUR, 8 * 24 * HOUR)], list(range(7)), begins=9 * HOUR, day_seconds=5 * HOUR,
        metres_per_second=1.25,
    )  # fmt: skip
    assert none == []
    assert 0.8 * 35 * HOUR <= sum(sum(day.values()) for day in days.values()) < 35 * HOUR


# ── a zone ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_zone_is_walked_by_its_crews_each_street_once_and_nobody_beyond_its_day() -> None:
    matrix, edges = grid(4, 4)
    loads = np.arange(1, len(edges) + 1) % 5 + 1
    problem = ZoneWalkProblem(matrix, edges, np.full(len(edges), 100.0), loads, [0, 0, 0], [30, 30, 30])
    found = zone_walks(problem, iterations=2_000)
    given = [street for mine in found.streets for street in mine]
    assert sorted(given) == list(range(len(edges)))
    assert all(loads[list(mine)].sum() <= 30 for mine in found.streets)
    assert 2400.0 < found.bound_m <= found.length_m <= 1.25 * found.bound_m


def test_the_bound_of_a_zone_counts_the_crews_that_its_far_part_takes() -> None:
    chain = coo_array(([100.0] * 5, ([0, 1, 2, 2, 2], [1, 2, 3, 4, 5])), shape=(6, 6)).tocsr()
    problem = ZoneWalkProblem(chain, [(2, 3), (2, 4), (2, 5)], [100.0] * 3, [6, 6, 6], [0, 0, 0], [8, 8, 8])
    found = zone_walks(problem, iterations=500)
    assert found.length_m == 3 * 600.0  # each street has a crew of its own, which comes and goes by the one way
    assert found.gap < 1e-4


def best_of_zone(problem: ZoneWalkProblem, graph: csr_array) -> float:
    """The least metres of all crews by trying every way to share the streets out, inf where none fits."""
    best = np.inf
    alone: dict[tuple[int, ...], float] = {}
    for crews in product(range(len(problem.starts)), repeat=len(problem.edges)):
        total = 0.0
        for crew, (start, room) in enumerate(zip(problem.starts.tolist(), problem.capacities.tolist(), strict=True)):
            mine = [i for i, one in enumerate(crews) if one == crew]
            if problem.loads[mine].sum() > room:
                total = np.inf
            elif mine:
                key = (start, *mine)
                if key not in alone:
                    alone[key] = shortest(WalkProblem(graph, problem.edges[mine].tolist(), [], start))
                total += alone[key]
        best = min(best, total)
    return best


@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_the_bound_of_a_zone_is_not_above_the_best_of_all_ways_to_share_it(data: st.DataObject) -> None:
    matrix, edges = grid(3, 3)
    chosen = data.draw(st.lists(st.sampled_from(edges), min_size=2, max_size=4, unique=True))
    loads = data.draw(st.lists(st.integers(1, 4), min_size=len(chosen), max_size=len(chosen)))
    starts = data.draw(st.lists(st.integers(0, 8), min_size=2, max_size=3))
    rooms = data.draw(st.lists(st.integers(4, 8), min_size=len(starts), max_size=len(starts)))
    try:
        problem = ZoneWalkProblem(matrix, chosen, [100.0] * len(chosen), loads, starts, rooms)
        found = zone_walks(problem, iterations=300)
    except BadInput:
        return
    best = best_of_zone(problem, matrix)
    assert found.bound_m <= best + 1e-6
    assert found.length_m >= best - 1e-6


def test_the_bound_of_a_zone_lets_a_crew_stay_at_home() -> None:
    chain = coo_array(([100.0, 900.0], ([0, 1], [1, 2])), shape=(3, 3)).tocsr()
    problem = ZoneWalkProblem(chain, [(0, 1)], [100.0], [3], [0, 2], [8, 8])
    found = zone_walks(problem, iterations=200)
    assert found.length_m == 200.0
    assert found.bound_m <= 200.0


def test_a_street_larger_than_every_crew_and_a_zone_larger_than_all_are_named() -> None:
    matrix, edges = grid(2, 2)
    with pytest.raises(BadInput, match=r"street 1 takes 9, more than the day of any crew \(8\); split"):
        ZoneWalkProblem(matrix, edges, np.ones(4), [1, 9, 1, 1], [0], [8])
    with pytest.raises(BadInput, match="the zone takes 12, its crews have 8 in a day"):
        ZoneWalkProblem(matrix, edges, np.ones(4), [3, 3, 3, 3], [0], [8])
