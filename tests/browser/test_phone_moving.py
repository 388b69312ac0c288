"""Moving on and wishing without network, across reloads and tabs; the page as it is now and the page that was kept; whose list it is."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from fieldops.actions.claims import end_claim, make_claim
from fieldops.actions.reserves import MOST_RESERVES, keep_reserves, release_reserves
from fieldops.actions.sync import sync_records
from fieldops.clock import format_moment, now
from fieldops.ids import CrewId, StreetId
from fieldops.store.connect import open_region
from tests.browser.conftest import until
from tests.browser.phones import READY, SYNC, Server, crew_phone, flush_all, in_outbox, later, module, open_phone
from tests.browser.thumbs import ask, decide, sign_up
from tests.conftest import PLANNER
from tests.phones import Phone, crew_actor


def ready_for_the_day(page: Page) -> str:
    """Wait until the worker keeps the page and streets are kept for the crew; return the first of them."""
    until(page, "navigator.serviceWorker.controller !== null")
    until(page, "document.querySelectorAll('[data-take]').length > 0")
    return str(page.locator("[data-take]").first.get_attribute("data-take"))


def lose(server: Server, street: str) -> None:
    """Let a lead give the list of kept streets back, and another crew claim one of them."""
    region = open_region(server.region)
    with region.turn(PLANNER) as turn:
        turn.connection.execute("UPDATE reserve SET ended_at = kept_from")
    make_claim(region, PLANNER, street=StreetId(street), crew=CrewId("C2"))
    region.close()


def test_where_a_browser_has_no_worker_the_open_page_goes_on_without_network(browser: Browser, quick: Server) -> None:
    with crew_phone(browser, quick, workers=False) as phone:
        page = open_phone(phone, quick, "#survey=T0")
        until(page, "['moving', 'forms', 'list', 'seal', 'maps', 'near'].every((name) =>"
              " performance.getEntriesByType('resource').some((one) => one.name.endsWith(`/${name}.js`) && one.responseEnd))")  # fmt: skip
        phone.set_offline(True)
        decide(page)
        page.locator("#badge").click()
        expect(page.locator("#waitingList li")).to_have_count(2)
        sign_up(page)


def test_a_wish_is_told_lost_after_a_reload_and_by_whichever_tab_the_answer_came(
    browser: Browser, own_server: Server
) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server)
        wanted = ready_for_the_day(page)
        other = open_phone(phone, own_server)
        phone.set_offline(True)
        page.locator("[data-take]").first.click()
        expect(page.locator("#thanks")).to_have_text("Wish for a street")
        expect(page.locator("#moveSays")).to_contain_text("only the server gives streets")
        expect(page.locator("#take")).to_contain_text("Next: ")  # it is kept for this crew: one may go there meanwhile
        page.reload()
        until(page, READY)
        expect(page.locator("#moveSays")).to_contain_text("only the server gives streets")
        lose(own_server, wanted)
        page.route(SYNC, lambda route: route.abort())  # the answer comes by the other tab
        phone.set_offline(False)
        flush_all(other)
        expect(page.locator("#moveSays")).to_contain_text("丙组 has")
        expect(page.locator("#take")).to_contain_text("Take")
        expect(other.locator(".toast")).to_contain_text("丙组 has")
        page.reload()
        until(page, READY)
        expect(page.locator("#moveSays")).to_contain_text("丙组 has")
        page.locator("#badge").click()
        expect(page.locator("#refused li")).to_contain_text("丙组 has")


@pytest.mark.parametrize(
    ("language", "told"), [("en-US", "is kept for 乙组 until the end of the day"), ("zh-CN", "已为乙组保留到当天结束")]
)
def test_a_street_kept_for_another_crew_is_not_told_as_claimed(
    browser: Browser, own_server: Server, language: str, told: str
) -> None:
    with crew_phone(browser, own_server, language=language) as phone:
        page = open_phone(phone, own_server)
        wanted = ready_for_the_day(page)
        phone.set_offline(True)
        page.locator("[data-take]").first.click()
        expect(page.locator("#take")).to_be_visible()
        region = open_region(own_server.region)
        release_reserves(region, PLANNER, CrewId("C0"))
        kept = keep_reserves(region, PLANNER, CrewId("C1"), streets=MOST_RESERVES)
        region.close()
        assert wanted in {one.street for one in kept}
        phone.set_offline(False)
        flush_all(page)
        expect(page.locator("#moveSays")).to_contain_text(told)
        page.locator("#badge").click()
        expect(page.locator("#refused li")).to_contain_text(told)


def test_a_street_that_was_won_is_offered_after_a_reload_and_no_old_thanks_stand_above_a_wish(
    browser: Browser, quick: Server
) -> None:
    with crew_phone(browser, quick) as phone:
        page = open_phone(phone, quick, "#survey=T0")
        ready_for_the_day(page)
        decide(page)
        page.evaluate("location.hash = '#today'")
        expect(page.locator("#v-today")).to_be_visible()
        page.locator("#day [data-take]").first.click()
        expect(page.locator("#thanks")).to_have_text("Wish for a street")
        expect(page.locator("#moveSays")).to_contain_text("is yours until")
        page.reload()
        until(page, READY)
        expect(page.locator("#moveSays")).to_contain_text("is yours until")
        page.locator("#take").click()
        expect(page.locator("#v-street")).to_be_visible()


def test_a_street_that_was_won_by_the_other_tab_stands_on_the_day_of_this_one(
    browser: Browser, own_server: Server
) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server)
        wanted = ready_for_the_day(page)
        other = open_phone(phone, own_server)
        page.route(SYNC, lambda route: route.abort())
        page.locator("[data-take]").first.click()
        expect(page.locator("#moveSays")).to_contain_text("No network")
        flush_all(other)
        expect(page.locator("#moveSays")).to_contain_text("is yours until")
        until(page, f"document.querySelector('#streets [data-street={wanted}]') !== null")
        page.locator("#take").click()
        expect(page.locator("#streetUntil")).to_contain_text("yours until")


def test_a_refusal_says_from_when_the_street_may_be_claimed_again(browser: Browser, own_server: Server) -> None:
    region = open_region(own_server.region)
    with region.turn(PLANNER) as turn:
        (claim,) = turn.connection.execute(
            "SELECT id FROM claim WHERE street_id = 'S0' AND ended_at IS NULL"
        ).fetchone()
    for again in (True, False):
        end_claim(region, PLANNER, claim, outcome="withdrawn", why="no_time")
        if again:
            claim = make_claim(region, PLANNER, street=StreetId("S0"), crew=CrewId("C0")).id
    region.close()
    with crew_phone(browser, own_server, language="zh-CN") as phone:
        page = open_phone(phone, own_server)
        moving = module(page).replace("outbox.js", "moving.js")
        page.evaluate("address => { import(address).then(({ take }) => take('S0', '人民路')); }", moving)
        expect(page.locator("#moveSays")).to_contain_text(
            re.compile(r"还在冷却期。 \d+月\d+日周. \d\d:\d\d起可以再占。")
        )
        page.locator("#badge").click()
        expect(page.locator("#refused li")).to_contain_text("起可以再占")


def test_a_street_whose_time_is_over_is_offered_to_nobody_as_the_next(browser: Browser, quick: Server) -> None:
    with crew_phone(browser, quick) as phone:
        page = open_phone(phone, quick, "#survey=T0")
        ready_for_the_day(page)
        phone.set_offline(True)
        app = module(page).replace("outbox.js", "app.js")
        page.evaluate(
            "address => import(address).then(({ data }) => { data.kept = {}; for (const one of Object.values(data.held)) one.until = 1; })",
            app,
        )
        decide(page)
        expect(page.locator("#take")).to_be_hidden()
        expect(page.locator("#moveSays")).to_have_text("No street is near. Ask your lead.")


def test_an_answer_that_had_decided_is_taken_back_also_after_the_next_street_was_asked_for(
    browser: Browser, quick: Server
) -> None:
    with crew_phone(browser, quick) as phone:
        page = open_phone(phone, quick, "#survey=T0")
        ready_for_the_day(page)
        phone.set_offline(True)
        decide(page)
        page.locator("#take").click()
        expect(page.locator("#moveSays")).to_contain_text("only the server gives streets")
        page.locator(".toast button").last.click()
        expect(page.locator(".toast")).to_contain_text("Undone")
        page.evaluate("location.hash = '#today'")
        expect(page.locator("#v-today")).to_be_visible()
        assert page.locator("#streets li").count() > 0
        expect(page.locator("#streets .done")).to_have_count(0)


def test_the_page_that_was_kept_is_never_taken_for_the_page_as_it_is_now(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server)
        ready_for_the_day(page)
        phone.set_offline(True)
        page.reload()  # whoever opens the page gets the kept one
        until(page, READY)
        asked = (
            "fetch('/crew/').then(() => 'the kept page', () => 'no network')"  # as what brings the page up to date asks
        )
        assert page.evaluate(asked) == "no network"


def test_every_page_that_the_day_leads_to_opens_without_network(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server)
        ready_for_the_day(page)
        leads_to = page.evaluate(
            "[...new Set([...document.querySelectorAll('a')].filter((one) => one.origin === location.origin)"
            ".map((one) => one.pathname))].filter((path) => path.startsWith('/crew/'))"
        )
        assert len(leads_to) >= 5
        phone.set_offline(True)
        for path in leads_to:
            page.goto(f"{server.address}{path}")
            expect(page.locator("nav.bottom")).to_be_visible()


def test_a_list_that_was_taken_over_is_in_its_order_on_that_day_alone(browser: Browser, server: Server) -> None:
    order = "() => [...document.querySelectorAll('#streets li')].map((one) => one.dataset.street)"
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server)
        planned = page.evaluate(order)
        page.goto(f"{server.address}/crew/#take={planned[3]},{planned[1]}")
        expect(page.locator(".toast")).to_contain_text("took the list over")
        taken = [planned[3], planned[1], *(one for one in planned if one not in (planned[3], planned[1]))]
        until(page, f"String(({order})()) === '{','.join(taken)}'")
        in_outbox(
            page, "const { order } = await box.meta(); await box.remember('order', { ...order, day: '2026-01-01' });"
        )
        page.goto(f"{server.address}/crew/")
        until(page, READY)
        assert page.evaluate(order) == planned


def test_a_crew_that_measures_at_no_point_is_led_to_the_card_of_its_street(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server, crew="C1") as phone:
        page = open_phone(phone, server)
        page.locator("nav.bottom").get_by_role("link", name="Ask").click()
        expect(page.locator("#v-survey")).to_be_visible()
        expect(page.locator("#surveyLabel")).to_have_text("桥头弄")


def test_loaded_anew_in_the_middle_of_a_test_it_goes_on_as_it_was_asked(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server, "#survey=T1")
        page.get_by_label("B", exact=True).check()
        page.get_by_label("Already").check()
        page.get_by_role("button", name="Does not know").click()
        expect(page.locator("#askedCount")).to_have_text("1 asked")
        page.reload()
        until(page, READY)
        expect(page.locator("#askedCount")).to_have_text("1 asked")
        expect(page.get_by_label("B", exact=True)).to_be_checked()
        expect(page.get_by_label("Already")).to_be_checked()
        page.evaluate("location.hash = '#survey=S3'")
        expect(page.get_by_label("Not yet")).to_be_checked()
        in_outbox(page, "await box.work(['waiting'], (waiting) => waiting.clear());")


def saturate(server: Server) -> None:
    """Let two team-mates decide at the point T0, on phones of their own."""
    region, mates = open_region(server.region), [Phone(promoter=f"C0-{i}", device=f"M{i}") for i in (1, 2)]
    at = now() - timedelta(seconds=5)
    sent = [mate.survey(at, True, cluster=corner) for mate, corner in zip(mates, "AB", strict=True)]
    done = sync_records(region, crew_actor("C0"), sent, sent_at=format_moment(at))
    assert {move.left for move in done.moved} == {"S0", "S1", "S2"}
    region.close()


def test_who_works_on_a_street_that_moved_on_meanwhile_is_told_at_once_and_where_to_go_next(
    browser: Browser, quick: Server
) -> None:
    with crew_phone(browser, quick) as phone:
        page = open_phone(phone, quick, "#street=S1")
        until(
            page, "document.querySelectorAll('[data-take]').length > 0"
        )  # its first call is over: no answer is on its way
        saturate(quick)
        page.get_by_role("button", name="Refused").click()
        later(page)
        flush_all(page)
        expect(page.locator("#warning")).to_contain_text("解放西路 is saturated: thank you! Next: ")
        expect(page.locator("#v-street")).to_be_visible()  # no page is taken from under the thumb
        expect(page.locator("#streetUntil")).to_be_empty()  # nor does it say any more that the street is theirs
        expect(page.locator("#giveUpBox")).to_be_hidden()
        page.locator("nav.bottom").get_by_role("link", name="Today").click()
        expect(page.locator("#warning")).to_be_hidden()
        expect(page.locator("#next")).to_be_visible()


def test_a_phone_that_is_taken_out_of_the_pocket_asks_what_is_new(browser: Browser, quick: Server) -> None:
    with crew_phone(browser, quick) as phone:
        page = open_phone(phone, quick, "#survey=T0")
        until(page, "document.querySelectorAll('[data-take]').length > 0")
        saturate(quick)
        app = module(page).replace("outbox.js", "app.js")
        page.evaluate("address => import(address).then(({ data }) => { data.now = 0; })", app)  # it lay there for long
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(page.locator("#warning")).to_contain_text("is saturated: thank you!")


def test_five_at_a_corner_are_enough_and_one_corner_and_one_promoter_decide_nothing(
    browser: Browser, quick: Server
) -> None:
    with crew_phone(browser, quick) as phone:
        page = open_phone(phone, quick, "#survey=T0")
        for number in range(1, 7):
            ask(page)
            expect(page.locator("#askedCount")).to_have_text(f"{min(number, 5)} asked")
            if number == 2:
                expect(page.locator("#cardSays")).to_have_text(
                    "Ask one more at another corner, or let a team-mate ask."
                )
        expect(page.locator("#cardSays")).to_contain_text("Five here within 20 minutes are enough")
        expect(page.locator("#v-moveon")).to_be_hidden()
        ask(page, corner="B")
        expect(page.locator("#thanks")).to_contain_text("Leave now")


def test_a_street_of_few_people_has_no_test_of_its_own(browser: Browser, quick: Server) -> None:
    region = open_region(quick.region)
    with region.turn(PLANNER) as turn:
        turn.connection.execute("UPDATE street SET people = 150 WHERE id = 'S3'")
    region.close()
    with crew_phone(browser, quick) as phone:
        page = open_phone(phone, quick, "#survey=S3")
        for corner in "AB":
            ask(page, corner=corner)
            expect(page.locator("#cardSays")).to_contain_text("Few people live here: the connection point decides")
        expect(page.locator("#v-moveon")).to_be_hidden()


def test_one_big_button_leads_to_the_next_door_or_to_the_next_venue(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server, "#street=S1")
        onward = page.locator("#onward")
        expect(onward).to_have_text("Next venue星光影院")
        page.get_by_label("Door").fill("3-2-501")
        expect(onward).to_have_text("Next door3-2-502")
        onward.click()
        expect(page.get_by_label("Door")).to_have_value("3-2-502")
        page.get_by_label("Door").fill("")
        onward.click()
        page.get_by_role("button", name="Talked").dispatch_event("click")
        expect(page.locator(".toast")).to_contain_text("Saved")
        page.evaluate("location.hash = '#street=S1'")
        expect(page.locator("#v-street")).to_be_visible()
        expect(onward).to_be_hidden()  # nobody goes there twice a day
        in_outbox(page, "await box.work(['waiting'], (waiting) => waiting.clear());")


def test_a_door_that_was_taken_back_is_written_again_and_stands_on_no_list(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server, "#street=S1")
        page.get_by_label("Door").fill("3-2-501")
        page.get_by_role("button", name="Do not contact").click()
        expect(page.get_by_label("Door")).to_have_value("3-2-502")
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_label("Door")).to_have_value("3-2-501")
        expect(page.locator("#doorSays")).to_be_empty()
        expect(page.get_by_role("button", name="Interested")).to_be_enabled()
        in_outbox(page, "await box.work(['waiting'], (waiting) => waiting.clear());")
