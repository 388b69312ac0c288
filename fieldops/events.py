"""
What happened, as frozen values in the past tense (rule 20).

An event carries ids and facts, never names, phone numbers or free text: a person can be erased without touching the
record. The class name is the kind under which the event is stored; `facts()` is its canonical content.
"""

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import get_type_hints

from fieldops.clock import format_moment
from fieldops.ids import CityId, ClaimId, CrewId, MeasurementId, PlanId, PromoterId, StreetId, TriangleId


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    Root of all events. Who and from which device are added by the write turn that records it.

    `at` is when it took effect (aware UTC), not when it was recorded; `why` is a code such as `clock` or `lead_decision`.
    """

    at: datetime
    why: str = ""

    @property
    def kind(self) -> str:
        """Return the name under which the event is stored."""
        return type(self).__name__

    def facts(self) -> dict[str, object]:
        """Return what happened as plain JSON values, without `at` and `why`."""
        return {
            field.name: _plain(getattr(self, field.name)) for field in fields(self) if field.name not in ("at", "why")
        }


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return format_moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | frozenset | set):
        return [_plain(item) for item in (value if isinstance(value, tuple) else sorted(value))]
    return value


# ── the region and its map ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionCreated(Event):
    """A region database was made; `sandbox` regions accept given times."""

    sandbox: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesChanged(Event):
    """Settings took new values."""

    settings: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class CityImported(Event):
    """A map became (or renewed) a city; `digest` is the SHA-256 of the map file."""

    city: CityId
    streets: int
    kept: int
    added: int
    removed: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetEdited(Event):
    """A person renamed, split, joined, closed, opened, permitted or drew a street; `change` says which."""

    street: StreetId
    change: str
    others: tuple[StreetId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsImported(Event):
    """Rows of a file were taken in; `noun` is crews, promoters, venues or effort."""

    noun: str
    added: int
    updated: int
    unchanged: int
    rejected: int
    digest: str


# ── evidence ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveysRecorded(Event):
    """A batch of surveys was appended: one event with count and digest (rule 20)."""

    count: int
    late: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionMade(Event):
    """A test of a place was decided: verdict, rule and counts, so that it can be recomputed."""

    measurement: MeasurementId
    street: StreetId | None
    triangle: TriangleId | None
    rule: str
    asked: int
    knows: int
    surveys_used: int
    verdict: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionWithdrawn(Event):
    """A decision no longer follows from the surveys that count: some were quarantined, or came in late."""

    decision: str
    measurement: MeasurementId
    street: StreetId | None
    triangle: TriangleId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveysQuarantined(Event):
    """Surveys of a promoter or of a measurement count in no decision any more (rule 13)."""

    promoter: PromoterId | None
    measurement: MeasurementId | None
    count: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineLifted(Event):
    """The surveys of the quarantine recorded as event `order` count again."""

    order: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BackCheckOrdered(Event):
    """Another crew shall survey the place of a measurement again, without knowing what it found."""

    measurement: MeasurementId
    crew: CrewId | None


# ── claims ──────────────────────────────────────────────────────────────────────────────────────────────────────────


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
    """Reminders of coming ends were put into the inboxes and onto the way to the webhooks."""

    count: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesSent(Event):
    """One message was handed to a channel, or failed to be: `problem` is a code, empty where it arrived."""

    channel: str
    count: int
    digest: str
    problem: str = ""


# ── keeping the record ──────────────────────────────────────────────────────────────────────────────────────────────


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


# ── plans ───────────────────────────────────────────────────────────────────────────────────────────────────────────


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


def event_kinds() -> dict[str, type[Event]]:
    """Return every kind of event by its stored name."""
    kinds: dict[str, type[Event]] = {}
    waiting = [Event]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            kinds[kind.__name__] = kind
            waiting.append(kind)
    return kinds


def event_fields(kind: type[Event]) -> dict[str, object]:
    """Return the fields of a kind of event with their types."""
    return get_type_hints(kind)
