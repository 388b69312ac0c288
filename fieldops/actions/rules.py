"""The acts on the rules: read every setting with its meaning, change some of them with a reason."""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from fieldops.awareness import find_rule
from fieldops.errors import BadInput
from fieldops.events import RulesChanged
from fieldops.intake import read_reason
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.rules import MEANINGS, Rules, read_setting
from fieldops.store.connect import Region, read_rules
from fieldops.store.rules import write_rules


@dataclass(frozen=True, slots=True)
class Setting:
    """One number of the rules: its value here, its default, the rule of domain.md that it belongs to (0: none)."""

    name: str
    value: object
    default: object
    rule: int
    meaning: str

    @property
    def is_changed(self) -> bool:
        """Return whether the region has another value than the default."""
        return self.value != self.default


def list_rules(region: Region, actor: Actor) -> list[Setting]:
    """
    Return every setting, in the order of `Rules`.

    Raises
    ------
    Forbidden
        If the actor may not read the region.
    """
    require(actor, "region.read")
    rules, default = read_rules(region.reader()), Rules()
    return [
        Setting(field.name, getattr(rules, field.name), getattr(default, field.name), *MEANINGS[field.name])
        for field in fields(Rules)
    ]


def change_rules(
    region: Region, actor: Actor, *, why: str, now: datetime | None = None, **settings: Any
) -> list[Setting]:
    """
    Give settings new values and return those that differ from before; nothing is recorded where nothing changes.

    They hold from this moment on: claims in force end when they would have ended, decisions made stay made.

    Permission: rules.change; for `second_factor` also second_factor.require, so that no lead lets leads in without one. Event:
    RulesChanged, with the settings that changed.

    Parameters
    ----------
    why
        A code for the record.
    settings
        Values by name of the setting: of the kind of its default, or text as people write it, see
        `fieldops.rules.read_setting`.

    Raises
    ------
    Forbidden
        If the actor may not.
    BadInput
        If there is no such setting, a value is of another kind or outside its range, or no reason is given.
    """
    require(actor, "rules.change")
    why = read_reason(why, ("pilot", "measured", "local_conditions", "correction", "lead_decision"))
    for name in settings.keys() - MEANINGS.keys():
        raise BadInput("no such setting", field=name, cure="see `fieldops rules` for the names")
    given: dict[str, Any] = {
        name: read_setting(name, one) if isinstance(one, str) else one for name, one in settings.items()
    }
    for name in given.keys() & {"move_on_rule", "audit_rule"}:
        find_rule(str(given[name]))
    with region.turn(actor, now=now) as turn:
        before = turn.rules
        after = replace(before, **given)
        stored = before.to_json()
        new = {name: value for name, value in after.to_json().items() if value != stored[name]}
        if "second_factor" in new:
            require(actor, "second_factor.require")
        if new:
            write_rules(turn, after, event=RulesChanged(at=turn.now, why=why, settings=new))
    return [setting for setting in list_rules(region, actor) if setting.name in new]


def most_requests(region: Region) -> int:
    """Return how many requests one device may make in a minute."""
    return read_rules(region.reader()).requests_a_minute
