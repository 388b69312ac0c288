"""Controls of guards in Python: a test is run once more on a copy of the code from which one guard was taken, and has to fail."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

LEFT_OUT = shutil.ignore_patterns("node_modules", "vendor", "__pycache__", "*.pyc")


def fails_without(folder: Path, test: str, room: str, guard: str, instead: str) -> str:
    """Return what the test says without the guard; fails where it passes, cannot run, or the guard is not there any more."""
    copy = folder / "copy"
    for top in ("fieldops", "tests", "web"):
        shutil.copytree(ROOT / top, copy / top, ignore=LEFT_OUT)
    shutil.copy(ROOT / "pyproject.toml", copy)
    source = (copy / room).read_text("utf-8")
    assert source.count(guard) == 1, f"the guard is not there any more: {guard}"
    (copy / room).write_text(source.replace(guard, instead), "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={copy}", test]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr  # 1: tests failed; anything else: they could not be run
    return done.stdout
