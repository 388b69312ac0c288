"""The rounds of reminders that a worker makes by itself: ordered as soon as something is due, one at a time."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from fieldops import clock
from fieldops.actions import notices
from fieldops.actions.nightly import WORKER
from fieldops.clock import parse_moment
from fieldops.ids import JobId, new_id
from fieldops.people import Actor
from fieldops.progress import Progress
from fieldops.store import jobs
from fieldops.store.connect import open_region
from fieldops.store.jobs import Job
from fieldops.store.sqlite import refusal, sqlite3


def order_round(path: Path, *, now: datetime | None = None) -> Job | None:
    """
    Put a round of reminders into the queue where one is due and none waits or runs; return it where it was put there.

    The one before it is forgotten: rounds come every few minutes, and the record tells what each sent. One that failed stays to
    be seen for a quarter of an hour before the next. `now` is the clock where left away. A sandbox has no rounds: its time is its
    own.

    Raises
    ------
    ClockRefused
        If the clock is far behind the record, so that nothing could be made.
    RecordDamaged, StorageFailed
        If the region cannot be read.
    """
    region = open_region(path)
    try:
        if region.sandbox or not notices.has_round_due(region, WORKER, now=now or region.writing_moment()):
            return None
    except sqlite3.DatabaseError as error:
        raise refusal(error) from error
    finally:
        region.close()
    job = Job(
        id=JobId(new_id()[:12]), kind="notices", parameters={}, actor=WORKER, ordered_at=now or clock.now(),
        state="waiting", figures={},
    )  # fmt: skip
    with jobs.open_jobs(path) as queue:
        return job if jobs.add_round(queue, job) else None


def run_round_job(
    path: Path, actor: Actor, *, job: JobId, progress: Progress, now: str | None = None
) -> dict[str, Any]:
    """Do a job of kind `notices` (see `actions.jobs`) and return what was made, sent and not sent."""
    del job
    region = open_region(path)
    try:
        return asdict(notices.deliver(region, actor, now=parse_moment(now) if now else None, progress=progress))
    finally:
        region.close()
