"""
The region as if no survey were in quarantine (rule 13), for one reading connection: whatever is read through it says so.

Temporary tables and views of the same names stand before those of the file: tallies and estimates, and the layers made of them.
Nothing is stored, and decisions stay as they were made.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from fieldops.clock import format_moment
from fieldops.store import tallies, views
from fieldops.store.awareness import EstimateRow
from fieldops.store.connect import read_rules
from fieldops.store.rules import rules_of_record
from fieldops.store.sqlite import sqlite3

_COLUMNS = {
    "tally": "measurement_id, answers, spread_at, left_out, last_asked_at, undecided",
    "home_tally": "measurement_id, street_id, knows, asked",
}


def is_trusting(connection: sqlite3.Connection) -> bool:
    """Return whether what is read through the connection counts the surveys in quarantine."""
    return connection.execute("SELECT 1 FROM temp.sqlite_master WHERE name = 'tally'").fetchone() is not None


def shows_chances(connection: sqlite3.Connection) -> bool:
    """Return whether plans that are read through the connection promise what they would by other surveys than then."""
    return connection.execute("SELECT 1 FROM temp.sqlite_master WHERE name = 'assignment'").fetchone() is not None


def count_quarantined(connection: sqlite3.Connection) -> None:
    """Let the connection read tallies as if no survey were in quarantine."""
    _count(connection, ())


@contextmanager
def counting(connection: sqlite3.Connection, orders: Collection[int], *, event: int) -> Iterator[None]:
    """
    Let the connection read tallies in this block as they were at an event, these quarantines and no other in force.

    Those that quarantines concern are counted by the settings of the event.
    """
    trusted = is_trusting(connection)
    _recount(connection)
    try:
        _count(connection, orders, event)
        yield
    finally:
        _recount(connection)
        if trusted:
            count_quarantined(connection)


def _count(connection: sqlite3.Connection, orders: Collection[int], event: int | None = None) -> None:
    rules = read_rules(connection) if event is None else rules_of_record(connection)(event + 1)
    counted = tallies.counted_as_if(connection, rules, orders, event=event)
    trusted = {name: one for name, one in counted.items() if one is not None}
    connection.execute("CREATE TEMP TABLE trusted_measurement (measurement_id TEXT PRIMARY KEY) WITHOUT ROWID")
    connection.executemany("INSERT INTO temp.trusted_measurement VALUES (?)", [(name,) for name in counted])
    for name, columns in _COLUMNS.items():
        connection.execute(f"CREATE TEMP TABLE trusted_{name} AS SELECT {columns} FROM main.{name} WHERE 0")  # noqa: S608  # constants
        connection.execute(
            f"CREATE TEMP VIEW {name} AS SELECT {columns} FROM main.{name} WHERE measurement_id NOT IN"  # noqa: S608  # constants
            f" (SELECT measurement_id FROM temp.trusted_measurement) UNION ALL SELECT {columns} FROM temp.trusted_{name}"
        )
    connection.executemany(
        "INSERT INTO temp.trusted_tally VALUES (?, ?, ?, ?, ?, 0)",
        [(name, *tallies.columns_of(one)) for name, one in trusted.items()],
    )
    connection.executemany(
        "INSERT INTO temp.trusted_home_tally VALUES (?, ?, ?, ?)",
        [(name, home, *counts) for name, one in trusted.items() for home, counts in one.homes.items()],
    )


def _recount(connection: sqlite3.Connection) -> None:
    for name in _COLUMNS:
        connection.execute(f"DROP VIEW IF EXISTS temp.{name}")
        connection.execute(f"DROP TABLE IF EXISTS temp.trusted_{name}")
    connection.execute("DROP TABLE IF EXISTS temp.trusted_measurement")


def show_chances(connection: sqlite3.Connection, chance: Callable[[str, str, float], float]) -> None:
    """Let the connection read the chances to finish that this tells of a plan, a street and what was promised."""
    connection.create_function("chance", 3, chance)
    connection.execute(
        "CREATE TEMP VIEW assignment AS SELECT plan_id, street_id, crew_id, hours, chance(plan_id, street_id, finish_probability)"
        " AS finish_probability, value, pinned, reason, because FROM main.assignment"
    )


def show_estimates(connection: sqlite3.Connection, rows: Sequence[EstimateRow], at: datetime) -> None:
    """Let the connection read these estimates, and the layers with them."""
    views.shadow_estimates(connection)
    connection.executemany(
        "INSERT INTO temp.estimate VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(*row, format_moment(at)) for row in rows],
    )


def stop(connection: sqlite3.Connection) -> None:
    """Let the connection read what is stored again."""
    for (name,) in connection.execute("SELECT name FROM temp.sqlite_master WHERE type = 'view'").fetchall():
        if name in ("assignment", *views.LAYERS):
            connection.execute(f"DROP VIEW temp.{name}")
    _recount(connection)
    connection.execute("DROP TABLE IF EXISTS temp.estimate")
