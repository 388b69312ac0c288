"""Nothing that was recorded is lost or doubled, whatever the network, the server and the browser do; and the user is told."""

import http.client
import json
import random
import shutil
import signal
import threading
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from fieldops.actions.accounts import disable_account, enable_account
from fieldops.people import Role
from fieldops.store.connect import open_region
from fieldops.store.verify import verify
from tests.accounts import session_of
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
    lose_answers,
    module,
    open_phone,
    serving,
    sign_in,
    waiting,
    without_guard,
)
from tests.conftest import PLANNER, ROOT
from tests.phone_town import make_phone_town
from tests.phones import Phone

# What a full disk does to a transaction: it is aborted after the request was taken.
FULL = """(() => { window.add = IDBObjectStore.prototype.add;
IDBObjectStore.prototype.add = function (...what) {
  const asked = window.add.apply(this, what); this.transaction.abort(); return asked; }; })()"""


@pytest.fixture(scope="module")
def one_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = tmp_path_factory.mktemp("phone") / "region.gpkg"
    make_phone_town(path, sandbox=False).close()
    with serving(path) as running:
        yield running


@pytest.fixture
def server(one_server: Server) -> Server:
    """The module's server; it counts records from here on."""
    one_server.base = 0
    one_server.base = one_server.records()
    return one_server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server of one test alone, which may kill it."""
    path = tmp_path / "region.gpkg"
    make_phone_town(path, sandbox=False).close()
    with serving(path) as running:
        yield running


# ── 10: whatever the network answers ────────────────────────────────────────────────────────────────────────────────

ANSWERS: dict[str, dict[str, Any]] = {
    **{str(code): {"status": code, "body": "{}", "content_type": "application/json"} for code in
       (401, 403, 413, 429, 500, 502, 503, 507)},
    "portal": {"status": 200, "body": "<html>Welcome to free Wi-Fi</html>", "content_type": "text/html"},
    "portal as json": {"status": 200, "body": "<html>", "content_type": "application/json"},
    "truncated": {"status": 200, "body": '{"now": "2026-01-01T00:00:00Z", "answers": [{"id"', "content_type": "application/json"},
    "empty": {"status": 200, "body": "", "content_type": "application/json"},
    "redirect": {"status": 302, "headers": {"Location": "/sign-in"}, "body": ""},
    "others": {"status": 200, "body": json.dumps({"now": "2026-01-01T00:00:00Z", "moved": [], "answers": [
        {"id": "not mine", "result": "accepted"}]}), "content_type": "application/json"},
    "retry": {"status": 200, "content_type": "application/json", "body": ""},
}  # fmt: skip


def answering(answer: dict[str, Any]) -> Callable[[Route], None]:
    return lambda route: route.fulfill(**answer)


def failing(fault: str) -> Callable[[Route], None]:
    return lambda route: route.abort(fault)


def test_whatever_the_network_answers_the_outbox_stays_whole_and_says_why(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server)
        add(page, 20)
        flush_all(page)
        for name, answer in ANSWERS.items():
            add_held = waiting(page)
            assert add_held == 0
            page.route(SYNC, answering(answer))
            add(page, 20)
            flush(page)
            assert waiting(page) == 20, name
            page.goto(f"{server.address}/crew/#outbox")
            until(page, READY)
            if name not in ("others", "retry"):
                expect(page.locator("#error")).not_to_be_empty()
            page.unroute(SYNC)
            flush_all(page)
        for fault in ("timedout", "connectionreset", "internetdisconnected"):
            page.route(SYNC, failing(fault))
            add(page, 20)
            flush(page)
            assert waiting(page) == 20, fault
            expect(page.locator("#error")).to_contain_text("No network")
            page.unroute(SYNC)
            flush_all(page)
        assert server.records() == 20 * (len(ANSWERS) + 4)


def test_control_a_phone_that_believes_any_answer_loses_records_to_a_captive_portal(
    browser: Browser, server: Server
) -> None:
    with crew_phone(browser, server, workers=False) as phone:
        without_guard(
            phone, 'if (!Array.isArray(body.answers) || !body.now) return { error: "portal" };',
            'if (!body.answers) return { body: { now: new Date().toISOString(), moved: [], answers: records.map((r) => ({ id: r.id,'
            ' result: "accepted" })) }, middle: sent };',
        )  # fmt: skip
        page = open_phone(phone, server)
        page.route(SYNC, lambda route: route.fulfill(status=200, body="<html>", content_type="application/json"))
        add(page, 60)
        flush(page)
        assert waiting(page) < 60
        assert server.records() == 0


# ── 6: the answer is lost after the commit ──────────────────────────────────────────────────────────────────────────


def losing(position: int) -> Callable[[int], bool]:
    return lambda number: number == position


@pytest.mark.parametrize(
    "positions",
    [pytest.param([1, 3], id="2 of 3"), pytest.param(list(range(1, 21)), id="20 of 20", marks=pytest.mark.full)],
)
def test_an_answer_lost_after_the_commit_doubles_nothing(
    browser: Browser, server: Server, positions: list[int]
) -> None:
    batches = max(positions)
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server)
        for round_, position in enumerate(positions, start=1):
            phone.set_offline(True)
            add(page, 50 * batches)
            sizes = lose_answers(page, losing(position))
            phone.set_offline(False)
            flush_all(page)
            page.unroute(SYNC)
            assert sum(sizes) >= 50 * (batches + 1)  # one batch went twice
            assert server.records() == 50 * batches * round_


def test_control_a_phone_that_names_a_record_anew_at_each_sending_doubles_it(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server, workers=False) as phone:
        without_guard(
            phone,
            "const got = await post(batch.map((one) => one.record));",
            "const got = await post(batch.map((one) => ({ ...one.record, id: newId() })));",
        )
        page = open_phone(phone, server)
        lose_answers(page, losing(1))
        add(page, 10)
        flush(page)
        flush(page)
        assert server.records() > 10


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


def test_a_new_version_waits_for_the_thumb_and_leaves_the_outbox_alone(
    browser: Browser, own_server: Server, tmp_path: Path
) -> None:
    shutil.copytree(
        ROOT / "web", tmp_path / "web", ignore=shutil.ignore_patterns("node_modules", "vendor", "__pycache__")
    )
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server)
        until(page, "navigator.serviceWorker.controller !== null")
        (before,) = page.evaluate("caches.keys()")
        own_server.stop()
        add(page, 30)
        own_server.root = tmp_path
        with (tmp_path / "web" / "static" / "crew" / "card.js").open("a") as file:
            file.write("// newer\n")
        own_server.start()
        page.route(SYNC, failing("failed"))
        expect(page.locator("#update")).to_be_hidden()
        page.evaluate("navigator.serviceWorker.getRegistration().then((one) => one.update())")
        expect(page.locator("#update")).to_be_visible()
        assert waiting(page) == 30
        with page.expect_navigation():
            page.locator("#update").click()
        until(page, READY)
        (after,) = page.evaluate("caches.keys()")
        assert after != before
        assert waiting(page) == 30
        page.unroute(SYNC)
        flush_all(page)
        assert own_server.records() == 30


def test_whoever_clears_the_storage_is_told_how_much_was_lost(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server)
        page.route(SYNC, lambda route: route.abort())
        add(page, 7)
        page.goto(f"{server.address}/static/icon.svg")  # no connection to the database is open
        page.evaluate("new Promise((done) => { indexedDB.deleteDatabase('fieldops').onsuccess = () => done(1); })")
        page.goto(f"{server.address}/crew/")
        until(page, READY)
        expect(page.locator("#warning")).to_contain_text("lost 7 records")


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
        page.locator("#outcomes button").first.click()
        expect(page.locator(".toast")).to_contain_text("Saved")
        later(page)
        flush_all(page)
        assert server.records() == 4


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


def test_who_is_disabled_meanwhile_keeps_the_outbox_and_sends_it_after_coming_in_again(
    browser: Browser, server: Server
) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server)
        add(page, 5)
        flush_all(page)
        region = open_region(server.region)
        disable_account(region, PLANNER, "crew_lead-c0")
        add(page, 20)
        flush(page)
        assert waiting(page) == 20
        page.evaluate("location.hash = '#outbox'")
        expect(page.locator("#error")).to_contain_text("signed out")
        enable_account(region, PLANNER, "crew_lead-c0")
        region.close()
        sign_in(phone, server)
        flush_all(page)
        assert server.records() == 25


def test_a_lost_phone_shows_nobody_who_signed_up(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server, "#street=S0")
        page.route(SYNC, lambda route: route.abort())
        sign_somebody_up(page)
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


def sign_somebody_up(page: Page) -> None:
    page.get_by_role("link", name="Sign up").click()
    page.get_by_label("Name of the person").fill("王小明")
    page.get_by_label("Mobile number").fill("138 1234 5678")
    page.get_by_label("I have read it out").check()
    page.get_by_role("button", name="Save and seal").click()
    expect(page.locator(".toast")).to_contain_text("sealed")


# ── 4: the server is killed under load ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=pytest.mark.full)])
def test_killing_the_server_under_load_neither_loses_nor_doubles_a_record(own_server: Server, kills: int) -> None:
    made, lost = sync_while_killing(own_server, kills, resend=True)
    assert lost == 0
    assert own_server.records() == made
    region = open_region(own_server.region)
    assert verify(region).violations == []
    assert region.reader().execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    region.close()


def test_control_phones_that_do_not_send_again_lose_what_was_on_its_way(own_server: Server) -> None:
    made, lost = sync_while_killing(own_server, 2, resend=False)
    assert lost > 0
    assert own_server.records() < made


def sync_while_killing(server: Server, kills: int, *, resend: bool) -> tuple[int, int]:
    """Let four phones send while the server is killed so many times; return records made, and those never answered for."""
    secret = session_of(server.region, Role.CREW_LEAD, "C0")
    ended, made, lost = threading.Event(), [0] * 4, [0] * 4

    def send(number: int) -> None:
        phone = Phone(promoter=f"C0-{number % 3}", device=f"K{number}")
        while not ended.is_set():
            batch = [phone.make(datetime.now(UTC), street="S0", what="not_home") for _ in range(20)]
            made[number] += len(batch)
            while not post(server, secret, batch):
                if not resend:
                    lost[number] += len(batch)
                    break
                ended.wait(0.05)
            ended.wait(0.01)

    phones = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for phone in phones:
        phone.start()
    chance = random.Random(4)
    for _ in range(kills):
        threading.Event().wait(chance.uniform(0.3, 0.8))
        server.stop(signal.SIGKILL)
        server.start()
    ended.set()
    for phone in phones:
        phone.join(60)
    return sum(made), sum(lost)


def post(server: Server, secret: str, batch: list[dict[str, object]]) -> bool:
    body = json.dumps({"sent_at": datetime.now(UTC).isoformat(), "records": batch}).encode()
    asked = urllib.request.Request(
        f"{server.address}/crew/sync.json", body,
        {"Content-Type": "application/json", "Cookie": f"session={secret}", "Origin": server.address},
    )  # fmt: skip
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            results = {one["result"] for one in json.loads(answer.read())["answers"]}
            assert results <= {"accepted", "unchanged"}
            return True
    except (OSError, http.client.HTTPException, ValueError):  # refused, cut off in the middle, or half an answer
        return False
