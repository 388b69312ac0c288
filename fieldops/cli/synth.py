"""`fieldops synth`: a made-up city to try everything on."""

from pathlib import Path
from typing import Annotated

import typer

from fieldops.cli.console import AsJson, print_json, progress_bar, say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("synth")(synth)


def synth(
    streets: Annotated[
        int, typer.Option("--streets", help="Streets wanted, as an import counts them: 100 to 200,000.")
    ] = 700,
    seed: Annotated[int, typer.Option("--seed", help="The same number gives the same files, byte for byte.")] = 1,
    out: Annotated[Path, typer.Option("--out", help="Folder for the files; made where there is none.")] = Path("city"),
    crews: Annotated[
        int | None, typer.Option("--crews", help="Number of crews; by default enough for half of the need.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="Last day of the past surveys; by default 2026-11-22.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """
    Make a city that does not exist: a map, crews, past surveys, and the hidden truth.

    The map is an OpenStreetMap file in the middle of the Atlantic: river and bridges, ring roads, old town, gated
    compounds, villages. Past surveys are honest samples of a truth that only truth.csv tells, so that plans and
    estimates can be checked against it.

    Example: fieldops synth --streets 2000 --seed 7 --out /tmp/town
             fieldops import /tmp/town/map.osm.pbf --city 岚川 --timezone Asia/Shanghai --sandbox --now 2026-11-23T08:00:00+08:00
    """
    from datetime import date, timedelta

    from fieldops.errors import BadInput
    from fieldops.exchange.synthfiles import LAST_DAY, make_city

    try:
        last = date.fromisoformat(until) if until else LAST_DAY
    except ValueError:
        raise BadInput(f"'{until}' is not a date", field="--until", cure="write it as 2026-11-22") from None
    with progress_bar(quiet=as_json) as progress:
        made = make_city(out, streets=streets, seed=seed, crews=crews, until=last, progress=progress)
    if as_json:
        print_json(made)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(
        "file", "holds", box=None, pad_edge=False, title=f"{made['city']} ({made['english']})", title_justify="left"
    )
    table.add_row(str(made["map"]), f"{made['streets']:,} streets, {made['people']:,} people")
    table.add_row(str(made["crews"]), "the force; its members stand in promoters.csv")
    table.add_row(
        str(made["surveys"]), f"{made['asked']:,} people asked until {made['last_day']}; hours worked in effort.csv"
    )
    table.add_row(str(made["venues"]), "venues that the map does not know")
    table.add_row(str(made["truth"]), "what nobody is told: people, awareness and response by street")
    Console().print(table)
    # With the morning after the surveys, so that later commands may be given times from then on.
    morning = f"{last + timedelta(days=1)}T08:00:00+08:00"
    say(
        f"next: fieldops import {made['map']} --city {made['city']} --timezone {made['time_zone']} --sandbox --now {morning}"
    )
