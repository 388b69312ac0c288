"""
Reminders of coming ends as rows, the channels that carry them, and what became of each.

A notice is made once for each claim, channel and time before the end; the crew's inbox is a channel that takes everything
at once. Addresses and secrets of webhooks lie in the private file, their names in the region's record.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from fieldops.claims import Claim
from fieldops.clock import format_moment, parse_moment
from fieldops.events import ChannelSet, ChannelTried, NoticesMade, NoticesSent
from fieldops.ids import CrewId, new_id
from fieldops.notices import INBOX, Channel, Form, Notice
from fieldops.store import audit
from fieldops.store.connect import Region, Turn, open_private

if TYPE_CHECKING:
    from fieldops.store.sqlite import sqlite3

_IN_FORCE = "c.claimed_at <= :at AND c.held_until > :at AND coalesce(c.ended_at, c.held_until) > :at"
_NOTICE = (
    "SELECT n.id, n.claim_id, n.street_id, s.label, n.crew_id, w.name, n.lead_time_s, n.due_at, n.held_until, t.time_zone,"
    " n.channel, n.delivered_at, n.attempts, n.next_try_at, n.problem"
    " FROM notice AS n JOIN claim AS c ON c.id = n.claim_id JOIN street AS s ON s.id = n.street_id"
    " JOIN crew AS w ON w.id = n.crew_id JOIN city AS t ON t.id = s.city_id WHERE "
)


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """A notice and what became of it; `problem` is the code of the last failure."""

    notice: Notice
    channel: str
    delivered_at: datetime | None
    attempts: int
    next_try_at: datetime | None
    problem: str


def made_at(connection: "sqlite3.Connection", claim: Claim, before: timedelta, channel: str) -> datetime | None:
    """Return when that reminder of the claim was made for that channel; later than now where the clock had been ahead."""
    row = connection.execute(
        "SELECT made_at FROM notice WHERE claim_id = ? AND channel = ? AND lead_time_s = ?",
        (claim.id, channel, int(before.total_seconds())),
    ).fetchone()
    return parse_moment(row[0]) if row is not None else None


def add_notices(turn: Turn, wanted: Sequence[tuple[Claim, timedelta, str]], *, event: NoticesMade) -> None:
    """Store reminders (claim, time before its end, channel) with their event, also what is made anew; those of the inbox have arrived."""
    now = format_moment(turn.now)
    anew = [one for one in wanted if made_at(turn.connection, *one) is not None]
    assert (event.count, event.anew) == (len(wanted) - len(anew), len(anew))  # the event tells how many rows there are
    turn.connection.executemany(
        "UPDATE notice SET made_at = ?, delivered_at = ?, next_try_at = ?, attempts = 0, problem = ''"
        " WHERE claim_id = ? AND channel = ? AND lead_time_s = ?",
        [
            (now, now if channel == INBOX else None, None if channel == INBOX else now, claim.id, channel,
             int(before.total_seconds()))
            for claim, before, channel in anew
        ],
    )  # fmt: skip
    turn.connection.executemany(
        "INSERT INTO notice (id, claim_id, crew_id, street_id, lead_time_s, due_at, held_until, channel, made_at,"
        " delivered_at, next_try_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                new_id(), claim.id, claim.crew, claim.street, int(before.total_seconds()),
                format_moment(claim.held_until - before), format_moment(claim.held_until), channel, now,
                now if channel == INBOX else None, None if channel == INBOX else now,
            )
            for claim, before, channel in wanted
            if (claim, before, channel) not in anew
        ],
    )  # fmt: skip
    audit.append(turn, event)


def waiting_notices(connection: "sqlite3.Connection", channel: str, at: datetime) -> list[StoredNotice]:
    """Return what the channel has to carry at the moment, soonest end first; claims that have ended need none."""
    rows = connection.execute(
        _NOTICE
        + f"n.channel = :channel AND n.delivered_at IS NULL AND n.next_try_at <= :at AND n.made_at <= :at AND {_IN_FORCE}"
        " ORDER BY n.held_until, n.street_id",
        {"channel": channel, "at": format_moment(at)},
    )
    return [_stored(row) for row in rows]


def list_notices(
    connection: "sqlite3.Connection", at: datetime, *, crew: CrewId | None = None, channel: str | None = None
) -> list[StoredNotice]:
    """Return the notices of claims that are in force at the moment, soonest end first."""
    rows = connection.execute(
        _NOTICE + f"{_IN_FORCE} AND n.made_at <= :at AND (:crew IS NULL OR n.crew_id = :crew)"
        " AND (:channel IS NULL OR n.channel = :channel) ORDER BY n.held_until, n.street_id, n.lead_time_s",
        {"at": format_moment(at), "crew": crew, "channel": channel},
    )
    return [_stored(row) for row in rows]


def mark_sent(turn: Turn, notices: Sequence[Notice], *, retry_at: datetime | None, event: NoticesSent) -> None:
    """
    Store that the notices were delivered, or failed and are to be tried again at `retry_at`, with the event.

    Where they failed, all else that the channel has to carry waits until then too: each by itself would be a try a minute.
    """
    values = [
        (None if event.problem else format_moment(event.at), format_moment(retry_at) if retry_at else None, event.problem,
         notice.id)
        for notice in notices
    ]  # fmt: skip
    turn.connection.executemany(
        "UPDATE notice SET delivered_at = ?, next_try_at = ?, problem = ?, attempts = attempts + 1 WHERE id = ?", values
    )
    if retry_at:
        turn.connection.execute(
            "UPDATE notice SET next_try_at = :at WHERE channel = :channel AND delivered_at IS NULL AND next_try_at < :at",
            {"at": format_moment(retry_at), "channel": event.channel},
        )
    audit.append(turn, event)


def digest_of(notices: Sequence[str]) -> str:
    """Return the SHA-256 of ids, by which an event names a batch."""
    return hashlib.sha256("\n".join(sorted(notices)).encode()).hexdigest()


def read_channels(region: Region) -> list[Channel]:
    """Return the webhooks that are set, by name; none where the region has no private file."""
    if not region.private_path.exists():
        return []
    connection = open_private(region.path)
    try:
        rows = connection.execute("SELECT name, form, url, secret, language FROM channel ORDER BY name")
        return [Channel(row[0], Form(row[1]), row[2], row[3], row[4]) for row in rows]
    finally:
        connection.close()


def save_channel(turn: Turn, channel: Channel, *, event: ChannelSet) -> None:
    """Store a webhook in the private file, and that it was set in the record; one of that name is replaced."""
    connection = open_private(turn.region.path)
    try:
        connection.execute(
            "INSERT INTO channel VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET form = excluded.form,"
            " url = excluded.url, secret = excluded.secret, language = excluded.language",
            (channel.name, channel.form, channel.url, channel.secret, channel.language),
        )
    finally:
        connection.close()
    audit.append(turn, event)


def drop_channel(turn: Turn, name: str, *, event: ChannelSet) -> bool:
    """Forget a webhook; return whether there was one of that name, and record only then."""
    connection = open_private(turn.region.path)
    try:
        found = connection.execute("DELETE FROM channel WHERE name = ?", (name,)).rowcount > 0
    finally:
        connection.close()
    if found:
        audit.append(turn, event)
    return found


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message that was handed to a channel, or failed to be: how many notices it carried (None: a test), the problem's code."""

    channel: str
    at: datetime
    count: int | None
    problem: str


def record_trial(turn: Turn, *, event: ChannelTried) -> None:
    """Record that a channel was tried by hand."""
    audit.append(turn, event)


def read_sent(connection: "sqlite3.Connection", *, most: int = 50) -> list[SentMessage]:
    """Return the newest messages to webhooks, newest first."""
    rows = connection.execute(
        "SELECT kind, recorded_at, facts FROM event WHERE kind IN ('NoticesSent', 'ChannelTried') ORDER BY seq DESC LIMIT ?",
        (most,),
    )
    told = [(row[0], parse_moment(row[1]), json.loads(row[2])) for row in rows]
    return [
        SentMessage(facts["channel"], at, facts["count"] if kind == "NoticesSent" else None, facts["problem"])
        for kind, at, facts in told
    ]


def _stored(row: Any) -> StoredNotice:
    notice = Notice(
        row[0],
        row[1],
        row[2],
        row[3],
        row[4],
        row[5],
        row[6] / 3600,
        parse_moment(row[7]),
        parse_moment(row[8]),
        row[9],
    )
    return StoredNotice(
        notice, row[10], parse_moment(row[11]) if row[11] else None, row[12],
        parse_moment(row[13]) if row[13] else None, row[14],
    )  # fmt: skip
