"""People: sums are met, nobody is nowhere, guesses have wide intervals."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.city.metres import Plane
from fieldops.city.population import SPREAD, People, Residents, Samples, Units, estimate_people
from fieldops.errors import BadInput

PLANE = Plane(117.2, 28.3)


def units(walk: list[float], homes: list[float], area: list[float] | None = None) -> Units:
    return Units(
        np.array(walk),
        np.array(homes),
        np.array(area or [0.0] * len(walk)),
        [{f"street {i}"} for i in range(len(walk))],
    )


def samples(places: list[tuple[float, float, int, float]]) -> Samples:
    x, y, unit, people = zip(*places, strict=True)
    return Samples(np.asarray(shapely.points(x, y), dtype=object), np.array(unit), np.array(people, dtype=float))


NOWHERE = samples([(0, 0, 0, 1)])


def estimate(of: Units, residents: Residents | None = None, where: Samples = NOWHERE) -> People:
    return estimate_people(of, where, residents, PLANE, chinese=True)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.floats(30, 800), st.floats(0, 5000)), min_size=1, max_size=20), st.integers(50, 1_000_000))
def test_a_total_is_met_exactly_and_every_street_has_somebody(town: list[tuple[float, float]], total: int) -> None:
    found = estimate(units([walk for walk, _ in town], [homes for _, homes in town]), total)
    assert found.people.sum() == pytest.approx(total)
    assert (found.people > 0).all()
    assert (found.low < found.people).all()
    assert (found.people < found.high).all()


def test_a_fully_mapped_town_is_only_scaled_by_a_total() -> None:
    found = estimate(units([100, 100, 100], [300, 600, 900]), 2000)
    assert found.people[2] / found.people[0] == pytest.approx(3, rel=1e-6)
    assert found.source.tolist() == ["total"] * 3


def test_streets_without_homes_grow_with_the_others_when_a_total_says_that_more_people_live_there() -> None:
    without, total = estimate(units([500, 500], [0, 800])), 1950  # half as many again as 500 by length and 800 in homes
    assert without.people.tolist() == [500, 800]
    assert estimate(units([500, 500], [0, 800]), total).people.tolist() == pytest.approx([750, 1200])


def test_a_thinly_mapped_town_gives_the_rest_to_its_streets_by_length() -> None:
    found = estimate(units([100, 300, 0], [0, 0, 200]), 4000)
    assert found.people.tolist() == pytest.approx([900, 2700, 400])  # homes are stretched twofold, no further
    assert found.source.tolist() == ["length", "length", "total"]


def test_a_guess_by_length_has_a_wider_interval_than_one_by_homes_and_a_file_the_narrowest() -> None:
    guess = estimate(units([500, 500, 0], [0, 800, 0], [0, 0, 10_000]))
    assert guess.source.tolist() == ["length", "buildings", "area"]
    width = guess.high / guess.low
    assert width[0] > width[2] > width[1]
    table = pd.DataFrame({"street": ["Street 1"], "people": [640.0]})
    filed = estimate(units([500, 500, 0], [0, 800, 0], [0, 0, 10_000]), table)
    assert (filed.people[1], filed.source[1]) == (640, "residents_file")
    assert filed.high[1] / filed.low[1] == pytest.approx(SPREAD["residents_file"] ** 2)
    assert filed.people[0] == guess.people[0]


def test_a_name_that_two_streets_bear_is_shared_by_length() -> None:
    two = Units(np.array([100.0, 300.0]), np.zeros(2), np.zeros(2), [{"main"}, {"main"}])
    assert estimate(two, pd.DataFrame({"street": ["MAIN"], "people": [800.0]})).people.tolist() == [200, 600]


def test_a_table_that_names_no_street_of_the_map_is_refused_and_some_unknown_names_are_reported() -> None:
    with pytest.raises(BadInput, match="no street of the residents file"):
        estimate(units([100], [0]), pd.DataFrame({"street": ["Nowhere"], "people": [5.0]}))
    found = estimate(units([100], [0]), pd.DataFrame({"street": ["Nowhere", "street 0"], "people": [5.0, 7.0]}))
    assert found.people.tolist() == [7]
    assert found.report == {"residents_unknown_streets": 1, "residents_unknown_first": ["Nowhere"]}


def cells(*boxes: tuple[float, float, float, float], people: list[float]) -> gpd.GeoDataFrame:
    shapes = PLANE.unflatten(np.array([shapely.box(*one) for one in boxes], dtype=object))
    return gpd.GeoDataFrame({"people": people}, geometry=shapes, crs="EPSG:4326")


def test_a_grid_is_shared_out_by_the_homes_in_each_cell() -> None:
    where = samples([(10, 10, 0, 100), (20, 20, 1, 300), (110, 10, 1, 50)])
    grid = cells((0, 0, 100, 100), (100, 0, 200, 100), people=[800, 60])
    found = estimate(units([100, 100], [0, 0]), grid, where)
    assert found.people.tolist() == pytest.approx([200, 660])
    assert set(found.source) == {"grid"}


def test_a_cell_without_streets_gives_to_the_nearest_and_a_far_one_is_reported() -> None:
    where = samples([(10, 10, 0, 1), (10, 90, 1, 1)])
    grid = cells((0, 0, 50, 50), (0, 100, 50, 200), (5000, 0, 5100, 100), people=[10, 20, 40])
    found = estimate(units([100, 100], [0, 0]), grid, where)
    assert found.people.tolist() == pytest.approx([10, 20])
    assert found.report == {"grid_cells": 3, "grid_people_outside": 40}


def test_a_grid_given_by_the_middles_of_its_cells_reaches_as_far_as_the_next_middle() -> None:
    where = samples([(10, 0, 0, 1), (90, 0, 1, 1), (460, 0, 2, 1)])
    middles = gpd.GeoDataFrame(
        {"people": [50.0, 70.0, 9.0]},
        geometry=PLANE.unflatten(np.asarray(shapely.points([(0, 0), (100, 0), (400, 0)]), dtype=object)),
        crs="EPSG:4326",
    )
    assert estimate(units([1, 1, 1], [0, 0, 0]), middles, where).people.tolist() == pytest.approx([50, 70, 9])


@pytest.mark.parametrize(
    ("residents", "problem"),
    [
        (0, "0 residents"),
        (cells((0, 0, 1, 1), people=[-3]), "not a number of people"),
        (cells((9e4, 9e4, 9.1e4, 9.1e4), people=[3]), "lies elsewhere"),
        (cells((0, 0, 1, 1), people=[3]).rename(columns={"people": "n"}), "no column people"),
        (pd.DataFrame({"street": ["street 0"], "people": [-1.0]}), "-1.0 people"),
    ],
)
def test_residents_that_cannot_be_are_refused(residents: Residents, problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        estimate(units([100], [0]), residents)
