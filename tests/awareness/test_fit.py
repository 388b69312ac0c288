import numpy as np
import pytest

from fieldops.awareness import History, Response, fit_response
from fieldops.awareness.fit import minus_log_likelihood
from fieldops.errors import BadInput
from tests.benchmarks.bench_fit import TRUTH, run_town


def town(seed: int, surveys: int = 25) -> History:
    return run_town(np.random.default_rng(seed), surveys, 3).history


def test_the_gradient_is_that_of_the_likelihood() -> None:
    history = town(1)
    asked = np.unique(history.street)
    spilled = history.spilled()
    x = TRUTH.on_scales() + np.array([0.2, -0.3, 0.4, 0.1, -0.5, 0.3])
    _, gradient = minus_log_likelihood(x, history, spilled, asked)
    differences = [
        (
            minus_log_likelihood(x + step, history, spilled, asked)[0]
            - minus_log_likelihood(x - step, history, spilled, asked)[0]
        )
        / 2e-5
        for step in 1e-5 * np.eye(6)
    ]
    assert gradient == pytest.approx(differences, abs=1e-4)


def test_the_response_is_recovered_from_two_weeks() -> None:
    fitted = fit_response(town(2))
    assert not fitted.assumed
    assert fitted.rho == pytest.approx(TRUTH.rho, rel=0.25)
    for name in ("rho", "delta", "sigma", "mu", "kappa", "tau"):
        low, high = fitted.interval(name)
        assert low < getattr(fitted, name) < high


def test_what_the_record_says_nothing_of_stays_at_the_assumed_value_with_a_wide_interval() -> None:
    idle = History([400] * 30, np.zeros((30, 1)), None, np.arange(30), [0] * 30, [False] * 30, [2] * 30, [25] * 30)
    fitted = fit_response(idle)
    assert (fitted.rho, fitted.sigma) == pytest.approx((Response().rho, Response().sigma), rel=1e-3)
    low, high = fitted.interval("rho")
    assert high / low > 5


def test_more_surveys_make_the_rate_surer() -> None:
    few, many = (fit_response(town(3, surveys)).deviation("rho") for surveys in (5, 50))
    assert many < few


def test_without_any_survey_there_is_nothing_to_fit() -> None:
    with pytest.raises(BadInput, match="nobody was asked"):
        fit_response(History([400], [[1.0]], None, [], [], [], [], []))
