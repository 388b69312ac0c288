"""Tables in and out through pages: a file is taken in row by row with a reason for each refused one, tables go out defused."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fieldops import clock
from fieldops.actions import effort, keep, people, venues
from fieldops.actions.surveys import record_surveys
from fieldops.clock import format_moment
from fieldops.errors import NotFound
from fieldops.exchange.spreadsheets import csv_bytes, xlsx_bytes
from fieldops.exchange.tables import open_table
from fieldops.ids import JobId
from fieldops.intake import Intake
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.progress import Progress
from fieldops.store import exports
from fieldops.store.connect import Region, open_region
from fieldops.surveys import COLUMNS_KNOWN, COLUMNS_NEEDED

Take = Callable[..., Intake]


@dataclass(frozen=True, slots=True)
class Table:
    """A kind of table that is taken in: its columns, the act that takes it, and the permission that this needs."""

    needed: tuple[str, ...]
    known: tuple[str, ...]
    take: Take
    permission: str


IMPORTS: dict[str, Table] = {
    "crews": Table(people.CREW_NEEDED, people.CREW_KNOWN, people.import_crews, "crew.import"),
    "promoters": Table(people.PROMOTER_NEEDED, people.PROMOTER_KNOWN, people.import_promoters, "crew.import"),
    "venues": Table(venues.NEEDED, venues.KNOWN, venues.import_venues, "venue.import"),
    "effort": Table(effort.NEEDED, effort.KNOWN, effort.import_effort, "effort.record"),
    "surveys": Table(tuple(COLUMNS_NEEDED), tuple(COLUMNS_KNOWN), record_surveys, "survey.record"),
}
EXPORTS = ("streets", "claims", "crews", "decisions", "effort", "timesheet", "surveys", "venues", "events")
BACKUPS = "backups"


@dataclass(frozen=True, slots=True)
class KeptBackup:
    """A backup beside the region: its name, size in bytes, and when it was made."""

    name: str
    size: int
    made_at: datetime


def take_table(
    region: Region, actor: Actor, noun: str, file: Path, *, strict: bool = False, now: datetime | None = None
) -> tuple[Intake, tuple[str, ...]]:
    """
    Take a CSV file in, and return what became of its rows, and the columns that were left out.

    Raises
    ------
    NotFound
        If there is no such kind of table.
    Forbidden
        If the actor may not.
    BadInput
        If the file is no such table.
    RowsRefused
        With `strict`, if any row cannot be used: nothing is taken then.
    """
    kind = IMPORTS.get(noun)
    if kind is None:
        raise NotFound("table", noun, cure=f"choose one of {', '.join(IMPORTS)}")
    require(actor, kind.permission)
    table = open_table(file, needed=kind.needed, known=kind.known)
    return kind.take(region, actor, table.rows(stage="read"), strict=strict, now=now), table.unknown


def write_table(region: Region, actor: Actor, name: str, out: Path) -> None:
    """
    Write a table of the region as CSV or XLSX, by the name of the file; text that a spreadsheet would calculate is defused.

    Raises
    ------
    Forbidden
        If the actor may not read the desk.
    NotFound
        If there is no such table.
    """
    require(actor, "desk.read")
    if name not in EXPORTS:
        raise NotFound("table", name, cure=f"choose one of {', '.join(EXPORTS)}")
    found = exports.read_export(region.reader(), name, region.moment())
    content = (
        xlsx_bytes(name, found.columns, found.rows) if out.suffix == ".xlsx" else csv_bytes(found.columns, found.rows)
    )
    out.write_bytes(content)


def list_backups(region: Region, actor: Actor) -> list[KeptBackup]:
    """
    Return the backups that pages made, newest first.

    Raises
    ------
    Forbidden
        If the actor keeps no records.
    """
    require(actor, "record.keep")
    folder = region.path.parent / BACKUPS
    found = sorted(folder.glob(f"{region.path.stem}-*.gpkg"), reverse=True)
    return [
        KeptBackup(file.name, file.stat().st_size, datetime.fromtimestamp(file.stat().st_mtime, tz=UTC))
        for file in found
    ]


def run_backup_job(path: Path, actor: Actor, *, job: JobId, progress: Progress) -> dict[str, Any]:
    """Do a job of kind `backup` (see `actions.jobs`): a copy in the folder `backups` beside the region, examined."""
    del job
    folder = path.parent / BACKUPS
    folder.mkdir(exist_ok=True)
    stamp = format_moment(clock.now())[:19].replace(":", "").replace("T", "-")
    region = open_region(path)
    try:
        made = keep.back_up(region, actor, folder / f"{path.stem}-{stamp}.gpkg", progress=progress)
    finally:
        region.close()
    return {"backup": made.file.name, "events": made.head.seq}
