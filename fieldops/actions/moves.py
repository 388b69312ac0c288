"""The acts on one street of a plan: what it would cost to move it, before it is done, and moving it."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fieldops import said
from fieldops.actions.ground import Ground, pose_ground, read_ground, read_rooms, read_weeks, settle_ground
from fieldops.actions.pins import pin_in_turn
from fieldops.clock import format_moment, parse_moment
from fieldops.errors import NotFound, PlanNotPublishable
from fieldops.events import PlanMade, StreetMoved
from fieldops.ids import CrewId, JobId, PlanId, StreetId, new_id
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.planning.reasons import pack, say
from fieldops.planning.terms import Terms
from fieldops.progress import Progress
from fieldops.said import Reason, Said
from fieldops.store import audit, plans
from fieldops.store.connect import Region, open_region
from fieldops.store.plans import StoredAssignment, StoredPlan

if TYPE_CHECKING:
    from fieldops.planning.assignment import AssignmentProblem, FloatArray, IntArray
    from fieldops.planning.moves import Move
    from fieldops.planning.problem import PlanProblem


@dataclass(frozen=True, slots=True)
class Price:
    """
    What it would cost to move a street to a crew, or to nobody (None).

    `cost` is value lost, in people to be told, negative where the move gains; `hours` promoter-hours; `reason` says it in
    words, and where `possible` is False which rule forbids it.
    """

    street: StreetId
    crew: CrewId | None
    before: CrewId | None
    possible: bool
    cost: float
    hours: float
    given_up: tuple[StreetId, ...]
    taken_up: tuple[StreetId, ...]
    reason: Reason


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """A stored plan with its ground and the problem that it answers, and its assignments as an array."""

    plan: StoredPlan
    ground: Ground
    problem: "PlanProblem"
    posed: "AssignmentProblem"
    now: "IntArray"
    street: int
    known_seq: int


def price_moves(region: Region, actor: Actor, plan: PlanId, street: StreetId) -> list[Price]:
    """
    Return what it would cost to move a street of a plan to each of the crews nearest to it, and to nobody.

    Awareness and claims are those of the moment for which the plan was made, without the claims that it became itself; crews, bursts,
    pins and settings are those of now, see `costs_note`.

    Raises
    ------
    NotFound
        If there is no such plan or street.
    """
    from fieldops.planning import moves

    require(actor, "region.read")
    scene = _read(region, plan, street)
    found = moves.price_moves(scene.problem, scene.posed, scene.now, scene.street)
    return [_price(scene.problem, one) for one in found]


def check_movable(region: Region, actor: Actor, plan: PlanId) -> None:
    """
    Let a plan be moved. Permission: region.read.

    Raises
    ------
    NotFound
        If there is no such plan.
    PlanNotPublishable
        If it is published already: its streets are claims.
    """
    require(actor, "region.read")
    _refuse_published(plans.read_plan(region.reader(), plan))


def _refuse_published(plan: StoredPlan) -> None:
    if plan.published_at is not None:
        raise PlanNotPublishable(plan=plan.id, violations=(say("moved_published"),))


def costs_note(region: Region, actor: Actor, plan: PlanId) -> str:
    """
    Return the sentence that the costs of moves are of today, where crews, bursts, pins or settings changed since; else nothing.

    Permission: region.read.
    """
    require(actor, "region.read")
    connection = region.reader()
    found = plans.read_plan(connection, plan)
    seq = audit.seq_at(connection, found.made_at) if found.known_seq is None else found.known_seq
    return say("costs_of_today") if plans.has_ground_changed(connection, seq) else ""


def move_street(
    region: Region,
    actor: Actor,
    plan: PlanId,
    street: StreetId,
    crew: CrewId | None,
    *,
    pin: bool = False,
    why: str = "lead_decision",
    now: datetime | None = None,
    name: PlanId | None = None,
) -> tuple[StoredPlan, Price]:
    """
    Move a street of a plan that is not published to a crew, or to nobody (None): a new plan, and what that cost.

    The plan itself stays as it was made. The bound stays too: it is of the problem, not of the answer; the gap grows by what
    the move costs. A move may leave what plans keep to (a triangle's streets together) and gain by it: then the bound is
    raised to the new value, and nothing says any more that the plan is the best. With `pin` coming plans keep the street there. Permission: plan.make. Events: PlanMade, StreetMoved,
    StreetPinned.

    Parameters
    ----------
    name
        The id of the new plan; a fresh one where left away.

    Raises
    ------
    NotFound
        If there is no such plan, street or crew.
    PlanNotPublishable
        If the plan is published already, or a rule forbids the move.
    """
    from fieldops.planning import moves

    require(actor, "plan.make")
    check_movable(region, actor, plan)
    scene = _read(region, plan, street)
    column = {name: j for j, name in enumerate(scene.problem.crews.ids)}
    if crew is not None and crew not in column:
        raise NotFound("crew", crew, cure="`fieldops crews list` names them")
    to = column[crew] if crew is not None else -1
    move = moves.price_move(scene.problem, scene.posed, scene.now, scene.street, to)
    if move.refusal:
        raise PlanNotPublishable(plan=scene.plan.id, violations=(move.refusal,))
    price = _price(scene.problem, move)
    with region.turn(actor, now=now) as turn:
        found = plans.read_plan(turn.connection, scene.plan.id)
        _refuse_published(found)
        moved = _moved(scene, move, price, name or PlanId(new_id()[:12]), turn.now)
        made = PlanMade(
            at=turn.now, plan=moved.id, objective=moved.objective, bound=moved.bound, assignments=len(moved.assignments)
        )
        plans.save_plan(turn, moved, event=made)
        event = StreetMoved(
            at=turn.now, why=why, plan=moved.id, of=found.id, street=street, before=price.before, after=crew,
            cost=price.cost, given_up=price.given_up, taken_up=price.taken_up,
        )  # fmt: skip
        audit.append(turn, event)
        if pin:
            pin_in_turn(turn, street, crew, why=why)
    return moved, price


def run_move_job(path: Path, actor: Actor, *, job: JobId, progress: Progress, **given: Any) -> dict[str, Any]:
    """
    Do a job of kind `move` (see `actions.jobs`): without `crew` price the street for every near crew, with it move it.

    An empty crew is nobody. The new plan bears the id of its job: run again after a worker's death, the job finds it.
    """
    region = open_region(path)
    plan, street = PlanId(given["plan"]), StreetId(given["street"])
    try:
        progress("reading", 0.0)
        if "crew" not in given:
            found = price_moves(region, actor, plan, street)
            note = costs_note(region, actor, plan)
            return {"prices": [_document(one) for one in found], "street": street, "of": plan, "note": said.pack(note)}
        crew, name = CrewId(given["crew"]) if given["crew"] else None, PlanId(job)
        try:
            moved = plans.read_plan(region.reader(), name)
        except NotFound:
            now = parse_moment(given["now"]) if "now" in given else None
            moved, _ = move_street(region, actor, plan, street, crew, pin=given.get("pin", False), now=now, name=name)
        return {"plan": moved.id, "cost": moved.figures["moves"][-1]["cost"], "moved": street}
    finally:
        region.close()


def _document(one: Price) -> dict[str, Any]:
    return {
        "crew": one.crew, "before": one.before, "possible": one.possible, "cost": one.cost, "hours": one.hours,
        "given_up": list(one.given_up), "taken_up": list(one.taken_up), "reason": str(one.reason),
        "because": pack(one.reason),
    }  # fmt: skip


def _read(region: Region, plan: PlanId, street: StreetId) -> _Scene:
    from fieldops.planning.posing import pose

    known_seq, found = audit.head(region.reader()).seq, plans.read_plan(region.reader(), plan)
    ground = read_ground(region, found.starts_at, Terms.from_figures(found.figures), without=found.id)
    posed_ground = pose_ground(region, ground, np.random.default_rng(found.seed), found.known_at)
    problem, _ = settle_ground(posed_ground, ground)
    row = {name: i for i, name in enumerate(problem.streets.ids)}
    column = {name: j for j, name in enumerate(problem.crews.ids)}
    if street not in row:
        raise NotFound("street", street, cure="see `fieldops streets list`")
    now = np.full(len(row), -1, dtype=np.int64)
    for one in found.assignments:
        if not one.pinned and one.street in row and one.crew in column:
            now[row[one.street]] = column[one.crew]
    return _Scene(found, ground, problem, pose(problem), now, row[street], known_seq)


def _price(problem: "PlanProblem", move: "Move") -> Price:
    from fieldops.planning.moves import describe_move

    streets, crews = problem.streets.ids, problem.crews.ids
    return Price(
        streets[move.street], crews[move.crew] if move.crew >= 0 else None,
        crews[move.before] if move.before >= 0 else None, not move.refusal, move.cost, round(move.hours, 4),
        tuple(streets[s] for s in move.given_up), tuple(streets[s] for s, _ in move.taken_up),
        describe_move(problem, move),
    )  # fmt: skip


def _moved(scene: _Scene, move: "Move", price: Price, name: PlanId, at: datetime) -> StoredPlan:
    """Return the plan after the move; what it knows of the streets is what the plan before knew."""
    from fieldops.planning.check import Given, violations
    from fieldops.planning.reserve import kept_hours, promise

    problem, plan = scene.problem, scene.plan
    chances = promise(problem, move.crew_of_street)
    given: list[StoredAssignment] = []
    if move.crew >= 0:
        moved = say("moved", crew=problem.crews.ids[move.crew])
        given.append(_assignment(problem, move.street, move.crew, chances, moved))
    given += [_assignment(problem, street, crew, chances) for street, crew in move.taken_up]
    taken = {street for street, _ in move.taken_up}
    left = [
        (problem.streets.ids[street], Reason([say("given_up", crew=problem.crews.ids[move.crew])]))
        for street in move.given_up
        if street not in taken
    ]
    if move.crew < 0:
        left.append((problem.streets.ids[move.street], Reason([say("taken_out")])))
    changed = {one.street for one in given} | {street for street, _ in left}
    row = {name: i for i, name in enumerate(problem.streets.ids)}
    others = [one for one in plan.assignments if one.street not in changed]
    assignments = [
        one if one.pinned or one.street not in row
        else replace(one, finish_probability=round(float(chances[row[one.street]]), 4))
        for one in others
    ] + given  # fmt: skip
    new = [one for one in assignments if not one.pinned]
    moves = [*plan.figures.get("moves", []), {"street": price.street, "to": price.crew, "cost": price.cost}]
    wrong = violations(
        problem, [Given(one.street, one.crew, one.hours, one.finish_probability) for one in new if one.street in row],
        by_hand=[one["street"] for one in moves],
    )  # fmt: skip
    objective = plan.objective - price.cost
    bound = max(plan.bound, objective)
    figures = plan.figures | {
        "given": len(new), "crews_with_streets": len({one.crew for one in new}),
        "hours_given": round(sum(one.hours for one in new), 1),
        "hours_kept": round(kept_hours(problem, move.crew_of_street), 1),
        "known_at": plan.figures.get("known_at") or format_moment(plan.made_at), "known_seq": scene.known_seq,
        "weeks": read_weeks(scene.ground, {one.crew for one in new}), "rooms": read_rooms(problem, move.crew_of_street),
        "moves": moves, "lawful": not wrong, "violations": wrong,
        "because": plan.figures.get("because", {}) | {"violations": [pack(reason) for reason in wrong]},
    }  # fmt: skip
    return replace(
        plan, id=name, made_at=at, objective=objective, bound=bound, figures=figures, assignments=tuple(assignments),
        gap=(bound - objective) / objective if objective > 0 else 0.0,
        status=plan.status if price.cost <= 0 and objective <= plan.bound else "feasible",
        unassigned=tuple([one for one in plan.unassigned if one[0] not in changed] + left),
    )  # fmt: skip


def _assignment(problem: "PlanProblem", street: int, crew: int, chances: "FloatArray", *more: Said) -> StoredAssignment:
    from fieldops.planning.explain import describe_pair
    from fieldops.planning.problem import pair_hours, pair_values

    one = np.array([street]), np.array([crew])
    hours = float(pair_hours(problem, *one)[0])
    return StoredAssignment(
        problem.streets.ids[street], problem.crews.ids[crew], round(hours, 4),
        round(float(chances[street]), 4), round(float(pair_values(problem, *one)[0]), 4), pinned=False,
        reason=Reason([*describe_pair(problem, street, crew, hours, float(chances[street])), *more]),
    )  # fmt: skip
