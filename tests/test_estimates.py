"""What is known of every place today: surveys carried on by the effort since."""

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from fieldops.awareness import (
    Neighbours,
    Pool,
    Response,
    expected_dose,
    expected_shortfall,
    pool_streets,
    probability_at_least,
)
from fieldops.city.neighbours import touching_streets
from fieldops.estimates import Basis, Estimates, estimate
from fieldops.evidence import Evidence
from fieldops.forecasts import expected_claims, forecast_claims
from fieldops.ids import StreetId
from fieldops.rules import Rules

TODAY = 740_000


def known(
    surveys: list[tuple[int, int, bool, int, int]], worked: list[tuple[int, int, float]] | None = None, *, streets: int = 6,
    today: int = TODAY, pool: Pool | None = None, neighbours: Neighbours | None = None,
    counted: list[tuple[int, int, float]] | None = None,
) -> Estimates:  # fmt: skip
    """Estimate a town of streets of 400 people, three to a triangle; units above are connection points."""
    groups, efforts = np.array(surveys, dtype=float).reshape(-1, 5), np.array(worked or [], dtype=float).reshape(-1, 3)
    counts = np.array(counted or [], dtype=float).reshape(-1, 3)
    evidence = Evidence(
        streets=tuple(StreetId(f"S{i}") for i in range(streets)), people=np.full(streets, 400.0),
        triangle=np.arange(streets) // 3, triangles=(streets + 2) // 3, zone=np.zeros(streets, dtype=int),
        point_zone=np.zeros((streets + 2) // 3, dtype=int), zones=1, unit=groups[:, 0].astype(int),
        day=groups[:, 1].astype(int), after_push=groups[:, 2] > 0, knows=groups[:, 3], asked=groups[:, 4],
        worked_unit=efforts[:, 0].astype(int), worked_day=efforts[:, 1].astype(int), hours=efforts[:, 2], today=today, neighbours=neighbours,
        counted_unit=counts[:, 0].astype(int), contacts=counts[:, 1].astype(int), counted_hours=counts[:, 2],
    )  # fmt: skip
    return estimate(evidence, Response(), target=0.2, interval=0.8, pools=[pool])


def test_where_nobody_was_asked_the_street_is_unmeasured_and_its_interval_is_wide() -> None:
    found = known([(0, TODAY, False, 2, 25)]).streets
    assert found.measured.tolist() == [True] + [False] * 5
    assert (found.high - found.low)[1:].min() > (found.high - found.low)[0]


def test_before_any_push_a_street_is_its_answers_and_so_many_surveys_of_its_triangles_mean() -> None:
    knows, asked, triangle = np.arange(6.0), np.full(6, 20.0), np.arange(6) // 3
    pool = pool_streets(knows, asked, triangle).pool
    mean, _ = pool.triangle_posterior(knows, asked, triangle, 2)
    found = known([(i, TODAY, False, i, 20) for i in range(6)], pool=pool).streets
    assert found.share == pytest.approx((pool.kappa * mean[triangle] + knows) / (pool.kappa + asked), rel=1e-9)


def test_what_was_asked_long_ago_has_faded_in_share_and_in_weight() -> None:
    fresh, old = (known([(i, TODAY - age, False, 6, 40) for i in range(6)]).streets for age in (0, 10))
    assert old.share.mean() == pytest.approx(fresh.share.mean() * 0.97**10, rel=0.03)
    assert old.asked.tolist() == fresh.asked.tolist()


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


def test_ten_surveys_at_one_triangle_do_not_settle_the_rest_of_the_city() -> None:
    # Unit 200 is the connection point of triangle 0: 8 of the 10 asked there know, and nobody was asked anywhere else.
    found = known([(200, TODAY, False, 8, 10)], streets=200)
    streets, response = found.streets, Response()
    assert Response().mu < streets.share[100] < 0.2
    assert streets.low[100] < 0.02
    assert 0.1 < probability_at_least(streets.alpha, streets.beta)[100] < 0.5
    assert (found.hours_to_target > 0).all()
    assert (expected_shortfall(streets.alpha, streets.beta) > 0).all()
    hours, finish = forecast_claims(streets, np.full(200, 400.0), response, Rules())
    assert hours.min() >= 4 * 1.5 / 60  # somebody has to ask: four who know decide
    assert finish.min() >= 0.8


def test_the_hours_expected_and_their_deviation_reach_the_hours_that_suffice_nine_times_in_ten() -> None:
    streets = known([(0, TODAY, False, 8, 50), (1, TODAY, False, 2, 50)], streets=50).streets
    people, response = np.full(50, 400.0), Response()
    mean, deviation = expected_claims(streets, people, response, Rules())
    nine, _ = forecast_claims(streets, people, response, Rules(finish_probability=0.9))
    assert mean + NormalDist().inv_cdf(0.9) * deviation == pytest.approx(nine)
    assert (deviation > 0).all()
    doubtful = replace(response, covariance=tuple(map(tuple, (0.04 * np.eye(6)).tolist())))
    assert expected_claims(streets, people, doubtful, Rules())[1] == pytest.approx(
        deviation
    )  # what is common does not pool
    assert forecast_claims(streets, people, doubtful, Rules(finish_probability=0.9))[0].sum() > nine.sum()


def test_a_belief_that_rests_on_few_triangles_says_on_how_few() -> None:
    assert Basis.of([0] * 40).warning == "Nobody was asked yet: awareness is assumed everywhere."
    few = Basis.of([300, *[0] * 38, 6]).warning
    assert few is not None
    assert few.startswith("Only 306 answers at 2 of 40 triangles so far")
    assert Basis.of([30] * 8 + [0] * 32).warning is None
    assert Basis.of([30, 30]).warning is None  # of a small town all


def test_what_is_still_to_be_told_and_the_hours_for_it_are_expected_over_the_posterior() -> None:
    rng = np.random.default_rng(3)
    alpha, beta = np.array([1.75, 8.0, 0.3, 60.0]), np.array([23.25, 22.0, 2.0, 40.0])
    share = rng.beta(alpha, beta, (400_000, 4))
    assert expected_shortfall(alpha, beta) == pytest.approx(np.maximum(0.2 - share, 0).mean(axis=0), rel=0.01, abs=1e-6)
    dose = np.maximum(np.log((1 - share) / 0.8), 0).mean(axis=0)
    assert expected_dose(alpha, beta) == pytest.approx(dose, rel=0.01, abs=1e-6)


def test_what_fades_keeps_its_share_of_awareness_and_of_doubt() -> None:
    now = known([(0, TODAY, False, 8, 10)]).streets
    then = now.faded(0.8)
    assert then.share == pytest.approx(now.share * 0.8)
    assert then.alpha / (then.alpha + then.beta) == pytest.approx(then.share)
    assert (expected_shortfall(then.alpha, then.beta) > expected_shortfall(now.alpha, now.beta)).all()


def test_a_town_without_surveys_and_a_town_without_streets_have_estimates() -> None:
    assert not known([]).streets.measured.any()
    assert known([], streets=0).streets.share.shape == (0,)


def test_streets_can_be_taken_in_another_order() -> None:
    found = known([(i, TODAY, False, i, 20) for i in range(6)]).streets
    turned = found.take(np.array([5, 0]))
    assert turned.street == ("S5", "S0")
    assert turned.share.tolist() == [found.share[5], found.share[0]]


def test_a_zone_is_surer_than_a_street_and_unsurer_than_independent_streets_would_be() -> None:
    found = known([(i, TODAY, False, 3, 30) for i in range(60)], streets=60)
    width = found.zones.high[0] - found.zones.low[0]
    independent = np.mean(found.streets.high - found.streets.low) / np.sqrt(60)
    assert independent < width < np.mean(found.streets.high - found.streets.low)
    assert found.zones.low[0] < found.zones.share[0] < found.zones.high[0]
    assert (found.zones.knows[0], found.zones.asked[0]) == (180, 1800)


def test_in_a_zone_where_all_was_pushed_each_street_speaks_for_itself() -> None:
    surveys = [(i, TODAY - 2, False, 2, 30) for i in range(6)]
    found = known(surveys, [(i, TODAY - 1, 8.0) for i in range(6)])
    assert found.zones.share[0] == pytest.approx(found.streets.share.mean())


def test_a_triangle_is_its_point_where_that_was_measured_else_its_streets() -> None:
    found = known([*((i, TODAY, False, 1, 30) for i in range(6)), (6, TODAY, False, 12, 40)])
    assert found.triangles.share[0] == found.points.share[0]
    assert found.triangles.share[1] == pytest.approx(found.streets.share[3:].mean())
    assert found.triangles.asked.tolist() == [130, 90]


def test_a_connection_point_is_shrunk_harder_than_a_street_since_it_mixes_the_people_of_several() -> None:
    surveys = [(0, TODAY, False, 9, 30), (7, TODAY, False, 9, 30), *((i, TODAY, False, 2, 30) for i in (1, 2, 4, 5))]
    found = known(surveys)
    assert found.streets.share[0] > found.points.share[1]


def test_a_street_that_answered_a_push_quickly_has_a_factor_above_one() -> None:
    surveys = [(i, TODAY - 3, False, 2, 30) for i in range(3)]
    quick, slow = (
        known([*surveys, (0, TODAY - 2, True, knows, 40)], [(0, TODAY - 2, 8.0)]).streets.factor for knows in (18, 5)
    )
    assert quick[0] > 1.1 > 0.9 > slow[0]
    assert quick[1:].tolist() == [1.0] * 5


def test_hours_spill_over_to_the_streets_that_touch_and_to_no_other() -> None:
    near = touching_streets([0, 1, 1, 2, 3, 4], [1, 1, 2, 2, 7, 8], 6)
    surveys = [(i, TODAY - 9, False, 2, 25) for i in range(6)]
    alone, spilled = known(surveys, [(1, TODAY - 1, 6.0)]), known(surveys, [(1, TODAY - 1, 6.0)], neighbours=near)
    gained = spilled.streets.share - alone.streets.share
    assert gained[0] == pytest.approx(gained[2])
    assert gained[0] > 0.005
    assert gained[1] == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(gained[3:], 0.0, atol=1e-12)


def test_counted_conversations_move_the_estimate_of_a_pushed_street() -> None:
    surveys = [(i, TODAY - 9, False, 2, 25) for i in range(6)]
    worked = [(i, TODAY - 1, 6.0) for i in range(6)]
    counted = [(i, count, 6.0) for i, count in enumerate((40, 80, 97, 97, 120, 190))]
    found = known(surveys, worked, counted=counted).streets
    assert (np.diff(found.share[[0, 1, 2, 4, 5]]) > 0).all()
    assert found.pace[0] < 0 < found.pace[5]
    assert (found.pace_deviation < 1).all()
    silent = known(surveys, worked).streets
    assert silent.pace_deviation == pytest.approx(np.ones(6), abs=0.05)


def test_where_nobody_knew_before_a_push_there_is_an_estimate_all_the_same() -> None:
    found = known([(0, TODAY - 2, False, 0, 10)], [(0, TODAY - 1, 6.0)]).streets
    assert np.isfinite(found.share).all()
    assert (found.low < found.high).all()
