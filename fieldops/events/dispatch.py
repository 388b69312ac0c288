"""Which streets were kept for a crew whose phone has no network."""

from dataclasses import dataclass
from datetime import datetime

from fieldops.events.event import Event
from fieldops.ids import CrewId, StreetId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservesKept(Event):
    """Streets are kept for a crew over [`at`, `kept_until`): the door refuses them to others (rule 6)."""

    crew: CrewId
    streets: tuple[StreetId, ...]
    kept_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservesReleased(Event):
    """Streets are no longer kept for the crew, before the day was over."""

    crew: CrewId
    streets: tuple[StreetId, ...]
