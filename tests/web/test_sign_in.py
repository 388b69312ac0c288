"""Coming in through the pages: forms without JavaScript, cookies, one-time links, and where visitors are led."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fieldops.actions.accounts import add_account, disable_account
from fieldops.actions.invitations import make_invitation, make_sign_in_link
from fieldops.ids import CrewId
from fieldops.people import Role
from fieldops.store.connect import Region, open_region
from fieldops.store.people import find_crew
from tests.conftest import PLANNER
from tests.web.conftest import SignedIn

HERE = {"Origin": "http://localhost", "Accept-Language": "en"}
GOOD, NEXT = "harbour lamp seven tulip", "violin cloud nine barrel"


@pytest.fixture
def region(desk_region: Path) -> Iterator[Region]:
    opened = open_region(desk_region)
    yield opened
    opened.close()


def post(client: FlaskClient, path: str, **fields: str) -> object:
    return client.post(path, data=fields, headers=HERE)


def test_a_visitor_is_led_to_the_sign_in_page_and_after_it_to_where_they_wanted(
    visitor: FlaskClient, region: Region
) -> None:
    add_account(region, PLANNER, login="way", name="Way", role=Role.LEAD, password=GOOD)
    sent = visitor.get("/streets?q=a%20b")
    assert sent.status_code == 303
    assert sent.headers["Location"] == "/sign-in?next=/streets?q%3Da%2520b"
    page = visitor.get(sent.headers["Location"], headers=HERE).text
    assert 'name="next" value="/streets?q=a%20b"' in page
    done = visitor.post("/sign-in", data={"login": "way", "password": GOOD, "next": "/streets?q=a%20b"}, headers=HERE)
    assert done.status_code == 303
    assert done.headers["Location"] == "/streets?q=a%20b"
    assert visitor.get("/streets").status_code == 200
    assert visitor.get("/").headers["Location"] == "/today"


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil", "javascript:1", "/a\nb"])
def test_signing_in_never_leads_to_another_site(visitor: FlaskClient, region: Region, target: str) -> None:
    login = f"next{abs(hash(target)) % 10_000}"
    add_account(region, PLANNER, login=login, name="x", role=Role.LEAD, password=GOOD)
    done = visitor.post("/sign-in", data={"login": login, "password": GOOD, "next": target}, headers=HERE)
    assert done.headers["Location"] == "/"


def test_the_cookie_is_kept_from_scripts_and_other_sites_and_bound_to_the_host_where_there_is_tls(
    visitor: FlaskClient, region: Region
) -> None:
    add_account(region, PLANNER, login="cookie", name="x", role=Role.LEAD, password=GOOD)
    plain = visitor.post("/sign-in", data={"login": "cookie", "password": GOOD}, headers=HERE).headers["Set-Cookie"]
    assert plain.startswith("session=")
    assert "HttpOnly" in plain
    assert "SameSite=Lax" in plain
    secure = visitor.post(
        "/sign-in", data={"login": "cookie", "password": GOOD}, base_url="https://localhost",
        headers={"Origin": "https://localhost"},
    )  # fmt: skip
    assert secure.headers["Set-Cookie"].startswith("__Host-session=")
    assert "Secure" in secure.headers["Set-Cookie"]
    assert "max-age" in secure.headers["Strict-Transport-Security"]


def test_a_wrong_password_says_so_without_saying_which_part_was_wrong(visitor: FlaskClient, region: Region) -> None:
    add_account(region, PLANNER, login="wrong", name="x", role=Role.LEAD, password=GOOD)
    pages = [
        visitor.post("/sign-in", data={"login": login, "password": NEXT}, headers=HERE) for login in ("wrong", "nobody")
    ]
    assert [page.status_code for page in pages] == [401, 401]
    assert "Login and password do not belong together." in pages[0].text
    assert pages[0].text.replace("wrong", "nobody") == pages[1].text
    assert "Set-Cookie" not in pages[0].headers
    assert NEXT not in pages[0].text


def test_a_program_without_a_session_is_told_in_the_one_shape_of_errors(visitor: FlaskClient) -> None:
    for path in ("/streets.json?q=a", "/colours.bin"):
        answer = visitor.get(path)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert set(answer.json["error"]) == {"kind", "status", "text", "facts"}
    wanted = visitor.get("/map", headers={"Accept": "application/json"})
    assert wanted.json["error"]["kind"] == "SignInRefused"


def test_a_key_that_is_unknown_is_refused_even_beside_a_good_cookie(client: FlaskClient) -> None:
    assert client.get("/streets.json?q=a").status_code == 200
    assert client.get("/streets.json?q=a", headers={"Authorization": "Bearer nothing"}).status_code == 401
    assert client.get("/streets.json?q=a", headers={"Authorization": "Basic YTpi"}).status_code == 401


def test_an_invitation_is_looked_at_before_it_is_used_up(visitor: FlaskClient, region: Region) -> None:
    _, secret = make_invitation(region, PLANNER, role=Role.CREW, crew=CrewId("C1"))
    name = find_crew(region.reader(), CrewId("C1")).name
    assert name != "C1"
    assert "Code" in visitor.get("/enter", headers=HERE).text
    for _ in range(2):
        looked = visitor.post("/enter", data={"secret": secret}, headers=HERE)
        assert looked.status_code == 200
        assert f"Your crew is {name}." in looked.text
        assert 'name="password"' not in looked.text
    refused = visitor.post("/enter/confirm", data={"secret": secret, "name": ""}, headers=HERE)
    assert refused.status_code == 422
    done = visitor.post("/enter/confirm", data={"secret": secret, "name": "小张"}, headers=HERE)
    assert done.status_code == 303
    assert "小张" in visitor.get("/account", headers=HERE).text
    again = visitor.post("/enter", data={"secret": secret}, headers=HERE)
    assert again.status_code == 401
    assert "used up" in again.text


def test_a_lead_who_is_invited_chooses_login_and_password(visitor: FlaskClient, region: Region) -> None:
    _, secret = make_invitation(region, PLANNER, role=Role.LEAD)
    form = {"secret": secret, "name": "赵", "login": "zhao.web", "password": "too short"}
    weak = visitor.post("/enter/confirm", data=form, headers=HERE)
    assert weak.status_code == 422
    assert "too short" not in weak.text.replace("a password that is too short", "")
    assert 'value="zhao.web"' in weak.text
    assert visitor.post("/enter/confirm", data={**form, "password": GOOD}, headers=HERE).status_code == 303
    assert visitor.get("/map").status_code == 200


def test_a_sign_in_link_asks_for_whom_before_it_signs_in(visitor: FlaskClient, region: Region) -> None:
    add_account(region, PLANNER, login="linked", name="林", role=Role.LEAD)
    _, secret = make_sign_in_link(region, PLANNER, "linked")
    assert "Sign in as 林?" in visitor.post("/enter", data={"secret": secret}, headers=HERE).text
    assert visitor.get("/map").status_code == 303
    assert visitor.post("/enter/confirm", data={"secret": secret}, headers=HERE).status_code == 303
    assert visitor.get("/map").status_code == 200


def test_signing_out_ends_the_session_and_clears_what_the_browser_kept(signed_in: SignedIn) -> None:
    client = signed_in(Role.LEAD)
    secret = client.get_cookie("session")
    assert secret is not None
    gone = client.post("/sign-out", headers=HERE)
    assert gone.headers["Clear-Site-Data"] == '"cache"'
    assert client.get_cookie("session") is None
    client.set_cookie("session", secret.value)
    assert client.get("/map").status_code == 303


def test_a_disabled_account_is_out_with_its_next_request(app: Flask, visitor: FlaskClient, region: Region) -> None:
    add_account(region, PLANNER, login="leaving", name="x", role=Role.LEAD, password=GOOD)
    visitor.post("/sign-in", data={"login": "leaving", "password": GOOD}, headers=HERE)
    assert visitor.get("/map").status_code == 200
    disable_account(region, PLANNER, "leaving")
    assert visitor.get("/map").status_code == 303
    assert visitor.get("/streets.json").status_code == 401


def test_a_device_is_signed_out_from_another(app: Flask, visitor: FlaskClient, region: Region) -> None:
    add_account(region, PLANNER, login="two", name="x", role=Role.LEAD, password=GOOD)
    phone = app.test_client()
    agent = "Mozilla/5.0 (Linux; Android 10) AppleWebKit/537.36 Chrome/99 MicroMessenger/8.0"
    for browser, headers in ((phone, {**HERE, "User-Agent": agent}), (visitor, HERE)):
        browser.post("/sign-in", data={"login": "two", "password": GOOD}, headers=headers)
    page = visitor.get("/account", headers=HERE).text
    assert "Android, WeChat" in page
    chosen = page.split('name="session" value="')[1].split('"')[0]
    assert (
        visitor.post("/account/sessions/end", data={"session": chosen, "password": GOOD}, headers=HERE).status_code
        == 303
    )
    assert "That device is signed out." in visitor.get("/account", headers=HERE).text
    assert phone.get("/map").status_code == 303
    assert visitor.get("/map").status_code == 200


def test_ending_another_session_asks_for_the_password_again(visitor: FlaskClient, app: Flask, region: Region) -> None:
    add_account(region, PLANNER, login="again", name="x", role=Role.LEAD, password=GOOD)
    other = app.test_client()
    for client in (other, visitor):
        client.post("/sign-in", data={"login": "again", "password": GOOD}, headers=HERE)
    chosen = visitor.get("/account").text.split('name="session" value="')[1].split('"')[0]
    for password in ("", NEXT):
        wrong = visitor.post("/account/sessions/end", data={"session": chosen, "password": password}, headers=HERE)
        assert wrong.status_code == 401
    assert other.get("/map").status_code == 200
    form = {"session": chosen, "password": GOOD}
    assert visitor.post("/account/sessions/end", data=form, headers=HERE).status_code == 303
    assert other.get("/map").status_code == 303


def test_a_new_password_asks_for_the_old_one_and_gives_this_browser_a_new_session(
    visitor: FlaskClient, region: Region
) -> None:
    add_account(region, PLANNER, login="renew", name="x", role=Role.LEAD, password=GOOD)
    visitor.post("/sign-in", data={"login": "renew", "password": GOOD}, headers=HERE)
    before = visitor.get_cookie("session")
    wrong = visitor.post("/account/password", data={"old": NEXT, "password": NEXT}, headers=HERE)
    assert wrong.status_code == 401
    weak = visitor.post("/account/password", data={"old": GOOD, "password": "short"}, headers=HERE)
    assert weak.status_code == 422
    done = visitor.post("/account/password", data={"old": GOOD, "password": NEXT}, headers=HERE)
    assert done.status_code == 303
    after = visitor.get_cookie("session")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert visitor.get("/map").status_code == 200


def test_guessing_at_a_login_is_answered_with_a_time_to_wait(visitor: FlaskClient, region: Region) -> None:
    add_account(region, PLANNER, login="storm", name="x", role=Role.LEAD, password=GOOD)
    for _ in range(10):
        assert visitor.post("/sign-in", data={"login": "storm", "password": NEXT}, headers=HERE).status_code == 401
    refused = visitor.post("/sign-in", data={"login": "storm", "password": GOOD}, headers=HERE)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 15 * 60 + 1
    assert "Wait" in refused.text


def test_the_menu_shows_what_the_role_may_use_and_nothing_to_visitors(
    visitor: FlaskClient, signed_in: SignedIn
) -> None:
    assert 'href="/map"' not in visitor.get("/sign-in").text
    assert 'href="/map"' in signed_in(Role.AUDITOR).get("/account").text
    crew = signed_in(Role.CREW, crew="C1")
    assert 'href="/map"' not in crew.get("/account").text
    refused = crew.get("/map", headers=HERE)
    assert refused.status_code == 403
    assert "Your account may not do that here." in refused.text
