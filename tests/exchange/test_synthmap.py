from pathlib import Path

import numpy as np
import osmium

from fieldops.city.synth import Town
from fieldops.city.synth.net import Way
from fieldops.exchange.synthmap import write_map
from fieldops.maps import read_map
from tests.small_map import grid_map


def town() -> Town:
    lon, lat = np.array([-30.0, -29.99, -29.98, -29.97]), np.array([30.0, 30.001, 30.002, 30.003])
    ways = (Way((0, 3), {"highway": "residential", "name": "解放路"}),)
    return Town("岚川", lon, lat, {2: {"barrier": "gate"}}, ways, ())


def test_the_map_holds_what_a_way_or_a_tag_needs_and_nothing_else(tmp_path: Path) -> None:
    write_map(town(), tmp_path / "map.osm.pbf")
    found = [(o.id, dict(o.tags), (o.lon, o.lat)) if o.is_node() else (o.id, dict(o.tags), [n.ref for n in o.nodes])
             for o in osmium.FileProcessor(tmp_path / "map.osm.pbf")]  # fmt: skip
    assert found == [
        (1, {}, (-30.0, 30.0)),
        (2, {"barrier": "gate"}, (-29.98, 30.002)),
        (3, {}, (-29.97, 30.003)),
        (1, {"highway": "residential", "name": "解放路"}, [1, 3]),
    ]


def test_the_same_town_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.osm.pbf", "b.osm.pbf"):
        write_map(town(), tmp_path / name)
    assert (tmp_path / "a.osm.pbf").read_bytes() == (tmp_path / "b.osm.pbf").read_bytes()


def test_a_made_up_city_is_not_said_to_be_openstreetmaps(tmp_path: Path) -> None:
    write_map(town(), tmp_path / "map.osm.pbf")
    assert read_map(tmp_path / "map.osm.pbf").attribution == "made up by fieldops synth, CC0 1.0"
    (tmp_path / "real.osm").write_text(grid_map(), "utf-8")
    assert "OpenStreetMap contributors" in read_map(tmp_path / "real.osm").attribution
