"""Rows of a benchmark: kept as soon as they are known, made again when the code has changed, ended at their limits."""

import threading
from pathlib import Path

from tests.benchmarks.rows import Row, Rows

ROOM = ("tests/benchmarks/rows.py",)


def count_up(folder: str, answer: int) -> Row:
    """Leave a trace of having run."""
    with Path(folder, "runs").open("a") as file:
        file.write("x")
    return {"value": answer}


def take_long(_folder: str) -> Row:
    """Run far beyond the limit of the test."""
    threading.Event().wait(60)
    return {}


def take_much(_folder: str) -> Row:
    """Take more memory than the test allows, and hold it."""
    held = bytearray(400_000_000)
    held[::4096] = b"x" * len(held[::4096])
    threading.Event().wait(60)
    return {"value": len(held)}


def fail(_folder: str) -> Row:
    """Fail."""
    raise RuntimeError("no such city")


def test_a_row_that_was_made_is_not_made_again_when_the_benchmark_goes_on(tmp_path: Path) -> None:
    first = Rows("it", resume=False, folder=tmp_path).make(count_up, str(tmp_path), 7, limit=60, depends=ROOM)
    again = Rows("it", resume=True, folder=tmp_path).make(count_up, str(tmp_path), 7, limit=60, depends=ROOM)
    assert first["value"] == again["value"] == 7
    assert first["wall"] == again["wall"]
    assert (tmp_path / "runs").read_text() == "x"


def test_a_row_is_made_again_where_its_code_or_its_words_differ_or_nothing_is_to_be_resumed(tmp_path: Path) -> None:
    Rows("it", resume=False, folder=tmp_path).make(count_up, str(tmp_path), 7, limit=60, depends=ROOM)
    Rows("it", resume=True, folder=tmp_path).make(count_up, str(tmp_path), 8, limit=60, depends=ROOM)
    Rows("it", resume=True, folder=tmp_path).make(count_up, str(tmp_path), 7, limit=60, depends=(*ROOM, "dev.py"))
    Rows("it", resume=False, folder=tmp_path).make(count_up, str(tmp_path), 7, limit=60, depends=ROOM)
    assert (tmp_path / "runs").read_text() == "xxxx"


def test_a_row_over_its_time_or_memory_is_ended_and_says_so(tmp_path: Path) -> None:
    rows = Rows("it", resume=False, folder=tmp_path)
    assert rows.make(take_long, str(tmp_path), limit=0.5, depends=ROOM)["ended"] == "over 0.5 s"
    assert rows.make(take_much, str(tmp_path), limit=50, depends=ROOM, memory_mb=300)["ended"] == "over 300 MB"


def test_a_row_that_fails_tells_why_and_is_tried_again(tmp_path: Path) -> None:
    row = Rows("it", resume=False, folder=tmp_path).make(fail, str(tmp_path), limit=60, depends=ROOM)
    assert row["ended"] == "RuntimeError: no such city"
    assert not (tmp_path / "it.jsonl").exists()
