"""The messages that bots accept, with their signatures recomputed here from their documents."""

import base64
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from fieldops.errors import BadInput
from fieldops.exchange import webhooks
from fieldops.notices import Channel, Form, Notice, make_channel, message_text
from tests.conftest import NOON

AT = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)
SECONDS = int(AT.timestamp())


def notice(number: int = 0, label: str = "解放路") -> Notice:
    return Notice(
        f"n{number}", "claim", f"S{number}", label, "C0", "先锋队", 3.0, AT, NOON + timedelta(days=7), "Asia/Shanghai"
    )


def one_message(
    form: str, secret: str = "SEC", url: str = "https://bot.example/send?key=k"
) -> tuple[webhooks.Message, dict]:  # type: ignore[type-arg]
    (message,) = webhooks.messages(Channel("leads", Form(form), url, secret), [notice()], AT)
    return message, json.loads(message.body)


def test_wecom_is_sent_text_without_a_signature() -> None:
    message, body = one_message("wecom")
    assert body == {"msgtype": "text", "text": {"content": message_text([notice()], "zh")}}
    assert message.url == "https://bot.example/send?key=k"


def test_dingtalk_is_sent_its_signature_in_the_address() -> None:
    message, body = one_message("dingtalk", url="https://oapi.example/robot/send?access_token=t")
    query = parse_qs(urlsplit(message.url).query)
    expected = hmac.new(b"SEC", f"{SECONDS}000\nSEC".encode(), hashlib.sha256).digest()
    assert query == {
        "access_token": ["t"],
        "timestamp": [f"{SECONDS}000"],
        "sign": [base64.b64encode(expected).decode()],
    }
    assert body["msgtype"] == "text"


def test_feishu_is_sent_its_signature_in_the_body() -> None:
    _, body = one_message("feishu")
    expected = hmac.new(f"{SECONDS}\nSEC".encode(), digestmod=hashlib.sha256).digest()
    assert body == {
        "timestamp": str(SECONDS),
        "sign": base64.b64encode(expected).decode(),
        "msg_type": "text",
        "content": {"text": message_text([notice()], "zh")},
    }


# Computed with `openssl dgst -sha256 -hmac` by the recipes in the documents of the bots, for 2026-03-09T01:00:00Z and the
# secret of DingTalk's own example: not by the code that is tested.
EXAMPLE_SECRET = "this is secret"
DINGTALK_SIGN = "YCmrWNsjvzM8AB1WB51nDJFynG6+kkh/e2KjuL2sHko="
FEISHU_SIGN = "6inUf+mcj3RPXD4q2YzKUY3aHYH4yMsfY1RUCSRl6g0="


def test_dingtalk_signs_in_milliseconds_and_escapes_what_an_address_cannot_hold() -> None:
    message, body = one_message("dingtalk", EXAMPLE_SECRET, "https://oapi.dingtalk.com/robot/send?access_token=t")
    escaped = DINGTALK_SIGN.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    assert message.url == (
        f"https://oapi.dingtalk.com/robot/send?access_token=t&timestamp=1773018000000&sign={escaped}"
    )
    assert body == {"msgtype": "text", "text": {"content": message_text([notice()], "zh")}}


def test_feishu_signs_nothing_under_seconds_and_secret() -> None:
    message, body = one_message("feishu", EXAMPLE_SECRET, "https://open.feishu.cn/open-apis/bot/v2/hook/h")
    assert (body["timestamp"], body["sign"]) == ("1773018000", FEISHU_SIGN)
    assert message.url == "https://open.feishu.cn/open-apis/bot/v2/hook/h"


@pytest.mark.parametrize(("form", "most"), [("feishu", 20 * 1000), ("dingtalk", 20_000), ("wecom", 2_048 + 50)])
def test_a_body_is_never_larger_than_the_bot_takes(form: str, most: int) -> None:
    wanted = [notice(i, '很长很长的街道名字"“”' * 3) for i in range(600)]
    made = list(webhooks.messages(Channel("leads", Form(form), "https://bot.example", "SEC"), wanted, AT))
    assert max(len(message.body) for message in made) <= most
    assert [one for message in made for one in message.notices] == wanted


def test_every_message_says_that_it_is_json_in_utf_8() -> None:
    for form in Form:
        message, _ = one_message(form)
        assert message.headers["Content-Type"] == "application/json; charset=utf-8"


def test_a_plain_webhook_can_check_who_sent_it() -> None:
    message, body = one_message("plain")
    expected = hmac.new(b"SEC", f"{SECONDS}.".encode() + message.body, hashlib.sha256).hexdigest()
    assert message.headers["X-Fieldops-Signature"] == f"sha256={expected}"
    assert body["notices"][0]["street"] == "S0"
    assert body["notices"][0]["held_until"] == "2026-03-09T04:00:00.000000Z"


@pytest.mark.parametrize("form", ["plain", "wecom", "dingtalk", "feishu"])
def test_without_a_secret_nothing_is_signed(form: str) -> None:
    message, body = one_message(form, secret="")
    assert message.url == "https://bot.example/send?key=k"
    assert "sign" not in body
    assert not any("Signature" in name for name in message.headers)


def test_a_text_for_people_names_street_crew_and_the_end_in_the_citys_zone() -> None:
    assert message_text([notice()], "zh").splitlines()[1] == "解放路 · 先锋队 · 03月09日 12:00 到期(不足 3 小时)"
    assert (
        message_text([notice()], "en").splitlines()[1]
        == "解放路 · 先锋队 · until 2026-03-09 12:00 (less than 3 h left)"
    )


def test_many_reminders_become_few_messages_within_the_bots_limit_and_none_is_lost() -> None:
    wanted = [notice(i, "很长很长的街道名字" * 3) for i in range(200)]
    made = list(webhooks.messages(Channel("leads", Form.WECOM, "https://bot.example"), wanted, AT))
    assert [one for message in made for one in message.notices] == wanted
    assert all(len(json.loads(message.body)["text"]["content"].encode()) <= 2048 for message in made)
    assert 1 < len(made) < 40


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://host/x",
        "bot.example",
        "https://",
        "https://user:pw@host/x",
        "https://a b/",
        "http://host:abc/x",
        "http://host:99999/x",
        "http://host:0/x",
        "http:///x",
        "http://:80/x",
        "http://[::1/x",
        f"http://{'a' * 70}.com/",
        "http://a..b/",
        "http://host/路径",
    ],
)
def test_only_addresses_of_web_servers_are_taken(url: str) -> None:
    with pytest.raises(BadInput):
        make_channel("leads", "plain", url)


@pytest.mark.parametrize(
    ("name", "form", "language"),
    [("inbox", "plain", "zh"), ("", "plain", "zh"), ("x", "slack", "zh"), ("x", "plain", "fr")],
)
def test_a_channel_that_cannot_be_is_refused(name: str, form: str, language: str) -> None:
    with pytest.raises(BadInput):
        make_channel(name, form, "https://bot.example/x", language=language)


class Bot(BaseHTTPRequestHandler):
    """Answers by its path: /200, /500, /errcode, /code, /move, /garbage."""

    seen: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).seen.append((self.path, body))
        answers = {
            "/200": (200, b"ok"), "/500": (500, b""), "/errcode": (200, b'{"errcode": 310000}'), "/zero": (200, b'{"errcode": 0}'),
            "/code": (200, b'{"code": 19021, "msg": "sign match fail"}'), "/move": (302, b""), "/list": (200, b"[]"),
            "/name": (200, '{"errcode": "王小明 不在群里"}'.encode()), "/number": (200, b'{"errcode": 13800138000}'),
            "/names": (200, b'{"code": [1, {"phone": "13800138000"}]}'), "/true": (200, b'{"code": true}'),
            "/deep": (200, b"[" * 60_000),
        }  # fmt: skip
        status, answer = answers[self.path]
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/200")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Stay quiet."""


@pytest.fixture
def bot() -> Iterator[str]:
    Bot.seen = []
    server = HTTPServer(("127.0.0.1", 0), Bot)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("form", "path", "problem"),
    [
        ("wecom", "200", ""),
        ("wecom", "zero", ""),
        ("wecom", "list", ""),
        ("wecom", "500", "http_500"),
        ("wecom", "errcode", "refused_310000"),
        ("feishu", "code", "refused_19021"),
        ("wecom", "name", "refused"),
        ("wecom", "number", "refused"),
        ("wecom", "names", "refused"),
        ("wecom", "true", "refused"),
        ("wecom", "deep", "bad_answer"),
        ("plain", "code", ""),  # what a plain webhook answers is its own affair: its status decides
        ("plain", "deep", ""),
        ("plain", "500", "http_500"),
        ("plain", "move", "http_302"),
    ],
)
def test_what_the_other_side_says_becomes_a_code_and_nothing_else_it_says(
    bot: str, form: str, path: str, problem: str
) -> None:
    message, _ = one_message(form, secret="", url=f"{bot}/{path}")
    assert webhooks.send(message) == problem
    assert Bot.seen == [(f"/{path}", message.body)]  # a redirect is not followed


def test_a_side_that_is_not_there_is_a_code_and_no_traceback(bot: str) -> None:
    port = urlsplit(bot).port
    message, _ = one_message("plain", url=f"http://127.0.0.1:{1 if port != 1 else 2}/x")
    assert webhooks.send(message) == "unreachable"


def answering(answer: bytes, *, drip: bytes = b"") -> str:
    """Return the address of a server that answers one request so, whatever it is, and drips on for ever where told so."""
    server = socket.create_server(("127.0.0.1", 0))

    def answer_once() -> None:
        line, _ = server.accept()
        with server, line, suppress(ConnectionError):
            line.recv(65_536)
            line.sendall(answer)
            line.settimeout(0.05)
            while drip:
                with suppress(TimeoutError):
                    if not line.recv(1):
                        return
                line.sendall(drip)

    threading.Thread(target=answer_once, daemon=True).start()
    return f"http://127.0.0.1:{server.getsockname()[1]}/"


@pytest.mark.parametrize(
    "answer",
    [
        b"hello there\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 150 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc",
    ],
)
def test_an_answer_that_is_none_of_the_web_is_a_code_and_no_traceback(answer: bytes) -> None:
    message, _ = one_message("wecom", url=answering(answer))
    assert webhooks.send(message) in {"bad_answer", "unreachable"}


@pytest.mark.parametrize("begun", ["X: ", "Content-Length: 60000\r\n\r\n"])
def test_an_answer_that_drips_ends_with_the_time_limit_and_not_with_the_last_drop(begun: str) -> None:
    message, _ = one_message("wecom", url=answering(b"HTTP/1.1 200 OK\r\n" + begun.encode(), drip=b"x"))
    assert webhooks.send(message, seconds=0.5) == "no_answer"


@pytest.mark.parametrize("url", ["http://host:abc/x", "http://[::1/x", "http://host/路径", "http://a..b/"])
def test_an_address_that_was_set_before_addresses_were_examined_is_a_code_and_no_traceback(url: str) -> None:
    for form in Form:
        message, _ = one_message(form, url=url)
        assert webhooks.send(message) == "unreachable"
