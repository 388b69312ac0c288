"""Assign streets to crews: prices, a tighter bound, rounding, exact refills of one crew, then of several; the best is kept."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from fieldops.clock import Stopwatch
from fieldops.planning.assignment import Assignment, AssignmentProblem
from fieldops.planning.campaign import Campaign
from fieldops.planning.knapsack import refill_crew
from fieldops.planning.packing import pack_crews
from fieldops.planning.prices import find_prices
from fieldops.planning.search import Search
from fieldops.progress import Progress, no_progress

PRICE_SHARE = 0.5  # of the time limit, at most
PACK_SHARE = 0.25  # of the time limit, to pack whole streets
PASSES = 4
ROUNDING = 1e-5
CLOSED = 1e-6  # a relative gap below this is closed
GOOD_GAP = 0.01  # a plan to work by; more seconds than usual are spent only on reaching it


def assign(
    problem: AssignmentProblem,
    *,
    time_limit: float,
    seed: int,
    progress: Progress | None = None,
    workers: int = 2,
    gap: float = 0.0,
    usual: float | None = None,
) -> Assignment:
    """
    Return a lawful assignment of high value, and a proven bound on any.

    The answer is the best found when the gap is closed to `gap`, the time is used up, or `progress` says stop. The same
    problem, seed and workers run through the same answers in the same order: the clock decides only which is the last.

    Parameters
    ----------
    time_limit
        Wall seconds, > 0; prices and a first answer are made in any case.
    seed
        Any whole number.
    progress
        Called a few times a second with `objective`, `bound` and `gap`; see `fieldops.progress`.
    workers
        Threads that refill crews side by side, >= 1.
    gap
        Gap at which to stop, >= 0.
    usual
        Wall seconds, at most `time_limit`, after which a gap of 1 % will do; `time_limit` where left away.
    """
    usual = time_limit if usual is None else usual
    watch, report = Stopwatch(), progress or no_progress
    unstopped = report("prices", 0.0)
    prices = find_prices(problem, watch, time_limit=PRICE_SHARE * time_limit)
    usual = min(time_limit, max(usual, watch.seconds / PRICE_SHARE))  # what prices take leaves as much for the search
    search = Search(problem, prices)
    search.round_prices()
    for _again in range(PASSES):
        if sum(refill_crew(search, crew) for crew in range(problem.crews)) <= 0 or watch.seconds > time_limit:
            break
    campaign = Campaign(search, seed, np.random.default_rng(seed), workers)
    bound, best = prices.bound, search.objective

    def figures() -> dict[str, float]:
        nonlocal best
        best, most = max(best, search.objective), min(bound, campaign.proven)  # a dive may try what is worth less
        return {"objective": best, "bound": most, "gap": (most - best) / best if best > 0 else 1.0}

    def share() -> float:
        return watch.seconds / (usual if figures()["gap"] <= GOOD_GAP else time_limit)

    def in_time() -> bool:
        """Report while there is time, unless the user has said stop; whoever said it once is not asked again."""
        nonlocal unstopped
        if share() >= 1:
            return False
        unstopped = unstopped and report("assign", share(), **figures())
        return unstopped

    with ThreadPoolExecutor(workers) as pool:
        if unstopped and bound - search.objective > _closed(search, bound, gap):
            if campaign.begin(pool, seconds=time_limit - watch.seconds, going=in_time):
                bound = min(bound, _rounded(search, campaign.proven))
                if bound - search.objective <= search.beyond:
                    bound = min(bound, _rounded(search, campaign.bound))
            else:
                packed = pack_crews(search, seconds=PACK_SHARE * usual, going=in_time)
                bound = min(bound, np.floor(packed + CLOSED) if search.is_whole else packed)
        while bound - search.objective > _closed(search, bound, gap) and in_time():
            campaign.advance(pool, seconds=time_limit - watch.seconds, going=in_time)
            if bound - search.objective <= search.beyond:  # then no better answer needs a pair outside the core
                bound = min(bound, _rounded(search, campaign.bound))
                if campaign.exhausted:
                    break
    closed = bound - search.objective <= _closed(search, bound, 0.0)
    status = "optimal" if closed else "feasible" if unstopped else "stopped"
    return Assignment(
        search.crew_of_street, search.objective, max(bound, search.objective), watch.seconds, status,
        prices.hour, prices.place, None if campaign.whole is None else campaign.whole.street_prices(),
    )  # fmt: skip


def _rounded(search: Search, bound: float) -> float:
    """Return the bound, a whole number where every objective is one."""
    return float(np.floor(bound + ROUNDING)) if search.is_whole and bound < np.inf else bound


def _closed(search: Search, bound: float, gap: float) -> float:
    """Return the difference of bound and objective at which there is nothing more to do."""
    return max(gap * abs(bound), 0.5 if search.is_whole else CLOSED * abs(bound))
