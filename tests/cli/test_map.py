"""`fieldops map`: one file, its figures, and clear refusals."""

import json
from pathlib import Path

import pytest
from PIL import Image

from fieldops.exchange.printing import PICTURE, find_chromium
from tests.cli.test_main import fieldops
from tests.desk_town import make_desk_town


def test_a_page_is_written_and_its_size_told(tmp_path: Path) -> None:
    make_desk_town(tmp_path / "region.gpkg").close()
    answer = fieldops("map", "--out", "town.html", "--json", folder=tmp_path)
    told = json.loads(answer.stdout)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert told == {"map": "town.html", "bytes": (tmp_path / "town.html").stat().st_size, "streets": 113}


def test_a_picture_is_a_picture_where_there_is_a_chromium_and_is_refused_where_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_desk_town(tmp_path / "region.gpkg").close()
    if find_chromium():
        answer = fieldops("map", "--out", "town.png", folder=tmp_path)
        assert answer.returncode == 0, answer.stderr
        with Image.open(tmp_path / "town.png") as picture:
            assert (picture.format, picture.size) == ("PNG", PICTURE)
            assert len(picture.convert("RGB").resize((80, 60)).getcolors(4800) or ()) > 20  # the town is on it
        (tmp_path / "town.png").unlink()
    monkeypatch.setenv("FIELDOPS_CHROMIUM", "/nowhere/chromium")
    answer = fieldops("map", "--out", "town.png", folder=tmp_path)
    assert answer.returncode == 1
    assert "no Chromium on this machine to print a PNG; write the page as .html" in answer.stderr
    assert not (tmp_path / "town.png").exists()


def test_what_cannot_be_drawn_or_written_is_refused_in_one_line(tmp_path: Path) -> None:
    make_desk_town(tmp_path / "region.gpkg").close()
    for words, problem in (
        (("--plan", "nothing"), "error: no plan 'nothing'"),
        (("--city", "Nowhere"), "error: no city 'Nowhere'"),
        (("--out", "no/such/folder/town.html"), "cannot be written (No such file or directory)"),
        (("--out", "town.jpg"), "field --out: town.jpg is neither a page nor a picture; name it .html or .png"),
    ):
        answer = fieldops("map", *words, folder=tmp_path)
        assert answer.returncode == 1
        assert problem in answer.stderr
        assert answer.stderr.count("\n") == 1
    assert not (tmp_path / "map.html").exists()
