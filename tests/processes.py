"""
Our programs in processes of their own, forked from one that has imported everything: they start in a tenth of a second.

What they do is what `fieldops` and `python -m web` do, for these call the same two functions; that these words start them is
tested where a test names the words themselves.
"""

import io
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

FIELDOPS, SERVER = "fieldops.cli.main", "web.__main__"  # modules with a `main` that reads the words from sys.argv
PRELOADED = [FIELDOPS, SERVER, "fieldops.cli.commands", "fieldops.cli.simulate", "fieldops.exchange.synthfiles"]

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__, *PRELOADED])


class Started:
    """A process that runs, with what it writes going to files."""

    def __init__(
        self, module: str, words: Sequence[object], *, out: Path, err: Path, folder: Path,
        environment: Mapping[str, str] | None = None, typed: str = "",
    ) -> None:  # fmt: skip
        told = (module, [str(word) for word in words], out, err, folder, {**os.environ, **(environment or {})}, typed)
        self._process = _FORKS.Process(target=_run, args=told)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, how: int) -> None:
        os.kill(self.pid, how)

    def wait(self, seconds: float) -> int:
        """Return the exit code; whoever takes longer is killed and fails the test."""
        self._process.join(seconds)
        if self._process.is_alive():
            self.send_signal(signal.SIGKILL)
            raise TimeoutError(f"still running after {seconds} s")
        assert self._process.exitcode is not None
        return self._process.exitcode


def run(
    *words: object, folder: Path, environment: Mapping[str, str] | None = None, typed: str = "", seconds: float = 120
) -> "subprocess.CompletedProcess[str]":
    """Run `fieldops` with words in a folder."""
    with TemporaryDirectory() as said:
        out, err = Path(said) / "out", Path(said) / "err"
        started = Started(FIELDOPS, words, out=out, err=err, folder=folder, environment=environment, typed=typed)
        code = started.wait(seconds)
        return subprocess.CompletedProcess(list(map(str, words)), code, out.read_text("utf-8"), err.read_text("utf-8"))


def wait_for(port: int, process: "Started | subprocess.Popen[bytes]") -> None:
    """Wait until a port of this machine takes connections; a process that ends before fails the test."""
    while True:
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, f"ended with {process.poll()}"
        time.sleep(0.02)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(
    module: str, words: list[str], out: Path, err: Path, folder: Path, environment: dict[str, str], typed: str
) -> None:  # fmt: skip
    threading.Thread(target=_end_with_the_tests, daemon=True).start()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    for number, path in ((1, out), (2, err)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = io.StringIO(typed)
    sys.argv = [module.split(".")[0], *words]
    sys.exit(import_module(module).main())


def _end_with_the_tests() -> None:
    """Leave no server behind where the tests themselves are killed."""
    tests = multiprocessing.parent_process()
    assert tests is not None
    tests.join()
    os.kill(os.getpid(), signal.SIGKILL)
