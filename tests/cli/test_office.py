"""The office at the shell: people placed, bases, pay, incidents, stock, with one JSON document each."""

import json
from pathlib import Path

import pytest

from tests import processes
from tests.phone_town import make_phone_town

NOW = ("--now", "2026-03-02T06:00:00Z")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_phone_town(tmp_path / "region.gpkg").close()
    return tmp_path


def run(folder: Path, *words: str, code: int = 0) -> str:
    answer = processes.run(*words, folder=folder)
    assert answer.returncode == code, answer.stderr
    return answer.stdout or answer.stderr


def test_the_office_works_at_the_shell(folder: Path) -> None:
    placed = json.loads(run(folder, "promoters", "place", "C0-0", "--crew", "C1", "--json", *NOW))
    assert placed == {"promoter": "C0-0", "crew": "C1", "standby": False}
    run(folder, "bases", "set", "城东", "--address", "解放路8号", *NOW)
    assert json.loads(run(folder, "bases", "list", "--json"))["bases"][0]["name"] == "城东"
    run(folder, "stock", "move", "poster", "40", "--to", "base:城东", *NOW)
    assert json.loads(run(folder, "stock", "list", "--json"))["stock"][0]["at_hand"] == 40
    made = json.loads(run(folder, "incidents", "report", "city_management", "--street", "S8", "--json", *NOW))[
        "incident"
    ]
    settled = run(folder, "incidents", "settle", made, "--outcome", "street_closed", "--close-days", "2", *NOW)
    assert "closed until 2026-03-04 14:00:00+08:00" in settled
    refused = run(folder, "claims", "grant", "--crew", "C2", "--street", "S8", *NOW, code=1)
    assert "paused" in refused
    run(folder, "pay", "confirm", "C0-0", "2026-03-02", "6.5", "--why", "seen_working", *NOW)
    sheet = json.loads(run(folder, "pay", "sheet", "--json", *NOW))
    assert [(one["promoter"], one["paid"]) for one in sheet["days"]] == [("C0-0", 6.5)]
    run(folder, "pay", "sheet", "--out", "march.xlsx", *NOW)
    assert (folder / "march.xlsx").exists()
    assert run(folder, "pay", "sheet", "--out", "march.doc", *NOW, code=1).startswith(
        "error: field --out: 'march.doc' is neither"
    )
