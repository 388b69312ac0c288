"""How long a crew pushes each street, and when it asks: by what was told, counted and asked until the moment."""

from datetime import timedelta

import numpy as np
import pytest

from fieldops.actions.city import plant_city
from fieldops.actions.claims import make_claim
from fieldops.actions.decisions import decide
from fieldops.actions.effort import import_effort
from fieldops.actions.people import import_crews
from fieldops.actions.pushing import PushOrder, Say, push_orders
from fieldops.actions.rules import change_rules
from fieldops.actions.surveys import record_surveys
from fieldops.errors import Forbidden, NotFound
from fieldops.ids import ActorId, CrewId, StreetId
from fieldops.people import Actor, Role
from fieldops.simulate.grid import make_grid_city
from fieldops.store.connect import Region
from tests.conftest import LEAD, NOON, PLANNER
from tests.towns import numbered, survey_rows

A, B = CrewId("A"), CrewId("B")
DAY = timedelta(days=1)
# Two triangles of four streets: columns 0 and 1 of the first two rows, and columns 2 and 3.
FIRST = [StreetId(f"S{y:03d}-{x:03d}") for y in (0, 1) for x in (0, 1)]
SECOND = [StreetId(f"S{y:03d}-{x:03d}") for y in (0, 1) for x in (2, 3)]


@pytest.fixture
def grid(region: Region) -> Region:
    """A city of 4 x 4 streets and two crews; A holds the streets of the first triangle."""
    plant_city(region, PLANNER, make_grid_city(4, np.random.default_rng(1)), now=NOON)
    crews = [
        {"crew": c, "name": c, "people": "4", "hours_per_day": "6", "home_lon": "-30", "home_lat": "28"} for c in (A, B)
    ]
    import_crews(region, PLANNER, numbered(crews), strict=True, now=NOON)
    for street in FIRST:
        make_claim(region, LEAD, street=street, crew=A, now=NOON)
    return region


def orders(region: Region, crew: CrewId = A, days: int = 0) -> dict[StreetId, PushOrder]:
    return {one.street: one for one in push_orders(region, LEAD, crew, now=NOON + days * DAY)}


def work(region: Region, hours: dict[StreetId, float], *, days: int = 0, crew: CrewId = A, contacts: str = "") -> None:
    day = f"2026-03-0{2 + days}"
    rows = [
        {"day": day, "crew": crew, "street": street, "promoter_hours": str(told), "contacts": contacts}
        for street, told in hours.items()
    ]
    done = import_effort(region, LEAD, numbered(rows), now=NOON + days * DAY)
    assert not done.rejected, done.rejected


def ask(region: Region, knows: int, asked: int, *, days: int, **place: str) -> None:
    rows = survey_rows(
        [i < knows for i in range(asked)], at=NOON + days * DAY, prefix=f"p{days}-", promoters=("A-0", "A-1"),
        minutes=1.0, phase="after", **place,
    )  # fmt: skip
    clustered = [row | {"cluster": "ABCDEFGH"[i // 10 % 8]} for i, row in enumerate(rows)]
    record_surveys(
        region, LEAD, numbered(clustered), unknown_promoters=True, now=NOON + days * DAY + timedelta(hours=2)
    )
    decide(region, LEAD, now=NOON + days * DAY + timedelta(hours=2))


def test_a_crew_is_told_hours_for_its_own_streets_only_those_with_most_first(grid: Region) -> None:
    told = push_orders(grid, LEAD, A, now=NOON)
    assert {one.street for one in told} == set(FIRST)
    assert all(one.say is Say.PUSH and one.hours > 1.0 for one in told)
    assert [one.hours for one in told] == sorted((one.hours for one in told), reverse=True)
    assert push_orders(grid, LEAD, B, now=NOON) == ()


def test_hours_that_were_told_are_hours_that_are_left_out(grid: Region) -> None:
    before, street = orders(grid), FIRST[0]
    work(grid, {street: 3.0})
    after = orders(grid)
    assert after[street].hours < before[street].hours - 1.5


def test_hours_next_door_save_hours_here_whoever_worked_them(grid: Region) -> None:
    before = orders(grid)
    work(grid, dict.fromkeys(SECOND, 9.0), crew=B)
    after = orders(grid)
    beside, far = StreetId("S000-001"), StreetId("S000-000")
    assert after[beside].hours < before[beside].hours
    assert after[far].hours == pytest.approx(before[far].hours, rel=0.15)


def test_conversations_counted_on_a_street_tell_how_fast_it_is(grid: Region) -> None:
    street = FIRST[0]
    work(grid, dict.fromkeys(SECOND, 2.0), crew=B, contacts="32")
    work(grid, {street: 2.0}, contacts="12")
    slow = orders(grid)[street].hours
    work(grid, {street: 2.0}, contacts="60")
    assert orders(grid)[street].hours < slow - 1.0


def test_when_everything_around_a_point_is_pushed_the_point_is_asked(grid: Region) -> None:
    work(grid, dict.fromkeys(FIRST[:3], 30.0))
    told = orders(grid)
    assert told[FIRST[3]].say is Say.PUSH
    assert {told[street].say for street in FIRST[:3]} == {Say.ENOUGH}
    work(grid, {FIRST[3]: 30.0})
    assert {one.say for one in orders(grid).values()} == {Say.ASK_POINT}


def test_where_the_point_says_push_on_and_no_push_is_worth_it_each_street_is_asked_itself(grid: Region) -> None:
    work(grid, dict.fromkeys(FIRST, 60.0))
    ask(grid, 3, 50, days=1, triangle="T000-000")
    work(grid, dict.fromkeys(FIRST, 60.0), days=1)
    told = orders(grid, days=2)
    assert {one.say for one in told.values()} == {Say.ASK}
    assert {one.hours for one in told.values()} == {0.0}


def test_streets_that_have_moved_on_are_nobodys_to_push(grid: Region) -> None:
    work(grid, dict.fromkeys(FIRST, 9.0))
    ask(grid, 20, 30, days=1, triangle="T000-000")
    assert orders(grid, days=2) == {}


def test_the_price_of_an_hour_is_a_setting_of_the_region(grid: Region) -> None:
    cheap = orders(grid)
    change_rules(grid, PLANNER, why="hours_are_dear", now=NOON, push_hour_price=0.6)
    dear = orders(grid)
    assert sum(one.hours for one in dear.values()) < 0.8 * sum(one.hours for one in cheap.values())


def test_a_crew_asks_for_itself_only(grid: Region) -> None:
    phone = Actor(ActorId("phone"), Role.CREW, A)
    assert push_orders(grid, phone, A, now=NOON)
    with pytest.raises(Forbidden):
        push_orders(grid, phone, B, now=NOON)
    with pytest.raises(NotFound):
        push_orders(grid, LEAD, CrewId("nobody"), now=NOON)
