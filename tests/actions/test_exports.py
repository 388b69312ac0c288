"""What is exported is what stands in the region, readable by the programs that it is for."""

import io
import json
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import openpyxl
import pytest
import shapely

from fieldops.actions.bursts import set_bursts
from fieldops.actions.exports import export
from fieldops.errors import BadInput, Forbidden, NotFound
from fieldops.exchange.printing import find_chromium
from fieldops.ids import ActorId, CrewId
from fieldops.people import Actor, Role
from fieldops.store.connect import Region
from fieldops.store.exports import EXPORTS
from tests.actions.test_plans import town  # noqa: F401  # a fixture
from tests.actions.test_walks import claimed, quick  # noqa: F401  # a fixture
from tests.conftest import LEAD, NOON

A = CrewId("A")
TODAY = date(2026, 3, 2)
LATER = NOON + timedelta(hours=1)


def rows_of(region: Region, name: str) -> list[dict[str, object]]:
    content, count = export(region, LEAD, name, "csv", now=LATER)
    lines = content.decode("utf-8-sig").splitlines()
    assert count == len(lines) - 1
    header = lines[0].split(",")
    return [dict(zip(header, line.split(","), strict=False)) for line in lines[1:]]


def test_every_table_is_written_in_every_format_that_fits_it(claimed: Region, tmp_path: Path) -> None:  # noqa: F811  # the fixture
    quick(claimed, A)
    set_bursts(claimed, LEAD, people_at_hand=50, now=NOON, time_limit=1.0)
    flat = {"crews", "surveys", "decisions", "effort", "timesheet", "events"}
    for name in EXPORTS:
        for form in ("csv", "xlsx", "gpkg"):
            content, count = export(claimed, LEAD, name, form, now=LATER)
            assert content
            if form == "gpkg":
                (tmp_path / f"{name}.gpkg").write_bytes(content)
                assert len(gpd.read_file(tmp_path / f"{name}.gpkg", layer=name)) == count
        for form in ("geojson", "gpx"):
            if name in flat:
                with pytest.raises(BadInput, match=f"the table {name} has no places on a map; not {form}"):
                    export(claimed, LEAD, name, form, now=LATER)
            else:
                assert export(claimed, LEAD, name, form, now=LATER)[0]


def test_a_layer_goes_by_the_name_that_map_programs_show_too(claimed: Region) -> None:  # noqa: F811  # the fixture
    for layer, name in (("street_status", "streets"), ("zone_status", "zones"), ("triangle_status", "triangles")):
        assert export(claimed, LEAD, layer, "csv", now=LATER) == export(claimed, LEAD, name, "csv", now=LATER)


def test_streets_carry_who_holds_them_at_that_moment(claimed: Region) -> None:  # noqa: F811  # the fixture
    states = {row["street"]: (row["state"], row["crew"]) for row in rows_of(claimed, "streets")}
    held = {row[0]: row[1] for row in claimed.reader().execute("SELECT street_id, crew_id FROM claim")}
    assert held
    assert {street: crew for street, (state, crew) in states.items() if state == "claimed"} == held
    content, _ = export(claimed, LEAD, "streets", "csv", now=NOON + timedelta(days=8))
    assert b",claimed," not in content  # the clock has ended them


def test_geojson_is_longitude_first_and_as_the_map(claimed: Region) -> None:  # noqa: F811  # the fixture
    content, count = export(claimed, LEAD, "streets", "geojson", now=LATER)
    features = json.loads(content)["features"]
    assert len(features) == count
    west, south, _, _ = shapely.from_geojson(json.dumps(features[0]["geometry"])).bounds
    assert 19 < west < 21
    assert 9 < south < 11


def test_gpx_is_read_as_xml_with_a_track_for_every_street(claimed: Region) -> None:  # noqa: F811  # the fixture
    tree = ET.fromstring(export(claimed, LEAD, "plan", "gpx", now=LATER)[0])  # our own
    names = {"g": "http://www.topografix.com/GPX/1/1"}
    assert len(tree.findall("g:trk", names)) >= len(rows_of(claimed, "plan"))


def test_walks_as_gpx_are_their_ways_with_the_stops(claimed: Region) -> None:  # noqa: F811  # the fixture
    made = [quick(claimed, CrewId("B")), quick(claimed, A)]
    content, count = export(claimed, LEAD, "walks", "gpx", day=TODAY, now=LATER)
    assert count == content.count(b"<trk>") == 2
    assert content.count(b"<trkpt ") == sum(len(one.way) for one in made)
    assert content.count(b"<wpt ") == sum(len(one.visits) for one in made)


def test_xlsx_holds_the_claims_with_names(claimed: Region) -> None:  # noqa: F811  # the fixture
    content, count = export(claimed, LEAD, "claims", "xlsx", crew=A, now=LATER)
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert len(rows) == count + 1
    assert {row[list(rows[0]).index("crew")] for row in rows[1:]} == {"A"}


def test_the_sheet_of_a_walk_has_numbers_boxes_and_a_code(claimed: Region) -> None:  # noqa: F811  # the fixture
    made = quick(claimed, A)
    page = export(claimed, LEAD, "walks", "html", crew=A, day=TODAY, now=LATER)[0].decode()
    assert page.count('class="number"') == page.count('class="tick"') == len(made.visits)
    assert page.count("<svg") == 2  # the code and the way
    assert "<script" not in page
    assert "http-equiv" not in page
    english = export(claimed, LEAD, "walks", "html", crew=A, day=TODAY, language="en", now=LATER)[0].decode()
    assert "does not know" in english


def test_paper_is_printed_where_there_is_a_chromium_and_names_the_page_where_not(
    claimed: Region,  # noqa: F811  # the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quick(claimed, A)
    if find_chromium():
        content, sheets = export(claimed, LEAD, "walks", "pdf", day=TODAY, now=LATER)
        assert content.startswith(b"%PDF")
        assert sheets == 1
    monkeypatch.setenv("FIELDOPS_CHROMIUM", "/nowhere/chromium")
    with pytest.raises(BadInput, match="no Chromium on this machine to print a PDF; write the page with --format html"):
        export(claimed, LEAD, "walks", "pdf", day=TODAY, now=LATER)


def test_what_cannot_be_exported_is_refused_with_what_can(claimed: Region) -> None:  # noqa: F811  # the fixture
    with pytest.raises(BadInput, match="nothing is called 'people'; take one of streets"):
        export(claimed, LEAD, "people", "csv", now=LATER)
    with pytest.raises(BadInput, match="'doc' is no format; take one of gpkg"):
        export(claimed, LEAD, "streets", "doc", now=LATER)
    with pytest.raises(BadInput, match="pdf is for walks; write streets as xlsx"):
        export(claimed, LEAD, "streets", "pdf", now=LATER)
    with pytest.raises(NotFound, match="fieldops walk"):
        export(claimed, LEAD, "walks", "html", now=LATER)
    with pytest.raises(Forbidden):
        export(claimed, Actor(ActorId("c"), Role.CREW, A), "streets", "csv", now=LATER)
