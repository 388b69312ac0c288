"""Streets that let promoters in at some hours only: which crews may take them, and what fits together."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.planning.assignment import Assignment
from fieldops.planning.check import violations
from fieldops.planning.entry import fit_inside, keep_to_entry
from fieldops.planning.explain import explain_unassigned
from fieldops.planning.opening import hours_within, read_span, say_span
from fieldops.planning.pinned import why_not
from fieldops.planning.posing import gather, pose
from fieldops.planning.problem import PlanProblem
from fieldops.planning.solve import assign
from fieldops.planning.together import street_sets
from tests.planning.test_check import plan_of, small_problem

ALWAYS = (0.0, 24.0)


def planned(problem: PlanProblem) -> Assignment:
    """Return the plan of a problem, entry kept to."""
    gathered = gather(pose(problem), street_sets(problem))
    return gathered.spread(keep_to_entry(problem, gathered, assign(gathered.problem, time_limit=1.0, seed=1)))


def with_hours(problem: PlanProblem, *spans: tuple[float, float]) -> PlanProblem:
    """Crews of four work from 9 to 15 on seven days."""
    opens, closes = np.array(spans).T
    return replace(problem, streets=replace(problem.streets, opens=opens, closes=closes))


@pytest.mark.parametrize(
    ("opens", "closes", "hours"),
    [("", "", 6.0), ("10:00", "12:00", 2.0), ("07:30", "09:30", 0.5), ("18:00", "20:00", 0.0), ("14:00", "02:00", 1.0),
     ("22:00", "10:00", 1.0), ("14:00", "10:00", 2.0)],
)  # fmt: skip
def test_what_counts_are_the_hours_of_entry_within_the_crews_day(opens: str, closes: str, hours: float) -> None:
    assert hours_within(9.0, 15.0, *read_span(opens, closes)) == hours
    assert say_span(*read_span("09:30", "12:05")) == "09:30-12:05"


def test_a_street_goes_to_nobody_where_no_crew_has_the_time_while_it_is_open_and_the_reason_says_when() -> None:
    problem = with_hours(
        small_problem(hours=(30.0, 8.0, 12.0), capacity=(99.0,), places=(40,)), (14.0, 15.0), ALWAYS, (18.0, 20.0)
    )
    posed = pose(problem)
    assert set(posed.street.tolist()) == {1}
    found = planned(problem)
    reasons = explain_unassigned(problem, posed, found)
    assert reasons[0] == "it lets promoters in at 14:00-15:00 only: no crew can work more than 28 h there in its days"
    assert "18:00-20:00 only" in reasons[2]
    assert why_not(problem, 2, 0) == "crew C0 can work 0.0 h there while it lets promoters in, and it needs more"


def test_streets_that_are_open_at_the_same_hours_are_given_only_as_far_as_there_is_time_in_them() -> None:
    problem = with_hours(
        small_problem(hours=(20.0, 20.0, 20.0), capacity=(99.0,), places=(40,)), (10.0, 11.0), (10.0, 11.0), (9.0, 12.0)
    )
    posed = pose(problem)
    free = assign(posed, time_limit=1.0, seed=1)
    assert (free.crew_of_street == 0).all()
    found = planned(problem)
    assert found.crew_of_street.tolist() == [0, -1, 0]  # 400 people before 300
    assert found.objective == pytest.approx(posed.values[[0, 2]].sum())
    assert found.bound >= free.objective
    assert "while it lets promoters in, 10:00-11:00" in explain_unassigned(problem, posed, found)[1]
    assert violations(problem, plan_of(problem, (0, 0), (2, 0))) == []
    assert "no time for its streets" in violations(problem, plan_of(problem, (0, 0), (1, 0)))[0]


def test_what_a_crew_holds_already_takes_the_hours_of_entry_first() -> None:
    problem = with_hours(
        small_problem(hours=(20.0, 20.0, 20.0), capacity=(79.0,), places=(39,), pins=((1, 0),)),
        (10.0, 11.0),
        (10.0, 11.0),
        ALWAYS,
    )
    problem = replace(problem, streets=replace(problem.streets, excluded=("", "claimed", "")))
    found = planned(problem)
    assert found.crew_of_street.tolist() == [-1, -1, 0]


spans = st.tuples(st.integers(0, 47), st.integers(1, 47)).map(lambda both: (both[0] / 2, both[0] / 2 + both[1] / 2))
works = st.integers(1, 60).map(float)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(spans.filter(lambda s: s[1] <= 24.0), works), min_size=3, max_size=3))
def test_the_rule_of_spans_agrees_with_working_minute_by_minute(
    streets: list[tuple[tuple[float, float], float]],
) -> None:
    problem = with_hours(
        small_problem(hours=tuple(hours for _, hours in streets), capacity=(999.0,), places=(40,)),
        *(span for span, _ in streets),
    )
    lawful = not violations(problem, plan_of(problem, (0, 0), (1, 0), (2, 0)))
    assert fit_inside(problem, 0, [], range(3)) == lawful
