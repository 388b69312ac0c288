"""The city in the region file, and the layers that map programs read."""

import subprocess
import sys
from datetime import timedelta

import pandas as pd
import pytest

from fieldops.actions.claims import start_event
from fieldops.city.edits import Edit, apply_edit
from fieldops.city.model import SCHEMA, check_frame
from fieldops.claims import Claim
from fieldops.errors import NotFound
from fieldops.events import CityImported, StreetEdited
from fieldops.ids import CityId, ClaimId, CrewId, StreetId
from fieldops.store import city as city_store
from fieldops.store.claims import add_claim
from fieldops.store.connect import Region
from tests.conftest import NOON, PLANNER
from tests.small_town import town

TOWN = CityId("Town")


def store(region: Region) -> None:
    with region.turn(PLANNER, now=NOON) as turn:
        event = CityImported(at=turn.now, city=TOWN, streets=3, kept=0, added=3, removed=0, digest="d")
        city_store.write_city(turn, TOWN, town(), coordinates="wgs84", event=event)


def test_a_stored_city_comes_back_as_it_was(region: Region) -> None:
    store(region)
    back = city_store.read_city(region.reader())
    for name in SCHEMA:
        check_frame(name, getattr(back, name))
        expected = getattr(town(), name)
        got = getattr(back, name)[list(SCHEMA[name])]
        pd.testing.assert_frame_equal(pd.DataFrame(got), pd.DataFrame(expected)[list(SCHEMA[name])], check_dtype=False)
    assert back.boundary.equals(town().boundary)


def test_a_street_that_a_newer_map_lacks_keeps_its_row_as_gone(region: Region) -> None:
    store(region)
    smaller = town()
    object.__setattr__(smaller, "streets", smaller.streets.iloc[[0, 2]].reset_index(drop=True))
    with region.turn(PLANNER, now=NOON) as turn:
        event = CityImported(at=turn.now, city=TOWN, streets=2, kept=2, added=0, removed=1, digest="e")
        city_store.write_city(turn, TOWN, smaller, coordinates="wgs84", event=event)
    rows = dict(region.reader().execute("SELECT id, status FROM street").fetchall())
    assert rows == {"EAST": "open", "NORTH": "gone", "COURT": "open"}
    assert set(city_store.read_city(region.reader()).streets["street"]) == {"EAST", "COURT"}


def test_a_saved_edit_is_what_the_city_reads_back(region: Region) -> None:
    store(region)
    made = (StreetId("H1"), StreetId("H2"))
    edit = Edit(kind="split", streets=(StreetId("EAST"),), made=made, wkt="POINT (0.0019 0)")
    with region.turn(PLANNER, now=NOON) as turn:
        after = apply_edit(city_store.read_city(turn.connection), edit)
        event = StreetEdited(at=turn.now, street=StreetId("EAST"), change="split", others=made)
        city_store.save_edit(turn, TOWN, edit, after, event=event)
    back = city_store.read_city(region.reader())
    assert sorted(back.streets["street"]) == ["COURT", "H1", "H2", "NORTH"]
    assert list(back.segments["street"]) == ["H1", "H1", "H2", "NORTH"]
    assert city_store.read_edits(region.reader(), TOWN) == [edit]
    assert list(city_store.retired_streets(region.reader(), TOWN)["street"]) == ["EAST"]


def test_asking_for_a_city_that_is_not_there_names_those_that_are(region: Region) -> None:
    store(region)
    with pytest.raises(NotFound, match="choose one of Town"):
        city_store.read_city(region.reader(), CityId("Village"))


def test_the_status_of_a_street_follows_its_claim_to_the_moment_of_its_end(region: Region) -> None:
    store(region)
    connection = region.reader()
    with region.turn(PLANNER, now=NOON) as turn:
        turn.connection.execute("INSERT INTO crew VALUES ('A', 'A', 3, 6.0, 0.0, 0.0, NULL, '[]')")
        made = Claim(ClaimId("c"), StreetId("EAST"), CrewId("A"), 1, NOON, NOON + timedelta(days=7))
        add_claim(turn, made, event=start_event(made))

    def state_at(moment: timedelta) -> tuple[str, float | None]:
        with region.turn(PLANNER, now=NOON + moment) as turn:  # in a sandbox the last event is the present
            event = StreetEdited(at=turn.now, street=StreetId("NORTH"), change="close")
            edit = Edit(kind="close", streets=(StreetId("NORTH"),))
            city_store.save_edit(turn, TOWN, edit, apply_edit(city_store.read_city(turn.connection), edit), event=event)
        row = connection.execute("SELECT state, hours_left FROM street_status WHERE street = 'EAST'").fetchone()
        return row[0], row[1]

    assert state_at(timedelta()) == ("claimed", 168.0)
    assert state_at(timedelta(days=7) - timedelta(seconds=36)) == ("claimed", 0.01)
    assert state_at(timedelta(days=7)) == ("free", None)


def test_gdal_reads_the_live_layers_from_the_region_file(region: Region) -> None:
    store(region)
    program = (
        "import sys, pyogrio\n"
        "for layer in ('street_status', 'triangle_status', 'zone_status', 'street'):\n"
        "    frame = pyogrio.read_dataframe(sys.argv[1], layer=layer)\n"
        "    print(layer, len(frame), frame.crs)\n"
    )
    answer = subprocess.run(  # another process: two SQLite libraries in one would drop each other's locks
        [sys.executable, "-c", program, str(region.path)], capture_output=True, text=True, check=True
    )
    assert answer.stdout.split("\n")[0] == "street_status 3 EPSG:4326"
    assert "triangle_status 0 EPSG:4326" in answer.stdout
