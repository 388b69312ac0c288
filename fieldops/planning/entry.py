"""
What a crew can work on streets that let promoters in at some hours only.

A pair is lawful where the street's work fits into the hours at which it is open while the crew works. Several such streets
of one crew compete for the same hours: together they fit where, for every span of the day, those that are open within it
alone need no more than the crew has in it. The solver knows the first rule; what breaks the second is handed back here.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from fieldops.planning.assignment import NOBODY, Assignment
from fieldops.planning.opening import DAY_H, DAYS, Span
from fieldops.planning.posing import Gathered
from fieldops.planning.problem import PlanProblem
from fieldops.planning.together import without_fixed

SLACK = 1e-6


def fit_inside(problem: PlanProblem, crew: int, streets: Iterable[int]) -> bool:
    """
    Return whether a crew has the time for all these streets while they are open.

    Notes
    -----
    Work that may be parted, and done by any promoter of the crew, fits if and only if it fits every span (Hall 1935).
    """
    work = [
        (spans, float(problem.streets.hours[i])) for i in streets if (spans := _spans(problem, crew, i)) is not None
    ]
    if not all(spans for spans, _ in work):  # closed all day
        return False
    a_span = int(problem.crews.people[crew]) * int(problem.crews.days[crew])
    begins, ends = ({span[side] for spans, _ in work for span in spans} for side in (0, 1))
    for start in begins:
        for end in ends:
            inside = sum(hours for spans, hours in work if all(start <= a and b <= end for a, b in spans))
            if end > start and inside > a_span * (end - start) + SLACK:
                return False
    return True


def _spans(problem: PlanProblem, crew: int, street: int) -> list[Span] | None:
    """Return when the street is open during the crew's day; None where it always is, or its hours are unknown."""
    streets = problem.streets
    if streets.opens is None or streets.closes is None or not np.isfinite(streets.hours[street]):
        return None
    opens, closes = float(streets.opens[street]), float(streets.closes[street])
    if closes - opens >= DAY_H:
        return None
    begin = problem.rules.day_begins_hour
    end = begin + float(problem.crews.hours_per_day[crew])
    spans = [(max(begin, opens + day), min(end, closes + day)) for day in DAYS]
    return [(a, b) for a, b in spans if b > a]


def keep_to_entry(problem: PlanProblem, gathered: Gathered, found: Assignment) -> Assignment:
    """
    Return the answer over sets without what its crew has no time for while it is open, or no place; free hours are filled.

    Most value an hour first; the bound stays proven, and what lost value by it is no longer called optimal.
    """
    posed, sets = gathered.problem, gathered.sets
    now, worth = found.crew_of_street.copy(), posed.values / np.maximum(posed.hours, SLACK)
    order = np.argsort(-worth, kind="stable")
    places = without_fixed(problem).places
    for crew in range(posed.crews):
        held = [i for i, j in (*problem.pins, *problem.fixed) if j == crew]
        mine = order[posed.crew[order] == crew]
        given = mine[now[posed.street[mine]] == crew]
        streets = [i for pair in given.tolist() for i in sets[posed.street[pair]].tolist()]
        if len(streets) <= places[crew] and fit_inside(problem, crew, [*held, *streets]):
            continue
        now[posed.street[given]] = NOBODY
        left, room = float(posed.capacities[crew]), int(places[crew])
        for pair in [*given.tolist(), *np.setdiff1d(mine, given, assume_unique=True).tolist()]:
            part, hours = int(posed.street[pair]), float(posed.hours[pair])
            streets = sets[part].tolist()
            fits = now[part] == NOBODY and hours <= left + SLACK and len(streets) <= room and posed.values[pair] > 0
            if fits and fit_inside(problem, crew, [*held, *streets]):
                held += streets
                now[part], left, room = crew, left - hours, room - len(streets)
    taken = posed.crew == now[posed.street]
    objective = float(posed.values[taken].sum())
    lost = objective < found.objective - SLACK * max(1.0, abs(found.objective))
    status = "feasible" if lost and found.status == "optimal" else found.status
    return replace(found, crew_of_street=now, objective=objective, status=status)
