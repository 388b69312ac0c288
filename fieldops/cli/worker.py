"""`fieldops worker` and `fieldops jobs`: long work in the background, followed and cancelled from anywhere."""

import signal
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, in_city, is_handed_on, print_json, say, shell_actor

if TYPE_CHECKING:
    from fieldops.store.jobs import Job

jobs = typer.Typer(invoke_without_command=True, help="List the jobs of the region, follow one, cancel one.")

JobName = Annotated[str, typer.Argument(metavar="JOB", help="The job; the beginning of its id is enough.")]


def register(app: typer.Typer) -> None:
    """Add the commands `worker` and `jobs ...`."""
    app.command("worker")(worker)
    app.add_typer(jobs, name="jobs")


def worker(
    db: Db = DEFAULT_DB,
    once: Annotated[bool, typer.Option("--once", help="End when nothing waits, instead of waiting for more.")] = False,
    parent: Annotated[
        int | None, typer.Option(hidden=True, help="End when this process is no longer the parent.")
    ] = None,
    patience: Annotated[
        float | None,
        typer.Option(
            min=1.0, help="Kill a job that shows no progress for so many seconds; by default its kind decides."
        ),
    ] = None,
) -> None:
    """
    Do the jobs that pages and `--job` order, one after the other, each in a child process.

    Ctrl-C lets the running job end with its best result; pressed twice it goes back to the queue. A worker that is killed
    leaves its job to the next one. More workers do more jobs at a time.

    Once a day of the city, from 3:00 on, it orders the job `night` itself: how streets answer effort is fitted to the record,
    estimates are made anew, and the finished streets are chosen that are asked again on that day. What fails of it is tried again
    a quarter of an hour later, then after twice that, and so on up to every four hours. A sandbox has no nights.

    And as soon as a reminder of a claim's end is due, or a webhook that failed is to be tried again, it orders the job `notices`,
    which makes and sends them. A sandbox has none of these either.

    Example: fieldops worker --db region.gpkg
    """
    from fieldops.store.connect import open_region
    from fieldops.worker import Worker

    open_region(db).close()  # refuses what is no region, and says so
    working = Worker(db, say, patience_s=patience, parent=parent)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: working.stop())
    if parent is None:
        say(f"worker {working.name} waits for jobs of {db}; Ctrl-C ends it")
    done = working.run(once=once)
    if parent is None:
        say(f"{done} job{'s' if done != 1 else ''} done")


@jobs.callback()
def list_all(
    context: typer.Context,
    db: Db = DEFAULT_DB,
    most: Annotated[int, typer.Option(min=1, max=500, help="So many at most, the newest.")] = 20,
    as_json: AsJson = False,
) -> None:
    """
    List the jobs, newest first, with how far they are.

    Example: fieldops plan --job --time-limit 60, then fieldops jobs
    """
    if is_handed_on(context):
        return
    from rich.console import Console
    from rich.table import Table

    from fieldops.actions.accounts import list_accounts
    from fieldops.actions.jobs import count_workers
    from fieldops.actions.jobs import list_jobs as newest
    from fieldops.actions.nightly import find_failed_night
    from fieldops.store.connect import open_region

    found, workers = newest(db, shell_actor(), most=most), count_workers(db, shell_actor())
    region = open_region(db)
    night = find_failed_night(region, shell_actor())
    if as_json:
        failed = asdict(night) if night else None
        print_json({"workers": workers, "jobs": [document(one) for one in found], "failed_night": failed})
        return
    names = {account.actor.id: account.name for account in list_accounts(region, shell_actor())}
    table = Table("job", "kind", "ordered", "by", "state", "done", "gap", "result", box=None)
    for one in found:
        gap = f"{one.figures['gap']:.3%}" if "gap" in one.figures else ""
        told = one.problem or "  ".join(f"{name} {value}" for name, value in list((one.result or {}).items())[:2])
        table.add_row(
            one.id,
            one.kind,
            in_city(one.ordered_at, region),
            names.get(one.actor.id, one.actor.id),
            one.state,
            f"{one.share:.0%}",
            gap,
            told,
        )
    Console().print(table)
    if night:
        at = in_city(night.again_at, region) if night.again_at else "as soon as a worker runs"
        again = "is being tried again" if night.under_way else f"is tried again: {at}"
        say(f"the night's work failed: {night.problem}; it {again}")
    if not workers and any(one.state == "waiting" for one in found):
        say("no worker is running: start one with `fieldops worker`")


@jobs.command()
def follow(name: JobName, db: Db = DEFAULT_DB, as_json: AsJson = False) -> None:
    """Show how far the job is until it ends; Ctrl-C cancels it and keeps its best result."""
    from threading import Event

    from fieldops.actions.jobs import cancel_job, count_workers, read_job
    from fieldops.cli.console import progress_bar
    from fieldops.errors import BadInput, Stopped

    if not count_workers(db, shell_actor()) and not read_job(db, shell_actor(), name).has_ended:
        say("no worker is running: start one with `fieldops worker`")
    wished = False
    with progress_bar() as progress:
        while not (job := read_job(db, shell_actor(), name)).has_ended:
            going = progress(job.stage or job.state, job.share, **job.figures)
            if not going and not wished:
                wished = True
                cancel_job(db, shell_actor(), job.id)
            Event().wait(0.5)
    if as_json:
        print_json(document(job))
    else:
        typer.echo(f"{job.id}  {job.kind}  {job.state}  {job.problem or job.result or ''}")
    if job.state == "failed":
        raise BadInput(f"the job failed: {job.problem}")
    if job.state == "stopped":
        raise Stopped(kept=f"{job.result}" if job.result else job.problem)


@jobs.command()
def cancel(name: JobName, db: Db = DEFAULT_DB, as_json: AsJson = False) -> None:
    """Cancel a job: a running one ends within seconds and keeps its best result."""
    from fieldops.actions.jobs import cancel_job

    job = cancel_job(db, shell_actor(), name)
    if as_json:
        print_json(document(job))
    else:
        say(f"job {job.id}: {job.state}" + (", it will end with the best it has" if job.state == "running" else ""))


def document(job: "Job") -> dict[str, Any]:
    """Return the job as JSON values."""
    return {
        "job": job.id, "kind": job.kind, "parameters": job.parameters, "by": job.actor.id, "ordered_at": job.ordered_at,
        "state": job.state, "stage": job.stage, "share": job.share, "figures": job.figures, "attempts": job.attempts,
        "started_at": job.started_at, "heartbeat_at": job.heartbeat_at, "ended_at": job.ended_at,
        "cancelled_by": job.cancelled_by, "result": job.result, "problem": job.problem,
    }  # fmt: skip
