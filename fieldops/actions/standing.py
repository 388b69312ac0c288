"""What a street is to claims at any moment, past or present: free, whose, closed, and who has to wait for it."""

from dataclasses import dataclass
from datetime import datetime

from fieldops.ids import CrewId, StreetId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.store import claims as store
from fieldops.store.connect import Region


@dataclass(frozen=True, slots=True)
class Standing:
    """A street at a moment; `names` are those of the crews that it concerns, `time_zone` is its city's."""

    at: datetime
    label: str
    time_zone: str
    state: store.StreetState
    names: dict[CrewId, str]

    @property
    def word(self) -> str:
        """Return the state in one word: claimed, saturated, closed, paused, no_permission or free."""
        return "claimed" if self.state.claim else self.state.closed or "free"


def read_standing(region: Region, actor: Actor, street: StreetId, *, now: datetime | None = None) -> Standing:
    """
    Return what the street is to claims at the moment, which may lie in the past.

    Raises
    ------
    Forbidden
        If the actor may not read the region.
    NotFound
        If there is no such street.
    """
    require(actor, "region.read")
    at, connection = region.moment(now), region.reader()
    state = store.street_state(connection, street, at)
    label, time_zone = store.street_words(connection, street)
    crews = {claim.crew for claim in (state.claim, state.before) if claim} | state.cool_downs.keys()
    return Standing(at, label, time_zone, state, {crew: store.crew_name(connection, crew) for crew in sorted(crews)})
