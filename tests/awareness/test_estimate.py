import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fieldops.awareness import Response, carry_forward, pool_streets, posterior_interval
from fieldops.errors import BadInput

KNOWS, ASKED = (3, 1, 6, 0, 4, 9, 2, 5), (25, 20, 30, 15, 25, 40, 20, 25)


def test_one_level_is_as_printed() -> None:
    pooled = pool_streets(KNOWS, ASKED)
    assert pooled.city == pytest.approx(0.15)
    assert (pooled.rho, pooled.kappa) == pytest.approx((0.005, 199))
    assert pooled.street_mean == pytest.approx((199 * 0.15 + np.array(KNOWS)) / (199 + np.array(ASKED)))


def test_two_levels_are_as_printed() -> None:
    pooled = pool_streets(KNOWS, ASKED, (0, 0, 0, 1, 1, 1, 2, 2))
    assert pooled.city == pytest.approx(0.1438973325, abs=5e-11)
    assert pooled.rho == pytest.approx(0.0207837953, abs=5e-11)
    assert pooled.kappa == pytest.approx(47.1144077, abs=5e-8)
    printed = [0.13378792, 0.11395521, 0.16401652, 0.11032885, 0.15049713, 0.18197921, 0.13175106, 0.16421676]
    assert pooled.street_mean == pytest.approx(printed, abs=5e-9)


def test_an_unmeasured_street_has_its_triangle_s_prior_and_is_marked() -> None:
    pooled = pool_streets((*KNOWS, 0, 0), (*ASKED, 0, 0), (0, 0, 0, 1, 1, 1, 2, 2, 2, 3))
    assert pooled.measured.tolist() == [True] * 8 + [False] * 2
    assert pooled.street_mean[8] == pytest.approx(pooled.triangle_mean[2])
    assert pooled.street_mean[9] == pytest.approx(pooled.city)
    low, high = pooled.interval()
    assert high[8] - low[8] > (high - low)[6:8].max()
    assert high[9] - low[9] > high[8] - low[8]


def test_where_nobody_was_asked_the_assumed_response_is_the_prior() -> None:
    for pooled in (pool_streets([0, 0], [0, 0], [0, 1]), pool_streets([0, 0], [0, 0])):
        assert pooled.street_mean == pytest.approx([0.07, 0.07])
        assert not pooled.measured.any()
    assert pool_streets([0], [0], [0], prior=Response(mu=0.1)).city == pytest.approx(0.1)
    assert len(pool_streets([], [], []).street_mean) == 0


def test_with_few_measured_streets_their_spread_is_taken_as_usual() -> None:
    assert pool_streets(KNOWS[:7], ASKED[:7], np.arange(7) // 3).kappa == 30
    assert pool_streets(KNOWS[:7], ASKED[:7]).kappa == 30


def test_a_new_survey_touches_its_triangle_only_until_the_pool_is_made_anew() -> None:
    triangle = np.array([0, 0, 0, 1, 1, 1, 2, 2])
    pooled = pool_streets(KNOWS, ASKED, triangle)
    here = triangle == 1
    knows, asked = np.array(KNOWS, dtype=float)[here], np.array(ASKED, dtype=float)[here]
    one_triangle = np.zeros(3, dtype=np.int64)

    def estimate(more: float) -> tuple[np.ndarray, np.ndarray]:
        new = np.array([more, 0.0, 0.0])
        s, n = knows + new, asked + new
        mean, variance = pooled.pool.triangle_posterior(s, n, one_triangle, 1)
        return pooled.pool.street_posterior(s, n, mean[one_triangle], variance[one_triangle])

    same = estimate(0)
    assert same[0] == pytest.approx(pooled.alpha[here])
    assert same[1] == pytest.approx(pooled.beta[here])
    alpha, beta = estimate(1)
    assert (alpha / (alpha + beta) > pooled.street_mean[here]).all()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 4)), min_size=1, max_size=30))
def test_every_estimate_is_a_share_between_its_own_ratio_and_its_triangle(rows: list[tuple[int, int, int]]) -> None:
    knows, more, triangle = (np.array(column) for column in zip(*rows, strict=True))
    asked = knows + more
    pooled = pool_streets(knows, asked, triangle)
    low, high = pooled.interval()
    assert ((low >= 0) & (low <= high) & (high <= 1)).all()
    ratio = np.where(asked > 0, knows / np.maximum(asked, 1), pooled.triangle_mean[triangle])
    ends = np.sort([ratio, pooled.triangle_mean[triangle]], axis=0)
    assert (pooled.street_mean >= ends[0] - 1e-6).all()
    assert (pooled.street_mean <= ends[1] + 1e-6).all()
    assert ((pooled.probability_at_least(0.2) >= 0) & (pooled.probability_at_least(0.2) <= 1)).all()


@pytest.mark.parametrize(("kappa", "triangles", "asked_share"), [(10, 60, 0.3), (25, 200, 0.6)])
def test_the_stated_intervals_hold_for_measured_and_unmeasured_streets(
    kappa: float, triangles: int, asked_share: float
) -> None:
    rng = np.random.default_rng(3)
    held: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(40):
        mean = rng.beta(100 * 0.09, 100 * 0.91, triangles)
        triangle = rng.integers(0, triangles, 800)
        truth = rng.beta(kappa * mean[triangle], kappa * (1 - mean[triangle]))
        asked = np.where(rng.random(800) < asked_share, rng.choice([10, 25], 800), 0)
        pooled = pool_streets(rng.binomial(asked, truth), asked, triangle)
        low, high = pooled.interval()
        inside = (low <= truth) & (truth <= high)
        for measured in held:
            held[measured].append(inside[pooled.measured == measured].mean())
    for measured in held:
        assert 0.76 <= np.mean(held[measured]) <= 0.84


def test_shrinking_halves_the_error_of_the_plain_ratio() -> None:
    rng = np.random.default_rng(4)
    truth = rng.beta(0.07 * 25, 0.93 * 25, 4000)
    knows = rng.binomial(25, truth)
    shrunk = pool_streets(knows, np.full(4000, 25)).street_mean
    assert np.mean((shrunk - truth) ** 2) < 0.5 * np.mean((knows / 25 - truth) ** 2)


@settings(deadline=None)
@given(st.floats(0.1, 50), st.floats(0.1, 50), st.floats(0, 3))
def test_a_day_carries_the_mean_as_the_model_says(alpha: float, beta: float, dose: float) -> None:
    response = Response()
    later = carry_forward(np.array([alpha]), np.array([beta]), dose, response, noise=0.0)
    mean = alpha / (alpha + beta)
    assert later[0] / (later[0] + later[1]) == pytest.approx(0.97 * (1 - (1 - mean) * np.exp(-dose)), abs=1e-7)


def test_days_without_news_make_an_estimate_wider() -> None:
    alpha, beta = np.array([8.0]), np.array([32.0])
    before = np.diff(np.array(posterior_interval(alpha, beta)), axis=0)
    for _ in range(14):
        alpha, beta = carry_forward(alpha, beta, 0.0, Response(delta=0.0))
    assert np.diff(np.array(posterior_interval(alpha, beta)), axis=0) > before


def test_counts_that_cannot_be_are_refused_with_their_street() -> None:
    with pytest.raises(BadInput) as refused:
        pool_streets([1, 3], [2, 2], [0, 0])
    assert refused.value.row == 1
    for columns in (([1], [2, 2], [0]), ([1], [2], [0, 1]), ([1], [2], [-1]), ([[1]], [[2]], [[0]])):
        with pytest.raises(BadInput):
            pool_streets(*columns)


def pooled_by_hand(s: list[int], n: list[int], of: list[int]) -> tuple[float, float, float, list[float]]:
    """Return city, rho, kappa and each street's mean by the formulas of statistics.md 3.4, written out street by street."""
    numerator = denominator = 0.0
    for triangle in sorted(set(of)):
        mine = [i for i, t in enumerate(of) if t == triangle]
        total, k = sum(n[i] for i in mine), len(mine)
        p = sum(s[i] for i in mine) / total
        v = p * (1 - p)
        m = sum(n[i] * (s[i] / n[i] - p) ** 2 for i in mine)
        star = total - sum(n[i] ** 2 for i in mine) / total
        numerator += m - (k - 1) * v
        denominator += (star - (k - 1)) * v
    rho = min(0.5, max(0.005, numerator / denominator)) if denominator > 0 else 0.005
    kappa = 1 / rho - 1
    w = [n[i] / (1 + (n[i] - 1) * rho) for i in range(len(n))]
    big = {t: sum(w[i] for i in range(len(n)) if of[i] == t) for t in set(of)}
    share = {t: sum(w[i] * s[i] / n[i] for i in range(len(n)) if of[i] == t) / big[t] for t in set(of)}
    whole = sum(big.values())
    city = sum(big[t] * share[t] for t in big) / whole
    # The same moments once more, over triangles: how many effective answers the city is worth to a triangle.
    k, m = len(big), sum(big[t] * (share[t] - city) ** 2 for t in big)
    star = whole - sum(size**2 for size in big.values()) / whole
    alike = (m / (city * (1 - city)) - (k - 1)) / (star - (k - 1)) if star > k - 1 else 0.005
    worth = 1 / min(0.5, max(0.005, alike)) - 1
    mean = {t: (worth * city + big[t] * share[t]) / (worth + big[t]) for t in big}
    return city, rho, kappa, [(kappa * mean[t] + k) / (kappa + asked) for k, asked, t in zip(s, n, of, strict=True)]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 30), st.integers(0, 3)), min_size=8, max_size=30))
def test_two_levels_are_the_formulas_written_out(streets: list[tuple[int, int, int]]) -> None:
    s, n, of = [k for k, _, _ in streets], [k + more for k, more, _ in streets], [t for _, _, t in streets]
    of = [sorted(set(of)).index(t) for t in of]
    assume(len(set(of)) >= 2)
    assume(all(sum(s[i] for i in range(len(s)) if of[i] == t) > 0 for t in set(of)))
    assume(all(of.count(t) > 1 for t in set(of)))
    city, rho, kappa, means = pooled_by_hand(s, n, of)
    found = pool_streets(s, n, of)
    assert found.rho == pytest.approx(rho, abs=1e-9)
    assert found.kappa == pytest.approx(kappa, rel=1e-9)
    assert found.city == pytest.approx(city, abs=1e-9)
    assert found.street_mean == pytest.approx(means, abs=1e-9)
    low, high = found.interval()
    assert ((low >= 0) & (low <= found.street_mean) & (found.street_mean <= high) & (high <= 1)).all()
