"""Pay, incidents and stock through pages and the phone."""

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook

from fieldops.actions.incidents import list_incidents, read_notes, write_note
from fieldops.actions.recruiting_duties import run_retention
from fieldops.people import Role
from fieldops.store.connect import Region
from tests.accounts import PLAIN_COOKIE, session_of
from tests.conftest import LEAD, NOON, PLANNER
from tests.phone_town import make_phone_town
from tests.phones import Phone
from tests.web.conftest import Browser
from tests.web.test_operation import HERE, words
from web.app import create_app
from web.settings import Settings

LATER = NOON + timedelta(hours=9)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Region]:
    region = make_phone_town(tmp_path / "region.gpkg")
    phone = Phone()
    records = [phone.make(NOON + timedelta(hours=i), street="S0", what="refused") for i in range(6)]
    records.append(phone.make(LATER, "hours", street="S0", day="2026-03-02", hours=6.5))
    records.append(phone.make(LATER, "incident", street="S1", what="city_management"))
    phone.send(region, records, LATER)
    other = Phone(promoter="C0-1", device="D1")
    other.send(region, [other.make(LATER, "hours", street="S0", day="2026-03-02", hours=8.0)], LATER)
    yield region
    region.close()


@pytest.fixture
def lead(town: Region) -> FlaskClient:
    app = create_app(Settings(town.path))
    app.test_client_class = Browser
    client = app.test_client()
    client.set_cookie(PLAIN_COOKIE, session_of(town.path, Role.LEAD))
    return client


def test_the_sheet_shows_what_waits_first_and_a_lead_lets_it_count(lead: FlaskClient) -> None:
    seen = words(lead, "/pay")
    assert "Hours told 14.5 Hours paid 6.5 Days that wait for you 1" in seen
    assert seen.index("C0-1 甲组") < seen.index("C0-0 甲组")
    form = {"promoter": "C0-1", "day": "2026-03-02", "hours": "7.5", "why": "crew_lead_says_so", "first": "2026-03-01"}
    assert lead.post("/pay", data=form, headers=HERE).headers["Location"] == "/pay?first=2026-03-01"
    assert "Hours paid 14.0 Days that wait for you 0" in words(lead, "/pay")
    for wrong in ({"hours": "many"}, {"day": "yesterday"}, {"day": ""}, {"why": ""}, {"hours": "nan"}):
        assert lead.post("/pay", data={**form, **wrong}, headers=HERE).status_code == 422, wrong
    assert lead.get("/pay?first=2026-13-01").status_code == 422
    sheet = load_workbook(BytesIO(lead.get("/pay/sheet.xlsx").data)).active
    assert sheet is not None
    assert sheet.max_row == 3
    assert lead.get("/pay/sheet.exe").status_code == 422


def test_a_lead_settles_an_incident_and_closes_the_street(lead: FlaskClient, town: Region) -> None:
    seen = words(lead, "/incidents")
    assert "1 waits for you." in seen
    assert "City officers came Mon 2 Mar, 21:00 解放西路 甲组 waits" in seen
    name = town.reader().execute("SELECT id FROM incident").fetchone()[0]
    done = {"incident": name, "outcome": "street_closed", "close_days": "3"}
    assert lead.post("/incidents/settle", data={**done, "close_days": "x"}, headers=HERE).status_code == 422
    assert lead.post("/incidents/settle", data=done, headers=HERE).status_code == 303
    seen = words(lead, "/incidents")
    assert "closed until Thu 5 Mar, 21:00" in seen
    assert "State paused until" in (page := words(lead, "/streets/S1"))
    assert "then it opens by itself" in page
    assert "Open the street again" in page
    assert [lead.get(f"/map?state={one}").text.count('/streets/S1"') for one in ("paused", "closed", "free")] == [
        1,
        0,
        0,
    ]
    back = {"street": "S1", "back": "/streets/S1"}
    assert lead.post("/incidents/reopen", data=back, headers=HERE).headers["Location"] == "/streets/S1"
    page = words(lead, "/streets/S1")
    assert "State free" in page
    assert "opened again before its time" in page
    assert "closed for a time, until" in page
    assert "free" in words(lead, "/streets/S1")
    told = {"what": "injury", "street": "滨江路", "to": "乙组"}
    assert lead.post("/incidents", data=told, headers=HERE).status_code == 303
    assert "Somebody is hurt" in words(lead, "/incidents")
    assert lead.post("/incidents", data={"what": "injury", "street": "nowhere"}, headers=HERE).status_code == 404


def test_stock_is_moved_on_its_page(lead: FlaskClient) -> None:
    assert "Nothing has come in yet." in words(lead, "/stock")
    form = {"item": "poster", "count": "50", "source": "outside", "target": "crew:C0"}
    assert lead.post("/stock", data=form, headers=HERE).status_code == 303
    assert "甲组 posters 50 0 0 50" in words(lead, "/stock")
    back = {**form, "source": "crew:C0", "target": "outside", "count": "60"}
    assert lead.post("/stock", data=back, headers=HERE).status_code == 422
    assert lead.post("/stock", data={**form, "count": "-1"}, headers=HERE).status_code == 422


def test_what_was_told_of_an_incident_is_kept_sealed_for_leads_and_can_be_destroyed(
    lead: FlaskClient, town: Region
) -> None:
    told = {"what": "complaint", "to": "乙组", "note": "王先生 13800138000 骂人"}
    assert lead.post("/incidents", data=told, headers=HERE).status_code == 303
    assert "王先生 13800138000 骂人" in words(lead, "/incidents")
    name = next(one.id for one in list_incidents(town, LEAD) if one.what == "complaint")
    for file in town.path.parent.glob("region.*"):  # the record, the private file, and their logs
        assert "王先生".encode() not in file.read_bytes(), file.name
    assert lead.post("/incidents/note", data={"incident": name, "note": "x" * 201}, headers=HERE).status_code == 422
    assert lead.post("/incidents/note", data={"incident": "none", "note": "x"}, headers=HERE).status_code == 404
    assert lead.post("/incidents/note", data={"incident": name, "note": ""}, headers=HERE).status_code == 303
    assert "骂人" not in words(lead, "/incidents")
    write_note(town, LEAD, name, "again", now=NOON)
    run_retention(town, PLANNER, now=NOON + timedelta(days=31))
    assert read_notes(town, LEAD) == {}


def test_a_very_long_day_is_named_on_the_sheet(lead: FlaskClient, town: Region) -> None:
    phone = Phone(promoter="C0-2", device="D2")
    phone.send(town, [phone.make(NOON, "hours", day="2026-03-02", hours=17.0, street="S0")], NOON + timedelta(hours=9))
    assert "17.0 a very long day" in words(lead, "/pay")
