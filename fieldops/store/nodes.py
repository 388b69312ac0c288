"""Numbers of nodes that are one node each in the whole region: each city numbers its own, and new ones from -1 downward."""

from fieldops.store.sqlite import sqlite3


def has_several_cities(connection: sqlite3.Connection) -> bool:
    """Return whether nodes of one number may be several nodes."""
    return bool(connection.execute("SELECT count(*) > 1 FROM city").fetchone()[0])


def region_node(node: str, city: str) -> str:
    """Return the SQL of a node's number in the region, from the columns of its number in its city and of that city."""
    return f"({node} * (SELECT count(*) FROM city) + (SELECT count(*) FROM city AS before WHERE before.id < {city}))"  # noqa: S608  # constants
