"""Which zones are pushed when."""

from dataclasses import dataclass
from datetime import date

from fieldops.events.event import Event
from fieldops.ids import ZoneId


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstsSet(Event):
    """Bursts were set from a day on, in the place of those before; `digest` is that of their zones, days and people."""

    first_day: date
    people: int
    zones: int
    days: int
    bound_days: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstOverridden(Event):
    """A lead lets a zone be planned although it is in no running burst, until bursts are set anew (rule 15)."""

    zone: ZoneId
