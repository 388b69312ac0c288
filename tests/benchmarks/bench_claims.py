"""Grants through the one door against bare one-row transactions of SQLite with the same settings, in the same run."""

import multiprocessing
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from fieldops.actions.claims import make_claim, publish_in_turn
from fieldops.clock import Stopwatch
from fieldops.errors import Conflict
from fieldops.ids import CrewId, PlanId, StreetId
from fieldops.store import claims as store
from fieldops.store.connect import (
    BUSY_SECONDS,
    Region,
    create_memory_region,
    create_region,
    open_file,
    open_region,
)
from fieldops.store.turnstile import Turnstile, turnstile_path
from tests.conftest import LEAD, NOON, PLANNER
from tests.races import contest as race
from tests.small_region import add_town

PROCESSES = 8
_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True)
class Measured:
    """So many transactions: how many a second, and the seconds of the middle, the slowest hundredth and the slowest."""

    count: int
    per_second: float
    p50: float
    p99: float
    worst: float

    @classmethod
    def of(cls, seconds: Sequence[float], whole: float) -> "Measured":
        ordered = sorted(seconds)
        return cls(
            len(ordered),
            len(ordered) / whole,
            ordered[len(ordered) // 2],
            ordered[int(len(ordered) * 0.99)],
            ordered[-1],
        )


def timed(act: Callable[[int], None], count: int) -> Measured:
    """Do it one after the other."""
    whole, seconds = Stopwatch(), []
    for number in range(count):
        watch = Stopwatch()
        act(number)
        seconds.append(watch.seconds)
    return Measured.of(seconds, whole.seconds)


def bare(path: Path) -> Callable[[int], None]:
    """Return a one-row transaction: what no claim can be faster than."""
    connection = open_file(path)

    def insert(number: int) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO bare (value) VALUES (?)", (f"row {number}",))
        connection.execute("COMMIT")

    return insert


def bare_in_line(path: Path) -> Callable[[int], None]:
    """Return a one-row transaction whose writer stands in line as grants do: the price of fairness is in its p99."""
    insert, line = bare(path), Turnstile(turnstile_path(path))

    def insert_in_line(number: int) -> None:
        line.enter(BUSY_SECONDS / 2)
        insert(number)
        line.leave()

    return insert_in_line


def grants(region: Region, first: int, crews: Sequence[CrewId]) -> Callable[[int], None]:
    """Return a grant of the next street that nobody holds."""

    def grant(number: int) -> None:
        make_claim(
            region, LEAD, street=StreetId(f"S{first + number}"), crew=crews[(first + number) % len(crews)], now=NOON
        )

    return grant


def many(path: Path, kind: str, count: int, crews: Sequence[CrewId], first: int) -> Measured:
    """Let eight processes do their share at once."""
    barrier, answers = _FORK.Barrier(PROCESSES + 1), _FORK.SimpleQueue()

    def work(index: int) -> None:
        start = first + index * (count // PROCESSES)
        makers = {"bare": lambda: bare(path), "line": lambda: bare_in_line(path)}
        act = makers.get(kind, lambda: grants(open_region(path), start, crews))()
        barrier.wait()
        seconds = []
        for number in range(count // PROCESSES):
            watch = Stopwatch()
            act(number)
            seconds.append(watch.seconds)
        answers.put(seconds)

    working = [_FORK.Process(target=work, args=(index,)) for index in range(PROCESSES)]
    for process in working:
        process.start()
    barrier.wait()
    whole = Stopwatch()
    seconds = [one for _ in working for one in answers.get()]
    measured = Measured.of(seconds, whole.seconds)
    for process in working:
        process.join()
    return measured


def refusals(region: Region, crews: Sequence[CrewId], count: int) -> Measured:
    """Ask for a street that somebody holds."""

    def ask(number: int) -> None:
        try:
            make_claim(region, LEAD, street=StreetId("S0"), crew=crews[1 + number % (len(crews) - 1)], now=NOON)
        except Conflict:
            return
        raise AssertionError("S0 is held")

    return timed(ask, count)


def main(full: bool = False) -> None:
    """Print one table; the ratios are to the bare transactions of the same kind in this run."""
    count = 8_000 if full else 800
    streets = 3 * count + 1_000
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        region = create_region(Path(folder) / "bench.gpkg", PLANNER, sandbox=True, now=NOON)
        _, crews = add_town(region, streets=streets, crews=streets // 20)
        with region.turn(PLANNER, now=NOON) as turn:
            turn.connection.execute("CREATE TABLE bare (id INTEGER PRIMARY KEY, value TEXT) STRICT")
        table = Table(
            "what",
            "count",
            "per second",
            "p50 ms",
            "p99 ms",
            "worst ms",
            "of bare per s",
            "of bare p99",
            "of bare worst",
            box=None,
        )

        def row(name: str, one: Measured, to: Measured | None = None) -> None:
            ratios = [one.per_second / to.per_second, one.p99 / to.p99, one.worst / to.worst] if to else []
            milliseconds = [f"{seconds * 1e3:,.2f}" for seconds in (one.p50, one.p99, one.worst)]
            table.add_row(
                name, f"{one.count:,}", f"{one.per_second:,.0f}", *milliseconds, *(f"{ratio:.2f}" for ratio in ratios)
            )

        alone = timed(bare(region.path), count)
        row("1 process: bare one-row transaction", alone)
        row("1 process: grant", timed(grants(region, 0, crews), count), alone)
        row("1 process: refusal", refusals(region, crews, count))
        region.close()
        crowd = many(region.path, "bare", count, crews, 0)
        row("8 processes: bare one-row transaction", crowd)
        in_line = many(region.path, "line", count, crews, 0)
        row("8 processes: bare one-row transaction, in line", in_line, crowd)
        granted = many(region.path, "grant", count, crews, count)
        row("8 processes: grant", granted, crowd)
        row("8 processes: grant, to bare in line", granted, in_line)
        contested = [StreetId(f"S{2 * count + number}") for number in range(500 if full else 100)]
        watch = Stopwatch()
        told = race.contest(region, contested, rounds=1, grant=race.through_the_door)
        row("8 processes: the same street, a barrier each", Measured.of(told.seconds, watch.seconds))
        print_rest(region, streets, table, full=full)
        region.close()
    Console(width=140).print(table)


def print_rest(region: Region, streets: int, table: Table, *, full: bool) -> None:
    """Add a plan in one turn, grants in memory, and reading."""
    memory = create_memory_region(PLANNER, now=NOON)
    names, crews = add_town(memory, streets=40_000 if full else 5_000, crews=2_000 if full else 250)
    pairs = [(name, crews[number % len(crews)]) for number, name in enumerate(names)]
    watch = Stopwatch()
    with memory.turn(LEAD, now=NOON) as turn:
        done = publish_in_turn(turn, PlanId("P"), pairs, best_effort=False)
    seconds = watch.seconds
    assert len(done.granted) == len(names)
    table.add_row(
        "in memory: grants of one plan",
        f"{len(names):,}",
        f"{len(names) / seconds:,.0f}",
        f"{seconds / len(names) * 1e3:.2f}",
    )
    watch = Stopwatch()
    found = store.claims_in_force(memory.reader(), NOON)
    table.add_row("in memory: claims in force read", f"{len(found):,}", f"{len(found) / watch.seconds:,.0f}")
    memory.close()


if __name__ == "__main__":
    main()
