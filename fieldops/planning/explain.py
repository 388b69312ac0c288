"""The reason for each choice, why a street stays with nobody, and why a crew gets nothing."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from fieldops.planning.assignment import NOBODY, Assignment, AssignmentProblem, IntArray
from fieldops.planning.opening import say_span
from fieldops.planning.problem import PlanProblem, pair_hours, pair_values, room_inside, street_values
from fieldops.planning.reasons import SORTS, say, sort_of
from fieldops.planning.reserve import promise
from fieldops.said import Reason, Said

SEARCHED_OUT = 0.01  # gap up to which a street that nobody has is not worth its hours


@dataclass(frozen=True, slots=True)
class Choice:
    """
    One pair of the plan, with its sentence; `value` is in people to be told, `hours` are those expected, walking and set-up included.

    `finish` is the probability of the decision within the claim, see `reserve.promise`.
    """

    street: int
    crew: int
    hours: float
    value: float
    finish: float
    reason: Reason


def explain_assigned(problem: PlanProblem, posed: AssignmentProblem, found: Assignment) -> list[Choice]:
    """Return each given street with the reason for its crew, by street."""
    choices, fixed = [], set(problem.fixed)
    begins = np.searchsorted(posed.street, np.arange(posed.streets + 1))
    price, left = found.hour_price, _hours_left(posed, found)
    chances = promise(problem, found.crew_of_street)
    for street in np.flatnonzero(found.crew_of_street != NOBODY).tolist():
        pairs = np.arange(begins[street], begins[street + 1])
        crew = int(found.crew_of_street[street])
        if (street, crew) in fixed:
            choices.append(_fixed(problem, street, crew, float(chances[street])))
            continue
        mine = int(pairs[posed.crew[pairs] == crew][0])
        value = float(posed.values[mine])
        hours = float(pair_hours(problem, np.array([street]), np.array([crew]))[0])
        said = describe_pair(problem, street, crew, hours, float(chances[street]))
        reason = Reason([*said, _beside(problem, posed, pairs, mine, price, left)])
        choices.append(Choice(street, crew, hours, value, float(chances[street]), reason))
    return choices


def _hours_left(posed: AssignmentProblem, found: Assignment) -> np.ndarray:
    """Return the promoter-hours that each crew has left, 0 where it may take no further street; shape (n_crews,)."""
    chosen = posed.crew == found.crew_of_street[posed.street]
    used = np.bincount(posed.crew[chosen], posed.hours[chosen], minlength=posed.crews)
    many = np.bincount(posed.crew[chosen], minlength=posed.crews)
    return np.where(many >= posed.max_streets, 0.0, posed.capacities - used)


def _fixed(problem: PlanProblem, street: int, crew: int, chance: float) -> Choice:
    one = np.array([street]), np.array([crew])
    hours = float(pair_hours(problem, *one)[0])
    said = describe_pair(problem, street, crew, hours, chance)
    reason = Reason([*said, say("pinned", crew=problem.crews.ids[crew])])
    return Choice(street, crew, hours, float(pair_values(problem, *one)[0]), chance, reason)


def _beside(
    problem: PlanProblem, posed: AssignmentProblem, pairs: np.ndarray, mine: int, price: np.ndarray, left: np.ndarray
) -> Said:
    """Return why no other crew has the street."""
    others = pairs[pairs != mine]
    if not len(others):
        return say("only")
    cost = posed.values - price[posed.crew] * posed.hours
    best = int(others[np.argmax(cost[others])])
    next_best = int(posed.crew[best])
    other = problem.crews.ids[next_best]
    more = float(posed.hours[best] - posed.hours[mine])
    if more >= 0.05:
        return say("next_hours", crew=other, more_h=round(more, 2))
    return say("next_free" if left[next_best] >= posed.hours[best] else "next_price", crew=other)


def describe_pair(problem: PlanProblem, street: int, crew: int, hours: float, chance: float) -> list[Said]:
    """Return what a crew finds on a street and needs for it, and how surely it finishes, as sentences."""
    streets = problem.streets
    done = say(
        "finishes", crew=problem.crews.ids[crew], finish_share=round(chance, 4),
        work_h=round(hours, 2), home_m=round(float(problem.home_m[crew, street])),
    )  # fmt: skip
    recruits = [] if streets.recruits is None else [_recruits(float(streets.recruits[street]))]
    return [_missing(problem, street), *recruits, done, *streets.notes[street]]


def _recruits(expected: float) -> Said:
    """Return how many candidates are expected: of a street they are few, and a part of one tells streets apart."""
    return say("recruits", recruits=f"{expected:.1f}" if expected >= 1 else f"{expected:.2f}")


def _missing(problem: PlanProblem, street: int) -> Said:
    """Return what is to be done on a street: people to be told, or a test where it is believed at the target."""
    streets = problem.streets
    share, people = round(float(streets.share[street]), 4), float(streets.people[street])
    measured = bool(streets.measured[street])
    if streets.share[street] >= problem.rules.target_share:
        return say("believed", known_share=share) if measured else say("believed_unmeasured")
    told = {"missing_n": round(float(streets.missing[street]) * people, 1), "people_n": round(people, 1)}
    return say("told", **told, known_share=share) if measured else say("told_unmeasured", **told)


def explain_unassigned(problem: PlanProblem, posed: AssignmentProblem, found: Assignment) -> dict[int, str]:
    """Return for each street that nobody gets the rule or the scarcity that is the reason, by its position."""
    values = street_values(problem)
    listed = np.bincount(posed.street, minlength=posed.streets) > 0
    room = float(problem.crews.capacity.max(initial=0.0))
    waiting = {street for street, _ in problem.waiting}
    reasons: dict[int, str] = {}
    for street in np.flatnonzero(found.crew_of_street == NOBODY).tolist():
        reasons[street] = _why_not(
            problem, street, float(values[street]), bool(listed[street]), room, street in waiting, _open_gap(found)
        )
    return reasons


def _open_gap(found: Assignment) -> float:
    """Return the gap where the search ended with so much of it that other crews may gain by the street; else 0."""
    return min(found.gap, 1.0) if found.status != "optimal" and found.gap > SEARCHED_OUT else 0.0


def _why_not(
    problem: PlanProblem, street: int, value: float, listed: bool, room: float, waits: bool, gap: float
) -> str:
    streets = problem.streets
    if streets.excluded[street]:
        return streets.excluded[street]
    if value <= 0:
        return say("worthless")
    if not np.isfinite(streets.hours[street]):
        return say("no_effort")
    if not len(problem.crews.ids):
        return say("no_crew")
    if not np.isfinite(problem.home_m[:, street] + problem.turf_m[:, street]).any():
        return say("no_way")
    needs = float(streets.hours[street])
    if not listed and needs > room:
        return say("too_large", needs_hours=round(needs, 2), room_hours=round(room, 2))
    every = np.arange(len(problem.crews.ids))
    inside = float(room_inside(problem, np.full(len(every), street), every).max())
    if needs > inside:
        return say("entry_hours", open=_entry(problem, street), room_hours=round(inside, 2))
    if not listed:
        return say("cooling" if waits else "no_hours")
    if np.isfinite(inside):
        return say("elsewhere_open", open=_entry(problem, street), needs_h=round(needs, 2), worth_n=round(value, 1))
    if gap:
        return say("not_placed", needs_h=round(needs, 2), worth_n=round(value, 1), gap_share=round(gap, 4))
    return say("elsewhere", needs_h=round(needs, 2), worth_n=round(value, 1))


def _entry(problem: PlanProblem, street: int) -> str:
    assert problem.streets.opens is not None
    assert problem.streets.closes is not None
    return say_span(float(problem.streets.opens[street]), float(problem.streets.closes[street]))


def impossible(problem: PlanProblem) -> Reason:
    """Return why nothing at all can be planned, empty where something can."""
    streets, crews = problem.streets, problem.crews
    if not len(streets.ids):
        return Reason([say("no_street")])
    if not len(crews.ids):
        return Reason([say("no_crews")])
    if not (crews.capacity > 0).any():
        return Reason([say("all_off")])
    if not (crews.places > 0).any():
        return Reason([say("all_full")])
    reasons = [reason for reason in streets.excluded if reason]
    if len(reasons) == len(streets.ids):
        return _all_shut(reasons)
    return _nothing_fits(problem)


def _all_shut(reasons: list[str]) -> Reason:
    """Return what stands against all streets, most of them first."""
    of_sort: dict[str, list[str]] = {}
    for reason in reasons:
        sort = sort_of(reason)
        of_sort.setdefault("outside" if sort in ("burst_later", "burst_none") else sort, []).append(reason)
    told = list[str]()
    for sort, mine in sorted(of_sort.items(), key=lambda one: -len(one[1])):
        many = {"part_n": len(mine), "streets_n": len(reasons)}
        if sort == "claimed":
            first = min(str(one.facts["until_at"]) for one in mine if isinstance(one, Said))
            told.append(say("all_claimed", **many, until_at=first))
        elif sort == "outside":
            told.append(say("all_outside", **many))
        else:
            told += [say("all_other", **many), mine[0]]
    return Reason(told)


def _nothing_fits(problem: PlanProblem) -> Reason:
    """Return why no open street can be given to any crew, empty where one can."""
    streets, crews = problem.streets, problem.crews
    values = street_values(problem)
    if not (values > 0).any():
        return Reason([say("all_worthless")])
    usable = (values > 0) & np.array([not reason for reason in streets.excluded], dtype=bool)
    way = np.isfinite(problem.home_m + problem.turf_m)
    if not way[:, usable].any():
        return Reason([say("all_cut_off", crews=_names(problem, np.arange(len(crews.ids))))])
    hours, room = np.where(usable & way.any(axis=0), streets.hours, np.inf), round(float(crews.capacity.max()), 2)
    if (hours <= crews.capacity.max()).any():
        return Reason()
    if not np.isfinite(hours.min()):
        return Reason([say("none_finishes", room_hours=room)])
    return Reason([say("all_too_large", needs_hours=round(float(hours.min()), 2), room_hours=room)])


def _names(problem: PlanProblem, crews: IntArray) -> str:
    shown = ", ".join(problem.crews.ids[int(j)] for j in crews[:5])
    return f"{shown} (+ {len(crews) - 5})" if len(crews) > 5 else shown


def count_sorts(reasons: list[str]) -> dict[str, int]:
    """Return how many reasons are of each sort, the most frequent first, by the few words for it."""
    counts = Counter(sort_of(reason) for reason in reasons)
    return {SORTS.get(code, code): count for code, count in counts.most_common(12)}


def crews_left_out(problem: PlanProblem, posed: AssignmentProblem, busy: set[int], given: set[int]) -> dict[str, Said]:
    """Return for each crew that gets no street why; `busy` are the crews that get one, `given` the streets."""
    crews, reasons = problem.crews, dict[str, Said]()
    listed = np.bincount(posed.crew, minlength=len(crews.ids)) > 0
    left = np.bincount(posed.crew[~np.isin(posed.street, list(given))], minlength=len(crews.ids)) > 0
    open_ = np.array([not reason for reason in problem.streets.excluded], dtype=bool)
    for j, crew in enumerate(crews.ids):
        if j in busy:
            continue
        if crews.days[j] == 0:
            reason = say("crew_off")
        elif crews.capacity[j] <= 0 and not crews.pinned_hours[j]:
            reason = say("crew_no_hours")
        elif crews.capacity[j] <= 0:
            reason = say("crew_busy", needs_hours=round(float(crews.pinned_hours[j]), 2))
        elif crews.places[j] <= 0:
            reason = say("crew_full")
        elif not np.isfinite(problem.home_m[j, open_]).any():
            reason = say("crew_cut_off")
        elif not listed[j]:
            reason = say("crew_none_fits", room_hours=round(float(crews.capacity[j]), 2))
        else:
            reason = say("crew_beaten" if left[j] else "crew_none_left")
        reasons[crew] = reason
    return reasons
