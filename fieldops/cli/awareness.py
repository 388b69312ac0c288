"""`fieldops awareness`: how many people know."""

from typing import TYPE_CHECKING, Annotated

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, Now, given_moment, print_json, shell_actor

if TYPE_CHECKING:
    from fieldops.actions.awareness import PlaceAwareness

_SHOWN = 25


def register(app: typer.Typer) -> None:
    """Add the command `awareness`."""
    app.command("awareness")(show_awareness)


def show_awareness(
    db: Db = DEFAULT_DB,
    with_quarantined: Annotated[
        bool, typer.Option("--with-quarantined", help="Show the figures as if quarantined surveys counted.")
    ] = False,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Show how many people know of the programme: zones, triangles and streets, with interval and the hours still needed.

    Surveys are carried on to today by the effort since; streets share what is known of their triangle. Where nobody was
    asked awareness is unknown, never 0 %.

    Example: fieldops awareness --json
    """
    from rich.console import Console
    from rich.table import Table

    from fieldops.actions.awareness import read_awareness
    from fieldops.store.connect import open_region

    report = read_awareness(open_region(db), shell_actor(), now=given_moment(now), with_quarantined=with_quarantined)
    if as_json:
        print_json(report.to_json())
        return
    console = Console()
    for noun, places in (("zone", report.zones), ("triangle", report.triangles), ("street", report.streets)):
        measured = [one for one in places if one.share is not None]
        shown = measured[:_SHOWN] or list(places[:3])
        table = Table(noun, "know", "awareness", "80 % interval", "hours to target")
        for one in shown:
            table.add_row(one.label or one.name, f"{one.knows} of {one.asked}", *_shares(one), _hours(one))
        console.print(table)
        unknown = len(places) - len(measured)
        console.print(f"{len(measured)} of {len(places)} {noun}s measured, {unknown} unknown" + (
            f"; {len(measured) - _SHOWN} more with --json" if len(measured) > _SHOWN else ""
        ))  # fmt: skip


def _shares(one: "PlaceAwareness") -> tuple[str, str]:
    if one.share is None or one.low is None or one.high is None:
        return "unknown", ""
    return f"{one.share:.1%}", f"{one.low:.1%} - {one.high:.1%}"


def _hours(one: "PlaceAwareness") -> str:
    if one.closed_until is not None:
        return f"moved on, closed until {one.closed_until:%m-%d}"
    return "" if one.hours_to_target is None else f"{one.hours_to_target:,.1f}"
