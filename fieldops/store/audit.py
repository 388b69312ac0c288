"""The record: events appended in the same turn as the change, chained by HMAC with a key kept outside the file."""

import hashlib
import hmac
import json
from datetime import datetime
from typing import TYPE_CHECKING

from fieldops.clock import format_moment, parse_moment
from fieldops.events import Event

if TYPE_CHECKING:
    from fieldops.store.connect import Turn
    from fieldops.store.sqlite import sqlite3

GENESIS = "0" * 64


def canonical(facts: dict[str, object]) -> str:
    """Return facts as JSON with sorted keys and no spaces, so that equal facts are equal text."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def link(
    key: bytes,
    previous: str,
    kind: str,
    took_effect_at: str,
    recorded_at: str,
    actor: str,
    device: str,
    why: str,
    facts: str,
) -> str:
    """Return the chain value of an event: HMAC-SHA256 over the previous value and every column, in hexadecimal."""
    message = "\x1f".join((previous, kind, took_effect_at, recorded_at, actor, device, why, facts))
    return hmac.new(key, message.encode(), hashlib.sha256).hexdigest()


def append(turn: "Turn", event: Event) -> int:
    """Append the event in the open turn and return its sequence number (rule 20)."""
    row = turn.connection.execute("SELECT chain FROM event ORDER BY seq DESC LIMIT 1").fetchone()
    values = (
        event.kind, format_moment(event.at), format_moment(turn.now), turn.actor.id, turn.device or "", event.why,
        canonical(event.facts()),
    )  # fmt: skip
    chain = link(turn.region.key, row[0] if row else GENESIS, *values)
    cursor = turn.connection.execute(
        "INSERT INTO event (kind, took_effect_at, recorded_at, actor, device, why, facts, chain) VALUES (?,?,?,?,?,?,?,?)",
        (*values, chain),
    )
    assert cursor.lastrowid is not None  # an INSERT always has one
    return cursor.lastrowid


def last_recorded_at(connection: "sqlite3.Connection") -> datetime | None:
    """Return when the newest event was recorded; None in an empty record."""
    row = connection.execute("SELECT recorded_at FROM event ORDER BY seq DESC LIMIT 1").fetchone()
    return parse_moment(row[0]) if row else None
