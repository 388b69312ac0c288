import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.city.graph import WalkGraph
from fieldops.errors import BadInput
from tests.city.towns import PLANE, grid_town


def graph_of(columns: int, rows: int, **changes: object) -> WalkGraph:
    town = grid_town(columns, rows, **changes)  # type: ignore[arg-type]
    return WalkGraph.from_segments(town.nodes, town.segments)


def test_walks_follow_the_streets_and_not_the_line_by_air() -> None:
    graph = graph_of(3, 3)
    corner, opposite = graph.positions([1, 9])
    assert graph.distances([corner], targets=[opposite])[0, 0] == pytest.approx(800.0)


def test_what_no_way_leads_to_is_infinitely_far() -> None:
    graph = graph_of(4, 1, left_out=[(2, 3)])
    assert np.isinf(graph.distances(graph.positions([1]), targets=graph.positions([3]))[0, 0])


def test_closed_segments_are_not_walked() -> None:
    town = grid_town(3, 1)
    town.segments.loc[town.segments["from_node"] == 2, "kind"] = "closed"
    assert set(WalkGraph.from_segments(town.nodes, town.segments).nodes) == {1, 2}


def test_of_two_segments_between_the_same_nodes_the_shorter_counts() -> None:
    town = grid_town(2, 2)
    town.segments.loc[:, "length_m"] = [200.0, 200.0, 200.0, 200.0]
    doubled = town.segments.iloc[[0, 0, 1, 2, 3]].reset_index(drop=True)
    doubled.loc[1, "length_m"] = 150.0
    graph = WalkGraph.from_segments(town.nodes, doubled)
    one, two = graph.positions([1, 2])
    assert graph.distances([one], targets=[two])[0, 0] == 150.0
    edge = slice(graph.matrix.indptr[one], graph.matrix.indptr[one + 1])
    assert graph.segment[edge][graph.matrix.indices[edge] == two].tolist() == [1]


def test_the_largest_island_is_number_0() -> None:
    graph = graph_of(5, 1, left_out=[(2, 3)])
    assert graph.component[graph.positions([1, 2, 3, 4, 5])].tolist() == [1, 1, 0, 0, 0]


def test_the_nearest_node_is_found_and_on_the_mainland_where_that_is_asked() -> None:
    graph = graph_of(5, 1, left_out=[(2, 3)])
    lon, lat = PLANE.to_degrees([210.0], [10.0])
    node, metres = graph.nearest(lon, lat)
    assert graph.nodes[node].tolist() == [2]
    assert metres[0] == pytest.approx(np.hypot(10, 10), abs=0.1)
    assert graph.nodes[graph.nearest(lon, lat, mainland=True)[0]].tolist() == [3]


def test_unknown_nodes_have_no_position() -> None:
    assert graph_of(2, 1).positions([1, 77]).tolist() == [0, -1]


def test_a_path_holds_both_ends_and_every_node_between() -> None:
    graph = graph_of(4, 1)
    assert graph.path(0, 3).tolist() == [0, 1, 2, 3]
    assert graph.path(2, 2).tolist() == [2]
    assert graph_of(4, 1, left_out=[(2, 3)]).path(0, 2).size == 0


def test_every_node_learns_its_nearest_source() -> None:
    graph = graph_of(5, 1)
    metres, source = graph.nearest_source([0, 4])
    assert metres.tolist() == [0.0, 200.0, 400.0, 200.0, 0.0]
    assert source[[0, 1, 3, 4]].tolist() == [0, 0, 1, 1]
    limited = graph.nearest_source([0], limit_m=250.0)
    assert limited[1].tolist() == [0, 0, -1, -1, -1]
    assert graph.nearest_source([])[1].tolist() == [-1] * 5


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 7), st.integers(1, 6), st.floats(0.0, 1500.0), st.data())
def test_reach_agrees_with_the_full_distances(columns: int, rows: int, limit_m: float, data: st.DataObject) -> None:
    graph = graph_of(columns, rows)
    sources = data.draw(st.lists(st.integers(0, len(graph) - 1), min_size=1, max_size=5))
    full = graph.distances(sources, limit_m=limit_m)
    near = graph.reach(sources, limit_m=limit_m)
    found = np.full(full.shape, np.inf)
    rows_of = np.repeat(np.arange(len(sources)), np.diff(near.indptr))
    found[rows_of, near.indices] = near.data
    assert np.array_equal(found, full)


def test_a_map_without_a_way_to_walk_is_refused() -> None:
    town = grid_town(2, 1)
    town.segments["kind"] = "closed"
    with pytest.raises(BadInput, match="can be walked"):
        WalkGraph.from_segments(town.nodes, town.segments)


def test_a_segment_that_ends_nowhere_is_refused_by_the_name_of_its_node() -> None:
    town = grid_town(3, 1)
    with pytest.raises(BadInput, match="node 3"):
        WalkGraph.from_segments(town.nodes[town.nodes["node"] != 3], town.segments)
