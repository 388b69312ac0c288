"""
What one candidate adds to the funnel: when each stage was first reached, counted in whole days, and when they left.

Entries are counted in tallies, so that the funnel of 200,000 candidates is a sum over some thousand rows. A change of a
candidate takes their old entries out and puts the new ones in; erasing a person changes no entry.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from fieldops.clock import local_day
from fieldops.recruiting.sources import Group, SourceKind
from fieldops.recruiting.stages import LEFT, RANK, WAY, Move, Stage

FINE_DAYS = 60  # beyond, days are counted in weeks
MOST_DAYS = 730
UNKNOWN_DAYS = -1
ANY_DAYS = -2
EVERY_WEEK = date.min
LEFT_MARK = "left"
ANY = "*"


class Path:
    """The three sorts of entries."""

    CANDIDATE = "candidate"  # days since sign-up until a stage was first reached, or until the candidate left
    STEP = "step"  # days between a stage and the one reached before
    SELLER = "seller"  # days since the first order until the seller left


@dataclass(frozen=True, slots=True)
class Entry:
    """One count: `week` is the Monday on which the cohort began, `days` are whole days, the first of their week, or UNKNOWN."""

    path: str
    week: date
    kind: str
    group: str
    stage: str
    days: int


def entries(
    made_at: datetime, moves: Sequence[Move], kind: SourceKind, group: Group | None, zone: ZoneInfo
) -> Counter[Entry]:
    """
    Return what a candidate adds to the tallies.

    Parameters
    ----------
    made_at
        When they signed up.
    moves
        Their moves in the order in which they took effect.
    kind, group
        What the tallies are split by.
    zone
        The city's, for the week of the cohort.
    """
    found: Counter[Entry] = Counter()
    label, week = (group.value if group else ""), _monday(local_day(made_at, zone))
    reached: dict[Stage, datetime | None] = {Stage.NEW: made_at}  # None: passed over by a file, nobody knows when
    for move in moves:
        if move.after in RANK:
            for stage in WAY[: RANK[move.after]]:
                reached.setdefault(stage, None)
            reached.setdefault(move.after, max(move.moved_at, made_at))
    before: datetime | None = made_at
    for stage in WAY:
        if stage not in reached:
            break
        at = reached[stage]
        found[Entry(Path.CANDIDATE, week, kind, label, stage, _days(made_at, at))] += 1
        if stage != Stage.NEW:
            found[Entry(Path.STEP, week, kind, label, stage, _days(before, at))] += 1
        before = at
    left_at = moves[-1].moved_at if moves and moves[-1].after in LEFT else None
    if left_at is not None:
        found[Entry(Path.CANDIDATE, week, kind, label, LEFT_MARK, _days(made_at, left_at))] += 1
    start = reached.get(Stage.FIRST_ORDER) or reached.get(Stage.ACTIVE)
    if start is not None:
        first_week = _monday(local_day(start, zone))
        found[Entry(Path.SELLER, first_week, kind, label, Stage.FIRST_ORDER, 0)] += 1
        if left_at is not None:
            found[Entry(Path.SELLER, first_week, kind, label, LEFT_MARK, _days(start, left_at))] += 1
    return found


def rolled_up(counts: Counter[Entry]) -> Counter[Entry]:
    """
    Return entries together with their sums over all kinds, all groups, all weeks and all days.

    So whatever the funnel asks for is one short range of rows, however many candidates and weeks there are.
    """
    whole: Counter[Entry] = Counter()
    for one, count in counts.items():
        for week, days in ((one.week, one.days), (EVERY_WEEK, one.days), (one.week, ANY_DAYS)):
            for kind in (one.kind, ANY):
                for group in (one.group, ANY):
                    whole[Entry(one.path, week, kind, group, one.stage, days)] += count
    return whole


def _days(start: datetime | None, end: datetime | None) -> int:
    if start is None or end is None:
        return UNKNOWN_DAYS
    days = min(max(0, (end - start).days), MOST_DAYS)
    return days if days <= FINE_DAYS else days - days % 7


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
