"""
Every route asked as every role, for the own and for another crew: the tables in `access/` say who comes through.

A new route fails here until it has a row: route, method, then one cell each for planner, lead, crew_lead, crew, auditor, rep
and visitor. `yes` comes through, `own` for the own crew only, `no` is refused (403), `in` is asked to sign in first.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fieldops.actions.rules import change_rules
from fieldops.people import Role
from tests.accounts import PLAIN_COOKIE, session_of
from tests.conftest import NOON, PLANNER
from tests.desk_town import make_desk_town
from tests.web.conftest import Browser, SignedIn
from tests.web.routes import OTHER, OWN, Route, routes
from web.app import create_app
from web.security import HEADERS
from web.session import Access, access_of, check_routes
from web.settings import Settings

FOLDER = Path(__file__).parent / "access"
ROLES = [*Role]
HERE = {"Origin": "http://localhost"}


@pytest.fixture(scope="module")
def desk_region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town of their own: these tests press every button."""
    path = tmp_path_factory.mktemp("access") / "region.gpkg"
    region = make_desk_town(path)
    change_rules(region, PLANNER, why="tests", now=NOON, requests_a_minute=1_000_000)
    region.close()
    return path


@pytest.fixture(scope="module")
def app(desk_region: Path) -> Flask:
    made = create_app(Settings(desk_region))
    made.test_client_class = Browser
    return made


def read_rows() -> dict[tuple[str, str], dict[str, str]]:
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for path in sorted(FOLDER.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, skipinitialspace=True):
                key = row["route"].strip(), row["method"].strip()
                assert key not in rows, f"{path.name}: {key} stands twice"
                rows[key] = {name: cell.strip() for name, cell in row.items()}
    return rows


ROWS = read_rows()


def test_every_route_has_a_row_and_every_row_a_route(app: Flask) -> None:
    assert {(route.endpoint, route.method) for route in routes(app)} == set(ROWS)


def test_an_application_with_a_route_that_says_nothing_does_not_start(app: Flask) -> None:
    lax = Flask("lax")
    lax.add_url_rule("/open", "open", lambda: "anybody")
    with pytest.raises(LookupError, match="open says nothing of who may come"):
        check_routes(lax)
    check_routes(app)


def test_what_a_view_declares_is_what_its_row_says(app: Flask) -> None:
    for route in routes(app):
        declared: Access = access_of(app, route.endpoint)
        row = ROWS[route.endpoint, route.method]
        assert (row["visitor"] == "yes") == declared.public, route.endpoint


def outcome(client: FlaskClient, route: Route, crew: str) -> str:
    """Come through is any answer but 401, 403 and being sent to the sign-in page; what then is wrong with it is no matter."""
    data = {"crew": crew} if route.method != "GET" and "crew" not in route.rule.arguments else None
    answer = client.open(route.address(crew), method=route.method, headers=HERE, data=data)
    assert answer.status_code < 500, f"{route.method} {route.address(crew)}: {answer.status_code}"
    if answer.status_code == 403:
        return "no"
    if access_of(client.application, route.endpoint).public:
        return "yes"  # signing in fails with 401 too, for everybody
    sent_away = answer.headers.get("Location", "").startswith("/sign-in")
    return "in" if answer.status_code == 401 or sent_away else "yes"


ENDS_SESSIONS = {
    "sign_in.sign_out",
    "sign_in.end_session",
    "sign_in.new_password",
    "sign_in.confirm",
    "sign_in.sign_in",
}


@pytest.mark.parametrize("role", [*ROLES, None], ids=lambda role: str(role or "visitor"))
def test_every_role_comes_through_where_its_row_says_so_and_nowhere_else(
    app: Flask, desk_region: Path, role: Role | None
) -> None:
    crew = OWN if role in (Role.CREW, Role.CREW_LEAD) else None
    wrong, secret = [], None
    for route in routes(app):
        if route.endpoint in ENDS_SESSIONS:
            secret = None
        expected = ROWS[route.endpoint, route.method][str(role or "visitor")]
        crew_matters = expected == "own" or "crew" in route.rule.arguments or access_of(app, route.endpoint).crew
        for asked in (OWN, OTHER) if crew_matters else (OWN,):
            client = app.test_client()
            if role:
                secret = secret or session_of(desk_region, role, crew)
                client.set_cookie(PLAIN_COOKIE, secret)
            found = outcome(client, route, asked)
            secret = None if route.endpoint in ENDS_SESSIONS else secret
            wanted = {"own": "yes" if asked == OWN else "no"}.get(expected, expected)
            if found != wanted:
                wrong.append(f"{route.method} {route.address(asked)} as {role}: {found}, not {wanted}")
    assert not wrong, "\n".join(wrong)


def answers(signed_in: SignedIn, app: Flask) -> Iterator[tuple[str, int, dict[str, str]]]:
    """Every route once, and every way to fail."""
    for route in routes(app):
        got = signed_in(Role.PLANNER).open(route.address(), method=route.method, headers=HERE)
        yield route.address(), got.status_code, dict(got.headers)
    client = signed_in(Role.PLANNER)
    for path, method, status in (("/nothing", "GET", 404), ("/", "DELETE", 403), ("/streets/none", "GET", 404)):
        got = client.open(path, method=method)
        assert got.status_code == status
        yield path, status, dict(got.headers)


def test_every_answer_carries_the_headers_that_protect_it(signed_in: SignedIn, app: Flask) -> None:
    seen = list(answers(signed_in, app))
    assert {status for _, status, _ in seen} >= {200, 303, 403, 404}
    for path, _, headers in seen:
        assert {name: headers.get(name) for name in HEADERS} == HEADERS, path
        assert "Cache-Control" in headers, path
