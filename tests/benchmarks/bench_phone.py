"""The crew's first page on slow 4G and a slow phone beside itself without scripts, and a day's records sent beside the same bytes."""

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright

from fieldops.clock import Stopwatch
from tests.browser.conftest import QUIET, chromium
from tests.browser.phones import Server, crew_phone, flush_all, open_phone, record_a_day, town_server

LCP_MS, BLOCKED_MS, SENT_S = 1500, 50, 10  # web.md, section 4: the budgets of the phone
MEASURE = """() => new Promise((done) => {
  let lcp = 0, blocked = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) lcp = one.startTime; })
    .observe({ type: 'largest-contentful-paint', buffered: true });
  new PerformanceObserver((list) => { for (const one of list.getEntries()) blocked += Math.max(0, one.duration - 50); })
    .observe({ type: 'longtask', buffered: true });
  setTimeout(() => done([lcp, blocked]), 1500);
})"""


def main(full: bool = False) -> None:
    """Print milliseconds of both pages and seconds of a day's sending; seven rounds, twenty-one with `full`."""
    rounds = 21 if full else 7
    with TemporaryDirectory() as folder, town_server(Path(folder)) as server, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=QUIET)
        ours, bare = [], []
        for _ in range(rounds):  # in turn, so that what else the machine does meets both
            ours.append(first_page(browser, server, scripts=True))
            bare.append(first_page(browser, server, scripts=False))
        for name, at, budget in (("largest contentful paint", 0, LCP_MS), ("blocked", 1, BLOCKED_MS)):
            with_scripts, without = (median(one[at] for one in found) for found in (ours, bare))
            print(
                f"{name:25} {with_scripts:6.0f} ms, without scripts {without:6.0f} ms, "
                f"budget {budget} ms: {with_scripts / budget:.2f} x"
            )
        seconds, plain = send_a_day(browser, server)
        print(f"600 records sent          {seconds:6.1f} s, budget {SENT_S} s: {seconds / SENT_S:.2f} x; "
              f"recorded one by one in {plain:.1f} s")  # fmt: skip
        browser.close()


def first_page(browser: Browser, server: Server, *, scripts: bool) -> tuple[float, float]:
    """Return largest contentful paint and blocked time, milliseconds, of the first page on slow 4G and a slow phone."""
    with crew_phone(browser, server, workers=False) as phone:
        page = phone.new_page()
        if not scripts:
            page.route("**/*.js", lambda route: route.abort())
        tools = phone.new_cdp_session(page)
        tools.send("Network.enable")
        tools.send("Network.emulateNetworkConditions", {
            "offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8,
        })  # fmt: skip
        tools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        page.goto(f"{server.address}/crew/")
        lcp, blocked = page.evaluate(MEASURE)
    return lcp, blocked


def send_a_day(browser: Browser, server: Server) -> tuple[float, float]:
    """Return the seconds that sending 600 waiting records takes, and those that recording them took."""
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server)
        phone.set_offline(True)
        recording = Stopwatch()
        record_a_day(page)
        recorded = recording.seconds
        phone.set_offline(False)
        sending = Stopwatch()
        flush_all(page)
        return sending.seconds, recorded
