"""People through pages: boards of verified work, the pool, words for a crew, names instead of numbers."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from fieldops.actions.incidents import report_incident
from fieldops.people import Role
from fieldops.store.connect import Region
from tests.accounts import PLAIN_COOKIE, session_of
from tests.conftest import LEAD, NOON
from tests.desk_town import make_desk_town
from tests.phone_town import make_phone_town
from tests.phones import Phone, crew_actor
from tests.web.conftest import Browser
from tests.web.test_operation import HERE, words
from web.app import create_app
from web.settings import Settings


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Region]:
    region = make_phone_town(tmp_path / "region.gpkg")
    yield region
    region.close()


def browser_of(town: Region, role: Role, crew: str | None = None) -> FlaskClient:
    app = create_app(Settings(town.path))
    app.test_client_class = Browser
    client = app.test_client()
    client.set_cookie(PLAIN_COOKIE, session_of(town.path, role, crew))
    return client


def test_a_lead_lets_somebody_stand_by_and_sends_them_to_a_crew_by_its_name(town: Region) -> None:
    lead = browser_of(town, Role.LEAD)
    assert "Nobody. Whoever has no crew" in words(lead, "/people")
    assert lead.post("/people/standby", data={"promoter": "C0-0"}, headers=HERE).status_code == 303
    seen = words(lead, "/people")
    assert "C0-0 stands by; 甲组 counts one person less" in seen
    assert "1 promoter stands by" in seen
    assert "stands by" in words(lead, "/people/crews/C0")
    assert lead.post("/people/send", data={"promoter": "C0-0", "to": "丙组"}, headers=HERE).status_code == 303
    assert "C0-0 works in 丙组 now" in words(lead, "/people")
    assert lead.post("/people/send", data={"promoter": "C0-0", "to": "庚组"}, headers=HERE).status_code == 404


def test_two_crews_of_one_name_are_told_apart_by_their_ids(town: Region) -> None:
    with town.turn(LEAD, now=NOON) as turn:
        turn.connection.execute("UPDATE crew SET name = '甲组' WHERE id = 'C1'")
    lead = browser_of(town, Role.LEAD)
    page = lead.get("/people").text
    assert 'value="甲组 (C0)"' in page
    assert 'value="丙组"' in page
    sent = lead.post("/people/send", data={"promoter": "C0-0", "to": "甲组 (C1)"}, headers=HERE)
    assert sent.status_code == 303
    assert "C0-0" in words(lead, "/people/crews/C1")


def test_a_promoter_learns_sees_it_and_leaves_the_board(town: Region) -> None:
    phone = browser_of(town, Role.CREW, "C0")
    english = {"Accept-Language": "en"}
    page = phone.get("/crew/learn", headers=english).text
    assert page.count("data-lesson=") == 4
    assert 'aria-pressed="true"' not in page.split("</nav>")[0]
    mine = page.split('"promoter": "')[1].split('"')[0]
    device = Phone(promoter=mine)
    device.send(town, [device.make(NOON, "lesson", what="poster")], NOON, crew_actor("C0"))
    assert "disabled" in phone.get("/crew/learn", headers=english).text
    me = phone.get("/crew/me", headers=english).text
    assert "1 of 4" in me
    assert "Your name is on your lead" in me
    assert phone.post("/crew/board", data={"shown": "no"}, headers=HERE).status_code == 303
    assert "Your name is not on the board" in phone.get("/crew/me", headers=english).text
    lead = browser_of(town, Role.LEAD)
    seen = words(lead, "/people")
    assert "1 more does not want to be on the board" in seen
    assert "not on the board" in words(lead, "/people/crews/C0")


def test_lists_name_crews_and_no_page_of_the_desk_shows_their_numbers(town: Region) -> None:
    lead = browser_of(town, Role.LEAD)
    for path in (
        "/people",
        "/notices?crew=C0",
        "/claims?within=all&crew=C0",
        "/move-on",
        "/trust",
        "/accounts",
        "/people/crews/C0",
    ):
        seen = words(lead, path).replace("C0-0", "").replace("C0-1", "").replace("C0-2", "")
        assert not [word for word in seen.replace("(", " ").split() if word in ("C0", "C1", "C2")], path


def test_who_is_idle_is_given_the_next_street_on_the_crew_s_page_with_its_reason_in_both_languages(
    tmp_path: Path,
) -> None:
    region = make_desk_town(tmp_path / "desk.gpkg")
    lead = browser_of(region, Role.LEAD)
    assert 'href="/crews/C4#next"' in lead.get("/today").text
    page = words(lead, "/crews/C4")
    assert "people still to be told" in page
    assert "min on foot" in page
    chinese = lead.get("/crews/C4", headers={"Accept-Language": "zh-CN"}).text
    assert "人要告诉" in chinese
    assert 'lang="en"' not in chinese.split("下一条街")[1].split("</section>")[0]
    street = re.search(
        r'name="street" value="(\w+)"><input type="hidden" name="crew" value="C4"', lead.get("/crews/C4").text
    )
    assert street
    given = lead.post("/claims", data={"street": street[1], "crew": "C4", "back": "/crews/C4"}, headers=HERE)
    assert given.status_code == 303
    assert "戊组 holds the street now." in words(lead, "/crews/C4")
    assert 'href="/crews/C4#next"' not in lead.get("/today").text
    region.close()


def test_today_names_crews_that_held_streets_and_told_no_hours_and_incidents_that_wait(tmp_path: Path) -> None:
    region = make_desk_town(tmp_path / "desk.gpkg")
    lead = browser_of(region, Role.LEAD)
    assert "told no hours of yesterday" not in words(lead, "/today")
    report_incident(region, LEAD, "police", now=NOON + timedelta(days=1))
    today = words(lead, "/today")
    assert "4 crews told no hours of yesterday" in today
    assert "1 incident " in today
    day = words(lead, "/shifts?day=2026-03-02")
    assert "4 crews with streets told no hours 甲组" in day
    assert "1 crew has no street 戊组" in day
    assert lead.get("/shifts?day=2026-02-30").status_code == 422
    assert lead.get("/shifts?day=0001-01-01").status_code == 422
    region.close()
