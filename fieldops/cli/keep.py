"""`fieldops backup`, `restore` and `check`: keeping a region safe, and finding out in time when it is not."""

from pathlib import Path
from typing import Annotated, Any

import typer

from fieldops.cli.console import (
    DEFAULT_DB,
    AsJson,
    Db,
    Now,
    given_moment,
    in_city,
    is_handed_on,
    print_json,
    progress_bar,
    say,
    shell_actor,
)

check = typer.Typer(
    invoke_without_command=True,
    help="Examine a region: pages, schema, foreign hands, clock, anchors, key, disk. Exit code 1 where something is wrong.",
)


def register(app: typer.Typer) -> None:
    """Add the commands `backup`, `restore` and `check`."""
    app.command()(backup)
    app.command()(restore)
    app.add_typer(check, name="check")


def backup(
    out: Annotated[Path, typer.Option(help="The file to write; beside it a private file and an .anchor.")],
    without_private: Annotated[
        bool, typer.Option("--without-private", help="Leave names, accounts and phone numbers out: for analysis.")
    ] = False,
    db: Db = DEFAULT_DB,
    as_json: AsJson = False,
) -> None:
    """
    Copy a region while others work on it, and examine the copy: pages, chain, every claim.

    The key is not copied: without it no backup can be restored, so keep it elsewhere. The .anchor file names the newest
    event; keep it apart too, it shows when somebody cuts events off. Example: fieldops backup --out monday.gpkg
    """
    from fieldops.actions.keep import back_up
    from fieldops.store.connect import open_region
    from fieldops.store.keys import key_source

    with progress_bar(quiet=as_json) as progress:
        made = back_up(open_region(db), shell_actor(), out, private=not without_private, progress=progress)
    if as_json:
        print_json(
            {
                "file": str(made.file),
                "private_file": str(made.private_file) if made.private_file else None,
                "anchor_file": str(made.anchor_file),
                "events": made.head.seq,
                "chain": made.head.chain,
                "rows": made.rows,
            }
        )
    else:
        say(f"{made.file}: {made.head.seq} events, examined and anchored in {made.anchor_file}")
        say(f"the key {key_source(db)} is not in it: keep a copy elsewhere")


def restore(
    file: Annotated[Path, typer.Argument(help="The backup.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Put the present region aside, and the backup in its place.")
    ] = False,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Put a backup in place after examining it; the present region is put aside, never deleted.

    The key must lie where the region expects it. Example: fieldops restore monday.gpkg --db region.gpkg --replace
    """
    from fieldops.actions.keep import left_behind
    from fieldops.actions.keep import restore as act
    from fieldops.store.audit import head

    with progress_bar(quiet=as_json) as progress:
        region, aside = act(db, shell_actor(), file, replace_present=replace, now=given_moment(now), progress=progress)
    events = head(region.reader()).seq
    lost = left_behind(aside, db) if aside else {}
    left = {"events": sum(lost.values()), "claims": lost.get("StreetClaimed", 0)}
    if as_json:
        print_json(
            {"region": str(db), "put_aside": str(aside) if aside else None, "events": events, "left_behind": left}
        )
    else:
        say(f"{db}: restored with {events} events" + (f"; what was there lies in {aside}" if aside else ""))
        if left["events"]:
            say(f"left behind there: {left['events']} events, {left['claims']} claims, recorded after the backup")


@check.callback()
def check_files(
    context: typer.Context,
    migrate: Annotated[
        bool, typer.Option("--migrate", help="First bring the tables to this version; stop the web before.")
    ] = False,
    db: Db = DEFAULT_DB,
    as_json: AsJson = False,
) -> None:
    """
    Examine a region: pages, schema, foreign hands, clock, anchors, key, disk.

    The chain and every claim are examined by `fieldops claims verify`. Example: fieldops check --json
    """
    if is_handed_on(context):
        return
    from fieldops.actions.keep import check_region, migrate_region
    from fieldops.store.connect import open_region

    if migrate:
        migrate_region(db, shell_actor())
    findings = check_region(open_region(db, older=True, bears_key=False), shell_actor())
    wrong = [one for one in findings if one.level == "error"]
    if as_json:
        print_json({"ok": not wrong, "findings": [_plain(one) for one in findings]})
    else:
        for one in findings:
            say(f"{one.level:>7}  {one.check}: {one.text}" + (f"; {one.cure}" if one.cure else ""))
    if wrong:
        raise typer.Exit(1)


@check.command()
def clock(
    accept: Annotated[bool, typer.Option("--accept", help="Take this machine's clock for right.")] = False,
    why: Annotated[str, typer.Option(help="A code for the record, for example ntp_failed.")] = "",
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Compare clock and record; repair a record that had run ahead because the clock once was wrong.

    Without --accept it only shows what accepting would change: claims made in a time that never was are voided, ends
    written in it take place now. Make sure that the clock is right: a clock that is behind voids true claims.
    Example: fieldops check clock --accept --why ntp_failed
    """
    from fieldops.actions.keep import accept_clock, preview_clock
    from fieldops.store.connect import open_region

    region = open_region(db)
    given = given_moment(now)
    found = (
        accept_clock(region, shell_actor(), why=why, now=given)
        if accept
        else preview_clock(region, shell_actor(), now=given)
    )
    if as_json:
        print_json({"agree": found is None, "accepted": accept} | ({} if found is None else {
            "clock": found.clock, "record": found.record, "voided": [one.id for one in found.voided],
            "shortened": [one.id for one in found.shortened], "released": [one.street for one in found.released],
        }))  # fmt: skip
    elif found is None:
        say("clock and record agree")
    else:
        done = "were" if accept else "would be"
        say(f"the clock says {in_city(found.clock, region)}, the record stood at {in_city(found.record, region)}")
        say(f"{len(found.voided)} claims {done} voided, {len(found.shortened)} ends {done} moved to now")
        if found.released:
            say(f"{len(found.released)} streets {done} no longer kept for a phone's list")


def _plain(finding: Any) -> dict[str, str]:
    return {"check": finding.check, "level": finding.level, "text": finding.text, "cure": finding.cure}
