"""Ten thousand records, sent twice, shuffled, by eight processes: exactly ten thousand. With its control."""

import multiprocessing
import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from fieldops.actions import sync
from fieldops.actions.sync import sync_records
from fieldops.clock import format_moment
from fieldops.errors import FieldopsError
from fieldops.store import contacts as store
from fieldops.store.connect import Region, create_region, open_region
from fieldops.store.sqlite import sqlite3
from fieldops.store.verify import verify
from tests.conftest import LEAD, NOON, PLANNER
from tests.phones import Phone, Told
from tests.towns import add_town

PROCESSES, BATCH = 8, 50
LATER = NOON + timedelta(days=1)
_FORK = multiprocessing.get_context("fork")
Send = Callable[[Region, list[Told]], list[str]]


def through_the_door(region: Region, batch: list[Told]) -> list[str]:
    """Sync as phones do."""
    done = sync_records(region, LEAD, batch, sent_at=format_moment(LATER), now=LATER)
    return [one.result for one in done.answers]


def without_the_guard(region: Region, batch: list[Told]) -> list[str]:
    """Ask in one turn what is known and write in another: what a door without one turn for both does. The control."""
    with region.turn(LEAD, now=LATER) as turn:
        known = store.find_known(turn.connection, [str(one["id"]) for one in batch])
    new = {str(one["id"]): one for one in batch if one["id"] not in known}
    with region.turn(LEAD, now=LATER) as turn:
        door = sync._Batch(turn, timedelta(0))
        door._known = lambda read: {}  # type: ignore[method-assign]
        return [one.result for one in door.take(list(new.values())).answers]


def records(count: int) -> list[Told]:
    phones = [Phone(promoter=f"C{i % 2}-{i % 3}", device=f"D{i}") for i in range(40)]
    made = []
    for i in range(count):
        phone, at = phones[i % 40], NOON - timedelta(days=3) + timedelta(seconds=20 * i)
        survey = i % 3 == 0
        made.append(
            phone.survey(at, i % 21 == 0, street=f"S{i % 6}") if survey
            else phone.make(at, street=f"S{i % 6}", what="not_home")
        )  # fmt: skip
    return made


def contest(region: Region, made: list[Told], seed: int, send: Send) -> tuple[Counter[str], list[str]]:
    """Let eight processes send every record twice, shuffled; return what they were answered, and errors."""
    region.close()  # an open SQLite connection does not survive a fork
    chance = random.Random(seed)
    twice = chance.sample(made + made, 2 * len(made))
    answers = _FORK.SimpleQueue()
    senders = [
        _FORK.Process(target=_send, args=(region.path, twice[i::PROCESSES], send, answers)) for i in range(PROCESSES)
    ]
    for one in senders:
        one.start()
    told, errors = Counter[str](), []
    for _ in senders:
        results, wrong = answers.get()
        told += results
        errors += wrong
    for one in senders:
        one.join()
    return told, errors


def _send(path: Path, mine: list[Told], send: Send, answers) -> None:  # type: ignore[no-untyped-def]  # a queue has no public type
    region, told, wrong = open_region(path), Counter[str](), []
    for start in range(0, len(mine), BATCH):
        try:
            told.update(send(region, mine[start : start + BATCH]))
        except (FieldopsError, sqlite3.Error) as error:
            wrong.append(repr(error))
    answers.put((told, wrong))


def town(path: Path, seed: int) -> Region:
    region = create_region(path / f"sync{seed}.gpkg", PLANNER, sandbox=True, now=NOON)
    add_town(region)
    return region


@pytest.mark.parametrize(
    ("count", "seeds"), [pytest.param(600, 1, id="600"), pytest.param(10_000, 10, id="10000", marks=pytest.mark.full)]
)
def test_records_sent_twice_and_shuffled_by_eight_processes_are_taken_exactly_once(
    tmp_path: Path, count: int, seeds: int
) -> None:
    seen = set()
    for seed in range(seeds):
        region = town(tmp_path, seed)
        told, errors = contest(region, records(count), seed, through_the_door)
        assert errors == []
        assert told == {"accepted": count, "unchanged": count}
        asked = [
            "SELECT count(*), count(DISTINCT id) FROM phone_record", "SELECT count(*) FROM survey",
            "SELECT street_id, count(*) FROM contact GROUP BY 1 ORDER BY 1", "SELECT answer, count(*) FROM survey GROUP BY 1",
        ]  # fmt: skip
        rows = tuple(tuple(tuple(row) for row in region.reader().execute(sql)) for sql in asked)
        assert rows[0] == ((count, count),)
        seen.add(rows)
        assert verify(region).violations == []
        region.close()
    assert len(seen) == 1  # the same aggregates whatever the order


def test_control_without_the_guard_records_come_twice_and_the_check_sees_it(tmp_path: Path) -> None:
    region = town(tmp_path, 0)
    with region.turn(LEAD, now=NOON) as turn:  # the schema's own guard is taken away too
        turn.connection.execute("DROP TRIGGER phone_record_is_never_replaced")
        turn.connection.execute("PRAGMA writable_schema=ON")
        turn.connection.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, 'id TEXT NOT NULL UNIQUE', 'id TEXT NOT NULL')"
            " WHERE name = 'phone_record'"
        )
        turn.connection.execute("DELETE FROM sqlite_schema WHERE name = 'sqlite_autoindex_phone_record_1'")
        turn.connection.execute("UPDATE sqlite_schema SET sql = replace(sql, ' REFERENCES phone_record (id)', '')")
    made = [one for one in records(1200) if one["kind"] == "contact"]
    contest(region, made, 0, without_the_guard)
    stored = region.reader().execute("SELECT count(*) FROM phone_record").fetchone()[0]
    assert stored > len(made)
    region.close()


def test_the_schema_alone_keeps_a_door_without_its_guard_from_storing_a_record_twice(tmp_path: Path) -> None:
    region = town(tmp_path, 0)
    made = [one for one in records(1200) if one["kind"] == "contact"]
    _, errors = contest(region, made, 0, without_the_guard)
    assert errors  # refused by the unique id
    stored = region.reader().execute("SELECT count(*), count(DISTINCT id) FROM phone_record").fetchone()
    assert stored[0] == stored[1] <= len(made)
    region.close()
