"""Streets of a triangle go to one crew together, as far as hours, places and rules allow."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.planning.assignment import Assignment
from fieldops.planning.check import Given, violations
from fieldops.planning.entry import keep_to_entry
from fieldops.planning.posing import gather, pose
from fieldops.planning.problem import PlanProblem, pair_hours
from fieldops.planning.reserve import counted_hours, free_hours, promise
from fieldops.planning.solve import assign
from fieldops.planning.together import street_sets
from tests.planning.test_check import small_problem
from tests.planning.test_entry import with_hours
from tests.planning.test_reserve import in_doubt


def planned(problem: PlanProblem) -> Assignment:
    gathered = gather(pose(problem), street_sets(problem))
    answer = assign(gathered.problem, time_limit=2.0, seed=1)
    return gathered.spread(keep_to_entry(problem, gathered, answer))


def sets_of(problem: PlanProblem) -> list[list[int]]:
    return sorted(members.tolist() for members in street_sets(problem))


def test_the_open_streets_of_a_triangle_are_one_set_and_those_without_a_point_are_alone() -> None:
    problem = in_doubt(mean=[10.0] * 6, doubt=[3.0] * 6, triangle=[0, 0, 0, 1, -1, -1])
    assert sets_of(problem) == [[0, 1, 2], [3], [4], [5]]
    shut = replace(problem, streets=replace(problem.streets, excluded=("", "closed", "", "", "", "")))
    assert sets_of(shut) == [[0, 2], [3], [4], [5]]
    by_hand = replace(problem, fixed=((2, 0),))
    assert sets_of(by_hand) == [[0, 1], [3], [4], [5]]


def test_a_triangle_that_takes_more_than_half_of_a_crew_is_given_in_parts_of_about_the_same_hours() -> None:
    problem = in_doubt(mean=[50.0, 30.0, 30.0, 40.0], doubt=[1.0] * 4, triangle=[0] * 4)  # 150 h of 168
    assert sets_of(problem) == [[0, 2], [1, 3]]


def test_streets_that_cool_down_for_different_crews_are_different_sets() -> None:
    problem = in_doubt(mean=[10.0] * 3, doubt=[1.0] * 3, triangle=[0] * 3, capacity=(99.0, 99.0))
    problem = replace(problem, waiting=frozenset({(1, 0)}))
    assert sets_of(problem) == [[0, 2], [1]]
    assert planned(problem).crew_of_street[1] == 1


def test_a_street_that_is_open_at_some_hours_only_is_given_by_itself() -> None:
    problem = with_hours(in_doubt(mean=[10.0] * 3, doubt=[1.0] * 3, triangle=[0] * 3), (0.0, 24.0), (10.0, 12.0), (0.0, 24.0))  # fmt: skip
    assert sets_of(problem) == [[0, 2], [1]]


def test_a_triangle_goes_to_one_crew_although_each_crew_is_nearer_to_a_part_of_it() -> None:
    problem = in_doubt(mean=[10.0] * 4, doubt=[3.0] * 4, triangle=[0] * 4, capacity=(99.0, 99.0))
    home = np.array([[0.0, 0.0, 900.0, 800.0], [900.0, 900.0, 0.0, 0.0]])
    found = planned(replace(problem, home_m=home, turf_m=home / 4))
    assert len(set(found.crew_of_street.tolist())) == 1


def test_a_set_that_no_crew_can_take_whole_falls_into_its_streets() -> None:
    problem = in_doubt(mean=[10.0] * 3, doubt=[1.0] * 3, triangle=[0] * 3, capacity=(25.0, 25.0))
    found = planned(problem)
    assert (found.crew_of_street >= 0).all()
    few = replace(problem, crews=replace(problem.crews, places=np.array([1, 1])))
    assert (planned(few).crew_of_street >= 0).sum() == 2


def test_the_cap_counts_streets_and_an_answer_that_gives_some_back_is_not_called_optimal() -> None:
    problem = in_doubt(mean=[10.0] * 4, doubt=[0.0] * 4, triangle=[0, 0, 1, 1], capacity=(99.0,))
    problem = replace(problem, crews=replace(problem.crews, places=np.array([3])))
    found = planned(problem)
    assert (found.crew_of_street == 0).sum() == 2
    assert found.status == "feasible"
    assert found.bound > found.objective
    whole = planned(replace(problem, crews=replace(problem.crews, places=np.array([4]))))
    assert whole.status == "optimal"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(2, 40), st.floats(0.0, 0.8), st.integers(-1, 1)), min_size=1, max_size=5),
    st.lists(st.integers(0, 99), min_size=1, max_size=2),
    st.sets(st.tuples(st.integers(0, 4), st.integers(0, 1)), max_size=2),
)
def test_the_best_way_to_give_sets_is_found_and_its_bound_is_proven(
    streets: list[tuple[int, float, int]], crews: list[int], waits: set[tuple[int, int]]
) -> None:
    n, m = len(streets), len(crews)
    problem = in_doubt(
        mean=[float(h) for h, _, _ in streets], doubt=[h * part for h, part, _ in streets],
        triangle=[t for _, _, t in streets], capacity=tuple(float(c) for c in crews),
    )  # fmt: skip
    problem = replace(problem, waiting=frozenset((s, c) for s, c in waits if s < n and c < m))
    posed = pose(problem)
    gathered = gather(posed, street_sets(problem))
    worth = {(int(s), int(c)): float(v) for s, c, v in zip(posed.street, posed.crew, posed.values, strict=True)}
    best = 0.0
    for holders in product(range(-1, m), repeat=len(gathered.sets)):
        pairs = [(int(i), c) for members, c in zip(gathered.sets, holders, strict=True) if c >= 0 for i in members]
        used = np.zeros(m)
        for i, c in pairs:
            used[c] += float(counted_hours(problem, np.array([i]), np.array([c]))[0])
        if all(pair in worth for pair in pairs) and (used <= free_hours(problem) + 1e-6).all():
            best = max(best, sum(worth[pair] for pair in pairs))
    found = planned(problem)
    assert found.objective == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert found.bound >= best - 1e-6 * max(1.0, best)
    promised = promise(problem, found.crew_of_street)
    plan = [
        Given(problem.streets.ids[i], problem.crews.ids[c], float(pair_hours(problem, np.array([i]), np.array([c]))[0]), float(promised[i]))
        for i, c in enumerate(found.crew_of_street.tolist()) if c >= 0
    ]  # fmt: skip
    assert violations(problem, plan) == []


def test_set_up_counts_in_a_crews_hours_on_each_day_there() -> None:
    problem = small_problem(hours=(10.0, 30.0, 12.0), capacity=(99.0,), places=(40,))
    problem = replace(problem, rules=replace(problem.rules, setup_minutes=30.0))
    street = np.arange(2)
    assert pair_hours(problem, street, 0 * street).tolist() == [12.0, 34.0]  # four people, half an hour; a day is 24 h
