"""Tables that people give as XLSX: the first sheet, row by row, with the same promises as CSV (see `tables.py`)."""

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from fieldops.errors import BadInput, Stopped
from fieldops.exchange.tables import LONGEST_FIELD, Table, open_table
from fieldops.progress import Progress, no_progress
from fieldops.said import Said

MOST_UNPACKED = 1_000_000_000  # bytes
_REPORT_EVERY = 5_000
_PACKED = b"PK\x03\x04"  # how a zip file begins, and a workbook is one


@dataclass(frozen=True, slots=True)
class Sheet:
    """The first sheet of a workbook found readable: its header, which columns are known, and which are left out."""

    path: Path
    header: tuple[str, ...]
    known: tuple[str, ...]
    unknown: tuple[str, ...]

    def rows(self, *, stage: str = "", progress: Progress = no_progress) -> Iterator[tuple[int, dict[str, str]]]:
        """
        Yield each row's number and its values as text by column; empty rows are skipped. See `Table.rows`.

        Raises
        ------
        Stopped
            If progress asked to stop.
        BadInput
            If a cell is longer than `LONGEST_FIELD`.
        """
        from openpyxl import load_workbook

        file = self.path.open("rb")
        book = load_workbook(file, read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            last, number = max(2, sheet.max_row or 2), 1
            for number, values in enumerate(sheet.iter_rows(min_row=2, values_only=True), start=2):
                texts = [_text(value) for value in values]
                if any(len(text) > LONGEST_FIELD for text in texts):
                    raise BadInput(
                        Said("a cell of row %(number)s is too long", number=number),
                        cure=Said("use at most %(longest_field)s characters", longest_field=LONGEST_FIELD),
                    )
                if any(texts):
                    yield (
                        number,
                        {
                            name: texts[i] if i < len(texts) else ""
                            for i, name in enumerate(self.header)
                            if name in self.known
                        },
                    )
                if number % _REPORT_EVERY == 0 and not progress(stage, min(1.0, number / last), rows=number):
                    raise Stopped
        finally:
            book.close()
            file.close()
        progress(stage, 1.0, rows=number)


def open_workbook(path: Path, *, needed: Sequence[str], known: Sequence[str]) -> Sheet:
    """
    Return the table in the first sheet of an XLSX file.

    Raises
    ------
    BadInput
        If the file is missing, is no workbook, unpacks to more than `MOST_UNPACKED` bytes, or its header lacks a needed
        column or names one twice.
    """
    from openpyxl import load_workbook

    if not path.is_file():
        raise BadInput(Said("there is no file %(path)s", path=path), cure="check the path")
    try:
        with zipfile.ZipFile(path) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > MOST_UNPACKED:
                raise BadInput(
                    Said("%(name)s unpacks to more than a gigabyte", name=path.name), cure="save it as CSV, or in parts"
                )
        with path.open("rb") as file:  # a path would have to be named .xlsx
            book = load_workbook(file, read_only=True, data_only=True)
            first = next(book.worksheets[0].iter_rows(max_row=1, values_only=True), ())
            book.close()
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, IndexError) as error:
        raise BadInput(
            Said("%(name)s is no XLSX workbook (%(error)s)", name=path.name, error=error),
            cure="save it again from the spreadsheet",
        ) from None
    header = tuple(_text(name).lower() for name in first)
    missing = [name for name in needed if name not in header]
    if missing:
        raise BadInput(
            Said(
                "%(name)s has no column %(choices)s (its header: %(choices2)s)",
                name=path.name,
                choices=", ".join(missing),
                choices2=", ".join(header)[:200],
            ),
            cure=Said("name the columns in the first row of the first sheet: %(choices)s", choices=", ".join(needed)),
        )
    doubled = sorted({name for name in header if name in known and header.count(name) > 1})
    if doubled:
        raise BadInput(
            Said("%(name)s has two columns %(doubled)s", name=path.name, doubled=doubled[0]),
            cure="rename or delete one of them",
        )
    return Sheet(path, header, tuple(known), tuple(name for name in header if name and name not in known))


def open_given(path: Path, *, needed: Sequence[str], known: Sequence[str]) -> Table | Sheet:
    """Return the table in a file that people give, CSV or XLSX: a workbook is told by its name or by how it begins."""
    packed = path.suffix.lower() == ".xlsx"
    if not packed and path.is_file():
        with path.open("rb") as file:
            packed = file.read(len(_PACKED)) == _PACKED
    return (open_workbook if packed else open_table)(path, needed=needed, known=known)


def _text(value: object) -> str:
    """Return a cell as it would be written: whole numbers (phone numbers too) without a point, days as 2026-03-01."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value).strip()
