"""What a phone keeps in the clear until it is sent is no name, no number and no free text: of every kind of record."""

import re

from playwright.sync_api import Browser, Page, expect

from fieldops.contacts import COLUMNS, Kind
from tests.browser.conftest import until
from tests.browser.phones import SYNC, Server, crew_phone, flush, flush_all, in_outbox, open_phone
from tests.browser.thumbs import NAME, NUMBER, go, sign_up

TYPED = {"door", "personName", "tel"}  # the fields into which a thumb can write anything at all
# A code, an id, a door, a number or a moment: nothing in which a sentence or a name of a person would fit.
CODE = re.compile(r"[A-Za-z0-9_.:-]{0,64}")
EVERYTHING = """
Promise.all((await indexedDB.databases()).map(({ name: base }) => new Promise((done) => {
  indexedDB.open(base).onsuccess = async ({ target: { result } }) => done(await Promise.all([...result.objectStoreNames].map((name) =>
    new Promise((got) => { result.transaction(name).objectStore(name).getAll().onsuccess = (asked) => got(asked.target.result); }))));
})))
"""


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()
    expect(page.locator(".toast")).to_contain_text("Saved")


def record_one_of_each(page: Page) -> None:
    """Make a record of every kind by the page's own buttons, with a name and a number typed wherever something can be typed."""
    in_outbox(page, "await box.add('contact', {promoter: 'C0-0', street: 'GONE', what: 'refused'})")
    go(page, "street=S0")
    page.get_by_text("Give the street up").click()
    page.get_by_role("button", name="Give it up").click()
    flush(page)
    flush_all(page)
    until(page, "document.querySelectorAll('[data-take]').length > 0")
    page.route(SYNC, lambda route: route.abort())
    page.locator("#badge").click()
    page.get_by_role("button", name="It is true: appeal").click()
    go(page, "street=S1")
    page.get_by_label("Door").fill(f"{NAME} {NUMBER}")
    expect(page.get_by_role("button", name="Refused", exact=True)).to_be_disabled()  # that is no door
    page.get_by_label("Door").fill("1-101")
    press(page, "Refused")
    page.get_by_role("button", name="Undo").click()
    go(page, "street=S2")
    page.get_by_role("button", name="Give it up").click()
    until(page, "location.hash === '#today'")
    for view, name in (
        ("survey=T0", "Knows"),
        ("venue=V1", "Poster placed"),
        ("incident", "Complaint"),
        ("hours=S1", "Save"),
    ):
        go(page, view)
        press(page, name)
        if view.startswith(("incident", "hours")):  # these lead back by themselves
            until(page, "location.hash === '#today'")
    sign_up(page)
    until(page, "location.hash === '#today'")
    page.evaluate("location.hash = 'moveon'")  # of no place: it leads back to the day by itself
    until(page, "location.hash === '#today' && !document.querySelector('#v-today').hidden")
    page.locator("[data-take]").first.click()
    expect(page.get_by_text("only the server gives streets")).to_be_visible()


def test_what_waits_on_a_phone_holds_no_name_number_or_free_text_of_any_kind_of_record(
    browser: Browser, own_server: Server
) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server)
        assert set(page.evaluate(
            "[...document.querySelectorAll('input:not([type=radio]):not([type=checkbox]):not([type=hidden]), textarea')].map((e) => e.id)"
        )) == TYPED  # fmt: skip
        record_one_of_each(page)
        cards = phone.new_page()
        cards.route(SYNC, lambda route: route.abort())
        cards.goto(f"{own_server.address}/crew/learn")
        cards.locator("[data-lesson]").first.click()
        expect(cards.locator(".toast")).to_be_visible()
        kept = [one["record"] for name in ("waiting", "done") for one in in_outbox(page, f"return box.all('{name}')")]
        stored = page.evaluate(f"(async () => JSON.stringify(await {EVERYTHING.strip()}))()")
        beside = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert {one["kind"] for one in kept} >= {*Kind}
    for record in kept:
        assert set(record) <= COLUMNS
        for column, value in record.items():
            if isinstance(value, str) and column != "sealed":
                assert CODE.fullmatch(value), (record["kind"], column, value)
                assert not re.fullmatch(r"(\+?86)?1[3-9]\d{9}", value), (record["kind"], column)
    assert "sealed" in stored
    for secret in (NAME, NUMBER, "王", NUMBER[3:]):
        assert secret not in stored
        assert secret not in beside
