"""What has changed since a plan was made, so that some of its streets cannot be claimed as it says: crews, bursts, pins."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from fieldops.actions.ground import assumed_crews, hours_of_week
from fieldops.clock import local_day
from fieldops.ids import CrewId, StreetId, TriangleId
from fieldops.planning.reasons import say
from fieldops.planning.terms import Terms
from fieldops.store import bursts, dispatch, pins, places, plans
from fieldops.store import claims as claim_store
from fieldops.store.connect import Turn
from fieldops.store.plans import StoredAssignment, StoredPlan

HOURS_SLACK = 0.02  # what rounding takes
Pairs = Sequence[tuple[StreetId, CrewId]]


@dataclass(frozen=True, slots=True)
class Overtaken:
    """The streets that cannot be claimed as the plan says, each with the reason; and all reasons, equal ones once."""

    streets: dict[StreetId, str]
    reasons: list[str]


def find_overtaken(turn: Turn, plan: StoredPlan, pairs: Pairs) -> Overtaken:
    """
    Return which of these pairs of a plan crews, bursts and pins no longer allow, as they are at the turn's moment.

    What the door asks by itself (claims, cool-downs, closures, the cap of rule 5) is not looked at.
    """
    unlike = _unlike_pins(turn, pairs)
    outside, told = _outside_bursts(turn, pairs)
    left = [pair for pair in pairs if pair[0] not in unlike and pair[0] not in outside]
    beyond = _beyond_hours(turn, plan, left)
    return Overtaken(beyond | outside | unlike, list(dict.fromkeys([*beyond.values(), *told, *unlike.values()])))


def _unlike_pins(turn: Turn, pairs: Pairs) -> dict[StreetId, str]:
    """Return the streets that are pinned otherwise than the plan gives them."""
    wanted = {pin.street: pin.crew for pin in pins.pins_in_force(turn.connection)}
    return {
        street: say("pinned_elsewhere" if wanted[street] else "pinned_free", street=street)
        for street, crew in pairs
        if street in wanted and wanted[street] != crew
    }


def _outside_bursts(turn: Turn, pairs: Pairs) -> tuple[dict[StreetId, str], list[str]]:
    """RULE 15: return the streets that belong to no burst that runs today, and the sentence that tells how many they are."""
    day = local_day(turn.now, places.read_zone(turn.connection))
    outside = bursts.outside_bursts(turn.connection, day)
    found = {street: outside[street] for street, _ in pairs if street in outside}
    if not found:
        return {}, []
    return found, [say("outside_now", outside_n=len(found), day=day.isoformat(), street=min(found))]


def _beyond_hours(turn: Turn, plan: StoredPlan, pairs: Pairs) -> dict[StreetId, str]:
    """RULE 5: return the streets for which crews lack the hours that the plan counted on: fewer people, days, or new claims."""
    held = claim_store.claims_in_force(turn.connection, turn.now)
    taken, wanted = {claim.street for claim in held}, set(pairs)
    mine = defaultdict[CrewId, list[StoredAssignment]](list)
    for one in plan.assignments:
        if (one.street, one.crew) in wanted and one.street not in taken:  # what is taken the door refuses
            mine[one.crew].append(one)
    room, found = _rooms_now(turn, plan, mine), dict[StreetId, str]()
    triangle = {one.id: one.triangle for one in plans.plan_streets(turn.connection)}
    for crew, given in mine.items():
        total = sum(one.hours for one in plan.assignments if one.crew == crew and not one.pinned)
        before, needs = plan.rooms.get(crew, (total, total))
        if crew not in room or room[crew] >= before - HOURS_SLACK:
            continue
        why = say("crew_fewer", crew=crew, before_h=before, room_h=round(room[crew], 2))
        reserve = (needs - total) * sqrt(sum(one.hours for one in given) / max(total, HOURS_SLACK))
        found |= dict.fromkeys(_left_over(given, triangle, reserve, room[crew]), why)
    return found


def _left_over(
    given: Sequence[StoredAssignment], triangle: dict[StreetId, TriangleId | None], reserve: float, room: float
) -> list[StreetId]:
    """Return the streets of a crew for which its hours are too few now; RULE 10: those of a triangle go together."""
    from fieldops.planning.reserve import still_fit

    of: list[str] = [triangle.get(one.street) or one.street for one in given]
    number = {name: k for k, name in enumerate(dict.fromkeys(of))}
    kept = still_fit(
        np.array([one.hours for one in given]), np.array([one.value for one in given]),
        np.array([number[name] for name in of], dtype=np.int64), reserve=reserve, room=room + HOURS_SLACK,
    )  # fmt: skip
    return [one.street for one, stays in zip(given, kept.tolist(), strict=True) if not stays]


def _rooms_now(turn: Turn, plan: StoredPlan, crews: Collection[CrewId]) -> dict[CrewId, float]:
    """Return the promoter-hours that each of these crews has in the seven days from now on, beside the claims that it holds."""
    connection, terms = turn.connection, Terms.from_figures(plan.figures)
    roster = [crew for crew in assumed_crews(connection, terms) if crew.id in crews]
    _, _, full = hours_of_week(roster, turn.now, places.read_zone(connection), turn.rules, terms)
    week = {crew.id: hours for crew, hours in zip(roster, full.tolist(), strict=True)}
    day = {crew.id: crew.people * crew.hours_per_day for crew in roster}
    known = {(one.street, one.crew): one.hours for one in plan.assignments if one.pinned}
    left = dict(week)
    for claim in claim_store.claims_in_force(connection, turn.now):
        if claim.crew not in left:
            continue
        if (claim.street, claim.crew) in known:  # 0 where no effort suffices: such a claim takes all
            left[claim.crew] -= known[claim.street, claim.crew] or week[claim.crew]
        else:
            left[claim.crew] -= dispatch.hours_of(connection, [claim.street], default=day[claim.crew])[0]
    return {crew: max(0.0, hours) for crew, hours in left.items()}
