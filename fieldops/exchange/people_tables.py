"""Tables of people for a spreadsheet: text that could be taken for a formula is defused, numbers of phones stay text."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # the full-width signs are meant


def write_people(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """
    Write rows as CSV (UTF-8 with byte order mark, all quoted) or as XLSX, by the name of the file.

    Phone numbers are written without their leading +, so that no spreadsheet calculates with them.
    """
    header = list(rows[0]) if rows else ["name", "phone"]
    lines = [[_cell(name, row.get(name)) for name in header] for row in rows]
    if path.suffix == ".xlsx":
        from openpyxl import Workbook

        book = Workbook(write_only=True)
        sheet = book.create_sheet("sellers")
        for line in ([*header], *lines):
            sheet.append(line)
        book.save(path)
        return
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(header)
        writer.writerows(lines)


def _cell(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    text = str(value)
    if name == "phone":
        return text.removeprefix("+")
    return f"'{text}" if text.startswith(_FORMULA) else text
