import numpy as np

from fieldops.city.synth.lattice import Edge, Kind, Lattice
from fieldops.city.synth.roads import Roads, lay_roads


def crossing(east_west: Kind, north_south: Kind, *, crossed: bool = True, north: bool = True) -> Roads:
    """A cross of four edges around node (1, 1) of a lattice of 3 x 3, 400 m apart; names say E for the row, N for the column."""
    x, y = np.meshgrid(np.arange(3) * 400.0, np.arange(3) * 400.0, indexing="ij")

    def edge(i: int, j: int, di: int, dj: int, kind: Kind) -> Edge:
        middle = tuple((400.0 * (i + di * s), 400.0 * (j + dj * s)) for s in (0.25, 0.5, 0.75))
        line = ("r", j) if di else ("c", i)
        return Edge(i * 3 + j, (i + di) * 3 + j + dj, kind, 2, "primary", line, i if di else j, middle, True, True, 0)

    edges = [edge(0, 1, 1, 0, east_west), edge(1, 1, 1, 0, east_west), edge(1, 0, 0, 1, north_south)]
    if north:
        edges.append(edge(1, 1, 0, 1, north_south))
    lattice = Lattice(3, x, y, np.zeros((1, 1), np.int8), np.zeros((1, 1)), tuple(edges),
                      frozenset({4} if crossed else ()), 1, {}, 0.0, 400.0, ())  # fmt: skip
    return lay_roads(lattice, {0: ("E", "E"), 1: ("E", "E"), 2: ("N", "N"), 3: ("N", "N")})


def near_middle(roads: Roads) -> set[int]:
    used = {node for way in roads.net.ways for node in way.nodes}
    return {n for n in used if abs(roads.net.x[n] - 400) < 90 and abs(roads.net.y[n] - 400) < 90}


def test_two_streets_meet_in_one_node() -> None:
    roads = crossing(Kind.ROAD, Kind.ROAD)
    assert len(near_middle(roads)) == 1
    assert len(roads.net.ways) == 4


def test_two_avenues_meet_in_four_nodes_and_traffic_goes_round_them_to_the_left() -> None:
    roads = crossing(Kind.AVENUE, Kind.AVENUE)
    assert len(near_middle(roads)) == 4
    inner = [way for way in roads.net.ways if set(way.nodes) <= near_middle(roads)]
    assert len(inner) == 4
    for way in inner:
        assert way.tags["oneway"] == "yes"
        (ax, ay), (bx, by) = ((roads.net.x[n] - 400, roads.net.y[n] - 400) for n in way.nodes)
        assert ax * by - ay * bx > 0  # counter-clockwise
        assert way.tags["name"] == ("E" if abs(bx - ax) > abs(by - ay) else "N")


def test_the_carriageways_of_an_avenue_keep_to_the_right() -> None:
    roads = crossing(Kind.AVENUE, Kind.ROAD)
    for way in roads.net.ways:
        if way.tags.get("oneway") and len(way.nodes) > 2:
            eastward = roads.net.x[way.nodes[-1]] > roads.net.x[way.nodes[0]]
            assert (roads.net.y[way.nodes[1]] < 400) == eastward


def test_a_street_that_ends_on_an_avenue_reaches_both_carriageways() -> None:
    roads = crossing(Kind.AVENUE, Kind.ROAD, north=False)
    assert len(near_middle(roads)) == 2
    links = [way for way in roads.net.ways if set(way.nodes) == near_middle(roads)]
    assert len(links) == 1
    assert links[0].tags["name"] == "N"
    assert "oneway" not in links[0].tags


def test_a_river_is_crossed_by_a_bridge_only_where_one_was_built() -> None:
    built, missing = (crossing(Kind.RIVER, Kind.ROAD, crossed=crossed) for crossed in (True, False))
    assert [way.tags["name"] for way in built.net.ways if way.tags.get("bridge")] == ["N"]
    assert not [way for way in missing.net.ways if way.tags.get("bridge")]
    assert len([way for way in missing.net.ways if way.tags["name"] == "E"]) == 4  # the roads along both banks


def test_a_railway_bears_no_road_and_is_passed_where_a_road_crosses() -> None:
    roads = crossing(Kind.RAIL, Kind.AVENUE)
    assert {way.tags["name"] for way in roads.net.ways} == {"N"}
    over = [way for way in roads.net.ways if len(way.nodes) == 2]
    assert sorted(way.tags.get("oneway", "") for way in over)[-2:] == ["yes", "yes"]
