"""Streets moved and pinned by hand: told with the cost, done with an event, kept by the plans to come."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fieldops.actions.moves import costs_note, move_street, price_moves, run_move_job
from fieldops.actions.pins import list_pins, pin_street, unpin_street
from fieldops.actions.plans import make_plan, publish_plan
from fieldops.errors import Forbidden, NotFound, PlanNotPublishable
from fieldops.events import PlanMade
from fieldops.ids import ActorId, CrewId, JobId, PlanId, StreetId
from fieldops.people import Actor, Role
from fieldops.planning.reasons import unpack
from fieldops.progress import no_progress
from fieldops.store import plans
from fieldops.store.connect import Region
from fieldops.store.verify import verify
from tests import processes
from tests.actions.test_whatif import town as town
from tests.conftest import LEAD, NOON

CREW_ACTOR = Actor(ActorId("walker"), Role.CREW, CrewId("A"))
A, B = CrewId("A"), CrewId("B")


def plan(town: Region) -> plans.StoredPlan:
    return make_plan(town, LEAD, now=NOON, time_limit=1.5)


def crew_of(town: Region, plan: PlanId, street: StreetId) -> CrewId | None:
    return next((one.crew for one in plans.read_plan(town.reader(), plan).assignments if one.street == street), None)


def kinds(town: Region) -> list[str]:
    rows = town.reader().execute("SELECT kind FROM event WHERE kind <> 'RowsSealed' ORDER BY seq")
    return [row[0] for row in rows]


def test_a_street_moves_at_the_cost_that_was_told_and_the_gap_says_so(town: Region) -> None:
    made = plan(town)
    one = max(made.assignments, key=lambda a: a.hours)
    to = B if one.crew == A else A
    told = next(price for price in price_moves(town, LEAD, made.id, one.street) if price.crew == to)
    moved, done = move_street(town, LEAD, made.id, one.street, to, now=NOON)
    assert done == told
    after = plans.read_plan(town.reader(), moved.id)
    assert plans.read_plan(town.reader(), made.id) == made  # what was planned stays on record
    assert crew_of(town, after.id, one.street) == to
    assert after.objective == pytest.approx(made.objective - told.cost)
    assert after.bound == made.bound
    assert after.objective == pytest.approx(sum(a.value for a in after.assignments), rel=1e-3)
    assert after.gap == pytest.approx((after.bound - after.objective) / after.objective)
    assert {street for street in told.given_up if street not in told.taken_up} <= {s for s, _ in after.unassigned}
    assert len(after.assignments) + len(after.unassigned) == len(made.assignments) + len(made.unassigned)
    given = next(a for a in after.assignments if a.street == one.street)
    assert f"moved to crew {to} by hand" in given.reason
    assert kinds(town)[-2:] == ["PlanMade", "StreetMoved"]
    back, again = move_street(town, LEAD, after.id, one.street, one.crew, now=NOON)
    assert back.objective == pytest.approx(made.objective - told.cost - again.cost)
    assert len(back.figures["moves"]) == 2
    assert verify(town).violations == []
    assert publish_plan(town, LEAD, after.id, now=NOON).granted


def test_a_move_that_gains_more_than_the_bound_raises_it_and_the_plan_is_no_longer_called_the_best(
    town: Region,
) -> None:
    made = plan(town)
    one = max(made.assignments, key=lambda a: a.value)
    out, _ = move_street(town, LEAD, made.id, one.street, None, now=NOON)
    best = replace(out, id=PlanId("asifthebest1"), bound=out.objective, gap=0.0, status="optimal")
    with town.turn(LEAD, now=NOON) as turn:
        event = PlanMade(
            at=NOON, plan=best.id, objective=best.objective, bound=best.bound, assignments=len(best.assignments)
        )
        plans.save_plan(turn, best, event=event)
    back, price = move_street(town, LEAD, best.id, one.street, one.crew, now=NOON)
    assert price.cost < 0
    assert back.bound == back.objective == pytest.approx(best.objective - price.cost)
    assert (back.gap, back.status) == (0.0, "feasible")


def test_a_street_can_be_taken_out_and_what_is_free_is_filled(town: Region) -> None:
    made = plan(town)
    one = made.assignments[0]
    moved, done = move_street(town, LEAD, made.id, one.street, None, now=NOON)
    assert crew_of(town, moved.id, one.street) is None
    assert all(crew_of(town, moved.id, street) for street in done.taken_up)
    assert (
        moved.figures["hours_kept"] != made.figures["hours_kept"]
    )  # what a street counts beyond its mean goes with it
    left = dict(moved.unassigned)
    assert left[one.street] == "taken out of the plan by hand"


def test_the_next_plan_keeps_a_pin_and_a_plan_against_it_is_not_published(town: Region) -> None:
    made = plan(town)
    one = max(made.assignments, key=lambda a: a.value)
    to = B if one.crew == A else A
    pin_street(town, LEAD, one.street, to, why="lead_decision", now=NOON)
    with pytest.raises(PlanNotPublishable, match="pinned to another crew"):
        publish_plan(town, LEAD, made.id, now=NOON)
    again = plan(town)
    kept = next(a for a in again.assignments if a.street == one.street)
    assert kept.crew == to
    assert f"pinned to crew {to} by hand" in kept.reason
    assert again.figures["lawful"]
    assert again.figures["by_hand"] == 1
    assert again.bound >= again.objective
    done = publish_plan(town, LEAD, made.id, best_effort=True, now=NOON)
    assert (one.street, one.crew) in [(no.street, no.crew) for no in done.refused]
    assert one.street not in [claim.street for claim in done.granted]
    assert verify(town).violations == []


def test_a_pin_to_nobody_keeps_the_street_out_until_it_is_lifted(town: Region) -> None:
    one = plan(town).assignments[0]
    pin_street(town, LEAD, one.street, None, why="lead_decision", now=NOON)
    again = plan(town)
    assert dict(again.unassigned)[one.street] == "kept free by hand"
    unpin_street(town, LEAD, one.street, why="mistake", now=NOON)
    assert list_pins(town, LEAD) == []
    assert one.street in [a.street for a in plan(town).assignments]
    with pytest.raises(NotFound):
        unpin_street(town, LEAD, one.street, why="mistake", now=NOON)


def test_a_new_pin_takes_the_place_of_the_old_one_and_a_claim_makes_it_done(town: Region) -> None:
    one = plan(town).assignments[0]
    for crew in (A, B):
        pin_street(town, LEAD, one.street, crew, why="lead_decision", now=NOON)
    assert [(pin.street, pin.crew) for pin in list_pins(town, LEAD)] == [(one.street, B)]
    assert kinds(town)[-3:] == ["StreetPinned", "StreetUnpinned", "StreetPinned"]
    publish_plan(town, LEAD, plan(town).id, now=NOON + timedelta(seconds=1))
    assert list_pins(town, LEAD) == []
    assert verify(town).violations == []


def test_a_published_plan_is_not_moved(town: Region) -> None:
    made = plan(town)
    one = made.assignments[0]
    with pytest.raises(NotFound):
        move_street(town, LEAD, made.id, one.street, CrewId("nobody"), now=NOON)
    assert costs_note(town, LEAD, made.id) == ""
    publish_plan(town, LEAD, made.id, now=NOON)
    assert costs_note(town, LEAD, made.id) == ""
    to = B if one.crew == A else A
    until = f"{NOON + timedelta(days=7):%Y-%m-%d %H:%M}"
    assert pin_street(town, LEAD, one.street, to, why="lead_decision", now=NOON) == (
        f"coming plans keep it so from {until} on; crew {one.crew} holds it until then"
    )
    assert pin_street(town, LEAD, one.street, one.crew, why="lead_decision", now=NOON) == ""
    assert "pins or settings have changed since" in costs_note(town, LEAD, made.id)
    with pytest.raises(PlanNotPublishable, match="published"):
        move_street(town, LEAD, made.id, one.street, None, now=NOON)
    with pytest.raises(PlanNotPublishable, match="it is published"):  # before anything is looked at
        move_street(town, LEAD, made.id, one.street, CrewId("nobody"), now=NOON)
    with pytest.raises(Forbidden):
        move_street(town, CREW_ACTOR, made.id, one.street, None, now=NOON)
    with pytest.raises(Forbidden):
        pin_street(town, CREW_ACTOR, one.street, A, why="x", now=NOON)


def test_a_job_tells_prices_and_moves_once_however_often_it_is_run(town: Region) -> None:
    made = plan(town)
    one = made.assignments[0]
    words: dict[str, Any] = {"job": JobId("j"), "progress": no_progress, "plan": made.id, "street": one.street}
    told = run_move_job(town.path, LEAD, **words)
    to = next(price for price in told["prices"] if price["possible"] and price["crew"])
    assert unpack(to["because"], "") == to["reason"]
    for _again in range(2):
        done = run_move_job(town.path, LEAD, **words, crew=to["crew"], pin=True, now=NOON.isoformat())
        assert done["plan"] == "j"
    assert kinds(town).count("StreetMoved") == 1
    assert [pin.crew for pin in list_pins(town, LEAD)] == [to["crew"]]


def test_the_command_line_tells_the_cost_moves_and_pins(town: Region) -> None:
    made = plan(town)
    one = made.assignments[0]

    def run(*words: str, code: int = 0) -> str:
        answer = processes.run("plan", *words, "--db", town.path, folder=Path(town.path).parent)
        assert answer.returncode == code, answer.stderr
        return answer.stdout + answer.stderr

    told = json.loads(run("move", made.id, "--street", one.street, "--json"))
    assert {"possible", "cost", "given_up"} <= set(told["moves"][0])
    assert "nobody" in run("move", made.id, "--street", one.street)
    assert "moved from" in run("move", made.id, "--street", one.street, "--nobody", "--pin", "--now", NOON.isoformat())
    assert "nobody" in run("pins")
    assert "coming plans keep" in run("pin", "--street", one.street, "--crew", "A", "--now", NOON.isoformat())
    assert "no longer" in run("unpin", "--street", one.street, "--now", NOON.isoformat())
    assert "nothing is pinned" in run("pins")
    assert "--crew C or --nobody" in run("pin", "--street", one.street, code=1)
