"""Importing a city, importing a newer map of it, and what happens when the map is no good."""

import json
import os
import re
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from fieldops.actions.city import Imported, MapSource, edit_street, import_city
from fieldops.actions.claims import make_claim
from fieldops.actions.keep import accept_clock
from fieldops.city.edits import Edit
from fieldops.errors import BadInput, FieldopsError, Forbidden, Stopped, StreetInUse
from fieldops.ids import ActorId, CrewId, StreetId
from fieldops.people import Actor, Role
from fieldops.store import city as city_store
from fieldops.store.claims import street_state
from fieldops.store.connect import Region, open_region
from tests.conftest import NOON, PLANNER
from tests.small_map import LAT, LON, STEP, grid_map, write_grid_map


def run_import(folder: Path, map_file: Path, **more: str) -> Imported:
    source = MapSource(map=map_file, residents=more.get("residents"))
    return import_city(folder / "region.gpkg", PLANNER, source, name="Grid", time_zone="UTC", sandbox=True, now=NOON)


def streets_by_name(region: Region) -> dict[str, str]:
    city = city_store.read_city(region.reader())
    return dict(zip(city.streets["name"], city.streets["street"], strict=True))


def test_a_map_becomes_a_city_with_streets_triangles_and_zones(tmp_path: Path) -> None:
    done = run_import(tmp_path, write_grid_map(tmp_path / "grid.osm"), residents="5000")
    city = city_store.read_city(open_region(tmp_path / "region.gpkg").reader())
    assert {f"Avenue {i}" for i in range(5)} | {f"Street {i}" for i in range(6)} <= set(city.streets["name"])
    assert city.streets["people"].sum() == pytest.approx(5000, rel=1e-6)
    assert (city.streets["triangle"] != "").all()
    assert (city.streets["zone"] != "").all()
    assert done.figures["streets"] == len(city.streets)
    assert done.added == len(city.streets)


def test_importing_the_same_map_again_changes_no_street(tmp_path: Path) -> None:
    grid = write_grid_map(tmp_path / "grid.osm")
    first = run_import(tmp_path, grid)
    before = streets_by_name(open_region(tmp_path / "region.gpkg"))
    again = run_import(tmp_path, grid)
    assert (again.kept, again.added, again.removed) == (first.added, 0, 0)
    assert streets_by_name(open_region(tmp_path / "region.gpkg")) == before


def test_a_newer_map_keeps_the_ids_of_what_is_still_there(tmp_path: Path) -> None:
    run_import(tmp_path, write_grid_map(tmp_path / "old.osm"))
    before = streets_by_name(open_region(tmp_path / "region.gpkg"))
    newer = write_grid_map(tmp_path / "new.osm", skip=frozenset({"Street 3"}), shift=0.00003)
    done = run_import(tmp_path, newer)
    after = streets_by_name(open_region(tmp_path / "region.gpkg"))
    assert "Street 3" not in after
    assert {name: after[name] for name in after if name in before} == {n: before[n] for n in before if n in after}
    assert done.removed >= 1


def test_a_newer_map_may_not_drop_a_claimed_street(tmp_path: Path) -> None:
    run_import(tmp_path, write_grid_map(tmp_path / "old.osm"))
    region = open_region(tmp_path / "region.gpkg")
    street = StreetId(streets_by_name(region)["Street 3"])
    with region.turn(PLANNER, now=NOON) as turn:
        turn.connection.execute(
            "INSERT INTO crew (id, name, people, hours_per_day, home_lon, home_lat, days_off) "
            "VALUES ('A', 'A', 3, 6.0, 20.0, 10.0, '[]')"
        )
    make_claim(region, PLANNER, street=street, crew=CrewId("A"), now=NOON)
    newer = write_grid_map(tmp_path / "new.osm", skip=frozenset({"Street 3"}))
    with pytest.raises(StreetInUse, match="crew A holds it until"):
        run_import(tmp_path, newer)
    assert "Street 3" in streets_by_name(region)
    later = MapSource(map=newer)
    import_city(
        tmp_path / "region.gpkg", PLANNER, later, name="Grid", time_zone="UTC", now=NOON + timedelta(days=7)
    )  # the very moment at which the claim has ended
    assert "Street 3" not in streets_by_name(open_region(tmp_path / "region.gpkg"))


@pytest.mark.parametrize("away", [5.0, 0.0006])  # degrees: far away; half a block, so that only the ground is the same
def test_the_map_of_another_place_replaces_no_city_unless_that_is_said(tmp_path: Path, away: float) -> None:
    run_import(tmp_path, write_grid_map(tmp_path / "old.osm"), residents="5000")
    path, before = tmp_path / "region.gpkg", streets_by_name(open_region(tmp_path / "region.gpkg"))
    moved = re.sub('lat="([^"]*)"', lambda lat: f'lat="{float(lat[1]) + away:.7f}"', grid_map(shift=away))
    (tmp_path / "other.osm").write_text(re.sub('way id="', 'way id="7', moved), "utf-8")
    other = MapSource(map=tmp_path / "other.osm")
    with pytest.raises(BadInput, match=r"map of another place: it has 0 of the [0-9]+ streets of Grid; .*--replace"):
        import_city(path, PLANNER, other, name="Grid", now=NOON)
    assert streets_by_name(open_region(path)) == before
    done = import_city(path, PLANNER, other, name="Grid", time_zone="UTC", replace_city=True, now=NOON)
    assert (done.kept, done.removed) == (0, len(before))
    assert done.figures["report"]["given"] == {"residents": None, "boundary": False}


def test_what_is_wrong_with_residents_and_boundary_is_said_before_the_map_is_read(tmp_path: Path) -> None:
    missing = tmp_path / "missing.osm"
    for source, says in (
        (MapSource(map=missing, residents="99999999999"), "--residents: 99999999999 people live in no city"),
        (MapSource(map=missing, residents="9" * 5000), "--residents: 999999999999... people live in no city"),
        (MapSource(map=missing, residents="0"), "--residents: nobody lives there"),
        (MapSource(map=missing, residents="many"), "--residents: 'many' is neither a number nor a file"),
        (MapSource(map=missing, boundary=tmp_path / "edge.geojson"), "there is no file .*edge.geojson"),
    ):
        with pytest.raises(BadInput, match=says):
            import_city(tmp_path / "region.gpkg", PLANNER, source, name="Grid", sandbox=True, now=NOON)


def test_more_people_than_the_streets_have_zones_for_still_make_a_city(tmp_path: Path) -> None:
    done = run_import(tmp_path, write_grid_map(tmp_path / "grid.osm"), residents="90000000")
    assert done.figures["zones"] <= done.figures["streets"]


def test_changes_by_hand_survive_a_newer_map(tmp_path: Path) -> None:
    run_import(tmp_path, write_grid_map(tmp_path / "old.osm"))
    region = open_region(tmp_path / "region.gpkg")
    names = streets_by_name(region)

    def change(**fields: object) -> Edit:
        return edit_street(region, PLANNER, Edit(**fields), now=NOON)  # type: ignore[arg-type]

    change(kind="rename", streets=(names["Street 0"],), value="Old Market")
    change(kind="close", streets=(names["Street 1"],))
    halves = change(kind="split", streets=(names["Avenue 2"],), wkt=f"POINT ({LON + 3 * STEP} {LAT + 2 * STEP})").made
    joined = change(kind="join", streets=(names["Street 4"], names["Avenue 4"])).made
    drawn = change(kind="draw", value="Riverside", wkt=f"LINESTRING ({LON} {LAT}, {LON - STEP} {LAT})").made
    done = run_import(tmp_path, write_grid_map(tmp_path / "new.osm", skip=frozenset({"Street 3"}), shift=0.00003))
    streets = city_store.read_city(open_region(tmp_path / "region.gpkg").reader()).streets.set_index("street")
    assert done.lost_edits == ()
    assert streets.loc[names["Street 0"], "name"] == "Old Market"
    assert streets.loc[names["Street 1"], "status"] == "closed"
    assert set(halves) | set(joined) | set(drawn) <= set(streets.index)
    assert names["Avenue 2"] not in streets.index


def test_a_street_is_told_as_it_was_before_it_was_closed_or_forbidden(tmp_path: Path) -> None:
    run_import(tmp_path, write_grid_map(tmp_path / "grid.osm"))
    region = open_region(tmp_path / "region.gpkg")
    street, other = (StreetId(streets_by_name(region)[name]) for name in ("Street 1", "Street 2"))
    for hour, kind, value in (
        (1, "close", ""),
        (2, "open", ""),
        (3, "permit", "refused"),
        (4, "permit", "granted"),
        (5, "close", ""),
    ):
        edit_street(region, PLANNER, Edit(kind=kind, streets=(street,), value=value), now=NOON + timedelta(hours=hour))

    def told(subject: StreetId) -> list[str]:
        hours = (0.5, 1, 1.5, 2, 3, 3.9, 4, 5, 24)
        return [street_state(region.reader(), subject, NOON + timedelta(hours=hour)).closed for hour in hours]

    assert told(street) == ["", "closed", "closed", "", "no_permission", "no_permission", "", "closed", "closed"]
    assert told(other) == [""] * 9


def test_halves_of_a_street_are_told_as_their_street_was_and_it_as_it_was_before(tmp_path: Path) -> None:
    run_import(tmp_path, write_grid_map(tmp_path / "grid.osm"))
    region = open_region(tmp_path / "region.gpkg")
    whole = StreetId(streets_by_name(region)["Avenue 2"])

    def change(hour: int, **fields: object) -> Edit:
        return edit_street(region, PLANNER, Edit(**fields), now=NOON + timedelta(hours=hour))  # type: ignore[arg-type]

    def told(subject: StreetId, *hours: float) -> list[str]:
        return [street_state(region.reader(), subject, NOON + timedelta(hours=hour)).closed for hour in hours]

    change(1, kind="permit", streets=(whole,), value="refused")
    one, other = change(2, kind="split", streets=(whole,), wkt=f"POINT ({LON + 3 * STEP} {LAT + 2 * STEP})").made
    change(4, kind="permit", streets=(one,), value="granted")
    change(5, kind="close", streets=(other,))
    change(6, kind="open", streets=(other,))
    change(7, kind="permit", streets=(other,), value="free")
    joined = change(8, kind="join", streets=(one, other)).made[0]
    change(9, kind="close", streets=(joined,))
    assert told(whole, 0.5, 1, 1.5, 2) == ["", "no_permission", "no_permission", "closed"]  # closed: no longer there
    assert told(one, 3, 4, 8) == ["no_permission", "", "closed"]
    assert told(other, 3, 5, 6, 7, 8) == ["no_permission", "closed", "no_permission", "", "closed"]
    assert told(joined, 8, 8.5, 9, 24) == ["", "", "closed", "closed"]


def test_a_street_closed_in_a_time_that_never_was_is_closed_from_the_accepted_moment_on(tmp_path: Path) -> None:
    run_import(tmp_path, write_grid_map(tmp_path / "grid.osm"))
    region = open_region(tmp_path / "region.gpkg")
    street = StreetId(streets_by_name(region)["Street 1"])
    edit_street(region, PLANNER, Edit(kind="close", streets=(street,)), now=NOON + timedelta(days=10))
    accept_clock(region, PLANNER, why="wrong_year", now=NOON + timedelta(hours=9))
    hours = (8, 9, 10, 24 * 11)
    states = [street_state(region.reader(), street, NOON + timedelta(hours=hour)).closed for hour in hours]
    assert states == ["", "closed", "closed", "closed"]


def test_what_was_given_before_and_is_left_out_now_is_taken_again(tmp_path: Path) -> None:
    path, grid = tmp_path / "region.gpkg", write_grid_map(tmp_path / "grid.osm")
    half = [
        [LON - 0.01, LAT - 0.01],
        [LON + 2.5 * STEP, LAT - 0.01],
        [LON + 2.5 * STEP, LAT + 1],
        [LON - 0.01, LAT + 1],
    ]
    (tmp_path / "half.geojson").write_text(json.dumps({"type": "Polygon", "coordinates": [[*half, half[0]]]}))
    given = MapSource(map=grid, residents="5000", boundary=tmp_path / "half.geojson")
    first = import_city(path, PLANNER, given, name="Grid", time_zone="Europe/Berlin", sandbox=True, now=NOON)
    again = import_city(path, PLANNER, MapSource(map=grid), name="Grid", now=NOON)
    assert first.figures["people"] == again.figures["people"] == 5000
    assert first.figures["streets"] == again.figures["streets"]
    assert again.figures["time_zone"] == "Europe/Berlin"
    assert (again.added, again.removed) == (0, 0)
    more = import_city(path, PLANNER, MapSource(map=grid, residents="6000"), name="Grid", time_zone="UTC", now=NOON)
    assert (more.figures["people"], more.figures["time_zone"]) == (6000, "UTC")


def test_only_a_planner_imports(tmp_path: Path) -> None:
    crew = Actor(ActorId("c"), Role.CREW, CrewId("A"))
    with pytest.raises(Forbidden):
        import_city(tmp_path / "region.gpkg", crew, MapSource(map=tmp_path / "x.osm"), name="X")


BAD_MAPS: dict[str, bytes] = {
    "empty.osm": b"",
    "not_xml.osm": b"this is not a map",
    "truncated.osm": b'<?xml version="1.0"?><osm version="0.6"><node id="1" lon="20.0" lat=',
    "no_streets.osm": b'<?xml version="1.0"?><osm version="0.6"><node id="1" lon="20" lat="10" version="1"/></osm>',
    "truncated.osm.pbf": b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18\x7c",
    "wrong.gpkg": b"SQLite format 3\x00" + b"\x00" * 200,
    "list.geojson": b"[1, 2, 3]",
    "nan.geojson": b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"highway":"residential"},'
    b'"geometry":{"type":"LineString","coordinates":[[NaN,1],[2,2]]}}]}',
    "huge.geojson": b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"highway":"residential"},'
    b'"geometry":{"type":"LineString","coordinates":[[1e9,1e9],[2e9,2e9]]}}]}',
    "picture.png": b"\x89PNG\r\n\x1a\n",
}


@pytest.mark.parametrize("name", [*BAD_MAPS, "missing.osm"])
def test_a_bad_map_is_refused_in_one_line_and_makes_no_region(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name in BAD_MAPS:
        path.write_bytes(BAD_MAPS[name])
    with pytest.raises(FieldopsError) as refusal:
        run_import(tmp_path, path)
    assert isinstance(refusal.value, BadInput)
    assert "\n" not in str(refusal.value)
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != name) == []


def test_an_import_that_is_stopped_makes_no_region(tmp_path: Path) -> None:
    def stop(stage: str, share: float, **figures: float) -> bool:
        return False

    grid = write_grid_map(tmp_path / "grid.osm")
    with pytest.raises(Stopped):
        import_city(tmp_path / "region.gpkg", PLANNER, MapSource(map=grid), name="Grid", progress=stop)
    assert not (tmp_path / "region.gpkg").exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from fieldops.actions.city import MapSource, import_city
from tests.conftest import NOON, PLANNER

def progress(stage, share, **figures):
    if sys.argv[3] == "die" and stage == "storing" and 0.8 < share < 1.0:  # most rows lie in the open transaction
        os.kill(os.getpid(), signal.SIGKILL)
    return True

import_city(Path(sys.argv[1]), PLANNER, MapSource(map=Path(sys.argv[2])), name="Grid", time_zone="UTC", now=NOON, progress=progress)
"""


@pytest.mark.parametrize("fate", ["die", "live"])
def test_an_import_killed_half_way_leaves_the_region_as_it_was(tmp_path: Path, fate: str) -> None:
    run_import(tmp_path, write_grid_map(tmp_path / "old.osm"))
    before = streets_by_name(open_region(tmp_path / "region.gpkg"))
    newer = write_grid_map(tmp_path / "new.osm", skip=frozenset({"Street 3"}))
    command = [sys.executable, "-c", KILLED, str(tmp_path / "region.gpkg"), str(newer), fate]
    root = Path(__file__).parents[2]
    ended = subprocess.run(command, cwd=root, env=os.environ | {"PYTHONPATH": str(root)}, capture_output=True)
    after = streets_by_name(open_region(tmp_path / "region.gpkg"))
    if fate == "die":
        assert ended.returncode == -signal.SIGKILL
        assert after == before
    else:  # the control: without the kill the same import does change the region
        assert ended.returncode == 0, ended.stderr
        assert "Street 3" not in after
