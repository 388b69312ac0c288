"""
The frozen input of a plan: streets, crews, what binds them, and the pairs with their value and hours.

Value of a street (domain.md): people x max(0, target - awareness) x probability that the decision *move on* falls within
the claim x priority, expected over what is believed of its awareness: an untested street is never worth nothing because
its mean lies above the target. Hours of a pair: pushing and asking until that probability is reached, the walking that this
crew adds (its daily way out and back for the share of the day that the street takes, and the way between its streets), and
its set-up there and the street's part of the tests of its triangle's point. These are the hours to be expected; what their
doubt takes beside them is a crew's reserve, see `reserve`.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from fieldops.estimates import Basis
from fieldops.ids import CrewId, StreetId
from fieldops.planning.assignment import FloatArray, IntArray
from fieldops.planning.opening import DAY_H, DAYS
from fieldops.planning.terms import (
    KEPT,
    LEAST_LEFT,
    LEAST_MISSING,
    MOST_ON_THE_WAY,
    NEARLY,
    NEARLY_DONE,
    SWARMED,
    WALKED,
)
from fieldops.rules import Rules
from fieldops.said import Said

BoolArray = NDArray[np.bool_]

HUNDREDTHS = 100.0
HOP_SHARE = 0.5  # of the way from a turf's middle to a street: what the crew walks between two streets, once a day


@dataclass(frozen=True, slots=True, eq=False)
class Streets:
    """
    The streets of the plan, arrays of shape (n_streets,).

    `hours` are promoter-hours of pushing and asking until the decision has fallen with `finish` probability, inf where no
    effort suffices; `excluded` says why a street may not be given to anybody, empty where it may; `notes` is what its
    crew should know; `share` is the mean awareness now, `missing` the share of people still expected to be told, `measured`
    whether anybody was ever asked there. `recruits` are the candidates to be expected from the hours, None where the plan counts awareness only;
    `tests` the promoter-hours that the test of its triangle's point takes on each day there, shared by the triangle's streets.
    `opens` and `closes` are the hours of the local day at which promoters may enter, 24 h apart where always; None where all may.
    `mean` and `deviation` are those of the hours until the decision, each street by itself; None where they are `hours`, without
    doubt. `triangle` numbers the triangles whose point decides for its streets, -1 where each street is tested by itself; None:
    all are.
    """

    ids: tuple[StreetId, ...]
    labels: tuple[str, ...]
    people: FloatArray
    share: FloatArray
    missing: FloatArray
    measured: BoolArray
    priority: FloatArray
    hours: FloatArray
    finish: FloatArray
    excluded: tuple[str, ...]
    notes: tuple[tuple[Said, ...], ...]
    recruits: FloatArray | None = None
    tests: FloatArray | None = None
    opens: FloatArray | None = None
    closes: FloatArray | None = None
    mean: FloatArray | None = None
    deviation: FloatArray | None = None
    triangle: IntArray | None = None

    @property
    def work(self) -> FloatArray:
        """Return the promoter-hours of pushing and asking to be expected until the decision, inf where none suffice."""
        return self.hours if self.mean is None else np.where(np.isfinite(self.hours), self.mean, np.inf)

    @property
    def doubt(self) -> FloatArray:
        """Return the standard deviation of these hours."""
        return np.zeros(len(self.ids)) if self.deviation is None else self.deviation


@dataclass(frozen=True, slots=True, eq=False)
class Crews:
    """
    The crews, arrays of shape (n_crews,): promoter-hours free within the claim, places under the cap, hours a day a person.

    `pinned_hours` are those that live claims are expected to need first; they are not in `capacity`. `pinned_doubt` is the standard
    deviation of their sum, None where there is no doubt.
    """

    ids: tuple[CrewId, ...]
    names: tuple[str, ...]
    people: IntArray
    hours_per_day: FloatArray
    days: IntArray
    capacity: FloatArray
    pinned_hours: FloatArray
    places: IntArray
    pinned_doubt: FloatArray | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanProblem:
    """
    Everything that a plan is made from and checked against.

    `home_m` and `turf_m` are walks in metres, shape (n_crews, n_streets), from the crew's home and from the middle of its
    turf; inf where there is no way. `waiting` holds (street, crew) positions that a cool-down forbids, `pins` those of
    live claims, `kept` those of a published plan that are not claims yet: they are worth a little more. `fixed` are the
    pairs that a lead pinned by hand, lawful ones that fit together (see `pinned.settle_pins`). `basis` is what the belief
    about awareness rests on. `common_doubt` is the standard deviation of the log of what all hours have in common: a response
    that was fitted to little.
    """

    start: datetime
    rules: Rules
    streets: Streets
    crews: Crews
    home_m: FloatArray
    turf_m: FloatArray
    waiting: frozenset[tuple[int, int]]
    pins: tuple[tuple[int, int], ...]
    kept: frozenset[tuple[int, int]] = frozenset()
    fixed: tuple[tuple[int, int], ...] = ()
    basis: Basis | None = None
    common_doubt: float = 0.0


def raise_priority(priority: FloatArray, share: FloatArray, swarmed: BoolArray, target: float) -> FloatArray:
    """Return the priority, raised for streets of swarmed triangles and for those that lack little, shape (n_streets,)."""
    nearly = (share >= NEARLY * target) & (share < target)
    return priority * np.where(swarmed, SWARMED, 1.0) * np.where(nearly, NEARLY_DONE, 1.0)


def street_values(problem: PlanProblem) -> FloatArray:
    """
    Return what each street is worth: people to be told, times probability and priority, shape (n_streets,), >= 0.

    RULE 8: only a test closes a street; where it is believed at the target, a little is left that is worth asking for. Where
    recruits count too, the expected candidates are added in the same unit, `people_per_candidate` each.
    """
    streets = problem.streets
    missing = np.maximum(streets.missing, LEAST_MISSING * problem.rules.target_share)
    told = streets.people * missing * streets.finish
    if streets.recruits is not None:
        told = told + problem.rules.people_per_candidate * streets.recruits
    return np.asarray(told * streets.priority)


def part_there(problem: PlanProblem, street: IntArray, crew: IntArray) -> FloatArray:
    """Return the part of a day's hours that each crew has on the street, without its way out and back, shape (n_pairs,)."""
    metres_per_hour = problem.rules.walk_speed_km_h * 1000.0
    out_and_back = 2.0 * problem.home_m[crew, street] / metres_per_hour / problem.crews.hours_per_day[crew]
    return np.asarray(1.0 - np.minimum(out_and_back, MOST_ON_THE_WAY))


def pair_hours(problem: PlanProblem, street: IntArray, crew: IntArray) -> FloatArray:
    """
    Return the promoter-hours that each pair is expected to take, in full hundredths, shape (n_pairs,).

    Pushing and asking, walks, point tests, and what it takes the crew to set itself up on each day there.
    """
    work = problem.streets.work[street]
    metres_per_hour = problem.rules.walk_speed_km_h * 1000.0
    there = part_there(problem, street, crew)
    day = problem.crews.people[crew] * problem.crews.hours_per_day[crew] * there
    days_there = np.ceil(np.minimum(work, 1e9) / np.maximum(day, 1e-9))
    hop = HOP_SHARE * problem.turf_m[crew, street] / metres_per_hour * problem.crews.people[crew]
    test = 0.0 if problem.streets.tests is None else problem.streets.tests[street]  # RULE 10
    setup = problem.rules.setup_minutes / 60.0 * problem.crews.people[crew]
    hours = (work + days_there * test) / there + days_there * (hop + setup)
    return np.asarray(
        np.ceil(hours * HUNDREDTHS - 1e-6) / HUNDREDTHS
    )  # whole numbers let the solver prove that nothing is better


def room_inside(problem: PlanProblem, street: IntArray, crew: IntArray) -> FloatArray:
    """Return the promoter-hours that each crew can work on the street while it is open, inf where it always is."""
    opens, closes, crews = problem.streets.opens, problem.streets.closes, problem.crews
    if opens is None or closes is None:
        return np.full(len(street), np.inf)
    opens, closes, begins = opens[street], closes[street], problem.rules.day_begins_hour
    ends = begins + crews.hours_per_day[crew]
    shared = [np.minimum(ends, closes + day) - np.maximum(begins, opens + day) for day in DAYS]
    room = crews.people[crew] * crews.days[crew] * np.maximum(shared, 0.0).sum(axis=0)
    return np.where(closes - opens >= DAY_H, np.inf, room)


def pair_values(problem: PlanProblem, street: IntArray, crew: IntArray) -> FloatArray:
    """
    Return what each pair is worth, shape (n_pairs,), > 0: the street's value, less a little for each hour walked.

    Where hours are to spare, this alone decides between crews: the near one goes. What a published plan says is worth a
    little more.
    """
    values = street_values(problem)
    worth = values[street]
    work = problem.streets.work
    able = np.isfinite(work)
    an_hour = values[able].sum() / max(1.0, work[able].sum())
    walked = pair_hours(problem, street, crew) - work[street]
    worth = np.asarray(np.maximum(worth - WALKED * an_hour * walked, LEAST_LEFT * worth))
    if not problem.kept:
        return worth
    stays = np.array(sorted(problem.kept), dtype=np.int64) @ [len(problem.crews.ids), 1]
    return np.asarray(worth * np.where(np.isin(street * len(problem.crews.ids) + crew, stays), KEPT, 1.0))
