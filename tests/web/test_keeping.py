"""Keeping, bases, webhooks and the pace of requests through pages."""

import io
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from fieldops.actions.jobs import list_jobs
from fieldops.actions.rules import change_rules
from fieldops.people import Role
from fieldops.store.connect import Region
from fieldops.worker import Worker
from tests.accounts import PLAIN_COOKIE, session_of
from tests.conftest import LEAD, NOON, PLANNER
from tests.desk_town import make_desk_town
from tests.web.conftest import Browser
from tests.web.test_operation import HERE, words
from web.app import create_app
from web.pace import MINUTE, Pace
from web.settings import Settings


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Region]:
    region = make_desk_town(tmp_path / "region.gpkg")
    yield region
    region.close()


@pytest.fixture
def planner(town: Region) -> FlaskClient:
    app = create_app(Settings(town.path))
    app.test_client_class = Browser
    client = app.test_client()
    client.set_cookie(PLAIN_COOKIE, session_of(town.path, Role.PLANNER))
    return client


def work(town: Region) -> None:
    Worker(town.path, lambda _: None).run(once=True)


def test_a_backup_is_taken_by_the_worker_and_listed(planner: FlaskClient, town: Region) -> None:
    assert planner.post("/keeping/backup", headers=HERE).status_code == 303
    work(town)
    assert list_jobs(town.path, PLANNER)[0].state == "done"
    kept = list((town.path.parent / "backups").glob("*.gpkg"))
    assert [file.name in words(planner, "/keeping") for file in kept] == [True]
    assert not list(Path(town.path.parent / "backups").glob("*.key"))


def test_a_planner_sees_what_a_restore_takes_away_confirms_it_and_the_server_goes_on(
    planner: FlaskClient, town: Region
) -> None:
    planner.post("/keeping/backup", headers=HERE)
    work(town)
    name = next((town.path.parent / "backups").glob("*.gpkg")).name
    planner.post("/claims", data={"street": "R20", "crew": "戊组"}, headers=HERE)
    looked = planner.post("/keeping/examine", data={"backup": name}, headers=HERE)
    work(town)
    seen = words(planner, looked.headers["Location"])
    assert "What it would take away" in seen
    page = planner.get(
        looked.headers["Location"].replace("/plan/jobs/", "/keeping/examined/"), headers={"Accept-Language": "en"}
    ).text
    assert "claims made" in page
    assert "I know that 1 event is taken out of the record." in page
    digest = re.search(r'name="digest" value="(\w{64})"', page)
    assert digest is not None
    form = {"backup": name, "digest": digest[1]}
    assert planner.post("/keeping/restore", data=form, headers=HERE).status_code == 422
    done = planner.post("/keeping/restore", data={**form, "sure": "yes"}, headers=HERE)
    assert done.status_code == 303
    work(town)
    assert "The backup is in place" in words(planner, done.headers["Location"])
    assert "free" in words(planner, "/streets/R20")


def test_a_backup_from_elsewhere_is_examined_and_what_is_none_is_refused(planner: FlaskClient, town: Region) -> None:
    def send(body: bytes, **more: bytes) -> int:
        parts = {"file": body, **more}
        boundary, content = encode_multipart(
            {field: FileStorage(io.BytesIO(part), filename="../../region.gpkg") for field, part in parts.items()}
        )
        kind = f"multipart/form-data; boundary={boundary}"
        return planner.post("/keeping/upload", data=content, headers=HERE, content_type=kind).status_code

    assert send(b"hello") == 422
    assert planner.post("/keeping/upload", data={}, headers=HERE).status_code == 422
    planner.post("/keeping/backup", headers=HERE)
    work(town)
    folder = town.path.parent / "backups"
    kept = next(folder.glob("*.gpkg"))
    assert send(kept.read_bytes(), private=kept.with_suffix(".private.db").read_bytes()) == 303
    work(town)
    assert list_jobs(town.path, PLANNER)[0].state == "done"
    assert sorted(file.name for file in folder.glob("*-in.*")) == sorted(
        name for file in folder.glob("*-in.gpkg") for name in (file.name, file.with_suffix(".private.db").name)
    )


@pytest.fixture
def bot() -> Iterator[tuple[str, list[bytes]]]:
    """A webhook of somebody else: its address, and what came in."""
    heard: list[bytes] = []

    class Ear(BaseHTTPRequestHandler):
        log_message = staticmethod(lambda *_: None)

        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            body = b'{"errcode": 0}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = HTTPServer(("127.0.0.1", 0), Ear)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook?key=very-secret", heard
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_webhook_is_set_tried_and_switched_off_and_its_address_is_never_shown(
    planner: FlaskClient, town: Region, bot: tuple[str, list[bytes]]
) -> None:
    address, heard = bot
    form = {"name": "leads", "form": "plain", "url": address, "secret": "s3cret", "language": "en"}
    assert planner.post("/webhooks", data=form, headers=HERE).status_code == 303
    page = planner.get("/webhooks").text
    assert "127.0.0.1" in page
    assert "very-secret" not in page
    assert "s3cret" not in page
    planner.post("/webhooks/try", data={"name": "leads"}, headers=HERE)
    assert json.loads(heard[0])["kind"] == "test"
    assert "The message has arrived at leads." in words(planner, "/webhooks")
    planner.post("/webhooks", data={**form, "url": "http://127.0.0.1:9/"}, headers=HERE)
    planner.post("/webhooks/try", data={"name": "leads"}, headers=HERE)
    seen = words(planner, "/webhooks")
    assert "nobody answers at the address" in seen
    assert "delivered" in seen
    planner.post("/webhooks/remove", data={"name": "leads"}, headers=HERE)
    assert "None: reminders go to the inboxes only." in words(planner, "/webhooks")
    assert planner.post("/webhooks/try", data={"name": "leads"}, headers=HERE).status_code == 404
    for wrong in ({"url": "ftp://x"}, {"form": "fax"}, {"name": ""}):
        assert planner.post("/webhooks", data={**form, **wrong}, headers=HERE).status_code == 422


def test_bases_are_described_and_taken_off_the_list(planner: FlaskClient) -> None:
    assert "No base yet." in words(planner, "/bases")
    form = {"name": "城东", "address": "解放路8号", "hours": "9:00-21:00", "lon": "20.01", "lat": "10.01"}
    assert planner.post("/bases", data=form, headers=HERE).status_code == 303
    assert "解放路8号" in words(planner, "/bases")
    assert planner.post("/bases", data={**form, "lon": "east"}, headers=HERE).status_code == 422
    assert planner.post("/bases/remove", data={"name": "城东"}, headers=HERE).status_code == 303
    assert "No base yet." in words(planner, "/bases")


def test_a_device_that_asks_too_often_is_told_to_wait_and_others_are_not(town: Region) -> None:
    change_rules(town, LEAD, why="tests", now=NOON, requests_a_minute=20)
    app = create_app(Settings(town.path))
    app.test_client_class = Browser
    clients = [app.test_client() for _ in range(2)]
    for client in clients:
        client.set_cookie(PLAIN_COOKIE, session_of(town.path, Role.LEAD))
    got = [clients[0].get("/webhooks") for _ in range(45)]  # 45: a minute may end in between
    refused = [one for one in got if one.status_code == 429]
    assert refused
    assert 0 < int(refused[0].headers["Retry-After"]) <= MINUTE + 1
    assert clients[1].get("/webhooks").status_code == 200
    assert clients[0].get("/static/page.css").status_code == 200


def test_a_new_minute_begins_with_nothing() -> None:
    pace = Pace()
    assert [pace.take("a", 2) is None for _ in range(4)] == [True, True, False, False]
    assert pace.take("b", 2) is None


def test_the_guide_to_https_says_how_this_very_page_came(planner: FlaskClient) -> None:
    assert "You read this on the machine itself" in words(planner, "/keeping/https")
    secure = planner.get("/keeping/https", base_url="https://localhost", headers={"Accept-Language": "en"})
    assert secure.status_code in (200, 303)  # over HTTPS the cookie has another name: one signs in anew


def test_programs_take_examine_and_restore_backups_and_set_webhooks(planner: FlaskClient, town: Region) -> None:
    def ask(path: str, **body: object) -> dict[str, str]:
        answer = (
            planner.post(f"/api{path}", json=body, headers=HERE) if body else planner.post(f"/api{path}", headers=HERE)
        )
        assert answer.status_code in (200, 201, 202), answer.text
        found: dict[str, str] = answer.json
        return found

    assert ask("/backups")["kind"] == "backup"
    Worker(town.path, lambda _: None).run(once=True)
    (backup,) = planner.get("/api/backups").json
    job = ask(f"/backups/{backup['name']}/examine")["job"]
    Worker(town.path, lambda _: None).run(once=True)
    told = planner.get(f"/api/jobs/{job}").json["result"]
    unsure = {"digest": told["digest"], "sure": False}
    assert planner.post(f"/api/backups/{backup['name']}/restore", json=unsure, headers=HERE).status_code == 422
    job = ask(f"/backups/{backup['name']}/restore", digest=told["digest"], sure=True)["job"]
    Worker(town.path, lambda _: None).run(once=True)
    assert planner.get(f"/api/jobs/{job}").json["state"] == "done"
    told = {"name": "leads", "form": "plain", "url": "https://bot.example/secret-path"}
    assert ask("/webhooks", **told) == {"name": "leads"}
    listed = planner.get("/api/webhooks")
    assert listed.json == [{"name": "leads", "form": "plain", "host": "bot.example", "language": "zh"}]
    assert "secret-path" not in listed.text
    ask("/webhooks/leads/remove")
    assert planner.get("/api/webhooks").json == []
