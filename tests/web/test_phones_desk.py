"""The desk's page of crews' phones: words of the day, answers to appeals, doors that may be contacted again."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from fieldops.actions.backcheck import quarantine_surveys
from fieldops.actions.doors import list_closed
from fieldops.actions.phone import read_day, read_own_page
from fieldops.ids import PromoterId
from fieldops.people import Role
from fieldops.store.connect import Region
from tests.accounts import PLAIN_COOKIE, session_of
from tests.conftest import LEAD, NOON
from tests.phone_town import make_phone_town
from tests.phones import Phone, crew_actor
from web.app import create_app
from web.settings import Settings

HERE = {"Origin": "http://localhost", "Accept-Language": "en"}
MINUTE = timedelta(minutes=1)
ME = PromoterId("C0-0")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Region]:
    made = make_phone_town(tmp_path / "region.gpkg")
    yield made
    made.close()


@pytest.fixture
def lead(town: Region) -> FlaskClient:
    client = create_app(Settings(town.path)).test_client()
    client.set_cookie(PLAIN_COOKIE, session_of(town.path, Role.LEAD))
    return client


def words_on_phone(town: Region) -> tuple[str, ...]:
    return read_day(town, crew_actor(), ME).words


def test_what_a_lead_writes_stands_on_the_phones_until_it_is_taken_back(lead: FlaskClient, town: Region) -> None:
    for crew, text in (("", "下雨，先去商场"), ("C0", "今天学府路"), ("C1", "not for C0")):
        assert lead.post("/phones/words", data={"crew": crew, "text": text}, headers=HERE).status_code == 303
    assert words_on_phone(town) == ("下雨，先去商场", "今天学府路")
    page = lead.get("/phones", headers=HERE).text
    assert "甲组" in page
    assert "下雨，先去商场" in page
    lead.post("/phones/words", data={"crew": "", "text": ""}, headers=HERE)
    assert words_on_phone(town) == ("今天学府路",)
    assert lead.post("/phones/words", data={"text": "x" * 501}, headers=HERE).status_code == 422


def test_an_appeal_waits_on_the_first_page_and_is_answered_with_its_reason(lead: FlaskClient, town: Region) -> None:
    phone = Phone()
    made = phone.survey(NOON, True, street="S0")
    phone.send(town, [made], NOON)
    quarantine_surveys(town, LEAD, reason="suspect", promoter=ME, now=NOON)
    told = phone.make(NOON + MINUTE, "appeal", about=made["id"], why="it_is_true")
    phone.send(town, [told], NOON + MINUTE)
    assert 'href="/phones#appeals"' in lead.get("/today", headers=HERE).text
    assert "surveys in quarantine, the last at 解放东路" in lead.get("/phones", headers=HERE).text
    answer = {"answer": "decline", "why": "contradicted"}
    assert lead.post(f"/phones/appeals/{told['id']}", data=answer, headers=HERE).status_code == 303
    assert "No appeal waits." in lead.get("/phones", headers=HERE).text
    (seen,) = read_own_page(town, crew_actor(), ME).appeals
    assert (seen.upheld, seen.answer_why) == (False, "contradicted")
    assert lead.post(f"/phones/appeals/{told['id']}", data=answer, headers=HERE).status_code == 404


def test_a_door_is_lifted_from_the_list_with_a_reason(lead: FlaskClient, town: Region) -> None:
    phone = Phone()
    told = phone.make(NOON, street="S0", what="do_not_contact", door="3-502")
    phone.send(town, [told], NOON)
    assert "3-502" in lead.get("/phones", headers=HERE).text
    address = f"/phones/doors/{told['id']}/lift"
    assert lead.post(address, data={"why": ""}, headers=HERE).status_code == 422
    assert lead.post(address, data={"why": "moved_away"}, headers=HERE).status_code == 303
    assert list_closed(town, LEAD) == []
