"""The names of things: one `NewType` per noun, so that mypy catches a crew where a street belongs."""

from typing import NewType
from uuid import uuid4

AccountId = NewType("AccountId", str)
ActorId = NewType("ActorId", str)
BuildingId = NewType("BuildingId", str)
CandidateId = NewType("CandidateId", str)
CityId = NewType("CityId", str)
ClaimId = NewType("ClaimId", str)
CrewId = NewType("CrewId", str)
DeviceId = NewType("DeviceId", str)
HubId = NewType("HubId", str)
JobId = NewType("JobId", str)
InvitationId = NewType("InvitationId", str)
MeasurementId = NewType("MeasurementId", str)
PlanId = NewType("PlanId", str)
PosterCode = NewType("PosterCode", str)
PromoterId = NewType("PromoterId", str)
RepId = NewType("RepId", str)
SessionId = NewType("SessionId", str)
StreetId = NewType("StreetId", str)
SurveyId = NewType("SurveyId", str)
TrainingId = NewType("TrainingId", str)
TriangleId = NewType("TriangleId", str)
VenueId = NewType("VenueId", str)
ZoneId = NewType("ZoneId", str)


def new_id() -> str:
    """Return a fresh random id, 32 hexadecimal digits; unique without asking the database."""
    return uuid4().hex
