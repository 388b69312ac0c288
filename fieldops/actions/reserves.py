"""
The lists of streets kept for phones without network (rule 6).

What is kept on a list, the door refuses to every other crew until the end of the local day.
"""

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from fieldops.actions.dispatch import Told, offers_of
from fieldops.claims import Reserve
from fieldops.clock import local_day
from fieldops.errors import BadInput
from fieldops.events import ReservesKept, ReservesReleased
from fieldops.ids import CrewId, StreetId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.said import Said
from fieldops.store import dispatch as store
from fieldops.store import places, reserves
from fieldops.store.connect import Region

if TYPE_CHECKING:
    from fieldops.store.sqlite import sqlite3

MOST_RESERVES = 20


def read_reserves(region: Region, actor: Actor, crew: CrewId, *, now: datetime | None = None) -> list[Reserve]:
    """Return what is kept for the crew at the moment. Permission: region.read."""
    require(actor, "region.read")
    return reserves.reserves_of_crew(region.reader(), crew, region.moment(now))


def keep_reserves(
    region: Region,
    actor: Actor,
    crew: CrewId,
    *,
    streets: int | None = None,
    start: StreetId | None = None,
    now: datetime | None = None,
) -> list[Reserve]:
    """
    Keep streets for a crew until the end of the local day, for its phone without network; return the whole list.

    What is on its list already stays and is filled up. The streets are the next ones that dispatch would tell it, one after
    the other, so that they fit its hours together. Claiming one takes it off the list. Permission: reserve.keep, crews for
    themselves. Event: ReservesKept, where a street was added.

    Parameters
    ----------
    streets
        Length of the list, 1 to 20; the setting `reserves_per_crew` where left away.

    Raises
    ------
    Forbidden
        If the actor may not, or the crew is another's.
    BadInput
        If the length is outside its range.
    NotFound
        If there is no such crew or street.
    """
    require(actor, "reserve.keep", crew=crew)
    if streets is not None and not 1 <= streets <= MOST_RESERVES:
        raise BadInput(
            Said("a list of %(streets)s streets", streets=streets),
            field="keep",
            cure=Said("give 1 to %(most_reserves)s", most_reserves=MOST_RESERVES),
        )
    with region.turn(actor, now=now) as turn:
        connection = turn.connection
        listed = reserves.reserves_of_crew(connection, crew, turn.now)
        missing = (streets or turn.rules.reserves_per_crew) - len(listed)
        standing = store.crew_standing(connection, crew, turn.now, start)
        kept = [one.street for one in listed]
        hours = sum(store.hours_of(connection, kept, default=standing.crew.people * standing.crew.hours_per_day))
        _, offers = (
            offers_of(connection, standing, turn.now, Told(kept, len(kept), hours), most=missing)
            if missing > 0
            else (None, [])
        )
        if offers:
            event = ReservesKept(
                at=turn.now, crew=crew, streets=tuple(one.candidate.street for one in offers),
                kept_until=end_of_day(connection, turn.now),
            )  # fmt: skip
            reserves.add_reserves(turn, event=event)
        return reserves.reserves_of_crew(connection, crew, turn.now)


def release_reserves(
    region: Region, actor: Actor, crew: CrewId, *, why: str = "given_back", now: datetime | None = None
) -> list[Reserve]:
    """
    Give the list of a crew back before the day is over; return what it held.

    A phone that is without network goes on showing the list: a lead who does this tells the crew. Permission:
    reserve.keep, crews for themselves. Event: ReservesReleased.
    """
    require(actor, "reserve.keep", crew=crew)
    with region.turn(actor, now=now) as turn:
        listed = reserves.reserves_of_crew(turn.connection, crew, turn.now)
        if listed:
            streets = tuple(one.street for one in listed)
            reserves.release_reserves(turn, event=ReservesReleased(at=turn.now, why=why, crew=crew, streets=streets))
        return listed


def end_of_day(connection: "sqlite3.Connection", at: datetime) -> datetime:
    """Return the midnight that ends the local day of the moment, in the zone of the city."""
    zone = places.read_zone(connection)
    return datetime.combine(local_day(at, zone) + timedelta(days=1), time(), zone)
