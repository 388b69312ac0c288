"""Writers stand in line; nobody is kept out for ever."""

import multiprocessing
import os
import signal
from pathlib import Path

from fieldops.clock import Stopwatch
from fieldops.store.connect import Region
from fieldops.store.turnstile import Turnstile, turnstile_path
from tests.conftest import LEAD, NOON
from tests.small_region import add_town

FORK = multiprocessing.get_context("fork")


def hold(path: Path, ready: object) -> None:
    Turnstile(path).enter(10)
    ready.put("in")  # type: ignore[attr-defined]
    signal.pause()


def holder(path: Path) -> multiprocessing.context.ForkProcess:
    """Another process that has passed and does not leave."""
    ready = FORK.SimpleQueue()
    process = FORK.Process(target=hold, args=(path, ready))
    process.start()
    ready.get()
    return process


def test_who_waits_passes_as_soon_as_the_one_before_dies(tmp_path: Path) -> None:
    before = holder(tmp_path / "turn")
    assert before.pid is not None
    line, watch = Turnstile(tmp_path / "turn"), Stopwatch()
    os.kill(before.pid, signal.SIGKILL)
    line.enter(30)
    assert watch.seconds < 10
    before.join()
    line.close()


def test_nobody_waits_longer_than_asked_and_passes_then_too(tmp_path: Path) -> None:
    before = holder(tmp_path / "turn")
    line, watch = Turnstile(tmp_path / "turn"), Stopwatch()
    line.enter(0.05)
    assert 0.05 <= watch.seconds < 10
    line.leave()
    before.kill()
    before.join()
    line.enter(30)
    other, watch = Turnstile(tmp_path / "turn"), Stopwatch()
    other.enter(0.05)  # the line holds again after a wait was given up
    assert watch.seconds >= 0.05
    for one in (line, other):
        one.close()


def test_a_turn_is_left_also_when_it_fails(region: Region) -> None:
    add_town(region)
    for _ in range(2):
        try:
            with region.turn(LEAD, now=NOON):
                raise LookupError
        except LookupError:
            pass
    other, watch = Turnstile(turnstile_path(region.path)), Stopwatch()
    other.enter(20)
    assert watch.seconds < 10
    other.close()


def test_a_folder_where_no_line_can_be_kept_does_not_stop_anybody(tmp_path: Path) -> None:
    line = Turnstile(tmp_path / "nowhere" / "turn")
    line.enter(1)
    line.leave()
    line.close()
