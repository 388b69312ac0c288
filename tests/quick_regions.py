"""
Empty regions without their migrations: the first of a process is made as always, every other one is its copy.

Half of all tests begin with an empty region; the forty-odd migrations that make one take a quarter of a second.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fieldops.store import connect, making, migrations
from fieldops.store.sqlite import sqlite3


def make_quickly(patch: pytest.MonkeyPatch) -> None:
    """Copy what was made before, as long as the same migrations make it."""
    slowly, files = making.make_file, dict[Callable[..., Any], bytes]()
    in_memory, empties = connect.empty_database, dict[Callable[..., Any], sqlite3.Connection]()

    def make_file(path: Path, migrate: Callable[..., Any]) -> None:
        if migrate not in files:
            slowly(path, migrate)
            files[migrate] = path.read_bytes()
        else:
            path.write_bytes(files[migrate])

    def empty_database() -> sqlite3.Connection:
        made_by = migrations.migrate_region
        if made_by not in empties:
            empties[made_by] = in_memory()
        copy = sqlite3.connect(":memory:")
        empties[made_by].backup(copy)
        copy.execute("PRAGMA recursive_triggers=ON")  # a setting of the connection, which migrations leave on
        copy.isolation_level = None
        return copy

    patch.setattr(making, "make_file", make_file)
    patch.setattr(connect, "empty_database", empty_database)
