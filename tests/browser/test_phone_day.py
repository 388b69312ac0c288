"""A whole day of a promoter, acted out in a real browser; at its end the lead's screens agree with every figure."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from fieldops.actions.claims import list_claims, make_claim
from fieldops.actions.decisions import read_standings
from fieldops.actions.invitations import make_invitation
from fieldops.actions.phone import say_words
from fieldops.events import RulesChanged
from fieldops.ids import CrewId, PromoterId, StreetId
from fieldops.people import Role
from fieldops.store import audit
from fieldops.store.connect import Region, open_region
from fieldops.store.contacts import read_contacts
from fieldops.store.verify import verify
from tests.accounts import PLAIN_COOKIE, session_of
from tests.browser.conftest import until
from tests.browser.phones import READY, Server, flush_all, serving, waiting
from tests.browser.thumbs import go, sign_up
from tests.conftest import LEAD, NOON, PLANNER
from tests.phone_town import make_phone_town

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
MORNING = NOON + timedelta(days=6, hours=21)  # 09:00 in the town, three hours before the claim on S6 ends
KNOW = {
    5,
    10,
    15,
    20,
    25,
    30,
    34,
    37,
    40,
}  # which of the forty passers-by know: R50 says move on at the fortieth, not before


@pytest.fixture
def region(tmp_path: Path) -> Iterator[Region]:
    path = tmp_path / "region.gpkg"
    made = make_phone_town(path, claims=False)
    make_claim(made, PLANNER, street=StreetId("S6"), crew=CrewId("C0"), now=NOON)
    for i in range(3):
        make_claim(made, PLANNER, street=StreetId(f"S{i}"), crew=CrewId("C0"), now=MORNING)
    say_words(made, LEAD, "雨天先走商场", now=MORNING)
    yield made
    made.close()


@pytest.fixture
def server(region: Region) -> Iterator[Server]:
    with serving(region.path) as running:
        yield running


class Day:
    """The promoter's day: the phone's clock goes with the town's, and the town's with what is recorded."""

    def __init__(self, page: Page, region: Region) -> None:
        self.page, self.region, self.now = page, region, MORNING
        page.clock.set_fixed_time(MORNING)

    def at(self, moment: datetime) -> None:
        self.now = moment
        self.page.clock.set_fixed_time(moment)

    def tap(self, name: str, *, exact: bool = False) -> None:
        button = self.page.get_by_role("button", name=name, exact=exact)
        expect(button).to_be_enabled()
        button.dispatch_event("click")  # minutes lie between the promoter's taps and not between ours: no double taps
        expect(self.page.locator(".toast")).to_contain_text("Saved")

    def let_the_town_be_there(self) -> None:
        """Bring the sandbox to the same moment: its time stands at its last event."""
        with self.region.turn(PLANNER, now=self.now) as turn:
            audit.append(turn, RulesChanged(at=turn.now, settings={}))


def test_a_day_with_three_streets_forty_surveys_a_move_on_and_a_sign_up_most_of_it_without_network(
    browser: Browser, server: Server, region: Region
) -> None:
    link = make_invitation(region, LEAD, role=Role.CREW_LEAD, crew=CrewId("C0"), promoter=PromoterId("C0-0"))[1]
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="en-US", has_touch=True)
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    day = Day(page, region)

    # 09:00, at the base: in by the code, without e-mail or password
    page.goto(f"{server.address}/enter#{link}")
    page.get_by_label("Your name").fill("小李")
    page.get_by_role("button", name="Come in").click()
    until(page, READY)
    until(page, "navigator.serviceWorker.controller !== null")
    until(page, "document.querySelectorAll('[data-take]').length > 0")  # streets are kept for the day
    expect(page.locator("#streets li")).to_have_count(4)
    expect(page.locator(".says")).to_contain_text("雨天先走商场")

    # 09:05, first street, with network
    page.locator("#next").click()
    street = page.evaluate("location.hash.split('=')[1]")
    go(page, "street=S0")
    page.get_by_label("Door").fill("1-101")
    for minute, name in ((5, "Interested"), (7, "Not home"), (9, "Refused")):
        day.at(MORNING + minute * MINUTE)
        day.tap(name)
    day.at(MORNING + 10 * MINUTE)
    day.let_the_town_be_there()
    flush_all(page)
    assert server.records() == 3
    assert street
    page.reload()
    until(page, READY)
    until(page, "document.querySelectorAll('[data-take]').length > 0")
    page.wait_for_load_state("networkidle")  # the page with the kept streets is the one that the phone keeps

    # 09:15, the network is gone; two more streets
    context.set_offline(True)
    page.goto(f"{server.address}/crew/")
    until(page, READY)
    expect(page.locator(".says")).to_contain_text("雨天先走商场")  # what the lead says is kept on the phone
    for number, start in ((1, 15), (2, 20)):
        go(page, f"street=S{number}")
        day.at(MORNING + start * MINUTE)
        day.tap("Knows already")
    day.at(MORNING + 25 * MINUTE)
    go(page, "venue=V1")
    day.tap("Poster placed")

    # 09:30 to 11:27, forty people at the connection point, two corners
    go(page, "survey=T0")
    for number in range(1, 41):
        day.at(MORNING + 30 * MINUTE + 3 * (number - 1) * MINUTE)
        page.get_by_label("AB"[number % 2], exact=True).check()
        assert page.locator("#v-moveon").is_hidden(), number
        day.tap("Knows" if number in KNOW else "Does not know", exact=True)
    expect(page.locator("#thanks")).to_contain_text("Leave now")  # the phone says so at once, without network
    page.locator("#take").click()
    expect(page.locator("#moveSays")).to_contain_text("only the server gives streets")

    # 12:10, the claim on S6 has ended meanwhile; 12:20, somebody signs up; 12:30, the hours
    day.at(MORNING + 190 * MINUTE)
    go(page, "street=S6")
    day.tap("Come back")
    day.at(MORNING + 200 * MINUTE)
    sign_up(page)
    day.at(MORNING + 210 * MINUTE)
    go(page, "hours=S0")
    page.get_by_role("button", name="Half an hour more").click()
    day.tap("Save", exact=True)
    expect(page.locator("#badge")).to_have_text("47 not sent · 3 h")

    # 13:00, closed and opened again, still without network; then it is back
    page.reload()
    until(page, READY)
    assert waiting(page) == 47
    day.at(MORNING + 4 * HOUR)
    day.let_the_town_be_there()
    context.set_offline(False)
    flush_all(page)
    expect(page.locator("#badge")).to_have_text("All sent")
    assert server.records() == 50

    # The phone, the acts and the lead's pages say the same
    until(page, "document.querySelectorAll('#streets li').length === 1")  # the street that was wished for
    lead = open_region(region.path)
    agree_acts(lead)
    assert verify(lead).violations == []
    lead.close()
    page.goto(f"{server.address}/crew/me")
    figures = [text.split("\n") for text in page.locator(".figures div").all_inner_texts()]
    assert dict(figures[:5]) == {"Hours": "2.5", "Contacts": "6", "Asked": "40", "Venues": "1", "Sign-ups": "1"}  # type: ignore[arg-type]
    assert dict(figures[5:])["Late"] == "2"  # type: ignore[arg-type]  # the contact and the sign-up on S6
    agree_pages(browser, server)
    context.close()
    assert wrong == []


def agree_acts(region: Region) -> None:
    """What the lead's acts read is what was tapped."""
    now = MORNING + 4 * HOUR
    contacts = read_contacts(region.reader(), crew=CrewId("C0"))
    assert [(one.street, one.disposition.value) for one in contacts] == [
        ("S0", "interested"), ("S0", "not_home"), ("S0", "refused"), ("S1", "knows_already"), ("S2", "knows_already"),
        ("S6", "come_back"),
    ]  # fmt: skip
    assert [one.door for one in contacts[:3]] == ["1-101", "1-102", "1-103"]
    assert [one.made_at for one in contacts] == [MORNING + minute * MINUTE for minute in (5, 7, 9, 15, 20, 190)]
    assert [one.marks for one in contacts] == [()] * 5 + [("late",)]
    (point,) = [one for one in read_standings(region, LEAD, now=now) if one.measurement.triangle == "T0"]
    assert (point.test.knows, point.test.asked, point.test.verdict.value) == (9, 40, "move_on")
    ended = {one.claim.street: one.claim.outcome for one in list_claims(region, LEAD, ended_too=True, now=now)[1]}
    assert {street: outcome and outcome.value for street, outcome in ended.items() if outcome} == {
        "S0": "saturated", "S1": "saturated", "S2": "saturated",
    } | ({"S6": "forfeited"} if ended["S6"] else {})  # fmt: skip
    held = [one.claim for one in list_claims(region, LEAD, crew=CrewId("C0"), now=now)[1]]
    assert len(held) == 1
    assert held[0].claimed_at == now
    effort = region.reader().execute("SELECT street_id, promoter_hours, contacts FROM effort").fetchall()
    assert [tuple(row) for row in effort] == [("S0", 2.5, 3)]
    sources = region.reader().execute("SELECT street_id, crew_id FROM candidate").fetchall()
    assert [tuple(row) for row in sources] == [("S6", "C0")]


def agree_pages(browser: Browser, server: Server) -> None:
    """What the lead reads on the desk says the same."""
    context = browser.new_context(locale="en-US")
    secret = session_of(server.region, Role.LEAD)
    context.add_cookies([{"name": PLAIN_COOKIE, "value": secret, "domain": "127.0.0.1", "path": "/"}])
    page = context.new_page()
    told = {
        "/streets/S0": ["saturated", "2.5 promoter-hours, 3 talks", "refused 1", "not home 1", "interested 1"],
        "/streets/S1": ["saturated", "knows already 1"],
        "/streets/S2": ["saturated", "knows already 1"],
        "/streets/S6": ["come back 1", "1 candidate"],
        "/move-on": ["9 of 40"],
        "/claims": ["解放东路", "saturated", "幸福小区", "forfeited"],
    }
    for path, words in told.items():
        page.goto(f"{server.address}{path}")
        for word in words:
            expect(page.locator("main")).to_contain_text(word)
    context.close()
