"""`fieldops map`: one file, its figures, and clear refusals."""

import json
from pathlib import Path

from tests.cli.test_main import fieldops
from tests.desk_town import make_desk_town


def test_a_page_is_written_and_its_size_told(tmp_path: Path) -> None:
    make_desk_town(tmp_path / "region.gpkg").close()
    answer = fieldops("map", "--out", "town.html", "--json", folder=tmp_path)
    told = json.loads(answer.stdout)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert told == {"map": "town.html", "bytes": (tmp_path / "town.html").stat().st_size, "streets": 113}


def test_what_cannot_be_drawn_or_written_is_refused_in_one_line(tmp_path: Path) -> None:
    make_desk_town(tmp_path / "region.gpkg").close()
    for words, problem in (
        (("--plan", "nothing"), "error: no plan 'nothing'"),
        (("--city", "Nowhere"), "error: no city 'Nowhere'"),
        (("--out", "no/such/folder/town.html"), "cannot be written (No such file or directory)"),
    ):
        answer = fieldops("map", *words, folder=tmp_path)
        assert answer.returncode == 1
        assert problem in answer.stderr
        assert answer.stderr.count("\n") == 1
    assert not (tmp_path / "map.html").exists()
