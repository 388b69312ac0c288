"""CSV and XLSX that a spreadsheet opens as they are meant: Chinese is read, and no cell is taken for a formula."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
LONGEST_CELL = 32_767  # characters that a cell of XLSX holds


def defuse(value: object) -> object:
    """Return text that a spreadsheet would calculate with an apostrophe before it; numbers stay numbers."""
    if isinstance(value, bool):
        return int(value)
    if value is None or isinstance(value, int | float):
        return value
    text = str(value)
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_FORMULA) else text


def csv_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """Return a CSV file in UTF-8 with byte order mark, so that Excel reads Chinese; RFC 4180."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_flat(defuse(row.get(name))) for name in columns] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace")


def xlsx_bytes(title: str, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """Return an XLSX workbook of one sheet: header frozen and filtered, numbers as numbers, text never a formula."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    widths = [min(60, max(10, len(name) + 4)) for name in columns]
    for i, width in enumerate(widths):
        sheet.column_dimensions[_letters(i)].width = width
    header = [WriteOnlyCell(sheet, value=name) for name in columns]
    for cell in header:
        cell.font = Font(bold=True)
    sheet.append(header)
    count = 1
    for count, row in enumerate(rows, start=2):  # noqa: B007  # counted for the filter
        line = []
        for name in columns:
            value = _flat(defuse(row.get(name)))
            if isinstance(value, str):
                cell = WriteOnlyCell(sheet, value="")
                cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:LONGEST_CELL]
                cell.data_type = "s"  # text, whatever it looks like
                line.append(cell)
            else:
                line.append(value)
        sheet.append(line)
    sheet.auto_filter.ref = f"A1:{_letters(max(0, len(columns) - 1))}{count}"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _flat(value: object) -> object:
    """Return a number that is none as an empty cell."""
    return None if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))) else value


def _letters(column: int) -> str:
    """Return the letters of a column: 0 is A, 26 is AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text
