"""What is taken for the people of a made-up city is as far off as it says."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from fieldops.city.settle import settle
from fieldops.city.synth import make_town, make_truth
from fieldops.exchange.synthmap import write_map
from fieldops.maps import read_map
from fieldops.progress import no_progress
from fieldops.rules import Rules

SEEDS = 24  # none of the towns on which `population.SPREAD` was measured
MOST_OFF = 0.04  # three standard errors of the mean over so many towns, whose own shares lie 0.05 to 0.065 apart


def held(seed: int, folder: Path) -> dict[str, float]:
    """Return the share of streets whose people lie within the 80 % interval, by what told of them, with and without a total."""
    write_map(make_town(120, np.random.default_rng(seed), no_progress), folder / f"{seed}.osm.pbf")
    raw = read_map(folder / f"{seed}.osm.pbf")
    first = settle(raw, name="Town", time_zone="UTC", rules=Rules()).streets
    x, y = np.random.default_rng(seed).uniform(0, 3_000, (2, len(first)))
    people = make_truth(first["people"].to_numpy(float), x, y, np.random.default_rng([seed, 1])).people
    told = settle(raw, name="Town", time_zone="UTC", rules=Rules(), residents=int(people.sum())).streets
    found: dict[str, float] = {}
    for name, one in (("nothing", first), ("a total", told)):
        inside = (one["people_low"] <= people) & (people <= one["people_high"])
        found |= {f"{name}, {source}": share for source, share in inside.groupby(one["people_source"]).mean().items()}
        found[name] = float(inside.mean())
    return found


@pytest.mark.full
def test_the_intervals_of_people_hold_as_often_as_they_promise(tmp_path: Path) -> None:
    share = pd.DataFrame([held(seed, tmp_path) for seed in range(SEEDS)]).mean()
    for one in ("nothing", "nothing, buildings", "a total", "a total, total"):
        assert share[one] == pytest.approx(0.80, abs=MOST_OFF), one
    # How wide they are where only length tells is that of a real city (below): made-up towns are built more evenly.
    for one in ("nothing, length", "a total, length"):
        assert 0.80 - MOST_OFF <= share[one] <= 0.95, one


@pytest.mark.full
def test_where_only_length_tells_the_intervals_hold_in_a_real_city(shared_data: Path) -> None:
    cells = pd.read_csv(shared_data / "maps" / "poa_hexgrid_population.csv")
    grid = gpd.GeoDataFrame(
        {"people": cells["population"]}, geometry=gpd.points_from_xy(cells["lon"], cells["lat"]), crs=4326
    )
    raw = read_map(shared_data / "maps" / "poa_2020.osm.pbf")
    true = settle(raw, name="City", time_zone="UTC", rules=Rules(), residents=grid).streets
    for residents in (None, int(true["people"].sum())):
        told = settle(raw, name="City", time_zone="UTC", rules=Rules(), residents=residents).streets
        people = told["street"].map(true.set_index("street")["people"])
        by_length = (told["people_source"] == "length") & people.notna()
        assert by_length.sum() > 4_000
        inside = (told["people_low"] <= people) & (people <= told["people_high"])
        assert inside[by_length].mean() == pytest.approx(0.80, abs=0.02)
