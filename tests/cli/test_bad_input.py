"""Bad maps and tables at the command line: one line that says why, and a region that is byte for byte as it was."""

import csv
import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.test_main import FIELDOPS, fieldops
from tests.small_map import LAT, LON, grid_map, write_grid_map

ROW_OF_NOBODY = ["K1", "甲组", "0", "8", f"{LON}", f"{LAT}"]
Make = Callable[[Path], tuple[str, ...]]


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad")
    write_grid_map(folder / "good.osm")
    made = fieldops("import", "good.osm", "--city", "Grid", "--timezone", "UTC", folder=folder)
    assert made.returncode == 0, made.stderr
    return folder


def test_a_city_far_from_china_without_a_time_zone_is_noticed_and_its_own_is_kept(region: Path) -> None:
    new = fieldops("import", "good.osm", "--city", "Far", "--db", "far.gpkg", "--json", folder=region)
    assert json.loads(new.stdout)["time_zone"] == "Asia/Shanghai"
    assert "note: Far lies at 20 E, where the sun keeps UTC+1; Asia/Shanghai is UTC+8: see --timezone" in new.stderr
    again = fieldops("import", "good.osm", "--city", "Grid", "--json", folder=region)
    assert json.loads(again.stdout)["time_zone"] == "UTC"
    assert "note:" not in again.stderr


def state(folder: Path) -> dict[str, str]:
    """The region's files as they lie there, and whatever else an import might leave."""
    left = [path for path in folder.iterdir() if path.name.startswith((".", "region"))]
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in left
        if not path.name.endswith("-shm") and (path.stat().st_size or not path.name.endswith("-wal"))
    }  # reading leaves an empty write-ahead log


def polygon(*corners: tuple[float, float]) -> str:
    ring = [[LON + x, LAT + y] for x, y in (*corners, corners[0])]
    return json.dumps({"type": "Polygon", "coordinates": [ring]})


def written(name: str, content: str | bytes) -> Make:
    def make(folder: Path) -> tuple[str, ...]:
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return (name,)

    return make


def bomb(folder: Path) -> tuple[str, ...]:
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("map.osm", b" " * 60_000_000)
    return ("bomb.zip",)


def bounded(content: str) -> Make:
    def make(folder: Path) -> tuple[str, ...]:
        (folder / "area.geojson").write_text(content, "utf-8")
        return ("good.osm", "--boundary", "area.geojson")

    return make


LINE = '{{"type": "LineString", "coordinates": {}}}'
MAPS: dict[str, tuple[Make, str]] = {
    "missing": (lambda folder: ("gone.osm",), "there is no file"),
    "a folder": (lambda folder: (".",), "is not a file"),
    "truncated": (written("cut.osm", grid_map()[:9_000]), "cut off or damaged"),
    "empty": (written("empty.osm.pbf", b""), "is empty"),
    "of another kind": (written("page.osm", "<html><body>404</body></html>"), "not a map that can be read"),
    "far away": (written("far.geojson", LINE.format("[[1e9, 1e9], [2e9, 2e9]]")), "no longitude and latitude"),
    "without streets": (written("bare.osm", '<osm version="0.6"><node id="1" lon="20" lat="10"/></osm>'), "holds no streets"),
    "a bomb": (bomb, "would grow from"),
    "crossing itself": (written("x.geojson", polygon((0, 0), (1, 1), (1, 0), (0, 1))), "is not valid"),
    "bounded elsewhere": (bounded(polygon((5, 5), (6, 5), (6, 6))), "lies outside the map"),
    "bounded by a bow tie": (bounded(polygon((0, 0), (0.01, 0.01), (0.01, 0), (0, 0.01))), "is not valid"),
}  # fmt: skip


@pytest.mark.parametrize("name", MAPS)
def test_a_bad_map_is_refused_in_one_line_and_changes_nothing(region: Path, name: str) -> None:
    make, problem = MAPS[name]
    words = make(region)
    before = state(region)
    answer = fieldops("import", *words, "--city", "Grid", "--timezone", "UTC", "--json", folder=region)
    assert answer.returncode == 1
    error = [line for line in answer.stderr.splitlines() if line.startswith("error:")]
    assert len(error) == 1, answer.stderr
    assert problem in error[0]
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""
    assert state(region) == before


def write_crews(path: Path, rows: int, encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        table = csv.writer(file)
        table.writerow(["crew", "name", "people", "hours_per_day", "home_lon", "home_lat"])
        table.writerows(ROW_OF_NOBODY for _ in range(rows))
        table.writerow(["K2", "乙组", "5", "8", f"{LON}", f"{LAT}"])
    return path


# A process of its own: the peak of a child counts from the size of the one that started it, and the tests' is large.
MEASURED = (
    "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True);"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)"
)


@pytest.mark.parametrize("rows", [20_000, pytest.param(1_000_000, marks=pytest.mark.full)])
def test_a_table_of_a_million_bad_rows_is_counted_in_little_memory(region: Path, rows: int) -> None:
    write_crews(region / "crews.csv", rows, "gb18030")
    words = [FIELDOPS, "crews", "import", "crews.csv", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *words], cwd=region, capture_output=True, text=True, check=True, timeout=300
    )
    told = json.loads(done.stdout)
    assert told["refused"] == rows
    assert told["added"] + told["unchanged"] == 1
    assert told["rejected"][0]["reason"].startswith("a crew of 0 people")
    assert len(told["rejected"]) <= 10_000
    assert int(done.stderr.splitlines()[-1]) < 400 << 10  # kB
