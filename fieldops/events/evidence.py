"""What was asked, and what followed from it."""

from dataclasses import dataclass
from datetime import date

from fieldops.events.event import Event
from fieldops.ids import CrewId, MeasurementId, PromoterId, StreetId, TriangleId


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseFitted(Event):
    """How streets answer effort, and what ties them together, as fitted to so many surveys and promoter-hours."""

    response: dict[str, object]
    pool: dict[str, object]
    streets: int
    surveys: int
    hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SentinelsChosen(Event):
    """These finished streets are asked again on that day, each by the crew in its place, so that forgetting is measured."""

    day: date
    streets: tuple[StreetId, ...]
    crews: tuple[CrewId | None, ...]
    count: int
