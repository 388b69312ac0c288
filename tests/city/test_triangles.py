from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.city.area import REACH_M, operation_area
from fieldops.city.build import with_short_segments
from fieldops.city.graph import WalkGraph
from fieldops.city.model import WGS84, check_frame
from fieldops.city.points import DETOUR, outside_by
from fieldops.city.settle import Settled, settle
from fieldops.city.triangles import Triangles, make_triangles
from fieldops.errors import Stopped
from fieldops.maps import read_map
from fieldops.rules import Rules
from tests.city.towns import PLANE, grid_town

RULES = Rules()


def tiled(town: Settled, **changes: object) -> tuple[Triangles, WalkGraph]:
    graph = WalkGraph.from_segments(town.nodes, town.segments)
    return make_triangles(town, graph, rules=RULES, **changes), graph  # type: ignore[arg-type]


def walks_to_hubs(made: Triangles, graph: WalkGraph) -> np.ndarray:
    """The walks from each connection point to A, B, C, computed anew; shape (n_triangles, 3)."""
    node = dict(zip(made.hubs["hub"], graph.positions(made.hubs["node"]), strict=True))
    points = graph.positions(made.triangles["point_node"])
    return np.array(
        [
            graph.distances([point], targets=[node[a], node[b], node[c]])[0]
            for point, a, b, c in zip(
                points, made.triangles["a"], made.triangles["b"], made.triangles["c"], strict=True
            )
        ]
    )


def assert_tiles(made: Triangles, town: Settled, graph: WalkGraph) -> None:
    shapes = graph.plane.flatten(made.triangles.geometry.to_numpy())
    union = shapely.union_all(shapes)
    assert shapely.area(shapes).sum() == pytest.approx(union.area, rel=1e-6)  # no overlap
    area = graph.plane.flatten(made.area)
    assert union.symmetric_difference(area).area < 1e-4 * area.area  # no gap
    plain = shapely.union_all(shapely.buffer(graph.plane.flatten(town.streets.geometry.to_numpy()), REACH_M))
    assert plain.difference(union).area < 0.01 * plain.area


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 9), st.integers(2, 9), st.sampled_from([80.0, 150.0, 200.0]))
def test_triangles_tile_a_town_of_any_size_with_no_gap_and_no_overlap(columns: int, rows: int, block_m: float) -> None:
    town = grid_town(columns, rows, block_m=block_m)
    made, graph = tiled(town)
    assert_tiles(made, town, graph)
    assert made.triangles["radius_m"].max() <= RULES.triangle_radius_max_m
    assert np.allclose(walks_to_hubs(made, graph).max(axis=1), made.triangles["radius_m"], atol=0.01)


def test_frames_follow_the_schema_and_ids_are_unique() -> None:
    made, _ = tiled(grid_town(8, 6))
    check_frame("hubs", made.hubs)
    check_frame("triangles", made.triangles)
    assert made.hubs["hub"].is_unique
    assert made.triangles["triangle"].is_unique
    assert set(made.triangles[["a", "b", "c"]].to_numpy().ravel()) == set(made.hubs["hub"])


def test_the_same_town_gives_the_same_triangles() -> None:
    one, _ = tiled(grid_town(7, 5))
    two, _ = tiled(grid_town(7, 5))
    assert one.triangles.equals(two.triangles)
    assert one.triangle_of_street == two.triangle_of_street


def test_a_street_belongs_to_the_triangle_whose_connection_point_is_nearest_on_foot() -> None:
    town = grid_town(8, 8)
    made, graph = tiled(town)
    row = {triangle: i for i, triangle in enumerate(made.triangles["triangle"])}
    walks = graph.distances(
        graph.positions(town.streets["node"]), targets=graph.positions(made.triangles["point_node"])
    )
    own = np.array([row[triangle] for triangle in made.triangle_of_street])
    assert np.array_equal(walks[np.arange(len(own)), own], walks.min(axis=1))


def test_hand_made_points_become_hubs_even_where_nobody_gathers() -> None:
    lon, lat = PLANE.to_degrees([610.0], [390.0])
    made, graph = tiled(grid_town(8, 8), hand_hubs=gpd.GeoDataFrame(geometry=shapely.points(lon, lat), crs=WGS84))
    hand = made.hubs[made.hubs["kind"] == "hand"]
    assert set(hand["node"]) == {2 * 8 + 3 + 1}
    assert len(graph) == 64


def test_two_busy_venues_make_a_hub_and_a_lonely_one_does_not() -> None:
    made, _ = tiled(grid_town(10, 10, venues=[(800, 805, 90), (805, 800, 60), (1400, 1000, 500)]))
    hubs = made.hubs[made.hubs["kind"] == "venues"]
    assert set(hubs["node"]) == {4 * 10 + 4 + 1}
    assert hubs["weight"].iloc[0] == 150.0


def test_hubs_on_both_sides_of_a_wall_too_near_to_part_leave_no_triangle_that_cannot_be_walked() -> None:
    # Two rows of streets 40 m apart, joined only at the far left, and a hub on each side far from there.
    columns = 50
    cut = [(column + 1, column + 1 + columns) for column in range(1, columns)]
    town = grid_town(columns, 2, block_m=40.0, left_out=cut)
    lon, lat = PLANE.to_degrees([40.0 * 40, 40.0 * 40], [0.0, 40.0])
    made, graph = tiled(town, hand_hubs=gpd.GeoDataFrame(geometry=shapely.points(lon, lat), crs=WGS84))
    hand = made.hubs[made.hubs["kind"] == "hand"]
    assert set(hand["node"]) == {41, 91}
    assert graph.distances(graph.positions([41]), targets=graph.positions([91]))[0] > 3000
    assert made.triangles["radius_m"].max() <= RULES.triangle_radius_max_m
    assert np.allclose(walks_to_hubs(made, graph).max(axis=1), made.triangles["radius_m"], atol=0.01)
    assert_tiles(made, town, graph)


def test_two_banks_of_a_river_are_not_one_triangle() -> None:
    # Two rows of streets 200 m apart, joined only at the far left: the way round is long.
    columns = 16
    cut = [(column + 1, column + 1 + columns) for column in range(1, columns)]
    town = grid_town(columns, 2, left_out=cut)
    made, graph = tiled(town)
    assert_tiles(made, town, graph)
    assert made.triangles["radius_m"].max() <= RULES.triangle_radius_max_m
    walks = walks_to_hubs(made, graph)
    assert walks.max() <= RULES.triangle_radius_max_m


def test_islands_are_tiled_too_and_their_streets_have_a_triangle() -> None:
    town = grid_town(12, 1, left_out=[(6, 7)])
    made, graph = tiled(town)
    assert_tiles(made, town, graph)
    assert len(made.triangle_of_street) == len(town.streets)
    row = {triangle: i for i, triangle in enumerate(made.triangles["triangle"])}
    points = graph.positions(made.triangles["point_node"])
    for node, triangle in zip(town.streets["node"], made.triangle_of_street, strict=True):
        assert graph.component[graph.positions([node])[0]] == graph.component[points[row[triangle]]]


def test_the_connection_point_is_not_on_a_bridge_where_another_place_serves() -> None:
    bridges = [(4, 5), (5, 6)]
    made, _ = tiled(grid_town(9, 3, bridges=bridges))
    assert not set(made.triangles["point_node"]) & {4, 5, 6}


def test_a_triangle_that_goes_around_a_wall_is_marked() -> None:
    columns = 5
    wall = [(2 * columns + i, 3 * columns + i) for i in range(1, columns)]
    made, graph = tiled(grid_town(columns, 6, block_m=120.0, left_out=wall))
    node = dict(zip(made.hubs["hub"], graph.positions(made.hubs["node"]), strict=True))
    for triangle in made.triangles.itertuples():
        corners = [node[triangle.a], node[triangle.b], node[triangle.c]]
        walks = graph.distances(corners, targets=corners)
        x, y = graph.x[corners], graph.y[corners]
        air = np.hypot(x[:, None] - x, y[:, None] - y)
        assert triangle.barrier == bool((walks[air >= 100] > DETOUR * air[air >= 100]).any())
    assert made.triangles["barrier"].any()
    assert made.report["triangles_with_barrier"] == made.triangles["barrier"].sum()


def test_it_stops_when_asked_to() -> None:
    with pytest.raises(Stopped):
        tiled(grid_town(3, 3), progress=lambda *_, **__: False)


def test_the_operation_area_has_few_corners_and_no_small_hole() -> None:
    lines = shapely.linestrings(
        [[(0, 0), (3000, 0)], [(0, 500), (3000, 500)], [(0, 0), (0, 500)], [(3000, 0), (3000, 500)]]
    )
    area = operation_area(PLANE.unflatten(lines), PLANE)
    assert len(shapely.get_parts(area)) == 1
    assert (
        len(area.geoms[0].interiors) == 0
    )  # 200 m x 2,700 m inside the block is 54 ha drawn, and a notch once buffered
    assert shapely.get_num_coordinates(area) <= 9


@given(st.floats(-5, 15), st.floats(-5, 15))
def test_how_far_a_place_lies_outside_a_triangle_is_its_distance(x: float, y: float) -> None:
    corners = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    away = shapely.distance(shapely.Point(x, y), shapely.Polygon(corners))
    assert outside_by(np.array([[x, y]]), corners)[0] == pytest.approx(away, abs=1e-9)


def test_guixi_is_tiled_and_no_radius_is_beyond_600_m(shared_data: Path) -> None:
    raw = read_map(shared_data / "maps" / "guixi.osm")
    town = with_short_segments(settle(raw, name="Guixi", time_zone="Asia/Shanghai", rules=RULES, residents=198398))
    made, graph = tiled(town)
    assert_tiles(made, town, graph)
    assert walks_to_hubs(made, graph).max() <= RULES.triangle_radius_max_m
    assert made.report["triangles_beyond_radius"] == 0
