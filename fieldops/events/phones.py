"""What phones told."""

from dataclasses import dataclass
from datetime import date

from fieldops.events.event import Event
from fieldops.ids import CrewId


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsTaken(Event):
    """A batch of a phone's records was taken: one event with count and digest (rule 20); `late` by rule 7."""

    count: int
    late: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneKeyMade(Event):
    """Phones seal sign-ups to a new key from now on; older keys open what is still on its way."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneKeyDestroyed(Event):
    """A key that phones no longer seal to was destroyed: what was sealed to it and never arrived stays closed for ever."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneKeysEscrowed(Event):
    """The keys of phones were handed out or taken back in, sealed to somebody who keeps them; `direction` is out or in."""

    direction: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealAnswered(Event):
    """A lead answered a promoter's appeal against what became of a record; `why` is the code."""

    appeal: str
    about: str
    upheld: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DoNotContactLifted(Event):
    """A lead found that a door or venue may be contacted again: these requests no longer hold; `why` is the code."""

    records: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayWordsSet(Event):
    """A lead said something to a crew, or to all where `crew` is None, for a day; the words lie in the private file."""

    crew: CrewId | None
    day: date
