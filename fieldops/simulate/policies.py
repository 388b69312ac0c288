"""
Who claims what and when to leave: ours and the naive policies, through one small protocol and the one door.

A policy sees the office (what the operation knows), never the truth. It is asked three things: what to do in the morning, where a
crew without work goes, and what a crew on a street does next.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Protocol

import numpy as np

from fieldops.awareness import Verdict, find_rule, hours_to_target
from fieldops.errors import BadInput
from fieldops.ids import CrewId
from fieldops.rules import Rules
from fieldops.simulate.office import Office
from fieldops.simulate.ours import Ours
from fieldops.simulate.visit import Ask, Leave, Push, Step, Visit

ORDERS = ("list", "people", "nearest", "value")
_TRIES = 5  # streets that a crew asks the door for before it waits


class Policy(Protocol):
    """What a rule of work must answer; frozen values, so that a run can be repeated."""

    @property
    def name(self) -> str:
        """Return what people call it."""
        ...

    @property
    def sentinels(self) -> int:
        """Return how many finished streets are asked again each day."""
        ...

    def settings(self, rules: Rules) -> Rules:
        """Return the settings of the region under this policy."""
        ...

    def morning(self, office: Office, day: int) -> None:
        """Do what is done before the crews start: a plan, or nothing."""
        ...

    def choose(self, office: Office, crew: CrewId, place: tuple[float, float], visits: dict[int, Visit]) -> int | None:
        """Return the street where the crew goes now, one that it holds after this call; None where there is none."""
        ...

    def step(self, office: Office, visit: Visit) -> Step:
        """Return what the crew on the street does next."""
        ...


@dataclass(frozen=True, slots=True)
class Naive:
    """
    A rule of thumb: streets in some order, fixed hours or blocks with a plain test.

    Parameters
    ----------
    order
        `list` (round-robin), `people` (most first), `nearest`, or `value` (people still to be told per hour, greedy).
    first
        Promoter-hours before the first test; 0 tests on arrival.
    block
        Promoter-hours between tests.
    rule
        The card, or empty: leave after `first` hours without asking anybody.
    sentinels
        Finished streets that are asked again each day.
    """

    name: str
    order: str = "list"
    first: float = 0.0
    block: float = 4.0
    rule: str = "two_of_ten"
    sentinels: int = 0

    def __post_init__(self) -> None:
        """Refuse what no crew can do."""
        if self.order not in ORDERS:
            raise BadInput(
                f"no order is called '{self.order}'", field="--policy", cure=f"choose of {', '.join(ORDERS)}"
            )
        if self.rule:
            find_rule(self.rule)

    def settings(self, rules: Rules) -> Rules:
        """Return the settings with this card for every test, and no head-counts."""
        card = self.rule or rules.move_on_rule
        asked = self.sentinels or rules.sentinels_a_day
        return replace(rules, move_on_rule=card, audit_rule=card, small_street_people=1, sentinels_a_day=asked)

    def morning(self, office: Office, day: int) -> None:
        """Plan nothing."""

    def choose(self, office: Office, crew: CrewId, place: tuple[float, float], visits: dict[int, Visit]) -> int | None:
        """Return the street that the crew holds, else the first in the order that the door gives it."""
        mine = [street for street in office.held(crew) if not visits[street].left] if office.held(crew) else []
        if mine:
            return mine[0]
        free = office.open_streets(crew)
        ranked = free[np.argsort(self._rank(office, free, place), kind="stable")]
        return next((int(street) for street in ranked[:_TRIES] if office.grant(crew, int(street))), None)

    def _rank(self, office: Office, free: Any, place: tuple[float, float]) -> Any:
        if self.order == "people":
            return -office.map.people[free]
        if self.order == "nearest":
            return office.metres(place, free)
        if self.order == "value":
            share, people = office.known().share[free], office.map.people[free]
            told = people * np.maximum(0.0, office.rules.target_share - share)
            hours = hours_to_target(share, people, office.response) + office.metres(place, free) / 1000.0
            return -told / np.maximum(hours, 0.1)
        return free

    def step(self, office: Office, visit: Visit) -> Step:
        """Push the first hours, then ask, then push a block, and so on; whatever the office knows."""
        del office
        if visit.tests and visit.tests[-1] is Verdict.MOVE_ON:
            return Leave(done=True)
        wanted = self.block if visit.tests else self.first
        if visit.since_test < wanted - 1e-6:
            return Push(wanted - visit.since_test)
        return Ask() if self.rule else Leave(done=True, gives_up=True)


POLICIES: dict[str, Callable[[], Policy]] = {
    "ours": lambda: Ours("ours"),
    "round-robin": lambda: Naive("round-robin", "list", first=8.0, rule=""),
    "population-first": lambda: Naive("population-first", "people"),
    "nearest-first": lambda: Naive("nearest-first", "nearest"),
    "fixed-hours": lambda: Naive("fixed-hours", "nearest", first=8.0, rule=""),
    "greedy": lambda: Naive("greedy", "value"),
}


def find_policy(text: str) -> Policy:
    """
    Return the policy of that name, with settings after a colon: `fixed-hours:first=9+order=people`.

    Raises
    ------
    BadInput
        If there is no such policy or setting, or a setting cannot be.
    """
    name, _, settings = text.partition(":")
    if name not in POLICIES:
        raise BadInput(f"there is no policy '{name}'", field="--policy", cure=f"choose of {', '.join(POLICIES)}")
    policy: Any = POLICIES[name]()
    known = {one.name: type(getattr(policy, one.name)) for one in fields(policy)}
    chosen: dict[str, Any] = {"name": text}
    for part in filter(None, settings.split("+")):
        key, _, value = part.partition("=")
        if key not in known or key == "name":
            cure = f"it has {', '.join(k for k in known if k != 'name')}; for example {name}:{next(iter(known.keys() - {'name'}))}=1"
            raise BadInput(f"the policy {name} has no setting '{key}'", field="--policy", cure=cure)
        try:
            chosen[key] = known[key](value) if known[key] is not bool else value.lower() in ("1", "true", "yes", "on")
        except ValueError:
            raise BadInput(
                f"'{value}' is not a value of {key}", field="--policy", cure=f"now {getattr(policy, key)}"
            ) from None
        if isinstance(chosen[key], float | int) and not 0 <= chosen[key] < math.inf:
            raise BadInput(
                f"{key} cannot be {value}", field="--policy", cure=f"give 0 or more; now {getattr(policy, key)}"
            )
    made: Policy = replace(policy, **chosen)
    return made


def describe(policy: Policy) -> dict[str, object]:
    """Return the policy's settings as plain JSON values."""
    return asdict(policy)  # type: ignore[call-overload, no-any-return]  # every policy is a frozen value
