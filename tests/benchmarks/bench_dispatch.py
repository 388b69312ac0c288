"""
The next street at city size: 50,000 streets, 1,000 crews, 10,000 live claims; how long an answer takes.

Wall time is what a crew waits; processor time tells what it would be on a machine that does nothing else.
"""

import tempfile
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from fieldops import clock
from fieldops.actions.dispatch import next_street
from fieldops.actions.reserves import keep_reserves
from fieldops.clock import format_moment
from fieldops.ids import ActorId, CrewId, StreetId
from fieldops.people import Actor, Role
from fieldops.store.connect import Region, create_region
from fieldops.store.dispatch import save_outlook

LON, LAT, STEP_M = 117.2, 28.3, 120.0
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
    middle = (lon[edges].mean(axis=1), lat[edges].mean(axis=1))
    people = rng.lognormal(5.8, 0.6, len(edges))
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
            " people_high, people_source, buildings, lon, lat, node, ways)"
            " VALUES (x'00', ?, 'grid', 'street', '', ?, 'map', 120, 120, ?, 0, 0, 'total', 0, ?, ?, ?, '')",
            zip(names, names, people.tolist(), *(m.tolist() for m in middle), edges[:, 0].tolist(), strict=True),
        )
        run.executemany(
            "INSERT INTO crew VALUES (?, ?, 5, 6, ?, ?, NULL, '[]')",
            [(c, c, middle[0][h], middle[1][h]) for c, h in zip(crew_names, homes.tolist(), strict=True)],
        )
        missing = people * 0.13
        hours = people / 12.0 * 0.25
        rows = zip(map(StreetId, names), (missing * 0.8).tolist(), hours.tolist(), [0.8] * len(names), [0.07] * len(names), strict=True)  # fmt: skip
        save_outlook(turn, rows, ((c, 1.0, 0.0) for c in crew_names), event=turn.head.seq)
        _claim_around(run, turn.now, crew_names, homes, middle, names, claims)
        run.execute("ANALYZE")
    return crew_names


def _claim_around(run, now, crews, homes, middle, names, claims) -> None:  # type: ignore[no-untyped-def]
    """Give every crew the free streets nearest to its home: dispatch then has to look past what is taken."""
    place = np.column_stack(middle)
    free = np.ones(len(names), dtype=bool)
    rows = []
    for crew, home in zip(crews, homes.tolist(), strict=True):
        away = np.abs(place - place[home]).sum(axis=1) + np.where(free, 0.0, 1e9)
        for street in np.argpartition(away, claims // len(crews))[: claims // len(crews)].tolist():
            free[street] = False
            rows.append(
                (f"{len(rows)}", names[street], crew, format_moment(now), format_moment(now + timedelta(days=7)))
            )
    run.executemany(
        "INSERT INTO claim (id, street_id, crew_id, generation, claimed_at, held_until) VALUES (?, ?, ?, 1, ?, ?)", rows
    )


def main(full: bool = False) -> None:
    """Print median and 99th percentile of `next` and of keeping a list of three, in milliseconds."""
    streets, crews, claims, asked = (50_000, 1_000, 10_000, 2_000) if full else (50_000, 1_000, 10_000, 400)
    with tempfile.TemporaryDirectory() as folder:
        region = create_region(Path(folder) / "region.gpkg", LEAD)
        names = made_up(region, streets=streets, crews=crews, claims=claims)
        rng = np.random.default_rng(1)
        chosen = [names[i] for i in rng.integers(len(names), size=asked)]
        rows: dict[str, list[tuple[float, float, bool]]] = {"next": [], "keep 3": []}
        for number, crew in enumerate(chosen):
            watch, cpu = clock.Stopwatch(), time.process_time()
            answer = next_street(region, LEAD, crew)
            new = answer.street is not None and not answer.held
            rows["next"].append((watch.seconds, time.process_time() - cpu, new))
            if number % 4 == 0:
                watch, cpu = clock.Stopwatch(), time.process_time()
                kept = keep_reserves(region, LEAD, crew, streets=3)
                rows["keep 3"].append((watch.seconds, time.process_time() - cpu, len(kept) == 3))
        table = Table(
            "streets", "live claims", "what", "asked", "found", "median ms", "p99 ms", "slowest ms", "median CPU ms",
            "p99 CPU ms", box=None,
        )  # fmt: skip
        for what, times in rows.items():
            wall, cpus, found = (np.array(column) for column in zip(*times, strict=True))
            figures = (np.median(wall), np.percentile(wall, 99), wall.max(), np.median(cpus), np.percentile(cpus, 99))
            table.add_row(
                f"{streets}", f"{claims}", what, f"{len(times)}", f"{found.sum():.0f}",
                *(f"{1000 * figure:.1f}" for figure in figures),
            )  # fmt: skip
        Console(width=120).print(table)
        region.close()
