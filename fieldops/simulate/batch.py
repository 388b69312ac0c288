"""
Many campaigns: cities x seeds x policies over processes, stored as they end, so that a stopped batch goes on where it was.

Every policy meets the same cities and the same luck (common random numbers): differences are taken run by run.
"""

import hashlib
import json
import os
import signal
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from functools import lru_cache, partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from fieldops.errors import BadInput
from fieldops.progress import Progress, no_progress
from fieldops.simulate.bound import omniscient_bound
from fieldops.simulate.conditions import Conditions
from fieldops.simulate.outcome import CREW_DAY, Outcome
from fieldops.simulate.policies import describe, find_policy
from fieldops.simulate.run import Scene, run_campaign
from fieldops.simulate.scenes import CREW_SIZE, grid_scene, region_scene

BOUND = "bound"  # the policy that knows everything
_LOOK_EVERY = 0.5  # seconds between two looks whether to stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """
    One campaign to run: a policy, or `bound`, on a city with a seed.

    `side` x `side` streets on a grid, or the city of the region file `region`, of which `truth` may tell; `trust` whether the trust desk works.
    """

    policy: str
    city: int
    seed: int
    days: int
    crews: int
    side: int = 10
    region: str = ""
    truth: str = ""
    trust: bool = False
    conditions: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Return what identifies the job and everything that it depends on, the code included."""
        facts = asdict(self) | {"code": _code()}
        if self.policy == BOUND:
            facts |= {"seed": 0, "days": 0, "crews": 0, "trust": False}
        else:
            facts["settings"] = describe(find_policy(self.policy))
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:24]


@lru_cache(maxsize=1)
def _code() -> str:
    """Return the digest of the package: results of other code are not taken for those of this."""
    package = Path(__file__).parents[1]
    content = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        content.update(path.read_bytes())
    return content.hexdigest()


@dataclass(frozen=True, slots=True)
class Done:
    """A job and its outcome; for the bound its crew-days by kind."""

    job: Job
    outcome: Outcome | None
    bound: dict[str, float]


def run_job(job: Job) -> dict[str, Any]:
    """Run one job and return it with its outcome, as plain JSON values."""
    scene = _scene(job)
    if job.policy == BOUND:
        setup = scene.conditions.setup_minutes / 60.0 * CREW_SIZE
        found = omniscient_bound(scene.town, target=scene.rules.target_share, setup_hours=setup)
        return {"bound": {name: hours / CREW_DAY for name, hours in asdict(found).items()}}
    outcome = run_campaign(scene, find_policy(job.policy), trust=job.trust, examined=True)
    return {"outcome": outcome.to_json()}


@lru_cache(maxsize=2)
def _scene_of(
    city: int, seed: int, days: int, crews: int, side: int, region: str, truth: str, conditions: str
) -> Scene:
    field_ = Conditions.from_json(json.loads(conditions))
    if region:
        told = Path(truth) if truth else None
        return region_scene(Path(region), seed=seed, conditions=field_, crews=crews, days=days, truth=told)
    return grid_scene(city=city, seed=seed, conditions=field_, side=side, crews=crews, days=days)


def _scene(job: Job) -> Scene:
    seed = 0 if job.policy == BOUND and not job.region else job.seed
    conditions = json.dumps(job.conditions, sort_keys=True)
    return _scene_of(job.city, seed, job.days, job.crews, job.side, job.region, job.truth, conditions)


def run_batch(
    jobs: Sequence[Job], *, store: Path | None = None, workers: int = 1, progress: Progress = no_progress
) -> tuple[list[Done], bool]:
    """
    Run the jobs that the store does not hold yet; return all that are done, and whether that is all of them.

    Parameters
    ----------
    jobs
        What to run.
    store
        A file of JSON lines: read first, appended to as each job ends. None keeps nothing.
    workers
        Processes, >= 1.
    progress
        Told the share done; where it answers False nothing new is begun, and what runs is waited for and kept.

    Raises
    ------
    BadInput
        If the store is no file of results.
    """
    known = dict(_read_store(store)) if store else {}
    wanted = {job.key: job for job in jobs}
    waiting = [job for key, job in wanted.items() if key not in known]
    complete = True
    for job, result in _run(waiting, workers, progress, len(wanted)):
        known[job.key] = result
        if store:
            with store.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": job.key, "job": asdict(job), **result}, ensure_ascii=False) + "\n")
    done = []
    for key, job in wanted.items():
        if key not in known:
            complete = False
            continue
        stored = known[key]
        outcome = Outcome.from_json(stored["outcome"]) if "outcome" in stored else None
        done.append(Done(job, outcome, stored.get("bound", {})))
    return done, complete


def _run(jobs: list[Job], workers: int, progress: Progress, total: int) -> Iterator[tuple[Job, dict[str, Any]]]:
    """Yield each job with its result as it ends."""
    before = total - len(jobs)
    if workers <= 1:
        for number, job in enumerate(jobs):
            if not progress("campaigns", (before + number) / total):
                return
            yield job, run_job(job)
        return
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # processes are the parallelism
        os.environ.setdefault(name, "1")
    remaining, running, ended = iter(jobs), dict[Future[dict[str, Any]], Job](), 0
    # Ctrl-C reaches the whole group: the parent alone answers it, so that campaigns that run are brought to their end.
    deaf = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=deaf) as pool:
        going = True
        while True:
            for job in islice(remaining, workers - len(running) if going else 0):
                running[pool.submit(run_job, job)] = job
            if not running:
                return
            finished, _ = wait(running, timeout=_LOOK_EVERY, return_when=FIRST_COMPLETED)
            for one in finished:
                ended += 1
                yield running.pop(one), one.result()
            going = progress("campaigns", (before + ended) / total) and going


def _read_store(store: Path) -> Iterable[tuple[str, dict[str, Any]]]:
    if not store.exists():
        return
    text = store.read_bytes()
    whole = text.rfind(b"\n") + 1
    if whole < len(text) and (whole or text.startswith(b"{")):  # the last line of a run that was killed while it wrote
        os.truncate(store, whole)
    for number, line in enumerate(text[:whole].splitlines(), start=1):
        try:
            found = json.loads(line)
            yield found["key"], found
        except (ValueError, KeyError, TypeError):
            raise BadInput(
                f"{store} holds no results", row=number, cure="name another file, or remove this one"
            ) from None
