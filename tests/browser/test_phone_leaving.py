"""Signing out on a phone: what waits is sent first, what is kept of the day goes, and a bad network is told of in a sentence."""

import re

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
    open_phone,
    sign_in,
)

SIGN_OUT = re.compile(r"/sign-out$")
KEPT = "caches.keys()"
PLACES = [("crew/#outbox", "#warning"), ("account", "#says")]


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out", exact=True).click()


@pytest.mark.full
def test_who_signs_out_and_comes_in_again_opens_the_day_without_network(browser: Browser, own_server: Server) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server, "#outbox")
        controlled(page)
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/sign-in")
        assert page.evaluate("caches.keys()") == []  # whoever has the phone next does not see whose day it was
        sign_in(phone, own_server)
        page.goto(f"{own_server.address}/crew/")
        until(page, READY)
        own_server.stop()
        forget_files(page)
        page.reload()
        until(page, READY)


def test_who_signs_out_without_network_is_told_so_and_still_opens_the_day(browser: Browser, own_server: Server) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server, "#outbox")
        controlled(page)
        kept = page.evaluate("caches.keys()")
        own_server.stop()
        forget_files(page)
        page.get_by_role("button", name="Sign out").click()
        expect(page.locator("#warning")).to_contain_text("You are still signed in")
        assert page.evaluate("caches.keys()") == kept
        page.reload()
        until(page, READY)
        own_server.start()
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/sign-in")
        assert page.evaluate("caches.keys()") == []


def test_who_signs_out_on_ones_own_page_leaves_nothing_of_the_day_on_the_phone(
    browser: Browser, own_server: Server
) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server)
        controlled(page)
        assert page.evaluate(KEPT) != []
        page.goto(f"{own_server.address}/account")
        sign_out(page)
        page.wait_for_url("**/sign-in")
        assert page.evaluate(KEPT) == []


def test_nobody_signs_out_on_ones_own_page_before_everything_is_sent(browser: Browser, own_server: Server) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server)
        phone.route(SYNC, lambda route: route.abort())
        add(page, 3)
        page.goto(f"{own_server.address}/account")
        sign_out(page)
        expect(page.locator("#says")).to_have_text("Send everything first.")
        phone.unroute(SYNC)
        page.goto(f"{own_server.address}/crew/")
        until(page, READY)
        flush_all(page)
        assert own_server.records() == 3


@pytest.mark.parametrize(("path", "says"), PLACES)
def test_a_sign_out_that_gets_no_answer_ends_in_a_sentence_that_says_what_to_do(
    browser: Browser, own_server: Server, path: str, says: str
) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server)
        controlled(page)
        kept = page.evaluate(KEPT)
        page.clock.install()
        page.goto("about:blank")
        page.goto(f"{own_server.address}/{path}")
        if says == "#warning":
            until(page, READY)
        page.route(
            SIGN_OUT, lambda route: page.evaluate("document.documentElement.dataset.asked = ''")
        )  # and no answer
        sign_out(page)
        until(page, "'asked' in document.documentElement.dataset")
        page.clock.run_for(21_000)
        expect(page.locator(says)).to_contain_text("Sign out again where the network is better")
        assert page.evaluate(KEPT) == kept
        page.unroute(SIGN_OUT)
        sign_out(page)
        page.wait_for_url("**/sign-in")
        assert page.evaluate(KEPT) == []
