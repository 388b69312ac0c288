"""Once a day of the region the worker fits how streets answer effort and chooses the sentinels, on the record."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from fieldops import clock
from fieldops.actions.decisions import decide
from fieldops.actions.nightly import WORKER, find_failed_night, order_night, run_night_job
from fieldops.actions.surveys import record_surveys
from fieldops.clock import local_day
from fieldops.errors import StepsFailed
from fieldops.ids import JobId
from fieldops.progress import no_progress
from fieldops.store import jobs
from fieldops.store.connect import Region, create_region, open_region
from fieldops.store.verify import verify
from fieldops.worker import Worker
from tests.conftest import LEAD, NOON
from tests.towns import add_town, numbered, survey_rows

ZONE = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)


@pytest.fixture
def town(tmp_path: Path) -> Region:
    """A region whose time is the clock's, in which a street has just moved on."""
    region = create_region(tmp_path / "region.gpkg", LEAD)
    add_town(region)
    rows = survey_rows([True] * 12, at=clock.now() - timedelta(hours=2), street="S0")
    assert not record_surveys(region, LEAD, numbered(rows)).refused
    assert decide(region, LEAD).closed == ["S0"]
    return region


def noon_of_today() -> datetime:
    return datetime.combine(local_day(clock.now(), ZONE), time(12), ZONE).astimezone(UTC)


def by_worker(region: Region) -> Counter[str]:
    rows = region.reader().execute("SELECT kind FROM event WHERE actor = ? AND kind <> 'RowsSealed'", (WORKER.id,))
    return Counter(row[0] for row in rows)


def test_a_night_is_ordered_once_a_day_of_the_region_from_three_on(town: Region) -> None:
    three = datetime(2026, 12, 1, 3, tzinfo=ZONE)
    assert order_night(town.path, now=three - timedelta(minutes=1)) is None
    ordered = order_night(town.path, now=three)
    assert ordered is not None
    assert (ordered.id, ordered.kind) == ("night-2026-12-01", "night")
    assert order_night(town.path, now=three + timedelta(hours=20)) is None
    assert order_night(town.path, now=three + timedelta(hours=23)) is None  # two o'clock of the next day
    assert order_night(town.path, now=three + DAY) is not None
    with jobs.open_jobs(town.path) as queue:
        assert [job.id for job in jobs.newest_jobs(queue, most=9)] == ["night-2026-12-02", "night-2026-12-01"]


def test_a_worker_fits_and_chooses_once_and_the_record_says_so(town: Region) -> None:
    assert order_night(town.path, now=noon_of_today()) is not None
    heard: list[str] = []
    assert Worker(town.path, heard.append).run(once=True) == 1
    with jobs.open_jobs(town.path) as queue:
        (job,) = jobs.newest_jobs(queue, most=9)
    assert (job.state, job.result) == ("done", {"surveys": 12, "streets": 1, "sentinels": ["S0"]})
    assert by_worker(town) == {"ResponseFitted": 1, "SentinelsChosen": 1}
    again = run_night_job(town.path, WORKER, job=JobId("again"), progress=no_progress)
    assert again == job.result
    assert by_worker(town) == {"ResponseFitted": 1, "SentinelsChosen": 1}
    assert verify(town).violations == []


def test_a_night_that_was_stopped_is_ordered_again_a_quarter_of_an_hour_later_until_one_is_done(town: Region) -> None:
    noon = noon_of_today()
    assert order_night(town.path, now=noon) is not None
    with jobs.open_jobs(town.path) as queue:
        jobs.cancel(queue, jobs.newest_jobs(queue, most=1)[0].id, by=LEAD.id, now=noon)
    assert order_night(town.path, now=noon + timedelta(minutes=14)) is None
    again = order_night(town.path, now=noon + timedelta(minutes=15))
    assert again is not None
    assert again.id == f"night-{local_day(noon, ZONE)}+2"
    assert order_night(town.path, now=noon + timedelta(hours=5)) is None  # it waits
    assert Worker(town.path, print).run(once=True) == 1
    assert by_worker(town) == {"ResponseFitted": 1, "SentinelsChosen": 1}
    assert order_night(town.path, now=noon + timedelta(hours=9)) is None  # it is done


def test_of_nights_that_wait_only_the_newest_is_run(town: Region) -> None:
    for days in (2, 1, 0):
        assert order_night(town.path, now=noon_of_today() - days * DAY) is not None
    assert Worker(town.path, print).run(once=True) == 1
    with jobs.open_jobs(town.path) as queue:
        assert [job.state for job in jobs.newest_jobs(queue, most=9)] == ["done", "stopped", "stopped"]


def test_a_fit_that_fails_takes_neither_estimates_nor_sentinels_with_it(
    town: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(np.linalg, "eigh", did_not_converge)
    with pytest.raises(StepsFailed) as failed:
        run_night_job(town.path, WORKER, job=JobId("n"), progress=no_progress)
    assert str(failed.value) == "fitting how streets answer effort failed (LinAlgError: did not converge)"
    assert by_worker(town) == {"SentinelsChosen": 1}
    assert town.reader().execute("SELECT count(*) FROM estimate").fetchone()[0] > 0
    monkeypatch.undo()
    assert run_night_job(town.path, WORKER, job=JobId("n"), progress=no_progress)["sentinels"] == ["S0"]
    assert by_worker(town) == {"SentinelsChosen": 1, "ResponseFitted": 1}


def did_not_converge(*given: object) -> None:
    raise np.linalg.LinAlgError("did not converge")


def fail(town: Region, at: datetime, why: str = "it did not converge") -> None:
    """Let the night that waits fail at a moment."""
    with jobs.open_jobs(town.path) as queue:
        job = jobs.take_job(queue, worker="w", now=at)
        assert job is not None
        assert jobs.end_job(queue, job, state="failed", now=at, problem=why)


def test_a_night_that_fails_is_tried_again_ever_later_and_the_lead_sees_when(town: Region) -> None:
    at, minutes = datetime(2026, 12, 1, 3, tzinfo=ZONE).astimezone(UTC), timedelta(minutes=1)
    assert find_failed_night(town, LEAD, now=at) is None
    assert order_night(town.path, now=at) is not None
    assert find_failed_night(town, LEAD, now=at) is None
    for attempt, wait in enumerate((15, 30, 60, 120, 240, 240), start=1):
        fail(town, at, f"failed {attempt}")
        due = at + wait * minutes
        seen = find_failed_night(town, LEAD, now=at)
        assert seen is not None
        assert (seen.problem, seen.failed_at, seen.attempts, seen.again_at) == (f"failed {attempt}", at, attempt, due)
        assert order_night(town.path, now=due - minutes) is None
        late = find_failed_night(town, LEAD, now=due + minutes)
        assert late is not None
        assert (late.again_at, late.under_way) == (None, False)  # no worker runs
        assert order_night(town.path, now=due) is not None
        trying = find_failed_night(town, LEAD, now=due)
        assert trying is not None
        assert (trying.again_at, trying.under_way, trying.attempts) == (None, True, attempt)
        at = due
    with jobs.open_jobs(town.path) as queue:
        job = jobs.take_job(queue, worker="w", now=at)
        assert job is not None
        assert job.id == "night-2026-12-01+7"
        jobs.end_job(queue, job, state="done", now=at)
    assert find_failed_night(town, LEAD, now=at) is None


def test_what_fails_late_in_the_evening_is_done_by_the_next_night(town: Region) -> None:
    at = datetime(2026, 12, 1, 23, 50, tzinfo=ZONE).astimezone(UTC)
    assert order_night(town.path, now=at) is not None
    fail(town, at)
    seen = find_failed_night(town, LEAD, now=at)
    assert seen is not None
    assert seen.again_at == datetime(2026, 12, 2, 3, tzinfo=ZONE)
    assert order_night(town.path, now=at + timedelta(minutes=20)) is None
    assert order_night(town.path, now=seen.again_at) is not None
    assert find_failed_night(town, LEAD, now=seen.again_at) is None  # a new night, of which nothing has failed


def test_where_nobody_was_asked_there_is_nothing_to_fit(tmp_path: Path) -> None:
    region = create_region(tmp_path / "new.gpkg", LEAD)
    add_town(region)
    done = run_night_job(region.path, WORKER, job=JobId("n"), progress=no_progress)
    assert done == {"surveys": 0, "streets": 0, "sentinels": []}
    assert by_worker(region) == {}
    region.close()


def test_a_sandbox_has_no_nights(region: Region) -> None:
    assert order_night(region.path, now=NOON + DAY) is None
    open_region(region.path).close()
