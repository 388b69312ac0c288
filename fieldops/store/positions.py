"""
Where phones were when they recorded something, in the private file and for a few weeks only.

A promoter's positions one after the other are a track of a person. The region's append-only rows keep each on a grid of
about 100 m; what was measured lies here, for as long as work is checked by it, and is then destroyed.
"""

from collections.abc import Iterable
from datetime import datetime

from fieldops.clock import format_moment
from fieldops.store.connect import Region
from fieldops.store.persons import private_reader, private_turn

GRID = 3  # decimals of a degree: 111 m from south to north, less from west to east
Position = tuple[float, float, float | None]  # longitude and latitude (degrees WGS-84), accuracy in metres


def coarse(degrees: float | None) -> float | None:
    """Return a coordinate as the region keeps it."""
    return None if degrees is None else round(degrees, GRID)


def save_positions(region: Region, positions: Iterable[tuple[str, datetime, Position]]) -> None:
    """Store where each record was made, and when; a record that is sent again has its position already."""
    rows = [(record, format_moment(made_at), *position) for record, made_at, position in positions]
    if rows:
        with private_turn(region) as connection:
            connection.executemany("INSERT OR IGNORE INTO position VALUES (?, ?, ?, ?, ?)", rows)


def read_positions(region: Region, since: datetime) -> dict[str, Position]:
    """Return the positions of records made since a moment, by record; none of a region in memory."""
    if region.in_memory:
        return {}
    with private_reader(region) as connection:
        rows = connection.execute(
            "SELECT record_id, lon, lat, accuracy_m FROM position WHERE made_at >= ?", (format_moment(since),)
        )
        return {row[0]: (row[1], row[2], row[3]) for row in rows}


def drop_positions(region: Region, before: datetime) -> int:
    """Destroy the positions of records made before a moment, and return how many they were."""
    with private_turn(region) as connection:
        return int(connection.execute("DELETE FROM position WHERE made_at < ?", (format_moment(before),)).rowcount)
