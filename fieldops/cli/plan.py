"""`fieldops plan`: who claims which streets for the next seven days, with a proven bound and a reason for every choice."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldops.cli import planmoves
from fieldops.cli.console import (
    DEFAULT_DB,
    AsJson,
    Db,
    Now,
    WithQuarantined,
    given_moment,
    is_handed_on,
    print_json,
    progress_bar,
    reading,
    say,
    shell_actor,
)
from fieldops.cli.plantables import called, plan_document, print_plan, summary, title

if TYPE_CHECKING:
    from fieldops.planning.terms import WhatIf
    from fieldops.store.connect import Region
    from fieldops.store.plans import StoredPlan

plan = typer.Typer(
    invoke_without_command=True, help="Decide who claims which streets for the next seven days; publish it, ask why."
)

Rain = Annotated[
    list[str] | None, typer.Option(metavar="DAY", help="Nobody works on this day (2026-03-04); repeatable.")
]
Fair = Annotated[
    float | None,
    typer.Option(metavar="GINI", help="Spread results per hour between crews to at most this Gini coefficient."),
]
Assumed = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=N",
        help="Assume people=1.2 (times), hours=6 (a day), days=5, threshold=0.15 or finish=0.9; repeatable. Such a plan is"
        " never published; compare it: fieldops plan compare A B.",
    ),
]
PlanName = Annotated[str, typer.Argument(metavar="ID", help="The plan; the beginning of its id is enough.")]


def register(app: typer.Typer) -> None:
    """Add the commands `plan ...`."""
    planmoves.register(plan)
    app.add_typer(plan, name="plan")


@plan.callback()
def make(
    context: typer.Context,
    db: Db = DEFAULT_DB,
    start: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="When the claims begin; now by default.")
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option(
            min=0.5,
            help="Seconds to read and search; a first answer comes in any case. By default 6, and up to 20 until a gap of"
            " 1 % is proven. Ctrl-C keeps the best.",
        ),
    ] = None,
    gap: Annotated[
        float, typer.Option(min=0.0, help="End as soon as the gap is proven to be this small (0.01 is 1 %).")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="The same seed searches in the same order.")] = 1,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processor cores to use.")] = 2,
    rain: Rain = None,
    fair: Fair = None,
    what_if: Assumed = None,
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
    if is_handed_on(context):
        return
    from fieldops.clock import parse_day
    from fieldops.planning.terms import Terms

    assumed = _read_what_if(what_if) if what_if else None
    terms = Terms(rain=frozenset(parse_day(word, field="--rain") for word in rain or []), fair=fair, what_if=assumed)
    search: dict[str, Any] = {"time_limit": time_limit, "gap": gap, "seed": seed, "workers": workers}
    if job:
        wanted = search | {"start": start, "now": now, "fair": fair, "rain": rain or None}
        _order(db, wanted | {"what_if": assumed.to_json() if assumed else None}, as_json)
        return
    from fieldops.actions.plans import make_plan
    from fieldops.store.connect import open_region

    region = open_region(db)
    region.check_moment(given_moment(now))
    with progress_bar() as progress:
        made = make_plan(
            region, shell_actor(), start=given_moment(start), now=given_moment(now), progress=progress, terms=terms,
            **search,
        )  # fmt: skip
    _tell(made, region, as_json=as_json, assumed=assumed is not None)


def _tell(made: "StoredPlan", region: "Region", *, as_json: bool, assumed: bool) -> None:
    """Print a plan that was just made; fail where none is possible or it was stopped."""
    from fieldops.errors import BadInput, Stopped
    from fieldops.store.plans import names

    if as_json:
        print_json(plan_document(made))
    elif not made.figures["impossible"]:
        print_plan(made, names(region.reader()))
        if made.figures["given"] and not assumed:
            say(f"Next: fieldops plan publish {made.id}    why: fieldops plan explain {made.id} --crew C")
    if made.figures["impossible"]:
        raise BadInput(f"no plan is possible: {made.figures['impossible']}")
    if made.status == "stopped":
        raise Stopped(kept=f"the best plan so far is kept as {made.id}")


def _read_what_if(words: list[str]) -> "WhatIf":
    """Return the assumptions of `--what-if`, which a refusal names with its option."""
    from fieldops.errors import BadInput
    from fieldops.planning.terms import WhatIf

    try:
        return WhatIf.from_words(words)
    except BadInput as refusal:
        name = (refusal.field or "").removeprefix("--what-if")
        raise dataclasses.replace(refusal, field=f"--what-if {name}".rstrip()) from None


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
    refused = [{"street": r.street, "crew": r.crew, "reason": r.reason} for r in done.refused]
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
    """
    Say why: one sentence for each street of a crew; for one street also why not another crew, and what moving it costs.

    Example: fieldops plan explain 1a2b --street S0012
    """
    from fieldops.actions.moves import costs_note, price_moves
    from fieldops.actions.names import read_names
    from fieldops.errors import BadInput, NotFound
    from fieldops.ids import PlanId, StreetId
    from fieldops.planning.reasons import fold_crews
    from fieldops.store.connect import open_region
    from fieldops.store.plans import read_plan

    if (crew is None) == (street is None):
        raise BadInput("nothing says what to explain", cure="give --crew C or --street S")
    region = open_region(db)
    found = read_plan(region.reader(), PlanId(name))
    reasons: list[dict[str, Any]] = [
        dataclasses.asdict(a) for a in found.assignments if crew in (None, a.crew) and street in (None, a.street)
    ]
    if street is not None and not reasons:
        reasons = [{"street": s, "crew": None, "reason": reason} for s, reason in found.unassigned if s == street]
        if not reasons:
            raise NotFound("street", street, cure="see `fieldops streets list`")
    others = [one.reason for one in price_moves(region, shell_actor(), found.id, StreetId(street))] if street else []
    note = costs_note(region, shell_actor(), found.id) if street else ""
    names = read_names(region, shell_actor())
    if crew is not None and not reasons and crew not in names.crews:
        raise NotFound("crew", crew, cure="`fieldops crews list` names them")
    if as_json:
        print_json({"plan": found.id, "reasons": reasons, "others": others, "note": note})
        return
    if not reasons:
        say(f"crew {crew} has no street in this plan; {found.figures.get('impossible') or 'see --street for a street'}")
    for one in reasons:
        street_name, crew_name = names.street(one["street"]), names.crew(one["crew"])
        typer.echo(
            f"{called(one['street'], street_name)}  {called(one['crew'], crew_name) if one['crew'] else 'nobody'}  {one['reason']}"
        )
    for sentence in [*fold_crews(others), *([note] if note else [])]:
        typer.echo(f"    {sentence}")
    if crew is not None and not reasons and crew in found.figures.get("left_out", {}):
        typer.echo(f"crew {crew}: {found.figures['left_out'][crew]}")


@plan.command()
def compare(
    one: PlanName,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The plan to compare it with.")],
    db: Db = DEFAULT_DB,
    as_json: AsJson = False,
) -> None:
    """
    Set two plans side by side: their figures, and the streets that would go to other crews.

    Example: fieldops plan compare 1a2b 3c4d
    """
    from rich.console import Console
    from rich.table import Table

    from fieldops.actions.comparison import compare_plans
    from fieldops.ids import PlanId
    from fieldops.store.connect import open_region
    from fieldops.store.plans import read_plan

    region = open_region(db)
    found = compare_plans(region, shell_actor(), PlanId(other), one)
    both = [read_plan(region.reader(), PlanId(name)) for name in (one, other)]
    changed = sorted([*found.added, *found.dropped, *found.moved], key=lambda change: change.street)
    if as_json:
        given = [{a.street: a.crew for a in each.assignments} for each in both]
        print_json({
            "plans": [summary(each) for each in both],
            "figures": {name: list(pair) for name, pair in found.figures.items()},
            "changed": [{"street": c.street, "crews": [g.get(c.street) for g in given]} for c in changed],
        })  # fmt: skip
        return
    table = Table("", *(title(each) for each in both), "difference", box=None)
    for name, (first, second) in found.figures.items():
        form = ".3%" if name == "gap" else ".3f" if name == "gini" else ",.1f"
        table.add_row(name.replace("_", " "), f"{first:{form}}", f"{second:{form}}", f"{second - first:+{form}}")
    console = Console()
    console.print(table)
    console.print(f"{len(changed)} streets go to another crew, or to one or none instead" + (":" if changed else ""))
    for change in changed[:20]:
        console.print(f"  {change.label}: {change.before or 'nobody'} -> {change.after or 'nobody'}")
    if len(changed) > 20:
        console.print("  ... all of them with --json")


@plan.command("list")
def list_all(db: Db = DEFAULT_DB, as_json: AsJson = False) -> None:
    """List the plans, newest first."""
    from rich.console import Console
    from rich.table import Table

    from fieldops.store.connect import open_region
    from fieldops.store.places import read_zone
    from fieldops.store.plans import list_plans

    connection = open_region(db).reader()
    found, zone = list_plans(connection), read_zone(connection)
    if as_json:
        print_json({"plans": [summary(one) for one in found]})
        return
    table = Table("plan", "made", "starts", "status", "streets", "value", "gap", "published", box=None)
    for one in found:
        table.add_row(
            one.id, *(f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in (one.made_at, one.starts_at)), one.status,
            str(one.figures.get("given", "")), f"{one.objective:,.0f}", f"{one.gap:.2%}",
            f"{one.published_at.astimezone(zone):%Y-%m-%d %H:%M}" if one.published_at else "",
        )  # fmt: skip
    Console().print(table)


@plan.command()
def show(
    name: PlanName, with_quarantined: WithQuarantined = False, db: Db = DEFAULT_DB, as_json: AsJson = False
) -> None:
    """
    Print a stored plan again; its chances to finish are those that it would have promised by the surveys that count now.

    With nothing put into quarantine since, and for a plan that is over, they are those that it promised.
    """
    from fieldops.actions.comparison import open_plan
    from fieldops.actions.trusting import count_quarantined
    from fieldops.ids import PlanId
    from fieldops.store.connect import open_region
    from fieldops.store.plans import names

    region = open_region(db)
    with reading(region, with_quarantined=with_quarantined):
        found = open_plan(region, shell_actor(), PlanId(name)).plan
    if as_json:
        held = {"surveys": count_quarantined(region), "counted": with_quarantined}
        print_json(plan_document(found) | {"quarantine": held})
    else:
        print_plan(found, names(region.reader()))
