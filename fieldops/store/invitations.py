"""One-use links in the private file."""

from datetime import datetime

from fieldops.accounts import Invitation
from fieldops.clock import format_moment, parse_moment
from fieldops.ids import AccountId, CrewId, InvitationId, PromoterId
from fieldops.people import Role
from fieldops.store.sqlite import sqlite3

_INVITATION = "id, role, crew_id, promoter_id, account_id, made_at, ends_at"


def add_invitation(connection: sqlite3.Connection, invitation: Invitation, secret: str, *, made_by: str) -> None:
    """Store an invitation under the hash of its secret."""
    connection.execute(
        "INSERT INTO invitation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
        (invitation.id, secret, invitation.role, invitation.crew, invitation.promoter, invitation.account, made_by,
         format_moment(invitation.made_at), format_moment(invitation.ends_at)),
    )  # fmt: skip


def find_invitation(connection: sqlite3.Connection, secret: str, now: datetime) -> Invitation | None:
    """Return the invitation of that hashed secret while it can be used."""
    row = connection.execute(
        f"SELECT {_INVITATION} FROM invitation WHERE secret = ? AND used_at IS NULL AND ends_at > ?",  # noqa: S608  # constants
        (secret, format_moment(now)),
    ).fetchone()
    return _invitation(row) if row else None


def open_invitations(connection: sqlite3.Connection, now: datetime) -> list[Invitation]:
    """Return the invitations that can still be used, newest first."""
    rows = connection.execute(
        f"SELECT {_INVITATION} FROM invitation WHERE used_at IS NULL AND ends_at > ? ORDER BY made_at DESC",  # noqa: S608  # constants
        (format_moment(now),),
    )
    return [_invitation(row) for row in rows]


def use_invitation(
    connection: sqlite3.Connection, invitation: InvitationId, at: datetime, account: AccountId | None
) -> bool:
    """Mark an invitation as used, by nobody where it is taken back; False where somebody was faster."""
    changed = connection.execute(
        "UPDATE invitation SET used_at = ?, used_by = ? WHERE id = ? AND used_at IS NULL",
        (format_moment(at), account, invitation),
    )
    return changed.rowcount == 1


def _invitation(row: sqlite3.Row) -> Invitation:
    return Invitation(
        InvitationId(row[0]), Role(row[1]), CrewId(row[2]) if row[2] else None, PromoterId(row[3]) if row[3] else None,
        AccountId(row[4]) if row[4] else None, parse_moment(row[5]), parse_moment(row[6]),
    )  # fmt: skip
