"""Makes what a region consists of: empty files with their tables."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fieldops.store import geopackage
from fieldops.store.sqlite import sqlite3

if TYPE_CHECKING:
    from sqlite_utils import Database


def database(connection: sqlite3.Connection) -> "Database":
    """Return a connection as migrations want it."""
    from sqlite_utils import Database

    return Database(connection)


def make_file(path: Path, migrate: Callable[["Database"], None]) -> None:
    """Make a file with the tables that `migrate` adds."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA application_id={geopackage.APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={geopackage.USER_VERSION}")
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.isolation_level = "DEFERRED"
    migrate(database(connection))
    connection.commit()
    connection.close()
