"""A lead who has never seen the desk, at 8 in the morning and at 8 at night: what stands there is decided there.

Every decision begins on the first page with one tap on its number, and ends on the page which that opens.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from fieldops.ids import StreetId
from fieldops.store.claims import claims_in_force, claims_of_street
from fieldops.store.connect import Region
from tests.browser.conftest import PATIENCE, opened, served
from tests.lead_town import EVENING, MORNING, make_lead_town, region_at

LOOKS = [(360, 740, "zh-CN", "light"), (1280, 800, "en-US", "dark")]
MORE = [(360, 740, "en-US", "dark"), (1280, 800, "zh-CN", "light")]
WORDS = {
    "zh-CN": {
        "morning": "丁家镇 · 3月9日 周一", "day": "第 8 天，共 9 天。", "claimed": "已认领", "end": "24 小时内到期", "free": "空闲", "idle": "闲着的小组",
        "saturated": "已推爆", "decide": "现在要决定", "forecast": "结果预测", "quiet_yesterday": "个小组昨天没报工时", "quiet_today": "个小组今天没报工时",
        "nothing": "所有拦访都看过了", "interval": "80 %",
    },
    "en-US": {
        "morning": "丁家镇 · Mon 9 Mar", "day": "Day 8 of 9.", "claimed": "Claimed", "end": "End within 24 hours", "free": "Free", "idle": "Crews idle",
        "saturated": "Saturated", "decide": "To decide now", "forecast": "How it will end", "quiet_yesterday": "told no hours of yesterday",
        "quiet_today": "told no hours of today", "nothing": "every survey has been looked at", "interval": "80 %",
    },
}  # fmt: skip


def number(page: Page, name: str) -> int:
    """Return the number of a card of the first page."""
    card = page.locator(".number-card").filter(has=page.locator(".name").get_by_text(name, exact=True))
    return int(card.locator(".value").inner_text().replace(",", ""))


def waiting(page: Page, address: str) -> Locator:
    """Return what waits for a decision behind an address."""
    return page.locator(f'.todo a[href^="{address}"]')


def today(page: Page, site: str) -> None:
    """Go back to the first page, by the menu that stands on every page."""
    page.locator("nav a[href^='/today']").first.click()
    expect(page).to_have_url(f"{site}/today")


def in_first_screen(page: Page, part: Locator) -> bool:
    box = part.bounding_box()
    assert box is not None
    return box["y"] + box["height"] <= page.viewport_size["height"]  # type: ignore[index]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Region]:
    region = make_lead_town(tmp_path / "region.gpkg")
    yield region
    region.close()


@pytest.fixture
def lead_site(town: Region, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("FIELDOPS_TESTED_REGION", str(town.path))  # where `opened` makes its sessions
    with served(Path(town.path)) as address:
        yield address


@pytest.mark.parametrize("look", [*LOOKS, *(pytest.param(look, marks=pytest.mark.full) for look in MORE)], ids=str)
def test_a_lead_sees_in_one_screen_where_it_stands_and_decides_morning_and_evening(
    browser: Browser, lead_site: str, town: Region, look: tuple[int, int, str, str]
) -> None:
    width, height, language, scheme = look
    with opened(browser, width=width, height=height, language=language, scheme=scheme) as page:
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(lead_site)
        expect(page).to_have_url(f"{lead_site}/today")
        morning(page, lead_site, town, WORDS[language])
        region_at(town, EVENING)
        page.goto(lead_site)
        evening(page, lead_site, town, WORDS[language])


def morning(page: Page, site: str, town: Region, words: dict[str, str]) -> None:
    """Where do we stand, what ends today, who is idle, what should I decide: read on one screen, then decided."""
    expect(page.get_by_role("heading", level=1)).to_have_text(words["morning"])
    expect(page.locator(".stand")).to_contain_text(words["day"])
    stands = {name: number(page, words[name]) for name in ("saturated", "claimed", "end", "free", "idle")}
    assert stands == {"saturated": 0, "claimed": 5, "end": 4, "free": 108, "idle": 1}
    for part in (*page.locator(".number-card").all(), page.get_by_role("heading", name=words["decide"])):
        assert in_first_screen(page, part)
    expect(page.locator(".todo")).to_contain_text(words["quiet_yesterday"])
    assert words["interval"] in page.get_by_role("region", name=words["forecast"]).inner_text()

    # What was measured is decided: a street moves on, and its crew is told where to go.
    waiting(page, "/move-on").click()
    page.locator("form.bar button.main").click()
    expect(page.locator("#result")).to_contain_text("1")
    expect(page.locator("form.bar")).to_contain_text(words["nothing"])
    today(page, site)
    assert number(page, words["saturated"]) == 1
    expect(waiting(page, "/move-on")).to_have_count(0)

    # What ends today: one of the three that are left is taken back, with its reason.
    page.locator(".number-card[href^='/claims']").filter(has_text=words["end"]).click()
    rows = page.get_by_role("region", name="3").locator("tbody tr")
    expect(rows).to_have_count(3)
    street = StreetId(rows.first.locator("th a").get_attribute("href").rpartition("/")[2])  # type: ignore[union-attr]
    rows.first.locator("summary").click()
    rows.first.locator("select").select_option("crew_shrank")
    rows.first.locator("form button").click()
    expect(page.get_by_role("status")).to_be_visible()
    assert claims_of_street(town.reader(), street)[0].reason == "crew_shrank"

    # Who is idle gets the next street, with its reason.
    today(page, site)
    idle = page.locator(".cards li").filter(has_text="戊组")
    idle.locator(".button").click()
    page.locator("#next ~ .cards form button").first.click()
    expect(page.get_by_role("status")).to_contain_text("戊组")
    assert any(one.crew == "C4" for one in claims_in_force(town.reader(), MORNING))
    today(page, site)
    expect(page.locator(".cards li").filter(has_text="戊组")).to_have_count(0)

    # Incidents are settled where they stand.
    for left in (2, 1):
        waiting(page, "/incidents").click()
        rows = page.locator("#list tbody tr")
        expect(rows).to_have_count(left)
        rows.first.locator("summary").first.click()
        rows.first.locator("form button").first.click()
        expect(page.get_by_role("status")).to_be_visible()
        today(page, site)
    expect(waiting(page, "/incidents")).to_have_count(0)


def evening(page: Page, site: str, town: Region, words: dict[str, str]) -> None:
    """What the clock ended at noon is on the first page: streets let go, crews without one, hours that nobody told."""
    free = page.locator(".todo a[href$='#ended']")
    expect(free.locator(".count")).to_have_text("3")
    expect(page.locator(".todo")).to_contain_text(words["quiet_today"])
    assert number(page, words["end"]) == 1
    assert words["interval"] in page.get_by_role("region", name=words["forecast"]).inner_text()
    assert waiting(page, "/claims").count() == 2  # what ends by tomorrow evening, and what has ended

    # One street goes on with its crew: the cool-down is lifted, with a reason. Another goes to a crew that is idle.
    free.click()
    rows = page.locator("#ended ~ .wide tbody tr")
    expect(rows).to_have_count(3)
    forfeited = rows.filter(has=page.locator("form[action='/claims/override']"))
    on = StreetId(forfeited.first.locator("th a").get_attribute("href").rpartition("/")[2])  # type: ignore[union-attr]
    again = forfeited.first.locator("details", has=page.locator("form[action='/claims/override']"))
    again.locator("summary").click()
    again.locator("select").select_option("nearly_done")
    again.locator("button").click()
    expect(page.get_by_role("status")).to_be_visible()
    expect(page.locator("#ended ~ .wide tbody tr")).to_have_count(2)
    assert any(one.street == on for one in claims_in_force(town.reader(), EVENING))
    row = page.locator("#ended ~ .wide tbody tr").first
    row.locator("summary").first.click()
    row.locator("input[name=crew]").first.fill("甲组")
    row.locator("form[action='/claims'] button").click()
    expect(page.get_by_role("status")).to_contain_text("甲组")
    today(page, site)
    expect(page.locator(".todo a[href$='#ended'] .count")).to_have_text("1")

    # Who told no hours today is named, to be called.
    waiting(page, "/shifts").click()
    expect(page.locator("#quiet a").first).to_be_visible()
