"""The read model: street x claim x awareness x plan, as plain rows for pages, maps and tables."""

import json
from typing import TYPE_CHECKING, Any

from fieldops.ids import CityId, PlanId
from fieldops.store import geopackage

if TYPE_CHECKING:
    from fieldops.store.sqlite import sqlite3

Row = dict[str, Any]


def read_cities(connection: "sqlite3.Connection") -> list[Row]:
    """Return each city with name, time zone, attribution and bounds (west, south, east, north; degrees)."""
    rows = connection.execute("SELECT id, name, time_zone, attribution, boundary FROM city ORDER BY id").fetchall()
    cities = []
    for row in rows:
        bounds = geopackage.decode([row["boundary"]])[0].bounds
        cities.append({key: row[key] for key in ("id", "name", "time_zone", "attribution")} | {"bounds": bounds})
    return cities


def street_rows(connection: "sqlite3.Connection", city: CityId | None = None) -> list[Row]:
    """
    Return the streets as they stand at this moment, in the order of their `fid`.

    `share`, `low` and `high` are None where nothing was measured: unknown, never 0 (rule 12). `hours_left` counts the
    hours to the end of the claim in force.
    """
    rows = connection.execute(
        "SELECT v.fid, v.street, v.label, v.kind, v.people, v.walk_m, v.permission, v.state, v.crew, v.held_until, v.hours_left,"
        " v.knows, v.asked, v.share, v.low, v.high, v.hours_to_target, v.zone, v.triangle, s.lon, s.lat"
        " FROM street_status AS v JOIN street AS s ON s.fid = v.fid WHERE ?1 IS NULL OR v.city = ?1 ORDER BY v.fid",
        (city,),
    )
    return [dict(row) for row in rows]


def triangle_rows(connection: "sqlite3.Connection", city: CityId | None = None) -> list[Row]:
    """Return the connection triangles with the latest decision and the awareness at their point, by `fid`."""
    rows = connection.execute(
        "SELECT fid, triangle, zone, point_lon, point_lat, radius_m, barrier, verdict, decided_at, knows, asked, share, low, high"
        " FROM triangle_status WHERE ?1 IS NULL OR city = ?1 ORDER BY fid",
        (city,),
    )
    return [dict(row) for row in rows]


def zone_rows(connection: "sqlite3.Connection", city: CityId | None = None) -> list[Row]:
    """Return the zones with their counts of streets by state and their awareness, by `fid`."""
    states = ("saturated", "claimed", "free", "closed", "paused", "no_permission")
    counts: dict[str, dict[str, int]] = {}
    for zone, state, count in connection.execute(
        "SELECT zone, state, count(*) FROM street_status GROUP BY zone, state"
    ):
        counts.setdefault(zone, {})[state] = count
    rows = connection.execute(
        "SELECT z.fid, z.id AS zone, z.name, z.people, z.work_hours, z.streets, e.knows, e.asked, e.share, e.low, e.high,"
        " e.hours_to_target FROM zone AS z LEFT JOIN estimate AS e ON e.place = z.id AND e.noun = 'zone'"
        " WHERE ?1 IS NULL OR z.city_id = ?1 ORDER BY z.fid",
        (city,),
    )
    return [dict(row) | {state: counts.get(row["zone"], {}).get(state, 0) for state in states} for row in rows]


def crew_rows(connection: "sqlite3.Connection") -> list[Row]:
    """Return the crews with how many claims each holds at this moment and when the first of them ends."""
    rows = connection.execute(
        "SELECT c.id AS crew, c.name, c.people, c.hours_per_day, c.home_lon, c.home_lat, c.base, count(v.street) AS holds,"
        " min(v.held_until) AS first_end FROM crew AS c LEFT JOIN street_status AS v ON v.crew = c.id"
        " GROUP BY c.id ORDER BY c.id"
    )
    return [dict(row) for row in rows]


def newest_plan(connection: "sqlite3.Connection", plan: PlanId | None = None) -> Row | None:
    """Return the plan of that id, else the newest that is possible and no what-if, with its figures."""
    row = connection.execute(
        "SELECT * FROM plan WHERE (?1 IS NULL AND status <> 'impossible' AND json_extract(figures, '$.what_if') IS NULL) OR id = ?1 ORDER BY made_at DESC, id LIMIT 1",
        (plan,),
    ).fetchone()
    return dict(row) | {"figures": json.loads(row["figures"])} if row else None


def assignment_rows(connection: "sqlite3.Connection", plan: PlanId) -> list[Row]:
    """Return who gets which street in the plan and why, by crew."""
    rows = connection.execute(
        "SELECT street_id AS street, crew_id AS crew, hours, finish_probability, value, pinned, reason FROM assignment"
        " WHERE plan_id = ? ORDER BY crew_id, street_id",
        (plan,),
    )
    return [dict(row) for row in rows]
