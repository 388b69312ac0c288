"""A real browser on a real server: no mocks, no bypass of the content security policy."""

import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from fieldops.actions.invitations import first_link
from fieldops.actions.jobs import order_job
from fieldops.actions.rules import change_rules
from fieldops.actions.tiles import make_tiles
from fieldops.exchange.printing import find_chromium
from fieldops.people import Role
from fieldops.store.connect import open_region
from tests.accounts import PLAIN_COOKIE, session_of
from tests.conftest import PLANNER, ROOT
from tests.desk_town import make_desk_town
from tests.processes import SERVER, Started, free_port, wait_for

if TYPE_CHECKING:
    from tests.browser.phones import Server

SOFTWARE_WEBGL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
QUIET = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-default-apps",
    "--disable-sync", "--no-first-run", "--disable-features=Translate,OptimizationHints,MediaRouter",
]  # fmt: skip
PATIENCE = 30.0  # seconds; a slow machine under load is no failure
expect.set_options(timeout=PATIENCE * 1000)


def chromium(*, draws: bool = False) -> str:
    """The browser that was named, else the one that dev.py unpacked, else the machine's own: this one first where maps are drawn."""
    own, packed = find_chromium(), os.environ.get("FIELDOPS_PACKED_CHROMIUM")  # packed only where none was named
    found = (own or packed) if draws else (packed or own)
    if not found:
        pytest.fail("no Chromium: run `python3 dev.py test`, install it, or name one in $FIELDOPS_CHROMIUM")
    return found


def until(page: Page, expression: str) -> Any:
    """Wait for a truthy value; Playwright's own wait needs eval, which our policy forbids."""
    end = time.monotonic() + PATIENCE
    while not (value := page.evaluate(expression)):
        assert time.monotonic() < end, f"never true: {expression}"
        page.wait_for_timeout(50)
    return value


@pytest.fixture(scope="session")
def served_region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("browser") / "region.gpkg"
    make_desk_town(path).close()
    make_tiles(path, PLANNER)
    order_job(path, PLANNER, "plan", {})  # for the page of a job
    os.environ["FIELDOPS_TESTED_REGION"] = str(path)  # where `opened` makes its sessions
    return path


@contextmanager
def served(region: Path) -> Iterator[str]:
    """The production server on a region; yields its address."""
    port = free_port()
    log = region.with_suffix(".log")
    server = Started(SERVER, (region, "--port", port), out=log, err=log, folder=ROOT)
    try:
        wait_for(port, server)
        address = f"http://127.0.0.1:{port}"
        with urllib.request.urlopen(address) as answer:
            assert answer.status == 200
        yield address
    finally:
        server.send_signal(signal.SIGTERM)
        code = server.wait(PATIENCE)
    assert code == 0


@pytest.fixture(scope="session")
def site(served_region: Path) -> Iterator[str]:
    """The address of the production server on the planned town."""
    with served(served_region) as address:
        yield address


@pytest.fixture
def fresh_site(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The address of a server on a town where nobody has an account yet, and the secret of its first link."""
    region = make_desk_town(tmp_path / "fresh.gpkg")
    secret = first_link(region, PLANNER)
    assert secret is not None
    region.close()
    with served(tmp_path / "fresh.gpkg") as address:
        yield address, secret


@pytest.fixture(scope="session")
def driver() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@contextmanager
def launched(driver: Playwright, *flags: str) -> Iterator[Browser]:
    browser = driver.chromium.launch(executable_path=chromium(draws=bool(flags)), args=[*QUIET, *flags])
    try:
        yield browser
    finally:
        browser.close()


@pytest.fixture(scope="module")
def browser(driver: Playwright, request: pytest.FixtureRequest) -> Iterator[Browser]:
    """A browser that draws maps, or where the tests are of phones, whose pages have none, the quick one."""
    is_phone = Path(request.module.__file__).name.startswith("test_phone")
    with launched(driver, *(() if is_phone else SOFTWARE_WEBGL)) as browser:
        yield browser


@contextmanager
def opened(
    browser: Browser,
    *,
    width: int = 1280,
    height: int = 800,
    language: str = "en-US",
    scheme: str = "light",
    role: str | None = "lead",
    crew: str | None = None,
    broken: bool = False,
    **more: Any,
) -> Iterator[Page]:
    """A page that fails the test on any script error, refused resource, or request to another host; `broken` allows them."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale=language,
        color_scheme=scheme,
        **more,  # type: ignore[arg-type]
    )
    if role:
        secret = session_of(Path(os.environ["FIELDOPS_TESTED_REGION"]), Role(role), crew)
        context.add_cookies([{"name": PLAIN_COOKIE, "value": secret, "domain": "127.0.0.1", "path": "/"}])
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("requestfailed", lambda request: wrong.append(request.url))
    page.on(
        "request",
        lambda request: (
            None
            if "127.0.0.1" in request.url or request.url.startswith(("data:", "blob:"))
            else wrong.append(request.url)
        ),
    )
    yield page
    context.close()
    assert broken or wrong == []


@pytest.fixture(scope="module")
def one_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Server"]:
    """The production server on the phones' town, for all tests of a module."""
    from tests.browser.phones import town_server

    with town_server(tmp_path_factory.mktemp("phone")) as running:
        yield running


@pytest.fixture
def server(one_server: "Server") -> "Server":
    """The module's server of the phones' town; it counts records from here on."""
    return one_server.counting_from_here()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator["Server"]:
    """A server of one test alone, which may be stopped and killed, and its town changed."""
    from tests.browser.phones import town_server

    with town_server(tmp_path) as running:
        yield running


@pytest.fixture
def quick(own_server: "Server") -> "Server":
    """A town of its own where the plain rule decides, so that two who know are enough."""
    region = open_region(own_server.region)
    change_rules(region, PLANNER, why="plain", move_on_rule="two_of_ten")
    region.close()
    return own_server
