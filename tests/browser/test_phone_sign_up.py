"""
Signing a seller up takes 20 seconds: by a model of what a practised hand does on the real page, not by a person who was timed.

The keystroke-level model of Card, Moran & Newell (1980, "The keystroke-level model for user performance time with interactive
systems", Communications of the ACM 23(7)) adds up what an expert does who makes no mistake:

- M, 1.35 s, making up one's mind: before each touch that chooses what is to be done, not before what is written (their rule 0);
- P, 1.10 s, reaching for something on the screen. It was measured with a mouse; a thumb is quicker, so this is no favour;
- K, one key. Theirs are of keyboards; here that of phones: 36.2 words of 5 signs a minute, the mean of 37,370 people (Palin, Feit,
  Kim, Kristensson & Oulasvirta 2019, "How do people type on mobile devices?", MobileHCI '19), so 0.33 s;
- R, what the phone takes: 0.3 s; sealing took 0.1 s on a processor four times slower.

A Chinese name is typed in pinyin and picked with one more P. What is read out goes at the speed of people who read texts aloud:
5.18 syllables a second in Mandarin, 6.19 in English (Pellegrino, Coupé & Marsico 2011, "A cross-language perspective on speech
information rate", Language 87(3)); the answer is one word after 0.2 s (Stivers et al. 2009, "Universals and cultural variation in
turn-taking in conversation", PNAS 106(26)). The number and the name are said while they are typed.
"""

import re

import pytest
from playwright.sync_api import Browser, Page, expect
from pypinyin import lazy_pinyin

from fieldops.actions.recruiting_posters import set_consent
from fieldops.recruiting.consent import FIRST_TEXT, FIRST_TEXTS, ConsentText
from fieldops.store.connect import open_region
from fieldops.store.persons import read_persons
from tests.browser.phones import Server, crew_phone, flush_all, module, open_phone, waiting, without_guard
from tests.browser.thumbs import NUMBER, go, sign_up, write_sign_up
from tests.conftest import PLANNER

M, P, K, R = 1.35, 1.10, 60 / (36.2 * 5), 0.3
SYLLABLES_A_SECOND = {"zh-CN": 5.18, "en-US": 6.19}
TURN = 0.2
ABOVE_THE_KEYBOARD = 340  # px of a small screen
IN_REACH = """() => {
  const { x, y, width, height } = document.querySelector('#person .big').getBoundingClientRect();
  return [0.1, 0.5, 0.9].every((part) => document.elementFromPoint(x + width / 2, y + height * part)?.closest('#person .big'));
}"""
NAMES = {"zh-CN": "王小明", "en-US": "Wang Xiaoming"}
LINKS = {"zh-CN": "报名", "en-US": "Sign up"}
SAVES = {"zh-CN": "加密保存", "en-US": "Save and seal"}


def syllables(text: str) -> int:
    """Return the syllables of a text: one for each Chinese sign, one for each group of vowels of a word; 16 has two."""
    words = re.findall(r"[a-z]+", text.lower())
    latin = sum(max(1, len(re.findall(r"[aeiouy]+", re.sub(r"(?<=[^aeiouy])e$", "", word)))) for word in words)
    return len(re.findall(r"[\u4e00-\u9fff]", text)) + latin + 2 * len(re.findall(r"\d+", text))


def sign_up_by_thumb(page: Page, language: str) -> tuple[int, float]:
    """Sign somebody up by touches alone; return how many they were and the seconds of the model."""
    page.locator("nav.bottom").get_by_role("link", name=LINKS[language]).tap()
    touches, seconds = 1, M + P
    aloud = page.locator("#aloud").inner_text()
    seconds += syllables(aloud) / SYLLABLES_A_SECOND[language]
    seconds += TURN + (2 if language == "zh-CN" else 1) / SYLLABLES_A_SECOND[language]  # 同意; yes
    expect(page.locator("#tel")).to_be_focused()  # the keypad is there: nothing to reach for
    assert page.locator("#tel").get_attribute("inputmode") == "tel"
    for digit in NUMBER:
        page.keyboard.press(digit)
        touches, seconds = touches + 1, seconds + K
    expect(page.locator("#personName")).to_be_focused()  # by itself
    name = NAMES[language]
    page.keyboard.insert_text(name)
    if language == "zh-CN":
        keys = sum(map(len, lazy_pinyin(name)))
        touches, seconds = touches + keys + 1, seconds + keys * K + P
    else:
        touches, seconds = touches + len(name), seconds + len(name) * K
    expect(page.get_by_label("Sells today" if language == "en-US" else "现在的卖货情况")).to_have_value(
        "4"
    )  # filled in
    expect(page.locator("#source")).to_have_text("人民路")  # and so is this
    assert page.evaluate(IN_REACH)  # nothing is to be scrolled first
    page.get_by_role("button", name=SAVES[language]).tap()
    touches, seconds = touches + 1, seconds + M + P + R
    expect(page.locator(".toast")).to_be_visible()
    return touches, seconds


@pytest.mark.parametrize(("language", "touches"), [("zh-CN", 1 + 11 + 12 + 1 + 1), ("en-US", 1 + 11 + 13 + 1)])
def test_a_sign_up_takes_twenty_seconds_by_the_keystroke_level_model(
    browser: Browser, own_server: Server, language: str, touches: int
) -> None:
    with crew_phone(browser, own_server, language=language, height=ABOVE_THE_KEYBOARD) as phone:
        page = open_phone(phone, own_server, "#street=S2")
        done, seconds = sign_up_by_thumb(page, language)
        print(f"{language}: {done} touches, {seconds:.1f} s by the model")
        assert done == touches
        assert seconds <= 20
        flush_all(page)
        assert own_server.query("SELECT street_id, crew_id, seller_group FROM candidate") == [("S2", "C0", "4")]


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_control_with_the_whole_text_read_out_it_takes_longer(
    browser: Browser, own_server: Server, language: str
) -> None:
    region = open_region(own_server.region)
    set_consent(region, PLANNER, FIRST_TEXTS[0])
    region.close()
    with crew_phone(browser, own_server, language=language) as phone:
        page = open_phone(phone, own_server, "#street=S2")
        assert sign_up_by_thumb(page, language)[1] > 20


def test_whoever_asks_is_shown_the_whole_text_and_a_number_that_is_put_right_leads_nowhere(
    browser: Browser, own_server: Server
) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server, "#signup")
        whole = page.get_by_text("You may see, correct or delete it")
        expect(whole).to_be_hidden()
        page.get_by_text("The whole text").click()
        expect(whole).to_be_visible()
        number = page.get_by_label("Mobile number")
        number.fill("1381234567")
        number.press("End")
        number.press("Backspace")
        expect(number).to_be_focused()
        number.fill("13812345678")
        expect(page.get_by_label("Name of the person")).to_be_focused()
        page.get_by_label("Name of the person").fill("王小明")
        number.fill("13912345678")
        number.focus()
        expect(number).to_be_focused()
        page.get_by_role("button", name="Save and seal").click()
        expect(page.locator(".toast")).to_contain_text("sealed")


# ── RULE 19: the record says what was shown ─────────────────────────────────────────────────────────────────────────

NEW_TEXT = ConsentText(
    "甲公司收集您的姓名电话。\n\n您可以查看和删除。",
    "Company A stores your name and number.\n\nYou may see and delete it.",
)
NOT_UNDER_A_READER = 'if ($("v-signup").hidden) takeText(); // not'
NOT_FOR_WHOM_IT_WAS_READ_OUT = "if (!text || isWritten()) return;"


def change_the_text(page: Page, server: Server) -> None:
    """Let the region have another text, and the page take in what the server says now."""
    region = open_region(server.region)
    set_consent(region, PLANNER, NEW_TEXT)
    region.close()
    page.evaluate(
        "address => import(address).then(({ renew }) => renew())", module(page).replace("outbox.js", "views.js")
    )


def consents(server: Server) -> list[tuple[str, str]]:
    """The version to which each candidate agreed, and how, in the order of their coming."""
    region = open_region(server.region)
    ids = [row[0] for row in region.reader().execute("SELECT id FROM candidate ORDER BY number")]
    known = read_persons(region, ids)
    region.close()
    return [(known[one].consent, known[one].way) for one in ids]


@pytest.mark.parametrize("guarded", [True, False])
def test_a_sign_up_carries_the_text_that_stood_there_from_the_first_word_on_and_without_the_guard_does_not(
    browser: Browser, own_server: Server, guarded: bool
) -> None:
    with crew_phone(browser, own_server, workers=False) as phone:
        if not guarded:
            without_guard(phone, NOT_UNDER_A_READER, "takeText(); //", file="views.js")
        page = open_phone(phone, own_server, "#street=S0")
        go(page, "signup")
        was_read_out = page.locator("#aloud").inner_text()
        change_the_text(page, own_server)
        assert (page.locator("#aloud").inner_text() == was_read_out) is guarded
        sign_up(page)
        go(page, "signup")
        expect(page.locator("#aloud")).to_have_text(NEW_TEXT.english)  # whole: it is the region's own
        sign_up(page, number="13912345678")
        flush_all(page)
        first = (FIRST_TEXT.version, "phone_short") if guarded else (NEW_TEXT.version, "phone_whole")
        assert consents(own_server) == [first, (NEW_TEXT.version, "phone_whole")]
        assert own_server.query("SELECT consent FROM sign_up ORDER BY made_at") == [(first[0],), (NEW_TEXT.version,)]


def look_away(page: Page, server: Server) -> None:
    """Show somebody the whole text and write the person down, look at the day meanwhile, and come back to the form."""
    page.get_by_text("The whole text").click()
    write_sign_up(page)
    go(page, "today")
    change_the_text(page, server)
    go(page, "signup")
    expect(page.locator("#tel")).to_be_focused()
    expect(page.locator("#tel")).to_have_value(NUMBER)


@pytest.mark.parametrize("guarded", [True, False])
def test_who_looks_at_the_day_within_a_sign_up_goes_on_with_person_and_text_and_without_the_guard_does_not(
    browser: Browser, own_server: Server, guarded: bool
) -> None:
    with crew_phone(browser, own_server, workers=False) as phone:
        if not guarded:
            without_guard(phone, NOT_FOR_WHOM_IT_WAS_READ_OUT, "if (!text) return;", file="views.js")
        page = open_phone(phone, own_server, "#signup")
        was_read_out = page.locator("#aloud").inner_text()
        look_away(page, own_server)
        assert (page.locator("#aloud").inner_text() == was_read_out) is guarded
        page.locator("#agreed").dispatch_event("click")
        expect(page.locator(".toast")).to_contain_text("sealed")
        sign_up(page, number="13912345678")
        flush_all(page)
        first = FIRST_TEXT if guarded else NEW_TEXT
        assert consents(own_server) == [(first.version, "phone_whole"), (NEW_TEXT.version, "phone_whole")]


def test_who_comes_back_to_the_form_may_clear_it_for_another_person_who_was_shown_nothing_yet(
    browser: Browser, own_server: Server
) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server, "#signup")
        another = page.get_by_role("button", name="Another person: clear the form")
        expect(another).to_be_hidden()  # nobody is written down
        page.get_by_text("The whole text").click()
        write_sign_up(page)
        go(page, "today")
        go(page, "signup")
        another.click()
        expect(another).to_be_hidden()
        expect(page.locator("#tel")).to_be_focused()
        assert [page.locator(field).input_value() for field in ("#tel", "#personName")] == ["", ""]
        sign_up(page)
        write_sign_up(page, number="13912345678")
        go(page, "today")
        change_the_text(page, own_server)
        go(page, "signup")
        another.click()
        expect(page.locator("#aloud")).to_have_text(NEW_TEXT.english)
        sign_up(page, number="13712345678")
        flush_all(page)
        assert consents(own_server) == [(FIRST_TEXT.version, "phone_short"), (NEW_TEXT.version, "phone_whole")]


def test_enter_that_picks_pinyin_in_safari_leads_nowhere(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server, "#signup")
        write_sign_up(page)
        press = (
            "(box, code) => box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', keyCode: code, bubbles: true,"
            " cancelable: true }))"
        )
        page.locator("#personName").focus()
        assert page.locator("#personName").evaluate(press, 229)  # left to the keyboard
        expect(page.locator("#personName")).to_be_focused()
        assert not page.locator("#personName").evaluate(press, 13)
        expect(page.locator("#group")).to_be_focused()


def test_whether_the_whole_text_was_opened_is_recorded_of_this_person_and_not_of_the_next(
    browser: Browser, own_server: Server
) -> None:
    with crew_phone(browser, own_server) as phone:
        page = open_phone(phone, own_server, "#signup")
        whole = page.get_by_text("The whole text")
        whole.click()
        whole.click()  # and closed again: it was shown
        sign_up(page)
        sign_up(page, number="13912345678")
        flush_all(page)
        assert consents(own_server) == [(FIRST_TEXT.version, "phone_whole"), (FIRST_TEXT.version, "phone_short")]


def test_enter_leads_on_to_the_next_field_and_only_the_button_says_that_it_was_agreed_to(
    browser: Browser, server: Server
) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server, "#street=S0")
        write_sign_up(page)
        for field, following in (("#tel", "#personName"), ("#personName", "#group")):
            page.locator(field).press("Enter")
            expect(page.locator(following)).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_timeout(500)
        assert waiting(page) == 0
        expect(page.locator(".toast")).to_have_count(0)
        expect(page.locator("#v-signup")).to_be_visible()
        page.keyboard.press("Escape")
        page.locator("#agreed").click()
        expect(page.locator(".toast")).to_contain_text("sealed")


def test_what_is_missing_is_said_field_by_field_and_leads_there(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server, "#signup")
        expect(page.locator("#source")).to_have_text("甲组")  # no street was worked on yet: it is the crew's
        for number, name, says, field in (
            ("123", "", "no mobile number", "#tel"),
            ("13812345678", "", "name is missing", "#personName"),
        ):
            write_sign_up(page, number=number, name=name)
            page.locator("#agreed").dispatch_event("click")
            expect(page.locator("#signSays")).to_contain_text(says)
            expect(page.locator(field)).to_be_focused()
        assert waiting(page) == 0
