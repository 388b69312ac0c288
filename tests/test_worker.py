"""Jobs: ordered by anybody, done in a child, taken up again after a death, cancelled with the best kept."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from inspect import signature
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest

from fieldops import clock
from fieldops.actions.city import MapSource, import_city
from fieldops.actions.jobs import KINDS, cancel_job, count_workers, list_jobs, order_job, read_job
from fieldops.errors import BadInput, Forbidden, NotFound
from fieldops.ids import ActorId, CrewId, PlanId
from fieldops.people import Actor, Role
from fieldops.store import jobs, plans
from fieldops.store.connect import open_region
from fieldops.store.jobs import LOST_AFTER, MOST_ATTEMPTS, Job
from fieldops.worker import Worker
from tests.conftest import LEAD, NOON, PLANNER
from tests.small_map import write_grid_map

CREW = Actor(ActorId("p1"), Role.CREW, CrewId("A"))
TICK = timedelta(microseconds=1)
FIELDOPS = Path(sys.executable).with_name("fieldops")
Processes = list[subprocess.Popen[bytes]]


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A grid town with two crews."""
    path = tmp_path / "region.gpkg"
    source = MapSource(map=write_grid_map(tmp_path / "grid.osm"), residents="3000")
    import_city(path, PLANNER, source, name="Grid", time_zone="UTC", sandbox=True, now=NOON)
    region = open_region(path)
    with region.turn(PLANNER, now=NOON) as turn:
        turn.connection.executemany(
            "INSERT INTO crew (id, name, people, hours_per_day, home_lon, home_lat, days_off) VALUES (?, ?, 2, 2.0, 20.0, 10.0, '[]')",
            [("A", "A"), ("B", "B")],
        )
    region.close()
    return path


def order_plan(path: Path, **parameters: Any) -> Job:
    return order_job(path, LEAD, "plan", {"now": NOON.isoformat(), "time_limit": 1.0} | parameters)


@pytest.fixture
def workers() -> Iterator[Processes]:
    """Worker processes that a test started; none outlives it."""
    started: Processes = []
    yield started
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def start_worker(path: Path, *words: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([FIELDOPS, "worker", "--db", path, *words], stderr=subprocess.DEVNULL)


def await_job(path: Path, job: Job, state: str, *, figures: bool = False, attempt: int = 1) -> Job:
    """Wait until the job is in the state, and (`figures`) until it has reported a bound."""
    watch, seconds = clock.Stopwatch(), 60.0
    while watch.seconds < seconds:
        found = read_job(path, LEAD, job.id)
        if found.state == state and found.attempts >= attempt and (not figures or "bound" in found.figures):
            return found
        assert not found.has_ended, found
        Event().wait(0.05)
    raise AssertionError(f"not {state} within {seconds} s: {found}")


def test_every_kind_of_job_has_an_act_that_takes_its_parameters() -> None:
    for kind in KINDS.values():
        module, _, name = kind.act.partition(":")
        act = signature(getattr(import_module(module), name))
        open_ended = any(p.kind is p.VAR_KEYWORD for p in act.parameters.values())
        assert {"job", "progress"} <= set(act.parameters)
        assert open_ended or set(kind.parameters) <= set(act.parameters)


def test_a_job_is_refused_by_kind_by_parameter_and_by_permission(town: Path) -> None:
    with pytest.raises(BadInput, match="no kind of job is called 'dance'"):
        order_job(town, LEAD, "dance")
    with pytest.raises(BadInput, match="no such parameter"):
        order_job(town, LEAD, "plan", {"colour": "red"})
    with pytest.raises(BadInput, match="not of the type int"):
        order_job(town, LEAD, "plan", {"seed": 1.5})
    with pytest.raises(Forbidden):
        order_job(town, CREW, "plan")
    with pytest.raises(Forbidden):
        cancel_job(town, CREW, order_plan(town).id)
    with pytest.raises(NotFound):
        read_job(town, LEAD, "nothing")


def test_a_plan_made_by_a_worker_bears_the_id_of_its_job(town: Path) -> None:
    job = order_plan(town)
    assert read_job(town, LEAD, job.id[:6]).state == "waiting"
    assert Worker(town, lambda _: None).run(once=True) == 1
    done = read_job(town, LEAD, job.id)
    assert (done.state, done.share, done.attempts) == ("done", 1.0, 1)
    assert done.result
    assert done.result["plan"] == job.id
    stored = plans.read_plan(open_region(town).reader(), PlanId(job.id))
    assert stored.assignments
    assert stored.objective == done.result["objective"]


def test_a_job_that_has_ended_tells_the_bound_and_the_gap_of_its_result(town: Path) -> None:
    job = order_plan(town)
    with jobs.open_jobs(town) as queue:
        mine = jobs.take_job(queue, worker="w", now=clock.now())
        assert mine is not None
        jobs.beat(queue, mine, stage="assign", share=0.5, figures={"bound": 12.0, "gap": 0.2}, now=clock.now())
        jobs.end_job(queue, mine, state="done", now=clock.now(), result={"plan": "p", "bound": 10.0, "gap": 0.0})
    assert read_job(town, LEAD, job.id).figures == {"bound": 10.0, "gap": 0.0}


def test_a_refusal_inside_the_job_is_told_in_one_sentence(town: Path) -> None:
    region = open_region(town)
    with region.turn(PLANNER, now=NOON) as turn:
        turn.connection.execute("UPDATE setting SET value = 'false' WHERE name = 'sandbox'")
    region.close()
    job = order_plan(town)
    Worker(town, lambda _: None).run(once=True)
    failed = read_job(town, LEAD, job.id)
    assert failed.state == "failed"
    assert "leave --now away" in failed.problem


def test_a_waiting_job_that_is_cancelled_never_begins(town: Path) -> None:
    job = order_plan(town)
    assert cancel_job(town, LEAD, job.id).state == "stopped"
    assert Worker(town, lambda _: None).run(once=True) == 0


@pytest.fixture
def large_town(town: Path) -> Path:
    """The same town with so many streets and so few hours that no solver closes the gap within a test."""
    region, rng = open_region(town), np.random.default_rng(5)
    with region.turn(PLANNER, now=NOON) as turn:
        copies = [
            (f"X{i}", f"X{i}", float(people), *place)
            for i, (people, place) in enumerate(zip(rng.uniform(300, 900, 1500), rng.uniform((20, 10), (20.006, 10.005), (1500, 2)).tolist(), strict=True))
        ]  # fmt: skip
        turn.connection.executemany(
            "INSERT INTO street (geom, id, city_id, kind, name, label, name_source, length_m, walk_m, people, people_low,"
            " people_high, people_source, buildings, lon, lat, ways, node) SELECT geom, ?, city_id, kind, name, ?, name_source,"
            " length_m, walk_m, ?, people_low, people_high, people_source, buildings, ?, ?, ways, node FROM street WHERE fid = 1",
            copies,
        )
        turn.connection.executemany(
            "INSERT INTO crew (id, name, people, hours_per_day, home_lon, home_lat, days_off) VALUES (?, ?, 9, 7.3, ?, 10.0, '[]')",
            [(f"L{j}", f"L{j}", 20.0 + j / 2000) for j in range(12)],
        )
    region.close()
    return town


def child_of(worker: "subprocess.Popen[bytes]") -> int:
    return int(Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()[0])


def test_a_running_plan_that_is_cancelled_keeps_its_best(large_town: Path, workers: Processes) -> None:
    job = order_plan(large_town, time_limit=300.0)
    workers.append(start_worker(large_town))
    running = await_job(large_town, job, "running", figures=True)
    assert running.figures["bound"] >= running.figures["objective"]
    assert count_workers(large_town, LEAD) == 1
    cancel_job(large_town, LEAD, job.id)
    ended = await_job(large_town, job, "stopped")
    assert ended.cancelled_by == LEAD.id
    assert ended.result
    assert plans.read_plan(open_region(large_town).reader(), PlanId(job.id)).status == "stopped"


def test_ctrl_c_at_the_worker_keeps_the_best_plan_and_ends_it(large_town: Path, workers: Processes) -> None:
    job = order_plan(large_town, time_limit=300.0)
    workers.append(start_worker(large_town))
    await_job(large_town, job, "running", figures=True)
    workers[0].send_signal(signal.SIGINT)
    assert workers[0].wait(timeout=60) == 0
    ended = read_job(large_town, LEAD, job.id)
    assert ended.state == "stopped"
    assert ended.result
    assert count_workers(large_town, LEAD) == 0


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to find the child")
def test_a_killed_workers_child_dies_too_and_its_job_is_taken_up_again(large_town: Path, workers: Processes) -> None:
    job = order_plan(large_town, time_limit=300.0)
    workers.append(start_worker(large_town))
    await_job(large_town, job, "running", figures=True)
    child = child_of(workers[0])
    workers[0].kill()
    workers[0].wait()
    watch = clock.Stopwatch()
    while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text().split(") ")[1][:1]:
        assert watch.seconds < 20, "the child outlives its worker"
        Event().wait(0.05)
    with jobs.open_jobs(large_town) as queue:  # as if so much time had passed
        long_ago = clock.format_moment(clock.now() - LOST_AFTER)
        queue.execute("UPDATE job SET heartbeat_at = ?", (long_ago,))
    workers.append(start_worker(large_town))
    await_job(large_town, job, "running", figures=True, attempt=2)
    cancel_job(large_town, LEAD, job.id)
    assert await_job(large_town, job, "stopped").result


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to find the child")
def test_a_child_that_dies_is_tried_again_and_one_that_is_stuck_is_killed(large_town: Path, workers: Processes) -> None:
    job = order_plan(large_town, time_limit=300.0)
    workers.append(start_worker(large_town, "--patience", "6"))
    await_job(large_town, job, "running", figures=True)
    os.kill(child_of(workers[0]), signal.SIGKILL)
    await_job(large_town, job, "running", figures=True, attempt=2)
    stuck = child_of(workers[0])
    os.kill(stuck, signal.SIGSTOP)
    failed = await_job(large_town, job, "failed")
    assert "no sign of progress for 6 s" in failed.problem
    assert not Path(f"/proc/{stuck}").exists()


def test_a_job_is_one_workers_until_that_one_is_not_heard(town: Path) -> None:
    order_plan(town)
    with jobs.open_jobs(town) as queue:
        begun = clock.now()
        first = jobs.take_job(queue, worker="one", now=begun)
        assert first
        assert jobs.take_job(queue, worker="two", now=begun + LOST_AFTER) is None
        beat = {"stage": "assign", "share": 0.5, "figures": {}}
        assert jobs.beat(queue, first, now=begun + LOST_AFTER, **beat) == "go"
        second = jobs.take_job(queue, worker="two", now=begun + 2 * LOST_AFTER + TICK)
        assert second
        assert (second.id, second.attempts) == (first.id, 2)
        assert jobs.beat(queue, first, now=begun + 2 * LOST_AFTER + TICK, **beat) == "lost"
        assert not jobs.end_job(queue, first, state="done", now=begun + 2 * LOST_AFTER + TICK)
        assert jobs.end_job(queue, second, state="done", now=begun + 2 * LOST_AFTER + TICK)


def test_a_job_whose_workers_keep_dying_has_failed_in_the_end(town: Path) -> None:
    job = order_plan(town)
    with jobs.open_jobs(town) as queue:
        now = clock.now()
        for attempt in range(1, MOST_ATTEMPTS + 1):
            taken = jobs.take_job(queue, worker="w", now=now)
            assert taken
            assert taken.attempts == attempt
            now += LOST_AFTER + TICK
        assert jobs.take_job(queue, worker="w", now=now) is None
    failed = read_job(town, LEAD, job.id)
    assert failed.state == "failed"
    assert "died, 3 times" in failed.problem


def test_two_workers_never_take_the_same_job(town: Path, workers: Processes) -> None:
    ordered = [order_plan(town, time_limit=0.5) for _ in range(4)]
    workers.extend(start_worker(town, "--once") for _ in range(2))
    for process in workers:
        assert process.wait(timeout=100) == 0
    found = list_jobs(town, LEAD)
    assert {job.id for job in found} == {job.id for job in ordered}
    assert {(job.state, job.attempts) for job in found} == {("done", 1)}


def test_the_command_line_orders_follows_and_lists(town: Path) -> None:
    def run(*words: str) -> Any:
        answer = subprocess.run(
            [FIELDOPS, *words, "--db", town, "--json"], capture_output=True, text=True, check=False, timeout=60
        )
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)

    ordered = run("plan", "--job", "--time-limit", "1", "--now", NOON.isoformat())
    assert ordered["state"] == "waiting"
    assert run("jobs")["workers"] == 0
    subprocess.run([FIELDOPS, "worker", "--once", "--db", town], check=True, timeout=60, capture_output=True)
    followed = run("jobs", "follow", ordered["job"])
    assert followed["state"] == "done"
    assert run("plan", "show", followed["result"]["plan"])["assignments"]


def test_a_worker_that_serves_beside_a_page_ends_with_it(town: Path, workers: Processes) -> None:
    workers.append(start_worker(town, "--parent", str(os.getpid() + 1)))  # not its parent: as if that one had gone
    assert workers[0].wait(timeout=30) == 0
