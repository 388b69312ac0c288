"""Backups through jobs: what a restore would take away is told exactly, and nothing that was answered as stored is lost."""

import threading
from pathlib import Path

import pytest

from fieldops.actions.backups import bring_in, list_backups, new_place, run_backup_job, run_examine_job, run_restore_job
from fieldops.actions.claims import make_claim
from fieldops.actions.keep import restore
from fieldops.errors import BadInput, Conflict, Forbidden, NotFound, RecordDamaged
from fieldops.ids import CrewId, JobId, StreetId
from fieldops.progress import no_progress
from fieldops.store import audit
from fieldops.store import claims as claim_store
from fieldops.store.backup import compare_records
from fieldops.store.connect import Region, open_file, open_region
from tests.conftest import LEAD, NOON, PLANNER
from tests.desk_town import make_desk_town

JOB = JobId("job")


@pytest.fixture
def town(region: Region) -> Region:
    region.close()
    for left in region.path.parent.iterdir():
        left.unlink()
    return make_desk_town(region.path)


def take(town: Region) -> str:
    return str(run_backup_job(town.path, LEAD, job=JOB, progress=no_progress)["backup"])


def test_what_a_restore_takes_away_is_counted_by_kind_before_it_is_done(town: Region) -> None:
    name = take(town)
    told = run_examine_job(town.path, LEAD, job=JOB, progress=no_progress, backup=name)
    assert (told["lost"], told["behind"], told["private"]) == ({}, 0, True)
    before = [one.street for one in claim_store.claims_in_force(town.reader(), NOON)]
    for i in (1, 2):
        make_claim(town, LEAD, street=StreetId(f"R2{i}"), crew=CrewId("C1"), now=NOON)
    told = run_examine_job(town.path, LEAD, job=JOB, progress=no_progress, backup=name)
    assert told["lost"] == {"StreetClaimed": 2}
    assert told["common"] == told["events"]
    done = run_restore_job(
        town.path, PLANNER, job=JOB, progress=no_progress, backup=name, digest=told["digest"], now=NOON.isoformat()
    )
    assert done["aside"].startswith("region.replaced-")
    assert [one.street for one in claim_store.claims_in_force(town.reader(), NOON)] == before
    assert list_backups(town, LEAD)[0].name == name


def test_a_restore_that_is_taken_up_again_is_not_done_twice(town: Region) -> None:
    name = take(town)
    digest = run_examine_job(town.path, LEAD, job=JOB, progress=no_progress, backup=name)["digest"]
    for _ in range(2):
        run_restore_job(
            town.path, PLANNER, job=JOB, progress=no_progress, backup=name, digest=digest, now=NOON.isoformat()
        )
    events = town.reader().execute("SELECT count(*) FROM event WHERE kind = 'RegionRestored'").fetchone()[0]
    assert events == 1


def test_the_last_common_event_of_two_branches_is_found(town: Region) -> None:
    first = take(town)
    make_claim(town, LEAD, street=StreetId("R21"), crew=CrewId("C1"), now=NOON)
    folder = town.path.parent / "backups"
    later = folder / "region-later.gpkg"
    from fieldops.actions.keep import back_up

    back_up(town, LEAD, later)
    restore(town.path, PLANNER, folder / first, replace_present=True, now=NOON)[0].close()
    make_claim(town, LEAD, street=StreetId("R22"), crew=CrewId("C2"), now=NOON)
    loss = compare_records(town.path, later)
    assert loss.lost == {"RegionRestored": 1, "StreetClaimed": 1}
    assert loss.behind == 1
    assert loss.common.seq == audit.head(open_file(folder / first, read_only=True)).seq


def test_only_the_file_that_was_examined_is_put_in_place_and_only_by_a_planner(town: Region) -> None:
    name = take(town)
    more = {"job": JOB, "progress": no_progress, "backup": name}
    with pytest.raises(BadInput, match="is not the file that was examined"):
        run_restore_job(town.path, PLANNER, digest="0" * 64, **more)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        run_restore_job(town.path, LEAD, digest="0" * 64, **more)  # type: ignore[arg-type]
    for strange in ("../region.gpkg", "region.gpkg", "/etc/passwd", ""):
        with pytest.raises(NotFound):
            run_examine_job(town.path, LEAD, job=JOB, progress=no_progress, backup=strange)


def test_a_file_from_elsewhere_has_to_be_a_database_and_of_this_region(town: Region, tmp_path: Path) -> None:
    place = new_place(town, PLANNER)
    place.write_bytes(b"not a database")
    with pytest.raises(BadInput):
        bring_in(PLANNER, place)
    assert not place.exists()
    (tmp_path / "other").mkdir()
    from fieldops.store.connect import create_region

    other = create_region(tmp_path / "other" / "x.gpkg", PLANNER, sandbox=True, now=NOON)
    other.close()
    place.write_bytes((tmp_path / "other" / "x.gpkg").read_bytes())
    name = bring_in(PLANNER, place)
    with pytest.raises(RecordDamaged):
        run_examine_job(town.path, PLANNER, job=JOB, progress=no_progress, backup=name)
    with pytest.raises(Forbidden):
        new_place(town, LEAD)


def test_what_was_answered_as_stored_during_a_restore_lies_in_the_file_put_aside_or_after_it(town: Region) -> None:
    name = take(town)
    stop, stored = threading.Event(), []

    def write() -> None:
        mine = open_region(town.path)
        for i in range(40):
            if stop.is_set():
                break
            try:
                made = make_claim(
                    mine, LEAD, street=StreetId(f"R{2 + i // 8}{i % 8}"), crew=CrewId(f"C{i % 4}"), now=NOON
                )
            except Conflict:
                continue
            stored.append(made.id)
        mine.close()

    writer = threading.Thread(target=write)
    writer.start()
    while not stored and writer.is_alive():
        stop.wait(0.01)
    restored, aside = restore(town.path, PLANNER, town.path.parent / "backups" / name, replace_present=True, now=NOON)
    stop.set()
    writer.join(60)
    assert aside is not None
    kept = {row[0] for row in open_file(aside, read_only=True).execute("SELECT id FROM claim")}
    now = {row[0] for row in restored.reader().execute("SELECT id FROM claim")}
    assert stored
    assert set(stored) <= kept | now
    restored.close()
