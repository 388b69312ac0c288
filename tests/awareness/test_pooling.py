"""What ties the streets together, by likelihood: right where tests stop early, and where nobody was asked."""

import numpy as np
import pytest

from fieldops.awareness import R50, Pool, Response, Verdict, fit_pool, pool_streets

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
    assert pool.city == pytest.approx(Response().mu)
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
    assert doubts[-1] < 0.02 * doubts[0]


def test_a_pool_of_an_old_record_has_no_doubt_of_the_city() -> None:
    old = fit_pool(np.ones(1), np.full(1, 9.0), np.zeros(1, dtype=np.int64), np.ones(1)).to_json()
    del old["doubt"]
    assert Pool.from_json(old).doubt == 0.0


def test_fractions_of_surveys_and_broad_units_are_welcome() -> None:
    knows, asked = np.array([2.0, 1.0, 6.0]), np.array([20.5, 18.2, 44.4])
    pool = fit_pool(knows, asked, np.array([0, 0, 1]), np.array([1.0, 1.0, 2.5]), Response())
    assert 0.03 < pool.city < 0.2
    assert pool.streets.rho == pytest.approx(1 / (1 + pool.kappa))
