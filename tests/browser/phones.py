"""A phone of a crew in a real browser, and the server that it talks to: started, stopped, killed and started again."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Request, Route

from fieldops.clock import Stopwatch
from fieldops.people import Role
from fieldops.store.connect import open_region
from tests.accounts import PLAIN_COOKIE, session_of
from tests.browser.conftest import PATIENCE, until
from tests.conftest import ROOT
from tests.phone_town import make_phone_town
from tests.processes import SERVER, Started, free_port, wait_for

READY = "document.documentElement?.dataset.ready === 'true'"
SYNC = re.compile(r"/crew/sync\.json$")


@dataclass
class Server:
    """The production server on a region, at one address for as long as a test lasts."""

    region: Path
    port: int
    root: Path = ROOT  # where the web's files lie
    process: Started | subprocess.Popen[bytes] | None = None
    base: int = 0  # records that were there before the test

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        words = (self.region, "--port", self.port)
        if self.root == ROOT:
            log = self.region.with_suffix(".log")
            self.process = Started(SERVER, words, out=log, err=log, folder=ROOT)
        else:
            command = [sys.executable, "-m", "web", *map(str, words)]
            self.process = subprocess.Popen(command, cwd=self.root, stderr=subprocess.DEVNULL)
        wait_for(self.port, self.process)

    def stop(self, how: int = signal.SIGTERM) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(PATIENCE)
        self.process = None

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        region = open_region(self.region)
        try:
            return [tuple(row) for row in region.reader().execute(sql)]
        finally:
            region.close()

    def counting_from_here(self) -> "Server":
        """Return this server, counting records from here on."""
        self.base = 0
        self.base = self.records()
        return self

    def records(self) -> int:
        """How many records were taken since `base`; each id once, or the test fails."""
        ((count, distinct),) = self.query("SELECT count(*), count(DISTINCT id) FROM phone_record")
        assert count == distinct
        return int(count) - self.base


@contextmanager
def serving(region: Path) -> Iterator[Server]:
    server = Server(region, free_port())
    server.start()
    try:
        yield server
    finally:
        if server.process:
            server.stop()


@contextmanager
def town_server(folder: Path) -> Iterator[Server]:
    """The production server on a new small town that lies in a folder."""
    path = folder / "region.gpkg"
    make_phone_town(path, sandbox=False).close()
    with serving(path) as running:
        yield running


@contextmanager
def crew_phone(
    browser: Browser, server: Server, *, crew: str = "C0", role: Role = Role.CREW_LEAD, language: str = "en-US",
    width: int = 360, height: int = 740, workers: bool = True, **more: Any,
) -> Iterator[BrowserContext]:  # fmt: skip
    """A phone that is signed in for a crew; with `workers=False` its service worker is switched off."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale=language, has_touch=True, is_mobile=True,
        service_workers="allow" if workers else "block", **more,
    )  # fmt: skip
    sign_in(context, server, role, crew)
    under_way = set[Request]()
    context.on("request", lambda asked: under_way.add(asked) if SYNC.search(asked.url) else None)
    context.on("requestfinished", lambda asked: under_way.discard(asked))
    context.on("requestfailed", lambda asked: under_way.discard(asked))
    yield context
    for page in context.pages[:1]:  # what is on its way arrives before the next test counts
        waited = Stopwatch()
        while under_way and waited.seconds < 3:
            page.wait_for_timeout(50)
    context.close()


def sign_in(context: BrowserContext, server: Server, role: Role = Role.CREW_LEAD, crew: str = "C0") -> None:
    secret = session_of(server.region, role, crew)
    context.add_cookies([{"name": PLAIN_COOKIE, "value": secret, "domain": "127.0.0.1", "path": "/"}])


def open_phone(context: BrowserContext, server: Server, at: str = "") -> Page:
    """Open the page of the day and wait until its script works; any script error fails the test at the next `check`."""
    page = context.new_page()
    page.goto(f"{server.address}/crew/{at}")
    until(page, READY)
    return page


def controlled(page: Page) -> None:
    until(page, "navigator.serviceWorker.controller !== null")


def forget_files(page: Page) -> None:
    """Empty the browser's own cache, as any browser may at any time: what is left is what the worker keeps."""
    page.context.new_cdp_session(page).send("Network.clearBrowserCache")


def module(page: Page) -> str:
    """The address of the outbox's module, as the page itself loads it."""
    found: str = page.evaluate(
        "[...document.querySelectorAll('link[rel=modulepreload]')].map(l => l.href).find(h => h.endsWith('/outbox.js'))"
    )
    return found


def in_outbox(page: Page, code: str, argument: Any = None) -> Any:
    """Run code with the page's own outbox as `box`."""
    return page.evaluate(
        f"async ([address, argument]) => {{ const box = await import(address); {code} }}", [module(page), argument]
    )


def waiting(page: Page) -> int:
    count: int = in_outbox(page, "return (await box.all('waiting')).length")
    return count


def add(page: Page, count: int, hold: int = 0) -> None:
    """Record contacts as fast as the storage takes them, and send nothing yet."""
    in_outbox(
        page,
        "for (let i = 0; i < argument[0]; i++) await box.add('contact', {promoter: 'C0-0', street: 'S' + i % 5,"
        " what: 'not_home'}, {hold: argument[1]})",
        [count, hold],
    )


def fill(page: Page, count: int) -> None:
    """Put contacts into the outbox in one transaction: what `add` stores, where the storing itself is not the question."""
    in_outbox(
        page,
        """
        await box.work(['meta', 'waiting'], async (meta, waiting) => {
          const phone = await new Promise((done) => { const asked = meta.get('phone'); asked.onsuccess = () => done(asked.result); });
          const now = Date.now();
          for (let i = 0; i < argument; i++) {
            phone.seq += 1;
            const id = box.newId();
            waiting.add({ id, seq: phone.seq, at: now, ready: now, record: { id, seq: phone.seq, kind: 'contact', device: phone.device,
              device_time: new Date(now).toISOString(), offset_s: phone.offset, answered_at: phone.answered, promoter: 'C0-0',
              street: 'S' + i % 5, what: 'not_home' } });
          }
          meta.put(phone, 'phone');
        });
        await box.changed();
        """,
        count,
    )


def flush(page: Page) -> Any:
    """Send once; where the page is sending already, wait for it first."""
    return in_outbox(
        page,
        "for (let i = 0; i < 500; i++) { const got = await box.flush(); if (got) return got; await new Promise((done) => setTimeout(done, 20)); }",
    )


def later(page: Page, seconds: float = 11) -> None:
    """Let the phone's clock be so many seconds later, its timers running on: by default the time for an undo is over."""
    page.clock.set_fixed_time(page.evaluate("Date.now()") / 1000 + seconds)


def flush_all(page: Page) -> None:
    """Send until nothing is left."""
    for _ in range(200):
        if waiting(page) == 0:
            return
        flush(page)
        page.wait_for_timeout(50)
    raise AssertionError(f"{waiting(page)} records are still waiting")


def record_a_day(page: Page) -> None:
    """Record six hundred doors and surveys as taps do, each stored by itself."""
    page.evaluate(
        """async (address) => {
          const box = await import(address);
          for (let i = 0; i < 600; i++) await box.add(i % 3 ? 'contact' : 'survey', { promoter: 'C0-0', street: 'S' + i % 5,
            what: i % 3 ? 'not_home' : 'refused', door: i % 3 ? '12-3-' + i : undefined, generation: 1, lon: 117.2, lat: 28.3,
            accuracy_m: 20, ...(i % 3 ? {} : { cluster: 'A', phase: 'before' }) });
        }""",
        module(page),
    )


def lose_answers(page: Page, lost: Callable[[int], bool]) -> list[int]:
    """Let the server take a batch and the phone never hear of it, where `lost` says so; returns the batches' sizes."""
    sizes: list[int] = []

    def handle(route: Route) -> None:
        size = len((route.request.post_data_json or {}).get("records", []))
        sizes.append(size)
        if size and lost(sum(1 for one in sizes if one)):
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route(SYNC, handle)
    return sizes


def count_sent(page: Page) -> list[int]:
    """Return a list that grows by the size of every batch that the server answered."""
    sizes: list[int] = []
    page.on(
        "requestfinished",
        lambda asked: sizes.append(len(asked.post_data_json["records"])) if SYNC.search(asked.url) else None,
    )
    return sizes


def without_guard(context: BrowserContext, old: str, new: str, *, file: str = "outbox.js") -> None:
    """Serve a script with one of its guards taken away, for controls: the phone must have no service worker."""
    source = (ROOT / "web" / "static" / "crew" / file).read_text("utf-8")
    assert source.count(old) == 1, f"the guard is not there any more: {old}"
    body = source.replace(old, new)
    context.route(re.compile(rf"/{file}$"), lambda route: route.fulfill(body=body, content_type="text/javascript"))
