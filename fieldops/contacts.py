"""
What crews do at doors and venues, as their phones tell it: records, when they were made, and what a contact may end in.

A record is made once, on a phone, under an id of its own, and never changes. `read_record` refuses what cannot be meant;
`date_record` says when it was made although the phone's clock may be wrong.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from fieldops.errors import BadInput
from fieldops.ids import DeviceId, PromoterId, StreetId, TriangleId, VenueId
from fieldops.intake import (
    read_choice,
    read_day,
    read_id,
    read_moment,
    read_name,
    read_number,
    read_position,
    read_reason,
)
from fieldops.said import Said
from fieldops.surveys import CLOCK_OFFSET_MAX, EARLIEST, FARTHEST_M, Answer, Phase

MOST_RECORDS = 50  # in one batch
LONGEST_SEALED = 4_096  # characters
FAR_M = 1_000.0  # a position farther than that from its place, its accuracy allowed for, is no position of it
MOST_HOURS = 24.0
LONG_DAY = 16.0  # hours of one promoter: more are kept with a mark, and wait for a lead
WHYS = ("it_is_true", "crew_gave_up")  # the codes that our own phones send
_DOOR = re.compile(r"[0-9A-Z]{1,8}(-[0-9A-Z]{1,8}){0,3}")
_A_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")


class Kind(StrEnum):
    """What a record tells."""

    SURVEY = "survey"
    CONTACT = "contact"
    VISIT = "visit"
    HOURS = "hours"
    SIGN_UP = "sign_up"  # the person is sealed to the key of the region
    CLAIM = "claim"  # the wish to claim a street: only the server claims (rule 6)
    WITHDRAWAL = "withdrawal"
    UNDO = "undo"
    APPEAL = "appeal"
    INCIDENT = "incident"
    LESSON = "lesson"  # a training card worked through


class Disposition(StrEnum):
    """How a conversation at a door, in a lift or on the street ended."""

    NOT_HOME = "not_home"
    REFUSED = "refused"
    KNOWS_ALREADY = "knows_already"
    INTERESTED = "interested"
    SIGNED_UP = "signed_up"
    COME_BACK = "come_back"
    NO_ACCESS = "no_access"
    DO_NOT_CONTACT = "do_not_contact"


# Who ended so did not know before, and does now.
NEWLY_TOLD = (Disposition.INTERESTED, Disposition.SIGNED_UP, Disposition.COME_BACK)


class Visit(StrEnum):
    """What was done at a venue."""

    POSTER_PLACED = "poster_placed"
    TALKED = "talked"
    CLOSED = "closed"
    NOT_ALLOWED = "not_allowed"


class Incident(StrEnum):
    """What happened in the field that a lead has to know of."""

    CITY_MANAGEMENT = "city_management"  # 城管
    POLICE = "police"
    TURNED_AWAY = "turned_away"  # by the guard or the management of a place
    COMPLAINT = "complaint"
    INJURY = "injury"
    DANGER = "danger"
    OTHER = "other"


class Lesson(StrEnum):
    """What the training cards of the phone teach."""

    POSTER = "poster"
    TALK = "talk"
    CARD = "card"
    SELLER = "seller"


class Mark(StrEnum):
    """What is noted of a record that was taken."""

    LATE = "late"  # made after the claim had ended (rule 7)
    CLOCK = "clock"  # the phone's clock was wrong by more than ten minutes, or was changed meanwhile
    FAR = "far"  # the position is not of this place; it is kept with the record and not used
    STREET_GONE = "street_gone"  # the map no longer has the street
    LONG_DAY = "long_day"  # more than sixteen hours of one promoter in one day, at all places together
    DO_NOT_CONTACT = "do_not_contact"  # the door or venue had asked not to be contacted


COLUMNS = frozenset({
    "id", "seq", "kind", "device", "promoter", "device_time", "offset_s", "answered_at", "generation", "lon", "lat",
    "accuracy_m", "street", "triangle", "venue", "what", "door", "hours", "day", "about", "why", "cluster", "phase",
    "home_street", "measurement", "back_check_of", "key", "sealed",
})  # fmt: skip
_WORDS: Mapping[Kind, type[StrEnum]] = {
    Kind.SURVEY: Answer,
    Kind.CONTACT: Disposition,
    Kind.VISIT: Visit,
    Kind.LESSON: Lesson,
    Kind.INCIDENT: Incident,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """
    One record as a phone made it.

    `seq` counts the records of `device`; `offset` is what the phone knew its clock to lack when it wrote `device_time`
    (true minus shown), and `answered_at` the server's moment that it knew this from, both None before the first answer.
    `generation` is that of the claim under which the phone worked. `what` is the answer, disposition or outcome of the
    visit, `about` the record that an undo or appeal
    concerns, or the version of the text that was agreed to at a sign-up, `why` the code of an appeal or withdrawal. `digest` is
    SHA-256 over everything that was said.
    """

    id: str
    device: DeviceId
    seq: int
    kind: Kind
    promoter: PromoterId
    device_time: datetime
    offset: timedelta | None
    answered_at: datetime | None
    street: StreetId | None = None
    triangle: TriangleId | None = None
    venue: VenueId | None = None
    generation: int | None = None
    what: str = ""
    door: str = ""
    hours: float | None = None
    day: date | None = None
    about: str = ""
    why: str = ""
    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    survey: Mapping[str, str]
    key: str = ""
    sealed: str = ""
    digest: str


def read_record(told: Mapping[str, object]) -> Record:
    """
    Return the record that a phone's JSON object tells; absent fields may be left out or null.

    Raises
    ------
    BadInput
        If a value is missing, is of no use to its kind, or cannot be meant; `field` names it.
    """
    row = _texts(told)
    kind = read_choice(Kind, row, "kind")
    lon, lat = read_position(row)
    device_time = read_moment(row, "device_time")
    record = Record(
        id=read_id(row, "id"), device=DeviceId(read_id(row, "device")), seq=_whole(row, "seq"), kind=kind,
        promoter=PromoterId(read_id(row, "promoter")), device_time=device_time,
        offset=timedelta(seconds=read_number(row, "offset_s", low=-4e9, high=4e9)) if row.get("offset_s") else None,
        answered_at=read_moment(row, "answered_at") if row.get("answered_at") else None,
        street=StreetId(read_id(row, "street")) if row.get("street") else None,
        triangle=TriangleId(read_id(row, "triangle")) if row.get("triangle") else None,
        venue=VenueId(read_id(row, "venue")) if row.get("venue") else None,
        generation=_whole(row, "generation") if row.get("generation") else None,
        what=read_choice(_WORDS[kind], row, "what") if kind in _WORDS else "", door=read_door(row.get("door", "")),
        hours=read_number(row, "hours", low=0.0, high=MOST_HOURS) if kind is Kind.HOURS else None,
        day=read_day(row, "day"), about=read_id(row, "about") if kind in (Kind.UNDO, Kind.APPEAL, Kind.SIGN_UP) else "",
        why=read_reason(read_name(row, "why"), WHYS) if row.get("why") else "", lon=lon, lat=lat,
        accuracy_m=read_number(row, "accuracy_m", low=0.0, high=FARTHEST_M) if row.get("accuracy_m") else None,
        survey={name: row.get(name, "") for name in ("cluster", "home_street", "measurement", "back_check_of")}
        | {"phase": read_choice(Phase, row, "phase") if row.get("phase") else ""},
        key=row.get("key", ""), sealed=row.get("sealed", ""), digest=digest_of(told),
    )  # fmt: skip
    _check_fields(record)
    return record


def read_door(text: str) -> str:
    """
    Return a door as building-unit-room, at most four parts of capital letters and digits such as 12-3-502; or "".

    It holds no words, so that no name of a person gets into the region file.

    Raises
    ------
    BadInput
        If it is anything else.
    """
    door = text.strip().upper()
    if door and not _DOOR.fullmatch(door):
        raise BadInput(
            Said("'%(text)s' is no door", text=text[:40]),
            field="door",
            cure="write building-unit-room, for example 12-3-502",
        )
    return door


def digest_of(told: Mapping[str, object]) -> str:
    """Return SHA-256 over what a phone told, in an order that does not depend on how it was sent; null is absent."""
    said = {name: value for name, value in told.items() if value is not None}
    try:
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        raise BadInput("a value is no plain text or number", cure="send JSON text and finite numbers") from None
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def date_record(record: Record, *, sent_offset: timedelta, now: datetime) -> tuple[datetime, bool]:
    """
    Return when a record was made by the server's clock, and whether the phone's clock gives reason for doubt.

    A record was made no later than now, and no earlier than the server's last answer that its phone knew then. Of the two
    offsets known, that at writing and that at sending, the first that respects this is believed: the clock may have been
    put forward or back in between. The answer does not depend on the order in which records arrive.

    Parameters
    ----------
    record
        As the phone made it.
    sent_offset
        What the phone's clock lacked when the record was sent (true minus shown).
    now
        The server's moment.
    """
    offsets = [sent_offset] if record.offset is None else [record.offset, sent_offset]
    earliest = max(record.answered_at or EARLIEST, EARLIEST)
    told = [_shifted(record.device_time, offset) for offset in offsets]
    lawful = [moment for moment in told if earliest - CLOCK_OFFSET_MAX <= moment <= now + CLOCK_OFFSET_MAX]
    made_at = min(max(lawful[0] if lawful else told[0], min(earliest, now)), now)
    changed = max(offsets) - min(offsets) > CLOCK_OFFSET_MAX
    return made_at, changed or not lawful or any(abs(offset) > CLOCK_OFFSET_MAX for offset in offsets)


def _shifted(moment: datetime, offset: timedelta) -> datetime:
    try:
        return moment + offset
    except OverflowError:
        return moment


def _texts(told: Mapping[str, object]) -> dict[str, str]:
    row: dict[str, str] = {}
    for name, value in told.items():
        if name not in COLUMNS:
            raise BadInput(
                "is not known", field=str(name)[:40], cure="update the page: its version is not the server's"
            )
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise BadInput("is no text and no number", field=name, cure="send plain values")
        row[name] = value if isinstance(value, str) else repr(value)
        if not row[name].isascii() and any("\ud800" <= sign <= "\udfff" for sign in row[name]):
            raise BadInput("holds half a character", field=name, cure="send whole characters")
        if len(row[name]) > (LONGEST_SEALED if name == "sealed" else 200):
            raise BadInput("is too long", field=name, cure="send at most 200 characters")
    return row


def _whole(row: Mapping[str, str], field: str) -> int:
    if not _A_WHOLE_NUMBER.fullmatch(row.get(field, "")):
        raise BadInput(
            Said("'%(given)s' is no whole number", given=row.get(field, "")[:40]), field=field, cure="count from 1"
        )
    return int(row[field])


def _check_fields(record: Record) -> None:
    """Refuse a record that lacks what its kind needs."""
    places = sum(place is not None for place in (record.street, record.triangle, record.venue))
    needs_place = record.kind in (Kind.SURVEY, Kind.CONTACT, Kind.VISIT, Kind.HOURS, Kind.CLAIM, Kind.WITHDRAWAL)
    if needs_place and places != 1:
        raise BadInput(
            Said("%(places)s places are given", places=places),
            field="street",
            cure="give one street, triangle or venue",
        )
    if record.kind in (Kind.CLAIM, Kind.WITHDRAWAL) and record.street is None:
        raise BadInput("no street is given", field="street", cure="name the street")
    if record.kind is Kind.SURVEY and record.venue is not None:
        raise BadInput("a survey is of a street or a connection point", field="venue", cure="name the street")
    if record.kind is Kind.VISIT and record.venue is None:
        raise BadInput("no venue is given", field="venue", cure="name the venue")
    if record.kind is Kind.HOURS and (record.day is None or record.triangle is not None):
        raise BadInput("hours need a day and a street or venue", field="day", cure="give the day and the place")
    if record.day is not None and record.day < EARLIEST.date():
        raise BadInput(
            Said("%(day)s is before %(given)s", day=record.day, given=EARLIEST.date()),
            field="day",
            cure="give the day of the work",
        )
    if record.kind is Kind.SIGN_UP and not (record.sealed and record.key and record.about):
        raise BadInput(
            "is empty", field="sealed", cure="seal the person to the key of the region, and name the consent"
        )
    if record.kind is Kind.APPEAL and not record.why:
        raise BadInput("is empty", field="why", cure="say why, by its code")
