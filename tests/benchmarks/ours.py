"""What ours answers to an assignment that benchmarks pose."""

from typing import Any

from fieldops.clock import Stopwatch
from fieldops.planning.fairness import even_out, gini, results_of
from fieldops.planning.solve import assign
from tests.benchmarks.problems import posed
from tests.benchmarks.rows import Row, processor

WORKERS = 2


def ours(spec: list[Any], seconds: float, gap: float = 0.0) -> Row:
    """Return what `assign` answers: value, bound, pairs, status; stops at the gap."""
    problem, offset, _ = posed(spec)
    watch, before = Stopwatch(), processor()
    found = assign(problem, time_limit=seconds, seed=1, workers=WORKERS, gap=gap)
    return {
        "value": found.objective, "bound": found.bound, "offset": offset, "pairs": len(problem.values),
        "status": found.status, "wall": round(watch.seconds, 2), "cpu": round(processor() - before, 2),
    }  # fmt: skip


def fairer(spec: list[Any], seconds: float, share: float) -> Row:
    """Return what evening out to a share of the Gini coefficient gives up: both coefficients, values, and the bound."""
    problem, _, _ = posed(spec)
    watch, before = Stopwatch(), processor()
    best = assign(problem, time_limit=seconds, seed=1, workers=WORKERS)
    first = gini(results_of(problem, best.crew_of_street), problem.capacities)
    fair = even_out(problem, best, limit=share * first)
    return {
        "value": fair.found.objective, "bound": fair.found.bound, "best": best.objective, "gini_before": fair.gini_before,
        "gini": fair.gini, "price": fair.price, "wall": round(watch.seconds, 2), "cpu": round(processor() - before, 2),
    }  # fmt: skip
