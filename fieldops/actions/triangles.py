"""A triangle as the map opens it: its connection point with every test, its streets and its venues."""

from dataclasses import dataclass

from fieldops.ids import StreetId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.store import triangles as store
from fieldops.store.connect import Region
from fieldops.store.triangles import PointTest, TriangleCard, VenueCard

MOST_TESTS = 20


@dataclass(frozen=True, slots=True)
class TriangleFacts:
    """A triangle with the tests of its point, newest first, its streets (id, name, state) and its venues, the busiest first."""

    card: TriangleCard
    tests: tuple[PointTest, ...]
    streets: tuple[tuple[StreetId, str, str], ...]
    venues: tuple[VenueCard, ...]


def read_triangle(region: Region, actor: Actor, key: int) -> TriangleFacts:
    """
    Return the triangle whose integer key the map's tiles carry.

    Raises
    ------
    Forbidden
        If the actor may not read the desk.
    NotFound
        If there is none.
    """
    require(actor, "desk.read")
    connection = region.reader()
    triangle, city = store.triangle_by_key(connection, key)
    card = store.read_triangle_cards(connection, city)[triangle]
    return TriangleFacts(
        card, tuple(store.read_point_tests(connection, triangle, MOST_TESTS)),
        tuple(store.streets_of_triangle(connection, triangle)),
        tuple(store.read_venue_cards(connection, city).get(triangle, ())),
    )  # fmt: skip
