"""Reminders leave by themselves: a worker orders a round as soon as one is due, and forgets the round before."""

from datetime import timedelta
from pathlib import Path

import pytest

from fieldops import clock
from fieldops.actions.claims import make_claim
from fieldops.actions.notices import has_round_due, list_notices, set_channel
from fieldops.actions.reminding import order_round
from fieldops.ids import CrewId, StreetId
from fieldops.notices import make_channel
from fieldops.store import jobs
from fieldops.store.connect import Region, create_region, open_region
from fieldops.worker import Worker
from tests.conftest import LEAD, NOON
from tests.small_region import add_town

DAY = timedelta(days=1)
S0, C0 = StreetId("S0"), CrewId("C0")


def leave_the_sandbox(region: Region) -> Region:
    """Return the region with the clock's time; what was recorded in it stays."""
    with region.turn(LEAD) as turn:
        turn.connection.execute("UPDATE setting SET value = 'false' WHERE name = 'sandbox'")
    region.close()
    return open_region(region.path)


@pytest.fixture
def town(tmp_path: Path) -> Region:
    """A region of the clock's time with a claim that ends in a day and a half."""
    region = create_region(tmp_path / "region.gpkg", LEAD, sandbox=True, now=NOON)
    add_town(region)
    make_claim(region, LEAD, street=S0, crew=C0, now=clock.now() - 5.5 * DAY)
    return leave_the_sandbox(region)


def states(region: Region) -> list[tuple[str, str]]:
    with jobs.open_jobs(region.path) as queue:
        return [(job.kind, job.state) for job in jobs.newest_jobs(queue, most=9) if job.kind != "night"]


def test_a_worker_reminds_a_crew_without_being_asked_and_once(town: Region) -> None:
    assert list_notices(town, LEAD, crew=C0) == []
    heard: list[str] = []
    Worker(town.path, heard.append).run(once=True)
    (notice,) = list_notices(town, LEAD, crew=C0)
    assert (notice.notice.street, notice.notice.hours_before) == (S0, 48)
    assert states(town) == [("notices", "done")]
    Worker(town.path, heard.append).run(once=True)
    assert len(list_notices(town, LEAD, crew=C0)) == 1


def test_a_round_is_ordered_only_when_something_is_due_and_one_at_a_time(town: Region) -> None:
    now = clock.now()
    assert order_round(town.path, now=now - DAY) is None
    first = order_round(town.path, now=now)
    assert first is not None
    assert order_round(town.path, now=now) is None  # it waits
    with jobs.open_jobs(town.path) as queue:
        taken = jobs.take_job(queue, worker="w", now=now)
    assert taken is not None
    assert order_round(town.path, now=now) is None  # it runs
    with jobs.open_jobs(town.path) as queue:
        jobs.end_job(queue, taken, state="failed", now=now, problem="the disk is full")
    second = order_round(town.path, now=now)
    assert second is not None
    assert states(town) == [("notices", "waiting")]  # and the one before is forgotten


def test_a_webhook_that_could_not_be_reached_makes_a_round_due_again_when_its_wait_is_over(town: Region) -> None:
    Worker(town.path, lambda words: None).run(once=True)
    assert not has_round_due(town, LEAD)
    set_channel(town, LEAD, make_channel("chat", "plain", "http://127.0.0.1:9/", ""))
    assert has_round_due(town, LEAD)
    Worker(town.path, lambda words: None).run(once=True)
    assert not has_round_due(town, LEAD)
    assert has_round_due(town, LEAD, now=clock.now() + timedelta(minutes=1))


def test_a_sandbox_has_no_rounds(tmp_path: Path) -> None:
    region = create_region(tmp_path / "region.gpkg", LEAD, sandbox=True, now=NOON)
    add_town(region)
    make_claim(region, LEAD, street=S0, crew=C0, now=clock.now() - 5.5 * DAY)
    assert has_round_due(region, LEAD, now=clock.now())
    assert order_round(region.path) is None
