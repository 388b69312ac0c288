"""Reminders 48, 24 and 3 hours before the end: made once, sent at least once, and never after the end."""

from datetime import timedelta

import pytest

from fieldops.actions.claims import end_claim, make_claim
from fieldops.actions.keep import accept_clock
from fieldops.actions.notices import (
    deliver,
    due_notices,
    list_channels,
    list_notices,
    remove_channel,
    set_channel,
)
from fieldops.errors import Forbidden, NotFound
from fieldops.events import ChannelSet
from fieldops.exchange.webhooks import Message, send
from fieldops.ids import ActorId, CrewId, StreetId
from fieldops.notices import Channel, Form, make_channel, next_try
from fieldops.people import Actor, Role
from fieldops.store.connect import Region
from fieldops.store.notices import save_channel
from fieldops.store.verify import verify
from tests.conftest import LEAD, NOON
from tests.small_region import add_town

WEEK, HOUR = timedelta(days=7), timedelta(hours=1)
END = NOON + WEEK
S0, S1, C0, C1 = StreetId("S0"), StreetId("S1"), CrewId("C0"), CrewId("C1")


@pytest.fixture
def town(region: Region) -> Region:
    add_town(region)
    make_claim(region, LEAD, street=S0, crew=C0, now=NOON)
    return region


class Other:
    """The other side: answers what it is told to, and keeps what it was sent."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.got = list(answers), list[list[str]]()

    def __call__(self, message: Message) -> str:
        self.got.append([one.street for one in message.notices])
        return self.answers.pop(0) if self.answers else ""


def due_hours(region: Region, hours_left: float) -> list[float]:
    _, due = due_notices(region, LEAD, now=END - hours_left * HOUR)
    return [before / HOUR for _, before in due]


def test_a_reminder_is_due_from_its_moment_on(town: Region) -> None:
    assert due_hours(town, 48.001) == []
    assert due_hours(town, 48) == [48]
    assert due_hours(town, 24.001) == [48]
    assert due_hours(town, 24) == [24]
    assert due_hours(town, 3) == [3]
    assert due_hours(town, 0.001) == [3]
    assert due_hours(town, 0) == []


def test_each_reminder_is_made_once_and_missed_ones_are_not_made_up_for(town: Region) -> None:
    made = [deliver(town, LEAD, now=END - hours * HOUR).made for hours in (60, 47, 46, 3, 2, 1)]
    assert made == [0, 1, 0, 1, 0, 0]
    assert [one.notice.hours_before for one in list_notices(town, LEAD, now=END - HOUR)] == [3, 48]


def test_a_crew_is_not_reminded_of_what_has_ended_and_its_inbox_forgets_it(town: Region) -> None:
    make_claim(town, LEAD, street=S1, crew=C0, now=NOON)
    deliver(town, LEAD, now=END - 24 * HOUR)
    (held,) = [one.notice.claim for one in list_notices(town, LEAD, now=END - 24 * HOUR) if one.notice.street == S1]
    end_claim(town, LEAD, held, outcome="withdrawn", why="", now=END - 20 * HOUR)  # type: ignore[arg-type]
    assert deliver(town, LEAD, now=END - 3 * HOUR).made == 1
    assert {one.notice.street for one in list_notices(town, LEAD, now=END - 3 * HOUR)} == {S0}
    assert list_notices(town, LEAD, now=END) == []


def test_a_crew_reads_its_own_inbox_only(town: Region) -> None:
    deliver(town, LEAD, now=END - HOUR)
    own, other = Actor(ActorId("a"), Role.CREW, C0), Actor(ActorId("b"), Role.CREW, C1)
    assert len(list_notices(town, own, now=END - HOUR)) == 1
    assert list_notices(town, other, now=END - HOUR) == []
    with pytest.raises(Forbidden):
        list_notices(town, other, crew=C0, now=END - HOUR)
    with pytest.raises(Forbidden):
        deliver(town, own, now=END - HOUR)


def test_a_webhook_gets_all_reminders_in_one_message_and_none_twice(town: Region) -> None:
    make_claim(town, LEAD, street=S1, crew=C1, now=NOON + HOUR)
    set_channel(town, LEAD, make_channel("leads", "plain", "https://bot.example"), now=NOON + HOUR)
    other = Other()
    done = deliver(town, LEAD, now=END - 2 * HOUR, send=other)
    assert (done.made, done.sent, done.failed) == (4, 2, 0)
    assert deliver(town, LEAD, now=END - 2 * HOUR, send=other).sent == 0
    assert other.got == [[S0, S1]]
    assert verify(town).violations == []


def test_what_failed_is_tried_again_later_and_later_until_it_arrives(town: Region) -> None:
    set_channel(town, LEAD, make_channel("leads", "wecom", "https://bot.example"), now=NOON)
    other, start = Other("http_500", "unreachable"), END - 20 * HOUR
    tried = []
    for minute in range(8):
        before = len(other.got)
        deliver(town, LEAD, now=start + timedelta(minutes=minute), send=other)
        tried += [minute] * (len(other.got) - before)
    assert tried == [0, 1, 3]
    (notice,) = list_notices(town, LEAD, channel="leads", now=start + HOUR)
    assert (notice.attempts, notice.problem, notice.delivered_at) == (3, "", start + timedelta(minutes=3))
    assert [next_try(n) / timedelta(minutes=1) for n in (1, 2, 3, 6, 7, 50)] == [1, 2, 4, 32, 60, 60]


def test_nothing_is_sent_for_a_claim_that_has_ended_meanwhile(town: Region) -> None:
    set_channel(town, LEAD, make_channel("leads", "plain", "https://bot.example"), now=NOON)
    other = Other("http_500")
    deliver(town, LEAD, now=END - timedelta(seconds=30), send=other)
    done = deliver(town, LEAD, now=END + HOUR, send=other)
    assert (done.forfeited, done.sent, len(other.got)) == (1, 0, 1)


def test_a_channel_can_be_replaced_and_forgotten_and_its_address_never_reaches_the_record(town: Region) -> None:
    set_channel(town, LEAD, make_channel("leads", "plain", "https://old.example/secret"), now=NOON)
    set_channel(town, LEAD, make_channel("leads", "feishu", "https://new.example/secret", "key"), now=NOON)
    assert [(one.name, one.form, one.url) for one in list_channels(town, LEAD)] == [
        ("leads", "feishu", "https://new.example/secret")
    ]
    assert not town.reader().execute("SELECT 1 FROM event WHERE facts LIKE '%secret%'").fetchall()
    remove_channel(town, LEAD, "leads", now=NOON)
    assert list_channels(town, LEAD) == []
    with pytest.raises(NotFound):
        remove_channel(town, LEAD, "leads", now=NOON)


def test_a_webhook_that_answers_nonsense_keeps_the_next_one_from_nothing(town: Region) -> None:
    for name, url in (("a", "http://127.0.0.1:1/x"), ("b", "https://bot.example")):
        set_channel(town, LEAD, make_channel(name, "dingtalk", url, "secret"), now=NOON)
    with town.turn(LEAD, now=NOON) as turn:  # as one was set before addresses were examined
        old = Channel("a", Form.DINGTALK, "http://[::1/x", "secret")
        save_channel(turn, old, event=ChannelSet(at=NOON, channel="a", form="dingtalk"))
    other = Other()
    done = deliver(town, LEAD, now=END - 2 * HOUR, send=lambda one: send(one) if "::1" in one.url else other(one))
    assert (done.sent, done.problems) == (1, {"a": "unreachable"})
    assert other.got == [[S0]]


def test_a_reminder_of_a_time_that_never_was_is_made_again_when_it_is_due(town: Region) -> None:
    set_channel(town, LEAD, make_channel("leads", "plain", "https://bot.example"), now=NOON)
    assert deliver(town, LEAD, now=END - 2 * HOUR, send=Other()).sent == 1
    accept_clock(town, LEAD, why="ntp_failed", now=NOON + HOUR)
    assert list_notices(town, LEAD, channel=None, now=END - 48 * HOUR) == []
    other = Other()
    done = [deliver(town, LEAD, now=END - hours * HOUR, send=other) for hours in (48, 24, 3, 2)]
    assert [(one.made, one.sent) for one in done] == [(2, 1), (2, 1), (2, 1), (0, 0)]
    assert verify(town).violations == []
