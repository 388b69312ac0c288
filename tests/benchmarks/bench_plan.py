"""
Streets to crews at city size: proven gaps with and without the terms of a plan, beside others in the same run and time.

Quick: 2,000 x 40 for 10 s. Full: 20,000 x 200 for a minute, 50,000 x 1,000 for three, and how the time to a gap of 1 %
grows. Hours depend on the crew everywhere (walking counts); what each further term costs stands in a row of its own.
"""

import resource
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.cluster.vq import kmeans2
from scipy.spatial import KDTree

from fieldops.clock import Stopwatch
from fieldops.planning.assignment import AssignmentProblem
from fieldops.planning.fairness import even_out, gini, results_of
from fieldops.planning.solve import assign
from fieldops.planning.terms import KEPT, SWARMED
from tests.benchmarks.peers import HOURS, greedy, highs, plain_cp_sat, zone_by_zone

NEAREST = 20
CREWS_A_ZONE = 10


@dataclass(frozen=True)
class Terms:
    """Which terms are on; `capacity` is what all crews have together, as a share of the hours of all streets."""

    capacity: float
    capped: bool = False
    pins: bool = False
    cooling: bool = False
    weights: bool = False


PLAIN = {"loose": Terms(0.9), "tight": Terms(0.5)}


def all_on(terms: Terms) -> Terms:
    """Return the terms with everything on."""
    return replace(terms, capped=True, pins=True, cooling=True, weights=True)


def made_up(streets: int, crews: int, terms: Terms, *, seed: int = 0) -> tuple[AssignmentProblem, NDArray[np.int64]]:
    """
    Return a made-up city, and the zone of each crew: clustered streets, lognormal hours of 1 to 12, 20 nearest crews.

    Live claims take a tenth of the hours first; 3 % of the pairs cool down; the cap binds for about half of the crews; a
    tenth of the streets lie in swarmed triangles and a tenth of the pairs were published before.
    """
    rng = np.random.default_rng(seed)
    side = np.sqrt(streets) * 120.0  # metres
    middles = rng.uniform(0, side, (max(4, streets // 400), 2))
    near = middles[rng.integers(len(middles), size=streets)] + rng.normal(0, 800, (streets, 2))
    place = np.where(rng.random((streets, 1)) < 0.7, near, rng.uniform(0, side, (streets, 2)))
    homes = place[rng.choice(streets, crews, replace=False)] + rng.normal(0, 300, (crews, 2))
    hours = np.clip(rng.lognormal(1.2, 0.6, streets), 1, 12)
    people = hours * rng.lognormal(3.5, 0.35, streets)
    metres, crew = KDTree(homes).query(place, k=min(NEAREST, crews))
    street, crew = np.repeat(np.arange(streets), crew.shape[1]), crew.ravel()
    walk = 1.3 * metres.ravel() / 4500.0
    needed = np.ceil((hours[street] + walk) * HOURS) / HOURS
    room = rng.uniform(0.7, 1.3, crews)
    share = room * terms.capacity * hours.sum() / room.sum() * (0.9 if terms.pins else 1.0)
    worth = people[street]
    if terms.weights:
        worth = worth * np.where(rng.random(streets)[street] < 0.1, SWARMED, 1.0)
        worth = worth * np.where(rng.random(len(street)) < 0.1, KEPT, 1.0)
    lawful = rng.random(len(street)) > (0.03 if terms.cooling else 0.0)
    cap = int(np.ceil(terms.capacity * streets / crews)) if terms.capped else None
    problem = AssignmentProblem(
        worth[lawful], needed[lawful], np.floor(share * HOURS) / HOURS, np.column_stack([street, crew])[lawful], cap,
        streets=streets,
    )  # fmt: skip
    _, zone = kmeans2(homes, max(1, crews // CREWS_A_ZONE), minit="++", rng=rng)
    return problem, zone.astype(np.int64)


def gap(bound: float, value: float | None) -> str:
    """Return the gap of a value to the proven bound, as text."""
    if value is None:
        return "not installed"
    return f"{bound / value - 1:.3%}" if value > 0 else "nothing"


def against_others(sizes: list[tuple[int, int, float]], console: Console) -> None:
    """Print a row a city: ours and the others, all against the one bound that ours proves."""
    table = Table(
        "streets x crews",
        "hours",
        "terms",
        "pairs",
        "s",
        "ours",
        "CP-SAT",
        "HiGHS",
        "zones",
        "greedy",
        "peak MB",
        box=None,
    )
    for streets, crews, seconds in sizes:
        for word, terms in PLAIN.items():
            for name, chosen in (("hours only", terms), ("all", all_on(terms))):
                problem, zone = made_up(streets, crews, chosen)
                found = assign(problem, time_limit=seconds, seed=1, workers=2)
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # before the others ask for memory
                others: list[float | None] = []
                if name == "all":
                    others = [
                        plain_cp_sat(problem, seconds),
                        highs(problem, seconds),
                        zone_by_zone(problem, zone, seconds),
                    ]
                others += [None] * (3 - len(others)) + [greedy(problem)]
                shown = [gap(found.bound, one) if name == "all" or k == 3 else "" for k, one in enumerate(others)]
                table.add_row(
                    f"{streets} x {crews}", word, name, str(len(problem.values)), f"{found.seconds:.0f}", f"{found.gap:.3%}",
                    *shown, f"{peak:.0f}",
                )  # fmt: skip
    console.print(table)


def what_terms_cost(streets: int, crews: int, seconds: float, console: Console) -> None:
    """Print what each term does to the value and to the gap, one at a time, and the price of fairness."""
    table = Table("term (tight hours)", "value", "of hours only", "gap", box=None)
    base = PLAIN["tight"]
    ways = {"hours only": base} | {
        name: replace(base, **{name: True}) for name in ("capped", "pins", "cooling", "weights")
    }
    plain = 0.0
    for name, terms in (ways | {"all": all_on(base)}).items():
        problem, _ = made_up(streets, crews, terms)
        found = assign(problem, time_limit=seconds, seed=1, workers=2)
        plain = plain or found.objective
        table.add_row(name, f"{found.objective:,.0f}", f"{found.objective / plain:.2%}", f"{found.gap:.3%}")
    problem, _ = made_up(streets, crews, all_on(base))
    best = assign(problem, time_limit=seconds, seed=1, workers=2)
    before = gini(results_of(problem, best.crew_of_street), problem.capacities)
    fair = even_out(
        problem, best, limit=0.8 * before, solve=lambda posed: assign(posed, time_limit=seconds / 4, seed=1, workers=2)
    )
    table.add_row(
        f"all, Gini {before:.3f} to {fair.gini:.3f}", f"{fair.found.objective:,.0f}", f"price {fair.price:.2%}",
        f"{fair.found.gap:.3%}",
    )  # fmt: skip
    console.print(table)


def growth(sizes: list[tuple[int, int]], console: Console) -> None:
    """Print the seconds to a gap of 1 % by size, and the exponent of their growth in pairs."""
    table = Table("streets x crews", "pairs", "seconds to 1 %", box=None)
    points = []
    for streets, crews in sizes:
        problem, _ = made_up(streets, crews, all_on(PLAIN["tight"]))
        watch = Stopwatch()
        found = assign(problem, time_limit=300.0, seed=1, workers=2, gap=0.01)
        points.append((len(problem.values), watch.seconds))
        table.add_row(f"{streets} x {crews}", str(points[-1][0]), f"{points[-1][1]:.2f} ({found.gap:.2%})")
    console.print(table)
    pairs, seconds = np.log(np.array(points)).T
    console.print(f"exponent {np.polyfit(pairs, seconds, 1)[0]:.2f}")


def main(full: bool = False) -> None:
    """Print three tables: others, terms, growth."""
    console = Console(width=140)
    against_others([(20_000, 200, 60.0), (50_000, 1_000, 180.0)] if full else [(2_000, 40, 10.0)], console)
    what_terms_cost(*((20_000, 200, 30.0) if full else (2_000, 40, 4.0)), console)
    growth(
        [(2_500, 25), (5_000, 50), (10_000, 100), (20_000, 200)] if full else [(1_000, 10), (2_000, 20), (4_000, 40)],
        console,
    )
