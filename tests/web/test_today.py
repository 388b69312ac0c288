"""The first page of a lead: each number opens its list, which holds as many rows, morning and evening."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from fieldops import clock
from fieldops.actions.plans import publish_plan
from fieldops.ids import JobId
from fieldops.people import Role
from fieldops.said import Said
from fieldops.store import jobs
from fieldops.store.connect import Region
from fieldops.store.jobs import Job
from tests.conftest import NOON, PLANNER
from tests.desk_town import PLAN, make_desk_town
from tests.lead_town import EVENING, MORNING, make_lead_town, region_at
from tests.web.test_asked import ENGLISH
from tests.web.test_people import browser_of

# Where the rows of a list stand on its page: the part of the page, and what begins a row.
LISTS = {
    "/streets": ('<div class="wide" id="list"', "<nav", '<th scope="row">'), "/claims": ('<h2 id="ending">', "</section>", '<th scope="row">'),
    "/claims#ended": ('<h2 id="ended">', "</section>", '<th scope="row">'), "#idle": ('<h2 id="idle">', "</section>", "<li><p>"),
    "/move-on": ('id="places"', "</table>", '<th scope="row">'), "/swarm": ('id="triangles"', "</ul>\n", "<h2>"),
    "/incidents": ('id="list"', "</table>", '<th scope="row">'), "/shifts#quiet": ('<p id="quiet">', "</p>", "<a "),
    "/phones#appeals": ('<h2 id="appeals">', "</section>", '<th scope="row">'), "/calls": ('<h1>', "<h2", '<li id="call-'),
    "/trust": ('<h2 id="suspects">', "</section>", "<h3>"), "/plan/plan1": ('<h2 id="crews">', "</section>", '<th scope="row">'),
}  # fmt: skip


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    region = make_lead_town(tmp_path_factory.mktemp("lead") / "region.gpkg")
    yield region
    region.close()


def numbers(page: str) -> list[tuple[str, int]]:
    """Return every number of the page that opens a list: the address, and the number."""
    found = re.findall(
        r'<a class="number-card \w+" href="([^"]+)">.*?<span class="value">([\d,]+)</span>', page, re.DOTALL
    )
    found += re.findall(r'<a href="([^"]+)"><span class="count">([\d,]+)</span>', page)
    return [(href.replace("&amp;", "&"), int(number.replace(",", ""))) for href, number in found]


def rows_behind(lead: FlaskClient, href: str) -> int:
    """Return how many rows the list has on all its pages."""
    path, _, anchor = href.partition("#")
    bare = path.partition("?")[0]
    begin, end, row = LISTS.get(f"{bare}#{anchor}" if anchor else bare) or LISTS[bare]
    count, address = 0, path or "/today"
    while address:
        text = lead.get(address, headers=ENGLISH).text
        part = text.partition(begin)[2]
        count += part.partition(end)[0].count(row)
        following = re.search(r'rel="next" href="([^"]+)"', part.partition("</section>")[0])
        address = following[1].replace("&amp;", "&") if following else ""
    return count


def test_every_number_of_the_first_page_is_the_number_of_rows_of_the_list_that_it_opens(town: Region) -> None:
    lead = browser_of(town, Role.LEAD)
    kinds: set[str] = set()
    for moment in (MORNING, EVENING):
        if moment == EVENING:
            region_at(town, EVENING)
        page = lead.get("/today", headers=ENGLISH).text
        for href, number in numbers(page):
            assert rows_behind(lead, href) == number, (moment, href)
            if number:
                kinds.add(re.sub(r"\?[^#]*", "", href))
    assert kinds >= {"/streets", "/claims", "/claims#ended", "#idle", "/move-on", "/swarm", "/incidents", "/calls", "/trust",
                     "/shifts#quiet"}  # fmt: skip


def test_a_plan_is_offered_for_publication_while_it_can_be_and_a_new_one_is_asked_for_after(tmp_path: Path) -> None:
    region = make_desk_town(tmp_path / "region.gpkg")
    lead = browser_of(region, Role.LEAD)
    region_at(region, NOON + timedelta(hours=24))
    (planned,) = [number for href, number in numbers(lead.get("/today").text) if href == "/plan/plan1"]
    assert rows_behind(lead, "/plan/plan1") == planned == 75
    region_at(region, NOON + timedelta(hours=24, minutes=1))
    page = lead.get("/today", headers=ENGLISH).text
    assert "/plan/plan1" not in page
    assert "No plan for the days to come" in page
    assert "Its time is over." in page
    with region.turn(PLANNER, now=NOON + timedelta(hours=25)) as turn:
        turn.connection.execute("UPDATE plan SET published_at = made_at")
    for hours, over in ((7 * 24, False), (7 * 24 + 1, True)):
        region_at(region, NOON + timedelta(hours=hours))
        assert ("No plan for the days to come" in lead.get("/today", headers=ENGLISH).text) == over
    region.close()


def test_every_forecast_of_the_first_page_has_its_interval_and_none_is_made_up(town: Region, tmp_path: Path) -> None:
    lead = browser_of(town, Role.LEAD)  # in the evening, as the test before left it
    part = lead.get("/today", headers=ENGLISH).text.partition('<h2 id="forecast">')[2].partition("<h3>")[0]
    figures = re.findall(r'<p class="forecast"><a [^>]+><strong>(\d+)–(\d+)</strong>', part)
    assert len(figures) == part.count('class="forecast"') == 1  # no claim of the town comes from a plan
    assert part.count("80 % interval") == 1
    assert "unknown" in part
    assert all(int(low) <= int(high) for low, high in figures)
    region = make_desk_town(tmp_path / "region.gpkg")
    publish_plan(region, PLANNER, PLAN, best_effort=True, now=NOON)
    part = (
        browser_of(region, Role.LEAD)
        .get("/today", headers=ENGLISH)
        .text.partition('<h2 id="forecast">')[2]
        .partition("<h3>")[0]
    )
    assert (
        len(re.findall(r"<strong>\d+–\d+</strong></a> of \d+ claimed streets", part))
        == part.count("80 % interval")
        == 1
    )
    region.close()


def test_a_night_that_failed_waits_for_a_lead_who_reads_what_failed_and_when_it_is_tried_again(tmp_path: Path) -> None:
    region = make_desk_town(tmp_path / "region.gpkg")
    lead = browser_of(region, Role.LEAD)
    at = clock.now()
    name, why = "night-2026-03-02", Said("fitting how streets answer effort failed (%(error)s)", error="LinAlgError")
    pages = []
    for _ in range(2):
        pages.append(lead.get("/today", headers=ENGLISH).text)
        with jobs.open_jobs(region.path) as queue:
            job = Job(
                id=JobId(name), kind="night", parameters={}, actor=PLANNER, ordered_at=at, state="waiting", figures={}
            )
            jobs.add_alone(queue, job)
            if not name.endswith("+2"):
                taken = jobs.take_job(queue, worker="w", now=at)
                assert taken is not None
                jobs.end_job(queue, taken, state="failed", now=at, problem=why)
        name += "+2"
    assert "The night's work failed" not in html.unescape(pages[0])
    assert "The night's work failed" in html.unescape(pages[1])
    assert re.search(r"failed \(LinAlgError\): it is (tried again at|due again, as soon as)", pages[1])
    assert "failed (LinAlgError): it is being tried again" in lead.get("/today", headers=ENGLISH).text
    chinese = {"Accept-Language": "zh"}
    assert "夜间工作失败" in lead.get("/today", headers=chinese).text
    address = re.search(r'href="(/plan/jobs/night-[^"]+)"', pages[1])
    assert address is not None
    assert str(why) in lead.get(address[1], headers=ENGLISH).text
    assert "推算街道对投入的反应失败（LinAlgError）" in lead.get(address[1], headers=chinese).text
    region.close()
