"""
Rows of a benchmark: each made in a process of its own with a limit of time and memory, told and kept as soon as it is known.

What is kept lies below `.bench/`, a line a row, with the digest of the code that made it: a full benchmark that was stopped
goes on where it stopped, and code that has changed since is measured again. Every row says how long it took on the wall,
how many processor seconds it used, its peak of memory, and how busy the machine was.
"""

import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fieldops.clock import Stopwatch
from tests.conftest import ROOT

Row = dict[str, Any]

KEPT = ROOT / ".bench"
POLL_SECONDS = 0.1
MEMORY_MB = 6000.0
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20
CHILD = "import sys; from tests.benchmarks.rows import child; child(*sys.argv[1:])"
PLANNING = ("fieldops/planning",)


class Rows:
    """The rows of one benchmark; with `resume` those that the same code made before are taken as they are."""

    def __init__(self, name: str, *, resume: bool, folder: Path = KEPT) -> None:
        folder.mkdir(exist_ok=True)
        self._file = folder / f"{name}.jsonl"
        self._before: dict[str, Row] = {}
        if resume and self._file.exists():
            kept = [json.loads(line) for line in self._file.read_text().splitlines() if line.strip()]
            self._before = {row["key"]: row for row in kept}

    def make(
        self,
        function: Callable[..., Row],
        *given: Any,
        limit: float,
        depends: tuple[str, ...] = PLANNING,
        memory_mb: float = MEMORY_MB,
    ) -> Row:
        """
        Return what the function answers in a process of its own, with `wall`, `cpu`, `peak_mb`, `load` and `ended`.

        Parameters
        ----------
        function
            A public function of a module that can be imported; its answer and `given` are plain JSON.
        limit, memory_mb
            Wall seconds and megabytes after which the process is ended; `ended` says so, and nothing else is known then.
        depends
            Folders and files, from the root, whose change makes a kept row void; the function's own is always one.
        """
        name = f"{function.__module__}:{function.__qualname__}"
        own = function.__module__.replace(".", "/") + ".py"
        key = json.dumps([name, given, _digest((own, *depends))])
        if key in self._before:
            return self._before[key]
        row = {"key": key, "load": round(os.getloadavg()[0], 1)} | _apart(name, given, limit, memory_mb)
        if "failed" not in row:  # what failed is made again
            with self._file.open("a") as file:
                file.write(json.dumps(row) + "\n")
        return row


def child(name: str, given: str, answer: str) -> None:
    """Do one row and write it down: what a process of its own begins with."""
    module, _, function = name.partition(":")
    __import__(module)
    watch, before = Stopwatch(), processor()
    row: Row = getattr(sys.modules[module], function)(*json.loads(given))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    timed = {"wall": round(watch.seconds, 2), "cpu": round(processor() - before, 2), "peak_mb": round(peak)}
    Path(answer).write_text(json.dumps(timed | row))


def processor() -> float:
    """Return the processor seconds that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _apart(name: str, given: tuple[Any, ...], limit: float, memory_mb: float) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        answer, errors = Path(folder) / "row.json", Path(folder) / "errors"
        with errors.open("w") as file:
            process = subprocess.Popen(
                [sys.executable, "-c", CHILD, name, json.dumps(given), str(answer)], cwd=ROOT, stdout=file, stderr=file
            )
            ended = _watch(process, limit, memory_mb)
        if answer.exists() and not ended:
            return {"ended": "", **json.loads(answer.read_text())}
        if ended:
            return {"ended": ended, "wall": limit, "cpu": 0.0, "peak_mb": 0}
        told = errors.read_text().strip().splitlines()[-1:] or [f"exit {process.returncode}"]
        return {"ended": told[0][:80], "failed": True, "wall": 0.0, "cpu": 0.0, "peak_mb": 0}


def _watch(process: "subprocess.Popen[bytes]", limit: float, memory_mb: float) -> str:
    """Wait for the process and return why it was ended, empty where it ended by itself."""
    watch, reason = Stopwatch(), ""
    try:
        while process.poll() is None and not reason:
            time.sleep(POLL_SECONDS)
            if watch.seconds > limit:
                reason = f"over {limit:g} s"
            elif _resident_mb(process.pid) > memory_mb:
                reason = f"over {memory_mb:g} MB"
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    return reason


def _resident_mb(pid: int) -> float:
    """Return the memory of a process where the machine tells it, else 0."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_MB
    except (OSError, ValueError, IndexError):
        return 0.0


def _digest(paths: tuple[str, ...]) -> str:
    found = hashlib.sha256()
    for path in sorted(paths):
        files = sorted((ROOT / path).glob("*.py")) if (ROOT / path).is_dir() else [ROOT / path]
        for file in files:
            found.update(file.read_bytes())
    return found.hexdigest()[:16]
