"""What plans promise by the surveys that count: one made when others did is reckoned again for what it said then (rule 13)."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from pathlib import Path

import numpy as np

from fieldops.actions.awareness import known_streets
from fieldops.actions.ground import read_ground, read_weeks
from fieldops.forecasts import expected_claims
from fieldops.ids import CrewId, PlanId, StreetId
from fieldops.people import Crew
from fieldops.planning.terms import Terms, WhatIf
from fieldops.rules import Rules
from fieldops.store import audit, plans, quarantine, trusting
from fieldops.store.awareness import state_of_promises
from fieldops.store.bursts import people_by_street
from fieldops.store.connect import Region, open_region, read_rules
from fieldops.store.desk import read_present
from fieldops.store.people import read_crews
from fieldops.store.plans import StoredAssignment, StoredPlan
from fieldops.store.response import believed_fit
from fieldops.store.rules import rules_of_record

Chance = Callable[[str, str, float], float]
_Needed = dict[StreetId, tuple[float, float]]


def chances_as_counted(region: Region) -> Chance:
    """
    Return what tells the chance to finish within the claim that a plan would have promised by the surveys that count now.

    Asked with a plan, a street and what was promised. Only plans that are not over and that were made when other surveys
    counted promise otherwise: every other promise stands, to its last digit. What was recorded since a plan was made, hours,
    walks, surveys, changes of crews and of settings, is in its promise neither way. A plan is reckoned when first asked for.
    """
    connection = region.reader()
    counted = frozenset[int]() if trusting.is_trusting(connection) else quarantine.orders_in_force(connection)
    since = read_present(connection) - read_rules(connection).claim_duration
    live, state = {plan.id: plan for plan in plans.plans_since(connection, since)}, state_of_promises(connection)
    crews = tuple(read_crews(connection).values())
    reckoned: dict[str, dict[StreetId, float]] = {}
    if region.in_memory:  # one connection for all: what it reads cannot be reckoned while it reads
        reckoned |= {plan: _promise_again(region, plan, counted) for plan in live}

    def chance(plan: str, street: str, promised: float) -> float:
        if PlanId(plan) not in live:
            return promised
        if plan not in reckoned:
            today = crews if live[PlanId(plan)].weeks is None else ()
            reckoned[plan] = _of_file(region.path, PlanId(plan), counted, state, today)
        return reckoned[plan].get(StreetId(street), promised)

    return chance


@lru_cache(maxsize=512)
def _of_file(
    path: Path, plan: PlanId, counted: frozenset[int], _state: str, _crews: tuple[Crew, ...]
) -> dict[StreetId, float]:
    """Reckon a plan's promise again, page after page only once; `_crews` are today's where it does not say what they were."""
    region = open_region(path)
    try:
        return _promise_again(region, plan, counted)
    finally:
        region.close()


def _promise_again(region: Region, name: PlanId, counted: frozenset[int]) -> dict[StreetId, float]:
    """
    Return what the plan would have promised while the quarantines `counted` were in force, and not those that it knew.

    The same reckoning is done for both and their difference laid on what was promised, so that what it does not know of the
    plan (each crew's ways) is in neither.
    """
    connection = region.reader()
    plan = plans.read_plan(connection, name)
    event = audit.seq_at(connection, plan.made_at) if plan.known_seq is None else plan.known_seq
    before = quarantine.orders_known(connection, event)
    if not quarantine.hold_any(connection, before ^ counted, event):
        return {}
    scene = _Scene.of(region, plan, event)
    then, now = (scene.needs(region, orders, event) for orders in (before, counted))
    first, second = scene.chances(then, then), scene.chances(then, now)
    return {
        one.street: min(1.0, max(0.0, one.finish_probability + second[one.street] - first[one.street]))
        for one in plan.assignments
        if one.street in first
    }


@dataclass(frozen=True, slots=True)
class _Scene:
    """
    A plan with what its promise rests on beside awareness, as it was known then.

    The rules under its terms, promoter-hours of each crew's week and day, the number of each street's triangle, and the doubt
    that all hours have in common.
    """

    plan: StoredPlan
    rules: Rules
    weeks: dict[CrewId, tuple[float, float]]
    triangle: dict[StreetId, int]
    common_doubt: float

    @classmethod
    def of(cls, region: Region, plan: StoredPlan, event: int) -> "_Scene":
        """Return the scene of a plan that knew what had been recorded by an event."""
        connection, terms = region.reader(), Terms.from_figures(plan.figures)
        rules = rules_of_record(connection)(event + 1)
        moved = plans.moved_triangles(connection, plan.starts_at)
        return cls(
            plan, (terms.what_if or WhatIf()).apply(rules),
            _weeks_of_today(region, plan, terms) if plan.weeks is None else plan.weeks,
            plans.number_triangles(plans.plan_streets(connection), moved),
            believed_fit(connection, plan.known_at).response.deviation("rho"),
        )  # fmt: skip

    def needs(self, region: Region, orders: frozenset[int], event: int) -> _Needed:
        """Return the promoter-hours expected of each street at an event, and their deviation, as if these quarantines were in force."""
        connection, at = region.reader(), self.plan.known_at
        with trusting.counting(connection, orders, event=event):
            known, _ = known_streets(region, now=at)
        place, people = {street: i for i, street in enumerate(known.street)}, people_by_street(connection)
        given = [one.street for one in self.plan.assignments if one.street in place and one.street in self.triangle]
        mean, deviation = expected_claims(
            known.take(np.array([place[street] for street in given], dtype=np.int64)),
            np.array([people[street] for street in given], dtype=np.float64), believed_fit(connection, at).response, self.rules,
        )  # fmt: skip
        return dict(zip(given, zip(mean.tolist(), deviation.tolist(), strict=True), strict=True))

    def chances(self, planned: _Needed, needed: _Needed) -> dict[StreetId, float]:
        """Return the chance of each street given, where streets need otherwise than `planned`."""
        from fieldops.planning.reserve import week_chances

        mine = defaultdict[CrewId, list[StoredAssignment]](list)
        for one in self.plan.assignments:
            if one.street in needed and one.crew in self.weeks:
                mine[one.crew].append(one)
        found: dict[StreetId, float] = {}
        for crew, given in mine.items():
            week, day = self.weeks[crew]
            work, first = (np.array([needs[one.street][0] for one in given]) for needs in (needed, planned))
            begun, days = (np.ceil(np.maximum(hours, 1e-9) / day) for hours in (first, work))
            beside = np.array([one.hours for one in given]) - first  # ways, set-up and tests of each day there
            hours = work + days * np.maximum(beside, 0.0) / begun
            doubt = np.array([needed[one.street][1] for one in given])
            live = np.array([one.pinned for one in given], dtype=bool)
            chances = week_chances(
                hours[~live], doubt[~live], np.array([self.triangle[one.street] for one in given], dtype=np.int64)[~live],
                room=week - float(hours[live].sum()), before=sqrt(float((doubt[live] ** 2).sum())),
                common_doubt=self.common_doubt,
            )  # fmt: skip
            found |= dict(zip((one.street for one in given if not one.pinned), chances.tolist(), strict=True))
        return found


def _weeks_of_today(region: Region, plan: StoredPlan, terms: Terms) -> dict[CrewId, tuple[float, float]]:
    """Return the hours of the crews as they are now, for a plan of an old record, which does not say what they were."""
    ground = read_ground(region, plan.starts_at, terms, without=plan.id)
    return read_weeks(ground, {one.crew for one in plan.assignments})
