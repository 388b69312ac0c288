"""Crews and promoters in the region file; names of promoters lie in the private file."""

import json
from collections.abc import Sequence
from datetime import date, datetime

from fieldops.clock import format_moment, parse_moment
from fieldops.errors import NotFound
from fieldops.events import BoardChosen, PromoterPlaced, RowsImported
from fieldops.ids import CrewId, PromoterId
from fieldops.people import Crew, DaysOff, Promoter
from fieldops.store import audit
from fieldops.store.connect import Turn
from fieldops.store.sqlite import sqlite3

_CREW = "id, name, people, hours_per_day, home_lon, home_lat, base, days_off"


def read_crews(connection: sqlite3.Connection) -> dict[CrewId, Crew]:
    """Return all crews by id."""
    rows = connection.execute(f"SELECT {_CREW} FROM crew ORDER BY id")  # noqa: S608  # a constant
    return {CrewId(row[0]): _crew(row) for row in rows}


def find_crew(connection: sqlite3.Connection, crew: CrewId) -> Crew:
    """
    Return the crew of that id.

    Raises
    ------
    NotFound
        If there is none.
    """
    row = connection.execute(f"SELECT {_CREW} FROM crew WHERE id = ?", (crew,)).fetchone()  # noqa: S608  # a constant
    if row is None:
        raise NotFound("crew", crew, cure="import it with `fieldops crews import FILE`")
    return _crew(row)


def _crew(row: sqlite3.Row) -> Crew:
    return Crew(CrewId(row[0]), row[1], row[2], row[3], row[4], row[5], row[6], DaysOff.from_words(json.loads(row[7])))


def read_promoters(connection: sqlite3.Connection) -> dict[PromoterId, Promoter]:
    """Return all promoters by id, also those who left."""
    return {
        PromoterId(row[0]): Promoter(PromoterId(row[0]), CrewId(row[1]), _day(row[2]), _day(row[3]))
        for row in connection.execute("SELECT id, crew_id, since, until FROM promoter ORDER BY id")
    }


def find_promoter(connection: sqlite3.Connection, name: PromoterId) -> Promoter | None:
    """Return a promoter, None where nobody knows them."""
    row = connection.execute("SELECT id, crew_id, since, until FROM promoter WHERE id = ?", (name,)).fetchone()
    return Promoter(PromoterId(row[0]), CrewId(row[1]), _day(row[2]), _day(row[3])) if row else None


def write_crews(turn: Turn, crews: Sequence[Crew], *, event: RowsImported) -> None:
    """Store crews, new ones and changed ones, and the event."""
    audit.append(turn, event)
    turn.connection.executemany(
        "INSERT INTO crew VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, "
        "people = excluded.people, hours_per_day = excluded.hours_per_day, home_lon = excluded.home_lon, "
        "home_lat = excluded.home_lat, base = excluded.base, days_off = excluded.days_off",
        [
            (
                crew.id, crew.name, crew.people, crew.hours_per_day, crew.home_lon, crew.home_lat, crew.base,
                json.dumps(crew.days_off.words()),
            )
            for crew in crews
        ],
    )  # fmt: skip


def write_promoters(turn: Turn, promoters: Sequence[Promoter], *, event: RowsImported) -> None:
    """Store promoters, new ones and changed ones, and the event."""
    audit.append(turn, event)
    turn.connection.executemany(
        "INSERT INTO promoter VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET crew_id = excluded.crew_id, "
        "since = excluded.since, until = excluded.until",
        [
            (one.id, one.crew, one.since.isoformat() if one.since else None, one.until.isoformat() if one.until else None)
            for one in promoters
        ],
    )  # fmt: skip


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def read_standby(connection: sqlite3.Connection) -> dict[PromoterId, datetime]:
    """Return who stands by and since when, who waits longest first."""
    rows = connection.execute("SELECT promoter_id, since FROM standby ORDER BY since, promoter_id")
    return {PromoterId(row[0]): parse_moment(row[1]) for row in rows}


def read_hidden(connection: sqlite3.Connection) -> set[PromoterId]:
    """Return who does not want to be on the board."""
    return {PromoterId(row[0]) for row in connection.execute("SELECT promoter_id FROM board_hidden")}


def place_promoter(turn: Turn, *, event: PromoterPlaced, people: dict[CrewId, int]) -> None:
    """Let a promoter stand by or work in a crew, and crews have so many people; with the event."""
    audit.append(turn, event)
    if event.standby:
        turn.connection.execute(
            "INSERT INTO standby VALUES (?, ?) ON CONFLICT DO NOTHING", (event.promoter, format_moment(event.at))
        )
    else:
        turn.connection.execute("DELETE FROM standby WHERE promoter_id = ?", (event.promoter,))
        turn.connection.execute("UPDATE promoter SET crew_id = ? WHERE id = ?", (event.crew, event.promoter))
    turn.connection.executemany(
        "UPDATE crew SET people = ? WHERE id = ?", [(count, crew) for crew, count in people.items()]
    )


def choose_board(turn: Turn, *, event: BoardChosen) -> None:
    """Show a promoter on the board from now on, or not; with the event."""
    audit.append(turn, event)
    if event.shown:
        turn.connection.execute("DELETE FROM board_hidden WHERE promoter_id = ?", (event.promoter,))
    else:
        turn.connection.execute("INSERT INTO board_hidden VALUES (?) ON CONFLICT DO NOTHING", (event.promoter,))
