"""`fieldops demo`: the whole journey on a made-up city, by the very commands that everybody has."""

import csv
import re
import shlex
from contextlib import redirect_stdout
from datetime import date, datetime, time, timedelta
from io import StringIO
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from fieldops.cli.console import say
from fieldops.clock import local_day, now

OWN_CITY = Path(__file__).parents[2] / "maps" / "lanchuan"
CITY = "岚川"
TIME_ZONE = ZoneInfo("Asia/Shanghai")
MADE_UP_STREETS = 700
ACCOUNT = "demo"
SEED, POSTERS = 1, 6
TABLES = ("crews", "promoters", "venues", "surveys", "effort")
A_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}")


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
    Import a made-up city, take in crews, surveys and candidates, decide, plan, print the plan, and show it in the browser.

    Every step prints the command that does it, so that you can do the same with your own city. The region is a sandbox:
    it accepts given times, and nothing in it is real. Its past ends yesterday. A second run shows what is there.

    Example: fieldops demo --no-serve
    """
    folder.mkdir(parents=True, exist_ok=True)
    db = folder / "region.gpkg"
    root = context.find_root().command
    plan = None if again else _stored_plan(db)
    if plan is None:
        _remove_region(db)
        files = _city_files(root, folder)
        tables = _move_to_yesterday(files, folder / "tables", _today())
        for words in _import(db, files, tables):
            _run(root, words)
        _recruit(root, db, tables)
        for words in (["decide"], ["plan"], ["tiles"]):
            _run(root, [*words, "--db", str(db)])
    else:
        _run(root, ["plan", "show", plan, "--db", str(db)])
    say(f"the region is {db}: open it in QGIS (read-only), or ask it: fieldops plan explain --help")
    if not no_serve:
        if not _has_account(db):
            _run(root, ["user", "add", ACCOUNT, "--role", "planner", "--db", str(db)])
        _run(root, ["serve", "--db", str(db), "--port", str(port), "--sign-in", ACCOUNT])


def _import(db: Path, files: Path, tables: Path) -> list[list[str]]:
    """Return the commands that take in the map and the tables, in their order."""
    people = sum(int(row["people"]) for row in _rows(files / "truth.csv"))  # what a census would tell: the total alone
    at = ["--db", str(db)]
    return [
        ["import", str(files / "map.osm.pbf"), "--city", CITY, "--timezone", TIME_ZONE.key, "--residents", str(people),
         "--sandbox", *at],
        *([noun, "import", str(tables / f"{noun}.csv"), *at] for noun in TABLES),
    ]  # fmt: skip


def _recruit(root: Any, db: Path, tables: Path) -> None:
    """Hang posters where crews worked most, and take in made-up candidates and the reps who look after them."""
    import numpy as np

    from fieldops.exchange.synthcandidates import make_candidates, make_reps
    from fieldops.recruiting.consent import FIRST_TEXT

    at, effort, rng = ["--db", str(db)], _rows(tables / "effort.csv"), np.random.default_rng(SEED)
    bases = {row["crew"]: row["base"] for row in _rows(tables / "crews.csv")}
    hours: dict[str, float] = {}
    for row in effort:
        hours[row["street"]] = hours.get(row["street"], 0.0) + float(row["promoter_hours"])
    posters = []
    for street in sorted(hours, key=lambda one: (-hours[one], one))[:POSTERS]:
        with redirect_stdout(StringIO()) as answer:
            _run(root, ["recruit", "poster", "--street", street, *at])
        say(link := answer.getvalue().strip())
        posters.append(link.rpartition("/")[2])
    until = datetime.combine(_today() - timedelta(days=1), time(21), TIME_ZONE)
    made = {"reps": make_reps(list(bases.values()), rng),
            "candidates": make_candidates(effort, bases, posters, until=until, rng=rng)}  # fmt: skip
    for noun, rows in made.items():
        _write(tables / f"{noun}.csv", rows)
    _run(root, ["recruit", "import-reps", str(tables / "reps.csv"), *at])
    _run(root, ["recruit", "import", str(tables / "candidates.csv"), "--consent", FIRST_TEXT.version, *at])
    _run(root, ["recruit", "assign-reps", *at])


def _write(table: Path, rows: list[dict[str, object]]) -> None:
    with table.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)), restval="")
        out.writeheader()
        out.writerows(rows)


def _move_to_yesterday(files: Path, into: Path, today: date) -> Path:
    """
    Write the tables with every day moved by the same number of days, so that the last survey was asked yesterday.

    The past of the made-up city ends where the day of the reader begins: the plan can be published, and nothing is stale.
    """
    last = max(date.fromisoformat(row["asked_at"][:10]) for row in _rows(files / "surveys.csv"))
    distance = today - timedelta(days=1) - last
    into.mkdir(parents=True, exist_ok=True)
    for noun in TABLES:
        text = (files / f"{noun}.csv").read_text("utf-8")
        moved = A_DAY.sub(lambda day: (date.fromisoformat(day[0]) + distance).isoformat(), text)
        (into / f"{noun}.csv").write_text(moved, "utf-8")
    return into


def _today() -> date:
    return local_day(now(), TIME_ZONE)


def _rows(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _run(root: Any, words: list[str]) -> None:
    say(f"\n$ fieldops {shlex.join(words)}")
    if words[0] != "decide":
        root.main(words, standalone_mode=False)
        return
    with redirect_stdout(StringIO()) as answer:  # a line for every place: too long for a tour
        root.main(words, standalone_mode=False)
    say(f"({len(answer.getvalue().splitlines())} lines, a verdict for every place: run it by itself to read them)")


def _city_files(root: Any, folder: Path) -> Path:
    """Return the folder of the made-up city: the one of the repository, else one made here."""
    if (OWN_CITY / "map.osm.pbf").exists():
        return OWN_CITY
    files = folder / "city"
    if not files.exists():
        _run(root, ["synth", "--streets", str(MADE_UP_STREETS), "--seed", "1", "--out", str(files)])
    return files


def _stored_plan(db: Path) -> str | None:
    """Return the plan of an earlier demo that reached its end here, None where there is none."""
    from fieldops.actions.desk import read_overview
    from fieldops.actions.tiles import tiles_are_current
    from fieldops.cli.console import shell_actor
    from fieldops.store.connect import open_region
    from fieldops.store.upgrade import migrate_files

    if not db.exists():
        return None
    migrate_files(db)
    region = open_region(db)
    try:
        plan = read_overview(region, shell_actor()).plan if tiles_are_current(region) else None
        return plan.id if plan else None
    finally:
        region.close()


def _has_account(db: Path) -> bool:
    from fieldops.actions.accounts import list_accounts
    from fieldops.cli.console import shell_actor
    from fieldops.store.connect import open_region

    region = open_region(db)
    try:
        return ACCOUNT in {one.login for one in list_accounts(region, shell_actor())}
    finally:
        region.close()


def _remove_region(db: Path) -> None:
    """Remove what an earlier demo left: the region, its private file and key, its tiles."""
    for path in db.parent.glob(f"{db.stem}.*"):
        path.unlink()
