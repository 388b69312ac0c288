"""`fieldops plan move | pin | unpin | pins`: what a lead decides by hand, with its cost told before it is done."""

from typing import Annotated, Any

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, Now, given_moment, in_city, print_json, say, shell_actor

Street = Annotated[str, typer.Option("--street", help="The street.")]
Crew = Annotated[str | None, typer.Option("--crew", help="The crew that shall have it.")]
Nobody = Annotated[bool, typer.Option("--nobody", help="No crew shall have it.")]
Why = Annotated[str, typer.Option("--why", help="The reason for the record, a code.")]


def register(plan: typer.Typer) -> None:
    """Add the commands to `fieldops plan`."""
    for command in (move, pin, unpin, pins):
        plan.command()(command)


def move(
    name: Annotated[str, typer.Argument(metavar="ID", help="The plan; the beginning of its id is enough.")],
    street: Street,
    crew: Crew = None,
    nobody: Nobody = False,
    keep: Annotated[bool, typer.Option("--pin", help="Pin it too: coming plans keep the street there.")] = False,
    why: Why = "lead_decision",
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Move a street of a plan to another crew, which makes a new plan; without --crew and --nobody only say what each near crew would cost.

    Example: fieldops plan move 1a2b --street S0012
    """
    from fieldops.actions.moves import check_movable, costs_note, move_street, price_moves
    from fieldops.ids import PlanId, StreetId
    from fieldops.store.connect import open_region

    region, actor = open_region(db), shell_actor()
    if crew is None and not nobody:
        check_movable(region, actor, PlanId(name))
        found, note = (
            price_moves(region, actor, PlanId(name), StreetId(street)),
            costs_note(region, actor, PlanId(name)),
        )
        if as_json:
            print_json({"street": street, "moves": [_shown(one) for one in found], "note": note})
        for one in found if not as_json else ():
            typer.echo(f"{one.crew or 'nobody'}  {one.reason if one.possible else f'not possible: {one.reason}'}")
        if note and not as_json:
            typer.echo(note)
        return
    made, done = move_street(
        region, actor, PlanId(name), StreetId(street), _wanted(crew, nobody), pin=keep, why=why, now=given_moment(now)
    )
    if as_json:
        print_json(_shown(done) | {"plan": made.id})
    else:
        say(
            f"plan {made.id}: street {street} moved from {done.before or 'nobody'} to {done.crew or 'nobody'}: {done.reason}"
        )


def _shown(one: Any) -> dict[str, Any]:
    return {
        "street": one.street, "crew": one.crew, "before": one.before, "possible": one.possible, "cost": one.cost,
        "hours": one.hours, "given_up": list(one.given_up), "taken_up": list(one.taken_up), "reason": one.reason,
    }  # fmt: skip


def _wanted(crew: str | None, nobody: bool) -> Any:
    from fieldops.errors import BadInput
    from fieldops.ids import CrewId

    if (crew is None) == (not nobody):
        if crew is not None:
            raise BadInput("both a crew and nobody are to have the street", cure="give --crew C or --nobody, not both")
        raise BadInput("nothing says who shall have the street", cure="give --crew C or --nobody")
    return None if nobody else CrewId(crew or "")


def pin(
    street: Street,
    crew: Crew = None,
    nobody: Nobody = False,
    why: Why = "lead_decision",
    db: Db = DEFAULT_DB,
    now: Now = None,
) -> None:
    """
    Pin a street to a crew, or to nobody: coming plans keep it so where the rules allow it. Claims are not touched.

    Example: fieldops plan pin --street S0012 --crew C03
    """
    from fieldops.actions.pins import pin_street
    from fieldops.ids import StreetId
    from fieldops.store.connect import open_region

    later = pin_street(
        open_region(db), shell_actor(), StreetId(street), _wanted(crew, nobody), why=why, now=given_moment(now)
    )
    say(f"street {street} is pinned to {crew or 'nobody'}: {later or 'coming plans keep it so'}")


def unpin(street: Street, why: Why = "lead_decision", db: Db = DEFAULT_DB, now: Now = None) -> None:
    """Lift the pin of a street."""
    from fieldops.actions.pins import unpin_street
    from fieldops.ids import StreetId
    from fieldops.store.connect import open_region

    unpin_street(open_region(db), shell_actor(), StreetId(street), why=why, now=given_moment(now))
    say(f"street {street} is pinned no longer")


def pins(db: Db = DEFAULT_DB, as_json: AsJson = False) -> None:
    """List the pins that coming plans keep."""
    from fieldops.actions.pins import list_pins
    from fieldops.store.connect import open_region

    region = open_region(db)
    found = list_pins(region, shell_actor())
    if as_json:
        rows = [{"street": one.street, "crew": one.crew, "set_at": one.set_at, "why": one.why} for one in found]
        print_json({"pins": rows})
    for one in found if not as_json else ():
        typer.echo(
            f"{one.label} ({one.street})  {one.crew or 'nobody'}  since {in_city(one.set_at, region)}  {one.why}"
        )
    if not found and not as_json:
        say("nothing is pinned")
