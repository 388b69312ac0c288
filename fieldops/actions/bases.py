"""Bases: described, changed, taken off the list; crews, reps and trainings name them."""

from datetime import datetime

from fieldops.clock import format_moment
from fieldops.errors import BadInput, NotFound
from fieldops.events import BaseSet
from fieldops.people import Actor, Base
from fieldops.permissions import require
from fieldops.said import Said
from fieldops.store import bases as store
from fieldops.store.bases import BaseUse
from fieldops.store.connect import Region


def list_bases(region: Region, actor: Actor, *, now: datetime | None = None) -> list[BaseUse]:
    """Return every base that is described or named, with who belongs to it. Permission: region.read."""
    require(actor, "region.read")
    return store.read_bases(region.reader(), format_moment(region.moment(now)))


def set_base(region: Region, actor: Actor, base: Base, *, now: datetime | None = None) -> None:
    """
    Describe a base, or describe it anew.

    Permission: base.set. Event: BaseSet.

    Raises
    ------
    Forbidden
        If the actor may not.
    """
    require(actor, "base.set")
    with region.turn(actor, now=now) as turn:
        store.write_base(turn, base, event=BaseSet(at=turn.now, base=base.name))


def remove_base(region: Region, actor: Actor, name: str, *, now: datetime | None = None) -> None:
    """
    Take a base off the list.

    Permission: base.set. Event: BaseSet.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If no base of that name is described.
    BadInput
        If a crew, rep, seller or coming training names it.
    """
    require(actor, "base.set")
    with region.turn(actor, now=now) as turn:
        found = store.bases_now(turn).get(name)
        if found is None or found.base is None:
            raise NotFound("base", name, cure="see `fieldops bases list`")
        if found.in_use:
            raise BadInput(
                Said("%(crews)s crews, %(reps)s reps, %(sellers)s sellers and %(trainings)s trainings belong to %(name)s", crews=found.crews, reps=found.reps, sellers=found.sellers, trainings=found.trainings, name=name),
                field="name", cure="give them another base first",
            )  # fmt: skip
        store.drop_base(turn, event=BaseSet(at=turn.now, base=name, gone=True))
