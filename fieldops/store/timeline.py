"""How far each zone is, for the timeline of bursts."""

from dataclasses import dataclass

from fieldops.ids import ZoneId
from fieldops.store.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class ZoneStand:
    """A zone's streets by state, and its awareness with interval, None where nobody has measured (rule 12)."""

    streets: int
    saturated: int
    claimed: int
    share: float | None
    low: float | None
    high: float | None


def read_zone_stands(connection: sqlite3.Connection) -> dict[ZoneId, ZoneStand]:
    """Return where every zone stands, by id."""
    rows = connection.execute("SELECT zone, streets, saturated, claimed, share, low, high FROM zone_status")
    return {ZoneId(row[0]): ZoneStand(*row[1:]) for row in map(tuple, rows)}
