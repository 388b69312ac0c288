"""What a lead pins by hand: kept in every plan where the rules allow it, with the reason where they do not."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fieldops.planning.assignment import NOBODY, Assignment
from fieldops.planning.entry import fit_inside
from fieldops.planning.opening import FORGIVEN_H
from fieldops.planning.problem import PlanProblem, pair_values, room_inside
from fieldops.planning.reasons import say
from fieldops.planning.reserve import counted_hours, free_hours
from fieldops.said import Reason


def why_not(problem: PlanProblem, street: int, crew: int) -> Reason:
    """Return the rule that keeps a crew from a street, whatever else it does; empty where none does."""
    crews, name = problem.crews, problem.crews.ids[crew]
    if problem.streets.excluded[street]:
        return Reason([problem.streets.excluded[street]])
    if (street, crew) in problem.waiting:
        return Reason([say("cools_down", crew=name)])
    if not np.isfinite(problem.home_m[crew, street] + problem.turf_m[crew, street]):
        return Reason([say("cannot_walk", crew=name)])
    if crews.places[crew] <= 0:
        return Reason([say("holds_most", crew=name)])
    if not np.isfinite(problem.streets.hours[street]):
        return Reason([say("no_effort")])
    needs, room = (
        float(counted_hours(problem, np.array([street]), np.array([crew]))[0]),
        float(free_hours(problem)[crew]),
    )
    inside = float(room_inside(problem, np.array([street]), np.array([crew]))[0])
    if problem.streets.hours[street] > inside + FORGIVEN_H:
        return Reason([say("lacks_entry", crew=name, room_h=round(inside, 2))])
    if needs > room:
        return Reason([say("lacks_hours", crew=name, needs_h=round(needs, 2), room_h=round(room, 2))])
    return Reason()


def settle_pins(problem: PlanProblem, wishes: Sequence[tuple[int, int]]) -> tuple[PlanProblem, dict[int, Reason]]:
    """
    Return the problem with the pins that can be kept, and for each street whose pin cannot be kept why.

    Parameters
    ----------
    wishes
        Street and crew, by position; the first come first where they do not fit together.
    """
    hours, places = free_hours(problem), problem.crews.places.copy()
    fixed, refused = list[tuple[int, int]](), dict[int, Reason]()
    for street, crew in wishes:
        reason = why_not(problem, street, crew)
        needs = 0.0 if reason else float(counted_hours(problem, np.array([street]), np.array([crew]))[0])
        if not reason and (needs > hours[crew] or places[crew] < 1):
            reason = Reason([say("pinned_full", crew=problem.crews.ids[crew])])
        held = [i for i, j in (*problem.pins, *fixed) if j == crew]
        if not reason and not fit_inside(problem, crew, held, [street]):
            reason = Reason([say("no_time_beside", crew=problem.crews.ids[crew])])
        if reason:
            refused[street] = reason
            continue
        hours[crew] -= needs
        places[crew] -= 1
        fixed.append((street, crew))
    return replace(problem, fixed=tuple(fixed)), refused


def with_fixed(problem: PlanProblem, found: Assignment) -> Assignment:
    """Return the answer to the whole problem: what was found beside the pins, and the pins; the bound stays proven."""
    if not problem.fixed:
        return found
    street, crew = np.array(problem.fixed, dtype=np.int64).T
    worth = float(pair_values(problem, street, crew).sum())
    crew_of_street = found.crew_of_street.copy()
    assert (crew_of_street[street] == NOBODY).all()
    crew_of_street[street] = crew
    return replace(found, crew_of_street=crew_of_street, objective=found.objective + worth, bound=found.bound + worth)
