"""`fieldops export`: tables and layers for spreadsheets, map programs and paper."""

from pathlib import Path
from typing import Annotated

import typer

from fieldops.cli.console import (
    DEFAULT_DB,
    AsJson,
    Db,
    Now,
    WithQuarantined,
    given_moment,
    print_json,
    reading,
    say,
    shell_actor,
)


def register(app: typer.Typer) -> None:
    """Add the command `export`."""
    app.command("export")(export)


def export(
    name: Annotated[
        str,
        typer.Argument(
            metavar="LAYER",
            help="streets, triangles, zones, venues, plan, claims, crews, surveys, decisions, effort, timesheet, events, bursts or walks.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="The file to write.")],
    form: Annotated[
        str,
        typer.Option(
            "--format", help="gpkg, geojson, csv, xlsx or gpx; pdf or html for walks; by default as the file ends."
        ),
    ] = "",
    crew: Annotated[str | None, typer.Option(help="Only this crew's claims, effort or walks.")] = None,
    plan: Annotated[str | None, typer.Option(help="This plan; the newest by default.")] = None,
    day: Annotated[str | None, typer.Option("--date", metavar="DATE", help="Walks of this day, as 2026-03-02.")] = None,
    address: Annotated[
        str, typer.Option("--address", metavar="URL", help="Where a paper sheet is entered: its code leads there.")
    ] = "",
    language: Annotated[str, typer.Option(help="zh or en, for paper sheets.")] = "zh",
    with_quarantined: WithQuarantined = False,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Write a table or layer to a file: for spreadsheets (formulas defused, Chinese readable), map programs, or paper.

    Walks as pdf are sheets for days without phones: big numbers, boxes to tick, a code back; printed by the machine's
    Chromium. Example: fieldops export walks --date 2026-03-02 --format pdf --out monday.pdf
    """
    from fieldops.actions import exports
    from fieldops.exchange.files import write_bytes
    from fieldops.ids import CrewId, PlanId
    from fieldops.intake import read_day
    from fieldops.store.connect import open_region
    from fieldops.store.plans import read_plan

    region, moment = open_region(db), given_moment(now)
    with reading(region, with_quarantined=with_quarantined, now=moment):
        content, count = exports.export(
            region, shell_actor(), name, form or out.suffix.removeprefix(".").lower(), crew=CrewId(crew) if crew else None,
            plan=read_plan(region.reader(), PlanId(plan)).id if plan else None,
            day=read_day({"--date": day or ""}, "--date"), address=address, language=language, now=moment,
        )  # fmt: skip
    write_bytes(out, content)
    if as_json:
        print_json({"out": str(out), "rows": count, "bytes": len(content)})
    else:
        say(f"{out}: {count:,} {'sheets' if out.suffix in ('.pdf', '.html') else 'rows'}, {len(content) / 1e6:.2f} MB")
