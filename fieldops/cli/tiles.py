"""`fieldops tiles`: the map of the region in the form that the browser draws from."""

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, print_json, progress_bar, shell_actor


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("tiles")(tiles)


def tiles(db: Db = DEFAULT_DB, as_json: AsJson = False) -> None:
    """
    Make the map's tiles, one PMTiles file beside the region file.

    `serve` does it by itself where they are missing or older than the map; do it by hand after edits while a server runs.
    Only shapes and names go in; who claims what is read from the region each time.

    Example: fieldops tiles --db region.gpkg
    """
    from fieldops.actions.tiles import make_tiles

    with progress_bar() as progress:
        made = make_tiles(db, shell_actor(), progress=progress)
    size = made.stat().st_size
    if as_json:
        print_json({"tiles": str(made), "bytes": size})
    else:
        typer.echo(f"{made}  {size / 1e6:.2f} MB")
