"""What was planned and published."""

from dataclasses import dataclass

from fieldops.events.event import Event
from fieldops.ids import CrewId, PlanId, StreetId


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMade(Event):
    """A plan was computed and stored; nothing is claimed yet."""

    plan: PlanId
    objective: float
    bound: float
    assignments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPublished(Event):
    """A plan's assignments became claims, all of them or, by `best_effort`, those that the rules allowed."""

    plan: PlanId
    granted: int
    refused: int
    best_effort: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetMoved(Event):
    """
    A lead moved a street of the plan `of` by hand, from crew to crew or nobody (None); `plan` is the plan that came of it.

    `cost` is the value lost by it, in people to be told; `given_up` are streets that the new crew gave up for it,
    `taken_up` those that fill what became free.
    """

    plan: PlanId
    of: PlanId
    street: StreetId
    before: CrewId | None
    after: CrewId | None
    cost: float
    given_up: tuple[str, ...]
    taken_up: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetPinned(Event):
    """A lead pinned a street to a crew, or to nobody (None): coming plans keep it so, where the rules allow it."""

    street: StreetId
    crew: CrewId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetUnpinned(Event):
    """A lead lifted a pin, or another took its place."""

    street: StreetId
