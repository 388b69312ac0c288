"""The one SQLite library of this process: pysqlite3 where it has a wheel (free of the WAL-reset race), else Python's."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
else:
    try:
        from pysqlite3 import dbapi2 as sqlite3
    except ImportError:  # no wheel for this machine
        import sqlite3

__all__ = ["has_wal_reset_race", "sqlite3"]

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
