"""How often something was tried of late: counted in windows in the private file, so that all threads and processes see it."""

from datetime import UTC, datetime, timedelta

from fieldops.clock import format_moment
from fieldops.store.sqlite import sqlite3


def window_of(now: datetime, length: timedelta) -> datetime:
    """Return the beginning of the window of that length in which a moment lies."""
    since = datetime(1970, 1, 1, tzinfo=UTC)
    return since + (now - since) // length * length


def count_attempts(connection: sqlite3.Connection, what: str, now: datetime, length: timedelta) -> int:
    """Return how often it was tried in the present window."""
    row = connection.execute(
        "SELECT count FROM attempt WHERE what = ? AND since = ?", (what, format_moment(window_of(now, length)))
    ).fetchone()
    return row[0] if row else 0


def add_attempt(connection: sqlite3.Connection, what: str, now: datetime, length: timedelta) -> int:
    """Count one more try and return how many they are in this window; windows of more than a day ago are forgotten."""
    since = format_moment(window_of(now, length))
    connection.execute(
        "INSERT INTO attempt VALUES (?, ?, 1) ON CONFLICT (what, since) DO UPDATE SET count = count + 1", (what, since)
    )
    connection.execute("DELETE FROM attempt WHERE since < ?", (format_moment(now - timedelta(days=1)),))
    return count_attempts(connection, what, now, length)
