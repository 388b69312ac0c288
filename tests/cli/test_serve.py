"""Serving refuses what cannot work, in one line, and answers only by its own names."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from fieldops.actions.tiles import make_tiles
from tests.conftest import PLANNER
from tests.desk_town import make_desk_town
from web.__main__ import host_names

FIELDOPS = Path(sys.executable).with_name("fieldops")


def serve(*words: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [FIELDOPS, "serve", *words], capture_output=True, text=True, check=False, timeout=60, cwd=folder,
        env={**os.environ, "PYTHONPATH": ""},
    )  # fmt: skip


def test_a_region_that_is_not_there_is_refused_with_the_cure(tmp_path: Path) -> None:
    answer = serve("--db", tmp_path / "none.gpkg", folder=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert "fieldops import" in answer.stderr


def test_a_port_in_use_is_refused_with_the_cure(tmp_path: Path) -> None:
    make_desk_town(tmp_path / "region.gpkg").close()
    make_tiles(tmp_path / "region.gpkg", PLANNER)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        answer = serve("--port", str(taken.getsockname()[1]), folder=tmp_path)
    assert answer.returncode == 1
    assert "choose another --port" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_the_names_by_which_a_server_answers_are_its_own_and_those_given() -> None:
    assert host_names("127.0.0.1", ["desk.example"]) == ("localhost", "127.0.0.1", "desk.example")
    everywhere = host_names("0.0.0.0", [])
    assert socket.gethostname() in everywhere
    assert "0.0.0.0" not in everywhere
