"""Refusals of the door to a street as people read them: with names, and moments in the zone of the city."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from fieldops.clock import find_zone
from fieldops.errors import Conflict, CrewAtCap, CrewCoolingDown, StreetAlreadyClaimed, StreetReserved
from fieldops.ids import CrewId
from fieldops.store import claims as store
from fieldops.store.connect import Turn


def in_words(turn: Turn, refusal: Conflict) -> Conflict:
    """Return the refusal with the names of street and crew, and its moment in the zone of the city."""

    def name(crew: CrewId) -> str:
        return store.crew_name(turn.connection, crew)

    if isinstance(refusal, CrewAtCap):
        return replace(refusal, crew_name=name(refusal.crew))
    if not isinstance(refusal, StreetAlreadyClaimed | CrewCoolingDown | StreetReserved):
        return refusal
    label, zone_name = store.street_words(turn.connection, refusal.street)
    zone: ZoneInfo = find_zone(zone_name)
    if isinstance(refusal, StreetAlreadyClaimed):
        until = refusal.held_until.astimezone(zone)
        return replace(refusal, held_until=until, street_label=label, holder_name=name(refusal.holder))
    if isinstance(refusal, StreetReserved):
        return replace(
            refusal, kept_until=refusal.kept_until.astimezone(zone), street_label=label, crew_name=name(refusal.crew)
        )
    return replace(refusal, until=refusal.until.astimezone(zone), street_label=label, crew_name=name(refusal.crew))
