"""Steps of sellers and trainings at bases in the region file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fieldops.clock import format_moment, parse_moment
from fieldops.errors import TrainingFull
from fieldops.events import CandidateMoved, CandidatesMoved, StepDone, TrainingAttended, TrainingBooked, TrainingMade
from fieldops.ids import CandidateId, TrainingId
from fieldops.recruiting.onboarding import Step
from fieldops.store import audit
from fieldops.store.connect import Turn
from fieldops.store.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class Training:
    """A training at a base over [`starts_at`, `ends_at`) with its places."""

    id: TrainingId
    base: str
    topic: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    booked: int
    came: int
    cancelled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Stuck:
    """A seller with steps that are overdue: how many, the oldest of them, and since when."""

    candidate: CandidateId
    overdue: int
    step: str
    since: datetime


# ── steps ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def add_steps(
    turn: Turn,
    candidate: CandidateId,
    signed_at: datetime,
    steps: Sequence[Step],
    *,
    event: CandidateMoved | CandidatesMoved,
) -> None:
    """Give a seller the steps of the checklist; `event`, already appended, is the move that brought them here."""
    del event
    turn.connection.executemany(
        "INSERT OR IGNORE INTO onboarding_step VALUES (?, ?, ?, NULL)",
        [(candidate, step.name, format_moment(signed_at + step.due_after)) for step in steps],
    )


def read_steps_of(
    connection: sqlite3.Connection, candidate: CandidateId
) -> list[tuple[str, datetime, datetime | None]]:
    """Return a seller's steps with due date and the moment they were done, in order of their dates."""
    rows = connection.execute(
        "SELECT step, due_at, done_at FROM onboarding_step WHERE candidate_id = ? ORDER BY due_at, step", (candidate,)
    )
    return [(row[0], parse_moment(row[1]), parse_moment(row[2]) if row[2] else None) for row in rows]


def write_step(turn: Turn, *, event: StepDone) -> bool:
    """Note that a seller did a step, or had not; return whether there is such a step."""
    done_at = format_moment(event.at) if event.done else None
    changed = turn.connection.execute(
        "UPDATE onboarding_step SET done_at = ? WHERE candidate_id = ? AND step = ? AND (done_at IS NULL) = ?",
        (done_at, event.candidate, event.step, event.done),
    ).rowcount
    if changed:
        audit.append(turn, event)
    return bool(changed)


_STUCK = (
    " FROM onboarding_step AS s JOIN candidate AS c ON c.id = s.candidate_id WHERE s.done_at IS NULL AND s.due_at <= ?"
    " AND c.stage IN ('signed', 'trained', 'first_order') AND c.merged_into IS NULL AND c.erased_at IS NULL"
    " AND (? IS NULL OR c.rep_id = ?)"
)


def count_stuck(connection: sqlite3.Connection, now: datetime, *, rep: str | None = None) -> int:
    """Return how many sellers on their way to active have overdue steps."""
    counted = f"SELECT count(DISTINCT s.candidate_id){_STUCK}"
    return int(connection.execute(counted, (format_moment(now), rep, rep)).fetchone()[0])


def read_stuck(
    connection: sqlite3.Connection, now: datetime, *, rep: str | None = None, most: int = -1, after: int = 0
) -> list[Stuck]:
    """Return sellers on their way to active with overdue steps, those stuck longest first: all where `most` is -1."""
    rows = connection.execute(
        f"SELECT s.candidate_id, count(*), s.step, min(s.due_at){_STUCK}"
        " GROUP BY s.candidate_id ORDER BY min(s.due_at), s.candidate_id LIMIT ? OFFSET ?",
        (format_moment(now), rep, rep, most, after),
    )
    return [Stuck(CandidateId(row[0]), row[1], row[2], parse_moment(row[3])) for row in rows]


# ── trainings ───────────────────────────────────────────────────────────────────────────────────────────────────────

_TRAINING = (
    "SELECT t.id, t.base, t.topic, t.starts_at, t.ends_at, t.capacity, (SELECT count(*) FROM training_place AS p"
    " WHERE p.training_id = t.id), (SELECT count(*) FROM training_place AS p WHERE p.training_id = t.id AND p.came = 1),"
    " t.cancelled_at FROM training AS t"
)


def find_training(connection: sqlite3.Connection, training: TrainingId) -> Training | None:
    """Return a training, None where there is none."""
    row = connection.execute(f"{_TRAINING} WHERE t.id = ?", (training,)).fetchone()
    return _training_of(row) if row else None


def read_trainings(connection: sqlite3.Connection, since: datetime) -> list[Training]:
    """Return trainings that end after a moment, soonest first."""
    rows = connection.execute(f"{_TRAINING} WHERE t.ends_at > ? ORDER BY t.starts_at, t.id", (format_moment(since),))
    return [_training_of(row) for row in rows]


def _training_of(row: sqlite3.Row) -> Training:
    return Training(
        TrainingId(row[0]), row[1], row[2], parse_moment(row[3]), parse_moment(row[4]), row[5], row[6], row[7],
        parse_moment(row[8]) if row[8] else None,
    )  # fmt: skip


def write_training(turn: Turn, base: str, topic: str, ends_at: datetime, *, event: TrainingMade) -> None:
    """Store a new training, or cancel it."""
    audit.append(turn, event)
    if event.cancelled:
        turn.connection.execute(
            "UPDATE training SET cancelled_at = ? WHERE id = ?", (format_moment(event.at), event.training)
        )
        return
    turn.connection.execute(
        "INSERT INTO training VALUES (?, ?, ?, ?, ?, ?, NULL)",
        (event.training, base, topic, format_moment(event.starts_at), format_moment(ends_at), event.capacity),
    )


def write_place(turn: Turn, capacity: int, *, event: TrainingBooked) -> None:
    """
    Give a place of a training to a candidate, or take it back; the database refuses one more than there are.

    Raises
    ------
    TrainingFull
        If every place is taken.
    """
    if not event.booked:
        audit.append(turn, event)
        turn.connection.execute(
            "DELETE FROM training_place WHERE training_id = ? AND candidate_id = ?", (event.training, event.candidate)
        )
        return
    try:
        turn.connection.execute(
            "INSERT INTO training_place VALUES (?, ?, ?, NULL)",
            (event.training, event.candidate, format_moment(event.at)),
        )
    except sqlite3.IntegrityError as error:
        if "every place" not in str(error):
            raise
        raise TrainingFull(training=event.training, capacity=capacity) from None
    audit.append(turn, event)


def write_attended(turn: Turn, *, event: TrainingAttended) -> None:
    """Note whether a candidate came."""
    audit.append(turn, event)
    turn.connection.execute(
        "UPDATE training_place SET came = ? WHERE training_id = ? AND candidate_id = ?",
        (int(event.came), event.training, event.candidate),
    )


def read_places(connection: sqlite3.Connection, training: TrainingId) -> list[tuple[CandidateId, bool | None]]:
    """Return who has a place, and whether they came (None: not known yet)."""
    rows = connection.execute(
        "SELECT candidate_id, came FROM training_place WHERE training_id = ? ORDER BY booked_at, candidate_id",
        (training,),
    )
    return [(CandidateId(row[0]), None if row[1] is None else bool(row[1])) for row in rows]


def trainings_of(connection: sqlite3.Connection, candidate: CandidateId) -> list[tuple[TrainingId, bool | None]]:
    """Return the trainings in which a candidate has or had a place, and whether they came."""
    rows = connection.execute(
        "SELECT training_id, came FROM training_place WHERE candidate_id = ? ORDER BY booked_at", (candidate,)
    )
    return [(TrainingId(row[0]), None if row[1] is None else bool(row[1])) for row in rows]


def free_places(turn: Turn, candidate: CandidateId, *, event: CandidateMoved) -> None:
    """Free the places of somebody who left in trainings that have not begun; `event`, already appended, is the move."""
    rows = turn.connection.execute(
        "SELECT p.training_id FROM training_place AS p JOIN training AS t ON t.id = p.training_id"
        " WHERE p.candidate_id = ? AND t.starts_at > ? AND p.came IS NULL", (candidate, format_moment(event.at)),
    ).fetchall()  # fmt: skip
    for (training,) in rows:
        booked = TrainingBooked(
            at=event.at, why=event.after, training=TrainingId(training), candidate=candidate, booked=False
        )
        write_place(turn, 0, event=booked)
