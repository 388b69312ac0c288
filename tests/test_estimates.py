"""What is known of every place today: surveys carried on by the effort since."""

import numpy as np
import pytest

from fieldops.awareness import Response, pool_streets
from fieldops.estimates import Estimates, Evidence, combine, estimate
from fieldops.ids import StreetId

TODAY = 740_000


def known(
    surveys: list[tuple[int, int, bool, int, int]], worked: list[tuple[int, int, float]] | None = None, *, streets: int = 6,
    today: int = TODAY,
) -> Estimates:  # fmt: skip
    """Estimate a town of streets of 400 people, three to a triangle; units above are connection points."""
    groups, efforts = np.array(surveys, dtype=float).reshape(-1, 5), np.array(worked or [], dtype=float).reshape(-1, 3)
    evidence = Evidence(
        streets=tuple(StreetId(f"S{i}") for i in range(streets)), people=np.full(streets, 400.0),
        triangle=np.arange(streets) // 3, triangles=(streets + 2) // 3, unit=groups[:, 0].astype(int),
        day=groups[:, 1].astype(int), after_push=groups[:, 2] > 0, knows=groups[:, 3], asked=groups[:, 4],
        worked_unit=efforts[:, 0].astype(int), worked_day=efforts[:, 1].astype(int), hours=efforts[:, 2], today=today,
    )  # fmt: skip
    return estimate(evidence, Response(), target=0.2, interval=0.8)


def test_where_nobody_was_asked_the_street_is_unmeasured_and_its_interval_is_wide() -> None:
    found = known([(0, TODAY, False, 2, 25)]).streets
    assert found.measured.tolist() == [True] + [False] * 5
    assert (found.high - found.low)[1:].min() > (found.high - found.low)[0]


def test_before_any_push_the_estimate_is_the_pooled_one() -> None:
    surveys = [(i, TODAY - i, False, i, 20) for i in range(6)]
    pooled = pool_streets(np.arange(6.0), np.full(6, 20.0), np.arange(6) // 3)
    # two units more, the connection points, where nobody was asked
    assert known(surveys).streets.share == pytest.approx(pooled.street_mean, rel=1e-9)


def test_hours_since_a_survey_raise_the_estimate_and_nights_lower_it() -> None:
    surveys = [(i, TODAY - 5, False, 2, 25) for i in range(6)]
    still = known(surveys).streets.share[0]
    pushed = known(surveys, [(0, TODAY - 5, 6.0)]).streets.share[0]
    pushed_today = known(surveys, [(0, TODAY, 6.0)]).streets.share[0]
    assert still < pushed < pushed_today


def test_a_survey_after_the_days_push_counts_for_what_it_found_then() -> None:
    before = known([(0, TODAY, False, 5, 50)], [(0, TODAY, 10.0)]).streets.share[0]
    after = known([(0, TODAY, True, 5, 50)], [(0, TODAY, 10.0)]).streets.share[0]
    assert after < before


def test_effort_of_a_street_reaches_the_connection_point_of_its_triangle() -> None:
    surveys = [(6, TODAY - 3, False, 2, 30), (7, TODAY - 3, False, 2, 30)]
    points = known(surveys, [(0, TODAY - 2, 30.0)]).points
    assert points.share[0] > points.share[1]


def test_a_street_above_the_target_with_certainty_needs_no_hours_and_an_unknown_one_some() -> None:
    found = known([(0, TODAY, False, 200, 400), *((i, TODAY, False, 2, 40) for i in range(1, 5))])
    assert found.hours_to_target[0] == pytest.approx(0.0, abs=0.05)
    assert found.hours_to_target[5] > 1.0


def test_a_town_without_surveys_and_a_town_without_streets_have_estimates() -> None:
    assert not known([]).streets.measured.any()
    assert known([], streets=0).streets.share.shape == (0,)


def test_streets_can_be_taken_in_another_order() -> None:
    found = known([(i, TODAY, False, i, 20) for i in range(6)]).streets
    turned = found.take(np.array([5, 0]))
    assert turned.street == ("S5", "S0")
    assert turned.share.tolist() == [found.share[5], found.share[0]]


def test_a_zone_is_the_mean_of_its_streets_weighed_by_people_and_surer_than_each() -> None:
    alpha, beta = np.array([2.0, 6.0]), np.array([18.0, 14.0])
    share, low, high = combine(alpha, beta, np.array([300.0, 100.0]), np.zeros(2, dtype=int), 1, 0.8)
    assert share[0] == pytest.approx(0.75 * 0.1 + 0.25 * 0.3)
    assert high[0] - low[0] < known([]).streets.high[0] - known([]).streets.low[0]
    assert low[0] < share[0] < high[0]
