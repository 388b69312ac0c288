"""What is due once a day of the region: the fit of how streets answer effort, fresh estimates, and the day's sentinels."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from fieldops import clock
from fieldops.actions.awareness import fit_awareness, save_estimates
from fieldops.actions.sentinels import choose_sentinels_of_day, list_sentinels
from fieldops.clock import local_day, parse_moment
from fieldops.errors import BadInput, FieldopsError, StepsFailed, Stopped
from fieldops.ids import ActorId, JobId
from fieldops.people import Actor, Role
from fieldops.permissions import require
from fieldops.progress import Progress
from fieldops.said import Said, template
from fieldops.store import jobs
from fieldops.store.connect import Region, open_region
from fieldops.store.jobs import Job
from fieldops.store.places import read_zone
from fieldops.store.response import read_fit

APART, LONGEST_APART = timedelta(minutes=15), timedelta(hours=4)  # twice as long after each attempt at a night
BEGINS = time(3)  # of the region: the evening's hours and surveys have come in, and nobody is out yet
WORKER = Actor(ActorId("worker"), Role.PLANNER)
_NAME = "night-"  # and the day


@dataclass(frozen=True, slots=True)
class FailedNight:
    """
    The newest night, which no attempt has done yet: the attempt that failed, and when the next one is due.

    `again_at` is None where that is under way, or due already.
    """

    job: JobId
    failed_at: datetime
    problem: str
    attempts: int
    again_at: datetime | None
    under_way: bool


def order_night(path: Path, *, now: datetime | None = None) -> Job | None:
    """
    Put the night's job of the region's day into the queue, from 3:00 on and until it is done; return it where it was put there.

    One that was stopped or failed is ordered again: a quarter of an hour later, then after twice that, and so on up to every four
    hours. `now` is the clock where left away. A sandbox has no nights: its time is its own, and whoever made it fits and chooses.
    """
    at = now or clock.now()
    day = _day_due(path, at)
    if day is None:
        return None
    name = f"{_NAME}{day.isoformat()}"
    with jobs.open_jobs(path) as queue:
        tried = jobs.tries_of(queue, JobId(name))
        if tried and not (tried[0].state in ("stopped", "failed") and _due_again(tried) <= at):
            return None
        job = Job(
            id=JobId(f"{name}+{len(tried) + 1}" if tried else name), kind="night", parameters={}, actor=WORKER,
            ordered_at=at, state="waiting", figures={},
        )  # fmt: skip
        jobs.add_alone(queue, job)
    return job


def _due_again(tried: Sequence[Job]) -> datetime:
    """Return when a night is due again after these attempts, the newest first."""
    ended_at: datetime = tried[0].ended_at or tried[0].ordered_at
    return ended_at + min(LONGEST_APART, APART * (1 << (len(tried) - 1)))


def find_failed_night(region: Region, actor: Actor, *, now: datetime | None = None) -> FailedNight | None:
    """
    Return the newest night if an attempt at it has failed and none has done it yet; None where all is well.

    `now` is the clock where left away, as of the whole queue.

    Permission: job.read.
    """
    require(actor, "job.read")
    if region.in_memory:
        return None
    with jobs.open_jobs(region.path) as queue:
        newest = jobs.newest_of_kind(queue, "night")
        if newest is None or not newest.id.startswith(_NAME):
            return None
        name, _, _ = newest.id.partition("+")
        tried = jobs.tries_of(queue, JobId(name))
    failed = next((one for one in tried if one.state == "failed"), None)
    if failed is None or any(one.state == "done" for one in tried):
        return None
    again, day = _due_again(tried), date.fromisoformat(name.removeprefix(_NAME))
    zone = read_zone(region.reader())
    if local_day(again, zone) > day:  # the next night does it
        again = datetime.combine(day + timedelta(days=1), BEGINS, zone).astimezone(UTC)
    under_way = not tried[0].has_ended
    return FailedNight(
        failed.id, failed.ended_at or failed.ordered_at, failed.problem, len(tried) - under_way,
        None if under_way or again <= (now or clock.now()) else again, under_way,
    )  # fmt: skip


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

    Raises
    ------
    StepsFailed
        If fit, estimates or choice failed; each fails for itself, and what did not is done.
    """
    del job
    given, failed = parse_moment(now) if now else None, list[Said]()
    region = open_region(path)
    try:
        connection, at = region.reader(), region.moment(given)
        zone, before = read_zone(connection), read_fit(connection, at).fitted_at
        if before is None or local_day(before, zone) < local_day(at, zone):
            with _noted(_FIT, failed), suppress(BadInput):
                fit_awareness(region, actor, now=given, progress=progress)
        progress("fit", 1.0)
        with _noted(_ESTIMATES, failed):
            save_estimates(region, actor, now=given)
        with _noted(_SENTINELS, failed):
            choose_sentinels_of_day(region, actor, now=given)
        if failed:
            raise StepsFailed(tuple(failed))
        fit, chosen = read_fit(connection, region.moment(given)), list_sentinels(region, actor, now=given)
    finally:
        region.close()
    return {"surveys": fit.surveys, "streets": fit.streets, "sentinels": [one.street for one in chosen]}


_FIT = template("fitting how streets answer effort failed (%(error)s)")
_ESTIMATES = template("making the estimates anew failed (%(error)s)")
_SENTINELS = template("choosing the finished streets that are asked again failed (%(error)s)")


@contextmanager
def _noted(failure: str, failed: list[Said]) -> Iterator[None]:
    """Note why a step failed, its turn rolled back, so that the next one is done all the same; a wish to stop goes on."""
    try:
        yield
    except Stopped:
        raise
    except (FieldopsError, ArithmeticError, ValueError) as error:  # ValueError: what linear algebra refuses is one
        failed.append(Said(failure, error=f"{type(error).__name__}: {error}"))
