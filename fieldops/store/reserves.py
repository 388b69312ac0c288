"""The reserve lists of phones: streets kept for a crew until the end of the day, each for one crew only (rule 6)."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from fieldops.claims import Claim, Reserve
from fieldops.clock import format_moment, parse_moment
from fieldops.events import Event, ReservesKept, ReservesReleased
from fieldops.ids import CrewId, StreetId
from fieldops.store import audit

if TYPE_CHECKING:
    from fieldops.store.connect import Turn
    from fieldops.store.sqlite import sqlite3

_COLUMNS = "street_id, crew_id, kept_from, coalesce(ended_at, kept_until)"
_IN_FORCE = "kept_from <= :at AND kept_until > :at AND coalesce(ended_at, kept_until) > :at"


def reserve_of_street(connection: "sqlite3.Connection", street: StreetId, at: datetime) -> Reserve | None:
    """Return the list on which the street stands at the moment, None where it stands on none."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM reserve WHERE street_id = :street AND {_IN_FORCE}",  # noqa: S608  # constants
        {"street": street, "at": format_moment(at)},
    ).fetchone()
    return _reserve(row) if row else None


def reserves_of_crew(connection: "sqlite3.Connection", crew: CrewId, at: datetime) -> list[Reserve]:
    """Return what is kept for the crew at the moment, in the order in which it was put on the list."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM reserve WHERE crew_id = :crew AND {_IN_FORCE} ORDER BY event, street_id",  # noqa: S608  # constants
        {"crew": crew, "at": format_moment(at)},
    )
    return [_reserve(row) for row in rows]


def reserves_beyond(connection: "sqlite3.Connection", at: datetime) -> list[Reserve]:
    """Return what is kept from later than the moment on: the clock had been ahead."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM reserve WHERE kept_from > :at AND ended_at IS NULL ORDER BY kept_from, crew_id, street_id",  # noqa: S608  # constants
        {"at": format_moment(at)},
    )
    return [_reserve(row) for row in rows]


def kept_streets(connection: "sqlite3.Connection", at: datetime) -> list[Reserve]:
    """Return every street that is kept for somebody at the moment."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM reserve WHERE {_IN_FORCE}", {"at": format_moment(at)})  # noqa: S608  # constants
    return [_reserve(row) for row in rows]


def add_reserves(turn: "Turn", *, event: ReservesKept) -> None:
    """Store that the streets are kept, with the event; the schema refuses a street that is kept for anybody."""
    number = audit.append(turn, event)
    turn.connection.executemany(
        "INSERT INTO reserve (street_id, event, crew_id, kept_from, kept_until) VALUES (?, ?, ?, ?, ?)",
        [
            (street, number, event.crew, format_moment(event.at), format_moment(event.kept_until))
            for street in event.streets
        ],
    )


def release_reserves(turn: "Turn", *, event: ReservesReleased) -> None:
    """Store that the streets are no longer kept, with the event."""
    audit.append(turn, event)
    _end(turn, event.crew, event.streets, event.at)


def end_by_claim(turn: "Turn", claim: Claim, *, event: Event) -> None:
    """Let the list give the street up that its crew has claimed now; the event of the claim says it."""
    assert event.at == claim.claimed_at  # one and the same act
    _end(turn, claim.crew, [claim.street], claim.claimed_at)


def _end(turn: "Turn", crew: CrewId, streets: Sequence[StreetId], at: datetime) -> None:
    moment = format_moment(at)
    for street in streets:
        turn.connection.execute(
            f"UPDATE reserve SET ended_at = :at WHERE street_id = :street AND crew_id = :crew AND {_IN_FORCE}",  # noqa: S608  # constants
            {"street": street, "crew": crew, "at": moment},
        )


def _reserve(row: "sqlite3.Row") -> Reserve:
    return Reserve(StreetId(row[0]), CrewId(row[1]), parse_moment(row[2]), parse_moment(row[3]))
