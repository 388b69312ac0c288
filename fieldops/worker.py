"""
The worker: takes jobs from the queue and runs each in a child process, so that a solver can be stopped, watched and killed.

The child (`python -m fieldops.worker`) gets its order as one line of JSON on stdin, and the word `stop` when it shall end
with the best it has; where stdin ends, its worker has died, and it dies too, so that a job taken up again never runs
twice at a time. On stdout it answers with lines of JSON: progress, then how it ended. It has a session of its own: Ctrl-C at
the terminal reaches the worker, which passes the wish on.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from queue import Empty, Queue
from typing import IO, Any

from fieldops import clock
from fieldops.actions.jobs import KINDS
from fieldops.actions.nightly import order_night
from fieldops.actions.reminding import order_round
from fieldops.clock import Stopwatch
from fieldops.errors import FieldopsError, Stopped
from fieldops.ids import ActorId, CrewId, JobId, new_id
from fieldops.people import Actor, Role
from fieldops.said import Reason, Said, pack, unpack
from fieldops.store import jobs
from fieldops.store.jobs import MOST_ATTEMPTS, Job

BEAT_SECONDS = 1.0
POLL_SECONDS = 0.5
GRACE_SECONDS = 60.0  # from the wish to stop until the child is killed
REPORT_SECONDS = 0.2
LOOK_SECONDS = 60.0  # between two looks whether the night's job or a round of reminders is due

Say = Callable[[str], None]


@dataclass(slots=True, eq=False)
class Worker:
    """
    One worker of a region file.

    `stop` may be called from a signal handler: once lets the running job end with its best result, twice gives it back
    to the queue at once. `patience_s` replaces the patience of every kind of job where it is set; where `parent` is set, the
    worker ends when that process is no longer its parent.
    """

    path: Path
    say: Say
    patience_s: float | None = None
    grace_s: float = GRACE_SECONDS
    parent: int | None = None
    name: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{new_id()[:6]}")
    wishes: int = 0
    _looked: Stopwatch | None = None
    _wake: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """Wish to end; see the class."""
        self.wishes += 1
        self._wake.set()

    def run(self, *, once: bool = False) -> int:
        """Work until somebody stops it, or until nothing waits (`once`), or the parent is gone; return the jobs done."""
        done = 0
        try:
            while not self._shall_end():
                self._order_due()
                with jobs.open_jobs(self.path) as queue:
                    jobs.meet_worker(queue, self.name, now=clock.now())
                    job = jobs.take_job(queue, worker=self.name, now=clock.now())
                if job is not None:
                    self._do(job)
                    done += 1
                elif once:
                    break
                else:
                    self._wake.wait(POLL_SECONDS)
        finally:
            with jobs.open_jobs(self.path) as queue:
                jobs.part_worker(queue, self.name)
        return done

    def _order_due(self) -> None:
        """Order what is due by the clock; see `actions.nightly` and `actions.reminding`."""
        if self._looked is not None and self._looked.seconds < LOOK_SECONDS:
            return
        self._looked = Stopwatch()
        for what, order in (("the night's job", order_night), ("a round of reminders", order_round)):
            try:
                ordered = order(self.path)
            except FieldopsError as refusal:  # a restore may be putting the file in place: the next look tells
                self.say(f"{what} cannot be ordered now: {refusal}")
            else:
                if ordered is not None:
                    self.say(f"job {ordered.id} is due")

    def _shall_end(self) -> bool:
        return self.wishes > 0 or self.parent not in (None, os.getppid())

    def _do(self, job: Job) -> None:
        """Run one job in a child and note how it ended."""
        self.say(f"job {job.id} ({job.kind}): begins, attempt {job.attempts}")
        if job.kind not in KINDS:
            ending = Ending(
                "failed",
                problem=Said("this worker knows no job of kind '%(kind)s': it needs the newer fieldops", kind=job.kind),
            )
        else:
            ending = self._watch(job, Child(self.path, job))
        with jobs.open_jobs(self.path) as queue:
            if ending.state == "waiting":
                jobs.give_back(queue, job, counts=ending.counts, problem=ending.problem)
            elif ending.state != "lost":
                jobs.end_job(
                    queue, job, state=ending.state, now=clock.now(), result=ending.result, problem=ending.problem
                )
        self.say(f"job {job.id} ({job.kind}): {ending.state}" + (f", {ending.problem}" if ending.problem else ""))

    def _watch(self, job: Job, child: "Child") -> "Ending":
        """Follow the child until it has answered, is stuck, or nobody wants it any more."""
        patience = self.patience_s if self.patience_s is not None else KINDS[job.kind].patience_s
        beat, stopping = Stopwatch(), None
        try:
            while True:
                ending = child.listen(BEAT_SECONDS / 4)
                if ending is not None:
                    return ending.after(wished=stopping is not None, attempts=job.attempts)
                if beat.seconds >= BEAT_SECONDS:
                    beat, order = Stopwatch(), self._beat(job, child)
                    if order == "lost":
                        return Ending("lost", problem="another worker has taken it up")
                    if order == "stop" and stopping is None:
                        stopping = child.ask_to_stop()
                if stopping is None and self._shall_end():
                    stopping = child.ask_to_stop()
                if self.wishes > 1:
                    return Ending("waiting", counts=False)
                if stopping is not None and stopping.seconds > self.grace_s:
                    return Ending(
                        "stopped", problem=f"killed: it did not stop within {self.grace_s:.0f} s; nothing is kept"
                    )
                if child.silence.seconds > patience:
                    return Ending(
                        "failed",
                        problem=Said(
                            "killed: no sign of progress for %(patience_n)s s in '%(stage)s'",
                            patience_n=patience,
                            stage=child.stage,
                        ),
                    )
        finally:
            child.kill()

    def _beat(self, job: Job, child: "Child") -> str:
        with jobs.open_jobs(self.path) as queue:
            jobs.meet_worker(queue, self.name, now=clock.now())
            return jobs.beat(queue, job, now=clock.now(), stage=child.stage, share=child.share, figures=child.figures)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ended: its state, or `waiting` where another attempt shall follow, or `lost`."""

    state: str
    result: dict[str, Any] | None = None
    problem: str = ""
    counts: bool = True

    def after(self, *, wished: bool, attempts: int) -> "Ending":
        """Return the ending in the light of what happened before: a wish to stop, earlier attempts."""
        if self.state == "done" and wished:
            return Ending("stopped", self.result)
        if self.state == "waiting" and wished:
            return Ending("stopped", problem=self.problem)
        if self.state == "waiting" and attempts >= MOST_ATTEMPTS:
            return Ending("failed", problem=Reason([self.problem, Said("tried %(attempts)s times", attempts=attempts)]))
        return self


class Child:
    """The process that runs one job, seen from its worker."""

    def __init__(self, path: Path, job: Job) -> None:
        """Start it and hand it its order."""
        self.stage, self.share, self.figures = "starting", 0.0, dict[str, float]()
        self.silence = Stopwatch()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "fieldops.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            start_new_session=True, encoding="utf-8",
        )  # fmt: skip
        self._lines: Queue[str | None] = Queue()
        assert self._process.stdout is not None  # it is a pipe
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        actor = job.actor
        self._send(json.dumps({
            "path": str(path), "kind": job.kind, "job": job.id, "parameters": job.parameters,
            "actor": [actor.id, actor.role, actor.crew],
        }))  # fmt: skip

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self._lines.put(line)
        self._lines.put(None)

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None  # it is a pipe
        with contextlib.suppress(BrokenPipeError):  # it has died: `listen` will tell
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()

    def ask_to_stop(self) -> Stopwatch:
        """Ask it to end with the best it has; return a watch from this moment on."""
        self._send("stop")
        return Stopwatch()

    def listen(self, seconds: float) -> Ending | None:
        """Take in what it says within so many seconds; return how it ended, None while it goes on."""
        try:
            line = self._lines.get(timeout=seconds)
        except Empty:
            return None
        if line is None:
            code = self._process.wait()
            how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            return Ending(
                "waiting",
                problem=Said("its process died (%(how)s): see the log of the worker; it may need more memory", how=how),
            )
        self.silence = Stopwatch()
        told = json.loads(line)
        if "stage" in told:
            self.stage, self.share, self.figures = told["stage"], told["share"], told["figures"]
            return None
        return Ending(told["state"], told.get("result"), unpack(told.get("problem", "")))

    def kill(self) -> None:
        """End it and whatever it started, if it is still there."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._reader.join()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdout.close()
        with contextlib.suppress(BrokenPipeError):  # it never read its last line
            self._process.stdin.close()


# ── inside the child ────────────────────────────────────────────────────────────────────────────────────────────────


class Line:
    """The child's side: a `Progress` that reports to the worker and hears its wish to stop."""

    def __init__(self) -> None:
        """Keep stdout for the worker; whatever else prints goes to stderr."""
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self.order: dict[str, Any] = json.loads(sys.stdin.readline())
        self._stopped = threading.Event()
        self._stage, self._last = "", Stopwatch()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for word in sys.stdin:
            if word.strip() == "stop":
                self._stopped.set()
        os._exit(9)  # the worker has died: whoever takes the job up next must be alone with it

    def __call__(self, stage: str, share: float, **figures: float) -> bool:
        """Report to the worker; see `fieldops.progress.Progress`."""
        if stage != self._stage or self._last.seconds >= REPORT_SECONDS:
            self._stage, self._last = stage, Stopwatch()
            finite = {name: float(value) for name, value in figures.items() if abs(value) < float("inf")}
            self.tell({"stage": stage, "share": min(1.0, float(share)), "figures": finite})
        return not self._stopped.is_set()

    def tell(self, message: dict[str, Any]) -> None:
        """Send one line."""
        self._out.write(json.dumps(message) + "\n")
        self._out.flush()


def main() -> int:
    """Run the one job that stdin orders, and tell how it ended."""
    line = Line()
    order = line.order
    name, role, crew = order["actor"]
    module, _, act = KINDS[order["kind"]].act.partition(":")
    try:
        result = getattr(import_module(module), act)(
            Path(order["path"]), Actor(ActorId(name), Role(role), CrewId(crew) if crew else None),
            job=JobId(order["job"]), progress=line, **order["parameters"],
        )  # fmt: skip
        line.tell({"state": "done", "result": result})
    except Stopped as stopped:
        line.tell({"state": "stopped", "problem": pack(stopped.told())})
    except FieldopsError as refusal:
        line.tell({"state": "failed", "problem": pack(refusal.told())})
    except Exception as error:  # noqa: BLE001  the worker's edge: the queue is told, the log has the rest
        traceback.print_exc()
        problem = Said("%(kind)s: %(error)s; see the log of the worker", kind=type(error).__name__, error=error)
        line.tell({"state": "failed", "problem": pack(problem)})
    return 0


if __name__ == "__main__":
    sys.exit(main())
