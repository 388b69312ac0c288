"""One sentence of reason per choice, what moving a street would cost, and why a street stays with nobody."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fieldops.planning.assignment import NOBODY, Assignment, AssignmentProblem, IntArray
from fieldops.planning.problem import PlanProblem, pair_hours, street_values


@dataclass(frozen=True, slots=True)
class Taken:
    """One pair of a plan with its hours, walking included."""

    street: int
    crew: int
    hours: float


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
    text = (
        f"{_missing(problem, street)}; crew {crews.ids[crew]} finishes "
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


def _missing(problem: PlanProblem, street: int) -> str:
    """Return what is to be done on a street: people to be told, or a test where it is believed at the target."""
    streets = problem.streets
    known = f"{streets.share[street]:.0%} know" if streets.measured[street] else "never measured"
    if streets.share[street] >= problem.rules.target_share:
        return f"believed at the target ({known}), which only a test can say: ask there first"
    people = float(streets.people[street])
    return f"{streets.missing[street] * people:.0f} of {people:.0f} people still to be told ({known})"


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
        return "it has no people, or no priority"
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
        kinds = [reason.split(" by crew ")[0].split(";")[0] for reason in reasons]
        most = max(sorted(set(kinds)), key=kinds.count)
        first = reasons[kinds.index(most)]
        return f"no street may be given to anybody; most often ({kinds.count(most)} of {len(kinds)} streets): {most}; the first: {first}"
    values = street_values(problem)
    if not (values > 0).any():
        return "no street has people and a priority: nothing is worth an hour"
    usable = (values > 0) & np.array([not reason for reason in streets.excluded], dtype=bool)
    way = np.isfinite(problem.home_m + problem.turf_m)
    if not way[:, usable].any():
        return f"no crew can walk from its home to any street: {_names(problem, np.arange(len(crews.ids)))} are cut off"
    hours = np.where(usable & way.any(axis=0), streets.hours, np.inf)
    if not (hours <= crews.capacity.max()).any():
        least = f"the smallest needs {hours.min():.0f} h" if np.isfinite(hours.min()) else "no effort finishes any"
        return f"every street is larger than every crew: {least}, the largest crew has {crews.capacity.max():.0f} h"
    return ""


def _names(problem: PlanProblem, crews: IntArray) -> str:
    shown = ", ".join(problem.crews.ids[int(j)] for j in crews[:5])
    return f"crews {shown}" + (f" and {len(crews) - 5} more" if len(crews) > 5 else "")


def crews_left_out(problem: PlanProblem, posed: AssignmentProblem, busy: set[int]) -> dict[str, str]:
    """Return for each crew that gets no street why."""
    crews, reasons = problem.crews, dict[str, str]()
    listed = np.bincount(posed.crew, minlength=len(crews.ids)) > 0
    open_ = np.array([not reason for reason in problem.streets.excluded], dtype=bool)
    for j, crew in enumerate(crews.ids):
        if j in busy:
            continue
        if crews.days[j] == 0:
            reason = "it has no working day in these seven days"
        elif crews.capacity[j] <= 0 and not crews.pinned_hours[j]:
            reason = "it has no hours"
        elif crews.capacity[j] <= 0:
            reason = f"its claims need all of its hours ({crews.pinned_hours[j]:.0f} h)"
        elif crews.places[j] <= 0:
            reason = "it holds as many claims as it may"
        elif not np.isfinite(problem.home_m[j, open_]).any():
            reason = "it is cut off: no open street can be reached on foot from its home"
        elif not listed[j]:
            reason = f"no street near it fits into its {crews.capacity[j]:.0f} h, or it cools down for them"
        else:
            reason = "other crews do more with every street near it"
        reasons[crew] = reason
    return reasons


def why_not_others(
    problem: PlanProblem, posed: AssignmentProblem, given: Sequence[Taken], street: int, *, most: int = 8
) -> list[str]:
    """
    Return for the crews nearest to a street what giving it to them would cost, or which rule excludes it.

    Parameters
    ----------
    given
        The plan: every pair with its hours.
    most
        So many crews at most.
    """
    mine = next((one for one in given if one.street == street), None)
    used, held = np.zeros(len(problem.crews.ids)), np.zeros(len(problem.crews.ids), dtype=np.int64)
    for one in given:
        used[one.crew] += one.hours
        held[one.crew] += 1
    pair_of = {int(posed.crew[k]): k for k in np.flatnonzero(posed.street == street).tolist()}
    sentences = []
    for crew in np.argsort(problem.turf_m[:, street], kind="stable").tolist():
        if mine is not None and crew == mine.crew:
            continue
        text = _excluded(problem, street, crew)
        if not text and crew in pair_of:
            hours = float(posed.hours[pair_of[crew]])
            text = _moved(problem, mine.hours if mine else 0.0, crew, hours, float(used[crew]), int(held[crew]))
        sentences.append(f"crew {problem.crews.ids[crew]}: {text or 'other crews are nearer, it was not considered'}")
        if len(sentences) == most:
            break
    return sentences


def _excluded(problem: PlanProblem, street: int, crew: int) -> str:
    """Return the rule that keeps the crew from the street, empty where none does."""
    crews = problem.crews
    if problem.streets.excluded[street]:
        return problem.streets.excluded[street]
    if (street, crew) in problem.waiting:
        return "cools down for it: it forfeited the street (rule 4)"
    if not np.isfinite(problem.home_m[crew, street]):
        return "cannot walk there from its home"
    if crews.places[crew] <= 0:
        return "holds as many claims as it may (rule 5)"
    needs = float(pair_hours(problem, np.array([street]), np.array([crew]))[0])
    if needs > crews.capacity[crew]:
        return f"would need {needs:.1f} h and has {crews.capacity[crew]:.1f} h in all (rule 5)"
    return ""


def _moved(problem: PlanProblem, hours_now: float, crew: int, hours: float, used: float, held: int) -> str:
    left = float(problem.crews.capacity[crew]) - used
    more = f"{hours - hours_now:+.1f} h" if hours_now else f"{hours:.1f} h"
    if held >= problem.crews.places[crew]:
        return f"{more}, and it would have to give up one of its {held} streets (rule 5)"
    if hours <= left + 1e-6:
        return f"could take it: {more}, it has {left:.1f} h left"
    return f"{more}, and it lacks {hours - left:.1f} h: it would have to give up streets worth that"
