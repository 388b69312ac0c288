"""What many campaigns say together: means with intervals, differences run by run, and where the crew-days went."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from fieldops.simulate.batch import BOUND, Done
from fieldops.simulate.outcome import CREW_DAY

CONFIDENCE = 0.90
# figure of an outcome -> what it is called in a report
FIGURES = {
    "crew_days": "crew-days", "truly_at_target": "truly at target when left", "left_short": "left more than 5 points short",
    "mean_share_left": "mean awareness when left", "surveys_per_street": "surveys per street", "idle_hours": "idle hours",
    "forfeits": "forfeits", "gini": "Gini of streets finished", "recruits": "recruits", "days": "days", "finished": "streets finished",
}  # fmt: skip
AT_TARGET, LEFT_SHORT = (
    0.80,
    0.05,
)  # equal truth: at least so many streets truly at target when left, at most so many far short
# What stands in the tables: the ratio to the bound only at equal truth, for who leaves streets short needs less.
TOLD = {**FIGURES, "times_bound": "times the omniscient bound"}
_MOST = {"truly_at_target": 1.0, "left_short": 1.0, "mean_share_left": 1.0, "gini": 1.0}  # all figures are at least 0
CAUSES = {
    "pushing": "pushing that was needed", "over_pushing": "over-pushing", "forfeited": "pushing lost by forfeits",
    "wrong_hours": "wrong hours", "asking": "surveys", "verifying": "verifying", "setup": "set-up", "walking": "walking",
    "idle": "idle",
}  # fmt: skip


def mean_with_interval(values: Sequence[float], groups: Sequence[int]) -> tuple[float, float | None, float | None]:
    """
    Return the mean and its interval; runs of one city are alike, so cities are what varies (runs, where there is one city).

    The ends are None where there are fewer than 3 cities or runs to tell from.
    """
    by_group: dict[int, list[float]] = defaultdict(list)
    for value, group in zip(values, groups, strict=True):
        by_group[group].append(value)
    independent = (
        [float(np.mean(mine)) for mine in by_group.values()] if len(by_group) > 1 else list(map(float, values))
    )
    mean, count = float(np.mean(independent)), len(independent)
    if count < 3:
        return mean, None, None
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, count - 1) * np.std(independent, ddof=1) / np.sqrt(count))
    return mean, mean - reach, mean + reach


def tell(done: Sequence[Done], policies: Sequence[str]) -> dict[str, Any]:
    """
    Return the document of `fieldops simulate --json`: figures of each policy, the bound, differences from the first policy.

    Intervals are 90 %. `promise` compares the claims that ended saturated with what their plans said.
    """
    bounds = {one.job.city: one.bound for one in done if one.job.policy == BOUND}
    document: dict[str, Any] = {"policies": {}, "bound": _bound(bounds), "confidence": CONFIDENCE}
    runs = {
        name: {(d.job.city, d.job.seed): d.outcome for d in done if d.job.policy == name and d.outcome}
        for name in policies
    }
    for name, mine in runs.items():
        if mine:
            document["policies"][name] = _policy(mine, bounds)
    first = policies[0]
    document["paired"] = {
        name: _paired(runs[first], mine)
        for name, mine in runs.items()
        if name != first and runs[first].keys() & mine.keys()
    }
    return document


def _policy(mine: dict[tuple[int, int], Any], bounds: dict[int, dict[str, float]]) -> dict[str, Any]:
    groups = [city for city, _ in mine]
    figures: dict[str, Any] = {"runs": len(mine), "interval": {}}
    for figure in FIGURES:
        mean, low, high = mean_with_interval([float(getattr(one, figure)) for one in mine.values()], groups)
        figures[figure] = round(mean, 4)
        if low is not None and high is not None:  # a share of more than all, or fewer days than none, cannot be
            low, high = max(low, 0.0), min(high, _MOST.get(figure, high))
        figures["interval"][figure] = None if low is None or high is None else [round(low, 4), round(high, 4)]
    hours = {cause: [one.hours[cause] / CREW_DAY for one in mine.values()] for cause in CAUSES}
    figures["crew_days_by_cause"] = {cause: round(float(np.mean(values)), 3) for cause, values in hours.items()}
    figures["promise"] = _promise(mine)
    ratios = [
        (one.crew_days / bounds[city]["with_setup"], city)
        for (city, _), one in mine.items()
        if one.complete and bounds.get(city, {}).get("with_setup")
    ]
    if ratios and figures["truly_at_target"] >= AT_TARGET and figures["left_short"] <= LEFT_SHORT:
        mean, low, high = mean_with_interval([ratio for ratio, _ in ratios], [city for _, city in ratios])
        figures["times_bound"] = round(mean, 4)
        figures["interval"]["times_bound"] = None if low is None or high is None else [round(low, 4), round(high, 4)]
    violations = [wrong for one in mine.values() for wrong in one.violations]
    return figures | {"violations": len(violations), "first_violations": violations[:5]}


def _promise(mine: dict[tuple[int, int], Any]) -> dict[str, Any]:
    """Return what plans promised and what was kept: over all, and by the week of the campaign with the interval of the difference."""
    every = [(1.0 * one.promised, 1.0 * one.kept, one.expected) for one in mine.values()]
    cities = [city for city, _ in mine]
    told = _kept(every, cities) | {"weeks": sum(-(-one.days // 7) for one in mine.values())}
    longest = max((len(one.promises) for one in mine.values()), default=0)
    by_week = [
        _kept([tuple(one.promises[week]) if week < len(one.promises) else (0.0,) * 3 for one in mine.values()], cities)
        for week in range(longest)
    ]
    return told | {"by_week": [{"week": number, **one} for number, one in enumerate(by_week, start=1) if one["claims"]]}


def _kept(runs: Sequence[tuple[float, ...]], cities: Sequence[int]) -> dict[str, Any]:
    """Return the shares promised and kept, and the difference with its interval: over cities, weighed by their claims."""
    claims, kept, expected = np.array(runs, dtype=float).reshape(-1, 3).T
    total = float(claims.sum())
    if not total:
        return {"claims": 0, "kept": None, "expected": None, "difference": None, "interval": None}
    mean = float((kept - expected).sum() / total)
    _, where = np.unique(cities, return_inverse=True)
    off = np.bincount(where, kept - expected - mean * claims)  # a ratio's error: Cochran 1977, section 2.11
    count, interval = len(off), None
    if count >= 3:
        reach = float(
            stats.t.ppf((1 + CONFIDENCE) / 2, count - 1) * np.sqrt(count / (count - 1) * (off**2).sum()) / total
        )
        interval = [round(mean - reach, 4), round(mean + reach, 4)]
    return {
        "claims": int(total), "kept": round(float(kept.sum()) / total, 4), "expected": round(float(expected.sum()) / total, 4),
        "difference": round(mean, 4), "interval": interval,
    }  # fmt: skip


def say_promise(promise: dict[str, Any]) -> list[str]:
    """Return what plans promised and what was kept, one sentence for all weeks and one for each."""
    told = [("all", promise), *((f"week {one['week']}", one) for one in promise["by_week"])]
    return [
        f"{when}: promised {one['expected']:.1%} of {one['claims']:,} claims, finished in time {one['kept']:.1%}: {100 * one['difference']:+.1f} points"
        + (f" ({100 * one['interval'][0]:+.1f} to {100 * one['interval'][1]:+.1f})" if one["interval"] else "")
        for when, one in told
    ]


def _paired(first: dict[tuple[int, int], Any], other: dict[tuple[int, int], Any]) -> dict[str, Any]:
    """Return other minus first, over the runs that both have."""
    both = sorted(first.keys() & other.keys())
    told: dict[str, Any] = {"runs": len(both)}
    for figure in ("crew_days", "truly_at_target", "left_short", "surveys_per_street"):
        differences = [float(getattr(other[run], figure)) - float(getattr(first[run], figure)) for run in both]
        mean, low, high = mean_with_interval(differences, [city for city, _ in both])
        told[figure] = {
            "difference": round(mean, 4),
            "low": None if low is None else round(low, 4),
            "high": None if high is None else round(high, 4),
        }
    ratio = [float(other[run].crew_days) / max(first[run].crew_days, 1e-9) for run in both]
    told["crew_days_ratio"] = round(float(np.mean(ratio)), 4)
    return told


def _bound(bounds: dict[int, dict[str, float]]) -> dict[str, float | None]:
    kinds = ("pushing", "with_setup", "alone")
    if not bounds:
        return dict.fromkeys(kinds)
    return {kind: round(float(np.mean([one[kind] for one in bounds.values()])), 4) for kind in kinds}
