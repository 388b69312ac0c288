"""The map by hand through pages: split, join, draw, gate, and whole maps brought in; each as a job that may run twice."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from fieldops.actions.city import MapSource, import_city
from fieldops.actions.claims import make_claim
from fieldops.actions.drawing import plan_edit, read_points
from fieldops.actions.jobs import list_jobs
from fieldops.actions.mapjobs import run_edit_job, run_import_job
from fieldops.actions.people import import_crews
from fieldops.errors import BadInput, FieldopsError, NotFound
from fieldops.ids import CrewId, JobId, StreetId
from fieldops.people import Role
from fieldops.progress import no_progress
from fieldops.store.connect import Region, open_region
from fieldops.worker import Worker
from tests.accounts import PLAIN_COOKIE, session_of
from tests.conftest import LEAD, NOON, PLANNER
from tests.small_map import LAT, LON, STEP, grid_map, write_grid_map
from tests.web.conftest import Browser
from tests.web.test_operation import HERE, words
from web.app import create_app
from web.settings import Settings

JOB = JobId("job")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Region]:
    path = tmp_path / "region.gpkg"
    source = MapSource(map=write_grid_map(tmp_path / "grid.osm"), residents="5000")
    import_city(path, PLANNER, source, name="Grid", time_zone="UTC", sandbox=True, now=NOON)
    region = open_region(path)
    crew = {
        "crew": "C0",
        "name": "甲组",
        "people": "5",
        "hours_per_day": "6",
        "home_lon": str(LON),
        "home_lat": str(LAT),
    }
    import_crews(region, LEAD, [(2, crew)], now=NOON)
    yield region
    region.close()


@pytest.fixture
def planner(town: Region) -> FlaskClient:
    app = create_app(Settings(town.path))
    app.test_client_class = Browser
    client = app.test_client()
    client.set_cookie(PLAIN_COOKIE, session_of(town.path, Role.PLANNER))
    return client


def named(town: Region, name: str) -> StreetId:
    found = town.reader().execute("SELECT id FROM street WHERE name = ? AND status <> 'gone'", (name,)).fetchall()
    assert len(found) == 1, name
    return StreetId(found[0][0])


def labels(town: Region) -> set[str]:
    return {row[0] for row in town.reader().execute("SELECT label FROM street WHERE status <> 'gone'")}


def work(town: Region) -> str:
    Worker(town.path, lambda _: None).run(once=True)
    job = list_jobs(town.path, PLANNER)[0]
    return f"{job.state} {job.problem}".strip()


def draw(client: FlaskClient, **form: str) -> int:
    return client.post("/map/edit", data=form, headers=HERE).status_code


def test_a_street_is_split_at_the_crossing_nearest_to_the_point_and_the_job_may_run_twice(
    planner: FlaskClient, town: Region
) -> None:
    street = named(town, "Avenue 1")
    at = f"{LON + 2.1 * STEP},{LAT + STEP}"
    assert draw(planner, kind="split", streets=street, points=at) == 303
    assert work(town) == "done"
    assert {"Avenue 1 · 1", "Avenue 1 · 2"} <= labels(town)
    job = list_jobs(town.path, PLANNER)[0]
    run_edit_job(town.path, PLANNER, job=JOB, progress=no_progress, **job.parameters)
    assert len([one for one in labels(town) if one.startswith("Avenue 1")]) == 2
    assert town.reader().execute("SELECT count(*) FROM event WHERE kind = 'StreetEdited'").fetchone()[0] == 1


def test_streets_are_joined_drawn_and_named_on_the_page(planner: FlaskClient, town: Region) -> None:
    both = f"{named(town, 'Street 0')} {named(town, 'Avenue 0')}"
    assert draw(planner, kind="join", streets=both) == 303
    assert work(town) == "done"
    line = f"{LON},{LAT + 5 * STEP};{LON + STEP},{LAT + 5 * STEP}"
    assert draw(planner, kind="draw_street", points=line, name="新路") == 303
    assert work(town) == "done"
    ring = " ".join(f"{LON + x * STEP},{LAT + y * STEP}" for x, y in ((1.2, 1.2), (1.8, 1.2), (1.8, 1.8), (1.2, 1.8)))
    assert draw(planner, kind="draw_compound", points=ring, name="新小区") == 303
    assert work(town) == "done"
    assert {"新路", "新小区"} <= labels(town)
    compound = named(town, "新小区")
    assert draw(planner, kind="gate", streets=compound, points=f"{LON + 1.2 * STEP},{LAT + 1.2 * STEP}") == 303
    assert work(town) == "done"
    gates = town.reader().execute("SELECT count(*) FROM gate WHERE street_id = ?", (compound,)).fetchone()[0]
    assert gates == 1
    assert "新小区" in words(planner, f"/map/edit?street={compound}")


def test_a_claimed_street_is_not_split_under_its_crew(planner: FlaskClient, town: Region) -> None:
    street = named(town, "Avenue 2")
    make_claim(town, LEAD, street=street, crew=CrewId("C0"), now=NOON)
    assert draw(planner, kind="split", streets=street, points=f"{LON + STEP},{LAT + 2 * STEP}") == 303
    assert work(town).startswith("failed")
    assert "Avenue 2" in labels(town)


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"kind": "melt"}, BadInput), ({"kind": "split", "streets": ["a"]}, NotFound), ({"kind": "split"}, BadInput),
        ({"kind": "join", "streets": ["Avenue 0"]}, BadInput), ({"kind": "split", "streets": ["Avenue 0"]}, BadInput),
        ({"kind": "gate", "streets": ["Avenue 0"], "points": [(LON, LAT)]}, BadInput),
        ({"kind": "draw_street", "points": [(LON, LAT)], "name": "x"}, BadInput),
        ({"kind": "draw_street", "points": [(LON, LAT), (LON, LAT + STEP)]}, BadInput),
        ({"kind": "draw_compound", "points": [(LON, LAT), (LON, LAT + STEP)], "name": "x"}, BadInput),
    ],
)  # fmt: skip
def test_a_drawing_that_lacks_what_it_needs_is_refused_before_a_job_is_ordered(
    town: Region, form: dict[str, object], error: type[FieldopsError]
) -> None:
    names = [str(one) for one in form.get("streets", [])]  # type: ignore[attr-defined]
    streets = [named(town, one) if one.startswith("Avenue") else StreetId(one) for one in names]
    with pytest.raises(error):
        plan_edit(
            town,
            LEAD,
            str(form["kind"]),
            streets=streets,
            points=form.get("points", []),
            name=str(form.get("name", "")),  # type: ignore[arg-type]
        )


@pytest.mark.parametrize("text", ["east", "1,2,3", "nan,1", "inf,1", "200,1", "1,91", "1", " ".join(["1,1"] * 201)])
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read_points(text)


def send(client: FlaskClient, body: bytes, **form: str) -> int:
    parts = {"map": FileStorage(BytesIO(body), filename="../../etc/map.osm"), **form}
    boundary, content = encode_multipart(parts)
    kind = f"multipart/form-data; boundary={boundary}"
    return client.post("/map/import", data=content, headers=HERE, content_type=kind).status_code


def test_a_newer_map_comes_in_as_a_job_and_the_page_says_what_became_of_it(planner: FlaskClient, town: Region) -> None:
    street = named(town, "Avenue 1")
    draw(planner, kind="split", streets=street, points=f"{LON + 2.1 * STEP},{LAT + STEP}")
    work(town)
    newer = grid_map(skip=frozenset({"Street 3", "Avenue 1"})).encode()
    assert send(planner, newer, city="Grid", coordinates="wgs84") == 303
    assert work(town) == "done"
    job = list_jobs(town.path, PLANNER)[0]
    seen = words(planner, f"/map/imported/{job.id}")
    assert "The map is in." in seen
    assert "Changes by hand that no longer apply" in seen
    assert "Street 3" not in labels(town)
    assert list((town.path.parent / "imports").iterdir()) == []


def test_the_map_of_another_place_replaces_a_city_only_where_the_box_is_ticked(
    planner: FlaskClient, town: Region
) -> None:
    before, other = labels(town), grid_map(shift=3.0).replace('way id="', 'way id="7').replace("Street", "Road")
    assert send(planner, other.encode(), city="Grid", coordinates="wgs84") == 303
    assert "map of another place" in work(town)
    assert labels(town) == before
    assert 'name="replace"' in planner.get("/map/import").get_data(as_text=True)
    assert send(planner, other.encode(), city="Grid", coordinates="wgs84", replace="1") == 303
    assert work(town) == "done"
    assert "Road 1" in labels(town)


def test_a_map_that_cannot_be_read_says_why_and_changes_nothing(planner: FlaskClient, town: Region) -> None:
    before = labels(town)
    assert send(planner, b"no map at all", city="Grid", coordinates="wgs84") == 303
    assert work(town).startswith("failed")
    assert labels(town) == before
    for form in ({"coordinates": "mars"}, {"city": " "}, {"residents": "/etc/passwd"}, {"residents": "many"}):
        assert send(planner, b"x", **{"city": "Grid", "coordinates": "wgs84", **form}) == 422, form


def test_no_other_file_of_the_machine_is_read_as_a_map(town: Region) -> None:
    for name in ("../grid.osm", "/etc/passwd", "none"):
        with pytest.raises((BadInput, NotFound, ValueError)):
            run_import_job(town.path, PLANNER, job=JOB, progress=no_progress, map_file=name, city="Grid")
    assert (town.path.parent / "grid.osm").exists()
