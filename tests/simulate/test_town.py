"""The hidden truth: days add up, passers-by repeat, the bound is a bound."""

import numpy as np
import pytest

from fieldops.awareness import next_day
from fieldops.city.model import check_frame
from fieldops.errors import BadInput
from fieldops.simulate.bound import needed_hours, omniscient_bound
from fieldops.simulate.conditions import PLAIN, Conditions
from fieldops.simulate.grid import make_grid_city
from fieldops.simulate.scenes import grid_scene
from fieldops.simulate.town import World


def test_a_grid_city_follows_the_schema_of_cities() -> None:
    city = make_grid_city(5, np.random.default_rng(1))
    for name in ("nodes", "segments", "streets", "buildings", "gates", "venues", "hubs", "triangles", "zones"):
        check_frame(name, getattr(city, name))
    assert len(city.streets) == 25
    assert set(city.streets["triangle"]) == set(city.triangles["triangle"])


def test_a_street_of_the_grid_touches_those_beside_above_and_below_it() -> None:
    town = grid_scene(city=1, seed=1, conditions=PLAIN, side=4).town
    middle = town.neighbours[[5]].indices.tolist()
    assert sorted(middle) == [1, 4, 6, 9]
    assert sorted(town.neighbours[[0]].indices.tolist()) == [1, 4]


def test_pushes_of_a_day_in_any_order_give_the_day_of_the_model() -> None:
    town = grid_scene(city=2, seed=1, conditions=PLAIN, side=4).town
    hours = np.random.default_rng(3).uniform(0, 4, 16)
    world = World(town, PLAIN, 1)
    for street in np.random.default_rng(4).permutation(16).tolist():
        world.push(street, hours[street] / 2, hour=12)
        world.push(street, hours[street] / 2, hour=13)
    world.night()
    told = next_day(town.awareness, hours, town.people, town.neighbours, town.response, factors=town.factor)
    np.testing.assert_allclose(world.awareness, told, rtol=1e-12)


def test_two_policies_on_one_seed_meet_the_same_people() -> None:
    town = grid_scene(city=1, seed=9, conditions=PLAIN, side=4).town
    one, other = World(town, PLAIN, 9), World(town, PLAIN, 9)
    other.ask(3, 40)  # what is asked elsewhere changes nobody here
    assert one.ask(7, 60) == other.ask(7, 20) + other.ask(7, 40)
    assert World(town, PLAIN, 10).ask(7, 60) != World(town, PLAIN, 9).ask(7, 60)


def test_venues_make_hours_outside_their_opening_worth_less() -> None:
    town = grid_scene(city=1, seed=1, conditions=PLAIN, side=6).town
    world = World(town, Conditions(venue_share=0.3), 1)
    street = int(np.flatnonzero(town.venues)[0])
    assert world.rate(street, 12.0) == 1.0
    assert world.rate(street, 9.0) == pytest.approx(0.7)
    assert world.rate(street, 9.0, 2.0) == pytest.approx(0.85)
    assert world.rate(street, 19.5, 2.0) == pytest.approx(1 - 0.3 * 0.75)
    assert world.rate(int(np.flatnonzero(~town.venues)[0]), 9.0) == 1.0


def test_without_spill_over_and_set_up_the_bound_is_the_sum_of_what_streets_need() -> None:
    scene = grid_scene(city=1, seed=1, conditions=PLAIN, side=4)
    bound = omniscient_bound(scene.town, target=0.2, setup_hours=0.0)
    assert bound.alone == pytest.approx(needed_hours(scene.town, 0.2).sum())
    assert bound.pushing < bound.alone  # neighbours help
    with_setup = omniscient_bound(scene.town, target=0.2, setup_hours=4 / 3)
    assert bound.pushing < with_setup.with_setup <= bound.pushing + 16 * 4 / 3 + 1e-6


def test_pushing_what_the_bound_says_without_spill_over_reaches_the_target_exactly() -> None:
    town = grid_scene(city=1, seed=1, conditions=PLAIN, side=4).town
    world = World(town, PLAIN, 1)
    street = int(np.argmax(needed_hours(town, 0.2)))
    world.push(street, float(needed_hours(town, 0.2)[street]), hour=12)
    assert world.awareness[street] == pytest.approx(0.2)
    assert world.missing_hours(street, 0.2) == pytest.approx(0.0, abs=1e-9)


def test_conditions_refuse_what_cannot_be() -> None:
    with pytest.raises(BadInput, match="no_show"):
        Conditions(no_show=1.5)
    with pytest.raises(BadInput, match="sunshine"):
        Conditions.from_json({"sunshine": 1.0})
