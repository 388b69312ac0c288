"""Backups through pages: taken, listed, brought in, examined for what a restore would lose, and restored while others work."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fieldops import clock
from fieldops.actions import keep
from fieldops.clock import format_moment
from fieldops.errors import BadInput, NotFound
from fieldops.ids import JobId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.progress import Progress
from fieldops.said import Said
from fieldops.store import backup as store
from fieldops.store.connect import Region, open_region, private_path

FOLDER = "backups"
SQLITE = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class KeptBackup:
    """A backup beside the region: its name, size in bytes, when it was made, and whether names and accounts are in it."""

    name: str
    size: int
    made_at: datetime
    private: bool


def list_backups(region: Region, actor: Actor) -> list[KeptBackup]:
    """
    Return the backups that pages made or brought in, newest first.

    Raises
    ------
    Forbidden
        If the actor keeps no records.
    """
    require(actor, "record.keep")
    found = [
        KeptBackup(
            file.name,
            file.stat().st_size,
            datetime.fromtimestamp(file.stat().st_mtime, tz=UTC),
            private_path(file).exists(),
        )
        for file in (region.path.parent / FOLDER).glob(f"{region.path.stem}-*.gpkg")
    ]
    return sorted(found, key=lambda one: (one.made_at, one.name), reverse=True)


def new_place(region: Region, actor: Actor) -> Path:
    """
    Return where a backup that is brought in is to be written: a name of ours in the folder of backups.

    Raises
    ------
    Forbidden
        If the actor may not restore.
    """
    require(actor, "record.restore")
    folder = region.path.parent / FOLDER
    folder.mkdir(exist_ok=True)
    return folder / f"{region.path.stem}-{_stamp()}-in.gpkg"


def bring_in(actor: Actor, file: Path) -> str:
    """
    Take a file that was written to `new_place` for a backup, and return its name; what is no database is deleted again.

    Raises
    ------
    Forbidden
        If the actor may not restore.
    BadInput
        If it is no database.
    """
    require(actor, "record.restore")
    for one in (file, private_path(file)):
        if one.exists():
            with one.open("rb") as opened:
                known = opened.read(len(SQLITE)) == SQLITE
            if not known:
                for left in (file, private_path(file), store.anchor_file_of(file)):
                    left.unlink(missing_ok=True)
                raise BadInput("this is no backup of fieldops", field="file", cure="choose the .gpkg file of a backup")
    return file.name


def run_backup_job(path: Path, actor: Actor, *, job: JobId, progress: Progress) -> dict[str, Any]:
    """Do a job of kind `backup` (see `actions.jobs`): a copy in the folder `backups` beside the region, examined."""
    del job
    folder = path.parent / FOLDER
    folder.mkdir(exist_ok=True)
    region = open_region(path)
    try:
        made = keep.back_up(region, actor, folder / f"{path.stem}-{_stamp()}.gpkg", progress=progress)
    finally:
        region.close()
    return {"backup": made.file.name, "events": made.head.seq}


def run_examine_job(path: Path, actor: Actor, *, job: JobId, progress: Progress, backup: str) -> dict[str, Any]:
    """Do a job of kind `examine`: look whether a backup is sound, and what of the present a restore would take away."""
    del job
    file = _file(path, backup)
    head = keep.examine_backup(path, actor, file, progress=progress)
    loss = store.compare_records(path, file)
    return {
        "backup": backup, "digest": _digest(file), "events": head.seq, "last": head.recorded_at, "common": loss.common.seq,
        "lost": loss.lost, "lost_since": loss.lost_since, "behind": loss.behind, "private": private_path(file).exists(),
    }  # fmt: skip


def run_restore_job(
    path: Path, actor: Actor, *, job: JobId, progress: Progress, backup: str, digest: str, now: str = ""
) -> dict[str, Any]:
    """
    Do a job of kind `restore`: put the backup that was examined in place while the server goes on, then draw the map anew.

    A job that is taken up again after its restore was done finds that the record tells of this very backup, and ends.
    """
    from fieldops.actions.tiles import make_tiles
    from fieldops.clock import parse_moment

    del job
    require(actor, "record.restore")
    file = _file(path, backup)
    if _digest(file) != digest:
        raise BadInput(
            Said("%(backup)s is not the file that was examined", backup=backup), field="backup", cure="examine it again"
        )
    aside = ""
    if not _is_done(path, digest):
        moment = parse_moment(now) if now else None
        region, kept = keep.restore(path, actor, file, replace_present=True, now=moment, progress=progress)
        region.close()
        aside = kept.name if kept else ""
    make_tiles(path, actor, progress=progress)
    return {"restored": backup, "aside": aside}


def _is_done(path: Path, digest: str) -> bool:
    region = open_region(path)
    try:
        return store.last_restored(region.reader()) == digest
    finally:
        region.close()


def _file(path: Path, backup: str) -> Path:
    """Return the file of a backup by its name, which leads into no other folder."""
    folder = path.parent / FOLDER
    known = {file.name: file for file in folder.glob(f"{path.stem}-*.gpkg")}
    if backup not in known:
        raise NotFound("backup", backup, cure="choose one of the list")
    return known[backup]


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _stamp() -> str:
    return format_moment(clock.now())[:19].replace(":", "").replace("T", "-")
