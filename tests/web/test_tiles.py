"""The map's tiles: read by ranges, kept for ever, and whole."""

from pathlib import Path

import pyogrio
import pytest
from flask.testing import FlaskClient

from fieldops.actions.city import edit_street
from fieldops.actions.tiles import find_tiles, make_tiles, tiles_are_current
from fieldops.city.edits import Edit
from fieldops.errors import NotFound, Stopped
from fieldops.ids import StreetId
from fieldops.store.connect import Region
from tests.conftest import NOON, PLANNER
from tests.desk_town import make_desk_town
from web.answers import FOR_THIS_BROWSER


def test_a_part_of_the_tiles_is_answered_with_that_part(client: FlaskClient, desk_region: Path) -> None:
    tiles = find_tiles(desk_region)
    assert tiles is not None
    got = client.get(f"/tiles/{tiles.name}", headers={"Range": "bytes=0-126", "Accept-Encoding": "gzip"})
    assert got.status_code == 206
    assert got.data == tiles.read_bytes()[:127]
    assert got.data.startswith(b"PMTiles")
    assert got.headers["Cache-Control"] == FOR_THIS_BROWSER
    assert "Content-Encoding" not in got.headers


@pytest.mark.parametrize("name", ["region.map1.0.pmtiles", "region.gpkg", "region.key", "..%2fregion.key"])
def test_no_other_file_beside_the_region_is_given_out(client: FlaskClient, name: str) -> None:
    assert client.get(f"/tiles/{name}").status_code == 404


def test_tiles_hold_every_street_triangle_point_and_zone_under_its_own_key(desk_region: Path) -> None:
    tiles = find_tiles(desk_region)
    frame = pyogrio.read_dataframe(tiles)
    keys = {what: set(part["key"]) for what, part in frame.groupby("what")}
    assert len(keys["street"] | keys["compound"]) == 113
    assert len(keys["triangle"]) == len(keys["point"]) == 24
    assert len(keys["zone"]) == 2
    assert {what: {key % 4 for key in found} for what, found in keys.items()} == {
        "street": {0}, "compound": {0}, "triangle": {1}, "point": {2}, "zone": {3},
    }  # fmt: skip


def test_tiles_know_that_the_map_has_changed_since(tmp_path: Path) -> None:
    region = make_desk_town(tmp_path / "town [1].gpkg")
    assert not tiles_are_current(region)
    make_tiles(region.path, PLANNER)
    assert tiles_are_current(region)
    edit_street(region, PLANNER, Edit(kind="rename", streets=(StreetId("R06"),), value="New Road"), now=NOON)
    assert not tiles_are_current(region)
    region.close()


def test_new_tiles_take_the_place_of_old_ones(desk_region: Path) -> None:
    before = find_tiles(desk_region)
    make_tiles(desk_region, PLANNER)
    assert list(desk_region.parent.glob("*.pmtiles")) == [find_tiles(desk_region)]
    assert before is not None


def test_a_region_without_a_city_has_no_tiles_to_make(region: Region) -> None:
    with pytest.raises(NotFound, match="fieldops import"):
        make_tiles(region.path, PLANNER)
    assert find_tiles(region.path) is None


def test_stopping_leaves_nothing_behind(desk_region: Path) -> None:
    before = sorted(path.name for path in desk_region.parent.iterdir())
    with pytest.raises(Stopped):
        make_tiles(desk_region, PLANNER, progress=lambda *_, **__: False)
    assert sorted(path.name for path in desk_region.parent.iterdir()) == before
