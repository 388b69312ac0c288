"""What a phone may tell, and when a record was made although the phone's clock is wrong."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldops.contacts import COLUMNS, Kind, date_record, digest_of, read_door, read_record
from fieldops.errors import BadInput
from tests.conftest import NOON
from tests.phones import Phone, Told

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CONTACT = {"street": "S0", "what": "interested"}


def told(**fields: object) -> Told:
    return {**Phone().make(NOON, **CONTACT), **fields}


def test_a_record_is_read_as_it_was_told() -> None:
    record = read_record(told(door=" 12-3-502 ", lon=117.2, lat=28.3, accuracy_m=12, generation=2))
    assert (record.kind, record.what, record.door) == (Kind.CONTACT, "interested", "12-3-502")
    assert (record.lon, record.accuracy_m, record.generation, record.offset) == (117.2, 12.0, 2, None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "song"}, "kind"), ({"id": ""}, "id"), ({"id": "x" * 65}, "id"), ({"seq": -1}, "seq"),
        ({"seq": "٣"}, "seq"), ({"what": "bribed"}, "what"), ({"device_time": "noon"}, "device_time"),
        ({"street": None}, "street"), ({"triangle": "T0"}, "street"), ({"lon": 200, "lat": 0}, "lon"),
        ({"lon": 10.0}, "lat"), ({"accuracy_m": -1}, "accuracy_m"), ({"door": "Mr Wang"}, "door"),
        ({"secret": "x"}, "secret"), ({"what": ["interested"]}, "what"), ({"generation": True}, "generation"),
        ({"offset_s": float("nan")}, "offset_s"), ({"promoter": "a\nb"}, "promoter"), ({"sealed": "x" * 5000}, "sealed"),
        ({"kind": "visit", "what": "talked"}, "venue"), ({"kind": "hours", "hours": 3, "what": None}, "day"),
        ({"kind": "hours", "hours": 25, "day": "2026-03-02"}, "hours"), ({"kind": "claim", "street": None}, "street"),
        ({"kind": "appeal", "about": "x"}, "why"), ({"kind": "undo"}, "about"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_by_its_field(change: Told, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_record(told(**change))
    assert refused.value.field == field


@given(
    st.dictionaries(st.sampled_from(sorted(COLUMNS)), st.one_of(st.none(), st.text(), st.floats(), st.lists(st.none())))
)
def test_whatever_a_phone_sends_is_read_or_refused_and_nothing_else(sent: Told) -> None:
    with suppress(BadInput):
        assert read_record({**told(), **sent}).id


@pytest.mark.parametrize("door", ["", "502", "12-3-502", "a3-1-7"])
def test_a_door_is_a_number_and_never_a_name(door: str) -> None:
    assert read_door(door) == door.upper()
    for wrong in (f"{door} Mr Wang", "王先生", "1-2-3-4-5", "1--2"):
        with pytest.raises(BadInput):
            read_door(wrong)


def test_the_digest_follows_what_was_said_and_not_how_it_was_sent() -> None:
    one = told(cluster="A")
    backwards = dict(reversed(list({**one, "door": None}.items())))
    assert digest_of(one) == digest_of(backwards)
    assert digest_of(one) != digest_of({**one, "cluster": "B"})


# ── clocks ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def dated(
    phone: Phone, at: datetime, *, sent_at: datetime, skew_then: timedelta | None = None
) -> tuple[datetime, bool]:
    record = read_record(phone.make(at, **CONTACT))
    return date_record(record, sent_offset=-(phone.skew if skew_then is None else skew_then), now=sent_at)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("skew", "doubtful"),
    [
        (timedelta(0), False), (MINUTE, False), (-MINUTE, False), (DAY, True), (-DAY, True), (EPOCH - NOON, True),
        (datetime(2099, 1, 1, tzinfo=UTC) - NOON, True), (timedelta(minutes=10), False), (timedelta(minutes=11), True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("known", [True, False])
def test_a_clock_that_is_steadily_wrong_is_put_right_and_noted(skew: timedelta, doubtful: bool, known: bool) -> None:
    phone = Phone(skew=skew)
    if known:
        phone.offset_s, phone.answered_at = -skew.total_seconds(), "2026-03-02T01:00:00Z"
    assert dated(phone, NOON, sent_at=NOON + 3 * HOUR) == (NOON, doubtful)


@pytest.mark.parametrize("jump", [-DAY, DAY, -30 * DAY])
def test_a_clock_that_jumps_in_mid_shift_is_put_right_by_the_answer_that_the_phone_had_before(jump: timedelta) -> None:
    phone = Phone(offset_s=0.0, answered_at="2026-03-02T03:00:00Z", skew=jump)
    assert dated(phone, NOON, sent_at=NOON + HOUR) == (NOON, True)


def test_a_clock_that_was_put_right_before_sending_is_believed_as_it_was() -> None:
    phone = Phone(offset_s=-86_400.0, answered_at="2026-03-02T03:00:00Z", skew=DAY)
    assert dated(phone, NOON, sent_at=NOON + HOUR, skew_then=timedelta(0)) == (NOON, True)


@pytest.mark.parametrize("jump", [-DAY, DAY])
def test_control_believing_the_phones_own_clock_or_one_offset_alone_misses_by_a_day(jump: timedelta) -> None:
    phone = Phone(offset_s=0.0, answered_at="2026-03-02T03:00:00Z", skew=jump)
    record = read_record(phone.make(NOON, **CONTACT))
    assert record.offset is not None
    assert abs(record.device_time + record.offset - NOON) == DAY  # the offset at writing alone
    repaired = Phone(offset_s=-jump.total_seconds(), skew=jump)
    record = read_record(repaired.make(NOON, **CONTACT))
    assert (
        abs(record.device_time + timedelta(0) - NOON) == DAY
    )  # the offset at sending alone, the clock repaired by then


@given(
    skew=st.timedeltas(-DAY * 40_000, DAY * 20_000),
    then=st.timedeltas(-DAY * 40_000, DAY * 20_000),
    offset=st.one_of(st.none(), st.floats(-4e9, 4e9)),
    waited=st.timedeltas(timedelta(0), DAY * 30),
)
def test_no_record_is_dated_into_the_future_or_before_what_its_phone_knew(
    skew: timedelta, then: timedelta, offset: float | None, waited: timedelta
) -> None:
    phone = Phone(offset_s=offset, answered_at="2026-03-02T03:00:00Z", skew=skew)
    made_at, doubtful = dated(phone, NOON, sent_at=NOON + waited, skew_then=then)
    assert datetime(2026, 3, 2, 3, tzinfo=UTC) <= made_at <= NOON + waited
    if not doubtful:
        assert abs(skew) <= timedelta(minutes=20)
