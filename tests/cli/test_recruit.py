"""`fieldops recruit`: one JSON document, exit codes, one line with the cure."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import Workbook
from typer.testing import CliRunner

from fieldops.actions.recruiting_duties import run_retention
from fieldops.cli.commands import register
from fieldops.errors import FieldopsError
from fieldops.recruiting.consent import FIRST_TEXT
from fieldops.store.connect import Region
from tests.conftest import LEAD, NOON
from tests.recruits import phone, sellers
from tests.small_region import add_town

NOW = "2026-03-02T12:00:00+08:00"


def run(region: Region, *words: str) -> str:
    import typer

    app = typer.Typer()
    register(app)
    result = CliRunner().invoke(app, ["recruit", *words, "--db", str(region.path)], catch_exceptions=True)
    if isinstance(result.exception, FieldopsError):
        raise result.exception
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def read(region: Region, *words: str) -> dict[str, object]:
    document: dict[str, object] = json.loads(run(region, *words, "--json"))
    return document


def test_a_csv_and_a_workbook_come_in_and_their_bad_rows_are_told(region: Region, tmp_path: Path) -> None:
    add_town(region)
    (tmp_path / "a.csv").write_text(f"name,phone,street,stage\n王小明,{phone(0)},S0,\n李芳,12,S0,\n", "utf-8")
    done = read(region, "import", str(tmp_path / "a.csv"), "--consent", FIRST_TEXT.version, "--now", NOW)
    assert (done["added"], [(one["row"], one["field"]) for one in done["rejected"]]) == (1, [(3, "phone")])  # type: ignore[index, union-attr, attr-defined]
    book = Workbook()
    for row in (["name", "phone", "street"], ["张伟", int(phone(1)), "S1"]):
        book.active.append(row)
    book.save(tmp_path / "b.xlsx")
    assert read(region, "import", str(tmp_path / "b.xlsx"), "--consent", FIRST_TEXT.version, "--now", NOW)["added"] == 1
    assert [one["name"] for one in read(region, "find", "zhangwei")["candidates"]] == ["张伟"]  # type: ignore[attr-defined]
    assert "138****0001" in run(region, "find", "zw")
    funnel = read(region, "funnel", "--now", NOW)
    assert funnel["stages"][0]["reached"] == 2  # type: ignore[index]


def test_reps_are_taken_in_assigned_tried_and_leave(region: Region, tmp_path: Path) -> None:
    add_town(region)
    (tmp_path / "reps.csv").write_text("rep,base,name,languages\nR1,北站,赵姐,zh\nR2,北站,老钱,zh;ug\n", "utf-8")
    assert read(region, "import-reps", str(tmp_path / "reps.csv"), "--now", NOW)["added"] == 2
    sellers(region, 40)
    tried = read(region, "assign-reps", "--without", "R2", "--now", NOW)
    assert tried["changed"] is False
    assert len(tried["otherwise"]["unassigned"]) == 5  # type: ignore[index]
    done = read(region, "assign-reps", "--now", NOW)
    assert (done["proven"], done["unassigned"]) == (True, [])
    assert "best there is" in run(region, "assign-reps", "--dry-run", "--now", NOW)
    left = read(region, "rep-leaves", "R1", "--now", NOW)
    assert len(left["assigned"]) + len(left["unassigned"]) == 20  # type: ignore[arg-type]
    assert "老钱" in run(region, "reps", "--now", NOW)


def test_a_person_is_exported_and_forgotten_and_their_number_is_nowhere(region: Region, tmp_path: Path) -> None:
    add_town(region)
    sellers(region, 3)
    out = tmp_path / "person.json"
    read(region, "export", phone(1), "--out", str(out), "--now", NOW)
    assert phone(1) in out.read_text("utf-8")
    out.unlink()
    assert len(read(region, "forget", phone(1), "--now", NOW)["erased"]) == 1  # type: ignore[arg-type]
    read(region, "export", "--sellers", "--out", str(tmp_path / "sellers.csv"), "--now", NOW)
    read(region, "export", "--sellers", "--out", str(tmp_path / "sellers.xlsx"), "--now", NOW)
    assert phone(0) in (tmp_path / "sellers.csv").read_text("utf-8-sig")
    run_retention(region, LEAD, now=NOON)
    region.close()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert phone(1).encode() not in path.read_bytes(), path.name
    with pytest.raises(FieldopsError, match="no candidate"):
        run(region, "forget", phone(1), "--now", NOW)


def test_posters_steps_consent_dates_and_the_map_of_data(region: Region, tmp_path: Path) -> None:
    add_town(region)
    made = read(
        region,
        "poster",
        "--street",
        "S0",
        "--address",
        "https://join.example",
        "--out",
        str(tmp_path / "p.svg"),
        "--now",
        NOW,
    )
    assert made["address"] == f"https://join.example/join/{made['code']}"
    assert (tmp_path / "p.svg").read_text().startswith("<svg")
    (tmp_path / "steps.json").write_text('[{"name": "shelf", "days": 2, "label": "上架"}]', "utf-8")
    assert json.loads(run(region, "steps", "--set", str(tmp_path / "steps.json"), "--now", NOW, "--json")) == [
        {"name": "shelf", "days": 2.0, "label": "上架"}
    ]
    for language, text in (("zh", "同意"), ("en", "I agree")):
        (tmp_path / language).write_text(text, "utf-8")
    words = ["consent", "--chinese", str(tmp_path / "zh"), "--english", str(tmp_path / "en"), "--now", NOW]
    assert read(region, *words)["english"] == "I agree"
    assert "candidate" in run(region, "data-map")
    dates = read(region, "wind-down", "--from", NOW, "--run", "--now", NOW)
    assert next(one["stage"] for one in dates["stages"]) == "sign_ups"  # type: ignore[attr-defined]
    assert dates["carried_out"] == [{"stage": "sign_ups", "result": "done"}]
    assert "not winding down" not in run(region, "wind-down", "--cancel", "--now", NOW)
    assert json.loads(run(region, "stuck", "--now", NOW, "--json")) == []
    assert read(region, "brings", "--by", "crew", "--now", NOW)["yields"] == []
    assert read(region, "retention", "--dry-run", "--now", NOW)["erased"] == []


def test_what_cannot_be_is_one_line_with_the_cure_and_exit_code_1(region: Region) -> None:
    program = [sys.executable, "-m", "fieldops.cli.main"]
    code = "import sys; from fieldops.cli.main import main; sys.argv = ['fieldops', *sys.argv[1:]]; main()"
    done = subprocess.run(
        [program[0], "-c", code, "recruit", "export", "--out", "x.json", "--db", str(region.path)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "give a phone number or an id" in done.stderr
