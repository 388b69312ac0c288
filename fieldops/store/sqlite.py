"""
The one SQLite library of this process: pysqlite3 where it has a wheel (free of the WAL-reset race), else Python's.

And what its errors mean to people.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fieldops.errors import FieldopsError, RecordDamaged, StorageFailed
from fieldops.said import Said, template

if TYPE_CHECKING:
    import sqlite3
else:
    try:
        from pysqlite3 import dbapi2 as sqlite3
    except ImportError:  # no wheel for this machine
        import sqlite3

__all__ = ["LARGEST_KEY", "OLDER", "as_text", "has_wal_reset_race", "only_file", "refusal", "sqlite3"]

OLDER = template("stop the web, then `fieldops check --migrate`")

LARGEST_KEY = 2**63 - 1  # a larger number is no key: binding it raises OverflowError
_FIXED_BACKPORTS = {(3, 50): 7, (3, 44): 6}


def has_wal_reset_race(version: tuple[int, int, int] = sqlite3.sqlite_version_info) -> bool:
    """
    Return whether this SQLite can lose committed writes when a WAL is reset under load.

    Notes
    -----
    SQLite 3.7.0 to 3.51.2, fixed in 3.51.3 with backports 3.50.7 and 3.44.6 (sqlite.org, changes and WAL pages).
    """
    if version >= (3, 51, 3):
        return False
    backport = _FIXED_BACKPORTS.get(version[:2])
    return backport is None or version[2] < backport


@contextmanager
def as_text(connection: sqlite3.Connection) -> Iterator[None]:
    """Read text as text and rows by name for a while, on a connection that reads it as bytes."""
    text, rows = connection.text_factory, connection.row_factory
    connection.text_factory, connection.row_factory = str, sqlite3.Row
    try:
        yield
    finally:
        connection.text_factory, connection.row_factory = text, rows


def only_file(path: Path, opened: tuple[int, int] | None) -> tuple[int, int]:
    """
    Return what tells the file at that path from every other, where it is still the one that was `opened`, if any was.

    SQLite keeps what was written last beside the file, under the name by which it was opened: who has it open by another
    name, or a file that is not there any more, sees nothing of it and gives the same street away once more.

    Raises
    ------
    StorageFailed
        If the file has several names (hard links), is gone, or another one was put in its place.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise StorageFailed(
            problem=Said("%(path)s is not there any more; nothing was written", path=path),
            cure="put it back, or a backup with `fieldops restore`",
        ) from error
    if found.st_nlink > 1:
        raise StorageFailed(
            problem=Said(
                "%(path)s has %(count)s names on its disk; nothing was written", path=path, count=found.st_nlink
            ),
            cure="leave it one name: what is written by one is not seen by the others; copy files instead of linking them",
        )
    this = found.st_dev, found.st_ino
    if opened not in (None, this):
        raise StorageFailed(
            problem=Said("another file was put in the place of %(path)s; nothing was written", path=path),
            cure="start fieldops again; put a backup in its place with `fieldops restore` only",
        )
    return this


def refusal(error: sqlite3.DatabaseError) -> FieldopsError:
    """Return what an error of SQLite means to people: StorageFailed with the cure, or RecordDamaged."""
    text = str(error)
    if not isinstance(error, sqlite3.OperationalError):
        return RecordDamaged(problem=Said("the region file is damaged: %(text)s", text=text))
    cure = {
        "locked": "another program holds the file for writing: close QGIS editing sessions and other fieldops commands, then try again",
        "full": "free disk space and try again",
        "readonly": "make the file and its folder writable",
        "unable to open": "check the path and its permissions",
        "no such": OLDER,
        "I/O": "check the disk, and free space on it",
    }
    for word, advice in cure.items():
        if word in text:
            return StorageFailed(
                problem=Said("the region file refuses: %(text)s; nothing was written", text=text), cure=advice
            )
    return StorageFailed(
        problem=Said("the region file refuses: %(text)s; nothing was written", text=text), cure="see `fieldops check`"
    )
