"""Duties to people whose data is kept: give it out, erase it everywhere, let it go in time, and close a region in stages."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from fieldops import clock
from fieldops.actions.recruiting import load_candidate
from fieldops.clock import format_moment
from fieldops.errors import BadInput, NotFound
from fieldops.events import (
    PersonCorrected,
    PersonErased,
    PersonExported,
    RepAssigned,
    RetentionRun,
)
from fieldops.ids import CandidateId
from fieldops.intake import read_reason
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.progress import Progress, no_progress
from fieldops.recruiting.names import read_person_name
from fieldops.recruiting.phones import read_mobile, read_phone
from fieldops.store import held as held_store
from fieldops.store import incident_notes, persons, positions
from fieldops.store import recruiting as candidates
from fieldops.store import recruiting_duties as store
from fieldops.store import recruiting_lists as lists
from fieldops.store import recruiting_training as training
from fieldops.store.connect import Region, Turn

KEEP_CANDIDATES = timedelta(days=90)  # what the consent text promises
KEEP_SELLERS = timedelta(days=180)
KEEP_HELD = timedelta(days=7)
KEEP_FORMS = timedelta(days=1)
KEEP_BACKUPS = timedelta(days=30)
KEEP_POSITIONS = timedelta(days=30)  # of phones, as measured; the region keeps them on a grid of 100 m


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
    positions: int = 0


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


def correct_person(
    region: Region, actor: Actor, candidate: CandidateId, *, name: str, phone: str = "", now: datetime | None = None
) -> None:
    """
    Put a name or a number right; a new number has to be confirmed by a call again. An empty `phone` leaves the number.

    Permission: candidate.name, reps for their own. Event: PersonCorrected; nothing is recorded where nothing changes.

    Raises
    ------
    Forbidden, NotFound
        If the actor may not, or there is no such person.
    BadInput
        If name or number cannot be, or the number is another candidate's.
    """
    require(actor, "candidate.name")
    with region.turn(actor, now=now) as turn:
        found = load_candidate(turn, candidate)
        person = persons.read_persons(region, [candidate]).get(candidate)
        if person is None:
            raise NotFound("person", candidate)
        new_name = read_person_name(name)
        new_phone = read_mobile(phone) if phone.strip() else person.phone
        if (new_name, new_phone) == (person.name, person.phone):
            return
        owner = persons.find_by_phone(region, [new_phone]).get(new_phone)
        if owner is not None and owner != candidate:
            raise BadInput("is another candidate's", field="phone", cure="say on this page that they are one person")
        persons.change_person(turn, candidate, new_name, new_phone)
        changed = new_phone != person.phone
        event = PersonCorrected(at=turn.now, candidate=candidate, number_changed=changed)
        confirmed_at = None if changed else found.confirmed_at
        candidates.write_facts(turn, candidate, event=event, confirmed_at=confirmed_at)


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
    why = read_reason(why, ("asked", "withdrawn", "mistake"))
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

    Who never signed is kept for 90 days after the last contact, sellers who left for 180; private files of backups and
    the positions of phones and what was written of incidents for 30.
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
    dropped = positions.drop_positions(region, present - KEEP_POSITIONS)
    incident_notes.drop_notes(region, present - KEEP_POSITIONS)
    with region.turn(actor, now=now) as turn:
        orphans = persons.sweep_persons(turn)
        event = RetentionRun(at=turn.now, erased=len(expired), held_dropped=held, positions=dropped)
        store.record_retention(turn, event=event)
    persons.empty_log(region)
    return Retention(tuple(expired), held, orphans, tuple(str(path) for path in old), dropped)


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
            ("position", "promoters", "positions", "checking", "month"),
            ("incident_note", "promoters", "sealed_notes", "work", "month"),
            ("day_words", "promoters", "said", "work", "month"),
            ("account", "accounts", "logins", "access", "employment"),
            ("session", "accounts", "sessions", "access", "session"),
            ("second_factor", "accounts", "factors", "access", "employment"),
            ("recovery_code", "accounts", "codes", "access", "employment"),
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
