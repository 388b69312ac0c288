"""What a walk is made from, and the walks that were made."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from fieldops.clock import format_moment, parse_moment
from fieldops.errors import NotFound
from fieldops.events import WalkMade
from fieldops.ids import CrewId, StreetId, TriangleId
from fieldops.said import Said
from fieldops.store import audit
from fieldops.store.nodes import region_node

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fieldops.store.connect import Turn
    from fieldops.store.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class HeldStreet:
    """
    A street that the crew holds: `hours` still needed (promoter-hours, as its plan expects), None where no plan has looked at it.

    `opens` and `closes` (HH:MM) are when it lets promoters in, empty where always.
    """

    street: StreetId
    label: str
    kind: str
    lon: float
    lat: float
    node: int
    triangle: TriangleId | None
    held_until: datetime
    hours: float | None
    opens: str
    closes: str


@dataclass(frozen=True, slots=True)
class StoredWalk:
    """A walk as it was made: its stops in order as plain rows, and its way as (longitude, latitude)."""

    crew: CrewId
    day: date
    made_at: datetime
    length_m: float
    bound_m: float
    stops: tuple[dict[str, Any], ...]
    way: tuple[tuple[float, float], ...]

    @property
    def visits(self) -> list[dict[str, Any]]:
        """Return the stops that are made, in order."""
        return [row for row in self.stops if not row.get("left_out")]

    @property
    def left_out(self) -> list[dict[str, Any]]:
        """Return what has no place in the day, each with its reason."""
        return [row for row in self.stops if row.get("left_out")]

    @property
    def gap(self) -> float:
        """Return (length - bound) / bound."""
        return (self.length_m - self.bound_m) / self.bound_m if self.bound_m > 0 else 0.0


def held_streets(connection: "sqlite3.Connection", crew: CrewId, at: datetime, day: date) -> list[HeldStreet]:
    """Return what the crew holds at the moment, with the hours that were still needed on the morning of the day."""
    rows = connection.execute(
        f"SELECT s.id, s.label, s.kind, s.lon, s.lat, {region_node('s.node', 's.city_id')}, s.triangle_id, c.held_until,"  # noqa: S608  # constants
        " coalesce(s.open_from, ''), coalesce(s.open_until, ''), coalesce(a.hours, o.hours) - (SELECT"
        " coalesce(sum(f.promoter_hours), 0) FROM effort AS f WHERE f.street_id = s.id AND f.crew_id = c.crew_id"
        " AND f.day >= substr(c.claimed_at, 1, 10) AND f.day < :day) FROM claim AS c JOIN street AS s ON s.id = c.street_id"
        " LEFT JOIN outlook AS o ON o.street_id = s.id"
        " LEFT JOIN assignment AS a ON a.plan_id = c.plan_id AND a.street_id = c.street_id AND NOT a.pinned"
        " WHERE c.crew_id = :crew AND c.claimed_at <= :at AND c.held_until > :at AND coalesce(c.ended_at, c.held_until) > :at ORDER BY s.id",
        {"crew": crew, "at": format_moment(at), "day": day.isoformat()},
    )
    return [
        HeldStreet(
            StreetId(r[0]),
            r[1],
            r[2],
            r[3],
            r[4],
            r[5],
            r[6],
            parse_moment(r[7]),
            None if r[10] is None else max(0.0, r[10]),
            r[8],
            r[9],
        )
        for r in rows
    ]


def streets_of_zone(
    connection: "sqlite3.Connection", zone: str
) -> dict[StreetId, tuple[str, tuple[float, float]]] | None:
    """Return label and place of the streets of a zone that are open and may be entered, None where there is no such zone."""
    if connection.execute("SELECT 1 FROM zone WHERE id = ?", (zone,)).fetchone() is None:
        return None
    rows = connection.execute(
        "SELECT id, label, lon, lat FROM street WHERE zone_id = ? AND status = 'open' AND permission <> 'refused'"
        " ORDER BY id",
        (zone,),
    )
    return {StreetId(row[0]): (row[1], (row[2], row[3])) for row in rows}


def crews_in_zone(connection: "sqlite3.Connection", zone: str, at: datetime) -> list[CrewId]:
    """Return the crews that hold a street of the zone at the moment, by id."""
    rows = connection.execute(
        "SELECT DISTINCT c.crew_id FROM claim AS c JOIN street AS s ON s.id = c.street_id WHERE s.zone_id = :zone"
        " AND c.claimed_at <= :at AND c.held_until > :at AND coalesce(c.ended_at, c.held_until) > :at ORDER BY 1",
        {"zone": zone, "at": format_moment(at)},
    )
    return [CrewId(row[0]) for row in rows]


def segments_of(
    connection: "sqlite3.Connection", streets: "Iterable[StreetId]"
) -> list[tuple[int, int, float, StreetId]]:
    """Return the walkable segments of the streets: from, to, metres, street."""
    found = []
    start, end = (region_node(column, "city_id") for column in ("from_node", "to_node"))
    for street in streets:
        rows = connection.execute(
            f"SELECT {start}, {end}, length_m FROM segment WHERE street_id = ? AND kind <> 'closed' ORDER BY fid",  # noqa: S608  # constants
            (street,),
        )
        found += [(row[0], row[1], row[2], street) for row in rows]
    return found


def venues_on(connection: "sqlite3.Connection", streets: "Sequence[StreetId]") -> list[dict[str, Any]]:
    """Return the venues on the streets, those of triangles whose point says push on first, then most people per hour."""
    from fieldops.store import geopackage

    found = []
    for street in streets:
        rows = connection.execute(
            "SELECT v.id, v.name, replace(v.kind, '_', ' ') || ', ' || s.label, v.geom, v.people_per_hour, coalesce(v.open_from, ''), coalesce(v.open_until, ''),"
            " coalesce((SELECT d.verdict FROM decision AS d WHERE d.triangle_id = s.triangle_id AND d.withdrawn_at IS NULL"
            " ORDER BY d.decisive_at DESC, d.rowid DESC LIMIT 1), '') FROM venue AS v JOIN street AS s ON s.id = v.street_id"
            " WHERE v.street_id = ? AND v.id NOT IN (SELECT venue_id FROM do_not_contact WHERE venue_id IS NOT NULL)",
            (street,),
        )
        for row in rows:
            point = geopackage.decode([row[3]])[0]
            found.append({
                "venue": row[0], "label": row[1] or row[2], "lon": point.x, "lat": point.y, "people_per_hour": row[4],
                "open_from": row[5], "open_until": row[6], "swarm": row[7] == "push_on", "street": street,
            })  # fmt: skip
    return sorted(found, key=lambda one: (not one["swarm"], -one["people_per_hour"], one["venue"]))  # RULE 11


def points_to_test(
    connection: "sqlite3.Connection", crew: CrewId, triangles: "Iterable[TriangleId]", at: datetime, since: datetime
) -> list[dict[str, Any]]:
    """
    Return the connection points that the crew is to test: it has most hours in the triangle (rule 10).

    Left out are points that have moved on, and those that were measured since the given moment. Hours are those of the
    claims in force by the last plan; of equal crews the first by id tests.
    """
    moment, found = format_moment(at), []
    for triangle in triangles:
        first = connection.execute(
            "SELECT c.crew_id FROM claim AS c JOIN street AS s ON s.id = c.street_id LEFT JOIN outlook AS o"
            " ON o.street_id = s.id WHERE s.triangle_id = :triangle AND c.claimed_at <= :at AND c.held_until > :at"
            " AND coalesce(c.ended_at, c.held_until) > :at GROUP BY c.crew_id"
            " ORDER BY sum(coalesce(o.hours, 1.0)) DESC, c.crew_id LIMIT 1",
            {"triangle": triangle, "at": moment},
        ).fetchone()
        row = connection.execute(
            "SELECT t.point_lon, t.point_lat, coalesce((SELECT d.verdict FROM decision AS d WHERE d.triangle_id = t.id"
            " AND d.withdrawn_at IS NULL ORDER BY d.decisive_at DESC, d.rowid DESC LIMIT 1), ''), EXISTS (SELECT 1 FROM measurement AS m"
            " WHERE m.triangle_id = t.id AND m.opened_at >= ?) FROM triangle AS t WHERE t.id = ?",
            (format_moment(since), triangle),
        ).fetchone()
        if first and first[0] == crew and row and row[2] != "move_on" and not row[3]:
            found.append({"triangle": triangle, "lon": row[0], "lat": row[1]})
    return found


def add_walk(turn: "Turn", walk: StoredWalk, *, event: WalkMade) -> None:
    """Store a walk with its event; it replaces the one of the same crew and day for everybody who reads."""
    number = audit.append(turn, event)
    turn.connection.execute(
        "INSERT INTO walk (event, crew_id, day, length_m, bound_m, stops, way) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            number, walk.crew, walk.day.isoformat(), walk.length_m, walk.bound_m, stops_text(walk.stops),
            json.dumps(walk.way, separators=(",", ":")),
        ),
    )  # fmt: skip


def newest_walk(connection: "sqlite3.Connection", crew: CrewId, day: date) -> StoredWalk:
    """
    Return the walk of the crew for the day that was made last.

    Raises
    ------
    NotFound
        If none was made.
    """
    row = connection.execute(
        "SELECT w.length_m, w.bound_m, w.stops, w.way, e.recorded_at FROM walk AS w JOIN event AS e ON e.seq = w.event"
        " WHERE w.crew_id = ? AND w.day = ? ORDER BY w.event DESC LIMIT 1",
        (crew, day.isoformat()),
    ).fetchone()
    if row is None:
        raise NotFound(
            "walk",
            f"of crew {crew} on {day}",
            cure=Said("make it: fieldops walk --crew %(crew)s --date %(day)s", crew=crew, day=day),
        )
    way = tuple((lon, lat) for lon, lat in json.loads(row[3]))
    return StoredWalk(crew, day, parse_moment(row[4]), row[0], row[1], tuple(json.loads(row[2])), way)


def newest_walks(connection: "sqlite3.Connection", crew: CrewId | None, day: date | None) -> list[StoredWalk]:
    """Return the walk made last for each crew and day, of one crew or day where given, by day and crew."""
    pairs = connection.execute(
        "SELECT DISTINCT crew_id, day FROM walk WHERE (:crew IS NULL OR crew_id = :crew) AND (:day IS NULL OR day = :day)"
        " ORDER BY day, crew_id",
        {"crew": crew, "day": day.isoformat() if day else None},
    ).fetchall()
    return [newest_walk(connection, CrewId(row[0]), date.fromisoformat(row[1])) for row in pairs]


def crews_with_walks(connection: "sqlite3.Connection", day: date) -> list[CrewId]:
    """Return the crews that have a walk on the day, by id."""
    rows = connection.execute("SELECT DISTINCT crew_id FROM walk WHERE day = ? ORDER BY crew_id", (day.isoformat(),))
    return [CrewId(row[0]) for row in rows]


def stops_text(stops: "Iterable[dict[str, Any]]") -> str:
    """Return the stops as the text that is stored."""
    return json.dumps(list(stops), separators=(",", ":"), ensure_ascii=False)


def stops_digest(text: str) -> str:
    """Return the digest of the stored text of stops."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
