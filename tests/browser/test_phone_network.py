"""Nothing that was recorded is lost or doubled, whatever the network and the server do; and the user is told why it waits."""

import http.client
import json
import random
import signal
import threading
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

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
    crew_phone,
    fill,
    flush,
    flush_all,
    later,
    lose_answers,
    open_phone,
    waiting,
    without_guard,
)
from tests.phones import Phone

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


# ── a pause that the server asks for ────────────────────────────────────────────────────────────────────────────────

PAUSE = {"status": 429, "headers": {"Retry-After": "60"}, "body": "{}", "content_type": "application/json"}


def test_a_pause_that_the_server_asks_for_is_kept_and_nothing_is_lost_in_it(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server, "#outbox")
        page.route(SYNC, answering(PAUSE))
        add(page, 20)
        flush(page)
        page.unroute(SYNC)
        flush(page)
        page.get_by_role("button", name="Send now").click()
        expect(page.locator("#error")).to_contain_text("asks for a pause until")
        assert (server.records(), waiting(page)) == (0, 20)
        later(page, 61)
        flush_all(page)
        assert server.records() == 20


def test_control_a_phone_that_minds_no_pause_knocks_again_at_once(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server, workers=False) as phone:
        without_guard(phone, "if (notBefore(await meta())) return", "if (false) return")
        page = open_phone(phone, server)
        page.route(SYNC, answering(PAUSE))
        add(page, 20)
        flush(page)
        page.unroute(SYNC)
        flush(page)
        assert server.records() == 20


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
            fill(page, 50 * batches)
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
    secrets = [session_of(server.region, Role.CREW_LEAD, "C0") for _ in range(4)]  # each may send so often
    ended, made, lost = threading.Event(), [0] * 4, [0] * 4

    def send(number: int) -> None:
        phone = Phone(promoter=f"C0-{number % 3}", device=f"K{number}")
        while not ended.is_set():
            batch = [phone.make(datetime.now(UTC), street="S0", what="not_home") for _ in range(20)]
            made[number] += len(batch)
            while not post(server, secrets[number], batch):
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
