"""
How old what is locked is: `releases.csv`, which `python3 dev.py audit` writes, beside the locks and the times of CONTRIBUTING.md.

Known holes are not in it: no list of them can be asked without a network. It says that nothing is farther behind than promised.
"""

import csv
import json
import re
from datetime import date
from pathlib import Path

import pytest
from packaging.version import Version

ROOT = Path(__file__).parents[2]
REMEDY = "run `python3 dev.py audit`, and lock newer versions where it is behind (CONTRIBUTING.md, Dependencies)"


def rows() -> list[dict[str, str]]:
    with (Path(__file__).parent / "releases.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def locked() -> set[tuple[str, str, str]]:
    """Every library that fieldops runs on, with the newest version that is locked: where it comes from, name, version."""
    pins = re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    asked = json.loads((ROOT / "web" / "package.json").read_text("utf-8"))["dependencies"]
    return {("pypi", *pin) for pin in dict(pins).items()} | {("npm", *pin) for pin in asked.items()}


def test_every_locked_version_was_looked_up() -> None:
    assert {(row["from"], row["name"], row["locked"]) for row in rows()} == locked(), REMEDY
    assert len({date.fromisoformat(row["looked_at"]) for row in rows()}) == 1, REMEDY


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["name"])
def test_no_locked_version_is_older_than_what_was_newest_ninety_days_before(row: dict[str, str]) -> None:
    before = row["newest_90_days_before"]
    assert not before or Version(row["locked"]) >= Version(before), REMEDY
    assert "every 90" in (ROOT / "CONTRIBUTING.md").read_text("utf-8")
