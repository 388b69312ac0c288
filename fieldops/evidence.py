"""
What was asked and worked, street by street and at the connection points, made ready for the model.

A push reaches a street and, a little, its neighbours; surveys before the first push speak of the city as it was.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fieldops.ids import CityId, StreetId

if TYPE_CHECKING:
    from fieldops.awareness import History, Neighbours, Response

FITTED_STREETS = 2_000  # what more of them would tell of six numbers is not worth the night
HORIZON_DAYS = 60  # what lies further back says nothing that the prior does not say
_LEAST_SPILL = 0.002  # effective contacts per person a day: what a neighbour's hours add below that is no push

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


def _nothing() -> IntArray:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    What was asked and worked, by unit: first the streets, in order, then one unit for each triangle's connection point.

    A point's unit holds the surveys asked there whose home street nobody knows. Days are ordinals of the city's calendar.

    Parameters
    ----------
    streets
        Ids, in order; shape (n_streets,).
    people
        People of each street, shape (n_streets,), > 0.
    triangle
        Index of each street's triangle, shape (n_streets,); every index below `triangles`.
    triangles
        Number of triangles.
    zone, point_zone
        Index of the zone of each street, shape (n_streets,), and of each connection point, shape (triangles,).
    zones
        Number of zones.
    unit, day, after_push, knows, asked
        Groups of surveys: where, when, whether after that day's push, and counts; shape (n_groups,).
    worked_unit, worked_day, hours
        Promoter-hours by street and day, shape (n_efforts,).
    today
        The day for which to estimate.
    neighbours
        Adjacency of the streets, shape (n_streets, n_streets); None for no spill-over.
    counted_unit, contacts, counted_hours
        Conversations that were counted on a street, and the hours in which they were; shape (n_counts,).
    counted_in_all
        Conversations and hours of the whole city; None: these are all.
    cities
        Ids of the cities, in order; empty for one that has no name.
    city
        Index of the city of each triangle, shape (triangles,); None where there is one city.
    own
        How many of the streets are to be estimated, the first ones; the others are there for their hours. None: all.
    """

    streets: tuple[StreetId, ...]
    people: FloatArray
    triangle: IntArray
    triangles: int
    zone: IntArray
    point_zone: IntArray
    zones: int
    unit: IntArray
    day: IntArray
    after_push: BoolArray
    knows: FloatArray
    asked: FloatArray
    worked_unit: IntArray
    worked_day: IntArray
    hours: FloatArray
    today: int
    neighbours: "Neighbours | None" = None
    counted_unit: IntArray = field(default_factory=_nothing)
    contacts: IntArray = field(default_factory=_nothing)
    counted_hours: FloatArray = field(default_factory=lambda: np.zeros(0))
    counted_in_all: tuple[float, float] | None = None
    cities: tuple[CityId, ...] = ()
    city: IntArray | None = None
    own: int | None = None

    @property
    def city_of_triangle(self) -> IntArray:
        """Index of the city of each triangle, shape (triangles,)."""
        return np.zeros(self.triangles, dtype=np.int64) if self.city is None else self.city


@dataclass(frozen=True, slots=True)
class Work:
    """What was worked, by unit, its own hours and its neighbours': a point sees people and hours of its whole triangle."""

    people: FloatArray
    unit: IntArray
    day: IntArray
    hours: FloatArray
    beside: FloatArray
    first: IntArray  # day of the first push, tomorrow where there was none


def work_of(evidence: Evidence, response: "Response") -> Work:
    """Return what was worked by unit, with what spills over to neighbours."""
    streets, units = len(evidence.streets), len(evidence.streets) + evidence.triangles
    folk = np.bincount(evidence.triangle, evidence.people, evidence.triangles)
    people = np.concatenate([evidence.people, np.maximum(folk, 1.0)])
    near, near_day, beside = _spilled(evidence, response)
    of = np.concatenate([evidence.worked_unit, near])
    unit = np.concatenate([of, streets + evidence.triangle[of]])
    day = np.tile(np.concatenate([evidence.worked_day, near_day]), 2)
    first = np.full(units, evidence.today + 1)
    np.minimum.at(first, unit, day)
    own, theirs = np.zeros(len(of)), np.zeros(len(of))
    own[: len(evidence.hours)], theirs[len(evidence.hours) :] = evidence.hours, beside
    return Work(people, unit, day, np.tile(own, 2), np.tile(theirs, 2), first)


def _spilled(evidence: Evidence, response: "Response") -> tuple[IntArray, IntArray, FloatArray]:
    """Return street, day and hours of its neighbours that it sees, W h, where they amount to anything."""
    from scipy import sparse

    from fieldops.awareness import spill_weights

    streets = len(evidence.streets)
    if evidence.neighbours is None or not len(evidence.hours):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0)
    begin = int(evidence.worked_day.min())
    shape = (streets, evidence.today - begin + 1)
    table = sparse.csr_array((evidence.hours, (evidence.worked_unit, evidence.worked_day - begin)), shape=shape)
    seen = sparse.coo_array(spill_weights(evidence.neighbours, streets) @ table)
    street, day = (np.asarray(index, dtype=np.int64) for index in seen.coords)
    enough = response.sigma * response.rho * seen.data / evidence.people[street] >= _LEAST_SPILL
    return street[enough], day[enough] + begin, np.asarray(seen.data[enough])


def arrival_counts(evidence: Evidence, first: IntArray, response: "Response") -> tuple[FloatArray, FloatArray]:
    """Return what was counted on each unit before its first push on the day `first`, aged to today; see `history_of`."""
    begun = first[evidence.unit]
    arrival = (evidence.day < begun) | ((evidence.day == begun) & ~evidence.after_push)
    aged = evidence.asked / (1 - response.delta) ** (evidence.today - evidence.day)
    units = len(first)
    return sums_of(evidence.knows[arrival], evidence.unit[arrival], units), sums_of(
        aged[arrival], evidence.unit[arrival], units
    )


def breadth_of(evidence: Evidence) -> FloatArray:
    """Return how many streets' people each unit mixes: at a connection point those of its triangle pass, by their number."""
    weight = weights_of(evidence.people, evidence.triangle, evidence.triangles)
    alike = sums_of(weight**2, evidence.triangle, evidence.triangles)
    return np.concatenate([np.ones(len(evidence.streets)), 1.0 / np.where(alike > 0, alike, 1.0)])


def pace_of(evidence: Evidence, response: "Response") -> FloatArray:
    """Return what counted conversations say of the factor of each unit, shape (2, n_units); points have no factor of their own."""
    from fieldops.awareness import conversations_per_hour, pace_of_contacts

    units = len(evidence.streets) + evidence.triangles
    hours = sums_of(evidence.counted_hours, evidence.counted_unit, units)
    contacts = sums_of(evidence.contacts, evidence.counted_unit, units)
    in_all = evidence.counted_in_all or (float(contacts.sum()), float(hours.sum()))
    usual = conversations_per_hour(*in_all, response)
    return pace_of_contacts(contacts, hours * usual, response)


def history_of(
    evidence: Evidence, work: Work, pace: FloatArray, chosen: IntArray, begin: int, keep: float
) -> "History":
    """
    Return what happened to the chosen units from their first push on; earlier surveys stand before it, aged.

    Where s of n knew, and a share k of them still does, it is as if s of n / k had been asked: the share is right, and
    for small shares its variance too.
    """
    from fieldops.awareness import History

    position = np.full(len(work.people), -1)
    position[chosen] = np.arange(len(chosen))
    table, near = (np.zeros((len(chosen), evidence.today - begin + 1)) for _ in range(2))
    mine = (position[work.unit] >= 0) & (work.day >= begin) & (work.day <= evidence.today)
    at = (position[work.unit[mine]], work.day[mine] - begin)
    np.add.at(table, at, work.hours[mine])
    np.add.at(near, at, work.beside[mine])
    here = position[evidence.unit] >= 0
    day = np.maximum(evidence.day[here] - begin, 0)
    after = evidence.after_push[here] & (evidence.day[here] >= begin)
    aged = evidence.asked[here] / keep ** np.maximum(begin - evidence.day[here], 0)
    return History(
        work.people[chosen],
        table,
        None,
        position[evidence.unit[here]],
        day,
        after,
        evidence.knows[here],
        aged,
        pace[:, chosen],
        near,
    )


def fitting_history(evidence: Evidence) -> "History":
    """
    Return what was worked and asked within the horizon, to fit the response of streets to.

    Of streets that were asked at most `FITTED_STREETS` take part: those that were pushed first, else any, since a choice
    by the number of surveys would be one by their answers.
    """
    from fieldops.awareness import History

    streets = len(evidence.streets)
    days = [*evidence.day.tolist(), *evidence.worked_day.tolist(), evidence.today]
    begin = max(min(days), evidence.today - HORIZON_DAYS + 1)
    table = np.zeros((streets, evidence.today - begin + 1))
    late = evidence.worked_day >= begin
    np.add.at(table, (evidence.worked_unit[late], evidence.worked_day[late] - begin), evidence.hours[late])
    recent = (evidence.unit < streets) & (evidence.day >= begin)
    asked = sums_of(evidence.asked[recent], evidence.unit[recent], streets)
    order = np.lexsort((np.random.default_rng(0).random(streets), ~table.any(axis=1), asked == 0))
    chosen = np.zeros(streets, dtype=bool)
    chosen[order[:FITTED_STREETS]] = True
    recent[recent] = chosen[evidence.unit[recent]]
    return History(
        evidence.people, table, evidence.neighbours, evidence.unit[recent], evidence.day[recent] - begin,
        evidence.after_push[recent], evidence.knows[recent], evidence.asked[recent],
    )  # fmt: skip


def weights_of(people: FloatArray, group: IntArray, groups: int) -> FloatArray:
    """Return the share of each member in the people of its group."""
    return np.asarray(people / np.bincount(group, people, groups)[group])


def sums_of(values: FloatArray | IntArray, group: IntArray, groups: int) -> FloatArray:
    """Return the sum of the values of each group."""
    return np.asarray(np.bincount(group, values, groups), dtype=np.float64)
