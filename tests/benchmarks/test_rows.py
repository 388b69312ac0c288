"""Rows of a benchmark: kept as soon as they are known, made again when the code has changed, ended at their limits."""

import threading
from pathlib import Path

from tests.benchmarks.rows import Row, Rows, code_of, tell


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
    """Tell a first answer, then take more memory than the test allows, and hold it."""
    tell({"value": 3})
    held = bytearray(400_000_000)
    held[::4096] = b"x" * len(held[::4096])
    threading.Event().wait(60)
    return {"value": len(held)}


def fail(_folder: str) -> Row:
    """Fail."""
    raise RuntimeError("no such city")


def test_a_row_that_was_made_is_not_made_again_when_the_benchmark_goes_on(tmp_path: Path) -> None:
    first = Rows("it", folder=tmp_path).make(count_up, str(tmp_path), 7, limit=60)
    rows = Rows("it", folder=tmp_path)
    again = rows.make(count_up, str(tmp_path), 7, limit=60)
    assert first["value"] == again["value"] == 7
    assert first["wall"] == again["wall"]
    assert rows.taken == 1
    assert (tmp_path / "runs").read_text() == "x"


def test_a_row_is_made_again_where_its_words_differ_or_what_is_kept_is_gone(tmp_path: Path) -> None:
    Rows("it", folder=tmp_path).make(count_up, str(tmp_path), 7, limit=60)
    Rows("it", folder=tmp_path).make(count_up, str(tmp_path), 8, limit=60)
    Rows("it", folder=tmp_path).file.unlink()
    Rows("it", folder=tmp_path).make(count_up, str(tmp_path), 7, limit=60)
    assert (tmp_path / "runs").read_text() == "xxx"


def test_the_code_of_a_row_is_all_that_it_imports_and_nothing_else() -> None:
    ours, theirs = (code_of(f"tests/benchmarks/{name}.py") for name in ("ours", "peers"))
    assert {"fieldops/planning/solve.py", "fieldops/planning/packing.py", "fieldops/errors/tree.py"} <= ours
    assert "fieldops/planning/assignment.py" in theirs
    assert not theirs & {"fieldops/planning/solve.py", "fieldops/planning/search.py"}
    assert not {path for path in ours if path.startswith(("fieldops/store", "web"))}


def test_a_row_over_its_time_or_memory_is_ended_and_says_so(tmp_path: Path) -> None:
    rows = Rows("it", folder=tmp_path)
    assert rows.make(take_long, str(tmp_path), limit=0.5)["ended"] == "over 0.5 s"
    assert rows.make(take_much, str(tmp_path), limit=50, memory_mb=300)["ended"] == "over 300 MB"


def test_a_row_that_fails_tells_why_and_is_tried_again(tmp_path: Path) -> None:
    row = Rows("it", folder=tmp_path).make(fail, str(tmp_path), limit=60)
    assert row["ended"] == "RuntimeError: no such city"
    assert not (tmp_path / "it.jsonl").exists()


def test_what_a_row_told_before_it_was_ended_counts(tmp_path: Path) -> None:
    row = Rows("it", folder=tmp_path).make(take_much, str(tmp_path), limit=50, memory_mb=300)
    assert (row["value"], row["ended"]) == (3, "over 300 MB")
