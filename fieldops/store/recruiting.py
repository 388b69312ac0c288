"""Candidates in the region file: sign-ups and moves are append-only, the rows and tallies that follow are kept beside them."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from fieldops.clock import format_moment, parse_moment
from fieldops.events import CandidateMoved, CandidatesMoved, Event, SignUpsRecorded
from fieldops.ids import CandidateId, CrewId, PosterCode, RepId, StreetId, VenueId
from fieldops.recruiting.candidate import Candidate, SignUp
from fieldops.recruiting.journey import Entry, Journey, entries, rolled_up, walk_journey
from fieldops.recruiting.packed import pack
from fieldops.recruiting.sources import Group, Source, SourceKind
from fieldops.recruiting.stages import Move, Stage
from fieldops.store import audit
from fieldops.store.connect import Turn
from fieldops.store.sqlite import sqlite3

Name = TypeVar("Name", bound=str)
NEVER = "9999-12-31T00:00:00.000000Z"
COLUMNS = (
    "number, id, stage, stage_since, reached, reason, seller_group, wanted_low, wanted_high, income_reached, language, base,"
    " source_kind, street_id, venue_id, crew_id, channel, poster, made_at, rep_id, due_at, confirmed_at, merged_into, erased_at"
)
_SIGN_UP = "id, candidate_id, again, source_kind, street_id, venue_id, crew_id, channel, poster, seller_group, consent, made_at"
_SETTABLE = frozenset(COLUMNS.replace(" ", "").split(",")) - {
    "number", "id", "stage", "stage_since", "reached", "reason",
}  # fmt: skip
_MOVE = "candidate_id, before, after, reason, moved_at"


def candidate_of(row: sqlite3.Row) -> Candidate:
    """Return the candidate in a row of `COLUMNS`."""
    source = Source(
        SourceKind(row["source_kind"]), _name(StreetId, row["street_id"]), _name(VenueId, row["venue_id"]),
        _name(CrewId, row["crew_id"]), row["channel"], _name(PosterCode, row["poster"]),
    )  # fmt: skip
    return Candidate(
        row["number"], CandidateId(row["id"]), Stage(row["stage"]), parse_moment(row["stage_since"]),
        Stage(row["reached"]), row["reason"], Group(row["seller_group"]) if row["seller_group"] else None,
        row["wanted_low"], row["wanted_high"], row["income_reached"], row["language"], row["base"], source,
        parse_moment(row["made_at"]), _name(RepId, row["rep_id"]),
        None if row["due_at"] == NEVER else parse_moment(row["due_at"]), _moment(row["confirmed_at"]),
        _name(CandidateId, row["merged_into"]), _moment(row["erased_at"]),
    )  # fmt: skip


def _name(kind: Callable[[str], Name], value: str | None) -> Name | None:
    return kind(value) if value else None


def _moment(text: str | None) -> datetime | None:
    return parse_moment(text) if text else None


def find_candidate(connection: sqlite3.Connection, candidate: CandidateId) -> Candidate | None:
    """Return a candidate, None where there is none."""
    row = connection.execute(f"SELECT {COLUMNS} FROM candidate WHERE id = ?", (candidate,)).fetchone()  # noqa: S608  # constants
    return candidate_of(row) if row else None


def find_numbered(connection: sqlite3.Connection, number: int) -> Candidate | None:
    """Return the candidate of that number."""
    row = connection.execute(f"SELECT {COLUMNS} FROM candidate WHERE number = ?", (number,)).fetchone()  # noqa: S608  # constants
    return candidate_of(row) if row else None


def read_merged(connection: sqlite3.Connection, kept: CandidateId) -> list[CandidateId]:
    """Return those for whom a candidate stands."""
    rows = connection.execute("SELECT id FROM candidate WHERE merged_into = ? ORDER BY number", (kept,))
    return [CandidateId(row[0]) for row in rows]


def next_number(connection: sqlite3.Connection) -> int:
    """Return a number that no candidate of this file has or had: rows are never deleted."""
    return int(connection.execute("SELECT coalesce(max(number), 0) + 1 FROM candidate").fetchone()[0])


def find_sign_up(connection: sqlite3.Connection, sign_up: str) -> tuple[CandidateId, bool] | None:
    """Return whom a sign-up was and whether again, None where it never came."""
    row = connection.execute("SELECT candidate_id, again FROM sign_up WHERE id = ?", (sign_up,)).fetchone()
    return (CandidateId(row[0]), bool(row[1])) if row else None


def read_sign_ups(connection: sqlite3.Connection, candidate: CandidateId) -> list[SignUp]:
    """Return all sign-ups of a candidate, oldest first."""
    rows = connection.execute(f"SELECT {_SIGN_UP} FROM sign_up WHERE candidate_id = ? ORDER BY number", (candidate,))  # noqa: S608  # constants
    return [_sign_up_of(row) for row in rows]


def _sign_up_of(row: sqlite3.Row) -> SignUp:
    source = Source(
        SourceKind(row["source_kind"]), row["street_id"], row["venue_id"], row["crew_id"], row["channel"], row["poster"]
    )
    group = Group(row["seller_group"]) if row["seller_group"] else None
    return SignUp(
        row["id"], CandidateId(row["candidate_id"]), bool(row["again"]), source, group, row["consent"],
        parse_moment(row["made_at"]),
    )  # fmt: skip


def read_moves(connection: sqlite3.Connection, candidate: CandidateId) -> list[Move]:
    """Return every move of a candidate, oldest first."""
    query = f"SELECT {_MOVE} FROM candidate_move WHERE candidate_id = ? ORDER BY number"  # noqa: S608  # constants
    rows = connection.execute(query, (candidate,))
    return [Move(CandidateId(row[0]), Stage(row[1]), Stage(row[2]), parse_moment(row[4]), row[3]) for row in rows]


# ── changes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def sign_ups_event(at: datetime, sign_ups: Sequence[SignUp]) -> SignUpsRecorded:
    """Return the event of sign-ups: their count, and the digest of their rows."""
    rows = [_sign_up_row(one) for one in sign_ups]
    return SignUpsRecorded(at=at, count=len(rows), again=sum(one.again for one in sign_ups), digest=digest_rows(rows))


def moves_event(at: datetime, moves: Sequence[Move]) -> CandidatesMoved:
    """Return the event of moves that a file tells: their count, and the digest of their rows."""
    return CandidatesMoved(at=at, count=len(moves), digest=digest_rows([_move_row(one) for one in moves]))


def write_sign_ups(
    turn: Turn, sign_ups: Sequence[SignUp], new: Sequence[tuple[Candidate, Journey]], *, event: SignUpsRecorded
) -> None:
    """Append sign-ups with their event, and the candidates that are new with their ways, which the tallies then count."""
    batch = audit.append(turn, event)
    turn.connection.executemany(
        f"INSERT INTO sign_up ({_SIGN_UP}, batch) VALUES ({', '.join('?' * 13)})",  # noqa: S608  # constants
        [(*_sign_up_row(one), batch) for one in sign_ups],
    )
    turn.connection.executemany(
        f"INSERT INTO candidate ({COLUMNS}, journey) VALUES ({', '.join('?' * 25)})",  # noqa: S608  # constants
        [(*_candidate_row(one), pack(journey)) for one, journey in new],
    )
    change: Counter[Entry] = Counter()
    for one, journey in new:
        change.update(entries(journey, one.source.kind, one.group))
    _shift_tallies(turn, change)


def write_move(
    turn: Turn, move: Move, reached: Stage, journey: Journey, change: Counter[Entry], *, event: CandidateMoved
) -> None:
    """Append one move with its event, and bring the candidate's row, with the way until now, and the tallies to it."""
    _append_moves(turn, [move], audit.append(turn, event))
    turn.connection.execute(
        "UPDATE candidate SET stage = ?, stage_since = ?, reached = ?, reason = ?, journey = ? WHERE id = ?",
        (move.after, format_moment(move.moved_at), reached, move.reason, pack(journey), move.candidate),
    )
    _shift_tallies(turn, change)


def write_given_moves(turn: Turn, moves: Sequence[Move], *, event: CandidatesMoved) -> None:
    """Append the moves that a file tells; rows and tallies of its candidates say so already."""
    _append_moves(turn, moves, audit.append(turn, event))


def _append_moves(turn: Turn, moves: Sequence[Move], batch: int) -> None:
    turn.connection.executemany(
        f"INSERT INTO candidate_move ({_MOVE}, batch) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608  # constants
        [(*_move_row(one), batch) for one in moves],
    )


def write_facts(
    turn: Turn, candidate: CandidateId, *, event: Event, change: Counter[Entry] | None = None, call: str = "",
    **facts: str | int | datetime | None,
) -> None:  # fmt: skip
    """
    Set columns of a candidate's row, with the event that says so; stages are set by `write_move` only.

    `change` is what it does to the tallies; `call` is the outcome of a call that was made.
    """
    audit.append(turn, event)
    if not facts.keys() <= _SETTABLE:
        raise ValueError(f"no such columns: {sorted(facts.keys() - _SETTABLE)}")
    if facts:
        values = [format_moment(value) if isinstance(value, datetime) else value for value in facts.values()]
        sets = ", ".join(f"{name} = ?" for name in facts)
        turn.connection.execute(f"UPDATE candidate SET {sets} WHERE id = ?", (*values, candidate))  # noqa: S608  # columns checked above
    if call:
        turn.connection.execute(
            "INSERT INTO candidate_call (candidate_id, called_at, outcome, actor) VALUES (?, ?, ?, ?)",
            (candidate, format_moment(turn.now), call, turn.actor.id),
        )
    _shift_tallies(turn, change or Counter())


def _shift_tallies(turn: Turn, change: Counter[Entry]) -> None:
    """Take the old entries of candidates out of the funnel's tallies (negative counts) and put the new ones in."""
    turn.connection.executemany(
        "INSERT INTO funnel_tally VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
        [
            (one.path, one.kind, one.group, one.week.isoformat(), one.stage, one.days, count)
            for one, count in rolled_up(change).items()
            if count
        ],
    )


def read_calls(connection: sqlite3.Connection, candidate: CandidateId) -> list[tuple[datetime, str, str]]:
    """Return the calls to a candidate: when, with which outcome, by whom; newest first."""
    rows = connection.execute(
        "SELECT called_at, outcome, actor FROM candidate_call WHERE candidate_id = ? ORDER BY called_at DESC, number DESC",
        (candidate,),
    )
    return [(parse_moment(row[0]), row[1], row[2]) for row in rows]


def read_tallied(connection: sqlite3.Connection) -> Counter[Entry]:
    """Return all entries of the funnel's tallies."""
    rows = connection.execute("SELECT path, week, source_kind, seller_group, stage, days, count FROM funnel_tally")
    return Counter({
        Entry(row[0], date.fromisoformat(row[1]), row[2], row[3], row[4], row[5]): row[6]
        for row in rows if row[6]
    })  # fmt: skip


def note_journeys(turn: Turn, zone: ZoneInfo, *, event: int) -> None:
    """Write the way of every candidate into their row, from their moves: older versions did not. `event`: the upgrade's number."""
    assert turn.head.seq >= event
    ways = [
        (pack(walk_journey(one.made_at, moves, zone)), one.number) for one, moves, _ in each_journey(turn.connection)
    ]
    turn.connection.executemany("UPDATE candidate SET journey = ? WHERE number = ?", ways)


def each_journey(connection: sqlite3.Connection) -> Iterator[tuple[Candidate, list[Move], str]]:
    """Yield every candidate, those merged into another too, with their moves and their packed way, by number."""
    moves = iter(connection.cursor().execute(
        f"SELECT {', '.join('m.' + name for name in _MOVE.split(', '))}, c.number AS number FROM candidate_move AS m"  # noqa: S608  # constants
        " JOIN candidate AS c ON c.id = m.candidate_id ORDER BY c.number, m.number"
    ))  # fmt: skip
    waiting = next(moves, None)
    for row in connection.cursor().execute(f"SELECT {COLUMNS}, journey FROM candidate ORDER BY number"):  # noqa: S608  # constants
        mine = []
        while waiting is not None and waiting["number"] == row["number"]:
            mine.append(
                Move(
                    CandidateId(waiting[0]), Stage(waiting[1]), Stage(waiting[2]), parse_moment(waiting[4]), waiting[3]
                )
            )
            waiting = next(moves, None)
        yield candidate_of(row), mine, row["journey"]


# ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def digest_rows(rows: Iterable[Sequence[object]]) -> str:
    """Return SHA-256 over rows, value by value; None is told apart from the empty text."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(("\t".join("\0" if value is None else str(value) for value in row) + "\n").encode())
    return digest.hexdigest()


def batches(connection: sqlite3.Connection, table: str) -> Iterator[tuple[int, int, int, str]]:
    """Yield for each batch of `sign_up` or `candidate_move` its event, its rows, how many say again, and the digest."""
    columns, again = (_SIGN_UP, 2) if table == "sign_up" else (_MOVE, -1)
    table = "sign_up" if table == "sign_up" else "candidate_move"
    rows: list[tuple[object, ...]] = []
    last = None
    for *row, batch in connection.execute(f"SELECT {columns}, batch FROM {table} ORDER BY batch, number"):  # noqa: S608  # one of two tables, with its columns: constants
        if rows and batch != last:
            yield _batch(last, rows, again)
            rows = []
        rows.append(tuple(row))
        last = batch
    if rows:
        yield _batch(last, rows, again)


def _batch(batch: int | None, rows: list[tuple[object, ...]], again: int) -> tuple[int, int, int, str]:
    return batch or 0, len(rows), sum(bool(row[again]) for row in rows) if again >= 0 else 0, digest_rows(rows)


def _sign_up_row(one: SignUp) -> tuple[object, ...]:
    source = one.source
    return (
        one.id, one.candidate, int(one.again), source.kind.value, source.street, source.venue, source.crew, source.channel,
        source.poster, one.group.value if one.group else "", one.consent, format_moment(one.made_at),
    )  # fmt: skip


def _move_row(one: Move) -> tuple[object, ...]:
    return one.candidate, one.before.value, one.after.value, one.reason, format_moment(one.moved_at)


def _candidate_row(one: Candidate) -> tuple[object, ...]:
    source = one.source
    return (
        one.number, one.id, one.stage, format_moment(one.stage_since), one.reached, one.reason,
        one.group.value if one.group else "", one.wanted_low, one.wanted_high, one.income_reached, one.language, one.base,
        source.kind, source.street, source.venue, source.crew, source.channel, source.poster, format_moment(one.made_at),
        one.rep, format_moment(one.due_at) if one.due_at else NEVER,
        format_moment(one.confirmed_at) if one.confirmed_at else None, one.merged_into,
        format_moment(one.erased_at) if one.erased_at else None,
    )  # fmt: skip
