"""Representatives in the region file: who they are for, how many sellers each has in care, and whom they call."""

import json
from collections.abc import Sequence
from datetime import date

from fieldops.events import RepLeft, RowsImported
from fieldops.ids import CandidateId, RepId
from fieldops.recruiting.care import Rep
from fieldops.recruiting.sources import Group
from fieldops.store import audit
from fieldops.store.connect import Turn
from fieldops.store.sqlite import sqlite3

_REP = "id, base, languages, seller_groups, lon, lat, since, until"
_CARE = "merged_into IS NULL AND erased_at IS NULL AND stage IN ('signed', 'trained', 'first_order', 'active')"


def read_reps(connection: sqlite3.Connection) -> dict[RepId, Rep]:
    """Return all reps by id, also those who left."""
    return {RepId(row[0]): _rep_of(row) for row in connection.execute(f"SELECT {_REP} FROM rep ORDER BY id")}  # noqa: S608  # constants


def find_rep(connection: sqlite3.Connection, rep: RepId) -> Rep | None:
    """Return a rep, None where there is none."""
    row = connection.execute(f"SELECT {_REP} FROM rep WHERE id = ?", (rep,)).fetchone()  # noqa: S608  # constants
    return _rep_of(row) if row else None


def _rep_of(row: sqlite3.Row) -> Rep:
    return Rep(
        RepId(row[0]), row[1], frozenset(json.loads(row[2])), frozenset(Group(one) for one in json.loads(row[3])), row[4],
        row[5], date.fromisoformat(row[6]) if row[6] else None, date.fromisoformat(row[7]) if row[7] else None,
    )  # fmt: skip


def write_reps(turn: Turn, reps: Sequence[Rep], *, event: RowsImported) -> None:
    """Store reps, new ones and changed ones."""
    audit.append(turn, event)
    turn.connection.executemany(
        f"INSERT INTO rep ({_REP}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET base = excluded.base,"  # noqa: S608  # constants
        " languages = excluded.languages, seller_groups = excluded.seller_groups, lon = excluded.lon, lat = excluded.lat,"
        " since = excluded.since, until = excluded.until",
        [
            (one.id, one.base, json.dumps(sorted(one.languages)), json.dumps(sorted(one.groups)), one.lon, one.lat,
             one.since.isoformat() if one.since else None, one.until.isoformat() if one.until else None)
            for one in reps
        ],
    )  # fmt: skip


def end_rep(turn: Turn, rep: RepId, until: date, *, event: RepLeft) -> None:
    """Set the first day on which a rep is no longer there."""
    audit.append(turn, event)
    turn.connection.execute("UPDATE rep SET until = ? WHERE id = ?", (until.isoformat(), rep))


def set_account(turn: Turn, rep: RepId, account: str | None, *, event: RowsImported) -> None:
    """Set which account signs in as this rep."""
    audit.append(turn, event)
    turn.connection.execute("UPDATE rep SET account = NULL WHERE account = ?", (account,))
    turn.connection.execute("UPDATE rep SET account = ? WHERE id = ?", (account, rep))


def rep_of_account(connection: sqlite3.Connection, account: str) -> RepId | None:
    """Return the rep who signs in by an account."""
    row = connection.execute("SELECT id FROM rep WHERE account = ?", (account,)).fetchone()
    return RepId(row[0]) if row else None


def read_accounts(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the account of each rep that has one."""
    return {row[0]: row[1] for row in connection.execute("SELECT id, account FROM rep WHERE account IS NOT NULL")}


def count_care(connection: sqlite3.Connection, rep: RepId) -> int:
    """Return how many sellers a rep has in care (rule 18)."""
    return int(connection.execute(f"SELECT count(*) FROM candidate WHERE rep_id = ? AND {_CARE}", (rep,)).fetchone()[0])  # noqa: S608  # constants


def count_cares(connection: sqlite3.Connection) -> dict[RepId, int]:
    """Return how many sellers each rep has in care; reps without any are not in it."""
    rows = connection.execute(
        f"SELECT rep_id, count(*) FROM candidate WHERE rep_id IS NOT NULL AND {_CARE} GROUP BY rep_id"  # noqa: S608  # constants
    )
    return {RepId(row[0]): row[1] for row in rows}


def count_followed(connection: sqlite3.Connection) -> dict[RepId, int]:
    """Return how many candidates on their way to signing each rep follows; they count against no cap."""
    rows = connection.execute(
        "SELECT rep_id, count(*) FROM candidate WHERE rep_id IS NOT NULL AND merged_into IS NULL AND erased_at IS NULL"
        " AND stage IN ('new', 'contacted', 'interviewed') GROUP BY rep_id"
    )
    return {RepId(row[0]): row[1] for row in rows}


def read_charges(connection: sqlite3.Connection, rep: RepId) -> list[CandidateId]:
    """Return everybody a rep looks after, sellers and candidates, also those who left; sellers first."""
    rows = connection.execute(
        "SELECT id FROM candidate WHERE rep_id = ? AND merged_into IS NULL AND erased_at IS NULL"
        " ORDER BY stage IN ('lost', 'dormant'), stage NOT IN ('signed', 'trained', 'first_order', 'active'), urgency, number",
        (rep,),
    )
    return [CandidateId(row[0]) for row in rows]


def read_uncared(connection: sqlite3.Connection, most: int) -> list[sqlite3.Row]:
    """
    Return sellers without a rep, groups 1 and 4 first, oldest first: id, group, language, base, and where they come from.

    The position is that of their street; None where it is not known.
    """
    return connection.execute(
        "SELECT c.id, c.seller_group, c.language, c.base, s.lon, s.lat FROM candidate AS c"
        " LEFT JOIN street AS s ON s.id = c.street_id WHERE c.rep_id IS NULL AND c.merged_into IS NULL AND c.erased_at IS NULL"
        " AND c.stage IN ('signed', 'trained', 'first_order', 'active') ORDER BY c.urgency, c.stage_since, c.number LIMIT ?",
        (most,),
    ).fetchall()


def read_placed(connection: sqlite3.Connection, candidates: Sequence[CandidateId]) -> list[sqlite3.Row]:
    """Return the same of given candidates, in their order, and whether they are sellers."""
    rows = []
    for candidate in candidates:
        row = connection.execute(
            "SELECT c.id, c.seller_group, c.language, c.base, s.lon, s.lat FROM candidate AS c"
            " LEFT JOIN street AS s ON s.id = c.street_id WHERE c.id = ?", (candidate,),
        ).fetchone()  # fmt: skip
        if row:
            rows.append(row)
    return rows
