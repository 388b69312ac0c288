"""Whom nobody may contact: the list on phones, and the lead who lifts it with a reason."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fieldops.actions.doors import lift_closed, list_closed
from fieldops.actions.phone import read_day
from fieldops.errors import BadInput, Forbidden, NotFound
from fieldops.ids import PromoterId
from fieldops.store.connect import Region
from fieldops.store.verify import verify
from tests.conftest import LEAD, NOON
from tests.phone_town import make_phone_town
from tests.phones import Phone, Told, crew_actor

MINUTE = timedelta(minutes=1)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Region]:
    made = make_phone_town(tmp_path / "region.gpkg")
    yield made
    made.close()


def asked(town: Region) -> list[Told]:
    phone = Phone()
    told = [
        phone.make(NOON, street="S0", what="do_not_contact", door="3-502"),
        phone.make(NOON + MINUTE, street="S0", what="do_not_contact", door="3-502"),
        phone.make(NOON, venue="V1", what="do_not_contact"),
    ]
    phone.send(town, told, NOON + MINUTE)
    return told


def test_a_lead_lifts_a_door_with_a_reason_and_its_phones_show_it_as_any_other(town: Region) -> None:
    asked(town)
    door, venue = sorted(list_closed(town, LEAD), key=lambda one: one.door, reverse=True)
    assert (door.label, door.door, len(door.records)) == ("解放东路", "3-502", 2)
    assert venue.label == "星光影院"
    lift_closed(town, LEAD, door.records[1], why="moved_away", now=NOON + 2 * MINUTE)
    lift_closed(town, LEAD, venue.records[0], why="mistake", now=NOON + 2 * MINUTE)
    assert list_closed(town, LEAD) == []
    day = read_day(town, crew_actor(), PromoterId("C0-0"), now=NOON + 2 * MINUTE)
    assert day.held[0].doors == ()
    assert "V1" in {stop.venue for stop in day.stops}
    facts = (
        town.reader().execute("SELECT why, facts FROM event WHERE kind = 'DoNotContactLifted' ORDER BY seq").fetchall()
    )
    assert [row[0] for row in facts] == ["moved_away", "mistake"]
    assert verify(town).violations == []


def test_what_was_recorded_while_it_held_stays_marked_and_what_comes_after_is_not(town: Region) -> None:
    asked(town)
    lift_closed(town, LEAD, list_closed(town, LEAD)[0].records[0], why="mistake", now=NOON + 10 * MINUTE)
    phone = Phone(device="D1")
    made = [phone.make(NOON + i * MINUTE, street="S0", what="not_home", door="3-502") for i in (5, 15)]
    done = phone.send(town, made, NOON + 20 * MINUTE)
    assert [one.marks for one in done.answers] == [("do_not_contact",), ()]


def test_a_door_that_asks_again_is_closed_again(town: Region) -> None:
    asked(town)
    door = next(one for one in list_closed(town, LEAD) if one.door)
    lift_closed(town, LEAD, door.records[0], why="mistake", now=NOON + 10 * MINUTE)
    phone = Phone(device="D1")
    phone.send(
        town, [phone.make(NOON + 20 * MINUTE, street="S0", what="do_not_contact", door="3-502")], NOON + 20 * MINUTE
    )
    assert [one.door for one in list_closed(town, LEAD) if one.door] == ["3-502"]


def test_nobody_but_a_lead_lifts_it_and_never_without_a_reason(town: Region) -> None:
    told = asked(town)
    record = str(told[0]["id"])
    with pytest.raises(Forbidden):
        lift_closed(town, crew_actor(), record, why="mistake", now=NOON + MINUTE)
    with pytest.raises(BadInput):
        lift_closed(town, LEAD, record, why=" ", now=NOON + MINUTE)
    with pytest.raises(NotFound):
        lift_closed(town, LEAD, "none", why="mistake", now=NOON + MINUTE)
    assert len(list_closed(town, LEAD)) == 2
