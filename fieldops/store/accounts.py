"""Accounts and keys of the API in the private file; secrets only as hashes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from fieldops.accounts import Account
from fieldops.clock import format_moment, parse_moment
from fieldops.errors import BadInput, FieldopsError, NotFound
from fieldops.ids import AccountId, ActorId, CrewId, PromoterId
from fieldops.people import Actor, Role
from fieldops.said import Said
from fieldops.store import connect
from fieldops.store.connect import Region, open_private
from fieldops.store.sqlite import refusal, sqlite3

_ACCOUNT = "id, login, name, role, crew_id, promoter_id, made_at, disabled_at, password IS NOT NULL, EXISTS (SELECT 1 FROM second_factor AS f WHERE f.account_id = account.id AND f.confirmed_at IS NOT NULL)"


@contextmanager
def private_turn(region: Region) -> Iterator[sqlite3.Connection]:
    """
    Open a write transaction on the private file: everything or nothing.

    Inside a turn of the region, put it around the event: what is written here is committed once the event is appended.

    Raises
    ------
    StorageFailed
        If the file is busy, full or not writable.
    """
    connection = open_private(region.path)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        raise refusal(error) from error
    finally:
        connection.close()  # rolls back what was not committed


@contextmanager
def private_reader(region: Region) -> Iterator[sqlite3.Connection]:
    """
    Open the private file for reading.

    Raises
    ------
    StorageFailed
        If the file cannot be read, or has not been brought to the present schema (`fieldops check --migrate`).
    """
    connection = connect.open_file(region.private_path, read_only=True)
    try:
        yield connection
    except sqlite3.OperationalError as error:
        raise refusal(error) from error
    finally:
        connection.close()


def count_accounts(connection: sqlite3.Connection) -> int:
    """Return how many accounts were ever made."""
    found: int = connection.execute("SELECT count(*) FROM account").fetchone()[0]
    return found


def read_accounts(connection: sqlite3.Connection) -> list[Account]:
    """Return all accounts by role and login, disabled ones last."""
    rows = connection.execute(f"SELECT {_ACCOUNT} FROM account ORDER BY disabled_at IS NOT NULL, role, login")  # noqa: S608  # constants
    return [_account(row) for row in rows]


def find_account(connection: sqlite3.Connection, *, login: str = "", identity: str = "") -> Account | None:
    """Return the account of that login or id, None where there is none."""
    row = connection.execute(
        f"SELECT {_ACCOUNT} FROM account WHERE login = ? OR id = ?",  # noqa: S608  # constants
        (login, identity),
    ).fetchone()
    return _account(row) if row else None


def get_account(connection: sqlite3.Connection, name: str) -> Account:
    """
    Return the account with that login or id.

    Raises
    ------
    NotFound
        If there is none.
    """
    found = find_account(connection, login=name, identity=name)
    if found is None:
        raise NotFound("account", name, cure="see `fieldops user list`")
    return found


def read_password_hash(connection: sqlite3.Connection, account: AccountId) -> str | None:
    """Return the stored hash of an account's password, None where it signs in by links alone."""
    row = connection.execute("SELECT password FROM account WHERE id = ?", (account,)).fetchone()
    return row[0] if row else None


def add_account(connection: sqlite3.Connection, account: Account, password_hash: str | None) -> None:
    """
    Store a new account.

    Raises
    ------
    BadInput
        If the login is taken.
    """
    try:
        connection.execute(
            "INSERT INTO account VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            (account.id, account.login, account.name, account.role, account.crew, account.promoter, password_hash,
             format_moment(account.made_at)),
        )  # fmt: skip
    except sqlite3.IntegrityError as error:
        raise _taken(account.login) from error


def save_password(connection: sqlite3.Connection, account: AccountId, password_hash: str) -> None:
    """Store a new hash of an account's password."""
    connection.execute("UPDATE account SET password = ? WHERE id = ?", (password_hash, account))


def save_disabled(connection: sqlite3.Connection, account: AccountId, at: datetime | None) -> None:
    """Disable an account from a moment on, or enable it with None."""
    connection.execute("UPDATE account SET disabled_at = ? WHERE id = ?", (format_moment(at) if at else None, account))


def save_promoter(connection: sqlite3.Connection, account: AccountId, promoter: PromoterId) -> None:
    """Note which promoter an account belongs to."""
    connection.execute("UPDATE account SET promoter_id = ? WHERE id = ?", (promoter, account))


def move_promoter(connection: sqlite3.Connection, promoter: PromoterId, crew: CrewId) -> None:
    """Let the accounts of a promoter belong to another crew, so that their phone goes on there."""
    connection.execute("UPDATE account SET crew_id = ? WHERE promoter_id = ? AND crew_id IS NOT NULL", (crew, promoter))


def find_key(connection: sqlite3.Connection, secret: str) -> Actor | None:
    """Return who acts by a key of the API, given by the hash of its secret; None where it is unknown or ended."""
    row = connection.execute(
        "SELECT id, role, crew_id FROM api_key WHERE secret = ? AND ended_at IS NULL", (secret,)
    ).fetchone()
    return Actor(ActorId(f"key:{row[0]}"), Role(row[1]), CrewId(row[2]) if row[2] else None) if row else None


def add_key(
    connection: sqlite3.Connection,
    key: str,
    secret: str,
    name: str,
    role: Role,
    crew: CrewId | None,
    *,
    made_by: str,
    at: datetime,
) -> None:
    """Store a new key of the API under the hash of its secret."""
    connection.execute(
        "INSERT INTO api_key VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
        (key, secret, name, role, crew, made_by, format_moment(at)),
    )


def read_keys(connection: sqlite3.Connection) -> list[tuple[str, str, Role, CrewId | None, datetime, datetime | None]]:
    """Return all keys, newest first: id, name, role, crew, made, ended."""
    rows = connection.execute(
        "SELECT id, name, role, crew_id, made_at, ended_at FROM api_key ORDER BY made_at DESC, id"
    )
    return [
        (row[0], row[1], Role(row[2]), CrewId(row[3]) if row[3] else None, parse_moment(row[4]),
         parse_moment(row[5]) if row[5] else None)
        for row in rows
    ]  # fmt: skip


def end_key(connection: sqlite3.Connection, key: str, at: datetime) -> bool:
    """End a key; False where there is none in use."""
    ended = connection.execute(
        "UPDATE api_key SET ended_at = ? WHERE id = ? AND ended_at IS NULL", (format_moment(at), key)
    )
    return ended.rowcount == 1


def _taken(login: str) -> FieldopsError:
    return BadInput(Said("the login '%(login)s' is taken", login=login), field="login", cure="choose another")


def _account(row: sqlite3.Row) -> Account:
    return Account(
        AccountId(row[0]), row[1], row[2], Role(row[3]), CrewId(row[4]) if row[4] else None,
        PromoterId(row[5]) if row[5] else None, parse_moment(row[6]), parse_moment(row[7]) if row[7] else None, bool(row[8]),
        bool(row[9]),
    )  # fmt: skip
