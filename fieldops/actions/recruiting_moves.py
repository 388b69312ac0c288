"""What becomes of a candidate: moves between stages, calls, notes, what they want, and two rows that are one person."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from fieldops.actions.recruiting import load_candidate
from fieldops.clock import local_day
from fieldops.errors import BadInput, Conflict, NotFound, RepAtCap
from fieldops.events import (
    CallMade,
    CallPlanned,
    CandidateDescribed,
    CandidateMoved,
    CandidatesMerged,
    MergeUndone,
    NoteAdded,
    RepAssigned,
)
from fieldops.ids import CandidateId, RepId, new_id
from fieldops.intake import read_reason
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.recruiting import care
from fieldops.recruiting.candidate import Candidate
from fieldops.recruiting.journey import Entry, entries, walk_journey
from fieldops.recruiting.sources import Group
from fieldops.recruiting.stages import LEFT, RANK, SELLERS, Move, Reason, Stage, check_move, furthest
from fieldops.said import Said
from fieldops.store import persons, places
from fieldops.store import recruiting as store
from fieldops.store import recruiting_reps as reps
from fieldops.store import recruiting_settings as settings
from fieldops.store import recruiting_training as training
from fieldops.store.connect import Region, Turn

LONGEST_NOTE = 2000
REP_REASONS = ("lead_decision", "same_language", "knows_them", "rep_is_quick")


class Outcome(StrEnum):
    """What a call to a candidate came to."""

    REACHED = "reached"  # the number is theirs: confirmed
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    CALL_BACK = "call_back"
    WRONG_NUMBER = "wrong_number"


def move_candidate(
    region: Region, actor: Actor, candidate: CandidateId, after: Stage, *, reason: str = "", override: str = "",
    now: datetime | None = None,
) -> Candidate:  # fmt: skip
    """
    Move a candidate to another stage (rule 16) and return them.

    Who signs gets the steps of the checklist; who becomes a seller of a rep with 35 sellers is refused unless a lead gives
    a reason as `override` (rule 18). Who leaves is due for no call, and their places in coming trainings are free again.
    Permission: candidate.move; rep.override for an override. Event: CandidateMoved.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If there is no such candidate.
    MoveNotAllowed
        If rule 16 refuses; BadInput where the reason is missing or wrong.
    RepAtCap
        If the candidate's rep cares for as many sellers as may be.
    """
    require(actor, "candidate.move")
    override = read_reason(override, REP_REASONS, field="override", needed=False)
    if override:
        require(actor, "rep.override")
    with region.turn(actor, now=now) as turn:
        found = load_candidate(turn, candidate)
        check_move(found.stage, after, found.reached, reason)
        if after in SELLERS and found.stage not in SELLERS and found.rep is not None:
            check_care(turn, found.rep, override)
        _move(turn, found, after, reason)
        if override and found.rep is not None:
            again = RepAssigned(
                at=turn.now, candidate=found.id, rep=found.rep, why="allowed_by_lead", override=override
            )
            store.write_facts(turn, found.id, event=again, rep_id=found.rep)
        return load_candidate(turn, candidate)


def _move(turn: Turn, found: Candidate, after: Stage, reason: str) -> None:
    moves = store.read_moves(turn.connection, found.id)
    move = Move(found.id, found.stage, after, turn.now, reason)
    zone = places.read_zone(turn.connection)
    way = walk_journey(found.made_at, [*moves, move], zone)
    change = entries(way, found.source.kind, found.group)
    change.subtract(tallied(turn, found, moves))
    event = CandidateMoved(at=turn.now, why=reason, candidate=found.id, before=found.stage, after=after)
    store.write_move(turn, move, furthest([found.reached, after]), way, change, event=event)
    if after == Stage.SIGNED and RANK[found.reached] < RANK[Stage.SIGNED]:
        training.add_steps(turn, found.id, turn.now, settings.present_steps(turn.connection), event=event)
    if after in LEFT:
        training.free_places(turn, found.id, event=event)
        if found.due_at is not None:
            store.write_facts(
                turn,
                found.id,
                event=CallPlanned(at=turn.now, candidate=found.id, due_at=None, why=after),
                due_at=store.NEVER,
            )


def tallied(turn: Turn, candidate: Candidate, moves: Sequence[Move]) -> Counter[Entry]:
    """Return what a candidate with these moves adds to the funnel."""
    way = walk_journey(candidate.made_at, moves, places.read_zone(turn.connection))
    return entries(way, candidate.source.kind, candidate.group)


def check_care(turn: Turn, rep: RepId, override: str) -> None:
    """
    Let one more seller into the care of a rep; the write turn holds off everybody else meanwhile (rule 18).

    Raises
    ------
    NotFound
        If there is no such rep, or they have left.
    RepAtCap
        If the rep cares for as many as may be and no reason is given.
    """
    there = reps.find_rep(turn.connection, rep)
    if there is None or not there.works_on(turn.now.date()):
        raise NotFound("rep at work", rep, cure="see `fieldops recruit reps`")
    care.admit(there.id, reps.count_care(turn.connection, rep), turn.rules.sellers_per_rep, override=override)


def assign_rep(
    region: Region, actor: Actor, candidate: CandidateId, rep: RepId | None, *, override: str = "", why: str = "by_hand",
    now: datetime | None = None,
) -> Candidate:  # fmt: skip
    """
    Give a candidate to a rep, or to nobody (None); sellers count against the rep's 35 (rule 18).

    Permission: rep.manage; rep.override where `override`, the reason of a lead, lets the 36th in. Event: RepAssigned.

    Raises
    ------
    Forbidden, NotFound, RepAtCap
        If the actor may not, there is no such candidate or rep, or the rep has as many as may be.
    """
    require(actor, "rep.manage")
    override = read_reason(override, REP_REASONS, field="override", needed=False)
    if override:
        require(actor, "rep.override")
    with region.turn(actor, now=now) as turn:
        assign_in_turn(turn, candidate, rep, override=override, why=why)
        return load_candidate(turn, candidate)


def assign_in_turn(turn: Turn, candidate: CandidateId, rep: RepId | None, *, override: str = "", why: str) -> bool:
    """Give a candidate to a rep within an open write turn; return whether anything changed."""
    found = load_candidate(turn, candidate)
    if found.rep == rep:
        return False
    if rep is not None:
        if found.is_seller:
            check_care(turn, rep, override)
        elif (there := reps.find_rep(turn.connection, rep)) is None or not there.works_on(turn.now.date()):
            raise NotFound("rep at work", rep, cure="see `fieldops recruit reps`")
    event = RepAssigned(
        at=turn.now,
        candidate=found.id,
        rep=rep,
        why=why,
        override=override,
    )
    store.write_facts(turn, found.id, event=event, rep_id=rep)
    return True


def describe_candidate(
    region: Region, actor: Actor, candidate: CandidateId, *, group: Group | None, wanted_low: int | None = None,
    wanted_high: int | None = None, income_reached: int | None = None, language: str = "", base: str | None = None,
    now: datetime | None = None,
) -> Candidate:  # fmt: skip
    """
    Set group, income band wanted and income reached (yuan a month), language and base of a candidate.

    Permission: candidate.move. Event: CandidateDescribed; nothing is recorded where nothing changes.

    Raises
    ------
    Forbidden, NotFound, BadInput
        If the actor may not, there is no such candidate, or a value cannot be.
    """
    require(actor, "candidate.move")
    care.read_income(wanted_low, wanted_high)
    care.read_income(income_reached, None)
    if len(language) > 8 or not (language.isalpha() or not language) or len(base or "") > 60:
        raise BadInput(
            "is no language or base", field="language", cure="use a code such as zh, yue, ug; a short base name"
        )
    with region.turn(actor, now=now) as turn:
        found = load_candidate(turn, candidate)
        told = (found.group, found.wanted_low, found.wanted_high, found.income_reached, found.language, found.base)
        if told == (group, wanted_low, wanted_high, income_reached, language, base or None):
            return found
        moves = store.read_moves(turn.connection, candidate)
        change = tallied(turn, replace(found, group=group), moves)
        change.subtract(tallied(turn, found, moves))
        event = CandidateDescribed(
            at=turn.now, candidate=found.id, group=group.value if group else "", wanted_low=wanted_low,
            wanted_high=wanted_high, income_reached=income_reached, language=language, base=base or None,
        )  # fmt: skip
        store.write_facts(
            turn, found.id, event=event, change=change, seller_group=event.group, wanted_low=wanted_low,
            wanted_high=wanted_high, income_reached=income_reached, language=language, base=base or None,
        )  # fmt: skip
        return load_candidate(turn, candidate)


def record_call(
    region: Region, actor: Actor, candidate: CandidateId, outcome: Outcome, *, due_at: datetime | None = None,
    now: datetime | None = None,
) -> Candidate:  # fmt: skip
    """
    Note a call and when to call again (None: no call is due any more).

    A call that reached the candidate confirms that the number is theirs. Permission: candidate.move. Event: CallMade.

    Raises
    ------
    Forbidden, NotFound
        If the actor may not, or there is no such candidate.
    BadInput
        If the next call is due on a day that is over.
    """
    require(actor, "candidate.move")
    with region.turn(actor, now=now) as turn:
        found = load_candidate(turn, candidate)
        _check_due(turn, due_at)
        event = CallMade(at=turn.now, candidate=found.id, outcome=outcome, due_at=due_at)
        confirmed_at = found.confirmed_at or (turn.now if outcome in (Outcome.REACHED, Outcome.CALL_BACK) else None)
        store.write_facts(
            turn, found.id, event=event, call=outcome.value, due_at=due_at or store.NEVER, confirmed_at=confirmed_at
        )
        return load_candidate(turn, candidate)


def plan_call(
    region: Region, actor: Actor, candidate: CandidateId, due_at: datetime | None, *, now: datetime | None = None
) -> Candidate:
    """
    Set when to call a candidate, None for not at all. Permission: candidate.move. Event: CallPlanned.

    Raises
    ------
    Forbidden, NotFound
        If the actor may not, or there is no such candidate.
    BadInput
        If that day is over.
    """
    require(actor, "candidate.move")
    with region.turn(actor, now=now) as turn:
        found = load_candidate(turn, candidate)
        _check_due(turn, due_at)
        event = CallPlanned(at=turn.now, candidate=found.id, due_at=due_at, why="by_hand")
        store.write_facts(turn, found.id, event=event, due_at=due_at or store.NEVER)
        return load_candidate(turn, candidate)


def _check_due(turn: Turn, due_at: datetime | None) -> None:
    """Let a call be due on this day of the city or a later one: an hour of today that is over is due at once."""
    zone = places.read_zone(turn.connection)
    if due_at is not None and local_day(due_at, zone) < local_day(turn.now, zone):
        raise BadInput(
            Said("%(day)s is over", day=local_day(due_at, zone).isoformat()), field="due_at",
            cure="give today or a day to come",
        )  # fmt: skip


def add_note(region: Region, actor: Actor, candidate: CandidateId, text: str, *, now: datetime | None = None) -> str:
    """
    Write a note about a candidate and return its id; the words lie sealed in the private file.

    Permission: candidate.move. Event: NoteAdded.

    Raises
    ------
    Forbidden, NotFound
        If the actor may not, or there is no such candidate.
    BadInput
        If the note is empty or longer than `LONGEST_NOTE`.
    """
    require(actor, "candidate.move")
    words = "\n".join(line.rstrip() for line in text.replace("\r", "").split("\n")).strip()
    if not words or len(words) > LONGEST_NOTE:
        raise BadInput(
            "is empty or too long",
            field="note",
            cure=Said("write 1 to %(longest_note)s characters", longest_note=LONGEST_NOTE),
        )
    with region.turn(actor, now=now) as turn:
        found, note = load_candidate(turn, candidate), new_id()
        persons.add_note(turn, found.id, note, words)
        store.write_facts(turn, found.id, event=NoteAdded(at=turn.now, candidate=found.id, note=note))
    return note


def merge_candidates(
    region: Region, actor: Actor, kept: CandidateId, merged: CandidateId, *, now: datetime | None = None
) -> Candidate:
    """
    Say that two candidates are one person with two numbers: `kept` stands for both from now on, in every figure.

    Nothing of `merged` is changed or lost, so that `undo_merge` brings everything back; either number finds `kept`.
    Permission: candidate.merge. Event: CandidatesMerged.

    Raises
    ------
    Forbidden, NotFound
        If the actor may not, or one of them is not there (or was merged already).
    BadInput
        If they are the same.
    """
    require(actor, "candidate.merge")
    if kept == merged:
        raise BadInput("a candidate is one already", field="merged", cure="name another one")
    with region.turn(actor, now=now) as turn:
        stays, goes = load_candidate(turn, kept), load_candidate(turn, merged)
        taken_out: Counter[Entry] = Counter()
        taken_out.subtract(tallied(turn, goes, store.read_moves(turn.connection, goes.id)))
        event = CandidatesMerged(at=turn.now, kept=stays.id, merged=goes.id)
        store.write_facts(turn, goes.id, event=event, change=taken_out, merged_into=stays.id)
        return load_candidate(turn, kept)


def undo_merge(
    region: Region, actor: Actor, merged: CandidateId, *, override: str = "", now: datetime | None = None
) -> Candidate:
    """
    Say that two candidates were two after all: the merged one is where they had been.

    Permission: candidate.merge. Event: MergeUndone.

    Raises
    ------
    Forbidden, NotFound
        If the actor may not, or nobody stands for that candidate.
    RepAtCap
        If they come back into the care of a rep who has 35 sellers by now: free a place, or give a reason (`override`).
    """
    require(actor, "candidate.merge")
    override = read_reason(override, REP_REASONS, field="override", needed=False)
    with region.turn(actor, now=now) as turn:
        found = store.find_candidate(turn.connection, merged)
        if found is None or found.merged_into is None or found.erased_at is not None:
            raise NotFound("merged candidate", merged)
        if found.stage in SELLERS and found.rep is not None:
            check_care(turn, found.rep, override)
        change = tallied(turn, found, store.read_moves(turn.connection, found.id))
        event = MergeUndone(
            at=turn.now,
            kept=found.merged_into,
            merged=found.id,
            why=override,
        )
        store.write_facts(turn, found.id, event=event, change=change, merged_into=None)
        return load_candidate(turn, merged)


__all__ = [
    "Conflict", "Outcome", "Reason", "RepAtCap", "Stage", "add_note", "assign_in_turn", "assign_rep", "check_care",
    "describe_candidate", "merge_candidates", "move_candidate", "plan_call", "record_call", "undo_merge",
]  # fmt: skip
