"""The phone's pages in a real browser: every view, both languages, thumbs, large letters, the card, races, hand-over."""

import random
import re
from datetime import timedelta
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from fieldops.actions.claims import make_claim
from fieldops.awareness import find_rule
from fieldops.decisions import judge
from fieldops.ids import CrewId, StreetId
from fieldops.people import Role
from fieldops.rules import Rules
from fieldops.store.connect import open_region
from fieldops.surveys import Asked, spread_at, why_not_counted
from tests.browser.conftest import until
from tests.browser.phones import (
    READY,
    SYNC,
    Server,
    add,
    crew_phone,
    flush,
    flush_all,
    in_outbox,
    module,
    open_phone,
    record_a_day,
)
from tests.conftest import NOON, PLANNER, ROOT

AXE = (ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
VIEWS = [
    "",
    "#street=S0",
    "#survey=T0",
    "#venue=V1",
    "#hours",
    "#incident",
    "#signup",
    "#outbox",
    "me",
    "learn",
    "hand-over",
    "push",
]
NARROW = "[document.documentElement, document.querySelector('main')].every((one) => one.scrollWidth <= one.clientWidth)"
SMALL = """() => [...document.querySelectorAll('a, button, input, select, summary, label.choice')].filter((one) => {
  if (!one.checkVisibility() || one.closest('label.choice') && one.tagName === 'INPUT') return false;
  const box = one.getBoundingClientRect();
  return box.height < 48 || box.width < 48;
}).map((one) => one.outerHTML.slice(0, 120))"""


BROKEN = """() => {
  const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange();
  while (walk.nextNode()) for (const { 0: word, index } of walk.currentNode.data.matchAll(/[\\p{Script=Latin}]{2,}/gu)) {
    range.setStart(walk.currentNode, index);
    range.setEnd(walk.currentNode, index + word.length);
    const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
    if (walk.currentNode.parentElement.checkVisibility() && lines.size > 1) found.push(word);
  }
  return found;
}"""


ONE_ROW = """() => {
  const [name, badge] = ['.brand', '.badge'].map((one) => document.querySelector(one).getBoundingClientRect());
  return name.top < badge.bottom && badge.top < name.bottom && name.width >= 48;
}"""


def show(page: Page, server: Server, view: str) -> None:
    page.goto("about:blank")
    page.goto(f"{server.address}/crew/{view}")
    until(page, READY if view == "" or view.startswith("#") else "document.getElementById('badge').textContent !== '…'")


@pytest.mark.parametrize(
    ("language", "scheme"),
    [
        ("zh-CN", "light"), ("en-US", "dark"), pytest.param("en-US", "light", marks=pytest.mark.full),
        pytest.param("zh-CN", "dark", marks=pytest.mark.full),
    ],
)  # fmt: skip
def test_every_view_is_accessible_and_fits_a_thumb(
    browser: Browser, server: Server, language: str, scheme: str
) -> None:
    with crew_phone(browser, server, language=language, color_scheme=scheme) as phone:
        page, wrong = phone.new_page(), []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        for view in VIEWS:
            show(page, server, view)
            assert page.evaluate(SMALL) == [], view
            assert page.evaluate(NARROW), view
            page.evaluate(AXE)
            found = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})")
            told = [f"{one['id']}: {one['nodes'][0]['html'][:100]}" for one in found["violations"]]
            assert told == [], view
        assert wrong == []


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_no_word_is_broken_on_a_small_screen_and_letters_of_twice_the_size_fit_every_view(
    browser: Browser, server: Server, language: str
) -> None:
    with crew_phone(browser, server, language=language, height=640) as phone:
        page = phone.new_page()
        for view in VIEWS:
            show(page, server, view)
            assert page.evaluate(BROKEN) == [], view
            page.evaluate("document.documentElement.style.fontSize = '225%'")
            assert page.evaluate(NARROW), view


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_with_letters_of_twice_the_size_the_bar_is_one_row_and_no_word_of_the_menu_is_broken(
    browser: Browser, server: Server, language: str
) -> None:
    with crew_phone(browser, server, language=language) as phone:
        page = open_phone(phone, server)
        phone.route(SYNC, lambda route: route.abort())
        add(page, 3)
        expect(page.locator("#badge")).to_contain_text("3")
        page.evaluate("document.documentElement.style.fontSize = '225%'")
        assert page.evaluate(ONE_ROW)
        menu = page.locator("nav.bottom a").all_inner_texts()
        assert not {word for text in menu for word in text.split()} & set(page.evaluate(BROKEN))
        in_outbox(page, "await box.work(['waiting'], (waiting) => waiting.clear());")


def test_the_phones_card_says_what_the_servers_says(browser: Browser, server: Server) -> None:
    rules, chance = Rules(), random.Random(3)
    cases, said = [], []
    for _ in range(300):
        name, share = chance.choice(("r50", "a130")), chance.choice((0.02, 0.1, 0.2, 0.3, 0.6))
        who = [f"p{i}" for i in range(chance.randint(1, 3))]
        asked = [
            Asked(
                f"s{i}", NOON + timedelta(seconds=chance.choice((30, 90, 240)) * i),
                chance.choices(("knows", "does_not_know", "refused"), (share, 1 - share, 0.1))[0], chance.choice(who),
                chance.choice("ABC"[: chance.randint(1, 3)]), chance.choices(("before", "after", "unknown"), (8, 1, 1))[0],
            )
            for i in range(chance.randint(0, 140))
        ]  # fmt: skip
        asked.sort(key=lambda one: one.asked_at)
        counted = [one for one, why in zip(asked, why_not_counted(asked, rules), strict=True) if not why]
        answers = "".join("1" if one.answer == "knows" else "0" for one in counted)
        test = judge(
            answers, spread_at=spread_at(counted, rules), rule=name, rules=rules,
        )  # fmt: skip
        said.append([test.verdict.value, test.asked, test.ask])
        cases.append([name, [
            {"id": one.id, "at": one.asked_at.timestamp() * 1000, "who": one.promoter, "corner": one.corner,
             "answer": one.answer, "phase": one.phase} for one in asked
        ]])  # fmt: skip
    assert {verdict for verdict, _, _ in said} == {"move_on", "push_on", "ask_more"}
    cards = {
        name: {"looks": find_rule(name).looks, "low": find_rule(name).curtailed_bounds.low.tolist(),
               "high": find_rule(name).curtailed_bounds.high.tolist()} for name in ("r50", "a130")
    }  # fmt: skip
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server)
        found = page.evaluate(
            """async ([address, cases, cards]) => {
              const { judge } = await import(address);
              const rules = { promoters: 2, corners: 2, crowd: 5, window: 1_200_000 };
              return cases.map(([name, asked]) => {
                const { verdict, asked: n, ask } = judge(asked, cards[name], rules);
                return [verdict, n, ask];
              });
            }""",
            [module(page).replace("outbox.js", "card.js"), cases, cards],
        )
    assert found == said


def test_a_lost_race_tells_who_won_and_offers_the_next_best(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server)
        until(page, "document.querySelectorAll('[data-take]').length > 0")
        until(page, "navigator.serviceWorker.controller !== null")  # what moves on is there without network
        wanted = page.locator("[data-take]").first.get_attribute("data-take")
        phone.set_offline(True)
        page.locator("[data-take]").first.click()
        expect(page.locator("#moveSays")).to_contain_text("only the server gives streets")
        region = open_region(server.region)
        with region.turn(PLANNER) as turn:  # a lead gave the list back, and another crew was quicker
            turn.connection.execute("UPDATE reserve SET ended_at = kept_from")
        make_claim(region, PLANNER, street=StreetId(str(wanted)), crew=CrewId("C2"))
        region.close()
        phone.set_offline(False)
        flush(page)
        expect(page.locator("#moveSays")).to_contain_text("丙组 has")
        expect(page.locator("#take")).to_contain_text("Take")
        page.locator("#take").click()
        expect(page.locator("#moveSays")).to_contain_text("is yours until")
        page.get_by_role("link", name="Today").first.click()
        expect(page.locator("#streets li")).to_have_count(6)


def test_an_open_page_keeps_the_words_of_its_version_where_a_newer_server_has_them_no_more(
    browser: Browser, server: Server
) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server)
        said = page.evaluate(
            """async () => {
                const beside = (name) => import(document.querySelector("script[type=module][src]").src.replace(/[^/]*$/, name));
                const { data, say } = await beside("app.js"), { renew } = await beside("views.js");
                Object.assign(data.words, { ofBefore: "so it was", undo: "so it was" });
                await renew();
                return [say("ofBefore"), say("undo")];
            }"""
        )
        assert said == ["so it was", "Undo"]


def test_in_wechat_the_one_time_link_is_kept_for_the_real_browser(browser: Browser, server: Server) -> None:
    context = browser.new_context(
        locale="en-US", user_agent="Mozilla/5.0 (Linux; Android 12) Chrome/107 MicroMessenger/8.0"
    )
    page = context.new_page()
    page.goto(f"{server.address}/enter#secret123")
    expect(page.locator("#wechat")).to_contain_text("Open in browser")
    expect(page.get_by_label("Code")).to_have_value("secret123")
    assert page.url.endswith("#secret123")
    context.close()


def test_a_free_street_near_is_claimed_at_once(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server, crew="C1") as phone:
        page = open_phone(phone, server)
        page.get_by_role("button", name="Free streets near").click()
        row = page.locator("#nearList li").last
        label = row.locator("b").inner_text()
        row.get_by_role("button", name="Take it").click()
        expect(page.locator("#moveSays")).to_contain_text(f"{label} is yours until")


def test_where_the_server_does_not_agree_that_a_street_is_done_the_phone_believes_it(
    browser: Browser, server: Server
) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server)
        in_outbox(page, "await box.remember('done', {'S0.1': 1})")
        page.reload()
        until(page, READY)
        row = page.locator("#streets [data-street=S0]")
        in_outbox(page, "await box.add('contact', {promoter: 'C0-0', street: 'S0', what: 'not_home'})")
        flush(page)
        expect(row).not_to_have_class("done")


def test_a_team_mate_takes_the_list_over_by_scanning_it(browser: Browser, server: Server, tmp_path: Path) -> None:
    with crew_phone(browser, server) as phone, crew_phone(browser, server, role=Role.CREW) as mate:
        page = open_phone(phone, server)
        page.get_by_role("link", name="Hand over").click()
        page.locator(".code").screenshot(path=tmp_path / "code.png")
        (code,) = zxingcpp.read_barcodes(Image.open(tmp_path / "code.png"))
        assert code.text.startswith(f"{server.address}/crew/#take=")
        assert "S0" in code.text.split("=")[1].split(",")
        backwards = ",".join(reversed(code.text.split("=")[1].split(",")))
        other = mate.new_page()
        other.goto(f"{server.address}/crew/#take={backwards}")
        until(other, READY)
        expect(other.locator(".toast")).to_contain_text("took the list over")
        first = other.locator("#streets li").first.get_attribute("data-street")
        assert first == backwards.split(",")[0]
        assert other.evaluate("location.hash") == ""
        other.goto(f"{server.address}/crew/#take=S999,")  # a list of another crew, or of last week
        expect(other.locator(".toast")).to_contain_text("None of these streets is your crew's now")
        assert other.locator("#streets li").first.get_attribute("data-street") == first


def test_a_door_that_asked_to_be_left_alone_cannot_be_recorded_again(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server, "#street=S1")
        page.get_by_label("Door").fill("3号2单元501")
        page.get_by_role("button", name="Do not contact").click()
        expect(page.get_by_label("Door")).to_have_value("3-2-502")
        page.get_by_label("Door").fill("3-2-501")
        expect(page.locator("#doorSays")).to_contain_text("asked not to be contacted")
        expect(page.get_by_role("button", name="Interested")).to_be_disabled()
        page.get_by_role("button", name="Next door").click()
        expect(page.get_by_role("button", name="Interested")).to_be_enabled()


def test_map_programs_are_given_their_own_coordinates(browser: Browser, server: Server) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server, "#street=S0")
        page.locator("#v-street summary", has_text="map app").click()
        expect(page.locator("#streetMaps [data-map=osmand]")).to_have_attribute("href", re.compile("osmand"))
        links = {name: page.locator(f"#streetMaps [data-map={name}]").get_attribute("href") for name in
                 ("amap", "baidu", "tencent", "osmand")}  # fmt: skip
        assert "117.2," not in str(links["amap"])
        assert "coord_type=bd09ll" in str(links["baidu"])
        assert "lat=28.3&lon=117.2" in str(links["osmand"])


def test_the_first_survey_of_a_day_shows_the_cards_instruction_and_no_count_of_who_knows(
    browser: Browser, server: Server
) -> None:
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server, "#survey=T1")
        expect(page.locator("#cardSays")).to_have_text("Ask the next 10 who pass. Do not choose.")
        page.get_by_role("button", name="Knows", exact=True).click()
        expect(page.locator("#askedCount")).to_have_text("1 asked")
        expect(page.locator("#cardSays")).to_have_text("Ask the next 9 who pass. Do not choose.")
        page.get_by_role("button", name="Does not know").click()
        expect(page.locator("#askedCount")).to_have_text("2 asked")
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#askedCount")).to_have_text("1 asked")


# ── budgets ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_day_of_six_hundred_records_fits_and_is_sent_at_once(browser: Browser, server: Server) -> None:
    """How quickly, `python3 dev.py bench phone` says."""
    with crew_phone(browser, server) as phone:
        page = open_phone(phone, server)
        phone.set_offline(True)
        before = page.evaluate("navigator.storage.estimate().then((one) => one.usage)")
        record_a_day(page)
        assert page.evaluate("navigator.storage.estimate().then((one) => one.usage)") - before <= 5_000_000
        phone.set_offline(False)
        flush_all(page)
    assert server.records() == 600
