"""A plan of a small city: made, published as claims, and told why."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from fieldops.actions.awareness import read_awareness
from fieldops.actions.city import MapSource, import_city
from fieldops.actions.incidents import pause_street
from fieldops.actions.plans import make_plan, publish_plan
from fieldops.actions.surveys import record_surveys
from fieldops.awareness import Response, pool_streets
from fieldops.errors import BadInput, NotFound, PlanNotPublishable
from fieldops.events import ResponseFitted
from fieldops.ids import PlanId, StreetId
from fieldops.store import claims, coverage, desk, exports, plans
from fieldops.store.connect import Region, open_region
from fieldops.store.response import save_fit
from tests.conftest import LEAD, NOON, PLANNER
from tests.small_map import write_grid_map
from tests.towns import numbered, survey_rows

DAY = timedelta(days=1)


@pytest.fixture
def town(tmp_path: Path) -> Region:
    """A grid town of 3,000 people with three crews."""
    source = MapSource(map=write_grid_map(tmp_path / "grid.osm"), residents="3000")
    import_city(tmp_path / "region.gpkg", PLANNER, source, name="Grid", time_zone="UTC", sandbox=True, now=NOON)
    region = open_region(tmp_path / "region.gpkg")
    with region.turn(PLANNER, now=NOON) as turn:
        turn.connection.executemany(
            "INSERT INTO crew (id, name, people, hours_per_day, home_lon, home_lat, days_off) VALUES (?, ?, 2, 2.0, ?, ?, ?)",
            [("A", "A", 20.0, 10.0, "[]"), ("B", "B", 20.006, 10.0048, "[]"),
             ("OFF", "OFF", 20.003, 10.002, '["2026-03-02","2026-03-03","2026-03-04","2026-03-05","2026-03-06","2026-03-07","2026-03-08"]')],
        )  # fmt: skip
    return region


def test_a_plan_is_lawful_proven_and_gives_every_street_a_reason(town: Region) -> None:
    plan = make_plan(town, LEAD, now=NOON, time_limit=20.0)
    assert plan.figures["lawful"]
    assert plan.figures["violations"] == []
    assert 0 <= plan.gap <= 0.01
    assert plan.objective <= plan.bound
    assert plan.assignments
    assert all(one.reason and one.finish_probability >= 0.8 for one in plan.assignments)
    streets = {one.street for one in plan.assignments} | {street for street, _ in plan.unassigned}
    assert len(streets) == plan.figures["streets"] == len(plan.assignments) + len(plan.unassigned)


@pytest.mark.parametrize("knows", [4, 8, 10])
def test_a_few_surveys_at_one_triangle_do_not_end_the_planning_of_the_city(town: Region, knows: int) -> None:
    triangle = town.reader().execute("SELECT id FROM triangle ORDER BY id LIMIT 1").fetchone()[0]
    rows = survey_rows([i < knows for i in range(10)], at=NOON, triangle=triangle, promoters=("P1", "P2"))
    done = record_surveys(town, LEAD, numbered(rows), unknown_promoters=True, now=NOON + timedelta(hours=1))
    assert done.added == 10
    plan = make_plan(town, LEAD, now=NOON + timedelta(hours=1), time_limit=1.0)
    assert plan.figures["impossible"] == ""
    assert plan.figures["lawful"]
    assert "Only 10 answers at 1 of " in str(plan.basis_warning)
    assert plan.assignments
    assert all(one.hours > 0 and one.finish_probability >= 0.8 for one in plan.assignments)
    assert all(place.hours_to_target > 0 for place in read_awareness(town, LEAD, now=NOON + timedelta(hours=1)).streets)


def test_a_crew_whose_days_are_all_off_gets_nothing(town: Region) -> None:
    plan = make_plan(town, LEAD, now=NOON, time_limit=1.0)
    assert {one.crew for one in plan.assignments} == {"A", "B"}


def test_no_crew_is_given_more_than_its_hours(town: Region) -> None:
    plan = make_plan(town, LEAD, now=NOON, time_limit=1.0)
    for crew in ("A", "B"):
        assert sum(one.hours for one in plan.assignments if one.crew == crew) <= 2 * 2.0 * 7 + 1e-6


def test_a_plan_says_where_the_hours_at_hand_are(town: Region) -> None:
    figures = make_plan(town, LEAD, now=NOON, time_limit=1.0).figures
    assert figures["hours_at_hand"] == 2 * 2 * 2.0 * 7
    assert figures["finish_probability"] == 0.8
    assert 0.1 * figures["hours_at_hand"] < figures["hours_kept"]
    assert figures["hours_given"] + figures["hours_kept"] <= figures["hours_at_hand"] + 0.1
    with town.turn(PLANNER, now=NOON) as turn:
        turn.connection.execute("DELETE FROM crew")
    assert make_plan(town, LEAD, now=NOON).figures["hours_kept"] == 0.0  # no plan is possible: nothing is kept for one


def test_a_published_plan_is_seven_days_of_claims_from_that_moment(town: Region) -> None:
    plan = make_plan(town, LEAD, now=NOON, time_limit=1.0)
    done = publish_plan(town, LEAD, plan.id, now=NOON + timedelta(hours=1))
    held = claims.claims_in_force(town.reader(), NOON + timedelta(hours=1))
    assert {(c.street, c.crew) for c in held} == {(a.street, a.crew) for a in plan.assignments}
    assert {c.held_until for c in done.granted} == {NOON + timedelta(hours=1) + 7 * DAY}
    assert plans.read_plan(town.reader(), plan.id).published_at == NOON + timedelta(hours=1)


def test_a_plan_is_published_once_and_not_after_its_first_day(town: Region) -> None:
    plan = make_plan(town, LEAD, now=NOON, time_limit=1.0)
    with pytest.raises(PlanNotPublishable, match="first day is over"):
        publish_plan(town, LEAD, plan.id, now=NOON + 2 * DAY)


def test_live_claims_are_pinned_in_the_next_plan(town: Region) -> None:
    first = make_plan(town, LEAD, now=NOON, time_limit=1.0)
    publish_plan(town, LEAD, first.id, now=NOON)
    with pytest.raises(PlanNotPublishable, match="was published at"):
        publish_plan(town, LEAD, first.id, now=NOON)
    second = make_plan(town, LEAD, now=NOON + DAY, time_limit=1.0)
    pinned = {(a.street, a.crew) for a in second.assignments if a.pinned}
    assert pinned == {(a.street, a.crew) for a in first.assignments}
    assert not {a.street for a in second.assignments if not a.pinned} & {street for street, _ in pinned}
    assert second.figures["lawful"]


def test_a_street_taken_meanwhile_stops_the_plan_unless_the_best_is_wanted(town: Region) -> None:
    one, two = (make_plan(town, LEAD, now=NOON, time_limit=1.0) for _ in range(2))
    publish_plan(town, LEAD, one.id, now=NOON)
    with pytest.raises(PlanNotPublishable):
        publish_plan(town, LEAD, two.id, now=NOON)
    done = publish_plan(town, LEAD, two.id, best_effort=True, now=NOON)
    assert len(done.refused) > 0
    assert "is claimed" in str(done.refused[0].error)


def test_a_stopped_plan_is_kept(town: Region) -> None:
    def stop(stage: str, share: float, **figures: float) -> bool:
        return stage == "reading"

    plan = make_plan(town, LEAD, now=NOON, time_limit=5.0, progress=stop)
    assert plan.status in ("stopped", "optimal")
    assert plans.read_plan(town.reader(), plan.id).assignments


def test_a_region_without_crews_says_so_and_raises_nothing(town: Region) -> None:
    with town.turn(PLANNER, now=NOON) as turn:
        turn.connection.execute("DELETE FROM crew")
    plan = make_plan(town, LEAD, now=NOON)
    assert plan.status == "impossible"
    assert "no crew" in plan.figures["impossible"]
    with pytest.raises(PlanNotPublishable, match="no crew"):
        publish_plan(town, LEAD, plan.id, now=NOON)


def test_a_plan_of_which_nothing_can_come_takes_the_place_of_none(town: Region) -> None:
    good = make_plan(town, LEAD, now=NOON, time_limit=1.0)
    with town.turn(PLANNER, now=NOON) as turn:
        turn.connection.execute("UPDATE crew SET days_off = (SELECT days_off FROM crew WHERE id = 'OFF')")
    later = NOON + timedelta(hours=1)
    assert make_plan(town, LEAD, now=later).status == "impossible"
    newest, card = coverage.newest_plan(town.reader()), desk.newest_plan(town.reader())
    assert newest is not None
    assert newest["id"] == good.id
    assert card is not None
    assert card.id == good.id
    assert {row["plan"] for row in exports.read_export(town.reader(), "plan", later).rows} == {good.id}


def test_a_refusal_to_publish_tells_moments_to_the_minute_in_the_zone_of_the_city(town: Region) -> None:
    with town.turn(PLANNER, now=NOON) as turn:
        turn.connection.execute("UPDATE city SET time_zone = 'Asia/Shanghai'")
    plan = make_plan(town, LEAD, start=NOON + timedelta(hours=2), now=NOON, time_limit=1.0)
    with pytest.raises(
        PlanNotPublishable, match=f"it starts at {NOON + timedelta(hours=10):%Y-%m-%d %H:%M}, and claims"
    ):
        publish_plan(town, LEAD, plan.id, now=NOON)
    at = NOON + timedelta(hours=2, microseconds=7)
    publish_plan(town, LEAD, plan.id, now=at)
    with pytest.raises(
        PlanNotPublishable, match=f"it was published at {NOON + timedelta(hours=10):%Y-%m-%d %H:%M}(;|$)"
    ):
        publish_plan(town, LEAD, plan.id, now=at)


def test_a_street_closed_for_a_time_is_not_said_to_be_saturated(town: Region) -> None:
    street = StreetId(town.reader().execute("SELECT id FROM street ORDER BY id LIMIT 1").fetchone()[0])
    pause_street(town, LEAD, street, 3, now=NOON)
    plan = make_plan(town, LEAD, now=NOON, time_limit=1.0)
    told = f"closed for a time after an incident; open again from {NOON + 3 * DAY:%Y-%m-%d %H:%M}"
    assert dict(plan.unassigned)[street] == told
    assert plan.figures["reasons"]["closed for a time"] == 1


@pytest.mark.parametrize("away", [-timedelta(hours=25), 367 * DAY])
def test_a_plan_that_could_never_be_published_is_not_made(town: Region, away: timedelta) -> None:
    with pytest.raises(BadInput, match=r"--from: .* \(UTC\) is"):
        make_plan(town, LEAD, start=NOON + away, now=NOON)
    assert plans.list_plans(town.reader()) == []


def test_an_unknown_plan_is_not_found(town: Region) -> None:
    with pytest.raises(NotFound, match="plan list"):
        publish_plan(town, LEAD, PlanId("nope"), now=NOON)


def test_a_plan_counts_with_the_response_that_was_fitted_last(town: Region) -> None:
    assumed = make_plan(town, LEAD, now=NOON, time_limit=1.0)
    quick = Response(rho=40.0, covariance=tuple(tuple(row) for row in (np.eye(6) * 1e-4).tolist()))
    pool = pool_streets([0.0], [0.0]).pool
    with town.turn(LEAD, now=NOON) as turn:
        event = ResponseFitted(
            at=NOON, response=quick.to_json(), pool=pool.to_json(), streets=1, surveys=1, hours=1.0
        )  # fmt: skip
        save_fit(turn, event=event)
    fitted = make_plan(town, LEAD, now=NOON, time_limit=1.0)
    before, after = ({one.street: one.hours for one in plan.assignments} for plan in (assumed, fitted))
    both = before.keys() & after.keys()
    assert both
    assert all(after[street] < 0.6 * before[street] for street in both)
