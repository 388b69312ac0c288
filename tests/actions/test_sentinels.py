"""Finished streets that are asked again: a few a day, apart, by another crew, on the record."""

from datetime import timedelta

import pytest

from fieldops.actions.sentinels import choose_sentinels_of_day
from fieldops.errors import Forbidden
from fieldops.ids import ActorId, CrewId
from fieldops.people import Actor, Role
from fieldops.store.connect import Region
from fieldops.store.verify import verify
from tests.actions.test_decisions import DAY, YES, ask, settle
from tests.conftest import LEAD, NOON
from tests.towns import add_town

HOUR = timedelta(hours=1)


def finish(region: Region, *streets: int) -> None:
    for i in streets:
        ask(region, YES, prefix=f"f{i}-", street=f"S{i}")
    settle(region)


def test_three_finished_streets_a_day_one_of_each_triangle_first_by_a_crew_that_did_not_ask(region: Region) -> None:
    add_town(region, streets=12)
    finish(region, 0, 1, 3, 6)
    found = choose_sentinels_of_day(region, LEAD, seed=1, now=NOON + HOUR)
    assert len(found) == 3
    assert {one.street for one in found} >= {"S3", "S6"}
    assert {one.crew for one in found} == {"C1"}
    assert not any(one.done_by for one in found)


def test_asked_again_on_the_same_day_they_are_the_same_and_on_the_next_those_not_asked_for_longest(
    region: Region,
) -> None:
    add_town(region, streets=12)
    finish(region, 0, 3, 6, 9)
    first = choose_sentinels_of_day(region, LEAD, seed=1, now=NOON + HOUR)
    assert choose_sentinels_of_day(region, LEAD, seed=2, now=NOON + 2 * HOUR) == first
    for one in first:
        ask(
            region, [True] * 2, at=NOON + 2 * HOUR, prefix=f"again-{one.street}", street=one.street,
            promoters=["C1-0", "C1-1"],  # type: ignore[arg-type]
        )  # fmt: skip
    assert all(one.done_by for one in choose_sentinels_of_day(region, LEAD, now=NOON + 4 * HOUR))
    second = choose_sentinels_of_day(region, LEAD, seed=3, now=NOON + DAY)
    left = {"S0", "S3", "S6", "S9"} - {one.street for one in first}
    assert left <= {one.street for one in second}


def test_the_choice_is_on_the_record_and_a_row_without_its_event_is_found(region: Region) -> None:
    add_town(region)
    finish(region, 0)
    choose_sentinels_of_day(region, LEAD, now=NOON + HOUR)
    assert verify(region).violations == []
    with region.turn(LEAD, now=NOON + 2 * HOUR) as turn:
        turn.connection.execute("INSERT INTO sentinel VALUES ('2026-03-03', 'S1', NULL, '')")
    assert verify(region).violations


def test_where_nothing_is_finished_nothing_is_chosen_and_nothing_recorded(region: Region) -> None:
    add_town(region)
    assert choose_sentinels_of_day(region, LEAD, now=NOON) == []
    kinds = [row[0] for row in region.reader().execute("SELECT kind FROM event WHERE kind <> 'RowsSealed'")]
    assert "SentinelsChosen" not in kinds


def test_a_crew_chooses_none(region: Region) -> None:
    with pytest.raises(Forbidden):
        choose_sentinels_of_day(region, Actor(ActorId("p"), Role.CREW, CrewId("C0")), now=NOON)
