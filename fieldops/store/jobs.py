"""
The queue of work: a job a row, in `region.jobs.db` beside the region file.

A file of its own, because a heartbeat a second is no state of the region: it must neither wait for claims nor hold them
up, needs no event, belongs in no backup, and keeps the true time even where a sandbox's record runs ahead. What a job
brings about is written by its act, in the region, with its event.

What a lease promises: a job is run by one worker at a time as long as that worker is heard at least every `LOST_AFTER`.
It does not promise that a job runs once: a worker that dies leaves it to the next one, so every act must bear being run
again.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fieldops.clock import format_moment, parse_moment
from fieldops.errors import NotFound
from fieldops.ids import ActorId, CrewId, JobId
from fieldops.people import Actor, Role
from fieldops.said import Said, pack, template, unpack
from fieldops.store.connect import BUSY_SECONDS, journal_mode
from fieldops.store.migrations.jobs import JOBS
from fieldops.store.sqlite import refusal, sqlite3

LOST_AFTER = timedelta(seconds=15)  # a worker not heard for so long is dead
MOST_ATTEMPTS = 3
DIED = Said(
    "its worker died, %(attempts)s times: see the log of the worker; it may need more memory", attempts=MOST_ATTEMPTS
)
KEPT = 500  # jobs that have ended, the newest ones
FAILED_APART = timedelta(minutes=15)  # from a round that failed to the next
FIGURES = ("objective", "bound", "gap")  # what a result may hold of the figures that were reported


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """
    A piece of work and how far it has come.

    `state` is waiting, running, done, stopped (by somebody: the best result so far is kept) or failed; `share` in [0, 1]
    and `figures` (objective, bound, gap ...) are the last that were reported; `result` is what the act answered, `problem`
    one sentence where it failed. `attempts` counts the workers that took it up.
    """

    id: JobId
    kind: str
    parameters: dict[str, Any]
    actor: Actor
    ordered_at: datetime
    state: str
    stage: str = ""
    share: float = 0.0
    figures: dict[str, float]
    attempts: int = 0
    worker: str | None = None
    started_at: datetime | None = None
    heartbeat_at: datetime | None = None
    ended_at: datetime | None = None
    cancelled_by: str | None = None
    result: dict[str, Any] | None = None
    problem: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ("done", "stopped", "failed")


def jobs_path(path: Path) -> Path:
    """Return the queue that belongs to a region file: `region.gpkg` has `region.jobs.db`."""
    return path.with_suffix(".jobs.db")


@contextmanager
def open_jobs(path: Path) -> Iterator[sqlite3.Connection]:
    """
    Open the queue of a region file, made where there is none; one write turn, stored at the end or not at all.

    Raises
    ------
    StorageFailed
        If the disk or another program refuses.
    """
    connection = None
    try:
        connection = sqlite3.connect(jobs_path(path), timeout=BUSY_SECONDS, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous=NORMAL")  # a power cut may lose the last seconds of the queue, no more
        if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
            _make(connection)
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        raise refusal(error) from error
    finally:
        if connection is not None:
            connection.close()


def _make(connection: sqlite3.Connection) -> None:
    """Make the tables, unless another process was quicker."""
    connection.execute(f"PRAGMA journal_mode={journal_mode()}")
    connection.execute("BEGIN IMMEDIATE")
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
        for statement in JOBS.split(";"):
            connection.execute(statement)
        connection.execute("PRAGMA user_version=1")
    connection.execute("COMMIT")


# ── ordering and looking ────────────────────────────────────────────────────────────────────────────────────────────


def tries_of(connection: sqlite3.Connection, job: JobId) -> list[Job]:
    """Return a job and the attempts that followed it, with a number behind its id; the newest first."""
    rows = connection.execute(
        "SELECT * FROM job WHERE id = ?1 OR substr(id, 1, length(?1) + 1) = ?1 || '+' ORDER BY ordered_at DESC, id DESC",
        (job,),
    )
    return [_job(row) for row in rows]


def add_alone(connection: sqlite3.Connection, job: Job) -> None:
    """Append a job that waits; those of the same kind that still wait give way to it."""
    connection.execute(
        "UPDATE job SET state = 'stopped', ended_at = ?, problem = ? WHERE kind = ? AND state = 'waiting'",
        (format_moment(job.ordered_at), template("a newer one took its place"), job.kind),
    )
    add_job(connection, job)


def add_round(connection: sqlite3.Connection, job: Job) -> bool:
    """
    Append a job of a kind that comes every few minutes, and return True.

    False where one of its kind waits or runs, or failed less than a quarter of an hour ago. Those of its kind that ended are
    forgotten: they would fill the list.
    """
    pending = (
        "SELECT EXISTS (SELECT 1 FROM job WHERE kind = ? AND (ended_at IS NULL OR state = 'failed' AND ended_at > ?))"
    )
    if connection.execute(pending, (job.kind, format_moment(job.ordered_at - FAILED_APART))).fetchone()[0]:
        return False
    connection.execute("DELETE FROM job WHERE kind = ?", (job.kind,))
    add_job(connection, job)
    return True


def add_job(connection: sqlite3.Connection, job: Job) -> None:
    """Append a job that waits, and forget the oldest of those that ended."""
    connection.execute(
        "INSERT INTO job (id, kind, parameters, actor, role, crew, ordered_at, state) VALUES (?,?,?,?,?,?,?,'waiting')",
        (
            job.id, job.kind, json.dumps(job.parameters, ensure_ascii=False), job.actor.id, job.actor.role,
            job.actor.crew, format_moment(job.ordered_at),
        ),
    )  # fmt: skip
    connection.execute(
        "DELETE FROM job WHERE ended_at IS NOT NULL AND id NOT IN (SELECT id FROM job ORDER BY ordered_at DESC LIMIT ?)",
        (KEPT,),
    )


def find_job(connection: sqlite3.Connection, job: str) -> Job:
    """
    Return the job; an id may be cut short as long as it is unambiguous, whole it is one although others begin so.

    Raises
    ------
    NotFound
        If there is no such job, or several begin so.
    """
    rows = connection.execute(
        "SELECT * FROM job WHERE substr(id, 1, length(?1)) = ?1 AND ?1 <> '' ORDER BY id <> ?1 LIMIT 2", (job,)
    ).fetchall()
    if not rows or (len(rows) > 1 and rows[0]["id"] != job):
        raise NotFound("job", job, cure="see `fieldops jobs`" if not rows else "several begin so: give more of it")
    return _job(rows[0])


def newest_jobs(connection: sqlite3.Connection, *, most: int) -> list[Job]:
    """Return the newest jobs, newest first."""
    return [_job(row) for row in connection.execute("SELECT * FROM job ORDER BY ordered_at DESC, id LIMIT ?", (most,))]


def newest_of_kind(connection: sqlite3.Connection, kind: str) -> Job | None:
    """Return the newest job of a kind, None where there was none."""
    row = connection.execute(
        "SELECT * FROM job WHERE kind = ? ORDER BY ordered_at DESC, id DESC LIMIT 1", (kind,)
    ).fetchone()
    return _job(row) if row else None


def workers_heard(connection: sqlite3.Connection, now: datetime) -> int:
    """Return how many workers are alive."""
    since = format_moment(now - LOST_AFTER)
    return int(connection.execute("SELECT count(*) FROM worker WHERE heartbeat_at >= ?", (since,)).fetchone()[0])


def cancel(connection: sqlite3.Connection, job: JobId, *, by: ActorId, now: datetime) -> None:
    """Wish that the job ends: a waiting one has ended at once, a running one keeps its best result when it hears of it."""
    connection.execute("UPDATE job SET cancelled_by = ? WHERE id = ? AND ended_at IS NULL", (by, job))
    connection.execute(
        "UPDATE job SET state = 'stopped', ended_at = ?, problem = ? WHERE id = ? AND state = 'waiting'",
        (format_moment(now), template("cancelled before it began"), job),
    )


# ── the worker's side ───────────────────────────────────────────────────────────────────────────────────────────────


def take_job(connection: sqlite3.Connection, *, worker: str, now: datetime) -> Job | None:
    """
    Return the next job, now held by this worker; None where nothing waits.

    A running job whose worker is not heard any more waits again; after `MOST_ATTEMPTS` it has failed.
    """
    lost, at = format_moment(now - LOST_AFTER), format_moment(now)
    connection.execute(
        "UPDATE job SET state = 'failed', ended_at = ?, problem = ? WHERE state = 'running' AND heartbeat_at < ? AND attempts >= ?",
        (
            at,
            pack(DIED),
            lost,
            MOST_ATTEMPTS,
        ),
    )
    connection.execute(
        "UPDATE job SET state = 'stopped', ended_at = ?, problem = ? WHERE state = 'running' AND heartbeat_at < ?"
        " AND cancelled_by IS NOT NULL",
        (at, template("cancelled when its worker had died"), lost),
    )
    row = connection.execute(
        "UPDATE job SET state = 'running', worker = ?1, started_at = ?2, heartbeat_at = ?2, attempts = attempts + 1,"
        " stage = '', share = 0, figures = '{}' WHERE id = (SELECT id FROM job WHERE state = 'waiting'"
        " OR (state = 'running' AND heartbeat_at < ?3) ORDER BY ordered_at, id LIMIT 1) RETURNING *",
        (worker, at, lost),
    ).fetchone()
    return _job(row) if row else None


def beat(
    connection: sqlite3.Connection,
    job: Job,
    *,
    now: datetime,
    stage: str,
    share: float,
    figures: dict[str, float],
) -> str:
    """Say that the job is alive and how far it is; return `go`, `stop` (somebody cancelled) or `lost` (not ours any more)."""
    row = connection.execute(
        "UPDATE job SET heartbeat_at = ?, stage = ?, share = ?, figures = ? WHERE id = ? AND state = 'running'"
        " AND worker = ? AND attempts = ? RETURNING cancelled_by",
        (format_moment(now), stage, share, json.dumps(figures), job.id, job.worker, job.attempts),
    ).fetchone()
    if row is None:
        return "lost"
    return "stop" if row[0] is not None else "go"


def end_job(
    connection: sqlite3.Connection,
    job: Job,
    *,
    state: str,
    now: datetime,
    result: dict[str, Any] | None = None,
    problem: str = "",
) -> bool:
    """
    Note how the job ended (done, stopped, failed). Return False where it is not this worker's any more.

    Of the figures those that the result holds too are the result's from now on: the last report may have been worse.
    """
    last = {name: value for name, value in (result or {}).items() if name in FIGURES}
    row = connection.execute(
        "UPDATE job SET state = ?1, ended_at = ?, result = ?, problem = ?, share = CASE ?1 WHEN 'done' THEN 1.0 ELSE share END,"
        " figures = json_patch(figures, ?)"
        " WHERE id = ? AND state = 'running' AND worker = ? AND attempts = ? RETURNING id",
        (
            state, format_moment(now), None if result is None else json.dumps(result, ensure_ascii=False), pack(problem),
            json.dumps(last), job.id, job.worker, job.attempts,
        ),
    ).fetchone()  # fmt: skip
    return row is not None


def give_back(connection: sqlite3.Connection, job: Job, *, counts: bool, problem: str = "") -> None:
    """Let the job wait for another worker; the attempt `counts` where it may be the job's own fault."""
    connection.execute(
        "UPDATE job SET state = 'waiting', problem = ?, attempts = attempts - ? WHERE id = ? AND state = 'running'"
        " AND worker = ? AND attempts = ?",
        (pack(problem), 0 if counts else 1, job.id, job.worker, job.attempts),
    )


def meet_worker(connection: sqlite3.Connection, worker: str, *, now: datetime) -> None:
    """Note that the worker is alive, and forget the dead."""
    at = format_moment(now)
    connection.execute(
        "INSERT INTO worker VALUES (?1, ?2, ?2) ON CONFLICT (id) DO UPDATE SET heartbeat_at = ?2", (worker, at)
    )
    connection.execute("DELETE FROM worker WHERE heartbeat_at < ?", (format_moment(now - timedelta(hours=1)),))


def part_worker(connection: sqlite3.Connection, worker: str) -> None:
    """Note that the worker has gone."""
    connection.execute("DELETE FROM worker WHERE id = ?", (worker,))


def _job(row: Any) -> Job:
    moments = {
        name: parse_moment(row[name]) if row[name] else None for name in ("started_at", "heartbeat_at", "ended_at")
    }
    return Job(
        id=JobId(row["id"]), kind=row["kind"], parameters=json.loads(row["parameters"]),
        actor=Actor(ActorId(row["actor"]), Role(row["role"]), CrewId(row["crew"]) if row["crew"] else None),
        ordered_at=parse_moment(row["ordered_at"]), state=row["state"], stage=row["stage"], share=row["share"],
        figures=json.loads(row["figures"]), attempts=row["attempts"], worker=row["worker"],
        cancelled_by=row["cancelled_by"], result=json.loads(row["result"]) if row["result"] else None,
        problem=unpack(row["problem"]), **moments,
    )  # fmt: skip
