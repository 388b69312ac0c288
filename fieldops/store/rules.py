"""The settings of the region: written with their event; `connect.read_rules` reads them."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from fieldops.rules import Rules
from fieldops.store import audit

if TYPE_CHECKING:
    from fieldops.events import RulesChanged
    from fieldops.store.connect import Turn
    from fieldops.store.sqlite import sqlite3


def rules_of_record(connection: "sqlite3.Connection") -> Callable[[int], Rules]:
    """Return what tells the settings that were in force when the event of a number was recorded."""
    known = [(0, Rules())]
    for seq, facts in connection.execute("SELECT seq, facts FROM event WHERE kind = 'RulesChanged' ORDER BY seq"):
        known.append((seq, Rules.from_json(known[-1][1].to_json() | json.loads(facts)["settings"])))
    return lambda number: next((rules for since, rules in reversed(known) if since < number), Rules())


def write_rules(turn: "Turn", rules: Rules, *, event: "RulesChanged") -> None:
    """Put these settings in force from now on, with the event that names those that changed; defaults are not stored."""
    default = Rules().to_json()
    kept = {name: value for name, value in rules.to_json().items() if value != default[name]}
    audit.append(turn, event)
    turn.connection.execute(
        "INSERT INTO setting VALUES ('rules', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (json.dumps(kept, sort_keys=True),),
    )
