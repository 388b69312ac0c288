"""Tables as XLSX: what CSV promises holds for them too."""

import zipfile
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from fieldops.errors import BadInput, Stopped
from fieldops.exchange.workbooks import open_workbook


def written(path: Path, *rows: list[object]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_numbers_days_and_empty_cells_are_read_as_they_would_be_written(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.xlsx", ["Name", "Phone", "day", "other"], ["王小明", 13800138000, date(2026, 3, 1), 1], [None] * 4,
        ["李", "138 0013 8001", None, 2.5],
    )  # fmt: skip
    table = open_workbook(path, needed=("name", "phone"), known=("name", "phone", "day"))
    assert table.unknown == ("other",)
    assert list(table.rows()) == [
        (2, {"name": "王小明", "phone": "13800138000", "day": "2026-03-01T00:00:00"}),
        (4, {"name": "李", "phone": "138 0013 8001", "day": ""}),
    ]


def test_a_file_that_is_no_workbook_or_lacks_a_column_is_refused_with_a_cure(tmp_path: Path) -> None:
    (tmp_path / "text.xlsx").write_text("name,phone")
    with zipfile.ZipFile(tmp_path / "zip.xlsx", "w") as packed:
        packed.writestr("x", "y")
    written(tmp_path / "lacks.xlsx", ["name"])
    written(tmp_path / "twice.xlsx", ["name", "phone", "phone"])
    for name, said in (
        ("text", "no XLSX"),
        ("zip", "no XLSX"),
        ("lacks", "no column phone"),
        ("twice", "two columns"),
        ("none", "no file"),
    ):
        with pytest.raises(BadInput, match=said):
            open_workbook(tmp_path / f"{name}.xlsx", needed=("name", "phone"), known=("name", "phone"))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as packed,
        packed.open("x", "w", force_zip64=True) as inside,
    ):
        for _ in range(1001):
            inside.write(bytes(1_000_000))
    with pytest.raises(BadInput, match="gigabyte"):
        open_workbook(tmp_path / "bomb.xlsx", needed=("name",), known=("name",))


def test_reading_stops_when_asked(tmp_path: Path) -> None:
    path = written(tmp_path / "long.xlsx", ["name"], *[[f"n{i}"] for i in range(5100)])
    with pytest.raises(Stopped):
        list(open_workbook(path, needed=("name",), known=("name",)).rows(progress=lambda *_, **__: False))
