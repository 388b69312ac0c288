"""What a map file holds, fetched from a child process with limits on memory, time and disk."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import fieldops
from fieldops.errors import BadInput, Stopped
from fieldops.maps import child
from fieldops.progress import Progress, no_progress
from fieldops.said import Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What reading one map may cost; memory is address space, the wall clock bounds what waits instead of working."""

    memory_bytes: int = 2 << 30
    cpu_seconds: int = 120
    wall_seconds: int = 300
    file_bytes: int = 2 << 30


def fetch(
    files: list[tuple[str, Path]],
    name: str,
    *,
    wanted: Collection[str] = (),
    limits: Limits = Limits(),
    progress: Progress = no_progress,
) -> dict[str, np.ndarray]:
    """
    Return the arrays that a limited child process made of map files.

    Parameters
    ----------
    files
        Form (see `formats.detect_format`) and path of each.
    name
        What a refusal calls them.
    wanted
        The columns of layers that are kept.
    limits
        What the child may use.
    progress
        Told now and then; may stop the reading.

    Raises
    ------
    BadInput
        If the child refuses a file, dies of it, or reaches a limit.
    Stopped
        If `progress` answers False.
    """
    with tempfile.TemporaryDirectory(prefix="fieldops-map-") as folder:
        output = Path(folder) / "found.npz"
        task = asdict(limits) | {
            "files": [[form, str(path.resolve())] for form, path in files],
            "wanted": sorted(wanted),
            "output": str(output),
        }
        code, last = _run(task, Path(folder), progress)
        if code == child.REFUSED:
            refusal = BadInput(**last)
            raise BadInput(
                Said("%(name)s: %(problem)s", name=name, problem=refusal.problem),
                cure=refusal.cure,
                row=refusal.row,
                field=refusal.field,
            )
        if code != 0 or not output.exists():
            raise BadInput(
                _why(name, code, limits),
                cure="it may be damaged: repair it, or cut it smaller",
            )
        with np.load(output, allow_pickle=False) as held:
            return {key: held[key] for key in held.files}


def _why(name: str, code: int, limits: Limits) -> Said:
    """Return what ended a child that told no reason of its own."""
    if code == -signal.SIGXCPU:
        return Said(
            "%(name)s takes more than %(seconds)s s of processor time to read", name=name, seconds=limits.cpu_seconds
        )
    if code == -signal.SIGKILL:
        return Said("%(name)s takes more than %(seconds)s s to read", name=name, seconds=limits.wall_seconds)
    return Said(
        "%(name)s broke the reader (code %(code)s), or needs more than %(most_n)s MB of memory", name=name, code=code,
        most_n=limits.memory_bytes >> 20,
    )  # fmt: skip


def _run(task: dict[str, Any], folder: Path, progress: Progress) -> tuple[int, Any]:
    """Return the child's exit code and the last thing that it told."""
    if not progress("reading the map", 0.0):
        raise Stopped
    words = [sys.executable, "-m", "fieldops.maps.child", json.dumps(task)]
    last: Any = None
    with subprocess.Popen(
        words, cwd=folder, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        alarm = threading.Timer(task["wall_seconds"], process.kill)
        alarm.start()
        try:
            assert process.stdout is not None
            for line in process.stdout:
                last = json.loads(line)
                if isinstance(last, int) and not progress("reading the map", 0.0, objects=last):
                    raise Stopped
            process.wait()
        except BaseException:
            process.kill()
            raise
        finally:
            alarm.cancel()
    return process.returncode, last


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {
        "PYTHONPATH": str(Path(fieldops.__file__).parent.parent),
        "OGR_SKIP": child.SKIPPED_DRIVERS,
        "GDAL_SKIP": "VRT,HTTP,WMS,WMTS,STACTA,STACIT",
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "none",
        "GDAL_DISABLE_READDIR_ON_OPEN": "YES",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",  # address space is limited: threads shall share what they reserve
    }
