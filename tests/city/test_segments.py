"""Ways are cut where they meet; borders cut cleanly; carriageways find each other."""

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.city.raw import RawMap
from fieldops.city.segments import clip_segments, cut_ways, find_duals, split_segments
from fieldops.city.ways import classify_ways
from tests.raw_map import GERMANY, raw_map, street


def segments_of(raw: RawMap) -> pd.DataFrame:
    return cut_ways(raw, classify_ways(raw.ways)[0], GERMANY)


def test_a_way_is_cut_where_another_shares_its_node_and_nowhere_else() -> None:
    cross = raw_map(
        [street("A", (0, 0), (100, 0), (200, 0)), street("B", (100, -50), (100, 0)), street("C", (150, -9), (150, 9))]
    )
    found = segments_of(cross)
    assert sorted(zip(found["name"], found["length_m"].round(), strict=True)) == [
        ("A", 100),
        ("A", 100),
        ("B", 50),
        ("C", 18),
    ]
    assert set(found.loc[found["name"] == "A", ["u", "v"]].to_numpy()[0]) & set(
        found.loc[found["name"] == "B", ["u", "v"]].to_numpy()[0]
    )


def test_a_loop_is_cut_at_its_own_node() -> None:
    loop = raw_map([street("Ring", (0, 0), (50, 0), (50, 50), (0, 0), (-80, 0))])
    assert sorted(segments_of(loop)["length_m"].round()) == [80, 171]


def test_a_way_that_may_not_be_part_of_the_graph_cuts_nothing() -> None:
    found = segments_of(
        raw_map([street("A", (0, 0), (100, 0), (200, 0)), street("", (100, 0), (100, 90), highway="motorway")])
    )
    assert list(found["name"]) == ["A"]


def test_names_that_differ_in_width_and_case_only_have_one_key() -> None:
    found = segments_of(
        raw_map(
            [
                street("Ｍain  Street", (0, 0), (9, 0)),
                street("main street", (20, 0), (29, 0)),
                street("", (40, 0), (49, 0)),
            ]
        )
    )
    assert found["key"].iloc[0] == found["key"].iloc[1] != found["key"].iloc[2] == -1


def test_the_boundary_cuts_a_segment_and_leaves_an_open_end() -> None:
    found = segments_of(
        raw_map([street("A", (-100, 0), (100, 0)), street("B", (100, 0), (100, 40)), street("Far", (500, 0), (600, 0))])
    )
    inside = clip_segments(found, shapely.box(0, -50, 200, 50))
    assert sorted(inside["name"]) == ["A", "B"]
    a = inside[inside["name"] == "A"].iloc[0]
    assert a["length_m"] == pytest.approx(100, abs=0.01)
    assert a["u"] < 0 < a["v"]


def test_a_segment_that_leaves_and_comes_back_becomes_two() -> None:
    found = segments_of(raw_map([street("A", (0, 0), (50, 0), (50, 100), (90, 100), (90, 0), (150, 0))]))
    inside = clip_segments(found, shapely.box(-10, -10, 200, 30))
    assert len(inside) == 2
    assert inside["length_m"].sum() == pytest.approx(50 + 30 + 30 + 60, abs=0.01)
    assert len(set(inside[["u", "v"]].to_numpy().ravel())) == 4


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=5))
def test_pieces_of_segments_follow_each_other_and_keep_the_length(pieces: list[int]) -> None:
    ways = [street(str(i), (0, 100 * i), (40, 100 * i), (40, 100 * i + 30), (90, 100 * i)) for i in range(len(pieces))]
    whole = segments_of(raw_map(ways))
    cut, origin = split_segments(whole, np.array(pieces))
    assert np.bincount(origin).tolist() == pieces
    for row in range(len(whole)):
        mine = cut[origin == row]
        assert mine["length_m"].sum() == pytest.approx(whole["length_m"].iloc[row])
        assert shapely.length(mine["line"].to_numpy(object)) == pytest.approx(
            [whole["line"].iloc[row].length / pieces[row]] * pieces[row]
        )
        chain = [mine["u"].iloc[0], *mine["v"]]
        assert chain[0] == whole["u"].iloc[row]
        assert chain[-1] == whole["v"].iloc[row]
        assert mine["u"].iloc[1:].tolist() == chain[1:-1]
        merged = shapely.line_merge(shapely.union_all(shapely.set_precision(mine["line"].to_numpy(object), 1e-6)))
        assert shapely.hausdorff_distance(merged, whole["line"].iloc[row]) < 1e-3
    assert len(set(cut[["u", "v"]].to_numpy().ravel())) == len(set(whole[["u", "v"]].to_numpy().ravel())) + sum(
        pieces
    ) - len(pieces)


def test_two_carriageways_of_one_name_are_dual_and_a_lone_one_way_street_is_not() -> None:
    found = segments_of(raw_map([
        street("Avenue", (0, 0), (300, 0), oneway="yes"), street("Avenue", (300, 20), (0, 20), oneway="yes"),
        street("Avenue", (0, 400), (300, 400), oneway="yes"), street("Other", (300, 15), (0, 15), oneway="yes"),
        street("Avenue", (0, -20), (300, -20), oneway="yes"),
    ]))  # fmt: skip
    assert find_duals(found).tolist() == [True, True, False, False, False]


def test_a_carriageway_drawn_against_its_traffic_is_dual_all_the_same() -> None:
    found = segments_of(
        raw_map([street("Avenue", (0, 0), (300, 0), oneway="yes"), street("Avenue", (0, 20), (300, 20), oneway="-1")])
    )
    assert find_duals(found).all()


def test_where_the_map_tells_no_direction_the_line_beside_one_of_the_same_name_is_its_other_carriageway() -> None:
    beside = [street("Avenue", (0, 0), (300, 0)), street("Avenue", (0, 20), (300, 25))]
    assert find_duals(segments_of(raw_map(beside))).all()
    one_way_told = [street("Avenue", (0, 0), (300, 0), oneway="yes"), street("Avenue", (0, 20), (300, 25))]
    assert find_duals(segments_of(raw_map(one_way_told))).all()


@pytest.mark.parametrize(
    "second",
    [
        street("Other", (0, 20), (300, 20)),
        street(None, (0, 20), (300, 20)),
        street("Avenue", (0, 40), (300, 40)),  # a street away
        street("Avenue", (300, 0), (330, 0)),  # the first goes on
        street("Avenue", (310, 10), (360, 10)),  # and on after a hole
        street("Avenue", (150, 3), (150, 300)),  # and across
        street("Avenue", (300, 0), (0, 25)),  # a hairpin
        street("Avenue", (0, 2), (300, 2)),  # the same line, drawn twice
    ],
)
def test_without_directions_a_line_that_goes_on_crosses_turns_back_or_has_another_name_is_no_second_carriageway(
    second: dict,
) -> None:
    assert not find_duals(segments_of(raw_map([street("Avenue", (0, 0), (300, 0)), second]))).any()
