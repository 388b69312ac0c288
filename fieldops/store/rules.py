"""The settings of the region: written with their event; `connect.read_rules` reads them."""

import json
from typing import TYPE_CHECKING

from fieldops.rules import Rules
from fieldops.store import audit

if TYPE_CHECKING:
    from fieldops.events import RulesChanged
    from fieldops.store.connect import Turn


def write_rules(turn: "Turn", rules: Rules, *, event: "RulesChanged") -> None:
    """Put these settings in force from now on, with the event that names those that changed."""
    audit.append(turn, event)
    turn.connection.execute(
        "INSERT INTO setting VALUES ('rules', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (json.dumps(rules.to_json()),),
    )
