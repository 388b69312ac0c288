"""A region closes in dated stages: no new sign-ups, last claims, sellers handed over, archive, deletion."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fieldops.actions.backups import FOLDER
from fieldops.actions.recruiting_duties import erase_person
from fieldops.clock import format_moment, parse_moment
from fieldops.errors import BadInput
from fieldops.events import PersonExported, PosterClosed, WindDownSet
from fieldops.exchange.spreadsheets import csv_bytes
from fieldops.ids import JobId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.progress import Progress, no_progress
from fieldops.recruiting.phones import plain_phone
from fieldops.store import persons
from fieldops.store import recruiting as candidates
from fieldops.store import recruiting_duties as store
from fieldops.store import recruiting_settings as settings
from fieldops.store.backup import take_backup
from fieldops.store.connect import Region, open_region

STAGES = ("sign_ups", "claims", "hand_over", "archive", "deletion")
_AFTER = (timedelta(0), timedelta(days=7), timedelta(days=14), timedelta(days=21), timedelta(days=90))


def hand_over(region: Region, actor: Actor, *, now: datetime | None = None) -> list[dict[str, object]]:
    """
    Return every seller with name and number for the region that takes them over; each is on the record as given out.

    Permission: candidate.export. Event: PersonExported, one a seller.

    Raises
    ------
    Forbidden
        If the actor may not.
    """
    require(actor, "candidate.export")
    rows: list[dict[str, object]] = []
    with region.turn(actor, now=now) as turn:
        ids = store.read_sellers(turn.connection)
        known = persons.read_persons(region, ids)
        for one in ids:
            found, person = candidates.find_candidate(turn.connection, one), known.get(one)
            if found is None or person is None:
                continue
            rows.append({
                "name": person.name, "phone": person.phone, "stage": found.stage, "group": found.group, "base": found.base,
                "language": found.language, "wanted_low": found.wanted_low, "wanted_high": found.wanted_high,
                "consent": person.consent, "made_at": format_moment(found.made_at), "rep": found.rep,
            })  # fmt: skip
            event = PersonExported(at=turn.now, candidate=one, why="hand_over")
            candidates.write_facts(turn, one, event=event)
    return rows


def hand_over_table(region: Region, actor: Actor, *, now: datetime | None = None) -> bytes:
    """Return what `hand_over` gives out as a CSV file that `recruit import` of the other region takes."""
    rows = [{**row, "phone": plain_phone(str(row["phone"]))} for row in hand_over(region, actor, now=now)]
    return csv_bytes(list(rows[0]) if rows else ["name", "phone"], rows)


def count_kept(region: Region, actor: Actor) -> int:
    """Return how many sellers were not handed over yet. Permission: candidate.read."""
    require(actor, "candidate.read")
    return len(store.read_kept_sellers(region.reader()))


def run_end_job(path: Path, actor: Actor, *, job: JobId, progress: Progress, now: str = "") -> dict[str, Any]:
    """
    Do a job of kind `end` (see `actions.jobs`): carry out the stages that are due; run again it goes on where it was.

    The archive is written into the folder `backups` beside the region.
    """
    del job
    folder = path.parent / FOLDER
    folder.mkdir(exist_ok=True)
    region = open_region(path)
    try:
        archive = folder / f"{path.stem}-archive.gpkg"
        done = carry_out(region, actor, archive=archive, now=parse_moment(now) if now else None, progress=progress)
    finally:
        region.close()
    return {"done": [stage for stage, said in done if said == "done"]}


def plan_wind_down(
    region: Region, actor: Actor, begin: datetime | None, *, now: datetime | None = None
) -> dict[str, tuple[datetime, datetime | None]]:
    """
    Give every stage of the region's end its date from `begin` on, None takes the dates away that were not carried out.

    No new sign-ups at once, last claims a week later, sellers handed over in the second, archive in the third, deletion
    after ninety days. Permission: region.wind_down. Event: WindDownSet.

    Raises
    ------
    Forbidden
        If the actor may not.
    BadInput
        If it begins in the past.
    """
    require(actor, "region.wind_down")
    with region.turn(actor, now=now) as turn:
        if begin is None:
            event = WindDownSet(at=turn.now, stage="cancelled", due_at=turn.now)
            settings.cancel_wind_down(turn, event=event)
        else:
            if begin < turn.now:
                raise BadInput("begins in the past", field="--from", cure="give a coming moment")
            for stage, after in zip(STAGES, _AFTER, strict=True):
                settings.write_wind_down(turn, event=WindDownSet(at=turn.now, stage=stage, due_at=begin + after))
        return settings.read_wind_down(turn.connection)


def read_wind_down(region: Region, actor: Actor) -> dict[str, tuple[datetime, datetime | None]]:
    """Return the dates of the region's end, empty where none is planned. Permission: region.read."""
    require(actor, "region.read")
    return settings.read_wind_down(region.reader())


def carry_out(
    region: Region,
    actor: Actor,
    *,
    archive: Path | None = None,
    now: datetime | None = None,
    progress: Progress = no_progress,
) -> list[tuple[str, str]]:
    """
    Carry out the stages of the region's end that are due, in order, and return for each what was done or is missing.

    Sign-ups: every poster is closed. Claims: refused by the door since the date. Hand-over: done when every seller was given out
    to whoever takes them (`hand_over`), is lost or erased. Archive: a backup without private file is written to `archive`. Deletion:
    everybody left is erased. A stage waits for the one before. Permission: region.wind_down.
    """
    require(actor, "region.wind_down")
    done: list[tuple[str, str]] = []
    for stage, (due_at, done_at) in settings.read_wind_down(region.reader()).items():
        present = region.moment(now)
        if done_at is not None:
            continue
        if due_at > present:
            break
        missing = _carry_out(region, actor, stage, archive, now, progress)
        if missing:
            done.append((stage, missing))
            break
        with region.turn(actor, now=now) as turn:
            settings.write_wind_down(turn, event=WindDownSet(at=turn.now, stage=stage, due_at=due_at, done=True))
        done.append((stage, "done"))
    return done


def _carry_out(
    region: Region, actor: Actor, stage: str, archive: Path | None, now: datetime | None, progress: Progress
) -> str:
    if stage == "sign_ups":
        with region.turn(actor, now=now) as turn:
            for poster, _ in store.read_posters(turn.connection, open_only=True):
                store.close_poster(turn, event=PosterClosed(at=turn.now, poster=poster.code, why="wind_down"))
    elif stage == "hand_over":
        left = len(store.read_kept_sellers(region.reader()))
        return f"{left} sellers were not handed over: `fieldops recruit export --sellers --out FILE`" if left else ""
    elif stage == "archive":
        if archive is None:
            return "name a file with --archive"
        take_backup(region, archive, private=False, progress=progress)
    elif stage == "deletion":
        for one in store.read_unerased(region.reader()):
            found = candidates.find_candidate(region.reader(), one)
            if found is not None and found.erased_at is None:
                erase_person(region, actor, one, why="wind_down", now=now)
    return ""
