"""What is known of a street in the middle of a day: pushes, those of neighbours too, conversations and answers."""

from datetime import UTC, datetime

import pytest

from fieldops.awareness import Response, Standing
from fieldops.simulate.conditions import PLAIN
from fieldops.simulate.outlook import Outlook
from fieldops.simulate.policies import find_policy
from fieldops.simulate.run import BENCH, run_campaign
from fieldops.simulate.scenes import grid_scene
from fieldops.store.connect import create_memory_region

RESPONSE = Response()


def share(known: Standing) -> float:
    return known.alpha / (known.alpha + known.beta)


def test_what_neighbours_push_is_heard_on_a_street() -> None:
    quiet, beside = Outlook(1.75, 23.25, 400.0), Outlook(1.75, 23.25, 400.0)
    beside.spill(2.0)
    assert share(beside.now(RESPONSE, 16.2)) > share(quiet.now(RESPONSE, 16.2))
    own = Outlook(1.75, 23.25, 400.0)
    own.push(2.0)
    assert share(own.now(RESPONSE, 0.0)) == pytest.approx(share(beside.now(RESPONSE, 0.0)), rel=1e-6)


def test_few_conversations_in_an_hour_say_that_the_street_is_slow() -> None:
    few, many = Outlook(1.75, 23.25, 400.0), Outlook(1.75, 23.25, 400.0)
    few.push(4.0, 30)
    many.push(4.0, 90)
    assert few.now(RESPONSE, 16.2).reach(RESPONSE) > 1.3 * many.now(RESPONSE, 16.2).reach(RESPONSE)


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
