"""
What one candidate adds to the funnel: when each stage was first reached, counted in whole days, and when they left.

Entries are counted in tallies, so that the funnel of 200,000 candidates is a sum over some thousand rows. A change of a
candidate takes their old entries out and puts the new ones in; erasing a person changes no entry. For any one place, of
which there are too many for tallies of their own, ways are packed (`recruiting/packed.py`) and counted in one pass.
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


@dataclass(frozen=True, slots=True)
class Journey:
    """
    One candidate's way. Weeks are Mondays; days are whole ones, beyond FINE_DAYS the first of their week, or UNKNOWN_DAYS.

    `reached` holds for every stage of the way that was ever reached, in its order, the days since sign-up; `steps` those
    since the stage before (of the first stage 0); `left` the days until the candidate left, None where they did not;
    `selling` is the week of the first order, and `sold` the days from it until the seller left.
    """

    week: date
    reached: tuple[int, ...]
    steps: tuple[int, ...]
    left: int | None = None
    selling: date | None = None
    sold: int | None = None


def walk_journey(made_at: datetime, moves: Sequence[Move], zone: ZoneInfo) -> Journey:
    """
    Return a candidate's way.

    Parameters
    ----------
    made_at
        When they signed up.
    moves
        Their moves in the order in which they took effect.
    zone
        The city's, for the weeks of the cohorts.
    """
    reached: dict[Stage, datetime | None] = {Stage.NEW: made_at}  # None: passed over by a file, nobody knows when
    for move in moves:
        if move.after in RANK:
            for stage in WAY[: RANK[move.after]]:
                reached.setdefault(stage, None)
            reached.setdefault(move.after, max(move.moved_at, made_at))
    moments = [reached[stage] for stage in WAY if stage in reached]
    left_at = moves[-1].moved_at if moves and moves[-1].after in LEFT else None
    start = reached.get(Stage.FIRST_ORDER) or reached.get(Stage.ACTIVE)
    return Journey(
        _monday(local_day(made_at, zone)),
        tuple(_days(made_at, at) for at in moments),
        tuple(_days(before, at) for before, at in zip([made_at, *moments], moments, strict=False)),
        None if left_at is None else _days(made_at, left_at),
        None if start is None else _monday(local_day(start, zone)),
        None if start is None or left_at is None else _days(start, left_at),
    )


def entries(journey: Journey, kind: SourceKind, group: Group | None) -> Counter[Entry]:
    """Return what a candidate with this way adds to the tallies, which are split by kind of source and group."""
    found: Counter[Entry] = Counter()
    label = group.value if group else ""
    for stage, days, step in zip(WAY, journey.reached, journey.steps, strict=False):
        found[Entry(Path.CANDIDATE, journey.week, kind, label, stage, days)] += 1
        if stage != Stage.NEW:
            found[Entry(Path.STEP, journey.week, kind, label, stage, step)] += 1
    if journey.left is not None:
        found[Entry(Path.CANDIDATE, journey.week, kind, label, LEFT_MARK, journey.left)] += 1
    if journey.selling is not None:
        found[Entry(Path.SELLER, journey.selling, kind, label, Stage.FIRST_ORDER, 0)] += 1
        if journey.sold is not None:
            found[Entry(Path.SELLER, journey.selling, kind, label, LEFT_MARK, journey.sold)] += 1
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
