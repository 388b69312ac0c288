"""What dispatch reads: the streets, ways and prices around one crew, each by an index; nothing of the whole city."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from fieldops.clock import format_moment, parse_moment
from fieldops.errors import NotFound
from fieldops.ids import CrewId, StreetId
from fieldops.people import Crew
from fieldops.said import Said, template
from fieldops.store.bursts import Running
from fieldops.store.nodes import has_several_cities, region_node
from fieldops.store.people import find_crew

if TYPE_CHECKING:
    from fieldops.store.connect import Turn
    from fieldops.store.sqlite import sqlite3

METRES_PER_DEGREE = 111_195.0  # of latitude


@dataclass(frozen=True, slots=True)
class Box:
    """The square of so many metres around a place; degrees."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def around(cls, lon: float, lat: float, metres: float) -> "Box":
        """Return the box that holds everything within so many metres of the place."""
        high = metres / METRES_PER_DEGREE
        wide = high / max(0.05, math.cos(math.radians(lat)))
        return cls(lon - wide, lat - high, lon + wide, lat + high)


class NearStreet(NamedTuple):
    """
    A street that the crew could claim now, with what the last plan and the last estimate say of it.

    `value`, `hours` and `finish` are None where no plan has looked at it; `fresh` is the estimated share where that is
    newer than the plan, with its interval, `share` what the plan counted on; `knows` of `asked` were counted; `estimated`
    is the newest estimate, however old, None where nobody was asked (rule 12).
    """

    street: StreetId
    lon: float
    lat: float
    node: int | None
    people: float
    priority: float
    permission: str
    value: float | None
    hours: float | None
    finish: float | None
    share: float | None
    fresh: float | None
    fresh_low: float
    fresh_high: float
    knows: int
    asked: int
    estimated: float | None

    @property
    def measured(self) -> tuple[float, float, float] | None:
        """Return the estimated awareness with the ends of its 80 % interval, None where nobody was asked (rule 12)."""
        return None if self.estimated is None else (self.estimated, self.fresh_low, self.fresh_high)


def zones_near(connection: "sqlite3.Connection", box: Box) -> set[str]:
    """Return the zones that have streets in the box."""
    rows = connection.execute(
        "SELECT DISTINCT zone_id FROM street INDEXED BY street_near WHERE lon BETWEEN :west AND :east"
        " AND lat BETWEEN :south AND :north AND zone_id IS NOT NULL",
        _box(box),
    )
    return {row[0] for row in rows}


def near_streets(
    connection: "sqlite3.Connection", box: Box, crew: CrewId, at: datetime, running: Running | None
) -> list[NearStreet]:
    """
    Return the streets in the box that nobody holds, that are open, and that are kept for nobody but the crew.

    RULE 15: only those that belong to what runs; None where everything does. Cool-downs are the caller's: see
    `fieldops.store.claims.cool_downs`.
    """
    runs = {
        "zones": None if running is None else json.dumps(sorted(running.zones)),
        "parts": None if running is None else json.dumps(sorted(running.streets)),
    }
    cursor = connection.cursor()
    cursor.row_factory = None  # plain tuples: half the time
    rows = cursor.execute(
        f"SELECT s.id, s.lon, s.lat, {region_node('s.node', 's.city_id')}, s.people, s.priority, s.permission, o.value, o.hours, o.finish,"  # noqa: S608  # constants
        " o.share, CASE WHEN e.as_of > o.as_of OR o.as_of IS NULL THEN e.share END, coalesce(e.low, 0.0),"
        " coalesce(e.high, 1.0), coalesce(e.knows, 0), coalesce(e.asked, 0), e.share"
        " FROM street AS s INDEXED BY street_near LEFT JOIN outlook AS o ON o.street_id = s.id"
        " LEFT JOIN estimate AS e ON e.place = s.id AND e.noun = 'street'"
        " WHERE s.lon BETWEEN :west AND :east AND s.lat BETWEEN :south AND :north AND s.status = 'open'"
        " AND s.permission <> 'refused' AND (:zones IS NULL OR s.zone_id IN (SELECT value FROM json_each(:zones))"
        " OR s.id IN (SELECT value FROM json_each(:parts))) AND NOT EXISTS (SELECT 1 FROM claim AS c WHERE c.street_id = s.id"
        " AND c.claimed_at <= :at AND c.held_until > :at AND coalesce(c.ended_at, c.held_until) > :at)"
        " AND NOT EXISTS (SELECT 1 FROM closure AS d WHERE d.street_id = s.id AND d.since <= :at AND d.reopens_at > :at"
        " AND (d.ended_at IS NULL OR d.ended_at > :at)) AND NOT EXISTS (SELECT 1 FROM pause AS p WHERE p.street_id = s.id"
        " AND p.since <= :at AND coalesce(p.ended_at, p.until) > :at) AND NOT EXISTS (SELECT 1 FROM reserve AS r"
        " WHERE r.street_id = s.id AND r.crew_id <> :crew AND r.kept_from <= :at AND r.kept_until > :at"
        " AND coalesce(r.ended_at, r.kept_until) > :at)",
        _box(box) | runs | {"crew": crew, "at": format_moment(at)},
    )
    return [NearStreet._make(row) for row in rows]


def entry_spans(connection: "sqlite3.Connection") -> dict[StreetId, tuple[str, str]]:
    """Return from when until when (HH:MM) those streets let promoters in that do not always; they are few."""
    rows = connection.execute(
        "SELECT id, open_from, open_until FROM street INDEXED BY street_entry WHERE open_from IS NOT NULL"
    )
    return {StreetId(row[0]): (row[1], row[2]) for row in rows}


def taken_streets(connection: "sqlite3.Connection", box: Box, crew: CrewId, at: datetime) -> list[Said]:
    """Say why so many streets in the box are not free to the crew, each street counted once, by its first reason."""
    rows = connection.execute(
        "SELECT CASE WHEN s.status <> 'open' OR s.permission = 'refused' THEN 3 WHEN EXISTS (SELECT 1 FROM claim AS c"
        " WHERE c.street_id = s.id AND c.claimed_at <= :at AND c.held_until > :at AND"
        " coalesce(c.ended_at, c.held_until) > :at) THEN 0 WHEN EXISTS (SELECT 1 FROM closure AS d WHERE"
        " d.street_id = s.id AND d.since <= :at AND d.reopens_at > :at AND (d.ended_at IS NULL OR d.ended_at > :at))"
        " THEN 1 WHEN EXISTS (SELECT 1 FROM reserve AS r WHERE r.street_id = s.id AND r.crew_id <> :crew"
        " AND r.kept_from <= :at AND r.kept_until > :at AND coalesce(r.ended_at, r.kept_until) > :at) THEN 2 END AS why, count(*)"
        " FROM street AS s WHERE s.lon BETWEEN :west AND :east AND s.lat BETWEEN :south AND :north"
        " AND s.status <> 'gone' GROUP BY why ORDER BY why",
        _box(box) | {"crew": crew, "at": format_moment(at)},
    )
    words = (
        template("%(streets_n)s held"), template("%(streets_n)s at the target (moved on)"),
        template("%(streets_n)s kept for phones of others"), template("%(streets_n)s closed to everybody"),
    )  # fmt: skip
    return [Said(words[why], streets_n=count) for why, count in map(tuple, rows) if why is not None]


def near_ways(
    connection: "sqlite3.Connection", box: Box
) -> tuple[dict[int, tuple[float, float]], dict[int, list[tuple[int, float]]]]:
    """Return the places (degrees) of the nodes in the box, and the ways between nodes with their metres, both directions."""
    cursor = connection.cursor()
    cursor.row_factory = None  # plain tuples: half the time
    nodes = {
        node: (lon, lat)
        for node, lon, lat in cursor.execute(
            f"SELECT {region_node('id', 'city_id')}, lon, lat FROM node WHERE lon BETWEEN :west AND :east AND lat BETWEEN :south AND :north",  # noqa: S608  # constants
            _box(box),
        )
    }
    ways: dict[int, list[tuple[int, float]]] = {}
    start, end, same = "w.from_node", "w.to_node", ""
    if has_several_cities(connection):  # of one city the index holds all that is asked
        start, end = (region_node(one, "n.city_id") for one in (start, end))
        same = " AND w.city_id = n.city_id"
    rows = cursor.execute(
        f"SELECT {start}, {end}, w.length_m FROM node AS n JOIN segment AS w ON w.from_node = n.id{same}"  # noqa: S608  # constants
        " WHERE n.lon BETWEEN :west AND :east AND n.lat BETWEEN :south AND :north AND w.kind <> 'closed'",
        _box(box),
    )
    for one, other, metres in rows:
        ways.setdefault(one, []).append((other, metres))
        ways.setdefault(other, []).append((one, metres))
    return nodes, ways


@dataclass(frozen=True, slots=True)
class CrewStanding:
    """
    A crew at a moment: where it stands, what it holds, and what its hours are worth to it.

    `needed` are the promoter-hours that the streets it holds and those on its reserve list still need, None where no plan
    has looked at one of them; `street` is where it stands, None at its home.
    """

    crew: Crew
    lon: float
    lat: float
    street: StreetId | None
    node: int | None
    held: tuple[StreetId, ...]
    needed: tuple[float | None, ...]
    hour_price: float
    place_price: float


def crew_standing(connection: "sqlite3.Connection", crew: CrewId, at: datetime, start: StreetId | None) -> CrewStanding:
    """
    Return where the crew stands and what it has to do at the moment.

    It stands on `start` where that is given; else on the street whose claim ended last, within a day; else on the street
    that it claimed last; else at its home.

    Raises
    ------
    NotFound
        If there is no such crew, or no such street.
    """
    found = find_crew(connection, crew)
    moment = format_moment(at)
    rows = connection.execute(
        "SELECT c.street_id, o.hours, (SELECT coalesce(sum(f.promoter_hours), 0) FROM effort AS f WHERE"
        " f.street_id = c.street_id AND f.crew_id = c.crew_id AND f.day >= substr(c.claimed_at, 1, 10))"
        " FROM claim AS c LEFT JOIN outlook AS o ON o.street_id = c.street_id WHERE c.crew_id = :crew"
        " AND c.claimed_at <= :at AND c.held_until > :at AND coalesce(c.ended_at, c.held_until) > :at"
        " ORDER BY c.claimed_at DESC, c.street_id",
        {"crew": crew, "at": moment},
    ).fetchall()
    held = tuple(StreetId(row[0]) for row in rows)
    needed = tuple(None if row[1] is None else max(0.0, row[1] - row[2]) for row in rows)
    where = start or _last_left(connection, crew, at) or (held[0] if held else None)
    lon, lat, node = found.home_lon, found.home_lat, None
    if where is not None:
        query = f"SELECT lon, lat, {region_node('node', 'city_id')} FROM street WHERE id = ?"  # noqa: S608  # constants
        place = connection.execute(query, (where,)).fetchone()
        if place is None:
            raise NotFound("street", where, cure="find it by name with `fieldops streets list`")
        lon, lat, node = place
    price = connection.execute(
        "SELECT hour_price, place_price FROM outlook_price WHERE crew_id = ?", (crew,)
    ).fetchone() or (0.0, 0.0)
    return CrewStanding(found, lon, lat, where, node, held, needed, price[0], price[1])


def _last_left(connection: "sqlite3.Connection", crew: CrewId, at: datetime) -> StreetId | None:
    row = connection.execute(
        "SELECT street_id FROM claim WHERE crew_id = :crew AND held_until > :since AND ended_at <= :at"
        " AND ended_at > :since ORDER BY ended_at DESC, street_id LIMIT 1",
        {"crew": crew, "at": format_moment(at), "since": format_moment(at - timedelta(days=1))},
    ).fetchone()
    return StreetId(row[0]) if row else None


def positions(connection: "sqlite3.Connection", streets: Sequence[StreetId]) -> list[tuple[float, float]]:
    """Return longitude and latitude of the middle of each street, in order."""
    found = []
    for street in streets:
        row = connection.execute("SELECT lon, lat FROM street WHERE id = ?", (street,)).fetchone()
        found.append((row[0], row[1]))
    return found


def hours_of(connection: "sqlite3.Connection", streets: Sequence[StreetId], *, default: float) -> list[float]:
    """Return the promoter-hours of each street by the last plan, `default` where none has looked at it."""
    found = []
    for street in streets:
        row = connection.execute("SELECT hours FROM outlook WHERE street_id = ?", (street,)).fetchone()
        found.append(default if row is None or row[0] is None else row[0])
    return found


def save_outlook(
    turn: "Turn",
    streets: Iterable[tuple[StreetId, float, float | None, float, float]],
    crews: Iterable[tuple[CrewId, float, float]],
    *,
    event: int,
) -> None:
    """
    Replace what the last plan left behind: (street, value, hours, finish, share) and (crew, hour price, place price).

    `event` is the newest event that they take into account; they are derived, and no state of their own.
    """
    assert turn.head.seq >= event
    as_of = format_moment(turn.now)
    turn.connection.execute("DELETE FROM outlook")
    turn.connection.executemany("INSERT INTO outlook VALUES (?, ?, ?, ?, ?, ?)", [(*row, as_of) for row in streets])
    turn.connection.execute("DELETE FROM outlook_price")
    turn.connection.executemany("INSERT INTO outlook_price VALUES (?, ?, ?)", list(crews))


def newest_outlook(connection: "sqlite3.Connection") -> datetime | None:
    """Return when the last plan looked at the streets, None where none has."""
    row = connection.execute("SELECT as_of FROM outlook LIMIT 1").fetchone()
    return parse_moment(row[0]) if row else None


def _box(box: Box) -> dict[str, float | str | None]:
    return {"west": box.west, "south": box.south, "east": box.east, "north": box.north}
