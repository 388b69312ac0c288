"""
The acts on jobs: order long work, look how far it is, cancel it. `fieldops worker` does the work in a child process.

How a page calls it (this room imports nothing heavy)::

    from fieldops.actions.jobs import cancel_job, count_workers, list_jobs, order_job, read_job

    job = order_job(region.path, actor, "plan", {"time_limit": 60.0, "seed": 1})   # answers at once
    job = read_job(region.path, actor, job.id)      # poll about once a second
    job.state                                       # waiting running done stopped failed; job.has_ended
    job.stage, job.share, job.figures               # "assign", 0.4, {"objective": ..., "bound": ..., "gap": ...}
    job.result                                      # once done or stopped: {"plan": id, ...}
    job.problem                                     # one sentence where it failed
    cancel_job(region.path, actor, job.id)          # the best plan so far is kept: state stopped, result set
    count_workers(region.path, actor)               # 0: say that `fieldops worker` has to be started

`KINDS` is the one registry: a new kind of job is one entry there and one act that takes `(path, actor, *, job, progress,
**parameters)` and returns a small JSON mapping. It must bear being run again, because a worker may die at any moment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fieldops import clock
from fieldops.errors import BadInput, NotFound
from fieldops.ids import JobId, new_id
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.said import Said
from fieldops.store import jobs
from fieldops.store.jobs import Job as Job


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """
    What a kind of job needs, and which act does it.

    `act` is `module:function`, loaded by the child process only; `parameters` are names and types (a float may be given as a
    whole number; all may be left away); `patience_s` are the seconds without a sign of progress after which it is stuck and
    killed.
    """

    permission: str
    act: str
    parameters: Mapping[str, type]
    patience_s: float = 300.0


KINDS: Mapping[str, JobKind] = MappingProxyType({
    "plan": JobKind(
        permission="plan.make",
        act="fieldops.actions.plans:run_plan_job",
        parameters={
            "start": str, "time_limit": float, "gap": float, "seed": int, "workers": int, "now": str, "rain": list,
            "fair": float,
            "what_if": dict,  # as `planning.terms.WhatIf`: people, hours, days, threshold, finish
        },
    ),
    "backup": JobKind(permission="record.keep", act="fieldops.actions.backups:run_backup_job", parameters={}),
    "examine": JobKind(
        permission="record.keep", act="fieldops.actions.backups:run_examine_job", parameters={"backup": str}
    ),
    "restore": JobKind(
        permission="record.restore",
        act="fieldops.actions.backups:run_restore_job",
        parameters={"backup": str, "digest": str, "now": str},
    ),
    "move": JobKind(
        permission="plan.make",
        act="fieldops.actions.moves:run_move_job",
        parameters={"plan": str, "street": str, "crew": str, "pin": bool, "now": str},
    ),
    "bursts": JobKind(
        permission="burst.set",
        act="fieldops.actions.timeline:run_bursts_job",
        parameters={"people": int, "start": str, "time_limit": float, "now": str},
    ),
    "edit": JobKind(
        permission="street.edit",
        act="fieldops.actions.mapjobs:run_edit_job",
        parameters={
            "kind": str, "street": str, "value": str, "now": str, "streets": list, "wkt": str, "made": list, "city": str,
        },
    ),
    "import": JobKind(
        permission="city.import",
        act="fieldops.actions.mapjobs:run_import_job",
        parameters={
            "map_file": str, "boundary": str, "city": str, "coordinates": str, "residents": int, "time_zone": str, "replace": bool,
            "now": str,
        },
        patience_s=1_800.0,
    ),
    "reps": JobKind(
        permission="rep.manage",
        act="fieldops.actions.recruiting_reps:run_reps_job",
        parameters={"assign": bool, "without": str, "cap": int, "leave": str, "most": int, "now": str},
    ),
    "end": JobKind(
        permission="region.wind_down",
        act="fieldops.actions.recruiting_end:run_end_job",
        parameters={"now": str},
        patience_s=1_800.0,
    ),
    "night": JobKind(permission="response.fit", act="fieldops.actions.nightly:run_night_job", parameters={"now": str}),
    "notices": JobKind(
        permission="notice.deliver", act="fieldops.actions.reminding:run_round_job", parameters={"now": str}
    ),
    "tiles": JobKind(permission="region.read", act="fieldops.actions.tiles:run_tiles_job", parameters={}),
})  # fmt: skip


def order_job(path: Path, actor: Actor, kind: str, parameters: Mapping[str, Any] | None = None) -> Job:
    """
    Put work into the queue of the region file at `path`, and return it as it waits there.

    Raises
    ------
    BadInput
        If there is no such kind of job, or a parameter is unknown or of the wrong type.
    Forbidden
        If the actor may not do what the job does.
    """
    wanted = KINDS.get(kind)
    if wanted is None:
        raise BadInput(
            Said("no kind of job is called '%(kind)s'", kind=kind),
            field="kind",
            cure=Said("use one of %(choices)s", choices=", ".join(KINDS)),
        )
    require(actor, wanted.permission)
    given = {name: value for name, value in (parameters or {}).items() if value is not None}
    for name, value in given.items():
        _check(wanted, name, value)
    if not path.exists():
        raise NotFound("region file", str(path), cure="make one with `fieldops import MAP --city NAME`")
    job = Job(
        id=JobId(new_id()[:12]), kind=kind, parameters=given, actor=actor, ordered_at=clock.now(), state="waiting",
        figures={},
    )  # fmt: skip
    with jobs.open_jobs(path) as queue:
        jobs.add_job(queue, job)
    return job


def _check(kind: JobKind, name: str, value: Any) -> None:
    form = kind.parameters.get(name)
    if form is None:
        known = ", ".join(kind.parameters) or "none"
        raise BadInput("the job has no such parameter", field=name, cure=Said("it has: %(known)s", known=known))
    fits = isinstance(value, (int, float) if form is float else form) and (form is bool or not isinstance(value, bool))
    if not fits:
        raise BadInput(
            Said("%(value)s is not of the type %(name)s", value=f"{value!r}", name=form.__name__), field=name
        )


def read_job(path: Path, actor: Actor, job: str) -> Job:
    """
    Return the job as it is now; the beginning of its id is enough.

    Raises
    ------
    NotFound
        If there is no such job.
    """
    require(actor, "job.read")
    with jobs.open_jobs(path) as queue:
        return jobs.find_job(queue, job)


def list_jobs(path: Path, actor: Actor, *, most: int = 50) -> list[Job]:
    """Return the newest jobs, newest first."""
    require(actor, "job.read")
    with jobs.open_jobs(path) as queue:
        return jobs.newest_jobs(queue, most=most)


def count_workers(path: Path, actor: Actor) -> int:
    """Return how many workers are alive: where there is none, nothing that waits will begin."""
    require(actor, "job.read")
    with jobs.open_jobs(path) as queue:
        return jobs.workers_heard(queue, clock.now())


def cancel_job(path: Path, actor: Actor, job: str) -> Job:
    """
    Wish that the job ends, and return it: a waiting one has ended, a running one keeps its best result within seconds.

    Raises
    ------
    NotFound
        If there is no such job.
    Forbidden
        If the actor may not do what the job does.
    """
    with jobs.open_jobs(path) as queue:
        found = jobs.find_job(queue, job)
        require(actor, KINDS[found.kind].permission if found.kind in KINDS else "job.read")
        jobs.cancel(queue, found.id, by=actor.id, now=clock.now())
        return jobs.find_job(queue, found.id)
