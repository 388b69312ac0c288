"""Every page in both languages, light and dark, on a phone and a desk: nothing wrong to axe, nothing that sticks out."""

import urllib.request
from itertools import combinations
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from fieldops.actions.jobs import list_jobs
from tests.browser.conftest import opened, served, until
from tests.conftest import PLANNER, ROOT
from web.app import create_app
from web.settings import Settings

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
# Address, and the role that reads it; None for a visitor.
PAGES: list[tuple[str, str | None]] = [
    ("/sign-in", None), ("/enter", None), ("/account", "lead"), ("/account/second-factor", "lead"), ("/today", "lead"), ("/map", "lead"), ("/map?plan=plan1&sort=people&down=1", "lead"), ("/triangles/at/1", "lead"),
    ("/streets?q=market+3", "lead"), ("/streets/R00", "lead"), ("/crews/C1", "lead"), ("/claims?within=all", "lead"),
    ("/plan", "lead"), ("/plan/plan1", "lead"), ("/plan/plan1?against=plan1", "lead"), ("/plan/jobs/{job}", "lead"), ("/move-on", "lead"), ("/swarm", "lead"), ("/trust", "lead"), ("/phones", "lead"),
    ("/plan/plan1/streets/R10", "lead"), ("/what-if", "lead"),
    ("/notices", "lead"), ("/settings", "lead"), ("/settings/card?p0=0.1&p1=0.3&alpha=0.1&beta=0.1", "lead"),
    ("/accounts", "lead"), ("/files", "lead"), ("/bursts", "lead"), ("/people", "lead"), ("/shifts", "lead"), ("/shifts?day=2026-03-01", "auditor"), ("/people/crews/C1", "lead"), ("/map/edit?street=R00", "lead"), ("/map/import", "planner"), ("/pay", "lead"), ("/incidents", "lead"), ("/stock", "lead"), ("/bases", "lead"), ("/webhooks", "lead"), ("/keeping", "planner"), ("/keeping/https", "lead"), ("/crews/C2/sheet", "lead"), ("/nothing", "lead"),
]  # fmt: skip
# Routes that show no page of the desk of their own: files, parts and facts for scripts, ways on, phones (see test_phone), and what
# an act or a job of one's own brings (see test_filled).
NO_PAGES = (
    "static", "tiles.read", "desk.colours", "desk.changes", "desk.listed", "desk.give_layer", "desk.suggestions", "desk.street_at",
    "drawing.street_at", "drawing.imported", "plans.job_now", "timesheets.give", "files.give", "keeping.examined", "sign_in.front_door",
    "second_factor.ask", "door.form_again", "phone.today", "phone.me", "phone.learn", "phone.hand_over", "phone.push", "phone.near",
    "phone.worker", "phone.manifest", "phone.shell",
)  # fmt: skip
# Every pair of width, language and scheme meets in one of the four.
LOOKS = [
    (360, 740, "zh-CN", "light"),
    (1280, 800, "en-US", "light"),
    (360, 740, "en-US", "dark"),
    (1280, 800, "zh-CN", "dark"),
]
# Every second page in one look: all pages in all looks are minutes, and belong to `--full`.
SOME = [(*page, LOOKS[number // 2 % 4]) for number, page in enumerate(PAGES) if number % 2 == 0]
ALL = [(*page, look) for page in PAGES for look in LOOKS if (*page, look) not in SOME]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
TOO_SMALL = """() => [...document.querySelectorAll('button, input:not([type=hidden]), select, summary, nav a, .button')]
  .filter((e) => e.checkVisibility()).map((e) => [(e.labels?.[0] ?? e), e]).filter(([box]) => !box.closest('.maplibregl-map'))
  .map(([box, e]) => [e.outerHTML.slice(0, 60), box.getBoundingClientRect()])
  .filter(([, r]) => r.height < 24 || r.width < 24).map(([name]) => name)"""


OPEN_SOME = "[...document.querySelectorAll('main details')].slice(0, 3).forEach((one) => { one.open = true; })"


def settle(page: Page, path: str) -> None:
    """Wait for the map where the page has one."""
    if path == "/map":
        until(page, "document.getElementById('map').dataset.ready")


def check_page(page: Page, language: str) -> None:
    """Let axe find nothing wrong in the page, in its language, and nothing stick out or be too small at any width."""
    page.evaluate(OPEN_SOME)
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("(rules) => axe.run(document, rules)", RULES)
    assert found["passes"]
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]] == []
    assert page.evaluate("document.documentElement.lang") == {"zh-CN": "zh-Hans", "en-US": "en"}[language]
    size = page.viewport_size
    assert size is not None
    for narrow in (320, 360, 640, 960, 1280):
        page.set_viewport_size({"width": narrow, "height": size["height"]})
        assert page.evaluate("document.documentElement.scrollWidth") <= narrow, narrow
        assert page.evaluate(TOO_SMALL) == [], narrow
    page.set_viewport_size(size)


@pytest.mark.parametrize(
    ("path", "role", "look"), [*SOME, *(pytest.param(*case, marks=pytest.mark.full) for case in ALL)], ids=str
)
def test_axe_finds_nothing_wrong_nothing_sticks_out_and_targets_are_large_enough(
    browser: Browser, site: str, served_region: Path, path: str, role: str | None, look: tuple[int, int, str, str]
) -> None:
    width, height, language, scheme = look
    path = path.format(job=list_jobs(served_region, PLANNER, most=1)[0].id)
    with opened(
        browser, width=width, height=height, language=language, scheme=scheme, role=role, broken=path == "/nothing"
    ) as page:
        page.goto(site + path)
        settle(page, path)
        check_page(page, language)


def test_every_page_of_the_desk_is_looked_at_and_every_pair_of_a_look_meets(served_region: Path) -> None:
    from tests.browser import test_recruiting

    app = create_app(Settings(served_region))
    routes = app.url_map.bind("localhost")
    seen = {
        routes.match(path.partition("?")[0])[0] for path, _ in (*PAGES, *test_recruiting.PAGES) if path != "/nothing"
    }
    shown = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.rule.startswith("/api")
    }
    assert shown - seen == set(NO_PAGES)
    for one, other in combinations((0, 2, 3), 2):
        assert len({(look[one], look[other]) for look in LOOKS}) == 4


def test_a_lead_takes_a_street_back_by_keys_alone(browser: Browser, site: str) -> None:
    with opened(browser) as page:
        page.goto(f"{site}/claims?within=all")
        row = page.get_by_role("row").filter(has_text="甲组")
        row.get_by_text("Take back", exact=True).focus()
        page.keyboard.press("Enter")
        row.get_by_label("Reason").press("ArrowDown")
        row.get_by_role("button", name="Take the street back").press("Enter")
        expect(page.get_by_role("status")).to_have_text("The claim has ended; the street is free.")
        expect(page.get_by_role("region", name="Ended in the last 24 hours")).to_contain_text("taken back")


def test_without_javascript_an_act_is_done_and_a_refusal_tells_its_facts(browser: Browser, site: str) -> None:
    with opened(browser, java_script_enabled=False, width=360, height=740, broken=True) as page:
        page.goto(f"{site}/claims?within=all")
        row = page.get_by_role("row").filter(has_text="乙组")
        row.get_by_text("Take back", exact=True).click()
        row.get_by_role("button", name="Take the street back").click()
        ended = page.get_by_role("region", name="Ended in the last 24 hours").get_by_role("row").filter(has_text="乙组")
        for crew in ("C1", "C2"):
            ended.get_by_text("Give to a crew").click()
            ended.get_by_label("Crew").fill(crew)
            ended.get_by_role("button", name="Claim for seven days").click()
        expect(page.get_by_role("heading")).to_have_text("A rule refuses")
        expect(page.get_by_role("alert")).to_contain_text("is claimed by 乙组 until Mon 9 Mar, 12:00")
        page.get_by_role("link", name="Back").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Claims")


def test_the_link_of_the_first_planner_leads_to_the_desk(browser: Browser, fresh_site: tuple[str, str]) -> None:
    address, secret = fresh_site
    with opened(browser, role=None, width=360, height=740, language="zh-CN") as page:
        page.goto(f"{address}/enter#{secret}")
        expect(page.get_by_role("heading", level=1)).to_have_text("欢迎")
        assert secret not in page.url
        page.get_by_label("您的姓名").fill("王丽")
        page.get_by_label("登录名（登录时用）").fill("wang.li")
        page.get_by_label("密码", exact=True).fill("harbour lamp seven tulip")
        page.get_by_role("button", name="进入").click()
        expect(page).to_have_url(f"{address}/today")
        page.get_by_role("link", name="王丽").click()
        page.get_by_role("button", name="退出登录").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("登录")
        page.get_by_label("登录名").fill("Wang.Li")
        page.get_by_label("密码").fill("harbour lamp seven tulip")
        page.get_by_role("button", name="登录").click()
        expect(page).to_have_url(f"{address}/today")


def test_a_server_ends_also_where_what_it_was_started_for_fails(served_region: Path) -> None:
    with pytest.raises(RuntimeError, match="a test that fails"), served(served_region) as address:
        raise RuntimeError("a test that fails")
    with pytest.raises(urllib.request.URLError):
        urllib.request.urlopen(address)
