import numpy as np
import pytest
from scipy import stats

from fieldops.city.synth.truth import Truth, make_truth

N = 4_000
X, Y = np.random.default_rng(5).uniform(-5_000, 5_000, (2, N))
BUILT = np.random.default_rng(6).lognormal(5, 0.8, N)


@pytest.fixture(scope="module")
def truth() -> Truth:
    return make_truth(BUILT, X, Y, np.random.default_rng(7))


def test_people_are_lognormal_around_400_and_follow_the_buildings(truth: Truth) -> None:
    assert np.median(truth.people) == pytest.approx(400, rel=0.01)
    assert stats.kstest(np.log(truth.people), "norm", args=(np.log(400), np.log(BUILT).std())).statistic < 0.01
    assert 0.7 < stats.spearmanr(truth.people, BUILT).statistic < 0.8


def test_awareness_is_the_beta_distribution_that_the_estimator_assumes(truth: Truth) -> None:
    assert stats.kstest(truth.awareness, "beta", args=(0.07 * 25, 0.93 * 25)).statistic < 0.01


def test_neighbours_know_alike_and_far_streets_do_not(truth: Truth) -> None:
    apart = np.hypot(X[:, None] - X, Y[:, None] - Y)
    score = stats.zscore(truth.awareness)
    product = score[:, None] * score
    assert product[(apart > 0) & (apart < 200)].mean() > 0.4
    assert abs(product[(apart > 5_000) & (apart < 6_000)].mean()) < 0.25


def test_response_varies_by_the_street_factor_around_twelve(truth: Truth) -> None:
    assert truth.response.mean() == pytest.approx(12, rel=0.02)
    assert np.log(truth.response).std() == pytest.approx(0.35, rel=0.04)
    assert abs(np.corrcoef(np.log(truth.response), truth.awareness)[0, 1]) < 0.05
