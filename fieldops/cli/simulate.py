"""`fieldops simulate`: try a rule on made-up cities before a thousand people walk."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldops.cli.console import AsJson, print_json, progress_bar, say

if TYPE_CHECKING:
    from fieldops.simulate.batch import Job


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(simulate)


Days = Annotated[int, typer.Option("--days", min=1, max=365, help="Days that a campaign may take.")]
Runs = Annotated[int, typer.Option("--runs", min=1, help="Runs of each policy: the cities, times --luck.")]
Policies = Annotated[
    str, typer.Option("--policy", help="Policies, by commas; with settings: fixed-hours:first=9+order=people.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="First city and luck; the same number, the same runs.")]
Luck = Annotated[int, typer.Option("--luck", min=1, help="Seeds of luck for each city; it must divide --runs.")]
Streets = Annotated[int, typer.Option("--streets", min=4, max=10_000, help="Of the made-up cities, a square number.")]
Crews = Annotated[int, typer.Option("--crews", min=1, max=1000, help="Crews of 4 people, 6 hours a day.")]
City = Annotated[
    Path | None, typer.Option("--region", help="Use the city of this region file; a truth is drawn for each seed.")
]
Truth = Annotated[
    Path | None,
    typer.Option("--truth", help="With --region: the truth.csv of `fieldops synth`, instead of a drawn truth."),
]
FieldName = Annotated[
    str, typer.Option("--field", help="plain: all come; rough: no-shows, attrition, weather, late phones.")
]
Fabricating = Annotated[float, typer.Option("--fabricating", help="Share of promoters who make answers up.")]
Trust = Annotated[bool, typer.Option("--trust/--no-trust", help="Whether the trust desk re-surveys and quarantines.")]
Workers = Annotated[int, typer.Option("--workers", min=1, help="Processes.")]
Store = Annotated[Path | None, typer.Option("--store", help="File of results; a stopped batch goes on from it.")]
Out = Annotated[Path | None, typer.Option("--out", help="Write the comparison as one HTML page.")]


def simulate(
    days: Days = 21, runs: Runs = 4, policy: Policies = "ours,fixed-hours", seed: Seed = 1, luck: Luck = 1,
    streets: Streets = 100, crews: Crews = 3, region: City = None, truth: Truth = None, field: FieldName = "plain",
    fabricating: Fabricating = 0.0, trust: Trust = False, workers: Workers = 2, store: Store = None, out: Out = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """
    Run whole campaigns of a policy on a hidden truth, by the real acts, and show honestly what it is worth.

    Plan, claims, tests, decisions and estimates are those of the region, on a sandbox in memory; after every simulated day the
    record is verified and the figures are compared. Policies: ours, round-robin, population-first, nearest-first, fixed-hours,
    greedy. Every policy meets the same cities and the same luck.

    Exit code 1 where a law was broken or two screens differed on any day: such figures are worth nothing.

    Example: fieldops simulate --runs 8 --policy ours,population-first --seed 1 --out comparison.html
    """
    from fieldops.errors import Stopped
    from fieldops.exchange.files import write_text
    from fieldops.simulate.batch import run_batch
    from fieldops.simulate.figures import tell
    from fieldops.simulate.report import draw_report

    names = list(dict.fromkeys(name.strip() for name in policy.split(",") if name.strip()))
    setting = {
        "days": days, "streets": streets, "crews": crews, "field": field, "fabricating": fabricating, "trust": trust,
        "region": str(region or ""), "truth": str(truth or ""),
    }  # fmt: skip
    jobs = _jobs(names, setting, runs=runs, seed=seed, luck=luck)
    _refuse_lost_results({"--out": out, "--store": store})
    with progress_bar(quiet=as_json) as progress:
        done, complete = run_batch(jobs, store=store, workers=workers, progress=progress)
    if not any(one.outcome for one in done):
        raise Stopped("no campaign was run to its end")
    document = tell(done, names) | {
        "setting": setting | {"runs": runs, "seed": seed, "luck": luck},
        "complete": complete,
    }
    if out:
        write_text(out, draw_report(document, title="Policies compared"))
        say(f"written: {out}")
    if as_json:
        print_json(document)
    else:
        _print(document)
    if not complete:
        raise Stopped(
            "the figures are of the campaigns that were run"
            + (f"; go on with the same --store {store}" if store else "")
        )
    if any(one["violations"] for one in document["policies"].values()):
        raise typer.Exit(1)


def _refuse_lost_results(files: "dict[str, Path | None]") -> None:
    """Refuse files that could not be written, before hours of work are done for them."""
    import os

    from fieldops.errors import BadInput

    for option, path in files.items():
        if path and (path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK)):
            raise BadInput(f"{path} cannot be written", field=option, cure="name a file in a directory that there is")


def _jobs(names: list[str], setting: dict[str, Any], *, runs: int, seed: int, luck: int) -> "list[Job]":
    """Return every campaign of the comparison, the bounds too, city by city so that a stopped batch compares what it has."""
    import math
    from dataclasses import replace

    from fieldops.errors import BadInput
    from fieldops.simulate.batch import BOUND, Job
    from fieldops.simulate.conditions import FIELDS
    from fieldops.simulate.policies import find_policy

    side = math.isqrt(setting["streets"])
    if side * side != setting["streets"]:
        cure = f"give a square number such as {side * side} or {(side + 1) ** 2}"
        raise BadInput(f"{setting['streets']} streets make no square grid", field="--streets", cure=cure)
    if setting["truth"] and not setting["region"]:
        raise BadInput("a truth is of a region", field="--truth", cure="name its file with --region too")
    if runs % luck:
        raise BadInput(
            f"{runs} runs are no multiple of {luck}", field="--runs", cure=f"give {runs - runs % luck or luck}"
        )
    if setting["field"] not in FIELDS:
        raise BadInput(
            f"there is no field '{setting['field']}'", field="--field", cure=f"choose of {', '.join(FIELDS)}"
        )
    for name in names:
        find_policy(name)
    if not names:
        raise BadInput("no policy is given", field="--policy", cure="for example ours,fixed-hours")
    conditions = replace(FIELDS[setting["field"]], fabricating=setting["fabricating"]).to_json()
    return [
        Job(
            policy=name, city=seed + run // luck, seed=seed * 1000 + run, days=setting["days"], crews=setting["crews"],
            side=side, region=setting["region"], truth=setting["truth"], trust=setting["trust"], conditions=conditions,
        )
        for run in range(runs)
        for name in [*names, BOUND]
    ]  # fmt: skip


def _print(document: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    from fieldops.simulate.figures import CAUSES, TOLD, say_promise

    console = Console()
    policies = document["policies"]
    table = Table(
        "",
        *policies,
        box=None,
        title=f"{next(iter(policies.values()))['runs']} runs, {document['confidence']:.0%} intervals",
    )
    for figure, words in TOLD.items():
        cells = []
        for one in policies.values():
            ends = one["interval"].get(figure)
            told = f"{one[figure]:,.3g}" if figure in one else "not at equal truth"
            cells.append(told + (f" ({ends[0]:,.3g} to {ends[1]:,.3g})" if ends else ""))
        table.add_row(words, *cells)
    for cause, words in CAUSES.items():
        table.add_row(
            f"  crew-days of {words}", *(f"{one['crew_days_by_cause'][cause]:.2f}" for one in policies.values())
        )
    console.print(table)
    bound = document["bound"]["with_setup"]
    if bound:
        console.print(f"omniscient bound: {bound:.2f} crew-days")
    for name, one in policies.items():
        if one["promise"]["claims"]:
            console.print(f"{name}: what plans of {one['promise']['weeks']} weeks promised and kept")
            for line in say_promise(one["promise"]):
                console.print(f"  {line}")
        if one["violations"]:
            console.print(f"{name}: {one['violations']} VIOLATIONS, first {one['first_violations'][0]}")
    for name, one in document["paired"].items():
        difference = one["crew_days"]
        ends = "" if difference["low"] is None else f" ({difference['low']:+.2f} to {difference['high']:+.2f})"
        console.print(
            f"{name} less {next(iter(policies))}: {difference['difference']:+.2f} crew-days{ends}, x {one['crew_days_ratio']:.3f}"
        )
