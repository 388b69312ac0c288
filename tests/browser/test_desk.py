"""The desk in a real browser: the map shows the plan, answers taps and keys, and is not needed to read the figures."""

import base64

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.browser.conftest import launched, opened, until
from tests.desk_town import CREWS, SOUTH, STEP, WEST

READY = "document.getElementById('map').dataset.ready"
STREETS = 113
COUNT = """async ([shot, wanted]) => {
  const image = new Image();
  await new Promise((done) => { image.onload = done; image.src = 'data:image/png;base64,' + shot; });
  const canvas = document.createElement('canvas');
  canvas.width = image.width; canvas.height = image.height;
  const pen = canvas.getContext('2d');
  pen.drawImage(image, 0, 0);
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
  const found = Object.fromEntries(wanted.map((name) => [name, 0]));
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
  const known = wanted.map((name) => [name, parseInt(colour(name).slice(1), 16)]);
  for (let i = 0; i < data.length; i += 4) {
    const here = (data[i] << 16) | (data[i + 1] << 8) | data[i + 2];
    for (const [name, value] of known) if (here === value) found[name]++;
  }
  return found;
}"""


def pixels(page: Page, names: list[str]) -> dict[str, int]:
    """How many pixels of the map have exactly each colour of the sheet; no picture is kept, fonts differ."""
    shot = base64.b64encode(page.locator("#map").screenshot()).decode()
    found: dict[str, int] = page.evaluate(COUNT, [shot, names])
    return found


def settled(page: Page) -> None:
    """Wait until the map stands still and has all its tiles: a page that is left loses what it still asks for."""
    until(page, "desk.map.loaded() && !desk.map.isMoving()")


def ready(page: Page, address: str) -> None:
    page.goto(address)
    assert until(page, READY) == "true"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_street_is_drawn_and_coloured_by_what_is_chosen(browser: Browser, site: str, scheme: str) -> None:
    with opened(browser, scheme=scheme) as page:
        ready(page, f"{site}/map")
        keys = page.evaluate(
            "[...new Set(desk.map.queryRenderedFeatures({layers: ['unmarked', 'compounds']}).map((f) => f.properties.key))].length"
        )
        assert keys == STREETS
        turfs = pixels(page, [f"turf-{number}" for number in range(1, 6)])
        assert min(turfs.values()) > 300, turfs
        page.get_by_role("radio", name="awareness").check()
        until(page, "desk.map.loaded() && !desk.map.isMoving()")
        classes = [f"aware-{part}" for part in range(6)]
        page.wait_for_timeout(300)
        known = pixels(page, classes)
        assert known.pop("aware-0") > 20  # thin dashes: most of their pixels are blended with the ground
        assert min(known.values()) > 300, known
        expect(page.get_by_text("unknown: nobody asked yet")).to_be_visible()
        page.get_by_label("claims in force").check()
        page.wait_for_timeout(300)
        held = pixels(page, ["turf-1", "aware-5"])
        assert 0 < held["turf-1"] < turfs["turf-1"]
        assert held["aware-5"] < 50


def test_street_and_crew_names_are_drawn_without_asking_anybody_for_letters(browser: Browser, site: str) -> None:
    with opened(browser) as page:
        ready(page, f"{site}/map#at=15.5/{SOUTH + STEP}/{WEST + STEP}")
        named = page.evaluate("desk.map.queryRenderedFeatures({layers: ['names']}).map((f) => f.properties.name)")
        assert any("解放" in name for name in named)
        assert any("Market Lane" in name for name in named)


def test_a_tap_beside_a_street_opens_its_facts_with_the_reason(browser: Browser, site: str) -> None:
    with opened(browser, width=360, height=740, has_touch=True) as page:
        ready(page, f"{site}/map")
        x, y = page.evaluate(f"Object.values(desk.map.project([{WEST + STEP / 2}, {SOUTH}]))")
        page.evaluate("document.getElementById('map').scrollIntoView({block: 'end'})")
        box = page.locator("#map").bounding_box()
        assert box is not None
        page.touchscreen.tap(box["x"] + x, box["y"] + y + 6)
        facts = page.locator("#facts")
        expect(facts.get_by_role("heading", level=2)).to_have_text("解放东路1段")
        expect(facts).to_contain_text("60 of 400 people still to be told")
        expect(facts).to_contain_text("until Mon 9 Mar")
        assert page.evaluate("desk.map.getFeatureState({source: 'city', sourceLayer: 'map', id: 4}).selected") is True


def test_a_street_is_found_and_opened_by_keys_alone(browser: Browser, site: str) -> None:
    with opened(browser) as page:
        ready(page, f"{site}/map")
        page.keyboard.press("Tab")
        expect(page.get_by_text("Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        for _ in range(20):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "search":
                break
        expect(page.locator("#search")).to_be_focused()
        page.keyboard.type("market 3-2")
        page.keyboard.press("Enter")
        expect(page.locator("#found button")).to_have_text(["Market Lane 3-2"])
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#facts").get_by_role("heading", level=2)).to_have_text("Market Lane 3-2")
        expect(page.locator("#facts")).to_be_focused()
        until(page, "!desk.map.isMoving() && desk.map.getZoom() >= 15")


def test_a_name_that_no_street_has_is_told(browser: Browser, site: str) -> None:
    with opened(browser) as page:
        ready(page, f"{site}/map")
        page.get_by_label("Find a street").fill("no such")
        page.keyboard.press("Enter")
        expect(page.locator("#found")).to_have_text("No street has that name.")


def test_a_crew_stands_out_when_its_button_is_pressed(browser: Browser, site: str) -> None:
    with opened(browser) as page:
        ready(page, f"{site}/map")
        before = pixels(page, ["turf-2", "turf-3"])
        button = page.get_by_role("button", name=f"Show {CREWS[1]} on the map")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        page.wait_for_timeout(600)
        after = pixels(page, ["turf-2", "turf-3"])
        assert after["turf-2"] > before["turf-2"]
        assert after["turf-3"] < before["turf-3"] / 5


def test_the_colours_follow_when_the_evening_turns_the_screen_dark(browser: Browser, site: str) -> None:
    with opened(browser) as page:
        ready(page, f"{site}/map")
        page.emulate_media(color_scheme="dark")
        page.wait_for_timeout(400)
        assert min(pixels(page, ["turf-1", "ground"]).values()) > 300


def test_the_slider_shows_the_claims_of_a_past_day(browser: Browser, site: str) -> None:
    with opened(browser) as page:
        ready(page, f"{site}/map")
        page.get_by_label("hours left").check()
        until(page, "desk.map.loaded()")
        look = "desk.map.getFeatureState({source: 'city', sourceLayer: 'map', id: 4}).look"
        claimed = page.evaluate(look)
        page.locator("#past").focus()
        for _ in range(3):
            page.keyboard.press("ArrowLeft")
        expect(page.locator("#past-day")).to_have_text("Fri, Feb 27")
        until(page, f"{look} === {claimed - 1}")  # no hours left: the look before "ends within 24 hours"
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        until(page, f"{look} === {claimed}")


def test_the_slider_shows_what_the_plan_will_hold(browser: Browser, site: str) -> None:
    with opened(browser) as page:
        ready(page, f"{site}/map")
        page.get_by_label("claims in force").check()
        until(page, "desk.map.loaded()")
        look = "desk.map.getFeatureState({source: 'city', sourceLayer: 'map', id: 4 * 20}).look"
        free = page.evaluate(look)
        page.locator("#past").focus()
        page.keyboard.press("ArrowRight")
        expect(page.locator("#past-day")).to_have_text("Tue, Mar 3")
        expect(page.locator("#ahead")).to_be_visible()
        until(page, f"{look} > {free}")


def test_a_connection_point_opens_with_its_decision_and_its_triangle(browser: Browser, site: str) -> None:
    with opened(browser) as page:
        ready(page, f"{site}/map#at=15.5/{SOUTH + STEP * 2 / 3}/{WEST + STEP * 2 / 3}")
        x, y = page.evaluate(f"Object.values(desk.map.project([{WEST + STEP * 2 / 3}, {SOUTH + STEP * 2 / 3}]))")
        page.locator("#map").click(position={"x": x, "y": y})
        facts = page.locator("#facts")
        expect(facts.get_by_role("heading", level=2)).to_contain_text("Triangle at")
        expect(facts).to_contain_text("no decision yet")
        expect(facts).to_contain_text("unknown")
        settled(page)
        facts.get_by_text("On a page of its own").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Triangle at")


def test_the_table_beside_the_map_goes_by_keys_and_shows_its_street_on_the_map(browser: Browser, site: str) -> None:
    with opened(browser) as page:
        ready(page, f"{site}/map")
        settled(page)
        table = page.locator("#listed")
        table.get_by_role("link", name="Awareness").click()
        expect(table.locator("[aria-sort='descending']")).to_contain_text("Awareness")
        expect(table.locator("tbody th a").first).to_be_focused()
        page.keyboard.press("ArrowDown")
        expect(table.locator("tbody th a").nth(1)).to_be_focused()
        name = table.locator("tbody th a").nth(1).inner_text()
        page.keyboard.press(" ")
        expect(page.locator("#facts").get_by_role("heading", level=2)).to_have_text(name)
        expect(table.locator("tr[aria-selected='true']")).to_contain_text(name)
        settled(page)
        table.get_by_label("State").select_option("claimed")
        table.get_by_role("button", name="Filter").click()
        expect(table.locator("tbody tr")).to_have_count(4)
        assert "state=claimed" in page.url


def test_without_webgl_the_page_says_so_and_its_tables_say_the_same(driver: Playwright, site: str) -> None:
    with launched(driver, "--disable-gpu", "--disable-3d-apis") as plain, opened(plain) as page:
        page.goto(f"{site}/map")
        assert until(page, READY) == "none"
        expect(page.get_by_text("This browser cannot draw the map")).to_be_visible()
        expect(page.get_by_role("rowheader", name=CREWS[0])).to_be_visible()
        expect(page.get_by_role("radio", name="awareness")).to_be_hidden()
        page.get_by_label("Find a street").fill("market 3-2")
        page.keyboard.press("Enter")
        expect(page.get_by_role("rowheader")).to_have_text("Market Lane 3-2")


def test_without_javascript_every_figure_and_list_is_there(browser: Browser, site: str) -> None:
    with opened(browser, java_script_enabled=False) as page:
        page.goto(f"{site}/map")
        expect(page.get_by_role("rowheader", name=CREWS[0])).to_be_visible()
        page.get_by_label("Find a street").fill("market 3-2")
        page.keyboard.press("Enter")
        expect(page.get_by_role("rowheader")).to_have_text("Market Lane 3-2")


def test_the_language_changes_at_once_and_stays(browser: Browser, site: str) -> None:
    with opened(browser, language="zh-CN") as page:
        page.goto(f"{site}/streets?q=market")
        expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
        page.get_by_role("button", name="English").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        assert page.url == f"{site}/streets?q=market"


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_the_menu_fits_a_small_desk_and_a_phone_and_leads_to_every_entry(
    browser: Browser, site: str, language: str
) -> None:
    with opened(browser, width=1280, height=820, language=language, role="planner") as page:
        page.goto(f"{site}/settings")
        assert page.evaluate(
            "(({ scrollHeight: all, clientHeight: seen }) => all <= seen)(document.querySelector('.top'))"
        )
        entries = page.locator(".top nav a")
        assert entries.count() > 20
        assert page.locator(".top nav a:visible").count() < 12  # the rest is folded away
        expect(page.locator(".top nav a[aria-current=page]")).to_be_visible()
        for fold in page.locator(".top nav.fold").all():
            if not fold.locator("details").evaluate("(one) => one.open"):
                fold.locator("summary").press("Enter")
            for link in fold.locator("a").all():
                expect(link).to_be_visible()
        page.set_viewport_size({"width": 360, "height": 740})
        wide = "[...document.querySelectorAll('.top, .top nav')].filter((one) => one.scrollWidth > one.clientWidth + 1).length"
        assert page.evaluate(wide) == 0


def test_on_a_phone_the_map_s_tables_wait_folded_and_open_by_keys_and_by_their_links(
    browser: Browser, site: str
) -> None:
    with opened(browser, width=360, height=740) as page:
        page.goto(f"{site}/map")
        until(page, "document.getElementById('map').dataset.ready")
        rows = page.locator("#listed tbody tr")
        expect(rows.first).to_be_hidden()
        assert page.evaluate("document.documentElement.scrollHeight") < 4 * 740
        page.locator("#street-list > details > summary").focus()
        page.keyboard.press("Enter")
        expect(rows).to_have_count(25)
        expect(rows.first).to_be_visible()
        page.locator("#listed [rel=next]").click()
        expect(page.locator("#listed .turn")).to_contain_text("26–50 of 113 · page 2 of 5")
        page.goto(f"{site}/streets")  # a link to the table of another page comes upon it open
        page.goto(f"{site}/map?page=2#street-list")
        until(page, "document.getElementById('map').dataset.ready")
        expect(rows.first).to_be_visible()
        expect(page.locator("#crew-list tbody tr").first).to_be_hidden()
    with opened(browser) as page:
        page.goto(f"{site}/map")
        until(page, "document.getElementById('map').dataset.ready")
        expect(page.locator("#listed tbody tr").first).to_be_visible()
        expect(page.locator("#crew-list tbody tr").first).to_be_visible()
