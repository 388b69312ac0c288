"""What all commands share: options, output, progress, and how refusals become exit codes."""

import ctypes
import getpass
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldops import clock
from fieldops.errors import BadInput
from fieldops.ids import ActorId
from fieldops.people import Actor, Role
from fieldops.progress import Progress
from fieldops.said import say_end

if TYPE_CHECKING:
    from fieldops.store.connect import Region

Db = Annotated[Path, typer.Option("--db", envvar="FIELDOPS_DB", help="The region file.", show_envvar=True)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, everything else on stderr.")]
Now = Annotated[
    str | None,
    typer.Option(
        "--now", metavar="TIME", help="Take this ISO 8601 time with zone as now; for writing in a sandbox only."
    ),
]
WithQuarantined = Annotated[
    bool,
    typer.Option("--with-quarantined", help="Show every figure as if the surveys in quarantine counted (rule 13)."),
]
DEFAULT_DB = Path("region.gpkg")


@contextmanager
def reading(region: "Region", *, with_quarantined: bool, now: datetime | None = None) -> Iterator[None]:
    """Let all figures that are read of the region meanwhile count the surveys in quarantine, or none of them; say which."""
    from fieldops.actions import trusting

    if trusting.has_quarantined(region):
        count = trusting.count_quarantined(region)
        held = f"the {count:,} survey{'s' if count != 1 else ''} in quarantine" if count else "those in quarantine"
        say(f"as if {held} counted" if with_quarantined else f"without {held}; see --with-quarantined")
    with trusting.with_quarantined(region, now=now) if with_quarantined else trusting.without_quarantined(region):
        yield


def is_handed_on(context: typer.Context) -> bool:
    """
    Return whether a command follows that of its own right does something.

    Raises
    ------
    BadInput
        If options stand before that command: they are the group's and would be lost, a `--db` among them.
    """
    if context.invoked_subcommand is None:
        return False
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if source is not None and source.name == "COMMANDLINE":
            raise BadInput(
                f"{parameter.opts[0]} stands before `{context.invoked_subcommand}` and would be lost",
                cure=f"write it behind: {context.command_path} {context.invoked_subcommand} ... {parameter.opts[0]} ...",
            )
    return True


def given_moment(now: str | None) -> datetime | None:
    """
    Return the moment of `--now`, None where it was left away.

    Raises
    ------
    BadInput
        If it is no moment, or so far away that no claim could be reckoned from it.
    """
    if not now:
        return None
    moment = clock.parse_moment(now)
    if not 1900 <= moment.year <= 2200:
        raise BadInput(f"the year {moment.year}", field="--now", cure="give a time between 1900 and 2200")
    return moment


def in_zone(moment: datetime, zone: str) -> str:
    """Return a moment on the clocks of the city, in the form in which refusals tell ends (`said.say_end`)."""
    return say_end(moment.astimezone(clock.find_zone(zone)))


def in_city(moment: datetime, region: "Region") -> str:
    """Return a moment on the clocks of the region's first city, see `in_zone`."""
    from fieldops.store.places import read_zone

    return in_zone(moment, read_zone(region.reader()).key)


def shell_actor() -> Actor:
    """Return who acts at this shell: a planner, named by the login."""
    try:
        login = getpass.getuser()
    except (KeyError, OSError):
        login = "unknown"
    return Actor(ActorId(f"shell:{login}"), Role.PLANNER)


@contextmanager
def own_stdout() -> Iterator[None]:
    """Send to stderr what libraries print past Python meanwhile (HiGHS does), so that stdout holds our answer alone."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        ctypes.CDLL(None).fflush(None)
        os.dup2(kept, 1)
        os.close(kept)


def print_json(document: Any) -> None:
    """Print exactly one JSON document on stdout."""
    json.dump(document, sys.stdout, ensure_ascii=False, indent=1, default=_plain)
    sys.stdout.write("\n")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.format_moment(value)
    if hasattr(value, "item"):  # a numpy scalar
        return value.item()
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)


def say(text: str) -> None:
    """Print a line for people on stderr, so that stdout stays the result's."""
    typer.echo(text, err=True)


@contextmanager
def progress_bar(*, quiet: bool = False) -> Iterator[Progress]:
    """Show stages with a bar on stderr; in a pipe one line per stage; Ctrl-C asks the work to stop, twice ends it."""
    from fieldops.cli.bar import Bar

    with Bar(quiet=quiet) as bar:
        yield bar
