"""The acts on plans: make one, publish it as claims, tell why."""

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from fieldops.actions.claims import Published, Refusal, publish_in_turn
from fieldops.actions.dispatch import keep_outlook
from fieldops.actions.ground import Ground, pose_ground, read_ground, read_rooms, read_weeks, settle_ground
from fieldops.actions.overtaken import find_overtaken
from fieldops.clock import Stopwatch, parse_moment
from fieldops.errors import BadInput, NotFound, PlanNotPublishable
from fieldops.events import PlanMade, PlanPublished
from fieldops.ids import JobId, PlanId, StreetId, new_id
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.planning.reasons import pack, say
from fieldops.planning.terms import Terms, WhatIf
from fieldops.progress import Progress, no_progress
from fieldops.said import Reason, Said
from fieldops.store import audit, places, plans
from fieldops.store.connect import Region, open_region
from fieldops.store.plans import StoredAssignment, StoredPlan

if TYPE_CHECKING:
    from fieldops.planning.assignment import Assignment, AssignmentProblem
    from fieldops.planning.fairness import Fair
    from fieldops.planning.problem import PlanProblem

_USUAL, _LONGEST = 6.0, 20.0  # seconds for a plan of which nobody said how long
_SOLVER_SHARE_LEAST = 0.25  # of the time limit, however long reading took
_ASK_SHARE = 0.3  # of the time limit, to find the crews farther off that are worth asking
FARTHEST = timedelta(days=366)  # nobody knows a crew's days off longer ahead
PUBLISH_WITHIN = timedelta(hours=24)  # after its start a plan counts on hours that are over


def make_plan(
    region: Region,
    actor: Actor,
    *,
    start: datetime | None = None,
    time_limit: float | None = None,
    gap: float = 0.0,
    seed: int = 1,
    workers: int = 2,
    now: datetime | None = None,
    progress: Progress = no_progress,
    name: PlanId | None = None,
    terms: Terms | None = None,
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
        Wall seconds for reading, posing and solving together; the solver has a quarter of them at least. Where left
        away: 6, and up to 20 until a gap of 1 % is proven.
    gap
        Proven gap at which it ends before the time is used up, >= 0.
    progress
        May stop the solver; the best plan so far is stored then, with status `stopped`.
    name
        The id of the plan; a fresh one where left away.
    terms
        Rain days, a bound on unfairness, assumptions. A plan on assumptions (what-if) is kept apart: it is never
        published and is nobody's present plan.
    """
    require(actor, "plan.make")
    terms = terms or Terms()
    watch = Stopwatch()
    progress("reading", 0.0)
    known_seq = audit.head(region.reader()).seq
    ground = read_ground(region, _beginning(start, region.moment(now), places.read_zone(region.reader())), terms)
    problem, unkept = settle_ground(pose_ground(region, ground, np.random.default_rng(seed), now), ground)
    progress("reading", 1.0)
    longest, usual = (_LONGEST, _USUAL) if time_limit is None else (time_limit, time_limit)
    plan = _solve(
        problem, terms, time_limit=_left(longest, watch), usual=_left(usual, watch), gap=gap, seed=seed, workers=workers,
        progress=progress,
    )  # fmt: skip
    with region.turn(actor, now=now) as turn:
        made = _stored(
            problem,
            ground,
            plan,
            made_at=turn.now,
            seed=seed,
            seconds=watch.seconds,
            name=name or PlanId(new_id()[:12]),
            unkept=unkept,
            known_seq=known_seq,
        )
        event = PlanMade(
            at=turn.now, plan=made.id, objective=made.objective, bound=made.bound, assignments=len(made.assignments)
        )
        plans.save_plan(turn, made, event=event)
        if terms.what_if is None:
            keep_outlook(turn, problem, plan.found)
    return made


def _here(moment: datetime, zone: ZoneInfo) -> str:
    """Return a moment as people of the city read it, to the minute."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def check_start(region: Region, start: datetime, now: datetime | None = None) -> None:
    """
    Let a plan begin at a moment: a job that could never be published is not ordered.

    Raises
    ------
    BadInput
        If it is over, or more than a year ahead.
    """
    _beginning(start, region.moment(now), places.read_zone(region.reader()))


def _beginning(start: datetime | None, present: datetime, zone: ZoneInfo) -> datetime:
    """Return when the claims of a plan begin; refuse what could never be published."""
    if start is None:
        return present
    if start > present + FARTHEST:
        raise BadInput(
            Said("%(here)s (%(zone)s) is more than a year ahead", here=_here(start, zone), zone=zone.key),
            field="--from",
            cure="give a nearer day",
        )
    if present > start + PUBLISH_WITHIN:
        raise BadInput(
            Said("%(here)s (%(zone)s) is over", here=_here(start, zone), zone=zone.key),
            field="--from",
            cure="give a time to come, or leave it away for now",
        )
    return start


def run_plan_job(path: Path, actor: Actor, *, job: JobId, progress: Progress, **given: Any) -> dict[str, Any]:
    """
    Do a job of kind `plan` (see `actions.jobs`) and return the plan's figures.

    The plan bears the id of its job: run again after a worker's death, the job finds the plan that was stored.
    """
    given |= {word: parse_moment(given[word]) for word in ("start", "now") if word in given}
    what_if = WhatIf(**given.pop("what_if")) if "what_if" in given else None
    rain = frozenset(date.fromisoformat(day) for day in given.pop("rain", []))
    given["terms"] = Terms(rain=rain, fair=given.pop("fair", None), what_if=what_if)
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


def _left(seconds: float, watch: Stopwatch) -> float:
    """Return what is left of a time limit, at least the solver's share of it."""
    return max(seconds - watch.seconds, _SOLVER_SHARE_LEAST * seconds)


@dataclass(frozen=True, slots=True)
class _Solved:
    posed: "AssignmentProblem"
    found: "Assignment | None"
    impossible: Reason
    fair: "Fair | None" = None


def _solve(
    problem: "PlanProblem", terms: Terms, *, time_limit: float, usual: float, gap: float, seed: int, workers: int,
    progress: Progress,
) -> _Solved:  # fmt: skip
    from fieldops.planning.beyond import ask_crews, over_all_crews
    from fieldops.planning.entry import keep_to_entry
    from fieldops.planning.explain import impossible
    from fieldops.planning.fairness import even_out
    from fieldops.planning.posing import gather, pose
    from fieldops.planning.solve import assign
    from fieldops.planning.together import street_sets

    watch, sets = Stopwatch(), street_sets(problem)
    posed = pose(problem, sets, ask_crews(problem, sets, time_limit=_ASK_SHARE * usual))
    reason = impossible(problem)
    if reason:
        return _Solved(posed, None, reason)
    gathered = gather(posed, sets)
    answer = assign(
        gathered.problem, time_limit=_left(time_limit, watch), usual=_left(usual, watch), gap=gap, seed=seed, workers=workers,
        progress=progress,
    )  # fmt: skip
    found = keep_to_entry(problem, gathered, over_all_crews(problem, gathered, answer))
    if terms.fair is None or found.status == "stopped":
        return _Solved(posed, gathered.spread(found), Reason())
    fair = even_out(gathered.problem, found, limit=terms.fair)
    return _Solved(posed, gathered.spread(keep_to_entry(problem, gathered, fair.found)), Reason(), fair)


def _stored(
    problem: "PlanProblem",
    ground: Ground,
    solved: _Solved,
    *,
    made_at: datetime,
    seed: int,
    seconds: float,
    name: PlanId,
    unkept: dict[StreetId, Reason],
    known_seq: int,
) -> StoredPlan:
    from fieldops.planning.check import Given, violations
    from fieldops.planning.explain import count_sorts, crews_left_out, explain_assigned, explain_unassigned
    from fieldops.planning.pinned import with_fixed

    streets, crews = problem.streets, problem.crews
    found = with_fixed(problem, solved.found) if solved.found else None
    choices = explain_assigned(problem, solved.posed, found) if found else []
    given = [
        StoredAssignment(
            streets.ids[c.street], crews.ids[c.crew], round(c.hours, 4), round(c.finish, 4),
            round(c.value, 4), pinned=False, reason=c.reason,
        )
        for c in choices
    ]  # fmt: skip
    pinned = [
        StoredAssignment(
            streets.ids[s], crews.ids[c], round(float(streets.work[s]), 4) if np.isfinite(streets.work[s]) else 0.0,
            round(float(streets.finish[s]), 4), 0.0, pinned=True, reason=Reason([streets.excluded[s]]),
        )
        for s, c in problem.pins
    ]  # fmt: skip
    left = (
        explain_unassigned(problem, solved.posed, found)
        if found
        else dict.fromkeys(range(len(streets.ids)), solved.impossible)
    )
    left = {i: reason for i, reason in left.items() if i not in {s for s, _ in problem.pins}}
    wrong = violations(
        problem,
        [Given(a.street, a.crew, c.hours, c.finish) for a, c in zip(given, choices, strict=True)],
    )
    figures: dict[str, Any] = {
        "known_seq": known_seq, "lawful": not wrong, "crews": len(crews.ids), "crews_with_streets": len({a.crew for a in given}), "streets": len(streets.ids), "given": len(given),
        "pinned": len(pinned),
        "reasons": count_sorts(list(left.values())), "by_hand": len(problem.fixed),
        "weeks": {crew: [*hours] for crew, hours in read_weeks(ground, {one.crew for one in given}).items()}, "rooms": read_rooms(problem, found.crew_of_street) if found else {},
        "basis": asdict(problem.basis) if problem.basis else None, "recruits": _recruits(problem, [c.street for c in choices]),
    } | _hours_figures(problem, found, given) | _reasons_figures(
        solved.impossible, wrong, crews_left_out(problem, solved.posed, {c.crew for c in choices}, {c.street for c in choices}), unkept
    ) | _terms_figures(ground.terms, solved)  # fmt: skip
    return StoredPlan(
        name, made_at, ground.start, found.status if found else "impossible",
        found.objective if found else 0.0, found.bound if found else 0.0,
        min(found.gap, 1.0) if found and found.objective <= 0 else found.gap if found else 0.0, round(seconds, 3), seed, figures, None,
        tuple(sorted([*given, *pinned], key=lambda a: (a.crew, -a.value, a.street))), tuple((streets.ids[i], Reason([reason])) for i, reason in left.items()),
    )  # fmt: skip


def _hours_figures(
    problem: "PlanProblem", found: "Assignment | None", given: list[StoredAssignment]
) -> dict[str, float]:
    """Return where the promoter-hours go, and how surely the reserve lets each crew finish; what is left is given to nothing."""
    from fieldops.planning.reserve import kept_hours

    return {
        "hours_given": round(sum(one.hours for one in given), 1),
        "hours_kept": round(kept_hours(problem, found.crew_of_street), 1) if found else 0.0,
        "hours_at_hand": round(float(problem.crews.capacity.sum()), 1),
        "finish_probability": problem.rules.finish_probability,
    }


def _recruits(problem: "PlanProblem", given: list[int]) -> dict[str, float | None] | None:
    """Return the candidates expected from the streets given, and what each counts for; None where awareness alone counts."""
    if problem.rules.plan_values != "recruits":
        return None
    recruits = problem.streets.recruits
    return {
        "expected": None if recruits is None else round(float(recruits[given].sum()), 1),
        "people_per_candidate": problem.rules.people_per_candidate,
    }


def _reasons_figures(
    impossible: Reason, wrong: list[Reason], left_out: dict[str, Said], unkept: dict[StreetId, Reason]
) -> dict[str, Any]:
    """Return what a plan says of itself, in English and (`because`) as values; see the properties of `StoredPlan`."""
    return {
        "impossible": impossible, "violations": wrong, "left_out": left_out, "unkept": unkept,
        "because": {
            "impossible": pack(impossible), "violations": [pack(reason) for reason in wrong],
            "left_out": {crew: pack(reason) for crew, reason in left_out.items()},
            "unkept": {street: pack(reason) for street, reason in unkept.items()},
        },
    }  # fmt: skip


def _terms_figures(terms: Terms, solved: _Solved) -> dict[str, Any]:
    """Return how evenly the crews fare, the price of that, and the terms and assumptions that the plan was made under."""
    from fieldops.planning.fairness import gini, results_of

    figures: dict[str, Any] = {"rain": sorted(day.isoformat() for day in terms.rain)}
    if solved.found is not None:
        results = results_of(solved.posed, solved.found.crew_of_street)
        able = np.bincount(solved.posed.crew, minlength=solved.posed.crews) > 0
        figures["gini"] = round(gini(results, np.where(able, solved.posed.capacities, 0.0)), 4)
    if solved.fair is not None:
        figures["fair"] = {
            "limit": terms.fair, "reached": solved.fair.gini <= (terms.fair or 0.0),
            "gini_before": round(solved.fair.gini_before, 4), "price": round(solved.fair.price, 5),
        }  # fmt: skip
    return figures | ({"what_if": terms.what_if.to_json()} if terms.what_if else {})


def publish_plan(
    region: Region, actor: Actor, plan: PlanId, *, best_effort: bool = False, now: datetime | None = None
) -> Published:
    """
    Make the plan's assignments claims, through the one door, all of them or (`best_effort`) those that the rules allow.

    The door asks the rules again at this moment; before it, crews, bursts and pins are looked at as they are now, see
    `overtaken`. RULE 15: protection starts when the claims are made.

    Raises
    ------
    PlanNotPublishable
        If the plan is unlawful, empty, published already, too old, or (without `best_effort`) a street is refused.
    """
    require(actor, "plan.publish")
    with region.turn(actor, now=now) as turn:
        found = plans.read_plan(turn.connection, plan)
        reasons = [*found.violations, *_untimely(found, turn.now, places.read_zone(turn.connection))]
        pairs = [(a.street, a.crew) for a in found.assignments if not a.pinned]
        over = find_overtaken(turn, found, pairs)
        if best_effort:
            pairs = [pair for pair in pairs if pair[0] not in over.streets]
        else:
            reasons += over.reasons
        if not pairs:
            reasons += [found.impossible] if found.impossible else over.reasons or [say("gives_nothing")]
        if reasons:
            raise PlanNotPublishable(plan=found.id, violations=tuple(reasons))
        published = publish_in_turn(turn, found.id, pairs, best_effort=best_effort)
        published.refused.extend(
            Refusal(a.street, a.crew, PlanNotPublishable(plan=found.id, violations=(over.streets[a.street],)))
            for a in found.assignments
            if a.street in over.streets and not a.pinned
        )
        event = PlanPublished(
            at=turn.now, plan=found.id, granted=len(published.granted), refused=len(published.refused),
            best_effort=best_effort,
        )  # fmt: skip
        plans.mark_published(turn, found.id, event=event)
    return published


def _untimely(plan: StoredPlan, now: datetime, zone: ZoneInfo) -> list[str]:
    """Return why a plan is not to be published at the moment, or at all."""
    start, reasons = _here(plan.starts_at, zone), list[str]()
    if "what_if" in plan.figures:
        reasons.append(say("is_what_if"))
    if plan.published_at is not None:
        reasons.append(say("was_published", published_at=_here(plan.published_at, zone)))
    if now > plan.starts_at + PUBLISH_WITHIN:
        reasons.append(say("overtaken", start_at=start))
    if now < plan.starts_at:
        reasons.append(say("begins_later", start_at=start))
    return reasons
