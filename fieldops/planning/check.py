"""
Is this plan lawful? Recomputed from the problem and the plan alone; shares no code with the solvers.

Every sentence names the street or crew and the rule that is broken. An unlawful plan is never published.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fieldops.ids import CrewId, StreetId
from fieldops.planning.problem import PlanProblem

HOURS_SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class Given:
    """One street given to one crew, with the promoter-hours and finish probability that the plan states."""

    street: StreetId
    crew: CrewId
    hours: float
    finish_probability: float


def violations(problem: PlanProblem, given: Sequence[Given]) -> list[str]:
    """Return what is unlawful in the plan, one sentence each; empty where it is lawful."""
    wrong = _unknown(problem, given)
    if wrong:
        return wrong
    return [*_streets(problem, given), *_crews(problem, given)]


def _unknown(problem: PlanProblem, given: Sequence[Given]) -> list[str]:
    streets, crews = set(problem.streets.ids), set(problem.crews.ids)
    wrong = [f"street {one.street} is not in the region" for one in given if one.street not in streets]
    return wrong + [f"crew {one.crew} is not in the region" for one in given if one.crew not in crews]


def _streets(problem: PlanProblem, given: Sequence[Given]) -> list[str]:
    wrong = []
    times = Counter(one.street for one in given)
    wrong += [f"street {street} is given {count} times" for street, count in times.items() if count > 1]  # RULE 1
    row = {street: i for i, street in enumerate(problem.streets.ids)}
    column = {crew: j for j, crew in enumerate(problem.crews.ids)}
    pinned = {i for i, _ in problem.pins}
    for one in given:
        i, j = row[one.street], column[one.crew]
        if i in pinned:
            wrong.append(f"street {one.street} is claimed already")  # RULE 1
        if problem.streets.excluded[i]:
            wrong.append(f"street {one.street} may not be given: {problem.streets.excluded[i]}")  # RULES 8, 15
        if (i, j) in problem.waiting:
            wrong.append(f"crew {one.crew} is cooling down for street {one.street}")  # RULE 4
        if one.hours < float(problem.streets.hours[i]) - HOURS_SLACK:
            wrong.append(
                f"street {one.street} needs {problem.streets.hours[i]:.1f} h, and the plan gives it {one.hours:.1f}"
            )
        if one.finish_probability < problem.rules.finish_probability - 1e-6:
            wrong.append(f"street {one.street} is finished with probability {one.finish_probability:.2f} only")
    return wrong


def _crews(problem: PlanProblem, given: Sequence[Given]) -> list[str]:
    wrong = []
    for j, crew in enumerate(problem.crews.ids):
        mine = [one for one in given if one.crew == crew]
        hours, room = sum(one.hours for one in mine), float(problem.crews.capacity[j])
        if hours > room + HOURS_SLACK * (1 + room):
            wrong.append(f"crew {crew} has {room:.1f} h, and the plan gives it {hours:.1f}")  # RULE 5
        if len(mine) > int(problem.crews.places[j]):
            wrong.append(
                f"crew {crew} may take {problem.crews.places[j]} more streets, and the plan gives it {len(mine)}"
            )
    return wrong
