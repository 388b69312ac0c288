"""A region that an older fieldops made: pages and programs are told so with the cure, and nothing breaks."""

import sqlite3
from pathlib import Path

import pytest

from fieldops.actions.tiles import make_tiles
from fieldops.people import Role
from tests.accounts import PLAIN_COOKIE, session_of
from tests.conftest import PLANNER
from tests.desk_town import make_desk_town
from web.app import create_app
from web.settings import Settings


@pytest.mark.parametrize("address", ["/map", "/bursts", "/streets", "/api/streets"])
def test_an_older_region_is_told_with_its_cure(tmp_path: Path, address: str) -> None:
    path = tmp_path / "region.gpkg"
    make_desk_town(path).close()
    make_tiles(path, PLANNER)
    browser = create_app(Settings(path)).test_client()
    browser.set_cookie(PLAIN_COOKIE, session_of(path, Role.LEAD))
    with sqlite3.connect(path) as older:
        older.execute("DELETE FROM _sqlite_migrations WHERE name = 'm2026_11_26_bursts'")
        older.execute("DROP TABLE burst")
    older.close()
    answer = browser.get(address)
    assert answer.status_code == 503
    assert "fieldops check --migrate" in answer.text
