"""A zone walked in a day: every open street once, nobody beyond its day, a bound; nothing is stored."""

from datetime import date

import pytest

from fieldops.actions.zonewalks import ZoneDay, walk_zone
from fieldops.errors import BadInput, NotFound
from fieldops.ids import CrewId, ZoneId
from fieldops.store.connect import Region
from tests.actions.test_plans import town  # noqa: F401  # a fixture
from tests.actions.test_walks import claimed  # noqa: F401  # a fixture
from tests.conftest import LEAD, NOON

A, B = CrewId("A"), CrewId("B")


def zone_of(region: Region) -> ZoneId:
    row = region.reader().execute("SELECT zone_id FROM street GROUP BY zone_id ORDER BY count(*) DESC, 1").fetchone()
    return ZoneId(row[0])


def walked(region: Region, *crews: CrewId, minutes: float = 0.0) -> ZoneDay:
    return walk_zone(region, LEAD, zone_of(region), crews=crews, minutes=minutes, time_limit=0.8, now=NOON)


def test_every_open_street_of_the_zone_is_walked_and_every_crew_is_home_in_time(town: Region) -> None:  # noqa: F811  # the fixture
    events = town.reader().execute("SELECT count(*) FROM event").fetchone()[0]
    made = walked(town, A, B)
    inside = {
        row[0] for row in town.reader().execute("SELECT id FROM street WHERE zone_id = ?", (zone_of(town),)).fetchall()
    }
    shared = [street for crew in made.crews for street, _ in crew.streets]
    assert set(shared) | {street for street, _, _ in made.left_out} == inside
    assert all(crew.minutes <= crew.minutes_at_hand for crew in made.crews)
    assert made.length_m == pytest.approx(sum(crew.length_m for crew in made.crews), abs=1.0)
    assert 0 < made.bound_m <= made.length_m
    assert made.gap < 0.25
    assert made.day == date(2026, 3, 2)
    assert town.reader().execute("SELECT count(*) FROM event").fetchone()[0] == events  # nothing was stored


def test_the_crews_that_hold_its_streets_walk_a_zone_where_none_are_named(claimed: Region) -> None:  # noqa: F811  # the fixture
    holders = {row[0] for row in claimed.reader().execute(
        "SELECT crew_id FROM claim JOIN street ON street.id = street_id WHERE zone_id = ?", (zone_of(claimed),)
    )}  # fmt: skip
    assert {crew.crew for crew in walked(claimed).crews} == holders


def test_a_zone_without_crews_or_larger_than_their_day_is_refused_with_the_reason(town: Region) -> None:  # noqa: F811  # the fixture
    with pytest.raises(BadInput, match="no crew holds a street of it"):
        walked(town)
    with pytest.raises(BadInput, match="are off"):
        walked(town, CrewId("OFF"))
    with pytest.raises(
        BadInput, match=r"the zone takes \d+, its crews have 120 in a day|more than the day of any crew"
    ):
        walked(town, A, minutes=60.0)
    with pytest.raises(NotFound):
        walk_zone(town, LEAD, ZoneId("nowhere"), crews=[A], now=NOON)
    with pytest.raises(NotFound):
        walked(town, CrewId("NOBODY"))
