"""Sets of streets: the knapsack is exact, the bound of the mix holds and beats prices of hours, a dive ends lawfully."""

from concurrent.futures import ThreadPoolExecutor
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.clock import Stopwatch
from fieldops.planning import AssignmentProblem
from fieldops.planning.assignment import NOBODY
from fieldops.planning.campaign import Campaign
from fieldops.planning.columns import Packing, settle_mix
from fieldops.planning.dives import Diver, can_dive
from fieldops.planning.neighbourhoods import Refill, apply_refill, pose_refill
from fieldops.planning.prices import find_prices
from fieldops.planning.search import Search
from fieldops.planning.sets import best_set
from tests.planning.test_solve import is_lawful


def always() -> bool:
    return True


@given(
    st.lists(st.tuples(st.integers(-8, 40), st.integers(0, 12)), max_size=8),
    st.integers(0, 30),
)
def test_no_set_that_fits_is_worth_more(items: list[tuple[int, int]], room: int) -> None:
    worth, hours = np.array([w / 4 for w, _ in items]), np.array([h for _, h in items], dtype=np.int64)
    value, chosen = best_set(worth, hours, room)
    every = [list(s) for n in range(len(items) + 1) for s in combinations(range(len(items)), n)]
    best = max(float(worth[one].sum()) for one in every if hours[one].sum() <= room)
    assert value == pytest.approx(best)
    assert value == pytest.approx(float(worth[chosen].sum()))
    assert hours[chosen].sum() <= room


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_the_bound_of_a_mix_holds(seed: int, must: bool) -> None:
    rng = np.random.default_rng(seed)
    worth, hours = rng.uniform(-5, 20, (2, 5)), rng.integers(1, 9, (2, 5))
    free = np.full(5, -1000.0 if must else -2.0)
    packing = Packing(worth, hours, rng.integers(3, 25, 2), free)
    mix = settle_mix(
        packing, np.arange(2), np.ones(5, dtype=bool), [], np.zeros(5), rounds=100, smooth=0.5, going=always
    )

    def value(who: tuple[int, ...]) -> float:
        taken = [np.flatnonzero(np.array(who) == crew) for crew in range(2)]
        if any(hours[crew, mine].sum() > packing.room[crew] for crew, mine in enumerate(taken)):
            return -np.inf
        left = np.flatnonzero(np.array(who) == NOBODY)
        return float(sum(worth[crew, mine].sum() for crew, mine in enumerate(taken)) + free[left].sum())

    assert mix.bound >= max(value(who) for who in product((NOBODY, 0, 1), repeat=5)) - 1e-6


def packed_town() -> AssignmentProblem:
    """Few large streets a crew, each worth about as much as it takes: where prices of hours alone are weak."""
    rng, streets, crews = np.random.default_rng(3), 48, 8
    hours = rng.integers(1, 100, (streets, crews))
    values = 5000 - (111 - hours + rng.integers(-10, 11, (streets, crews)))
    pairs = [(s, c) for s in range(streets) for c in range(crews)]
    capacity = (0.8 * hours.sum(axis=0) / crews).astype(int)
    return AssignmentProblem(values.ravel(), hours.ravel(), capacity, pairs)


def opened(problem: AssignmentProblem) -> tuple[Search, Refill]:
    search = Search(problem, find_prices(problem, Stopwatch(), time_limit=30.0))
    search.round_prices()
    nobody = np.zeros(problem.streets, dtype=bool)
    refill = pose_refill(search, np.arange(problem.crews), most_choices=10_000, spared=nobody)
    assert refill is not None
    assert can_dive(search, refill)
    return search, refill


def test_the_mix_proves_more_than_prices_and_a_dive_is_lawful_and_better_than_rounding() -> None:
    problem = packed_town()
    search, refill = opened(problem)
    diver = Diver(search, refill, always)
    whole = diver.bound + float(search.values[refill.settled].sum())
    assert search.objective < whole < search.prices.bound - 1.0
    before = search.objective
    answers = [diver.dive(np.random.default_rng(k), seed=k, seconds=60.0, going=always) for k in range(3)]
    gained = [apply_refill(search, refill, answer) for answer in answers]
    assert sum(gained) > 0
    assert search.objective == pytest.approx(before + sum(gained))
    assert search.objective <= whole + 1e-6
    assert is_lawful(problem, search.crew_of_street.tolist())[0]


def test_a_search_that_gains_nothing_dives_before_its_openings_grow() -> None:
    search, _ = opened(packed_town())
    campaign = Campaign(search, 1, np.random.default_rng(1), workers=1)
    with ThreadPoolExecutor(1) as pool:
        while not campaign.dives and campaign.size == 1.0:
            campaign.advance(pool, seconds=60.0, going=always)
    assert campaign.dives
    assert campaign.size == 1.0


def test_a_cap_that_binds_keeps_the_search_from_diving() -> None:
    plain = packed_town()
    pairs = np.column_stack([plain.street, plain.crew])
    capped = AssignmentProblem(plain.values, plain.hours, plain.capacities, pairs, 7)
    search = Search(capped, find_prices(capped, Stopwatch(), time_limit=30.0))
    search.round_prices()
    nobody = np.zeros(capped.streets, dtype=bool)
    refill = pose_refill(search, np.arange(capped.crews), most_choices=10_000, spared=nobody)
    assert refill is not None
    assert not can_dive(search, refill)
