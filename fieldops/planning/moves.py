"""
What moving one street by hand costs, before it is done: who gives up what for it, and what is taken instead.

The answer is a lawful plan near the one that is there, not a new search: the crew that gets the street gives up what is
worth least, and hours that become free are filled greedily. Only the street itself may leave those that it goes together with
(see `together`): what else changes hands does so in whole sets. A new plan with the street pinned can only be better.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from fieldops.planning.assignment import NOBODY, AssignmentProblem, FloatArray, IntArray
from fieldops.planning.entry import fit_inside, is_limited
from fieldops.planning.pinned import why_not
from fieldops.planning.posing import gather
from fieldops.planning.problem import PlanProblem, pair_hours, pair_values
from fieldops.planning.reasons import say
from fieldops.planning.reserve import counted_hours, free_hours
from fieldops.planning.together import street_sets
from fieldops.said import Fact, Reason

SLACK = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """
    A street moved from one crew to another, positions; -1 is nobody.

    Attributes
    ----------
    cost
        Value lost, in people to be told; negative where the move gains.
    hours
        Promoter-hours that the street takes of its new crew, 0 with nobody.
    given_up, taken_up
        Streets that the new crew gives up for it; pairs of street and crew that fill what has become free.
    torn
        Whether others have streets that go together with it.
    refusal
        The rule that forbids the move; empty where none does. Then nothing else of it counts.
    crew_of_street
        The whole plan after it.
    """

    street: int
    crew: int
    before: int
    cost: float = 0.0
    hours: float = 0.0
    given_up: tuple[int, ...] = ()
    taken_up: tuple[tuple[int, int], ...] = ()
    torn: bool = False
    refusal: Reason = field(default_factory=Reason)
    crew_of_street: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64), repr=False)


def price_moves(
    problem: PlanProblem, posed: AssignmentProblem, now: IntArray, street: int, *, most: int = 12
) -> list[Move]:
    """Return what it costs to move a street to each of the crews nearest to it, and to nobody where a crew has it."""
    near = [j for j in np.argsort(problem.turf_m[:, street], kind="stable").tolist() if j != now[street]]
    moves = [price_move(problem, posed, now, street, crew) for crew in near[:most]]
    return moves if now[street] == NOBODY else [*moves, price_move(problem, posed, now, street, NOBODY)]


def price_move(problem: PlanProblem, posed: AssignmentProblem, now: IntArray, street: int, crew: int) -> Move:
    """
    Return what it costs to move a street to a crew, or to nobody (-1).

    Parameters
    ----------
    posed
        The pairs that may fill what becomes free.
    now
        The plan: the crew of each street, shape (n_streets,), -1 where nobody has it.
    """
    before = int(now[street])
    refusal = why_not(problem, street, crew) if crew != NOBODY else Reason()
    if refusal:
        return Move(street, crew, before, refusal=refusal)
    plan = _Plan(problem, now, street)
    plan.give(street, crew)
    claims = [i for i, j in (*problem.pins, *problem.fixed) if j == crew and i != street]
    if crew != NOBODY and not fit_inside(problem, crew, claims, [street]):
        return Move(street, crew, before, refusal=Reason([say("no_time_beside", crew=problem.crews.ids[crew])]))
    given_up = plan.make_room(crew) if crew != NOBODY else []
    if given_up is None:
        return Move(street, crew, before, refusal=Reason([say("pinned_full", crew=problem.crews.ids[crew])]))
    taken_up = plan.fill(posed, crews={crew, before}, streets={*given_up})
    kept = {s for s in given_up if plan.crew_of_street[s] == crew}  # given up for room, and there was room after all
    given_up, taken_up = [s for s in given_up if s not in kept], [pair for pair in taken_up if pair[0] not in kept]
    needs = float(pair_hours(problem, np.array([street]), np.array([crew]))[0]) if crew != NOBODY else 0.0
    cost = _worth(problem, now) - _worth(problem, plan.crew_of_street)
    return Move(
        street, crew, before, round(cost, 4), needs, tuple(given_up), tuple(taken_up), plan.is_torn(street),
        crew_of_street=plan.crew_of_street,
    )  # fmt: skip


def describe_move(problem: PlanProblem, move: Move) -> Reason:
    """Return a move in sentences."""
    if move.refusal:
        return move.refusal
    label = problem.streets.labels
    size = round(abs(move.cost), 1)
    how = "same" if not size else "costs" if move.cost > 0 else "gains"
    facts: dict[str, Fact] = {} if how == "same" else {"fewer_n" if how == "costs" else "more_n": size}
    if move.crew == NOBODY:
        first = say(f"out_{how}", **facts)
    else:
        first = say(f"move_{how}", crew=problem.crews.ids[move.crew], needs_h=round(move.hours, 2), **facts)
    taken, given = dict(move.taken_up), set(move.given_up)
    parts = (
        ("gives_up", [label[s] for s in move.given_up if s not in taken]),
        ("handed_over", [f"{label[s]} ({problem.crews.ids[taken[s]]})" for s in move.given_up if s in taken]),
        ("taken_up", [f"{label[s]} ({problem.crews.ids[j]})" for s, j in move.taken_up if s not in given]),
    )
    torn = [say("torn")] if move.torn else []
    return Reason([first, *torn, *(say(code, streets=", ".join(streets)) for code, streets in parts if streets)])


def _worth(problem: PlanProblem, crew_of_street: IntArray) -> float:
    street = np.flatnonzero(crew_of_street != NOBODY)
    return float(pair_values(problem, street, crew_of_street[street]).sum())


class _Plan:
    """A plan that is being changed: who has which street, and the hours and places that are left; `by_hand` is moved alone."""

    def __init__(self, problem: PlanProblem, now: IntArray, by_hand: int) -> None:
        self.problem = problem
        self.crew_of_street = now.copy()
        sets = street_sets(problem)
        self.rest = next((part[part != by_hand] for part in sets if by_hand in part), now[:0])
        self.sets = [rest for part in sets if len(rest := part[part != by_hand])]
        street = np.flatnonzero(now != NOBODY)
        self.hours: FloatArray = free_hours(problem)
        self.places: IntArray = problem.crews.places.copy()
        np.subtract.at(self.hours, now[street], counted_hours(problem, street, now[street]))
        np.subtract.at(self.places, now[street], 1)

    def give(self, street: int, crew: int) -> None:
        """Give a street to a crew, or to nobody, whether it fits or not."""
        for one, sign in ((int(self.crew_of_street[street]), 1), (crew, -1)):
            if one != NOBODY:
                self.hours[one] += sign * float(counted_hours(self.problem, np.array([street]), np.array([one]))[0])
                self.places[one] += sign
        self.crew_of_street[street] = crew

    def is_torn(self, street: int) -> bool:
        """Whether somebody else has a street that goes together with the one moved by hand."""
        crew, held = self.crew_of_street[street], self.crew_of_street[self.rest]
        return bool(crew != NOBODY and ((held != NOBODY) & (held != crew)).any())

    def make_room(self, crew: int) -> list[int] | None:
        """Let a crew give up what is worth least until everything fits; None where what is pinned leaves no room."""
        over, many = -float(self.hours[crew]), -int(self.places[crew])
        if over <= SLACK and many <= 0 and self.has_time(crew, []):
            return []
        mine = [held for part in self.sets if len(held := part[self.crew_of_street[part] == crew])]
        sums = [
            (pair_values(self.problem, held, every).sum(), counted_hours(self.problem, held, every).sum(), len(held))
            for held in mine
            for every in [np.full(len(held), crew)]
        ]
        worth, hours, size = np.array(sums, dtype=np.float64).reshape(-1, 3).T
        chosen = _cheapest(worth, hours, size, over, many)
        if chosen is None:
            return None
        for k in [*chosen, *(k for k in np.argsort(worth, kind="stable").tolist() if k not in chosen)]:
            if k in chosen or (is_limited(self.problem, crew, mine[k].tolist()) and not self.has_time(crew, [])):
                for street in mine[k].tolist():
                    self.give(street, NOBODY)
        return sorted(street for part in mine for street in part.tolist() if self.crew_of_street[street] != crew)

    def has_time(self, crew: int, more: Sequence[int]) -> bool:
        """Whether a crew has the time for what the plan gives it, and more streets, while they let promoters in."""
        claims = [i for i, j in self.problem.pins if j == crew]
        return fit_inside(self.problem, crew, claims, [*np.flatnonzero(self.crew_of_street == crew).tolist(), *more])

    def fill(self, posed: AssignmentProblem, *, crews: set[int], streets: set[int]) -> list[tuple[int, int]]:
        """Fill what has become free, most value an hour first; `crews` may take any free set, others only one of `streets`."""
        whole = gather(posed, self.sets)
        sets, problem = whole.sets, whole.problem
        free = np.array([bool((self.crew_of_street[part] == NOBODY).all()) for part in sets], dtype=bool)
        given_up = np.array([not streets.isdisjoint(part.tolist()) for part in sets], dtype=bool)
        open_ = free[problem.street] & (problem.values > 0) & (problem.hours <= self.hours[problem.crew] + SLACK)
        pairs = np.flatnonzero(open_ & (np.isin(problem.crew, list(crews)) | given_up[problem.street]))
        order = pairs[np.argsort(-problem.values[pairs] / np.maximum(problem.hours[pairs], 1e-9), kind="stable")]
        taken = []
        for k in order.tolist():
            part, crew = sets[problem.street[k]].tolist(), int(problem.crew[k])
            fits = problem.hours[k] <= self.hours[crew] + SLACK and self.places[crew] >= len(part)
            if fits and self.crew_of_street[part[0]] == NOBODY and self.has_time(crew, part):
                for street in part:
                    self.give(street, crew)
                    taken.append((street, crew))
        return taken


def _cheapest(worth: FloatArray, hours: FloatArray, size: FloatArray, over: float, many: int) -> list[int] | None:
    """Return which sets to give up for so many hours and places, of little worth; None where all do not suffice."""

    def do(chosen: list[int]) -> bool:
        return bool(hours[chosen].sum() >= over - SLACK and size[chosen].sum() >= many)

    order = np.argsort(worth / np.maximum(hours, 1e-9), kind="stable").tolist()
    chosen: list[int] = []
    for i in order:
        if do(chosen):
            break
        chosen.append(i)
    if not do(chosen):
        return None
    for i in sorted(chosen, key=lambda i: -worth[i]):  # what turned out not to be needed stays
        rest = [j for j in chosen if j != i]
        if do(rest):
            chosen = rest
    single = [i for i in range(len(worth)) if do([i])]
    best = min(single, key=lambda i: worth[i], default=None)
    return [best] if best is not None and worth[best] < worth[chosen].sum() else chosen
