"""What phones told."""

from dataclasses import dataclass

from fieldops.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsTaken(Event):
    """A batch of a phone's records was taken: one event with count and digest (rule 20); `late` by rule 7."""

    count: int
    late: int
    digest: str
