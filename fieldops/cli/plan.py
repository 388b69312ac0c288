"""`fieldops plan`: who claims which streets for the next seven days, with a proven bound and a reason for every choice."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, Now, given_moment, print_json, progress_bar, say, shell_actor

if TYPE_CHECKING:
    from fieldops.store.plans import StoredPlan

plan = typer.Typer(
    invoke_without_command=True, help="Decide who claims which streets for the next seven days; publish it, ask why."
)

PlanName = Annotated[str, typer.Argument(metavar="ID", help="The plan; the beginning of its id is enough.")]


def register(app: typer.Typer) -> None:
    """Add the commands `plan ...`."""
    app.add_typer(plan, name="plan")


@plan.callback()
def make(
    context: typer.Context,
    db: Db = DEFAULT_DB,
    start: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="When the claims begin; now by default.")
    ] = None,
    time_limit: Annotated[
        float, typer.Option(min=0.5, help="Seconds for the whole of it; Ctrl-C ends it earlier and keeps the best.")
    ] = 8.0,
    seed: Annotated[int, typer.Option(help="The same seed searches in the same order.")] = 1,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processor cores to use.")] = 2,
    job: Annotated[
        bool,
        typer.Option("--job", help="Only order it: `fieldops worker` makes it, `fieldops jobs` shows how far it is."),
    ] = False,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Make a plan: crews to streets for seven days, with bound and gap. It claims nothing; `plan publish ID` does.

    Example: fieldops plan --from 2026-03-02T08:00:00+08:00 --time-limit 20
    """
    if context.invoked_subcommand:
        return
    if job:
        _order(db, {"start": start, "time_limit": time_limit, "seed": seed, "workers": workers, "now": now}, as_json)
        return
    from fieldops.actions.plans import make_plan
    from fieldops.errors import Stopped
    from fieldops.store.connect import open_region

    with progress_bar() as progress:
        made = make_plan(
            open_region(db), shell_actor(), start=given_moment(start), time_limit=time_limit, seed=seed, workers=workers,
            now=given_moment(now), progress=progress,
        )  # fmt: skip
    if as_json:
        print_json(_document(made))
    else:
        _print_plan(made)
        if made.assignments:
            say(f"Next: fieldops plan publish {made.id}    why: fieldops plan explain {made.id} --crew C")
    if made.status == "stopped":
        raise Stopped(kept=f"the best plan so far is kept as {made.id}")


def _order(db: Path, parameters: dict[str, Any], as_json: bool) -> None:
    from fieldops.actions.jobs import order_job
    from fieldops.cli.worker import document

    for moment in ("start", "now"):
        given_moment(parameters[moment])
    job = order_job(db, shell_actor(), "plan", parameters)
    if as_json:
        print_json(document(job))
    else:
        say(f"job {job.id} waits for a worker; follow it: fieldops jobs follow {job.id}")


@plan.command()
def publish(
    name: PlanName,
    best_effort: Annotated[
        bool, typer.Option(help="Claim what the rules allow and list the rest; by default all or nothing.")
    ] = False,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Make the plan's assignments claims: from this moment on each street is its crew's for seven days."""
    from fieldops.actions.plans import publish_plan
    from fieldops.ids import PlanId
    from fieldops.store.connect import open_region

    done = publish_plan(open_region(db), shell_actor(), PlanId(name), best_effort=best_effort, now=given_moment(now))
    refused = [{"street": r.street, "crew": r.crew, "reason": str(r.error)} for r in done.refused]
    if as_json:
        granted = [
            {"claim": c.id, "street": c.street, "crew": c.crew, "from": c.claimed_at, "until": c.held_until}
            for c in done.granted
        ]
        print_json({"granted": granted, "refused": refused})
        return
    say(f"{len(done.granted)} claims made" + (f", {len(refused)} refused" if refused else ""))
    for one in refused:
        say(f"  {one['street']} for crew {one['crew']}: {one['reason']}")


@plan.command()
def explain(
    name: PlanName,
    crew: Annotated[str | None, typer.Option(help="All streets of this crew.")] = None,
    street: Annotated[str | None, typer.Option(help="This street.")] = None,
    db: Db = DEFAULT_DB,
    as_json: AsJson = False,
) -> None:
    """Say why: one sentence for each street of a crew, or for one street, given or not."""
    from fieldops.errors import BadInput, NotFound
    from fieldops.ids import PlanId
    from fieldops.store.connect import open_region
    from fieldops.store.plans import read_plan

    if (crew is None) == (street is None):
        raise BadInput("nothing says what to explain", cure="give --crew C or --street S")
    found = read_plan(open_region(db).reader(), PlanId(name))
    reasons = [
        dataclasses.asdict(a) for a in found.assignments if crew in (None, a.crew) and street in (None, a.street)
    ]
    if street is not None and not reasons:
        reasons = [{"street": s, "crew": None, "reason": reason} for s, reason in found.unassigned if s == street]
        if not reasons:
            raise NotFound("street", street, cure="see `fieldops streets list`")
    if as_json:
        print_json({"plan": found.id, "reasons": reasons})
        return
    if not reasons:
        say(f"crew {crew} has no street in this plan; {found.figures.get('impossible') or 'see --street for a street'}")
    for one in reasons:
        typer.echo(f"{one['street']}  {one['crew'] or '–'}  {one['reason']}")


@plan.command("list")
def list_all(db: Db = DEFAULT_DB, as_json: AsJson = False) -> None:
    """List the plans, newest first."""
    from rich.console import Console
    from rich.table import Table

    from fieldops.store.connect import open_region
    from fieldops.store.plans import list_plans

    found = list_plans(open_region(db).reader())
    if as_json:
        print_json({"plans": [_summary(one) for one in found]})
        return
    table = Table("plan", "made", "starts", "status", "streets", "value", "gap", "published", box=None)
    for one in found:
        table.add_row(
            one.id, f"{one.made_at:%Y-%m-%d %H:%M}", f"{one.starts_at:%Y-%m-%d %H:%M}", one.status,
            str(one.figures.get("given", "")), f"{one.objective:,.0f}", f"{one.gap:.2%}",
            f"{one.published_at:%Y-%m-%d %H:%M}" if one.published_at else "",
        )  # fmt: skip
    Console().print(table)


@plan.command()
def show(name: PlanName, db: Db = DEFAULT_DB, as_json: AsJson = False) -> None:
    """Print a stored plan again."""
    from fieldops.ids import PlanId
    from fieldops.store.connect import open_region
    from fieldops.store.plans import read_plan

    found = read_plan(open_region(db).reader(), PlanId(name))
    if as_json:
        print_json(_document(found))
    else:
        _print_plan(found)


def _summary(one: "StoredPlan") -> dict[str, Any]:
    return {
        "plan": one.id, "made_at": one.made_at, "starts_at": one.starts_at, "status": one.status,
        "objective": one.objective, "bound": one.bound, "gap": one.gap, "seconds": one.seconds, "seed": one.seed,
        "published_at": one.published_at, "figures": one.figures,
    }  # fmt: skip


def _document(one: "StoredPlan") -> dict[str, Any]:
    return _summary(one) | {
        "assignments": [dataclasses.asdict(a) for a in one.assignments],
        "unassigned": [{"street": street, "reason": reason} for street, reason in one.unassigned],
        "check": {"lawful": one.figures["lawful"], "violations": one.figures["violations"]},
    }


def _print_plan(one: "StoredPlan") -> None:
    from rich.console import Console
    from rich.table import Table

    console, figures = Console(), one.figures
    if figures["impossible"]:
        console.print(f"No plan is possible: {figures['impossible']}")
        return
    table = Table(
        "crew",
        "streets",
        "hours",
        "people to tell",
        "finish",
        "first street's reason",
        box=None,
        title=f"Plan {one.id}",
    )
    crews: dict[str, list[Any]] = {}
    for a in one.assignments:
        crews.setdefault(a.crew, []).append(a)
    for crew, mine in sorted(crews.items()):
        new = [a for a in mine if not a.pinned]
        finish = sum(a.finish_probability for a in new) / len(new) if new else 0.0
        table.add_row(
            crew, f"{len(new)}" + (f" + {len(mine) - len(new)}" if len(mine) > len(new) else ""),
            f"{sum(a.hours for a in new):,.1f}", f"{sum(a.value for a in new):,.0f}", f"{finish:.0%}" if new else "",
            ", ".join(a.street for a in (new or mine)[:3]) + (" ..." if len(mine) > 3 else ""),
        )  # fmt: skip
    console.print(table)
    console.print(
        f"{figures['given']} of {figures['streets']} streets for {figures['crews_with_streets']} of {figures['crews']} crews, "
        f"{figures['hours_given']:,.0f} of {figures['hours_at_hand']:,.0f} h; value {one.objective:,.1f} people, "
        f"proven bound {one.bound:,.1f}, gap {one.gap:.3%}; {'lawful' if figures['lawful'] else 'UNLAWFUL'}; {one.seconds:.1f} s"
    )
    for violation in figures["violations"]:
        console.print(f"  violation: {violation}")
    for reason, count in figures["reasons"].items():
        console.print(f"  {count:>5} without a crew: {reason}")
