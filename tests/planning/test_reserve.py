"""What a crew keeps in reserve for hours that nobody knows, and whether what is promised by it comes true."""

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.planning.check import Given, violations
from fieldops.planning.problem import PlanProblem, pair_hours
from fieldops.planning.reserve import counted_hours, free_hours, kept_hours, promise, week_chances
from tests.planning.test_check import small_problem

QUANTILE = NormalDist().inv_cdf(0.8)


def in_doubt(
    *, mean: list[float], doubt: list[float], capacity: tuple[float, ...] = (168.0,), triangle: list[int] | None = None
) -> PlanProblem:
    """Crews of four and streets whose hours are known with a standard deviation only."""
    n = len(mean)
    problem = small_problem(
        people=(400.0,) * n, hours=tuple(m + d for m, d in zip(mean, doubt, strict=True)), capacity=capacity,
        places=(40,) * len(capacity), excluded=("",) * n,
    )  # fmt: skip
    of = None if triangle is None else np.array(triangle, dtype=np.int64)
    streets = replace(problem.streets, mean=np.array(mean), deviation=np.array(doubt), triangle=of)
    return replace(problem, streets=streets)


def all_to_one(problem: PlanProblem) -> np.ndarray:
    return np.zeros(len(problem.streets.ids), dtype=np.int64)


def test_promises_come_true_where_hours_are_skewed_and_nobody_knows_the_order() -> None:
    """Lognormal hours, worked in an order drawn anew each time; streets of a triangle one after the other."""
    rng = np.random.default_rng(5)
    mean, doubt = rng.uniform(5.0, 15.0, 16), rng.uniform(2.0, 8.0, 16)
    triangle = np.repeat(np.arange(4), 4)
    problem = in_doubt(
        mean=mean.tolist(), doubt=doubt.tolist(), triangle=triangle.tolist(), capacity=(mean.sum() * 1.1,)
    )
    promised = promise(problem, all_to_one(problem))
    assert 0.8 < promised.min() <= promised.max() < 1.0
    width = np.sqrt(np.log1p((doubt / mean) ** 2))
    hours = mean * np.exp(width * rng.standard_normal((40_000, 16)) - width**2 / 2)
    of_triangle = hours.reshape(-1, 4, 4).sum(axis=2)
    order = rng.permuted(np.tile(np.arange(4), (len(hours), 1)), axis=1)
    done = np.cumsum(np.take_along_axis(of_triangle, order, axis=1), axis=1) <= float(problem.crews.capacity[0])
    kept = np.empty_like(done)
    np.put_along_axis(kept, order, done, axis=1)
    assert promised == pytest.approx(np.repeat(kept.mean(axis=0), 4), abs=0.02)


def test_what_all_hours_have_in_common_does_not_pool() -> None:
    problem = in_doubt(mean=[10.0] * 15, doubt=[4.0] * 15)
    sure = promise(problem, all_to_one(problem))
    doubtful = promise(replace(problem, common_doubt=0.2), all_to_one(problem))
    assert (doubtful < sure).all()
    last = NormalDist(150.0, np.sqrt(15 * 4.0**2 + 30.0**2)).cdf(168.0)
    alone = promise(replace(problem, common_doubt=0.2, streets=replace(problem.streets, triangle=np.zeros(15, dtype=np.int64))), all_to_one(problem))  # fmt: skip
    assert alone == pytest.approx(last, abs=1e-6)


def test_live_claims_come_first_and_their_doubt_counts() -> None:
    problem = in_doubt(mean=[10.0, 10.0], doubt=[4.0, 4.0], capacity=(25.0,))
    free = promise(problem, all_to_one(problem))
    held = replace(problem, crews=replace(problem.crews, pinned_doubt=np.array([20.0]), pinned_hours=np.array([100.0])))
    assert (promise(held, all_to_one(held)) < free).all()
    assert float(free_hours(held)[0]) < float(free_hours(problem)[0])


def test_hours_without_doubt_are_promised_for_certain_and_need_no_reserve() -> None:
    problem = small_problem()
    assert free_hours(problem).tolist() == problem.crews.capacity.tolist()
    street = np.arange(3)
    assert counted_hours(problem, street, 0 * street).tolist() == pair_hours(problem, street, 0 * street).tolist()
    assert promise(problem, np.array([0, -1, 0])).tolist() == [1.0, 0.0, 1.0]


def test_what_is_kept_is_what_the_crews_may_not_plan_for_and_what_streets_count_beyond_their_mean() -> None:
    problem = in_doubt(mean=[10.0] * 6, doubt=[4.0] * 6, capacity=(100.0, 50.0))
    nobody, some = np.full(6, -1), np.array([0, 0, 1, -1, -1, 0])
    beside = float(problem.crews.capacity.sum() - free_hours(problem).sum())
    assert kept_hours(problem, nobody) == pytest.approx(beside)
    given = np.flatnonzero(some >= 0)
    counted = float(counted_hours(problem, given, some[given]).sum())
    expected = float(pair_hours(problem, given, some[given]).sum())
    assert counted > expected
    assert kept_hours(problem, some) == pytest.approx(beside + counted - expected)
    sure = replace(problem, rules=replace(problem.rules, finish_probability=0.5))
    assert kept_hours(sure, some) == pytest.approx(0.0, abs=0.05)  # hours are counted in whole hundredths


def test_a_street_larger_than_what_is_usual_needs_its_own_reserve_and_no_more() -> None:
    """Two hundred usual streets and one of 80 h +- 60: its share of a usual reserve would be far more than z x 60."""
    problem = in_doubt(mean=[10.0] * 200 + [80.0], doubt=[3.0] * 200 + [60.0], capacity=(168.0,))
    one = np.array([200]), np.array([0])
    needs = float(counted_hours(problem, *one)[0])
    assert needs == pytest.approx(80.0 + QUANTILE * 60.0, abs=0.02)
    assert needs < float(free_hours(problem)[0])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.5, 60.0), st.floats(0.0, 1.5)), min_size=1, max_size=12),
    st.floats(0.0, 0.3),
    st.floats(0.0, 30.0),
    st.integers(0, 2**12 - 1),
)
def test_whatever_fits_the_hours_counted_is_sure_enough_for_the_independent_check(
    streets: list[tuple[float, float]], common: float, pinned: float, chosen: int
) -> None:
    mean, doubt = [m for m, _ in streets], [m * part for m, part in streets]
    problem = replace(in_doubt(mean=mean, doubt=doubt), common_doubt=common)
    problem = replace(problem, crews=replace(problem.crews, pinned_doubt=np.array([pinned])))
    mine: list[int] = []
    left = float(free_hours(problem)[0])
    for i in [k for k in range(len(streets)) if chosen >> k & 1]:
        needs = float(counted_hours(problem, np.array([i]), np.array([0]))[0])
        if needs <= left:
            mine.append(i)
            left -= needs
    plan = np.full(len(streets), -1)
    plan[mine] = 0
    promised = promise(problem, plan)
    given_ = [
        Given(problem.streets.ids[i], problem.crews.ids[0], float(pair_hours(problem, np.array([i]), np.array([0]))[0]), float(promised[i]))
        for i in mine
    ]  # fmt: skip
    assert violations(problem, given_) == []


WEEK = st.lists(
    st.tuples(st.floats(0.01, 60.0), st.floats(0.0, 20.0), st.integers(-1, 3)), min_size=1, max_size=12
)  # hours, doubt, triangle


@given(WEEK, st.floats(0.0, 200.0), st.floats(0.0, 50.0), st.floats(0.0, 10.0), st.floats(0.0, 0.3), st.integers(0, 11))
def test_the_chance_rises_with_the_hours_left_and_with_whatever_a_street_needs_less(
    week: list[tuple[float, float, int]], room: float, more: float, before: float, common: float, which: int
) -> None:
    hours, doubt, triangle = (np.array(column) for column in zip(*week, strict=True))
    given_ = {"before": before, "common_doubt": common}
    now = week_chances(hours, doubt, triangle, room=room, **given_)
    assert ((now >= 0.0) & (now <= 1.0)).all()
    assert (week_chances(hours, doubt, triangle, room=room + more, **given_) >= now - 1e-9).all()
    less = hours.copy()
    less[which % len(week)] /= 2.0
    assert (week_chances(less, doubt, triangle, room=room, **given_) >= now - 1e-9).all()


@given(WEEK, st.floats(1.0, 200.0), st.floats(0.0, 0.3))
def test_a_crew_with_next_to_nothing_left_to_do_is_nearly_sure(
    week: list[tuple[float, float, int]], room: float, common: float
) -> None:
    hours, doubt, triangle = (np.array(column) for column in zip(*week, strict=True))
    left = 1e-3 * room / hours.sum()
    assert (
        week_chances(left * hours, left * np.minimum(doubt, hours), triangle, room=room, common_doubt=common) > 0.99
    ).all()


def test_hours_that_would_do_on_average_only_are_unlawful() -> None:
    problem = in_doubt(mean=[40.0, 40.0, 40.0, 40.0], doubt=[20.0] * 4)
    given_ = [Given(street, problem.crews.ids[0], 40.0, 0.9) for street in problem.streets.ids]
    found = violations(problem, given_)
    assert [str(one) for one in found] == ["crew C0 has hours enough for all its streets with probability 58% only"]
    assert violations(problem, given_[:3]) == []
