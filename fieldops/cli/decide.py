"""`fieldops decide`: move on, push on or ask more, place by place."""

from typing import TYPE_CHECKING, Annotated

import typer

from fieldops.cli.console import (
    DEFAULT_DB,
    AsJson,
    Db,
    Now,
    WithQuarantined,
    given_moment,
    print_json,
    reading,
    shell_actor,
)
from fieldops.said import WHOLE, say_interval

if TYPE_CHECKING:
    from fieldops.actions.decisions import Standing
    from fieldops.actions.names import Names

_SHOWN = 25
_SWARMS = 10
_WORDS = {"move_on": "[green]move on[/]", "push_on": "[red]push on[/]", "ask_more": "ask more"}


def register(app: typer.Typer) -> None:
    """Add the command `decide`."""
    app.command("decide")(decide)


def decide(
    db: Db = DEFAULT_DB,
    triangle: Annotated[str | None, typer.Option("--triangle", help="Decide the places of this triangle only.")] = None,
    with_quarantined: WithQuarantined = False,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Apply the move-on rule to all measurements with new surveys: move on, push on or ask more.

    Where a place moves on, the claims there end as saturated and their crews are told the next street. Each verdict comes
    with its rule and error rates, and with what the plain rule "2 of 10" would have said.

    Example: fieldops decide --json
    """
    from fieldops.actions import decisions
    from fieldops.actions.awareness import save_estimates
    from fieldops.actions.names import read_names
    from fieldops.ids import TriangleId
    from fieldops.store.connect import open_region

    region, actor, at = open_region(db), shell_actor(), given_moment(now)
    place = TriangleId(triangle) if triangle else None
    done = decisions.decide(region, actor, triangle=place, now=at)
    if not done.estimated:
        save_estimates(region, actor, now=at)
    with reading(region, with_quarantined=with_quarantined, now=at):
        found = decisions.read_standings(region, actor, triangle=place, now=at)
    swarms = decisions.read_swarms(region, actor, found)
    points = [one for one in found if one.measurement.triangle]
    streets = [one for one in found if one.measurement.street]
    if as_json:
        print_json({
            "points": [one.to_json() for one in points], "streets": [one.to_json() for one in streets],
            "moved": [{"crew": one.crew, "from": one.left, "to": one.to, "reason": one.reason} for one in done.moved],
            "swarm": [{"triangle": one.triangle, "venues": one.venues} for one in swarms],
            "decided": len(done.made), "withdrawn": len(done.withdrawn), "closed": done.closed,
        })  # fmt: skip
        return
    names = read_names(region, actor)
    _print("connection point", points, names)
    _print("street", streets, names)
    for one in done.moved:
        to = names.street(one.to) if one.to else "its lead"
        typer.echo(f"{names.crew(one.crew)}: leave {names.street(one.left)} for {to}: {one.reason}")
    for swarm in swarms[:_SWARMS]:
        venues = ", ".join(names.venue(venue) for venue in swarm.venues[:5])
        typer.echo(f"swarm {names.place(None, swarm.triangle)}: {venues or 'no venue known there'}")
    if len(swarms) > _SWARMS:
        typer.echo(f"... and {len(swarms) - _SWARMS} more triangles to swarm: see them all with --json")
    typer.echo(f"{len(done.made)} decided, {len(done.withdrawn)} withdrawn, {len(done.closed)} streets closed")


def _print(noun: str, found: "list[Standing]", names: "Names") -> None:
    from rich.console import Console
    from rich.table import Column, Table

    if not found:
        return
    newest = sorted(found, key=lambda one: one.measurement.opened_at, reverse=True)
    table = Table(Column(noun, min_width=14), "know", "surely", "decision", "card", "missing", "2 of 10")
    rates: dict[str, str] = {}
    for one in newest[:_SHOWN]:
        test = one.test
        if test.wrong_move_on:
            rates[test.rule] = (
                f"{test.rule}: {test.wrong_move_on:.0%} move on wrongly, {test.wrong_push_on:.0%} push on wrongly"
            )
        table.add_row(
            names.place(one.measurement.street, one.measurement.triangle), f"{test.knows} of {test.asked}",
            say_interval(one.low, one.high, WHOLE), _WORDS[test.verdict], test.rule.replace("_", " "), test.why_more,
            _WORDS[test.plain],
        )  # fmt: skip
    Console().print(table)
    for line in rates.values():
        typer.echo(line)
    if len(found) > _SHOWN:
        typer.echo(f"... and {len(found) - _SHOWN} older ones: see them all with --json")
