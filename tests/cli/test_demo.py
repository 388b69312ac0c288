"""The demo is the main job on what is in the repository: it must work on a fresh machine, and twice."""

import re
import subprocess
import sys
from pathlib import Path

from fieldops.actions.tiles import find_tiles
from tests.conftest import ROOT

FIELDOPS = Path(sys.executable).with_name("fieldops")


def demo(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [FIELDOPS, "demo", "--dir", folder, "--no-serve"],
        capture_output=True, text=True, check=False, timeout=300, cwd=folder.parent,
    )  # fmt: skip


def test_the_demo_plans_its_city_and_shows_the_same_plan_again(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    first = demo(folder)
    assert first.returncode == 0, first.stderr[-2000:]
    steps = re.findall(r"^\$ fieldops (\w+)", first.stderr, re.MULTILINE)
    assert steps == ["import", "crews", "promoters", "venues", "surveys", "effort", "decide", "plan", "tiles"]
    made = re.search(r"Plan (\w+)", first.stdout)
    assert made is not None
    assert "gap" in first.stdout
    assert "lawful" in first.stdout
    assert find_tiles(folder / "region.gpkg") is not None

    again = demo(folder)
    assert again.returncode == 0
    assert re.findall(r"^\$ fieldops (\w+)", again.stderr, re.MULTILINE) == ["plan"]
    assert made[1] in again.stdout
    assert not list(ROOT.glob("maps/*/*.gpkg"))
