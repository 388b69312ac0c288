"""Duties to people whose data is kept: give it out, erase it everywhere, let it go in time, and close a region in stages."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from fieldops import clock
from fieldops.clock import format_moment
from fieldops.errors import BadInput, NotFound
from fieldops.events import PersonErased, PersonExported, PosterClosed, RepAssigned, RetentionRun, WindDownSet
from fieldops.ids import CandidateId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.progress import Progress, no_progress
from fieldops.recruiting.phones import read_phone
from fieldops.store import held as held_store
from fieldops.store import persons
from fieldops.store import recruiting as candidates
from fieldops.store import recruiting_duties as store
from fieldops.store import recruiting_lists as lists
from fieldops.store import recruiting_settings as settings
from fieldops.store import recruiting_training as training
from fieldops.store.connect import Region, Turn

KEEP_CANDIDATES = timedelta(days=90)  # what the consent text promises
KEEP_SELLERS = timedelta(days=180)
KEEP_HELD = timedelta(days=7)
KEEP_FORMS = timedelta(days=1)
KEEP_BACKUPS = timedelta(days=30)
STAGES = ("sign_ups", "claims", "hand_over", "archive", "deletion")
_AFTER = (timedelta(0), timedelta(days=7), timedelta(days=14), timedelta(days=21), timedelta(days=90))


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did: who (ids), and whether the write-ahead log could be emptied at once."""

    candidates: tuple[CandidateId, ...]
    log_emptied: bool


@dataclass(frozen=True, slots=True)
class Retention:
    """What a retention run did, or would do."""

    erased: tuple[CandidateId, ...]
    held_dropped: int
    orphans: int
    backups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """One line of the data map: which table in which file holds what about whom, why, and for how long; codes and counts."""

    table: str
    file: str
    about: str
    what: str
    purpose: str
    keeps: str
    rows: int


def find_person(region: Region, actor: Actor, text: str) -> CandidateId:
    """
    Return the candidate that an id or a phone number names, the one that stands for it after merges.

    Permission: candidate.name.

    Raises
    ------
    NotFound
        If nobody is meant.
    """
    require(actor, "candidate.name")
    found = candidates.find_candidate(region.reader(), CandidateId(text))
    if found is None:
        try:
            there = persons.find_by_phone(region, [read_phone(text)])
        except BadInput:
            there = {}
        found = next((candidates.find_candidate(region.reader(), one) for one in there.values()), None)
    while found is not None and found.merged_into is not None:
        found = candidates.find_candidate(region.reader(), found.merged_into)
    if found is None:
        raise NotFound("candidate", "of that id or phone number", cure="search by name with `fieldops recruit find`")
    return found.id


def export_person(
    region: Region, actor: Actor, candidate: CandidateId, *, now: datetime | None = None
) -> dict[str, object]:
    """
    Return all that is stored about a person, as plain values, to be handed to them.

    Permission: candidate.export. Event: PersonExported.

    Raises
    ------
    Forbidden, NotFound
        If the actor may not, or nobody is stored under that id.
    """
    require(actor, "candidate.export")
    with region.turn(actor, now=now) as turn:
        ids = [candidate, *candidates.read_merged(turn.connection, candidate)]
        known = persons.read_persons(region, ids)
        if not known:
            raise NotFound("person", candidate)
        document: dict[str, object] = {
            "given_out_at": format_moment(turn.now),
            "records": [_all_about(turn, one) for one in ids if one in known],
        }
        event = PersonExported(at=turn.now, candidate=candidate)
        candidates.write_facts(turn, candidate, event=event)
    return document


def _all_about(turn: Turn, candidate: CandidateId) -> dict[str, object]:
    region, connection = turn.region, turn.connection
    person = persons.read_persons(region, [candidate])[candidate]
    found = candidates.find_candidate(connection, candidate)
    return {
        "person": asdict(person),
        "candidate": asdict(found) if found else None,
        "sign_ups": [asdict(one) for one in candidates.read_sign_ups(connection, candidate)],
        "moves": [asdict(one) for one in candidates.read_moves(connection, candidate)],
        "calls": [
            {"called_at": at, "outcome": outcome} for at, outcome, _ in candidates.read_calls(connection, candidate)
        ],
        "notes": [{"made_at": one.made_at, "text": one.text} for one in persons.read_notes(region, candidate)],
        "steps": [
            {"step": step, "due_at": due, "done_at": done}
            for step, due, done in training.read_steps_of(connection, candidate)
        ],
        "trainings": [{"training": one, "came": came} for one, came in training.trainings_of(connection, candidate)],
    }


def erase_person(
    region: Region, actor: Actor, candidate: CandidateId, *, why: str = "asked", now: datetime | None = None
) -> Erased:
    """
    Erase one person everywhere: name, number, notes, search words, consent, in the private file and its write-ahead log.

    A nameless row stays, so that the funnel still adds up. Those for whom the candidate stands are erased too. What lies in
    backups goes with their age (`run_retention`); a backup that is restored has them erased again. Permission:
    candidate.erase. Event: PersonErased.

    Raises
    ------
    Forbidden, NotFound
        If the actor may not, or there is nobody to erase.
    """
    require(actor, "candidate.erase")
    with region.turn(actor, now=now) as turn:
        ids = [candidate, *candidates.read_merged(turn.connection, candidate)]
        there = [one for one in ids if (c := candidates.find_candidate(turn.connection, one)) and c.erased_at is None]
        if not there:
            raise NotFound("person", candidate, cure="they may have been erased already")
        hashes = [persons.hash_phone(region, one.phone) for one in persons.read_persons(region, there).values()]
        store.add_forgotten(region, there)
        for one in there:
            _erase_row(turn, one, why)
    return Erased(tuple(there), _destroy(region, there, hashes))


def _erase_row(turn: Turn, candidate: CandidateId, why: str) -> None:
    found = candidates.find_candidate(turn.connection, candidate)
    if found is not None and found.rep is not None:
        event = RepAssigned(at=turn.now, candidate=candidate, rep=None, why="erased")
        candidates.write_facts(turn, candidate, event=event, rep_id=None)
    store.write_erased(turn, event=PersonErased(at=turn.now, candidate=candidate, why=why))


def _destroy(region: Region, ids: Sequence[CandidateId], hashes: Sequence[bytes]) -> bool:
    """Destroy what the private file holds; where this fails half way the next retention run completes it."""
    for one in ids:
        persons.erase_person(region, one)
    for phone_hash in hashes:
        held_store.drop_number(region, phone_hash)
    return persons.empty_log(region)


def run_retention(
    region: Region, actor: Actor, *, dry_run: bool = False, backups: Path | None = None, now: datetime | None = None,
    progress: Progress = no_progress,
) -> Retention:  # fmt: skip
    """
    Erase everybody whose time is over, destroy old private backups in a folder, and complete unfinished erasures.

    Who never signed is kept for 90 days after the last contact, sellers who left for 180; private files of backups for 30.
    Permission: candidate.erase. Events: PersonErased, RetentionRun.

    Raises
    ------
    Forbidden
        If the actor may not.
    """
    require(actor, "candidate.erase")
    present = region.moment(now)
    expired = store.read_expired(region.reader(), present - KEEP_CANDIDATES, present - KEEP_SELLERS)
    old = store.old_backups(backups, present - KEEP_BACKUPS) if backups else []
    if dry_run:
        return Retention(tuple(expired), 0, 0, tuple(str(path) for path in old))
    for number, one in enumerate(expired):
        erase_person(region, actor, one, why="retention", now=now)
        if not progress("retention", number / len(expired)):
            break
    for path in old:
        store.destroy_backup(path)
    held = held_store.drop_old(region, present - KEEP_HELD, min(present, clock.now()) - KEEP_FORMS)
    with region.turn(actor, now=now) as turn:
        orphans = persons.sweep_persons(turn)
        event = RetentionRun(at=turn.now, erased=len(expired), held_dropped=held)
        store.record_retention(turn, event=event)
    persons.empty_log(region)
    return Retention(tuple(expired), held, orphans, tuple(str(path) for path in old))


def forget_again(region: Region, actor: Actor, *, now: datetime | None = None) -> int:
    """Erase whoever had been erased before a backup was put in place, and return how many came back with it."""
    back = []
    for one in dict.fromkeys(store.read_forgotten(region)):
        found = candidates.find_candidate(region.reader(), one)
        if found is not None and found.erased_at is None:
            back.append(one)
    for one in back:
        with region.turn(actor, now=now) as turn:
            _erase_row(turn, one, "restored")
        persons.erase_person(region, one)
    with region.turn(actor, now=now) as turn:
        persons.sweep_persons(turn)
    return len(back)


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


def read_data_map(region: Region, actor: Actor) -> list[Kept]:
    """Return which table holds what about whom, why and how long. Permission: candidate.read."""
    require(actor, "candidate.read")
    private, connection = store.count_private(region), region.reader()
    lines = [
        Kept(table, "private", about, what, purpose, keeps, private.get(table, 0))
        for table, about, what, purpose, keeps in (
            ("person", "candidates", "sealed_name_number", "contact", "candidate"),
            ("person_word", "candidates", "keyed_words", "search", "candidate"),
            ("consent", "candidates", "consent_version", "proof", "candidate"),
            ("candidate_note", "candidates", "sealed_notes", "contact", "candidate"),
            ("held_sign_up", "visitors", "sealed_name_number", "flood", "held"),
            ("form_use", "visitors", "keyed_network", "flood", "day"),
            ("rep_name", "reps", "names", "work", "employment"),
            ("promoter_name", "promoters", "names", "work", "employment"),
            ("account", "accounts", "logins", "access", "employment"),
            ("session", "accounts", "sessions", "access", "session"),
            ("invitation", "accounts", "links", "access", "session"),
            ("attempt", "visitors", "attempts", "flood", "day"),
            ("api_key", "machines", "keys", "access", "employment"),
            ("channel", "machines", "keys", "access", "employment"),
            ("phone_key", "machines", "keys", "contact", "employment"),
        )
        if table in private
    ]
    told = {line.table for line in lines}
    lines += [
        Kept(table, "private", "undescribed", "undescribed", "undescribed", "undescribed", count)
        for table, count in private.items() if table not in told
    ]  # fmt: skip
    rows = sum(lists.count_stages(connection, lists.Filters()).values())
    return [*lines, Kept("candidate", "region", "candidates", "stage_source_income", "figures", "nameless", rows)]


# ── the region's end ────────────────────────────────────────────────────────────────────────────────────────────────


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
            for poster, _ in store.read_posters(turn.connection, open_only=True, most=100_000):
                store.close_poster(turn, event=PosterClosed(at=turn.now, poster=poster.code, why="wind_down"))
    elif stage == "hand_over":
        left = len(store.read_kept_sellers(region.reader()))
        return f"{left} sellers were not handed over: `fieldops recruit export --sellers --out FILE`" if left else ""
    elif stage == "archive":
        if archive is None:
            return "name a file with --archive"
        from fieldops.store.backup import take_backup

        take_backup(region, archive, private=False, progress=progress)
    elif stage == "deletion":
        for one in store.read_unerased(region.reader()):
            found = candidates.find_candidate(region.reader(), one)
            if found is not None and found.erased_at is None:
                erase_person(region, actor, one, why="wind_down", now=now)
    return ""
