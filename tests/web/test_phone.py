"""The pages of a phone as they are served: what they hold, what the worker may keep, what the door of records answers."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from fieldops.actions.claims import make_claim
from fieldops.actions.sessions import resume
from fieldops.clock import now
from fieldops.ids import CrewId, StreetId
from fieldops.people import Role
from fieldops.store.accounts import private_turn
from fieldops.store.attempts import add_attempt
from fieldops.store.connect import open_region
from tests.accounts import PLAIN_COOKIE, session_of
from tests.conftest import NOON, PLANNER, ROOT
from tests.phone_town import make_phone_town
from tests.phones import Phone
from tests.web.conftest import Browser
from web.answers import FOR_EVER
from web.app import create_app
from web.crew.phone import FIRST, LATER, MOST_DRAWN, MOST_SYNCS, NEXT, SHELL, SYNC_WINDOW
from web.crew.sketch import MOST_HEIGHT, draw
from web.settings import Settings

HERE = {"Origin": "http://localhost"}
PAGES = ("/crew/", "/crew/me", "/crew/learn", "/crew/hand-over", "/crew/push")
NOW = NOON.isoformat()
SCRIPTS = ROOT / "web" / "static" / "crew"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("phone") / "region.gpkg"
    make_phone_town(path).close()
    return path


def browser_of(path: Path) -> FlaskClient:
    app = create_app(Settings(path))
    app.test_client_class = Browser
    return app.test_client()


@pytest.fixture
def phone(town: Path) -> FlaskClient:
    client = browser_of(town)
    client.set_cookie(PLAIN_COOKIE, session_of(town, Role.CREW_LEAD, "C0"))
    return client


def data(client: FlaskClient) -> dict[str, object]:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', client.get("/crew/").text, re.DOTALL)
    assert found
    read: dict[str, object] = json.loads(found[1])
    return read


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_marked_as_ours_and_holds_no_inline_script_or_style(
    phone: FlaskClient, page: str, language: str
) -> None:
    got = phone.get(page, headers={"Accept-Language": language})
    assert got.status_code == 200
    assert got.headers["X-Fieldops"]
    for bad in ("<style", " style=", "<script>", " onclick", "https://", "{{", "None<"):
        assert bad not in got.text.replace("https://uri.amap.com", ""), bad


def test_the_page_of_the_day_says_until_when_each_street_is_the_crews(phone: FlaskClient) -> None:
    page = phone.get("/crew/", headers={"Accept-Language": "en"}).text
    assert page.count("yours until Mon 9 Mar, 12:00") == 5
    assert "3%–12% know, of 20% wanted" in page
    assert "unknown: nobody asked yet" in page
    held = data(phone)["held"]
    assert isinstance(held, dict)
    assert held["S0"]["gcj"] != held["S0"]["at"] != held["S0"]["bd"]


def test_nobody_stands_first_while_no_crew_has_saturated_a_street(phone: FlaskClient) -> None:
    page = phone.get("/crew/me", headers={"Accept-Language": "en"}).text
    assert "No crew has saturated a street in these seven days yet." in page
    assert "Place 1 of" not in page


def test_the_sketch_shows_the_streets_of_the_coming_hours_and_not_a_weeks(tmp_path: Path) -> None:
    region = make_phone_town(tmp_path / "region.gpkg")
    for street in range(6, 12):
        make_claim(region, PLANNER, street=StreetId(f"S{street}"), crew=CrewId("C0"), now=NOON)
    region.close()
    client = browser_of(tmp_path / "region.gpkg")
    client.set_cookie(PLAIN_COOKIE, session_of(tmp_path / "region.gpkg", Role.CREW_LEAD, "C0"))
    page = client.get("/crew/", headers={"Accept-Language": "en"}).text
    assert page.count("<li data-street=") == 11
    drawn = re.search(r'<svg class="sketch".*?</svg>', page, re.DOTALL)
    assert drawn
    assert drawn[0].count("<circle") == MOST_DRAWN == 8


def test_files_of_the_shell_are_kept_for_ever_under_their_version_and_never_under_another(phone: FlaskClient) -> None:
    worker = phone.get("/crew/worker.js")
    assert worker.headers["Cache-Control"] == "no-store"
    files = json.loads(re.search(r"FILES = (\[.*?\]);", worker.text)[1])  # type: ignore[index]
    assert len(files) >= 8
    for file in files:
        assert phone.get(file).headers["Cache-Control"] == FOR_EVER
    assert phone.get("/crew/shell/old/app.js").headers["Cache-Control"] == "no-store"
    assert phone.get("/crew/shell/old/region.key").status_code == 404
    assert phone.get("/crew/shell/old/..%2f..%2fapp.py").status_code == 404


def brought_by(*names: str) -> set[str]:
    """Return scripts with all that they import as they begin."""
    found, open_ = set[str](), list(names)
    while open_:
        name = open_.pop()
        if name not in found:
            found.add(name)
            open_ += re.findall(r'^import .*"\./(.+)";$', (SCRIPTS / name).read_text("utf-8"), re.MULTILINE)
    return found


def test_every_script_is_kept_by_the_worker_and_what_is_fetched_at_once_is_whole() -> None:
    assert {one.name for one in SCRIPTS.iterdir()} == set(SHELL)
    assert brought_by("views.js") | {"start.js"} == set(FIRST)  # the first view evaluates these and no other
    assert brought_by(*FIRST, *NEXT) == {*FIRST, *NEXT}


def test_whatever_the_page_of_the_day_may_import_later_is_brought_while_the_browser_is_idle() -> None:
    words = {name: (SCRIPTS / name).read_text("utf-8") for name in FIRST + NEXT + LATER}
    rooms = re.search(r"const ROOMS = \{(.*?)\};", words["views.js"], re.DOTALL)
    brought = re.search(r"const LATER = \[(.*?)\];", words["app.js"])
    assert rooms
    assert brought
    wanted = {name for text in words.values() for name in re.findall(r'import\("\./(\w+)\.js"\)', text)} - {"views"}
    assert wanted | set(re.findall(r': "(\w+)"', rooms[1])) == set(re.findall(r'"(\w+)"', brought[1]))


def test_the_first_load_stays_within_its_budget(phone: FlaskClient) -> None:
    packed = {"Accept-Encoding": "gzip"}
    page = phone.get("/crew/", headers=packed)
    files = re.findall(r'(?:href|src)="(/crew/shell/[^"]+)"', phone.get("/crew/").text)
    sizes = {file: len(phone.get(file, headers=packed).data) for file in set(files)}
    scripts = sum(size for file, size in sizes.items() if file.endswith(".js"))
    assert scripts <= 12_000, sizes
    assert scripts + len(page.data) + sum(size for f, size in sizes.items() if f.endswith(".css")) <= 40_000


def test_a_batch_is_taken_and_an_empty_one_tells_the_time(phone: FlaskClient) -> None:
    made = Phone().make(NOON, street="S0", what="refused")
    got = phone.post("/crew/sync.json", json={"sent_at": NOW, "records": [made]}, headers=HERE)
    assert got.json is not None
    assert [one["result"] for one in got.json["answers"]] == ["accepted"]
    empty = phone.post("/crew/sync.json", json={"sent_at": NOW, "records": []}, headers=HERE)
    assert empty.json is not None
    assert empty.json["answers"] == []
    assert empty.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"records": 1, "sent_at": "x"}', b'{"records": [1], "sent_at": "2026-03-02T04:00:00Z"}',
     b'{"records": [], "sent_at": "noon"}', b'{"records": [], "sent_at": 5}', b"[" * 100_000, b"\xff"],
)  # fmt: skip
def test_what_is_no_batch_is_refused_in_words(phone: FlaskClient, body: bytes) -> None:
    got = phone.post("/crew/sync.json", data=body, content_type="application/json", headers=HERE)
    assert got.status_code == 422
    assert got.json is not None
    assert got.json["error"]["text"]


def test_a_signed_out_phone_is_told_so_and_its_batch_is_left_alone(town: Path) -> None:
    stranger = browser_of(town)
    got = stranger.post("/crew/sync.json", json={"sent_at": NOW, "records": []}, headers=HERE)
    assert got.status_code == 401


def test_wechat_is_told_how_to_get_out(phone: FlaskClient) -> None:
    agent = "Mozilla/5.0 (Linux; Android 12) AppleWebKit/537.36 Chrome/107 Mobile MicroMessenger/8.0.30"
    english = {"Accept-Language": "en"}
    assert "You are in WeChat" in phone.get("/crew/", headers={**english, "User-Agent": agent}).text
    assert "You are in WeChat" not in phone.get("/crew/", headers=english).text


def test_a_sketch_fits_its_frame_and_draws_every_street() -> None:
    streets = [[[(117.2 + i / 1000, 28.3), (117.2 + i / 1000, 28.301)]] for i in range(5)]
    drawn = draw(streets, [(117.2, 28.3)])
    assert len(drawn.paths) == 5
    assert 0 < drawn.height <= MOST_HEIGHT
    numbers = [float(x) for path in drawn.paths for x in re.findall(r"[\d.]+", path)]
    assert min(numbers) >= 0
    assert max(numbers) <= drawn.width
    assert draw([], []).paths == []
    assert draw([[[(117.2, 28.3), (117.2, 28.3)]]], []).height > 0


def test_a_session_that_sends_too_often_is_told_when_to_come_again_and_another_is_not_held_up(
    town: Path, phone: FlaskClient
) -> None:
    def send(client: FlaskClient) -> TestResponse:
        return client.post("/crew/sync.json", json={"sent_at": NOW, "records": []}, headers=HERE)

    region, secret = open_region(town), session_of(town, Role.CREW_LEAD, "C0")
    phone.set_cookie(PLAIN_COOKIE, secret)
    assert send(phone).status_code == 200
    opened = resume(region, secret)
    assert opened
    with private_turn(region) as private:
        for ahead in (timedelta(0), SYNC_WINDOW):  # the window may change while this runs
            for _ in range(MOST_SYNCS):
                add_attempt(private, f"sync {opened.session.id}", now() + ahead, SYNC_WINDOW)
    refused = send(phone)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= SYNC_WINDOW.total_seconds() + 1
    other = browser_of(town)
    other.set_cookie(PLAIN_COOKIE, session_of(town, Role.CREW_LEAD, "C1"))
    assert send(other).status_code == 200


def test_a_phone_tells_how_long_to_push_each_street_of_its_crew_and_of_no_other(phone: FlaskClient, town: Path) -> None:
    region = open_region(town)
    held = [row[0] for row in region.reader().execute("SELECT street_id FROM claim WHERE crew_id = 'C0'")]
    others = [row[0] for row in region.reader().execute("SELECT street_id FROM claim WHERE crew_id <> 'C0'")]
    region.close()
    assert held
    assert others
    text = phone.get("/crew/push").text
    assert all(f"#street={street}" in text for street in held)
    assert not any(f"={street}" in text for street in others)
    assert "个工时" in text
    assert 'href="/crew/push"' in phone.get("/crew/").text
