"""A seller's first steps and the trainings at bases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fieldops.actions.recruiting import load_candidate
from fieldops.errors import BadInput, NotFound
from fieldops.events import StepDone, TextsChanged, TrainingAttended, TrainingBooked, TrainingMade
from fieldops.ids import CandidateId, TrainingId, new_id
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.recruiting.onboarding import FIRST_STEPS, Step, read_steps
from fieldops.said import Said
from fieldops.store import persons
from fieldops.store import recruiting_settings as settings
from fieldops.store import recruiting_training as store
from fieldops.store.connect import Region, Turn
from fieldops.store.recruiting_training import Training

LARGEST = 10_000


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who has a place in a training: name, and whether they came."""

    candidate: CandidateId
    name: str
    came: bool | None


def set_steps(
    region: Region, actor: Actor, rows: Sequence[Mapping[str, object]], *, now: datetime | None = None
) -> tuple[Step, ...]:
    """
    Set the checklist that new sellers get, as plain values {name, days, label}; who has signed keeps theirs.

    Permission: recruiting.settings. Event: TextsChanged.

    Raises
    ------
    Forbidden, BadInput
        If the actor may not, or a step cannot be.
    """
    require(actor, "recruiting.settings")
    steps = read_steps(rows)
    with region.turn(actor, now=now) as turn:
        version = "+".join(f"{one.name}@{one.due_after.days}" for one in steps)[:200]
        settings.write_steps(turn, steps, event=TextsChanged(at=turn.now, text="steps", version=version))
    return steps


def read_present_steps(region: Region) -> tuple[Step, ...]:
    """Return the steps that a new seller gets."""
    return settings.present_steps(region.reader())


def read_step_labels(region: Region) -> dict[str, str]:
    """Return the region's own words for steps, empty for the known ones, in their order."""
    known = {one.name: "" for one in FIRST_STEPS}
    return known | {one.name: one.label for one in settings.present_steps(region.reader())}


def mark_step(
    region: Region, actor: Actor, candidate: CandidateId, step: str, *, done: bool = True, now: datetime | None = None
) -> bool:
    """
    Note that a seller did a step, or had not after all; return whether anything changed.

    Permission: candidate.move. Event: StepDone.

    Raises
    ------
    Forbidden, NotFound
        If the actor may not, or the candidate has no such step.
    """
    require(actor, "candidate.move")
    with region.turn(actor, now=now) as turn:
        found = load_candidate(turn, candidate)
        if step not in {name for name, _, _ in store.read_steps_of(turn.connection, found.id)}:
            raise NotFound("step", step, cure="a seller gets the steps of the checklist when they sign")
        return store.write_step(turn, event=StepDone(at=turn.now, candidate=found.id, step=step, done=done))


def make_training(
    region: Region, actor: Actor, *, base: str, topic: str, starts_at: datetime, ends_at: datetime, capacity: int,
    now: datetime | None = None,
) -> TrainingId:  # fmt: skip
    """
    Set up a training at a base. Permission: training.manage. Event: TrainingMade.

    Raises
    ------
    Forbidden
        If the actor may not.
    BadInput
        If base or topic are missing, it ends before it starts or is over already, or has no places.
    """
    require(actor, "training.manage")
    for field, text in (("base", base), ("topic", topic)):
        if not text.strip() or len(text) > 100 or not text.isprintable():
            raise BadInput("is empty or too long", field=field, cure="use 1 to 100 characters")
    if ends_at <= starts_at:
        raise BadInput("ends before it starts", field="ends_at", cure="give a later moment")
    if not 1 <= capacity <= LARGEST:
        raise BadInput(
            Said("%(capacity)s places", capacity=capacity),
            field="capacity",
            cure=Said("give 1 to %(largest)s", largest=LARGEST),
        )
    training = TrainingId(new_id()[:12])
    with region.turn(actor, now=now) as turn:
        if ends_at <= turn.now:
            raise BadInput("is over", field="ends_at", cure="give a later moment")
        event = TrainingMade(at=turn.now, training=training, starts_at=starts_at, capacity=capacity)
        store.write_training(turn, base.strip(), topic.strip(), ends_at, event=event)
    return training


def cancel_training(region: Region, actor: Actor, training: TrainingId, *, now: datetime | None = None) -> None:
    """Cancel a training; whoever had a place is listed with it. Permission: training.manage. Event: TrainingMade."""
    require(actor, "training.manage")
    with region.turn(actor, now=now) as turn:
        found = _load(turn, training)
        event = TrainingMade(
            at=turn.now, training=training, starts_at=found.starts_at, capacity=found.capacity, cancelled=True
        )
        store.write_training(turn, found.base, found.topic, found.ends_at, event=event)


def _load(turn: Turn, training: TrainingId) -> Training:
    found = store.find_training(turn.connection, training)
    if found is None or found.cancelled_at is not None:
        raise NotFound("training", training)
    return found


def book_training(
    region: Region, actor: Actor, training: TrainingId, candidate: CandidateId, *, booked: bool = True,
    now: datetime | None = None,
) -> None:  # fmt: skip
    """
    Give a candidate a place in a training, or take it back. Permission: training.manage. Event: TrainingBooked.

    Raises
    ------
    Forbidden, NotFound
        If the actor may not, or there is no such training or candidate.
    TrainingFull
        If every place is taken.
    BadInput
        If it is over already.
    """
    require(actor, "training.manage")
    with region.turn(actor, now=now) as turn:
        found, who = _load(turn, training), load_candidate(turn, candidate)
        if found.ends_at <= turn.now:
            raise BadInput("is over", field="training", cure="choose a coming one")
        has_place = who.id in {one for one, _ in store.read_places(turn.connection, training)}
        if has_place != booked:
            event = TrainingBooked(at=turn.now, training=training, candidate=who.id, booked=booked)
            store.write_place(turn, found.capacity, event=event)


def mark_attended(
    region: Region,
    actor: Actor,
    training: TrainingId,
    candidate: CandidateId,
    *,
    came: bool,
    now: datetime | None = None,
) -> None:
    """
    Note whether somebody came to a training; the move to *trained* is made apart. Permission: training.manage.

    Event: TrainingAttended.

    Raises
    ------
    Forbidden, NotFound
        If the actor may not, or the candidate has no place in it.
    """
    require(actor, "training.manage")
    with region.turn(actor, now=now) as turn:
        _load(turn, training)
        places = dict(store.read_places(turn.connection, training))
        if candidate not in places:
            raise NotFound("place of this candidate in training", training)
        if places[candidate] != came:
            event = TrainingAttended(at=turn.now, training=training, candidate=candidate, came=came)
            store.write_attended(turn, event=event)


def list_trainings(
    region: Region, actor: Actor, *, over: timedelta | None = None, now: datetime | None = None
) -> list[Training]:
    """
    Return trainings that are not over, soonest first, cancelled ones too. Permission: candidate.read.

    Those that are `over` for less than this time are among them: who came is noted after the end.
    """
    require(actor, "candidate.read")
    return store.read_trainings(region.reader(), region.moment(now) - (over or timedelta(0)))


def read_training(region: Region, actor: Actor, training: TrainingId) -> tuple[Training, list[Attendance]]:
    """
    Return a training and who has a place. Permission: candidate.name.

    Raises
    ------
    NotFound
        If there is none.
    """
    require(actor, "candidate.name")
    found = store.find_training(region.reader(), training)
    if found is None:
        raise NotFound("training", training)
    places = store.read_places(region.reader(), training)
    names = persons.read_persons(region, [one for one, _ in places])
    return found, [Attendance(one, names[one].name if one in names else "", came) for one, came in places]


__all__ = [
    "Attendance", "Step", "Training", "book_training", "cancel_training", "list_trainings", "make_training",
    "mark_attended", "mark_step", "read_present_steps", "read_step_labels", "read_training", "set_steps",
]  # fmt: skip
