"""A planned town for pages: a grid of streets with compounds, zones, triangles, crews, a plan, claims and awareness."""

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from fieldops.actions.claims import make_claim
from fieldops.city.model import WGS84, City, empty_frame
from fieldops.clock import format_moment
from fieldops.events import CityImported, PlanMade
from fieldops.ids import CityId, CrewId, PlanId, StreetId
from fieldops.planning.reasons import pack, say
from fieldops.said import Reason
from fieldops.store import audit
from fieldops.store import city as city_store
from fieldops.store.awareness import save_estimates
from fieldops.store.connect import Region, create_region
from tests.conftest import NOON, PLANNER

TOWN = CityId("丁家镇")
WEST, SOUTH, STEP = 20.0, 10.0, 0.003  # about 330 m between crossings
COLUMNS, ROWS = 9, 7
CREWS = ["甲组", "乙组", "丙组", "丁组", "戊组"]
SHARES = [None, 0.02, 0.07, 0.12, 0.17, 0.24]  # every class of awareness, unknown first
PLAN = PlanId("plan1")
REASON = Reason([
    say("told", missing_n=60.0, people_n=400.0, known_share=0.05),
    say("finishes", crew="C1", finish_share=0.86, work_h=11.5, home_m=420),
    say("next_hours", crew="C2", more_h=1.5),
])  # fmt: skip
LEFT = Reason([say("elsewhere", needs_h=12.5, worth_n=40.0)])
FIGURES = {
    "lawful": True, "violations": [], "impossible": "", "crews": 5, "crews_with_streets": 5, "streets": 113, "given": 75,
    "pinned": 0, "hours_given": 862.5, "hours_at_hand": 1050.0, "hours_kept": 187.5, "finish_probability": 0.8, "reasons": {"the hours of the crews near it are worth more elsewhere": 38},
    "basis": {"answers": 30, "measured": 2, "triangles": 40},
}  # fmt: skip


def make_desk_town(path: Path, columns: int = COLUMNS, rows: int = ROWS) -> Region:
    """Make the region at `path`, a grid of so many crossings, and return it open."""
    region = create_region(path, PLANNER, sandbox=True, now=NOON)
    city = town_city(columns, rows)
    with region.turn(PLANNER, now=NOON) as turn:
        event = CityImported(
            at=turn.now, city=TOWN, streets=len(city.streets), kept=0, added=len(city.streets), removed=0, digest="d"
        )
        city_store.write_city(turn, TOWN, city, coordinates="wgs84", event=event)
        turn.connection.executemany(
            "INSERT INTO crew (id, name, people, hours_per_day, home_lon, home_lat, days_off) VALUES (?, ?, 5, 6, ?, ?, '[]')",
            [(f"C{i}", name, WEST, SOUTH) for i, name in enumerate(CREWS)],
        )
        estimates = [
            (street, "street", 0 if share is None else 2, 0 if share is None else 20, share, share and share / 2,
             share and min(1.0, share * 2), 12.5, 6.0, 21.5)
            for i, street in enumerate(city.streets["street"]) for share in [SHARES[i % len(SHARES)]]
        ]  # fmt: skip
        save_estimates(turn, estimates, event=turn.head.seq)
        _plan(turn, list(city.streets["street"]))
    for i in range(4):
        make_claim(region, PLANNER, street=StreetId(city.streets["street"][i]), crew=CrewId(f"C{i}"), now=NOON)
    return region


def _plan(turn: "object", streets: list[str]) -> None:
    turn.connection.execute(  # type: ignore[attr-defined]
        "INSERT INTO plan VALUES (?, ?, ?, 'feasible', 900.0, 903.0, 0.0033, 1.2, 1, ?, NULL)",
        (PLAN, format_moment(NOON), format_moment(NOON), json.dumps(FIGURES)),
    )
    given = streets[: 2 * len(streets) // 3]
    turn.connection.executemany(  # type: ignore[attr-defined]
        "INSERT INTO assignment (plan_id, street_id, crew_id, hours, finish_probability, value, pinned, reason, because)"
        " VALUES (?, ?, ?, 11.5, 0.86, 40.0, 0, ?, ?)",
        [(PLAN, street, f"C{i * len(CREWS) // len(given)}", str(REASON), pack(REASON)) for i, street in enumerate(given)],
    )  # fmt: skip
    turn.connection.executemany(  # type: ignore[attr-defined]
        "INSERT INTO unassigned VALUES (?, ?, ?, ?)",
        [(PLAN, street, str(LEFT), pack(LEFT)) for street in streets[len(given) :]],
    )
    audit.append(turn, PlanMade(at=turn.now, plan=PLAN, objective=900.0, bound=903.0, assignments=len(given)))  # type: ignore[arg-type, attr-defined]


def town_city(columns: int = COLUMNS, rows: int = ROWS) -> City:
    streets, zones, triangles = [], [], []
    mark, side = ("", 2) if columns <= 10 else ("-", 8)  # a large grid: ids that cannot meet, and fewer triangles
    for y in range(rows):
        for x in range(columns - 1):
            streets.append(
                _street(f"R{y}{mark}{x}", f"解放{'东南西北中新旧'[y] if y < 7 else y}路{x + 1}段", (x, y), (x + 1, y))
            )
    for x in range(columns):
        for y in range(rows - 1):
            streets.append(_street(f"L{x}{mark}{y}", f"Market Lane {x}-{y}", (x, y), (x, y + 1)))
    for x, y in ((1, 1), (4, 2), (6, 4)):
        streets.append(_street(f"X{x}{y}", f"幸福小区{x}", (x, y), (x, y), compound=True))
    for name, first, last in (("ZA", 0, 4), ("ZB", 4, 8)):
        area = shapely.box(*_at(first - 0.3, -0.3), *_at(last - 0.3, rows - 0.7))
        zones.append({"zone": name, "name": f"片区 {name[1]}", "streets": 50, "people": 9000.0, "work_hours": 800.0,
                      "geometry": area})  # fmt: skip
    for x in range(0, columns - 1, side):
        for y in range(0, rows - 1, side):
            corners = [_at(x, y), _at(x + side, y), _at(x, y + side), _at(x + side, y + side)]
            for name, three in (("A", corners[:3]), ("B", corners[1:])):
                centre = shapely.Polygon(three).centroid
                triangles.append({
                    "triangle": f"T{x}{mark}{y}{name}", "a": "h1", "b": "h2", "c": "h3", "point_node": 1,
                    "point_lon": centre.x, "point_lat": centre.y, "radius_m": 500.0, "barrier": False, "inside": True,
                    "zone": "ZA", "geometry": shapely.Polygon(three),
                })  # fmt: skip
    way = {"way": 1, "from_node": 1, "to_node": 2, "length_m": 330.0, "kind": "claim", "highway": "residential", "name": "",
           "dual": False, "bridge": False, "street": "R00", "geometry": shapely.LineString([_at(0, 0), _at(1, 0)])}  # fmt: skip
    frames = {
        name: gpd.GeoDataFrame(rows, geometry="geometry", crs=WGS84)
        for name, rows in (("segments", [way]), ("streets", streets), ("zones", zones), ("triangles", triangles))
    }
    empty = {name: empty_frame(name) for name in ("buildings", "gates", "venues", "hubs")}
    nodes = pd.DataFrame([(1, WEST, SOUTH), (2, WEST + STEP, SOUTH)], columns=["node", "lon", "lat"])
    boundary = shapely.box(*_at(-0.3, -0.3), *_at(columns - 0.7, rows - 0.7))
    return City(name=TOWN, time_zone="Asia/Shanghai", boundary=boundary, nodes=nodes, **frames, **empty)  # type: ignore[arg-type]


def _at(x: float, y: float) -> tuple[float, float]:
    return WEST + x * STEP, SOUTH + y * STEP


def _street(
    identity: str, name: str, start: tuple[int, int], end: tuple[int, int], *, compound: bool = False
) -> dict[str, object]:
    (x, y), line = start, shapely.MultiLineString([[_at(*start), _at(*end)]])
    block = shapely.box(*_at(x + 0.15, y + 0.15), *_at(x + 0.85, y + 0.85))
    return {
        "street": identity, "kind": "compound" if compound else "street", "name": name, "label": name,
        "name_source": "map", "length_m": 330.0, "walk_m": 330.0, "people": 400.0, "people_low": 200.0,
        "people_high": 800.0, "people_source": "total", "buildings": 0, "floors": float("nan"), "permission": "free", "open_from": "", "open_until": "",
        "status": "open", "priority": 1.0, "triangle": "T00A", "zone": "ZA" if x < 4 else "ZB", "node": 1,
        "ways": identity, "geometry": block if compound else line,
    }  # fmt: skip
