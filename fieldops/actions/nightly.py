"""What is due once a day of the region: the fit of how streets answer effort, fresh estimates, and the day's sentinels."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from fieldops import clock
from fieldops.actions.awareness import fit_awareness, save_estimates
from fieldops.actions.sentinels import choose_sentinels_of_day, list_sentinels
from fieldops.clock import local_day, parse_moment
from fieldops.errors import BadInput, FieldopsError, Stopped
from fieldops.ids import ActorId, JobId
from fieldops.people import Actor, Role
from fieldops.progress import Progress
from fieldops.store import jobs
from fieldops.store.connect import open_region
from fieldops.store.jobs import Job
from fieldops.store.places import read_zone
from fieldops.store.response import read_fit

APART = timedelta(minutes=15)  # between two attempts at a night
BEGINS = time(3)  # of the region: the evening's hours and surveys have come in, and nobody is out yet
WORKER = Actor(ActorId("worker"), Role.PLANNER)


def order_night(path: Path, *, now: datetime | None = None) -> Job | None:
    """
    Put the night's job of the region's day into the queue, from 3:00 on and until it is done; return it where it was put there.

    One that was stopped or failed is ordered again, a while apart. `now` is the clock where left away. A sandbox has no nights: its time is its own, and whoever made it fits and chooses.
    """
    day = _day_due(path, now or clock.now())
    if day is None:
        return None
    job = Job(
        id=JobId(f"night-{day.isoformat()}"), kind="night", parameters={}, actor=WORKER, ordered_at=now or clock.now(),
        state="waiting", figures={},
    )  # fmt: skip
    with jobs.open_jobs(path) as queue:
        return jobs.add_until_done(queue, job, apart=APART)


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
    is nothing to fit. Fit, estimates and choice fail each for itself: `failed` says which did, and why.
    """
    del job
    given, failed = parse_moment(now) if now else None, dict[str, str]()
    region = open_region(path)
    try:
        connection, at = region.reader(), region.moment(given)
        zone, before = read_zone(connection), read_fit(connection, at).fitted_at
        if before is None or local_day(before, zone) < local_day(at, zone):
            with _noted("fit", failed), suppress(BadInput):
                fit_awareness(region, actor, now=given, progress=progress)
        progress("fit", 1.0)
        with _noted("estimates", failed):
            save_estimates(region, actor, now=given)
        with _noted("sentinels", failed):
            choose_sentinels_of_day(region, actor, now=given)
        fit, chosen = read_fit(connection, region.moment(given)), list_sentinels(region, actor, now=given)
    finally:
        region.close()
    done = {"surveys": fit.surveys, "streets": fit.streets, "sentinels": [one.street for one in chosen]}
    return done | ({"failed": failed} if failed else {})


@contextmanager
def _noted(step: str, failed: dict[str, str]) -> Iterator[None]:
    """Note why a step failed, its turn rolled back, so that the next one is done all the same; a wish to stop goes on."""
    try:
        yield
    except Stopped:
        raise
    except (FieldopsError, ArithmeticError, ValueError) as error:  # ValueError: what linear algebra refuses is one
        failed[step] = f"{type(error).__name__}: {error}"
