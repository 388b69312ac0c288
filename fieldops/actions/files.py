"""Tables in and out through pages: a file is taken in row by row with a reason for each refused one, tables go out defused."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fieldops.actions import effort, people, recruiting_import, recruiting_reps, venues
from fieldops.actions.surveys import record_surveys
from fieldops.errors import ConsentMissing, NotFound
from fieldops.exchange.spreadsheets import csv_bytes, xlsx_bytes
from fieldops.exchange.workbooks import open_given
from fieldops.intake import Intake
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.said import Said
from fieldops.store import exports
from fieldops.store.connect import Region
from fieldops.surveys import COLUMNS_KNOWN, COLUMNS_NEEDED

Take = Callable[..., Intake]


@dataclass(frozen=True, slots=True)
class Table:
    """A kind of table that is taken in: its columns, the act that takes it, and the permission that this needs."""

    needed: tuple[str, ...]
    known: tuple[str, ...]
    take: Take
    permission: str
    places: bool = False  # it has places in degrees, whose coordinates may be stated


CANDIDATES = "candidates"
IMPORTS: dict[str, Table] = {
    "crews": Table(people.CREW_NEEDED, people.CREW_KNOWN, people.import_crews, "crew.import", places=True),
    "promoters": Table(people.PROMOTER_NEEDED, people.PROMOTER_KNOWN, people.import_promoters, "crew.import"),
    "venues": Table(venues.NEEDED, venues.KNOWN, venues.import_venues, "venue.import", places=True),
    "effort": Table(effort.NEEDED, effort.KNOWN, effort.import_effort, "effort.record"),
    "surveys": Table(tuple(COLUMNS_NEEDED), tuple(COLUMNS_KNOWN), record_surveys, "survey.record", places=True),
    "reps": Table(recruiting_reps.NEEDED, recruiting_reps.KNOWN, recruiting_reps.import_reps, "rep.manage"),
    CANDIDATES: Table(
        recruiting_import.NEEDED, recruiting_import.KNOWN, recruiting_import.import_candidates, "candidate.import"
    ),
}
EXPORTS = ("streets", "claims", "crews", "decisions", "effort", "timesheet", "surveys", "venues", "events")


def take_table(
    region: Region, actor: Actor, noun: str, file: Path, *, strict: bool = False, consent: str = "",
    coordinates: str = "", now: datetime | None = None,
) -> tuple[Intake, tuple[str, ...]]:  # fmt: skip
    """
    Take a CSV or XLSX file in, and return what became of its rows, and the columns that were left out.

    `consent` is the version of the text to which all candidates of the file agreed whose row names none.
    `coordinates` is what the places are in; where it is empty they are compared with the streets: see `datum.rows_in_wgs84`.

    Raises
    ------
    NotFound
        If there is no such kind of table.
    Forbidden
        If the actor may not.
    ConsentMissing
        RULE 19: if the file has candidates, and neither it nor `consent` names the text to which they agreed.
    BadInput
        If the file is no such table, or its places lie beside the streets.
    RowsRefused
        With `strict`, if any row cannot be used: nothing is taken then.
    """
    kind = IMPORTS.get(noun)
    if kind is None:
        raise NotFound("table", noun, cure=Said("choose one of %(choices)s", choices=", ".join(IMPORTS)))
    require(actor, kind.permission)
    table = open_given(file, needed=kind.needed, known=kind.known)
    more: dict[str, str | None] = {"consent": consent} if noun == CANDIDATES else {}
    if kind.places:
        more["coordinates"] = coordinates or None
    if noun == CANDIDATES and not consent and "consent" not in table.header:
        raise ConsentMissing(version="")
    return kind.take(region, actor, table.rows(stage="read"), strict=strict, now=now, **more), table.unknown


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
        raise NotFound("table", name, cure=Said("choose one of %(choices)s", choices=", ".join(EXPORTS)))
    found = exports.read_export(region.reader(), name, region.moment())
    content = (
        xlsx_bytes(name, found.columns, found.rows) if out.suffix == ".xlsx" else csv_bytes(found.columns, found.rows)
    )
    out.write_bytes(content)
