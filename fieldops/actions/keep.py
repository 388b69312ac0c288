"""Keeping a region: examine it, back it up, restore it, and repair its time after the clock had been wrong."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from fieldops import claims as rule
from fieldops import clock
from fieldops.actions.awareness import estimates_unlike
from fieldops.actions.claims import end_event
from fieldops.actions.recruiting_duties import forget_again
from fieldops.claims import Claim, Reserve
from fieldops.errors import BadInput, ClockRefused, FieldopsError, NotFound
from fieldops.events import ClockAccepted, RegionRestored, ReservesReleased
from fieldops.intake import read_reason
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.progress import Progress, no_progress
from fieldops.said import Said
from fieldops.store import audit, connect, keys, reserves, restoring, upgrade
from fieldops.store import backup as backup_store
from fieldops.store import check as check_store
from fieldops.store import claims as claim_store
from fieldops.store import verify as verify_store
from fieldops.store.connect import Region
from fieldops.store.replay import CLOCK_REPAIR, Violation

if TYPE_CHECKING:
    from fieldops.store.backup import Backup
    from fieldops.store.check import Finding
    from fieldops.store.verify import Verification


@dataclass(frozen=True, slots=True)
class ClockRepair:
    """What accepting the clock changes: claims that never were, claims that end earlier than was written, streets that nobody kept."""

    clock: datetime
    record: datetime
    voided: tuple[Claim, ...]
    shortened: tuple[Claim, ...]
    released: tuple[Reserve, ...]


def verify_record(
    region: Region, actor: Actor, *, anchor_file: Path | None = None, progress: Progress = no_progress
) -> "Verification":
    """
    Return what is wrong with the record, replayed from its first event, and with the estimates where none is stale.

    The anchors beside the key are looked up, the last words, and the one of a backup where `anchor_file` names it. What is derived again, and of
    what a seal is the proof, stands in `store/verify.py`.

    Raises
    ------
    Forbidden
        If the actor may not read the region's record.
    BadInput
        If the anchor file cannot be read.
    RecordDamaged
        If SQLite finds the file malformed.
    """
    require(actor, "record.verify")
    anchors = [*backup_store.read_anchors(region.path), *backup_store.last_heads(region)]
    if anchor_file is not None:
        anchors.append(backup_store.read_anchor(anchor_file)[0])
    found = verify_store.verify(region, anchors=anchors, progress=progress)
    wrong = [Violation(0, what) for what in estimates_unlike(region)]
    listed = [*found.violations, *wrong][: verify_store.MOST_VIOLATIONS]
    return replace(found, violations=listed, found=found.found + len(wrong))


def check_region(region: Region, actor: Actor, *, now: datetime | None = None) -> "list[Finding]":
    """Return what was found in the region's files, the good news too; nothing is changed."""
    require(actor, "record.verify")
    return check_store.check_region(region, now or clock.now())


def migrate_region(path: Path, actor: Actor) -> None:
    """
    Bring the tables of a region and of its private file to the present version; nothing else may have it open.

    Raises
    ------
    Forbidden
        If the actor keeps no records.
    NotFound
        If there is no such file.
    StorageFailed
        If it is in use.
    """
    require(actor, "record.keep")
    if not path.exists():
        raise NotFound("region file", str(path), cure="name it with --db")
    upgrade.migrate_files(path)


def back_up(
    region: Region, actor: Actor, out: Path, *, private: bool = True, progress: Progress = no_progress
) -> "Backup":
    """
    Copy the region to `out` while others work on it, examine the copy, and anchor its record.

    `private` takes names, accounts and sealed phone numbers along: keep such a copy no longer than they may be kept.

    Raises
    ------
    Forbidden
        If the actor keeps no records.
    BadInput
        If `out` exists or cannot be.
    RecordDamaged
        If the copy, and so the region, is damaged.
    """
    require(actor, "record.keep")
    return backup_store.take_backup(region, out, private=private, progress=progress)


def restore(
    path: Path,
    actor: Actor,
    backup: Path,
    *,
    replace_present: bool = False,
    now: datetime | None = None,
    progress: Progress = no_progress,
) -> tuple[Region, Path | None]:
    """
    Put a backup in the place of the region at `path`; return the region and the file that holds what was there.

    The backup is examined first, against the anchor beside it where there is one. What was recorded after it was taken is
    gone from the region and stays in the file put aside; the restored record tells so. Who had been erased stays erased.
    A backup of an older version is brought to the present one. Where anything is refused, the region stays as it was.

    Raises
    ------
    Forbidden
        If the actor keeps no records.
    NotFound
        If there is no such backup.
    BadInput
        If a region is there and `replace_present` does not say that it may be replaced, or the key is missing.
    RecordDamaged
        If the backup is damaged, or is not the one that its anchor names.
    ClockRefused
        If the clock is far behind the backup's record.
    """
    require(actor, "record.restore")
    if path.exists() and not replace_present:
        raise BadInput(
            Said("%(path)s exists already", path=path),
            cure="say --replace to put it aside, or restore to another file with --db",
        )
    with _examined(path, backup, progress) as (_, file):
        restoring.refuse_clock(path, file, now)
        was_there, digest = path.exists(), hashlib.sha256(backup.read_bytes()).hexdigest()
        stamp = clock.now().strftime("%Y%m%dT%H%M%SZ")
        aside = path.with_name(f"{path.stem}.replaced-{stamp}{path.suffix}")
        with restoring.replacing(path, file, aside) as (region, before):
            with region.turn(actor, now=now) as turn:
                event = RegionRestored(
                    at=turn.now, seq=before.seq, chain=before.chain if before.seq else "", digest=digest
                )
                backup_store.record_restore(turn, event=event)
            forget_again(region, actor, now=now)
    return region, aside if was_there else None


def left_behind(aside: Path, restored: Path) -> dict[str, int]:
    """Return how many events of each kind a file that was put aside has and the restored region has not; none where it is unreadable."""
    try:
        return backup_store.compare_records(aside, restored).lost
    except FieldopsError:
        return {}


def examine_backup(path: Path, actor: Actor, backup: Path, *, progress: Progress = no_progress) -> "audit.Head":
    """
    Return the head of a backup's record after pages, chain and tables were examined, and its anchor where there is one.

    Raises
    ------
    Forbidden
        If the actor keeps no records.
    NotFound
        If there is no such backup.
    BadInput
        If the key is missing, or the anchor is of another file.
    RecordDamaged
        If the backup is damaged.
    """
    require(actor, "record.keep")
    with _examined(path, backup, progress) as (head, _):
        return head


@contextmanager
def _examined(path: Path, backup: Path, progress: Progress) -> Iterator[tuple["audit.Head", Path]]:
    """Yield the head of a backup that was examined as it is, and the file to put in place: an upgraded copy of an older one."""
    if not backup.exists():
        raise NotFound("backup", str(backup), cure="name the file that `fieldops backup --out` wrote")
    key = keys.read_key(path)
    written = None
    if (anchor := backup_store.anchor_file_of(backup)).exists():
        written = backup_store.read_anchor(anchor)
    head, rows = backup_store.examine_copy(backup, key, anchors=[written[0]] if written else [], progress=progress)
    if written and written != (head, rows):
        raise BadInput(
            Said("%(backup)s is not the file that its anchor describes", backup=backup),
            cure="use the pair that was written together",
        )
    if backup_store.is_older(backup):
        with backup_store.upgraded_copy(backup, path.parent, key, progress=progress) as copy:
            yield head, copy
    else:
        yield head, backup


def preview_clock(region: Region, actor: Actor, *, now: datetime | None = None) -> ClockRepair | None:
    """
    Return what accepting the clock would change, None where clock and record agree.

    Raises
    ------
    Forbidden
        If the actor keeps no records.
    """
    require(actor, "record.keep")
    present, last = now or clock.now(), audit.last_recorded_at(region.reader())
    if last is None or last <= present:
        return None
    beyond = claim_store.claims_beyond(region.reader(), present)
    return _repair(present, last, beyond, reserves.reserves_beyond(region.reader(), present))


def accept_clock(region: Region, actor: Actor, *, why: str, now: datetime | None = None) -> ClockRepair:
    """
    Take the clock for right although the record is ahead of it, and undo what was done in a time that never was.

    Claims made later than now are voided: no time is left to them, and they bring no cool-down; so are those that were made
    this very moment and ended later, of which nothing is left either. Claims that were ended
    by an act later than now end now instead. Claims that the wrong time had let run out are in force again by their own
    span, with no act: that they were written down as forfeited says nothing yet about the present. Streets kept from later than
    now on are kept for nobody, and reminders made later than now are made anew when they are due. From this event on the record's
    time goes on from the clock.

    Not promised: decisions, surveys and lifted cool-downs of the wrong time keep the moment they were given and count
    again when it comes; quarantine what is wrong. And whoever accepts a clock that is itself behind voids true claims:
    look at `preview_clock` first.

    Raises
    ------
    Forbidden
        If the actor keeps no records.
    BadInput
        If no reason is given, or clock and record agree.
    ClockRefused
        If the clock is earlier than the first event of the region: no record can be right then.
    """
    require(actor, "record.keep")
    why = read_reason(why, ("ntp_failed", "clock_was_set_by_hand", "restored_backup"))
    with region.turn(actor, now=now, accept_clock=True) as turn:
        last, first = audit.last_recorded_at(turn.connection), audit.first_recorded_at(turn.connection)
        if last is None or first is None or last <= turn.now:
            raise BadInput("clock and record agree", cure="there is nothing to repair")
        if turn.now < first:
            zone = connect.read_zone(turn.connection)
            raise ClockRefused(
                problem=Said(
                    "the clock says %(given)s, before the region was made at %(given2)s",
                    given=clock.local_text(turn.now, zone),
                    given2=clock.local_text(first, zone),
                ),
                cure="set the clock of this machine right",
            )
        beyond = claim_store.claims_beyond(turn.connection, turn.now)
        repair = _repair(turn.now, last, beyond, reserves.reserves_beyond(turn.connection, turn.now))
        event = ClockAccepted(
            at=turn.now, why=why, ahead=last, voided=len(repair.voided), shortened=len(repair.shortened)
        )
        audit.append(turn, event)
        for claim in (*repair.voided, *repair.shortened):
            claim_store.write_end(turn, claim, event=end_event(claim))
        for (crew, since), kept in groupby(repair.released, lambda one: (one.crew, one.kept_from)):
            streets = tuple(one.street for one in kept)
            release = ReservesReleased(at=since, why=CLOCK_REPAIR, crew=crew, streets=streets)
            reserves.release_reserves(turn, event=release)
    return repair


def _repair(present: datetime, last: datetime, beyond: list[Claim], kept: list[Reserve]) -> ClockRepair:
    voided = tuple(rule.void_claim(claim, CLOCK_REPAIR) for claim in beyond if claim.claimed_at >= present)
    shortened = tuple(
        replace(claim, ended_at=present, reason=CLOCK_REPAIR) for claim in beyond if claim.claimed_at < present
    )
    return ClockRepair(present, last, voided, shortened, tuple(kept))
