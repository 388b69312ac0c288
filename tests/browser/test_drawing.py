"""The map changed by taps in a real browser, on a phone by fingers and at a desk by the mouse: every change that it offers."""

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from fieldops.actions.city import MapSource, import_city
from fieldops.actions.tiles import make_tiles
from fieldops.store.connect import open_region
from fieldops.worker import Worker
from tests.browser.conftest import PATIENCE, opened, served, until
from tests.conftest import NOON, PLANNER
from tests.small_map import LAT, LON, STEP, write_grid_map

READY = "document.getElementById('map').dataset.ready"
Spot = tuple[float, float]  # in steps of the grid, from its corner


@dataclass
class Town:
    """A served grid of avenues and streets, each of which has a name."""

    path: Path
    site: str

    def work(self) -> None:
        """Do what a page has ordered."""
        assert Worker(self.path, lambda _: None).run(once=True) == 1

    def column(self, sql: str) -> list[str]:
        """Return one column of the region as it is now."""
        with closing(open_region(self.path)) as region:
            return [row[0] for row in region.reader().execute(sql)]

    def labels(self) -> set[str]:
        return set(self.column("SELECT label FROM street WHERE status <> 'gone'"))

    def street(self, name: str) -> str:
        (found,) = self.column(f"SELECT id FROM street WHERE name = '{name}' AND status <> 'gone'")  # a constant
        return found


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    path = tmp_path / "region.gpkg"
    source = MapSource(map=write_grid_map(tmp_path / "grid.osm"), residents="5000")
    import_city(path, PLANNER, source, name="Grid", time_zone="UTC", sandbox=True, now=NOON)
    make_tiles(path, PLANNER)
    before = os.environ.get("FIELDOPS_TESTED_REGION")
    os.environ["FIELDOPS_TESTED_REGION"] = str(path)
    with served(path) as site:
        yield Town(path, site)
    if before is not None:
        os.environ["FIELDOPS_TESTED_REGION"] = before


def tap(page: Page, spot: Spot) -> None:
    """Tap the map where the spot lies; by a finger where the page is a phone's."""
    lon, lat = LON + spot[0] * STEP, LAT + spot[1] * STEP
    page.locator("#map").scroll_into_view_if_needed()
    x, y = page.evaluate(
        "([lon, lat]) => { const at = desk.map.project([lon, lat]), box = desk.map.getContainer().getBoundingClientRect();"
        " return [box.x + at.x, box.y + at.y]; }",
        [lon, lat],
    )
    width = page.viewport_size["width"] if page.viewport_size else 0
    (page.touchscreen.tap if width < 500 else page.mouse.click)(x, y)


def start(page: Page, town: Town, kind: str, by: str = "") -> None:
    page.goto(f"{town.site}/map/edit?kind={kind}{by}")
    assert until(page, READY) == "true"
    page.evaluate(f"desk.map.jumpTo({{center: [{LON + 2.5 * STEP}, {LAT + 2 * STEP}], zoom: 14.4}})")
    until(page, "desk.map.loaded() && !desk.map.isMoving()")


def points(page: Page) -> int:
    return len(page.locator("textarea[name=points]").input_value().split())


def carry_out(page: Page, town: Town, button: str = "Carry it out") -> None:
    """Send the form, do the job, and see on its page that it is done."""
    page.get_by_role("button", name=button).click()
    expect(page.get_by_label("Progress")).to_be_visible()
    town.work()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Done", timeout=1000 * PATIENCE
    )  # the page hears of it by itself
    page.wait_for_load_state("networkidle")  # what is left too early counts as a refused resource


@pytest.mark.parametrize(("width", "height"), [(360, 740), pytest.param(1280, 800, marks=pytest.mark.full)])
def test_every_change_of_the_map_is_made_by_taps(browser: Browser, town: Town, width: int, height: int) -> None:
    with opened(browser, width=width, height=height, role="planner", has_touch=width < 500) as page:
        start(page, town, "split")
        tap(page, (2.5, 1))  # Avenue 1, between two crossings
        expect(page.locator("#chosen")).to_contain_text("Avenue 1")
        tap(page, (2.1, 1))
        until(page, "document.querySelector('textarea[name=points]').value")
        page.get_by_role("button", name="Take the last point back").click()
        assert points(page) == 0
        tap(page, (2.1, 1))
        until(page, "document.querySelector('textarea[name=points]').value")
        carry_out(page, town)
        assert {"Avenue 1 · 1", "Avenue 1 · 2"} <= town.labels()

        start(page, town, "join")
        tap(page, (0, 1.5))
        expect(page.locator("#chosen li")).to_have_count(1)
        tap(page, (0.5, 0))
        expect(page.locator("#chosen li")).to_have_count(2)
        expect(page.locator("#chosen")).to_contain_text("Street 0")
        carry_out(page, town)
        assert not {"Street 0", "Avenue 0"} <= town.labels()

        start(page, town, "draw_street")
        for number, spot in enumerate([(1.2, 3.4), (1.8, 3.6)], start=1):
            tap(page, spot)
            until(page, f"document.querySelector('textarea[name=points]').value.split(' ').length === {number}")
        page.get_by_label("Name, of what is drawn").fill("新路")
        carry_out(page, town)
        start(page, town, "draw_compound")
        for number, spot in enumerate([(3.2, 2.2), (3.8, 2.2), (3.8, 2.8), (3.2, 2.8)], start=1):
            tap(page, spot)
            until(page, f"document.querySelector('textarea[name=points]').value.split(' ').length === {number}")
        page.get_by_label("Name, of what is drawn").fill("新小区")
        carry_out(page, town)
        assert {"新路", "新小区"} <= town.labels()

        start(page, town, "gate")
        tap(page, (3.5, 2.5))  # the drawn compound is on the newest map
        expect(page.locator("#chosen")).to_contain_text("新小区")
        tap(page, (3.2, 2.5))
        until(page, "document.querySelector('textarea[name=points]').value")
        carry_out(page, town)
        compound = town.street("新小区")
        assert town.column(f"SELECT count(*) FROM gate WHERE street_id = '{compound}'") == [1]  # our own id


@pytest.mark.parametrize(("width", "height"), [(360, 740), pytest.param(1280, 800, marks=pytest.mark.full)])
def test_a_street_is_renamed_and_closed_on_its_page(browser: Browser, town: Town, width: int, height: int) -> None:
    with opened(browser, width=width, height=height, role="planner") as page:
        street = town.street("Avenue 2")
        page.goto(f"{town.site}/streets/{street}")
        page.get_by_text("Change the street", exact=True).click()
        page.get_by_label("New name").fill("人民路")
        carry_out(page, town, "Rename")
        assert town.street("人民路") == street
        page.get_by_role("link", name="To the street").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("人民路")
        page.get_by_text("Change the street", exact=True).click()
        carry_out(page, town, "Close it to claims")
        assert town.column(f"SELECT status FROM street WHERE id = '{street}'") == ["closed"]  # our own id
