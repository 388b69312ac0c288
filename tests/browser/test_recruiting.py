"""Candidates in a real browser: the board by buttons, keys and dragging; the public page on a phone; a printed code read back."""

import io
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from fieldops.actions.recruiting_training import cancel_training, list_trainings, make_training
from fieldops.ids import CandidateId
from fieldops.recruiting.sources import Source, SourceKind
from fieldops.store.connect import open_region
from fieldops.store.persons import find_by_phone
from tests.browser.conftest import opened, served
from tests.browser.test_pages import LOOKS, check_page
from tests.conftest import NOON, PLANNER
from tests.recruit_town import make_recruit_town
from tests.recruits import join, phone

PAGES: list[tuple[str, str | None]] = [
    ("/candidates", "lead"), ("/candidates/table", "lead"), ("/candidates/{first}", "lead"), ("/candidates/{seller}", "lead"),
    ("/calls", "lead"), ("/funnel", "lead"), ("/brings", "lead"), ("/brings?by=hour", "lead"), ("/posters", "lead"),
    ("/posters/{code}", "lead"), ("/reps", "lead"), ("/onboarding", "lead"), ("/trainings/{training}", "lead"), ("/data", "lead"), ("/join/{code}", None),
    ("/candidates", "auditor"),
]  # fmt: skip
# Every second page in one look: all pages in all looks are minutes, and belong to `--full`.
SOME = [(*page, LOOKS[number // 2 % 4]) for number, page in enumerate(PAGES) if number % 2 == 0]
ALL = [(*page, look) for page in PAGES for look in LOOKS if (*page, look) not in SOME]


class Town:
    """The served town: its address, and the ids that pages are asked for by."""

    def __init__(self, site: str, path: Path, code: str) -> None:
        self.site, self.path, self.code = site, path, code
        self.first, self.seller = self.who(0), self.who(18)
        region = open_region(path)
        self.training = list_trainings(region, PLANNER, now=NOON)[0].id
        region.close()

    def who(self, number: int) -> CandidateId:
        region = open_region(self.path)
        found = find_by_phone(region, [f"+86{phone(number)}"])
        region.close()
        return next(iter(found.values()))

    def url(self, path: str) -> str:
        return self.site + path.format(first=self.first, seller=self.seller, code=self.code, training=self.training)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    path = tmp_path_factory.mktemp("recruit") / "region.gpkg"
    region, code = make_recruit_town(path)
    join(region, 7100, source=Source(SourceKind.POSTER, poster=code))
    region.close()
    before = os.environ.get("FIELDOPS_TESTED_REGION")
    os.environ["FIELDOPS_TESTED_REGION"] = str(path)
    with served(path) as site:
        yield Town(site, path, code)
    if before is not None:
        os.environ["FIELDOPS_TESTED_REGION"] = before


@pytest.mark.parametrize(
    ("path", "role", "look"), [*SOME, *(pytest.param(*case, marks=pytest.mark.full) for case in ALL)], ids=str
)
def test_axe_finds_nothing_wrong_nothing_sticks_out_and_targets_are_large_enough(
    browser: Browser, town: Town, path: str, role: str | None, look: tuple[int, int, str, str]
) -> None:
    width, height, language, scheme = look
    with opened(browser, width=width, height=height, language=language, scheme=scheme, role=role) as page:
        page.goto(town.url(path))
        check_page(page, language)


def test_the_long_topic_of_a_training_pushes_nothing_off_a_phone(browser: Browser, town: Town) -> None:
    region, begin = (
        open_region(town.path),
        NOON + timedelta(days=1),
    )  # at the town's own time: the record's does not go back
    training = make_training(
        region, PLANNER, base="北站", topic="第一场直播怎么开" * 10, starts_at=begin, ends_at=begin + timedelta(hours=2),
        capacity=9, now=NOON,
    )  # fmt: skip
    with opened(browser, width=360, height=740, language="zh-CN") as page:
        page.goto(town.url("/candidates/{first}"))
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert page.locator("select[name=training]").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    cancel_training(region, PLANNER, training, now=NOON)
    region.close()


@pytest.mark.parametrize("by", ["street", "venue_kind", "crew", "poster"])
@pytest.mark.parametrize("language", [pytest.param("en-US", marks=pytest.mark.full), "zh-CN"])
def test_what_brings_fits_a_desk_without_scrolling_and_stays_short_on_a_phone(
    browser: Browser, town: Town, language: str, by: str
) -> None:
    with opened(browser, language=language) as page:
        page.goto(f"{town.site}/brings?by={by}")
        if by == "venue_kind":
            expect(page.get_by_text("unknown" if language == "en-US" else "未知")).to_be_visible()
            return
        table = page.locator(".wide").first
        assert table.evaluate("(one) => one.scrollWidth - one.clientWidth") == 0
        for head in page.locator("thead th").all():
            box = head.bounding_box()
            assert box is not None
            assert box["height"] < 80  # no word is set letter by letter
        page.set_viewport_size({"width": 360, "height": 740})
        heights = page.locator("tbody tr").evaluate_all("(rows) => rows.map((one) => one.clientHeight)")
        assert heights
        assert max(heights) < 240
        assert table.evaluate("(one) => one.scrollWidth - one.clientWidth") == 0
        page.get_by_label("Sort by" if language == "en-US" else "排序").select_option("due")
        page.get_by_role("button", name="Show" if language == "en-US" else "显示", exact=True).click()
        expect(page).to_have_url(f"{town.site}/brings?by={by}&order=due")


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_the_funnel_is_read_on_a_phone_in_a_few_screens_with_all_its_figures(
    browser: Browser, town: Town, language: str
) -> None:
    with opened(browser, width=360, height=740, language=language) as page:
        page.goto(f"{town.site}/funnel")
        assert page.evaluate("document.documentElement.scrollHeight") < 4200  # was 7,335
        beyond = page.locator(".wide").evaluate_all("(all) => all.map((one) => one.scrollWidth - one.clientWidth)")
        assert max(beyond) == 0
        weeks = page.locator(".cohorts tbody tr")
        assert weeks.count() == 12
        assert weeks.first.locator("td").count() == 8
        assert max(weeks.evaluate_all("(rows) => rows.map((one) => one.clientHeight)")) < 50  # a week is one line
        assert page.locator(".stages tbody td:visible").count() == 7 * 5


def card(page: Page, who: CandidateId) -> str:
    """The stage in which a card stands on the board."""
    stage: str = page.evaluate(f"document.querySelector('[data-card=\"{who}\"]').closest('.stage').dataset.stage")
    return stage


def test_a_card_is_moved_by_its_button_by_keys_and_by_dragging(browser: Browser, town: Town) -> None:
    who = town.who(4)
    with opened(browser) as page:
        page.goto(town.url("/candidates"))
        page.get_by_role("button", name="刘洋 to contacted").click()
        expect(page.get_by_role("status")).to_have_text("刘洋: contacted.")
        assert card(page, who) == "contacted"
        page.locator(f'[data-card="{who}"]').focus()
        page.keyboard.press("Shift+ArrowRight")
        expect(page.get_by_role("status")).to_have_text("刘洋: interviewed.")
        page.locator(f'[data-card="{who}"]').drag_to(page.locator("[data-stage=contacted] h2"))
        expect(page.get_by_role("status")).to_have_text("刘洋: contacted.")
        assert card(page, who) == "contacted"


class Thumb:
    """A finger on the screen, as the browser's protocol lays it there."""

    def __init__(self, page: Page) -> None:
        self.page, self.wire = page, page.context.new_cdp_session(page)

    def touch(self, kind: str, x: float = 0, y: float = 0) -> None:
        points = [] if kind == "touchEnd" else [{"x": x, "y": y}]
        self.wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def middle(page: Page, selector: str) -> tuple[float, float]:
    page.locator(selector).scroll_into_view_if_needed()
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_thumb_that_holds_a_card_drags_it_and_one_that_does_not_scrolls(browser: Browser, town: Town) -> None:
    who = town.who(7)
    with opened(browser, width=1024, height=768, has_touch=True) as page:
        page.goto(town.url("/candidates"))
        thumb, (x, y) = Thumb(page), middle(page, f'[data-card="{who}"] .from')
        thumb.touch("touchStart", x, y)  # a stroke: nothing is lifted
        thumb.touch("touchMove", x, y - 30)
        thumb.touch("touchEnd")
        expect(page.locator(".dragged")).to_have_count(0)
        x, y = middle(page, f'[data-card="{who}"] .from')
        thumb.touch("touchStart", x, y)
        expect(page.locator(f'.dragged[data-card="{who}"]')).to_be_visible()
        contacted = page.locator("[data-stage=contacted]").bounding_box()
        assert contacted is not None
        thumb.touch("touchMove", contacted["x"] + 50, y)
        expect(page.locator(".over")).to_have_attribute("data-stage", "contacted")
        thumb.touch("touchEnd")
        expect(page.get_by_role("status")).to_have_text("赵敏: contacted.")
        assert card(page, who) == "contacted"


def test_on_a_phone_the_board_follows_the_thumb_to_the_next_stage(browser: Browser, town: Town) -> None:
    who = town.who(8)
    with opened(browser, width=360, height=740, has_touch=True, is_mobile=True) as page:
        page.goto(town.url("/candidates"))
        thumb, (x, y) = Thumb(page), middle(page, f'[data-card="{who}"] .from')
        thumb.touch("touchStart", x, y)
        expect(page.locator(f'.dragged[data-card="{who}"]')).to_be_visible()
        thumb.touch("touchMove", 350, y)
        expect(page.locator(".over")).to_have_attribute("data-stage", "contacted")
        thumb.touch("touchEnd")
        expect(page.get_by_role("status")).to_have_text("黄丽: contacted.")


def test_arrows_walk_over_the_board_and_a_card_that_leaves_asks_for_a_reason(browser: Browser, town: Town) -> None:
    with opened(browser) as page:
        page.goto(town.url("/candidates"))
        first = page.locator("[data-stage=new] .card").first
        first.focus()
        page.keyboard.press("ArrowDown")
        expect(page.locator("[data-stage=new] .card").nth(1)).to_be_focused()
        page.keyboard.press("ArrowRight")
        assert page.evaluate("document.activeElement.closest('.stage').dataset.stage") == "contacted"
        leaving = page.locator("[data-stage=new] .card").filter(has_text="陈静")
        leaving.get_by_text("Leaves").click()
        leaving.get_by_label("Reason").select_option("no_time")
        leaving.get_by_role("button", name="lost").click()
        expect(page.get_by_role("status")).to_have_text("陈静: lost.")


@pytest.mark.parametrize("typed", ["欧阳", "ouyang", "oynn", "0001"])
def test_a_sealed_name_is_found_and_no_log_keeps_what_was_typed(browser: Browser, town: Town, typed: str) -> None:
    with opened(browser) as page:
        page.goto(town.url("/candidates"))
        page.get_by_label("Find by name").fill(typed)
        page.get_by_label("Find by name").press("Enter")
        expect(page.get_by_role("link", name="欧阳娜娜")).to_be_visible()
        assert typed not in page.url


def test_a_number_is_masked_until_it_is_revealed(browser: Browser, town: Town) -> None:
    with opened(browser, width=360, height=740) as page:
        page.goto(town.url("/calls"))
        item = page.locator(f"#call-{town.first}")
        assert phone(0) not in page.content().replace(" ", "")
        item.get_by_role("button", name="Call 138****0000").click()
        expect(item.get_by_role("link", name="138 0000 0000")).to_have_attribute("href", "tel:13800000000")
        item.get_by_role("button", name="no answer").click()
        expect(page.get_by_role("status")).to_have_text("The call is noted.")
        expect(page.locator(f"#call-{town.first}")).to_have_count(0)


@pytest.mark.parametrize("script", [True, False])
def test_a_visitor_signs_up_on_a_phone_with_and_without_javascript(browser: Browser, town: Town, script: bool) -> None:
    number = phone(7000 + script)
    with opened(
        browser,
        role=None,
        width=360,
        height=740,
        language="zh-CN",
        has_touch=True,
        java_script_enabled=script,
        broken=True,
    ) as page:
        page.goto(town.url("/join/{code}"))
        assert page.title() == "在家做兼职，赚零花钱"
        page.get_by_label("您的姓名", exact=True).fill("郝新人")
        page.get_by_label("您的手机号", exact=True).fill("12345")
        page.get_by_label("我想做兼职").check()
        page.get_by_label("我已阅读并同意").check()
        page.wait_for_timeout(2100)  # nobody writes faster
        page.get_by_role("button", name="报名").click()
        expect(page.get_by_role("alert")).to_contain_text("请填写真实的手机号")
        expect(page.get_by_label("您的姓名", exact=True)).to_have_value("郝新人")
        page.get_by_label("您的手机号", exact=True).fill(number)
        page.get_by_label("我已阅读并同意").check()
        page.get_by_role("button", name="报名").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("谢谢您")
    region = open_region(town.path)
    assert find_by_phone(region, [f"+86{number}"])
    region.close()


def test_a_printed_poster_is_read_back_by_a_decoder_and_leads_to_its_page(browser: Browser, town: Town) -> None:
    with opened(browser) as page:
        page.goto(town.url("/posters/{code}"))
        page.emulate_media(media="print")
        shot = Image.open(io.BytesIO(page.screenshot(full_page=True)))
        found = zxingcpp.read_barcodes(shot)
        assert [one.text for one in found] == [town.url("/join/{code}")]
        for menu in page.locator(".top").all():
            expect(menu).not_to_be_visible()
        small = shot.resize((shot.width // 4, shot.height // 4))  # some steps away from the wall
        assert [one.text for one in zxingcpp.read_barcodes(small)] == [town.url("/join/{code}")]
        page.goto(found[0].text)
        expect(page.get_by_role("heading", level=1)).to_have_text("Earn part-time, from home")


def test_the_public_page_is_a_few_kilobytes(browser: Browser, town: Town) -> None:
    with opened(browser, role=None, width=360, height=740) as page:
        sizes: list[int] = []
        page.on("response", lambda answer: sizes.append(len(answer.body())))
        page.goto(town.url("/join/{code}"))
        page.wait_for_load_state("networkidle")
        assert sum(sizes) < 15_000
        assert page.evaluate("document.scripts.length") == 0


def test_a_lead_erases_a_person_who_asked_for_it(browser: Browser, town: Town) -> None:
    with opened(browser) as page:
        page.goto(f"{town.site}/candidates/{town.who(5)}")
        page.get_by_text("Erase", exact=True).click()
        page.get_by_label("The person asked for it").check()
        page.get_by_role("button", name="Erase this person").click()
        expect(page.get_by_role("status")).to_have_text("The person is erased. The figures stay.")
    region = open_region(town.path)
    assert find_by_phone(region, [f"+86{phone(5)}"]) == {}
    region.close()
