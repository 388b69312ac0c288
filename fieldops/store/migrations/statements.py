"""Runs the statements of a migration inside its transaction."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils.db import Database


def run_statements(database: "Database", script: str) -> None:
    """Run statements one by one: `executescript` would commit the migration's transaction first."""
    statement = ""
    for line in script.strip().splitlines():
        statement += line + "\n"
        ended = line.rstrip().endswith(";")
        if ended and ("CREATE TRIGGER" not in statement or statement.rstrip().endswith("END;")):
            database.conn.execute(statement)
            statement = ""
    if statement.strip():
        database.conn.execute(statement)
