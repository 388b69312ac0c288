"""What a promoter puts right on the phone: an appeal against a quarantine, a contact taken back after it was sent, a home street."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from fieldops.actions.accounts import list_accounts
from fieldops.actions.backcheck import quarantine_surveys
from fieldops.actions.invitations import make_sign_in_link
from fieldops.actions.sync import sync_records
from fieldops.clock import format_moment, now
from fieldops.ids import PromoterId
from fieldops.store.connect import open_region
from tests.browser.conftest import until
from tests.browser.phones import READY, Server, crew_phone, flush, flush_all, later, open_phone, waiting, without_guard
from tests.browser.test_phone import NARROW
from tests.conftest import PLANNER
from tests.phones import Phone, crew_actor

TWICE = "{ const { style } = document.documentElement; style.fontSize = 2 * parseFloat(getComputedStyle(document.documentElement).fontSize) + 'px'; }"


def test_a_survey_is_told_with_the_home_street_of_this_person_alone(browser: Browser, own_server: Server) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server, "#survey=T0")
        page.get_by_label("Where does the person live?").select_option(label="人民路")
        page.get_by_role("button", name="Knows", exact=True).click()
        expect(page.locator("#askedCount")).to_have_text("1 asked")
        expect(page.get_by_label("Where does the person live?")).to_have_value("")
        page.get_by_role("button", name="Does not know").click()
        expect(page.locator("#askedCount")).to_have_text("2 asked")
        later(page)
        flush_all(page)
        assert own_server.query("SELECT answer, home_street_id FROM survey ORDER BY asked_at") == [
            ("knows", "S2"), ("does_not_know", None),
        ]  # fmt: skip


def test_what_was_sent_is_taken_back_by_a_second_record_and_counts_no_more(
    browser: Browser, own_server: Server
) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server, "#street=S0")
        page.get_by_role("button", name="Interested").click()
        later(page)
        flush_all(page)
        assert own_server.query("SELECT disposition FROM contact") == [("interested",)]
        page.locator("#badge").click()
        page.get_by_text("What the server has").click()
        page.get_by_role("button", name="Take back").click()
        expect(page.locator("#takenList")).to_contain_text("Undone.")
        expect(page.locator("#takenList [data-back]")).to_have_count(0)
        flush_all(page)
        assert own_server.query("SELECT disposition FROM contact") == []
        assert own_server.query("SELECT kind FROM phone_record ORDER BY seq") == [("contact",), ("undo",)]


def test_a_promoter_appeals_against_a_quarantine_on_the_own_page_without_network(
    browser: Browser, own_server: Server
) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server, "#survey=T0")
        page.get_by_role("button", name="Knows", exact=True).click()
        later(page)
        flush_all(page)
        ((promoter,),) = own_server.query("SELECT promoter_id FROM survey")
        region = open_region(own_server.region)
        quarantine_surveys(region, PLANNER, reason="suspect", promoter=PromoterId(promoter))
        region.close()
        page.goto(f"{own_server.address}/crew/me")
        phone.set_offline(True)
        page.get_by_role("button", name="They are true: appeal").click()
        expect(page.get_by_text("appeal on its way")).to_be_visible()
        expect(page.locator("#badge")).to_have_text("1 not sent")
        phone.set_offline(False)
        page.goto(f"{own_server.address}/crew/me")
        expect(page.get_by_role("button", name="They are true: appeal")).to_be_hidden()
        page = open_phone(phone, own_server)
        flush_all(page)
        assert waiting(page) == 0
        page.goto(f"{own_server.address}/crew/me")
        expect(page.get_by_text("waits for your lead")).to_be_visible()


def test_a_lost_phone_is_signed_out_from_the_new_one_that_a_link_of_the_lead_lets_in(
    browser: Browser, own_server: Server
) -> None:
    with crew_phone(browser, own_server) as lost:
        old = open_phone(lost, own_server, "#street=S0")
        region = open_region(own_server.region)
        (account,) = [one for one in list_accounts(region, PLANNER) if one.login == "crew_lead-c0"]
        link = make_sign_in_link(region, PLANNER, account.id)[1]
        region.close()
        new = browser.new_context(viewport={"width": 360, "height": 740}, locale="en-US")
        page = new.new_page()
        page.goto(f"{own_server.address}/enter#{link}")
        page.get_by_role("button", name="Sign in").click()
        until(page, READY)
        expect(page.locator("#streets li")).to_have_count(5)
        page.goto(f"{own_server.address}/account")
        page.get_by_role("button", name="Sign out there").first.click()
        expect(page.get_by_text("That device is signed out.")).to_be_visible()
        old.get_by_role("button", name="Refused").click()
        later(old)
        flush(old)
        expect(old.locator("#badge")).to_have_text("Signed out · 1 not sent")
        new.close()


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_letters_of_twice_the_size_fit_the_pages_by_which_a_phone_comes_in(
    browser: Browser, server: Server, language: str
) -> None:
    with crew_phone(browser, server, language=language) as phone:
        page = phone.new_page()
        for path in ("enter", "account", "sign-in"):
            page.goto(f"{server.address}/{path}")
            page.evaluate(TWICE)
            assert page.evaluate(NARROW), path


@pytest.mark.parametrize("guarded", [True, False])
def test_whether_a_team_mate_pitched_is_not_said_in_ones_own_name_and_without_the_guard_is(
    browser: Browser, own_server: Server, guarded: bool
) -> None:
    region, mate, at = open_region(own_server.region), Phone(promoter="C0-1", device="M1"), now() - timedelta(seconds=5)
    sent = [mate.survey(at, False, cluster="A", phase="after")]
    sync_records(region, crew_actor("C0"), sent, sent_at=format_moment(at))
    region.close()
    with crew_phone(browser, own_server, workers=False) as phone:
        if not guarded:
            without_guard(
                phone,
                "const mine = asked.filter(({ who }) => who === data.promoter);",
                "const mine = asked;",
                file="ask.js",
            )
        page = open_phone(phone, own_server, "#survey=T0")
        expect(page.locator("#askedCount")).to_have_text("1 asked")
        expect(page.get_by_label("Not yet" if guarded else "Already")).to_be_checked()
