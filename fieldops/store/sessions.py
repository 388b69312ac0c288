"""Sessions in the private file: which browser is signed in as whom."""

from datetime import datetime

from fieldops.accounts import Account, Session
from fieldops.clock import format_moment, parse_moment
from fieldops.ids import AccountId, SessionId
from fieldops.store.accounts import find_account
from fieldops.store.sqlite import sqlite3

_SESSION = "id, account_id, browser, made_at, seen_at, ends_at, waits"


def add_session(connection: sqlite3.Connection, session: Session, secret: str) -> None:
    """Store a new session under the hash of its secret."""
    connection.execute(
        "INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?)",
        (session.id, secret, session.account, session.browser, format_moment(session.made_at),
         format_moment(session.seen_at), format_moment(session.ends_at), session.waits),
    )  # fmt: skip


def find_session(connection: sqlite3.Connection, secret: str, *, waits: bool = False) -> tuple[Session, Account] | None:
    """
    Return the session of that hashed secret with its account; None where it was ended or the account is disabled.

    A session that waits for the second factor is found with `waits` alone, and no other is then.
    """
    row = connection.execute(
        f"SELECT {_SESSION} FROM session WHERE secret = ? AND ended_at IS NULL AND waits = ?",  # noqa: S608  # constants
        (secret, waits),
    ).fetchone()
    account = find_account(connection, identity=row[1]) if row else None
    if row is None or account is None or account.disabled_at is not None:
        return None
    return _session(row), account


def read_sessions(connection: sqlite3.Connection, account: AccountId) -> list[Session]:
    """Return the sessions of an account that nobody ended, the last used first."""
    rows = connection.execute(
        f"SELECT {_SESSION} FROM session WHERE account_id = ? AND ended_at IS NULL AND NOT waits ORDER BY seen_at DESC",  # noqa: S608  # constants
        (account,),
    )
    return [_session(row) for row in rows]


def save_seen(connection: sqlite3.Connection, session: SessionId, at: datetime) -> None:
    """Remember when a session was last used."""
    connection.execute("UPDATE session SET seen_at = ? WHERE id = ?", (format_moment(at), session))


def end_session(connection: sqlite3.Connection, session: SessionId, at: datetime) -> None:
    """End a session; one that has ended keeps its end."""
    connection.execute(
        "UPDATE session SET ended_at = ? WHERE id = ? AND ended_at IS NULL", (format_moment(at), session)
    )


def end_sessions(connection: sqlite3.Connection, account: AccountId, at: datetime, *, but: SessionId | None) -> None:
    """End all sessions of an account but one."""
    connection.execute(
        "UPDATE session SET ended_at = ? WHERE account_id = ? AND ended_at IS NULL AND id IS NOT ?",
        (format_moment(at), account, but),
    )


def _session(row: sqlite3.Row) -> Session:
    return Session(
        SessionId(row[0]),
        AccountId(row[1]),
        row[2],
        parse_moment(row[3]),
        parse_moment(row[4]),
        parse_moment(row[5]),
        bool(row[6]),
    )
