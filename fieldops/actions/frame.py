"""The map at a moment: the present, any day of the past with the awareness of then, and the plan ahead."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from fieldops.actions.awareness import measured_shares
from fieldops.actions.desk import chosen_city
from fieldops.errors import BadInput
from fieldops.ids import CityId, StreetId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.said import Said
from fieldops.store import frame, trusting
from fieldops.store.bursts import newest_bursts
from fieldops.store.connect import Region, open_region
from fieldops.store.desk import read_present

FARTHEST_AHEAD = timedelta(days=15)


@dataclass(frozen=True, slots=True)
class BurstSpan:
    """Bursts that run together, by the number under which the map colours them: first day, and the first day after it."""

    number: int
    starts_on: date
    ends_on: date
    zones: int


def read_frame(region: Region, actor: Actor, *, city: CityId | None = None, at: datetime | None = None) -> bytes:
    """
    Return what colours the map of a city at a moment, the present by default; see `store.frame.read_frame`.

    Awareness in the past is what the surveys and hours until then say; ahead it is that of the present.

    Raises
    ------
    Forbidden
        If the actor may not read the desk.
    BadInput
        If the moment lies more than 15 days ahead.
    """
    require(actor, "desk.read")
    connection, chosen = region.reader(), chosen_city(region, city)
    present = read_present(connection)
    moment = at or present
    if moment > present + FARTHEST_AHEAD:
        raise BadInput(Said("the moment lies too far ahead"), field="at", cure=Said("the next 15 days can be shown"))
    if moment < present - timedelta(minutes=1):
        number, trusted = frame.evidence_number(connection), trusting.is_trusting(connection)
        shares = dict(_past_shares(region.path, moment, number, trusted=trusted))
    else:
        shares = frame.read_shares(connection, chosen)
    return frame.read_frame(connection, chosen, moment, present, shares)


@lru_cache(maxsize=32)
def _past_shares(path: Path, at: datetime, _number: int, *, trusted: bool) -> dict[StreetId, float | None]:
    """Estimate the past once for each moment and state of the surveys; those in quarantine count where they are trusted."""
    region = open_region(path)
    try:
        if trusted:
            trusting.count_quarantined(region.reader())
        return measured_shares(region, at)
    finally:
        region.close()


def read_spans(region: Region, actor: Actor) -> tuple[BurstSpan, ...]:
    """Return the bursts that are set, by their numbers on the map. Permission: desk.read."""
    require(actor, "desk.read")
    slots = newest_bursts(region.reader())
    return tuple(
        BurstSpan(number, *span, sum((one.starts_on, one.ends_on) == span for one in slots))
        for span, number in frame.number_bursts(slots).items()
    )
