"""What addresses and forms ask for: what cannot be meant is refused on every page alike, naming the field and the cure."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fieldops.actions.claims import make_claim
from fieldops.ids import CrewId, StreetId
from fieldops.people import Role
from tests.conftest import NOON, PLANNER
from tests.desk_town import make_desk_town
from tests.web.test_people import browser_of
from web.paging import A_PAGE, pages_of

CJK = re.compile(r"[\u4e00-\u9fff]")
ENGLISH = {"Accept-Language": "en"}
HERE = {"Origin": "http://localhost", "Accept-Language": "zh-CN"}
# An address with a field that means nothing, the field's name in Chinese, and a word of the cure.
MEANINGLESS = [
    ("/claims?within=abc", "哪些认领", "24, 48, all"), ("/move-on?verdict=zzz", "判定", "move_on"), ("/move-on?quarantined=yes", "隔离", "0, 1"),
    ("/streets?state=zzz", "状态", "saturated"), ("/map?state=zzz", "状态", "saturated"), ("/map?measured=maybe", "知晓率", "yes, no"),
    ("/map?sort=zzz", "排序", "people"), ("/map?sort=people&down=x", "排序", "0, 1"), ("/map/streets?sort=zzz", "排序", "people"),
    ("/map/edit?kind=zzz", "类别", "split"), ("/brings?by=zzz", "按什么", "street"), ("/brings?order=zzz", "排序", "candidates"),
    ("/funnel?source=zzz", "来源", "street"), ("/candidates?stage=zzz", "阶段", "contacted"), ("/candidates?group=zzz", "类别", "1"),
    ("/candidates?due=zzz", "", "0, 1"), ("/candidates/table?page=zzz", "页", "10000"), ("/streets?page=0", "页", "10000"), ("/streets?page=zzz", "页", "10000"),
    ("/map?page=-1", "页", "10000"), ("/claims?within=all&ended=x", "页", "10000"), ("/people?promoters=x", "页", "10000"),
    ("/shifts?day=0001-01-01", "日期", "2000"), ("/shifts?day=9999-12-31", "日期", "2099"), ("/shifts?day=2026-02-30", "日期", "2026-03-01"),
    ("/pay?first=0001-01-01", "第一天", "2000"), ("/pay?last=9999-12-31", "最后一天", "2099"), ("/pay?first=tomorrow", "第一天", "2026-03-01"),
]  # fmt: skip
# A form, what it is given, and a word of what is said.
FORMS = [
    ("/bursts", {"people": "20", "start": "2026-03-01"}, "2026-03-01 已经过去"), ("/bursts", {"people": "20", "start": "0001-01-01"}, "2000 年到 2099 年"),
    ("/bursts", {"people": "20", "start": "9999-12-31"}, "2000 年到 2099 年"), ("/bursts", {"people": "20", "start": "2098-12-31"}, "一年"),
    ("/bursts", {"people": "0"}, "人数"), ("/plan", {"start": "2026-02-27T08:00"}, "已经过去"), ("/plan", {"start": "2098-01-01T08:00"}, "一年"),
    ("/plan", {"start": "9999-12-31T08:00"}, "2000 年到 2099 年"), ("/plan", {"start": "tomorrow"}, "请写日期和时间"), ("/plan", {"seconds": "0"}, "1 到 600"),
    ("/what-if", {"hours": "5", "start": "2026-02-27T08:00"}, "已经过去"), ("/data/end", {"begin": "0001-01-01T08:00"}, "2000 年到 2099 年"),
    ("/data/end", {"begin": "2026-02-01T08:00"}, "过去"), ("/trainings", {"starts_at": "9999-12-30T08:00", "ends_at": "9999-12-30T10:00"}, "2000 年到 2099 年"),
]  # fmt: skip


def said(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text.partition('<main id="content">')[2]).split())


@pytest.mark.parametrize(("path", "field", "cure"), MEANINGLESS, ids=[path for path, *_ in MEANINGLESS])
def test_a_filter_that_means_nothing_is_refused_by_its_name_with_what_can_be_chosen(
    client: FlaskClient, path: str, field: str, cure: str
) -> None:
    answer = client.get(path, headers={"Accept-Language": "zh-CN"})
    assert answer.status_code == 422
    assert field in said(answer.text)
    assert cure in said(answer.text)
    assert 'lang="en">' not in answer.text
    bare = path.partition("?")[0]
    assert client.get(bare).status_code == 200  # the page itself is there: what was refused is the field


@pytest.mark.parametrize("path", ["/claims?crew=zzz", "/notices?crew=zzz", "/map?crew=zzz", "/pay?crew=zzz", "/map?city=zzz", "/streets?city=zzz"])  # fmt: skip
def test_a_crew_or_city_that_is_not_there_is_no_empty_list(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Accept-Language": "zh-CN"})
    assert answer.status_code == 404
    assert "zzz" in said(answer.text)
    assert 'lang="en">' not in answer.text


@pytest.mark.parametrize(("path", "data", "word"), FORMS, ids=str)
def test_a_form_orders_nothing_for_a_day_that_is_over_or_that_nobody_means(
    client: FlaskClient, path: str, data: dict[str, str], word: str
) -> None:
    answer = client.post(path, data=data, headers=HERE)
    assert answer.status_code == 422
    assert word in said(answer.text)
    assert 'lang="en">' not in answer.text


def test_every_page_that_is_not_there_says_so_in_chinese_alone(app: Flask, client: FlaskClient) -> None:
    asked = 0
    for rule in app.url_map.iter_rules():
        if (
            "GET" not in (rule.methods or ())
            or rule.rule.startswith(("/api", "/static", "/join"))
            or rule.rule.endswith((".json", ".bin"))
        ):
            continue
        if not rule.arguments:
            continue
        path = re.sub(r"<(?:\w+:)?\w+>", lambda hole: "99999" if hole[0].startswith("<int") else "zzz", rule.rule)
        answer = client.get(path, headers={"Accept-Language": "zh-CN"})
        if answer.status_code < 400 or answer.mimetype != "text/html":
            continue
        asked += 1
        assert 'lang="en">' not in answer.text, path
        words = said(answer.text).replace("zzz", "").replace("fieldops", "")
        words = re.sub(r"“[^”]*”|`[^`]*`|\b(csv|xlsx)\b", "", words)
        assert not re.search(r"[A-Za-z]{3,}", words), (path, words)
    assert asked >= 10
    for answer in (client.get("/nothing", headers=HERE), client.post("/map", headers=HERE)):
        assert not re.search(r"[A-Za-z]{3,}", said(answer.text))


def test_a_long_list_is_turned_page_by_page_and_says_how_many_there_are(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    region = make_desk_town(tmp_path_factory.mktemp("long") / "desk.gpkg")
    free = [
        row[0]
        for row in region.reader().execute(
            "SELECT street FROM street_status WHERE state = 'free' ORDER BY street LIMIT 60"
        )
    ]
    for number, street in enumerate(free):
        make_claim(
            region,
            PLANNER,
            street=StreetId(street),
            crew=CrewId(f"C{number % 5}"),
            now=NOON + timedelta(minutes=number),
        )
    lead = browser_of(region, Role.LEAD)
    seen: list[str] = []
    for page in (1, 2, 3):
        text = lead.get(f"/claims?within=all&page={page}", headers=ENGLISH).text
        rows = re.findall(r'<th scope="row"><a href="/streets/(\w+)"', text)
        assert len(rows) == (A_PAGE if page < 3 else 64 - 2 * A_PAGE)
        seen += rows
        last = min(64, page * A_PAGE)
        assert f"{(page - 1) * A_PAGE + 1}–{last} of 64 · page {page} of 3" in said(text)
        assert ('rel="next"' in text) == (page < 3)
        assert ('rel="prev"' in text) == (page > 1)
        assert "64 claims" in said(text)
    assert len(set(seen)) == 64
    assert (
        "within=all&amp;page=3#ending" in lead.get("/claims?within=all&page=2", headers=ENGLISH).text
    )  # the filter is kept
    assert "page 3 of 3" in said(
        lead.get("/claims?within=all&page=9", headers=ENGLISH).text
    )  # what acts have shortened is not lost
    region.close()


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (25, 1), (26, 2), (50, 2), (51, 3)])
def test_rows_fill_pages(count: int, pages: int) -> None:
    assert pages_of(count) == pages
