"""Nobody holds a street because two writers see two halves of one region file: other names, mounts, lost logs, older copies."""

import multiprocessing
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fieldops.actions.claims import end_claim, grant_in_turn, make_claim
from fieldops.actions.keep import back_up, check_region, restore
from fieldops.errors import FieldopsError, StorageFailed
from fieldops.ids import CrewId, StreetId
from fieldops.store import claims as store
from fieldops.store import onlyfile
from fieldops.store.backup import copy_file, read_anchors
from fieldops.store.connect import Region, create_region, open_file, open_region
from fieldops.store.lastword import LastWord, LastWords, state_of
from fieldops.store.mounts import SHARED_KINDS, is_mounted_alone, kind_of, read_mounts
from fieldops.store.sqlite import sqlite3
from tests.conftest import LEAD, NOON, PLANNER
from tests.mutants import fails_without
from tests.small_region import add_town

FORK = multiprocessing.get_context("fork")
PATIENCE = 120  # seconds for an answer of another process, on a busy machine
S, C = [StreetId(f"S{i}") for i in range(3)], [CrewId(f"C{i}") for i in range(3)]
TABLE = r"""22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
40 27 0:52 / /srv/share rw,relatime shared:7 - nfs4 server:/export rw,vers=4.2
41 27 254:0 /srv/region.gpkg /data/region.gpkg rw,relatime - ext4 /dev/vda rw
42 27 254:0 /srv/all /my\040data rw,relatime master:1 propagate_from:2 - ext4 /dev/vda rw
43 40 254:0 / /srv/share/here rw,relatime - xfs /dev/vdb rw
half a line
"""


class Hand:
    """Another process that has the region open for writing, by a name of its own."""

    def __init__(self, path: Path) -> None:
        self._line, self._other_end = FORK.Pipe()
        self.process = FORK.Process(target=self._work, args=(path,), daemon=True)
        self.process.start()

    def claim(self, street: StreetId, crew: CrewId) -> str:
        """Return what the process was told: "granted", or the refusal."""
        self._line.send((street, crew))
        assert self._line.poll(PATIENCE), "the other process gave no answer"
        return str(self._line.recv())

    def stop(self) -> None:
        self._line.send(None)
        self.process.join(PATIENCE)

    def kill(self) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()

    def _work(self, path: Path) -> None:
        region = open_region(path)
        while (wish := self._other_end.recv()) is not None:
            try:
                make_claim(region, LEAD, street=wish[0], crew=wish[1], now=NOON)
                self._other_end.send("granted")
            except FieldopsError as error:
                self._other_end.send(str(error))
        region.close()


@pytest.fixture
def town(region: Region, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A region of three streets and crews; its key is found from wherever the file is opened."""
    add_town(region)
    region.close()
    monkeypatch.setenv("FIELDOPS_KEY", str(region.path.with_suffix(".key")))
    return region.path


@pytest.fixture
def other(town: Path) -> Path:
    folder = town.parent / "other"
    folder.mkdir()
    return folder / town.name


def mount(*words: str | Path) -> Iterator[None]:
    """Mount something for a while; what it takes has to be allowed."""
    done = (
        subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
        if shutil.which("mount")
        else None
    )
    if done is None or done.returncode:
        pytest.skip(f"mounting needs the rights of root: {done.stderr.strip() if done else 'there is no mount'}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", words[-1]], check=True)


@pytest.fixture
def mounted(town: Path, other: Path) -> Iterator[Path]:
    """The region file alone, bound into another folder."""
    other.touch()
    for _ in mount("--bind", town, other):
        yield other


def holder_of(path: Path, street: StreetId) -> list[CrewId]:
    region = open_region(path)
    held = [claim.crew for claim in store.claims_of_street(region.reader(), street)]
    region.close()
    return held


def claim(path: Path, street: StreetId, crew: CrewId) -> None:
    region = open_region(path)
    try:
        make_claim(region, LEAD, street=street, crew=crew, now=NOON)
    finally:
        region.close()


def words_of(path: Path) -> list[LastWord]:
    region = open_region(path)
    (first,) = region.reader().execute("SELECT chain FROM event WHERE seq = 1").fetchone()
    region.close()
    return LastWords(path).read(first)


def test_a_file_that_is_mounted_alone_gives_no_street_away_twice(town: Path, mounted: Path) -> None:
    here, there = Hand(town), Hand(mounted)
    assert here.claim(S[0], C[0]) == "granted"
    answer = there.claim(S[0], C[1])
    assert "mounted by itself" in answer
    assert "mount the folder" in answer
    assert here.claim(S[1], C[0]) == "granted"
    here.stop()
    there.stop()
    assert holder_of(town, S[0]) == [C[0]]


def _claim_without_asking(path: Path, crew: CrewId, barrier: object, answers: object) -> None:
    """Do what a write turn does, without its looking: the street is free, so it is given away."""
    connection = open_file(path)
    connection.execute("BEGIN IMMEDIATE")
    free = not connection.execute("SELECT count(*) FROM claim").fetchone()[0]
    row = (f"claim of {crew}", S[0], crew, 1, "2026-03-02", "2026-03-09", None, None, "", None, None)
    connection.execute(f"INSERT INTO claim VALUES ({', '.join('?' * len(row))})", row)
    connection.execute("COMMIT")
    answers.put(free)  # type: ignore[attr-defined]
    barrier.wait(60)  # type: ignore[attr-defined]  # both have it open, so that neither tidies up
    os._exit(0)


def test_sqlite_alone_lets_two_names_of_a_mounted_file_give_one_street_twice(town: Path, mounted: Path) -> None:
    """The control: without the guard the danger is real on this machine."""
    connection = open_file(town)
    connection.execute("DROP TRIGGER claim_is_told")  # it asks for an event, which each of them could write too
    connection.close()
    barrier, answers = FORK.Barrier(2), FORK.SimpleQueue()
    hands = [
        FORK.Process(target=_claim_without_asking, args=(path, crew, barrier, answers), daemon=True)
        for path, crew in zip((town, mounted), C, strict=False)
    ]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert [hand.exitcode for hand in hands] == [0, 0]
    assert [answers.get(), answers.get()] == [True, True]


def test_a_folder_that_is_mounted_whole_is_one_region(town: Path, other: Path) -> None:
    for _ in mount("--bind", town.parent, other.parent):
        here, there = Hand(town), Hand(other)
        assert here.claim(S[0], C[0]) == "granted"
        assert "claimed by crew Crew C0" in there.claim(S[0], C[1])
        assert there.claim(S[1], C[1]) == "granted"
        assert "claimed by crew Crew C1" in here.claim(S[1], C[0])
        here.stop()
        there.stop()


@pytest.mark.parametrize(
    ("path", "alone", "kind"),
    [
        ("/data/region.gpkg", True, "ext4"),  # the file, by itself
        ("/data/region.gpkg-wal", False, "ext4"),
        ("/my data/region.gpkg", False, "ext4"),  # its folder, with a space in its name
        ("/srv/share/region.gpkg", False, "nfs4"),
        ("/srv/share/here/region.gpkg", False, "xfs"),  # a disk of this machine, mounted within
        ("/srv/shared/region.gpkg", False, "ext4"),  # not below /srv/share
    ],
)
def test_the_table_of_mounts_tells_what_is_mounted_alone_and_what_machines_share(
    path: str, alone: bool, kind: str
) -> None:
    mounts = read_mounts(TABLE)
    assert is_mounted_alone([Path(path)], mounts) is alone
    assert kind_of(Path(path), mounts) == kind
    assert (kind in SHARED_KINDS) is (kind == "nfs4")


def test_where_no_table_of_mounts_is_kept_nothing_is_refused() -> None:
    assert kind_of(Path("/data/region.gpkg"), read_mounts("")) == ""
    assert not is_mounted_alone([Path("/data/region.gpkg")], [])


def test_a_file_moved_away_from_what_was_written_last_is_not_written(town: Path, other: Path) -> None:
    hand = Hand(town)
    assert hand.claim(S[0], C[0]) == "granted"
    hand.kill()
    town.rename(other)
    hand = Hand(other)
    answer = hand.claim(S[0], C[1])
    assert "was stored already" in answer
    assert "former name" in answer
    hand.stop()
    other.rename(town)
    assert holder_of(town, S[0]) == [C[0]]
    hand = Hand(town)
    assert hand.claim(S[1], C[1]) == "granted"
    hand.stop()


def test_a_file_moved_while_it_is_open_is_written_by_nobody(town: Path, other: Path) -> None:
    first = Hand(town)
    assert first.claim(S[0], C[0]) == "granted"
    town.rename(other)
    second = Hand(other)
    assert "was stored already" in second.claim(S[0], C[1])
    assert "not there any more" in first.claim(S[1], C[0])
    second.stop()
    other.rename(town)
    assert first.claim(S[1], C[0]) == "granted"
    first.stop()
    assert holder_of(town, S[0]) == [C[0]]


def test_nobody_writes_where_the_log_was_deleted_while_open_and_closing_saves_it(town: Path) -> None:
    first = Hand(town)
    assert first.claim(S[0], C[0]) == "granted"
    for end in ("-wal", "-shm"):
        town.with_name(town.name + end).unlink()
    second = Hand(town)
    assert "was stored already" in second.claim(S[0], C[1])
    assert "taken away while it was open" in first.claim(S[1], C[0])
    second.stop()
    first.stop()
    third = Hand(town)
    assert "claimed by crew Crew C0" in third.claim(S[0], C[1])
    assert third.claim(S[1], C[1]) == "granted"
    third.stop()


def test_a_log_deleted_after_a_crash_is_missed(town: Path) -> None:
    hand = Hand(town)
    assert hand.claim(S[0], C[0]) == "granted"
    hand.kill()
    for end in ("-wal", "-shm"):
        town.with_name(town.name + end).unlink()
    hand = Hand(town)
    assert "was stored already" in hand.claim(S[0], C[1])
    hand.stop()
    region = open_region(town)
    (found,) = [one for one in check_region(region, LEAD) if one.check == "place"]
    assert (found.level, "-wal" in found.cure) == ("error", True)
    region.close()


def test_an_older_copy_put_in_place_by_hand_is_not_written_and_one_that_was_restored_is(town: Path) -> None:
    region = open_region(town)
    older = town.with_name("older.gpkg")
    back_up(region, PLANNER, older)
    make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON)
    region.close()
    shutil.copyfile(older, town)
    region = open_region(town)
    with pytest.raises(StorageFailed, match="was stored already"):
        make_claim(region, LEAD, street=S[0], crew=C[1], now=NOON)
    region.close()
    region, _ = restore(town, PLANNER, older, replace_present=True, now=NOON)
    make_claim(region, LEAD, street=S[0], crew=C[1], now=NOON)
    region.close()
    assert holder_of(town, S[0]) == [C[1]]


def older_copy(town: Path) -> Path:
    """Return a copy of the region, after which a street was claimed in it."""
    region = open_region(town)
    older = town.with_name("older.gpkg")
    back_up(region, PLANNER, older, private=False)
    make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON)
    region.close()
    return older


def by_copying_over(older: Path, town: Path) -> None:
    shutil.copyfile(older, town)


def by_removing(older: Path, town: Path) -> None:
    town.unlink()
    shutil.copy2(older, town)


def by_moving_away(older: Path, town: Path) -> None:
    town.rename(town.with_name("away.gpkg"))
    shutil.copyfile(older, town)


def by_renaming_over(older: Path, town: Path) -> None:
    shutil.copy2(older, older.with_suffix(".new")).replace(town)


def by_removing_all_of_that_name(older: Path, town: Path) -> None:
    for file in town.parent.glob(f"{town.name}*"):
        file.unlink()
    shutil.copyfile(older, town)


def by_leading_the_link_elsewhere(older: Path, town: Path) -> None:
    town.unlink()
    town.symlink_to(older)


@pytest.mark.parametrize(
    "put", [by_removing, by_moving_away, by_renaming_over, by_removing_all_of_that_name, by_leading_the_link_elsewhere]
)
def test_an_older_copy_that_comes_as_a_new_file_gives_no_street_away(
    town: Path, put: Callable[[Path, Path], None]
) -> None:
    older = older_copy(town)
    put(older, town)
    with pytest.raises(StorageFailed, match="ends at event 3, but event 4 was stored already") as refusal:
        claim(town, S[0], C[1])
    assert str(town) in refusal.value.problem
    assert "fieldops restore" in refusal.value.cure
    restore(town, PLANNER, older, replace_present=True, now=NOON)[0].close()
    claim(town, S[0], C[1])
    assert holder_of(town, S[0]) == [C[1]]


@pytest.fixture
def crowded(region: Region) -> Path:
    """A region of so many claims that they lie on several pages; after a crash its log holds the newest, but not the one before."""
    add_town(region, streets=300, crews=30)
    with region.turn(LEAD, now=NOON) as turn:
        for i in range(200):
            grant_in_turn(turn, street=StreetId(f"S{i + 50}"), crew=CrewId(f"C{i % 20}"))
    region.close()
    shutil.copyfile(region.path, region.path.with_name("older.gpkg"))
    claim(region.path, StreetId("S1"), CrewId("C20"))
    hand = Hand(region.path)
    assert hand.claim(StreetId("S299"), CrewId("C21")) == "granted"
    hand.kill()
    return region.path


@pytest.mark.parametrize("put", [by_copying_over, by_removing])
def test_an_older_copy_beside_the_log_of_a_crash_gives_no_street_away_however_often_it_is_tried(
    crowded: Path, put: Callable[[Path, Path], None]
) -> None:
    put(crowded.with_name("older.gpkg"), crowded)
    for _ in range(2):
        with pytest.raises(StorageFailed, match="of another time than the log"):
            claim(crowded, StreetId("S1"), CrewId("C22"))
    region = open_region(crowded)
    (found,) = [one for one in check_region(region, LEAD) if one.check == "place"]
    assert (found.level, "of another time" in found.text) == ("error", True)
    region.close()
    for end in ("-wal", "-shm"):
        crowded.with_name(crowded.name + end).unlink()
    restore(crowded, PLANNER, crowded.with_name("older.gpkg"), replace_present=True, now=NOON)[0].close()
    claim(crowded, StreetId("S1"), CrewId("C22"))


@pytest.fixture
def wide(region: Region) -> Path:
    """A region whose claims lie on so many pages that a log of a few claims holds few of them; beside it a copy of before one of them."""
    add_town(region, streets=700, crews=60)
    with region.turn(LEAD, now=NOON) as turn:
        for i in range(600):
            grant_in_turn(turn, street=StreetId(f"S{i + 100}"), crew=CrewId(f"C{i % 20}"))
    region.close()
    shutil.copyfile(region.path, region.path.with_name("older.gpkg"))
    return region.path


def test_an_older_copy_put_over_the_file_while_it_is_open_gives_no_street_away(wide: Path) -> None:
    claim(wide, StreetId("S40"), CrewId("C55"))
    first, second = Hand(wide), Hand(wide)  # started again after the copy, so that everything lies in the file
    assert first.claim(StreetId("S97"), CrewId("C58")) == "granted"
    assert second.claim(StreetId("S98"), CrewId("C59")) == "granted"
    by_copying_over(wide.with_name("older.gpkg"), wide)
    for hand in (second, first):
        for street, crew in (("S40", "C57"), ("S99", "C56")):
            assert "of another time than the log" in hand.claim(StreetId(street), CrewId(crew))
    with pytest.raises(StorageFailed, match="of another time than the log"):
        claim(wide, StreetId("S99"), CrewId("C56"))
    for hand in (first, second):
        hand.kill()


def test_an_older_copy_put_over_the_file_within_a_turn_ends_it(wide: Path) -> None:
    claim(wide, StreetId("S40"), CrewId("C55"))
    region = open_region(wide)
    make_claim(region, LEAD, street=StreetId("S97"), crew=CrewId("C58"), now=NOON)

    def be_swapped() -> None:
        with region.turn(LEAD, now=NOON) as turn:
            by_copying_over(wide.with_name("older.gpkg"), wide)
            grant_in_turn(turn, street=StreetId("S98"), crew=CrewId("C58"))

    with pytest.raises(StorageFailed, match="of another time than the log"):
        be_swapped()
    with pytest.raises(StorageFailed, match="of another time than the log"):
        make_claim(region, LEAD, street=StreetId("S98"), crew=CrewId("C58"), now=NOON)
    region.close()


def test_an_end_that_was_told_is_not_undone_by_an_older_copy_beside_the_log_of_a_crash(wide: Path) -> None:
    hand = Hand(wide)
    assert hand.claim(StreetId("S97"), CrewId("C58")) == "granted"
    older = wide.with_name("before the end.gpkg")
    copy_file(wide, older)
    region = open_region(wide)
    victim = store.claims_of_street(region.reader(), StreetId("S400"))[0]
    end_claim(region, LEAD, victim.id, outcome="revoked", why="safety", now=NOON)
    region.close()
    other = open_file(wide)
    other.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the end lies in the file, what comes after it in the log
    other.close()
    assert hand.claim(StreetId("S98"), CrewId("C59")) == "granted"
    hand.kill()
    by_copying_over(older, wide)
    with pytest.raises(StorageFailed, match="of another time than the log"):
        claim(wide, StreetId("S99"), CrewId("C57"))


def test_a_claim_that_is_not_as_its_events_left_it_stops_whoever_opens_the_file_next(town: Path) -> None:
    region = open_region(town)
    ended = make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON)
    end_claim(region, LEAD, ended.id, outcome="revoked", why="safety", now=NOON)
    region.close()
    claim(town, S[1], C[1])
    connection = sqlite3.connect(town, isolation_level=None)
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'claim'")
    for name, _ in (found := triggers.fetchall()):
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE claim SET ended_at = NULL, outcome = NULL, reason = '' WHERE street_id = 'S0'")
    for _, sql in found:
        connection.execute(sql)
    connection.close()
    with pytest.raises(StorageFailed, match="of several times"):
        claim(town, S[2], C[2])


def test_what_another_program_wrote_in_order_into_an_open_region_stops_nobody(town: Path) -> None:
    hand = Hand(town)
    assert hand.claim(S[0], C[0]) == "granted"
    other = open_file(town)
    other.execute("ANALYZE")
    other.execute("PRAGMA wal_checkpoint")
    other.close()
    assert hand.claim(S[1], C[1]) == "granted"
    assert {word.state for word in words_of(town)} == {state_of(town)}
    hand.stop()


def with_its_time_and_attributes(older: Path, town: Path) -> None:
    shutil.copy2(older, town)  # the copy was taken so too, while the region was open


def laid_over_by_another_program(older: Path, town: Path) -> None:
    shutil.copyfile(older, town)
    connection = sqlite3.connect(town)
    connection.execute("SELECT count(*) FROM event").fetchone()
    connection.close()
    assert not town.with_name(town.name + "-wal").exists()


@pytest.mark.parametrize("put", [with_its_time_and_attributes, laid_over_by_another_program])
def test_an_older_copy_is_told_from_the_file_of_the_log_by_the_newest_word_only(
    region: Region, put: Callable[[Path, Path], None]
) -> None:
    add_town(region, streets=300, crews=30)
    with region.turn(LEAD, now=NOON) as turn:
        for i in range(200):
            grant_in_turn(turn, street=StreetId(f"S{i + 50}"), crew=CrewId(f"C{i % 20}"))
    path, older = region.path, region.path.with_name("older.gpkg")
    region.close()
    hand = Hand(path)
    assert hand.claim(StreetId("S2"), CrewId("C23")) == "granted"
    shutil.copy2(path, older)
    hand.stop()
    claim(path, StreetId("S1"), CrewId("C20"))
    hand = Hand(path)
    assert hand.claim(StreetId("S299"), CrewId("C21")) == "granted"
    hand.kill()
    put(older, path)
    with pytest.raises(StorageFailed, match=r"of another time than the log|of several times") as refusal:
        claim(path, StreetId("S1"), CrewId("C22"))
    assert ("-wal and -shm" in str(refusal.value.cure)) is (put is with_its_time_and_attributes)
    examined = open_region(path)
    found = {one.check: one.level for one in check_region(examined, LEAD)}
    assert found["place"] == "error"
    examined.close()


def test_an_ordinary_close_says_how_it_left_the_file_so_that_nothing_is_examined_again(
    town: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim(town, S[0], C[0])
    assert {word.state for word in words_of(town)} == {state_of(town)}
    monkeypatch.setattr(onlyfile, "_is_whole", lambda connection: pytest.fail("the file was examined"))
    claim(town, S[1], C[1])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes for others")
def test_what_root_writes_beside_a_region_belongs_to_the_owner_of_the_region(town: Path) -> None:
    beside = town.with_name("region.gpkg-turn"), town.with_name("region.last")
    for file in beside:
        file.unlink()
    os.chown(town, 65534, 65534)
    town.chmod(0o640)
    claim(town, S[0], C[0])
    assert {(file.stat().st_uid, file.stat().st_mode & 0o777) for file in beside} == {(65534, 0o640)}


def test_where_no_place_of_the_last_word_can_be_read_and_written_nobody_writes(town: Path) -> None:
    beside = town.with_name("region.gpkg-turn"), town.with_name("region.last")
    for file in beside:
        file.unlink()
        file.mkdir()
    with pytest.raises(StorageFailed, match="neither read nor written") as refusal:
        claim(town, S[0], C[0])
    assert "chown" in str(refusal.value.cure)
    beside[0].rmdir()
    claim(town, S[0], C[0])
    region = open_region(town)
    (found,) = [one for one in check_region(region, LEAD) if one.check == "place"]
    assert (found.level, "region.last" in found.text) == ("error", True)
    region.close()


def test_a_rehearsal_and_production_under_one_folder_of_keys_keep_words_and_anchors_of_their_own(
    town: Path, other: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    monkeypatch.setenv("FIELDOPS_KEY", str(town.with_suffix(".key").rename(folder / "the.key")))
    region, backups = open_region(town), [tmp_path / f"{i}.gpkg" for i in range(3)]
    back_up(region, PLANNER, backups[0])
    make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON)
    back_up(region, PLANNER, backups[1])
    region.close()
    rehearsal, _ = restore(other, PLANNER, backups[0], now=NOON)
    make_claim(rehearsal, LEAD, street=S[1], crew=C[1], now=NOON)
    back_up(rehearsal, PLANNER, backups[2])
    rehearsal.close()
    restore(other, PLANNER, backups[2], replace_present=True, now=NOON)[0].close()
    claim(town, S[2], C[2])
    region = open_region(town)
    back_up(region, PLANNER, tmp_path / "last.gpkg")
    assert len(read_anchors(town)) == 3
    region.close()


def test_anchors_of_before_are_read_until_the_next_backup_takes_them_along(
    town: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    region = open_region(town)
    back_up(region, PLANNER, town.with_name("first.gpkg"))
    (anchor,) = read_anchors(town)
    monkeypatch.setenv("FIELDOPS_KEY", str(town.with_suffix(".key").rename(other.with_name("the.key"))))
    town.with_suffix(".anchors").rename(other.with_name("region.anchors"))
    assert read_anchors(town) == [anchor]
    make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON)
    back_up(region, PLANNER, town.with_name("second.gpkg"))
    other.with_name("region.anchors").unlink()
    assert [one.seq for one in read_anchors(town)] == [anchor.seq, anchor.seq + 1]
    region.close()


def test_a_crash_stops_nobody_also_where_it_left_another_time_on_the_file(crowded: Path) -> None:
    os.utime(crowded, (0, 0))  # as a log that was put into it just before the crash
    claim(crowded, StreetId("S2"), CrewId("C22"))
    assert holder_of(crowded, StreetId("S1")) == ["C20"]


def test_a_link_that_is_led_to_an_older_copy_gives_no_street_away(town: Path) -> None:
    older, link = older_copy(town), town.with_name("link.gpkg")
    link.symlink_to(town)
    claim(link, S[1], C[1])
    link.unlink()
    link.symlink_to(older)
    with pytest.raises(StorageFailed, match="was stored already"):
        claim(link, S[0], C[1])
    link.unlink()
    link.symlink_to(town)
    claim(link, S[2], C[2])


def test_the_past_of_a_whole_folder_is_told_from_the_present_where_the_key_lies_elsewhere(
    town: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIELDOPS_KEY", str(town.with_suffix(".key").rename(other.with_name("the.key"))))
    folder = town.parent / "data"
    folder.mkdir()
    for file in town.parent.glob("region.*"):
        file.rename(folder / file.name)
    path, copy = folder / town.name, folder.with_name("copy")
    claim(path, S[1], C[1])
    shutil.copytree(folder, copy)
    claim(path, S[0], C[0])
    claim(copy / town.name, S[0], C[1])  # a copy elsewhere is a region of its own there
    folder.rename(folder.with_name("gone"))
    copy.rename(folder)
    with pytest.raises(StorageFailed, match="is another than the one that was stored"):
        claim(path, S[2], C[1])


def test_a_copy_that_went_its_own_way_and_further_does_not_take_the_place_of_the_region(
    town: Path, other: Path
) -> None:
    shutil.copyfile(older_copy(town), other)
    for street in S:
        claim(other, street, C[1])
    claim(town, S[1], C[0])  # neither stops the other in its own folder
    other.replace(town)
    with pytest.raises(StorageFailed, match="is another than the one that was stored"):
        claim(town, S[0], C[2])


def test_a_writer_that_slept_after_its_turn_sets_the_last_word_not_back(town: Path) -> None:
    slow, quick = open_region(town), open_region(town)
    make_claim(slow, LEAD, street=S[0], crew=C[0], now=NOON)
    lasts = words_of(town)
    make_claim(quick, LEAD, street=S[1], crew=C[0], now=NOON)
    newest = words_of(town)
    assert newest != lasts
    assert slow._only is not None
    assert slow._writer is not None
    slow._only.remember(slow._writer)
    assert words_of(town) == newest
    for words in (LastWords(town), LastWords(town.with_name("link.gpkg"))):
        words.write(LastWord(newest[0].first, 1, newest[0].first))
    assert words_of(town) == newest
    for region in (slow, quick):
        region.close()


def test_who_finds_the_last_word_behind_says_it_before_going_on(town: Path) -> None:
    region = open_region(town)
    before = words_of(town)
    make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON)
    after = words_of(town)
    LastWords(town).set_back(before[0])  # somebody else was writing just when the turn ended
    with pytest.raises(FieldopsError):
        make_claim(region, LEAD, street=S[0], crew=C[1], now=NOON)
    assert words_of(town) == after
    region.close()


@pytest.mark.parametrize(
    "garbage", [b"\xff\xfe\x00", b"", b"a b c", b"0" * 64 + b" \xd9\xa3 " + b"0" * 64, b"x" * 60_000]
)
def test_what_is_no_last_word_is_passed_over_and_written_anew(town: Path, garbage: bytes) -> None:
    files = town.with_name("region.gpkg-turn"), town.with_name("region.last")
    for file in files:
        assert file.exists()
        file.write_bytes(garbage)
    os.setxattr(town, "user.fieldops.last", garbage[:1000])
    claim(town, S[0], C[0])
    assert [word.seq for word in words_of(town)] == [4, 4, 4]


def test_another_region_may_take_the_name_of_one_that_is_gone(town: Path, tmp_path: Path) -> None:
    made = create_region(tmp_path / "new.gpkg", PLANNER, sandbox=True, now=NOON)
    add_town(made)
    made.close()
    shutil.copyfile(made.path, town)
    region = open_region(town)
    make_claim(region, LEAD, street=S[0], crew=C[1], now=NOON)
    region.close()


def test_where_the_disk_knows_no_attributes_the_last_word_lies_beside_the_file(town: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    for _ in mount("-t", "ramfs", "none", plain):
        path = plain / town.name
        shutil.copyfile(town, path)
        hand = Hand(path)
        assert hand.claim(S[0], C[0]) == "granted"
        hand.kill()
        with pytest.raises(OSError, match="not supported"):
            os.getxattr(path, "user.fieldops.last")
        assert "4" in path.with_name(path.name + "-turn").read_text().split()
        for end in ("-wal", "-shm"):
            path.with_name(path.name + end).unlink()
        hand = Hand(path)
        assert "was stored already" in hand.claim(S[0], C[1])
        hand.stop()


def test_a_word_that_lags_behind_stops_nobody(town: Path) -> None:
    region = open_region(town)
    before = os.getxattr(town, "user.fieldops.last")
    make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON)
    assert os.getxattr(town, "user.fieldops.last") != before
    os.setxattr(town, "user.fieldops.last", before)  # the process died before it could say so
    make_claim(region, LEAD, street=S[1], crew=C[0], now=NOON)
    region.close()


def test_a_file_of_two_names_is_not_written_because_neither_sees_the_claims_of_the_other(
    town: Path,
) -> None:
    other = town.with_name("other.gpkg")
    other.hardlink_to(town)
    for name in (town, other):
        region = open_region(name)
        with pytest.raises(StorageFailed, match="has 2 names"):
            make_claim(region, LEAD, street=S[2], crew=C[0], now=NOON)
        region.close()
    other.unlink()
    region = open_region(town)
    make_claim(region, LEAD, street=S[2], crew=C[0], now=NOON)
    region.close()


@pytest.mark.parametrize(("put", "told"), [(True, "another file was put"), (False, "not there any more")])
def test_nobody_is_told_that_a_claim_is_stored_where_the_file_was_taken_away(town: Path, put: bool, told: str) -> None:
    region, claims = open_region(town), "SELECT count(*) FROM claim"
    make_claim(region, LEAD, street=S[1], crew=C[1], now=NOON)  # the region was written before
    town.rename(town.with_name("away.gpkg"))
    if put:
        town.write_bytes(town.with_name("away.gpkg").read_bytes())
    before = region.reader().execute(claims).fetchone()[0]
    with pytest.raises(StorageFailed, match=told):
        make_claim(region, LEAD, street=S[2], crew=C[0], now=NOON)
    assert region.reader().execute(claims).fetchone()[0] == before
    region.close()


@pytest.mark.full
@pytest.mark.parametrize(
    ("test", "guard"),
    [
        (
            "test_a_file_that_is_mounted_alone_gives_no_street_away_twice",
            "if mounts.is_mounted_alone((self._real, *self._beside), table):",
        ),
        (
            "test_a_file_moved_away_from_what_was_written_last_is_not_written",
            "if missed:",
        ),
        (
            "test_an_older_copy_beside_the_log_of_a_crash_gives_no_street_away_however_often_it_is_tried[by_removing]",
            "if not whole:",
        ),
        (
            "test_an_older_copy_put_over_the_file_while_it_is_open_gives_no_street_away",
            "if not whole:",
        ),
        (
            "test_an_older_copy_put_over_the_file_within_a_turn_ends_it",
            "if self._beside[0].exists():",
        ),
        (
            "test_nobody_writes_where_the_log_was_deleted_while_open_and_closing_saves_it",
            "if self._kept is not None and self._kept != self._beside_now():",
        ),
        (
            "test_a_file_of_two_names_is_not_written_because_neither_sees_the_claims_of_the_other",
            "if found.st_nlink > 1:",
        ),
    ],
)
def test_control_without_its_guard_each_of_these_fails(tmp_path: Path, test: str, guard: str) -> None:
    if "mounted" in test:
        for _ in mount("--bind", tmp_path, tmp_path):  # where nothing can be mounted, nothing can be shown
            pass
    said = fails_without(
        tmp_path, f"tests/store/test_onlyfile.py::{test}", "fieldops/store/onlyfile.py", guard, "if False:"
    )
    assert "1 failed" in said
