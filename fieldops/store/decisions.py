"""What tests of places decided, and which streets are closed because they moved on (rules 8 and 10)."""

from datetime import datetime

from fieldops.clock import format_moment, parse_moment
from fieldops.ids import StreetId
from fieldops.store.sqlite import sqlite3


def closed_streets(connection: sqlite3.Connection, at: datetime) -> dict[StreetId, datetime]:
    """
    Return the streets that are closed to claims at `at`, each with the moment from which it may be claimed again.

    A street is closed because it moved on (rule 10), until its forecast falls below the target (rule 8); a fresh
    decisive test of its own that says *push on* opens it earlier. Streets closed by hand, and compounds that forbid
    entry, are not listed here: see the columns `status` and `permission` of the street.

    Parameters
    ----------
    connection
        Of a region.
    at
        Any moment, also a past one: decisions recorded later do not count.

    Returns
    -------
    dict
        Street -> end of the closure, as known at `at`.
    """
    # RULE 8: closed over [since, reopens_at), or until a push-on of its own ended it
    moment = format_moment(at)
    rows = connection.execute(
        "SELECT street_id, max(reopens_at) FROM closure WHERE since <= ? AND reopens_at > ? "
        "AND (ended_at IS NULL OR ended_at > ?) GROUP BY street_id",
        (moment, moment, moment),
    )
    return {StreetId(street): parse_moment(until) for street, until in rows}


def is_closed(connection: sqlite3.Connection, street_id: StreetId, at: datetime) -> bool:
    """Return whether the street is closed to claims at `at` because it moved on; see `closed_streets`."""
    moment = format_moment(at)
    row = connection.execute(
        "SELECT 1 FROM closure WHERE street_id = ? AND since <= ? AND reopens_at > ? "
        "AND (ended_at IS NULL OR ended_at > ?) LIMIT 1",
        (street_id, moment, moment, moment),
    ).fetchone()
    return row is not None
