"""Surveys in, decisions out: seconds, memory and growth from 5,000 to 50,000 streets; what 100 new surveys cost."""

import multiprocessing
import resource
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np

from fieldops.actions.awareness import fit_awareness, save_estimates, street_awareness
from fieldops.actions.backcheck import quarantine_surveys
from fieldops.actions.decisions import decide
from fieldops.actions.effort import import_effort
from fieldops.actions.surveys import record_surveys
from fieldops.actions.trusting import with_quarantined
from fieldops.clock import format_moment
from fieldops.ids import ActorId, PromoterId
from fieldops.people import Actor, Role
from fieldops.store.connect import Region, create_region

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.conftest import NOON
from tests.towns import add_town, numbered

LEAD = Actor(ActorId("bench"), Role.PLANNER)
A_MEASUREMENT = 25
LATER = NOON + timedelta(hours=7)
LAST = NOON + timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Measured:
    """What one size took."""

    streets: int
    surveys: int
    record_s: float
    decide_s: float
    few_record_ms: float
    few_decide_ms: float
    awareness_s: float
    fit_s: float
    save_s: float
    few_refresh_ms: float
    both_s: float
    peak_mb: float


class Stopwatch:
    """CPU seconds of this process since it was made: what the wall clock shows where nobody else works."""

    def __init__(self) -> None:
        self._start = self._cpu()

    @property
    def seconds(self) -> float:
        """Return the seconds."""
        return self._cpu() - self._start

    @staticmethod
    def _cpu() -> float:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime


def rows(streets: int, surveys: int, rng: np.random.Generator) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield survey rows: measurements of 25 by two promoters, three in ten of them at a connection point."""
    shares = rng.beta(2, 10, streets)
    for number in range(surveys // A_MEASUREMENT):
        street = int(rng.integers(streets))
        begin = NOON - timedelta(minutes=float(rng.integers(180, 20 * 24 * 60)))
        place = {"triangle": f"T{street // 3}"} if number % 10 < 3 else {"street": f"S{street}"}
        knows = rng.random(A_MEASUREMENT) < shares[street]
        for i in range(A_MEASUREMENT):
            yield number * A_MEASUREMENT + i + 2, {
                "survey_id": f"{number}-{i}", "asked_at": format_moment(begin + timedelta(minutes=4 * i)),
                "answer": "knows" if knows[i] else "does_not_know", "promoter": f"C{number % 200}-{i % 2}",
                "measurement": f"m{number}", "cluster": "AB"[i % 2], **place,
            }  # fmt: skip


def measure(streets: int, surveys: int) -> Measured:
    """Make a region of that size in a temporary folder and time each step."""
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        region = create_region(Path(folder) / "region.gpkg", LEAD, sandbox=True, now=NOON)
        add_town(region, streets=streets, crews=200, promoters=2)
        work(region, streets, rng)
        watch = Stopwatch()
        done = record_surveys(region, LEAD, rows(streets, surveys, rng), now=NOON)
        record_s, watch = watch.seconds, Stopwatch()
        assert done.added == surveys // A_MEASUREMENT * A_MEASUREMENT, done
        decide(region, LEAD, now=NOON)
        decide_s = watch.seconds
        few_record, few_decide = few_surveys(region, streets, rng, hour=1)
        watch = Stopwatch()
        street_awareness(region, now=LATER)
        awareness_s, watch = watch.seconds, Stopwatch()
        fit_awareness(region, LEAD, now=LATER)
        fit_s, watch = watch.seconds, Stopwatch()
        save_estimates(region, LEAD, now=LATER)
        save_s = watch.seconds
        _, few_refresh = few_surveys(region, streets, rng, hour=8)
        quarantine_surveys(region, LEAD, reason="bench", promoter=PromoterId("C0-0"), now=LAST)
        watch = Stopwatch()
        with with_quarantined(region, now=LAST):
            both_s = watch.seconds
        region.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(
        streets, surveys, record_s, decide_s, sorted(few_record)[2], sorted(few_decide)[2], awareness_s, fit_s, save_s,
        sorted(few_refresh)[2], both_s, peak,
    )  # fmt: skip


def work(region: Region, streets: int, rng: np.random.Generator) -> None:
    """Let each street touch the next one, and a tenth of them, 2,000 at most, be pushed on a day of the last three weeks."""
    with region.turn(LEAD, now=NOON) as turn:
        turn.connection.executemany(
            "INSERT INTO segment (geom, city_id, way, from_node, to_node, length_m, kind, highway, name, dual, bridge, street_id)"
            " VALUES (x'', 'town', 1, ?, ?, 100, 'claim', 'residential', '', 0, 0, ?)",
            [(i, i + 1, f"S{i}") for i in range(streets)],
        )
    pushed = rng.permutation(streets)[: min(2_000, streets // 10)].tolist()
    effort = [
        {"day": (NOON - timedelta(days=1 + i % 20)).date().isoformat(), "crew": f"C{i % 200}", "street": f"S{street}",
         "promoter_hours": "2.5", "contacts": str(int(rng.poisson(40)))}
        for i, street in enumerate(pushed)
    ]  # fmt: skip
    done = import_effort(region, LEAD, numbered(effort), now=NOON)
    assert not done.refused, done


def few_surveys(
    region: Region, streets: int, rng: np.random.Generator, *, hour: int
) -> tuple[list[float], list[float]]:
    """Record a hundred surveys at a hundred places, five times, and decide; return the milliseconds of both."""
    few_record, few_decide = [], []
    for turn in range(5):
        at = NOON + timedelta(hours=hour + turn)
        new = [
            {"survey_id": f"n{hour}-{turn}-{i}", "asked_at": format_moment(at + timedelta(minutes=i // 10 - 20)),
             "answer": "does_not_know", "promoter": f"C{i % 7}-0", "street": f"S{int(rng.integers(streets))}"}
            for i in range(100)
        ]  # fmt: skip
        watch = Stopwatch()
        record_surveys(region, LEAD, numbered(new), now=at)
        few_record.append(watch.seconds * 1000)
        watch = Stopwatch()
        decide(region, LEAD, now=at)
        few_decide.append(watch.seconds * 1000)
    return few_record, few_decide


def main(full: bool = False) -> None:
    """Print one table; `full` takes 50,000 streets with 2,000,000 surveys, else a tenth of it."""
    sizes = [(5_000, 200_000), (50_000, 2_000_000)] if full else [(500, 20_000), (5_000, 200_000)]
    found = []
    for size in sizes:  # each in a process of its own, so that the peak is its own
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found.append(pool.apply(measure, size))
    small, large = found
    print(f"{'':34}{small.streets:>12,}{large.streets:>12,}{'ratio':>8}   (streets; CPU seconds)")
    for text, name in (
        ("surveys", "surveys"), ("record all surveys, s", "record_s"), ("decide all, s", "decide_s"),
        ("record 100 new surveys, ms", "few_record_ms"), ("decide after 100 new surveys, ms", "few_decide_ms"),
        ("awareness of every street, s", "awareness_s"), ("fit of the response, s", "fit_s"),
        ("estimate of every place stored, s", "save_s"), ("decide and estimate 100 new, ms", "few_refresh_ms"),
        ("a page with those in quarantine, s", "both_s"),
        ("peak memory, MB", "peak_mb"),
    ):  # fmt: skip
        a, b = getattr(small, name), getattr(large, name)
        print(f"{text:34}{a:>12,.1f}{b:>12,.1f}{b / a:>8.2f}")
    print(f"surveys recorded per second: {large.surveys / large.record_s:,.0f}")


if __name__ == "__main__":
    main(full="--full" in sys.argv)
