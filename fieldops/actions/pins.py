"""The acts on pins: a lead wants a street with a crew, or with nobody, and coming plans keep it so. Light: no arrays."""

from datetime import datetime

from fieldops.errors import NotFound
from fieldops.events import StreetPinned, StreetUnpinned
from fieldops.ids import CrewId, StreetId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.planning.reasons import say
from fieldops.store import pins as store
from fieldops.store.claims import street_state
from fieldops.store.connect import Region, Turn
from fieldops.store.desk import street_labels
from fieldops.store.people import find_crew
from fieldops.store.pins import Pin as Pin
from fieldops.store.places import read_zone

REPLACED = "replaced"  # why a pin was lifted: another took its place


def list_pins(region: Region, actor: Actor) -> list[Pin]:
    """Return the pins that coming plans keep, the oldest first. Permission: desk.read."""
    require(actor, "desk.read")
    return store.pins_in_force(region.reader())


def pin_street(
    region: Region, actor: Actor, street: StreetId, crew: CrewId | None, *, why: str, now: datetime | None = None
) -> str:
    """
    Pin a street to a crew, or to nobody (None); a pin that it has is replaced. Return from when on that counts.

    Empty where the next plan keeps it; where another crew holds the street, the sentence that says until when.

    Plans made from now on keep it, where the rules allow it, until it is lifted or the crew claims the street. Claims are
    not touched. Permission: plan.make. Event: StreetPinned.

    Raises
    ------
    Forbidden
        If the actor may not make plans.
    NotFound
        If there is no such street or crew.
    """
    require(actor, "plan.make")
    with region.turn(actor, now=now) as turn:
        pin_in_turn(turn, street, crew, why=why)
        held = street_state(turn.connection, street, turn.now).claim
        if held is None or held.crew == crew:
            return ""
        until = held.held_until.astimezone(read_zone(turn.connection))
    return say("pin_later", until_at=f"{until:%Y-%m-%d %H:%M}", crew=held.crew)


def pin_in_turn(turn: Turn, street: StreetId, crew: CrewId | None, *, why: str) -> None:
    """Pin a street in an open turn; see `pin_street`."""
    if street not in street_labels(turn.connection, [street]):
        raise NotFound("street", street, cure="see `fieldops streets list`")
    if crew is not None:
        find_crew(turn.connection, crew)
    if store.is_pinned(turn.connection, street):
        store.lift_pin(turn, event=StreetUnpinned(at=turn.now, why=REPLACED, street=street))
    store.set_pin(turn, event=StreetPinned(at=turn.now, why=why, street=street, crew=crew))


def unpin_street(region: Region, actor: Actor, street: StreetId, *, why: str, now: datetime | None = None) -> None:
    """
    Lift the pin of a street. Permission: plan.make. Event: StreetUnpinned.

    Raises
    ------
    Forbidden
        If the actor may not make plans.
    NotFound
        If the street has no pin.
    """
    require(actor, "plan.make")
    with region.turn(actor, now=now) as turn:
        if not store.is_pinned(turn.connection, street):
            raise NotFound("pin", street, cure="see `fieldops plan pins`")
        store.lift_pin(turn, event=StreetUnpinned(at=turn.now, why=why, street=street))
