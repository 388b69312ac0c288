"""The act on the region's settings: change some of them."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from fieldops.errors import BadInput
from fieldops.events import RulesChanged
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.rules import Rules
from fieldops.store.connect import Region
from fieldops.store.rules import write_rules


def change_rules(region: Region, actor: Actor, *, now: datetime | None = None, **settings: Any) -> Rules:
    """
    Give settings new values and return all that are in force; nothing is recorded where nothing changes.

    Permission: rules.change. Event: RulesChanged, with the settings that changed.

    Raises
    ------
    Forbidden
        If the actor may not.
    BadInput
        If there is no such setting, or a value is outside its range.
    """
    require(actor, "rules.change")
    with region.turn(actor, now=now) as turn:
        before = turn.rules
        try:
            after = replace(before, **settings)
        except TypeError as error:
            raise BadInput(str(error), cure="see `fieldops.rules.Rules` for the names") from None
        stored = before.to_json()
        changed = {name: value for name, value in after.to_json().items() if stored[name] != value}
        if changed:
            write_rules(turn, after, event=RulesChanged(at=turn.now, settings=changed))
    return after
