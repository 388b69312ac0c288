"""The second factor: who has one comes in by password and code, each code once; who must have one sets it up first; crews have none."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pyotp import TOTP
from werkzeug.test import TestResponse

from fieldops import clock
from fieldops.accounts import Account
from fieldops.actions.accounts import add_account, own_account
from fieldops.actions.factors import STEP, begin_factor, confirm_factor, drop_factor, prove_factor
from fieldops.actions.invitations import make_sign_in_link, redeem
from fieldops.actions.rules import change_rules
from fieldops.actions.sessions import MOST_FOR_ACCOUNT, resume, sign_in
from fieldops.errors import BadInput, Forbidden, SignInRefused, TooManyTries
from fieldops.ids import CrewId
from fieldops.people import Role
from fieldops.rules import Rules
from fieldops.store.connect import Region, create_region
from tests.conftest import NOON, PLANNER
from tests.desk_town import make_desk_town
from tests.small_region import add_town
from web.app import create_app
from web.settings import Settings

GOOD = "harbour lamp seven tulip"
HERE = {"Origin": "http://localhost", "Accept-Language": "en"}
# RFC 6238, appendix B: the secret of SHA-1, and six of the eight digits at the times of its table.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
RFC_CODES = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Region]:
    region = create_region(tmp_path / "region.gpkg", PLANNER, sandbox=True, now=NOON)
    add_town(region)
    yield region
    region.close()


def set_up(town: Region, login: str = "lead") -> tuple[Account, TOTP, list[str], datetime]:
    """An account with a second factor; its generator, its recovery codes, and the moment at which it was confirmed."""
    account = add_account(town, PLANNER, login=login, name=login, role=Role.LEAD, password=GOOD)
    app = TOTP(re.findall(r"secret=(\w+)", begin_factor(town, account))[0])
    at = clock.now().replace(microsecond=0)
    codes = confirm_factor(town, account.actor, account, app.at(at), address="a", now=at)
    return own_account(town, account), app, codes, at


def prove(town: Region, code: str, at: datetime, login: str = "lead") -> str:
    waiting = sign_in(town, login, GOOD, browser="b", address="a", now=at)
    return prove_factor(town, waiting, waiting.secret, code, browser="b", address="a", now=at).secret


@pytest.mark.parametrize(("at", "code"), list(RFC_CODES.items()))
def test_codes_are_those_of_the_standard(at: int, code: str) -> None:
    assert TOTP(RFC_SECRET, interval=STEP).at(datetime.fromtimestamp(at, tz=UTC)) == code


def test_a_password_alone_opens_nothing_where_there_is_a_second_factor(town: Region) -> None:
    set_up(town)
    waiting = sign_in(town, "lead", GOOD, browser="b", address="a")
    assert waiting.session.waits
    assert resume(town, waiting.secret) is None
    assert resume(town, waiting.secret, waits=True) is not None


def test_a_one_time_link_alone_opens_nothing_either(town: Region) -> None:
    set_up(town)
    secret = make_sign_in_link(town, PLANNER, "lead")[1]
    assert resume(town, redeem(town, secret, browser="b").secret) is None


def test_a_code_counts_once_and_for_half_a_minute_on_either_side(town: Region) -> None:
    _, app, _, at = set_up(town)
    step = timedelta(seconds=STEP)
    with pytest.raises(SignInRefused):
        prove(town, app.at(at), at)  # used up when it was confirmed
    later = at + 10 * step
    secret = prove(town, app.at(later - step), later)
    assert resume(town, secret, now=later) is not None
    for code in (app.at(later - step), app.at(later - 2 * step), app.at(later + 2 * step), "000000x", ""):
        with pytest.raises(SignInRefused):
            prove(town, code, later)
    assert resume(town, prove(town, app.at(later + step), later), now=later) is not None


def test_each_recovery_code_signs_in_once(town: Region) -> None:
    _, _, codes, at = set_up(town)
    assert len(set(codes)) == 10
    assert resume(town, prove(town, codes[3].upper(), at), now=at) is not None
    with pytest.raises(SignInRefused):
        prove(town, codes[3], at)


def test_codes_cannot_be_guessed_for_long(town: Region) -> None:
    _, _, codes, at = set_up(town)
    for _ in range(MOST_FOR_ACCOUNT):
        with pytest.raises(SignInRefused):
            prove(town, "123456", at)
    with pytest.raises(TooManyTries):
        prove(town, codes[0], at)


def test_neither_secret_nor_recovery_code_lies_readable_in_any_file(town: Region) -> None:
    _, app, codes, _ = set_up(town)
    for path in town.path.parent.iterdir():
        content = path.read_bytes()
        assert app.secret.encode() not in content
        assert not any(code.encode() in content for code in codes)


def test_crews_have_no_second_factor_and_none_can_be_asked_of_them(town: Region) -> None:
    crew = add_account(town, PLANNER, login="crew1", name="c", role=Role.CREW, crew=CrewId("C1"))
    with pytest.raises(Forbidden):
        begin_factor(town, crew)
    for wrong in ("crew", "planner crew_lead", "", "everybody"):
        with pytest.raises(BadInput):
            Rules(second_factor=wrong)
    assert Rules(second_factor="planner, lead").second_factor_roles == {"planner", "lead"}
    assert Rules().second_factor_roles == frozenset()


def test_whoever_must_have_a_second_factor_does_nothing_else_before_it_is_set_up_on_the_page(tmp_path: Path) -> None:
    town = make_desk_town(tmp_path / "region.gpkg")
    add_account(town, PLANNER, login="lead", name="Lead", role=Role.LEAD, password=GOOD)
    change_rules(town, PLANNER, why="tests", now=NOON, second_factor="planner lead")
    client = create_app(Settings(town.path)).test_client()
    post(client, "/sign-in", login="lead", password=GOOD)
    assert client.get("/today").headers["Location"] == "/account/second-factor"
    assert client.get("/api/streets", headers={"Accept": "application/json"}).status_code == 403
    assert "Your role needs a second factor" in client.get("/account/second-factor", headers=HERE).text
    assert post(client, "/account/second-factor/begin", password="wrong horse wrong horse").status_code == 401
    begun = post(client, "/account/second-factor/begin", password=GOOD)
    assert begun.headers["Cache-Control"] == "no-store"
    assert "<svg" in begun.text
    app = TOTP(re.findall(r'<p class="secret">([A-Z2-7 ]+)<', begun.text)[0].replace(" ", ""))
    assert post(client, "/account/second-factor", code="000000").status_code == 422
    shown = post(client, "/account/second-factor", code=app.now())
    assert len(re.findall(r"<li>[a-z2-9]{5}-[a-z2-9]{5}-[a-z2-9]{5}</li>", shown.text)) == 10
    assert client.get("/today").status_code == 200
    come_in_again(client, re.findall(r"<li>([a-z2-9-]{17})</li>", shown.text)[0])
    assert post(client, "/account/second-factor/off", password=GOOD).status_code == 303
    assert client.get("/today").headers["Location"] == "/account/second-factor"
    town.close()


def come_in_again(client: FlaskClient, recovery: str) -> None:
    """Sign out, and in again by password and recovery code."""
    post(client, "/sign-out")
    asked = post(client, "/sign-in", login="lead", password=GOOD, next="/streets")
    assert asked.headers["Location"] == "/sign-in/code?next=/streets"
    assert client.get("/today").headers["Location"].startswith("/sign-in")
    assert post(client, "/sign-in/code", code="123456", next="/streets").status_code == 401
    assert post(client, "/sign-in/code", code=recovery, next="/streets").headers["Location"] == "/streets"
    assert client.get("/today").status_code == 200


def post(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    return client.post(path, data=fields, headers=HERE)


def test_a_planner_takes_the_second_factor_of_a_lost_phone_away(town: Region) -> None:
    account, *_ = set_up(town)
    with pytest.raises(Forbidden):
        drop_factor(town, add_account(town, PLANNER, login="au", name="a", role=Role.AUDITOR).actor, "lead")
    drop_factor(town, PLANNER, "lead")
    assert not own_account(town, account).has_factor
    assert not sign_in(town, "lead", GOOD, browser="b", address="a").session.waits
