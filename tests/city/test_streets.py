"""Streets: one name that hangs together, bounded, the nameless by their course, slivers with a neighbour."""

import itertools

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.city.segments import cut_ways, find_duals
from fieldops.city.streets import Joined, join_streets, work_of
from fieldops.city.ways import CLAIM, classify_ways
from tests.raw_map import GERMANY, Way, raw_map, street


def join(ways: list[Way], *, most: float = 800.0) -> Joined:
    raw = raw_map(ways)
    segments = cut_ways(raw, classify_ways(raw.ways)[0], GERMANY)
    segments = segments.assign(dual=find_duals(segments), claimable=segments["kind"] == CLAIM)
    return join_streets(segments, length_max_m=most)


def names_of(joined: Joined) -> list[list[str]]:
    """The names on each street, streets sorted."""
    held = joined.segments.assign(street=joined.street)
    held = held[held["street"] >= 0]
    return sorted(sorted(set(group["name"])) for _, group in held.groupby("street"))


def lengths(joined: Joined) -> list[float]:
    claimed = joined.street >= 0
    return sorted(np.bincount(joined.street[claimed], weights=work_of(joined.segments)[claimed]).round(1).tolist())


def test_segments_of_one_name_that_meet_are_one_street_and_apart_they_are_two() -> None:
    ways = [street("A", (0, 0), (200, 0)), street("A", (200, 0), (400, 0)), street("A", (900, 0), (1100, 0))]
    assert lengths(join(ways)) == [200, 400]


def test_pieces_of_one_name_within_35_m_are_joined_and_farther_ones_are_not() -> None:
    assert lengths(join([street("A", (0, 0), (200, 0)), street("A", (230, 0), (400, 0))])) == [370]
    assert lengths(join([street("A", (0, 0), (200, 0)), street("A", (240, 0), (400, 0))])) == [160, 200]
    assert lengths(join([street("A", (0, 0), (200, 0)), street("B", (220, 0), (400, 0))])) == [180, 200]


def test_two_carriageways_are_one_street_whose_work_is_counted_once() -> None:
    avenue = [street("A", (0, 0), (600, 0), oneway="yes"), street("A", (600, 25), (0, 25), oneway="yes")]
    assert lengths(join(avenue)) == [600]


def test_two_lines_of_one_name_that_fork_and_run_side_by_side_are_one_street_in_both_directions() -> None:
    fork = [
        street("A", (0, 0), (100, 0)),
        street("A", (100, 0), (200, 15), (500, 15)),
        street("A", (100, 0), (200, -15), (500, -15)),
    ]
    assert len(lengths(join(fork))) == 1


def test_a_long_avenue_is_cut_across_both_carriageways_at_once() -> None:
    crossings = [street(f"C{x}", (x, 0), (x, 25), (x, 80)) for x in range(0, 3001, 300)]
    there = [(x, 0) for x in range(0, 3001, 300)]
    back = [(x, 25) for x in range(3000, -1, -300)]
    joined = join([*crossings, street("A", *there, oneway="yes"), street("A", *back, oneway="yes")])
    avenue = joined.segments.assign(street=joined.street)
    avenue = avenue[avenue["name"] == "A"]
    assert avenue["street"].nunique() >= 4
    for _, part in avenue.groupby("street"):
        y = shapely.get_coordinates(part["line"].to_numpy(object))[:, 1]
        assert {0.0, 25.0} <= set(np.abs(y).round(3).tolist())
    assert max(lengths(joined)) <= 800


def test_an_avenue_whose_side_streets_do_not_face_each_other_is_cut_at_one_place_too() -> None:
    there, back = [0, 760, 1430, 2200, 3000], [3000, 2600, 1900, 1100, 400, 0]
    sides = [street(f"N{x}", (x, 25), (x, 90)) for x in back[1:-1]] + [
        street(f"S{x}", (x, 0), (x, -90)) for x in there[1:-1]
    ]
    ends = [street("W", (0, 0), (0, 25), (0, 80)), street("E", (3000, 0), (3000, 25), (3000, 80))]
    joined = join([
        *sides, *ends, street("A", *((x, 0) for x in there), oneway="yes"),
        street("A", *((x, 25) for x in back), oneway="yes"),
    ])  # fmt: skip
    avenue = joined.segments.assign(street=joined.street)
    avenue = avenue[avenue["name"] == "A"]
    on = {
        y: {x: one for line, one in zip(avenue["line"], avenue["street"], strict=True)
            for x in range(25, 3000, 50) if shapely.distance(line, shapely.Point(x, y)) < 1.0}
        for y in (0.0, 25.0)
    }  # fmt: skip
    apart = sum(on[0.0][x] != on[25.0][x] for x in range(25, 3000, 50)) * 50
    assert avenue["street"].nunique() >= 4
    assert apart <= 80 * (avenue["street"].nunique() - 1)
    assert max(lengths(joined)) <= 800
    assert len(avenue) <= len(there) + len(back) + 2 * avenue["street"].nunique()  # pieces of one street are one again


def test_without_names_too_the_two_carriageways_are_one_street() -> None:
    assert lengths(
        join([street("", (0, 0), (600, 0), oneway="yes"), street("", (600, 25), (0, 25), oneway="yes")])
    ) == [600]


def test_a_nameless_way_runs_on_through_a_node_where_nothing_else_ends() -> None:
    assert lengths(join([street("", (0, 0), (100, 0)), street("", (100, 0), (100, 100))])) == [200]


def test_at_a_junction_the_nameless_run_straight_on_and_the_branch_stays_apart() -> None:
    ways = [street("", (0, 0), (100, 0)), street("", (100, 0), (200, 10)), street("", (100, 0), (100, 120))]
    assert lengths(join(ways)) == [120.0, pytest.approx(200.5, abs=0.2)]


def test_a_street_is_cut_into_equal_parts_no_longer_than_the_bound() -> None:
    joined = join(
        [
            street("A", *((x, 0) for x in range(0, 2001, 100))),
            *(street(f"C{x}", (x, 0), (x, 90)) for x in range(0, 2001, 100)),
        ]
    )
    long = joined.segments["name"].to_numpy() == "A"
    parts = np.bincount(joined.street[long], weights=joined.segments["length_m"][long])
    assert sorted(parts[parts > 0].round()) == [600, 700, 700]
    assert joined.cut == 1


def test_a_segment_longer_than_the_bound_is_cut_although_nothing_crosses_it() -> None:
    joined = join([street("A", (0, 0), (2000, 0))])
    assert max(lengths(joined)) <= 800
    assert sum(lengths(joined)) == pytest.approx(2000, abs=0.5)


def test_a_sliver_goes_to_its_longest_neighbour_where_the_bound_holds() -> None:
    ways = [street("A", (0, 0), (300, 0)), street("B", (300, 0), (500, 0)), street("Stub", (300, 0), (300, 30))]
    assert names_of(join(ways)) == [["A", "Stub"], ["B"]]
    assert names_of(join(ways, most=310)) == [["A"], ["B", "Stub"]]
    assert (
        names_of(join(ways, most=220)) == [["A"], ["A"], ["B"], ["Stub"]] or max(lengths(join(ways, most=220))) <= 220
    )


def test_a_sliver_alone_stays_a_street() -> None:
    assert lengths(join([street("Stub", (0, 0), (30, 0))])) == [30]


def test_links_and_closed_ways_belong_to_no_street() -> None:
    joined = join([street("A", (0, 0), (100, 0)), ([(100, 0), (200, 0)], {"highway": "service"})])
    assert set(joined.street[joined.segments["kind"].to_numpy() == "link"]) == {-1}


def hangs_together(part: pd.DataFrame) -> bool:
    """Whether segments touch each other or lie within 35 m; slivers were attached at nodes."""
    lines = part["line"].to_numpy(object)
    seen, waiting = {0}, [0]
    while waiting:
        near = np.flatnonzero(shapely.dwithin(lines, lines[waiting.pop()], 35.0))
        waiting += [int(i) for i in near if int(i) not in seen]
        seen |= set(near.tolist())
    return len(seen) == len(lines)


@settings(deadline=None, max_examples=25)
@given(
    st.integers(2, 6), st.integers(2, 6), st.floats(60, 700), st.sampled_from([200.0, 500.0, 800.0]),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_every_claimable_segment_has_one_street_bounded_and_in_one_piece(
    columns: int, rows: int, step: float, most: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    names = ["", "A", "B", "C", "D"]
    ways = [
        street(names[rng.integers(5)], (x * step, y * step), (x * step + dx, y * step + dy))
        for x, y in itertools.product(range(columns), range(rows))
        for dx, dy in ((step, 0.0), (0.0, step))
        if rng.random() < 0.8
    ]
    if not ways:
        return
    joined = join(ways, most=most)
    assert (joined.street >= 0).all()
    assert set(joined.street) == set(range(joined.street.max() + 1))
    assert max(lengths(joined)) <= most + 1e-6
    assert joined.segments["length_m"].sum() == pytest.approx(len(ways) * step, rel=1e-3)
    for _, part in joined.segments.groupby(joined.street):
        assert hangs_together(part)
