"""A planned town behind the web application, made once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from fieldops.actions.rules import change_rules
from fieldops.actions.tiles import make_tiles
from fieldops.people import Role
from tests.accounts import PLAIN_COOKIE, session_of
from tests.conftest import NOON, PLANNER
from tests.desk_town import make_desk_town
from web.app import create_app
from web.settings import Settings


@pytest.fixture(scope="session")
def desk_region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The region file of a planned town, with its tiles."""
    path = tmp_path_factory.mktemp("desk") / "region.gpkg"
    region = make_desk_town(path)
    change_rules(region, PLANNER, why="tests", now=NOON, requests_a_minute=1_000_000)
    region.close()
    make_tiles(path, PLANNER)
    return path


class Browser(FlaskClient):
    """A client that reads every answer to its end, as browsers do, so that no file stays open."""

    def open(self, *args: Any, **settings: Any) -> TestResponse:
        return super().open(*args, **{"buffered": True, **settings})


@pytest.fixture(scope="session")
def app(desk_region: Path) -> Flask:
    made = create_app(Settings(desk_region))
    made.test_client_class = Browser
    return made


SignedIn = Callable[..., FlaskClient]


@pytest.fixture
def signed_in(app: Flask, desk_region: Path) -> SignedIn:
    """Make a client that is signed in: `signed_in(Role.LEAD)`, `signed_in(Role.CREW, crew="C1")`."""

    def client_of(role: Role, crew: str | None = None) -> FlaskClient:
        browser = app.test_client()
        browser.set_cookie(PLAIN_COOKIE, session_of(desk_region, role, crew))
        return browser

    return client_of


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    """A browser in which nobody is signed in."""
    return app.test_client()  # no `with`: it would keep one request's context open around the next client's


@pytest.fixture(scope="session")
def lead_secret(desk_region: Path) -> str:
    return session_of(desk_region, Role.LEAD)


@pytest.fixture
def client(app: Flask, lead_secret: str) -> FlaskClient:
    """A browser in which a lead is signed in."""
    browser = app.test_client()
    browser.set_cookie(PLAIN_COOKIE, lead_secret)
    return browser
