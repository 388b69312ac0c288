"""Which crews are to be reminded of a coming end, and in which words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from fieldops.claims import Claim
from fieldops.clock import find_zone
from fieldops.errors import BadInput
from fieldops.rules import Rules
from fieldops.said import Said

INBOX = "inbox"
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
_HOST_LENGTH_MAX = 253
_ADDRESS = re.compile(
    r"https?://(?P<host>([a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}|\[[0-9a-f:.]+\])(:(?P<port>[0-9]{1,5}))?(/[!-~]*)?",
    re.IGNORECASE | re.ASCII,
)


class Form(StrEnum):
    """What a webhook understands."""

    PLAIN = "plain"
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"


@dataclass(frozen=True, slots=True)
class Channel:
    """A webhook: its address and its secret are both secret. `language` of its messages is zh or en."""

    name: str
    form: Form
    url: str
    secret: str = ""
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class Notice:
    """A reminder with the words that people know street and crew by; `time_zone` is that of the city."""

    id: str
    claim: str
    street: str
    street_label: str
    crew: str
    crew_name: str
    hours_before: float
    due_at: datetime
    held_until: datetime
    time_zone: str


def make_channel(name: str, form: str, url: str, secret: str = "", language: str = "zh") -> Channel:
    """
    Return the channel.

    Raises
    ------
    BadInput
        If form or language are unknown, the name is taken by the inbox, or the address is no HTTP address.
    """
    if form not in set(Form):
        raise BadInput(
            Said("'%(form)s' is no form of webhook", form=form),
            field="--form",
            cure=Said("one of %(choices)s", choices=", ".join(Form)),
        )
    if language not in ("zh", "en"):
        raise BadInput(
            Said("'%(language)s' is no language of messages", language=language), field="--language", cure="zh or en"
        )
    if not name.strip() or name == INBOX:
        raise BadInput(
            Said("a channel cannot be called '%(name)s'", name=name),
            field="name",
            cure="choose a short name such as leads",
        )
    if not _is_address(url):
        raise BadInput(
            Said("'%(url)s' is no address of a webhook", url=url),
            field="--url",
            cure="copy the https:// address of the bot",
        )
    return Channel(name, Form(form), url, secret, language)


def _is_address(url: str) -> bool:
    """Return whether there is a host, and a port where one is named, that can be asked."""
    found = _ADDRESS.fullmatch(url)
    return found is not None and len(found["host"]) <= _HOST_LENGTH_MAX and 0 < int(found["port"] or 80) < 1 << 16


def due_reminder(claim: Claim, at: datetime, rules: Rules) -> timedelta | None:
    """
    Return the reminder that is due for a claim in force: how long before its end it is; None where none is.

    Only the latest counts: whoever was not reminded 48 hours before is reminded once, not twice, when 24 hours are left. A
    claim that is shorter than a reminder's time has no such reminder.
    """
    if not claim.holds_at(at):
        return None
    times = (rules.first_reminder, rules.second_reminder, rules.last_reminder)
    passed = [time for time in times if claim.claimed_at < claim.held_until - time <= at]
    return min(passed, default=None)


def next_try(attempts: int) -> timedelta:
    """Return how long to wait after so many failed attempts: 1, 2, 4 ... minutes, at most an hour."""
    return min(FIRST_WAIT * (1 << min(attempts - 1, 10)), LONGEST_WAIT)


def message_text(notices: Sequence[Notice], language: str) -> str:
    """Return a heading and a line for each notice, in zh or en; times are those of its city."""
    chinese = language == "zh"
    head = (
        f"【保护期提醒】{len(notices)} 条街道即将到期"
        if chinese
        else f"[fieldops] claims that end soon: {len(notices)}"
    )
    lines = [head]
    for one in notices:
        local = one.held_until.astimezone(find_zone(one.time_zone))
        street, crew = one.street_label or one.street, one.crew_name or one.crew
        if chinese:
            lines.append(f"{street} · {crew} · {local:%m月%d日 %H:%M} 到期(不足 {one.hours_before:g} 小时)")
        else:
            lines.append(f"{street} · {crew} · until {local:%Y-%m-%d %H:%M} (less than {one.hours_before:g} h left)")
    return "\n".join(lines)
