"""The office: hours confirmed, incidents reported and settled, streets closed for a time, stock moved."""

from dataclasses import dataclass
from datetime import date, datetime

from fieldops.events.event import Event
from fieldops.ids import CrewId, PromoterId, StreetId


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursConfirmed(Event):
    """A lead said how many hours a promoter's day counts."""

    promoter: PromoterId
    day: date
    hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReported(Event):
    """Something happened in the field, by its code; `street` is None where it was at none."""

    incident: str
    what: str
    street: StreetId | None = None
    crew: CrewId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentSettled(Event):
    """A lead settled an incident; `outcome` is a code."""

    incident: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetPaused(Event):
    """A street is closed to claims until a moment."""

    street: StreetId
    until: datetime
    incident: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseEnded(Event):
    """A street that was closed for a time is open again before it was over."""

    street: StreetId


@dataclass(frozen=True, slots=True, kw_only=True)
class StockMoved(Event):
    """Posters or leaflets went from one place to another; `outside` is where they come from and are used up."""

    item: str
    count: int
    source: str
    target: str
