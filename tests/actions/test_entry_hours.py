"""When a street lets promoters in: recorded by hand, kept by plans, walks and the next street, and by a newer map."""

from pathlib import Path

import pytest

from fieldops.actions.city import MapSource, edit_street, import_city
from fieldops.actions.claims import make_claim
from fieldops.actions.dispatch import near_streets
from fieldops.actions.plans import make_plan
from fieldops.actions.walks import make_walk
from fieldops.city.edits import Edit
from fieldops.errors import BadInput
from fieldops.ids import CrewId, StreetId
from fieldops.store.city import find_streets
from fieldops.store.connect import Region
from fieldops.store.verify import verify
from tests.actions.test_plans import town  # noqa: F401  # a fixture
from tests.conftest import LEAD, NOON, PLANNER
from tests.small_map import write_grid_map

A = CrewId("A")


def open_at(region: Region, street: str, span: str) -> None:
    edit_street(region, PLANNER, Edit(kind="hours", streets=(StreetId(street),), value=span), now=NOON)


def test_hours_of_entry_stand_in_the_list_survive_a_newer_map_and_are_taken_back(town: Region, tmp_path: Path) -> None:  # noqa: F811  # the fixture
    street = make_plan(town, LEAD, now=NOON, time_limit=1.0).assignments[0].street
    open_at(town, street, "09:30 - 12:00")
    newer = MapSource(map=write_grid_map(tmp_path / "newer.osm"), residents="3000")
    import_city(tmp_path / "region.gpkg", PLANNER, newer, name="Grid", time_zone="UTC", sandbox=True, now=NOON)
    row = next(row for row in find_streets(town.reader(), NOON) if row["street"] == street)
    assert (row["open_from"], row["open_until"]) == ("09:30", "12:00")
    open_at(town, street, "")
    row = next(row for row in find_streets(town.reader(), NOON) if row["street"] == street)
    assert (row["open_from"], row["open_until"]) == ("", "")
    assert verify(town).violations == []


@pytest.mark.parametrize("span", ["morning", "25:00-26:00", "09:30", "09:30-09:30", "9-12"])
def test_what_are_no_hours_is_refused(town: Region, span: str) -> None:  # noqa: F811  # the fixture
    street = find_streets(town.reader(), NOON)[0]["street"]
    with pytest.raises(BadInput, match="no hours of entry"):
        open_at(town, street, span)


def test_a_street_that_is_shut_while_crews_work_is_in_no_plan_and_never_the_next(town: Region) -> None:  # noqa: F811  # the fixture
    planned = {one.street for one in make_plan(town, LEAD, now=NOON, time_limit=1.0).assignments}
    street = next(one.street for one in near_streets(town, LEAD, A, most=40, now=NOON) if one.street in planned)
    open_at(town, street, "20:00-22:00")  # crews of two hours begin at 9
    after = make_plan(town, LEAD, now=NOON, time_limit=1.0)
    assert street not in {one.street for one in after.assignments}
    assert "20:00-22:00 only" in dict(after.unassigned)[street]
    assert after.figures["lawful"]
    assert street not in {one.street for one in near_streets(town, LEAD, A, most=40, now=NOON)}


def test_the_plan_next_and_the_walk_say_the_hours_and_the_walk_comes_at_them(town: Region) -> None:  # noqa: F811  # the fixture
    plan = make_plan(town, LEAD, now=NOON, time_limit=1.0)
    street = next(one.street for one in plan.assignments if one.crew == A)
    open_at(town, street, "10:00-23:00")
    again = make_plan(town, LEAD, now=NOON, time_limit=1.0)
    assert any("lets promoters in at 10:00-23:00" in one.reason for one in again.assignments if one.street == street)
    offered = [one for one in near_streets(town, LEAD, A, most=40, now=NOON) if one.street == street]
    assert all(one.reason.endswith("it lets promoters in at 10:00-23:00") for one in offered)
    make_claim(town, LEAD, street=street, crew=A, now=NOON)
    tomorrow = make_walk(town, LEAD, A, NOON.date().replace(day=3), now=NOON)
    stop = next(stop for stop in tomorrow.stops if stop.get("street") == street)
    assert stop["arrive"] >= "10:00"
