"""What the pages of recruiting say before and after: the other language with what was typed, which row stays, who cannot be assigned."""

import re
from pathlib import Path

import pytest
from flask import Flask

from fieldops.actions.recruiting_reps import end_rep, list_reps
from fieldops.people import Role
from fieldops.store.connect import open_region
from fieldops.store.persons import find_by_phone
from tests.accounts import PLAIN_COOKIE, session_of
from tests.conftest import LEAD, NOON
from tests.recruit_town import NAMES, make_recruit_town
from tests.recruits import phone
from tests.web.test_desk import text_of
from tests.web.test_recruiting import fill, people
from web.app import create_app
from web.settings import Settings

HERE = {"Origin": "http://localhost", "Accept-Language": "en"}


@pytest.fixture
def town(tmp_path: Path) -> tuple[Flask, Path, str]:
    region, code = make_recruit_town(tmp_path / "region.gpkg")
    region.close()
    return create_app(Settings(tmp_path / "region.gpkg")), tmp_path / "region.gpkg", code


def test_the_other_language_of_the_public_form_keeps_what_was_typed_and_stores_nothing(
    town: tuple[Flask, Path, str],
) -> None:
    app, path, code = town
    visitor, before = app.test_client(), people(path)
    chinese = visitor.get(f"/join/{code}", headers={"Accept-Language": "zh-CN"}).text
    assert f'formaction="/join/{code}/language"' in chinese
    typed = fill(visitor, code, name="王“新”", group="4")
    shown = visitor.post(
        f"/join/{code}/language", data={**typed, "language": "en"}, headers={"Accept-Language": "zh-CN"}
    )
    assert shown.status_code == 200
    assert 'lang="en"' in shown.text
    assert "Sign up" in shown.text
    for kept in ('value="王“新”"', f'value="{phone(9000)}"', 'value="4" checked', f'value="{typed["form"]}"'):
        assert kept in shown.text
    assert 'role="alert"' not in shown.text  # nothing was sent yet, so nothing is wrong yet
    assert shown.headers["Cache-Control"] == "no-store"
    assert people(path) == before
    assert "Sign up" in visitor.get(f"/join/{code}", headers={"Accept-Language": "zh-CN"}).text  # the choice stays
    assert visitor.post(f"/join/{code}", data={**typed, "name": "王新"}).status_code == 200
    assert people(path) == before + 1
    assert visitor.get(f"/join/{code}/language").headers["Location"] == f"/join/{code}"
    assert visitor.post(f"/join/{code}/language", data={"language": "xx", "name": "<b>"}).text.count("<b>") == 0
    assert visitor.post("/join/none/language", data={"language": "en"}).status_code == 404


def test_a_merge_says_which_row_stays_before_and_after(town: tuple[Flask, Path, str]) -> None:
    app, path, _ = town
    client = app.test_client()
    client.set_cookie(PLAIN_COOKIE, session_of(path, Role.LEAD))
    region = open_region(path)
    kept, other = find_by_phone(region, [f"+86{phone(3)}", f"+86{phone(4)}"]).values()
    region.close()
    assert "This row stays and stands for both" in text_of(client.get(f"/candidates/{kept}", headers=HERE).text)
    assert client.post(f"/candidates/{kept}/merge", data={"other": phone(4)}, headers=HERE).status_code == 303
    said = text_of(client.get(f"/candidates/{kept}", headers=HERE).text)
    assert f"This row, {NAMES[3]}, stands for both; that of {NAMES[4]} is kept beneath it" in said
    assert other[:8] in said


def test_where_no_rep_works_nobody_is_assigned_and_the_page_says_what_helps(town: tuple[Flask, Path, str]) -> None:
    app, path, _ = town
    client = app.test_client()
    client.set_cookie(PLAIN_COOKIE, session_of(path, Role.LEAD))
    assert 'action="/reps/assign"' in client.get("/reps").text
    region = open_region(path)
    for one in list_reps(region, LEAD, now=NOON):
        end_rep(region, LEAD, one.rep.id, now=NOON)
    region.close()
    page = client.get("/reps", headers=HERE).text
    assert 'action="/reps/assign"' not in page
    assert "No rep works here: nobody can care for them." in page
    refused = client.post("/reps/assign", headers={**HERE, "Accept-Language": "zh-CN"})
    assert refused.status_code == 422
    assert "这里没有在岗的对接人" in refused.text
    assert "请先导入对接人表" in refused.text


def test_the_average_of_what_brings_has_its_interval(town: tuple[Flask, Path, str]) -> None:
    app, path, _ = town
    client = app.test_client()
    client.set_cookie(PLAIN_COOKIE, session_of(path, Role.LEAD))
    said = text_of(client.get("/brings?by=street", headers=HERE).text)
    mean, low, high = re.search(
        r"On average ([\d.]+) candidates per promoter-hour \(([\d.]+)–([\d.]+), a 80% interval\)", said
    ).groups()
    assert float(low) < float(mean) < float(high)
