"""Promoters: where they stand and what they wish; never their names."""

from dataclasses import dataclass

from fieldops.events.event import Event
from fieldops.ids import CrewId, PromoterId


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoterPlaced(Event):
    """A promoter went to stand by (`standby`), or to work in `crew`; `before` is the crew of until then."""

    promoter: PromoterId
    before: CrewId
    crew: CrewId
    standby: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardChosen(Event):
    """A promoter is shown on the board of verified work from now on, or not."""

    promoter: PromoterId
    shown: bool
