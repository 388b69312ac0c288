"""What moving a street by hand costs, and pins that every plan keeps where the rules allow it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldops.planning.check import Given, violations
from fieldops.planning.moves import Move, describe_move, price_move, price_moves
from fieldops.planning.pinned import settle_pins, with_fixed
from fieldops.planning.posing import pose
from fieldops.planning.problem import PlanProblem, pair_hours, pair_values
from fieldops.planning.solve import assign
from tests.planning.test_check import small_problem

NOBODY = -1


def lawful(problem: PlanProblem, move: Move) -> list[str]:
    plan = move.crew_of_street
    street = np.flatnonzero(plan >= 0)
    hours = pair_hours(problem, street, plan[street])
    return violations(problem, [
        Given(problem.streets.ids[s], problem.crews.ids[plan[s]], float(h), 0.8)
        for s, h in zip(street.tolist(), hours.tolist(), strict=True)
    ])  # fmt: skip


def worth(problem: PlanProblem, plan: np.ndarray) -> float:
    street = np.flatnonzero(plan >= 0)
    return float(pair_values(problem, street, plan[street]).sum())


def test_a_move_into_free_hours_costs_nothing() -> None:
    problem = small_problem()
    now = np.array([0, NOBODY, NOBODY])
    move = price_move(problem, pose(problem), now, 0, 1)
    assert move.given_up == ()
    assert move.cost <= 0  # and the hours that it frees are filled
    assert move.crew_of_street[0] == 1
    assert lawful(problem, move) == []


def test_a_crew_without_room_gives_up_what_is_worth_least_and_the_cost_says_how_much() -> None:
    problem = small_problem(people=(500.0, 100.0, 400.0), hours=(10.0, 10.0, 10.0), capacity=(20.0, 0.0))
    move = price_move(problem, pose(problem), np.array([NOBODY, 0, 0]), 0, 0)
    assert move.given_up == (1,)
    assert move.cost == pytest.approx(-400.0 * 0.15 * 0.8)
    assert "people told more" in describe_move(problem, move)
    assert "it gives up Road 1" in describe_move(problem, move)


def test_the_hours_that_a_move_frees_are_filled() -> None:
    problem = small_problem(people=(500.0, 400.0, 100.0), hours=(10.0, 10.0, 10.0), capacity=(10.0, 10.0))
    move = price_move(problem, pose(problem), np.array([0, NOBODY, NOBODY]), 0, 1)
    assert move.taken_up == ((1, 0),)
    assert move.cost < 0


def test_a_street_that_changes_hands_for_a_move_is_named_once() -> None:
    problem = small_problem(people=(400.0, 300.0, 500.0), hours=(10.0, 10.0, 10.0), capacity=(10.0, 10.0))
    move = price_move(problem, pose(problem), np.array([0, 1, NOBODY]), 0, 1)
    assert (move.given_up, move.crew_of_street.tolist()) == ((1,), [1, NOBODY, 0])
    assert "it gives up Road 1; taken instead: Road 2 (C0)" in describe_move(problem, move)
    swapped = replace(move, taken_up=((1, 0),))
    assert describe_move(problem, swapped).endswith("; other crews take Road 1 (C0) from it")


def test_what_is_taken_out_is_not_filled_in_again() -> None:
    problem = small_problem()
    move = price_move(problem, pose(problem), np.array([0, 0, NOBODY]), 0, NOBODY)
    assert move.crew_of_street[0] == NOBODY
    assert "with nobody" in describe_move(problem, move)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"waiting": frozenset({(1, 0)})}, "cools down for it"),
        ({"excluded": ("", "closed by hand", "")}, "closed by hand"),
        ({"places": (0, 40)}, "as many claims as it may"),
        (
            {"capacity": (7.0, 40.0)},
            "would need 8.0 h for it, its ways there and back included, and can give 7.0 h in all",
        ),
    ],
)
def test_a_move_that_a_rule_forbids_names_the_rule(change: dict[str, object], says: str) -> None:
    problem = small_problem(**change)  # type: ignore[arg-type]
    move = price_move(problem, pose(problem), np.array([NOBODY, 1, NOBODY]), 1, 0)
    assert says in move.refusal


@given(
    now=st.lists(st.integers(-1, 1), min_size=3, max_size=3), street=st.integers(0, 2),
    hours=st.tuples(*[st.floats(1, 20)] * 3), capacity=st.tuples(*[st.floats(0, 30)] * 2),
)  # fmt: skip
def test_every_possible_move_leaves_a_lawful_plan_that_is_worth_what_it_says(
    now: list[int], street: int, hours: tuple[float, ...], capacity: tuple[float, ...]
) -> None:
    problem = small_problem(hours=hours, capacity=capacity)
    plan = np.array(now)
    taken = np.flatnonzero(plan >= 0)
    used = np.bincount(plan[taken], weights=pair_hours(problem, taken, plan[taken]), minlength=2)
    if (used > problem.crews.capacity).any():
        return
    for move in price_moves(problem, pose(problem), plan, street):
        if not move.refusal:
            assert lawful(problem, move) == []
            assert move.crew_of_street[street] == move.crew
            assert worth(problem, plan) - worth(problem, move.crew_of_street) == pytest.approx(move.cost, abs=1e-3)


def test_a_plan_keeps_what_is_pinned_and_proves_its_bound_for_it() -> None:
    problem = small_problem(people=(500.0, 400.0, 100.0), hours=(10.0, 10.0, 10.0), capacity=(10.0, 10.0))
    free = assign(pose(problem), time_limit=1.0, seed=1)
    pinned, refused = settle_pins(problem, [(2, 0)])
    assert not refused
    found = with_fixed(pinned, assign(pose(pinned), time_limit=1.0, seed=1))
    assert found.crew_of_street.tolist() == [1, NOBODY, 0]
    assert found.objective == pytest.approx(worth(problem, found.crew_of_street))
    assert found.objective == pytest.approx(found.bound, rel=1e-6)
    assert found.objective < free.objective


def test_pins_that_do_not_fit_together_are_kept_in_the_order_they_were_set() -> None:
    problem = small_problem(hours=(10.0, 8.0, 12.0), capacity=(18.0, 12.0))
    settled, refused = settle_pins(problem, [(0, 0), (2, 0), (1, 0)])
    assert settled.fixed == ((0, 0), (1, 0))
    assert "no room beside what is pinned" in refused[2]


def test_a_pin_that_a_rule_forbids_is_not_kept_and_says_why() -> None:
    problem = replace(small_problem(), waiting=frozenset({(1, 0)}))
    settled, refused = settle_pins(problem, [(1, 0)])
    assert settled.fixed == ()
    assert "cools down" in refused[1]


def test_a_move_never_gives_up_what_is_pinned() -> None:
    problem, _ = settle_pins(small_problem(hours=(10.0, 10.0, 10.0), capacity=(10.0, 10.0)), [(0, 0)])
    move = price_move(problem, pose(problem), np.array([0, NOBODY, NOBODY]), 1, 0)
    assert "no room beside what is pinned" in move.refusal
