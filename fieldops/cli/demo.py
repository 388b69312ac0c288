"""`fieldops demo`: the whole journey on a made-up city, by the very commands that everybody has."""

import json
import shlex
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from fieldops.cli.console import progress_bar, say

OWN_MAPS = Path(__file__).parents[2] / "maps"
MADE_UP_STREETS = 700
CITY = "city.json"  # its name, time zone, people and last day of surveys, beside the map and the tables


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Option("--dir", help="Folder for the demo's region; made where there is none.")
    ] = Path("demo"),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the web page.")] = 8000,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Stop after the printed plan.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Make the region anew, even where it is there.")] = False,
) -> None:
    """
    Import a made-up city, take in crews and surveys, decide, plan, print the plan, and show it in the browser.

    Every step prints the command that does it, so that you can do the same with your own city. The region is a sandbox:
    it accepts given times, and nothing in it is real. A second run shows what is there.

    Example: fieldops demo --no-serve
    """
    folder.mkdir(parents=True, exist_ok=True)
    db = folder / "region.gpkg"
    root = context.find_root().command
    if again or not _is_complete(db):
        _remove_region(db)
        for words in _journey(db, _city_files(folder)):
            _run(root, words)
    else:
        _run(root, ["plan", "show", "--db", str(db)])
    say(f"the region is {db}: open it in QGIS (read-only), or ask it: fieldops plan explain --help")
    if not no_serve:
        _run(root, ["serve", "--db", str(db), "--port", str(port)])


def _journey(db: Path, files: Path) -> list[list[str]]:
    """Return the commands from the map to the plan, in their order; the plan begins the morning after the last survey."""
    told = json.loads((files / CITY).read_text("utf-8"))
    morning = time(8, tzinfo=ZoneInfo(told["time_zone"]))
    start = datetime.combine(date.fromisoformat(told["last_day"]) + timedelta(days=1), morning)
    at = ["--db", str(db)]
    before = [*at, "--now", (start - timedelta(hours=1)).isoformat()]
    tables = ("crews", "promoters", "venues", "surveys", "effort")
    return [
        ["import", str(files / "map.osm.pbf"), "--city", told["city"], "--timezone", told["time_zone"], "--residents",
         str(told["people"]), "--sandbox", *before],
        *([noun, "import", str(files / f"{noun}.csv"), *before] for noun in tables),
        ["decide", *before],
        ["plan", *at, "--from", start.isoformat(), "--now", start.isoformat()],
        ["tiles", *at],
    ]  # fmt: skip


def _run(root: Any, words: list[str]) -> None:
    say(f"\n$ fieldops {shlex.join(words)}")
    root.main(words, standalone_mode=False)


def _city_files(folder: Path) -> Path:
    """Return the folder of the made-up city: the one of the repository, else one made here."""
    known = sorted(OWN_MAPS.glob(f"*/{CITY}"))
    if known:
        return known[0].parent
    from fieldops.exchange.synthfiles import make_city

    files = folder / "city"
    if not (files / CITY).exists():
        with progress_bar() as progress:
            made = make_city(files, streets=MADE_UP_STREETS, seed=1, progress=progress)
        (files / CITY).write_text(json.dumps(made, ensure_ascii=False, indent=1), "utf-8")
    return files


def _is_complete(db: Path) -> bool:
    """Return whether the journey reached its end here: a plan is stored, and the map's tiles are made."""
    from fieldops.actions.desk import read_overview
    from fieldops.actions.tiles import tiles_are_current
    from fieldops.cli.console import shell_actor
    from fieldops.store.connect import open_region

    if not db.exists():
        return False
    region = open_region(db)
    try:
        return tiles_are_current(region) and read_overview(region, shell_actor()).plan is not None
    finally:
        region.close()


def _remove_region(db: Path) -> None:
    """Remove what an earlier demo left: the region, its private file and key, its tiles."""
    for path in db.parent.glob(f"{db.stem}.*"):
        path.unlink()
