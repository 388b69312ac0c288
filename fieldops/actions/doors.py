"""Doors and venues that asked not to be contacted, and the lead who finds that they may be again."""

from datetime import datetime

from fieldops.errors import BadInput, NotFound
from fieldops.events import DoNotContactLifted
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.store import contacts as store
from fieldops.store.connect import Region
from fieldops.store.contacts import Closed


def list_closed(region: Region, actor: Actor) -> list[Closed]:
    """Return every door and venue that asked not to be contacted, the latest first. Permission: contact.lift."""
    require(actor, "contact.lift")
    return store.read_closed(region.reader())


def lift_closed(region: Region, actor: Actor, record: str, *, why: str, now: datetime | None = None) -> Closed:
    """
    Let a door or venue be contacted again, with a reason code: all its requests until now hold no longer.

    What was asked stays on the record, and a contact made while it held stays marked. Permission: contact.lift. Event:
    DoNotContactLifted.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If no request that holds is recorded under that id.
    BadInput
        If no reason is given.
    """
    require(actor, "contact.lift")
    if not why.strip():
        raise BadInput("a list is changed without a reason", field="why", cure="say why, for example mistake")
    with region.turn(actor, now=now) as turn:
        closed = next((one for one in store.read_closed(turn.connection) if record in one.records), None)
        if closed is None:
            raise NotFound("request not to be contacted", record, cure="see `fieldops phones doors`")
        store.lift_closed(turn, event=DoNotContactLifted(at=turn.now, why=why.strip(), records=closed.records))
    return closed
