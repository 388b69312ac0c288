"""Once a day of the region the worker fits how streets answer effort and chooses the sentinels, on the record."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from fieldops import clock
from fieldops.actions.decisions import decide
from fieldops.actions.nightly import WORKER, order_night, run_night_job
from fieldops.actions.surveys import record_surveys
from fieldops.clock import local_day
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
    def fails(*given: object) -> None:
        raise np.linalg.LinAlgError("did not converge")

    monkeypatch.setattr(np.linalg, "eigh", fails)
    done = run_night_job(town.path, WORKER, job=JobId("n"), progress=no_progress)
    assert done["failed"] == {"fit": "LinAlgError: did not converge"}
    assert done["sentinels"] == ["S0"]
    assert by_worker(town) == {"SentinelsChosen": 1}
    assert town.reader().execute("SELECT count(*) FROM estimate").fetchone()[0] > 0


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
