"""The next street: the shortest walks, what fits a crew, and what is worth most an hour."""

from dataclasses import replace
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldops.ids import StreetId
from fieldops.planning.dispatch import Candidate, Room, best_offers, explain_offer, offer, walk_metres

ROOM = Room(people=4, hours_per_day=6.0, days=7, hours=60.0, places=5)
WAYS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 9)), max_size=14)


def candidate(name: str = "A", *, value: float = 50.0, hours: float = 10.0, metres: float = 0.0) -> Candidate:
    return Candidate(StreetId(name), metres, 0.0, value, None, value, hours, 0.8)


@given(WAYS)
def test_no_walk_is_shorter_than_the_one_that_is_found(edges: list[tuple[int, int, int]]) -> None:
    ways: dict[int, list[tuple[int, float]]] = {}
    length: dict[tuple[int, int], int] = {}
    for a, b, metres in edges:
        for start, end in ((a, b), (b, a)):
            ways.setdefault(start, []).append((end, float(metres)))
            length[start, end] = min(metres, length.get((start, end), metres))
    found = walk_metres(ways, 0, reach_m=100.0)
    for target in range(1, 7):
        best = min(
            (
                sum(length[step] for step in pairwise((0, *way, target)))
                for n in range(6)
                for way in permutations([i for i in range(1, 7) if i != target], n)
                if all(step in length for step in pairwise((0, *way, target)))
            ),
            default=None,
        )
        assert found.get(target) == best


def test_what_is_farther_than_the_reach_is_not_found() -> None:
    ways = {0: [(1, 100.0)], 1: [(0, 100.0), (2, 100.0)], 2: [(1, 100.0)]}
    assert walk_metres(ways, 0, reach_m=150.0) == {0: 0.0, 1: 100.0}
    assert walk_metres(ways, 0, reach_m=200.0)[2] == 200.0


def test_a_street_that_needs_more_than_is_left_is_not_offered() -> None:
    assert offer(ROOM, candidate(hours=60.0)) is not None
    assert offer(ROOM, candidate(hours=60.01)) is None
    assert offer(replace(ROOM, hours=1000.0), candidate(hours=4 * 6 * 7 + 0.1)) is None  # more days than there are


def test_the_way_there_costs_hours_of_everybody() -> None:
    near, far = offer(ROOM, candidate()), offer(ROOM, candidate(metres=4500.0))
    assert near is not None
    assert far is not None
    assert far.hours - near.hours == pytest.approx(4.0)  # an hour on foot for each of four


def test_set_up_costs_hours_and_what_fits_without_it_only_is_not_offered() -> None:
    set_up = replace(ROOM, setup=1.5)
    one = offer(set_up, candidate(hours=10.0))
    assert one is not None
    assert one.hours == pytest.approx(11.5)
    assert offer(set_up, candidate(hours=59.0)) is None


def test_the_best_street_is_that_of_most_value_an_hour_and_not_the_nearest() -> None:
    poor, rich = candidate("NEAR", value=20.0), candidate("FAR", value=60.0, metres=500.0)
    assert [one.candidate.street for one in best_offers(ROOM, [poor, rich])] == ["FAR"]


def test_a_price_on_places_prefers_the_bigger_street() -> None:
    small, big = candidate("SMALL", value=12.0, hours=2.0), candidate("BIG", value=50.0, hours=10.0)
    assert best_offers(ROOM, [small, big])[0].candidate.street == "SMALL"
    assert best_offers(replace(ROOM, place_price=5.0), [small, big])[0].candidate.street == "BIG"


def test_a_list_fits_the_crew_together() -> None:
    streets = [candidate(f"S{i}", hours=25.0, value=50.0 - i) for i in range(5)]
    assert [one.candidate.street for one in best_offers(ROOM, streets, most=5)] == ["S0", "S1"]
    assert best_offers(replace(ROOM, places=0), streets, most=5) == []


def test_a_street_of_no_value_is_never_offered() -> None:
    assert best_offers(ROOM, [candidate(value=0.0)]) == []


def test_the_reason_says_unknown_where_nobody_was_asked() -> None:
    chosen = best_offers(ROOM, [candidate(metres=450.0)])[0]
    assert "never measured" in explain_offer(ROOM, chosen)
    assert "450 m or 6 min on foot" in explain_offer(ROOM, chosen)
