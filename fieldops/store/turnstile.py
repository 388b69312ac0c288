"""
Who is next to write: processes stand in line instead of knocking at the database again and again.

SQLite lets a writer that finds the file locked sleep for up to 100 ms and try again; among eight writers the unlucky one
waited 5 to 11 seconds (measured, two cores). At the turnstile the kernel wakes the next in line as soon as a turn ends,
or its process dies. It only orders: what keeps two writers apart is SQLite's own lock, and whoever cannot pass here in
time, or at all, tries there.

Not promised: a strict order. Who has just left may pass once more before the next one is awake. A second lock before this one
made the order strict: the slowest hundredth of eight that never pause waited a third as long, the middle one eight times as
long, and a sixth fewer turns passed in all (measured, two busy cores).
"""

import os
import threading
from contextlib import suppress
from pathlib import Path

_ENDING = "-turn"
_KNOWN_HERE = os.name == "posix"  # elsewhere SQLite's own waiting has to do
if _KNOWN_HERE:
    import fcntl


class Turnstile:
    """The line before one region's write turns: an advisory lock on a file, whatever stands in it (`lastword`)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._inside = 0

    def enter(self, seconds: float) -> None:
        """Wait for the others, at most so long; then pass in any case. Who is inside already passes at once."""
        self._inside += 1
        if not _KNOWN_HERE or self._inside > 1:
            return
        try:
            if self._file is None:
                self._file = open_like(
                    self._path, self._path.with_name(self._path.name.removesuffix(_ENDING)), os.O_RDWR
                )
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._stand_in_line(seconds)
        except OSError:  # a folder where nothing can be written: SQLite says it better
            return

    def is_free(self) -> bool:
        """Pass where nobody else is inside, without waiting; return whether it did."""
        if self._file is None or not _KNOWN_HERE:
            return False
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def leave(self) -> None:
        """Let the next one pass, once this has been left as often as it was entered."""
        self._inside -= 1
        if self._file is not None and not self._inside:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Leave for good."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _stand_in_line(self, seconds: float) -> None:
        """Wait in a thread, because this lock knows no time limit; a wait that is given up takes its file along."""
        assert self._file is not None  # opened by `enter`
        file, deciding, passed = self._file, threading.Lock(), threading.Event()
        given_up = False

        def wait() -> None:
            fcntl.flock(file, fcntl.LOCK_EX)
            with deciding:
                if given_up:
                    os.close(file)
                passed.set()

        threading.Thread(target=wait, daemon=True, name="turnstile").start()
        if not passed.wait(seconds):
            with deciding:
                if not passed.is_set():
                    given_up, self._file = True, None


def turnstile_path(path: Path) -> Path:
    """Return the file at which writers of a region stand in line: `region.gpkg-turn`."""
    return path.with_name(path.name + _ENDING)


def open_like(file: Path, region: Path, flags: int) -> int:
    """Open a file, made where it is missing, with the owner and the rights of the region file, as SQLite does with its log."""
    descriptor = os.open(file, flags | os.O_CREAT, 0o600)
    if _KNOWN_HERE:
        with suppress(OSError):  # neither root's nor ours: whoever owns it decides
            model, made = region.stat(), os.fstat(descriptor)
            if os.geteuid() == 0 and (model.st_uid, model.st_gid) != (made.st_uid, made.st_gid):
                os.fchown(descriptor, model.st_uid, model.st_gid)
            if (model.st_mode ^ made.st_mode) & 0o666:
                os.fchmod(descriptor, model.st_mode & 0o666)
    return descriptor
