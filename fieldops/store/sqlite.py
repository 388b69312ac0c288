"""
The one SQLite library of this process: pysqlite3 where it has a wheel (free of the WAL-reset race), else Python's.

And what its errors mean to people.
"""

from collections.abc import Iterator
from contextlib import contextmanager
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

__all__ = ["LARGEST_KEY", "OLDER", "as_text", "has_wal_reset_race", "refusal", "sqlite3"]

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
