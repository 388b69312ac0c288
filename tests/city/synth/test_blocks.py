import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.city.synth.blocks import Cutter, Grain, Piece, Ring
from fieldops.city.synth.names import Names
from fieldops.city.synth.net import Net


def block(width: float, height: float, ranks: tuple[int, int, int, int] = (3, 2, 3, 2)) -> tuple[Net, Ring]:
    net = Net()
    corners = [net.node(x, y) for x, y in ((0, 0), (width, 0), (width, height), (0, height))]
    ring = [Piece(a, (a, b), rank, f"{k}路") for k, (a, b, rank) in enumerate(
        zip(corners, corners[1:] + corners[:1], ranks, strict=True))]  # fmt: skip
    return net, ring


grains = st.builds(
    Grain, st.floats(2_000, 30_000), st.floats(0, 0.6), st.floats(0, 0.3), st.floats(0, 0.25), st.floats(0, 0.06),
    st.integers(0, 3), st.floats(0, 1), st.just("residential"),
)  # fmt: skip


@given(st.floats(60, 700), st.floats(60, 500), grains, st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_parcels_share_out_the_whole_block(width: float, height: float, grain: Grain, seed: int) -> None:
    net, ring = block(width, height)
    cutter = Cutter(net, Names(np.random.default_rng(seed)))
    areas = [cutter.area(part) for part in cutter.cut(ring, grain, np.random.default_rng(seed))]
    assert min(areas) > 0
    assert abs(sum(areas) - width * height) < 0.04 * width * height  # an end that meets a crossing nearby bends its cut


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_every_street_of_a_block_hangs_on_its_roads(seed: int) -> None:
    net, ring = block(400, 300)
    for piece in ring:
        net.way(list(piece.line), highway="primary")
    cutter = Cutter(net, Names(np.random.default_rng(seed)))
    list(cutter.cut(ring, Grain(5_000, 0.5, 0.3, 0.2, 0.05, 1, 0.5, "living_street"), np.random.default_rng(seed)))
    reached, ways = {ring[0].node}, net.finished()
    for _ in ways:
        for way in ways:
            if reached & set(way.nodes):
                reached |= set(way.nodes)
    assert all(set(way.nodes) <= reached for way in ways)


def test_a_street_meets_the_one_that_ends_on_the_other_side_and_goes_on_under_its_name() -> None:
    net, ring = block(300, 200)
    cutter = Cutter(net, Names(np.random.default_rng(1)))
    grain = Grain(25_000, 0, 0, 0.1, 0, 1, 0, "residential")
    list(cutter.cut(ring, grain, np.random.default_rng(2)))
    far = [net.node(0, 400), net.node(300, 400)]
    above: Ring = [Piece(ring[3].node, ring[2].line, 3, ""), Piece(ring[2].node, (ring[2].node, far[1]), 2, ""),
                   Piece(far[1], (far[1], far[0]), 3, ""), Piece(far[0], (far[0], ring[3].node), 2, "")]  # fmt: skip
    list(cutter.cut(above, grain, np.random.default_rng(2)))
    south, north = net.ways
    assert set(south.nodes) & set(north.nodes)
    assert south.tags["name"] == north.tags["name"]


def test_a_block_without_a_road_gets_no_street() -> None:
    net, ring = block(300, 200, (0, 0, 0, 0))
    cutter = Cutter(net, Names(np.random.default_rng(1)))
    parts = list(cutter.cut(ring, Grain(5_000, 0, 0, 0, 0, 1, 0, "residential"), np.random.default_rng(2)))
    assert len(parts) == 1
    assert net.ways == []
