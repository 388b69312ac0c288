"""Second factors in the private file: the sealed secret that an app shares, and hashes of recovery codes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from fieldops.clock import format_moment
from fieldops.ids import AccountId
from fieldops.store.connect import Region
from fieldops.store.persons import seal, unseal
from fieldops.store.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class Factor:
    """What an account's app shares: the secret in base 32, whether it was shown to work, and the last step used up."""

    secret: str
    is_confirmed: bool
    step: int


def read_factor(connection: sqlite3.Connection, region: Region, account: AccountId) -> Factor | None:
    """Return the second factor of an account, None where it has none."""
    row = connection.execute(
        "SELECT seal, confirmed_at, step FROM second_factor WHERE account_id = ?", (account,)
    ).fetchone()
    return Factor(unseal(region, f"factor {account}", row[0])["secret"], row[1] is not None, row[2]) if row else None


def save_secret(connection: sqlite3.Connection, region: Region, account: AccountId, secret: str) -> None:
    """Store a secret that was not shown to work yet, in the place of another such one."""
    sealed = seal(region, f"factor {account}", {"secret": secret})
    connection.execute("REPLACE INTO second_factor VALUES (?, ?, NULL, 0)", (account, sealed))


def confirm(connection: sqlite3.Connection, account: AccountId, at: datetime, step: int, codes: Iterable[str]) -> None:
    """Let the factor count from now on, with the hashes of its recovery codes."""
    connection.execute(
        "UPDATE second_factor SET confirmed_at = ?, step = ? WHERE account_id = ?", (format_moment(at), step, account)
    )
    connection.execute("DELETE FROM recovery_code WHERE account_id = ?", (account,))
    connection.executemany("INSERT INTO recovery_code VALUES (?, ?)", [(account, code) for code in codes])


def use_step(connection: sqlite3.Connection, account: AccountId, step: int) -> bool:
    """Use a step of time up; False where it, or a later one, was used before."""
    done = connection.execute(
        "UPDATE second_factor SET step = ? WHERE account_id = ? AND step < ?", (step, account, step)
    )
    return done.rowcount == 1


def use_code(connection: sqlite3.Connection, account: AccountId, code: str) -> bool:
    """Use a recovery code up, given by its hash; False where there is none."""
    done = connection.execute("DELETE FROM recovery_code WHERE account_id = ? AND code = ?", (account, code))
    return done.rowcount == 1


def count_codes(connection: sqlite3.Connection, account: AccountId) -> int:
    """Return how many recovery codes are left."""
    found: int = connection.execute("SELECT count(*) FROM recovery_code WHERE account_id = ?", (account,)).fetchone()[0]
    return found


def drop(connection: sqlite3.Connection, account: AccountId) -> bool:
    """Destroy an account's second factor and its recovery codes; False where it had none."""
    connection.execute("DELETE FROM recovery_code WHERE account_id = ?", (account,))
    return connection.execute("DELETE FROM second_factor WHERE account_id = ?", (account,)).rowcount == 1
