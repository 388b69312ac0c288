from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import shapely

from fieldops.city.synth import Town, make_town
from fieldops.errors import Stopped


@pytest.fixture(scope="module")
def town() -> Town:
    return make_town(700, np.random.default_rng(1))


def walked(town: Town) -> list[tuple[int, ...]]:
    return [w.nodes for w in town.ways if w.tags.get("highway", "motorway") not in ("motorway", "motorway_link")]


def polygons(town: Town, key: str, value: str | None = None) -> list[shapely.Polygon]:
    return [shapely.Polygon([(town.lon[n], town.lat[n]) for n in w.nodes]) for w in town.ways
            if key in w.tags and value in (None, w.tags[key])]  # fmt: skip


def test_the_same_seed_makes_the_same_town_and_another_seed_another(town: Town) -> None:
    again, other = (make_town(700, np.random.default_rng(seed)) for seed in (1, 2))
    assert np.array_equal(town.lon, again.lon)
    assert np.array_equal(town.lat, again.lat)
    assert (town.ways, town.tags, town.venues) == (again.ways, again.tags, again.venues)
    assert not np.array_equal(town.lon[:500], other.lon[:500])


def test_one_can_walk_everywhere(town: Town) -> None:
    reached: set[int] = set()
    beside: dict[int, set[int]] = {}
    for nodes in walked(town):
        for a, b in pairwise(nodes):
            beside.setdefault(a, set()).add(b)
            beside.setdefault(b, set()).add(a)
    waiting = [next(iter(beside))]
    while waiting:
        node = waiting.pop()
        if node not in reached:
            reached.add(node)
            waiting += beside[node]
    assert reached == beside.keys()


def test_ways_have_no_step_without_length_and_rings_are_valid(town: Town) -> None:
    for way in town.ways:
        for a, b in pairwise(way.nodes):
            assert (town.lon[a], town.lat[a]) != (town.lon[b], town.lat[b])
    for key in ("building", "landuse", "natural"):
        assert all(shape.is_valid for shape in polygons(town, key))


def test_it_has_what_such_a_town_has(town: Town) -> None:
    tags = Counter(f"{key}={value}" for way in town.ways for key, value in way.tags.items())
    tags += Counter(f"{key}={value}" for of_node in town.tags.values() for key, value in of_node.items())
    for least, tag in (
        (1, "natural=water"), (2, "bridge=yes"), (1, "railway=rail"), (1, "railway=station"), (2, "highway=motorway"),
        (60, "landuse=residential"), (5, "landuse=industrial"), (3, "amenity=school"), (2, "amenity=marketplace"),
        (60, "highway=living_street"), (100, "barrier=gate"), (20, "amenity=restaurant"), (40, "highway=bus_stop"),
        (400, "building=apartments"), (400, "building=house"), (1, "leisure=park"), (3, "place=village"),
        (100, "oneway=yes"),
    ):  # fmt: skip
        assert tags[tag] >= least, tag


def test_gates_lie_on_the_way_in_and_on_the_wall(town: Town) -> None:
    gates = {node for node, tags in town.tags.items() if tags.get("barrier") == "gate"}
    on_way = {n for w in town.ways if w.tags.get("highway") in ("service", "footway") for n in w.nodes}
    on_wall = {n for w in town.ways if "highway" not in w.tags for n in w.nodes}
    assert gates <= on_way
    assert len(gates & on_wall) > 0.8 * len(gates)  # some compounds are not drawn: nobody has mapped them yet


def test_flats_stand_on_no_street_and_houses_overlap_nobody(town: Town) -> None:
    buildings = np.array(polygons(town, "building"))
    streets = [shapely.LineString([(town.lon[n], town.lat[n]) for n in nodes]) for nodes in walked(town)]
    tree = shapely.STRtree(buildings)
    on_street = np.unique(tree.query(np.array(streets), predicate="crosses")[1])
    assert len(on_street) < 0.01 * len(buildings)
    a, b = tree.query(buildings, predicate="overlaps")
    assert (a < b).sum() < 0.005 * len(buildings)


def test_most_flats_are_in_compounds_and_the_town_lies_in_the_ocean(town: Town) -> None:
    compounds = shapely.union_all(polygons(town, "landuse", "residential"))
    flats = shapely.centroid(np.array(polygons(town, "building", "apartments")))
    assert shapely.contains(compounds, flats).mean() > 0.4
    assert town.lon.min() > -31
    assert town.lon.max() < -29


def test_street_names_are_few_per_place_and_every_name_has_its_english(town: Town) -> None:
    pieces: dict[str, list[tuple[float, float]]] = {}
    for way in town.ways:
        if "name" in way.tags and "highway" in way.tags:
            assert way.tags["name:en"]
            pieces.setdefault(way.tags["name"], []).append((town.lon[way.nodes[0]], town.lat[way.nodes[0]]))
    far_apart = [name for name, ends in pieces.items() if np.ptp(np.array(ends), axis=0).max() > 0.06]
    assert len(pieces) > 150
    assert all(name.startswith(("滨江", "沿江", "滨河", "沿河")) or "绕城" in name for name in far_apart)


def test_venues_that_no_map_knows_are_listed_with_their_hours(town: Town) -> None:
    kinds = Counter(venue[0] for venue in town.venues)
    assert kinds["restaurant"] > 100
    for _, name, _, _, people, start, end in town.venues:
        assert name
        assert people > 0
        assert start < end


def test_a_wish_to_stop_is_heard() -> None:
    def stop_at_half(stage: str, share: float, **figures: float) -> bool:
        return share < 0.4

    with pytest.raises(Stopped):
        make_town(500, np.random.default_rng(1), stop_at_half)
