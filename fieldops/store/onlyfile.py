"""
That a region is written by its only name, and by nobody who does not see all of it.

SQLite keeps what was written last beside the file, in `-wal` and `-shm`, under the name by which the file was opened. Who has
the file by another name (a hard link, a mount of the file alone, a folder to which it was moved while open), or lost what lay
beside it, sees nothing of the newest claims and would give the same street away once more. So every write turn asks, before
and after:

- the path leads to the file that was opened, which has one name, is no mount by itself, and lies on a disk of this machine;
- what SQLite keeps beside it is what was there when it was opened;
- the record holds the newest event that was ever acknowledged. This *last word* is written after each commit as an attribute of
  the file itself, which goes where the file goes, by whatever name; where the disk knows no attributes, it lies in the file
  `-turn` beside it. It may lag behind what was stored, by a turn whose process died before it could say so; never run ahead.

Not promised: that two copies of a file know of each other.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fieldops.errors import StorageFailed
from fieldops.said import Said
from fieldops.store import audit, mounts

if TYPE_CHECKING:
    from fieldops.store.sqlite import sqlite3

Identity = tuple[int, int]
ATTRIBUTE = "user.fieldops.last"
_KNOWS_ATTRIBUTES = hasattr(os, "setxattr")  # Linux


@dataclass(frozen=True, slots=True)
class LastWord:
    """The newest event that somebody was told to be stored: chain value of the record's first event, number, chain value."""

    first: str
    seq: int
    chain: str


class OnlyFile:
    """A region file as one process has it open for writing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._real = path.resolve()
        self._beside = tuple(self._real.with_name(self._real.name + end) for end in ("-wal", "-shm"))
        self._file: Identity | None = None
        self._kept: tuple[Identity | None, ...] | None = None
        self._first = ""

    def look(self) -> None:
        """
        Refuse where the file is not the only one, or not whole.

        Raises
        ------
        StorageFailed
            If the file has several names, is gone, is another one, is mounted alone, lies on a disk that machines share, or
            what SQLite keeps beside it was taken away.
        """
        found = self._stat()
        if self._file is None:
            self._look_around()
        if self._file not in (None, found):
            raise StorageFailed(
                problem=Said("another file was put in the place of %(path)s; nothing was written", path=self._path),
                cure="start fieldops again; put a backup in its place with `fieldops restore` only",
            )
        self._file = found
        if self._kept is not None and self._kept != self._beside_now():
            raise StorageFailed(
                problem=Said(
                    "what is kept beside %(path)s (-wal, -shm) was taken away while it was open; nothing was written",
                    path=self._path,
                ),
                cure="stop every fieldops of this region in the ordinary way, which puts what it knows into the file, then start it again; leave those files alone",
            )

    def know(self, connection: "sqlite3.Connection", head: audit.Head) -> None:
        """
        Refuse where the record lacks an event that somebody was told to be stored; to be asked within the write turn.

        Raises
        ------
        StorageFailed
            If it does.
        """
        if self._kept is None:
            self._kept = self._beside_now()
        if not head.seq:
            return
        first = self._first_event(connection)
        word = last_word(self._real)
        if word is not None and word.first == first and not _has(connection, head, word):
            raise StorageFailed(
                problem=Said(
                    "%(path)s ends at event %(seq)s, but event %(last)s was stored already; nothing was written",
                    path=self._path, seq=head.seq, last=word.seq,
                ),
                cure="put back what lay beside it (-wal), or the file under its former name; else `fieldops restore` the newest backup",
            )  # fmt: skip

    def remember(self, connection: "sqlite3.Connection", head: audit.Head) -> None:
        """Write down that the record was stored up to this event, before anybody is told so."""
        word = LastWord(self._first_event(connection), head.seq, head.chain)
        text = f"{word.first} {word.seq} {word.chain}"
        try:
            if not _KNOWS_ATTRIBUTES:
                raise OSError
            os.setxattr(self._real, ATTRIBUTE, text.encode())
        except OSError:  # the word may lag behind: the turn itself is stored
            _write_beside(self._real, text)

    def _stat(self) -> Identity:
        try:
            found = self._path.stat()
        except OSError as error:
            raise StorageFailed(
                problem=Said("%(path)s is not there any more; nothing was written", path=self._path),
                cure="put it back, or a backup with `fieldops restore`",
            ) from error
        if found.st_nlink > 1:
            raise StorageFailed(
                problem=Said(
                    "%(path)s has %(count)s names on its disk; nothing was written",
                    path=self._path,
                    count=found.st_nlink,
                ),
                cure="leave it one name: what is written by one is not seen by the others; copy files instead of linking them",
            )
        return found.st_dev, found.st_ino

    def _look_around(self) -> None:
        table = mounts.mounts_here()
        if mounts.is_mounted_alone((self._real, *self._beside), table):
            raise StorageFailed(
                problem=Said("%(path)s is mounted by itself; nothing was written", path=self._path),
                cure="mount the folder in which it lies instead: what is written last lies beside the file",
            )
        if (kind := mounts.kind_of(self._real, table)) in mounts.SHARED_KINDS:
            raise StorageFailed(
                problem=Said(
                    "%(path)s lies on a disk that machines share (%(kind)s); nothing was written",
                    path=self._path,
                    kind=kind,
                ),
                cure="move the folder to a disk of this machine: two machines would not see each other's claims",
            )

    def _beside_now(self) -> tuple[Identity | None, ...]:
        return tuple(_identity(file) for file in self._beside)

    def _first_event(self, connection: "sqlite3.Connection") -> str:
        if not self._first:
            row = connection.execute("SELECT chain FROM event WHERE seq = 1").fetchone()
            self._first = str(row[0]) if row else ""
        return self._first


def last_word(path: Path) -> LastWord | None:
    """Return what was written down as the newest event of a region file: on the file, else beside it; None where nothing was."""
    text = ""
    with suppress(OSError):  # it has none
        if _KNOWS_ATTRIBUTES:
            text = os.getxattr(path, ATTRIBUTE).decode()
    if not text:
        with suppress(OSError):
            text = _word_file(path).read_text()
    parts = text.split()
    return LastWord(parts[0], int(parts[1]), parts[2]) if len(parts) == 3 and parts[1].isdecimal() else None


def forget(path: Path) -> None:
    """Let a region file begin anew: another record is put into it."""
    real = path.resolve()
    with suppress(OSError):  # it had none
        if _KNOWS_ATTRIBUTES:
            os.removexattr(real, ATTRIBUTE)
    if _word_file(real).exists():
        _write_beside(real, "")


def _has(connection: "sqlite3.Connection", head: audit.Head, word: LastWord) -> bool:
    if word.seq == head.seq:
        return word.chain == head.chain
    row = connection.execute("SELECT chain FROM event WHERE seq = ?", (word.seq,)).fetchone()
    return row is not None and row[0] == word.chain


def _word_file(path: Path) -> Path:
    return path.with_name(path.name + "-turn")


def _write_beside(path: Path, text: str) -> None:
    with suppress(OSError):  # a folder where nothing can be written: the word lags behind
        _word_file(path).write_text(text)


def _identity(file: Path) -> Identity | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
