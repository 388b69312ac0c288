"""
OWASP ASVS 5.0.0, levels 1 and 2 (and three of level 3): `asvs.csv` says for each line by which test it stands.

`stands` is test, none (it does not apply, and why) or open (it does not hold yet, and what is missing). V9, V10 and V17 do not
apply as a whole: no self-contained tokens, no OAuth, no WebRTC.
"""

import csv
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEFT_OUT = {"V9", "V10", "V17"}
# How many lines of levels 1 and 2 each chapter has in the published list.
CHAPTERS = {"V1": 27, "V2": 11, "V3": 19, "V4": 10, "V5": 9, "V6": 35, "V7": 18, "V8": 7, "V11": 14, "V12": 9, "V13": 13, "V14": 9,
            "V15": 13, "V16": 16}  # fmt: skip


def rows() -> list[dict[str, str]]:
    with (Path(__file__).parent / "asvs.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_line_names_a_test_that_is_there_or_says_why_not() -> None:
    written = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"^def (test_\w+)\(", written, re.MULTILINE))
    missing = [(row["id"], row["by"]) for row in rows() if row["stands"] == "test" and row["by"] not in there]
    assert missing == []
    for row in rows():
        assert row["stands"] in ("test", "none", "open"), row
        assert len(row["by"]) > 5, row


def test_every_line_of_levels_1_and_2_stands_once() -> None:
    found = rows()
    names = [row["id"] for row in found]
    assert len(set(names)) == len(names)
    counted: dict[str, int] = {}
    for row in found:
        chapter = row["id"].split(".")[0]
        assert chapter not in LEFT_OUT
        if row["level"] in ("1", "2"):
            counted[chapter] = counted.get(chapter, 0) + 1
    assert counted == CHAPTERS
