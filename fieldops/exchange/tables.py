"""
Tables that people give: CSV as spreadsheets write it, read row by row, in bounded memory, whatever its length.

Rows are numbered as a spreadsheet numbers them: the header is row 1.
"""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fieldops.errors import BadInput, Stopped
from fieldops.progress import Progress, no_progress
from fieldops.said import Said

LONGEST_FIELD = 10_000
_CHUNK = 1 << 20
_REPORT_EVERY = 20_000
_SAVE = "save it as 'CSV UTF-8' from the spreadsheet"


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file found readable: encoding, delimiter, header, which columns are known, and which are left out."""

    path: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    known: tuple[str, ...]
    unknown: tuple[str, ...]

    def rows(self, *, stage: str = "", progress: Progress = no_progress) -> Iterator[tuple[int, dict[str, str]]]:
        """
        Yield each row's number and its values by column, stripped of spaces; empty lines are skipped.

        A row with more or fewer values than the header comes with the single key "" and the reason as its value.
        Progress is reported as the share of bytes read.

        Raises
        ------
        Stopped
            If progress asked to stop.
        BadInput
            If the file is no CSV from some row on (a quote that never ends, a field beyond `LONGEST_FIELD`).
        """
        size = max(1, self.path.stat().st_size)
        columns = [(position, name) for position, name in enumerate(self.header) if name in self.known]
        csv.field_size_limit(LONGEST_FIELD)
        with self.path.open("rb") as raw, io.TextIOWrapper(raw, self.encoding, newline="") as text:
            reader = csv.reader(text, delimiter=self.delimiter, strict=True)
            next(reader)
            number = 1
            try:
                for number, values in enumerate(reader, start=2):
                    if not any(values):
                        continue
                    if len(values) == len(self.header):
                        yield number, {name: values[position].strip() for position, name in columns}
                    else:
                        yield (
                            number,
                            {
                                "": Said(
                                    "%(count)s values where the header names %(columns)s",
                                    count=len(values),
                                    columns=len(self.header),
                                )
                            },
                        )
                    if number % _REPORT_EVERY == 0 and not progress(stage, raw.tell() / size, rows=number):
                        raise Stopped
            except (csv.Error, UnicodeDecodeError) as error:
                raise BadInput(
                    Said(
                        "%(name)s is no CSV after row %(number)s: %(error)s",
                        name=self.path.name,
                        number=number,
                        error=error,
                    ),
                    cure=_SAVE,
                ) from None
        progress(stage, 1.0, rows=number)


def open_table(path: Path, *, needed: Sequence[str], known: Sequence[str]) -> Table:
    """
    Return the table in a CSV file, after reading all of it once to learn its encoding.

    Parameters
    ----------
    path
        UTF-8 with or without byte order mark, or GB18030 (which holds GBK and GB2312).
    needed
        Columns that the header must name, in any order; upper and lower case are alike.
    known
        Columns that are taken; others are named in `Table.unknown` and left out.

    Raises
    ------
    BadInput
        If the file is missing, empty, in another encoding, or its header lacks a needed column or names one twice.
    """
    if path.is_dir():
        raise BadInput(Said("%(path)s is a folder", path=path), cure="name the file in it")
    if not path.is_file():
        raise BadInput(Said("there is no file %(path)s", path=path), cure="check the path")
    encoding = _find_encoding(path)
    with path.open(encoding=encoding, newline="") as text:
        first = text.readline()
    if not first.strip():
        raise BadInput(
            Said("%(name)s is empty", name=path.name),
            cure=Said("give a header row with %(choices)s", choices=", ".join(needed)),
        )
    delimiter = max(",;\t", key=first.count)
    header = tuple(name.strip().lower() for name in next(csv.reader([first], delimiter=delimiter)))
    missing = [name for name in needed if name not in header]
    if missing:
        raise BadInput(
            Said(
                "%(name)s has no column %(choices)s (its header: %(choices2)s)",
                name=path.name,
                choices=", ".join(missing),
                choices2=", ".join(header)[:200],
            ),
            cure=Said("name the columns in the first row: %(choices)s", choices=", ".join(needed)),
        )
    doubled = sorted({name for name in header if name in known and header.count(name) > 1})
    if doubled:
        raise BadInput(
            Said("%(name)s has two columns %(doubled)s", name=path.name, doubled=doubled[0]),
            cure="rename or delete one of them",
        )
    unknown = tuple(name for name in header if name and name not in known)
    return Table(path, encoding, delimiter, header, tuple(known), unknown)


def _find_encoding(path: Path) -> str:
    with path.open("rb") as raw:
        start = raw.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadInput(Said("%(name)s is in UTF-16", name=path.name), cure=_SAVE)
    for encoding in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as raw:
                while chunk := raw.read(_CHUNK):
                    if b"\0" in chunk:
                        raise BadInput(Said("%(name)s is no text file", name=path.name), cure=_SAVE)
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise BadInput(Said("%(name)s is neither in UTF-8 nor in GB18030", name=path.name), cure=_SAVE)
