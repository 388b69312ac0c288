"""How the day begins on a slow phone: the first view needs little, what can wait waits until the browser has nothing to do, one thing at a time."""

import re
from pathlib import PurePosixPath

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import until
from tests.browser.phones import READY, SYNC, Server, controlled, crew_phone, forget_files, module, open_phone
from web.crew.phone import FIRST, LATER, NEXT

SCRIPT = re.compile(r"/shell/\w+/\w+\.js$")
ROOMS = ["street=S0", "survey=T0", "venue=V1", "hours", "signup", "incident", "outbox"]
NEVER_IDLE = """
window.waits = [];
window.requestIdleCallback = (act) => window.waits.push(act);
window.rest = () => window.waits.shift()?.();
"""
ASLEEP = """
window.woken = 0;
const Calendar = Intl.DateTimeFormat;
Intl.DateTimeFormat = function (...words) { window.woken += 1; return new Calendar(...words); };
for (const name of ["toLocaleString", "toLocaleDateString", "toLocaleTimeString"]) {
  const say = Date.prototype[name];
  Date.prototype[name] = function (...words) { window.woken += 1; return say.apply(this, words); };
}
"""


def asked_for(page: Page) -> list[str]:
    """Return a list that grows by the name of every script and every batch that the page asks for."""
    names: list[str] = []
    page.on(
        "request",
        lambda asked: (
            names.append(PurePosixPath(asked.url).name) if SCRIPT.search(asked.url) or SYNC.search(asked.url) else None
        ),
    )
    return names


def test_the_first_view_is_there_where_only_its_own_scripts_ever_come(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server, workers=False) as phone:
        phone.route(
            SCRIPT,
            lambda route: route.continue_() if PurePosixPath(route.request.url).name in FIRST else route.abort(),
        )
        page = open_phone(phone, server)
        expect(page.locator("#streets [data-left]").first).not_to_be_empty()
        expect(page.locator("#badge")).to_have_text("All sent")


def test_what_can_wait_comes_one_thing_at_a_time_when_the_browser_has_nothing_to_do(
    browser: Browser, server: Server
) -> None:
    with crew_phone(browser, server, workers=False) as phone:
        page = phone.new_page()
        page.add_init_script(NEVER_IDLE)
        came = asked_for(page)
        page.goto(f"{server.address}/crew/")
        until(page, READY)
        until(page, "window.waits.length === 1")
        assert set(came) == {*FIRST, *NEXT}
        of_the_day = {*LATER} - {"me.js", "learn.js", "account.js"}
        for _ in range(60):
            before = len(came)
            page.evaluate("window.rest()")
            page.wait_for_timeout(100)
            assert len(came) - before <= 2  # a script, and the one that it alone imports
        assert {*came} == {*FIRST, *NEXT, *of_the_day, "sync.json"}


def test_no_calendar_is_woken_before_the_first_street_is_worked_on(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server) as phone:
        page = phone.new_page()
        page.add_init_script(ASLEEP)
        page.goto(f"{server.address}/crew/")
        until(page, READY)
        page.evaluate("location.hash = '#street=S0'")
        expect(page.locator("#v-street")).to_be_visible()
        expect(page.locator("#onward")).to_be_visible()
        assert page.evaluate("window.woken") == 0


def test_the_phones_day_is_the_citys_in_every_moment_of_many_days(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server, timezone_id="America/New_York") as phone:
        page = open_phone(phone, server)
        wrong = page.evaluate(
            """async (address) => {
              const { data, dayOf } = await import(address);
              const calendar = new Intl.DateTimeFormat("en-CA", { timeZone: data.zone });
              const moments = [];
              for (let hour = -300; hour < 300; hour++) moments.push(data.now + hour * 3_600_000);
              for (const at of data.days.midnights) moments.push(at - 1, at, at + 1);
              return moments.filter((at) => dayOf(at) !== calendar.format(at));
            }""",
            module(page).replace("outbox.js", "app.js"),
        )
        assert wrong == []


def test_every_view_opens_without_network_also_where_the_browser_had_no_time_to_bring_it(
    browser: Browser, own_server: Server
) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server)
        controlled(page)
        until(page, "document.querySelectorAll('[data-take]').length > 0")
        page.reload()  # the worker keeps the page on which streets are kept for the crew
        until(page, READY)
        page.close()
        own_server.stop()
        page = phone.new_page()
        forget_files(page)
        page.add_init_script(NEVER_IDLE)
        page.goto(f"{own_server.address}/crew/")
        until(page, READY)
        for address in ROOMS:
            page.evaluate("address => { location.hash = address; }", address)
            view = page.locator(f"#v-{address.split('=')[0]}")
            expect(view).to_be_visible()
            expect(view.locator("h1")).not_to_be_empty()
        page.get_by_role("button", name="Sign out").click()
        expect(page.locator("#warning")).to_contain_text("You are still signed in")
        page.locator("nav.bottom").get_by_role("link", name="Today").click()
        page.locator("[data-take]").first.click()
        expect(page.locator("#v-moveon")).to_be_visible()
