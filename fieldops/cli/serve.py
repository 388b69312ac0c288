"""`fieldops serve`: the web on a region."""

import errno
import os
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from fieldops.cli.console import DEFAULT_DB, Db, progress_bar, say, shell_actor

EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104  compared with, not listened on
A_DAY = timedelta(days=1)
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
    sign_in: Annotated[
        str | None,
        typer.Option(metavar="LOGIN", help="Also print a link that signs this account in once, within a day."),
    ] = None,
    behind_proxy: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Address of the proxy that ends TLS before this server: its X-Forwarded-For and -Proto count.",
        ),
    ] = None,
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

    People sign in; where nobody has an account yet, a one-use link that sets the first planner up is printed. Requests for
    a host name that is neither this machine's own nor given by --name are refused.

    Example: fieldops serve --db region.gpkg --port 8080
    """
    from fieldops.actions.tiles import make_tiles, tiles_are_current
    from fieldops.store.connect import open_region
    from fieldops.store.upgrade import migrate_files

    _can_listen(host, port)
    region = open_region(db, older=True)
    migrate_files(db)
    current = tiles_are_current(region)
    region.close()
    if not current:
        with progress_bar() as progress:
            make_tiles(db, shell_actor(), progress=progress)
    if host not in LOOPBACK and not behind_proxy:
        say(f"note: nothing is encrypted on {host}; put a proxy with TLS before it, and name it by --behind-proxy")
    _print_link(db, sign_in, f"http://{'127.0.0.1' if host in EVERY_ADDRESS else host}:{port}")
    words = ["--host", host, "--port", str(port), "--threads", str(workers)]
    if behind_proxy:
        words += ["--behind-proxy", behind_proxy]
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


def _can_listen(host: str, port: int) -> None:
    """Refuse an address that the server could not listen on, before anything is made or anybody is told where it is."""
    from fieldops.errors import BadInput

    try:
        place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(place[0], place[1]) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(place[4])
            trial.listen()
    except OSError as error:
        cure = "choose another --port" if error.errno in (errno.EADDRINUSE, errno.EACCES) else "choose another --host"
        raise BadInput(f"cannot listen on {host}:{port} ({error.strerror})", cure=cure) from None


def _print_link(db: Path, login: str | None, address: str) -> None:
    """Print the one-use link that sets the first planner up, or that signs the named account in."""
    from fieldops.actions.invitations import first_link, make_sign_in_link
    from fieldops.cli.accounts import enter_address
    from fieldops.store.connect import open_region

    region = open_region(db)
    try:
        first = first_link(region, shell_actor())
        if first:
            say("nobody has an account yet; this link sets the first planner up, once, within 72 hours:")
            say(f"  {enter_address(address, first)}")
        elif login:
            say(f"this link signs {login} in, once, within a day:")
            say(f"  {enter_address(address, make_sign_in_link(region, shell_actor(), login, lasts=A_DAY)[1])}")
    finally:
        region.close()
