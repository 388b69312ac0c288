"""The independent check, against plans that break one rule each and against every plan of tiny towns."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.ids import CrewId, StreetId
from fieldops.planning.check import Given, violations
from fieldops.planning.explain import (
    crews_left_out,
    explain_assigned,
    explain_unassigned,
    impossible,
)
from fieldops.planning.posing import pose
from fieldops.planning.problem import Crews, PlanProblem, Streets, pair_hours, street_values
from fieldops.planning.reasons import say
from fieldops.planning.solve import assign
from fieldops.rules import Rules

START = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)


def small_problem(
    *,
    people: tuple[float, ...] = (400.0, 300.0, 500.0),
    hours: tuple[float, ...] = (10.0, 8.0, 12.0),
    capacity: tuple[float, ...] = (24.0, 12.0),
    places: tuple[int, ...] = (40, 40),
    excluded: tuple[str, ...] = ("", "", ""),
    waiting: frozenset[tuple[int, int]] = frozenset(),
    pins: tuple[tuple[int, int], ...] = (),
    home_m: float = 0.0,
    share: float = 0.05,
    missing: float = 0.15,
) -> PlanProblem:
    n, m = len(people), len(capacity)
    streets = Streets(
        ids=tuple(StreetId(f"S{i}") for i in range(n)), labels=tuple(f"Road {i}" for i in range(n)),
        people=np.array(people), share=np.full(n, share), missing=np.full(n, missing), measured=np.zeros(n, dtype=bool), priority=np.ones(n),
        hours=np.array(hours), finish=np.full(n, 0.8), excluded=excluded, notes=((),) * n,
    )  # fmt: skip
    crews = Crews(
        ids=tuple(CrewId(f"C{j}") for j in range(m)), names=tuple(f"Crew {j}" for j in range(m)),
        people=np.full(m, 4, dtype=np.int64), hours_per_day=np.full(m, 6.0), days=np.full(m, 7, dtype=np.int64),
        capacity=np.array(capacity), pinned_hours=np.zeros(m), places=np.array(places, dtype=np.int64),
    )  # fmt: skip
    return PlanProblem(
        start=START, rules=Rules(setup_minutes=1e-9), streets=streets, crews=crews, home_m=np.full((m, n), home_m),
        turf_m=np.zeros((m, n)), waiting=waiting, pins=pins,
    )  # fmt: skip


def plan_of(problem: PlanProblem, *pairs: tuple[int, int]) -> list[Given]:
    return [Given(problem.streets.ids[s], problem.crews.ids[c], float(problem.streets.hours[s]), 0.8) for s, c in pairs]


def test_a_plan_within_all_rules_is_lawful() -> None:
    problem = small_problem()
    assert violations(problem, plan_of(problem, (0, 0), (2, 0), (1, 1))) == []


@pytest.mark.parametrize(
    ("change", "pairs", "says"),
    [
        ({}, [(0, 0), (0, 1)], "street S0 is given 2 times"),
        ({"excluded": ("closed by hand", "", "")}, [(0, 0)], "may not be given; closed by hand"),
        ({"pins": ((1, 1),)}, [(1, 0)], "street S1 is claimed already"),
        ({"waiting": frozenset({(2, 0)})}, [(2, 0)], "crew C0 is cooling down for street S2"),
        ({"capacity": (9.0, 12.0)}, [(0, 0)], "crew C0 has 9.0 h"),
        ({"places": (1, 40)}, [(0, 0), (1, 0)], "crew C0 may take 1 more streets"),
    ],
)
def test_each_broken_rule_is_named(change: dict[str, object], pairs: list[tuple[int, int]], says: str) -> None:
    problem = small_problem(**change)  # type: ignore[arg-type]
    found = violations(problem, plan_of(problem, *pairs))
    assert len(found) == 1
    assert says in found[0]


def test_too_few_hours_and_too_small_a_probability_are_unlawful() -> None:
    problem = small_problem()
    street, crew = problem.streets.ids[0], problem.crews.ids[0]
    assert "needs 10.0 h" in violations(problem, [Given(street, crew, 9.0, 0.8)])[0]
    assert "probability 70% only" in violations(problem, [Given(street, crew, 10.0, 0.7)])[0]


def test_a_street_or_crew_of_elsewhere_is_unlawful() -> None:
    problem = small_problem()
    assert "not in the region" in violations(problem, [Given(StreetId("X"), CrewId("C0"), 1.0, 0.9)])[0]
    assert "not in the region" in violations(problem, [Given(StreetId("S0"), CrewId("X"), 1.0, 0.9)])[0]


def test_where_hours_are_to_spare_the_crew_that_walks_least_goes() -> None:
    problem = small_problem(capacity=(100.0, 100.0), hours=(10.0, 10.0, 10.0))
    home = np.array([[200.0, 9000.0, 300.0], [8000.0, 100.0, 7000.0]])
    problem = replace(problem, home_m=home, turf_m=home / 4)
    found = assign(pose(problem), time_limit=1.0, seed=1)
    assert found.crew_of_street.tolist() == [0, 1, 0]
    alone = replace(problem, waiting=frozenset({(1, 1)}))  # a far crew is better than none
    assert assign(pose(alone), time_limit=1.0, seed=1).crew_of_street.tolist() == [0, 0, 0]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(100, 900), st.integers(2, 30)), min_size=1, max_size=4),
    st.lists(st.integers(0, 40), min_size=1, max_size=2),
    st.integers(1, 3),
    st.sets(st.tuples(st.integers(0, 3), st.integers(0, 1)), max_size=3),
)
def test_the_solver_finds_the_best_lawful_plan_of_tiny_towns(
    streets: list[tuple[int, int]], crews: list[int], places: int, waits: set[tuple[int, int]]
) -> None:
    n, m = len(streets), len(crews)
    problem = small_problem(
        people=tuple(float(p) for p, _ in streets), hours=tuple(float(h) for _, h in streets),
        capacity=tuple(float(c) for c in crews), places=(places,) * m, excluded=("",) * n,
        waiting=frozenset((s, c) for s, c in waits if s < n and c < m),
    )  # fmt: skip
    values = street_values(problem)
    best = 0.0
    for chosen in product(range(-1, m), repeat=n):  # every plan there is, judged by the independent check
        pairs = [(s, c) for s, c in enumerate(chosen) if c >= 0]
        if not violations(problem, plan_of(problem, *pairs)):
            best = max(best, sum(float(values[s]) for s, _ in pairs))
    posed = pose(problem)
    found = assign(posed, time_limit=2.0, seed=1)
    pairs = [(s, int(c)) for s, c in enumerate(found.crew_of_street) if c >= 0]
    assert violations(problem, plan_of(problem, *pairs)) == []
    assert found.objective == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert found.bound >= best - 1e-6 * max(1.0, best)


def test_every_street_has_a_reason_given_or_not() -> None:
    problem = small_problem(excluded=("", "", "saturated; open again from 2026-03-09"), capacity=(11.0, 0.0))
    posed = pose(problem)
    found = assign(posed, time_limit=1.0, seed=1)
    choices = explain_assigned(problem, posed, found)
    reasons = explain_unassigned(problem, posed, found)
    assert [choice.street for choice in choices] == [0]
    assert "60 of 400 people still to be told (never measured); crew C0 finishes with 100%" in choices[0].reason
    assert set(reasons) == {1, 2}
    assert reasons[2] == "saturated; open again from 2026-03-09"
    assert reasons[1] == "it would take 8.0 h for 36 people: each crew near it gains more on other streets"
    ended = replace(found, bound=found.objective * 1.059, status="feasible")
    assert "not placed before the search ended (gap 6%)" in explain_unassigned(problem, posed, ended)[1]


def test_streets_that_are_believed_at_the_target_are_given_to_be_tested_since_only_a_test_closes_them() -> None:
    problem = small_problem(share=0.6, missing=0.0, hours=(0.5, 0.5, 0.5))
    assert impossible(problem) == ""
    posed = pose(problem)
    found = assign(posed, time_limit=1.0, seed=1)
    choices = explain_assigned(problem, posed, found)
    assert [choice.street for choice in choices] == [0, 1, 2]
    assert all("believed at the target (never measured), which only a test can say" in one.reason for one in choices)
    assert 0 < found.objective < 1


def test_what_is_below_the_target_comes_before_what_is_only_to_be_tested() -> None:
    problem = small_problem(capacity=(12.0,), places=(40,), hours=(10.0, 10.0, 10.0))
    problem.streets.missing[:] = (0.0, 0.13, 0.0)
    problem.streets.share[:] = (0.5, 0.07, 0.5)
    found = assign(pose(problem), time_limit=1.0, seed=1)
    assert found.crew_of_street.tolist() == [-1, 0, -1]


def test_walking_from_home_counts_as_hours() -> None:
    near, far = pose(small_problem()), pose(small_problem(home_m=4500.0))  # an hour's walk
    assert near.hours.min() == pytest.approx(8.0)
    assert far.hours.min() == pytest.approx(12.0)  # 8 / (1 - 2 / 6): out and back leave four of six hours a day


def test_the_tests_of_its_triangles_point_count_as_hours_of_the_crew() -> None:
    plain = small_problem(hours=(8.0, 40.0, 10.0))
    tested = replace(plain, streets=replace(plain.streets, tests=np.array([0.75, 0.75, 0.0])))
    more = pair_hours(tested, np.arange(3), np.zeros(3, dtype=np.int64)) - plain.streets.hours
    day = float(plain.crews.people[0] * plain.crews.hours_per_day[0])
    assert more.tolist() == pytest.approx([0.75 * ceil(8.0 / day), 0.75 * ceil(40.0 / day), 0.0])


def test_where_no_street_may_be_given_it_is_told_how_many_for_which_reason_and_when_the_first_is_free() -> None:
    held = [say("claimed", crew="C9", until_at=f"2026-03-0{day} 08:00") for day in (9, 4)]
    assert impossible(small_problem(excluded=(held[0], say("burst_none", day="2026-03-02"), held[1]))) == (
        "2 of 3 streets are claimed, the first is free again at 2026-03-04 08:00; 1 of 3 streets are outside running bursts"
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"people": (), "hours": (), "excluded": ()}, "no street"),
        ({"capacity": (), "places": ()}, "no crew"),
        ({"capacity": (0.0, 0.0)}, "no crew has an hour left"),
        ({"places": (0, 0)}, "as many claims as it may"),
        ({"excluded": ("claimed by crew C9",) * 3}, "claimed by crew C9"),
    ],
)
def test_an_impossible_plan_says_why(change: dict[str, object], says: str) -> None:
    assert says in impossible(small_problem(**change))  # type: ignore[arg-type]


def test_a_crew_cut_off_by_the_river_is_named_and_the_others_plan_on() -> None:
    problem = small_problem(home_m=100.0)
    problem.home_m[1, :] = np.inf
    posed = pose(problem)
    found = assign(posed, time_limit=1.0, seed=1)
    busy = {int(crew) for crew in found.crew_of_street if crew >= 0}
    assert busy == {0}
    assert crews_left_out(problem, posed, busy, {0, 1}) == {
        "C1": "it is cut off: no open street can be reached on foot from its home"
    }
    problem.home_m[0, :] = np.inf
    assert "no crew can walk from its home to any street: crews C0, C1 are cut off" in impossible(problem)


def test_streets_larger_than_every_crew_are_told_with_the_smallest_and_the_largest() -> None:
    alone = small_problem(hours=(10.0, 8.0, 99.0), capacity=(24.0, 12.0))
    posed = pose(alone)
    reasons = explain_unassigned(alone, posed, assign(posed, time_limit=1.0, seed=1))
    assert "more than any crew has (24 h)" in reasons[2]
    assert impossible(alone) == ""
    every = small_problem(hours=(50.0, 60.0, 99.0), capacity=(24.0, 12.0))
    assert "the smallest needs 50 h, the largest crew has 24 h" in impossible(every)


def test_crews_without_a_street_are_told_why() -> None:
    problem = small_problem(capacity=(40.0, 0.0))
    posed = pose(problem)
    assert crews_left_out(problem, posed, {0}, {0, 1, 2})["C1"] == "it has no hours"
    full = small_problem(places=(40, 0))
    assert crews_left_out(full, pose(full), {0}, {0, 1, 2})["C1"] == "it holds as many claims as it may"


def test_a_crew_without_a_street_is_told_whether_one_is_left_and_is_not_said_to_be_busy() -> None:
    problem = small_problem(capacity=(40.0, 40.0))
    posed = pose(problem)
    assert (
        crews_left_out(problem, posed, {0}, {0, 1, 2})["C1"] == "no street is left: each that it could take has a crew"
    )
    assert crews_left_out(problem, posed, {0}, {0, 1})["C1"] == "other crews do more with every street near it"
    found = assign(posed, time_limit=1.0, seed=1)
    idle = replace(found, crew_of_street=np.zeros(3, dtype=np.int64))
    said = [choice.reason for choice in explain_assigned(problem, posed, idle)]
    assert all(reason.endswith("crew C1, the next best, has hours left and could take it as well") for reason in said)
    for short in (small_problem(capacity=(40.0, 12.0)), small_problem(capacity=(40.0, 40.0), places=(40, 1))):
        full = replace(assign(pose(short), time_limit=1.0, seed=1), crew_of_street=np.array([0, 0, 1]))
        assert explain_assigned(short, pose(short), full)[0].reason.endswith("has better use for its hours")


def test_a_street_that_no_crew_can_reach_and_one_that_is_too_large_say_so() -> None:
    problem = small_problem(hours=(10.0, 8.0, 200.0))
    problem = replace(problem, home_m=np.array([[0.0, np.inf, 0.0], [0.0, np.inf, 0.0]]))
    posed = pose(problem)
    reasons = explain_unassigned(problem, posed, assign(posed, time_limit=1.0, seed=1))
    assert "no crew can walk there" in reasons[1]
    assert "more than any crew has" in reasons[2]
