"""What was planned and published."""

from dataclasses import dataclass

from fieldops.events.event import Event
from fieldops.ids import PlanId


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
