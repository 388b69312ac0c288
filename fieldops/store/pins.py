"""Pins in the region file: which crew a lead wants on a street, whatever the optimiser finds."""

from dataclasses import dataclass
from datetime import datetime

from fieldops.clock import format_moment, parse_moment
from fieldops.events import StreetPinned, StreetUnpinned
from fieldops.ids import CrewId, StreetId
from fieldops.store import audit
from fieldops.store.connect import Turn
from fieldops.store.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class Pin:
    """A street pinned to a crew, or to nobody (None), with its name, since when, and why (a code)."""

    street: StreetId
    label: str
    crew: CrewId | None
    crew_name: str | None
    set_at: datetime
    why: str


def pins_in_force(connection: sqlite3.Connection) -> list[Pin]:
    """
    Return the pins that coming plans keep, the oldest first.

    A pin to a crew is done, and in force no longer, as soon as the crew claims the street.
    """
    rows = connection.execute(
        "SELECT p.street_id, s.label, p.crew_id, c.name, p.set_at, p.why FROM pin AS p JOIN street AS s ON s.id = p.street_id"
        " LEFT JOIN crew AS c ON c.id = p.crew_id WHERE p.lifted_at IS NULL AND s.status <> 'gone' AND NOT EXISTS"
        " (SELECT 1 FROM claim AS k WHERE k.street_id = p.street_id AND k.crew_id = p.crew_id AND k.claimed_at >= p.set_at)"
        " ORDER BY p.event"
    )
    return [Pin(StreetId(row[0]), row[1], row[2], row[3], parse_moment(row[4]), row[5]) for row in rows]


def is_pinned(connection: sqlite3.Connection, street: StreetId) -> bool:
    """Return whether a pin of the street was set and not lifted, done or not."""
    found = connection.execute("SELECT 1 FROM pin WHERE street_id = ? AND lifted_at IS NULL", (street,)).fetchone()
    return found is not None


def set_pin(turn: Turn, *, event: StreetPinned) -> None:
    """Append a pin, and its event."""
    number = audit.append(turn, event)
    turn.connection.execute(
        "INSERT INTO pin (event, street_id, crew_id, set_at, why) VALUES (?, ?, ?, ?, ?)",
        (number, event.street, event.crew, format_moment(event.at), event.why),
    )


def lift_pin(turn: Turn, *, event: StreetUnpinned) -> None:
    """Note that a pin was lifted, and append the event."""
    audit.append(turn, event)
    turn.connection.execute(
        "UPDATE pin SET lifted_at = ? WHERE street_id = ? AND lifted_at IS NULL",
        (format_moment(event.at), event.street),
    )
