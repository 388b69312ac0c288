"""The acts on plans: make one, publish it as claims, tell why."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from fieldops.actions.awareness import StreetAwareness, street_awareness
from fieldops.actions.claims import Published, publish_in_turn
from fieldops.actions.dispatch import keep_outlook
from fieldops.actions.recruiting_brings import expected_rates
from fieldops.claims import Claim
from fieldops.clock import Stopwatch, local_day, parse_moment
from fieldops.errors import NotFound, PlanNotPublishable
from fieldops.estimates import forecast_claims
from fieldops.events import PlanMade, PlanPublished
from fieldops.ids import CrewId, JobId, PlanId, StreetId, new_id
from fieldops.people import Actor, Crew
from fieldops.permissions import require
from fieldops.progress import Progress, no_progress
from fieldops.rules import Rules
from fieldops.store import bursts, decisions, people, places, plans, reserves
from fieldops.store import claims as claim_store
from fieldops.store.connect import Region, open_region, read_rules
from fieldops.store.plans import PlanStreet, StoredAssignment, StoredPlan
from fieldops.store.response import believed_fit

if TYPE_CHECKING:
    from fieldops.planning.assignment import Assignment, AssignmentProblem
    from fieldops.planning.problem import PlanProblem
    from fieldops.store.sqlite import sqlite3

_SOLVER_SHARE_LEAST = 0.25  # of the time limit, however long reading took
PUBLISH_WITHIN = timedelta(hours=24)  # after its start a plan counts on hours that are over


@dataclass(frozen=True, slots=True)
class Ground:
    """What the store says about the operation at a moment, before anything is computed."""

    start: datetime
    rules: Rules
    zone: ZoneInfo
    streets: list[PlanStreet]
    crews: list[Crew]
    claims: list[Claim]
    waiting: dict[tuple[StreetId, CrewId], datetime]
    closed: dict[StreetId, datetime]
    outside: dict[StreetId, str]


def make_plan(
    region: Region,
    actor: Actor,
    *,
    start: datetime | None = None,
    time_limit: float = 8.0,
    seed: int = 1,
    workers: int = 2,
    now: datetime | None = None,
    progress: Progress = no_progress,
    name: PlanId | None = None,
) -> StoredPlan:
    """
    Decide who claims which streets for the seven days from `start` on, and store the plan.

    Nothing is claimed by it. A plan of which nothing can come (no crews, no hours ...) is stored too, with status
    `impossible` and the reason in `figures["impossible"]`.

    Parameters
    ----------
    start
        When the claims would begin; now where left away.
    time_limit
        Wall seconds for reading, posing and solving together; the solver has a quarter of them at least.
    progress
        May stop the solver; the best plan so far is stored then, with status `stopped`.
    name
        The id of the plan; a fresh one where left away.
    """
    require(actor, "plan.make")
    watch = Stopwatch()
    progress("reading", 0.0)
    ground = _read_ground(region, start or region.moment(now))
    problem = _pose(region, ground, np.random.default_rng(seed), now)
    progress("reading", 1.0)
    left = max(time_limit - watch.seconds, _SOLVER_SHARE_LEAST * time_limit)
    plan = _solve(problem, time_limit=left, seed=seed, workers=workers, progress=progress)
    with region.turn(actor, now=now) as turn:
        made = _stored(
            problem,
            ground,
            plan,
            made_at=turn.now,
            seed=seed,
            seconds=watch.seconds,
            name=name or PlanId(new_id()[:12]),
        )
        event = PlanMade(
            at=turn.now, plan=made.id, objective=made.objective, bound=made.bound, assignments=len(made.assignments)
        )
        plans.save_plan(turn, made, event=event)
        keep_outlook(turn, problem, plan.found)
    return made


def run_plan_job(path: Path, actor: Actor, *, job: JobId, progress: Progress, **given: Any) -> dict[str, Any]:
    """
    Do a job of kind `plan` (see `actions.jobs`) and return the plan's figures.

    The plan bears the id of its job: run again after a worker's death, the job finds the plan that was stored.
    """
    given |= {word: parse_moment(given[word]) for word in ("start", "now") if word in given}
    region, name = open_region(path), PlanId(job)
    try:
        try:
            made = plans.read_plan(region.reader(), name)
        except NotFound:
            made = make_plan(region, actor, name=name, progress=progress, **given)
    finally:
        region.close()
    return {
        "plan": made.id, "status": made.status, "objective": made.objective, "bound": made.bound, "gap": made.gap,
        "given": made.figures["given"], "impossible": made.figures["impossible"],
    }  # fmt: skip


def _read_ground(region: Region, start: datetime) -> Ground:
    connection = region.reader()
    return Ground(
        start=start,
        rules=read_rules(connection),
        zone=places.read_zone(connection),
        streets=plans.plan_streets(connection),
        crews=list(people.read_crews(connection).values()),
        claims=claim_store.claims_in_force(connection, start),
        waiting=claim_store.cool_downs(connection, start),
        closed=decisions.closed_streets(connection, start),
        outside=_not_to_be_given(connection, start),
    )


def _not_to_be_given(connection: "sqlite3.Connection", start: datetime) -> dict[StreetId, str]:
    """Return the streets outside running bursts (rule 15) and those that a phone keeps (rule 6), with the reason."""
    zone = places.read_zone(connection)
    kept = {
        one.street: f"kept for the phone of crew {one.crew} until {one.ends_at.astimezone(zone):%Y-%m-%d %H:%M}"
        for one in reserves.kept_streets(connection, start)
    }
    return bursts.outside_bursts(connection, local_day(start, zone)) | kept


def _pose(region: Region, ground: Ground, rng: np.random.Generator, now: datetime | None) -> "PlanProblem":
    """Turn what the store says into arrays: awareness, hours, capacities, walks."""
    from fieldops.planning.problem import PlanProblem, Streets

    rules, response = ground.rules, believed_fit(region.reader(), region.moment(now)).response
    known = _in_order(street_awareness(region, now=now), [street.id for street in ground.streets])
    count = np.array([street.people for street in ground.streets], dtype=np.float64)
    hours, finish = forecast_claims(known, count, response, rules)
    streets = Streets(
        ids=tuple(street.id for street in ground.streets), labels=tuple(street.label for street in ground.streets),
        people=count, share=known.share, measured=known.measured,
        priority=np.array([street.priority for street in ground.streets], dtype=np.float64), hours=hours,
        finish=finish, excluded=tuple(_standing_reason(ground, street) for street in ground.streets),
        notes=tuple(street.note for street in ground.streets),
        recruits=_recruits(region, ground, hours, now) if rules.plan_values == "recruits" else None,
    )  # fmt: skip
    crews, pins = _crews(ground, streets.ids, hours)
    home, turf = _walks(region, ground, streets.hours, pins, rng)
    column = {crew.id: j for j, crew in enumerate(ground.crews)}
    row = {street: i for i, street in enumerate(streets.ids)}
    waiting = frozenset((row[s], column[c]) for s, c in ground.waiting if s in row and c in column)
    return PlanProblem(
        start=ground.start, rules=rules, streets=streets, crews=crews, home_m=home, turf_m=turf, waiting=waiting,
        pins=tuple(pins),
    )  # fmt: skip


def _recruits(region: Region, ground: Ground, hours: Any, now: datetime | None) -> Any:
    """Return the candidates to be expected from the hours of each street; None where nothing is known of any."""
    ids = [str(street.id) for street in ground.streets]
    rates = expected_rates(region.reader(), region.moment(now), ids)
    if rates is None:
        return None
    return np.asarray(rates) * np.where(np.isfinite(hours), hours, 0.0)


def _in_order(known: StreetAwareness, ids: list[StreetId]) -> StreetAwareness:
    """Return the awareness of these streets, in their order."""
    position = {street: i for i, street in enumerate(known.street)}
    rows = np.array([position[street] for street in ids], dtype=np.int64)
    return known.take(rows)


def _standing_reason(ground: Ground, street: PlanStreet) -> str:
    if street.excluded:
        return street.excluded
    if street.id in ground.closed:
        return f"saturated; open again from {ground.closed[street.id].astimezone(ground.zone):%Y-%m-%d %H:%M}"  # RULE 8
    return next(
        (
            f"claimed by crew {claim.crew} until {claim.held_until.astimezone(ground.zone):%Y-%m-%d %H:%M}"
            for claim in ground.claims
            if claim.street == street.id
        ),
        ground.outside.get(street.id, ""),  # RULE 15
    )


def _crews(ground: Ground, streets: tuple[StreetId, ...], hours: Any) -> tuple[Any, list[tuple[int, int]]]:
    """Return the crews with what their live claims leave them, and those claims as positions."""
    from fieldops.planning.problem import HUNDREDTHS, Crews

    row = {street: i for i, street in enumerate(streets)}
    column = {crew.id: j for j, crew in enumerate(ground.crews)}
    pins = [(row[c.street], column[c.crew]) for c in ground.claims if c.street in row and c.crew in column]
    first = local_day(ground.start, ground.zone)
    week = [first + timedelta(days=d) for d in range(ground.rules.claim_duration.days)]
    days = np.array([sum(day not in crew.days_off for day in week) for crew in ground.crews], dtype=np.int64)
    size = np.array([crew.people for crew in ground.crews], dtype=np.int64)
    per_day = np.array([crew.hours_per_day for crew in ground.crews], dtype=np.float64)
    full = size * per_day * days
    pinned, held = np.zeros(len(ground.crews)), np.zeros(len(ground.crews), dtype=np.int64)
    for street, crew in pins:
        pinned[crew] += hours[street] if np.isfinite(hours[street]) else full[crew]
        held[crew] += 1
    crews = Crews(
        ids=tuple(crew.id for crew in ground.crews), names=tuple(crew.name for crew in ground.crews), people=size,
        hours_per_day=per_day, days=days, capacity=np.floor(np.maximum(0.0, full - pinned) * HUNDREDTHS) / HUNDREDTHS, pinned_hours=pinned,
        places=np.maximum(0, ground.rules.claims_per_crew - held),
    )  # fmt: skip
    return crews, pins


def _walks(
    region: Region, ground: Ground, work: Any, pins: list[tuple[int, int]], rng: np.random.Generator
) -> tuple[Any, Any]:
    """Return the metres on foot to every street from each crew's home and from the middle of its turf."""
    import pandas as pd

    from fieldops.city.graph import WalkGraph
    from fieldops.planning.turfs import place_turfs

    shape = (len(ground.crews), len(ground.streets))
    if 0 in shape:
        return np.zeros(shape), np.zeros(shape)
    nodes, segments = plans.read_walks(region.reader())
    graph = WalkGraph.from_segments(
        pd.DataFrame(nodes, columns=["node", "lon", "lat"]),
        pd.DataFrame(segments, columns=["from_node", "to_node", "length_m", "kind"]),
    )
    at = graph.positions([street.node for street in ground.streets])
    lost = np.flatnonzero(at < 0)
    if len(lost):
        near, _ = graph.nearest([ground.streets[i].lon for i in lost], [ground.streets[i].lat for i in lost])
        at[lost] = near
    home, _ = graph.nearest([c.home_lon for c in ground.crews], [c.home_lat for c in ground.crews], mainland=True)
    place = np.column_stack([graph.x, graph.y])
    usable = np.array([not _standing_reason(ground, street) for street in ground.streets]) & np.isfinite(work)
    held = [place[at[[s for s, c in pins if c == crew]]] for crew in range(len(ground.crews))]
    middles = place_turfs(place[at[usable]], work[usable], place[home], held, rng=rng)
    lon, lat = graph.plane.to_degrees(middles[:, 0], middles[:, 1])
    turf, _ = graph.nearest(lon, lat, mainland=True)
    return graph.distances(home, targets=at), graph.distances(turf, targets=at)


@dataclass(frozen=True, slots=True)
class _Solved:
    posed: "AssignmentProblem"
    found: "Assignment | None"
    impossible: str


def _solve(problem: "PlanProblem", *, time_limit: float, seed: int, workers: int, progress: Progress) -> _Solved:
    from fieldops.planning.explain import impossible
    from fieldops.planning.problem import pose
    from fieldops.planning.solve import assign

    posed = pose(problem)
    reason = impossible(problem)
    if reason:
        return _Solved(posed, None, reason)
    return _Solved(posed, assign(posed, time_limit=time_limit, seed=seed, workers=workers, progress=progress), "")


def _stored(
    problem: "PlanProblem",
    ground: Ground,
    solved: _Solved,
    *,
    made_at: datetime,
    seed: int,
    seconds: float,
    name: PlanId,
) -> StoredPlan:
    from fieldops.planning.check import Given, violations
    from fieldops.planning.explain import explain_assigned, explain_unassigned

    streets, crews, found = problem.streets, problem.crews, solved.found
    choices = explain_assigned(problem, solved.posed, found) if found else []
    given = [
        StoredAssignment(
            streets.ids[c.street], crews.ids[c.crew], round(c.hours, 4), round(float(streets.finish[c.street]), 4),
            round(c.value, 4), pinned=False, reason=c.reason,
        )
        for c in choices
    ]  # fmt: skip
    pinned = [
        StoredAssignment(
            streets.ids[s], crews.ids[c], round(float(streets.hours[s]), 4) if np.isfinite(streets.hours[s]) else 0.0,
            round(float(streets.finish[s]), 4), 0.0, pinned=True, reason=streets.excluded[s],
        )
        for s, c in problem.pins
    ]  # fmt: skip
    left = (
        explain_unassigned(problem, solved.posed, found)
        if found
        else dict.fromkeys(range(len(streets.ids)), solved.impossible)
    )
    pins = {s for s, _ in problem.pins}
    wrong = violations(
        problem,
        [
            Given(a.street, a.crew, c.hours, float(streets.finish[c.street]))
            for a, c in zip(given, choices, strict=True)
        ],
    )
    figures: dict[str, Any] = {
        "lawful": not wrong, "violations": wrong, "impossible": solved.impossible, "crews": len(crews.ids),
        "crews_with_streets": len({a.crew for a in given}), "streets": len(streets.ids), "given": len(given),
        "pinned": len(pinned), "hours_given": round(sum(a.hours for a in given), 1),
        "hours_at_hand": round(float(crews.capacity.sum()), 1),
        "reasons": dict(Counter(_sort(reason) for i, reason in left.items() if i not in pins).most_common(12)),
    }  # fmt: skip
    return StoredPlan(
        name, made_at, ground.start, found.status if found else "impossible",
        found.objective if found else 0.0, found.bound if found else 0.0,
        found.gap if found and np.isfinite(found.gap) else 0.0, round(seconds, 3), seed, figures, None,
        tuple(given + pinned), tuple((streets.ids[i], reason) for i, reason in left.items() if i not in pins),
    )  # fmt: skip


def _sort(reason: str) -> str:
    """Return the sort of a reason: its words without the figures of the one street."""
    for mark in (" (", ":", ";", " by crew ", " until "):
        reason = reason.split(mark)[0]
    return re.sub(r"\d+ h", "some h", reason)


def publish_plan(
    region: Region, actor: Actor, plan: PlanId, *, best_effort: bool = False, now: datetime | None = None
) -> Published:
    """
    Make the plan's assignments claims, through the one door, all of them or (`best_effort`) those that the rules allow.

    The check is the door's: it asks the rules again at this moment. RULE 15: protection starts when the claims are made.

    Raises
    ------
    PlanNotPublishable
        If the plan is unlawful, empty, published already, too old, or (without `best_effort`) a street is refused.
    """
    require(actor, "plan.publish")
    with region.turn(actor, now=now) as turn:
        found = plans.read_plan(turn.connection, plan)
        reasons = [*found.figures.get("violations", [])]
        if found.published_at is not None:
            reasons.append(f"it was published at {found.published_at.isoformat()}")
        if turn.now > found.starts_at + PUBLISH_WITHIN:
            reasons.append(f"it was made for {found.starts_at.isoformat()}, and the first day is over")
        if turn.now < found.starts_at:
            reasons.append(f"it starts at {found.starts_at.isoformat()}, and claims begin when they are made")
        pairs = [(a.street, a.crew) for a in found.assignments if not a.pinned]
        if not pairs:
            reasons.append(found.figures.get("impossible") or "it gives no street to anybody")
        if reasons:
            raise PlanNotPublishable(plan=found.id, violations=tuple(reasons))
        published = publish_in_turn(turn, found.id, pairs, best_effort=best_effort)
        event = PlanPublished(
            at=turn.now, plan=found.id, granted=len(published.granted), refused=len(published.refused),
            best_effort=best_effort,
        )  # fmt: skip
        plans.mark_published(turn, found.id, event=event)
    return published
