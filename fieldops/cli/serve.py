"""`fieldops serve`: the web on a region."""

import os
import subprocess
import sys
from typing import Annotated

import typer

from fieldops.cli.console import DEFAULT_DB, Db, progress_bar, say, shell_actor

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(
    db: Db = DEFAULT_DB,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 is every address of this machine.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Requests answered at the same time (threads).")] = 8,
    name: Annotated[
        list[str] | None, typer.Option(help="A name by which people reach this server, such as its domain; repeatable.")
    ] = None,
    worker: Annotated[
        bool,
        typer.Option(help="Run a worker beside it that does the jobs ordered on the pages; it ends with the server."),
    ] = True,
) -> None:
    """
    Show the region in the browser: the map, the plan's figures, crews and streets. Stop it with Ctrl-C.

    Requests for a host name that is neither this machine's own nor given by --name are refused. Nobody signs in yet:
    whoever reaches the address may look, and can change nothing.

    Example: fieldops serve --db region.gpkg --port 8080
    """
    from fieldops.actions.tiles import make_tiles, tiles_are_current
    from fieldops.store.connect import open_region

    region = open_region(db)
    current = tiles_are_current(region)
    region.close()
    if not current:
        with progress_bar() as progress:
            make_tiles(db, shell_actor(), progress=progress)
    if host not in LOOPBACK:
        say(f"note: everybody who reaches {host} can see this region; put a proxy that asks who they are before it")
    words = ["--host", host, "--port", str(port), "--threads", str(workers)]
    for given in name or []:
        words += ["--name", given]
    if worker:
        program = "from fieldops.cli.main import main; main()"
        subprocess.Popen(
            [sys.executable, "-c", program, "worker", "--db", str(db.resolve()), "--parent", str(os.getpid())]
        )
    sys.stdout.flush()
    # Another program from here on: the web holds none of what the commands load.
    os.execv(sys.executable, [sys.executable, "-m", "web", str(db.resolve()), *words])  # noqa: S606  our own words, no shell
