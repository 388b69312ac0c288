"""RULE 13 on pages and in the API: one parameter shows every figure with the surveys in quarantine."""

import html
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from fieldops.accounts import Role
from fieldops.actions.awareness import save_estimates
from fieldops.actions.backcheck import quarantine_surveys
from fieldops.actions.plans import publish_plan
from fieldops.actions.surveys import record_surveys
from fieldops.ids import CrewId, MeasurementId, TriangleId
from fieldops.store.connect import Region
from tests.accounts import PLAIN_COOKIE, session_of
from tests.conftest import NOON, PLANNER
from tests.desk_town import PLAN, make_desk_town
from tests.web.test_operation import HERE, surveys, words
from web.api.operations import OPERATIONS
from web.app import create_app
from web.settings import Settings

TEMPLATES = Path(__file__).parent.parent.parent / "web" / "templates" / "leads"
FIGURES = re.compile(
    r"words\.awareness\(|knows=|words\.streets\(|(?:row|one)\.finish_probability|\.forecast\b|figures\.reached"
)
BOTH = "as if the 40 surveys in quarantine counted"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    """
    A town, only read, in which the answers of two measurements, of a street and of an empty triangle's point, are in quarantine.

    Its plan knows of them, and of no quarantine.
    """
    region = make_desk_town(tmp_path_factory.mktemp("quarantined") / "region.gpkg")
    with region.turn(PLANNER, now=NOON) as turn:
        turn.connection.executemany("INSERT INTO promoter VALUES (?, 'C0', NULL, NULL)", [("P0",), ("P1",)])
    publish_plan(region, PLANNER, PLAN, best_effort=True, now=NOON)  # so that today has a forecast
    places = {"R00": surveys("R00", 13, 20), "T22A": at_point("T22A", 11, 20)}
    for rows in places.values():
        record_surveys(region, PLANNER, rows, now=NOON + timedelta(hours=2))
    with region.turn(PLANNER, now=NOON + timedelta(hours=2)) as turn:
        knows_them = "UPDATE plan SET figures = json_set(figures, '$.known_seq', ?)"
        turn.connection.execute(knows_them, (turn.head.seq,))
    for place in places:
        quarantine_surveys(
            region, PLANNER, reason="suspect", measurement=MeasurementId(f"M{place}"), now=NOON + timedelta(hours=2)
        )
    save_estimates(region, PLANNER, now=NOON + timedelta(hours=3))
    yield region
    region.close()


def at_point(point: str, knows: int, asked: int) -> list[tuple[int, dict[str, str]]]:
    return [(row, {**one, "street": "", "triangle": TriangleId(point)}) for row, one in surveys(point, knows, asked)]


@pytest.fixture(scope="module")
def lead(town: Region) -> FlaskClient:
    client = create_app(Settings(town.path)).test_client()
    client.set_cookie(PLAIN_COOKIE, session_of(town.path, Role.LEAD))
    return client


@pytest.mark.parametrize(
    ("path", "held"),
    [
        ("/streets/R00", "13 of 20 know"), ("/map/streets", "13 of 20"), ("/move-on", "13 of 20"),
        ("/triangles/at/{triangle}", "11 of 20 know"), ("/claims?within=all", r"5\d\.\d%"),
        ("/crews/C0", r"5\d\.\d%"), (f"/plan/{PLAN}", None), ("/today", None), ("/map", None),
        ("/streets", r"5\d\.\d%"),
    ],
)  # fmt: skip
def test_every_page_of_figures_shows_them_both_ways(
    lead: FlaskClient, town: Region, path: str, held: str | None
) -> None:
    key = town.reader().execute("SELECT fid FROM triangle WHERE id = 'T22A'").fetchone()[0]
    address = path.format(triangle=key)
    more = "&" if "?" in address else "?"
    without, shown = words(lead, address), words(lead, f"{address}{more}quarantined=1")
    alone = path == "/map/streets"  # for the map's script
    assert (BOTH in without) == (BOTH in shown) == (not alone)
    assert without != shown
    if held:
        assert not re.search(held, without)
        assert re.search(held, shown)


def test_a_plan_says_in_both_languages_how_many_surveys_are_in_quarantine(lead: FlaskClient) -> None:
    for language, without, counted in (
        ("en", "without the 40 surveys in quarantine", BOTH),
        ("zh", "不计隔离中的 40 条拦访", "假设隔离中的 40 条拦访也计入"),
    ):
        page = lead.get(f"/plan/{PLAN}", headers={"Accept-Language": language}).text
        assert f'aria-current="true">{without}</a>' in page
        assert counted in page


def test_the_plan_page_promises_less_of_a_crew_whose_answers_do_not_count(lead: FlaskClient) -> None:
    """The switch does something: R00 is known to 13 of 20 only as long as those in quarantine count."""
    finished = []
    for way in ("", "?quarantined=1"):
        page = words(lead, f"/plan/{PLAN}{way}")
        told = re.search(r"甲组 \d+ streets · [\d.]+ promoter-hours · ([\d.]+) expected to finish", page)
        assert told, page
        finished.append(float(told[1]))
    assert finished[0] < finished[1] - 0.2


def test_the_map_is_coloured_both_ways_also_at_a_moment_of_the_past(lead: FlaskClient, town: Region) -> None:
    for at in ("", f"&at={(NOON + timedelta(hours=2, minutes=30)).isoformat().replace('+', '%2B')}"):
        without, shown = (lead.get(f"/colours.bin?{both}{at}").data for both in ("", "quarantined=1"))
        assert len(without) == len(shown)
        assert without != shown, at


@pytest.mark.parametrize("path", ["/streets/R00", "/streets?q=解放", "/points", "/today", f"/plans/{PLAN}"])
def test_the_api_takes_the_same_parameter(lead: FlaskClient, path: str) -> None:
    more = "&" if "?" in path else "?"
    without, shown = (lead.get(f"/api{path}{also}") for also in ("", f"{more}quarantined=1"))
    assert without.status_code == shown.status_code == 200, shown.text
    assert without.json != shown.json
    assert lead.get(f"/api{path}{more}quarantined=maybe").status_code == 422


def test_every_answer_of_the_api_that_rests_on_surveys_takes_the_parameter(lead: FlaskClient) -> None:
    """Whoever reads the desk through the API may ask for both ways wherever the address names no act."""
    with_both = {one.path for one in OPERATIONS if "quarantined" in one.query}
    assert {"/today", "/streets", "/streets/{street}", "/points", "/plans/{plan}", "/crews", "/claims"} <= with_both
    for path in ("/crews", "/claims", "/claims?ended=yes"):
        more = "&" if "?" in path else "?"
        assert lead.get(f"/api{path}{more}quarantined=1").status_code == 200
        assert lead.get(f"/api{path}{more}quarantined=0").json == lead.get(f"/api{path}").json
        assert lead.get(f"/api{path}{more}quarantined=maybe").status_code == 422


def test_links_keep_the_choice_until_it_is_taken_back(lead: FlaskClient) -> None:
    page = lead.get("/streets/R00?quarantined=1", headers=HERE).text
    assert '/today?quarantined=1"' in page
    assert 'href="/streets/R00" ' in page or 'href="/streets/R00">' in page  # the way back
    assert "quarantined" not in "".join(re.findall(r'action="([^"]*)"', page))  # acts know one way only
    drawn = re.search(r'data-view="([^"]*)"', lead.get("/map?quarantined=1", headers=HERE).text)
    assert drawn
    view = json.loads(html.unescape(drawn[1]))
    assert view["more"] == "&quarantined=1"
    assert "quarantined=1" in view["colours"]
    assert view["facts"].endswith("/at/")
    assert lead.get("/today", headers=HERE).text.count("quarantined=1") == 1  # the switch itself


@pytest.mark.parametrize("word", ["endpoint=x", "_scheme=x", "_anchor=x", "_method=x", "_external=1"])
def test_no_word_of_an_address_breaks_the_choice(lead: FlaskClient, word: str) -> None:
    for path in ("/today", "/streets"):
        page = lead.get(f"{path}?{word}", headers=HERE)
        assert page.status_code in (200, 400), path
        assert page.status_code == 400 or BOTH in html.unescape(page.text)


def test_without_any_quarantine_there_is_nothing_to_choose(tmp_path: Path) -> None:
    region = make_desk_town(tmp_path / "calm.gpkg")
    client = create_app(Settings(region.path)).test_client()
    client.set_cookie(PLAIN_COOKIE, session_of(region.path, Role.LEAD))
    assert BOTH not in words(client, "/today")
    assert words(client, "/streets/R01") == words(client, "/streets/R01?quarantined=1")
    region.close()


def test_who_may_not_read_the_desk_reads_nothing_in_quarantine(town: Region) -> None:
    client = create_app(Settings(town.path)).test_client()
    client.set_cookie(PLAIN_COOKIE, session_of(town.path, Role.CREW, crew=CrewId("C0")))
    assert client.get("/streets/R00?quarantined=1").status_code == 403


@pytest.mark.parametrize("template", sorted(path.name for path in TEMPLATES.glob("*.html")))
def test_no_page_of_the_desk_prints_a_figure_of_surveys_without_offering_both_ways(template: str) -> None:
    """Whatever prints awareness, counts of surveys or chances to finish says so, so that the page has the switch."""
    text = (TEMPLATES / template).read_text("utf-8")
    for part in re.findall(r'{% include "leads/(\w+\.html)" %}', text):
        text += (TEMPLATES / part).read_text("utf-8")
    whole = '{% extends "page.html" %}' in text
    if whole and FIGURES.search(text) and template != "trust.html":  # there both ways stand side by side
        assert "{% set rests_on_surveys = true %}" in text


def test_a_triangle_without_streets_is_called_by_the_nearest_one(lead: FlaskClient, town: Region) -> None:
    page = words(lead, "/move-on?quarantined=1")
    assert "T22A" not in page
    assert re.search(r"Triangle at (解放\S+路\d段|Market Lane \d-\d|幸福小区\d)", page)
    assert "T22A" not in words(lead, "/move-on")
