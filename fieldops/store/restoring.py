"""Puts a backup in the place of a region, whoever has it open, and what was there back where that fails."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from fieldops.errors import BadInput, RecordDamaged
from fieldops.store import audit, connect, keys, onlyfile
from fieldops.store.audit import Head
from fieldops.store.backup import chain_at, copy_file, read_anchors
from fieldops.store.connect import Region
from fieldops.store.sqlite import sqlite3
from fieldops.store.turnstile import Turnstile, turnstile_path


def refuse_clock(path: Path, backup: Path, now: datetime | None) -> None:
    """
    Let a moment pass at which a region restored from the backup could be written.

    Raises
    ------
    ClockRefused
        If the clock is far behind the record of the backup, or a time was given outside a sandbox.
    """
    connection = connect.open_file(backup, read_only=True)
    try:
        row = connection.execute("SELECT value FROM setting WHERE name = 'sandbox'").fetchone()
        Region(path, b"", bool(row and json.loads(row[0])), None, connection).writing_moment(now)
    finally:
        connection.close()


@contextmanager
def replacing(path: Path, backup: Path, aside: Path) -> Iterator[tuple[Region, Head]]:
    """
    Put a backup in the place of a region, and what was there to `aside`; yield the new region and the head that was put aside.

    The pages are replaced in one transaction, so that whoever has the region open sees the one or the other. Where the
    present file is no readable database it is moved to `aside` as it is, which other processes must not have open. Writers
    wait at the turnstile until the block ends: what they were answered as stored lies in `aside`, or comes after it. Where
    the block fails, what was put aside is put back.

    Not promised: that this is so where the process dies within.
    """
    turnstile = Turnstile(turnstile_path(path))
    turnstile.enter(connect.BUSY_SECONDS)
    marked = keys.place_file(path, "anchors")
    anchored = marked.read_text() if marked.exists() else None
    try:
        before = _put_aside(path, aside)
        region: Region | None = None
        try:
            _put_in_place(path, backup)
            region = connect.open_region(path)
            region.stand_inside(turnstile)
            yield region, before or Head()
        except BaseException:
            if region is not None:
                region.leave_open(turnstile)
            _put_back(path, aside, moved=before is None)
            _write_or_unlink(marked, anchored)
            turnstile.leave()
            turnstile.close()
            raise
        turnstile.leave()
    except BaseException:
        turnstile.close()
        raise


def _put_aside(path: Path, aside: Path) -> Head | None:
    """Put what lies there aside, and return its head; None where there was no region, or one that cannot be read."""
    before: Head | None = None
    if path.exists():
        try:
            copy_file(path, aside)
            before = _head(aside)
        except (RecordDamaged, BadInput, sqlite3.DatabaseError):
            aside.unlink(missing_ok=True)
            path.rename(aside)
            for left in ("-wal", "-shm"):
                path.with_name(path.name + left).unlink(missing_ok=True)
    if connect.private_path(path).exists():
        copy_file(connect.private_path(path), connect.private_path(aside))
    return before


def _put_in_place(path: Path, backup: Path) -> None:
    copy_file(backup, path, in_use=True)
    _take_for_whole(path)
    private = connect.private_path(backup)
    if private.exists():
        copy_file(private, connect.private_path(path), in_use=True)
    connection = connect.open_file(path, read_only=True)
    try:
        kept = [anchor for anchor in read_anchors(path) if chain_at(connection, anchor.seq) == anchor.chain]
    finally:
        connection.close()
    keys.place_file(path, "anchors").write_text("".join(json.dumps(asdict(anchor)) + "\n" for anchor in kept))


def _put_back(path: Path, aside: Path, *, moved: bool) -> None:
    """Undo what was done so far of a restore: where nothing lay there, nothing lies there again."""
    if not moved:
        copy_file(aside, path, in_use=True)
        _take_for_whole(path)
        aside.unlink()
    else:
        for file in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
            file.unlink(missing_ok=True)
        if aside.exists():
            aside.rename(path)
    private, kept = connect.private_path(path), connect.private_path(aside)
    if kept.exists():
        copy_file(kept, private, in_use=True)
        kept.unlink()
    elif private.exists():
        private.unlink()  # the backup's: none was there before


def _write_or_unlink(file: Path, text: str | None) -> None:
    if text is None:
        file.unlink(missing_ok=True)
    else:
        file.write_text(text)


def _take_for_whole(path: Path) -> None:
    """Let the record that was put there be written on, although it ends before what was stored already."""
    connection, only = connect.open_file(path), onlyfile.OnlyFile(path)
    try:
        only.remember(connection, restored=True)
    finally:
        with only.leaving():
            connection.close()


def _head(path: Path) -> Head:
    connection = connect.open_file(path, read_only=True)
    try:
        return audit.head(connection)
    finally:
        connection.close()
