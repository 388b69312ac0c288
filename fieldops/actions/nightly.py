"""What is due once a day of the region: the fit of how streets answer effort, fresh estimates, and the day's sentinels."""

from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from fieldops import clock
from fieldops.actions.awareness import fit_awareness, save_estimates
from fieldops.actions.sentinels import choose_sentinels_of_day
from fieldops.clock import local_day, parse_moment
from fieldops.errors import BadInput
from fieldops.ids import ActorId, JobId
from fieldops.people import Actor, Role
from fieldops.progress import Progress
from fieldops.store import jobs
from fieldops.store.connect import open_region
from fieldops.store.jobs import Job
from fieldops.store.places import read_zone
from fieldops.store.response import read_fit

BEGINS = time(3)  # of the region: the evening's hours and surveys have come in, and nobody is out yet
WORKER = Actor(ActorId("worker"), Role.PLANNER)


def order_night(path: Path, *, now: datetime | None = None) -> Job | None:
    """
    Put the night's job of the region's day into the queue, once a day and from 3:00 on; return it where it was put there.

    `now` is the clock where left away. A sandbox has no nights: its time is its own, and whoever made it fits and chooses.
    """
    day = _day_due(path, now or clock.now())
    if day is None:
        return None
    job = Job(
        id=JobId(f"night-{day.isoformat()}"), kind="night", parameters={}, actor=WORKER, ordered_at=now or clock.now(),
        state="waiting", figures={},
    )  # fmt: skip
    with jobs.open_jobs(path) as queue:
        return job if jobs.add_once(queue, job) else None


def _day_due(path: Path, at: datetime) -> date | None:
    region = open_region(path)
    try:
        zone = read_zone(region.reader())
        return None if region.sandbox or at.astimezone(zone).time() < BEGINS else local_day(at, zone)
    finally:
        region.close()


def run_night_job(
    path: Path, actor: Actor, *, job: JobId, progress: Progress, now: str | None = None
) -> dict[str, Any]:
    """
    Do a job of kind `night` (see `actions.jobs`) and return what was fitted to and which streets are asked again.

    What was done on the same day already stands, so that it bears being run again. Where nobody was asked on any street there
    is nothing to fit.
    """
    del job
    given = parse_moment(now) if now else None
    region = open_region(path)
    try:
        connection, at = region.reader(), region.moment(given)
        zone, fit = read_zone(connection), read_fit(connection, at)
        if fit.fitted_at is None or local_day(fit.fitted_at, zone) < local_day(at, zone):
            try:
                fit = fit_awareness(region, actor, now=given, progress=progress)
            except BadInput:
                progress("fit", 1.0)
        save_estimates(region, actor, now=given)
        chosen = choose_sentinels_of_day(region, actor, now=given)
    finally:
        region.close()
    return {"surveys": fit.surveys, "streets": fit.streets, "sentinels": [one.street for one in chosen]}
