"""The tables of the private file, as small dated steps."""

from typing import TYPE_CHECKING

from fieldops.store.migrations import accounts, phones, recruiting
from fieldops.store.migrations.statements import run_statements

if TYPE_CHECKING:
    from sqlite_utils.db import Database

_PRIVATE = """
CREATE TABLE promoter_name (promoter_id TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE channel (
  name TEXT PRIMARY KEY, form TEXT NOT NULL, url TEXT NOT NULL, secret TEXT NOT NULL, language TEXT NOT NULL) STRICT
"""


def migrate_private(database: "Database") -> None:
    """Bring the private file to the present schema."""
    from sqlite_utils.migrations import Migrations

    migrations = Migrations("private")

    @migrations()
    def m2026_11_23_names(db: "Database") -> None:
        run_statements(db, _PRIVATE)

    @migrations()
    def m2026_11_26_recruiting(db: "Database") -> None:
        run_statements(db, recruiting.PRIVATE)

    @migrations()
    def m2026_11_26_accounts(db: "Database") -> None:
        run_statements(db, accounts.ACCOUNTS)

    @migrations()
    def m2026_11_26_phone_keys(db: "Database") -> None:
        run_statements(db, phones.KEYS)

    @migrations()
    def m2026_11_26_words(db: "Database") -> None:
        run_statements(db, phones.WORDS)

    @migrations()
    def m2026_11_26_positions(db: "Database") -> None:
        run_statements(db, phones.POSITIONS)

    @migrations()
    def m2026_11_27_incident_notes(db: "Database") -> None:
        run_statements(db, phones.INCIDENT_NOTES)

    @migrations()
    def m2026_11_27_second_factor(db: "Database") -> None:
        run_statements(db, accounts.SECOND_FACTOR)

    migrations.apply(database)
