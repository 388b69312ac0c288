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
    promised = sum(one.promised for one in mine.values())
    figures["promise"] = {
        "claims": promised, "weeks": sum(-(-one.days // 7) for one in mine.values()),
        "kept": round(sum(one.kept for one in mine.values()) / promised, 4) if promised else None,
        "expected": round(sum(one.expected for one in mine.values()) / promised, 4) if promised else None,
    }  # fmt: skip
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
