"""A plan counts recruits where the region says so: what brought candidates is worth more, and nothing else changes."""

from datetime import timedelta
from pathlib import Path

import pytest

from fieldops.actions.city import MapSource, import_city
from fieldops.actions.effort import import_effort
from fieldops.actions.plans import make_plan
from fieldops.actions.recruiting_import import import_candidates
from fieldops.actions.rules import change_rules
from fieldops.clock import format_moment
from fieldops.errors import BadInput
from fieldops.recruiting.consent import FIRST_TEXT
from fieldops.store.connect import Region, open_region
from tests.conftest import LEAD, NOON, PLANNER
from tests.recruits import phone
from tests.small_map import write_grid_map


@pytest.fixture
def town(tmp_path: Path) -> Region:
    source = MapSource(map=write_grid_map(tmp_path / "grid.osm"), residents="3000")
    import_city(tmp_path / "region.gpkg", PLANNER, source, name="Grid", time_zone="UTC", sandbox=True, now=NOON)
    region = open_region(tmp_path / "region.gpkg")
    with region.turn(PLANNER, now=NOON) as turn:
        turn.connection.execute(
            "INSERT INTO crew (id, name, people, hours_per_day, home_lon, home_lat, days_off) VALUES ('A', 'A', 2, 2.0, 20.0, 10.0, '[]')"
        )
    return region


def test_a_street_that_brought_candidates_is_worth_more_when_recruits_count(town: Region) -> None:
    streets = [
        row[0] for row in town.reader().execute("SELECT id FROM street WHERE kind = 'street' ORDER BY id LIMIT 3")
    ]
    work = [{"day": "2026-03-01", "crew": "A", "street": street, "promoter_hours": "12"} for street in streets]
    assert import_effort(town, LEAD, list(enumerate(work, start=2)), now=NOON).added == 3
    rows = [
        {"name": "王", "phone": phone(i), "street": streets[0], "made_at": format_moment(NOON - timedelta(days=1))}
        for i in range(12)
    ]
    assert (
        import_candidates(town, LEAD, list(enumerate(rows, start=2)), consent=FIRST_TEXT.version, now=NOON).added == 12
    )
    before = make_plan(town, LEAD, now=NOON, time_limit=1.0)
    change_rules(town, LEAD, plan_values="recruits", why="recruit_more", now=NOON)
    after = make_plan(town, LEAD, now=NOON, time_limit=1.0)
    assert after.figures["lawful"]
    assert after.objective > before.objective
    assert not any("candidates are expected" in one.reason for one in before.assignments)
    assert all("candidates are expected from its hours" in one.reason for one in after.assignments)
    assert before.figures["recruits"] is None
    assert after.figures["recruits"]["expected"] > 1.0
    worth = {one.street: one.value / one.hours for one in after.assignments}
    plain = {one.street: one.value / one.hours for one in before.assignments}
    assert all(worth[street] > plain[street] for street in worth.keys() & plain.keys())
    if streets[0] in worth:
        others = [worth[street] - plain[street] for street in worth.keys() & plain.keys() - {streets[0]}]
        assert worth[streets[0]] - plain.get(streets[0], 0.0) > max(others)


def test_a_plan_says_where_recruits_count_and_nothing_is_known_of_them(town: Region) -> None:
    plain = make_plan(town, LEAD, now=NOON, time_limit=1.0)
    change_rules(town, LEAD, plan_values="recruits", why="recruit_more", now=NOON)
    told = make_plan(town, LEAD, now=NOON, time_limit=1.0)
    assert told.figures["recruits"] == {"expected": None, "people_per_candidate": 20.0}
    assert told.objective == plain.objective
    assert not any("candidates" in one.reason for one in told.assignments)


def test_what_a_plan_counts_is_one_of_two_words(town: Region) -> None:
    with pytest.raises(BadInput, match="neither awareness nor recruits"):
        change_rules(town, LEAD, plan_values="money", why="x", now=NOON)
