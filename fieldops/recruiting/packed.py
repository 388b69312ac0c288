"""
Ways of candidates packed into texts of one length, and the tallies of many of them counted in one pass.

Packed, a way is 20 bytes in hexadecimal: the weeks of sign-up and of the first order, then one byte for the days of every
stage since sign-up, for those since the stage before, for those until they left, and for those from the first order on.
"""

from datetime import date

import numpy as np
from numpy.typing import NDArray

from fieldops.recruiting.funnel import Tallies, Tally
from fieldops.recruiting.journey import FINE_DAYS, LEFT_MARK, UNKNOWN_DAYS, Journey, Path
from fieldops.recruiting.stages import WAY, Stage

_FIRST_MONDAY = date(1970, 1, 5).toordinal()
_NO_WEEK = -(2**15)  # of those who never sold
_NEVER, _UNKNOWN = 255, 254
_FIRST_WEEK = FINE_DAYS - FINE_DAYS % 7 + 7  # beyond FINE_DAYS only days that begin a week have a code
_ROW = np.dtype([
    ("week", ">i2"), ("selling", ">i2"), ("reached", "u1", (len(WAY),)), ("steps", "u1", (len(WAY),)), ("left", "u1"), ("sold", "u1"),
])  # fmt: skip
_DAYS = np.array(
    [*range(FINE_DAYS + 1), *range(_FIRST_WEEK, _FIRST_WEEK + 7 * (_UNKNOWN - FINE_DAYS - 1), 7), UNKNOWN_DAYS]
)


def pack(journey: Journey) -> str:
    """Return a way as text."""
    beyond = (None,) * (len(WAY) - len(journey.reached))
    days = (*journey.reached, *beyond, *journey.steps, *beyond, journey.left, journey.sold)
    weeks = b"".join(_week(one).to_bytes(2, "big", signed=True) for one in (journey.week, journey.selling))
    return (weeks + bytes(_code(one) for one in days)).hex()


def _week(monday: date | None) -> int:
    return _NO_WEEK if monday is None else (monday.toordinal() - _FIRST_MONDAY) // 7


def _code(days: int | None) -> int:
    if days is None:
        return _NEVER
    if days == UNKNOWN_DAYS:
        return _UNKNOWN
    return days if days <= FINE_DAYS else FINE_DAYS + 1 + (days - _FIRST_WEEK) // 7


def count_packed(ways: str, since: date | None = None) -> Tallies:
    """
    Return the tallies of ways that are packed one behind the other, as the stored ones are read for all.

    Parameters
    ----------
    ways
        Texts of `pack`, joined.
    since
        Count cohorts only whose week begins on this day or later.
    """
    rows = np.frombuffer(bytes.fromhex(ways), _ROW)
    first = _NO_WEEK + 1 if since is None else -((_FIRST_MONDAY - since.toordinal()) // 7)
    signed, sellers = rows[rows["week"] >= first], rows[rows["selling"] >= max(first, _NO_WEEK + 1)]
    reached: dict[str, NDArray[np.uint8]] = {stage: signed["reached"][:, place] for place, stage in enumerate(WAY)}
    steps = {stage: signed["steps"][:, place] for place, stage in enumerate(WAY) if place}
    marks = {**reached, LEFT_MARK: signed["left"]}
    return Tallies(
        {stage: _count_days(days) for stage, days in reached.items()},
        {stage: _count_days(days) for stage, days in steps.items()},
        [(week, mark, count) for mark, days in marks.items() for week, count in _count_weeks(signed["week"][days != _NEVER])],
        _curve(Path.CANDIDATE, Stage.NEW, signed["week"], signed["left"]),
        _curve(Path.SELLER, Stage.FIRST_ORDER, sellers["selling"], sellers["sold"]),
    )  # fmt: skip


def _count_days(codes: NDArray[np.uint8]) -> dict[int, int]:
    """Return how often each number of days stands in a column, those who never came there left out."""
    counts = np.bincount(codes, minlength=_NEVER + 1)[:_NEVER]
    return {int(_DAYS[code]): int(counts[code]) for code in np.flatnonzero(counts)}


def _count_weeks(weeks: NDArray[np.int16]) -> list[tuple[date, int]]:
    if not len(weeks):
        return []
    first = int(weeks.min())
    counts = np.bincount(weeks.astype(np.int64) - first)
    return [(_monday(first + int(week)), int(counts[week])) for week in np.flatnonzero(counts)]


def _curve(path: str, begin: Stage, weeks: NDArray[np.int16], left: NDArray[np.uint8]) -> list[Tally]:
    """Return how many began in each week, and how many of them left after so many whole weeks."""
    began = [Tally(path, week, begin, 0, count) for week, count in _count_weeks(weeks)]
    gone = left != _NEVER
    if not gone.any():
        return began
    first = int(weeks.min())
    counts = np.bincount((weeks[gone].astype(np.int64) - first) * 256 + _DAYS[left[gone]] // 7)
    return began + [
        Tally(path, _monday(first + int(key) // 256), LEFT_MARK, int(key) % 256 * 7, int(counts[key]))
        for key in np.flatnonzero(counts)
    ]


def _monday(week: int) -> date:
    return date.fromordinal(_FIRST_MONDAY + 7 * week)
