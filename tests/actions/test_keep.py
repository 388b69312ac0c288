"""Backups that can be trusted, a region that is examined, and a record that survives a wrong clock."""

import multiprocessing
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fieldops.actions.claims import end_claim, make_claim, override_cool_down
from fieldops.actions.keep import accept_clock, back_up, check_region, preview_clock, restore, verify_record
from fieldops.actions.recruiting_duties import erase_person
from fieldops.actions.reserves import keep_reserves
from fieldops.claims import Outcome
from fieldops.errors import BadInput, ClockRefused, Forbidden, NotFound, RecordDamaged
from fieldops.ids import ActorId, CrewId, StreetId
from fieldops.people import Actor, Role
from fieldops.said import Said
from fieldops.store import audit, backup
from fieldops.store import claims as store
from fieldops.store.connect import Region, create_memory_region, create_region, open_region
from fieldops.store.keys import beside_key
from fieldops.store.lastword import ATTRIBUTE
from fieldops.store.persons import read_persons
from fieldops.store.recruiting_duties import forgotten_path
from fieldops.store.sqlite import sqlite3
from tests.conftest import LEAD, NOON, PLANNER
from tests.races.contest import killed_writers
from tests.recruits import join
from tests.small_region import add_town

DAY, WEEK = timedelta(days=1), timedelta(days=7)
S = [StreetId(f"S{i}") for i in range(6)]
C = [CrewId(f"C{i}") for i in range(4)]
CREW = Actor(ActorId("someone"), Role.CREW, C[0])


@pytest.fixture
def town(region: Region) -> Region:
    add_town(region, streets=6, crews=4)
    make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON)
    return region


# ── backup and restore ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_restored_backup_holds_what_was_there_when_it_was_taken(town: Region, tmp_path: Path) -> None:
    made = back_up(town, LEAD, tmp_path / "monday.gpkg")
    assert made.head == audit.head(town.reader())
    assert made.rows["claim"] == 1
    make_claim(town, LEAD, street=S[1], crew=C[1], now=NOON + DAY)
    town.close()
    restored, aside = restore(town.path, PLANNER, made.file, replace_present=True, now=NOON + 2 * DAY)
    assert [claim.street for claim in store.claims_in_force(restored.reader(), NOON + 2 * DAY)] == [S[0]]
    assert verify_record(restored, LEAD).violations == []
    assert aside is not None
    assert backup.examine_copy(aside, town.key)[1]["claim"] == 2  # nothing is lost: it was put aside
    last = restored.reader().execute("SELECT kind, facts FROM event ORDER BY seq DESC").fetchone()
    assert last["kind"] == "RegionRestored"
    assert '"seq":5' in last["facts"]
    restored.close()


def test_a_backup_restores_where_nothing_was_and_refuses_to_overwrite(town: Region, tmp_path: Path) -> None:
    made = back_up(town, LEAD, tmp_path / "monday.gpkg")
    with pytest.raises(BadInput, match="--replace"):
        restore(town.path, PLANNER, made.file)
    with pytest.raises(BadInput, match="exists already"):
        back_up(town, LEAD, made.file)
    other = tmp_path / "other.gpkg"
    with pytest.raises(BadInput, match="key"):
        restore(other, PLANNER, made.file, now=NOON)
    shutil.copy(town.path.with_suffix(".key"), other.with_suffix(".key"))
    restored, aside = restore(other, PLANNER, made.file, now=NOON)
    assert aside is None
    assert verify_record(restored, LEAD).violations == []
    assert restored.private_path.exists()
    restored.close()


def test_a_backup_for_analysis_leaves_the_private_file_out(town: Region, tmp_path: Path) -> None:
    made = back_up(town, LEAD, tmp_path / "analysis.gpkg", private=False)
    assert made.private_file is None
    assert not (tmp_path / "analysis.private.db").exists()
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith((".", "analysis"))) == [
        "analysis.gpkg",
        "analysis.gpkg.anchor",
    ]


def test_a_damaged_backup_is_refused_and_the_region_stays_as_it_is(town: Region, tmp_path: Path) -> None:
    made = back_up(town, LEAD, tmp_path / "monday.gpkg")
    whole = made.file.read_bytes()
    at = whole.index(b'"street":"S0"')
    made.file.write_bytes(whole[:at] + b'"street":"S1"' + whole[at + 13 :])
    with pytest.raises(RecordDamaged, match="is damaged"):
        restore(town.path, PLANNER, made.file, replace_present=True, now=NOON)
    made.file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises((RecordDamaged, BadInput)):
        restore(town.path, PLANNER, made.file, replace_present=True, now=NOON)
    assert verify_record(town, LEAD).violations == []


def test_an_older_backup_with_the_anchor_of_a_newer_one_is_refused(town: Region, tmp_path: Path) -> None:
    old = back_up(town, LEAD, tmp_path / "old.gpkg")
    make_claim(town, LEAD, street=S[1], crew=C[1], now=NOON)
    new = back_up(town, LEAD, tmp_path / "new.gpkg")
    old.anchor_file.write_text(new.anchor_file.read_text())
    with pytest.raises(RecordDamaged, match="its tail was cut"):
        restore(town.path, PLANNER, old.file, replace_present=True, now=NOON)


def test_an_unreadable_region_is_put_aside_and_replaced(town: Region, tmp_path: Path) -> None:
    made = back_up(town, LEAD, tmp_path / "monday.gpkg")
    town.close()
    town.path.write_bytes(b"this is no database at all, and long enough to be looked at" * 100)
    restored, aside = restore(town.path, PLANNER, made.file, replace_present=True, now=NOON)
    assert verify_record(restored, LEAD).violations == []
    assert aside is not None
    assert aside.read_bytes().startswith(b"this is no database")
    restored.close()


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if not file.name.endswith(("-turn", "-wal", "-shm")))


def test_a_restore_that_the_clock_refuses_leaves_the_region_as_it_is(tmp_path: Path) -> None:
    region = create_region(tmp_path / "region.gpkg", PLANNER, sandbox=True, now=NOON)
    add_town(region, streets=6, crews=4)
    make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON)
    made = back_up(region, LEAD, tmp_path / "monday.gpkg")
    make_claim(region, LEAD, street=S[1], crew=C[1], now=NOON)
    region.close()
    there = names(tmp_path)
    with pytest.raises(ClockRefused):
        restore(region.path, PLANNER, made.file, replace_present=True, now=NOON - 3 * DAY)
    assert names(tmp_path) == there
    region = open_region(region.path)
    assert len(store.claims_in_force(region.reader(), NOON)) == 2
    region.close()


@pytest.mark.parametrize("there", [True, False])
def test_a_restore_that_fails_after_the_region_was_replaced_puts_it_back(
    town: Region, tmp_path: Path, there: bool
) -> None:
    gone = join(town, 0).candidate
    made = back_up(town, LEAD, tmp_path / "monday.gpkg")
    erase_person(town, LEAD, gone, now=NOON)
    make_claim(town, LEAD, street=S[1], crew=C[1], now=NOON)
    back_up(town, LEAD, tmp_path / "tuesday.gpkg")
    anchored = backup.read_anchors(town.path)
    forgotten = forgotten_path(town)
    known = forgotten.read_text()
    forgotten.unlink()
    forgotten.mkdir()  # who was erased cannot be read
    path = town.path
    town.close()
    if not there:
        for file in tmp_path.glob("region.gpkg*"):
            file.unlink()
    before = names(tmp_path)
    with pytest.raises(OSError, match="directory"):
        restore(path, PLANNER, made.file, replace_present=True, now=NOON)
    assert names(tmp_path) == before
    assert backup.read_anchors(path) == anchored
    forgotten.rmdir()
    forgotten.write_text(known)
    if there:
        region = open_region(path)
        assert len(store.claims_in_force(region.reader(), NOON)) == 2
        make_claim(region, LEAD, street=S[2], crew=C[2], now=NOON)
        assert read_persons(region, [gone]) == {}
        assert verify_record(region, LEAD).violations == []
        region.close()


def test_two_restores_leave_only_anchors_that_the_record_reaches(town: Region, tmp_path: Path) -> None:
    first = back_up(town, LEAD, tmp_path / "first.gpkg")
    for i in range(1, 4):
        make_claim(town, LEAD, street=S[i], crew=C[i], now=NOON)
    second = back_up(town, LEAD, tmp_path / "second.gpkg")
    town.close()
    region, _ = restore(town.path, PLANNER, first.file, replace_present=True, now=NOON)
    back_up(region, LEAD, tmp_path / "wrong.gpkg")
    region.close()
    region, _ = restore(town.path, PLANNER, second.file, replace_present=True, now=NOON + DAY)
    assert verify_record(region, LEAD).violations == []
    back_up(region, LEAD, tmp_path / "third.gpkg")
    region.close()


def test_a_private_file_is_said_to_be_no_backup(town: Region, tmp_path: Path) -> None:
    back_up(town, LEAD, tmp_path / "monday.gpkg")
    with pytest.raises(BadInput, match="no backup of fieldops"):
        restore(town.path, PLANNER, tmp_path / "monday.private.db", replace_present=True, now=NOON)


def test_a_new_region_takes_nothing_that_another_of_its_name_has_for_itself(town: Region, tmp_path: Path) -> None:
    back_up(town, LEAD, tmp_path / "monday.gpkg")
    kept = town.private_path.read_bytes()
    with pytest.raises(BadInput, match=r"region\.private\.db.*region\.anchors.*region\.last"):
        create_region(tmp_path / "region.db", PLANNER, sandbox=True, now=NOON)
    assert town.private_path.read_bytes() == kept
    assert not (tmp_path / "region.db").exists()


def test_a_tail_that_was_cut_is_found_by_the_last_word(town: Region) -> None:
    make_claim(town, LEAD, street=S[1], crew=C[1], now=NOON)
    assert verify_record(town, LEAD).violations == []
    town.close()
    connection = sqlite3.connect(town.path, isolation_level=None)
    triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("DELETE FROM claim WHERE street_id = 'S1'")
    connection.execute("DELETE FROM event WHERE seq = (SELECT max(seq) FROM event)")
    connection.close()
    region = open_region(town.path)
    assert "its tail was cut" in " ".join(one.what for one in verify_record(region, LEAD).violations)
    region.close()


def test_backups_taken_while_writers_are_killed_are_whole(tmp_path: Path) -> None:
    region = create_region(tmp_path / "region.gpkg", PLANNER, sandbox=True, now=NOON)
    add_town(region, streets=600, crews=60)
    writers = multiprocessing.get_context("fork").Process(target=_kill, args=(region,))
    region.close()
    writers.start()
    heads = []
    for number in range(4):
        heads.append(back_up(region, LEAD, tmp_path / f"{number}.gpkg").head.seq)
    writers.join()
    assert heads == sorted(heads)
    assert verify_record(region, LEAD).violations == []
    region.close()


def _kill(region: Region) -> None:
    killed_writers(region, kills=8, seed=3)


def test_who_keeps_no_records_may_not(town: Region, tmp_path: Path) -> None:
    for act in (
        lambda: back_up(town, CREW, tmp_path / "x.gpkg"),
        lambda: restore(town.path, CREW, tmp_path / "x.gpkg"),
        lambda: accept_clock(town, CREW, why="x", now=NOON),
        lambda: preview_clock(town, CREW, now=NOON),
    ):
        with pytest.raises(Forbidden):
            act()
    with pytest.raises(NotFound):
        restore(town.path, PLANNER, tmp_path / "nothing.gpkg", replace_present=True)


# ── check ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def wrong(region: Region) -> dict[str, str]:
    return {one.check: one.text for one in check_region(region, LEAD, now=NOON) if one.level != "ok"}


def test_a_sound_region_with_a_backup_has_nothing_wrong(town: Region, tmp_path: Path) -> None:
    assert set(wrong(town)) <= {"anchors", "disk"}
    back_up(town, LEAD, tmp_path / "monday.gpkg")
    assert set(wrong(town)) <= {"disk"}
    (clock,) = [one for one in check_region(town, LEAD, now=NOON) if one.check == "clock"]
    assert clock.text == "the record ends at 2026-03-02 12:00:00+08:00"


@pytest.mark.parametrize(
    ("statement", "check", "what"),
    [
        ("DROP INDEX claim_one_open", "schema", "index claim_one_open"),
        ("DROP TRIGGER claim_never_overlaps", "schema", "trigger claim_never_overlaps"),
        ("CREATE TRIGGER foreign_hand AFTER INSERT ON claim BEGIN SELECT 1; END", "schema", "trigger foreign_hand"),
        ("CREATE TABLE layer_styles (id INTEGER)", "schema", "table layer_styles"),
        ("PRAGMA journal_mode=DELETE", "journal", "delete"),
        ("PRAGMA application_id=1", "pages", "GeoPackage"),
        ("PRAGMA foreign_keys=OFF; DELETE FROM crew", "references", "in claim"),
    ],
)
def test_what_another_program_did_to_the_file_is_found(town: Region, statement: str, check: str, what: str) -> None:
    town.close()
    writing = backup.connect.open_file(town.path)
    for part in statement.split("; ") if "TRIGGER" not in statement else [statement]:
        writing.execute(part)
    writing.close()
    assert what in wrong(town)[check]


def test_a_region_that_was_cut_back_behind_its_anchor_is_found(town: Region, tmp_path: Path) -> None:
    before = town.path.read_bytes()
    town.close()
    before = town.path.read_bytes()
    make_claim(town, LEAD, street=S[1], crew=C[1], now=NOON)
    back_up(town, LEAD, tmp_path / "monday.gpkg")
    town.close()
    town.path.write_bytes(before)
    assert "the record ends before it" in wrong(town)["anchors"]
    (violation,) = verify_record(town, LEAD).violations
    assert "its tail was cut" in violation.what
    beside_key(town.path, "anchors").unlink()
    assert verify_record(town, LEAD).found == 1  # the last word tells too
    town.path.with_name("region.gpkg-turn").unlink()
    beside_key(town.path, "last").unlink()
    os.removexattr(town.path, ATTRIBUTE)
    assert verify_record(town, LEAD).violations == []
    assert verify_record(town, LEAD, anchor_file=tmp_path / "monday.gpkg.anchor").found == 1


# ── the clock ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def astray() -> Iterator[Region]:
    """True claims on S0 to S2; then the clock jumps to 2099 and S0, S3 and S4 are claimed in a time that never was."""
    region = create_memory_region(PLANNER, now=NOON)
    add_town(region, streets=6, crews=4)
    for i in range(3):
        make_claim(region, LEAD, street=S[i], crew=C[0], now=NOON)
    end_claim(
        region, LEAD, store.claims_of_street(region.reader(), S[2])[0].id, outcome="withdrawn", why="", now=NOON + DAY
    )
    for street in (S[0], S[3], S[4]):
        make_claim(region, LEAD, street=street, crew=C[1], now=WRONG)
    end_claim(
        region, LEAD, store.claims_of_street(region.reader(), S[4])[0].id, outcome="revoked", why="x", now=WRONG + DAY
    )
    yield region
    region.close()


WRONG = datetime(2099, 1, 1, tzinfo=UTC)
TRUE = NOON + 2 * DAY


def test_after_a_clock_of_2099_writes_are_refused_and_the_error_names_the_cure(astray: Region) -> None:
    with pytest.raises(ClockRefused, match="fieldops check clock") as refusal:
        make_claim(astray, LEAD, street=S[5], crew=C[1], now=TRUE)
    assert "2026-03-04 12:00:00+08:00" in str(refusal.value)  # both in the zone of the city
    assert "2099-01-02 08:00:00+08:00" in str(refusal.value)


def test_looking_changes_nothing_and_shows_what_accepting_would(astray: Region) -> None:
    shown = preview_clock(astray, LEAD, now=TRUE)
    assert shown is not None
    assert {claim.street for claim in shown.voided} == {S[0], S[3], S[4]}
    assert shown.shortened == ()
    assert preview_clock(astray, LEAD, now=WRONG + DAY) is None
    with pytest.raises(ClockRefused):
        make_claim(astray, LEAD, street=S[5], crew=C[1], now=TRUE)


def test_an_accepted_clock_gives_the_true_holders_back_and_locks_nothing_for_ever(astray: Region) -> None:
    repair = accept_clock(astray, LEAD, why="ntp_failed", now=TRUE)
    assert len(repair.voided) == 3
    held = {claim.street: claim.crew for claim in store.claims_in_force(astray.reader(), TRUE)}
    assert held == {S[0]: C[0], S[1]: C[0]}
    assert store.cool_downs(astray.reader(), TRUE) == {}
    for street in S[3:]:
        make_claim(astray, LEAD, street=street, crew=C[1], now=TRUE)
    for street in (S[0], S[1]):  # each true claim ends when it always would have
        make_claim(astray, LEAD, street=street, crew=C[2], now=NOON + WEEK)
    assert verify_record(astray, LEAD).violations == []


@pytest.mark.parametrize("ahead", [timedelta(hours=1), 3 * DAY])
def test_what_was_kept_for_a_phone_in_a_time_that_never_was_is_in_nobodys_way(ahead: timedelta) -> None:
    region = create_memory_region(PLANNER, now=NOON)
    add_town(region, streets=6, crews=4)
    keep_reserves(region, LEAD, C[0], streets=6, now=NOON + ahead)
    shown = preview_clock(region, LEAD, now=NOON)
    assert shown is not None
    repair = accept_clock(region, LEAD, why="ntp_failed", now=NOON)
    assert {one.street for one in repair.released} == {one.street for one in shown.released} == set(S)
    assert len(keep_reserves(region, LEAD, C[1], streets=6, now=NOON)) == 6
    assert verify_record(region, LEAD).violations == []
    for kept in S[:2]:
        make_claim(region, LEAD, street=kept, crew=C[1], now=NOON + timedelta(minutes=1))
    for street in S[2:4]:
        make_claim(region, LEAD, street=street, crew=C[2], now=NOON + DAY + ahead)
    assert verify_record(region, LEAD).violations == []
    region.close()


def test_a_claim_that_the_wrong_time_had_let_run_out_can_be_given_up_again(astray: Region) -> None:
    accept_clock(astray, LEAD, why="ntp_failed", now=TRUE)
    (claim,) = [c for c in store.claims_of_street(astray.reader(), S[0]) if c.crew == C[0]]
    assert claim.outcome is Outcome.FORFEITED  # written in 2099, and not yet true
    assert claim.holds_at(TRUE)
    ended = end_claim(astray, LEAD, claim.id, outcome="revoked", why="crew_shrank", now=TRUE)
    assert (ended.ended_at, ended.outcome) == (TRUE, Outcome.REVOKED)
    assert verify_record(astray, LEAD).violations == []


def test_an_end_written_in_a_time_that_never_was_takes_place_now() -> None:
    region = create_memory_region(PLANNER, now=NOON)
    add_town(region)
    claim = make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON)
    end_claim(region, LEAD, claim.id, outcome="withdrawn", why="no_time", now=NOON + 5 * DAY)
    repair = accept_clock(region, LEAD, why="ntp_failed", now=NOON + DAY)
    assert [(one.ended_at, one.outcome) for one in repair.shortened] == [(NOON + DAY, Outcome.WITHDRAWN)]
    make_claim(region, LEAD, street=S[0], crew=C[1], now=NOON + DAY)
    assert verify_record(region, LEAD).violations == []
    region.close()


def test_what_was_claimed_and_given_up_in_a_time_that_never_was_uses_up_no_grace() -> None:
    region, hour = create_memory_region(PLANNER, now=NOON), timedelta(hours=1)
    add_town(region)

    def hold(street: StreetId, start: datetime, end: datetime) -> None:
        claim = make_claim(region, LEAD, street=street, crew=C[0], now=start)
        end_claim(region, LEAD, claim.id, outcome="withdrawn", why="no_time", now=end)

    hold(S[0], NOON + hour, NOON + 2 * DAY)  # of this nothing is left
    hold(S[1], NOON + 3 * DAY, NOON + 3 * DAY)  # and this took no time even then
    voided = accept_clock(region, LEAD, why="ntp_failed", now=NOON + hour).voided
    assert [(one.street, one.outcome, one.ends_at) for one in voided] == [
        (S[0], Outcome.REVOKED, NOON + hour), (S[1], Outcome.REVOKED, NOON + 3 * DAY),
    ]  # fmt: skip
    for number, street in enumerate(S[:2], start=1):
        hold(street, NOON + 2 * number * hour, NOON + (2 * number + 1) * hour)
        make_claim(region, LEAD, street=street, crew=C[0], now=NOON + (2 * number + 1) * hour)
    assert verify_record(region, LEAD).violations == []
    region.close()


def test_a_cool_down_lifted_in_a_time_that_never_was_does_not_count_yet(astray: Region) -> None:
    override_cool_down_at = NOON + 8 * DAY
    region = create_memory_region(PLANNER, now=NOON)
    add_town(region)
    make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON)
    override_cool_down(region, LEAD, street=S[0], crew=C[0], why="nearly_done", now=override_cool_down_at)
    accept_clock(region, LEAD, why="ntp_failed", now=NOON + WEEK)
    assert store.cool_downs(region.reader(), NOON + WEEK) == {(S[0], C[0]): NOON + 2 * WEEK}
    region.close()


def test_the_clock_is_accepted_only_with_a_reason_where_they_differ_and_never_before_the_region_was_made(
    astray: Region,
) -> None:
    with pytest.raises(BadInput, match="reason"):
        accept_clock(astray, LEAD, why=" ", now=TRUE)
    with pytest.raises(BadInput, match="agree"):
        accept_clock(astray, LEAD, why="x", now=WRONG + 2 * DAY)
    with pytest.raises(ClockRefused, match="before the region was made") as refusal:
        accept_clock(astray, LEAD, why="x", now=datetime(1970, 1, 1, tzinfo=UTC))
    assert isinstance(refusal.value.problem, Said)
    assert refusal.value.problem.facts["given"] == "1970-01-01 08:00:00+08:00"


def test_a_clock_a_little_behind_the_record_writes_at_the_records_time(town: Region) -> None:
    claim = make_claim(town, LEAD, street=S[1], crew=C[1], now=NOON - timedelta(hours=23))
    assert claim.claimed_at == NOON
    with pytest.raises(ClockRefused):
        make_claim(town, LEAD, street=S[2], crew=C[1], now=NOON - DAY - timedelta(microseconds=1))


def test_a_time_is_given_only_in_a_sandbox(tmp_path: Path) -> None:
    region = create_region(tmp_path / "real.gpkg", PLANNER)
    add_town(region)
    with pytest.raises(ClockRefused, match="sandbox"):
        make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON)
    claim = make_claim(region, LEAD, street=S[0], crew=C[0])
    assert region.moment() >= claim.claimed_at
    assert region.moment(NOON) == NOON  # for reading any moment may be given
    region.close()


def test_eight_processes_open_a_region_that_another_program_left_in_another_journal_mode(town: Region) -> None:
    town.close()
    writing = backup.connect.open_file(town.path)
    writing.execute("PRAGMA journal_mode=DELETE")
    writing.close()
    fork = multiprocessing.get_context("fork")
    barrier, answers = fork.Barrier(8), fork.SimpleQueue()
    starting = [fork.Process(target=_open_and_write, args=(town.path, i, barrier, answers)) for i in range(8)]
    for process in starting:
        process.start()
    assert [answers.get() for _ in starting] == ["done"] * 8
    for process in starting:
        process.join()


def _open_and_write(path: Path, number: int, barrier: object, answers: object) -> None:
    barrier.wait(timeout=60)  # type: ignore[attr-defined]
    try:
        region = open_region(path)
        with region.turn(LEAD, now=NOON) as turn:
            turn.connection.execute("UPDATE crew SET people = people + 1")
        answers.put("done")  # type: ignore[attr-defined]
    except Exception as error:  # noqa: BLE001  # the parent says what went wrong
        answers.put(repr(error))  # type: ignore[attr-defined]
