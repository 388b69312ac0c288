"""What leads say to crews for a day, in the private file: free text never gets into the record."""

from datetime import date, timedelta

from fieldops.events import DayWordsSet
from fieldops.ids import CrewId
from fieldops.store import audit, persons
from fieldops.store.connect import Region, Turn

KEEP = timedelta(days=30)


def read_words(region: Region, crew: CrewId, day: date) -> list[str]:
    """Return what is said for a day: to everybody first, then to the crew."""
    with persons.private_reader(region) as connection:
        rows = connection.execute(
            "SELECT text FROM day_words WHERE day = ? AND crew_id IN ('', ?) ORDER BY crew_id", (day.isoformat(), crew)
        ).fetchall()
    return [row[0] for row in rows]


def list_words(region: Region, day: date) -> dict[CrewId | None, str]:
    """Return all that is said for a day, by crew; None is everybody."""
    with persons.private_reader(region) as connection:
        rows = connection.execute(
            "SELECT crew_id, text FROM day_words WHERE day = ? ORDER BY crew_id", (day.isoformat(),)
        ).fetchall()
    return {CrewId(row[0]) if row[0] else None: row[1] for row in rows}


def save_words(turn: Turn, text: str, *, event: DayWordsSet) -> None:
    """Store what is said to a crew, or to all, on a day, in place of what was said before; nothing where it is empty; old days go."""
    key = (event.crew or "", event.day.isoformat())
    with persons.private_turn(turn.region) as connection:
        connection.execute("DELETE FROM day_words WHERE day < ?", ((event.day - KEEP).isoformat(),))
        connection.execute("DELETE FROM day_words WHERE crew_id = ? AND day = ?", key)
        if text:
            connection.execute("INSERT INTO day_words VALUES (?, ?, ?)", (*key, text))
    audit.append(turn, event)
