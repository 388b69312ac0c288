"""A real county town becomes a lawful plan in two commands and a list of crews; it needs the folder of public data."""

import csv
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.test_main import FIELDOPS

RESIDENTS, CREWS = 198_398, 40
CENTRE, SPREAD = (117.215, 28.29), 0.02  # of the crews' homes, in degrees


def write_crews(path: Path) -> None:
    rng = np.random.default_rng(7)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["crew", "name", "people", "hours_per_day", "home_lon", "home_lat"])
        for n in range(CREWS):
            lon, lat = np.array(CENTRE) + rng.uniform(-SPREAD, SPREAD, 2)
            rows.writerow([f"C{n + 1:03}", f"{n + 1}组", 3 + n % 3, 6, f"{lon:.5f}", f"{lat:.5f}"])


def told(folder: Path, *words: str) -> Any:
    done = subprocess.run([FIELDOPS, *words, "--json"], capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "hours", [pytest.param(6, id="hours suffice"), pytest.param(4, id="hours are short", marks=pytest.mark.full)]
)
def test_guixi_and_forty_crews_become_a_lawful_plan_within_one_percent_of_the_bound(
    shared_data: Path, tmp_path: Path, hours: int
) -> None:
    write_crews(tmp_path / "crews.csv")
    if hours != 6:
        text = (tmp_path / "crews.csv").read_text("utf-8")
        (tmp_path / "crews.csv").write_text(text.replace(",6,", f",{hours},"), "utf-8")
    made = told(
        tmp_path, "import", str(shared_data / "maps" / "guixi.osm"), "--city", "贵溪", "--residents", str(RESIDENTS)
    )
    told(tmp_path, "crews", "import", "crews.csv")
    plan = told(tmp_path, "plan", "--gap", "0.01", "--time-limit", "120")  # quiet: 6 s
    assert made["streets"] >= 150
    assert 0 <= plan["gap"] <= 0.01
    assert plan["objective"] <= plan["bound"] <= (1 + plan["gap"]) * plan["objective"] + 1e-6
    published = told(tmp_path, "plan", "publish", plan["plan"])  # it checks the plan again, without the solvers
    assert len(published["granted"]) == plan["figures"]["given"]
