"""Pages that an act leads to, or that are long where much was done: filled, acted out, nothing wrong to axe, nothing sticks out."""

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect
from pyotp import TOTP

from fieldops.actions.accounts import add_account
from fieldops.actions.backcheck import order_back_checks, quarantine_surveys
from fieldops.actions.claims import make_claim
from fieldops.actions.decisions import decide
from fieldops.actions.drawing import new_map_place
from fieldops.actions.jobs import list_jobs, order_job
from fieldops.actions.surveys import record_surveys
from fieldops.actions.timesheets import confirm_hours
from fieldops.ids import CrewId, JobId, MeasurementId, PromoterId, StreetId
from fieldops.people import Role
from fieldops.store.connect import Region
from fieldops.worker import Worker
from tests.browser.conftest import opened, served
from tests.browser.test_pages import LOOKS, check_page
from tests.conftest import NOON, PLANNER
from tests.desk_town import make_desk_town
from tests.phones import Phone, crew_actor
from tests.small_map import grid_map
from tests.web.test_operation import surveys
from web.paging import A_PAGE

PASSWORD = "harbour lamp seven tulip"
PEOPLE = A_PAGE + 3
DAY = NOON.date()
EVENING = NOON + timedelta(hours=9)


class Town(NamedTuple):
    """The served town: its address, its file, and the jobs that brought a map and examined a backup."""

    site: str
    path: Path
    imported: JobId
    examined: JobId


def fill(region: Region) -> None:
    """Let much be done: hours told and counted, streets moved on, asked again blind, put into quarantine."""
    streets = [row[0] for row in region.reader().execute("SELECT id FROM street ORDER BY id LIMIT ?", (PEOPLE,))]
    with region.turn(PLANNER, now=NOON) as turn:
        for crew in ("C0", "C1"):
            names = [(f"{'PV'[crew == 'C1']}{number}", crew) for number in range(PEOPLE)]
            turn.connection.executemany("INSERT INTO promoter VALUES (?, ?, NULL, NULL)", names)
    for street in streets[4:]:
        make_claim(region, PLANNER, street=StreetId(street), crew=CrewId("C0"), now=NOON)
    for number, street in enumerate(streets):
        rows = [(row, one | {"survey_id": f"{street}-{row}"}) for row, one in surveys(street, 12, 20)]
        assert record_surveys(region, PLANNER, rows, now=NOON + timedelta(hours=2)).added == 20
        if number % 3 == 0:
            again = [
                (row, one | {"survey_id": f"{street}-again-{row}", "promoter": f"V{row % 2}", "measurement": f"again{street}",
                             "answer": "does_not_know", "back_check_of": f"M{street}"})
                for row, one in surveys(street, 0, 20)
            ]  # fmt: skip
            assert record_surveys(region, PLANNER, again, now=NOON + timedelta(hours=3)).added == 20
    decide(region, PLANNER, now=NOON + timedelta(hours=3))
    order_back_checks(region, PLANNER, now=NOON + timedelta(hours=3))
    for street in streets[:2]:
        quarantine_surveys(
            region, PLANNER, reason="suspect", measurement=MeasurementId(f"M{street}"), now=NOON + timedelta(hours=3)
        )
    for number in range(PEOPLE):
        phone = Phone(promoter=f"P{number}", device=f"D{number}")
        made = [
            phone.make(EVENING, "hours", street=streets[0], day=DAY.isoformat(), hours=6.0 + 12 * (number % 5 == 0))
        ]
        phone.send(region, made, EVENING, crew_actor("C0"))
        if number % 3 == 0:
            confirm_hours(region, PLANNER, PromoterId(f"P{number}"), DAY, 5.5, why="seen_working", now=EVENING)


def work(path: Path, kind: str, **parameters: object) -> JobId:
    """Let a worker do a job, and return it."""
    order_job(path, PLANNER, kind, parameters)
    Worker(path, lambda _: None).run(once=True)
    job = list_jobs(path, PLANNER)[0]
    assert (job.kind, job.state) == (kind, "done"), job.problem
    return job.id


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    path = tmp_path_factory.mktemp("filled") / "region.gpkg"
    region = make_desk_town(path)
    fill(region)
    work(path, "backup")
    (backup,) = (path.parent / "backups").glob("*.gpkg")
    (free,) = region.reader().execute("SELECT street FROM street_status WHERE state = 'free' LIMIT 1").fetchone()
    make_claim(region, PLANNER, street=StreetId(free), crew=CrewId("C3"), now=EVENING)
    examined = work(path, "examine", backup=backup.name)
    place = new_map_place(region, PLANNER)
    place.write_text(grid_map(), encoding="utf-8")
    imported = work(
        path, "import", map_file=place.name, city="新城", coordinates="wgs84", time_zone="UTC", now=EVENING.isoformat()
    )
    add_account(region, PLANNER, login="chen.hua", name="陈华", role=Role.LEAD, password=PASSWORD)
    region.close()
    before = os.environ.get("FIELDOPS_TESTED_REGION")
    os.environ["FIELDOPS_TESTED_REGION"] = str(path)
    with served(path) as site:
        yield Town(site, path, imported, examined)
    if before is not None:
        os.environ["FIELDOPS_TESTED_REGION"] = before


PAGES = [
    ("/pay", "lead"),
    ("/trust", "lead"),
    ("/map/imported/{imported}", "planner"),
    ("/keeping/examined/{examined}", "planner"),
]
SOME = [(*page, LOOKS[number % 4]) for number, page in enumerate(PAGES)]
ALL = [(*page, look) for page in PAGES for look in LOOKS if (*page, look) not in SOME]


@pytest.mark.parametrize(
    ("path", "role", "look"), [*SOME, *(pytest.param(*case, marks=pytest.mark.full) for case in ALL)], ids=str
)
def test_axe_finds_nothing_wrong_and_nothing_sticks_out_of_long_pages(
    browser: Browser, town: Town, path: str, role: str, look: tuple[int, int, str, str]
) -> None:
    width, height, language, scheme = look
    with opened(browser, width=width, height=height, language=language, scheme=scheme, role=role) as page:
        page.goto(town.site + path.format(imported=town.imported, examined=town.examined))
        check_page(page, language)


@pytest.mark.parametrize("look", [LOOKS[0], pytest.param(LOOKS[3], marks=pytest.mark.full)], ids=str)
def test_a_second_factor_is_set_up_used_and_taken_away_in_a_browser(
    browser: Browser, town: Town, look: tuple[int, int, str, str]
) -> None:
    width, height, language, scheme = look
    with opened(browser, width=width, height=height, language=language, scheme=scheme, role=None, broken=True) as page:
        page.goto(f"{town.site}/sign-in")
        sign_in(page)
        page.goto(f"{town.site}/account/second-factor")
        page.locator("main [name=password]").fill(PASSWORD)
        page.locator("main form button").click()
        expect(page.locator(".qr svg")).to_be_visible()
        check_page(page, language)
        app = TOTP(page.locator("p.secret").inner_text().replace(" ", ""))
        page.locator("#code").fill("000000")
        page.locator("main form button").click()
        expect(page.get_by_role("alert")).to_be_visible()
        check_page(page, language)
        page.locator("#code").fill(app.now())
        page.locator("main form button").click()
        codes = page.locator("ol.secret li")
        expect(codes).to_have_count(10)
        check_page(page, language)
        recovery = codes.first.inner_text()
        page.locator("main a.main").click()
        expect(page).to_have_url(f"{town.site}/today")
        page.goto(f"{town.site}/account")
        page.locator("form[action='/sign-out'] button").click()
        sign_in(page)
        expect(page).to_have_url(re.compile("/sign-in/code"))
        check_page(page, language)
        page.locator("#code").fill("123456")
        page.locator("main form button").click()
        expect(page.get_by_role("alert")).to_be_visible()
        check_page(page, language)
        page.locator("#code").fill(recovery)
        page.locator("main form button").click()
        page.goto(f"{town.site}/account/second-factor")
        check_page(page, language)
        page.locator("main [name=password]").fill(PASSWORD)
        page.locator("main form button").click()
        expect(page.locator("p.said")).to_be_visible()


def sign_in(page: Page) -> None:
    page.locator("#login").fill("chen.hua")
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button").click()
    page.wait_for_load_state()
