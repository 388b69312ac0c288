"""Processes that ask for the same streets at the same moment, and the two checks that share no code with the door."""

import multiprocessing
import os
import random
import signal
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from fieldops import claims as rule
from fieldops.actions.claims import grant_in_turn, make_claim, start_event
from fieldops.clock import Stopwatch
from fieldops.errors import Conflict, FieldopsError, StreetAlreadyClaimed
from fieldops.ids import ClaimId, CrewId, StreetId, new_id
from fieldops.store import claims as store
from fieldops.store.connect import Region, Turn, open_region
from fieldops.store.sqlite import sqlite3
from fieldops.store.verify import verify
from tests.conftest import LEAD, NOON

PROCESSES = 8
ROUND = timedelta(days=15)  # a claim, its cool-down and a day: every street is free for every crew again
_STREETS_PER_CREW = 30
_FORK = multiprocessing.get_context("fork")

Grant = Callable[[Region, StreetId, CrewId, datetime], ClaimId]


@dataclass
class Answers:
    """What the processes were told: grants by claim, refusals, and errors that nobody should see."""

    granted: dict[str, tuple[int, str]] = field(default_factory=dict)
    refused: int = 0
    errors: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def through_the_door(region: Region, street: StreetId, crew: CrewId, now: datetime) -> ClaimId:
    """Grant as everybody does."""
    return make_claim(region, LEAD, street=street, crew=crew, now=now).id


def without_the_guard(region: Region, street: StreetId, crew: CrewId, now: datetime) -> ClaimId:
    """Ask the same rules, but write in a second turn: the shape that Tasking Manager has. The control of the race."""
    with region.turn(LEAD, now=now) as turn:
        refusal = rule.refuse_claim(store.ground(turn.connection, street, crew, now, turn.rules), crew, now, turn.rules)
    if refusal is not None:
        raise refusal
    with region.turn(LEAD, now=now) as turn:
        ground = store.ground(turn.connection, street, crew, now, turn.rules)
        generation = 1 + max((claim.generation for claim in ground.claims), default=0)
        made = rule.Claim(ClaimId(new_id()), street, crew, generation, now, now + turn.rules.claim_duration)
        store.add_claim(turn, made, event=start_event(made))
        return made.id


def past_the_rules(region: Region, street: StreetId, crew: CrewId, now: datetime) -> ClaimId:
    """Insert without asking the rules; what the schema refuses counts as a refusal."""
    made = rule.Claim(ClaimId(new_id()), street, crew, hash(crew) % 10**9, now, now + timedelta(days=7))
    try:
        with region.turn(LEAD, now=now) as turn:
            store.add_claim(turn, made, event=start_event(made))
    except sqlite3.IntegrityError:
        raise StreetAlreadyClaimed(street=street, holder=CrewId("?"), held_until=now) from None
    return made.id


def crews_needed(streets: int) -> int:
    """Return how many crews a contest needs so that none of them comes to its cap."""
    return PROCESSES * (1 + streets // _STREETS_PER_CREW)


def contest(region: Region, streets: Sequence[StreetId], *, rounds: int, grant: Grant) -> Answers:
    """Let eight processes ask for each street at the same moment, a barrier before each; return what they were told."""
    region.close()  # an open SQLite connection does not survive a fork
    barrier, answers = _FORK.Barrier(PROCESSES), _FORK.SimpleQueue()
    asking = [
        _FORK.Process(target=_ask, args=(region.path, streets, rounds, grant, index, barrier, answers))
        for index in range(PROCESSES)
    ]
    for process in asking:
        process.start()
    told = Answers()
    for _ in asking:
        one: Answers = answers.get()
        told.granted |= one.granted
        told.refused += one.refused
        told.errors += one.errors
        told.seconds += one.seconds
    for process in asking:
        process.join()
    return told


def _ask(  # type: ignore[no-untyped-def]  # a barrier and a queue have no public types
    path: Path, streets: Sequence[StreetId], rounds: int, grant: Grant, index: int, barrier, answers
) -> None:
    region, told = open_region(path), Answers()
    for number in range(rounds):
        for place, street in enumerate(streets):
            crew = CrewId(f"C{PROCESSES * (place // _STREETS_PER_CREW) + index}")
            barrier.wait(timeout=60)
            watch = Stopwatch()
            try:
                told.granted[grant(region, street, crew, NOON + number * ROUND)] = (number, street)
            except Conflict:
                told.refused += 1
            except FieldopsError as error:
                told.errors.append(repr(error))
            told.seconds.append(watch.seconds)
    answers.put(told)


def overlaps(region: Region) -> int:
    """Count pairs of claims on one street that share a moment, by comparing every pair without an index."""
    return int(
        region.reader()
        .execute(
            "SELECT count(*) FROM claim AS a NOT INDEXED CROSS JOIN claim AS b ON +a.street_id = b.street_id"
            " AND a.rowid < b.rowid AND a.claimed_at < coalesce(b.ended_at, b.held_until)"
            " AND b.claimed_at < coalesce(a.ended_at, a.held_until)"
        )
        .fetchone()[0]
    )


def doubles_in_the_record(region: Region) -> int:
    """Count grants of a street that somebody held, by replaying the events alone."""
    return sum("(rule 1)" in violation.what for violation in verify(region).violations)


def stored_claims(region: Region) -> set[str]:
    return {row[0] for row in region.reader().execute("SELECT id FROM claim")}


def remove_the_locks(region: Region) -> None:
    """Drop what the schema has against a second holder, for controls only."""
    with region.turn(LEAD, now=NOON) as turn:
        turn.connection.execute("DROP INDEX claim_one_open")
        turn.connection.execute("DROP TRIGGER claim_never_overlaps")
        turn.connection.execute("DROP TRIGGER claim_is_only_appended")


# ── writers that are killed ─────────────────────────────────────────────────────────────────────────────────────────


def killed_writers(region: Region, *, kills: int, seed: int, ack_before_commit: bool = False) -> set[str]:
    """
    Let three processes write grants and kill them at random, so many times; return the grants that were acknowledged.

    A grant is acknowledged by a line in a pipe, after its commit; the control writes the line before it.
    """
    region.close()  # an open SQLite connection does not survive a fork
    chance = random.Random(seed)
    reading, writing = os.pipe()
    acknowledged: set[str] = set()

    def start() -> multiprocessing.context.ForkProcess:
        process = _FORK.Process(target=_write, args=(region.path, writing, chance.random(), ack_before_commit))
        process.start()
        return process

    writers = [start() for _ in range(3)]
    with os.fdopen(reading) as lines:
        for _ in range(kills):
            for _ in range(chance.randint(1, 12)):
                acknowledged.add(lines.readline().strip())
            victim = chance.randrange(len(writers))
            assert writers[victim].pid is not None
            os.kill(writers[victim].pid, signal.SIGKILL)
            writers[victim].join()
            writers[victim] = start()
        for process in writers:
            process.kill()
            process.join()
        os.close(writing)
        acknowledged.update(line.strip() for line in lines)
    return acknowledged


def _write(path: Path, pipe: int, seed: float, ack_before_commit: bool) -> None:
    chance, region = random.Random(seed), open_region(path)
    names = [row[0] for row in region.reader().execute("SELECT id FROM street")]
    crews = [row[0] for row in region.reader().execute("SELECT id FROM crew")]
    while True:
        try:
            with region.turn(LEAD, now=NOON) as turn:
                made = _grant_some(turn, chance, names, crews)
                if ack_before_commit:
                    _acknowledge(pipe, made)
            if not ack_before_commit:
                _acknowledge(pipe, made)
        except Conflict:
            continue


def _grant_some(turn: Turn, chance: random.Random, names: Sequence[str], crews: Sequence[str]) -> list[ClaimId]:
    return [
        grant_in_turn(turn, street=StreetId(chance.choice(names)), crew=CrewId(chance.choice(crews))).id
        for _ in range(3)
    ]


def _acknowledge(pipe: int, claims: Iterable[str]) -> None:
    for claim in claims:
        os.write(pipe, f"{claim}\n".encode())
