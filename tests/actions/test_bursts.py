"""Bursts set, kept by the plan, gaps reported, lagging zones given more days, all on the record."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from fieldops.actions.bursts import Before, Bursts, override_burst, read_bursts, set_bursts
from fieldops.actions.decisions import decide
from fieldops.actions.dispatch import near_streets, next_street
from fieldops.actions.effort import import_effort
from fieldops.actions.plans import make_plan
from fieldops.actions.surveys import record_surveys
from fieldops.errors import BadInput, ClockRefused, Forbidden, NotFound
from fieldops.ids import ActorId, CrewId, ZoneId
from fieldops.people import Actor, Role
from fieldops.store.connect import Region, create_region
from fieldops.store.verify import verify
from tests.actions.test_plans import town  # noqa: F401  # a fixture
from tests.conftest import LEAD, NOON
from tests.towns import add_town, numbered, survey_rows

TODAY = date(2026, 3, 2)
DAY = timedelta(days=1)
Z0 = ZoneId("Z0")


def put(region: Region, people: int, *, now: datetime = NOON, start: date | None = None) -> Bursts:
    return set_bursts(region, LEAD, people_at_hand=people, start=start, now=now, time_limit=1.0)


def two_zones(region: Region) -> None:
    """Six streets of Z0 and six of Z1, two triangles each."""
    add_town(region, streets=12, people=2000.0)
    with region.turn(LEAD, now=NOON) as turn:
        turn.connection.execute("UPDATE street SET zone_id = 'Z1' WHERE triangle_id IN ('T2', 'T3')")
        turn.connection.execute("INSERT INTO zone SELECT NULL, geom, 'Z1', city_id, 'Other', 6, people, 9 FROM zone")


def work(region: Region, street: str, day: date, now: datetime) -> None:
    rows = [{"day": day.isoformat(), "crew": "C0", "street": street, "promoter_hours": "4"}]
    assert not import_effort(region, LEAD, numbered(rows), now=now).refused


def test_zones_are_pushed_together_where_there_are_people_and_one_after_the_other_where_not(region: Region) -> None:
    two_zones(region)
    many = put(region, 200)
    assert {(one.zone, one.starts_on) for one in many.slots} == {("Z0", TODAY), ("Z1", TODAY)}
    needed = min(one.people for one in many.slots)
    few = put(region, needed - 1)  # too few for both, however long the burst
    assert len({one.starts_on for one in few.slots}) == 2
    assert any("needed elsewhere first" in one.reason for one in few.slots)
    assert few.bound_days <= few.days


def test_a_zone_larger_than_everybody_is_split_with_the_reason(region: Region) -> None:
    two_zones(region)
    found = put(region, 2)
    parts = [one for one in found.slots if one.zone == Z0]
    assert len(parts) >= 2
    assert all("split in" in one.reason and "there are 2" in one.reason for one in parts)
    assert all(one.people <= 2 and 7 <= one.days <= 15 for one in found.slots)  # RULE 14
    streets = [street for one in parts for street in one.streets]
    assert sorted(streets) == sorted(set(streets))  # no street in two parts


def test_the_plan_gives_streets_only_inside_running_bursts_until_a_lead_overrides(town: Region) -> None:  # noqa: F811  # the fixture
    put(town, 50, start=TODAY + 3 * DAY)
    early = make_plan(town, LEAD, now=NOON, time_limit=1.0)
    assert early.assignments == ()
    assert "streets are outside running bursts" in early.figures["impossible"]
    assert next_street(town, LEAD, CrewId("A"), now=NOON).street is None
    for (zone,) in town.reader().execute("SELECT id FROM zone").fetchall():
        with pytest.raises(BadInput, match="reason"):
            override_burst(town, LEAD, ZoneId(zone), why=" ", now=NOON)
        override_burst(town, LEAD, ZoneId(zone), why="school_fair", now=NOON)
    assert make_plan(town, LEAD, now=NOON, time_limit=1.0).assignments
    running = make_plan(town, LEAD, now=NOON, start=NOON + 4 * DAY, time_limit=1.0)
    assert running.assignments
    assert verify(town).violations == []


def test_next_gives_streets_of_the_part_that_runs_and_none_of_the_part_that_comes_later(region: Region) -> None:
    two_zones(region)
    later = {street for one in put(region, 2).slots if one.starts_on > TODAY for street in one.streets}
    assert later
    offered = {one.street for one in near_streets(region, LEAD, CrewId("C0"), most=12, now=NOON)}
    assert offered
    assert not offered & later


def test_next_asks_as_little_of_the_file_for_many_streets_as_for_few(tmp_path: Path) -> None:
    asked = []
    for streets in (6, 60):
        region = create_region(tmp_path / f"{streets}.gpkg", LEAD, sandbox=True, now=NOON)
        add_town(region, streets=streets, people=2000.0)
        with region.turn(LEAD, now=NOON) as turn:  # all near the crew
            turn.connection.execute("UPDATE street SET lon = (SELECT min(lon) FROM street) + fid * 1e-5")
        put(region, 500)
        statements: list[str] = []
        region.reader().set_trace_callback(statements.append)
        assert next_street(region, LEAD, CrewId("C0"), now=NOON).street is not None
        asked.append(len(statements))
        region.close()
    assert asked[0] == asked[1]


def test_a_day_on_which_nobody_worked_is_a_gap_until_every_triangle_moved_on(region: Region) -> None:
    add_town(region, streets=6)
    put(region, 50)
    assert read_bursts(region, LEAD, now=NOON + DAY).gaps == (("Z0", Z0, TODAY),)
    work(region, "S1", TODAY, NOON + DAY)
    assert read_bursts(region, LEAD, now=NOON + 2 * DAY).gaps == (("Z0", Z0, TODAY + DAY),)
    for triangle in ("T0", "T1"):
        rows = survey_rows([True] * 10, at=NOON + 2 * DAY, triangle=triangle, prefix=triangle)
        record_surveys(region, LEAD, numbered(rows), now=NOON + 2 * DAY + timedelta(hours=1))
    decide(region, LEAD, now=NOON + 2 * DAY + timedelta(hours=1))
    assert read_bursts(region, LEAD, now=NOON + 5 * DAY).gaps == (("Z0", Z0, TODAY + DAY),)


def test_a_zone_that_lags_goes_on_and_is_given_more_days(region: Region) -> None:
    add_town(region, streets=6, people=3000.0)
    first = put(region, 6)
    slot = first.slots[0]
    later = NOON + (slot.days - 2) * DAY
    assert read_bursts(region, LEAD, now=later).lagging["Z0"] > 0  # nobody worked: all of it is still to do
    again = put(region, 6, now=later)
    grown = next(one for one in again.slots if one.part == "Z0")
    assert (grown.starts_on, grown.people) == (slot.starts_on, slot.people)
    assert slot.days < grown.days <= 15
    assert "lagged by" in grown.reason
    rest = [one for one in again.slots if one.part == "Z0+"]
    assert rest
    assert rest[0].starts_on >= grown.ends_on
    assert verify(region).violations == []


def test_a_zone_that_is_only_believed_at_the_target_is_still_to_be_tested(region: Region) -> None:
    two_zones(region)
    rows = survey_rows([True] * 8 + [False] * 2, at=NOON, triangle="T0", prefix="T0")
    record_surveys(region, LEAD, numbered(rows), now=NOON + timedelta(hours=1))
    found = put(region, 20, now=NOON + timedelta(hours=1))
    assert {one.zone for one in found.slots} == {"Z0", "Z1"}
    assert found.done == ()
    assert all(one.hours > 6 * 10 * 1.5 / 60 for one in found.slots)  # of each zone's six streets somebody asks ten


def test_ten_answers_at_the_first_place_do_not_send_the_people_of_other_zones_home(region: Region) -> None:
    two_zones(region)
    before = {one.zone: one.people for one in put(region, 200).slots}
    rows = survey_rows([True] * 8 + [False] * 2, at=NOON, triangle="T0", promoters=("C0-1", "C0-2"))
    assert not record_surveys(
        region, LEAD, numbered(rows), unknown_promoters=True, now=NOON + timedelta(hours=1)
    ).refused
    after = {one.zone: one.people for one in put(region, 200, now=NOON + timedelta(hours=1)).slots}
    assert after["Z1"] >= 0.7 * before["Z1"]


def test_what_would_start_today_is_decided_anew(region: Region) -> None:
    two_zones(region)
    put(region, 10)
    assert {one.starts_on for one in put(region, 200).slots} == {TODAY}


def test_bursts_that_cannot_be_are_refused(region: Region) -> None:
    with pytest.raises(BadInput, match="no zone; import a map"):
        put(region, 5)
    add_town(region)
    with pytest.raises(BadInput, match="no bursts are set; set them: fieldops burst --people N"):
        read_bursts(region, LEAD, now=NOON)
    with pytest.raises(BadInput, match="nobody"):
        put(region, 0)
    with pytest.raises(BadInput, match="2026-03-01 is over"):
        put(region, 5, start=TODAY - DAY)
    with pytest.raises(BadInput, match="9999-12-31 is more than a year ahead"):
        put(region, 5, start=date(9999, 12, 31))
    with pytest.raises(BadInput, match="within 7 to 15"):
        set_bursts(region, LEAD, people_at_hand=5, days_min=5, now=NOON)
    with pytest.raises(NotFound, match="zone 'NOWHERE'"):
        override_burst(region, LEAD, ZoneId("NOWHERE"), why="x", now=NOON)
    with pytest.raises(Forbidden):
        set_bursts(region, Actor(ActorId("c"), Role.CREW, CrewId("C0")), people_at_hand=5, now=NOON)


def test_a_changed_burst_is_found(region: Region) -> None:
    add_town(region)
    put(region, 20)
    with region.turn(LEAD, now=NOON) as turn:
        turn.connection.execute("DROP TRIGGER burst_is_never_changed")
        turn.connection.execute("UPDATE burst SET days = days + 1")
    assert any("are not those that were recorded" in one.what for one in verify(region).violations)


def test_a_dry_run_stores_nothing_and_tells_what_is_in_force(region: Region) -> None:
    two_zones(region)
    old = put(region, 40)
    events = region.reader().execute("SELECT count(*) FROM event").fetchone()[0]
    asked = set_bursts(region, LEAD, people_at_hand=3, dry_run=True, now=NOON, time_limit=1.0)
    assert region.reader().execute("SELECT count(*) FROM event").fetchone()[0] == events
    assert read_bursts(region, LEAD, now=NOON).slots == old.slots
    assert asked.people == 3
    assert asked.before == Before(old.first_day, 40, old.ends_on)
    assert asked.ends_on is not None
    assert old.before is None


def test_bursts_of_a_moment_before_the_record_are_refused_before_the_search_and_blame_the_given_time(
    region: Region,
) -> None:
    two_zones(region)

    def never(*_: object, **__: object) -> bool:
        raise AssertionError("it searched")

    with pytest.raises(ClockRefused, match=r"^--now 2026-02-28 12:00:00\+08:00 lies before the last event"):
        set_bursts(region, LEAD, people_at_hand=3, now=NOON - 2 * DAY, progress=never)
