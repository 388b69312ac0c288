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
from fieldops.recruiting.consent import FIRST_TEXTS
from fieldops.store.connect import open_region
from tests.browser.phones import Server, crew_phone, flush_all, open_phone
from tests.conftest import PLANNER

M, P, K, R = 1.35, 1.10, 60 / (36.2 * 5), 0.3
SYLLABLES_A_SECOND = {"zh-CN": 5.18, "en-US": 6.19}
TURN = 0.2
NUMBER = "13812345678"
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
