"""Where things are: the geometry of streets and connection points for filing positions."""

import json
from collections.abc import Collection, Sequence
from itertools import groupby

import numpy as np
import numpy.typing as npt
from scipy import sparse, spatial

from fieldops.city.neighbours import touching_streets
from fieldops.city.places import Ground, Place, find_in
from fieldops.ids import CityId, CrewId, StreetId, TriangleId, VenueId
from fieldops.store import geopackage
from fieldops.store.connect import read_zone as read_zone
from fieldops.store.sqlite import sqlite3

FloatArray = npt.NDArray[np.float64]
_MANY = 5_000  # streets, from which on reading all segments is quicker than looking each street up
_WIDTH_OF_80_PERCENT = 2.563  # of the central 80 % of a normal distribution, in standard deviations


def street_positions(connection: sqlite3.Connection) -> tuple[FloatArray, FloatArray]:
    """Return longitudes and latitudes (degrees) of the middle of every street that still exists."""
    rows = connection.execute("SELECT lon, lat FROM street WHERE status <> 'gone'").fetchall()
    positions = np.array([tuple(row) for row in rows], dtype=float).reshape(-1, 2)
    return positions[:, 0], positions[:, 1]


def street_lines(connection: sqlite3.Connection) -> npt.NDArray[np.object_]:
    """Return every segment of the region's street graph as a line (degrees WGS-84)."""
    return geopackage.decode([row[0] for row in connection.execute("SELECT geom FROM segment ORDER BY fid")])


def read_grounds(connection: sqlite3.Connection) -> dict[CityId, Ground]:
    """Return for each city its streets and connection points, ready to be searched."""
    grounds: dict[CityId, Ground] = {}
    for (city,) in connection.execute("SELECT id FROM city ORDER BY id").fetchall():
        streets = connection.execute(
            "SELECT id, geom FROM street WHERE city_id = ? AND status <> 'gone' ORDER BY id", (city,)
        ).fetchall()
        points = connection.execute(
            "SELECT id, point_lon, point_lat FROM triangle WHERE city_id = ? ORDER BY id", (city,)
        ).fetchall()
        grounds[CityId(city)] = Ground.of(
            tuple(StreetId(row[0]) for row in streets), geopackage.decode([row[1] for row in streets]),
            tuple(TriangleId(row[0]) for row in points), [row[1] for row in points], [row[2] for row in points],
        )  # fmt: skip
    return grounds


class Finder:
    """Finds the place of positions in whichever city of the region is nearest; reads the map at the first question."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._grounds: list[Ground] | None = None

    def find(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> list[Place]:
        """Return the place of each position (degrees), in order; see `Ground.find`."""
        if self._grounds is None:
            self._grounds = list(read_grounds(self._connection).values())
        return find_in(self._grounds, np.asarray(lon, dtype=float), np.asarray(lat, dtype=float))


def has_street(connection: sqlite3.Connection, street: StreetId) -> bool:
    """Return whether the street still exists."""
    found = connection.execute("SELECT 1 FROM street WHERE id = ? AND status <> 'gone'", (street,))
    return found.fetchone() is not None


def has_venue(connection: sqlite3.Connection, venue: VenueId) -> bool:
    """Return whether there is such a venue."""
    return connection.execute("SELECT 1 FROM venue WHERE id = ?", (venue,)).fetchone() is not None


def has_crew(connection: sqlite3.Connection, crew: CrewId) -> bool:
    """Return whether there is such a crew."""
    return connection.execute("SELECT 1 FROM crew WHERE id = ?", (crew,)).fetchone() is not None


def cities_of(connection: sqlite3.Connection, triangles: Collection[TriangleId]) -> list[CityId]:
    """Return the cities in which some triangles lie."""
    rows = connection.execute(
        "SELECT DISTINCT city_id FROM triangle WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(triangles)),),
    )
    return [CityId(row[0]) for row in rows]


def cities_at(connection: sqlite3.Connection, places: Sequence[tuple[float, float]]) -> list[CityId | None]:
    """Return the city of each place (degrees): that of the nearest street; None in a region without streets."""
    cities = [CityId(row[0]) for row in connection.execute("SELECT id FROM city ORDER BY id")]
    if len(cities) < 2 or not places:
        return [cities[0] if cities else None] * len(places)
    rows = connection.execute("SELECT city_id, lon, lat FROM street WHERE status <> 'gone'").fetchall()
    if not rows:
        return [None] * len(places)
    shrink = np.array([np.cos(np.radians(places[0][1])), 1.0])  # a degree of longitude against one of latitude
    tree = spatial.KDTree(np.array([tuple(row)[1:] for row in rows]) * shrink)
    return [CityId(rows[i][0]) for i in np.atleast_1d(tree.query(np.array(places) * shrink)[1])]


def has_triangle(connection: sqlite3.Connection, triangle: TriangleId) -> bool:
    """Return whether there is such a connection triangle."""
    return connection.execute("SELECT 1 FROM triangle WHERE id = ?", (triangle,)).fetchone() is not None


def name_places(connection: sqlite3.Connection, streets: Sequence[StreetId]) -> dict[str, str]:
    """Return the names for people of some streets, by id."""
    rows = connection.execute(
        "SELECT id, label FROM street WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(streets)),)
    )
    return {row[0]: row[1] for row in rows}


def name_points(connection: sqlite3.Connection) -> dict[TriangleId, str]:
    """Return for each connection point the name of the street of its triangle that lies nearest to it, of any where it has none."""
    rows = connection.execute(
        "SELECT t.id, s.label, min((s.lon - t.point_lon) * (s.lon - t.point_lon) + (s.lat - t.point_lat) * (s.lat - t.point_lat))"
        " FROM triangle AS t JOIN street AS s ON s.triangle_id = t.id WHERE s.status <> 'gone' GROUP BY t.id"
    )
    return {TriangleId(row[0]): row[1] for row in rows} | {
        name: label for name, (label, _) in name_empty_triangles(connection).items()
    }


def name_empty_triangles(
    connection: sqlite3.Connection, city: CityId | None = None
) -> dict[TriangleId, tuple[str, tuple[float, float]]]:
    """Return the triangles to which no street belongs: the name of the street nearest to the point, and the point (lon, lat)."""
    rows = connection.execute(
        "SELECT id, city_id, point_lon, point_lat FROM triangle AS t WHERE (?1 IS NULL OR city_id = ?1) AND NOT EXISTS"
        " (SELECT 1 FROM street AS s WHERE s.triangle_id = t.id AND s.status <> 'gone') ORDER BY city_id, id",
        (city,),
    ).fetchall()
    found: dict[TriangleId, tuple[str, tuple[float, float]]] = {}
    for town, empty in groupby(rows, key=lambda row: row[1]):
        some = list(empty)
        streets = connection.execute(
            "SELECT label, lon, lat FROM street WHERE city_id = ? AND status <> 'gone' ORDER BY id", (town,)
        ).fetchall()
        shrink = np.array([np.cos(np.radians(some[0][3])), 1.0])  # a degree of longitude against one of latitude
        labels = [row[0] for row in streets] or [""]
        there = np.array([tuple(row)[1:] for row in streets] or [(0.0, 0.0)]) * shrink
        near = np.asarray(spatial.KDTree(there).query(np.array([tuple(row)[2:] for row in some]) * shrink)[1])
        found |= {TriangleId(row[0]): (labels[i], (row[2], row[3])) for row, i in zip(some, near, strict=True)}
    return found


def name_venues(connection: sqlite3.Connection) -> dict[VenueId, str]:
    """Return the names of venues that have one."""
    return {VenueId(row[0]): row[1] for row in connection.execute("SELECT id, name FROM venue WHERE name <> ''")}


def read_neighbours(connection: sqlite3.Connection, streets: Sequence[StreetId]) -> sparse.csr_array:
    """Return the adjacency of these streets, in their order: see `touching_streets`."""
    number = {street: i for i, street in enumerate(streets)}
    some = "" if len(streets) > _MANY else " AND street_id IN (SELECT value FROM json_each(:streets))"
    chosen = {"streets": json.dumps(list(streets)) if some else ""}
    city: dict[str, int] = {}
    rows: list[tuple[int, int, int]] = []
    for street, town, first, last in connection.execute(
        f"SELECT street_id, city_id, from_node, to_node FROM segment WHERE kind = 'claim'{some}"  # noqa: S608  # constants
        f" UNION ALL SELECT street_id, city_id, node, node FROM gate WHERE street_id IS NOT NULL{some}",
        chosen,
    ):
        if (place := number.get(street)) is not None:
            at = city.setdefault(town, len(city))
            rows += ((place, at, first), (place, at, last))
    lies, within, node = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    # Each city numbers its nodes for itself: what two cities call alike are two nodes.
    return touching_streets(lies, np.unique(node, return_inverse=True)[1] * max(1, len(city)) + within, len(streets))


def streets_around(connection: sqlite3.Connection, streets: Collection[StreetId]) -> set[StreetId]:
    """Return the streets that share a node with one of these, and these."""
    rows = connection.execute(
        "WITH chosen (id) AS (SELECT value FROM json_each(?)), here (node, city) AS MATERIALIZED ("
        " SELECT from_node, city_id FROM segment WHERE street_id IN (SELECT id FROM chosen) AND kind = 'claim'"
        " UNION SELECT to_node, city_id FROM segment WHERE street_id IN (SELECT id FROM chosen) AND kind = 'claim'"
        " UNION SELECT node, city_id FROM gate WHERE street_id IN (SELECT id FROM chosen))"
        " SELECT s.street_id FROM here CROSS JOIN segment AS s ON s.from_node = node AND s.city_id = city AND s.kind = 'claim'"
        " UNION SELECT s.street_id FROM here CROSS JOIN segment AS s ON s.to_node = node AND s.city_id = city AND s.kind = 'claim'"
        " UNION SELECT g.street_id FROM here CROSS JOIN gate AS g ON g.node = here.node AND g.city_id = city",
        (json.dumps(list(streets)),),
    )
    return {*streets, *(StreetId(row[0]) for row in rows if row[0])}


def people_doubt(connection: sqlite3.Connection) -> float:
    """Return how far the figures of people may be off: standard deviation of the log at the median street."""
    rows = connection.execute(
        "SELECT people_low, people_high FROM street WHERE status <> 'gone' AND people_low > 0 AND people_high >= people_low"
    ).fetchall()
    if not rows:
        return 0.0
    low, high = np.array([tuple(row) for row in rows], dtype=float).T
    return float(np.median(np.log(high / low))) / _WIDTH_OF_80_PERCENT


def read_labels(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the names for people of streets and zones, by id; triangles have none."""
    rows = connection.execute("SELECT id, label FROM street WHERE status <> 'gone' UNION ALL SELECT id, name FROM zone")
    return {row[0]: row[1] for row in rows}


def streets_of_venues(connection: sqlite3.Connection) -> dict[VenueId, StreetId | None]:
    """Return for each venue the street on which it stands."""
    return {VenueId(row[0]): row[1] for row in connection.execute("SELECT id, street_id FROM venue")}
