"""
What a crew can work on streets that let promoters in at some hours only.

A pair is lawful where the street's work fits into the hours at which it is open while the crew works. Several such streets
of one crew compete for the same hours: that is a flow from streets into the parts of the day in which they are open. The solver
knows the first rule; what breaks the second is handed back here.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from fieldops.planning.assignment import NOBODY, Assignment
from fieldops.planning.opening import DAY_H, FORGIVEN_H, Span, spans_within
from fieldops.planning.posing import Gathered
from fieldops.planning.problem import PlanProblem
from fieldops.planning.together import without_fixed

SLACK = 1e-6
UNITS = 10_000  # of an hour: flows are whole


def fit_inside(problem: PlanProblem, crew: int, held: Sequence[int], more: Sequence[int]) -> bool:
    """
    Return whether a crew has the time for `more` streets beside those it holds, while they are open.

    What is always open needs no such time. A crew whose live claims alone lack it can take no further street of that kind.

    Notes
    -----
    Work that may be parted, and done by any promoter of the crew, fits if and only if the largest flow carries all of it
    (Ford & Fulkerson 1956, Canadian Journal of Mathematics 8).
    """
    if not is_limited(problem, crew, more):
        return True
    work = [
        (spans, float(problem.streets.hours[i]))
        for i in (*held, *more)
        if (spans := _spans(problem, crew, i)) is not None
    ]
    cuts = sorted({side for spans, _ in work for span in spans for side in span})
    parts = list(pairwise(cuts))
    a_span = int(problem.crews.people[crew]) * int(problem.crews.days[crew])
    needs = [max(0, round(UNITS * (hours - FORGIVEN_H / 2))) for _, hours in work]
    source, sink = len(work) + len(parts), len(work) + len(parts) + 1
    arcs = [(source, i, need) for i, need in enumerate(needs)]
    arcs += [(len(work) + k, sink, round(UNITS * a_span * (b - a))) for k, (a, b) in enumerate(parts)]
    arcs += [
        (i, len(work) + k, needs[i])
        for i, (spans, _) in enumerate(work)
        for k, (a, b) in enumerate(parts)
        if any(start <= a and b <= end for start, end in spans)
    ]
    start, end, most = np.array(arcs, dtype=np.int32).T
    graph = csr_array((most, (start, end)), shape=(sink + 1, sink + 1))
    return bool(maximum_flow(graph, source, sink).flow_value == sum(needs))


def is_limited(problem: PlanProblem, crew: int, streets: Sequence[int]) -> bool:
    """Return whether any of the streets is open during a part of the crew's day only."""
    return any(_spans(problem, crew, street) is not None for street in streets)


def _spans(problem: PlanProblem, crew: int, street: int) -> list[Span] | None:
    """Return when the street is open during the crew's day; None where it always is, or its hours are unknown."""
    streets = problem.streets
    if streets.opens is None or streets.closes is None or not np.isfinite(streets.hours[street]):
        return None
    opens, closes = float(streets.opens[street]), float(streets.closes[street])
    if closes - opens >= DAY_H:
        return None
    begin = problem.rules.day_begins_hour
    return spans_within(begin, begin + float(problem.crews.hours_per_day[crew]), opens, closes)


def keep_to_entry(problem: PlanProblem, gathered: Gathered, found: Assignment) -> Assignment:
    """
    Return the answer over sets without what its crew has no time for while it is open, or no place; free hours are filled.

    Most value an hour first; the bound stays proven, and what lost value by it is no longer called optimal.
    """
    posed, sets = gathered.problem, gathered.sets
    now, worth = found.crew_of_street.copy(), posed.values / np.maximum(posed.hours, SLACK)
    order = np.argsort(-worth, kind="stable")
    places, left = without_fixed(problem).places.copy(), posed.capacities.copy()
    held: list[list[int]] = [[] for _ in range(posed.crews)]
    for street, crew in (*problem.pins, *problem.fixed):
        held[crew].append(street)
    own = order[now[posed.street[order]] == posed.crew[order]]
    kept = 0
    for pairs in (own, order):  # what is given already, then what else there is room for
        for pair in pairs.tolist() if pairs is own or kept < len(own) else ():
            part, crew, hours = int(posed.street[pair]), int(posed.crew[pair]), float(posed.hours[pair])
            if pairs is own:
                now[part] = NOBODY
            streets = sets[part].tolist()
            fits = now[part] == NOBODY and hours <= left[crew] + SLACK and len(streets) <= places[crew]
            if fits and posed.values[pair] > 0 and fit_inside(problem, crew, held[crew], streets):
                held[crew] += streets
                now[part], left[crew], places[crew] = crew, left[crew] - hours, places[crew] - len(streets)
                kept += pairs is own
    taken = posed.crew == now[posed.street]
    objective = float(posed.values[taken].sum())
    lost = objective < found.objective - SLACK * max(1.0, abs(found.objective))
    status = "feasible" if lost and found.status == "optimal" else found.status
    return replace(found, crew_of_street=now, objective=objective, status=status)
