"""
`claims verify` over growing records: seconds, memory and growth, against reading the same events and against their HMACs.

Seconds are those of the processor: what the wall clock shows where nobody else works, since nothing waits for the disk.
"""

import hmac
import math
import multiprocessing
import resource
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from fieldops import claims as rule
from fieldops.actions.claims import end_event, start_event
from fieldops.ids import ClaimId, CrewId, StreetId
from fieldops.rules import Rules
from fieldops.store import claims as store
from fieldops.store.connect import create_region, open_region
from fieldops.store.verify import verify
from tests.conftest import LEAD, NOON, PLANNER
from tests.small_region import add_town

STREETS, CREWS = 5_000, 500
ROUND = timedelta(days=8)
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Measured:
    """What one record took; `least_mb` is the process before it began."""

    events: int
    seconds: float
    read_s: float
    hmac_s: float
    least_mb: float
    peak_mb: float
    file_mb: float


def grow(path: Path, number: int, events: int) -> int:
    """
    Let every street be claimed by another crew each eight days, and forfeited, until there are at least so many events.

    `number` counts the rounds made before, of which the record consists; the number after is returned. Rows, events and their
    chain are written by the store's own code, a round in a turn; only the questions of the door are left out, since each
    street is known to be free: that all of it was lawful is what `verify` then finds.
    """
    region = open_region(path)
    while region.reader().execute("SELECT max(seq) FROM event").fetchone()[0] < events:
        at = NOON + number * ROUND
        with region.turn(LEAD, now=at) as turn:
            for place in range(STREETS):
                if number:
                    ended = rule.forfeit_claim(claim_of(place, number - 1))
                    store.write_end(turn, ended, event=end_event(ended))
                made = claim_of(place, number)
                store.add_claim(turn, made, event=start_event(made))
        number += 1
    region.close()
    return number


def claim_of(place: int, number: int) -> rule.Claim:
    """Return the claim of a street in a round."""
    at = NOON + number * ROUND
    return rule.Claim(
        ClaimId(f"{number:06x}{place:026x}"), StreetId(f"S{place}"), CrewId(f"C{(place + number) % CREWS}"), number + 1, at,
        at + Rules().claim_duration,
    )  # fmt: skip


def measure(path: Path) -> Measured:
    """Verify in this process; made for a fresh one, whose memory nothing else has touched."""
    region = open_region(path)
    least = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.process_time()
    result = verify(region)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert result.violations == []
    query = "SELECT seq, kind, took_effect_at, recorded_at, actor, device, why, facts, chain FROM event ORDER BY seq"
    start = time.process_time()
    for _ in region.reader().execute(query):
        pass
    read = time.process_time() - start
    start, message = time.process_time(), b"x" * 300
    for _ in range(result.events):
        hmac.digest(region.key, message, "sha256")
    return Measured(result.events, seconds, read, time.process_time() - start, least, peak, path.stat().st_size / 1e6)


def main(full: bool = False) -> None:
    """Print one table; the last line is the growth from the smallest to the largest."""
    sizes = [100_000, 300_000, 1_000_000] if full else [20_000, 40_000, 80_000]
    table = Table(
        "events",
        "file MB",
        "seconds",
        "µs an event",
        "of reading them",
        "of their HMACs",
        "peak MB",
        "above start MB",
        box=None,
    )
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path, rounds = Path(folder) / "record.gpkg", 0
        region = create_region(path, PLANNER, sandbox=True, now=NOON)
        add_town(region, streets=STREETS, crews=CREWS)
        region.close()
        for size in sizes:
            rounds = grow(path, rounds, size)
            with _SPAWN.Pool(1) as pool:
                one = pool.apply(measure, (path,))
            found.append(one)
            table.add_row(
                f"{one.events:,}", f"{one.file_mb:,.0f}", f"{one.seconds:.2f}", f"{one.seconds / one.events * 1e6:.1f}",
                f"{one.seconds / one.read_s:.1f}", f"{one.seconds / one.hmac_s:.1f}", f"{one.peak_mb:,.0f}",
                f"{one.peak_mb - one.least_mb:,.0f}",
            )  # fmt: skip
    growth = math.log(found[-1].seconds / found[0].seconds) / math.log(found[-1].events / found[0].events)
    Console(width=120).print(table)
    Console().print(f"growth exponent {growth:.2f} (1 = linear)")


if __name__ == "__main__":
    main()
