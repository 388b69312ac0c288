"""`fieldops bases`: the offices of the region."""

from typing import Annotated

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, Now, given_moment, print_json, say, shell_actor

bases = typer.Typer(no_args_is_help=True, help="Bases: the offices that give sellers supply, live rooms and training.")
Name = Annotated[str, typer.Argument(help="The name of the base, as crews and reps name it.")]


def register(app: typer.Typer) -> None:
    """Add the commands `bases ...`."""
    app.add_typer(bases, name="bases")


@bases.command("list")
def list_bases(db: Db = DEFAULT_DB, now: Now = None, as_json: AsJson = False) -> None:
    """List the bases with who belongs to each, those that are only named too."""
    from dataclasses import asdict

    from fieldops.actions.bases import list_bases as act
    from fieldops.store.connect import open_region

    found = act(open_region(db), shell_actor(), now=given_moment(now))
    if as_json:
        print_json({"bases": [asdict(one) for one in found]})
        return
    for one in found:
        what = f"{one.base.address or 'no address'}" if one.base else "not described yet"
        say(f"{one.name}: {what}; {one.crews} crews of {one.people} people, {one.reps} reps, {one.sellers} sellers")
    if not found:
        say("no base yet: `fieldops bases set NAME --address ...`")


@bases.command("set")
def set_base(
    name: Name,
    address: Annotated[str, typer.Option(help="Street and number, as people write it.")] = "",
    lon: Annotated[float | None, typer.Option(help="Longitude, degrees WGS-84.")] = None,
    lat: Annotated[float | None, typer.Option(help="Latitude, degrees WGS-84.")] = None,
    hours: Annotated[str, typer.Option(help="When it is open, in words.")] = "",
    db: Db = DEFAULT_DB,
    now: Now = None,
) -> None:
    """Describe a base, or describe it anew. Example: fieldops bases set 城东 --address 解放路8号 --hours 9:00-21:00"""
    from fieldops.actions.bases import set_base as act
    from fieldops.people import Base
    from fieldops.store.connect import open_region

    act(open_region(db), shell_actor(), Base(name.strip(), address, lon, lat, hours), now=given_moment(now))
    say(f"base {name} is described")


@bases.command("remove")
def remove_base(name: Name, db: Db = DEFAULT_DB, now: Now = None) -> None:
    """Take a base off the list; refused while crews, reps, sellers or trainings belong to it."""
    from fieldops.actions.bases import remove_base as act
    from fieldops.store.connect import open_region

    act(open_region(db), shell_actor(), name, now=given_moment(now))
    say(f"base {name} is off the list")
