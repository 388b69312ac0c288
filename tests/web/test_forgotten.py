"""Whoever is forgotten is in no log of the server that they used, and in no export made later, packed ones unpacked."""

import io
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest

from fieldops import clock
from fieldops.actions.exports import EXPORTS, FORMATS, export
from fieldops.actions.keep import back_up
from fieldops.actions.recruiting_end import hand_over_table
from fieldops.actions.recruiting_lists import read_funnel
from fieldops.actions.recruiting_posters import open_page
from fieldops.errors import BadInput, NotFound
from fieldops.people import Role
from fieldops.recruiting.consent import FIRST_TEXT
from fieldops.store.connect import open_region
from fieldops.store.persons import find_by_phone
from tests.accounts import PLAIN_COOKIE, session_of
from tests.actions.test_recruiting_duties import traces
from tests.conftest import LEAD, PLANNER, ROOT
from tests.recruit_town import make_recruit_town
from tests.recruits import phone

NAME, NUMBER = "诸葛亮亮", phone(9777)
WRITINGS = {
    "name": NAME.encode(), "name in UTF-16": NAME.encode("utf-16-le"), "name in an address": urlencode({"": NAME})[1:].encode(),
    "number": NUMBER.encode(), "number as shown": f"{NUMBER[:3]} {NUMBER[3:7]} {NUMBER[7:]}".encode(), "pinyin": b"zhugeliangliang",
}  # fmt: skip


class Stays(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:  # type: ignore[override]
        return None


class Person:
    """A browser without pictures: one session, forms sent as browsers send them."""

    def __init__(self, site: str, session: str = "") -> None:
        self.site, self.session, self.opener = site, session, build_opener(Stays)

    def send(self, path: str, **form: str) -> str:
        heads = {"Origin": self.site, "Accept-Language": "zh-CN", "Cookie": f"{PLAIN_COOKIE}={self.session}"}
        request = Request(self.site + path, urlencode(form).encode() if form else None, heads)
        try:
            with self.opener.open(request) as answer:
                return str(answer.read().decode())
        except HTTPError as error:
            if error.code != 303:
                raise
            return ""


@pytest.fixture
def town(tmp_path: Path) -> tuple[Path, str]:
    region, code = make_recruit_town(tmp_path / "region.gpkg")
    region.close()
    return tmp_path / "region.gpkg", code


def unpacked(content: bytes) -> Iterator[bytes]:
    """Yield a file, and what is packed within it."""
    yield content
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            yield from (packed.read(name) for name in packed.namelist())


def live_through(site: str, path: Path, code: str) -> dict[str, bytes]:
    """Sign up behind a poster, be found, called, shown in full and forgotten, all on the pages; return what could be found."""
    region = open_region(path)
    form = open_page(region, code, at=clock.now() - timedelta(minutes=1)).form
    visitor, lead = Person(site), Person(site, session_of(path, Role.LEAD))
    visitor.send(f"/join/{code}")
    visitor.send(f"/join/{code}", form=form, consent=FIRST_TEXT.version, agree="1", name=NAME, phone=NUMBER)
    who = find_by_phone(region, [f"+86{NUMBER}"])[f"+86{NUMBER}"]
    for words in (NAME, NUMBER, "zgll"):
        assert NAME in lead.send("/candidates/table", q=words)
    assert lead.send(f"/candidates/{who}")
    lead.send(f"/candidates/{who}/note", note=f"{NAME} {NUMBER}")
    assert WRITINGS["number as shown"].decode() in lead.send(f"/candidates/{who}/reveal", page="one")
    with pytest.raises(HTTPError):  # a refusal is logged
        Person(site, session_of(path, Role.AUDITOR)).send(f"/candidates/{who}")
    found = traces(region, who) | WRITINGS
    before = read_funnel(region, LEAD)
    lead.send(f"/candidates/{who}/erase", sure="1")
    after = read_funnel(region, LEAD)
    assert find_by_phone(region, [f"+86{NUMBER}"]) == {}
    assert (after.stages, after.cohorts, after.candidates) == (before.stages, before.cohorts, before.candidates)
    region.close()
    return found


def test_who_is_forgotten_is_in_no_file_no_log_and_no_later_export(town: tuple[Path, str], tmp_path: Path) -> None:
    path, code = town
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "web", path, "--port", str(port)], cwd=ROOT, stderr=subprocess.PIPE
    )
    try:
        assert server.stderr is not None
        log = server.stderr.readline()  # it listens now
        found = live_through(f"http://127.0.0.1:{port}", path, code)
        everything = {file.name: file.read_bytes() for file in path.parent.rglob("*") if file.is_file()}
        assert any(name.endswith("-wal") for name in everything)
    finally:
        server.send_signal(signal.SIGTERM)
        log += server.communicate(timeout=60)[1]
    assert b"refused" in log  # it does log
    everything["log"] = log
    region = open_region(path)
    (tmp_path / "later").mkdir()
    back_up(region, PLANNER, tmp_path / "later" / "backup.gpkg")
    everything["hand-over"] = hand_over_table(region, LEAD)
    made = 0
    for layer in EXPORTS:
        for form in FORMATS:
            try:
                everything[f"{layer}.{form}"], _ = export(region, LEAD, layer, form)
                made += 1
            except (BadInput, NotFound):  # a table is no map, only walks are printed, and there are none
                continue
    assert made > 30
    region.close()
    everything |= {file.name: file.read_bytes() for file in (tmp_path / "later").iterdir()}
    assert phone(27).encode() in everything["hand-over"]  # the control: others are still in it
    for name, content in everything.items():
        for part in unpacked(content):
            for what, trace in found.items():
                assert trace not in part, f"{what} is still in {name}"
