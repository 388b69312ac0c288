"""A plan is published by the crews and bursts of the moment of publishing, not by those of when it was made."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from fieldops.actions.bursts import override_burst, set_bursts
from fieldops.actions.city import MapSource, import_city
from fieldops.actions.claims import make_claim
from fieldops.actions.plans import make_plan, publish_plan
from fieldops.errors import PlanNotPublishable
from fieldops.ids import CrewId, PlanId, ZoneId
from fieldops.store import claims
from fieldops.store.connect import Region, open_region
from fieldops.store.plans import StoredPlan, read_plan
from tests.conftest import LEAD, NOON, PLANNER
from tests.processes import run
from tests.small_map import write_grid_map

DAY = timedelta(days=1)
A = CrewId("A")


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, PlanId]:
    """A grid town of 3,000 people with two crews of 28 h, and a plan of it."""
    folder = tmp_path_factory.mktemp("planned")
    source = MapSource(map=write_grid_map(folder / "grid.osm"), residents="3000")
    import_city(folder / "region.gpkg", PLANNER, source, name="Grid", time_zone="UTC", sandbox=True, now=NOON)
    region = open_region(folder / "region.gpkg")
    with region.turn(PLANNER, now=NOON) as turn:
        turn.connection.executemany(
            "INSERT INTO crew (id, name, people, hours_per_day, home_lon, home_lat, days_off) VALUES (?, ?, 2, 2.0, ?, ?, '[]')",
            [("A", "A", 20.0, 10.0), ("B", "B", 20.006, 10.0048)],
        )
    made = make_plan(region, LEAD, now=NOON, time_limit=1.0)
    assert sum(one.crew == A for one in made.assignments) > 1
    region.close()
    return folder, made.id


@pytest.fixture
def town(planned: tuple[Path, PlanId], tmp_path: Path) -> Region:
    """The town by itself, to be changed."""
    shutil.copytree(planned[0], tmp_path / "town")
    return open_region(tmp_path / "town" / "region.gpkg")


@pytest.fixture
def made(planned: tuple[Path, PlanId], town: Region) -> StoredPlan:
    """Its plan."""
    return read_plan(town.reader(), planned[1])


def change(town: Region, sql: str) -> None:
    with town.turn(PLANNER, now=NOON) as turn:
        turn.connection.execute(sql)


def test_a_plan_that_counts_on_people_who_have_left_is_not_published(town: Region, made: StoredPlan) -> None:
    change(town, "UPDATE crew SET people = 1 WHERE id = 'A'")
    with pytest.raises(
        PlanNotPublishable, match=r"crew A had 28\.0 h for it when this plan was made and has 14\.0 h now;"
    ):
        publish_plan(town, LEAD, made.id, now=NOON)
    assert claims.claims_in_force(town.reader(), NOON) == []


def test_what_fewer_people_can_still_do_is_claimed_and_the_rest_is_listed(town: Region, made: StoredPlan) -> None:
    change(town, "UPDATE crew SET people = 1, hours_per_day = 2.1 WHERE id = 'A'")
    done = publish_plan(town, LEAD, made.id, best_effort=True, now=NOON)
    hours = {one.street: one.hours for one in made.assignments}
    mine = [hours[claim.street] for claim in done.granted if claim.crew == A]
    assert 0 < sum(mine) <= 14.7
    assert {one.crew for one in done.refused} == {A}
    assert {one.reason for one in done.refused} == {
        "crew A had 28.0 h for it when this plan was made and has 14.7 h now"
    }
    assert {c.street for c in done.granted} | {r.street for r in done.refused} == set(hours)
    triangle = dict(town.reader().execute("SELECT id, triangle_id FROM street").fetchall())
    kept, left = ({triangle[one.street] for one in some} for some in (done.granted, done.refused))
    assert not kept & left - {None}  # RULE 10: a triangle's streets stay together


def test_days_off_taken_after_the_plan_was_made_count_when_it_is_published(town: Region, made: StoredPlan) -> None:
    days = json.dumps([f"{NOON + k * DAY:%Y-%m-%d}" for k in range(7)])
    change(town, f"UPDATE crew SET days_off = '{days}' WHERE id = 'A'")  # constants
    with pytest.raises(PlanNotPublishable, match=r"crew A had 28\.0 h .* and has 0\.0 h now"):
        publish_plan(town, LEAD, made.id, now=NOON)


def test_a_claim_made_after_the_plan_takes_its_hours_from_it(town: Region, made: StoredPlan) -> None:
    most = max((one for one in made.assignments if one.crew != A), key=lambda one: one.hours)
    make_claim(town, LEAD, street=most.street, crew=A, now=NOON)
    change(town, f"UPDATE outlook SET hours = 27.0 WHERE street_id = '{most.street}'")  # a constant
    with pytest.raises(PlanNotPublishable, match=r"crew A had 28\.0 h .* and has 1\.0 h now"):
        publish_plan(town, LEAD, made.id, now=NOON)


def test_a_crew_with_more_people_than_planned_for_publishes_as_before(town: Region, made: StoredPlan) -> None:
    change(town, "UPDATE crew SET people = 3 WHERE id = 'A'")
    assert len(publish_plan(town, LEAD, made.id, now=NOON).granted) == len(made.assignments)


def test_fewer_hours_that_still_do_for_all_its_streets_stop_no_plan(town: Region, made: StoredPlan) -> None:
    room, needs = made.rooms[A]
    assert sum(one.hours for one in made.assignments if one.crew == A) < needs <= room
    change(town, f"UPDATE crew SET hours_per_day = {(needs + 0.05) / 14} WHERE id = 'A'")  # a number
    assert len(publish_plan(town, LEAD, made.id, now=NOON).granted) == len(made.assignments)


def test_bursts_set_after_the_plan_was_made_bind_it_until_a_lead_overrides(town: Region, made: StoredPlan) -> None:
    set_bursts(town, LEAD, people_at_hand=40, start=(NOON + 20 * DAY).date(), now=NOON, time_limit=1.0)
    with pytest.raises(
        PlanNotPublishable, match=rf"{len(made.assignments)} of its streets are in no burst on {NOON:%Y-%m-%d}"
    ):
        publish_plan(town, LEAD, made.id, now=NOON)
    with pytest.raises(PlanNotPublishable, match="are in no burst"):
        publish_plan(town, LEAD, made.id, best_effort=True, now=NOON)  # nothing is left of it
    for (zone,) in town.reader().execute("SELECT id FROM zone").fetchall():
        override_burst(town, LEAD, ZoneId(zone), why="lead_decision", now=NOON)
    assert len(publish_plan(town, LEAD, made.id, now=NOON).granted) == len(made.assignments)


def test_a_lead_may_grant_a_street_outside_every_burst_and_is_told_so(town: Region, made: StoredPlan) -> None:
    one, other = made.assignments[0], made.assignments[1]
    folder, now = Path(town.path).parent, ("--now", NOON.isoformat())
    words = ("claims", "grant", "--crew", one.crew, "--street")
    assert "note:" not in run(*words, one.street, *now, folder=folder).stderr
    set_bursts(town, LEAD, people_at_hand=40, start=(NOON + 20 * DAY).date(), now=NOON, time_limit=1.0)
    town.close()
    told = run(*words, other.street, *now, folder=folder)
    assert told.returncode == 0
    assert f"in no burst on {NOON:%Y-%m-%d}" in told.stdout + told.stderr
