"""Planning by hand on the pages: the cost before the move, pins, what-ifs, and reasons in the reader's language."""

import json
import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from fieldops.actions.comparison import name_prices
from fieldops.actions.jobs import list_jobs
from fieldops.actions.pins import list_pins
from fieldops.store import plans
from fieldops.store.connect import Region
from fieldops.worker import Worker
from tests.conftest import NOON, PLANNER
from tests.desk_town import PLAN
from tests.web.test_desk import text_of
from tests.web.test_operation import HERE, words
from tests.web.test_operation import lead as lead
from tests.web.test_operation import town as town

CHINESE = {"Origin": "http://localhost", "Accept-Language": "zh-CN"}


def work(town: Region) -> None:
    Worker(town.path, lambda _: None).run(once=True)


def test_a_move_is_priced_shown_done_and_stands_in_the_record(lead: FlaskClient, town: Region) -> None:
    page = f"/plan/{PLAN}/streets/R10"
    assert "Show the cost for every near crew" in words(lead, page)
    asked = lead.post(f"{page}/cost", headers=HERE)
    assert asked.status_code == 303
    assert "It is being reckoned." in words(lead, asked.headers["Location"])
    work(town)
    told = words(lead, asked.headers["Location"])
    assert "Gives up" in told
    assert "戊组" in told
    before = plans.read_plan(town.reader(), PLAN)
    moved = lead.post(f"{page}/move", data={"crew": "C4", "pin": "1"}, headers=HERE)
    work(town)
    assert "Open the plan" in words(lead, moved.headers["Location"])
    after = plans.read_plan(town.reader(), list_jobs(town.path, PLANNER)[0].result["plan"])
    assert next(one.crew for one in after.assignments if one.street == "R10") == "C4"
    assert next(one.crew for one in before.assignments if one.street == "R10") != "C4"
    assert [(pin.street, pin.crew) for pin in list_pins(town, PLANNER)] == [("R10", "C4")]
    assert "1 street was moved by hand" in words(lead, f"/plan/{after.id}")
    assert "Pinned by hand" in words(lead, "/plan")
    assert lead.post("/pins/R10/lift", headers=HERE).status_code == 303
    assert list_pins(town, PLANNER) == []


def test_a_job_of_another_street_shows_no_prices(lead: FlaskClient, town: Region) -> None:
    asked = lead.post(f"/plan/{PLAN}/streets/R10/cost", headers=HERE)
    job = asked.headers["Location"].split("job=")[1]
    work(town)
    for street, name in (("R11", job), ("R10", "none"), ("R10", "")):
        assert "Gives up" not in words(lead, f"/plan/{PLAN}/streets/{street}?job={name}")


@pytest.mark.parametrize(
    ("path", "data", "code"),
    [
        ("/plan/none/streets/R10/cost", {}, 404), (f"/plan/{PLAN}/streets/none/cost", {}, 404),
        (f"/plan/{PLAN}/streets/R10/move", {"crew": "none"}, 404), ("/pins/none", {"crew": ""}, 404),
        ("/pins/R10", {"crew": "none"}, 404), ("/pins/R10/lift", {}, 404), ("/what-if", {}, 422),
        ("/what-if", {"people": "many"}, 422), ("/what-if", {"days": "1.5"}, 422), ("/what-if", {"people": "9999"}, 422), ("/what-if", {"hours": "5", "start": "x"}, 422),
    ],
)  # fmt: skip
def test_what_is_not_there_or_cannot_be_meant_is_refused_in_both_languages(
    lead: FlaskClient, path: str, data: dict[str, str], code: int
) -> None:
    for headers in (HERE, CHINESE):
        answer = lead.post(path, data=data, headers=headers)
        assert answer.status_code == code
        if code == 422 and headers is CHINESE:
            assert '<p lang="en">' not in answer.text


def test_a_pin_to_nobody_is_set_from_a_published_plan(lead: FlaskClient, town: Region) -> None:
    assert lead.post("/pins/R30", data={"crew": "", "back": "/plan"}, headers=HERE).headers["Location"] == "/plan"
    assert "Pinned: coming plans keep it so." in words(lead, "/plan")
    assert [pin.crew for pin in list_pins(town, PLANNER)] == [None]


def test_a_what_if_is_a_job_and_stands_beside_the_present_plan(lead: FlaskClient, town: Region) -> None:
    asked = {"people": "150", "hours": "5", "days": "5", "threshold": "15", "finish": "70", "seconds": "2",
             "start": "2026-03-03T08:00"}  # fmt: skip
    ordered = lead.post("/what-if", data=asked, headers=HERE)
    assert ordered.status_code == 303
    assert list_jobs(town.path, PLANNER)[0].parameters["what_if"] == {
        "people": 1.5, "hours": 5.0, "days": 5, "threshold": 0.15, "finish": 0.7,
    }  # fmt: skip
    assert "a plan is being made" in words(lead, "/what-if")
    assert re.search(r'href="/plan"[^>]*aria-current', lead.get("/what-if").text)  # the entry that leads there is lit
    work(town)
    page = words(lead, "/what-if")
    assert "people: 150% of today's 5 hours a day 5 days of work target 15% finishes with 70%" in page
    assert "the present plan" in page
    assert "Beside the present plan" in words(lead, ordered.headers["Location"])
    answer = next(one for one in plans.list_plans(town.reader()) if "what_if" in one.figures)
    against = words(lead, f"/plan/{answer.id}?against={PLAN}")
    assert "Unevenness between crews (Gini)" in against
    assert "What if:" in against
    assert "Publish" not in against


def test_reasons_are_chinese_on_a_chinese_page_with_the_crews_name(lead: FlaskClient) -> None:
    page = lead.get(f"/plan/{PLAN}", headers=CHINESE).text
    assert "400 人中还有 60 人要告诉（已有 5% 知道）；乙组 用 11.5 工时以 86% 的把握推完，距驻地 420 米" in text_of(
        page
    )
    assert 'lang="en"' not in page.replace('value="en" lang="en"', "")
    street = lead.get("/streets/X64", headers=CHINESE).text
    assert "附近每个小组在别的街道上收获更多" in street


def test_a_refused_publication_says_why_in_chinese(lead: FlaskClient, town: Region) -> None:
    with town.turn(PLANNER, now=NOON + timedelta(days=3)) as turn:
        turn.connection.execute("UPDATE plan SET figures = ?", (json.dumps({"violations": [], "given": 1}),))
    answer = lead.post(f"/plan/{PLAN}/publish", headers=CHINESE)
    assert answer.status_code == 409


def test_a_street_that_another_crew_takes_over_is_told_once(town: Region) -> None:
    price = {
        "crew": "C4", "possible": True, "cost": 1.0, "hours": 9.0, "given_up": ["R10", "R11"], "taken_up": ["R11", "R12"],
        "because": "", "reason": "",
    }  # fmt: skip
    (shown,) = name_prices(town, PLANNER, [price])
    streets = [[street for street, _ in some] for some in (shown.given_up, shown.handed_over, shown.taken_up)]
    assert streets == [["R10"], ["R11"], ["R12"]]
