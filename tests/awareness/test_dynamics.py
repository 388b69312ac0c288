import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from fieldops.awareness import (
    Response,
    days_to_target,
    effective_hours,
    forecast_share,
    hours_to_hold,
    hours_to_target,
    next_day,
    share_to_outlast,
    spill_weights,
)
from fieldops.errors import BadInput

TYPICAL = Response()
SHARES = st.floats(0.0, 0.95)


def test_one_go_takes_the_printed_hours() -> None:
    assert hours_to_target(0.05, 400, TYPICAL) == pytest.approx(5.728342, abs=5e-7)
    assert hours_to_target([0.0, 0.2, 0.7, 1.0], 400, TYPICAL) == pytest.approx([7.438118, 0, 0, 0], abs=5e-7)


@pytest.mark.parametrize(
    ("a_day", "days", "hours"),
    [
        (8, 1, 5.728342),
        (4, 2, 5.914659),
        (2, 4, 6.276045),
        (1, 7, 6.682332),
        (0.5, 17, 8.327582),
        (0.25, 146, 36.499293),
    ],
)
def test_dripping_takes_the_printed_days_and_hours(a_day: float, days: int, hours: float) -> None:
    found = days_to_target(0.05, 400, TYPICAL, hours_per_day=a_day)
    assert found == pytest.approx((days, hours), abs=5e-7)


def test_forgetting_outruns_less_than_the_hours_that_hold_the_target() -> None:
    holding = float(hours_to_hold(400, TYPICAL))
    days, hours = days_to_target(0.05, 400, TYPICAL, hours_per_day=[holding * 0.999, holding * 1.001])
    assert np.isinf([days[0], hours[0]]).all()
    assert np.isfinite([days[1], hours[1]]).all()


@settings(deadline=None)
@given(SHARES, st.floats(50, 5000), st.floats(0.5, 40))
def test_the_closed_form_of_days_is_what_living_through_them_gives(share: float, people: float, a_day: float) -> None:
    days, hours = days_to_target(share, people, TYPICAL, hours_per_day=a_day)
    if share >= 0.2:
        assert (days, hours) == (0, 0)
    elif days < 200:
        morning, still = share, TYPICAL
        for _ in range(int(days) - 1):
            evening = 1 - (1 - morning) * np.exp(-still.rho * a_day / people)
            assert evening < 0.2 + 1e-9
            morning = float(next_day(morning, a_day, people, None, still))
        last = float(hours_to_target(morning, people, still))
        assert last <= a_day * (1 + 1e-6) + 1e-9
        assert hours == pytest.approx((days - 1) * a_day + last, rel=1e-6, abs=1e-9)


def test_holding_takes_the_printed_hours_a_day() -> None:
    found = [float(hours_to_hold(400, Response(delta=delta))) for delta in (0.03, 0.02)]
    assert found == pytest.approx([0.249067, 0.166251], abs=5e-7)


def test_the_share_that_outlasts_a_week_is_as_printed() -> None:
    found = [float(share_to_outlast(7, Response(delta=delta))) for delta in (0.01, 0.02, 0.03)]
    assert found == pytest.approx([0.2146, 0.2304, 0.2475], abs=5e-5)
    assert forecast_share(found[2], 7, TYPICAL) == pytest.approx(0.2)


def test_a_day_raises_the_pushed_street_and_its_neighbour_and_one_night_fades_all() -> None:
    line = [[1], [0, 2], [1]]  # three streets in a row; the first is pushed
    found = next_day([0.1, 0.1, 0.1], [4.0, 0.0, 0.0], [400, 400, 400], line, TYPICAL)
    doses = 12 * np.array([4.0, 0.3 * 4.0, 0.0]) / 400
    assert found == pytest.approx(0.97 * (1 - 0.9 * np.exp(-doses)))


def test_an_hour_spills_in_equal_parts_to_all_neighbours() -> None:
    line = [[1], [0, 2], [1]]
    assert effective_hours([0.0, 2.0, 0.0], line, TYPICAL) == pytest.approx([0.3, 2.0, 0.3])
    assert spill_weights(line, 3).sum(axis=0) == pytest.approx([1.0, 1.0, 1.0])


def test_neighbours_may_be_lists_or_a_matrix_of_any_weights_and_stay_as_they_are() -> None:
    matrix = np.array([[0, 5, 0], [5, 0, 2], [0, 2, 0]])
    given_sparse = sparse.csr_array(matrix)
    expected = spill_weights([[1], [0, 2], [1]], 3).toarray()
    for neighbours in (matrix, matrix.tolist(), given_sparse, sparse.coo_matrix(matrix)):
        assert spill_weights(neighbours, 3).toarray() == pytest.approx(expected)
    assert given_sparse.toarray().tolist() == matrix.tolist()


@settings(deadline=None)
@given(SHARES, st.floats(0, 20), st.floats(0, 20), st.floats(10, 5000))
def test_two_pushes_on_one_day_are_one_push_of_all_the_hours(share: float, one: float, two: float, n: float) -> None:
    awake = Response(delta=0.0)
    twice = next_day(next_day(share, one, n, None, awake), two, n, None, awake)
    assert twice == pytest.approx(next_day(share, one + two, n, None, awake), abs=1e-12)


@settings(deadline=None)
@given(SHARES, st.floats(0, 100), st.floats(10, 5000), st.floats(0.1, 5))
def test_awareness_stays_a_share_and_more_hours_never_lower_it(share: float, h: float, n: float, f: float) -> None:
    less, more = (float(next_day(share, hours, n, None, TYPICAL, factors=f)) for hours in (h, h + 1))
    assert 0.0 <= less <= more <= 1.0


@settings(deadline=None)
@given(st.floats(0.0, 0.19), st.floats(10, 5000))
def test_the_hours_to_target_are_just_enough(share: float, people: float) -> None:
    awake = Response(delta=0.0)
    hours = hours_to_target(share, people, awake)
    assert next_day(share, hours, people, None, awake) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("field", "value"),
    [("rho", 0), ("delta", 1), ("sigma", 2), ("tau", -0.1), ("mu", 0), ("kappa", 0), ("covariance", ((1.0,),)),
     ("rho", float("nan"))],
)  # fmt: skip
def test_a_response_that_cannot_be_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(BadInput) as refused:
        Response(**{field: value})
    assert refused.value.field == field


def test_what_is_outside_its_range_is_refused_with_the_first_street() -> None:
    with pytest.raises(BadInput) as refused:
        hours_to_target([0.1, 1.2, -1], [100, 100, 100], TYPICAL)
    assert refused.value.row == 1
    for call in (
        lambda: hours_to_target([0.1], [0.0], TYPICAL),
        lambda: hours_to_target([0.1], [10.0], TYPICAL, 1.0),
        lambda: days_to_target(0.1, 10, TYPICAL, hours_per_day=0),
        lambda: next_day([0.1, np.nan], [1, 1], [10, 10], None, TYPICAL),
        lambda: next_day([0.1, 0.1], [1, -1], [10, 10], None, TYPICAL),
        lambda: spill_weights([[0], []], 2),
        lambda: spill_weights([[1]], 2),
        lambda: spill_weights([[5], []], 2),
        lambda: spill_weights(np.zeros((2, 3)), 2),
    ):
        with pytest.raises(BadInput):
            call()


def test_assumed_numbers_have_no_interval_and_fitted_ones_do() -> None:
    assert TYPICAL.assumed
    assert TYPICAL.interval("rho") is None
    assert TYPICAL.spread == TYPICAL.tau
    fitted = Response(covariance=tuple(tuple(row) for row in (0.01 * np.eye(6)).tolist()))
    low, high = fitted.interval("rho")
    assert (low, high) == pytest.approx((12 * np.exp(-0.12815516), 12 * np.exp(0.12815516)))
    assert fitted.spread == pytest.approx(np.hypot(0.35, 0.1))


def test_alternatives_have_the_mean_and_covariance_of_the_fit() -> None:
    root = np.tril(np.arange(1.0, 37.0).reshape(6, 6)) / 200
    covariance = root @ root.T
    fitted = Response(covariance=tuple(tuple(row) for row in covariance.tolist()))
    points = np.array([guess.on_scales() for guess in fitted.alternatives()])
    assert points.mean(axis=0) == pytest.approx(fitted.on_scales(), abs=1e-9)
    assert np.cov(points.T, bias=True) == pytest.approx(covariance, abs=1e-9)
    assert TYPICAL.alternatives() == [TYPICAL]


def test_a_response_survives_its_storage() -> None:
    fitted = Response(rho=9.5, covariance=tuple(tuple(row) for row in np.eye(6).tolist()))
    stored = {**fitted.to_json(), "covariance": [list(row) for row in np.eye(6)]}
    assert Response.from_json(stored) == fitted
    assert Response.from_json({}) == TYPICAL
    for wrong in ({"speed": 3}, {"rho": "fast"}):
        with pytest.raises(BadInput):
            Response.from_json(wrong)
