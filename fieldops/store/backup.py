"""
Copies of a region that can be trusted: taken whole under load, examined before they count, anchored outside the file.

A backup is one moment of the region: SQLite's backup interface copies all pages in one step (in smaller steps it starts
again at every foreign write and never ends under load). It counts only after the copy's pages, its chain and its tables were
examined. An anchor then writes down the head of the record: number and chain value of the newest event. Whoever cuts the
newest events off a region cannot make the record reach an anchor again without the key.
"""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fieldops.errors import BadInput, RecordDamaged
from fieldops.events import RegionRestored
from fieldops.progress import Progress, no_progress
from fieldops.said import Said
from fieldops.store import audit, connect, keys, migrations, upgrade
from fieldops.store.audit import Head
from fieldops.store.connect import Region
from fieldops.store.lastword import LastWords
from fieldops.store.sqlite import refusal, sqlite3
from fieldops.store.verify import verify, verify_chain

if TYPE_CHECKING:
    from fieldops.store.connect import Turn


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy that was examined: its files, the head of its record and the rows of its tables."""

    file: Path
    private_file: Path | None
    anchor_file: Path
    head: Head
    rows: dict[str, int]


def take_backup(region: Region, out: Path, *, private: bool = True, progress: Progress = no_progress) -> Backup:
    """
    Copy the region to `out`, its private file beside it, and examine the copy; write the anchor `<out>.anchor`.

    The copy appears under its name only after the examination. The key is not copied: it belongs elsewhere.

    Raises
    ------
    BadInput
        If `out` exists already or its folder does not.
    RecordDamaged
        If the copy fails the examination: the region itself is damaged then; no file is left behind.
    StorageFailed
        If the disk refuses.
    """
    if out.exists():
        raise BadInput(Said("%(out)s exists already", out=out), cure="choose another file with --out", field="--out")
    if not out.parent.is_dir():
        raise BadInput(
            Said("the folder %(parent)s does not exist", parent=out.parent), cure="make it first", field="--out"
        )
    private_out = connect.private_path(out) if private and region.private_path.exists() else None
    if private_out is not None and private_out.exists():
        raise BadInput(
            Said("%(private_out)s exists already", private_out=private_out),
            cure="choose another file with --out",
            field="--out",
        )
    building = out.with_name(f".{out.name}.{secrets.token_hex(4)}.new")
    private_building = connect.private_path(building)
    try:
        copy_file(region.path, building)
        head, rows = examine_copy(building, region.key, anchors=read_anchors(region.path), progress=progress)
        if private_out is not None:
            copy_file(region.private_path, private_building)
            _sync(private_building)
            private_building.rename(private_out)
        _sync(building)
        building.rename(out)
    finally:
        building.unlink(missing_ok=True)
        private_building.unlink(missing_ok=True)
    anchor_file = anchor_file_of(out)
    anchor_file.write_text(json.dumps({"head": asdict(head), "rows": rows}, indent=1) + "\n")
    _sync(anchor_file)
    add_anchor(region.path, head)
    return Backup(out, private_out, anchor_file, head, rows)


def copy_file(source: Path, target: Path, *, in_use: bool = False) -> None:
    """Copy a database in one step, whatever writes to it meanwhile; into one file without a WAL unless `in_use`."""
    reading = connect.open_file(source, read_only=True)
    writing = sqlite3.connect(target, timeout=connect.BUSY_SECONDS, isolation_level=None)
    try:
        reading.backup(writing, pages=-1)
        if not in_use:
            writing.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as error:
        raise refusal(error) from error
    finally:
        writing.close()
        reading.close()


def examine_copy(
    path: Path, key: bytes, *, anchors: list[Head] | None = None, progress: Progress = no_progress
) -> tuple[Head, dict[str, int]]:
    """
    Return the head of a copy's record and the rows of its tables, after pages, chain and tables were examined.

    Of a copy that an older version wrote the tables are not compared: see `upgraded_copy`.

    Raises
    ------
    BadInput
        If it is no region.
    RecordDamaged
        If anything is wrong; the error names the first finding.
    """
    connection = connect.open_file(path, read_only=True)
    copy = Region(path, key, True, None, connection)
    try:
        found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if found != "ok":
            raise RecordDamaged(problem=Said("%(path)s is damaged: %(found)s", path=path, found=found))
        if is_older(path):
            result = verify_chain(copy, anchors=anchors or [])
        else:
            result = verify(copy, anchors=anchors or [], progress=progress)
        if result.violations:
            first = result.violations[0]
            raise RecordDamaged(
                problem=Said(
                    "the record in %(path)s is damaged: event %(seq)s: %(what)s",
                    path=path,
                    seq=first.seq,
                    what=first.what,
                )
            )
        return result.head, count_rows(connection)
    except sqlite3.DatabaseError as error:
        raise refusal(error) from error
    finally:
        copy.close()


def is_older(path: Path) -> bool:
    """
    Return whether a region file was written by an older version.

    Raises
    ------
    BadInput
        If it is no region.
    """
    connection = connect.open_file(path, read_only=True)
    try:
        connection.execute("SELECT 1 FROM setting, event LIMIT 1")
        return bool(migrations.steps_missing(connection))
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise refusal(error) from error
        raise BadInput(
            "this is no backup of fieldops", field="file", cure="choose the .gpkg file of a backup"
        ) from None
    except sqlite3.DatabaseError as error:
        raise refusal(error) from error
    finally:
        connection.close()


@contextmanager
def upgraded_copy(backup: Path, folder: Path, key: bytes, *, progress: Progress = no_progress) -> Iterator[Path]:
    """
    Yield a copy of a backup in the folder, brought to the present version and examined whole; it is gone afterwards.

    Raises
    ------
    RecordDamaged
        If its tables are not those of its record.
    """
    copy = folder / f".{backup.name}.{secrets.token_hex(4)}.new"
    private = connect.private_path(copy)
    try:
        copy_file(backup, copy)
        connection = sqlite3.connect(copy, isolation_level=None)
        connection.row_factory = sqlite3.Row
        (sandbox,) = connection.execute("SELECT value FROM setting WHERE name = 'sandbox'").fetchone() or ("false",)
        alone = Region(
            connect.MEMORY, key, bool(json.loads(sandbox)), connection, connection
        )  # nobody else has it open
        try:
            upgrade.migrate_open(alone)
        finally:
            connection.close()
        examine_copy(copy, key, progress=progress)
        if connect.private_path(backup).exists():
            copy_file(connect.private_path(backup), private)
            upgrade.migrate_private(private)
        yield copy
    finally:
        copy.unlink(missing_ok=True)
        private.unlink(missing_ok=True)


def count_rows(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the number of rows of every table of ours."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'gpkg%'"
        " AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY name"
    )
    return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in names.fetchall()}  # noqa: S608  # its own tables


def read_anchor(file: Path) -> tuple[Head, dict[str, int]]:
    """
    Return the head and the row counts that `take_backup` wrote into an anchor file.

    Raises
    ------
    BadInput
        If the file is missing or cannot be read.
    """
    try:
        stored = json.loads(file.read_text())
        return Head(**stored["head"]), dict(stored["rows"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BadInput(
            Said("%(file)s is no anchor (%(error)s)", file=file, error=error),
            cure="name the .anchor file that `fieldops backup` wrote",
        ) from None


def anchor_file_of(backup: Path) -> Path:
    """Return where the anchor of a backup is written: `<backup>.anchor`."""
    return backup.with_name(backup.name + ".anchor")


def read_anchors(path: Path) -> list[Head]:
    """Return the heads that were anchored for a region, oldest first."""
    file = keys.place_file(path, "anchors")
    if not file.exists():
        file = keys.beside_key(path, "anchors")  # from before the name had a mark of the place
    if not file.exists():
        return []
    try:
        return [Head(**json.loads(line)) for line in file.read_text().splitlines()]
    except (ValueError, TypeError) as error:
        raise BadInput(
            Said("%(file)s cannot be read (%(error)s)", file=file, error=error),
            cure="restore it from where you keep the key",
        ) from None


def add_anchor(path: Path, head: Head) -> None:
    """Write down that the region's record had this head."""
    known = read_anchors(path)
    marked = keys.place_file(path, "anchors")
    new = [head] if marked.exists() else [*known, head]
    with marked.open("a") as file:
        file.write("".join(json.dumps(asdict(one)) + "\n" for one in new))
        file.flush()
        os.fsync(file.fileno())


def last_heads(region: Region) -> list[Head]:
    """Return the newest events that somebody was told to be stored, as far as the last words of the region say."""
    row = region.reader().execute("SELECT chain FROM event WHERE seq = 1").fetchone()
    if region.in_memory or row is None:
        return []
    return [Head(word.seq, word.chain) for word in LastWords(region.path).read(row[0])]


@dataclass(frozen=True, slots=True)
class Loss:
    """What a restore would take out of the record: events after `common`, the last one that both have, by kind."""

    common: Head
    lost: dict[str, int]
    lost_since: str
    behind: int


def compare_records(path: Path, backup: Path) -> Loss:
    """
    Return what the region's record has and the backup's has not; `behind` counts events that only the backup has.

    Two records that ever had the same chain value were the same until there: the last common event is found by halving.

    Raises
    ------
    BadInput, StorageFailed
        If one of them cannot be read.
    """
    here, there = connect.open_file(path, read_only=True), connect.open_file(backup, read_only=True)
    try:
        low, high = 0, min(audit.head(here).seq, audit.head(there).seq)
        while low < high:
            middle = (low + high + 1) // 2
            if chain_at(here, middle) == chain_at(there, middle):
                low = middle
            else:
                high = middle - 1
        rows = here.execute(
            "SELECT kind, count(*), min(recorded_at) FROM event WHERE seq > ? GROUP BY kind", (low,)
        ).fetchall()
        found = here.execute("SELECT seq, chain, recorded_at FROM event WHERE seq = ?", (low,)).fetchone()
        return Loss(
            Head(*found) if found else Head(), {row[0]: row[1] for row in rows}, min((row[2] for row in rows), default=""),
            audit.head(there).seq - low,
        )  # fmt: skip
    except sqlite3.DatabaseError as error:
        raise refusal(error) from error
    finally:
        here.close()
        there.close()


def chain_at(connection: sqlite3.Connection, seq: int) -> str:
    """Return the chain value of the event of that number; empty where there is none."""
    row = connection.execute("SELECT chain FROM event WHERE seq = ?", (seq,)).fetchone()
    return row[0] if row else ""


def record_restore(turn: "Turn", *, event: RegionRestored) -> None:
    """Record in the restored region that it took the place of another."""
    audit.append(turn, event)


def last_restored(connection: sqlite3.Connection) -> str:
    """Return the digest of the backup that the newest event says was put in place; empty where it says anything else."""
    row = connection.execute("SELECT kind, facts FROM event ORDER BY seq DESC LIMIT 1").fetchone()
    return str(json.loads(row[1])["digest"]) if row and row[0] == "RegionRestored" else ""


def _sync(path: Path) -> None:
    for name in (path, path.parent):
        descriptor = os.open(name, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
