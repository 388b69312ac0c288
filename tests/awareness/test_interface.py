"""The functions that scripts and acceptance checks call by name: their arguments, units and what they return."""

import numpy as np
import pytest

from fieldops import awareness, backcheck
from fieldops.awareness import A130, R50, TWO_OF_TEN, CountRule, Response, Verdict


def test_a_card_is_made_of_its_three_tables_and_decides_on_answers() -> None:
    card = CountRule(looks=[10], push_on_at_most=[1], move_on_at_least=[2])  # type: ignore[arg-type]
    said = card.decide([True, False, True])
    assert (said.verdict, said.surveys_used) == (Verdict.MOVE_ON, 3)
    assert {Verdict.MOVE_ON, Verdict.PUSH_ON, Verdict.ASK_MORE} == set(Verdict)
    assert card.decide([False] * 9).verdict is Verdict.PUSH_ON
    assert card.decide([False] * 8).verdict is Verdict.ASK_MORE
    assert {R50.most_surveys, A130.most_surveys, TWO_OF_TEN.most_surveys} == {50, 130, 10}


def test_a_cards_characteristics_are_triples_of_move_on_expected_surveys_and_their_95_percent_point() -> None:
    move_on, expected, most = R50.operating_characteristic(0.12, curtailed=False)
    assert (move_on, expected, most) == (pytest.approx(0.09943458, abs=1e-8), pytest.approx(26.443358, abs=1e-6), 50)
    assert R50.operating_characteristic(0.12)[1] == pytest.approx(26.220516, abs=1e-6)
    assert R50.clustered_characteristic(0.12, icc=0.05, cluster_size=5)[0] == pytest.approx(0.124476, abs=1e-6)
    assert R50.finite_characteristic(80, 8)[0] == pytest.approx(0.010783, abs=1e-6)


def test_designs_are_called_by_zone_and_errors() -> None:
    assert awareness.sprt(0.12, 0.28, 0.1, 0.1, max_surveys=60).operating_characteristic(0.12, curtailed=False)[
        0
    ] == pytest.approx(0.08148868, abs=1e-8)
    two = awareness.two_sprt(0.12, 0.28, 0.1, 0.1)
    assert two.operating_characteristic(0.2, curtailed=False)[1] == pytest.approx(48.549786, abs=1e-6)
    assert isinstance(awareness.two_sprt(0.12, 0.28, 0.28467, 0.17399, theta=0.17541), CountRule)
    assert awareness.lqas(0.12, 0.28, 0.1, 0.1) == (40, 8)
    assert awareness.kiefer_weiss_bound(0.1, 0.3, 0.1, 0.1) == pytest.approx(17.056, rel=1e-3)


def test_what_is_reported_after_stopping_is_called_by_counts() -> None:
    assert awareness.unbiased_share(R50, 15, 5) == pytest.approx(91 / 340)
    low, high = awareness.confidence_interval(5, 15, 0.2)
    assert 0 < low < 5 / 15 < high < 1


def test_pooling_takes_counts_and_triangles_and_gives_city_rho_kappa_and_means() -> None:
    s, n = (3, 1, 6, 0, 4, 9, 2, 5), (25, 20, 30, 15, 25, 40, 20, 25)
    pooled = awareness.pool_streets(s, n, (0, 0, 0, 1, 1, 1, 2, 2))
    assert (pooled.city, pooled.rho, pooled.kappa) == (
        pytest.approx(0.1438973325, abs=1e-9),
        pytest.approx(0.0207837953, abs=1e-9),
        pytest.approx(47.1144077, abs=1e-6),
    )
    assert len(pooled.triangle_mean) == 3
    assert pooled.street_mean[0] == pytest.approx(0.13378792, abs=1e-8)


def test_hours_days_and_the_next_day_are_called_by_awareness_people_and_response() -> None:
    response = Response(rho=12.0, delta=0.03)
    assert awareness.hours_to_target(0.05, 400, response) == pytest.approx(5.728342, abs=1e-6)
    assert awareness.hours_to_target(0.0, 400, response, 0.2) == pytest.approx(7.438118, abs=1e-6)
    days, hours = awareness.days_to_target(0.05, 400, response, hours_per_day=2)
    assert (days, hours) == (4, pytest.approx(6.276045, abs=1e-6))
    assert awareness.hours_to_hold(400, response) == pytest.approx(0.249067, abs=1e-6)
    tomorrow = awareness.next_day([0.05, 0.05], [4.0, 0.0], [400, 400], [[1], [0]], response)
    assert tomorrow[0] == pytest.approx(0.97 * (1 - 0.95 * np.exp(-12 * 4 / 400)))
    assert tomorrow[1] == pytest.approx(0.97 * (1 - 0.95 * np.exp(-12 * response.sigma * 4 / 400)))


def test_the_checks_of_answers_are_called_by_counts_and_orders() -> None:
    assert backcheck.compare_counts(9, 20, 1, 20) == pytest.approx((184756 + 167960 * 20 / 2) / 847660528)
    order = [letter == "1" for letter in "0000100001000010000100001"]
    assert backcheck.runs_test(order) == pytest.approx(0.365, abs=5e-4)
    assert backcheck.evenness_test(order) == pytest.approx(0.0318, abs=5e-5)
    assert backcheck.promoter_score([5], [25], [0.1], 0.03) == pytest.approx(2.5 / np.sqrt(25 * 0.09 * 1.72))
    assert backcheck.detection_probability(0.1, 22) == pytest.approx(1 - 0.9**22)
