"""What people call a thing: a street, a point, a crew, a venue, a promoter, for tables and lines that people read."""

from dataclasses import dataclass

from fieldops.actions.people import list_crews, promoter_names
from fieldops.ids import CrewId, PromoterId, StreetId, TriangleId, VenueId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.store import places
from fieldops.store.connect import Region


@dataclass(frozen=True, slots=True)
class Names:
    """Names by id; what has none, or may not be read, is called by its id."""

    streets: dict[str, str]
    points: dict[TriangleId, str]
    venues: dict[VenueId, str]
    crews: dict[CrewId, str]
    promoters: dict[PromoterId, str]

    def street(self, street: StreetId) -> str:
        """Return what people call the street."""
        return self.streets.get(street) or street

    def place(self, street: StreetId | None, triangle: TriangleId | None) -> str:
        """Return what people call a place: a street, or a connection point by its triangle and the street beside it."""
        if street is not None:
            return self.street(street)
        return f"{triangle} {self.points.get(triangle, '')}".strip() if triangle is not None else ""

    def venue(self, venue: VenueId) -> str:
        """Return what people call the venue."""
        return self.venues.get(venue) or venue

    def crew(self, crew: CrewId | None, nobody: str = "") -> str:
        """Return what people call the crew."""
        return nobody if crew is None else self.crews.get(crew) or crew

    def promoter(self, promoter: PromoterId) -> str:
        """Return the promoter's name with the id, which commands ask for."""
        name = self.promoters.get(promoter)
        return f"{name} ({promoter})" if name else promoter


def read_names(region: Region, actor: Actor) -> Names:
    """Return what people call all things of the region. Permission: region.read; promoters' names as they may be read."""
    require(actor, "region.read")
    connection = region.reader()
    return Names(
        places.read_labels(connection), places.name_points(connection), places.name_venues(connection),
        {crew.id: crew.name for crew in list_crews(region, actor)}, promoter_names(region, actor),
    )  # fmt: skip
