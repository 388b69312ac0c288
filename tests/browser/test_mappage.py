"""The page of `fieldops map` in a real browser, opened from a file without any network."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.cli.test_main import fieldops
from tests.desk_town import CREWS, make_desk_town

PAINTED = """() => {
  const { data } = document.getElementById('map').getContext('2d').getImageData(0, 0, 800, 600), found = new Set();
  for (let i = 0; i < data.length; i += 4) found.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
  return found.size;
}"""


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("map")
    make_desk_town(folder / "region.gpkg").close()
    assert fieldops("map", folder=folder).returncode == 0
    return folder / "map.html"


@contextmanager
def opened(browser: Browser, path: Path, *, width: int = 1280, language: str = "en-US") -> Iterator[Page]:
    """The page, failing the test on any script error or request beyond the file itself."""
    context = browser.new_context(viewport={"width": width, "height": 760}, locale=language, offline=True)
    page, wrong = context.new_page(), list[str]()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: None if request.url == path.as_uri() else wrong.append(request.url))
    page.goto(path.as_uri())
    yield page
    context.close()
    assert wrong == []


def test_the_map_is_painted_in_the_colours_of_the_plan(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file) as page:
        expect(page.locator("h1")).to_have_text("丁家镇")
        for name in CREWS:
            expect(page.locator("#legend")).to_contain_text(name)
        page.evaluate("new Promise(requestAnimationFrame)")
        assert page.evaluate(PAINTED) > 50


def test_the_map_is_painted_before_the_browser_gives_it_a_frame(browser: Browser, page_file: Path) -> None:
    """What makes a picture of the page may be so busy that no frame comes first: the picture was blank."""
    context = browser.new_context(viewport={"width": 1280, "height": 760}, offline=True)
    page = context.new_page()
    page.add_init_script("window.requestAnimationFrame = () => 0; window.ResizeObserver = class { observe() {} }")
    page.goto(page_file.as_uri())
    assert page.evaluate(PAINTED) > 50
    context.close()


def test_a_street_is_found_by_its_name_and_tells_its_facts(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file) as page:
        page.locator("#search").fill("解放东路1段")
        page.locator("#facts button").click()
        facts = page.locator("#facts")
        expect(facts).to_contain_text("60 of 400 people still to be told")
        expect(facts).to_contain_text("Finish probability")
        expect(facts).to_contain_text("not measured")
        page.locator("#map").press("Escape")
        expect(facts).to_contain_text("Tap a street")


def test_a_tap_on_a_street_chooses_it(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file) as page:
        x, y = page.evaluate("[(streets[0][0][0] - left) * scale, (streets[0][0][1] - top_) * scale]")
        page.locator("#map").click(position={"x": x + 12, "y": y})
        expect(page.locator("#facts h2")).to_have_text("解放东路1段")


def test_colours_and_language_change(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file, language="zh-CN") as page:
        expect(page.locator("#facts")).to_contain_text("点一条街道查看")
        page.locator("#colour").select_option("awareness")
        expect(page.locator("#legend")).to_contain_text("未测量")
        page.locator("#language").click()
        expect(page.locator("#legend")).to_contain_text("not measured")


def test_the_page_fits_a_phone(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file, width=360) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        expect(page.locator("#map")).to_be_in_viewport()
        assert page.evaluate("document.getElementById('map').clientHeight") > 250
