"""`fieldops next`: the next street of a crew at once, and the list that its phone keeps for hours without network."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, Now, given_moment, in_zone, print_json, say, shell_actor

if TYPE_CHECKING:
    from fieldops.actions.dispatch import Next
    from fieldops.claims import Reserve


def register(app: typer.Typer) -> None:
    """Add the command `next`."""
    app.command("next")(next_street)


def next_street(
    crew: Annotated[str, typer.Option("--crew", metavar="CREW", help="The crew's id.")],
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="STREET", help="Where the crew stands; by default the street it left last."),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(
            "--keep", min=1, max=20, metavar="N", help="Keep so many streets for its phone until the end of the day."
        ),
    ] = None,
    release: Annotated[bool, typer.Option("--release", help="Give back what is kept for the crew.")] = False,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Tell a crew its next street at once, without a new plan; only `claims grant` claims it.

    It is the street that brings most for the hours that the crew has left, within walking reach of where it stands, that
    nobody holds at this moment. With --keep the next ones are kept for its phone: nobody else may claim them today.

    Example: fieldops next --crew C07 --keep 3
    """
    from fieldops.actions import dispatch, reserves
    from fieldops.errors import BadInput
    from fieldops.ids import CrewId, StreetId
    from fieldops.store.claims import street_words
    from fieldops.store.connect import open_region

    if release and keep:
        raise BadInput("--keep and --release at once", cure="give one of the two")
    region, actor, at, name = open_region(db), shell_actor(), given_moment(now), CrewId(crew)
    where = StreetId(start) if start else None
    found = dispatch.next_street(region, actor, name, start=where, now=at)
    if release:
        reserves.release_reserves(region, actor, name, now=at)
    kept = (
        reserves.keep_reserves(region, actor, name, streets=keep, start=where, now=at)
        if keep
        else reserves.read_reserves(region, actor, name, now=at)
    )
    if as_json:
        print_json(_document(found, kept))
        return
    zones = {one.street: street_words(region.reader(), one.street)[1] for one in kept}
    _print(found, [(one.street, in_zone(one.ends_at, zones[one.street])) for one in kept])


def _document(found: "Next", kept: "list[Reserve]") -> dict[str, Any]:
    return {
        "crew": found.crew, "street": found.street, "label": found.label, "held": found.held,
        "metres": round(found.metres), "hours": round(found.hours, 2), "reason": found.reason,
        "milliseconds": found.milliseconds, "reserve": [{"street": one.street, "until": one.ends_at} for one in kept],
    }  # fmt: skip


def _print(found: "Next", kept: list[tuple[str, str]]) -> None:
    if found.street is None:
        typer.echo(found.reason)
    else:
        typer.echo(f"{found.label or found.street} ({found.street}): {found.reason}")
        if not found.held:
            say(f"Claim it: fieldops claims grant --crew {found.crew} --street {found.street}")
    for street, until in kept:
        typer.echo(f"kept for its phone until {until}: {street}")
