"""What ties the streets together, by likelihood: right where tests stop early, and where nobody was asked."""

import numpy as np
import pytest
from scipy import special

from fieldops.awareness import R50, Pool, Response, Verdict, fit_pool, pool_streets, posterior_interval

CITY, KAPPA, HELD = 0.07, 60.0, 60.0


def stopped_tests(seed: int, triangles: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ask with the card on three streets of each triangle until it decides."""
    rng = np.random.default_rng(seed)
    triangle = np.repeat(np.arange(triangles), 3)
    mean = rng.beta(CITY * HELD, (1 - CITY) * HELD, triangles)[triangle]
    shares = rng.beta(mean * KAPPA, (1 - mean) * KAPPA)
    knows, asked = np.zeros(len(shares)), np.zeros(len(shares))
    for i, share in enumerate(shares):
        said = R50.decide((rng.random(R50.most_surveys) < share).tolist())
        assert said.verdict is not Verdict.ASK_MORE
        knows[i], asked[i] = said.knows_used, said.surveys_used
    return knows, asked, triangle


def test_where_tests_stop_early_the_likelihood_finds_how_streets_differ_better_than_moments() -> None:
    truth, found = 1 / (1 + KAPPA), []
    for seed in range(6):
        knows, asked, triangle = stopped_tests(seed)
        by_likelihood = fit_pool(knows, asked, triangle, np.ones(len(knows)), Response())
        by_moments = pool_streets(knows, asked, triangle).pool
        found.append([(one.streets.rho, one.triangles.rho, one.city) for one in (by_likelihood, by_moments)])
    likelihood, moments = np.array(found).transpose(1, 0, 2)
    assert likelihood.mean(axis=0)[:2] == pytest.approx([truth, truth], rel=0.25)
    assert likelihood.mean(axis=0)[2] == pytest.approx(CITY, rel=0.04)
    error, of_moments = (np.sqrt(np.mean((one[:, 0] - truth) ** 2)) for one in (likelihood, moments))
    assert error < 0.6 * of_moments


def test_a_connection_point_says_less_of_how_streets_differ() -> None:
    rng = np.random.default_rng(2)
    triangle, asked = np.arange(300), np.full(300, 40.0)
    knows = rng.binomial(40, rng.beta(7, 93, 300)).astype(float)
    as_streets, as_points = (fit_pool(knows, asked, triangle, np.full(300, wide), Response()) for wide in (1.0, 4.0))
    assert as_points.streets.rho > 1.1 * as_streets.streets.rho


def test_where_nobody_was_asked_it_is_what_is_assumed() -> None:
    none = np.zeros(3)
    pool = fit_pool(none, none, np.zeros(3, dtype=np.int64), np.ones(3), Response())
    assert pool.city == pytest.approx(Response().mu, rel=0.01)
    assert pool.kappa == pytest.approx(2 * Response().kappa)


def test_the_doubt_of_the_city_falls_with_the_triangles_that_were_asked_and_reaches_those_that_were_not() -> None:
    doubts = []
    for asked_triangles in (0, 1, 10, 100):
        triangle = np.arange(200)
        asked = np.where(triangle < asked_triangles, 20.0, 0.0)
        pool = fit_pool(asked * 0.1, asked, triangle, np.ones(200), Response())
        _, variance = pool.triangle_posterior(asked * 0.1, asked, triangle, 200)
        own = pool.city * (1 - pool.city) / (pool.triangles.cautious_kappa + 1)
        assert variance[-1] == pytest.approx(own + pool.doubt)
        assert Pool.from_json(pool.to_json()) == pool
        doubts.append(pool.doubt)
    assert doubts == sorted(doubts, reverse=True)
    assert doubts[-1] < 0.03 * doubts[0]


def others_after(answers: int, knowing: int, triangles: int) -> tuple[float, float, float]:
    """Return share and 80 % interval of a street where nobody was asked, after so many answers at each of some points."""
    triangle = np.arange(100)
    asked = np.where(triangle < triangles, float(answers), 0.0)
    knows, points = asked * (knowing / answers), np.full(100, 4.0)
    pool = fit_pool(knows, asked, triangle, points)
    mean, variance = pool.triangle_posterior(knows, asked, triangle, 100, points)
    alpha, beta = pool.street_posterior(np.zeros(100), np.zeros(100), mean, variance)
    low, high = posterior_interval(alpha, beta)
    return float(alpha[-1] / (alpha[-1] + beta[-1])), float(low[-1]), float(high[-1])


def test_one_place_however_often_asked_tells_little_of_the_others() -> None:
    share, low, high = others_after(300, 120, 1)
    assert share < 0.2
    assert low < 0.02
    assert high > 0.35
    assert others_after(3_000, 1_200, 1) == pytest.approx((share, low, high), abs=0.05)


def test_as_many_answers_at_many_places_tell_of_the_others() -> None:
    share, low, high = others_after(30, 12, 10)
    assert share == pytest.approx(0.38, abs=0.03)
    assert (high - low) < 0.75 * np.diff(others_after(300, 120, 1)[1:])[0]


def test_six_answers_move_the_others_little() -> None:
    assert others_after(6, 3, 1)[0] < 0.14
    assert others_after(6, 0, 1)[0] > 0.05


def test_after_few_triangles_as_after_many_the_interval_of_the_others_holds_what_it_says() -> None:
    triangle, points = np.arange(60), np.full(60, 4.0)
    for measured in (1, 3, 10, 40):
        held = []
        for seed in range(80):
            rng = np.random.default_rng([seed, measured])
            city = special.expit(special.logit(CITY) - 0.2 + 0.7 * rng.standard_normal())
            mean = np.clip(rng.beta(25 * city, 25 * (1 - city), 60), 1e-6, 1.0)
            asked = np.where(triangle < measured, 30.0, 0.0)
            knows = rng.binomial(asked.astype(int), rng.beta(200 * mean, 200 * (1 - mean))).astype(float)
            truth = rng.beta(50 * mean, 50 * (1 - mean))
            pool = fit_pool(knows, asked, triangle, points)
            of_triangle = pool.triangle_posterior(knows, asked, triangle, 60, points)
            low, high = posterior_interval(*pool.street_posterior(np.zeros(60), np.zeros(60), *of_triangle))
            held.append(((low <= truth) & (truth <= high))[measured:].mean())
        assert np.mean(held) == pytest.approx(0.8, abs=0.06)


def test_a_pool_of_an_old_record_has_no_doubt_of_the_city() -> None:
    old = fit_pool(np.ones(1), np.full(1, 9.0), np.zeros(1, dtype=np.int64), np.ones(1)).to_json()
    del old["doubt"]
    assert Pool.from_json(old).doubt == 0.0


def test_fractions_of_surveys_and_broad_units_are_welcome() -> None:
    knows, asked = np.array([2.0, 1.0, 6.0]), np.array([20.5, 18.2, 44.4])
    pool = fit_pool(knows, asked, np.array([0, 0, 1]), np.array([1.0, 1.0, 2.5]), Response())
    assert 0.03 < pool.city < 0.2
    assert pool.streets.rho == pytest.approx(1 / (1 + pool.kappa))
