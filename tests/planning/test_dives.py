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


def test_what_takes_no_hours_is_taken_beside_the_best_and_hides_no_better_set() -> None:
    worth, hours = np.array([30.0, 30.0, 1.0, 30.5]), np.array([3, 3, 0, 5])
    value, chosen = best_set(worth, hours, 5)
    assert (value, chosen.tolist()) == (31.5, [2, 3])


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


def town(seed: int, *, streets: int = 90, crews: int = 20) -> AssignmentProblem:
    """Streets and crews of a town whose hours just suffice: hundredths of hours, about five streets a crew, a cap of 40."""
    rng = np.random.default_rng(seed)
    work = rng.uniform(8.0, 55.0, streets)
    rows = np.column_stack([np.repeat(np.arange(streets), crews), np.tile(np.arange(crews), streets)])
    hours = np.ceil(100 * (work[rows[:, 0]] * rng.uniform(1.05, 1.3, len(rows)))) / 100
    value = rng.uniform(60.0, 200.0, streets)[rows[:, 0]] - 0.04 * hours
    capacity = rng.choice([126.0, 168.0, 210.0], crews)
    return AssignmentProblem(value, hours, capacity * 1.1 * work.sum() / capacity.sum(), rows, 40, streets=streets)


def test_a_cap_that_the_hours_never_reach_keeps_nobody_from_diving() -> None:
    opened(town(2))


@pytest.mark.parametrize("seed", [2, 3])
def test_a_town_whose_hours_just_suffice_is_planned_within_one_percent_by_its_first_dive(seed: int) -> None:
    problem = town(seed)
    search, _ = opened(problem)
    campaign = Campaign(search, 1, np.random.default_rng(1), workers=2)
    before = search.objective
    with ThreadPoolExecutor(2) as pool:
        assert campaign.begin(pool, seconds=60.0, going=always)
    assert before < search.objective <= campaign.bound < search.prices.bound
    assert campaign.bound <= 1.01 * search.objective
    assert is_lawful(problem, search.crew_of_street.tolist())[0]


@pytest.mark.parametrize("asks", [6, 40])
def test_a_dive_that_is_broken_off_still_gives_a_lawful_and_better_answer(asks: int) -> None:
    problem = town(2)
    search, _ = opened(problem)
    before, asked = search.objective, iter(range(10**6))
    with ThreadPoolExecutor(1) as pool:
        Campaign(search, 1, np.random.default_rng(1), workers=1).begin(
            pool, seconds=60.0, going=lambda: next(asked) < asks
        )
    assert search.objective > before
    assert is_lawful(problem, search.crew_of_street.tolist())[0]


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_the_bound_holds_and_answers_are_lawful_where_sets_are_found_in_coarse_units(data: st.DataObject) -> None:
    streets, crews = data.draw(st.integers(2, 5)), data.draw(st.integers(1, 2))
    hundredths = st.integers(100, 400_000).map(lambda n: n / 100)  # so many hours that a unit is an hour or so
    rows = [(i, j) for i in range(streets) for j in range(crews)]
    problem = AssignmentProblem(
        [float(data.draw(st.integers(1, 400))) / 8 for _ in rows], [data.draw(hundredths) for _ in rows],
        [2000.0 + data.draw(hundredths) for _ in range(crews)], rows, streets=streets,
    )  # fmt: skip
    search = Search(problem, find_prices(problem, Stopwatch(), time_limit=5.0))
    nobody = np.zeros(streets, dtype=bool)
    refill = pose_refill(search, np.arange(crews), most_choices=10_000, spared=nobody)
    if refill is None:
        return
    diver = Diver(search, refill, always)
    every = (is_lawful(problem, who) for who in product((NOBODY, *range(crews)), repeat=streets))
    best = max(value for lawful, value in every if lawful)
    assert diver.bound + float(search.values[refill.settled].sum()) >= best - 1e-6
    apply_refill(search, refill, diver.dive(np.random.default_rng(1), seed=1, seconds=60.0, going=always))
    assert is_lawful(problem, search.crew_of_street.tolist())[0]


def test_crews_of_many_streets_are_refilled_and_not_dived_into() -> None:
    """Sets of forty streets are without number: their mix took all the time there was."""
    rng = np.random.default_rng(3)
    hours = rng.integers(1, 100, (5, 200))
    pairs = [(street, crew) for street in range(200) for crew in range(5)]
    worth = 111 - hours + rng.integers(-10, 11, hours.shape)
    room = np.full(5, hours.sum() * 0.8 / 25)
    problem = AssignmentProblem(1_000.0 - worth.T.ravel(), hours.T.ravel(), np.floor(room), pairs)
    search = Search(problem, find_prices(problem, Stopwatch(), time_limit=2.0))
    search.round_prices()
    with ThreadPoolExecutor(1) as pool:
        assert not Campaign(search, 1, rng, 1).begin(pool, seconds=2.0, going=always)


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


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_dive_ends_lawfully_too_where_the_crews_that_it_leaves_reach_no_open_street(seed: int) -> None:
    rng = np.random.default_rng(seed)
    streets, crews = 14, 7
    rows = [(i, j) for i in range(streets) for j in range(crews) if j < 3 or i == j - 3]  # the last four reach one each
    hours = rng.integers(3, 9, len(rows)).astype(float)
    value = np.array([400.0 if i < 4 and j < 3 else float(rng.integers(20, 90)) for i, j in rows])  # and lose it
    problem = AssignmentProblem(value, hours, [9.0] * crews, rows, streets=streets)
    search = Search(problem, find_prices(problem, Stopwatch(), time_limit=5.0))
    search.round_prices()
    refill = pose_refill(search, np.arange(crews), most_choices=10_000, spared=np.zeros(streets, dtype=bool))
    if refill is None:
        return
    diver = Diver(search, refill, always)
    answer = diver.dive(np.random.default_rng(1), seed=1, seconds=60.0, going=always)
    apply_refill(search, refill, answer)
    assert search.objective <= diver.bound + float(search.values[refill.settled].sum()) + 1e-6
    assert is_lawful(problem, search.crew_of_street.tolist())[0]
