"""Who acts and who walks: actors with their role, crews, promoters."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Self

from fieldops.errors import BadInput
from fieldops.ids import ActorId, CrewId, PromoterId
from fieldops.said import Said


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


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class DaysOff:
    """Days on which a crew does not work: single ones, and days of every week (0 is Monday); `day in days_off` asks."""

    dates: frozenset[date] = frozenset()
    weekly: frozenset[int] = frozenset()

    def __contains__(self, day: date) -> bool:
        """Return whether the crew is off on that day."""
        return day in self.dates or day.weekday() in self.weekly

    def words(self) -> list[str]:
        """Return them as they are stored: `mon` to `sun`, then days such as `2026-03-01`."""
        return [*(WEEKDAYS[day] for day in sorted(self.weekly)), *(day.isoformat() for day in sorted(self.dates))]

    @classmethod
    def from_words(cls, words: Iterable[str]) -> Self:
        """Return what `words` made."""
        every = list(words)
        dates = frozenset(date.fromisoformat(word) for word in every if word not in WEEKDAYS)
        return cls(dates, frozenset(WEEKDAYS.index(word) for word in every if word in WEEKDAYS))


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
    days_off: DaysOff = DaysOff()

    def __post_init__(self) -> None:
        """Refuse a crew that cannot exist."""
        if not 1 <= self.people <= 200:
            raise BadInput(
                Said("a crew of %(people)s people", people=self.people), field="people", cure="give 1 to 200"
            )
        if not 0 < self.hours_per_day <= 16:
            raise BadInput(
                Said("%(hours_per_day)s hours a day", hours_per_day=self.hours_per_day),
                field="hours_per_day",
                cure="give more than 0, at most 16",
            )
        if not (-180 <= self.home_lon <= 180 and -85 <= self.home_lat <= 85):
            raise BadInput(
                Said("home at (%(home_lon)s, %(home_lat)s)", home_lon=self.home_lon, home_lat=self.home_lat),
                field="home_lon",
                cure="give degrees, longitude first",
            )


@dataclass(frozen=True, slots=True)
class Promoter:
    """A member of a crew over the half-open days [`since`, `until`); names lie in the private file."""

    id: PromoterId
    crew: CrewId
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Base:
    """An office of the region: its address, where it stands (degrees WGS-84, None where nobody said), when it is open."""

    name: str
    address: str = ""
    lon: float | None = None
    lat: float | None = None
    hours: str = ""

    def __post_init__(self) -> None:
        """Refuse a base that cannot be."""
        if not self.name.strip() or len(self.name) > 60:
            raise BadInput(
                Said("'%(name)s' is no name of a base", name=self.name[:60]), field="name", cure="give 1 to 60 letters"
            )
        if (self.lon is None) != (self.lat is None):
            raise BadInput("half a position", field="lon", cure="give longitude and latitude, or neither")
        if self.lon is not None and self.lat is not None and not (-180 <= self.lon <= 180 and -85 <= self.lat <= 85):
            raise BadInput(
                Said("(%(lon)s, %(lat)s)", lon=self.lon, lat=self.lat),
                field="lon",
                cure="give degrees WGS-84, longitude first",
            )
        if len(self.address) > 200 or len(self.hours) > 100:
            raise BadInput("is too long", field="address", cure="200 letters for the address, 100 for the hours")
