"""The board and its table: candidates by stage with filters, answered from one covering index; groups 1 and 4 first."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

from fieldops.clock import format_moment
from fieldops.ids import CandidateId, CrewId, PosterCode, RepId, StreetId, VenueId
from fieldops.recruiting.candidate import Candidate
from fieldops.recruiting.funnel import Tallies, Tally
from fieldops.recruiting.journey import ANY, ANY_DAYS, EVERY_WEEK, Path
from fieldops.recruiting.sources import Group, SourceKind
from fieldops.recruiting.stages import SELLERS, Stage
from fieldops.store.recruiting import COLUMNS, NEVER, candidate_of
from fieldops.store.sqlite import sqlite3

_LIVE = "merged_into IS NULL AND erased_at IS NULL"
_ORDER = "urgency, due_at, number"
# Columns with few values: read along an index that has the order already (+ keeps SQLite from looking them up and sorting).
_WIDE = frozenset({"seller_group", "source_kind", "crew_id", "base"})
SELLER_STAGES = tuple(sorted(SELLERS))


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; None and False leave everything in. `due_by`: a call is due by then."""

    stage: Stage | None = None
    group: Group | None = None
    kind: SourceKind | None = None
    rep: RepId | None = None
    without_rep: bool = False
    crew: CrewId | None = None
    street: StreetId | None = None
    venue: VenueId | None = None
    poster: PosterCode | None = None
    base: str | None = None
    due_by: datetime | None = None

    @property
    def any(self) -> bool:
        """Return whether anything is left out, the stage apart."""
        return any(getattr(self, field.name) for field in fields(self) if field.name != "stage")


def _where(filters: Filters) -> tuple[str, list[object]]:
    terms = [_LIVE]
    values: list[object] = []
    for column, value in (
        ("stage", filters.stage), ("seller_group", filters.group), ("source_kind", filters.kind), ("rep_id", filters.rep),
        ("crew_id", filters.crew), ("street_id", filters.street), ("venue_id", filters.venue), ("poster", filters.poster),
        ("base", filters.base),
    ):  # fmt: skip
        if value:
            terms.append(f"{'+' * (column in _WIDE)}{column} = ?")
            values.append(str(value))
    if filters.without_rep:
        terms.append("rep_id IS NULL")
    if filters.due_by is not None:
        terms.append("due_at <= ?")
        values.append(format_moment(filters.due_by))
    return " AND ".join(terms), values


def count_stages(connection: sqlite3.Connection, filters: Filters) -> dict[Stage, int]:
    """Return how many candidates stand at each stage; stages without any are not in it."""
    where, values = _where(filters)
    narrow = filters.rep or filters.street or filters.venue or filters.poster
    index = "" if narrow else "INDEXED BY candidate_board"  # it holds every column that is asked for
    rows = connection.execute(f"SELECT stage, count(*) FROM candidate {index} WHERE {where} GROUP BY stage", values)  # noqa: S608  # one of two words above; `_where`: columns named there, values bound
    return {Stage(row[0]): row[1] for row in rows}


def list_candidates(
    connection: sqlite3.Connection,
    filters: Filters,
    *,
    most: int,
    after: int = 0,
    numbers: Sequence[int] | None = None,
    sellers: bool = False,
) -> list[Candidate]:
    """Return candidates, groups 1 and 4 first, then by due call, then the longest waiting; only `numbers` where given."""
    where, values = _where(filters)
    if sellers:
        where += " AND stage IN ('signed', 'trained', 'first_order', 'active')"
    if numbers is not None:
        where += _AMONG
        values.append(json.dumps(list(numbers)))
    # the inner question is answered by the covering index alone; rows are fetched for one page only
    inner = f"SELECT number FROM candidate WHERE {where} ORDER BY {_ORDER} LIMIT ? OFFSET ?"  # noqa: S608  # `_where`: columns named there, values bound
    query = f"SELECT {COLUMNS} FROM candidate WHERE number IN ({inner}) ORDER BY {_ORDER}"  # noqa: S608  # the question above, and constants
    rows = connection.execute(query, (*values, most, after))
    return [candidate_of(row) for row in rows]


_AMONG = " AND number IN (SELECT value FROM json_each(?))"


def stand_ins(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[int]:
    """Return candidates by number, those who were merged replaced by the one that stands for them."""
    rows = connection.execute(
        "SELECT m.number, k.number FROM candidate AS m JOIN candidate AS k ON k.id = m.merged_into"
        " WHERE m.merged_into IS NOT NULL"
    )
    kept = {row[0]: row[1] for row in rows}
    found = dict.fromkeys(_last(kept, number) for number in numbers) if kept else dict.fromkeys(numbers)
    return list(found)


def _last(kept: dict[int, int], number: int) -> int:
    while number in kept:
        number = kept[number]
    return number


def begin_with(connection: sqlite3.Connection, text: str) -> list[CandidateId]:
    """Return candidates whose id begins with a text, at most two; those that stand for themselves only."""
    if not all(sign in "0123456789abcdef" for sign in text):
        return []
    query = f"SELECT id FROM candidate WHERE id >= ? AND id < ? AND {_LIVE} LIMIT 2"  # noqa: S608  # a constant
    rows = connection.execute(query, (text, text + "g"))
    return [CandidateId(row[0]) for row in rows]


def count_due(connection: sqlite3.Connection, by: datetime, rep: RepId | None = None) -> int:
    """Return how many calls are due by a moment."""
    if rep is not None:
        query = f"SELECT count(*) FROM candidate WHERE rep_id = ? AND due_at <= ? AND {_LIVE}"  # noqa: S608  # constants
        return int(connection.execute(query, (rep, format_moment(by))).fetchone()[0])
    query = f"SELECT count(*) FROM candidate WHERE due_at <= ? AND {_LIVE}"  # noqa: S608  # constants
    return int(connection.execute(query, (format_moment(by),)).fetchone()[0])


def list_due(connection: sqlite3.Connection, by: datetime, *, rep: RepId | None, most: int) -> list[Candidate]:
    """Return who is to be called by a moment: groups 1 and 4 first, then the longest due."""
    mine, values = ("rep_id = ? AND", [rep]) if rep is not None else ("", [])
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM candidate WHERE {mine} due_at <= ? AND {_LIVE} ORDER BY {_ORDER} LIMIT ?",  # noqa: S608  # `mine` is one of two words above, the rest constants
        (*values, format_moment(by), most),
    )
    return [candidate_of(row) for row in rows]


def read_tallies(
    connection: sqlite3.Connection,
    *,
    kind: SourceKind | None = None,
    group: Group | None = None,
    since: date | None = None,
) -> Tallies:
    """Return the funnel's tallies of all or of one kind and group, summed as the figures need them; `since` a week."""
    mine = "FROM funnel_tally WHERE path = ? AND source_kind = ? AND seller_group = ?"
    asked = (kind or ANY, group or ANY)
    first, every = (since or date.min).isoformat(), EVERY_WEEK.isoformat()

    def days(path: str) -> dict[str, dict[int, int]]:
        found: dict[str, dict[int, int]] = {}
        which = "week = ?" if since is None else "week >= ?"
        rows = connection.execute(
            f"SELECT stage, days, sum(count) {mine} AND {which} AND days <> {ANY_DAYS} GROUP BY stage, days HAVING sum(count) > 0",
            (path, *asked, every if since is None else first),
        )
        for stage, day, count in rows:
            found.setdefault(stage, {})[day] = count
        return found

    def weeks(path: str, begin: str) -> list[Tally]:
        rows = connection.execute(
            f"SELECT week, stage, days / 7 * 7, sum(count) {mine} AND stage IN (?, 'left') AND week > ? AND week >= ?"
            f" AND days <> {ANY_DAYS} GROUP BY 1, 2, 3 HAVING sum(count) > 0",
            (path, *asked, begin, every, first),
        )
        return [Tally(path, date.fromisoformat(row[0]), row[1], row[2], row[3]) for row in rows]

    rows = connection.execute(
        f"SELECT week, stage, count {mine} AND days = {ANY_DAYS} AND week > ? AND week >= ? AND count > 0",
        (Path.CANDIDATE, *asked, every, first),
    )
    by_week = [(date.fromisoformat(row[0]), row[1], row[2]) for row in rows]
    return Tallies(
        days(Path.CANDIDATE), days(Path.STEP), by_week, weeks(Path.CANDIDATE, "new"), weeks(Path.SELLER, "first_order")
    )


def read_ways(connection: sqlite3.Connection, filters: Filters) -> str:
    """Return the packed ways of the candidates that a filter leaves, erased ones too, joined to one text."""
    where, values = _where(filters)
    where = where.replace(_LIVE, "merged_into IS NULL").replace("+", "")  # one place: its own index, no order wanted
    query = f"SELECT coalesce(group_concat(journey, ''), '') FROM candidate WHERE {where}"  # noqa: S608  # `_where`: columns named there, values bound
    return str(connection.execute(query, values).fetchone()[0])


def read_bases(connection: sqlite3.Connection) -> list[str]:
    """Return the bases that reps, crews and trainings name."""
    rows = connection.execute(
        "SELECT base FROM rep UNION SELECT base FROM crew WHERE base IS NOT NULL UNION SELECT base FROM training ORDER BY 1"
    )
    return [row[0] for row in rows]


def count_incomes(connection: sqlite3.Connection) -> list[tuple[str, int, float | None, float | None, float | None]]:
    """Return for each group of sellers how many there are, and the mean of what they want (low, high) and reach."""
    rows = connection.execute(
        "SELECT seller_group, count(*), avg(wanted_low), avg(wanted_high), avg(income_reached) FROM candidate"
        " WHERE merged_into IS NULL AND erased_at IS NULL AND stage IN ('signed', 'trained', 'first_order', 'active')"
        " GROUP BY seller_group ORDER BY seller_group"
    )
    return [tuple(row) for row in rows]


__all__ = [
    "NEVER", "Filters", "count_due", "count_incomes", "count_stages", "list_candidates", "list_due", "read_bases",
    "read_tallies", "read_ways",
]  # fmt: skip
