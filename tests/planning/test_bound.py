"""No plan that the independent check calls lawful is worth more than the bound: every plan of tiny towns is asked."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.ids import StreetId
from fieldops.planning import beyond, posing
from fieldops.planning.assignment import NOBODY, Assignment
from fieldops.planning.beyond import ask_crews, over_all_crews
from fieldops.planning.check import Given, violations
from fieldops.planning.entry import fit_inside, keep_to_entry
from fieldops.planning.fairness import even_out
from fieldops.planning.moves import price_move
from fieldops.planning.pinned import settle_pins, with_fixed
from fieldops.planning.posing import gather, pose
from fieldops.planning.problem import PlanProblem, pair_hours, pair_values
from fieldops.planning.reserve import promise
from fieldops.planning.solve import assign
from fieldops.planning.together import street_sets
from fieldops.said import Reason
from tests.planning.test_check import small_problem
from tests.planning.test_entry import with_hours
from tests.planning.test_reserve import in_doubt


def judged(problem: PlanProblem, crew_of_street: np.ndarray, *, by_hand: Sequence[StreetId] = ()) -> list[Reason]:
    chances = promise(problem, crew_of_street)
    street = np.flatnonzero(crew_of_street >= 0)
    hours = pair_hours(problem, street, crew_of_street[street])
    return violations(problem, [
        Given(problem.streets.ids[s], problem.crews.ids[crew_of_street[s]], float(h), float(chances[s]))
        for s, h in zip(street.tolist(), hours.tolist(), strict=True)
    ], by_hand=by_hand)  # fmt: skip


def worth(problem: PlanProblem, crew_of_street: np.ndarray) -> float:
    street = np.flatnonzero(crew_of_street >= 0)
    return float(pair_values(problem, street, crew_of_street[street]).sum())


def planned(problem: PlanProblem) -> Assignment:
    sets = street_sets(problem)
    gathered = gather(pose(problem, sets, ask_crews(problem, sets, time_limit=1.0)), sets)
    answer = assign(gathered.problem, time_limit=2.0, seed=1)
    return gathered.spread(keep_to_entry(problem, gathered, over_all_crews(problem, gathered, answer)))


def best_lawful(problem: PlanProblem) -> float:
    n, m = len(problem.streets.ids), len(problem.crews.ids)
    plans = (np.array(holders) for holders in product(range(-1, m), repeat=n))
    return max(worth(problem, plan) for plan in plans if not judged(problem, plan))


TOWNS = st.tuples(
    st.lists(st.tuples(st.integers(2, 60), st.sampled_from([0.0, 1e-9, 0.1, 0.3, 0.5, 0.8]), st.integers(-1, 1), st.integers(50, 900)), min_size=1, max_size=4),
    st.lists(st.integers(0, 99), min_size=1, max_size=2),
    st.sets(st.tuples(st.integers(0, 3), st.integers(0, 1)), max_size=2),
    st.sampled_from([0.0, 0.1, 0.3]),
    st.integers(1, 4),
    st.lists(st.integers(0, 4000), min_size=8, max_size=8),
)  # fmt: skip


def town(drawn: tuple) -> PlanProblem:  # type: ignore[type-arg]
    streets, crews, waits, common, places, metres = drawn
    n, m = len(streets), len(crews)
    problem = in_doubt(
        mean=[float(h) for h, _, _, _ in streets], doubt=[h * part for h, part, _, _ in streets],
        triangle=[t for _, _, t, _ in streets], capacity=tuple(float(c) for c in crews),
    )  # fmt: skip
    home = np.array(metres, dtype=np.float64)[: n * m].reshape(m, n)
    return replace(
        problem, common_doubt=common, waiting=frozenset((s, c) for s, c in waits if s < n and c < m), home_m=home, turf_m=home / 4,
        streets=replace(problem.streets, people=np.array([float(p) for _, _, _, p in streets])),
        crews=replace(problem.crews, places=np.full(m, places)),
    )  # fmt: skip


@settings(max_examples=50, deadline=None)
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


@settings(max_examples=30, deadline=None)
@given(TOWNS)
def test_the_bound_holds_for_crews_that_were_not_asked(drawn: tuple) -> None:  # type: ignore[type-arg]
    problem = town(drawn)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(posing, "ALL_PAIRS", 0)
        patch.setattr(posing, "CREWS_PER_SET", 1)
        patch.setattr(beyond, "ROUNDS", 0)
        found = planned(problem)
    assert judged(problem, found.crew_of_street) == []
    assert best_lawful(problem) <= found.bound * (1 + 1e-9) + 1e-9


def test_a_crew_farther_off_is_asked_where_its_hours_are_worth_less_and_raises_the_bound_where_it_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both streets lie nearer to a crew that has hours for one of them; at first only that crew is asked."""
    problem = in_doubt(mean=[10.0, 10.0], doubt=[0.0, 0.0], capacity=(10.5, 99.0))
    home = np.array([[0.0, 0.0], [300.0, 300.0]])
    problem = replace(problem, home_m=home, turf_m=home)
    monkeypatch.setattr(posing, "ALL_PAIRS", 0)
    monkeypatch.setattr(posing, "CREWS_PER_SET", 1)
    asked = planned(problem)
    assert (asked.crew_of_street >= 0).all()
    assert asked.status == "optimal"
    monkeypatch.setattr(beyond, "ROUNDS", 0)
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


ALWAYS = (0.0, 24.0)


def windowed(
    hours: list[float], *spans: tuple[float, float], excluded: tuple[str, ...] | None = None, **more: object
) -> PlanProblem:
    n = len(hours)
    problem = small_problem(
        people=tuple(400.0 - 100.0 * i for i in range(n)), hours=tuple(hours), capacity=(160.0,), places=(40,),
        excluded=excluded or ("",) * n, **more,
    )  # type: ignore[arg-type]  # fmt: skip
    return with_hours(problem, *spans)


@pytest.mark.parametrize(
    ("problem", "both"),
    [
        (windowed([28.3], (10.0, 11.0)), False),  # a crew of four has 28 h there
        (windowed([28.0], (10.0, 11.0)), True),
        (windowed([27.8], (10.0 + 20 / 3600, 11.0)), True),  # no whole minutes
        (windowed([56.0, 56.0], (14.0, 34.0), (9.0, 12.0)), True),  # in two spans of the day, and between them
        (windowed([50.0, 20.0], (14.0, 34.0), (9.0, 10.0)), False),  # 56 h in all, though each span has room
    ],
)
def test_check_and_solver_know_the_same_hours_of_entry(problem: PlanProblem, both: bool) -> None:
    everything = np.zeros(len(problem.streets.ids), dtype=np.int64)
    assert (judged(problem, everything) == []) == both
    assert fit_inside(problem, 0, [], range(len(everything))) == both
    found = planned(problem)
    assert judged(problem, found.crew_of_street) == []
    assert best_lawful(problem) <= found.bound * (1 + 1e-9)
    assert (found.crew_of_street == 0).all() == both


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 47), st.integers(1, 47), st.integers(1, 120)), min_size=1, max_size=5),
    st.integers(1, 12),
)
def test_a_flow_and_a_linear_program_agree_on_what_fits_into_hours_of_entry(
    streets: list[tuple[int, int, int]], hours_a_day: int
) -> None:
    spans = [(opens / 2, (opens + length) / 2) for opens, length, _ in streets]
    problem = windowed([float(hours) for _, _, hours in streets], *spans)
    problem = replace(
        problem,
        crews=replace(problem.crews, hours_per_day=np.array([float(hours_a_day)]), capacity=np.array([9_999.0])),
    )
    everything = np.zeros(len(streets), dtype=np.int64)
    said = [str(one) for one in judged(problem, everything)]
    assert fit_inside(problem, 0, [], range(len(streets))) == (
        "crew C0 has no time for its streets at the hours at which they let promoters in" not in said
    )


def test_a_live_claim_that_does_not_fit_its_hours_keeps_its_crew_from_no_other_street() -> None:
    problem = windowed(
        [40.0, 20.0, 9.0], (10.0, 11.0), ALWAYS, (10.0, 11.0), excluded=("claimed", "", ""), pins=((0, 0),)
    )
    found = planned(problem)
    assert found.crew_of_street.tolist() == [NOBODY, 0, NOBODY]
    assert judged(problem, found.crew_of_street) == []


def test_what_a_crew_has_no_time_for_goes_to_an_idle_crew() -> None:
    problem = small_problem(
        people=(400.0, 300.0), hours=(20.0, 20.0), capacity=(99.0, 99.0), places=(40, 40), excluded=("", "")
    )
    problem = with_hours(replace(problem, home_m=np.array([[0.0, 0.0], [900.0, 900.0]])), (10.0, 11.0), (10.0, 11.0))
    found = planned(problem)
    assert sorted(found.crew_of_street.tolist()) == [0, 1]


def test_two_pins_that_compete_for_one_hour_are_not_both_kept() -> None:
    problem, refused = settle_pins(windowed([20.0, 20.0, 9.0], (10.0, 11.0), (10.0, 11.0), ALWAYS), [(0, 0), (1, 0)])
    assert problem.fixed == ((0, 0),)
    assert str(refused[1]) == "crew C0 has no time for it beside what it holds while it lets promoters in"
    found = with_fixed(problem, planned(problem))
    assert found.crew_of_street.tolist() == [0, NOBODY, 0]
    assert judged(problem, found.crew_of_street) == []


def test_a_move_into_hours_that_are_taken_gives_up_what_has_them_and_one_into_a_claims_hours_is_refused() -> None:
    problem = windowed([20.0, 20.0, 9.0], (10.0, 11.0), (10.0, 11.0), ALWAYS)
    move = price_move(problem, pose(problem), np.array([0, NOBODY, 0]), 1, 0)
    assert (move.given_up, move.crew_of_street.tolist()) == ((0,), [NOBODY, 0, 0])
    claimed = replace(problem, pins=((0, 0),), streets=replace(problem.streets, excluded=("claimed", "", "")))
    move = price_move(claimed, pose(claimed), np.array([NOBODY, NOBODY, 0]), 1, 0)
    assert "no time for it beside what it holds" in move.refusal


def test_a_crew_that_cannot_walk_there_or_a_street_that_nothing_finishes_is_unlawful() -> None:
    problem = in_doubt(mean=[10.0, 10.0], doubt=[1.0, 1.0])
    given_ = [Given(problem.streets.ids[0], problem.crews.ids[0], 10.0, 0.9)]
    for way in ({"home_m": np.inf}, {"turf_m": np.inf}, {"home_m": np.inf, "turf_m": np.inf}):
        cut = replace(problem, **{name: np.full((1, 2), metres) for name, metres in way.items()})
        assert [str(one) for one in violations(cut, given_)] == ["crew C0 cannot walk to street S0 from its home"]
    endless = replace(problem, streets=replace(problem.streets, hours=np.array([np.inf, 10.0])))
    assert "needs inf h" in str(violations(endless, given_)[0])


def test_streets_that_go_together_may_be_parted_by_hand_whatever_their_number() -> None:
    """Without the street that is moved, the triangle would be cut in other parts: that is no fault of the others."""
    problem = in_doubt(mean=[45.0, 39.0, 35.0, 28.0, 29.0], doubt=[0.0] * 5, capacity=(168.0, 168.0), triangle=[0] * 5)
    now = np.array([0, 1, NOBODY, 1, NOBODY])
    assert judged(problem, now) == []
    move = price_move(problem, pose(problem), now, 1, 0)
    assert move.torn
    assert judged(problem, move.crew_of_street) != []
    assert judged(problem, move.crew_of_street, by_hand=[problem.streets.ids[1]]) == []


def test_a_fair_plan_that_gives_up_value_is_not_called_the_best() -> None:
    problem = small_problem(people=(900.0, 300.0, 280.0), hours=(10.0, 10.0, 10.0), capacity=(40.0, 40.0))
    home = np.array([[0.0, 0.0, 0.0], [900.0, 900.0, 900.0]])
    posed = pose(replace(problem, home_m=home, turf_m=home / 4))
    best = assign(posed, time_limit=2.0, seed=1)
    assert best.status == "optimal"
    fair = even_out(posed, best, limit=0.0)
    assert fair.found.objective < best.objective
    assert fair.found.status == "feasible"
