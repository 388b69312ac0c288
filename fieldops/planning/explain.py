"""One sentence of reason per choice, what moving a street would cost, and why a street stays with nobody."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fieldops.planning.assignment import NOBODY, Assignment, AssignmentProblem
from fieldops.planning.problem import PlanProblem, street_values


@dataclass(frozen=True, slots=True)
class Choice:
    """One pair of the plan, with its sentence; `value` is in people to be told, `hours` include walking."""

    street: int
    crew: int
    hours: float
    value: float
    reason: str


def explain_assigned(problem: PlanProblem, posed: AssignmentProblem, found: Assignment) -> list[Choice]:
    """Return each given street with the reason for its crew, by street."""
    choices = []
    begins = np.searchsorted(posed.street, np.arange(posed.streets + 1))
    price = found.hour_price
    for street in np.flatnonzero(found.crew_of_street != NOBODY).tolist():
        pairs = np.arange(begins[street], begins[street + 1])
        crew = int(found.crew_of_street[street])
        mine = int(pairs[posed.crew[pairs] == crew][0])
        value, hours = float(posed.values[mine]), float(posed.hours[mine])
        choices.append(Choice(street, crew, hours, value, _sentence(problem, posed, pairs, mine, price)))
    return choices


def _sentence(problem: PlanProblem, posed: AssignmentProblem, pairs: np.ndarray, mine: int, price: np.ndarray) -> str:
    streets, crews = problem.streets, problem.crews
    street, crew = int(posed.street[mine]), int(posed.crew[mine])
    known = f"{streets.share[street]:.0%} know" if streets.measured[street] else "never measured"
    missing = max(0.0, problem.rules.target_share - float(streets.share[street])) * float(streets.people[street])
    text = (
        f"{missing:.0f} of {streets.people[street]:.0f} people still to be told ({known}); crew {crews.ids[crew]} finishes "
        f"with {streets.finish[street]:.0%} in {posed.hours[mine]:.1f} h, {_way(problem, crew, street)} from its home"
    )
    text += f"; {streets.notes[street]}" if streets.notes[street] else ""
    others = pairs[pairs != mine]
    if not len(others):
        return f"{text}; no other crew can take it"
    cost = posed.values - price[posed.crew] * posed.hours
    best = int(others[np.argmax(cost[others])])
    other = int(posed.crew[best])
    more = float(posed.hours[best] - posed.hours[mine])
    if more >= 0.05:
        return f"{text}; crew {crews.ids[other]}, the next best, would need {more:.1f} h more"
    return f"{text}; crew {crews.ids[other]}, the next best, has better use for its hours"


def _way(problem: PlanProblem, crew: int, street: int) -> str:
    metres = float(problem.home_m[crew, street])
    return f"{metres / 1000:.1f} km" if metres >= 1000 else f"{metres:.0f} m"


def explain_unassigned(problem: PlanProblem, posed: AssignmentProblem, found: Assignment) -> dict[int, str]:
    """Return for each street that nobody gets the rule or the scarcity that is the reason, by its position."""
    values = street_values(problem)
    listed = np.bincount(posed.street, minlength=posed.streets) > 0
    room = float(problem.crews.capacity.max(initial=0.0))
    waiting = {street for street, _ in problem.waiting}
    reasons: dict[int, str] = {}
    for street in np.flatnonzero(found.crew_of_street == NOBODY).tolist():
        reasons[street] = _why_not(
            problem, street, float(values[street]), bool(listed[street]), room, street in waiting
        )
    return reasons


def _why_not(problem: PlanProblem, street: int, value: float, listed: bool, room: float, waits: bool) -> str:
    streets = problem.streets
    if streets.excluded[street]:
        return streets.excluded[street]
    if value <= 0:
        return f"believed at the target already ({streets.share[street]:.0%}): it needs a test, not a claim"
    if not np.isfinite(streets.hours[street]):
        return "no effort brings it to the target with the wanted probability"
    if not len(problem.crews.ids):
        return "there is no crew"
    if not np.isfinite(problem.home_m[:, street] + problem.turf_m[:, street]).any():
        return "no crew can walk there from its home"
    if not listed and streets.hours[street] > room:
        return f"it needs {streets.hours[street]:.0f} h, more than any crew has ({room:.0f} h): split it, or join crews"
    if not listed:
        return "every crew near it cools down or lacks the hours" if waits else "no crew near it has the hours"
    return (
        f"the hours of the crews near it are worth more elsewhere (needs {streets.hours[street]:.1f} h for {value:.0f})"
    )


def impossible(problem: PlanProblem) -> str:
    """Return why nothing at all can be planned, empty where something can."""
    streets, crews = problem.streets, problem.crews
    if not len(streets.ids):
        return "the region has no street: import a map with `fieldops import`"
    if not len(crews.ids):
        return "the region has no crew: import them with `fieldops crews import`"
    if not (crews.capacity > 0).any():
        return "no crew has an hour left in these seven days: all are off, or busy with their claims"
    if not (crews.places > 0).any():
        return "every crew holds as many claims as it may"
    reasons = [reason for reason in streets.excluded if reason]
    if len(reasons) == len(streets.ids):
        most = max(set(reasons), key=reasons.count)
        return f"no street may be given to anybody; most often: {most}"
    if not (street_values(problem) > 0).any():
        return "every street is believed at the target already: measure them, or close the burst"
    return ""


def cost_of_moving(problem: PlanProblem, given: Sequence[Choice], posed: AssignmentProblem, street: int) -> list[str]:
    """Return for each other crew that could take the street what it would cost, one sentence a crew, nearest first."""
    mine = next((choice for choice in given if choice.street == street), None)
    if mine is None:
        return []
    pairs = np.flatnonzero((posed.street == street) & (posed.crew != mine.crew))
    used = np.bincount(
        [choice.crew for choice in given], weights=[choice.hours for choice in given], minlength=len(problem.crews.ids)
    )
    held = np.bincount([choice.crew for choice in given], minlength=len(problem.crews.ids))
    sentences = []
    for pair in pairs[np.argsort(posed.hours[pairs], kind="stable")].tolist():
        crew, hours = int(posed.crew[pair]), float(posed.hours[pair])
        left = float(problem.crews.capacity[crew] - used[crew])
        name = problem.crews.ids[crew]
        if held[crew] >= problem.crews.places[crew]:
            sentences.append(f"crew {name} holds as many streets as it may")
        elif hours <= left:
            sentences.append(f"crew {name} could take it: {hours - mine.hours:+.1f} h, it has {left:.1f} h left")
        else:
            sentences.append(f"crew {name} lacks {hours - left:.1f} h: it would have to give up streets worth that")
    return sentences
