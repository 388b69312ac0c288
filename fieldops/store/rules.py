"""The settings of the region: written with their event; `connect.read_rules` reads them."""

import json
from typing import TYPE_CHECKING

from fieldops.rules import Rules
from fieldops.store import audit

if TYPE_CHECKING:
    from fieldops.events import RulesChanged
    from fieldops.store.connect import Turn


def write_rules(turn: "Turn", rules: Rules, *, event: "RulesChanged") -> None:
    """Put these settings in force from now on, with the event that names those that changed; defaults are not stored."""
    default = Rules().to_json()
    kept = {name: value for name, value in rules.to_json().items() if value != default[name]}
    audit.append(turn, event)
    turn.connection.execute(
        "INSERT INTO setting VALUES ('rules', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (json.dumps(kept, sort_keys=True),),
    )
