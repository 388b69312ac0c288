"""
Rows of a benchmark: each made in a process of its own with a limit of time and memory, told and kept as soon as it is known.

What is kept lies below `.bench/`, a line a row, with the digest of the code that made it, whatever it imports included: a
benchmark that was stopped goes on where it stopped, and code that has changed since is measured again; how many rows were
taken from before is said. Every row says how long it took on the wall, how many processor seconds it used, its peak of memory,
and how busy the machine was.
"""

import ast
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from rich.console import Console

from fieldops.clock import Stopwatch

Row = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".bench"
POLL_SECONDS = 0.1
MEMORY_MB = 6000.0
OURS = ("fieldops", "tests", "web")
SO_FAR = "FIELDOPS_BENCH_ROW"  # the file of the row, in its own process
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20
CHILD = "import sys; from tests.benchmarks.rows import child; child(*sys.argv[1:])"


class Rows:
    """
    The rows of one benchmark; those that the same code made before are taken as they are.

    `taken` counts them; whoever wants all rows anew deletes the file.
    """

    def __init__(self, name: str, *, folder: Path = KEPT) -> None:
        folder.mkdir(exist_ok=True)
        self.file = folder / f"{name}.jsonl"
        self.taken = 0
        self._before: dict[str, Row] = {}
        if self.file.exists():
            kept = [json.loads(line) for line in self.file.read_text().splitlines() if line.strip()]
            self._before = {row["key"]: row for row in kept}

    def say(self, console: Console) -> None:
        """Print how many rows were taken from before, if any were."""
        if self.taken:
            console.print(f"{self.taken} rows are of an earlier run of the same code; to measure anew: rm {self.file}")

    def make(
        self,
        function: Callable[..., Row],
        *given: Any,
        limit: float,
        memory_mb: float = MEMORY_MB,
    ) -> Row:
        """
        Return what the function answers in a process of its own, with `wall`, `cpu`, `peak_mb`, `load` and `ended`.

        Parameters
        ----------
        function
            A public function of a module that can be imported; its answer and `given` are plain JSON.
        limit, memory_mb
            Wall seconds and megabytes after which the process is ended; `ended` says so, and of the answer only what the
            function gave to `tell` before is known.
        """
        name = f"{function.__module__}:{function.__qualname__}"
        key = json.dumps([name, given, digest(function.__module__.replace(".", "/") + ".py")])
        if key in self._before:
            self.taken += 1
            return self._before[key]
        row = {"key": key, "load": round(os.getloadavg()[0], 1)} | _apart(name, given, limit, memory_mb)
        if "failed" not in row:  # what failed is made again
            with self.file.open("a") as file:
                file.write(json.dumps(row) + "\n")
        return row


def child(name: str, given: str, answer: str) -> None:
    """Do one row and write it down: what a process of its own begins with."""
    module, _, function = name.partition(":")
    __import__(module)
    os.environ[SO_FAR] = answer
    watch, before = Stopwatch(), processor()
    row: Row = getattr(sys.modules[module], function)(*json.loads(given))
    timed = {"wall": round(watch.seconds, 2), "cpu": round(processor() - before, 2)}
    tell(timed | row)


def tell(row: Row) -> None:
    """Write down what a row's function knows so far: it counts even where the process is ended at its limit."""
    answer = os.environ.get(SO_FAR)
    if answer:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
        new = Path(f"{answer}.new")
        new.write_text(json.dumps({"peak_mb": round(peak), **row}))
        new.replace(answer)


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
        known: Row = json.loads(answer.read_text()) if answer.exists() else {}
        if ended:
            return {"wall": limit, "cpu": 0.0, "peak_mb": 0} | known | {"ended": ended}
        if not process.returncode:
            return {"ended": "", **known}
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


@cache
def code_of(path: str) -> frozenset[str]:
    """Return a file of the project, from the root, and all files of the project that it imports, lazily too."""
    found, waiting = set[str](), [path]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += imported(one)
    return frozenset(found)


def digest(path: str) -> str:
    """Return the digest of a file and of all that it imports."""
    text = hashlib.sha256()
    for one in sorted(code_of(path)):
        text.update((ROOT / one).read_bytes())
    return text.hexdigest()[:16]


def imported(path: str) -> Iterator[str]:
    """Yield the files of the project that a file imports, from the root."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            if name.split(".")[0] in OURS:
                place = name.replace(".", "/")
                yield from (file for file in (f"{place}.py", f"{place}/__init__.py") if (ROOT / file).is_file())
