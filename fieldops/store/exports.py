"""What can be exported: tables and layers as rows, as they stand at a moment; ids and facts, never names of people."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from fieldops.clock import format_moment
from fieldops.ids import CrewId, PlanId
from fieldops.store import geopackage

if TYPE_CHECKING:
    import numpy as np

    from fieldops.store.sqlite import sqlite3

_IN_FORCE = "c.claimed_at <= :at AND c.held_until > :at AND coalesce(c.ended_at, c.held_until) > :at"
_CLOSED = (
    "EXISTS (SELECT 1 FROM closure AS d WHERE d.street_id = s.id AND d.since <= :at AND d.reopens_at > :at"
    " AND (d.ended_at IS NULL OR d.ended_at > :at))"
)
_VERDICT = (
    "(SELECT d.{0} FROM decision AS d WHERE d.triangle_id = t.id AND d.decided_at <= :at"
    " AND (d.withdrawn_at IS NULL OR d.withdrawn_at > :at) ORDER BY d.decisive_at DESC, d.rowid DESC LIMIT 1)"
)

# name -> query; a column `geom` makes it a layer. Places that nobody measured have no share (rule 12).
_QUERIES = {
    "streets": (
        "SELECT s.geom, s.id AS street, s.label, s.kind, s.city_id AS city, s.zone_id AS zone, s.triangle_id AS triangle,"
        " s.people, s.walk_m, s.permission, s.open_from, s.open_until, s.priority, CASE WHEN s.status = 'closed' THEN 'closed'"
        " WHEN EXISTS (SELECT 1 FROM pause AS p WHERE p.street_id = s.id AND p.since <= :at"
        " AND coalesce(p.ended_at, p.until) > :at) THEN 'paused' WHEN c.id IS NOT NULL THEN 'claimed' WHEN {closed} THEN 'saturated'"
        " WHEN s.permission = 'refused' THEN 'no_permission' ELSE 'free' END AS state, c.crew_id AS crew, c.held_until,"
        " e.knows, e.asked, e.share, e.low, e.high, e.hours_to_target FROM street AS s"
        " LEFT JOIN claim AS c ON c.street_id = s.id AND {in_force}"
        " LEFT JOIN estimate AS e ON e.place = s.id AND e.noun = 'street' WHERE s.status <> 'gone' ORDER BY s.id"
    ),
    "triangles": (
        "SELECT t.geom, t.id AS triangle, t.city_id AS city, t.zone_id AS zone, t.point_lon, t.point_lat, t.radius_m,"
        " {verdict} AS verdict, {decided_at} AS decided_at,"
        " e.knows, e.asked, e.share, e.low, e.high FROM triangle AS t"
        " LEFT JOIN estimate AS e ON e.place = t.id AND e.noun = 'triangle' ORDER BY t.id"
    ),
    "zones": (
        "SELECT z.geom, z.id AS zone, z.name, z.city_id AS city, z.people, z.work_hours, z.streets, e.knows, e.asked,"
        " e.share, e.low, e.high, e.hours_to_target FROM zone AS z"
        " LEFT JOIN estimate AS e ON e.place = z.id AND e.noun = 'zone' ORDER BY z.id"
    ),
    "venues": (
        "SELECT v.geom, v.id AS venue, v.kind, v.name, v.people_per_hour, v.open_from, v.open_until, v.street_id AS street,"
        " v.source FROM venue AS v ORDER BY v.id"
    ),
    "plan": (
        "SELECT s.geom, a.plan_id AS plan, a.street_id AS street, s.label, a.crew_id AS crew, w.name AS crew_name, a.hours,"
        " a.finish_probability, a.value, a.pinned, a.reason FROM assignment AS a JOIN street AS s ON s.id = a.street_id"
        " LEFT JOIN crew AS w ON w.id = a.crew_id WHERE a.plan_id = coalesce(:plan, (SELECT id FROM plan"
        " WHERE json_extract(figures, '$.what_if') IS NULL AND status <> 'impossible' ORDER BY made_at DESC, id LIMIT 1)) ORDER BY a.crew_id, a.street_id"
    ),
    "claims": (
        "SELECT s.geom, c.id AS claim, c.street_id AS street, s.label, c.crew_id AS crew, w.name AS crew_name, c.claimed_at,"
        " c.held_until, CASE WHEN coalesce(c.ended_at, c.held_until) <= :at THEN coalesce(c.ended_at, c.held_until) END"
        " AS ended_at, CASE WHEN coalesce(c.ended_at, c.held_until) <= :at THEN coalesce(c.outcome, 'forfeited') END"
        " AS outcome, c.reason, c.credit, c.plan_id AS plan FROM claim AS c JOIN street AS s ON s.id = c.street_id"
        " LEFT JOIN crew AS w ON w.id = c.crew_id WHERE c.claimed_at <= :at AND (:crew IS NULL OR c.crew_id = :crew)"
        " ORDER BY c.claimed_at, c.street_id"
    ),
    "crews": (
        "SELECT w.id AS crew, w.name, w.people, w.hours_per_day, w.home_lon, w.home_lat, w.base, w.days_off,"
        " (SELECT count(*) FROM claim AS c WHERE c.crew_id = w.id AND {in_force}) AS holds,"
        " (SELECT count(*) FROM claim AS c WHERE c.credit = w.id AND c.ended_at <= :at) AS saturated,"
        " (SELECT coalesce(sum(f.promoter_hours), 0) FROM effort AS f WHERE f.crew_id = w.id) AS promoter_hours"
        " FROM crew AS w ORDER BY w.id"
    ),
    "surveys": (
        "SELECT v.id AS survey_id, v.asked_at, v.answer, v.promoter_id AS promoter, v.measurement_id AS measurement,"
        " m.street_id AS street, m.triangle_id AS triangle, v.home_street_id AS home_street, v.cluster, v.phase, v.lon, v.lat,"
        " v.late, EXISTS (SELECT 1 FROM quarantine AS q WHERE q.survey_id = v.id AND q.until_seq IS NULL) AS quarantined"
        " FROM survey AS v JOIN measurement AS m ON m.id = v.measurement_id WHERE v.asked_at <= :at ORDER BY v.number"
    ),
    "decisions": (
        "SELECT d.id AS decision, d.street_id AS street, d.triangle_id AS triangle, d.rule, d.knows, d.asked, d.surveys_used,"
        " d.verdict, d.wrong_move_on, d.wrong_push_on, d.crew_id AS crew, d.decisive_at, d.decided_at, d.withdrawn_at"
        " FROM decision AS d WHERE d.decided_at <= :at ORDER BY d.decided_at, d.id"
    ),
    "effort": (
        "SELECT f.day, f.crew_id AS crew, f.street_id AS street, f.venue_id AS venue, f.promoter_hours, f.contacts"
        " FROM effort AS f WHERE f.recorded_at <= :at AND (:crew IS NULL OR f.crew_id = :crew) ORDER BY f.day, f.crew_id, f.id"
    ),
    "timesheet": (
        "SELECT f.day, f.crew_id AS crew, w.name AS crew_name, w.people, sum(f.promoter_hours) AS promoter_hours,"
        " w.people * w.hours_per_day AS full_day, sum(coalesce(f.contacts, 0)) AS contacts FROM effort AS f"
        " JOIN crew AS w ON w.id = f.crew_id WHERE f.recorded_at <= :at AND (:crew IS NULL OR f.crew_id = :crew)"
        " GROUP BY f.day, f.crew_id ORDER BY f.day, f.crew_id"
    ),
    "events": (
        "SELECT seq, kind, took_effect_at, recorded_at, actor, device, why, facts FROM event WHERE recorded_at <= :at"
        " ORDER BY seq"
    ),
    "bursts": (
        "SELECT z.geom, b.part, b.zone_id AS zone, z.name, b.starts_on, b.days, b.people, b.hours, b.reason FROM burst AS b"
        " LEFT JOIN zone AS z ON z.id = b.zone_id WHERE b.event = (SELECT max(seq) FROM event WHERE kind = 'BurstsSet'"
        " AND recorded_at <= :at) ORDER BY b.starts_on, b.part"
    ),
}  # fmt: skip
_WORDS = {
    "{in_force}": _IN_FORCE, "{closed}": _CLOSED, "{verdict}": _VERDICT.format("verdict"),
    "{decided_at}": _VERDICT.format("decided_at"),
}  # fmt: skip
EXPORTS = (*_QUERIES, "walks")


@dataclass(frozen=True, slots=True)
class Export:
    """Rows with their columns in order, and a geometry (WGS-84) for each where they are a layer."""

    name: str
    columns: tuple[str, ...]
    rows: list[dict[str, Any]]
    geometry: "np.ndarray | None" = None


def read_export(
    connection: "sqlite3.Connection",
    name: str,
    at: datetime,
    *,
    crew: CrewId | None = None,
    plan: PlanId | None = None,
    day: date | None = None,
) -> Export:
    """Return a table or layer of `EXPORTS` at the moment; estimates and the map are those of today."""
    if name == "walks":
        return _walks(connection, crew, day)
    query = _QUERIES[name]
    for word, meaning in _WORDS.items():
        query = query.replace(word, meaning)
    found = connection.execute(query, {"at": format_moment(at), "crew": crew, "plan": plan})
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in map(tuple, found)]
    if names[0] != "geom":
        return Export(name, tuple(names), rows)
    geometry = geopackage.decode([row.pop("geom") for row in rows])
    return Export(name, tuple(names[1:]), rows, geometry)


def _walks(connection: "sqlite3.Connection", crew: CrewId | None, day: date | None) -> Export:
    """Return the newest walk of each crew and day: a row for each stop, its place as geometry."""
    import numpy as np
    import shapely

    rows = connection.execute(
        "SELECT crew_id, day, stops FROM walk AS w WHERE (:crew IS NULL OR crew_id = :crew) AND (:day IS NULL OR day = :day)"
        " AND event = (SELECT max(event) FROM walk AS n WHERE n.crew_id = w.crew_id AND n.day = w.day) ORDER BY day, crew_id",
        {"crew": crew, "day": day.isoformat() if day else None},
    )
    columns = ("crew", "day", "order", "street", "venue", "triangle", "label", "from_m", "length_m", "walk_min", "arrive", "leave")  # fmt: skip
    found = [
        ({"crew": row[0], "day": row[1]} | {name: stop.get(name) for name in columns[2:]}, stop.get("lon"), stop.get("lat"))
        for row in rows
        for stop in json.loads(row[2])
        if not stop.get("left_out")
    ]  # fmt: skip
    places = np.full(len(found), None, dtype=object)  # the place of a stop is None where its walk was made without one
    for i, (_, lon, lat) in enumerate(found):
        places[i] = shapely.Point(lon, lat) if lon is not None else None
    return Export("walks", columns, [row for row, _, _ in found], places)
