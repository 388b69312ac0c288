import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from fieldops.city.model import check_frame
from fieldops.city.settle import Settled
from fieldops.city.zones import Zones, cut_zones, work_hours
from fieldops.errors import BadInput
from fieldops.rules import Rules
from tests.city.towns import PLANE, grid_town

RULES = Rules()


def pieces(town: Settled, made: Zones) -> dict[str, int]:
    """In how many pieces each zone is: streets meet where they share a node."""
    ends = town.segments[["from_node", "to_node"]].to_numpy()
    meets = (ends[:, None, :, None] == ends[None, :, None, :]).any(axis=(2, 3))
    zone = np.array(made.zone_of_street)
    return {
        name: connected_components(meets[np.ix_(zone == name, zone == name)], directed=False)[0]
        for name in made.zones["zone"]
    }


@settings(max_examples=15, deadline=None)
@given(st.integers(4, 9), st.integers(4, 9), st.integers(1, 6))
def test_every_zone_is_in_one_piece_and_none_is_much_heavier(columns: int, rows: int, count: int) -> None:
    town = grid_town(columns, rows)
    made = cut_zones(town, rules=RULES, zones=count)
    assert set(made.zone_of_street) == set(made.zones["zone"])
    assert set(pieces(town, made).values()) == {1}
    assert made.zones["work_hours"].sum() == pytest.approx(work_hours(town, RULES).sum())
    most_of_a_street = work_hours(town, RULES).max()
    assert made.zones["work_hours"].max() - made.zones["work_hours"].min() <= max(
        4 * most_of_a_street, 0.2 * made.zones["work_hours"].mean()
    )


def test_zones_cover_the_operation_area_and_do_not_overlap() -> None:
    made = cut_zones(grid_town(9, 9), rules=RULES, zones=5)
    check_frame("zones", made.zones)
    shapes = PLANE.flatten(made.zones.geometry.to_numpy())
    assert shapely.is_valid(shapes).all()
    assert shapely.area(shapes).sum() == pytest.approx(shapely.union_all(shapes).area, rel=2e-3)


def test_a_river_with_one_bridge_is_the_border_of_two_zones() -> None:
    columns, rows = 6, 8
    river = [(3 * columns + i, 4 * columns + i) for i in range(1, columns + 1)]
    bridge = river[2]
    town = grid_town(columns, rows, left_out=[pair for pair in river if pair != bridge], bridges=[bridge])
    made = cut_zones(town, rules=RULES, zones=2)
    south = np.array([max(a, b) <= 4 * columns for a, b in town.segments[["from_node", "to_node"]].to_numpy()])
    north = np.array([min(a, b) > 4 * columns for a, b in town.segments[["from_node", "to_node"]].to_numpy()])
    zone = np.array(made.zone_of_street)
    assert len(set(zone[south])) == 1
    assert len(set(zone[north])) == 1


def test_islands_are_bridged_and_reported() -> None:
    town = grid_town(12, 2, left_out=[(6, 7), (18, 19)])
    made = cut_zones(town, rules=RULES, zones=2)
    assert made.report["islands_bridged"] == 1
    assert made.report["islands_beyond_300_m"] == 0
    zone = np.array(made.zone_of_street)
    west = np.array([node % 12 in range(1, 7) for node in town.segments["from_node"]])
    assert len(set(zone[west])) == 1


def test_more_zones_than_streets_are_refused() -> None:
    with pytest.raises(BadInput, match="zones of 4 streets"):
        cut_zones(grid_town(2, 2), rules=RULES, zones=5)
