"""The solver and its bound, against every assignment of tiny problems and against the relaxation."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from fieldops.clock import Stopwatch
from fieldops.errors import BadInput
from fieldops.planning import AssignmentProblem, assign
from fieldops.planning.assignment import NOBODY
from fieldops.planning.knapsack import refill_crew
from fieldops.planning.prices import find_prices, prove
from fieldops.planning.search import Search
from tests.benchmarks.problems import Terms
from tests.benchmarks.problems import made_up as made_up_city


def is_lawful(problem: AssignmentProblem, crews: Sequence[int]) -> tuple[bool, float]:
    """Whether crews of streets keep hours and caps, counted pair by pair, and their value."""
    pairs = {(int(s), int(c)): k for k, (s, c) in enumerate(zip(problem.street, problem.crew, strict=True))}
    used, count, value = [0.0] * problem.crews, [0] * problem.crews, 0.0
    for street, crew in enumerate(crews):
        if crew == NOBODY:
            continue
        if (street, crew) not in pairs:
            return False, 0.0
        pair = pairs[street, crew]
        used[crew] += float(problem.hours[pair])
        count[crew] += 1
        value += float(problem.values[pair])
    lawful = all(u <= c + 1e-6 for u, c in zip(used, problem.capacities, strict=True))
    return lawful and all(n <= m for n, m in zip(count, problem.max_streets, strict=True)), value


@st.composite
def tiny_problems(draw: st.DrawFn) -> AssignmentProblem:
    streets, crews = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    pairs = sorted(draw(st.sets(st.tuples(st.integers(0, streets - 1), st.integers(0, crews - 1)), min_size=1)))
    number = st.integers(0, 400).map(lambda n: n / 8)
    return AssignmentProblem(
        [draw(number) - 5 for _ in pairs], [draw(number) for _ in pairs], [draw(number) for _ in range(crews)], pairs,
        [draw(st.integers(0, 3)) for _ in range(crews)], streets=streets,
    )  # fmt: skip


def made_up(seed: int, *, streets: int = 60, crews: int = 5) -> AssignmentProblem:
    rng = np.random.default_rng(seed)
    pairs = [(s, c) for s in range(streets) for c in range(crews)]
    capacity, hours = rng.uniform(20, 40, crews).round(2), rng.uniform(1, 12, len(pairs)).round(2)
    return AssignmentProblem(rng.uniform(10, 200, len(pairs)), hours, capacity, pairs, 12, streets=streets)


def relaxation(problem: AssignmentProblem) -> float:
    pairs = np.arange(len(problem.values))
    rows = np.zeros((problem.streets + 2 * problem.crews, len(pairs)))
    rows[problem.street, pairs] = 1.0
    rows[problem.streets + problem.crew, pairs] = problem.hours
    rows[problem.streets + problem.crews + problem.crew, pairs] = 1.0
    limits = np.concatenate([np.ones(problem.streets), problem.capacities, problem.max_streets])
    return float(-linprog(-problem.values, A_ub=rows, b_ub=limits, bounds=(0, 1)).fun)


@settings(max_examples=80, deadline=None)
@given(tiny_problems())
def test_no_assignment_beats_the_bound_and_the_best_is_found(problem: AssignmentProblem) -> None:
    found = assign(problem, time_limit=2.0, seed=1)
    every = product(range(-1, problem.crews), repeat=problem.streets)
    best = max(value for lawful, value in (is_lawful(problem, one) for one in every) if lawful)
    lawful, value = is_lawful(problem, found.crew_of_street.tolist())
    assert lawful
    assert value == pytest.approx(found.objective)
    assert found.objective == pytest.approx(best, abs=1e-3)
    assert found.bound >= best - 1e-9


@settings(max_examples=60, deadline=None)
@given(tiny_problems(), st.integers(0, 2**32 - 1))
def test_any_prices_prove_a_bound(problem: AssignmentProblem, seed: int) -> None:
    rng = np.random.default_rng(seed)
    proven = prove(problem, rng.exponential(5, problem.crews), rng.exponential(5, problem.crews)).bound
    every = product(range(-1, problem.crews), repeat=problem.streets)
    assert proven >= max(v for ok, v in (is_lawful(problem, one) for one in every) if ok) - 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_the_prices_reach_the_linear_relaxation(seed: int) -> None:
    problem = made_up(seed)
    lowest = relaxation(problem)
    proven = find_prices(problem, Stopwatch(), time_limit=30.0).bound
    assert lowest * (1 - 1e-9) <= proven <= lowest * (1 + 1e-4)


def test_the_prices_reach_it_too_where_every_street_must_be_given() -> None:
    plain = made_up(7)
    large = 10_000.0  # far above any difference: a warm stage proves less than no prices at all
    problem = AssignmentProblem(
        large - plain.values, plain.hours / 4, plain.capacities, np.column_stack([plain.street, plain.crew])
    )
    lowest = relaxation(problem)
    assert find_prices(problem, Stopwatch(), time_limit=30.0).bound == pytest.approx(lowest, abs=2.0)


@pytest.mark.parametrize("seed", range(4))
def test_the_prices_reach_it_too_where_crews_differ_in_hours_and_hardly_in_value(seed: int) -> None:
    rng = np.random.default_rng(seed)
    streets, crews = rng.normal(0.0, 1.5, (190, 2)), rng.normal(0.0, 1.0, (40, 2))
    way = np.linalg.norm(streets[:, None] - crews, axis=2)  # km
    pairs = np.column_stack([np.repeat(np.arange(190), 20), np.argsort(way, axis=1)[:, :20].ravel()])
    work = rng.uniform(8.0, 45.0, 190)[pairs[:, 0]]
    walked = work * way[pairs[:, 0], pairs[:, 1]] * 2.0 / 4.5 / 5.0
    value = 4.0 * work - 0.04 * walked  # a little less for each hour walked
    problem = AssignmentProblem(value, work + walked, rng.uniform(60, 180, 40), pairs, 40, streets=190)
    lowest = relaxation(problem)
    assert find_prices(problem, Stopwatch(), time_limit=30.0).bound == pytest.approx(lowest, rel=1e-3)


def test_refilling_a_crew_gains_what_it_says_and_stays_lawful() -> None:
    problem = made_up(3)
    search = Search(problem, find_prices(problem, Stopwatch(), time_limit=30.0))
    before = search.objective
    gained = sum(refill_crew(search, crew) for crew in range(problem.crews))
    assert gained > 0
    assert search.objective == pytest.approx(before + gained)
    assert is_lawful(problem, search.crew_of_street.tolist())[0]


def test_a_search_loses_exactly_what_separates_it_from_the_bound() -> None:
    problem = made_up(5)
    search = Search(problem, find_prices(problem, Stopwatch(), time_limit=30.0))
    search.round_prices()
    assert search.losses().sum() == pytest.approx(search.prices.bound - search.objective, rel=1e-6)


def test_the_same_seed_finds_the_same_plan() -> None:
    problem = made_up(1, streets=14, crews=3)
    once, again = (assign(problem, time_limit=30.0, seed=4) for _ in range(2))
    assert once.status == again.status == "optimal"  # so that the clock had no part in it
    assert once.crew_of_street.tolist() == again.crew_of_street.tolist()


def test_the_user_may_stop_and_keeps_a_lawful_plan() -> None:
    problem = made_up(2)
    told: list[str] = []

    def stop(stage: str, share: float, **figures: float) -> bool:
        told.append(stage)
        return stage != "assign"

    found = assign(problem, time_limit=60.0, seed=1, progress=stop)
    assert found.status == "stopped"
    assert told.count("assign") == 1
    assert found.objective > 0
    assert is_lawful(problem, found.crew_of_street.tolist())[0]


@pytest.mark.parametrize(
    ("problem", "good"), [(made_up(1), False), (made_up(1, streets=200, crews=12), True)], ids=["hard", "easy"]
)
def test_more_seconds_than_usual_are_spent_only_on_a_gap_above_one_percent(
    problem: AssignmentProblem, good: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Reports:
        """A clock of which every report takes a second."""

        seconds = 0.0

    clock, gaps = Reports(), []
    monkeypatch.setattr("fieldops.planning.solve.Stopwatch", lambda: clock)

    def count(stage: str, share: float, **figures: float) -> bool:
        if stage == "assign":
            gaps.append(figures["gap"])
            clock.seconds += 1
        return True

    found = assign(problem, time_limit=12, usual=5, seed=1, progress=count)
    assert found.status == "feasible"
    assert (found.gap <= 0.01, len(gaps)) == ((True, 5) if good else (False, 12))


def test_nothing_to_give_is_an_answer() -> None:
    nothing = assign(AssignmentProblem([], [], [], np.zeros((0, 2)), streets=3), time_limit=1.0, seed=1)
    assert nothing.crew_of_street.tolist() == [-1, -1, -1]
    assert (nothing.objective, nothing.gap) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("values", "hours", "capacities", "pairs", "names"),
    [
        ([1.0], [1.0, 2.0], [5.0], [(0, 0)], "hours"),
        ([1.0], [-1.0], [5.0], [(0, 0)], "hours"),
        ([float("nan")], [1.0], [5.0], [(0, 0)], "values"),
        ([1.0, 1.0], [1.0, 1.0], [5.0], [(0, 0), (0, 0)], "pairs"),
        ([1.0], [1.0], [5.0], [(0, 1)], "pairs"),
    ],
)
def test_a_problem_that_cannot_be_meant_is_refused(
    values: list[float], hours: list[float], capacities: list[float], pairs: list[tuple[int, int]], names: str
) -> None:
    with pytest.raises(BadInput) as refused:
        AssignmentProblem(values, hours, capacities, pairs)
    assert refused.value.field == names


def test_prices_that_had_no_time_still_prove_a_bound_near_that_of_prices_that_had() -> None:
    problem, _ = made_up_city(1_000, 20, Terms(0.5, capped=True, pins=True, weights=True))
    calm = find_prices(problem, Stopwatch(), time_limit=1e9)
    hurried = find_prices(problem, Stopwatch(), time_limit=0.0)
    assert calm.bound <= hurried.bound <= 1.05 * calm.bound


def test_alike_streets_are_given_however_many_pairs_of_them_there_are() -> None:
    pairs = [(s, c) for s in range(2_600) for c in range(20)]  # more than are searched: of equal ones some are kept
    alike = AssignmentProblem(np.full(len(pairs), 5.0), np.full(len(pairs), 2.0), np.full(20, 20.0), pairs)
    found = assign(alike, time_limit=10.0, seed=1)
    assert (found.objective, found.bound) == (1_000.0, 1_000.0)


def test_a_dive_that_did_not_see_all_pairs_proves_nothing() -> None:
    """One street fills a crew, and the least regrets are all those of eight crews: a lawful answer is worth 1,808."""
    pairs = [(s, c) for s in range(260) for c in range(200)]
    values = [10.0 if c < 8 else 9.0 for _, c in pairs]
    problem = AssignmentProblem(values, np.full(len(pairs), 6.0), np.full(200, 10.0), pairs)
    found = assign(problem, time_limit=3.0, seed=1)
    assert found.bound >= 8 * 10 + 192 * 9
    assert found.status == "feasible"
