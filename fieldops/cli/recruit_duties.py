"""`fieldops recruit export`, `forget`, `retention`, `data-map`, `consent`, `steps`, `wind-down`: duties to people."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from fieldops.cli.console import (
    DEFAULT_DB,
    AsJson,
    Db,
    Now,
    given_moment,
    in_city,
    print_json,
    progress_bar,
    say,
    shell_actor,
)

WHO = "An id of a candidate, or a phone number."


def register(recruit: typer.Typer) -> None:
    """Add the commands of duties to `recruit`."""
    recruit.command("export")(export)
    recruit.command("forget")(forget)
    recruit.command("retention")(retention)
    recruit.command("data-map")(data_map)
    recruit.command("consent")(consent)
    recruit.command("steps")(steps)
    recruit.command("wind-down")(wind_down)


def export(
    out: Annotated[Path, typer.Option(help="The file to write: .json for one person, .csv or .xlsx for sellers.")],
    who: Annotated[str | None, typer.Argument(help=WHO)] = None,
    sellers: Annotated[
        bool, typer.Option("--sellers", help="All sellers with names and numbers, for the region that takes them over.")
    ] = False,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Give out all that is stored about one person, or hand all sellers over; both are on the record.

    Example: fieldops recruit export 13800138000 --out person.json
    """
    from fieldops.actions import recruiting_duties as acts
    from fieldops.actions.recruiting_end import hand_over
    from fieldops.errors import BadInput
    from fieldops.exchange.files import write_bytes, write_text
    from fieldops.exchange.spreadsheets import csv_bytes, xlsx_bytes
    from fieldops.recruiting.phones import plain_phone
    from fieldops.store.connect import open_region

    region, moment = open_region(db), given_moment(now)
    if out.exists():
        raise BadInput(f"{out} exists already", field="--out", cure="choose another file")
    if sellers == (who is not None):
        raise BadInput("say whom: one person, or --sellers", field="who", cure="give a phone number or an id")
    if sellers:
        if out.suffix not in (".csv", ".xlsx"):
            raise BadInput(f"{out.name} is no table", field="--out", cure="name it .csv or .xlsx")
        rows = hand_over(region, shell_actor(), now=moment)
        columns = list(rows[0]) if rows else ["name", "phone"]
        plain = [{**row, "phone": plain_phone(str(row["phone"]))} for row in rows]
        write_bytes(out, xlsx_bytes("sellers", columns, plain) if out.suffix == ".xlsx" else csv_bytes(columns, plain))
    else:
        candidate = acts.find_person(region, shell_actor(), who or "")
        document = acts.export_person(region, shell_actor(), candidate, now=moment)
        write_text(out, json.dumps(document, ensure_ascii=False, indent=1, default=str) + "\n")
        rows = [document]
    if as_json:
        print_json({"file": str(out), "people": len(rows)})
    else:
        say(f"{out}: {len(rows)} written; keep it no longer than needed")


def forget(
    who: Annotated[str, typer.Argument(help=WHO)],
    why: Annotated[str, typer.Option(help="A code for the record, such as asked or withdrawn.")] = "asked",
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Erase one person everywhere: name, number, notes, search words, consent; the funnel keeps a nameless row.

    Backups lose them by age: see `fieldops recruit retention --backups`. A backup that is restored has them erased again.

    Example: fieldops recruit forget 13800138000
    """
    from fieldops.actions import recruiting_duties as acts
    from fieldops.store.connect import open_region

    region = open_region(db)
    candidate = acts.find_person(region, shell_actor(), who)
    done = acts.erase_person(region, shell_actor(), candidate, why=why, now=given_moment(now))
    if as_json:
        print_json({"erased": list(done.candidates), "log_emptied": done.log_emptied})
        return
    say(f"erased {', '.join(done.candidates)}")
    if not done.log_emptied:
        say("somebody is reading just now: the write-ahead log is emptied by `fieldops recruit retention`")


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show whose time is over; erase nobody.")] = False,
    backups: Annotated[
        Path | None, typer.Option(help="A folder with backups: private files older than 30 days are destroyed.")
    ] = None,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Erase whoever's time is over: 90 days after the last contact, sellers who left after 180; run it every night.

    Example: fieldops recruit retention --backups /srv/backups
    """
    from fieldops.actions.recruiting_duties import run_retention
    from fieldops.store.connect import open_region

    with progress_bar(quiet=as_json) as progress:
        done = run_retention(
            open_region(db), shell_actor(), dry_run=dry_run, backups=backups, now=given_moment(now), progress=progress
        )
    if as_json:
        print_json({**asdict(done), "dry_run": dry_run})
        return
    said = "would be erased" if dry_run else "erased"
    typer.echo(f"{len(done.erased)} {said}, {done.held_dropped} held sign-ups dropped, {len(done.backups)} old backups")
    typer.echo(f"{done.positions} positions of phones dropped: the region keeps them on a grid of 100 m")


def data_map(db: Db = DEFAULT_DB, as_json: AsJson = False) -> None:
    """
    Show which table holds what about whom, why and for how long.

    Example: fieldops recruit data-map
    """
    from rich.console import Console
    from rich.table import Table

    from fieldops.actions.recruiting_duties import read_data_map
    from fieldops.store.connect import open_region

    lines = read_data_map(open_region(db), shell_actor())
    if as_json:
        print_json([asdict(one) for one in lines])
        return
    table = Table("table", "file", "about", "what", "purpose", "kept", "rows")
    for one in lines:
        table.add_row(
            one.table, one.file, one.about, *(part.replace("_", " ") for part in (one.what, one.purpose, one.keeps)),
            f"{one.rows:,}",
        )  # fmt: skip
    Console().print(table)


def consent(
    chinese: Annotated[Path | None, typer.Option(help="A file with the Chinese text.")] = None,
    english: Annotated[Path | None, typer.Option(help="A file with the English text.")] = None,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Show the text to which people agree and its version, or set a new one from two files.

    Promoters read the first paragraph out; what follows it, after an empty line, can be opened on their phones.

    Example: fieldops recruit consent --chinese zh.txt --english en.txt
    """
    from fieldops.actions.recruiting_posters import ConsentText, read_consent, set_consent
    from fieldops.errors import BadInput
    from fieldops.store.connect import open_region

    region = open_region(db)
    if (chinese is None) != (english is None):
        raise BadInput("one language only", field="--chinese", cure="give the text in both languages")
    if chinese is not None and english is not None:
        text = ConsentText(chinese.read_text("utf-8").strip(), english.read_text("utf-8").strip())
        set_consent(region, shell_actor(), text, now=given_moment(now))
    text = read_consent(region)
    if as_json:
        print_json({"version": text.version, "chinese": text.chinese, "english": text.english})
    else:
        typer.echo(f"version {text.version}\n\n{text.chinese}\n\n{text.english}")


def steps(
    file: Annotated[
        Path | None, typer.Option("--set", help='A JSON file: [{"name": "portrait", "days": 1, "label": "..."}].')
    ] = None,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Show or set the checklist of a new seller's first steps, each due so many days after signing.

    Example: fieldops recruit steps --set steps.json
    """
    from fieldops.actions.recruiting_training import read_present_steps, set_steps
    from fieldops.errors import BadInput
    from fieldops.store.connect import open_region

    region = open_region(db)
    if file is not None:
        try:
            rows = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise BadInput(
                f"{file} cannot be read ({error})", field="--set", cure="give a JSON list of steps"
            ) from None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise BadInput(f"{file} is no list of steps", field="--set", cure='use [{"name": "portrait", "days": 1}]')
        set_steps(region, shell_actor(), rows, now=given_moment(now))
    found = read_present_steps(region)
    if as_json:
        print_json(
            [{"name": one.name, "days": one.due_after.total_seconds() / 86400, "label": one.label} for one in found]
        )
        return
    for one in found:
        typer.echo(f"{one.name}: {one.due_after.total_seconds() / 86400:g} days after signing {one.label}")


def wind_down(
    begin: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Set the dates: no sign-ups from this moment on.")
    ] = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="Take the dates away that were not carried out.")] = False,
    run: Annotated[bool, typer.Option("--run", help="Carry out the stages that are due.")] = False,
    archive: Annotated[Path | None, typer.Option(help="With --run: the file of the archive, without names.")] = None,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Close a region in dated stages: no sign-ups, last claims (+7 days), hand-over (+14), archive (+21), deletion (+90).

    Example: fieldops recruit wind-down --from 2026-12-01T00:00:00+08:00
    """
    from fieldops.actions import recruiting_end as acts
    from fieldops.clock import parse_moment
    from fieldops.store.connect import open_region

    region, moment = open_region(db), given_moment(now)
    if begin or cancel:
        acts.plan_wind_down(region, shell_actor(), parse_moment(begin) if begin else None, now=moment)
    done = acts.carry_out(region, shell_actor(), archive=archive, now=moment) if run else []
    dates = acts.read_wind_down(region, shell_actor())
    if as_json:
        stages = [{"stage": stage, "due_at": due, "done_at": at} for stage, (due, at) in dates.items()]
        print_json({"stages": stages, "carried_out": [{"stage": stage, "result": result} for stage, result in done]})
        return
    for stage, result in done:
        typer.echo(f"{stage.replace('_', ' ')}: {result}")
    for stage, (due, at) in dates.items():
        typer.echo(f"{stage.replace('_', ' ')}: {in_city(due, region)} {'done' if at else ''}")
    if not dates:
        typer.echo("the region is not winding down")
