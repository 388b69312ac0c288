"""What was told of incidents, in the private file: free text may name people, so it is sealed, and goes with time."""

from datetime import datetime

from fieldops.clock import format_moment
from fieldops.store.connect import Region
from fieldops.store.persons import private_reader, private_turn, seal, unseal


def save_note(region: Region, incident: str, note: str, at: datetime) -> None:
    """
    Keep what was told of an incident in the private file, sealed and for a while; an empty note destroys what was there.

    RULE 20: free text lies outside the record, so that it can be forgotten.
    """
    with private_turn(region) as connection:
        if note:
            sealed = seal(region, f"incident {incident}", {"note": note})
            connection.execute("REPLACE INTO incident_note VALUES (?, ?, ?)", (incident, format_moment(at), sealed))
        else:
            connection.execute("DELETE FROM incident_note WHERE incident_id = ?", (incident,))


def read_notes(region: Region) -> dict[str, str]:
    """Return the notes that are kept, by incident."""
    with private_reader(region) as connection:
        rows = connection.execute("SELECT incident_id, sealed FROM incident_note").fetchall()
    return {row[0]: unseal(region, f"incident {row[0]}", row[1])["note"] for row in rows}


def drop_notes(region: Region, before: datetime) -> int:
    """Destroy the notes written before a moment, and return how many they were."""
    with private_turn(region) as connection:
        return int(connection.execute("DELETE FROM incident_note WHERE made_at < ?", (format_moment(before),)).rowcount)
