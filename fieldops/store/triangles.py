"""Triangles as people know them: near which street, in which zone, with how much held, and which venues lie in them."""

from dataclasses import dataclass
from datetime import datetime

from fieldops.clock import parse_moment
from fieldops.errors import NotFound
from fieldops.ids import CityId, MeasurementId, StreetId, TriangleId, VenueId
from fieldops.store.places import name_empty_triangles
from fieldops.store.sqlite import LARGEST_KEY, sqlite3


@dataclass(frozen=True, slots=True)
class TriangleCard:
    """
    A triangle in a list: `near` is its street with most people, `crews` the names of those that hold streets in it now.

    `share` with its interval is None where nobody has measured (rule 12); `verdict` is its point's last decision.
    """

    id: TriangleId
    fid: int
    near: str
    zone: str
    streets: int
    claimed: int
    people: float
    lon: float
    lat: float
    verdict: str | None
    knows: int
    asked: int
    share: float | None
    low: float | None
    high: float | None
    crews: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VenueCard:
    """A venue as a stop of a swarm, with the people met there per hour and the hours in which it is open."""

    id: VenueId
    kind: str
    name: str
    people_per_hour: float
    open_from: str | None
    open_until: str | None
    street_label: str


def read_triangle_cards(connection: sqlite3.Connection, city: CityId) -> dict[TriangleId, TriangleCard]:
    """Return every triangle of a city, by id; one to which no street belongs is called by the street nearest to its point."""
    verdicts = {
        row[0]: tuple(row[1:])
        for row in connection.execute(
            "SELECT triangle, verdict, coalesce(knows, 0), coalesce(asked, 0), share, low, high FROM triangle_status WHERE city = ?",
            (city,),
        )
    }
    rows = connection.execute(
        "SELECT t.id, t.fid, v.label, coalesce(z.name, ''), count(*), sum(v.state = 'claimed'), sum(v.people), t.point_lon, "
        "t.point_lat, group_concat(DISTINCT c.name), max(v.people) FROM triangle AS t JOIN street_status AS v ON v.triangle = t.id "
        "LEFT JOIN zone AS z ON z.id = t.zone_id LEFT JOIN crew AS c ON c.id = v.crew WHERE t.city_id = ? GROUP BY t.id",
        (city,),
    )
    cards: dict[TriangleId, TriangleCard] = {}
    for row in rows:
        crews = tuple(row[9].split(",")) if row[9] else ()
        facts = [*row[1:9], *verdicts[row[0]], crews]
        cards[TriangleId(row[0])] = TriangleCard(TriangleId(row[0]), *facts)
    of = "SELECT t.fid, coalesce(z.name, '') FROM triangle AS t LEFT JOIN zone AS z ON z.id = t.zone_id WHERE t.id = ?"
    for name, (near, (lon, lat)) in name_empty_triangles(connection, city).items():
        fid, zone = connection.execute(of, (name,)).fetchone()
        facts = [fid, near, zone, 0, 0, 0.0, lon, lat, *verdicts[name], ()]
        cards[name] = TriangleCard(name, *facts)
    return cards


def read_venue_cards(connection: sqlite3.Connection, city: CityId) -> dict[TriangleId, list[VenueCard]]:
    """Return the venues of a city by triangle, those with most people an hour first (rule 11)."""
    rows = connection.execute(
        "SELECT s.triangle_id, v.id, v.kind, v.name, v.people_per_hour, v.open_from, v.open_until, s.label FROM venue AS v "
        "JOIN street AS s ON s.id = v.street_id WHERE v.city_id = ? AND s.triangle_id IS NOT NULL "
        "AND v.id NOT IN (SELECT venue_id FROM do_not_contact WHERE venue_id IS NOT NULL) "
        "ORDER BY v.people_per_hour DESC, v.id",
        (city,),
    )
    found: dict[TriangleId, list[VenueCard]] = {}
    for row in rows:
        found.setdefault(TriangleId(row[0]), []).append(VenueCard(VenueId(row[1]), *row[2:]))
    return found


@dataclass(frozen=True, slots=True)
class PointTest:
    """A measurement of a connection point, newest first in lists: who asked, how many knew, what was decided (None: nothing yet)."""

    id: MeasurementId
    opened_at: datetime
    crew_name: str | None
    rule: str
    blind: bool
    knows: int
    asked: int
    verdict: str | None


def triangle_by_key(connection: sqlite3.Connection, fid: int) -> tuple[TriangleId, CityId]:
    """
    Return the triangle whose integer key the map's tiles carry, with its city.

    Raises
    ------
    NotFound
        If there is none.
    """
    row = connection.execute("SELECT id, city_id FROM triangle WHERE fid = ?", (min(fid, LARGEST_KEY),)).fetchone()
    if row is None:
        raise NotFound("triangle", str(fid))
    return TriangleId(row[0]), CityId(row[1])


def read_point_tests(connection: sqlite3.Connection, triangle: TriangleId, most: int) -> list[PointTest]:
    """Return the measurements of a triangle's connection point, newest first."""
    rows = connection.execute(
        "SELECT m.id, m.opened_at, c.name, m.rule, m.blind, t.answers, (SELECT d.verdict FROM decision AS d"
        " WHERE d.measurement_id = m.id AND d.withdrawn_at IS NULL ORDER BY d.decisive_at DESC LIMIT 1)"
        " FROM measurement AS m JOIN tally AS t ON t.measurement_id = m.id LEFT JOIN crew AS c ON c.id = m.crew_id"
        " WHERE m.triangle_id = ? ORDER BY m.opened_at DESC, m.id LIMIT ?",
        (triangle, most),
    )
    return [
        PointTest(
            MeasurementId(row[0]),
            parse_moment(row[1]),
            row[2],
            row[3],
            bool(row[4]),
            row[5].count("1"),
            len(row[5]),
            row[6],
        )
        for row in rows
    ]


def streets_of_triangle(connection: sqlite3.Connection, triangle: TriangleId) -> list[tuple[StreetId, str, str]]:
    """Return the streets of a triangle with name and state, those with most people first."""
    rows = connection.execute(
        "SELECT street, label, state FROM street_status WHERE triangle = ? ORDER BY people DESC, street", (triangle,)
    )
    return [(StreetId(row[0]), row[1], row[2]) for row in rows]
