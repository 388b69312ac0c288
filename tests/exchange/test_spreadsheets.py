"""Files that spreadsheets open: Chinese is read, nothing is calculated, numbers stay numbers."""

import csv
import io
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldops.errors import BadInput
from fieldops.exchange.files import write_bytes
from fieldops.exchange.spreadsheets import csv_bytes, defuse, xlsx_bytes

FORMULAS = ["=1+1", "+86 138", "-2", "@SUM(A1)", "\t=1", "\r=1", " =HYPERLINK(1)", "＝1+1", "\n=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_begins_a_formula(text: str) -> None:
    assert str(defuse(text)).startswith("'")
    cell = next(csv.reader(io.StringIO(csv_bytes(["a"], [{"a": text}]).decode("utf-8-sig").split("\r\n", 1)[1])))[0]
    assert cell.startswith("'")
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx_bytes("t", ["a"], [{"a": text}]))).active
    assert sheet is not None
    assert sheet["A2"].data_type == "s"
    assert str(sheet["A2"].value).startswith("'")


@given(st.text(max_size=40))
def test_a_harmless_text_comes_back_as_it_was(text: str) -> None:
    rows = list(csv.reader(io.StringIO(csv_bytes(["a", "b"], [{"a": text, "b": "x"}]).decode("utf-8-sig"), newline="")))
    assert rows[1][0] in (text, f"'{text}")
    assert (rows[1][0] == text) is (defuse(text) == text)


def test_excel_sees_that_the_file_is_utf_8() -> None:
    made = csv_bytes(["街道"], [{"街道": "解放路"}])
    assert made.startswith(b"\xef\xbb\xbf")
    assert made.decode("utf-8-sig") == "街道\r\n解放路\r\n"


def test_numbers_are_numbers_and_what_is_unknown_is_empty() -> None:
    rows = [{"n": -1.5, "b": True, "none": None, "inf": float("inf"), "zh": "解放路"}]
    columns = ["n", "b", "none", "inf", "zh"]
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx_bytes("streets", columns, rows))).active
    assert sheet is not None
    assert [cell.value for cell in sheet[2]] == [-1.5, 1, None, None, "解放路"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:E2"
    assert csv_bytes(columns, rows).decode("utf-8-sig").splitlines()[1] == "-1.5,1,,,解放路"


def test_what_xlsx_forbids_is_left_out_and_a_long_text_is_cut() -> None:
    sheet = openpyxl.load_workbook(
        io.BytesIO(xlsx_bytes("t", ["a"], [{"a": "a\x00b\x0b"}, {"a": "x" * 40_000}]))
    ).active
    assert sheet is not None
    assert sheet["A2"].value == "ab"
    assert len(str(sheet["A3"].value)) == 32_767
    assert openpyxl.load_workbook(io.BytesIO(xlsx_bytes("empty", ["a"], []))).active is not None


def test_a_file_is_written_whole_or_refused(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a.csv", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    with pytest.raises(BadInput, match="cannot be written"):
        write_bytes(tmp_path / "no" / "a.csv", b"")
