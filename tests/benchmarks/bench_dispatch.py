"""
The next street at city size: 50,000 streets, 1,000 crews, 10,000 live claims; how long an answer takes, and how with bursts.

Wall time is what a crew waits; processor time tells what it would be on a machine that does nothing else.
"""

import os
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from rich.console import Console
from rich.table import Table

from fieldops import clock
from fieldops.actions.claims import start_event
from fieldops.actions.dispatch import next_street
from fieldops.actions.reserves import keep_reserves
from fieldops.claims import Claim
from fieldops.clock import local_day
from fieldops.events import BurstsSet
from fieldops.ids import ActorId, ClaimId, CrewId, StreetId, ZoneId
from fieldops.people import Actor, Role
from fieldops.said import Reason
from fieldops.store.bursts import StoredBurst, set_bursts, zone_streets
from fieldops.store.claims import add_claim
from fieldops.store.connect import Region, create_region
from fieldops.store.dispatch import save_outlook

LON, LAT, STEP_M = 117.2, 28.3, 120.0
ZONE_DEGREES = 0.015  # a zone is a square of so much: about 300 streets
LEAD = Actor(ActorId("bench"), Role.LEAD)


def made_up(region: Region, *, streets: int, crews: int, claims: int, seed: int = 0) -> list[CrewId]:
    """Fill a region with a grid of streets of 120 m, crews, what a plan would leave behind, and live claims beside each other."""
    rng = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(streets / 2))) + 1
    high = STEP_M / 111_195.0
    wide = high / np.cos(np.radians(LAT))
    node = np.arange(side * side)
    lon, lat = LON + (node % side) * wide, LAT + (node // side) * high
    east = np.column_stack([node, node + 1])[node % side < side - 1]
    north = np.column_stack([node, node + side])[node // side < side - 1]
    edges = np.concatenate([east, north])[:streets]
    middle = np.stack([lon[edges].mean(axis=1), lat[edges].mean(axis=1)])
    people = rng.lognormal(5.8, 0.6, len(edges))
    zones = [
        f"Z{x:02d}{y:02d}"
        for x, y in ((middle - middle.min(axis=1, keepdims=True)) // ZONE_DEGREES).T.astype(int).tolist()
    ]
    names = [f"S{i:05d}" for i in range(len(edges))]
    crew_names = [CrewId(f"C{i:04d}") for i in range(crews)]
    homes = rng.integers(len(edges), size=crews)
    with region.turn(LEAD) as turn:
        run = turn.connection
        run.execute("INSERT INTO city VALUES ('grid', 'Grid', 'Asia/Shanghai', '', '', '', 'wgs84', NULL, '{}', '')")
        run.executemany("INSERT INTO node VALUES (?, 'grid', ?, ?)", zip(node.tolist(), lon.tolist(), lat.tolist(), strict=True))  # fmt: skip
        run.executemany(
            "INSERT INTO segment (geom, city_id, way, from_node, to_node, length_m, kind, highway, name, dual, bridge,"
            " street_id) VALUES (x'00', 'grid', ?, ?, ?, 120, 'claim', 'residential', '', 0, 0, ?)",
            [(i, a, b, name) for i, ((a, b), name) in enumerate(zip(edges.tolist(), names, strict=True))],
        )
        run.executemany(
            "INSERT INTO street (geom, id, city_id, kind, name, label, name_source, length_m, walk_m, people, people_low,"
            " people_high, people_source, buildings, lon, lat, node, zone_id, ways)"
            " VALUES (x'00', ?, 'grid', 'street', '', ?, 'map', 120, 120, ?, 0, 0, 'total', 0, ?, ?, ?, ?, '')",
            zip(names, names, people.tolist(), *middle.tolist(), edges[:, 0].tolist(), zones, strict=True),
        )
        run.executemany(
            "INSERT INTO crew VALUES (?, ?, 5, 6, ?, ?, NULL, '[]')",
            [(c, c, middle[0][h], middle[1][h]) for c, h in zip(crew_names, homes.tolist(), strict=True)],
        )
        missing = people * 0.13
        hours = people / 12.0 * 0.25
        rows = zip(map(StreetId, names), (missing * 0.8).tolist(), hours.tolist(), [0.8] * len(names), [0.07] * len(names), strict=True)  # fmt: skip
        save_outlook(turn, rows, ((c, 1.0, 0.0) for c in crew_names), event=turn.head.seq)
        _claim_around(turn, crew_names, homes, middle, names, claims)
        run.execute("ANALYZE")
    return crew_names


def _claim_around(turn, crews, homes, middle, names, claims) -> None:  # type: ignore[no-untyped-def]
    """Give every crew the free streets nearest to its home: dispatch then has to look past what is taken."""
    place = middle.T
    free, until = np.ones(len(names), dtype=bool), turn.now + timedelta(days=7)
    for crew, home in zip(crews, homes.tolist(), strict=True):
        away = np.abs(place - place[home]).sum(axis=1) + np.where(free, 0.0, 1e9)
        for street in np.argpartition(away, claims // len(crews))[: claims // len(crews)].tolist():
            free[street] = False
            made = Claim(ClaimId(names[street]), StreetId(names[street]), crew, 1, turn.now, until)
            add_claim(turn, made, event=start_event(made))


def run_bursts(region: Region) -> None:
    """Set bursts: of every four zones one runs now, one runs in part, one comes later, and one has none."""
    mine: dict[ZoneId, list[StreetId]] = {}
    for one in zone_streets(region.reader()):
        mine.setdefault(one.zone, []).append(one.street)
    today = local_day(region.moment(None), ZoneInfo("Asia/Shanghai"))
    slots = [
        StoredBurst(
            str(zone), zone, today + timedelta(days=20 if number % 4 == 2 else 0), 10, 100, 1000.0, Reason(),
            tuple(streets[::2]) if number % 4 == 1 else (),
        )
        for number, (zone, streets) in enumerate(sorted(mine.items()))
        if number % 4 < 3
    ]  # fmt: skip
    with region.turn(LEAD) as turn:
        event = BurstsSet(at=turn.now, first_day=today, people=100, zones=len(slots), days=30, bound_days=30, digest="")
        set_bursts(turn, slots, event=event)


def ask(region: Region, crews: list[CrewId]) -> dict[str, list[tuple[float, float, bool]]]:
    """Return for each question, and each fourth list of three, wall and processor seconds, and whether it was answered."""
    rows: dict[str, list[tuple[float, float, bool]]] = {"next": [], "keep 3": []}
    for number, crew in enumerate(crews):
        watch, cpu = clock.Stopwatch(), time.process_time()
        answer = next_street(region, LEAD, crew)
        new = answer.street is not None and not answer.held
        rows["next"].append((watch.seconds, time.process_time() - cpu, new))
        if number % 4 == 0:
            watch, cpu = clock.Stopwatch(), time.process_time()
            kept = keep_reserves(region, LEAD, crew, streets=3)
            rows["keep 3"].append((watch.seconds, time.process_time() - cpu, len(kept) == 3))
    return rows


def main(full: bool = False) -> None:
    """Print median and 99th percentile of `next` and of keeping a list of three, in milliseconds, without and with bursts."""
    streets, crews, claims, asked = (50_000, 1_000, 10_000, 2_000) if full else (50_000, 1_000, 10_000, 400)
    console = Console(width=130)
    table = Table(
        "streets", "live claims", "bursts", "what", "asked", "found", "median ms", "p99 ms", "slowest ms", "median CPU ms",
        "p99 CPU ms", "load", box=None,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        region = create_region(Path(folder) / "region.gpkg", LEAD)
        names = made_up(region, streets=streets, crews=crews, claims=claims)
        rng = np.random.default_rng(1)
        for bursts in ("none", "in 3 of 4 zones"):
            if bursts != "none":
                run_bursts(region)
            for what, times in ask(region, [names[i] for i in rng.integers(len(names), size=asked)]).items():
                wall, cpus, found = (np.array(column) for column in zip(*times, strict=True))
                figures = (
                    np.median(wall),
                    np.percentile(wall, 99),
                    wall.max(),
                    np.median(cpus),
                    np.percentile(cpus, 99),
                )
                told = [f"{1000 * figure:.1f}" for figure in figures]
                console.print(f"  bursts {bursts}, {what}: median {told[0]} ms, p99 {told[1]} ms")
                table.add_row(
                    f"{streets}", f"{claims}", bursts, what, f"{len(times)}", f"{found.sum():.0f}", *told,
                    f"{os.getloadavg()[0]:.1f}",
                )  # fmt: skip
        console.print(table)
        region.close()
