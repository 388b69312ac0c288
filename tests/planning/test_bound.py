"""No plan that the independent check calls lawful is worth more than the bound: every plan of tiny towns is asked."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.planning import posing
from fieldops.planning.assignment import Assignment
from fieldops.planning.beyond import over_all_crews
from fieldops.planning.check import Given, violations
from fieldops.planning.entry import keep_to_entry
from fieldops.planning.posing import gather, pose
from fieldops.planning.problem import PlanProblem, pair_hours, pair_values
from fieldops.planning.reserve import promise
from fieldops.planning.solve import assign
from fieldops.planning.together import street_sets
from fieldops.said import Reason
from tests.planning.test_reserve import in_doubt


def judged(problem: PlanProblem, crew_of_street: np.ndarray) -> list[Reason]:
    chances = promise(problem, crew_of_street)
    street = np.flatnonzero(crew_of_street >= 0)
    hours = pair_hours(problem, street, crew_of_street[street])
    return violations(problem, [
        Given(problem.streets.ids[s], problem.crews.ids[crew_of_street[s]], float(h), float(chances[s]))
        for s, h in zip(street.tolist(), hours.tolist(), strict=True)
    ])  # fmt: skip


def worth(problem: PlanProblem, crew_of_street: np.ndarray) -> float:
    street = np.flatnonzero(crew_of_street >= 0)
    return float(pair_values(problem, street, crew_of_street[street]).sum())


def planned(problem: PlanProblem) -> Assignment:
    sets = street_sets(problem)
    gathered = gather(pose(problem, sets), sets)
    answer = assign(gathered.problem, time_limit=2.0, seed=1)
    return gathered.spread(keep_to_entry(problem, gathered, over_all_crews(problem, gathered, answer)))


def best_lawful(problem: PlanProblem) -> float:
    n, m = len(problem.streets.ids), len(problem.crews.ids)
    plans = (np.array(holders) for holders in product(range(-1, m), repeat=n))
    return max(worth(problem, plan) for plan in plans if not judged(problem, plan))


TOWNS = st.tuples(
    st.lists(st.tuples(st.integers(2, 60), st.floats(0.0, 0.8), st.integers(-1, 1), st.integers(50, 900)), min_size=1, max_size=4),
    st.lists(st.integers(0, 99), min_size=1, max_size=2),
    st.sets(st.tuples(st.integers(0, 3), st.integers(0, 1)), max_size=2),
    st.floats(0.0, 0.3),
    st.integers(1, 4),
    st.lists(st.floats(0.0, 4000.0), min_size=8, max_size=8),
)  # fmt: skip


def town(drawn: tuple) -> PlanProblem:  # type: ignore[type-arg]
    streets, crews, waits, common, places, metres = drawn
    n, m = len(streets), len(crews)
    problem = in_doubt(
        mean=[float(h) for h, _, _, _ in streets], doubt=[h * part for h, part, _, _ in streets],
        triangle=[t for _, _, t, _ in streets], capacity=tuple(float(c) for c in crews),
    )  # fmt: skip
    home = np.array(metres)[: n * m].reshape(m, n)
    return replace(
        problem, common_doubt=common, waiting=frozenset((s, c) for s, c in waits if s < n and c < m), home_m=home, turf_m=home / 4,
        streets=replace(problem.streets, people=np.array([float(p) for _, _, _, p in streets])),
        crews=replace(problem.crews, places=np.full(m, places)),
    )  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(TOWNS)
def test_the_plan_is_lawful_and_no_lawful_plan_is_worth_more_than_its_bound(drawn: tuple) -> None:  # type: ignore[type-arg]
    problem = town(drawn)
    found = planned(problem)
    assert judged(problem, found.crew_of_street) == []
    assert found.objective == pytest.approx(worth(problem, found.crew_of_street), rel=1e-9, abs=1e-9)
    best = best_lawful(problem)
    assert best <= found.bound * (1 + 1e-9) + 1e-9
    if found.status == "optimal":
        assert found.objective == pytest.approx(best, rel=1e-5, abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(TOWNS)
def test_the_bound_holds_for_crews_that_were_not_asked(drawn: tuple) -> None:  # type: ignore[type-arg]
    problem = town(drawn)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(posing, "ALL_PAIRS", 0)
        patch.setattr(posing, "CREWS_PER_SET", 1)
        found = planned(problem)
    assert judged(problem, found.crew_of_street) == []
    assert best_lawful(problem) <= found.bound * (1 + 1e-9) + 1e-9


def test_a_crew_farther_off_raises_the_bound_and_nothing_is_called_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both streets lie nearer to a crew that has hours for one of them; only that crew is asked."""
    problem = in_doubt(mean=[10.0, 10.0], doubt=[0.0, 0.0], capacity=(10.5, 99.0))
    home = np.array([[0.0, 0.0], [300.0, 300.0]])
    problem = replace(problem, home_m=home, turf_m=home)
    assert planned(problem).status == "optimal"
    monkeypatch.setattr(posing, "ALL_PAIRS", 0)
    monkeypatch.setattr(posing, "CREWS_PER_SET", 1)
    found = planned(problem)
    assert (found.crew_of_street >= 0).sum() == 1
    assert found.bound >= 1.9 * found.objective
    assert found.status == "feasible"


def test_a_triangle_given_in_part_or_to_two_crews_is_unlawful() -> None:
    problem = in_doubt(mean=[10.0] * 3, doubt=[1.0] * 3, triangle=[0, 0, -1], capacity=(99.0, 99.0))
    assert judged(problem, np.array([0, 0, 1])) == []
    part, torn = judged(problem, np.array([0, -1, 1])), judged(problem, np.array([0, 1, 1]))
    assert [str(one) for one in part] == [
        "streets S0, S1 of one triangle go together, and the plan gives 1 of them (crews C0)"
    ]
    assert [str(one) for one in torn] == [
        "streets S0, S1 of one triangle go together, and the plan gives 2 of them (crews C0, C1)"
    ]
    by_hand = replace(problem, fixed=((0, 0),))
    assert judged(by_hand, np.array([0, 1, 1])) == []
