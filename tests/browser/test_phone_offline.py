"""A day without network, two tabs, cleared and full storage, a disabled account: nothing is lost silently."""

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from fieldops.actions.accounts import disable_account, enable_account
from fieldops.store.connect import open_region
from tests.browser.conftest import until
from tests.browser.phones import (
    READY,
    SYNC,
    Server,
    add,
    count_sent,
    crew_phone,
    flush,
    flush_all,
    later,
    module,
    open_phone,
    sign_in,
    waiting,
    without_guard,
)
from tests.browser.thumbs import sign_up
from tests.conftest import PLANNER

# What a full disk does to a transaction: it is aborted after the request was taken.
FULL = """(() => { window.add = IDBObjectStore.prototype.add;
IDBObjectStore.prototype.add = function (...what) {
  const asked = window.add.apply(this, what); this.transaction.abort(); return asked; }; })()"""


# ── 18: the browser ─────────────────────────────────────────────────────────────────────────────────────────────────


def tap_ten(page: Page) -> None:
    for i in range(10):
        page.locator("#outcomes button").nth((0, 2, 3, 4, 5, 6)[i % 6]).click()


@pytest.mark.parametrize("cycles", [2, pytest.param(20, marks=pytest.mark.full)])
def test_a_day_without_network_is_recorded_reopened_and_sent_once(
    browser: Browser, server: Server, cycles: int
) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server)
        until(page, "navigator.serviceWorker.controller !== null")
        for cycle in range(1, cycles + 1):
            phone.set_offline(True)
            page.goto(f"{server.address}/crew/#street=S{cycle % 5}")
            until(page, READY)
            tap_ten(page)
            expect(page.locator("#badge")).to_have_text("10 not sent")
            page.reload()  # the page itself comes from the worker
            until(page, READY)
            assert waiting(page) == 10
            page.close()
            page = open_phone(phone, server)
            assert waiting(page) == 10
            expect(page.locator("#badge")).to_have_text("10 not sent")
            phone.set_offline(False)
            later(page)  # a tap can be undone for ten seconds: nothing is sent before
            flush_all(page)
            assert server.records() == 10 * cycle
            page.close()
            page = open_phone(phone, server)


def test_two_tabs_send_once(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server) as phone:
        first, second = open_phone(phone, server), open_phone(phone, server)
        phone.set_offline(True)
        add(first, 100)
        add(second, 100)
        phone.set_offline(False)
        sent = [count_sent(page) for page in (first, second)]
        for page in (first, second):
            page.evaluate("address => { import(address).then((box) => box.flush()); }", module(page))
        until(first, "document.getElementById('badge').textContent === 'All sent'")
        until(second, "document.getElementById('badge').textContent === 'All sent'")
        assert sum(map(sum, sent)) == 200  # each record went over the network once
        assert server.records() == 200


def test_control_without_the_lock_two_tabs_send_the_same_records(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server, workers=False) as phone:
        without_guard(phone, "const got = navigator.locks\n", "const got = false\n")
        first, second = open_phone(phone, server), open_phone(phone, server)
        phone.set_offline(True)
        add(first, 100)
        phone.set_offline(False)
        sent = [count_sent(page) for page in (first, second)]
        for page in (first, second):
            page.evaluate("address => { import(address).then((box) => box.flush()); }", module(page))
        until(first, "document.getElementById('badge').textContent === 'All sent'")
        until(second, "document.getElementById('badge').textContent === 'All sent'")
        assert sum(map(sum, sent)) > 100
        assert server.records() == 100  # the server still takes each once


def test_whoever_clears_the_storage_is_told_how_much_was_lost(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server)
        record_and_clear(page, server)
        expect(page.locator("#warning")).to_contain_text("lost 7 records")


def test_control_a_phone_without_its_note_outside_the_storage_loses_records_in_silence(
    browser: Browser, server: Server
) -> None:
    with crew_phone(browser, server, workers=False) as phone:
        without_guard(phone, "if (phone) document.cookie =", "if (phone) document.title =")
        page = open_phone(phone, server)
        record_and_clear(page, server)
        assert waiting(page) == 0
        expect(page.locator("#warning")).to_be_hidden()


def record_and_clear(page: Page, server: Server) -> None:
    """Record seven things that cannot be sent, clear the storage as browsers do, and open the page again."""
    page.route(SYNC, lambda route: route.abort())
    add(page, 7)
    page.goto(f"{server.address}/static/icon.svg")  # no connection to the database is open
    page.evaluate("new Promise((done) => { indexedDB.deleteDatabase('fieldops').onsuccess = () => done(1); })")
    page.goto(f"{server.address}/crew/")
    until(page, READY)


def test_a_full_storage_is_told_at_the_tap_and_nothing_is_said_to_be_saved(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server, "#street=S0")
        add(page, 3)
        until(page, "document.getElementById('badge').textContent === 'All sent'")
        page.evaluate(FULL)  # Chromium's own override of the quota has no effect in contexts of Playwright
        page.locator("#outcomes button").first.click()
        expect(page.locator("#warning")).to_contain_text("NOT saved")
        expect(page.locator(".toast")).to_have_count(0)
        page.evaluate("(() => { IDBObjectStore.prototype.add = window.add; })()")
        page.locator("#outcomes button").first.dispatch_event("click")  # nobody is so quick: no double tap
        expect(page.locator(".toast")).to_contain_text("Saved")
        later(page)
        flush_all(page)
        assert server.records() == 4


@pytest.mark.parametrize(
    ("view", "button"),
    [("hours=S1", "#saveHours"), ("incident", "#incidents button"), ("venue=V1", "#visits [data-what=do_not_contact]"),
     ("street=S1", "#outcomes [data-what=refused]")],
)  # fmt: skip
def test_where_nothing_could_be_stored_the_phone_stays_there_and_goes_on_saying_so(
    browser: Browser, server: Server, view: str, button: str
) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server, f"#{view}")
        page.evaluate(FULL)
        door = page.locator("#door")
        if door.is_visible():
            door.fill("3-2-501")
        page.locator(button).first.click()
        expect(page.locator("#warning")).to_contain_text("NOT saved")
        page.wait_for_timeout(200)
        expect(page.locator("#warning")).to_be_visible()
        assert page.evaluate("location.hash") == f"#{view}"
        if door.is_visible():
            expect(door).to_have_value("3-2-501")  # the door of the next tap is the same one


def test_who_asked_not_to_be_contacted_is_listed_after_a_reload_without_network(
    browser: Browser, own_server: Server
) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server, "#street=S1")
        until(page, "navigator.serviceWorker.controller !== null")
        phone.set_offline(True)
        for name in ("Do not contact", "Undo", "Do not contact"):  # the first one was another door's
            page.locator("#door").fill("3-2-501" if name == "Do not contact" else "")
            page.get_by_role("button", name=name, exact=True).dispatch_event("click")
            expect(page.locator(".toast")).to_contain_text("Undone" if name == "Undo" else "Saved")
        page.evaluate("location.hash = '#venue=V1'")
        page.locator("#visits [data-what=do_not_contact]").click()
        until(page, "location.hash === '#today'")
        page.goto(f"{own_server.address}/crew/#street=S1")
        page.reload()
        until(page, READY)
        expect(page.locator("#doors")).to_have_text("3-2-501")
        expect(page.locator("#stopsBox")).to_be_hidden()  # it had one venue
        page.locator("#door").fill("3-2-501")
        expect(page.locator("#outcomes [data-what=interested]")).to_be_disabled()


def test_what_was_told_by_a_clock_that_was_a_year_ahead_is_sent_when_the_clock_is_right_again(
    browser: Browser, own_server: Server
) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server, "#street=S1")
        until(
            page, "document.querySelectorAll('[data-take]').length > 0"
        )  # its first call is over: no answer is on its way
        later(page, 365 * 86_400)
        page.locator("#outcomes [data-what=refused]").click()
        expect(page.locator(".toast")).to_contain_text("Saved")
        later(page, -365 * 86_400)
        flush(page)
        assert waiting(page) == 0
        assert own_server.query("SELECT what FROM phone_record") == [("refused",)]


def test_control_a_phone_that_does_not_wait_for_the_disk_says_saved_of_what_is_lost(
    browser: Browser, server: Server
) -> None:
    with crew_phone(browser, server, workers=False) as phone:
        without_guard(phone, "await Promise.all([act(...names.map((name) => turn.objectStore(name))), stored])",
                      "[await act(...names.map((name) => turn.objectStore(name))), stored.catch(() => 0)]")  # fmt: skip
        page = open_phone(phone, server, "#street=S0")
        page.evaluate(FULL)
        page.locator("#outcomes button").first.click()
        expect(page.locator(".toast")).to_contain_text("Saved")
        assert waiting(page) == 0


def test_control_a_phone_without_its_worker_cannot_open_the_day_again(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server, workers=False) as phone:
        page = open_phone(phone, server)
        phone.set_offline(True)
        with pytest.raises(Error, match="ERR_INTERNET_DISCONNECTED"):
            page.reload()


def test_an_undone_tap_never_counts_and_a_survey_can_be_taken_back_for_ten_seconds_only(
    browser: Browser, server: Server
) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server, "#street=S0")
        page.get_by_role("button", name="Interested").click()
        page.get_by_role("button", name="Undo").click()
        page.get_by_role("button", name="Refused").click()
        later(page)
        flush_all(page)
        told = server.query(f"SELECT kind, what FROM phone_record WHERE number > {server.base} ORDER BY seq")
        assert told == [("undo", ""), ("contact", "refused")]


# ── 8: what happens meanwhile ───────────────────────────────────────────────────────────────────────────────────────


def be_disabled(page: Page, server: Server) -> None:
    """Send five records, be disabled, record twenty, and try to send them."""
    add(page, 5)
    flush_all(page)
    region = open_region(server.region)
    disable_account(region, PLANNER, "crew_lead-c0")
    add(page, 20)
    flush(page)
    enable_account(region, PLANNER, "crew_lead-c0")
    region.close()


def test_who_is_disabled_meanwhile_keeps_the_outbox_and_sends_it_after_coming_in_again(
    browser: Browser, server: Server
) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server)
        be_disabled(page, server)
        assert waiting(page) == 20
        page.evaluate("location.hash = '#outbox'")
        expect(page.locator("#error")).to_contain_text("signed out")
        sign_in(phone, server)
        flush_all(page)
        assert server.records() == 25


def test_control_a_phone_that_takes_a_refusal_for_a_receipt_loses_what_the_disabled_recorded(
    browser: Browser, server: Server
) -> None:
    with crew_phone(browser, server, workers=False) as phone:
        without_guard(
            phone, 'if (!answer.ok) return { error: "http", code: answer.status,',
            "if (!answer.ok) return { body: { now: new Date().toISOString(), moved: [], answers: records.map(({ id }) =>"
            ' ({ id, result: "accepted" })) }, middle: sent,',
        )  # fmt: skip
        page = open_phone(phone, server)
        be_disabled(page, server)
        assert waiting(page) == 0
        sign_in(phone, server)
        flush_all(page)
        assert server.records() == 5


def test_a_lost_phone_shows_nobody_who_signed_up(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server, "#street=S0")
        page.route(SYNC, lambda route: route.abort())
        sign_up(page)
        stored = page.evaluate(
            "Promise.all(['waiting', 'done', 'meta'].map((name) => new Promise((done) => { indexedDB.open('fieldops').onsuccess ="
            " (event) => { event.target.result.transaction(name).objectStore(name).getAll().onsuccess = (got) =>"
            " done(JSON.stringify(got.target.result)); }; })))"
        )
        everything = "".join(stored) + page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")
        assert "sealed" in everything
        assert "王小明" not in everything
        assert "13812345678" not in everything
        page.unroute(SYNC)
        flush_all(page)
        assert server.query("SELECT source_kind, street_id, crew_id FROM candidate") == [("street", "S0", "C0")]
