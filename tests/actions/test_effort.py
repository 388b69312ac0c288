"""Effort comes in: whose, where, how many hours, and corrections."""

import pytest

from fieldops.actions.effort import import_effort
from fieldops.errors import RowsRefused
from fieldops.ids import ActorId, CrewId
from fieldops.people import Actor, Role
from fieldops.store.connect import Region
from tests.actions.test_venues import VENUE, venues
from tests.conftest import LEAD, NOON
from tests.towns import add_town, numbered

ROW = {"day": "2026-03-01", "crew": "C0", "street": "S1", "promoter_hours": "12.5"}


def take(region: Region, *rows: dict[str, str], actor: Actor = LEAD, strict: bool = False) -> dict[str, object]:
    return import_effort(region, actor, numbered(rows), strict=strict, now=NOON).to_json()


def stored(region: Region) -> list[tuple[object, ...]]:
    query = "SELECT day, crew_id, street_id, venue_id, promoter_hours, contacts FROM effort ORDER BY street_id"
    return [tuple(row) for row in region.reader().execute(query)]


def test_a_second_row_of_the_same_day_crew_and_place_corrects_the_first(region: Region) -> None:
    add_town(region)
    done = [take(region, ROW), take(region, ROW), take(region, {**ROW, "promoter_hours": "10", "contacts": "80"})]
    assert [(one["added"], one["updated"], one["unchanged"]) for one in done] == [(1, 0, 0), (0, 0, 1), (0, 1, 0)]
    assert stored(region) == [("2026-03-01", "C0", "S1", None, 10.0, 80)]


def test_hours_at_a_venue_count_for_the_street_on_which_it_stands(region: Region) -> None:
    add_town(region)
    venues(region, VENUE)
    take(region, {**ROW, "street": "", "venue": "V1"})
    assert [row[2:4] for row in stored(region)] == [("S0", "V1")]


BAD = [
    ({"day": "2026-03-03"}, "day"), ({"day": ""}, "day"), ({"day": "1.3.2026"}, "day"), ({"crew": "none"}, "crew"),
    ({"street": "none"}, "street"), ({"street": ""}, "street"), ({"street": "", "venue": "none"}, "venue"),
    ({"promoter_hours": "0"}, "promoter_hours"), ({"promoter_hours": "-3"}, "promoter_hours"),
    ({"promoter_hours": "121"}, "promoter_hours"), ({"contacts": "1.5"}, "contacts"), ({"contacts": "-1"}, "contacts"),
]  # fmt: skip


def test_effort_that_cannot_be_is_refused_by_its_field_and_the_others_go_on(region: Region) -> None:
    add_town(region)
    done = take(region, *({**ROW, **change} for change, _ in BAD), ROW)
    assert [one["field"] for one in done["rejected"]] == [field for _, field in BAD]  # type: ignore[attr-defined, index, union-attr]
    assert done["added"] == 1


def test_today_is_the_citys_day(region: Region) -> None:
    add_town(region)
    late = NOON.replace(hour=17)  # 01:00 of the next day in Shanghai
    assert import_effort(region, LEAD, numbered([{**ROW, "day": "2026-03-03"}]), now=late).added == 1


def test_the_same_place_twice_in_one_file_is_refused(region: Region) -> None:
    add_town(region)
    done = take(region, ROW, {**ROW, "promoter_hours": "3"})
    assert (done["added"], done["refused"]) == (1, 1)


def test_a_crew_hands_in_its_own_effort_only(region: Region) -> None:
    add_town(region)
    crew = Actor(ActorId("c"), Role.CREW, CrewId("C1"))
    done = take(region, ROW, {**ROW, "crew": "C1"}, actor=crew)
    assert (done["added"], [one["field"] for one in done["rejected"]]) == (1, ["crew"])  # type: ignore[attr-defined, index, union-attr]


def test_a_strict_import_with_a_bad_row_stores_nothing(region: Region) -> None:
    add_town(region)
    with pytest.raises(RowsRefused):
        take(region, ROW, {**ROW, "crew": "none"}, strict=True)
    assert stored(region) == []
