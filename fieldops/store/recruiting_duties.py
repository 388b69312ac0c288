"""What the law asks of whoever keeps people's data: who is past their time, what lies where, who must not come back."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from fieldops.clock import format_moment
from fieldops.events import PersonErased, PosterClosed, PosterMade, RetentionRun
from fieldops.ids import CandidateId, PosterCode
from fieldops.recruiting.sources import Poster
from fieldops.store import audit
from fieldops.store.connect import Region, Turn
from fieldops.store.keys import beside_key
from fieldops.store.persons import private_reader
from fieldops.store.recruiting import NEVER
from fieldops.store.sqlite import sqlite3

_SELLERS = "merged_into IS NULL AND erased_at IS NULL AND stage IN ('signed', 'trained', 'first_order', 'active')"


def write_erased(turn: Turn, *, event: PersonErased) -> None:
    """Leave a nameless row: the figures stay, nobody looks after it, nobody calls."""
    audit.append(turn, event)
    turn.connection.execute(
        "UPDATE candidate SET erased_at = ?, due_at = ?, confirmed_at = NULL WHERE id = ?",
        (format_moment(event.at), NEVER, event.candidate),
    )
    turn.connection.execute(
        "DELETE FROM training_place WHERE candidate_id = ? AND training_id IN (SELECT id FROM training WHERE starts_at > ?)",
        (event.candidate, format_moment(event.at)),
    )


def record_retention(turn: Turn, *, event: RetentionRun) -> None:
    """Record that a retention run was done."""
    audit.append(turn, event)


def read_expired(
    connection: sqlite3.Connection, candidates_before: datetime, sellers_before: datetime
) -> list[CandidateId]:
    """
    Return whose time is over: nobody talked with them and they did not move since a moment.

    The first moment is for those who never signed, the second for sellers who are lost or dormant; sellers at work stay.
    """
    first, second = format_moment(candidates_before), format_moment(sellers_before)
    rows = connection.execute(
        "SELECT c.id FROM candidate AS c WHERE c.erased_at IS NULL AND c.merged_into IS NULL"
        " AND c.stage NOT IN ('signed', 'trained', 'first_order', 'active')"
        " AND c.stage_since < CASE WHEN c.reached IN ('signed', 'trained', 'first_order', 'active') THEN ?2 ELSE ?1 END"
        " AND NOT EXISTS (SELECT 1 FROM candidate_call AS k WHERE k.candidate_id = c.id AND k.called_at >="
        " CASE WHEN c.reached IN ('signed', 'trained', 'first_order', 'active') THEN ?2 ELSE ?1 END)"
        " AND NOT EXISTS (SELECT 1 FROM sign_up AS s WHERE s.candidate_id = c.id AND s.made_at >="
        " CASE WHEN c.reached IN ('signed', 'trained', 'first_order', 'active') THEN ?2 ELSE ?1 END)"
        " ORDER BY c.number",
        (first, second),
    )
    return [CandidateId(row[0]) for row in rows]


def read_unerased(connection: sqlite3.Connection) -> list[CandidateId]:
    """Return everybody whose data is still there."""
    rows = connection.execute("SELECT id FROM candidate WHERE erased_at IS NULL ORDER BY number")
    return [CandidateId(row[0]) for row in rows]


def read_sellers(connection: sqlite3.Connection) -> list[CandidateId]:
    """Return all sellers by number."""
    rows = connection.execute(f"SELECT id FROM candidate WHERE {_SELLERS} ORDER BY number")  # noqa: S608  # constants
    return [CandidateId(row[0]) for row in rows]


def read_kept_sellers(connection: sqlite3.Connection) -> list[CandidateId]:
    """Return sellers who were never given out to another region."""
    rows = connection.execute(
        f"SELECT id FROM candidate WHERE {_SELLERS} AND id NOT IN (SELECT facts ->> 'candidate' FROM event"  # noqa: S608  # constants
        " WHERE kind = 'PersonExported' AND why = 'hand_over') ORDER BY number"
    )
    return [CandidateId(row[0]) for row in rows]


def count_private(region: Region) -> dict[str, int]:
    """Return how many rows each table of the private file has."""
    with private_reader(region) as connection:
        names = [row[0] for row in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_%' ESCAPE '\\'"
        )]  # fmt: skip
        return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608  # as the file itself lists its tables, quoted


# ── who must not come back with an old backup ───────────────────────────────────────────────────────────────────────


def forgotten_path(region: Region) -> Path:
    """Return the file beside the key that names, by id, who was erased: a backup from before does not know it."""
    return beside_key(region.path, "forgotten")


def add_forgotten(region: Region, candidates: Sequence[CandidateId]) -> None:
    """Write down who was erased."""
    with forgotten_path(region).open("a") as file:
        file.writelines(f"{one}\n" for one in candidates)


def read_forgotten(region: Region) -> list[CandidateId]:
    """Return who was ever erased."""
    path = forgotten_path(region)
    return [CandidateId(line) for line in path.read_text().split()] if path.exists() else []


def old_backups(folder: Path, before: datetime) -> list[Path]:
    """Return private files of backups in a folder that were last written before a moment."""
    return sorted(path for path in folder.glob("*.private.db") if path.stat().st_mtime < before.timestamp())


def destroy_backup(path: Path) -> None:
    """Overwrite a private file of a backup and take it away; the region file beside it holds no names and stays."""
    for file in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        if file.exists():
            size = file.stat().st_size
            with file.open("r+b") as opened:
                opened.write(b"\0" * size)
                opened.flush()
            file.unlink()


# ── posters ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def write_poster(turn: Turn, *, event: PosterMade) -> None:
    """Store a new poster."""
    audit.append(turn, event)
    turn.connection.execute(
        "INSERT INTO poster VALUES (?, ?, ?, ?, ?, NULL)",
        (event.poster, event.street, event.venue, event.crew, format_moment(event.at)),
    )


def close_poster(turn: Turn, *, event: PosterClosed) -> None:
    """Let nobody sign up by a poster any more."""
    audit.append(turn, event)
    turn.connection.execute("UPDATE poster SET closed_at = ? WHERE code = ?", (format_moment(event.at), event.poster))


def read_posters(
    connection: sqlite3.Connection, *, open_only: bool = False, most: int = -1, after: int = 0
) -> list[tuple[Poster, int]]:
    """Return posters with how many candidates each brought, newest first: at most so many, all where `most` is -1."""
    rows = connection.execute(
        "SELECT p.code, p.street_id, p.venue_id, p.crew_id, p.made_at, p.closed_at, (SELECT count(*) FROM candidate AS c"
        " WHERE c.poster = p.code AND c.merged_into IS NULL) FROM poster AS p WHERE ? = 0 OR p.closed_at IS NULL"
        " ORDER BY p.made_at DESC, p.code LIMIT ? OFFSET ?",
        (int(open_only), most, after),
    )
    return [(Poster(PosterCode(row[0]), *tuple(row)[1:6]), row[6]) for row in rows]


def count_posters(connection: sqlite3.Connection) -> int:
    """Return how many posters there are, closed ones too."""
    return int(connection.execute("SELECT count(*) FROM poster").fetchone()[0])


def name_poster_places(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the names for people of the streets, venues and crews of posters, by id."""
    rows = connection.execute(
        "SELECT s.id, s.label FROM street AS s WHERE s.id IN (SELECT street_id FROM poster)"
        " UNION ALL SELECT v.id, v.name FROM venue AS v WHERE v.id IN (SELECT venue_id FROM poster)"
        " UNION ALL SELECT c.id, c.name FROM crew AS c WHERE c.id IN (SELECT crew_id FROM poster)"
    )
    return {row[0]: row[1] for row in rows}


_PLACES = {
    "street": "SELECT id FROM street WHERE (id = ? OR label = ?) AND status <> 'gone' LIMIT 2",
    "venue": "SELECT id FROM venue WHERE id = ? OR name = ? LIMIT 2",
    "crew": "SELECT id FROM crew WHERE id = ? OR name = ? LIMIT 2",
}


def find_places(connection: sqlite3.Connection, noun: str, text: str) -> list[str]:
    """Return the ids of streets, venues or crews of that id or name, at most two."""
    return [row[0] for row in connection.execute(_PLACES[noun], (text, text))]
