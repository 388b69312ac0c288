"""CSV as spreadsheets write it: encodings, delimiters, headers, odd rows."""

from pathlib import Path

import pytest

from fieldops.errors import BadInput, Stopped
from fieldops.exchange.tables import Table, open_table

NEEDED, KNOWN = ("crew", "name"), ("crew", "name", "people")
TEXT = 'crew,name,people\r\nC1,一组,5\r\nC2,"二, 组",6\r\n'


def table(tmp_path: Path, content: bytes) -> Table:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    return open_table(path, needed=NEEDED, known=KNOWN)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_the_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    rows = list(table(tmp_path, TEXT.encode(encoding)).rows())
    assert rows == [
        (2, {"crew": "C1", "name": "一组", "people": "5"}), (3, {"crew": "C2", "name": "二, 组", "people": "6"})
    ]  # fmt: skip


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    text = "Crew ,NAME,people\nC1,一组,5\n".replace(",", delimiter)
    assert list(table(tmp_path, text.encode()).rows()) == [(2, {"crew": "C1", "name": "一组", "people": "5"})]


def test_rows_are_numbered_as_a_spreadsheet_numbers_them_and_empty_ones_are_skipped(tmp_path: Path) -> None:
    rows = table(tmp_path, b"crew,name\nA,a\n\n,\nB,b\n").rows()
    assert [number for number, _ in rows] == [2, 5]


def test_a_row_of_another_width_comes_with_the_reason(tmp_path: Path) -> None:
    rows = dict(table(tmp_path, b"crew,name\nA\nB,b,c\nC,c\n").rows())
    assert rows[2] == {"": "1 values where the header names 2"}
    assert rows[3] == {"": "3 values where the header names 2"}
    assert rows[4] == {"crew": "C", "name": "c"}


def test_unknown_columns_are_named_and_left_out(tmp_path: Path) -> None:
    found = table(tmp_path, b"crew,colour,name\nA,red,a\n")
    assert found.unknown == ("colour",)
    assert list(found.rows()) == [(2, {"crew": "A", "name": "a"})]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"), (b"\n", "is empty"), (b"crew,people\n", "no column name"), (b"crew,name,crew\n", "two columns"),
        (b"crew,name\n\x00", "no text"), ("crew,name\n".encode("utf-16"), "UTF-16"), (b"crew,name\n\xff\xff\n", "neither"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_is_refused_in_words(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        table(tmp_path, content)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no file"):
        open_table(tmp_path / "none.csv", needed=NEEDED, known=KNOWN)


@pytest.mark.parametrize("content", [b'crew,name\nA,"a\nB,b\n', b"crew,name\nA," + b"x" * 20_000 + b"\n"])
def test_a_quote_without_end_and_an_endless_field_are_refused_with_the_row(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BadInput, match="after row"):
        list(table(tmp_path, content).rows())


def test_reading_stops_when_asked_to(tmp_path: Path) -> None:
    found = table(tmp_path, b"crew,name\n" + b"A,a\n" * 25_000)
    with pytest.raises(Stopped):
        list(found.rows(stage="read", progress=lambda stage, share, **figures: False))


def test_progress_grows_to_the_whole(tmp_path: Path) -> None:
    shares: list[float] = []

    def note(stage: str, share: float, **figures: float) -> bool:
        shares.append(share)
        return True

    list(table(tmp_path, b"crew,name\n" + b"A,a\n" * 50_000).rows(stage="read", progress=note))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) >= 3
