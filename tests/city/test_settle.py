"""From a raw map to a settled town: every home has one unit, compounds are whole, bounded and never empty."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.city.compounds import split_compound
from fieldops.city.model import SCHEMA, check_frame
from fieldops.city.population import Residents
from fieldops.city.settle import Settled, settle
from fieldops.errors import BadInput, Stopped
from fieldops.rules import Rules
from tests.raw_map import CHINA, GERMANY, Place, Way, block, home, raw_map, street

SQUARE = [
    street("North", (0, 400), (400, 400)), street("South", (0, 0), (200, 0), (400, 0)),
    street("West", (0, 0), (0, 400)), street("East", (400, 0), (400, 400)),
]  # fmt: skip


def town(
    ways: list[Way], places: list[Place] | None = None, *, china: bool = True, residents: Residents | None = None,
    boundary: shapely.Polygon | None = None, most: int = 5000,
) -> Settled:  # fmt: skip
    raw = raw_map(ways, places or [], plane=CHINA if china else GERMANY, boundary=boundary)
    rules = Rules(compound_people_max=most)
    return settle(raw, name="Town", time_zone="Asia/Shanghai", rules=rules, residents=residents)


def test_all_frames_follow_the_schema_and_triangles_are_not_made_yet() -> None:
    made = town(SQUARE, [home(200, 20), home(200, 200)])
    for frame in ("nodes", "segments", "streets", "buildings", "gates", "venues"):
        check_frame(frame, getattr(made, frame))
        assert set(SCHEMA[frame]) <= set(getattr(made, frame).columns)
    assert set(made.streets["triangle"]) == set(made.streets["zone"]) == {""}
    assert set(made.segments["from_node"]) | set(made.segments["to_node"]) == set(made.nodes["node"])
    assert set(made.streets["node"]) <= set(made.nodes["node"])


def test_a_home_at_a_street_belongs_to_it_with_its_true_frontage() -> None:
    made = town(SQUARE, [home(200, 30, size=20)])
    building = made.buildings.iloc[0]
    assert made.streets.set_index("street").loc[building["street"], "name"] == "South"
    assert building["frontage_m"] == pytest.approx(20, abs=0.1)


def test_homes_off_every_street_become_a_compound_and_a_lone_house_does_not() -> None:
    far = [home(200 + 40 * i, 200, levels="6") for i in range(3)]
    made = town(SQUARE, [*far, home(100, 80, "house", size=8)])
    compounds = made.streets[made.streets["kind"] == "compound"]
    assert compounds["buildings"].tolist() == [3]
    assert compounds["permission"].tolist() == ["unknown"]
    assert compounds["name_source"].tolist() == ["generated"]
    lone = made.buildings[made.buildings["kind"] == "house"].iloc[0]
    assert lone["frontage_m"] == pytest.approx(76, abs=0.2)
    assert made.streets.set_index("street").loc[lone["street"], "kind"] == "street"


@pytest.mark.parametrize("residents", [None, 4000])
def test_hardly_anybody_is_met_on_a_bridge_without_a_house(residents: int | None) -> None:
    bridge = street("Bridge", (400, 0), (1200, 0), bridge="yes")
    ashore = street("Quay", (1200, 0), (1200, 400))
    streets = town([*SQUARE, bridge, ashore], residents=residents).streets
    people = streets.groupby("name")["people"].sum()
    assert people["Bridge"] <= 20
    assert people["Quay"] >= 300
    assert residents is None or people.sum() == pytest.approx(residents)


def test_homes_of_two_blocks_are_never_one_compound() -> None:
    wall = street("Wall", (200, 0), (200, 400))
    near = [home(145, 200, size=40), home(260, 200, size=40)]
    made = town([*SQUARE, wall], near)
    assert (made.streets["kind"] == "compound").sum() == 0  # both front the wall street
    made = town(SQUARE, near)
    assert (made.streets["kind"] == "compound").sum() == 1


def test_in_china_a_residential_area_is_a_compound_with_its_name_and_the_nameless_ways_inside() -> None:
    inner = ([(200, 0), (200, 150), (200, 300)], {"highway": "residential"})
    made = town([*SQUARE, inner], [block(60, 60, 340, 340, name="望京花园"), home(200, 180), home(150, 330)])
    compound = made.streets[made.streets["kind"] == "compound"].iloc[0]
    assert compound["name"] == "望京花园"
    assert compound["buildings"] == 2
    assert compound.geometry.geom_type == "Polygon"
    held = made.segments[made.segments["street"] == compound["street"]]
    assert held["length_m"].sum() == pytest.approx(300, abs=1)  # its middle lies inside


def test_a_residential_area_with_a_public_street_in_it_is_no_compound() -> None:
    made = town([*SQUARE, street("Middle", (0, 200), (400, 200))], [block(20, 20, 380, 380), home(200, 180)])
    assert (made.streets["kind"] == "compound").sum() == 0
    assert made.report["residential_areas_not_compounds"] == 1


def test_outside_china_a_residential_area_whose_homes_front_the_streets_is_no_compound() -> None:
    area = block(5, 5, 395, 395)
    assert (town(SQUARE, [area, home(200, 30)], china=False).streets["kind"] == "compound").sum() == 0
    assert (town(SQUARE, [area, home(200, 200)], china=False).streets["kind"] == "compound").sum() == 1
    assert (town(SQUARE, [area, home(200, 30)], china=True).streets["kind"] == "compound").sum() == 1


def test_a_compound_without_mapped_homes_holds_people_by_its_area() -> None:
    made = town(SQUARE, [block(100, 100, 300, 300)])
    compound = made.streets[made.streets["kind"] == "compound"].iloc[0]
    assert (compound["buildings"], compound["people_source"]) == (0, "area")
    assert compound["people"] == pytest.approx(1000, rel=0.01)  # 4 ha, 250 people each


def test_gates_are_mapped_ones_else_paths_else_the_nearest_street_node() -> None:
    area = block(60, 60, 340, 340)
    path = ([(200, 0), (200, 150)], {"highway": "service"})
    gate = (shapely.Point(62, 200), {"barrier": "gate"})
    assert town(SQUARE, [area]).gates["source"].tolist() == ["nearest"]
    by_path = town([*SQUARE, path], [area])
    assert by_path.gates["source"].tolist() == ["path"]
    node = by_path.nodes.set_index("node").loc[by_path.gates["node"].iloc[0]]
    x, y = CHINA.to_metres(node["lon"], node["lat"])
    assert (float(x), float(y)) == pytest.approx((200, 0), abs=0.01)
    assert town([*SQUARE, path], [area, gate]).gates["source"].tolist() == ["map"]
    assert town([*SQUARE, path], [area]).streets["node"].iloc[-1] == by_path.gates["node"].iloc[0]


def test_no_compound_holds_more_people_than_the_bound_and_its_parts_are_neighbours() -> None:
    towers = [home(120 + 40 * i, 120 + 40 * j, size=20, levels="18") for i in range(5) for j in range(5)]
    whole = town(SQUARE, [block(90, 90, 310, 310), *towers])
    parts = town(SQUARE, [block(90, 90, 310, 310), *towers], most=1000)
    compound = whole.streets[whole.streets["kind"] == "compound"]
    cut = parts.streets[parts.streets["kind"] == "compound"]
    assert compound["people"].tolist() == pytest.approx([4500])
    assert len(cut) >= 5
    assert (cut["people"] <= 1000).all()
    assert cut["people"].sum() == pytest.approx(4500)
    assert (cut["buildings"] > 0).all()
    assert cut["buildings"].sum() == 25
    assert cut["street"].is_unique
    assert cut["label"].is_unique
    assert set(cut["street"]) <= set(parts.gates["street"])


def test_a_building_fuller_than_the_bound_spreads_over_parts_of_its_compound() -> None:
    made = town(SQUARE, [block(90, 90, 310, 310), home(200, 200, size=60, levels="30")], most=300)
    cut = made.streets[made.streets["kind"] == "compound"]
    assert (cut["people"] <= 300).all()
    assert made.buildings["street"].isin(cut["street"]).all()


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 40), st.floats(10, 1000), st.integers(0, 2**32 - 1))
def test_parts_of_a_compound_hold_at_most_the_bound_and_cover_it(count: int, most: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = shapely.box(0, 0, 300, 200)
    points = np.asarray(shapely.points(rng.uniform((5, 5), (295, 195), (count, 2))), dtype=object)
    people = rng.uniform(0.1, most, count)
    polygons, part = split_compound(shape, points, people, most)
    assert np.bincount(part, weights=people, minlength=len(polygons)).max() <= most + 1e-9
    assert np.bincount(part, minlength=len(polygons)).min() > 0
    assert sum(polygon.area for polygon in polygons) == pytest.approx(shape.area, rel=0.02)
    assert shapely.dwithin(np.array(polygons, dtype=object)[part], points, 1e-6).all()


def test_venues_stand_on_the_street_they_front_and_once() -> None:
    shop = shapely.box(190, 10, 210, 30), {"shop": "mall", "name": "Plaza", "opening_hours": "Mo-Su 09:30-21:00"}
    again = shapely.Point(200, 35), {"shop": "mall", "name": "Plaza"}
    stop = shapely.Point(395, 200), {"highway": "bus_stop"}
    lost = shapely.Point(2000, 2000), {"amenity": "restaurant"}
    made = town(SQUARE, [shop, again, stop, lost])
    name = made.streets.set_index("street")["name"]
    found = {row["kind"]: name[row["street"]] for _, row in made.venues.iterrows()}
    assert found == {"mall": "South", "bus_stop": "East"}
    plaza = made.venues[made.venues["kind"] == "mall"].iloc[0]
    assert (plaza["open_from"], plaza["open_until"], plaza["people_per_hour"]) == ("09:30", "21:00", 400.0)
    _, y = CHINA.to_metres(plaza.geometry.x, plaza.geometry.y)
    assert float(y) == pytest.approx(10, abs=0.01)  # its door is at the street
    assert made.report["left_out"] == {"venue_far_from_streets": 1}


def test_a_tall_building_of_apartments_is_a_venue_of_its_own_compound_and_a_low_one_is_none() -> None:
    made = town(SQUARE, [home(200, 200, levels="12"), home(200, 240, levels="3")])
    assert made.venues["kind"].tolist() == ["apartment_building"]
    assert made.venues["street"].iloc[0] == made.buildings["street"].iloc[0]


def test_the_boundary_keeps_streets_homes_and_venues_inside() -> None:
    made = town(SQUARE, [home(20, 380), home(380, 20)], boundary=shapely.box(-50, -50, 200, 500))
    assert made.buildings["building"].tolist() == ["Bw900"]
    assert sorted(made.streets["name"]) == ["North", "South", "West"]
    assert made.streets["length_m"].sum() == pytest.approx(800, abs=1)


def test_a_boundary_without_streets_and_a_map_of_links_are_refused() -> None:
    with pytest.raises(BadInput, match="no street lies within the boundary"):
        town(SQUARE, boundary=shapely.box(150, 150, 250, 250))
    with pytest.raises(BadInput, match="no streets"):
        town([([(0, 0), (9, 0)], {"highway": "service"})])


def test_progress_stops_the_work() -> None:
    with pytest.raises(Stopped):
        settle(
            raw_map(SQUARE),
            name="T",
            time_zone="UTC",
            rules=Rules(),
            progress=lambda stage, share, **_: stage != "people",
        )


def test_without_a_boundary_the_town_is_what_lies_about_its_streets() -> None:
    made = town(SQUARE)
    flat = CHINA.flatten(made.boundary)
    assert flat.contains(shapely.box(-100, -100, 500, 500))
    assert flat.area < 2_000_000
