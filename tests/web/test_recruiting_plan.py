"""A lead lets plans count recruits too, on the page of settings and in the shell, and the plans say so."""

import re
from pathlib import Path

import pytest
import typer
from flask.testing import FlaskClient
from typer.testing import CliRunner

from fieldops.actions.plans import make_plan
from fieldops.cli.commands import register
from fieldops.people import Role
from fieldops.store.connect import open_region
from tests.accounts import PLAIN_COOKIE, session_of
from tests.conftest import LEAD, NOON
from tests.recruit_town import make_recruit_town
from tests.web.test_desk import text_of
from tests.web.test_operation import HERE
from web.app import create_app
from web.settings import Settings


@pytest.fixture
def town(tmp_path: Path) -> Path:
    region, _ = make_recruit_town(tmp_path / "region.gpkg")
    region.close()
    return tmp_path / "region.gpkg"


@pytest.fixture
def planner(town: Path) -> FlaskClient:
    client = create_app(Settings(town)).test_client()
    client.set_cookie(PLAIN_COOKIE, session_of(town, Role.PLANNER))
    return client


def planned(path: Path) -> tuple[str, float]:
    """Make a plan; return its address and its value."""
    region = open_region(path)
    made = make_plan(region, LEAD, now=NOON, time_limit=1.0)
    region.close()
    return f"/plan/{made.id}", made.objective


@pytest.mark.parametrize(
    ("language", "choice", "page", "reason"),
    [
        ("en", "recruits too", "Recruits count too:", r"about 0\.\d[1-9] candidates are expected from its hours"),
        ("zh-Hans", "招募也计入", "招募也计入：这份计划", r"预计带来约 0\.\d[1-9] 名意向人选"),
    ],
)
def test_a_plan_changes_with_the_setting_and_says_so_in_both_languages(
    planner: FlaskClient, town: Path, language: str, choice: str, page: str, reason: str
) -> None:
    asked = {"Accept-Language": language}
    address, plain = planned(town)
    before = planner.get(address, headers=asked)
    assert before.status_code == 200
    assert page not in before.text
    form = {"plan_values": "recruits"}
    shown = planner.post("/settings/preview", data=form, headers=HERE | asked)
    assert choice in text_of(shown.text)
    assert planner.post("/settings", data={**form, "why": "pilot"}, headers=HERE | asked).status_code == 303
    assert f'<option value="recruits" selected>{choice}</option>' in planner.get("/settings", headers=asked).text
    address, worth = planned(town)
    assert worth > plain
    seen = planner.get(address, headers=asked).text
    assert page in seen
    assert re.search(reason, seen)  # a part of a candidate is not rounded to nobody


def test_the_shell_sets_what_a_plan_counts_and_its_plan_says_so(town: Path) -> None:
    app = typer.Typer()
    register(app)

    def run(*words: str) -> str:
        result = CliRunner().invoke(app, [*words, "--db", str(town), "--now", NOON.isoformat()], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return " ".join(result.output.split())

    plain = run("plan", "--time-limit", "1")
    assert "recruits count too" not in plain
    assert re.search(r"\d of [\d,]+ h, [\d,]+ h kept in reserve, so that crews finish with 80% value", plain)
    assert "plan_values is recruits" in run("rules", "set", "plan_values=recruits", "--why", "pilot")
    assert "recruits count too: " in run("plan", "--time-limit", "1")
