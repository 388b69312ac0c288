"""How the record itself was kept."""

from dataclasses import dataclass
from datetime import datetime

from fieldops.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockAccepted(Event):
    """The record had run ahead of the true time; from here on it goes on from `at`. `ahead` is where it had been."""

    ahead: datetime
    voided: int
    shortened: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionRestored(Event):
    """A backup took the place of the region; `seq` and `chain` are the head of the record that was put aside."""

    seq: int
    chain: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionUpgraded(Event):
    """A region of an older version was brought to the present one by these steps; what was done before, was done under its rules."""

    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsSealed(Event):
    """What a turn added to the sum over all rows of each table that it wrote to, hidden by the key (`store/seals.py`)."""

    tables: dict[str, str]
