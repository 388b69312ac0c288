"""Whole streets packed exactly: the bound is proven and tighter, the answer is lawful and no worse."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.clock import Stopwatch
from fieldops.planning.assignment import AssignmentProblem
from fieldops.planning.packing import pack_crews, prove_packs
from fieldops.planning.prices import find_prices
from fieldops.planning.search import Search
from fieldops.planning.solve import assign


def searched(problem: AssignmentProblem) -> Search:
    search = Search(problem, find_prices(problem, Stopwatch(), time_limit=5))
    search.round_prices()
    return search


def best_of_all(problem: AssignmentProblem) -> float:
    """The best value, by trying everything."""
    pairs_of = [np.flatnonzero(problem.street == street).tolist() for street in range(problem.streets)]
    best = 0.0
    for choice in product(*[[None, *pairs] for pairs in pairs_of]):
        taken = np.array([pair for pair in choice if pair is not None], dtype=np.int64)
        hours = np.bincount(problem.crew[taken], weights=problem.hours[taken], minlength=problem.crews)
        count = np.bincount(problem.crew[taken], minlength=problem.crews)
        if (hours <= problem.capacities + 1e-9).all() and (count <= problem.max_streets).all():
            best = max(best, float(problem.values[taken].sum()))
    return best


def test_two_streets_of_six_hours_do_not_fit_into_ten() -> None:
    problem = AssignmentProblem([6.0, 6.0], [6.0, 6.0], [10.0], [(0, 0), (1, 0)])
    search = searched(problem)
    assert search.prices.bound == pytest.approx(10.0, abs=0.01)  # parts of streets
    assert pack_crews(search, seconds=1, going=lambda: True) == pytest.approx(6.0)


def test_streets_that_just_fit_are_packed_though_units_round_them_up() -> None:
    just = 2.999_999_5  # units of 0.01 h
    problem = AssignmentProblem([5.0, 5.0, 5.0], np.full(3, just / 100), [3 * just / 100], [(0, 0), (1, 0), (2, 0)])
    assert pack_crews(searched(problem), seconds=1, going=lambda: True) >= 15.0


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_bound_holds_and_the_answer_is_lawful_on_every_small_problem(data: st.DataObject) -> None:
    streets, crews = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 2))
    number = st.floats(0.0, 9.0).map(lambda x: round(x, 3))
    pairs = [(i, j) for i in range(streets) for j in range(crews)]
    problem = AssignmentProblem(
        [data.draw(number) for _ in pairs], [data.draw(number) for _ in pairs],
        [data.draw(number) for _ in range(crews)], pairs, data.draw(st.integers(1, 3)),
    )  # fmt: skip
    search = searched(problem)
    before = search.objective
    bound = pack_crews(search, seconds=1, going=lambda: True)
    best = best_of_all(problem)
    assert bound >= best - 1e-6
    assert before <= search.objective <= best + 1e-6
    hours = np.bincount(search.crew[search.held[search.held >= 0]], weights=search.hours[search.held[search.held >= 0]])
    assert (hours <= problem.capacities[: len(hours)] + 1e-9).all()
    assert (search.hours_left >= -1e-9).all()
    assert (search.places_left >= 0).all()


def test_packing_stops_when_it_is_told_and_keeps_the_best() -> None:
    rng = np.random.default_rng(3)
    pairs = [(i, j) for i in range(40) for j in range(8)]
    hours = np.repeat(rng.uniform(8, 30, 40), 8).round(2)
    problem = AssignmentProblem(hours * rng.uniform(3, 5, 320), hours, np.full(8, 60.0), pairs)
    search = searched(problem)
    asked: list[float] = []

    def going() -> bool:
        asked.append(search.objective)
        return len(asked) < 9

    bound = pack_crews(search, seconds=60, going=going)
    assert len(asked) == 9
    assert asked == sorted(asked)
    assert search.objective == asked[-1] <= bound < search.prices.bound


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_any_prices_of_streets_prove_a_bound_over_all_pairs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    streets, crews = 5, 2
    pairs = [(s, c) for s in range(streets) for c in range(crews) if rng.random() < 0.8]
    values, hours = rng.uniform(0, 20, len(pairs)), rng.integers(1, 900, len(pairs)) / 100
    problem = AssignmentProblem(values, hours, rng.integers(0, 1500, crews) / 100, pairs, streets=streets)
    assert prove_packs(problem, rng.uniform(0, 15, streets), scale=100) >= best_of_all(problem) - 1e-9


@pytest.mark.full
def test_a_city_whose_crews_take_few_large_sets_each_is_proven_near_its_best() -> None:
    """Prices of hours let a crew take a part of a set: 60 crews of two or three sets each, 900 sets, 18,000 pairs."""
    rng = np.random.default_rng(4)
    size, place, home = rng.uniform(20, 60, 900), rng.uniform(0, 1, (900, 2)), rng.uniform(0, 1, (60, 2))
    away = np.linalg.norm(place[:, None] - home[None], axis=2)
    near = np.argpartition(away, 20, axis=1)[:, :20]
    street, crew = np.repeat(np.arange(900), 20), near.ravel()
    hours = np.round(size[street] * (1 + 0.3 * away[street, crew]), 2)
    values = (size * rng.lognormal(1.0, 0.4, 900))[street] - away[street, crew]
    problem = AssignmentProblem(values, hours, np.full(60, 92.0), np.column_stack([street, crew]))
    prices = find_prices(problem, Stopwatch(), time_limit=5.0)
    found = assign(problem, time_limit=20.0, seed=1, gap=0.005)
    assert found.gap <= 0.01
    assert found.street_price is not None
    assert prove_packs(problem, found.street_price, scale=100) < prices.bound
