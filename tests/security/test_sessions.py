"""Sessions, secrets and logs against whoever tries: races, other regions, forged addresses, faults of ours."""

import logging
import multiprocessing
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fieldops.actions.accounts import add_account
from fieldops.actions.invitations import make_invitation, redeem
from fieldops.actions.passwords import hash_password
from fieldops.actions.sessions import open_session, sign_in
from fieldops.errors import SignInRefused
from fieldops.people import Role
from fieldops.store.connect import Region, open_region
from fieldops.store.keys import key_path
from tests.accounts import PLAIN_COOKIE, session_of
from tests.conftest import PLANNER
from tests.desk_town import make_desk_town
from tests.web.conftest import Browser
from tests.web.routes import routes
from web.__main__ import proxy
from web.app import create_app
from web.session import PLAIN_COOKIE as COOKIE
from web.session import public
from web.settings import Settings

HERE = {"Origin": "http://localhost"}
GOOD = "harbour lamp seven tulip"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    region = make_desk_town(tmp_path_factory.mktemp("security") / "region.gpkg")
    yield region
    region.close()


@pytest.fixture(scope="module")
def app(town: Region) -> Flask:
    made = create_app(Settings(town.path))
    made.test_client_class = Browser
    return made


@pytest.fixture
def planner(app: Flask, town: Region) -> FlaskClient:
    client = app.test_client()
    client.set_cookie(PLAIN_COOKIE, session_of(town.path, Role.PLANNER))
    return client


def _use(
    path: Path, secret: str, gate: "multiprocessing.synchronize.Barrier", won: "multiprocessing.Queue[int]"
) -> None:
    region = open_region(path)
    gate.wait(60)
    try:
        redeem(region, secret, browser="race", name="Racer")
        won.put(1)
    except SignInRefused:
        won.put(0)
    finally:
        region.close()


def test_of_eight_browsers_that_use_a_link_at_once_one_gets_in(town: Region) -> None:
    from fieldops.ids import CrewId

    before = len(list_all(town))
    _, secret = make_invitation(town, PLANNER, role=Role.CREW, crew=CrewId("C1"))
    context = multiprocessing.get_context("forkserver")  # which has imported everything: see `tests.processes`
    gate, won = context.Barrier(8), context.Queue()
    racers = [context.Process(target=_use, args=(town.path, secret, gate, won)) for _ in range(8)]
    for one in racers:
        one.start()
    results = [won.get(timeout=120) for _ in racers]
    for one in racers:
        one.join(60)
    assert sorted(results) == [0] * 7 + [1]
    assert len(list_all(town)) == before + 1


def list_all(region: Region) -> list[object]:
    from fieldops.actions.accounts import list_accounts

    return list(list_accounts(region, PLANNER))


def test_secrets_are_long_and_never_come_twice(town: Region) -> None:
    account = add_account(town, PLANNER, login="secrets", name="x", role=Role.LEAD)
    sessions = {open_session(town, account, browser="x").secret for _ in range(50)}
    links = {make_invitation(town, PLANNER, role=Role.LEAD)[1] for _ in range(20)}
    assert len(sessions) == 50
    assert len(links) == 20
    assert min(len(one) for one in sessions) >= 43  # 256 bits in base64
    assert min(len(one) for one in links) >= 22  # 128 bits


def test_a_session_of_another_region_opens_nothing_here(app: Flask, tmp_path: Path) -> None:
    other = make_desk_town(tmp_path / "other.gpkg")
    other.close()
    client = app.test_client()
    client.set_cookie(PLAIN_COOKIE, session_of(tmp_path / "other.gpkg", Role.PLANNER))
    assert client.get("/today").status_code == 303
    assert client.get("/api/claims").status_code == 401


def test_passwords_are_hashed_by_argon2id_with_the_costs_of_today() -> None:
    assert hash_password(GOOD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hash_password(GOOD) != hash_password(GOOD)


def test_a_long_password_counts_to_its_last_sign(town: Region) -> None:
    long = "".join(chr(97 + (i * 7 + i // 5) % 26) for i in range(126)) + " Z"
    add_account(town, PLANNER, login="long", name="x", role=Role.LEAD, password=long)
    assert sign_in(town, "long", long, browser="x", address="9.9.9.9")
    for wrong in (long[:-1], long.lower(), long + "x"):
        with pytest.raises(SignInRefused):
            sign_in(town, "long", wrong, browser="x", address="9.9.9.9")


def test_passwords_are_typed_into_fields_that_hide_them_and_allow_managers(app: Flask) -> None:
    page = app.test_client().get("/sign-in").text
    field = re.search(r"<input[^>]*name=\"password\"[^>]*>", page)
    assert field is not None
    assert 'type="password"' in field[0]
    assert 'autocomplete="current-password"' in field[0]
    assert "onpaste" not in page


def test_the_key_is_readable_by_its_owner_alone(town: Region) -> None:
    assert stat.S_IMODE(key_path(town.path).stat().st_mode) == 0o600


def test_a_visitor_cannot_say_from_where_they_come(app: Flask) -> None:
    seen: list[str | None] = []
    app_of_its_own = create_app(Settings(app.extensions["fieldops.region"]))

    @app_of_its_own.get("/whence")
    @public
    def whence() -> str:
        from flask import request

        seen.append(request.remote_addr)
        return "ok"

    app_of_its_own.test_client().get("/whence", headers={"X-Forwarded-For": "6.6.6.6", "X-Real-IP": "6.6.6.6"})
    assert seen == ["127.0.0.1"]
    assert proxy(None) == {}  # waitress by itself believes nobody
    assert proxy("10.0.0.1")["trusted_proxy"] == "10.0.0.1"


def test_a_fault_of_ours_tells_nothing_of_the_inside(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    broken = create_app(Settings(app.extensions["fieldops.region"]))

    @broken.get("/broken")
    @public
    def fail() -> str:
        raise RuntimeError("secret detail of the inside")

    for headers in ({}, {"Accept": "application/json"}):
        answer = broken.test_client().get("/broken", headers=headers)
        assert answer.status_code == 500
        assert "secret detail" not in answer.text
        assert "Traceback" not in answer.text
        assert "Content-Security-Policy" in answer.headers
    assert "secret detail" in caplog.text  # whoever runs the server reads it


def test_no_folder_is_listed_and_trace_is_not_answered(planner: FlaskClient) -> None:
    for path in ("/static/", "/static", "/tiles/", "/tiles", "/api/", "/.git/config", "/static/../web/app.py"):
        assert planner.get(path).status_code in (404, 308), path
    assert planner.open("/today", method="TRACE", headers=HERE).status_code == 405


def test_no_answer_allows_another_origin(app: Flask, planner: FlaskClient) -> None:
    for path in ("/today", "/api/claims", "/colours.bin", "/static/page.css"):
        answer = planner.get(path, headers={"Origin": "https://evil.example"})
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")], path


def test_every_answer_names_its_type_and_its_letters(app: Flask, planner: FlaskClient) -> None:
    for route in routes(app):
        if route.method != "GET":
            continue
        answer = planner.get(route.address())
        kind = answer.headers.get("Content-Type", "")
        assert kind, route.endpoint
        if kind.startswith("text/html"):
            assert "charset=utf-8" in kind.lower(), route.endpoint


def test_no_reading_changes_the_record(app: Flask, planner: FlaskClient, town: Region) -> None:
    def events() -> int:
        found: int = town.reader().execute("SELECT count(*) FROM event").fetchone()[0]
        return found

    before = events()
    for route in routes(app):
        if route.method == "GET":
            planner.get(route.address())
    assert events() == before


def test_every_change_is_recorded_with_who_and_when(planner: FlaskClient, town: Region) -> None:
    planner.post("/claims", data={"street": "R60", "crew": "C4"}, headers=HERE)
    row = (
        town.reader()
        .execute("SELECT actor, recorded_at, took_effect_at FROM event ORDER BY seq DESC LIMIT 1")
        .fetchone()
    )
    assert row[0].startswith("account:")
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", moment) for moment in row[1:])


def test_sign_ins_and_refusals_are_logged_without_secrets(
    app: Flask, town: Region, caplog: pytest.LogCaptureFixture
) -> None:
    account = add_account(
        town, PLANNER, login="logged\u2028in".replace("\u2028", "."), name="记录", role=Role.AUDITOR, password=GOOD
    )
    client = app.test_client()
    with caplog.at_level(logging.INFO, logger="fieldops.web"):
        client.post(
            "/sign-in", data={"login": "logged.in", "password": "wrong\nfieldops.web forged line"}, headers=HERE
        )
        client.post("/sign-in", data={"login": "logged.in", "password": GOOD}, headers=HERE)
        client.post("/claims", data={"street": "R00", "crew": "C1\nforged"}, headers=HERE)
        client.get("/api/claims", headers={"Authorization": "Bearer fo_secret"})
    lines = [record.getMessage() for record in caplog.records if record.name == "fieldops.web"]
    assert [line.split(" address")[0] for line in lines] == ["refused", "signed in", "refused", "refused"]
    assert f"account='{account.id}'" in lines[1]
    assert f"actor='account:{account.id}'" in lines[2]
    assert all("\n" not in line for line in lines)
    secret = client.get_cookie(COOKIE)
    assert secret is not None
    for hidden in (GOOD, "logged.in", "记录", "fo_secret", secret.value, "forged"):
        assert hidden not in " ".join(lines), hidden
