from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.city.synth.net import Net


def straight() -> tuple[Net, int, int]:
    net = Net()
    a, b = net.node(0, 0), net.node(100, 0)
    net.way([a, b], highway="residential")
    return net, a, b


@given(st.lists(st.floats(0, 100), min_size=1, max_size=12), st.booleans())
@settings(deadline=None)
def test_what_is_put_into_a_line_lies_along_it_in_order(places: list[float], backwards: bool) -> None:
    net, a, b = straight()
    if backwards:
        net.way([b, a], highway="service")
    for place in places:
        net.put_into((b, a) if backwards else (a, b), place, 7.0, snap=3.0)
    for way in net.finished():
        xs = [net.x[node] for node in way.nodes]
        assert xs in (sorted(xs), sorted(xs, reverse=True))
        assert all(net.y[node] == 0 for node in way.nodes)
        assert len(set(way.nodes)) == len(way.nodes)


def test_a_node_within_the_snap_distance_is_met() -> None:
    net, a, b = straight()
    first = net.put_into((a, b), 50, 0, snap=5)
    assert net.put_into((b, a), 54, 0, snap=5) == first
    assert net.put_into((a, b), 56, 0, snap=5) != first
    assert net.put_into((a, b), 4, 0, snap=5) == a


def test_both_ways_over_one_line_share_what_is_put_into_it() -> None:
    net, a, b = straight()
    net.way([b, a], landuse="residential")
    node = net.put_into((a, b), 30, 0, snap=5)
    assert [way.nodes for way in net.finished()] == [(a, node, b), (b, node, a)]
