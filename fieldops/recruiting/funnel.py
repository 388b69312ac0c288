"""The funnel's figures from its tallies: conversion, median days, survival by cohort, each with its interval."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist

from fieldops.recruiting.journey import LEFT_MARK, UNKNOWN_DAYS, Path
from fieldops.recruiting.stages import WAY, Stage

WEEKS_SHOWN = (1, 2, 4, 8, 13, 26)
_BEGIN = {Path.CANDIDATE: Stage.NEW, Path.SELLER: Stage.FIRST_ORDER}


@dataclass(frozen=True, slots=True)
class Tally:
    """So many entries of one sort, summed over what was not asked for."""

    path: str
    week: date
    stage: str
    days: int
    count: int


@dataclass(frozen=True, slots=True)
class Tallies:
    """
    The tallies as the figures need them: counts by stage and days, by week and stage, and who left in which week.

    `total` counts days from sign-up, `step` from the stage before.
    """

    total: Mapping[str, Mapping[int, int]]
    step: Mapping[str, Mapping[int, int]]
    weeks: Sequence[tuple[date, str, int]]
    candidates: Sequence[Tally]
    sellers: Sequence[Tally]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its interval; None where nothing is known (never shown as 0)."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class StageFigures:
    """One stage of the funnel: who reached it, of those at the stage before, and after how many days."""

    stage: Stage
    reached: int
    conversion: Interval  # of those who reached the stage before; of the first stage: none
    overall: Interval  # of all who signed up
    step_days: Interval  # median days from the stage before
    total_days: Interval  # median days from sign-up


@dataclass(frozen=True, slots=True)
class Survival:
    """Share that had not left after each of some weeks: life table over all cohorts, with Greenwood's interval."""

    started: int
    left: int
    weeks: tuple[int, ...]
    shares: tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class Cohort:
    """Those who signed up in one week: how many reached each stage, and how many left."""

    week: date
    reached: tuple[int, ...]
    left: int


def stage_figures(tallies: Tallies, share: float) -> tuple[StageFigures, ...]:
    """Return every stage's figures; `share` is that of the intervals, in (0, 1)."""
    reached = [sum(tallies.total.get(stage, {}).values()) for stage in WAY]
    return tuple(
        StageFigures(
            stage, reached[i], wilson(reached[i], reached[i - 1], share) if i else Interval(None, None, None),
            wilson(reached[i], reached[0], share), median(tallies.step.get(stage, {}), share),
            median(tallies.total.get(stage, {}), share),
        )
        for i, stage in enumerate(WAY)
    )  # fmt: skip


def cohorts(tallies: Tallies) -> tuple[Cohort, ...]:
    """Return the weekly cohorts, newest first."""
    found: dict[date, dict[str, int]] = {}
    for week, stage, count in tallies.weeks:
        found.setdefault(week, {})[stage] = count
    return tuple(
        Cohort(week, tuple(found[week].get(stage, 0) for stage in WAY), found[week].get(LEFT_MARK, 0))
        for week in sorted(found, reverse=True)
    )


def survival(tallies: Sequence[Tally], path: str, today: date, share: float) -> Survival:
    """
    Return the share that had not left so many weeks after sign-up (`Path.CANDIDATE`) or first order (`Path.SELLER`).

    Who has not been here that long is counted for half of the week in which their time so far ends (life table).

    Notes
    -----
    Cutler & Ederer (1958), Journal of Chronic Diseases 8; Greenwood (1926); the interval on the scale log(-log S).
    """
    first = _BEGIN[path]
    mine = [one for one in tallies if one.path == path and one.stage in (first, LEFT_MARK)]
    started = 0
    left: dict[int, int] = {}
    gone: dict[int, int] = {}
    ages: dict[int, int] = {}
    for one in mine:
        age = max(0, (today - one.week).days // 7)
        if one.stage == first:
            started += one.count
            ages[age] = ages.get(age, 0) + one.count
        else:
            week = min(one.days // 7, age)
            left[week] = left.get(week, 0) + one.count
            gone[age] = gone.get(age, 0) + one.count
    unseen = {age: count - gone.get(age, 0) for age, count in ages.items()}
    curve = _life_table(started, left, unseen)
    weeks = tuple(week for week in WEEKS_SHOWN if ages and week <= max(ages))
    return Survival(started, sum(left.values()), weeks, tuple(_at(curve, week, share) for week in weeks))


def _life_table(started: int, left: Mapping[int, int], ends: Mapping[int, int]) -> list[tuple[float, float, float]]:
    """Return survival, Greenwood's sum, and how many were at risk, at the end of each week."""
    curve: list[tuple[float, float, float]] = []
    alive, share, spread = float(started), 1.0, 0.0
    for week in range(max([*left, *ends], default=-1) + 1):
        at_risk, deaths = alive - ends.get(week, 0) / 2, left.get(week, 0)
        if at_risk <= 0:
            break
        share *= max(0.0, 1 - deaths / at_risk)
        spread += deaths / (at_risk * (at_risk - deaths)) if at_risk > deaths else math.inf
        curve.append((share, spread, at_risk))
        alive -= deaths + ends.get(week, 0)
    return curve


def _at(curve: Sequence[tuple[float, float, float]], week: int, share: float) -> Interval:
    if week > len(curve):
        return Interval(None, None, None)
    value, spread, at_risk = curve[week - 1]
    if value in (0.0, 1.0) or math.isinf(spread):  # all or none: what so many of one kind leave possible
        possible = ((1 - share) / 2) ** (1 / at_risk)
        return Interval(value, possible if value == 1.0 else 0.0, 1.0 if value == 1.0 else 1 - possible)
    z = NormalDist().inv_cdf((1 + share) / 2)
    width = z * math.sqrt(spread) / abs(math.log(value))
    return Interval(value, value ** math.exp(width), value ** math.exp(-width))


def wilson(hits: int, trials: int, share: float) -> Interval:
    """Return a share with Wilson's score interval (1927)."""
    if trials <= 0:
        return Interval(None, None, None)
    z = NormalDist().inv_cdf((1 + share) / 2)
    mean, n = hits / trials, trials
    centre = (mean + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(mean * (1 - mean) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Interval(mean, max(0.0, centre - half), min(1.0, centre + half))


def median(days: Mapping[int, int], share: float) -> Interval:
    """
    Return the median of counted days with the interval between two order statistics (binomial, normal approximation).

    Whole days; beyond 60 the first day of the week. Of those who arrived: who has not yet arrived is not in it.
    """
    days = {day: count for day, count in days.items() if day != UNKNOWN_DAYS}
    total = sum(days.values())
    if not total:
        return Interval(None, None, None)
    half = NormalDist().inv_cdf((1 + share) / 2) * math.sqrt(total) / 2
    ranks = [total / 2, total / 2 - half, total / 2 + half]
    value, low, high = (_ranked(days, min(max(1.0, rank), float(total))) for rank in ranks)
    return Interval(value, low, high)


def _ranked(days: Mapping[int, int], rank: float) -> float:
    seen = 0
    for day in sorted(days):
        seen += days[day]
        if seen >= rank:
            return float(day)
    return float(max(days))
