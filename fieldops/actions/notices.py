"""
Reminders 48, 24 and 3 hours before a claim ends: into the crew's inbox, and through webhooks to where people look.

Nothing hangs on them: a claim ends whether or not anybody was reminded. Sending happens outside any write turn, so that a
slow webhook keeps nobody from claiming. A notice arrives at least once: where the process dies between the other side's
answer and our record of it, it is sent again. Who cannot be reached is tried again after 1, 2, 4 ... 60 minutes, as long as
the claim is in force.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from fieldops import clock
from fieldops import notices as rule
from fieldops.actions.claims import close_ended_in_turn
from fieldops.claims import Claim
from fieldops.errors import NotFound
from fieldops.events import ChannelSet, ChannelTried, NoticesMade, NoticesSent
from fieldops.exchange import webhooks
from fieldops.ids import CrewId
from fieldops.notices import INBOX, Channel, Form
from fieldops.notices import make_channel as make_channel
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.progress import Progress, no_progress
from fieldops.rules import Rules
from fieldops.store import claims as claim_store
from fieldops.store import notices as store
from fieldops.store.connect import Region, Turn, read_rules
from fieldops.store.notices import SentMessage, StoredNotice

if TYPE_CHECKING:
    from fieldops.store.sqlite import sqlite3

FORMS = tuple(str(one) for one in Form)
Send = Callable[[webhooks.Message], str]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a round of reminders did: claims written down as forfeited, notices made, and what each message became."""

    forfeited: int
    made: int
    sent: int
    failed: int
    problems: dict[str, str]


def due_notices(
    region: Region, actor: Actor, *, now: datetime | None = None
) -> tuple[datetime, list[tuple[Claim, timedelta]]]:
    """
    Return the moment, and the claims of which their crew is still to be reminded, each with the time before its end.

    Raises
    ------
    Forbidden
        If the actor may not read the region.
    """
    require(actor, "region.read")
    at, connection = region.moment(now), region.reader()
    return at, [(claim, before) for claim, before, _ in _due(connection, at, read_rules(connection), [INBOX])]


def has_round_due(region: Region, actor: Actor, *, now: datetime | None = None) -> bool:
    """
    Return whether `deliver` would make or send a reminder now.

    Permission: region.read.
    """
    require(actor, "region.read")
    at, connection = region.moment(now), region.reader()
    webhooks_set = [channel.name for channel in store.read_channels(region)]
    if next(_due(connection, at, read_rules(connection), [INBOX, *webhooks_set]), None):
        return True
    return any(store.waiting_notices(connection, channel, at) for channel in webhooks_set)


def deliver(
    region: Region,
    actor: Actor,
    *,
    now: datetime | None = None,
    send: Send = webhooks.send,
    progress: Progress = no_progress,
) -> Delivery:
    """
    Write down what the clock has ended, make the reminders that are due, and send what waits.

    `fieldops worker` calls it as soon as something is due (see `actions.reminding`); calling it more often does no harm. Where
    `progress` says stop, what was not sent waits for the next round.

    Raises
    ------
    Forbidden
        If the actor delivers no notices.
    """
    require(actor, "notice.deliver")
    channels = store.read_channels(region)
    with region.turn(actor, now=now) as turn:
        forfeited = len(close_ended_in_turn(turn))
        made = _make_due(turn, [INBOX, *(channel.name for channel in channels)])
        at = turn.now
    sent, failed = 0, 0
    problems: dict[str, str] = {}
    for channel in channels:
        waiting = store.waiting_notices(region.reader(), channel.name, at)
        attempts = {one.notice.id: one.attempts for one in waiting}
        every = webhooks.messages(channel, [one.notice for one in waiting], clock.now())
        for number, message in enumerate(islice(every, webhooks.MOST_A_ROUND)):
            if not progress("notices", number / webhooks.MOST_A_ROUND):
                return Delivery(forfeited, made, sent, failed, problems)
            problem = send(message)
            with region.turn(actor, now=now) as turn:
                _record(turn, channel, message, problem, 1 + max(attempts[one.id] for one in message.notices))
            if problem:
                failed, problems = failed + len(message.notices), problems | {channel.name: problem}
                break  # the other side has trouble: its next messages wait for the next round
            sent += len(message.notices)
    return Delivery(forfeited, made, sent, failed, problems)


def list_notices(
    region: Region,
    actor: Actor,
    *,
    crew: CrewId | None = None,
    channel: str | None = INBOX,
    now: datetime | None = None,
) -> list[StoredNotice]:
    """
    Return the notices of the claims in force: a crew's inbox, or what became of a channel's.

    Raises
    ------
    Forbidden
        If the actor may not read them: crews read their own.
    """
    own = crew or actor.crew
    require(actor, "region.read", crew=own)
    return store.list_notices(region.reader(), region.moment(now), crew=own, channel=channel)


def list_channels(region: Region, actor: Actor) -> list[Channel]:
    """
    Return the webhooks that are set, with their secrets.

    Raises
    ------
    Forbidden
        If the actor delivers no notices.
    """
    require(actor, "notice.deliver")
    return store.read_channels(region)


def set_channel(region: Region, actor: Actor, channel: Channel, *, now: datetime | None = None) -> None:
    """
    Set a webhook, or replace the one of that name.

    Raises
    ------
    Forbidden
        If the actor delivers no notices.
    """
    require(actor, "notice.deliver")
    with region.turn(actor, now=now) as turn:
        event = ChannelSet(at=turn.now, channel=channel.name, form=channel.form)
        store.save_channel(turn, channel, event=event)


def remove_channel(region: Region, actor: Actor, name: str, *, now: datetime | None = None) -> None:
    """
    Forget a webhook; what still waited for it is not sent.

    Raises
    ------
    Forbidden
        If the actor delivers no notices.
    NotFound
        If there is none of that name.
    """
    require(actor, "notice.deliver")
    with region.turn(actor, now=now) as turn:
        if not store.drop_channel(turn, name, event=ChannelSet(at=turn.now, channel=name, form="")):
            raise NotFound("channel", name, cure="see `fieldops notices channels`")


def try_channel(
    region: Region, actor: Actor, name: str, *, now: datetime | None = None, send: Send = webhooks.send
) -> str:
    """
    Send a message that only shows that a webhook works; return the code of what went wrong, empty where it arrived.

    Event: ChannelTried.

    Raises
    ------
    Forbidden
        If the actor delivers no notices.
    NotFound
        If there is none of that name.
    """
    channel = next((one for one in list_channels(region, actor) if one.name == name), None)
    if channel is None:
        raise NotFound("channel", name, cure="see `fieldops notices channels`")
    problem = send(webhooks.trial(channel, clock.now()))
    with region.turn(actor, now=now) as turn:
        store.record_trial(turn, event=ChannelTried(at=turn.now, channel=name, problem=problem))
    return problem


def list_sent(region: Region, actor: Actor, *, most: int = 50) -> list[SentMessage]:
    """
    Return the newest messages to webhooks and what became of them.

    Raises
    ------
    Forbidden
        If the actor delivers no notices.
    """
    require(actor, "notice.deliver")
    return store.read_sent(region.reader(), most=most)


def _is_made(connection: "sqlite3.Connection", at: datetime, claim: Claim, before: timedelta, channel: str) -> bool:
    """Return whether the crew was reminded by the moment: a reminder of a time that never was is none."""
    made = store.made_at(connection, claim, before, channel)
    return made is not None and made <= at


def _due(
    connection: "sqlite3.Connection", at: datetime, rules: Rules, channels: Sequence[str]
) -> Iterator[tuple[Claim, timedelta, str]]:
    """Yield the reminders that are due and not made yet: claim, time before its end, channel."""
    for claim in claim_store.claims_in_force(connection, at):
        before = rule.due_reminder(claim, at, rules)
        if before is not None:
            yield from (
                (claim, before, channel) for channel in channels if not _is_made(connection, at, claim, before, channel)
            )


def _make_due(turn: Turn, channels: Sequence[str]) -> int:
    wanted = list(_due(turn.connection, turn.now, turn.rules, channels))
    if wanted:
        named = [f"{claim.id} {before} {channel}" for claim, before, channel in wanted]
        anew = sum(store.made_at(turn.connection, *one) is not None for one in wanted)
        event = NoticesMade(at=turn.now, count=len(wanted) - anew, digest=store.digest_of(named), anew=anew)
        store.add_notices(turn, wanted, event=event)
    return len(wanted)


def _record(turn: Turn, channel: Channel, message: webhooks.Message, problem: str, attempts: int) -> None:
    event = NoticesSent(
        at=turn.now, channel=channel.name, count=len(message.notices),
        digest=store.digest_of([one.id for one in message.notices]), problem=problem,
    )  # fmt: skip
    retry_at = turn.now + rule.next_try(attempts) if problem else None
    store.mark_sent(turn, message.notices, retry_at=retry_at, event=event)
