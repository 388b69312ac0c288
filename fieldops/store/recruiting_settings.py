"""What a region says and wants in recruiting: consent texts, words of the poster, steps of the checklist, its own end."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from fieldops.clock import format_moment, parse_moment
from fieldops.events import TextsChanged, WindDownSet
from fieldops.ids import PosterCode
from fieldops.recruiting.consent import FIRST_TEXT, FIRST_TEXTS, ConsentText
from fieldops.recruiting.onboarding import FIRST_STEPS, Step, read_steps
from fieldops.recruiting.sources import Poster
from fieldops.store import audit
from fieldops.store.connect import Turn
from fieldops.store.sqlite import sqlite3


def present_consent(connection: sqlite3.Connection) -> ConsentText:
    """Return the text to which people agree now."""
    row = connection.execute("SELECT chinese, english FROM consent_text ORDER BY since DESC, rowid DESC").fetchone()
    return ConsentText(row[0], row[1]) if row else FIRST_TEXT


def find_consent(connection: sqlite3.Connection, version: str) -> ConsentText | None:
    """Return the text of a version, None where this region never had it."""
    row = connection.execute("SELECT chinese, english FROM consent_text WHERE version = ?", (version,)).fetchone()
    if row:
        return ConsentText(row[0], row[1])
    return next((text for text in FIRST_TEXTS if text.version == version), None)


def write_consent(turn: Turn, text: ConsentText, *, event: TextsChanged) -> None:
    """Make a text the present one; older ones stay, because people agreed to them."""
    audit.append(turn, event)
    turn.connection.execute("DELETE FROM consent_text WHERE version = ?", (text.version,))
    turn.connection.execute(
        "INSERT INTO consent_text VALUES (?, ?, ?, ?)",
        (text.version, text.chinese, text.english, format_moment(turn.now)),
    )


def present_steps(connection: sqlite3.Connection) -> tuple[Step, ...]:
    """Return the steps that a new seller gets."""
    stored = _read(connection, "onboarding")
    return read_steps(stored) if isinstance(stored, list) else FIRST_STEPS


def write_steps(turn: Turn, steps: Sequence[Step], *, event: TextsChanged) -> None:
    """Set the steps that new sellers get; who has signed keeps theirs."""
    audit.append(turn, event)
    rows = [{"name": one.name, "days": one.due_after / timedelta(days=1), "label": one.label} for one in steps]
    _write(turn.connection, "onboarding", rows)


def poster_words(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the region's own words on posters and the sign-up page, by language and part; empty where it has none."""
    stored = _read(connection, "poster")
    return {str(name): str(text) for name, text in stored.items()} if isinstance(stored, dict) else {}


def write_poster_words(turn: Turn, words: Mapping[str, str], *, event: TextsChanged) -> None:
    """Set the region's own words on posters."""
    audit.append(turn, event)
    _write(turn.connection, "poster", dict(words))


def _read(connection: sqlite3.Connection, name: str) -> object:
    row = connection.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
    return json.loads(row[0]) if row else None


def _write(connection: sqlite3.Connection, name: str, value: object) -> None:
    connection.execute(
        "INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        (name, json.dumps(value, ensure_ascii=False)),
    )


# ── posters ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def find_poster(connection: sqlite3.Connection, code: PosterCode) -> Poster | None:
    """Return a poster, also a closed one."""
    row = connection.execute(
        "SELECT code, street_id, venue_id, crew_id, made_at, closed_at FROM poster WHERE code = ?", (code,)
    ).fetchone()
    return Poster(*row) if row else None


# ── the region's end ────────────────────────────────────────────────────────────────────────────────────────────────


def read_wind_down(connection: sqlite3.Connection) -> dict[str, tuple[datetime, datetime | None]]:
    """Return for each stage of the region's end its date and when it was carried out; empty where none is planned."""
    rows = connection.execute("SELECT stage, due_at, done_at FROM wind_down ORDER BY due_at, rowid")
    return {row[0]: (parse_moment(row[1]), parse_moment(row[2]) if row[2] else None) for row in rows}


def write_wind_down(turn: Turn, *, event: WindDownSet) -> None:
    """Give a stage its date, or note that it was carried out."""
    audit.append(turn, event)
    done_at = format_moment(turn.now) if event.done else None
    turn.connection.execute(
        "INSERT INTO wind_down VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET due_at = excluded.due_at, done_at = excluded.done_at",
        (event.stage, format_moment(event.due_at), done_at),
    )


def cancel_wind_down(turn: Turn, *, event: WindDownSet) -> None:
    """Take the dates of stages away that were not carried out."""
    audit.append(turn, event)
    turn.connection.execute("DELETE FROM wind_down WHERE done_at IS NULL")
