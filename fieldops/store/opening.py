"""Opens the files of a region with the settings that every connection has."""

from pathlib import Path

from fieldops.errors import BadInput
from fieldops.said import Said
from fieldops.store.sqlite import has_wal_reset_race, refusal, sqlite3

BUSY_SECONDS = 30.0


def private_path(path: Path) -> Path:
    """Return the private file that belongs to a region file: `region.gpkg` has `region.private.db`."""
    return path.with_suffix(".private.db")


def journal_mode() -> str:
    """Return the journal that this SQLite can be trusted with: WAL, or DELETE where it has the WAL-reset race."""
    return "DELETE" if has_wal_reset_race() else "WAL"


def open_private(path: Path) -> sqlite3.Connection:
    """Open the private file of a region file for reading and writing; deleted rows are overwritten."""
    connection = open_file(private_path(path))
    connection.execute("PRAGMA secure_delete=ON")
    return connection


def open_file(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """
    Open a file of a region with the settings that every connection has; transactions are begun by hand.

    Raises
    ------
    StorageFailed
        If the file cannot be opened, or is locked for longer than `BUSY_SECONDS`.
    BadInput
        If it is no database.
    """
    mode = "ro" if read_only else "rw"
    try:
        connection = sqlite3.connect(
            f"file:{str(path.resolve()).replace('?', '%3f').replace('#', '%23')}?mode={mode}",
            uri=True, timeout=BUSY_SECONDS / 2, isolation_level=None,
        )  # fmt: skip
        connection.row_factory = sqlite3.Row
        if not read_only:
            connection.execute(f"PRAGMA journal_mode={journal_mode()}")
            # What a turn changes stays in memory until it is kept: with SQLite's 2 MB a large one is written many times over.
            connection.execute("PRAGMA cache_size=-65536")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA trusted_schema=OFF")
    except sqlite3.OperationalError as error:
        raise refusal(error) from error
    except sqlite3.DatabaseError as error:
        raise BadInput(
            Said("%(path)s is not a region file of fieldops (%(error)s)", path=path, error=error),
            cure="choose another file with --db",
        ) from None
    return connection
