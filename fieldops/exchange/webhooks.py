"""
Reminders as messages to webhooks: plain JSON, and the group bots of WeCom, DingTalk and Feishu with their signatures.

Notes
-----
WeCom (企业微信群机器人): developer.work.weixin.qq.com, document 91770: text up to 2048 bytes, 20 messages a minute, no
signature: the key is in the address. DingTalk (钉钉自定义机器人): open.dingtalk.com, custom robot: `timestamp` in
milliseconds and `sign` in the address, HMAC-SHA256 of timestamp, newline, secret under the secret, Base64, good for an hour;
who sends more than 20 messages a minute is held back for ten. Feishu (飞书自定义机器人): open.feishu.cn, document
bot-v3/add-custom-bot: `timestamp` in seconds and `sign` in the body, HMAC-SHA256 of nothing under timestamp, newline, secret,
Base64, good for an hour; a body of at most 20 KB, 100 messages a minute and 5 a second. Their pages were read as stored copies; no message was ever sent to the true services from here.
"""

import base64
import hmac
import http.client
import json
import socket
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import Message as Headers
from typing import IO, Any

from fieldops.clock import format_moment
from fieldops.notices import Channel, Form, Notice, message_text

TIMEOUT_SECONDS = 10.0
MOST_A_ROUND = 20  # messages to a channel: what the strictest of the bots takes in a minute
_ANSWER_BYTES_MAX = 65_536
_BOT_CODE_END = 10**9
_TEXT_BYTES_MAX = {"wecom": 2_000, "dingtalk": 15_000, "feishu": 15_000, "plain": 100_000}


@dataclass(frozen=True, slots=True)
class Message:
    """One request that carries some notices."""

    notices: tuple[Notice, ...]
    url: str
    body: bytes
    headers: dict[str, str]
    form: Form = Form.PLAIN


def messages(channel: Channel, notices: Sequence[Notice], sent_at: datetime) -> Iterator[Message]:
    """Yield as few messages as the channel's limit on length allows, every notice in exactly one of them."""
    most = _TEXT_BYTES_MAX[channel.form]
    part: list[Notice] = []
    for notice in notices:
        if part and len(message_text([*part, notice], channel.language).encode()) > most:
            yield _message(channel, part, sent_at)
            part = []
        part.append(notice)
    if part:
        yield _message(channel, part, sent_at)


def send(message: Message, *, seconds: float = TIMEOUT_SECONDS) -> str:
    """
    Hand the message over and return what went wrong as a code, empty where the other side has taken it.

    The whole answer has to be there within `seconds` of the connection, however it drips. Redirects are not followed. Codes:
    `http_<status>`, `refused` or `refused_<code of the bot>`, `unreachable`, `no_answer`, `bad_answer`.
    """
    connections = _Connections()
    deadline = threading.Timer(seconds, connections.end)
    deadline.daemon = True
    deadline.start()
    try:
        request = urllib.request.Request(message.url, message.body, message.headers, method="POST")  # noqa: S310  # checked
        with urllib.request.build_opener(_NoRedirect, connections).open(request, timeout=seconds) as answer:
            problem = "" if message.form is Form.PLAIN else _problem(answer.read(_ANSWER_BYTES_MAX))
    except urllib.error.HTTPError as error:
        error.close()
        problem = f"http_{error.code}"
    except TimeoutError:
        problem = "no_answer"
    except (OSError, ValueError, http.client.InvalidURL):
        problem = "unreachable"
    except (http.client.HTTPException, RecursionError):
        problem = "bad_answer"
    finally:
        deadline.cancel()
    return "no_answer" if connections.ended else problem


class _Connections(urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
    """Opens connections and remembers their sockets, so that another thread can end them: a time limit of urllib is one of each byte."""

    def __init__(self) -> None:
        super().__init__()
        urllib.request.HTTPSHandler.__init__(self)
        self.ended = False
        self._sockets: list[socket.socket] = []

    def end(self) -> None:
        """End what is open: whoever reads there reads the end of it."""
        self.ended = True
        for one in self._sockets:
            with suppress(OSError):  # it is closed already
                socket.socket.shutdown(one, socket.SHUT_RDWR)

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Open a plain connection."""
        return self.do_open(self._remembering(http.client.HTTPConnection), req)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Open an encrypted connection."""
        return self.do_open(self._remembering(http.client.HTTPSConnection), req)

    def _remembering(self, kind: type[http.client.HTTPConnection]) -> Callable[..., http.client.HTTPConnection]:
        sockets = self._sockets

        class Remembering(kind):  # type: ignore[misc, valid-type]
            def connect(self) -> None:
                super().connect()
                sockets.append(self.sock)

        return Remembering


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A webhook that moves is a webhook that has to be set again: its notices go to nobody else."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Headers, newurl: str
    ) -> None:
        """Follow none."""
        del req, fp, code, msg, headers, newurl


def _problem(answer: bytes) -> str:
    """Bots answer 200 to everything, and say in the body whether they took it."""
    try:
        told = json.loads(answer)
    except ValueError:
        return ""  # no bot
    if not isinstance(told, dict):
        return ""
    code = next((told[name] for name in ("errcode", "code", "StatusCode") if name in told), 0)
    if type(code) is not int or abs(code) >= _BOT_CODE_END:
        return "refused"  # anything may stand there, also names and numbers
    return f"refused_{code}" if code else ""


def trial(channel: Channel, sent_at: datetime) -> Message:
    """Return a message that only shows that the channel works."""
    text = (
        "【测试】fieldops 的提醒会发到这里" if channel.language == "zh" else "[fieldops] test: reminders will come here"
    )
    plain = {"kind": "test", "sent_at": format_moment(sent_at), "text": text, "notices": []}
    return _wrapped(channel, text, plain, (), sent_at)


def _message(channel: Channel, notices: Sequence[Notice], sent_at: datetime) -> Message:
    text = message_text(notices, channel.language)
    plain = {"kind": "claims_ending", "sent_at": format_moment(sent_at), "text": text, "notices": [
        {
            "notice": one.id, "claim": one.claim, "street": one.street, "street_label": one.street_label,
            "crew": one.crew, "crew_name": one.crew_name, "hours_before": one.hours_before,
            "held_until": format_moment(one.held_until),
        }
        for one in notices
    ]}  # fmt: skip
    return _wrapped(channel, text, plain, tuple(notices), sent_at)


def _wrapped(
    channel: Channel, text: str, plain: dict[str, Any], notices: tuple[Notice, ...], sent_at: datetime
) -> Message:
    """Return the request as the form of the channel wants it, signed where it has a secret."""
    url, headers = channel.url, {"Content-Type": "application/json; charset=utf-8", "User-Agent": "fieldops"}
    seconds = int(sent_at.timestamp())
    body: dict[str, Any]
    match channel.form:
        case Form.WECOM:
            body = {"msgtype": "text", "text": {"content": text}}
        case Form.DINGTALK:
            body = {"msgtype": "text", "text": {"content": text}}
            if channel.secret:
                sign = _base64_hmac(channel.secret, f"{seconds * 1000}\n{channel.secret}")
                joint = "&" if "?" in url else "?"
                url += joint + urllib.parse.urlencode({"timestamp": seconds * 1000, "sign": sign})
        case Form.FEISHU:
            body = {"msg_type": "text", "content": {"text": text}}
            if channel.secret:
                body |= {"timestamp": str(seconds), "sign": _base64_hmac(f"{seconds}\n{channel.secret}", "")}
        case Form.PLAIN:
            body = plain
    payload = json.dumps(body, ensure_ascii=False).encode()
    if channel.form is Form.PLAIN and channel.secret:
        headers["X-Fieldops-Timestamp"] = str(seconds)
        signed = f"{seconds}.".encode() + payload
        headers["X-Fieldops-Signature"] = "sha256=" + hmac.digest(channel.secret.encode(), signed, "sha256").hex()
    return Message(notices, url, payload, headers, channel.form)


def _base64_hmac(key: str, message: str) -> str:
    return base64.b64encode(hmac.digest(key.encode(), message.encode(), "sha256")).decode()
