from pathlib import Path

import numpy as np
import pytest

from fieldops.city.build import SEGMENT_M, build_city, with_short_segments
from fieldops.city.graph import WalkGraph
from fieldops.city.metres import Plane
from fieldops.maps import read_map
from fieldops.rules import Rules
from tests.city.towns import grid_town


def test_long_segments_are_cut_and_no_walk_changes() -> None:
    town = grid_town(3, 3, block_m=500.0)
    short = with_short_segments(town)
    assert short.segments["length_m"].max() <= SEGMENT_M
    assert short.segments["length_m"].sum() == pytest.approx(town.segments["length_m"].sum())
    assert len(short.segments) == 3 * len(town.segments)
    assert short.nodes["node"].is_unique
    before, after = (WalkGraph.from_segments(one.nodes, one.segments) for one in (town, short))
    ids = town.nodes["node"].to_numpy()
    old, new = before.positions(ids), after.positions(ids)
    assert np.allclose(before.distances(old, targets=old), after.distances(new, targets=new))


def test_pieces_keep_the_street_and_lie_where_the_segment_lay() -> None:
    town = grid_town(2, 2, block_m=450.0)
    short = with_short_segments(town)
    assert set(short.segments["street"]) == set(town.segments["street"])
    middle = short.segments.geometry.union_all().centroid
    assert middle.distance(town.segments.geometry.union_all().centroid) < 1e-8


def test_short_and_closed_segments_stay_as_they_are() -> None:
    town = grid_town(3, 2, block_m=500.0)
    town.segments.loc[0, "kind"] = "closed"
    short = with_short_segments(town)
    assert short.segments.loc[short.segments["kind"] == "closed", "length_m"].tolist() == [500.0]
    near = grid_town(3, 2)
    assert len(with_short_segments(near).segments) == len(near.segments)


def test_every_street_of_a_city_has_a_triangle_and_a_zone_and_every_triangle_the_zone_of_most_of_its_work(
    shared_data: Path,
) -> None:
    city = build_city(
        read_map(shared_data / "maps" / "wangjing_2020.osm"),
        name="W",
        time_zone="Asia/Shanghai",
        rules=Rules(),
        zones=3,
    )
    assert set(city.streets["triangle"]) <= set(city.triangles["triangle"])
    assert set(city.streets["zone"]) == set(city.zones["zone"]) == {"Z1", "Z2", "Z3"}
    alone = city.streets.groupby("triangle")["zone"].agg(lambda zones: zones.iloc[0] if zones.nunique() == 1 else "")
    zone = dict(zip(city.triangles["triangle"], city.triangles["zone"], strict=True))
    assert all(zone[triangle] == only for triangle, only in alone.items() if only)
    assert set(zone.values()) <= set(city.zones["zone"])
    # The zones' drawn ground is the triangles': the operation area.
    plane = Plane.around(city.nodes["lon"], city.nodes["lat"])
    triangles = plane.flatten(city.triangles.geometry.union_all())
    zones = plane.flatten(city.zones.geometry.union_all())
    assert zones.symmetric_difference(triangles).area < 0.001 * triangles.area
