"""What plans promise by the surveys that count: one made when others did is reckoned again for what it said then (rule 13)."""

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from pathlib import Path

import numpy as np

from fieldops.actions.awareness import known_streets
from fieldops.actions.ground import assumed_crews, hours_of_week
from fieldops.estimates import expected_claims
from fieldops.ids import CrewId, PlanId, StreetId
from fieldops.planning.terms import Terms, WhatIf
from fieldops.store import plans, quarantine, trusting
from fieldops.store.awareness import state_of_promises
from fieldops.store.bursts import people_by_street
from fieldops.store.connect import Region, open_region, read_rules
from fieldops.store.desk import read_present
from fieldops.store.places import read_zone
from fieldops.store.plans import StoredAssignment, StoredPlan
from fieldops.store.response import believed_fit

Promised = tuple[PlanId, StreetId, float]
_Needed = dict[StreetId, tuple[float, float]]


def promises_as_counted(region: Region) -> list[Promised]:
    """
    Return the chances to finish within the claim that plans would have promised by the surveys that count in what is read.

    Only of plans that are not over and that were made when other surveys counted: every other promise stands, to its last
    digit. What happened since a plan was made, hours, walks and surveys, is in its promise neither way.
    """
    connection = region.reader()
    counted = frozenset[int]() if trusting.is_trusting(connection) else quarantine.orders_in_force(connection)
    found: list[Promised] = []
    for plan in plans.plans_since(connection, read_present(connection) - read_rules(connection).claim_duration):
        before = quarantine.orders_at(connection, plan.made_at)
        if not quarantine.hold_any(connection, before ^ counted, plan.known_at):
            continue
        if region.in_memory:
            found += _promise_again(region, plan.id, before, counted)
        else:
            found += _of_file(region.path, plan.id, before, counted, state_of_promises(connection))
    return found


@lru_cache(maxsize=64)
def _of_file(
    path: Path, plan: PlanId, before: frozenset[int], counted: frozenset[int], _state: str
) -> tuple[Promised, ...]:
    """Reckon a plan's promise again, page after page only once."""
    region = open_region(path)
    try:
        return _promise_again(region, plan, before, counted)
    finally:
        region.close()


def _promise_again(
    region: Region, name: PlanId, before: frozenset[int], counted: frozenset[int]
) -> tuple[Promised, ...]:
    """
    Return what the plan would have promised while the quarantines `counted` were in force, and not those of `before`.

    The same reckoning is done for both and their difference laid on what was promised, so that what it does not know of the
    plan (each crew's ways) is in neither.
    """
    connection = region.reader()
    plan, scene = plans.read_plan(connection, name), _Scene.of(region, name)
    then, now = (scene.needs(region, orders) for orders in (before, counted))
    first, second = scene.chances(then, then), scene.chances(then, now)
    return tuple(
        (plan.id, one.street, min(1.0, max(0.0, one.finish_probability + second[one.street] - first[one.street])))
        for one in plan.assignments
        if one.street in first
    )


@dataclass(frozen=True, slots=True)
class _Scene:
    """
    A plan with what its promise rests on beside awareness.

    Promoter-hours of each crew's week and day, the number of each street's triangle, and the doubt that all hours have in common.
    """

    plan: StoredPlan
    terms: Terms
    full: dict[CrewId, float]
    day: dict[CrewId, float]
    triangle: dict[StreetId, int]
    common_doubt: float

    @classmethod
    def of(cls, region: Region, name: PlanId) -> "_Scene":
        """Return the scene of a plan."""
        connection = region.reader()
        plan, rules, zone = plans.read_plan(connection, name), read_rules(connection), read_zone(connection)
        terms = Terms.from_figures(plan.figures)
        crews = assumed_crews(connection, terms)
        people, _, full = hours_of_week(crews, plan.starts_at, zone, rules, terms)
        names, day = [crew.id for crew in crews], people * np.array([crew.hours_per_day for crew in crews])
        moved = plans.moved_triangles(connection, plan.starts_at)
        return cls(
            plan, terms, dict(zip(names, full.tolist(), strict=True)), dict(zip(names, day.tolist(), strict=True)),
            plans.number_triangles(plans.plan_streets(connection), moved),
            believed_fit(connection, plan.known_at).response.deviation("rho"),
        )  # fmt: skip

    def needs(self, region: Region, orders: frozenset[int]) -> _Needed:
        """Return the promoter-hours expected of each street, and their deviation, as if these quarantines were in force."""
        connection, at = region.reader(), self.plan.known_at
        with trusting.counting(connection, orders):
            known, _ = known_streets(region, now=at)
        place, people = {street: i for i, street in enumerate(known.street)}, people_by_street(connection)
        given = [one.street for one in self.plan.assignments if one.street in place and one.street in self.triangle]
        rules = (self.terms.what_if or WhatIf()).apply(read_rules(connection))
        mean, deviation = expected_claims(
            known.take(np.array([place[street] for street in given], dtype=np.int64)),
            np.array([people[street] for street in given], dtype=np.float64), believed_fit(connection, at).response, rules,
        )  # fmt: skip
        return dict(zip(given, zip(mean.tolist(), deviation.tolist(), strict=True), strict=True))

    def chances(self, planned: _Needed, needed: _Needed) -> dict[StreetId, float]:
        """Return the chance of each street given, where streets need otherwise than `planned`."""
        from fieldops.planning.reserve import week_chances

        mine = defaultdict[CrewId, list[StoredAssignment]](list)
        for one in self.plan.assignments:
            if one.street in needed and one.crew in self.full:
                mine[one.crew].append(one)
        found: dict[StreetId, float] = {}
        for crew, given in mine.items():
            work, first = (np.array([needs[one.street][0] for one in given]) for needs in (needed, planned))
            begun, days = (np.ceil(np.maximum(hours, 1e-9) / self.day[crew]) for hours in (first, work))
            beside = np.array([one.hours for one in given]) - first  # ways, set-up and tests of each day there
            hours = work + days * np.maximum(beside, 0.0) / begun
            doubt = np.array([needed[one.street][1] for one in given])
            live = np.array([one.pinned for one in given], dtype=bool)
            chances = week_chances(
                hours[~live], doubt[~live], np.array([self.triangle[one.street] for one in given], dtype=np.int64)[~live],
                room=self.full[crew] - float(hours[live].sum()), before=sqrt(float((doubt[live] ** 2).sum())),
                common_doubt=self.common_doubt,
            )  # fmt: skip
            found |= dict(zip((one.street for one in given if not one.pinned), chances.tolist(), strict=True))
        return found
