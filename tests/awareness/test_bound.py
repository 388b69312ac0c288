import numpy as np
import pytest

from fieldops.awareness import A130, R50, TWO_OF_TEN, field_weights, kiefer_weiss_bound
from fieldops.errors import BadInput

ERRORS = R50.error_rates()


def test_no_rule_undercuts_the_printed_bound_of_the_field() -> None:
    assert kiefer_weiss_bound(0.10, 0.30, 0.10, 0.10, mixture=field_weights()) == pytest.approx(14.202, abs=5e-4)


def test_the_card_is_as_far_from_the_bounds_as_printed() -> None:
    looks = range(10, 51, 5)
    same_looks = kiefer_weiss_bound(0.12, 0.28, *ERRORS, looks=looks)
    assert same_looks == pytest.approx(29.1629, abs=2e-4)
    field = kiefer_weiss_bound(0.12, 0.28, *ERRORS, mixture=field_weights(), looks=looks)
    assert field == pytest.approx(23.1390, abs=2e-4)
    shares, weights = field_weights()
    assert weights @ R50.surveys_curve(shares, curtailed=False) == pytest.approx(23.2315, abs=5e-5)
    assert weights @ R50.surveys_curve(shares) == pytest.approx(22.5675, abs=5e-5)


@pytest.mark.full
def test_the_bounds_of_narrow_zones_are_as_printed() -> None:
    assert kiefer_weiss_bound(0.10, 0.30, 0.10, 0.10) == pytest.approx(17.056, abs=5e-4)
    assert kiefer_weiss_bound(0.12, 0.28, *ERRORS) == pytest.approx(27.5324, abs=2e-4)
    assert kiefer_weiss_bound(0.12, 0.28, *ERRORS, max_surveys=50) == pytest.approx(27.9705, abs=2e-4)
    assert kiefer_weiss_bound(0.12, 0.28, *ERRORS, mixture=field_weights()) == pytest.approx(20.9848, abs=2e-4)
    assert kiefer_weiss_bound(0.15, 0.25, 0.10, 0.10) == pytest.approx(71.531, abs=1e-3)
    assert kiefer_weiss_bound(0.15, 0.25, *A130.error_rates()) == pytest.approx(72.083, abs=5e-4)


def test_less_freedom_and_smaller_errors_cost_surveys() -> None:
    middle = ([0.2], [1.0])
    free, ends = (kiefer_weiss_bound(0.1, 0.4, 0.2, 0.2, mixture=middle, max_surveys=most) for most in (None, 6))
    strict = kiefer_weiss_bound(0.1, 0.4, 0.1, 0.2, mixture=middle)
    assert free < ends
    assert free < strict


def test_errors_that_no_short_rule_keeps_are_refused() -> None:
    with pytest.raises(BadInput, match="at most 10 surveys"):
        kiefer_weiss_bound(0.12, 0.28, 0.05, 0.05, mixture=([0.2], [1.0]), looks=[5, 10])


def test_a_fixed_rule_is_its_own_bound_where_nothing_else_is_allowed() -> None:
    low, high = TWO_OF_TEN.error_rates()
    assert kiefer_weiss_bound(0.12, 0.28, low, high, mixture=([0.2], [1.0]), looks=[10]) == pytest.approx(
        10.0, abs=1e-3
    )


def test_the_field_weights_are_a_distribution_of_mostly_low_places() -> None:
    shares, weights = field_weights()
    assert weights.sum() == pytest.approx(1.0)
    assert np.argmax(weights) == np.argmin(np.abs(shares - 0.10))


def test_looks_that_do_not_increase_are_refused() -> None:
    with pytest.raises(BadInput):
        kiefer_weiss_bound(0.1, 0.3, 0.1, 0.1, looks=[10, 5])
