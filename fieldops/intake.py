"""
Rows of text that become values: reading their fields, and what an intake took, left and refused.

Files, forms and phones come in through here, so that the same row is refused for the same reason at every door.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from fieldops.clock import parse_day, parse_moment
from fieldops.errors import BadInput, RowsRefused
from fieldops.people import DaysOff
from fieldops.said import Reason, Said

LONGEST_ID = 64
LONGEST_NAME = 200
_DIGITS = re.compile(r"\d{5}")  # that many in a row may be a phone number
_REASON = re.compile(r"[a-z][a-z0-9_]{0,59}")
MOST_LISTED = 10_000
Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Intake:
    """
    What an intake did, in rows.

    `rejected` lists refused rows as {row, field, value, reason}, at most `MOST_LISTED` of the `refused` ones.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    rejected: tuple[dict[str, object], ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {
            "added": self.added, "updated": self.updated, "unchanged": self.unchanged, "refused": self.refused,
            "rejected": list(self.rejected),
        }  # fmt: skip


@dataclass(slots=True)
class Refusals:
    """Collects the rows that cannot be used while the others go on."""

    count: int = 0
    listed: list[dict[str, object]] = field(default_factory=list)

    def add(self, row: int, why: BadInput, value: str | None = None) -> None:
        """Note that a row is refused; `value` is what stood in the field."""
        self.count += 1
        if len(self.listed) < MOST_LISTED:
            self.listed.append(
                {"row": row, "field": why.field, "value": value, "reason": Reason([why.problem, why.cure])}
            )

    def in_order(self) -> tuple[dict[str, object], ...]:
        """Return what was refused, by row."""
        return tuple(sorted(self.listed, key=lambda one: int(str(one["row"]))))

    def refuse_any(self) -> None:
        """
        Refuse the whole where any row was refused (`--strict`).

        Raises
        ------
        RowsRefused
            If a row was refused.
        """
        if self.count:
            first = self.in_order()[0]
            reason = first["reason"]
            assert isinstance(reason, str)  # `add` put it there
            count, row, field = self.count, first["row"], first["field"]
            where = (
                Said(
                    "%(count)s rows cannot be used, the first: row %(row)s, field %(field)s",
                    count=count,
                    row=row,
                    field=field,
                )
                if field
                else Said("%(count)s rows cannot be used, the first: row %(row)s", count=count, row=row)
            )
            raise RowsRefused(
                Reason([where, reason]),
                cure="mend them, or leave --strict away to take the other rows", rejected=self.in_order(),
            )  # fmt: skip


def check_width(row: Mapping[str, str]) -> None:
    """
    Refuse a row whose number of values differs from the header's; the reader hands it over with the key "".

    Raises
    ------
    BadInput
        With the numbers.
    """
    if "" in row:
        raise BadInput(row[""], cure="check the commas and quotes of this row")


def read_id(row: Mapping[str, str], field: str) -> str:
    """
    Return the id in a field.

    Raises
    ------
    BadInput
        If it is empty, longer than `LONGEST_ID` or holds control characters.
    """
    text = row.get(field, "")
    if not text:
        raise BadInput("is empty", field=field, cure="give an id")
    if len(text) > LONGEST_ID or not text.isprintable():
        raise BadInput(
            "is no id", field=field, cure=Said("use at most %(longest_id)s printable characters", longest_id=LONGEST_ID)
        )
    return text


def read_name(row: Mapping[str, str], field: str) -> str:
    """
    Return the name in a field.

    Raises
    ------
    BadInput
        If it is empty, longer than `LONGEST_NAME` or holds control characters.
    """
    text = row.get(field, "")
    if not text:
        raise BadInput("is empty", field=field, cure="give a name")
    if len(text) > LONGEST_NAME or not text.isprintable():
        raise BadInput(
            "is no name",
            field=field,
            cure=Said("use at most %(longest_name)s printable characters", longest_name=LONGEST_NAME),
        )
    return text


def read_day(row: Mapping[str, str], field: str) -> date | None:
    """
    Return the calendar day in a field, None where it is empty.

    Raises
    ------
    BadInput
        If it is no day written as 2026-03-01.
    """
    text = row.get(field, "")
    return parse_day(text, field=field) if text else None


_ENGLISH = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CHINESE = ("一", "二", "三", "四", "五", "六", "日")
_WEEKDAY = {
    word: day
    for day, (english, chinese) in enumerate(zip(_ENGLISH, _CHINESE, strict=True))
    for word in (
        english, english[:3], f"{english}s", str(day + 1), *(f"{week}{chinese}" for week in ("周", "星期", "礼拜"))
    )
} | {f"{week}天": 6 for week in ("周", "星期", "礼拜")} | {"tues": 1, "thur": 3, "thurs": 3}  # fmt: skip


def read_days_off(row: Mapping[str, str], field: str) -> DaysOff:
    """
    Return the days off in a field: days such as 2026-03-01 and days of every week (sun, Sunday, 周日, 7), in any order.

    Raises
    ------
    BadInput
        If a word is neither.
    """
    words = re.split(r"[\s;,|，、；]+", row.get(field, "").strip())
    weekly = frozenset(_WEEKDAY[word.casefold()] for word in words if word.casefold() in _WEEKDAY)
    dates = set()
    for word in words:
        if not word or word.casefold() in _WEEKDAY:
            continue
        dates.add(
            parse_day(word, field=field, cure=Said("write 2026-03-01, or sun, Sunday, 周日 or 7 for every Sunday"))
        )
    return DaysOff(frozenset(dates), weekly)


def read_number(row: Mapping[str, str], field: str, *, low: float = -math.inf, high: float = math.inf) -> float:
    """
    Return the number in a field.

    Raises
    ------
    BadInput
        If it is no finite number in [low, high].
    """
    text = row.get(field, "")
    try:
        number = float(text)
    except ValueError:
        raise BadInput(
            Said("'%(given)s' is not a number", given=text) if text else "is empty", field=field, cure="give a number"
        ) from None
    if not math.isfinite(number):
        raise BadInput(Said("'%(text)s' is not a finite number", text=text), field=field, cure="give a number")
    if not low <= number <= high:
        least = f"{low:g}"
        cure = (
            Said("give %(least)s to %(most)s", least=least, most=f"{high:g}")
            if math.isfinite(high)
            else Said("give at least %(least)s", least=least)
        )
        raise BadInput(Said("%(given)s is out of range", given=text), field=field, cure=cure)
    return number


def read_position(row: Mapping[str, str], lon: str = "lon", lat: str = "lat") -> tuple[float | None, float | None]:
    """
    Return longitude and latitude in degrees, or None twice where both are empty.

    Raises
    ------
    BadInput
        If only one is given, one is outside its range, or the latitude can only be a longitude.
    """
    if not row.get(lon) and not row.get(lat):
        return None, None
    east, north = read_number(row, lon, low=-180, high=180), read_number(row, lat)
    if 85 < abs(north) <= 180 and abs(east) <= 85:
        raise BadInput("longitude and latitude look exchanged", field=lat, cure="exchange the two columns")
    return east, read_number(row, lat, low=-85, high=85)


def read_moment(row: Mapping[str, str], field: str) -> datetime:
    """
    Return the moment in a field, in UTC.

    Raises
    ------
    BadInput
        If it is no ISO 8601 time with a zone.
    """
    try:
        return parse_moment(row.get(field, ""))
    except BadInput as wrong:
        raise BadInput(wrong.problem, cure=wrong.cure, field=field) from None


def read_choice(kind: type[Choice], row: Mapping[str, str], field: str) -> Choice:
    """
    Return the word in a field as a member of `kind`.

    Raises
    ------
    BadInput
        If it is none of its words; the cure lists them.
    """
    try:
        return kind(row.get(field, ""))
    except ValueError:
        raise BadInput(
            Said("'%(given)s' is not known", given=row.get(field, "")),
            field=field,
            cure=Said("use one of %(choices)s", choices=", ".join(kind)),
        ) from None


def read_reason(text: str, known: Sequence[str], *, field: str = "why", needed: bool = True) -> str:
    """
    Return a reason as the record takes it: a code, so that no event ever holds a name (rule 20).

    `known` are the usual codes, which the refusal lists; another one may be coined. Empty where it is not needed.

    Raises
    ------
    BadInput
        If it is anything but small letters, digits and underscores, 60 at most, a letter first and never more than 4 digits
        in a row, or missing.
    """
    code = text.strip()
    if is_reason(code) and (code or not needed):
        return code
    raise BadInput(
        Said("'%(code)s' is no code", code=code) if code else "a reason is missing", field=field,
        cure=Said("write small letters, digits and _ only, such as %(choices)s; a letter first, at most 4 digits in a row: the record takes no other words", choices=', '.join(known)),
    )  # fmt: skip


def is_reason(code: str) -> bool:
    """Return whether the record takes it for a reason: a code, or nothing."""
    return not code or (_REASON.fullmatch(code) is not None and not holds_number(code))


def holds_number(text: str) -> bool:
    """Return whether a text holds 5 digits in a row, as a phone number does."""
    return _DIGITS.search(text) is not None
