"""
Is this plan lawful? Recomputed from the problem and the plan alone; shares no code with the solvers.

Every sentence names the street or crew and the rule that is broken. An unlawful plan is never published. The bound of a plan is
one on every plan that is lawful here.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from fieldops.ids import CrewId, StreetId
from fieldops.planning.problem import PlanProblem
from fieldops.planning.reasons import say
from fieldops.planning.reserve import counted_hours, free_hours
from fieldops.planning.together import street_sets
from fieldops.said import Fact, Reason

HOURS_SLACK = 1e-6
CHANCE_SLACK = 1e-4


@dataclass(frozen=True, slots=True)
class Given:
    """One street given to one crew, with the promoter-hours and finish probability that the plan states."""

    street: StreetId
    crew: CrewId
    hours: float
    finish_probability: float


def violations(problem: PlanProblem, given: Sequence[Given]) -> list[Reason]:
    """Return what is unlawful in the plan, one reason each; empty where it is lawful."""
    wrong = _unknown(problem, given)
    if wrong:
        return wrong
    return [*_streets(problem, given), *_torn(problem, given), *_crews(problem, given)]


def _wrong(code: str, *more: str, **facts: Fact) -> Reason:
    return Reason([say(f"unlawful_{code}", **facts), *more])


def _unknown(problem: PlanProblem, given: Sequence[Given]) -> list[Reason]:
    streets, crews = set(problem.streets.ids), set(problem.crews.ids)
    wrong = [_wrong("unknown_street", street=one.street) for one in given if one.street not in streets]
    return wrong + [_wrong("unknown_crew", crew=one.crew) for one in given if one.crew not in crews]


def _streets(problem: PlanProblem, given: Sequence[Given]) -> list[Reason]:
    times = Counter(one.street for one in given)
    wrong = [_wrong("twice", street=street, times_n=n) for street, n in times.items() if n > 1]  # RULE 1
    row = {street: i for i, street in enumerate(problem.streets.ids)}
    column = {crew: j for j, crew in enumerate(problem.crews.ids)}
    pinned = {i for i, _ in problem.pins}
    for one in given:
        i, j, street = row[one.street], column[one.crew], one.street
        if i in pinned:
            wrong.append(_wrong("claimed", street=street))  # RULE 1
        if problem.streets.excluded[i]:
            wrong.append(_wrong("shut", problem.streets.excluded[i], street=street))  # RULES 8, 15
        if (i, j) in problem.waiting:
            wrong.append(_wrong("cooling", crew=one.crew, street=street))  # RULE 4
        if one.hours < float(problem.streets.work[i]) - HOURS_SLACK:
            needs = float(problem.streets.work[i])
            wrong.append(_wrong("hours", street=street, needs_h=needs, gives_h=one.hours))
        if one.finish_probability < problem.rules.finish_probability - 1e-6:
            wrong.append(_wrong("chance", street=street, finish_share=one.finish_probability))
    return wrong


def _torn(problem: PlanProblem, given: Sequence[Given]) -> list[Reason]:
    """Return which streets that go together are given to several crews, or in part."""  # RULE 10
    crew_of = {one.street: one.crew for one in given}
    wrong = []
    for part in street_sets(problem):
        ids = [problem.streets.ids[i] for i in part.tolist()]
        holders = {crew_of.get(street) for street in ids}
        if len(holders) > 1:
            named = ", ".join(sorted(str(crew) for crew in holders if crew is not None))
            wrong.append(_wrong("torn", streets=", ".join(ids), crews=named, given_n=sum(s in crew_of for s in ids)))
    return wrong


def _crews(problem: PlanProblem, given: Sequence[Given]) -> list[Reason]:
    wrong = []
    free = free_hours(problem)
    row = {street: i for i, street in enumerate(problem.streets.ids)}
    for j, crew in enumerate(problem.crews.ids):
        mine = [one for one in given if one.crew == crew]
        hours, room = sum(one.hours for one in mine), float(problem.crews.capacity[j])
        if hours > room + HOURS_SLACK * (1 + room):
            wrong.append(_wrong("crew_hours", crew=crew, room_h=room, gives_h=hours))  # RULE 5
        elif (chance := _chance(problem, j, [row[one.street] for one in mine], hours)) < _surety(
            problem
        ) - CHANCE_SLACK:
            wrong.append(_wrong("crew_chance", crew=crew, finish_share=chance))
        elif (counted := _counted(problem, j, [row[one.street] for one in mine])) > free[j] + HOURS_SLACK * (1 + room):
            wrong.append(_wrong("crew_reserve", crew=crew, counted_h=counted, room_h=float(free[j])))
        limited = [row[one.street] for one in mine if _is_limited(problem, row[one.street])]
        if limited and not _has_time(problem, j, [*limited, *(i for i, k in problem.pins if k == j)]):
            wrong.append(_wrong("entry", crew=crew))
        if len(mine) > int(problem.crews.places[j]):
            wrong.append(_wrong("crew_places", crew=crew, room_n=int(problem.crews.places[j]), gives_n=len(mine)))
    return wrong


def _counted(problem: PlanProblem, crew: int, streets: Sequence[int]) -> float:
    """Return the hours that these streets count against the crew's, each with its share of the reserve."""
    return float(counted_hours(problem, np.array(streets, dtype=np.int64), np.full(len(streets), crew)).sum())


def _surety(problem: PlanProblem) -> float:
    """How surely a crew must have the hours for all its streets; whatever is wanted, those to be expected must fit."""
    return max(0.5, problem.rules.finish_probability)


def _chance(problem: PlanProblem, crew: int, streets: Sequence[int], hours: float) -> float:
    """How surely the crew's hours suffice for all of these streets, its live claims before them."""
    claims = problem.crews.pinned_doubt
    variance = 0.0 if claims is None else float(claims[crew]) ** 2
    for i in streets:
        away = 2.0 * float(problem.home_m[crew, i]) / 1000.0 / problem.rules.walk_speed_km_h
        variance += (
            float(problem.streets.doubt[i]) / max(0.1, 1.0 - away / float(problem.crews.hours_per_day[crew]))
        ) ** 2
    variance += (problem.common_doubt * hours) ** 2
    room = float(problem.crews.capacity[crew]) - hours
    if not streets or variance <= 0.0:
        return 1.0
    return NormalDist().cdf(room / variance**0.5)


def _is_limited(problem: PlanProblem, street: int) -> bool:
    """Whether a street lets promoters in at some hours only."""
    opens, closes = problem.streets.opens, problem.streets.closes
    return opens is not None and closes is not None and bool(closes[street] - opens[street] < 24)


def _has_time(problem: PlanProblem, crew: int, streets: Sequence[int]) -> bool:
    """Whether what is open at some hours only fits into them, minute by minute: the earliest to close is worked first."""
    opens, closes = problem.streets.opens, problem.streets.closes
    assert opens is not None
    assert closes is not None
    first = round(60 * problem.rules.day_begins_hour)
    last = first + round(60 * float(problem.crews.hours_per_day[crew]))
    a_minute = int(problem.crews.people[crew]) * int(problem.crews.days[crew]) / 60.0
    left = {
        i: float(problem.streets.hours[i])
        for i in streets
        if _is_limited(problem, i) and np.isfinite(problem.streets.hours[i])
    }
    until = {i: _closing(round(60 * opens[i]), round(60 * closes[i]), first, last) for i in left}
    for minute in range(first, last):
        at_hand = a_minute
        now = [i for i in left if left[i] > 0 and any(a <= minute < b for a, b in until[i])]
        for i in sorted(now, key=lambda i: max(b for _, b in until[i])):
            done = min(at_hand, left[i])
            left[i] -= done
            at_hand -= done
    return all(hours <= a_minute + HOURS_SLACK for hours in left.values())


def _closing(opens: int, closes: int, first: int, last: int) -> list[tuple[int, int]]:
    """Return the minutes of the crew's day, from and until, in which a street is open."""
    days = [(opens + day, closes + day) for day in (-1440, 0, 1440)]
    return [(max(a, first), min(b, last)) for a, b in days if min(b, last) > max(a, first)]
