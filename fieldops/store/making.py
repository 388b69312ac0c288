"""Makes what a region consists of: an empty file with its tables, and its key."""

import os
import secrets
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
    """Make a file with the tables that `migrate` adds, in the place of what may lie there."""
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA application_id={geopackage.APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={geopackage.USER_VERSION}")
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.isolation_level = "DEFERRED"
    migrate(database(connection))
    connection.commit()
    connection.close()


def make_key(path: Path) -> None:
    """Make a key of 256 random bits, readable by its owner only, unless there is one."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
