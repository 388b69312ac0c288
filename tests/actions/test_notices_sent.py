"""Reminders over a real wire: every bot checks its own signature, refuses at first, and gets each reminder once."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from fieldops.actions.claims import grant_in_turn, make_claim
from fieldops.actions.notices import deliver, list_notices, set_channel
from fieldops.exchange.webhooks import MOST_A_ROUND, Message
from fieldops.ids import CrewId, StreetId
from fieldops.notices import make_channel
from fieldops.store.connect import Region
from tests.conftest import LEAD, NOON
from tests.small_region import add_town

SECRET = "SEC-1"  # of a bot that lives as long as a test
START = NOON + timedelta(days=6, hours=1)


def base64_of(key: str, message: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()).decode()


def wecom(path: str, headers: Any, body: dict[str, Any], raw: bytes) -> bool:
    return parse_qs(urlsplit(path).query)["key"] == [SECRET] and len(body["text"]["content"].encode()) <= 2048


def dingtalk(path: str, headers: Any, body: dict[str, Any], raw: bytes) -> bool:
    query = parse_qs(urlsplit(path).query)
    return query["sign"] == [base64_of(SECRET, f"{query['timestamp'][0]}\n{SECRET}")]


def feishu(path: str, headers: Any, body: dict[str, Any], raw: bytes) -> bool:
    return bool(body["sign"] == base64_of(f"{body['timestamp']}\n{SECRET}", ""))


def plain(path: str, headers: Any, body: dict[str, Any], raw: bytes) -> bool:
    signed = f"{headers['X-Fieldops-Timestamp']}.".encode() + raw
    return bool(headers["X-Fieldops-Signature"] == "sha256=" + hmac.new(SECRET.encode(), signed, "sha256").hexdigest())


BOTS: dict[str, tuple[Callable[..., bool], str]] = {
    "wecom": (wecom, f"?key={SECRET}"), "dingtalk": (dingtalk, "?access_token=t"), "feishu": (feishu, ""), "plain": (plain, ""),
}  # fmt: skip


class Bot(BaseHTTPRequestHandler):
    """Refuses what is signed wrongly, and the first two messages for no reason; keeps the texts of the others."""

    check: Callable[..., bool]
    asked: int
    texts: list[str]

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        body, kind = json.loads(raw), type(self)
        kind.asked += 1
        lawful = kind.check(self.path, self.headers, body, raw)
        if kind.asked > 2 and lawful:
            words = body.get("text") or body["content"]
            kind.texts.append(words if isinstance(words, str) else str(words.get("content") or words["text"]))
        taken = lawful and kind.asked > 2
        answer = json.dumps({"errcode": 0 if taken else 310000}).encode()
        by_status = kind.asked == 1 or kind.check is plain  # bots say it in the body, a plain webhook by its status
        self.send_response(500 if by_status and not taken else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Stay quiet."""


@pytest.fixture(params=BOTS)
def bot(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """The form of a bot and its address."""
    check, query = BOTS[request.param]
    Bot.check, Bot.asked, Bot.texts = staticmethod(check), 0, []
    server = HTTPServer(("127.0.0.1", 0), Bot)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield request.param, f"http://127.0.0.1:{server.server_port}/hook{query}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_form_is_signed_for_its_bot_and_arrives_once_after_the_back_off(
    region: Region, bot: tuple[str, str]
) -> None:
    add_town(region)
    for street, crew in (("S0", "C0"), ("S1", "C1")):
        make_claim(region, LEAD, street=StreetId(street), crew=CrewId(crew), now=NOON)
    set_channel(region, LEAD, make_channel("leads", bot[0], bot[1], SECRET), now=NOON)
    asked = []
    for minute in range(6):
        deliver(region, LEAD, now=START + timedelta(minutes=minute))
        asked.append(Bot.asked)
    assert asked == [1, 2, 2, 3, 3, 3]  # again after 1 and after 2 minutes, and never after it was taken
    (text,) = Bot.texts
    assert "Road S0" in text
    assert "Road S1" in text
    found = list_notices(region, LEAD, channel="leads", now=START + timedelta(minutes=6))
    assert [(one.attempts, one.problem, one.delivered_at) for one in found] == [
        (3, "", START + timedelta(minutes=3))
    ] * 2


def test_no_channel_is_sent_more_in_a_round_than_its_bot_takes_in_a_minute_and_the_rest_comes_next(
    region: Region,
) -> None:
    streets, crews = add_town(region, streets=1_000, crews=25)
    with region.turn(LEAD, now=NOON) as turn:
        for number, street in enumerate(streets):
            grant_in_turn(turn, street=street, crew=crews[number % 25])
    set_channel(region, LEAD, make_channel("leads", "wecom", "https://bot.example/send?key=k"), now=NOON)
    texts: list[str] = []

    def send(message: Message) -> str:
        texts.append(json.loads(message.body)["text"]["content"])
        return ""

    first = deliver(region, LEAD, now=START, send=send)
    assert (len(texts), first.failed) == (MOST_A_ROUND, 0)
    second = deliver(region, LEAD, now=START + timedelta(minutes=1), send=send)
    assert (first.sent + second.sent, second.made) == (1_000, 0)
    assert sum(text.count("\n") for text in texts) == 1_000
