"""Policies at equal truth, promises kept, made-up answers with and without the trust desk, and the speed of the test bench."""

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from fieldops.clock import Stopwatch
from fieldops.simulate.batch import BOUND, Job, run_batch
from fieldops.simulate.conditions import PLAIN
from fieldops.simulate.figures import CAUSES, mean_with_interval, say_promise, tell
from fieldops.simulate.policies import find_policy
from fieldops.simulate.run import run_campaign
from fieldops.simulate.scenes import grid_scene
from tests.conftest import ROOT

STORE = Path(os.environ.get("FIELDOPS_BENCH_STORE", ROOT / ".bench" / "simulate.jsonl"))
# Each naive policy tuned to the same truth on cities 1 to 6: the cheapest of its settings with >= 80 % truly at target.
TUNED = (
    "ours", "nearest-first:first=6+block=3+rule=r50", "nearest-first:first=8+block=2", "fixed-hours:first=9.2",
    "round-robin:first=9.2", "population-first:first=8", "greedy:first=8.3+block=2",
)  # fmt: skip
# Ours with one default changed: card, where it is asked, price of an hour, weight of leaving none short, safety of the plan, claims
# at once, cool-down, days from plan to plan, fits, sentinels, conversations, points tested before anybody pushes.
SWEEP = (
    "ours", "ours:rule=two_of_ten", "ours:rule=a130", "ours:exits=own", "ours:price=0.18", "ours:price=0.26", "ours:short=1.5",
    "ours:short=3.5", "ours:finish=0.6", "ours:finish=0.9", "ours:cap=15", "ours:cool_down=2", "ours:replan_days=4", "ours:fit_days=5",
    "ours:fit_days=5+sentinels=2", "ours:contacts=no", "ours:scouts=0",
)  # fmt: skip
FABRICATING, FABRICATED = 0.2, 0.5


def ends(interval: Any, form: str) -> str:
    """Return both ends of an interval; nothing where there are too few cities to tell."""
    return "" if not interval or interval[0] is None else f"{interval[0]:{form}} to {interval[1]:{form}}"


def compare(cities: int, seeds: int, console: Console) -> None:
    """Print the comparison at equal truth with the bound, the causes and the promise."""
    jobs = [
        Job(policy=name, city=city, seed=100 * city + seed, days=28, crews=3, conditions=PLAIN.to_json())
        for city in range(1, cities + 1)
        for seed in range(seeds)
        for name in (*TUNED, BOUND)
    ]
    document = tell(run_batch(jobs, store=STORE, workers=2)[0], TUNED)
    policies: dict[str, Any] = document["policies"]
    table = Table(
        "policy", "crew-days", "90 %", "x bound", "90 %", "at target", "> 5 points short", "surveys/street", "less ours", "90 %",
        "x ours", box=None,
        title=f"{cities} cities of 100 streets x {seeds} seeds; bound {document['bound']['with_setup']:.2f} crew-days",
    )  # fmt: skip
    for name, one in policies.items():
        paired = document["paired"].get(name)
        less = paired["crew_days"] if paired else None
        table.add_row(
            name, f"{one['crew_days']:.2f}", ends(one["interval"]["crew_days"], ".2f"),
            f"{one['times_bound']:.3f}" if "times_bound" in one else "-", ends(one["interval"].get("times_bound"), ".2f"),
            f"{one['truly_at_target']:.1%}", f"{one['left_short']:.1%}", f"{one['surveys_per_street']:.1f}",
            f"{less['difference']:+.2f}" if less else "", ends((less["low"], less["high"]), "+.2f") if less else "",
            f"{paired['crew_days_ratio']:.3f}" if paired else "",
        )  # fmt: skip
    console.print(table)
    causes = Table("crew-days", *policies, box=None)
    for cause, words in CAUSES.items():
        causes.add_row(words, *(f"{one['crew_days_by_cause'][cause]:.2f}" for one in policies.values()))
    console.print(causes)
    promise = policies["ours"]["promise"]
    console.print(f"what the plans of {promise['weeks']} weeks promised and kept:", *say_promise(promise), sep="\n  ")
    console.print(f"violations of invariants: {sum(one['violations'] for one in policies.values())}")


def distrust(cities: int, seeds: int, console: Console) -> None:
    """Print what made-up answers do to the truth, with the trust desk on and, as the control, off."""
    made_up = replace(PLAIN, fabricating=FABRICATING, fabricated_share=FABRICATED)
    table = Table(
        "", "at target", "points less", "90 %", "> 5 points short", "crew-days", "surveys in quarantine", box=None
    )
    for name in ("ours", "ours:exits=own"):
        honest: dict[tuple[int, int], float] = {}
        for words, conditions, trust in (
            ("everybody honest, desk off", PLAIN, False),
            (f"{FABRICATING:.0%} make answers up, desk off (control)", made_up, False),
            (f"{FABRICATING:.0%} make answers up, desk on", made_up, True),
        ):
            jobs = [
                Job(
                    policy=name, city=city, seed=100 * city + seed, days=28, crews=3, trust=trust, conditions=conditions.to_json()
                )
                for city in range(1, cities + 1)
                for seed in range(seeds)
            ]  # fmt: skip
            done = run_batch(jobs, store=STORE, workers=2)[0]
            outcomes = {(one.job.city, one.job.seed): one.outcome for one in done if one.outcome}
            honest = honest or {run: one.truly_at_target for run, one in outcomes.items()}
            lost = [100 * (honest[run] - one.truly_at_target) for run, one in outcomes.items()]
            mean, low, high = mean_with_interval(lost, [city for city, _ in outcomes])
            one = tell(done, [name])["policies"][name]
            quarantined = sum(each.quarantined for each in outcomes.values()) / len(outcomes)
            table.add_row(
                f"{words}; {name}", f"{one['truly_at_target']:.1%}", f"{mean:.1f}", ends((low, high), ".1f"),
                f"{one['left_short']:.1%}", f"{one['crew_days']:.1f}", f"{quarantined:.0f}",
            )  # fmt: skip
    console.print(table)


def defaults(cities: int, seeds: int, console: Console) -> None:
    """Print what other defaults would give on the same cities and luck."""
    jobs = [
        Job(policy=name, city=city, seed=100 * city + seed, days=28, crews=3, conditions=PLAIN.to_json())
        for city in range(1, cities + 1)
        for seed in range(seeds)
        for name in SWEEP
    ]
    document = tell(run_batch(jobs, store=STORE, workers=2)[0], SWEEP)
    table = Table("default changed", "crew-days", "at target", "> 5 points short", "less ours", "90 %", box=None)
    for name, one in document["policies"].items():
        less = document["paired"].get(name, {}).get("crew_days")
        table.add_row(
            name, f"{one['crew_days']:.2f}", f"{one['truly_at_target']:.1%}", f"{one['left_short']:.1%}",
            f"{less['difference']:+.2f}" if less else "", ends((less["low"], less["high"]), "+.2f") if less else "",
        )  # fmt: skip
    console.print(table)


def speed(days: int, console: Console) -> None:
    """Print how long crew-days of a city of 2,025 streets take, every night examined."""
    scene = grid_scene(city=1, seed=1, conditions=PLAIN, side=45, crews=50, days=days)
    watch, before = Stopwatch(), time.process_time()
    outcome = run_campaign(scene, find_policy("ours"))
    seconds = time.process_time() - before
    console.print(
        f"2,025 streets, 50 crews: {outcome.crew_days:,.0f} crew-days in {seconds:.0f} processor-seconds ({watch.seconds:.0f} s by the clock): "
        f"{1000 * seconds / outcome.crew_days:.0f} for 1,000; "
        f"{outcome.surveys:,} surveys, {outcome.claims:,} claims, {outcome.plans} plans, {len(outcome.violations)} violations"
    )


def main(full: bool = False) -> None:
    """Print the tables; `full` takes 24 cities x 5 seeds and 1,000 crew-days, and goes on where it was stopped."""
    console = Console(width=160)
    STORE.parent.mkdir(exist_ok=True)
    cities, seeds = (24, 5) if full else (4, 1)
    compare(cities, seeds, console)
    distrust(cities if full else 3, 1, console)
    if full:
        defaults(8, 2, console)
    speed(20 if full else 4, console)
