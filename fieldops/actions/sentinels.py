"""Sentinels: each day a few finished streets are asked again, so that forgetting is measured and not assumed."""

from datetime import datetime

import numpy as np

from fieldops.actions.backcheck import other_crews
from fieldops.clock import local_day
from fieldops.events import SentinelsChosen
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.store import sentinels as store
from fieldops.store.connect import Region
from fieldops.store.places import read_zone
from fieldops.store.sentinels import Sentinel


def list_sentinels(region: Region, actor: Actor, *, now: datetime | None = None) -> list[Sentinel]:
    """Return the sentinels of today, none before they are chosen. Permission: backcheck.order."""
    require(actor, "backcheck.order")
    return store.read_sentinels(region.reader(), local_day(region.moment(now), read_zone(region.reader())))


def choose_sentinels_of_day(
    region: Region, actor: Actor, *, seed: int | None = None, now: datetime | None = None
) -> list[Sentinel]:
    """
    Return the sentinels of today; the first time on a day they are chosen: not asked for longest, apart, unforeseeable.

    Permission: backcheck.order. Event: SentinelsChosen, on days on which there are finished streets.

    Parameters
    ----------
    region, actor
        Where and who.
    seed
        Makes the choice repeatable; without one nobody can know it beforehand.
    now
        In a sandbox only.

    Raises
    ------
    Forbidden
        If the actor may not.
    """
    from fieldops.awareness import choose_sentinels

    require(actor, "backcheck.order")
    at = region.moment(now)
    day = local_day(at, read_zone(region.reader()))
    if found := store.read_sentinels(region.reader(), day):
        return found
    with region.turn(actor, now=now) as turn:
        finished = store.finished_streets(turn.connection, turn.now)
        if not finished or store.read_sentinels(turn.connection, day):
            return store.read_sentinels(turn.connection, day)
        triangle = np.unique([one.triangle for one in finished], return_inverse=True)[1]
        last_asked = [local_day(one.last_asked_at, read_zone(turn.connection)).toordinal() for one in finished]
        places = choose_sentinels(
            last_asked, triangle, np.random.default_rng(seed), count=turn.rules.sentinels_a_day
        ).tolist()
        asked = [(finished[i].crew, finished[i].lon, finished[i].lat) for i in places]
        event = SentinelsChosen(
            at=turn.now, day=day, streets=tuple(finished[i].street for i in places),
            crews=tuple(other_crews(turn.connection, asked)), count=len(places),
        )  # fmt: skip
        store.save_sentinels(turn, event=event)
    return store.read_sentinels(region.reader(), day)
