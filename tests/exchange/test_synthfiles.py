import csv
import json
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from fieldops.city.places import AT_STREET_M, Ground
from fieldops.city.settle import settle
from fieldops.errors import BadInput, Stopped
from fieldops.exchange.synthfiles import crews_for, make_city
from fieldops.maps import read_city, read_map
from fieldops.rules import Rules

ROOT = Path(__file__).parents[2]
FILES = ["crews.csv", "effort.csv", "map.osm.pbf", "promoters.csv", "surveys.csv", "truth.csv", "venues.csv"]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def streets_of(path: Path) -> set[str]:
    settled = settle(read_map(path), rules=Rules(), name="city", time_zone="Asia/Shanghai")
    return set(settled.streets["street"])


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "city"
    make_city(out, streets=500, seed=4)
    return out


def test_another_process_writes_the_same_bytes(city: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    code = "from fieldops.cli.main import main; main()"
    command = [sys.executable, "-c", code, "synth", "--streets", "500", "--seed", "4", "--out", str(out), "--json"]
    made = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert sorted(path.name for path in out.iterdir()) == FILES
    for name in FILES:
        assert (out / name).read_bytes() == (city / name).read_bytes(), name
    assert {"map", "crews", "surveys", "truth", "streets", "venues"} <= made.keys()
    assert made["streets"] == len(rows(out / "truth.csv"))


def test_streets_are_as_many_as_wanted_and_bear_the_ids_of_the_importer(city: Path) -> None:
    found = streets_of(city / "map.osm.pbf")
    assert abs(len(found) - 500) <= 50
    assert {row["street"] for row in rows(city / "truth.csv")} == found
    for row in rows(city / "surveys.csv"):
        assert {row["street"], row["home_street"]} <= found | {""}
        assert bool(row["street"]) != bool(row["lon"])
    assert {row["street"] for row in rows(city / "effort.csv")} <= found


def test_only_the_truth_tells_the_truth(city: Path) -> None:
    for name in FILES:
        if name.endswith(".csv") and name != "truth.csv":
            assert not {"awareness", "response"} & rows(city / name)[0].keys()
    truth = rows(city / "truth.csv")
    assert np.mean([float(row["awareness"]) for row in truth]) == pytest.approx(0.07, abs=0.005)
    assert np.median([int(row["people"]) for row in truth]) == pytest.approx(400, rel=0.02)


@pytest.mark.full
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("streets", [100, 1_000, 2_000, 8_000, 20_000])
def test_all_sizes_are_met_within_a_tenth(streets: int, seed: int, tmp_path: Path) -> None:
    made = make_city(tmp_path / "city", streets=streets, seed=seed)
    assert abs(int(str(made["streets"])) - streets) <= 0.1 * streets


@pytest.mark.parametrize("last_stage", ["town", "streets", "history"])
def test_a_stop_leaves_nothing_behind(last_stage: str, tmp_path: Path) -> None:
    def stop(stage: str, share: float, **figures: float) -> bool:
        return stage != last_stage

    with pytest.raises(Stopped):
        make_city(tmp_path / "city", streets=300, seed=1, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_city_in_the_folder_is_replaced_as_a_whole(city: Path, tmp_path: Path) -> None:
    shutil.copytree(city, tmp_path / "city")
    (tmp_path / "city" / "notes.txt").write_text("mine")
    made = make_city(tmp_path / "city", streets=300, seed=1)
    assert all((tmp_path / "city" / name).read_bytes() != (city / name).read_bytes() for name in FILES)
    assert Path(str(made["map"])).parent == tmp_path / "city"
    assert sorted(path.name for path in (tmp_path / "city").iterdir()) == sorted([*FILES, "notes.txt"])


def test_the_last_day_moves_the_surveys_and_leaves_the_map(tmp_path: Path) -> None:
    for name, last in (("a", date(2026, 3, 1)), ("b", date(2026, 5, 10))):
        make_city(tmp_path / name, streets=300, seed=1, until=last)
        days = {row["asked_at"][:10] for row in rows(tmp_path / name / "surveys.csv")}
        assert max(days) <= last.isoformat()
        assert (last - date.fromisoformat(min(days))).days < 14
    assert (tmp_path / "a" / "map.osm.pbf").read_bytes() == (tmp_path / "b" / "map.osm.pbf").read_bytes()


@pytest.mark.parametrize(
    ("numbers", "field"),
    [
        ({"streets": 99}, "--streets"),
        ({"streets": 200_001}, "--streets"),
        ({"seed": -1}, "--seed"),
        ({"crews": 0}, "--crews"),
    ],
)
def test_impossible_numbers_are_refused(numbers: dict[str, int], field: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        make_city(tmp_path / "city", **{"streets": 500, "seed": 1, **numbers})
    assert refused.value.field == field
    assert refused.value.cure


def test_a_file_in_the_place_of_the_folder_is_kept(tmp_path: Path) -> None:
    (tmp_path / "city").write_text("mine")
    with pytest.raises(BadInput):
        make_city(tmp_path / "city", streets=300, seed=1)
    assert (tmp_path / "city").read_text() == "mine"


def test_the_force_grows_with_the_city_up_to_a_thousand_people() -> None:
    assert [crews_for(n) for n in (100, 700, 2_000, 20_000)] == [6, 38, 110, 230]


def test_the_city_of_the_demo_has_the_ids_that_an_import_gives() -> None:
    """Where this fails, the importer gives other ids: make the city again with the command in its SOURCE.md."""
    folder = ROOT / "maps" / "lanchuan"
    found = streets_of(folder / "map.osm.pbf")
    assert {row["street"] for row in rows(folder / "truth.csv")} == found
    assert {row["street"] for row in rows(folder / "surveys.csv")} <= found | {""}
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1_500_000


def test_every_venue_of_a_made_up_city_stands_at_a_street_that_the_import_knows(tmp_path: Path) -> None:
    make_city(tmp_path / "city", streets=300, seed=3)
    streets = read_city(tmp_path / "city" / "map.osm.pbf").streets
    ground = Ground.of(tuple(streets["street"]), streets.geometry.to_numpy(object), (), [], [])
    venues = rows(tmp_path / "city" / "venues.csv")
    _, away = ground.nearest_streets([float(one["lon"]) for one in venues], [float(one["lat"]) for one in venues])
    assert len(venues) > 20
    assert away.max() <= AT_STREET_M
