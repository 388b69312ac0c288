"""The funnel's figures: against hand counts, against what is simulated, and honest about what is not known."""

from collections import Counter
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from fieldops.ids import CandidateId
from fieldops.recruiting.brings import Worked, estimate_yields, fit_pool, reckon
from fieldops.recruiting.funnel import Interval, Tallies, Tally, cohorts, median, stage_figures, survival, wilson
from fieldops.recruiting.journey import Entry, Path, entries, walk_journey
from fieldops.recruiting.sources import Group, SourceKind
from fieldops.recruiting.stages import Move, Stage
from tests.conftest import NOON

SHANGHAI = ZoneInfo("Asia/Shanghai")
WHO = CandidateId("c")


def way(*steps: tuple[Stage, Stage, int]) -> list[Move]:
    return [Move(WHO, before, after, NOON + timedelta(days=day)) for before, after, day in steps]


def tallies(*found: Counter[Entry]) -> Tallies:
    whole = sum(found, Counter())
    days: dict[str, dict[str, dict[int, int]]] = {Path.CANDIDATE: {}, Path.STEP: {}}
    weeks: Counter[tuple[date, str]] = Counter()
    for one, count in whole.items():
        if one.path in days:
            stage = days[one.path].setdefault(one.stage, {})
            stage[one.days] = stage.get(one.days, 0) + count
        if one.path == Path.CANDIDATE:
            weeks[one.week, one.stage] += count
    return Tallies(days[Path.CANDIDATE], days[Path.STEP], [(*key, count) for key, count in weeks.items()], [], [])


def journey(moves: list[Move], made_at: datetime = NOON) -> Counter[Entry]:
    return entries(walk_journey(made_at, moves, SHANGHAI), SourceKind.STREET, Group.LARGE)


def test_a_stage_is_counted_when_it_was_first_reached_and_once() -> None:
    there = way((Stage.NEW, Stage.CONTACTED, 1), (Stage.CONTACTED, Stage.INTERVIEWED, 4))
    back = [*there, *way((Stage.INTERVIEWED, Stage.NEW, 6), (Stage.NEW, Stage.CONTACTED, 9))]
    assert journey(back) == journey(there)
    days = {(one.path, one.stage): one.days for one in journey(there)}
    assert days[Path.CANDIDATE, Stage.INTERVIEWED] == 4
    assert days[Path.STEP, Stage.INTERVIEWED] == 3


def test_a_stage_that_a_file_passed_over_counts_as_reached_and_in_no_median() -> None:
    found = tallies(journey(way((Stage.NEW, Stage.SIGNED, 10))))
    figures = {one.stage: one for one in stage_figures(found, 0.8)}
    assert [figures[stage].reached for stage in (Stage.CONTACTED, Stage.INTERVIEWED, Stage.SIGNED)] == [1, 1, 1]
    assert figures[Stage.CONTACTED].total_days.value is None
    assert figures[Stage.SIGNED].step_days.value is None
    assert figures[Stage.SIGNED].total_days.value == 10.0


def test_who_came_back_from_lost_has_not_left() -> None:
    lost = way((Stage.NEW, Stage.LOST, 2))
    assert any(one.stage == "left" for one in journey(lost))
    assert not any(one.stage == "left" for one in journey([*lost, *way((Stage.LOST, Stage.NEW, 3))]))


def test_the_cohort_is_the_week_of_the_city() -> None:
    sunday_evening = datetime(2026, 3, 1, 17, 0, tzinfo=ZoneInfo("UTC"))  # Monday 01:00 in Shanghai
    assert {one.week for one in journey([], sunday_evening)} == {date(2026, 3, 2)}


def test_conversion_and_medians_are_those_of_a_hand_count() -> None:
    found = tallies(
        *[journey(way((Stage.NEW, Stage.CONTACTED, day))) for day in (1, 2, 3)], *[journey([]) for _ in range(7)]
    )
    figures = stage_figures(found, 0.8)
    assert [one.reached for one in figures] == [10, 3, 0, 0, 0, 0, 0]
    assert figures[1].conversion.value == pytest.approx(0.3)
    assert figures[1].step_days.value == 2.0
    assert figures[2].conversion.value == 0.0
    assert figures[3].conversion.value is None  # of nobody: unknown, not zero
    assert cohorts(found)[0].reached[:2] == (10, 3)


def test_wilson_holds_its_share_of_true_shares() -> None:
    """Averaged over the shares: at any one of them counts are whole numbers, and the share held goes up and down."""
    rng = np.random.default_rng(1)
    held = []
    for truth in rng.uniform(0.05, 0.95, 4000):
        found = wilson(int(rng.binomial(60, truth)), 60, 0.8)
        assert found.low is not None
        assert found.high is not None
        held.append(found.low <= truth <= found.high)
    assert 0.78 < np.mean(held) < 0.83


def test_the_median_interval_holds_the_true_median() -> None:
    rng = np.random.default_rng(2)
    held = []
    for _ in range(1500):
        found = median(Counter(int(day) for day in rng.geometric(0.1, 101)), 0.8)
        assert found.low is not None
        assert found.high is not None
        held.append(found.low <= 7 <= found.high)  # the median of this geometric distribution
    assert np.mean(held) > 0.78


def test_survival_is_that_of_the_truth_although_most_are_still_there() -> None:
    """Weekly hazard 10 %, cohorts of the last 20 weeks: a plain ratio would call the newest the most faithful."""
    rng = np.random.default_rng(3)
    today, found = date(2026, 6, 1), []
    for age in range(20):
        week = today - timedelta(weeks=age)
        weeks = rng.geometric(0.1, 400) - 1
        seen = Counter(int(one) * 7 for one in weeks if one < age)
        found.append(Tally(Path.SELLER, week, Stage.FIRST_ORDER, 0, 400))
        found += [Tally(Path.SELLER, week, "left", days, count) for days, count in seen.items()]
    curve = survival(found, Path.SELLER, today, 0.95)
    for week, share in zip(curve.weeks, curve.shares, strict=True):
        assert share.value == pytest.approx(0.9**week, abs=0.025)
        assert share.low is not None
        assert share.high is not None
        assert share.low < share.value < share.high  # type: ignore[operator]


def test_where_nobody_left_yet_the_interval_says_how_little_that_proves() -> None:
    today = date(2026, 6, 1)
    found = [Tally(Path.SELLER, today - timedelta(weeks=3), Stage.FIRST_ORDER, 0, 5)]
    one = survival(found, Path.SELLER, today, 0.8).shares[0]
    assert one.value == one.high == 1.0
    assert one.low == pytest.approx(0.1 ** (1 / 5))


def test_survival_of_nobody_is_unknown() -> None:
    assert survival([], Path.SELLER, date(2026, 6, 1), 0.8).shares == ()


# ── candidates per promoter-hour ────────────────────────────────────────────────────────────────────────────────────


def test_few_hours_are_drawn_to_the_mean_and_many_are_not() -> None:
    worked = [Worked("few", 2, 1.0), Worked("many", 200, 100.0), *(Worked(f"s{i}", 5, 10.0) for i in range(20))]
    few, many = estimate_yields(worked, 0.8)[:2]
    assert few.plain == many.plain == 2.0
    assert few.rate < many.rate < 2.0
    assert few.high - few.low > many.high - many.low


def test_the_intervals_hold_their_share_of_true_rates_where_plain_ratios_err_more() -> None:
    rng = np.random.default_rng(4)
    rates, hours = rng.gamma(2.0, 0.05, 2000), rng.uniform(0.5, 30.0, 2000)
    counts = rng.poisson(rates * hours)
    worked = [Worked(str(i), int(counts[i]), float(hours[i])) for i in range(2000)]
    found = estimate_yields(worked, 0.8)
    held = np.mean([one.low <= rate <= one.high for one, rate in zip(found, rates, strict=True)])
    assert 0.77 < held < 0.83
    shrunk = np.mean([(one.rate - rate) ** 2 for one, rate in zip(found, rates, strict=True)])
    plain = np.mean([(counts[i] / hours[i] - rates[i]) ** 2 for i in range(2000)])
    assert shrunk < plain / 2
    pool = fit_pool(worked)
    assert pool is not None
    assert pool.spread == pytest.approx(2.0**-0.5, rel=0.15)


def test_where_nobody_worked_or_nobody_came_nothing_is_told() -> None:
    assert estimate_yields([Worked("a", 0, 0.0)], 0.8) == ()
    assert estimate_yields([Worked("a", 0, 5.0)], 0.8) == ()


def test_a_place_without_hours_is_told_by_its_sort_alone() -> None:
    found = estimate_yields([Worked("none", 0, 0.0), *(Worked(str(i), 3, 10.0) for i in range(9))], 0.8)
    assert found[0].plain is None
    assert found[0].rate == pytest.approx(0.3, rel=0.1)
    assert found[0].high - found[0].low > found[1].high - found[1].low


def test_a_handful_of_places_that_look_alike_are_not_said_to_be_alike() -> None:
    """Eight streets with true rates that differ: the intervals hold their share although eight hardly show a spread."""
    rng, held = np.random.default_rng(5), []
    for _ in range(150):
        rates, hours = rng.gamma(4.0, 0.01, 8), rng.uniform(50.0, 150.0, 8)
        found = estimate_yields(
            [Worked(str(i), int(rng.poisson(rates[i] * hours[i])), float(hours[i])) for i in range(8)], 0.8
        )
        held += [one.low <= rate <= one.high for one, rate in zip(found, rates, strict=False)]
    assert np.mean(held) > 0.77


def test_what_a_place_cost_is_its_hours_and_what_one_candidate_costs_follows_its_rate_with_the_interval() -> None:
    worked = [Worked(f"s{i}", 4 + i % 3, 40.0, signed=2, active=1, due=i % 2) for i in range(12)]
    worked.append(Worked("no hours", 3, 0.0, signed=1))
    *places, unworked = reckon(worked, 0.8, unit_cost=20.0)
    for one in places:
        assert one.cost == 800.0
        assert one.yuan_per_candidate.value == pytest.approx(20.0 / one.rate)
        assert one.yuan_per_candidate.low == pytest.approx(20.0 / one.high)
        assert one.yuan_per_candidate.high == pytest.approx(20.0 / one.low)
        assert one.yuan_per_active.value > one.yuan_per_candidate.value  # type: ignore[operator]
    assert places[0].signed_share == wilson(2, 4, 0.8)
    assert (unworked.candidates, unworked.signed, unworked.cost) == (3, 1, None)
    assert unworked.yuan_per_candidate.value is None


def test_where_nobody_became_active_the_price_of_an_active_seller_is_unknown_and_not_nothing() -> None:
    (one, *_) = reckon([Worked(f"s{i}", 4, 40.0) for i in range(5)], 0.8, unit_cost=20.0)
    assert one.yuan_per_active == Interval(None, None, None)
    *_, unlucky = reckon(
        [Worked("a", 9, 40.0, active=1), *(Worked(f"s{i}", 4, 40.0) for i in range(9))], 0.8, unit_cost=20.0
    )
    assert unlucky.yuan_per_active.value is not None
    assert unlucky.yuan_per_active.high is None  # so few that no price is too high


def test_the_mean_that_few_hours_are_drawn_to_has_its_interval() -> None:
    rng = np.random.default_rng(7)
    truth, inside, towns = 0.2, 0, 60
    for _ in range(towns):
        rates = rng.gamma(4.0, truth / 4.0, size=30)
        worked = [Worked(str(i), int(rng.poisson(rate * 40)), 40.0) for i, rate in enumerate(rates)]
        pool = fit_pool(worked)
        assert pool is not None
        (low, high), (lower, higher) = pool.mean_interval(0.8), pool.mean_interval(0.95)
        assert lower < low < pool.mean < high < higher
        inside += low <= truth <= high
    assert 40 <= inside <= 56  # 48 expected of 60; beyond three standard deviations lies a wrong interval
    one = fit_pool([Worked("a", 5, 100.0)])
    assert one is not None
    low, high = one.mean_interval(0.8)
    assert low < 0.05 < high
