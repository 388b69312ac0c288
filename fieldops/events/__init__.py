"""What happened, as frozen values in the past tense (rule 20); a noun's events stand in the room of its name."""

from fieldops.events.claims import (
    ChannelSet,
    ClaimForfeited,
    ClaimRevoked,
    ClaimSaturated,
    ClaimWithdrawn,
    CoolDownOverridden,
    NoticesMade,
    NoticesSent,
    StreetClaimed,
)
from fieldops.events.event import Event
from fieldops.events.evidence import (
    BackCheckOrdered,
    DecisionMade,
    DecisionWithdrawn,
    QuarantineLifted,
    SurveysQuarantined,
    SurveysRecorded,
)
from fieldops.events.kinds import event_fields, event_kinds
from fieldops.events.phones import RecordsTaken
from fieldops.events.plans import PlanMade, PlanPublished
from fieldops.events.record import ClockAccepted, RegionRestored
from fieldops.events.region import CityImported, RegionCreated, RowsImported, RulesChanged, StreetEdited

__all__ = [
    "BackCheckOrdered",
    "ChannelSet",
    "CityImported",
    "ClaimForfeited",
    "ClaimRevoked",
    "ClaimSaturated",
    "ClaimWithdrawn",
    "ClockAccepted",
    "CoolDownOverridden",
    "DecisionMade",
    "DecisionWithdrawn",
    "Event",
    "NoticesMade",
    "NoticesSent",
    "PlanMade",
    "PlanPublished",
    "QuarantineLifted",
    "RecordsTaken",
    "RegionCreated",
    "RegionRestored",
    "RowsImported",
    "RulesChanged",
    "StreetClaimed",
    "StreetEdited",
    "SurveysQuarantined",
    "SurveysRecorded",
    "event_fields",
    "event_kinds",
]
