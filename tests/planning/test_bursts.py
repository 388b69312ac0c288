"""Bursts: 7 to 15 days, one start for all zones of a burst, never more people than there are, done as soon as can be."""

from itertools import pairwise, product
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.errors import BadInput
from fieldops.planning.burstcheck import burst_violations
from fieldops.planning.bursts import (
    Busy,
    Schedule,
    Slot,
    ZoneWork,
    hours_around,
    nights_waited,
    parts_needed,
    people_needed,
    pooled_hours,
    schedule_bursts,
)
from fieldops.rules import Rules


def zone(name: str, hours: float, *, not_before: int = 0) -> ZoneWork:
    return ZoneWork(name, needed(hours), not_before)


def needed(hours: float) -> dict[int, int]:
    """People by days, where each night of waiting costs 1.4 % more hours."""
    return {
        days: people_needed(hours * (1 + 0.014 * nights_waited(days)), days, hours_per_day=6.0) for days in range(7, 16)
    }


def used(found: Schedule, day: int) -> int:
    return sum(slot.people for slot in found.slots if slot.start <= day < slot.start + slot.days)


def fewest_days(zones: list[ZoneWork], people: int) -> int:
    """The days by trying every start and length of every zone, without the wish that bursts start days apart."""
    best = 60
    for starts in product(range(31), repeat=len(zones) - 1):
        for lengths in product(range(7, 16), repeat=len(zones)):
            ends = max(s + d for s, d in zip((0, *starts), lengths, strict=True))
            if ends >= best:
                continue
            needs = [z.people[d] for z, d in zip(zones, lengths, strict=True)]
            spans = list(zip((0, *starts), lengths, needs, strict=True))
            if all(sum(p for s, d, p in spans if s <= day < s + d) <= people for day in range(ends)):
                best = ends
    return best


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(50, 3000), min_size=1, max_size=8), st.integers(40, 120))
def test_every_schedule_keeps_the_rules(hours: list[float], people: int) -> None:
    zones = [zone(f"Z{i}", h) for i, h in enumerate(hours)]
    found = schedule_bursts(zones, people, time_limit=0.5)
    assert sorted(slot.name for slot in found.slots) == sorted(z.name for z in zones)
    of = {z.name: z for z in zones}
    assert all(7 <= slot.days <= 15 for slot in found.slots)  # RULE 14
    assert all(slot.people == of[slot.name].people[slot.days] for slot in found.slots)  # fully manned
    assert max(used(found, day) for day in range(found.days)) <= people
    starts = sorted({slot.start for slot in found.slots})
    assert all(later - one >= 7 for one, later in pairwise(starts))
    assert found.bound_days <= found.days
    assert burst_violations(zones, found.slots, people, days=(7, 15)) == []


@pytest.mark.parametrize(("hours", "people"), [((900.0, 900.0), 30), ((1000.0, 300.0), 24), ((500.0, 500.0), 40)])
def test_nothing_is_done_sooner_than_the_bound(hours: tuple[float, ...], people: int) -> None:
    zones = [zone(f"Z{i}", h) for i, h in enumerate(hours)]
    found, best = schedule_bursts(zones, people, time_limit=5.0), fewest_days(zones, people)
    assert found.bound_days <= best <= found.days
    assert found.days <= best + 1  # the wish that bursts start a week apart costs a day at most here


def test_zones_that_fit_together_start_together() -> None:
    found = schedule_bursts([zone("A", 400.0), zone("B", 400.0)], 20, time_limit=1.0)
    assert [(slot.start, slot.days) for slot in found.slots] == [(0, 7), (0, 7)]
    assert (found.days, found.bound_days, found.status) == (7, 7, "optimal")


def test_a_zone_larger_than_everybody_is_refused_with_its_cure() -> None:
    with pytest.raises(
        BadInput, match=r"zone BIG needs .* people in the longest burst, and there are 5; split the zone"
    ):
        schedule_bursts([zone("BIG", 3000.0)], 5)
    with pytest.raises(BadInput, match="nobody"):
        schedule_bursts([zone("A", 10.0)], 0)
    assert parts_needed(35, 10) == 4
    assert parts_needed(10, 10) == 1


def test_people_in_a_running_burst_are_not_given_twice() -> None:
    found = schedule_bursts([zone("A", 400.0)], 12, busy=[Busy(8, 5)], time_limit=2.0)
    assert all(used(found, day) + 8 <= 12 for day in range(5))
    assert found.slots[0].start >= 5 or found.slots[0].people <= 4


def test_a_zone_waits_for_its_day() -> None:
    found = schedule_bursts([zone("A", 100.0), zone("B", 100.0, not_before=9)], 50, time_limit=2.0)
    assert next(slot.start for slot in found.slots if slot.name == "B") >= 9


def test_longer_bursts_need_fewer_people_and_more_hours() -> None:
    people = list(needed(2000.0).values())
    assert people == sorted(people, reverse=True)
    assert people[-1] * 15 > people[0] * 7  # what is forgotten while it waits is told again
    assert people_needed(0.0, 7, hours_per_day=6.0) == 0


def test_nothing_to_do_takes_no_day() -> None:
    assert schedule_bursts([], 10) == Schedule((), 0, 0, "optimal")


@pytest.mark.parametrize(
    ("slots", "sentence"),
    [
        ((), "A is pushed 0 times, not once"),
        ((Slot("A", 0, 7, 10), Slot("A", 7, 7, 10)), "A is pushed 2 times, not once"),
        ((Slot("A", 0, 7, 10), Slot("B", 0, 7, 1)), "B is no zone of these"),
        ((Slot("A", 0, 6, 12),), "A is pushed for 6 days, not 7 to 15"),
        ((Slot("A", 0, 7, 9),), "A has 9 people and needs 10: half-manned"),
        ((Slot("A", 0, 7, 30),), "on day 0 more than 20 people are pushing"),
    ],
)
def test_the_checker_names_what_is_unlawful(slots: tuple[Slot, ...], sentence: str) -> None:
    zones = [zone("A", 400.0)]
    assert zones[0].people[7] == 10
    assert sentence in burst_violations(zones, slots, 20, days=(7, 15))
    late = [zone("A", 400.0, not_before=3)]
    assert burst_violations(late, (Slot("A", 1, 7, 10),), 20, days=(7, 15)) == ["A starts on day 1, before day 3"]
    assert burst_violations(zones, (Slot("A", 0, 7, 10),), 17, days=(7, 15), busy=[Busy(8, 2)])


def test_a_zone_needs_the_hours_to_be_expected_and_one_reserve_for_all_its_streets() -> None:
    assert pooled_hours([10.0] * 9, [4.0] * 9, probability=0.8) == pytest.approx(
        90.0 + NormalDist().inv_cdf(0.8) * 12.0
    )
    assert pooled_hours([10.0, 5.0], [0.0, 0.0], probability=0.95) == 15.0
    assert pooled_hours([10.0], [4.0], probability=0.3) == 10.0  # what is to be expected is needed in any case
    assert pooled_hours([], [], probability=0.8) == 0.0


def test_set_up_the_way_from_the_nearest_street_and_the_points_test_count_in_a_zones_hours() -> None:
    rules = Rules(setup_minutes=30.0, walk_speed_km_h=5.0, survey_minutes=2.0)  # a point's test is an hour
    north = 1000.0 / 111_195.0
    found = hours_around([(20.0, 10.0), (20.0, 10.0 + north), (20.0, 10.0 + 3 * north)], ["T0", "T0", None], rules=rules, crew_people=4.0)  # fmt: skip
    assert found == pytest.approx([2.0 + 4 * 1.3 / 5 + 0.5, 2.0 + 4 * 1.3 / 5 + 0.5, 2.0 + 4 * 2.6 / 5])
    assert hours_around([(20.0, 10.0)], [None], rules=rules, crew_people=1.0) == [0.5]
