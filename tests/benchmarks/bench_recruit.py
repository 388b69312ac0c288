"""Recruiting with 200,000 candidates: board, search, filters and funnel beside a bare indexed question, in the same run."""

import csv
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from fieldops.actions.recruiting_brings import read_brings
from fieldops.actions.recruiting_duties import erase_person
from fieldops.actions.recruiting_import import KNOWN, NEEDED, import_candidates
from fieldops.actions.recruiting_lists import Filters, list_candidates, list_due, read_board, read_funnel
from fieldops.clock import Stopwatch, format_moment
from fieldops.exchange.tables import open_table
from fieldops.ids import CrewId, RepId, StreetId
from fieldops.recruiting.consent import FIRST_TEXT
from fieldops.recruiting.sources import Group, SourceKind
from fieldops.recruiting.stages import Reason, Stage
from fieldops.store.connect import Region, create_region, open_region
from tests.conftest import LEAD, NOON, PLANNER
from tests.recruits import add_rep, phone
from tests.small_region import add_town

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅国建文志海鹏辉玲婷雪晶莉佳思雨欣怡浩宇轩子涵梓"
STAGES = ["new"] * 30 + ["contacted"] * 20 + ["interviewed"] * 12 + ["signed"] * 5 + ["trained"] * 5 + ["first_order"] * 3 + [
    "active"] * 10 + ["lost"] * 10 + ["dormant"] * 5  # fmt: skip
BAD_SHARE = 0.01
CREWS = 200  # of a force of 1,000
BASES = 23
BUSY = 4  # one candidate in so many is of crew C1


def write_file(path: Path, first: int, rows: int, streets: int, rng: random.Random) -> int:
    """Write candidates of two years and return how many rows are bad."""
    bad = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["name", "phone", "street", "crew", "group", "stage", "reason", "made_at", "stage_since", "base"]
        )
        for number in range(first, first + rows):
            name = rng.choice(SURNAMES) + "".join(rng.choices(GIVEN, k=rng.choice((1, 2, 2, 2))))
            stage, wrong, age = rng.choice(STAGES), rng.random() < BAD_SHARE, rng.randrange(60 * 24 * 700)
            waited = min(age, int(rng.expovariate(1 / (60 * 24 * 20))))
            bad += wrong
            writer.writerow([
                name, "123" if wrong else phone(number), f"S{rng.randrange(streets)}", "C1" if number % BUSY == 0 else f"C{rng.randrange(CREWS)}", rng.choice(["1", "2", "3", "4", ""]),
                stage, rng.choice(list(Reason)) if stage in ("lost", "dormant") else "",
                format_moment(NOON - timedelta(minutes=age)), format_moment(NOON - timedelta(minutes=age - waited)),
                f"base{rng.randrange(BASES)}",
            ])  # fmt: skip
    return bad


def timed(act: Callable[[], object], count: int = 9) -> tuple[float, float]:
    """Return the median of the wall time and the mean of the CPU time in milliseconds, the first call left out."""
    act()
    seconds, began = [], time.process_time()
    for _ in range(count):
        watch = Stopwatch()
        act()
        seconds.append(watch.seconds)
    return 1000 * sorted(seconds)[count // 2], 1000 * (time.process_time() - began) / count


def fill(region: Region, folder: Path, rows: int, rng: random.Random) -> tuple[float, int, int]:
    """Take half of the candidates in after the other; return the seconds of the second half, its rows and its bad ones."""
    add_town(region, streets=400, crews=CREWS)
    seconds, half = 0.0, rows // 2
    for turn in range(2):
        file = folder / f"candidates{turn}.csv"
        bad = write_file(file, turn * half, half, 400, rng)
        table, watch = open_table(file, needed=NEEDED, known=KNOWN), Stopwatch()
        done = import_candidates(region, LEAD, table.rows(), consent=FIRST_TEXT.version, now=NOON)
        seconds = watch.seconds
        assert done.added == half - bad, done
        assert done.refused == bad
    rep = add_rep(region, "R1")
    with region.turn(
        LEAD, now=NOON
    ) as turn:  # spread over reps as the solver would; the record is not what is timed here
        turn.connection.execute("UPDATE candidate SET rep_id = ? WHERE number % 1000 = 0", (rep,))
    return seconds, half, bad


def main(full: bool = False, rows: int = 200_000) -> None:
    """Print one table; `full` repeats each question more often."""
    rng = random.Random(6)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        region = create_region(folder / "region.gpkg", PLANNER, sandbox=True, now=NOON)
        seconds, half, bad = fill(region, folder, rows, rng)
        region.close()
        region = open_region(folder / "region.gpkg")
        connection = region.reader()
        ids = [row[0] for row in connection.execute("SELECT id FROM candidate LIMIT 5000")]
        bare = "SELECT number, id, stage FROM candidate WHERE id = ?"

        def fifty() -> None:
            for one in rng.sample(ids, 50):
                connection.execute(bare, (one,)).fetchone()

        first_day = (NOON - timedelta(days=300)).date()
        lists = lambda **more: lambda: list_candidates(region, LEAD, now=NOON, **more)  # noqa: E731
        acts: dict[str, Callable[[], object]] = {
            "50 bare questions by an index": fifty,
            "board, all": lambda: read_board(region, LEAD, now=NOON),
            "board, group 1 from streets": lambda: read_board(region, LEAD, Filters(group=Group.LARGE, kind=SourceKind.STREET), now=NOON),
            "board, one rep": lambda: read_board(region, LEAD, Filters(rep=RepId("R1")), now=NOON),
            "board, one street": lambda: read_board(region, LEAD, Filters(street=StreetId("S7")), now=NOON),
            "table, page 1": lists(), "table, page 200": lists(page=200),
            "table, filter that leaves nobody": lists(filters=Filters(base="nowhere")),
            "search 王": lists(words="王"), "search 王伟": lists(words="王伟"), "search wangwei": lists(words="wangwei"),
            "search wangwe (no whole word)": lists(words="wangwe"), "search ww": lists(words="ww"),
            "search 8123": lists(words="8123"), "search 王 in signed": lists(words="王", filters=Filters(stage=Stage.SIGNED)),
            "search a whole number": lists(words=phone(4711)),
            "calls due today": lambda: list_due(region, LEAD, now=NOON),
            "funnel, all": lambda: read_funnel(region, LEAD, now=NOON),
            "funnel, group 4 from streets": lambda: read_funnel(region, LEAD, Filters(group=Group.PART_TIME, kind=SourceKind.STREET), now=NOON),
            "funnel, cohorts of 300 days": lambda: read_funnel(region, LEAD, since=first_day, now=NOON),
            f"funnel, one crew with {rows // BUSY:,}": lambda: read_funnel(region, LEAD, Filters(crew=CrewId("C1")), now=NOON),
            "funnel, that crew, cohorts of 300 days": lambda: read_funnel(region, LEAD, Filters(crew=CrewId("C1")), since=first_day, now=NOON),
            "funnel, that crew, group 4 from streets": lambda: read_funnel(
                region, LEAD, Filters(crew=CrewId("C1"), group=Group.PART_TIME, kind=SourceKind.STREET), now=NOON),
            f"funnel, one crew of {CREWS}": lambda: read_funnel(region, LEAD, Filters(crew=CrewId("C2")), now=NOON),
            f"funnel, one base of {BASES}": lambda: read_funnel(region, LEAD, Filters(base="base7"), now=NOON),
            "funnel, one street": lambda: read_funnel(region, LEAD, Filters(street=StreetId("S7")), now=NOON),
            "what brings, streets": lambda: read_brings(region, LEAD, "street", now=NOON),
            "what brings, crews": lambda: read_brings(region, LEAD, "crew", now=NOON),
        }  # fmt: skip
        found = {what: timed(act, 45 if full else 9) for what, act in acts.items()}
        (card,) = list_candidates(region, LEAD, words=phone(4712), now=NOON).cards
        watch = Stopwatch()
        erase_person(region, LEAD, card.candidate.id, now=NOON)
        erased = watch.seconds
        size = sum(path.stat().st_size for path in folder.glob("region.*")) / 1e6
        region.close()
    table = Table(f"{rows:,} candidates", "median ms", "x bare", "CPU ms")
    base = found["50 bare questions by an index"][0]
    for what, (median, cpu) in found.items():
        table.add_row(what, f"{median:.2f}", f"{median / base:.1f}", f"{cpu:.2f}")
    Console().print(table)
    slowest = max((median, what) for what, (median, _) in found.items())
    print(f"slowest: {slowest[1]}, {slowest[0]:.1f} ms")
    print(
        f"import of {half:,} rows beside {half:,}: {seconds:.1f} s, {half / seconds:,.0f} rows a second, {bad} bad rows reported"
    )
    print(
        f"erase one person: {erased * 1000:.0f} ms; both files {size:.0f} MB; peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
    )


if __name__ == "__main__":
    main(full="--full" in sys.argv)
