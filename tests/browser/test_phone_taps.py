"""One tap is one record, whatever a glove does; what the phone says of a session that ended; large letters; nothing below a toast."""

import pytest
from playwright.sync_api import Browser, Page, expect

from fieldops.actions.claims import make_claim
from fieldops.actions.invitations import make_invitation
from fieldops.ids import CrewId, PromoterId, StreetId
from fieldops.people import Role
from fieldops.store.connect import open_region
from tests.browser.conftest import until
from tests.browser.phones import READY, Server, crew_phone, flush, flush_all, in_outbox, later, module, open_phone
from tests.browser.test_phone import NARROW, SMALL
from tests.browser.thumbs import decide, go, write_sign_up
from tests.conftest import LEAD, PLANNER


def kinds(page: Page) -> list[str]:
    """The kinds of what waits and what was answered, in the order of the phone."""
    found: list[str] = in_outbox(
        page,
        "return [...(await box.all('waiting')), ...(await box.all('done'))].sort((a, b) => a.seq - b.seq).map((one) => one.record.kind)",
    )
    return found


def settled(page: Page) -> None:
    """Wait until what was tapped is drawn, twice over: a second record would be there by then."""
    for _ in range(2):
        in_outbox(page, "await box.remember('seen', 1); return new Promise((done) => requestAnimationFrame(done));")


@pytest.mark.parametrize(
    ("view", "name", "kind"),
    [
        ("#survey=T0", "Knows", "survey"), ("#survey=T0", "Does not know", "survey"),
        ("#street=S0", "Refused", "contact"), ("#venue=V1", "Poster placed", "visit"),
        ("#incident", "Complaint", "incident"), ("#hours=S0", "Save", "hours"),
    ],
)  # fmt: skip
def test_a_double_tap_makes_one_record(browser: Browser, own_server: Server, view: str, name: str, kind: str) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server, view)
        if view == "#street=S0":
            page.get_by_label("Door").fill("1-101")  # the next door stands there after the first tap
        page.get_by_role("button", name=name, exact=True).dblclick()
        expect(page.locator(".toast")).to_contain_text("Saved")
        settled(page)
        assert kinds(page) == [kind]
        if view == "#street=S0":
            expect(page.get_by_label("Door")).to_have_value("1-102")


def test_a_double_tap_gives_up_and_wishes_once_and_a_lost_wish_offers_no_appeal(
    browser: Browser, own_server: Server
) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server, "#street=S0")
        page.get_by_text("Give the street up").click()
        page.get_by_role("button", name="Give it up").dblclick()
        until(page, "location.hash === '#today'")
        settled(page)
        assert kinds(page) == ["withdrawal"]
        flush_all(page)
        until(page, "document.querySelectorAll('[data-take]').length > 0")
        until(page, "navigator.serviceWorker.controller !== null")
        wanted = page.locator("[data-take]").first.get_attribute("data-take")
        phone.set_offline(True)
        page.locator("[data-take]").first.dblclick()
        expect(page.locator("#v-moveon")).to_be_visible()
        settled(page)
        assert kinds(page) == ["withdrawal", "claim"]
        region = open_region(own_server.region)
        with region.turn(PLANNER) as turn:  # a lead gave the list back, and another crew was quicker
            turn.connection.execute("UPDATE reserve SET ended_at = kept_from")
        make_claim(region, PLANNER, street=StreetId(str(wanted)), crew=CrewId("C2"))
        region.close()
        phone.set_offline(False)
        flush_all(page)
        page.locator("#badge").click()
        expect(page.locator("#refused li")).to_have_count(1)
        expect(page.get_by_role("button", name="Drop it")).to_be_visible()
        expect(page.get_by_role("button", name="It is true: appeal")).to_be_hidden()


def test_save_and_seal_tapped_twice_signs_one_person_up(browser: Browser, own_server: Server) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server)
        write_sign_up(page)
        page.get_by_role("button", name="Save and seal").dblclick()
        expect(page.locator(".toast")).to_contain_text("sealed")
        settled(page)
        assert kinds(page) == ["sign_up"]


def test_a_tap_during_which_the_outbox_is_drawn_anew_is_not_lost(browser: Browser, own_server: Server) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server)
        in_outbox(page, "await box.add('contact', {promoter: 'C0-0', street: 'GONE', what: 'refused'})")
        flush(page)
        page.locator("#badge").click()
        page.get_by_role("button", name="It is true: appeal").hover()
        page.mouse.down()
        page.evaluate(
            "async (address) => { await (await import(address)).refresh(); }", module(page).replace("outbox", "app")
        )
        page.mouse.up()
        expect(page.locator("#refused")).to_contain_text("Your appeal is on its way.")


def test_what_was_refused_is_appealed_against_once_and_then_says_so(browser: Browser, own_server: Server) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server)
        in_outbox(page, "await box.add('contact', {promoter: 'C0-0', street: 'GONE', what: 'refused'})")
        flush(page)
        page.locator("#badge").click()
        page.get_by_role("button", name="It is true: appeal").dblclick()
        expect(page.locator("#refused")).to_contain_text("Your appeal is on its way.")
        expect(page.get_by_role("button", name="It is true: appeal")).to_be_hidden()
        settled(page)
        assert kinds(page) == ["contact", "appeal"]


def test_a_session_that_ended_is_told_on_every_view_with_the_way_to_come_in_again(
    browser: Browser, own_server: Server
) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server, "#street=S0")
        expect(page.locator("#ended")).to_be_hidden()
        phone.clear_cookies()
        page.get_by_role("button", name="Refused").click()
        later(page)
        flush(page)
        expect(page.locator("#badge")).to_have_text("Signed out · 1 not sent")
        expect(page.locator("#ended")).to_contain_text("let your lead show you a new code")
        expect(page.get_by_role("link", name="Come in again")).to_have_attribute("href", "/enter")


COVERED = """() => {
  const toast = document.querySelector('.toast').getBoundingClientRect();
  const main = document.querySelector('main').getBoundingClientRect();
  return Math.max(0, main.bottom - toast.top) > 0.5 || toast.bottom > document.querySelector('nav.bottom').getBoundingClientRect().top + 0.5;
}"""


@pytest.mark.parametrize("letters", ["112.5%", "225%"])
def test_nothing_to_tap_or_read_lies_below_a_toast_and_the_last_control_can_be_reached(
    browser: Browser, own_server: Server, letters: str
) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server, "#street=S0")
        page.evaluate(f"document.documentElement.style.fontSize = '{letters}'")
        page.get_by_role("button", name="Refused").click()
        expect(page.locator(".toast")).to_be_visible()
        assert not page.evaluate(COVERED)
        page.get_by_text("Give the street up").click()
        page.get_by_role("button", name="Give it up").click(trial=True, timeout=5_000)
        go(page, "signup")
        page.get_by_role("button", name="Save and seal").click(trial=True, timeout=5_000)
        assert not page.evaluate(COVERED)


LINES = """() => {
  const written = document.createRange();
  written.selectNodeContents(document.getElementById('amount'));
  return written.getClientRects().length;
}"""


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_with_letters_of_twice_the_size_the_door_has_room_and_no_word_or_figure_is_broken(
    browser: Browser, own_server: Server, language: str
) -> None:
    with crew_phone(browser, own_server, language=language) as phone:
        page = open_phone(phone, own_server, "#street=S0")
        page.evaluate("document.documentElement.style.fontSize = '225%'")
        width = page.evaluate("document.getElementById('door').getBoundingClientRect().width")
        assert width >= 240
        page.evaluate("location.hash = '#hours=S0'")
        expect(page.locator("#v-hours")).to_be_visible()
        assert page.evaluate(LINES) == 1  # the figure of the hours stands in one line
        page.evaluate("location.hash = '#street=S0'")
        expect(page.locator("#v-street")).to_be_visible()
        if language == "en-US":
            for button in page.locator("#outcomes button").all():
                button.evaluate("one => { one.style.overflowWrap = 'normal'; one.style.wordBreak = 'keep-all'; }")
                assert button.evaluate("one => one.scrollWidth <= one.clientWidth"), button.inner_text()


@pytest.mark.parametrize("address", ["#x=%E0%A4%A", "#%E0%A4%A", "#street=%E0%A4%A"])
def test_an_address_that_is_no_text_shows_today(browser: Browser, own_server: Server, address: str) -> None:
    with crew_phone(browser, own_server) as phone:
        page, wrong = phone.new_page(), []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(f"{own_server.address}/crew/{address}")
        until(page, READY)
        expect(page.locator("#v-today")).to_be_visible()
        assert wrong == []


def test_more_than_sixteen_hours_are_asked_for_again_and_hours_can_be_taken_to_none(
    browser: Browser, own_server: Server
) -> None:
    with crew_phone(browser, own_server) as phone:
        page, asked = open_phone(phone, own_server, "#hours=S0"), []

        def tell(place: str, hours: str) -> None:
            page.evaluate(f"location.hash = '#hours={place}'")
            expect(page.locator("#v-hours")).to_be_visible()
            page.locator("#hoursPlace").select_option(place)
            page.evaluate(f"document.getElementById('amount').value = '{hours}'")
            page.evaluate("document.getElementById('saveHours').click()")

        def tell_and_answer(place: str, hours: str, *, sure: bool) -> None:
            page.once("dialog", lambda one: (asked.append(one.message), one.accept() if sure else one.dismiss()))
            with page.expect_event("dialog"):
                tell(place, hours)

        tell("S1", "0.0")
        expect(page.locator("#warning")).to_contain_text("more than 0 hours")
        tell("S0", "10.0")
        until(page, "location.hash === '#today'")
        tell_and_answer("S1", "8.0", sure=False)
        expect(page.locator("#v-hours")).to_be_visible()
        tell_and_answer("S1", "8.0", sure=True)
        until(page, "location.hash === '#today'")
        tell("S0", "0.0")
        until(page, "location.hash === '#today'")
        assert [text.split(":")[0] for text in asked] == ["18 hours in one day"] * 2
        later(page)
        flush_all(page)
        told = "SELECT street_id, hours, marks FROM phone_record ORDER BY seq"
        assert own_server.query(told) == [("S0", 10.0, ""), ("S1", 8.0, "long_day"), ("S0", 0.0, "")]


def test_another_language_on_the_welcome_page_keeps_the_invitation(browser: Browser, own_server: Server) -> None:
    region = open_region(own_server.region)
    link = make_invitation(region, LEAD, role=Role.CREW_LEAD, crew=CrewId("C0"), promoter=PromoterId("C0-0"))[1]
    region.close()
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{own_server.address}/enter#{link}")
    expect(page.get_by_role("heading", level=1)).to_have_text("欢迎")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome")
    assert link not in page.url
    page.get_by_label("Your name").fill("小李")
    page.get_by_role("button", name="Come in").click()
    until(page, READY)
    context.close()


def test_when_the_answer_that_decided_is_taken_back_nobody_is_told_to_leave_any_more(
    browser: Browser, quick: Server
) -> None:
    with crew_phone(browser, quick) as phone:
        page = open_phone(phone, quick, "#survey=T0")
        until(page, "navigator.serviceWorker.controller !== null")
        phone.set_offline(True)
        decide(page)
        assert page.evaluate(SMALL) == []
        assert page.evaluate(NARROW)
        page.evaluate("location.hash = '#survey=T0'")
        expect(page.locator("#cardSays")).to_contain_text("Leave now")  # who comes back is not told to ask 0 more
        page.evaluate("location.hash = '#moveon=T0'")
        expect(page.locator("#v-moveon")).to_be_visible()
        page.locator(".toast button").last.click()
        expect(page.locator("#v-survey")).to_be_visible()
        expect(page.locator("#askedCount")).to_contain_text("1 asked")
        page.evaluate("location.hash = '#today'")
        expect(page.locator("#v-today")).to_be_visible()
        assert page.locator("#streets .done").count() == 0


def test_loaded_anew_the_phone_still_says_to_leave_and_says_nothing_where_there_is_nothing_to_say(
    browser: Browser, quick: Server
) -> None:
    with crew_phone(browser, quick) as phone:
        page = open_phone(phone, quick, "#survey=T0")
        until(page, "navigator.serviceWorker.controller !== null")
        phone.set_offline(True)
        decide(page)
        page.reload()
        until(page, READY)
        expect(page.locator("#thanks")).to_contain_text("Leave now")
        for address in ("#moveon", "#moveon=S9"):
            page.goto("about:blank")
            page.goto(f"{quick.address}/crew/{address}")
            expect(page.locator("#v-today")).to_be_visible()
