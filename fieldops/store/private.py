"""
The names of people, in the private file beside the region.

The two files are not atomic together: inside a write turn of the region the name is written before the promoter's row; where
the turn fails the name is an orphan, swept by the next import.
"""

from collections.abc import Mapping

from fieldops.ids import PromoterId
from fieldops.store.connect import Region, Turn, open_private


def save_names(region: Region, names: Mapping[PromoterId, str]) -> None:
    """Store the names of promoters; a name that is there already is replaced."""
    connection = open_private(region.path)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO promoter_name VALUES (?, ?) ON CONFLICT (promoter_id) DO UPDATE SET name = excluded.name",
            list(names.items()),
        )
        connection.execute("COMMIT")
    finally:
        connection.close()


def read_names(region: Region) -> dict[PromoterId, str]:
    """Return the names of all promoters."""
    connection = open_private(region.path)
    try:
        return {PromoterId(row[0]): row[1] for row in connection.execute("SELECT promoter_id, name FROM promoter_name")}
    finally:
        connection.close()


def sweep_orphans(turn: Turn) -> int:
    """
    Delete the names of promoters that the region does not know, and return how many they were.

    Inside a write turn of the region, so that no other import can be between its names and its rows.
    """
    known = turn.connection.execute("SELECT id FROM promoter").fetchall()
    connection = open_private(turn.region.path)
    try:
        connection.execute("CREATE TEMP TABLE known (id TEXT PRIMARY KEY)")
        connection.executemany("INSERT INTO known VALUES (?)", [tuple(row) for row in known])
        swept = connection.execute("DELETE FROM promoter_name WHERE promoter_id NOT IN (SELECT id FROM known)").rowcount
    finally:
        connection.close()
    return int(swept)
