"""Who acts and who walks: actors with their role, crews, promoters."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from fieldops.errors import BadInput
from fieldops.ids import ActorId, CrewId, PromoterId


class Role(StrEnum):
    """What somebody is to the region."""

    PLANNER = "planner"
    LEAD = "lead"
    CREW_LEAD = "crew_lead"
    CREW = "crew"
    AUDITOR = "auditor"
    REP = "rep"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts: at a shell, in the browser, or on a phone. `crew` is set for crew roles."""

    id: ActorId
    role: Role
    crew: CrewId | None = None


@dataclass(frozen=True, slots=True)
class Crew:
    """
    The team that claims.

    `people` >= 1, `hours_per_day` in (0, 16] per person; home in degrees WGS-84 (longitude, latitude).
    """

    id: CrewId
    name: str
    people: int
    hours_per_day: float
    home_lon: float
    home_lat: float
    base: str | None = None
    days_off: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        """Refuse a crew that cannot exist."""
        if not 1 <= self.people <= 200:
            raise BadInput(f"a crew of {self.people} people", field="people", cure="give 1 to 200")
        if not 0 < self.hours_per_day <= 16:
            raise BadInput(
                f"{self.hours_per_day} hours a day", field="hours_per_day", cure="give more than 0, at most 16"
            )
        if not (-180 <= self.home_lon <= 180 and -85 <= self.home_lat <= 85):
            raise BadInput(
                f"home at ({self.home_lon}, {self.home_lat})", field="home_lon", cure="give degrees, longitude first"
            )


@dataclass(frozen=True, slots=True)
class Promoter:
    """A member of a crew over the half-open days [`since`, `until`); names lie in the private file."""

    id: PromoterId
    crew: CrewId
    since: date | None = None
    until: date | None = None
