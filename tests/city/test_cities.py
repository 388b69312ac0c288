"""Real cities settle as the design measured them; these need the folder of public data."""

from pathlib import Path

import numpy as np
import pytest
import shapely

from fieldops.city.metres import Plane
from fieldops.city.settle import Settled, settle
from fieldops.errors import BadInput
from fieldops.maps import read_map
from fieldops.rules import Rules

QUICK = ["guixi.osm", "wangjing_2020.osm", "cau_haidian_2026.osm", "shanghai_university_baoshan_2021.osm"]
LARGE = [
    "helsinki_centre_2019.osm.pbf",
    "yuma.osm.pbf",
    "poa_2020.osm.pbf",
    "heidelberg.osm.pbf",
    "chicago_2014_renoded.osm.pbf",
]


def town(folder: Path, name: str, residents: int | None = None) -> Settled:
    return settle(read_map(folder / "maps" / name), name=name, time_zone="UTC", rules=Rules(), residents=residents)


def check(made: Settled) -> None:
    streets, segments = made.streets, made.segments
    compound = (streets["kind"] == "compound").to_numpy()
    assert streets["street"].is_unique
    assert streets["label"].is_unique
    assert (streets["walk_m"][~compound] <= Rules().street_length_max_m + 1e-6).all()
    assert (streets["people"] > 0).all()
    assert (streets["people"][compound] <= Rules().compound_people_max + 1e-6).all()
    claimed = segments[segments["kind"] == "claim"]
    assert claimed["street"].isin(streets["street"]).all()
    assert (segments.loc[segments["kind"] != "claim", "street"] == "").all()
    assert set(streets["street"][~compound]) <= set(claimed["street"])
    assert made.buildings["street"].isin(streets["street"]).all()
    assert made.buildings["building"].is_unique
    assert made.venues["street"].isin(streets["street"]).all()
    assert made.venues["venue"].is_unique
    assert set(made.gates["street"]) == set(streets["street"][compound])
    assert set(streets["node"]) | set(made.gates["node"]) <= set(made.nodes["node"])
    assert shapely.is_valid(streets.geometry.to_numpy()).all()
    assert set(shapely.get_type_id(streets.geometry.to_numpy()[compound])) <= {3}
    assert set(shapely.get_type_id(streets.geometry.to_numpy()[~compound])) == {5}


@pytest.mark.parametrize("name", QUICK)
def test_a_real_town_settles_whole(shared_data: Path, name: str) -> None:
    check(town(shared_data, name))


@pytest.mark.full
@pytest.mark.parametrize("name", LARGE)
def test_a_large_town_settles_whole(shared_data: Path, name: str) -> None:
    check(town(shared_data, name))


def test_guixi_reaches_its_homes_and_spreads_its_people(shared_data: Path) -> None:
    made = town(shared_data, "guixi.osm", residents=198398)
    compounds = made.streets[made.streets["kind"] == "compound"]
    assert (made.buildings["frontage_m"] <= 50).mean() >= 0.90
    assert (made.buildings.loc[made.buildings["kind"] == "apartments", "frontage_m"] <= 50).all()
    assert len(compounds) >= 10
    assert compounds["people"].max() <= 5000
    assert compounds["buildings"].min() >= 1
    assert made.streets["people"].sum() == pytest.approx(198398)
    assert made.report["claim_km"] == pytest.approx(111, abs=1)  # the design's own count of this file
    assert made.report["named_share_km"] == pytest.approx(0.54, abs=0.01)


def test_a_frontage_in_guixi_is_the_true_distance_to_its_own_street(shared_data: Path) -> None:
    made = town(shared_data, "guixi.osm")
    plane = Plane.around(made.nodes["lon"], made.nodes["lat"])
    lines = dict(zip(made.streets["street"], plane.flatten(made.streets.geometry.to_numpy()), strict=True))
    on_street = made.buildings["street"].isin(made.streets.loc[made.streets["kind"] != "compound", "street"])
    homes = made.buildings[on_street]
    middle = shapely.distance(
        plane.flatten(homes.geometry.to_numpy()), np.array([lines[one] for one in homes["street"]], dtype=object)
    )
    assert len(homes) > 50
    assert (middle >= homes["frontage_m"] - 1e-6).all()  # from the footprint, not from its middle
    assert (middle - homes["frontage_m"] <= 2 * np.sqrt(homes["area_m2"])).all()


def test_wangjing_has_its_mapped_compounds_by_name(shared_data: Path) -> None:
    compounds = town(shared_data, "wangjing_2020.osm").streets.query("kind == 'compound'").set_index("name")
    assert {"望京西园一区", "望京西园三区"} <= set(compounds.index)
    assert compounds.loc["望京西园三区", "buildings"] >= 10


def test_the_same_file_gives_the_same_ids_again(shared_data: Path) -> None:
    first, second = (
        town(shared_data, "cau_haidian_2026.osm"),
        town(shared_data, "cau_haidian_2026.osm", residents=30_000),
    )
    assert first.streets[["street", "label"]].equals(second.streets[["street", "label"]])


def test_a_real_map_cut_off_half_way_is_refused(shared_data: Path, tmp_path: Path) -> None:
    for name in ("yuma.osm.pbf", "guixi.osm"):
        whole = (shared_data / "maps" / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(BadInput, match="cut off or damaged"):
            read_map(tmp_path / name)
