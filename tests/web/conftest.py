"""A planned town behind the web application, made once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from fieldops.actions.tiles import make_tiles
from tests.conftest import PLANNER
from tests.desk_town import make_desk_town
from web.app import create_app
from web.settings import Settings


@pytest.fixture(scope="session")
def desk_region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The region file of a planned town, with its tiles."""
    path = tmp_path_factory.mktemp("desk") / "region.gpkg"
    make_desk_town(path).close()
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


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as browser:
        yield browser
