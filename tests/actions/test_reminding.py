"""Reminders leave by themselves: a worker orders a round as soon as one is due, and forgets the round before."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from fieldops import clock
from fieldops.actions.claims import make_claim
from fieldops.actions.notices import deliver, has_round_due, list_notices, set_channel
from fieldops.actions.reminding import order_round
from fieldops.errors import ClockRefused
from fieldops.exchange.webhooks import Message
from fieldops.ids import CrewId, StreetId
from fieldops.notices import make_channel
from fieldops.store import jobs
from fieldops.store.connect import Region, create_region, open_region
from fieldops.worker import Worker
from tests.conftest import LEAD, NOON
from tests.small_region import add_town

DAY = timedelta(days=1)
S0, C0 = StreetId("S0"), CrewId("C0")


def leave_the_sandbox(region: Region, now: datetime | None = None) -> Region:
    """Return the region with the clock's time; what was recorded in it stays."""
    with region.turn(LEAD, now=now) as turn:
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
    assert order_round(town.path, now=now + timedelta(minutes=14)) is None  # what failed is still to be seen
    assert states(town) == [("notices", "failed")]
    second = order_round(town.path, now=now + timedelta(minutes=15))
    assert second is not None
    assert states(town) == [("notices", "waiting")]  # and the one before is forgotten


def test_where_the_record_is_ahead_of_the_clock_a_round_follows_it_or_is_not_ordered(tmp_path: Path) -> None:
    for ahead, ordered in ((2, [True, False]), (30, [])):
        (folder := tmp_path / str(ahead)).mkdir()
        region = create_region(folder / "region.gpkg", LEAD, sandbox=True, now=NOON)
        add_town(region)
        make_claim(region, LEAD, street=S0, crew=C0, now=clock.now() - 5.5 * DAY)
        town = leave_the_sandbox(region, now=clock.now() + timedelta(hours=ahead))
        heard: list[str] = []
        if ordered:
            assert [Worker(town.path, heard.append).run(once=True) > 0 for _ in ordered] == ordered
        else:
            with pytest.raises(ClockRefused):
                order_round(town.path)
            Worker(town.path, heard.append).run(once=True)
            assert any(line.startswith("a round of reminders cannot be ordered now") for line in heard)


def test_a_worker_outlives_a_damaged_region(town: Region) -> None:
    (root,) = town.reader().execute("SELECT rootpage FROM sqlite_master WHERE name = 'claim'").fetchone()
    (size,) = town.reader().execute("PRAGMA page_size").fetchone()
    town.close()
    with town.path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xa5" * size)
    heard: list[str] = []
    Worker(town.path, heard.append).run(once=True)
    assert any("a round of reminders cannot be ordered now: the region file is damaged" in line for line in heard)


def test_a_bot_that_stays_down_is_tried_ever_more_rarely_however_much_waits(town: Region) -> None:
    region = create_region(town.path.with_name("busy.gpkg"), LEAD, sandbox=True, now=NOON)
    add_town(region, streets=60)
    for number in range(60):
        make_claim(region, LEAD, street=StreetId(f"S{number}"), crew=CrewId(f"C{number % 2}"), now=NOON)
    set_channel(region, LEAD, make_channel("chat", "wecom", "https://bot.test/?key=x", ""), now=NOON)
    start, tries = NOON + 5 * DAY, []

    def refuse(message: Message) -> str:
        tries.append(message)
        return "unreachable"

    for minute in range(60):
        if has_round_due(region, LEAD, now=start + timedelta(minutes=minute)):
            deliver(region, LEAD, now=start + timedelta(minutes=minute), send=refuse)
    assert 5 <= len(tries) <= 7  # after 1, 2, 4, 8, 16 and 32 minutes


def test_a_round_that_is_stopped_leaves_the_rest_to_the_next_one(town: Region) -> None:
    set_channel(town, LEAD, make_channel("chat", "plain", "http://127.0.0.1:9/", ""))
    done = deliver(town, LEAD, send=lambda message: "", progress=lambda stage, share, **figures: False)
    assert (done.made, done.sent) == (2, 0)
    assert deliver(town, LEAD, send=lambda message: "").sent == 1


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
