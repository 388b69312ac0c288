"""What a lead reads before deciding to move on or to swarm: every measured place with its test, every triangle with its venues."""

from dataclasses import dataclass
from datetime import datetime

from fieldops.actions.decisions import Standing, read_standings
from fieldops.awareness import Verdict
from fieldops.ids import CityId, StreetId, TriangleId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.store import today
from fieldops.store.connect import Region
from fieldops.store.triangles import TriangleCard, VenueCard, read_triangle_cards, read_venue_cards


@dataclass(frozen=True, slots=True)
class Panel:
    """The measured places, newest first, the triangles that they lie in, and those that wait for a decision."""

    standings: tuple[Standing, ...]
    triangles: dict[TriangleId, TriangleCard]
    undecided: frozenset[tuple[StreetId | None, TriangleId | None]]

    @property
    def waiting(self) -> int:
        """How many places have surveys that no test has looked at."""
        return len(self.undecided)

    def waits(self, one: Standing) -> bool:
        """Return whether a place has surveys that no test has looked at."""
        return (one.measurement.street, one.measurement.triangle) in self.undecided

    def count(self, verdict: str) -> int:
        """Return how many places have that verdict."""
        return sum(one.test.verdict == verdict for one in self.standings)


@dataclass(frozen=True, slots=True)
class SwarmCard:
    """A triangle to swarm with its test and its venues, the busiest first."""

    triangle: TriangleCard
    standing: Standing
    venues: tuple[VenueCard, ...]

    @property
    def places(self) -> list[tuple[VenueCard, int]]:
        """The venues with how many of each there are: lifts of one compound look the same to whoever goes there."""
        found: dict[tuple[object, ...], list[VenueCard]] = {}
        for one in self.venues:
            key = (one.name or one.street_label, one.kind, round(one.people_per_hour), one.open_from, one.open_until)
            found.setdefault(key, []).append(one)
        return [(same[0], len(same)) for same in found.values()]


def read_panel(region: Region, actor: Actor, city: CityId, *, now: datetime | None = None) -> Panel:
    """
    Return the measured places of a city as the move-on panel shows them; see `read_standings`.

    Raises
    ------
    Forbidden
        If the actor may not read the desk.
    """
    require(actor, "desk.read")
    found = read_standings(region, actor, now=now)
    newest = sorted(found, key=lambda one: one.measurement.opened_at, reverse=True)
    connection = region.reader()
    waiting = frozenset(today.undecided_places(connection))
    return Panel(tuple(newest), read_triangle_cards(connection, city), waiting)


def read_swarm_cards(
    region: Region, actor: Actor, city: CityId, *, now: datetime | None = None
) -> tuple[SwarmCard, ...]:
    """
    Return the triangles of a city whose point says push on, those with most people first (rule 11).

    Raises
    ------
    Forbidden
        If the actor may not read the desk.
    """
    panel = read_panel(region, actor, city, now=now)
    venues = read_venue_cards(region.reader(), city)
    newest: dict[TriangleId, Standing] = {}
    for one in panel.standings:
        if one.measurement.triangle:
            newest.setdefault(one.measurement.triangle, one)
    found = [
        SwarmCard(panel.triangles[name], one, tuple(venues.get(name, ())))
        for name, one in newest.items()
        if one.test.verdict is Verdict.PUSH_ON and name in panel.triangles and panel.triangles[name].streets
    ]
    return tuple(sorted(found, key=lambda card: -card.triangle.people))
