"""
The record: events appended in the same turn as the change, chained by HMAC with a key kept outside the file.

What the chain promises: whoever does not have the key cannot change, insert, move or delete an event without
`fieldops claims verify` naming it. What it does not promise by itself: that the newest events are still there. Anchors do
(see `store/backup.py`): they name the head of the record at a moment, and lie outside the file.
"""

import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fieldops.clock import format_moment, parse_moment
from fieldops.errors import BadInput
from fieldops.events import Event
from fieldops.intake import is_reason
from fieldops.said import Said
from fieldops.store.sqlite import sqlite3

if TYPE_CHECKING:
    from fieldops.store.connect import Turn

GENESIS = "0" * 64
_ASKED = 500
_SEPARATOR = "\x1f"
_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class Head:
    """The newest event of the record: its number, its chain value, when it was recorded (stored text, "" in none)."""

    seq: int = 0
    chain: str = GENESIS
    recorded_at: str = ""


def canonical(facts: dict[str, object]) -> str:
    """Return facts as JSON with sorted keys and no spaces, so that equal facts are equal text."""
    return _ENCODE(facts)


def link(key: bytes, previous: str, seq: int, *columns: str) -> str:
    """
    Return the chain value of an event: HMAC-SHA256 over the previous value and every column, in hexadecimal.

    `columns` are kind, took_effect_at, recorded_at, actor, device, why and facts. None of them holds the separator
    (`append` refuses it, JSON escapes it), so that no other split into columns gives the same value.
    """
    message = _SEPARATOR.join((previous, str(seq), *columns))
    return hmac.digest(key, message.encode("utf-8", "surrogatepass"), "sha256").hex()


def append(turn: "Turn", event: Event) -> int:
    """
    Append the event in the open turn and return its sequence number (rule 20).

    Raises
    ------
    BadInput
        If actor or device holds a control character, or the reason is no code.
    """
    columns = (
        event.kind, format_moment(event.at), format_moment(turn.now), turn.actor.id, turn.device or "", event.why,
        canonical(event.facts()),
    )  # fmt: skip
    if not is_reason(event.why):
        raise BadInput(
            Said("'%(why)s' is no code", why=event.why), field="why", cure="write small letters, digits and _ only"
        )  # RULE 20
    if any(_SEPARATOR in column for column in columns):
        raise BadInput("an actor or device with a control character", cure="use plain words")
    seq = turn.head.seq + 1  # the turn holds the write lock: nobody else appends meanwhile
    chain = link(turn.region.key, turn.head.chain, seq, *columns)
    turn.connection.execute(
        "INSERT INTO event (seq, kind, took_effect_at, recorded_at, actor, device, why, facts, chain)"
        " VALUES (?,?,?,?,?,?,?,?,?)",
        (seq, *columns, chain),
    )
    turn.head = Head(seq, chain, columns[2])
    return seq


def head(connection: sqlite3.Connection) -> Head:
    """Return the newest event's number, chain value and time."""
    row = connection.execute("SELECT seq, chain, recorded_at FROM event ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(*row) if row else Head()


def last_recorded_at(connection: sqlite3.Connection) -> datetime | None:
    """Return when the newest event was recorded; None in an empty record."""
    recorded_at = head(connection).recorded_at
    return parse_moment(recorded_at) if recorded_at else None


def seq_at(connection: sqlite3.Connection, moment: datetime) -> int:
    """Return the number of the newest event recorded by a moment, 0 where there was none."""
    row = connection.execute(
        "SELECT seq FROM event WHERE recorded_at <= ? ORDER BY seq DESC LIMIT 1", (format_moment(moment),)
    ).fetchone()
    return row[0] if row else 0


def first_recorded_at(connection: sqlite3.Connection) -> datetime | None:
    """Return when the region was made; None in an empty record."""
    row = connection.execute("SELECT recorded_at FROM event WHERE seq = 1").fetchone()
    return parse_moment(row[0]) if row else None


def is_of_another(connection: sqlite3.Connection, key: bytes) -> bool:
    """
    Return whether no event bears the key, of the first and the newest `_ASKED`: whoever wrote with it would spoil the record.

    One that does is enough, also if the chain value of the one before was changed: `claims verify` names what was.
    """
    columns = "seq, kind, took_effect_at, recorded_at, actor, device, why, facts, chain"
    newest = f"SELECT * FROM (SELECT {columns} FROM event ORDER BY seq DESC LIMIT {_ASKED + 1}) ORDER BY seq"  # noqa: S608  # our own names
    try:
        ends = [
            [tuple(row) for row in connection.execute(query)]
            for query in (newest, f"SELECT {columns} FROM event ORDER BY seq LIMIT {_ASKED}")  # noqa: S608  # our own names
        ]
    except sqlite3.DatabaseError:
        return False  # a damaged file is named where it is read
    return bool(ends[0]) and not any(_bear(rows, key) for rows in ends)


def _bear(rows: list[tuple[Any, ...]], key: bytes) -> bool:
    """Return whether one of these events bears the key, after the chain value that is stored before it or one that should be."""
    stored = should_be = GENESIS
    for seq, *columns, chain in rows:
        values = [link(key, before, seq, *map(_text, columns)) for before in (stored, should_be)]
        if chain in values:
            return True
        stored, should_be = _text(chain), values[1]
    return False


def _text(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)  # what is no text was put there by another program
