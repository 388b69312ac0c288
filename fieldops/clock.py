"""The only reading of the clock, and the one text form of a moment."""

import re
import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fieldops.errors import BadInput
from fieldops.said import Said

WRITTEN = Said("write it as 2026-03-01")
_ZONED = re.compile(r"(Z|[+-]\d{2}:?\d{2})$")


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def format_moment(moment: datetime) -> str:
    """
    Return the moment as text of fixed width in UTC, ending in `Z`, so that text order is time order.

    Raises
    ------
    ValueError
        If the moment is naive.
    """
    if moment.tzinfo is None:
        raise ValueError(f"a moment needs a time zone: {moment!r}")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"


def parse_moment(text: str) -> datetime:
    """
    Return the moment that an ISO 8601 text with a zone names, in UTC.

    Raises
    ------
    BadInput
        If the text is no ISO 8601 time or names no zone.
    """
    cure = "write an ISO 8601 time with its zone, for example 2026-11-23T08:00:00+08:00 or ...Z"
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadInput(Said("'%(text)s' is not a time", text=text), cure=cure) from None
    if moment.tzinfo is None or not _ZONED.search(text.strip()):
        raise BadInput(Said("'%(text)s' has no time zone", text=text), cure=cure)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise BadInput(Said("'%(text)s' is outside the calendar", text=text), cure=cure) from None


def parse_day(text: str, *, field: str | None = None, cure: str = WRITTEN) -> date:
    """
    Return the calendar day that a text names.

    Raises
    ------
    BadInput
        If it names none; `field` is where it stood.
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadInput(Said("'%(text)s' is not a day", text=text[:20]), field=field, cure=cure) from None


def find_zone(name: str) -> ZoneInfo:
    """
    Return the time zone of that IANA name.

    Raises
    ------
    BadInput
        If no such zone is known.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(
            Said("no time zone is called '%(name)s'", name=name), cure="use an IANA name such as Asia/Shanghai"
        ) from None


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """Return the calendar day of the moment in the zone of the city."""
    return moment.astimezone(zone).date()


def local_text(moment: datetime, zone: ZoneInfo) -> str:
    """Return the moment for people, on the clocks of the city, to the second: `2026-03-02 12:00:00+08:00`."""
    return moment.astimezone(zone).isoformat(" ", "seconds")


class Stopwatch:
    """Seconds since it was made: how solvers keep a time limit without knowing what time it is."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        """Return the seconds since the start, never going back."""
        return time.monotonic() - self._start
