import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.awareness import (
    R50,
    TWO_OF_TEN,
    Response,
    finish_probability,
    hours_at_probability,
    hours_for_finish,
    hours_to_target,
    hours_until_finish,
)
from fieldops.errors import BadInput

TYPICAL = Response()
MEANS, WEIGHTS = st.floats(0.01, 0.4), st.floats(5, 200)


def drawn(alpha: float, beta: float, draws: int = 200_000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    return rng.beta(alpha, beta, draws), np.exp(TYPICAL.tau * rng.standard_normal(draws) - TYPICAL.tau**2 / 2)


@pytest.mark.parametrize(("alpha", "beta"), [(1.75, 23.25), (4, 36), (0.4, 8)])
def test_the_hours_at_a_probability_are_those_of_drawing_streets(alpha: float, beta: float) -> None:
    share, factor = drawn(alpha, beta)
    hours = hours_to_target(share, 400, TYPICAL) / factor
    for probability in (0.5, 0.8, 0.9):
        found = hours_at_probability(alpha, beta, 400, TYPICAL, probability=probability)[0]
        assert (hours <= found).mean() == pytest.approx(probability, abs=0.004)


def test_a_known_street_of_known_rate_takes_the_closed_form() -> None:
    sure = Response(tau=0.0)
    found = hours_at_probability(5e5, 95e5, 400, sure, probability=0.5)
    assert found == pytest.approx(5.728342, rel=0.05)
    assert hours_at_probability(30, 70, 400, TYPICAL, probability=0.5) == 0


@pytest.mark.parametrize("tests", [1, 2, 3])
def test_the_finish_probability_is_that_of_drawing_streets_and_testing_them(tests: int) -> None:
    alpha, beta, people, hours = 3.0, 30.0, 400.0, 5.0
    share, factor = drawn(alpha, beta)
    missed = np.ones_like(share)
    grid = np.linspace(0, 1, 2001)
    for part in {1: (1.0,), 2: (0.75, 1.0), 3: (0.0, 0.75, 1.0)}[tests]:
        then = 1 - (1 - share) * np.exp(-TYPICAL.rho * factor * hours * part / people)
        missed *= 1 - np.interp(then, grid, R50.move_on_curve(grid))
    found = finish_probability(alpha, beta, people, hours, TYPICAL, tests=tests, survey_minutes=0)
    assert found == pytest.approx(1 - missed.mean(), abs=0.004)


STREETS = st.lists(st.tuples(MEANS, WEIGHTS, st.floats(20, 3000), st.floats(0, 20)), min_size=1, max_size=50)
ACTS = st.fixed_dictionaries(
    {
        "tests": st.sampled_from([1, 2, 3]), "days": st.sampled_from([1, 2, 7]),
        "survey_minutes": st.sampled_from([0.0, 1.5, 10.0]), "head_count_below": st.sampled_from([0.0, 200.0]),
    }
)  # fmt: skip
RATES = st.sampled_from([TYPICAL, Response(rho=60.0, tau=0.1)])


@settings(max_examples=25, deadline=None)
@given(STREETS, st.floats(0.3, 0.95), ACTS, RATES)
def test_the_hours_for_a_probability_give_it_back(
    streets: list[tuple[float, ...]], wanted: float, acts: dict[str, float], response: Response
) -> None:
    mean, weight, people, _ = np.array(streets).T
    a, b = mean * weight, (1 - mean) * weight
    hours = hours_for_finish(a, b, people, response, probability=wanted, **acts)
    enough = np.isfinite(hours)
    given_back = finish_probability(a[enough], b[enough], people[enough], hours[enough], response, **acts)
    assert (given_back >= wanted - 1e-9).all()


@settings(max_examples=25, deadline=None)
@given(STREETS, ACTS, RATES)
def test_more_hours_never_make_a_finish_less_likely(
    streets: list[tuple[float, ...]], acts: dict[str, float], response: Response
) -> None:
    mean, weight, people, hours = np.array(streets).T
    less, more = (
        finish_probability(mean * weight, (1 - mean) * weight, people, h, response, **acts)
        for h in (hours, hours * 1.1)
    )
    assert ((less >= 0) & (less <= more + 1e-12) & (more <= 1 + 1e-9)).all()


def test_where_asking_costs_more_than_pushing_more_hours_still_help() -> None:
    # 60 people who answer at a trot, six minutes a survey: a stronger push spares more asking than it costs.
    quick = Response(rho=40.0)
    hours = np.linspace(0.0, 12.0, 241)
    acts: dict[str, float] = {"days": 3, "tests": 2, "survey_minutes": 6.0, "head_count_below": 0.0}
    found = finish_probability(0.3, 2.7, 60, hours, quick, **acts)
    assert (np.diff(found) >= -1e-12).all()
    for wanted in (0.5, 0.8, 0.95):
        needed = hours_for_finish(0.3, 2.7, 60, quick, probability=wanted, **acts)
        assert finish_probability(0.3, 2.7, 60, needed, quick, **acts) >= wanted - 1e-9
        assert finish_probability(0.3, 2.7, 60, needed * 0.99, quick, **acts) < wanted


@settings(max_examples=10, deadline=None)
@given(STREETS, ACTS, st.floats(0.5, 4.0))
def test_twice_the_people_and_twice_the_reach_leave_forecasts_unchanged(
    streets: list[tuple[float, ...]], acts: dict[str, float], times: float
) -> None:
    mean, weight, people, hours = np.array(streets).T
    acts = {**acts, "head_count_below": 0.0}
    more = Response(rho=TYPICAL.rho * times)
    alpha, beta = mean * weight, (1 - mean) * weight
    for forecast in (
        lambda folk, response: finish_probability(alpha, beta, folk, hours, response, **acts),
        lambda folk, response: hours_for_finish(alpha, beta, folk, response, probability=0.8, **acts),
        lambda folk, response: hours_until_finish(alpha, beta, folk, response, **acts),
        lambda folk, response: hours_to_target(mean, folk, response),
    ):
        assert forecast(people * times, more) == pytest.approx(forecast(people, TYPICAL), abs=1e-9)


def test_higher_awareness_and_fewer_people_need_fewer_hours() -> None:
    hours = hours_for_finish([1, 2, 4, 2], [19, 18, 16, 18], [400, 400, 400, 800], TYPICAL)
    assert hours[0] > hours[1] > hours[2]
    assert hours[3] > hours[1]


def test_forgetting_between_days_costs_hours_and_so_does_a_more_certain_finish() -> None:
    one, week = hours_for_finish([2, 2], [23, 23], 400, TYPICAL, days=[1, 7])
    assert week > one
    assert hours_for_finish(2, 23, 400, TYPICAL, probability=0.9) > one


def test_surveys_are_paid_by_the_minute() -> None:
    free, paid = (hours_for_finish(2, 23, 400, TYPICAL, survey_minutes=minutes) for minutes in (0.0, 3.0))
    assert 0.5 < (paid - free)[0] < 3.0 * 3 * R50.most_surveys / 60


def test_a_street_of_few_people_is_finished_when_truly_at_target_and_a_first_look_is_paid() -> None:
    small = hours_for_finish(2, 23, 199, TYPICAL, probability=0.8)
    assert small == pytest.approx(hours_at_probability(2, 23, 199, TYPICAL, probability=0.8) + 10 * 1.5 / 60)
    believed = hours_for_finish(50, 50, 199, TYPICAL, probability=0.8)
    assert believed == pytest.approx(10 * 1.5 / 60)  # somebody has to go there and ask
    assert small != pytest.approx(hours_for_finish(2, 23, 199, TYPICAL, probability=0.8, head_count_below=0))


def test_the_plain_rule_seems_cheaper_because_it_errs_more() -> None:
    assert hours_for_finish(2, 23, 400, TYPICAL, TWO_OF_TEN) < hours_for_finish(2, 23, 400, TYPICAL, R50)


def test_where_forgetting_outruns_all_effort_no_hours_suffice() -> None:
    hopeless = Response(delta=0.999)
    hours = hours_for_finish(1, 99, 400, hopeless, days=7, tests=1, probability=0.999999)
    assert np.isinf(hours) or hours > 100


def test_columns_of_streets_are_answered_street_by_street() -> None:
    alpha, beta, people = np.array([1.0, 3.0, 6.0]), np.array([20.0, 30.0, 24.0]), np.array([150.0, 400.0, 900.0])
    alone = [hours_for_finish(a, b, n, TYPICAL)[0] for a, b, n in zip(alpha, beta, people, strict=True)]
    assert hours_for_finish(alpha, beta, people, TYPICAL) == pytest.approx(alone)
    assert len(hours_for_finish([], [], [], TYPICAL)) == 0


def test_numbers_outside_their_range_are_refused() -> None:
    for call in (
        lambda: hours_at_probability(0, 1, 400, TYPICAL, probability=0.5),
        lambda: hours_at_probability(1, 1, 400, TYPICAL, probability=1.0),
        lambda: hours_at_probability(1, 1, 400, TYPICAL, target=0.0, probability=0.5),
        lambda: hours_for_finish(1, 1, 400, TYPICAL, tests=4),
        lambda: hours_for_finish(1, 1, 400, TYPICAL, days=0),
        lambda: hours_for_finish(1, 1, 0, TYPICAL),
        lambda: finish_probability(1, 1, 400, -1, TYPICAL),
    ):
        with pytest.raises(BadInput):
            call()


def test_the_mean_of_the_hours_is_the_area_above_the_probability_of_finishing_within_them() -> None:
    hours = np.linspace(0.0, 900.0, 90_001)
    for alpha, beta, people in [(2.0, 23.0, 400.0), (4.0, 16.0, 300.0), (0.5, 30.0, 900.0), (6.0, 20.0, 120.0)]:
        within = finish_probability(alpha, beta, people, hours, TYPICAL, days=2, survey_minutes=0.0)
        area = float(((1.0 - within[1:]) + (1.0 - within[:-1])).sum() / 2.0 * (hours[1] - hours[0]))
        mean, asked = (
            float(hours_until_finish(alpha, beta, people, TYPICAL, days=2, survey_minutes=minutes)[0])
            for minutes in (0.0, 1.5)
        )
        assert mean == pytest.approx(area, rel=0.01)
        assert mean < asked < float(hours_for_finish(alpha, beta, people, TYPICAL, days=2)[0])  # 80 %
