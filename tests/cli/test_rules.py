"""`fieldops rules`: the list, a change, and clear refusals."""

import json
from pathlib import Path

from fieldops.store.connect import create_region
from tests.cli.test_main import fieldops
from tests.conftest import PLANNER


def test_a_rule_is_shown_changed_and_shown_again(tmp_path: Path) -> None:
    create_region(tmp_path / "region.gpkg", PLANNER).close()
    told = fieldops("rules", "set", "claims_per_crew=30", "cool_down=36h", "--why", "pilot", folder=tmp_path)
    assert (told.returncode, told.stdout) == (0, "")
    assert "cool_down is 36h from now on (default 7d)" in told.stderr
    listed = json.loads(fieldops("rules", "--json", folder=tmp_path).stdout)["rules"]
    assert [one["name"] for one in listed if one["changed"]] == ["cool_down", "claims_per_crew"]
    assert listed[0] == {
        "name": "target_share", "value": "0.2", "default": "0.2", "changed": False, "rule": 10,
        "meaning": "share of people who know of the programme, at which a crew moves on",
    }  # fmt: skip
    assert "claims_per_crew" in fieldops("rules", folder=tmp_path).stdout


def test_a_wrong_turn_is_one_line_with_the_cure(tmp_path: Path) -> None:
    create_region(tmp_path / "region.gpkg", PLANNER).close()
    for words, problem, code in (
        (("claims_per_crew",), "has no value; write claims_per_crew=VALUE", 1),
        (("cap=3",), "no such setting", 1),
        (("claims_per_crew=3", "claims_per_crew=4"), "named twice", 1),
    ):
        answer = fieldops("rules", "set", *words, "--why", "x", folder=tmp_path)
        assert answer.returncode == code
        assert problem in answer.stderr
        assert answer.stderr.count("\n") == 1
    assert fieldops("rules", "set", "claims_per_crew=3", folder=tmp_path).returncode == 2
