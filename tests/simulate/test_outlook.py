"""What a phone knows of a street: conversations tell how many know, within limits, and neighbours' pushes are heard."""

from datetime import UTC, datetime

import pytest

from fieldops.awareness import Response
from fieldops.ids import PromoterId
from fieldops.simulate.conditions import PLAIN
from fieldops.simulate.office import Map, Office
from fieldops.simulate.outlook import Outlook, Standing, Talk
from fieldops.simulate.policies import find_policy
from fieldops.simulate.run import BENCH, run_campaign
from fieldops.simulate.scenes import grid_scene
from fieldops.simulate.town import World
from fieldops.store.connect import create_memory_region

RESPONSE = Response()


def share(known: Standing) -> float:
    return known.alpha / (known.alpha + known.beta)


def pushed(knew: int, met: int) -> Standing:
    outlook = Outlook(1.75, 23.25, 400.0)
    outlook.push(4.0, 80, knew, met)
    return outlook.now(RESPONSE, 16.2)


def test_conversations_with_people_who_knew_already_tell_how_many_know() -> None:
    nothing = pushed(0, 0)
    assert share(pushed(4, 80)) < share(nothing) < share(pushed(20, 80))
    assert pushed(8, 80).alpha + pushed(8, 80).beta > nothing.alpha + nothing.beta


def test_however_many_conversations_never_tell_all_because_who_talks_is_no_sample() -> None:
    some, many = pushed(10, 100), pushed(10_000, 100_000)
    assert many.alpha + many.beta < 2.5 * (some.alpha + some.beta)


def test_what_neighbours_push_is_heard_on_a_street() -> None:
    quiet, beside = Outlook(1.75, 23.25, 400.0), Outlook(1.75, 23.25, 400.0)
    beside.spill(2.0)
    assert share(beside.now(RESPONSE, 16.2)) > share(quiet.now(RESPONSE, 16.2))
    own = Outlook(1.75, 23.25, 400.0)
    own.push(2.0)
    assert share(own.now(RESPONSE, 0.0)) == pytest.approx(share(beside.now(RESPONSE, 0.0)), rel=1e-6)


def test_tests_tell_how_far_conversations_mislead_and_the_forecast_follows() -> None:
    talk = Talk()
    for _ in range(20):
        talk.compare(0.15, 9, 40)  # 22 % of passers-by know where 15 % were expected from what talkers said
    assert 0.2 < talk.shift < 2.0
    outlook, other = Outlook(1.75, 23.25, 400.0), Outlook(1.75, 23.25, 400.0)
    outlook.push(4.0, 80, 12, 80)
    other.push(4.0, 80, 12, 80)
    assert share(outlook.now(RESPONSE, 16.2, talk.shift)) > share(other.now(RESPONSE, 16.2)) + 0.01
    right = Talk()
    for _ in range(20):
        right.compare(0.15, 6, 40)
    assert right.shift == 0.0


def test_points_are_tested_before_the_first_push_around_them_in_some_triangles_only() -> None:
    before = {}
    for scouts in (0, 2):
        scene = grid_scene(city=1, seed=1, conditions=PLAIN, side=4, crews=1, days=5)
        region = create_memory_region(BENCH, now=datetime(2026, 3, 1, tzinfo=UTC))
        run_campaign(scene, find_policy(f"ours:scouts={scouts}"), region=region)
        found = region.reader().execute(
            "SELECT count(*) FROM measurement WHERE phase = 'arrival' AND triangle_id IS NOT NULL"
        )
        before[scouts] = found.fetchone()[0]
        region.close()
    assert before[2] >= before[0] + 1
    assert before[2] <= 4


def test_a_promoter_whose_taps_stand_out_is_not_heeded() -> None:
    scene = grid_scene(city=1, seed=1, conditions=PLAIN, side=3, crews=1, days=2)
    region = create_memory_region(BENCH, now=datetime(2026, 3, 1, tzinfo=UTC))
    run_campaign(scene, find_policy("fixed-hours:first=3"), region=region)
    office = Office(region, BENCH, Map.of(scene.town, scene.town.people), datetime(2026, 3, 4, 9, tzinfo=UTC))
    honest = {PromoterId(f"h{i}"): (3, 30) for i in range(3)}
    office.note_push(0, 6.0, 120, honest | {PromoterId("liar"): (15, 30)})
    assert sum(met for _, _, met in office.outlook(0).talks) == 90
    office.note_push(1, 6.0, 120, honest | {PromoterId("fourth"): (4, 30)})
    assert sum(met for _, _, met in office.outlook(1).talks) == 120
    region.close()


def test_those_who_stop_to_talk_know_about_as_often_as_the_street() -> None:
    town = grid_scene(city=1, seed=1, conditions=PLAIN, side=10).town
    world = World(town, PLAIN, 1)
    heard = [world.knew(street, 100, 0.2) for street in range(100)]
    assert 0.12 < sum(heard) / 10_000 < 0.30  # the city's own bias
    assert heard == [World(town, PLAIN, 1).knew(street, 100, 0.2) for street in range(100)]
