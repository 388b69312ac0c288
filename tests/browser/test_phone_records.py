"""What a thumb records arrives whole: every outcome, the card's corner and phase, visits, who, when and where; files, sign-ups known before."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from fieldops.actions.sync import sync_export
from fieldops.clock import now
from fieldops.store.connect import open_region
from fieldops.store.positions import read_positions
from tests.browser.conftest import until
from tests.browser.phones import (
    SYNC,
    Server,
    add,
    crew_phone,
    flush,
    flush_all,
    later,
    open_phone,
    waiting,
    without_guard,
)
from tests.browser.thumbs import sign_up
from tests.conftest import LEAD

OUTCOMES = [
    "interested",
    "knows_already",
    "come_back",
    "not_home",
    "no_access",
    "refused",
    "do_not_contact",
    "signed_up",
]
# A phone that is found a moment after it was first asked for: nothing waits for that.
FOUND = """Geolocation.prototype.watchPosition = (found) => setTimeout(() => found({ timestamp: Date.now(),
  coords: { longitude: 117.2, latitude: 28.3, accuracy: 12.4 } }), 0);"""
TOLD = (
    "SELECT what, street_id, generation, seq, lon IS NOT NULL, offset_s IS NOT NULL, length(device) FROM phone_record"
)


def test_every_outcome_is_one_tap_and_arrives_with_claim_order_clock_and_position(
    browser: Browser, own_server: Server
) -> None:
    with crew_phone(browser, own_server) as phone:
        phone.add_init_script(FOUND)
        page = open_phone(phone, own_server, "#street=S0")
        for outcome in OUTCOMES:
            page.locator(f"#outcomes [data-what={outcome}]").dispatch_event("click")
            expect(page.locator(".toast")).to_contain_text("Saved")
        until(page, "location.hash === '#signup'")  # whoever signs up is written down at once
        later(page)
        flush_all(page)
        rows = own_server.query(f"{TOLD} ORDER BY seq")
        assert [(what, street, generation, seq) for what, street, generation, seq, *_ in rows] == [
            (outcome, "S0", 1, seq) for seq, outcome in enumerate(OUTCOMES, start=1)
        ]
        assert {(offset, device) for *_, offset, device in rows} == {(1, 32)}
        assert [at for *_, at, _, _ in rows[1:]] == [1] * 7
        region = open_region(own_server.region)
        measured = read_positions(region, now() - timedelta(hours=1))
        region.close()
        assert set(measured.values()) == {(117.2, 28.3, 12.0)}
        assert len(measured) == 7
        assert sorted(own_server.query("SELECT disposition FROM contact")) == sorted((one,) for one in OUTCOMES)


def test_a_survey_arrives_with_its_corner_and_whether_it_was_asked_before_pitching(
    browser: Browser, own_server: Server
) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server, "#survey=T0")
        for corner, phase, name in (
            ("C", "Not yet", "Knows"),
            ("B", "Already", "Does not know"),
            ("B", "Already", "Would not answer"),
        ):
            page.get_by_label(corner, exact=True).check()
            page.get_by_label(phase).check()
            page.get_by_role("button", name=name, exact=True).dispatch_event("click")
            expect(page.locator(".toast")).to_contain_text(name.replace("Would not answer", "Refused"))
        later(page)
        flush_all(page)
        assert own_server.query("SELECT answer, upper(cluster), phase FROM survey ORDER BY asked_at, number") == [
            ("knows", "C", "before"), ("does_not_know", "B", "after"), ("refused", "B", "after"),
        ]  # fmt: skip


@pytest.mark.parametrize("venue", ["V0", "V1", "V2"], ids=["elevator", "cinema", "restaurant"])
def test_a_visit_of_a_venue_is_one_tap_from_its_street(browser: Browser, own_server: Server, venue: str) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server, f"#street=S{venue[1]}")
        page.locator("#stops a").first.click()
        expect(page.locator("#v-venue")).to_be_visible()
        for what in ("poster_placed", "talked", "closed", "not_allowed"):
            page.locator(f"#visits [data-what={what}]").dispatch_event("click")
            expect(page.locator(".toast")).to_contain_text("Saved")
        later(page)
        flush_all(page)
        assert sorted(own_server.query("SELECT venue_id, outcome FROM venue_visit")) == [
            (venue, what) for what in ("closed", "not_allowed", "poster_placed", "talked")
        ]


def test_what_waits_is_saved_as_a_file_that_a_lead_takes_in(
    browser: Browser, own_server: Server, tmp_path: Path
) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server, "#outbox")
        phone.set_offline(True)
        add(page, 7)
        expect(page.locator("#count")).to_have_text("7 not sent")
        expect(page.locator("#age")).to_contain_text("oldest: 0 min")
        with page.expect_download() as got:
            page.get_by_role("button", name="Save as a file").click()
        got.value.save_as(tmp_path / "outbox.json")
        content = (tmp_path / "outbox.json").read_bytes()
        assert len(json.loads(content)["records"]) == 7
        region = open_region(own_server.region)
        assert [one.result for one in sync_export(region, LEAD, content)] == ["accepted"] * 7
        region.close()
        phone.set_offline(False)
        flush_all(page)  # what the phone sends later is known already
        assert own_server.records() == 7


def test_the_phone_says_at_sync_that_somebody_had_signed_up_before(browser: Browser, own_server: Server) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server, "#street=S0")
        until(page, "navigator.serviceWorker.controller !== null")
        phone.set_offline(True)
        sign_up(page)
        sign_up(page, name="小王")
        phone.set_offline(False)
        flush_all(page)
        expect(page.locator(".toast")).to_contain_text("had signed up before")
        assert own_server.query("SELECT count(*) FROM candidate") == [(1,)]


def test_a_network_that_never_answers_keeps_the_outbox_whole_and_is_given_up(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server, workers=False) as phone:
        without_guard(phone, "const PATIENCE = 20_000;", "const PATIENCE = 300;")
        page = open_phone(phone, server, "#outbox")
        page.route(SYNC, lambda route: None)
        add(page, 20)
        assert flush(page)["error"] == "offline"
        expect(page.locator("#error")).to_contain_text("No network")
        assert waiting(page) == 20
        page.unroute(SYNC)
        flush_all(page)
        assert server.records() == 20
