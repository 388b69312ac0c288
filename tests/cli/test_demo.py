"""The demo is the main job on what is in the repository: it must work on a fresh machine, and twice."""

import csv
import re
import subprocess
import sys
from datetime import date, datetime
from io import StringIO
from pathlib import Path

from fieldops.actions.recruiting_brings import read_brings
from fieldops.actions.recruiting_lists import read_funnel
from fieldops.actions.recruiting_reps import list_reps
from fieldops.actions.tiles import find_tiles
from fieldops.cli.console import shell_actor
from fieldops.cli.demo import OWN_CITY, POSTERS, _move_to_yesterday
from fieldops.store.connect import open_region
from fieldops.store.migrations.neighbours import INDEXES
from fieldops.store.verify import verify
from tests.conftest import ROOT

FIELDOPS = Path(sys.executable).with_name("fieldops")


def demo(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [FIELDOPS, "demo", "--dir", folder, "--no-serve"],
        capture_output=True, text=True, check=False, timeout=300, cwd=folder.parent,
    )  # fmt: skip


def test_the_demo_plans_its_city_shows_the_same_plan_again_and_it_can_be_published_whatever_day_it_is(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "demo"
    first = demo(folder)
    assert first.returncode == 0, first.stderr[-2000:]
    steps = re.findall(r"^\$ fieldops (\w+)", first.stderr, re.MULTILINE)
    taken = ["import", "crews", "promoters", "venues", "surveys", "effort", *["recruit"] * (POSTERS + 3)]
    assert steps == [*taken, "decide", "plan", "tiles"]
    assert re.findall(r"(\d+) refused", first.stdout) == ["0"] * 7
    made = re.search(r"Plan (\w+)", first.stdout)
    assert made is not None
    assert "gap" in first.stdout
    assert "lawful" in first.stdout
    assert find_tiles(folder / "region.gpkg") is not None

    region = open_region(folder / "region.gpkg")
    stages = {one.stage: one.reached for one in read_funnel(region, shell_actor()).stages}
    assert stages["new"] > 150
    assert stages["active"] > 10
    assert sum(one.cares for one in list_reps(region, shell_actor())) > 30
    assert any(one.due for one in read_brings(region, shell_actor(), "street").yields)
    assert verify(region).violations == []
    with region.turn(shell_actor()) as turn:  # as a fieldops left it that knew one step less
        turn.connection.execute("DELETE FROM _sqlite_migrations WHERE name = 'm2026_11_26_neighbours'")
        for (name,) in turn.connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'index' AND instr(:made, name)", {"made": INDEXES}
        ).fetchall():
            turn.connection.execute(f"DROP INDEX {name}")
    region.close()

    again = demo(folder)
    assert again.returncode == 0
    assert re.findall(r"^\$ fieldops (\w+)", again.stderr, re.MULTILINE) == ["plan"]
    assert made[1] in again.stdout
    assert not list(ROOT.glob("maps/*/*.gpkg"))

    words = [FIELDOPS, "plan", "publish", made[1], "--db", folder / "region.gpkg"]
    published = subprocess.run(words, capture_output=True, text=True, check=False)
    assert published.returncode == 0, published.stderr


def test_the_past_of_the_demo_ends_yesterday_and_keeps_its_distances(tmp_path: Path) -> None:
    moved = _move_to_yesterday(OWN_CITY, tmp_path, date(2027, 2, 28))
    asked = [
        [row["asked_at"] for row in csv.DictReader(StringIO((folder / "surveys.csv").read_text("utf-8")))]
        for folder in (OWN_CITY, moved)
    ]
    distances = {
        datetime.fromisoformat(there) - datetime.fromisoformat(here) for here, there in zip(*asked, strict=True)
    }
    assert len(distances) == 1
    assert max(asked[1])[:10] == "2027-02-27"
    assert (moved / "venues.csv").read_text("utf-8") == (OWN_CITY / "venues.csv").read_text("utf-8")
