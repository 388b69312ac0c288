"""Who held which street, until when, and what was said about it."""

from dataclasses import dataclass
from datetime import datetime

from fieldops.events.event import Event
from fieldops.ids import ClaimId, CrewId, PlanId, StreetId


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetClaimed(Event):
    """A crew holds a street over [`at`, `held_until`)."""

    claim: ClaimId
    street: StreetId
    crew: CrewId
    generation: int
    held_until: datetime
    plan: PlanId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimForfeited(Event):
    """The claim ended unsaturated, because the clock said so; `at` is its `held_until`."""

    claim: ClaimId
    street: StreetId
    crew: CrewId


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSaturated(Event):
    """The claim ended because the street had reached the target; `credit` names the crew whose evidence showed it."""

    claim: ClaimId
    street: StreetId
    crew: CrewId
    credit: CrewId


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimWithdrawn(Event):
    """The crew gave the street up."""

    claim: ClaimId
    street: StreetId
    crew: CrewId


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRevoked(Event):
    """A lead took the street back; `why` is the reason code."""

    claim: ClaimId
    street: StreetId
    crew: CrewId


@dataclass(frozen=True, slots=True, kw_only=True)
class CoolDownOverridden(Event):
    """A lead let a crew claim a street again although it forfeited it (rule 3); `claim` is the forfeited one."""

    claim: ClaimId
    street: StreetId
    crew: CrewId


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSet(Event):
    """A webhook of that name was set, or taken away where `form` is empty; its address lies in the private file."""

    channel: str
    form: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesMade(Event):
    """Reminders of coming ends were put into the inboxes and onto the way; `anew` were there, made in a time that never was."""

    count: int
    digest: str
    anew: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesSent(Event):
    """One message was handed to a channel, or failed to be: `problem` is a code, empty where it arrived."""

    channel: str
    count: int
    digest: str
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTried(Event):
    """A message was sent to a channel by hand, to see whether it arrives: `problem` is a code, empty where it did."""

    channel: str
    problem: str = ""
