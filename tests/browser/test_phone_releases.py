"""A new release reaches phones that lie in pockets: what is open stays, what is kept opens without network, nothing is lost."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import until
from tests.browser.phones import (
    READY,
    SYNC,
    Server,
    add,
    controlled,
    crew_phone,
    flush_all,
    forget_files,
    module,
    open_phone,
    waiting,
)
from tests.conftest import ROOT

WORKER = Path("templates", "crew", "worker.js")
KEPT_BESIDE_ITS_SHELL = "if (await isWhole(version)) await"


def change(path: Path, old: str, new: str) -> None:
    """Change a file of a release in the one place that is named."""
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"it is not there any more: {old}"
    path.write_text(text.replace(old, new), "utf-8")


@contextmanager
def release(server: Server, folder: Path, mark: str = "newer") -> Iterator[Path]:
    """Let the server go on with another version of the web's files, which lie where it says; meanwhile it is down."""
    web = folder / mark / "web"
    shutil.copytree(ROOT / "web", web, ignore=shutil.ignore_patterns("node_modules", "vendor", "__pycache__"))
    with (web / "static" / "crew" / "card.js").open("a") as file:
        file.write(f"// {mark}\n")
    server.stop()
    yield web
    server.root = web.parent
    server.start()


def open_once_after_a_release(page: Page, server: Server, folder: Path) -> tuple[str, str]:
    """Release, open the page once with network, and cut it at once; return the addresses of a script before and after."""
    old = module(page)
    with release(server, folder):
        pass
    page.reload()
    until(page, READY)
    new = module(page)
    server.stop()
    forget_files(page)
    assert old != new
    return old, new


def load_new_version(page: Page, count: int) -> str:
    """Tap on the new version: its page comes with all that waits, and of all versions its cache alone is left, which is named."""
    with page.expect_navigation():
        page.locator("#update").click()
    until(page, READY)
    assert waiting(page) == count
    (kept,) = page.evaluate("caches.keys()")
    return str(kept)


def send_whole(page: Page, server: Server, count: int) -> None:
    """Let the network of records be back: the server gets each of them once."""
    page.context.unroute(SYNC)
    flush_all(page)
    assert server.records() == count


def test_a_page_opened_once_after_a_release_opens_again_without_network_and_so_does_the_new_version_later(
    browser: Browser, own_server: Server, tmp_path: Path
) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server, "#street=S1")
        controlled(page)
        phone.route(SYNC, lambda route: route.abort())
        add(page, 30)
        _, new = open_once_after_a_release(page, own_server, tmp_path)
        page.reload()
        until(page, READY)  # of whichever version is whole
        page.locator("#outcomes [data-what=not_home]").click()
        expect(page.locator(".toast")).to_contain_text("Saved")
        assert waiting(page) == 31
        own_server.start()
        page.reload()
        expect(page.locator("#update")).to_be_visible()  # nobody but the page asked for it
        page.reload()
        until(page, READY)
        own_server.stop()
        forget_files(page)
        page.reload()
        until(page, READY)
        assert module(page) == new  # from the old worker already
        page.evaluate("location.hash = '#signup'")
        expect(page.locator("#tel")).to_be_focused()  # its later scripts too
        load_new_version(page, 31)
        assert module(page) == new
        own_server.start()
        send_whole(page, own_server, 31)


@pytest.mark.full
def test_control_a_page_kept_without_its_shell_has_no_scripts_without_network(
    browser: Browser, own_server: Server, tmp_path: Path
) -> None:
    with release(own_server, tmp_path, "unguarded") as web:
        change(web / WORKER, KEPT_BESIDE_ITS_SHELL, "if (true) await")
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server)
        controlled(page)
        open_once_after_a_release(page, own_server, tmp_path)
        page.reload()
        page.wait_for_timeout(1_000)
        assert not page.evaluate(READY)


@pytest.mark.parametrize("asks", [True, pytest.param(False, marks=pytest.mark.full)])
def test_a_page_that_lies_open_over_a_release_fetches_the_new_version_by_itself_and_without_asking_does_not(
    browser: Browser, own_server: Server, tmp_path: Path, asks: bool
) -> None:
    if not asks:
        with release(own_server, tmp_path, "unguarded") as web:
            change(web / WORKER, "else registration.update().catch(() => {});", "")
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server, "#street=S1")
        controlled(page)
        old = module(page)
        until(page, "document.querySelectorAll('[data-take]').length > 0")  # its first call is over
        with release(own_server, tmp_path):
            pass
        page.evaluate("address => import(address).then(({ renew }) => renew())", old.replace("outbox.js", "views.js"))
        if not asks:
            page.wait_for_timeout(2_000)
            expect(page.locator("#update")).to_be_hidden()
            return
        expect(page.locator("#update")).to_be_visible()
        own_server.stop()
        forget_files(page)
        page.locator("#door").fill("3-2-501")  # nothing was taken from under the thumb
        page.locator("#outcomes [data-what=not_home]").click()
        assert waiting(page) == 1
        page.reload()
        until(page, READY)
        assert module(page) != old
        assert waiting(page) == 1


def told_at(page: Page) -> int:
    """When the server made the page that is open: milliseconds."""
    moment: int = page.evaluate("JSON.parse(document.getElementById('data').textContent).now")
    return moment


def test_after_a_release_was_taken_back_the_newest_page_opens_without_network(
    browser: Browser, own_server: Server, tmp_path: Path
) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server)
        controlled(page)
        first = module(page)
        with release(own_server, tmp_path):
            pass
        page.reload()
        expect(page.locator("#update")).to_be_visible()
        page.reload()
        until(page, READY)
        assert module(page) != first  # a page of the new version is kept
        own_server.stop()
        own_server.root = ROOT
        own_server.start()
        page.reload()
        until(page, READY)
        page.wait_for_load_state("networkidle")  # what the day asks for by itself has come
        newest = told_at(page)
        own_server.stop()
        forget_files(page)
        page.reload()
        until(page, READY)
        assert (module(page), told_at(page)) == (first, newest)


def test_a_new_version_waits_for_the_thumb_and_leaves_the_outbox_alone(
    browser: Browser, own_server: Server, tmp_path: Path
) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server)
        controlled(page)
        (before,) = page.evaluate("caches.keys()")
        with release(own_server, tmp_path):
            add(page, 30)
        phone.route(SYNC, lambda route: route.abort())
        expect(page.locator("#update")).to_be_hidden()
        page.evaluate("navigator.serviceWorker.getRegistration().then((one) => one.update())")
        expect(page.locator("#update")).to_be_visible()
        assert waiting(page) == 30
        assert load_new_version(page, 30) != before
        send_whole(page, own_server, 30)


@pytest.mark.full
def test_control_a_worker_that_does_not_wait_takes_the_page_from_under_the_thumb(
    browser: Browser, own_server: Server, tmp_path: Path
) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server, "#street=S0")
        controlled(page)
        with release(own_server, tmp_path) as web:
            waits = "  event.waitUntil((async () => {\n    await takeShell();"
            change(web / WORKER, waits, f"  self.skipWaiting();\n{waits}")
        page.locator("#door").fill("12-3-50")
        with page.expect_navigation():  # nobody has tapped
            page.evaluate("navigator.serviceWorker.getRegistration().then((one) => { one.update(); })")
        until(page, READY)
        expect(page.locator("#door")).to_have_value("")  # what was being written is gone
