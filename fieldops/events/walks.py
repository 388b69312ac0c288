"""Which way a crew was told to walk."""

from dataclasses import dataclass
from datetime import date

from fieldops.events.event import Event
from fieldops.ids import CrewId


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkMade(Event):
    """A crew's walk for a day was made; `digest` is that of its stops in order."""

    crew: CrewId
    day: date
    stops: int
    length_m: float
    bound_m: float
    digest: str
