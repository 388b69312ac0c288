"""
Is this plan lawful? Recomputed from the problem and the plan alone; shares no code with the solvers.

What is law and no search it asks where it is written: hours of a pair (`problem`), their reserve (`reserve`), and which streets
go together (`together`). Every sentence names the street or crew and the rule that is broken. An unlawful plan is never published. The bound of a plan is
one on every plan that is lawful here.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from scipy.optimize import linprog

from fieldops.ids import CrewId, StreetId
from fieldops.planning.problem import PlanProblem
from fieldops.planning.reasons import say
from fieldops.planning.reserve import counted_hours, free_hours
from fieldops.planning.together import street_sets
from fieldops.said import Fact, Reason

HOURS_SLACK = 1e-6
CHANCE_SLACK = 1e-4
ENTRY_SLACK = 1e-3  # of a street's hours


@dataclass(frozen=True, slots=True)
class Given:
    """One street given to one crew, with the promoter-hours and finish probability that the plan states."""

    street: StreetId
    crew: CrewId
    hours: float
    finish_probability: float


def violations(problem: PlanProblem, given: Sequence[Given], *, by_hand: Collection[StreetId] = ()) -> list[Reason]:
    """
    Return what is unlawful in the plan, one reason each; empty where it is lawful.

    Parameters
    ----------
    by_hand
        Streets that a lead moved after the plan was made: those that go together with one of them may be parted.
    """
    wrong = _unknown(problem, given) or _out_of_reach(problem, given)
    if wrong:
        return wrong
    return [*_streets(problem, given), *_torn(problem, given, by_hand), *_crews(problem, given)]


def _wrong(code: str, *more: str, **facts: Fact) -> Reason:
    return Reason([say(f"unlawful_{code}", **facts), *more])


def _unknown(problem: PlanProblem, given: Sequence[Given]) -> list[Reason]:
    streets, crews = set(problem.streets.ids), set(problem.crews.ids)
    wrong = [_wrong("unknown_street", street=one.street) for one in given if one.street not in streets]
    return wrong + [_wrong("unknown_crew", crew=one.crew) for one in given if one.crew not in crews]


def _out_of_reach(problem: PlanProblem, given: Sequence[Given]) -> list[Reason]:
    row = {street: i for i, street in enumerate(problem.streets.ids)}
    column = {crew: j for j, crew in enumerate(problem.crews.ids)}
    way = problem.home_m + problem.turf_m
    return [
        _wrong("way", street=one.street, crew=one.crew)
        for one in given
        if not np.isfinite(way[column[one.crew], row[one.street]])
    ] + [
        _wrong("hours", street=one.street, needs_h=float("inf"), gives_h=one.hours)
        for one in given
        if not np.isfinite(problem.streets.hours[row[one.street]])
    ]


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


def _torn(problem: PlanProblem, given: Sequence[Given], by_hand: Collection[StreetId]) -> list[Reason]:
    """Return which streets that go together are given to several crews, or in part."""  # RULE 10
    crew_of = {one.street: one.crew for one in given}
    wrong = []
    for part in street_sets(problem):
        ids = [problem.streets.ids[i] for i in part.tolist()]
        holders = {crew_of.get(street) for street in ids}
        if len(holders) > 1 and not set(ids) & set(by_hand):
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
    room = float(problem.crews.capacity[crew]) - hours + HOURS_SLACK
    if not streets or variance <= 0.0:
        return 1.0
    return NormalDist().cdf(room / variance**0.5)


def _is_limited(problem: PlanProblem, street: int) -> bool:
    """Whether a street lets promoters in at some hours only."""
    opens, closes = problem.streets.opens, problem.streets.closes
    return opens is not None and closes is not None and bool(closes[street] - opens[street] < 24)


def _has_time(problem: PlanProblem, crew: int, streets: Sequence[int]) -> bool:
    """Whether what is open at some hours only fits into them: a linear program shares the parts of the crew's day."""
    opens, closes = problem.streets.opens, problem.streets.closes
    assert opens is not None
    assert closes is not None
    first = problem.rules.day_begins_hour
    last = first + float(problem.crews.hours_per_day[crew])
    timed = [i for i in streets if _is_limited(problem, i) and np.isfinite(problem.streets.hours[i])]
    spans = [
        (row, max(first, float(opens[i]) + day), min(last, float(closes[i]) + day))
        for row, i in enumerate(timed)
        for day in (-24.0, 0.0, 24.0)
    ]
    cuts = sorted({first, last, *(side for _, a, b in spans if a < b for side in (a, b))})
    promoters = int(problem.crews.people[crew]) * int(problem.crews.days[crew])
    shares = [(row, k) for row, a, b in spans for k in range(len(cuts) - 1) if a <= cuts[k] and cuts[k + 1] <= b]
    if not shares:
        return all(float(problem.streets.hours[i]) <= ENTRY_SLACK for i in timed)
    at_work, at_hand = np.zeros((len(timed), len(shares))), np.zeros((len(cuts) - 1, len(shares)))
    for column, (row, k) in enumerate(shares):
        at_work[row, column] = at_hand[k, column] = 1.0
    needs = np.array([max(0.0, float(problem.streets.hours[i]) - ENTRY_SLACK) for i in timed])
    limits = np.concatenate([promoters * np.diff(cuts), -needs])
    found = linprog(np.zeros(len(shares)), A_ub=np.vstack([at_hand, -at_work]), b_ub=limits, method="highs")
    return bool(found.status == 0)
