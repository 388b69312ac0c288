"""What the page shows is what the server said last: after a won wish, with two renewals on their way, on a phone that lies there."""

import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from fieldops.actions.claims import end_claim
from fieldops.ids import ClaimId
from fieldops.store.connect import open_region
from tests.browser.conftest import until
from tests.browser.phones import READY, SYNC, Server, crew_phone, module, open_phone, without_guard
from tests.conftest import PLANNER

DAY_PAGE = re.compile(r"/crew/$")
STALE_GUARD = "if (!now || (asked < taken && now.now < data.now)) return;"


def win_without_the_page(page: Page) -> str:
    """Win a street from the list of near ones while the page of the day cannot be had; return its label."""
    page.get_by_role("button", name="Free streets near").click()
    row = page.locator("#nearList li").last
    label = row.locator("b").inner_text()
    page.route(DAY_PAGE, lambda route: route.abort())
    row.get_by_role("button", name="Take it").click()
    expect(page.locator("#moveSays")).to_contain_text(f"{label} is yours until")
    page.locator("#take").click()
    return label


def test_a_street_that_was_won_is_worked_on_before_the_page_tells_of_it(browser: Browser, own_server: Server) -> None:
    with crew_phone(browser, own_server, crew="C1", workers=False) as phone:
        page = open_phone(phone, own_server)
        label = win_without_the_page(page)
        expect(page.locator("#streetLabel")).to_have_text(label)
        page.locator("#v-street details.maps summary").click()  # nobody knows yet where it is: no script fails
        page.get_by_role("button", name="Not home").click()
        expect(page.locator(".toast")).to_contain_text("Saved")


def test_control_without_it_next_leads_back_to_today(browser: Browser, own_server: Server) -> None:
    with crew_phone(browser, own_server, crew="C1", workers=False) as phone:
        without_guard(phone, "  takeIn(street, label, answer);\n", "", file="moving.js")
        page = open_phone(phone, own_server)
        win_without_the_page(page)
        expect(page.locator("#v-today")).to_be_visible()


def renew_twice(page: Page, server: Server) -> None:
    """Ask for the page twice; the first answer, in which S0 is still held, comes after the second, in which it is not."""
    until(page, "document.querySelectorAll('[data-take]').length > 0")  # its first call is over
    held: list[tuple[Route, object]] = []

    def first_waits(route: Route) -> None:
        answer = route.fetch()
        if held:
            route.fulfill(response=answer)
        else:
            held.append((route, answer))
            take_away(server)
            page.evaluate("document.documentElement.dataset.first = 'asked'")

    page.route(DAY_PAGE, first_waits)
    views = module(page).replace("outbox.js", "views.js")
    renew = "address => { import(address).then(({ renew }) => renew().then(() => { document.documentElement.dataset.%s = 'in'; })); }"
    page.evaluate(renew % "older", views)
    until(page, "document.documentElement.dataset.first === 'asked'")
    page.evaluate(renew % "newer", views)
    until(page, "document.documentElement.dataset.newer === 'in'")
    expect(page.locator("#streets [data-street=S0]")).to_have_count(0)
    route, answer = held[0]
    route.fulfill(response=answer)  # type: ignore[arg-type]
    until(page, "document.documentElement.dataset.older === 'in'")


def take_away(server: Server) -> None:
    region = open_region(server.region)
    (row,) = region.reader().execute("SELECT id FROM claim WHERE street_id = 'S0' AND ended_at IS NULL").fetchall()
    end_claim(region, PLANNER, ClaimId(row[0]), outcome="revoked", why="safety")
    region.close()


@pytest.mark.parametrize("guarded", [True, False])
def test_of_two_pages_on_their_way_the_newer_one_stays_and_without_the_guard_does_not(
    browser: Browser, own_server: Server, guarded: bool
) -> None:
    with crew_phone(browser, own_server, workers=False) as phone:
        if not guarded:
            without_guard(phone, STALE_GUARD, "if (!now) return;", file="views.js")
        page = open_phone(phone, own_server)
        renew_twice(page, own_server)
        expect(page.locator("#streets [data-street=S0]")).to_have_count(0 if guarded else 1)


@pytest.mark.parametrize("asks", [True, False])
def test_a_phone_that_lies_there_asks_every_five_minutes_and_without_that_knows_nothing_new(
    browser: Browser, own_server: Server, asks: bool
) -> None:
    with crew_phone(browser, own_server, workers=False) as phone:
        if not asks:
            without_guard(phone, "const quiet = !document.hidden", "const quiet = false", file="app.js")
        page = phone.new_page()
        page.clock.install()
        page.goto(f"{own_server.address}/crew/")
        until(page, READY)
        until(page, "document.querySelectorAll('[data-take]').length > 0")
        take_away(own_server)
        app = module(page).replace(
            "outbox.js", "app.js"
        )  # the server's clock does not go along: its page is old for the phone
        page.evaluate("address => import(address).then(({ data }) => { data.now -= 340_000; })", app)
        batches: list[int] = []
        page.on(
            "request",
            lambda asked: batches.append(len(asked.post_data_json["records"])) if SYNC.search(asked.url) else None,
        )
        let_pass(page, 18)  # four and a half minutes
        assert batches == []  # nobody asks more often than that
        let_pass(page, 22, until_gone=asks)
        assert set(batches) == ({0} if asks else set())
        expect(page.locator("#streets [data-street=S0]")).to_have_count(0 if asks else 1)


def let_pass(page: Page, steps: int, *, until_gone: bool = False) -> None:
    """Let so many quarters of a minute pass, as slowly as the page's own storage and network need."""
    for _ in range(steps):
        if until_gone and not page.locator("#streets [data-street=S0]").count():
            return
        page.clock.run_for(15_000)
        page.wait_for_timeout(100)
