"""The figures of one campaign: what it took, what was truly reached, and where the hours went."""

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from fieldops.claims import Outcome as ClaimOutcome
from fieldops.simulate.field import Field
from fieldops.simulate.office import Office
from fieldops.simulate.policies import Policy, describe
from fieldops.simulate.town import Town, shortfalls
from fieldops.store.claims import list_claims

RECRUITS_PER_TOLD = 0.005  # ASSUMED: of the people who newly know, those who sign up
WEEK = 7  # days from plan to plan
CREW_DAY = 24.0  # promoter-hours: 4 people for 6 hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """
    One campaign in figures, `complete` where every street was left for good; shares are in [0, 1], crew-days are 24 promoter-hours that were paid, worked or idle.

    `truly_at_target`: streets at the target when they were last left (where never left: at the end); `ever_at_target`: at the
    end or when left; `left_short`: more than 5 points below. `kept` of `promised` claims given by plans ended saturated within
    the claim, where the plans said `expected` of them would; `promises` has these three for each week in which plans gave claims.
    """

    policy: str
    settings: dict[str, Any]
    days: int
    streets: int
    finished: int
    complete: bool
    crew_days: float
    truly_at_target: float
    left_short: float
    mean_share_left: float
    surveys_per_street: float
    idle_hours: float
    forfeits: int
    gini: float
    hours: dict[str, float]
    promised: int
    kept: int
    expected: float
    promises: list[list[float]]
    plans: int
    surveys: int
    claims: int
    told: float
    recruits: float
    quarantined: int
    violations: list[str]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the outcome that `to_json` wrote."""
        return cls(**stored)


def summarise(
    town: Town, field: Field, office: Office, policy: Policy, *, days: int, target: float, violations: list[str]
) -> Outcome:
    """Return the figures of a campaign that has ended."""
    world, count = field.world, len(town.streets)
    left = np.array([field.left_at.get(i, float(world.awareness[i])) for i in range(count)])
    at_target, short = shortfalls(left, target)
    claims = [one.claim for one in list_claims(office.region.reader(), office.now, ended_too=True)]
    ended = {claim.id: claim.outcome_at(office.now) for claim in claims}
    over = (None, ClaimOutcome.REVOKED)  # what runs still, or was given to another crew, was neither kept nor broken
    due = {name: chance for name, chance in office.promised.items() if ended.get(name) not in over}
    kept = sum(ended[name] is ClaimOutcome.SATURATED for name in due)
    promises = [[0.0, 0.0, 0.0] for _ in range(-(-days // WEEK))]
    began = {claim.id: claim.claimed_at for claim in claims}
    first = min(began.values(), default=office.now)
    for name, chance in due.items():
        week = promises[(began[name] - first).days // WEEK]
        for k, more in enumerate((1.0, float(ended[name] is ClaimOutcome.SATURATED), chance)):
            week[k] += more
    told = float((town.people * np.maximum(0.0, world.awareness - town.awareness)).sum())
    by_crew = [field.by_crew.get(crew, 0) for crew in field.places]
    return Outcome(
        policy=policy.name, settings=describe(policy), days=days, streets=count, finished=len(office.finished),
        complete=len(office.finished | office.given_up) == count,
        crew_days=field.spent.total / CREW_DAY, truly_at_target=at_target, left_short=short, mean_share_left=float(left.mean()),
        surveys_per_street=field.surveys / count, idle_hours=field.spent.idle,
        forfeits=sum(outcome is ClaimOutcome.FORFEITED for outcome in ended.values()), gini=gini(by_crew),
        hours=field.spent.to_json(), promised=len(due), kept=kept, expected=sum(due.values()), promises=promises, plans=office.plans,
        surveys=field.surveys, claims=len(claims),
        recruits=RECRUITS_PER_TOLD * told, told=told, quarantined=field.quarantined, violations=violations,
    )  # fmt: skip


def gini(values: list[int] | list[float]) -> float:
    """Return the Gini coefficient of what each got: 0 where all got the same, towards 1 where one got everything."""
    sorted_values = np.sort(np.asarray(values, dtype=float))
    total = float(sorted_values.sum())
    if not len(sorted_values) or total <= 0:
        return 0.0
    rank = np.arange(1, len(sorted_values) + 1)
    return float((2 * rank - len(sorted_values) - 1) @ sorted_values / (len(sorted_values) * total))
