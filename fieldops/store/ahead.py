"""What a replay of the record has to know of its later events before it begins."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fieldops.errors import FieldopsError
from fieldops.rules import Rules

if TYPE_CHECKING:
    from fieldops.store.sqlite import sqlite3

_IN_PLACE = ("rename", "close", "open", "permit", "prioritise", "hours")  # edits that leave streets in their triangles


@dataclass(slots=True)
class Ahead:
    """
    What a replay has to know before it begins.

    It is the earliest moment that the clock was taken back to, the longest cool-down that was ever set, the event that
    brought the region to each step of a later version, and the last after which streets may belong to other triangles.
    """

    repaired: str | None = None
    longest_cool_down: timedelta = Rules().cool_down
    steps: dict[str, int] = field(default_factory=dict)
    redrawn: int = 0

    def take(self, seq: int, kind: str, at: str, facts: dict[str, Any]) -> None:
        """Look at one event."""
        if kind == "ClockAccepted":
            self.repaired = min(at, self.repaired or "~")
        elif kind == "RegionUpgraded":
            self.steps |= dict.fromkeys(facts["steps"], seq)
        elif kind == "CityImported" or (kind == "StreetEdited" and facts["change"] not in _IN_PLACE):
            self.redrawn = seq
        elif kind == "RulesChanged" and "cool_down" in facts["settings"]:
            given = Rules.from_json({"cool_down": facts["settings"]["cool_down"]})
            self.longest_cool_down = max(self.longest_cool_down, given.cool_down)


def look_ahead(connection: "sqlite3.Connection") -> Ahead:
    """Return what is known after one look at the few events that matter; text comes as bytes."""
    ahead = Ahead()
    rows = connection.execute(
        "SELECT seq, kind, took_effect_at, facts FROM event"
        " WHERE kind IN ('ClockAccepted', 'RulesChanged', 'RegionUpgraded', 'CityImported', 'StreetEdited') ORDER BY seq"
    )
    for seq, kind, at, facts in rows:
        try:
            ahead.take(seq, kind.decode(), at.decode(), json.loads(facts))
        except (FieldopsError, ValueError, TypeError, KeyError, AttributeError):
            continue  # the replay names it
    return ahead
