"""
Every row of every table bound to the record: whoever changes one without fieldops is found by `claims verify` (rule 20).

A write turn sums up what it adds, changes and takes away, over all columns, and records the sum of each table as one event
at its end. The sum of all that was recorded must then be the sum over the rows that are there. Tables are taken from the
schema itself: a new one needs no word here. Claims, reserves and lifted cool-downs follow from events of their own, row
by row (see `store/replay.py`), so that the door for claims pays nothing.

Rows are seen by triggers that belong to the connection and not to the file: other programs need no function of ours.

Notes
-----
Clarke, Devadas, van Dijk, Gassend, Suh (2003), Incremental multiset hash functions, MSet-Add-Hash: the sum modulo 2^256 of
a keyed hash of each row, hidden by a keyed hash of the event's number, so that nobody without the key can make another set
of rows with the same sum.
"""

import hmac
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fieldops.events import RowsSealed
from fieldops.store import audit
from fieldops.store.sqlite import sqlite3

if TYPE_CHECKING:
    from fieldops.store.connect import Turn

# tables whose rows are not sealed, and why a changed one is found nevertheless or does not matter
EXEMPT = {
    "event": "chained one to the next",
    "claim": "replayed from its events and compared row by row",
    "reserve": "replayed from its events and compared row by row",
    "cool_down_override": "replayed from its events and compared row by row",
    "incoming": "rows of a file on their way into surveys: empty between two turns",
    "gpkg_contents": "tells other programs of the tables; no figure follows from it, and they write to it",
    "gpkg_geometry_columns": "tells other programs of the tables; no figure follows from it, and they write to it",
    "gpkg_spatial_ref_sys": "tells other programs of the tables; no figure follows from it, and they write to it",
    "_sqlite_migrations": "steps of the schema, which `fieldops check` compares as a whole",
}
_MODULUS = 2**256
_COLUMNS = "SELECT name, type FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid"


def sealed_columns(connection: sqlite3.Connection) -> dict[str, list[tuple[str, str]]]:
    """Return the names and types of the columns of each sealed table, generated ones left out: they follow from others."""
    tables = connection.execute(
        "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
    ).fetchall()
    names = [_text(row[0]) for row in tables]
    return {
        name: [(_text(row[0]), _text(row[1])) for row in connection.execute(_COLUMNS, (name,))]
        for name in names
        if name not in EXEMPT
    }


class Seals:
    """What the present turn adds to each table's sum; one for each connection that writes."""

    def __init__(self, connection: sqlite3.Connection, key: bytes) -> None:
        self._key = key
        self._tables = list(sealed_columns(connection).items())
        self._sums: dict[str, int] = {}
        connection.create_function("seal_rows", -1, self._note)
        strict = _strict_tables(connection)
        connection.execute("PRAGMA recursive_triggers=ON")  # so that what REPLACE takes away is seen as well
        for number, (table, columns) in enumerate(self._tables):
            old, new = (_values(columns, f"{of}.", strict=table in strict) for of in ("OLD", "NEW"))
            for act, values in (("INSERT", new), ("DELETE", old), ("UPDATE", f"{old}, {new}")):
                connection.execute(
                    f"CREATE TEMP TRIGGER seal_{table}_{act} AFTER {act} ON main.{table}"
                    f" BEGIN SELECT seal_rows('{act}', {number}, {values}); END"
                )

    def stop(self, turn: "Turn") -> None:
        """Look at no row any more, because the tables are about to change; `seal_all` then counts them."""
        for table, _ in self._tables:
            for act in ("INSERT", "DELETE", "UPDATE"):
                turn.connection.execute(f"DROP TRIGGER temp.seal_{table}_{act}")

    def begin(self) -> None:
        """Forget what was written outside of a turn."""
        self._sums.clear()

    def record(self, turn: "Turn") -> None:
        """Append the event of what was written in the turn, if anything was and the region is sealed."""
        if self._sums and turn.connection.execute("SELECT 1 FROM setting WHERE name = 'sealed'").fetchone():
            _append(turn, self._sums)
        self._sums.clear()

    def seal_all(self, turn: "Turn", before: dict[str, int]) -> None:
        """Append the event of all that is there, less the sums `before`: the first of a region, or after a migration."""
        turn.connection.execute("INSERT OR IGNORE INTO setting VALUES ('sealed', 'true')")
        after = sums_of_rows(turn.connection, self._key)
        gained = {table: after.get(table, 0) - before.get(table, 0) for table in sorted(after.keys() | before.keys())}
        _append(turn, {table: gain for table, gain in gained.items() if gain})
        self._sums.clear()

    def _note(self, act: str, number: int, *values: object) -> None:
        table, columns = self._tables[number]
        if act != "UPDATE":
            self._add(table, values, -1 if act == "DELETE" else 1)
        elif values[: len(columns)] != values[len(columns) :]:
            self._add(table, values[: len(columns)], -1)
            self._add(table, values[len(columns) :], 1)

    def _add(self, table: str, values: tuple[object, ...], sign: int) -> None:
        self._sums[table] = self._sums.get(table, 0) + sign * _row_hash(self._key, table, values)


def sums_of_rows(connection: sqlite3.Connection, key: bytes) -> dict[str, int]:
    """Return the sum over the rows of each sealed table that has any; memory does not grow with them."""
    sums: dict[str, int] = {}
    for table, columns in sealed_columns(connection).items():
        for row in _rows(connection, table, columns):
            sums[table] = (sums.get(table, 0) + _row_hash(key, table, row)) % _MODULUS
    return sums


class Sealed:
    """What the events demand of the tables, as far as they were taken; `found` is whether any sealed one was."""

    def __init__(self, key: bytes) -> None:
        self.found = False
        self._key = key
        self._sums: dict[str, int] = {}

    def take(self, seq: int, tables: dict[str, str]) -> None:
        """Add what an event tells of the tables."""
        self.found = True
        for table, hidden in tables.items():
            gain = int(hidden, 16) - _mask(self._key, seq, table)
            self._sums[table] = (self._sums.get(table, 0) + gain) % _MODULUS

    def unlike(self, connection: sqlite3.Connection) -> list[str]:
        """Return the tables whose rows are not those that were recorded, in order of name."""
        there = sums_of_rows(connection, self._key)
        return sorted(
            name for name in there.keys() | self._sums.keys() if there.get(name, 0) != self._sums.get(name, 0)
        )


def _append(turn: "Turn", sums: dict[str, int]) -> None:
    seq = turn.head.seq + 1
    hidden = {
        table: f"{(gain + _mask(turn.region.key, seq, table)) % _MODULUS:064x}" for table, gain in sorted(sums.items())
    }
    if hidden:
        assert audit.append(turn, RowsSealed(at=turn.now, tables=hidden)) == seq


def _rows(connection: sqlite3.Connection, table: str, columns: list[tuple[str, str]]) -> Iterator[tuple[object, ...]]:
    rows, connection.row_factory = connection.row_factory, None
    try:
        yield from connection.execute(f"SELECT {_values(columns, '', strict=False)} FROM main.{table}")  # noqa: S608  # names come from the schema
    finally:
        connection.row_factory = rows


def _values(columns: list[tuple[str, str]], of: str, *, strict: bool) -> str:
    """
    Return columns as SQL; text goes as bytes, because a function would be told of it only up to the first NUL.

    Unless the table is STRICT, bytes where text belongs and text where it does not are told apart from what belongs there.
    """
    return ", ".join(_value(of + name, kind, strict=strict) for name, kind in columns)


def _value(name: str, kind: str, *, strict: bool) -> str:
    plain, other = (f"CAST({name} AS BLOB)", "blob") if kind == "TEXT" else (name, "text")
    return plain if strict else f"CASE typeof({name}) WHEN '{other}' THEN '{other} ' || hex({name}) ELSE {plain} END"


def _strict_tables(connection: sqlite3.Connection) -> set[str]:
    rows = connection.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND strict").fetchall()
    return {_text(row[0]) for row in rows}


def _row_hash(key: bytes, table: str, values: tuple[object, ...]) -> int:
    """Return the keyed hash of a row: text as UTF-8, numbers and blobs as Python writes them, see `_values`."""
    return int.from_bytes(hmac.digest(key, repr(("row", table, *values)).encode(), "sha256"))


def _mask(key: bytes, seq: int, table: str) -> int:
    return int.from_bytes(hmac.digest(key, repr(("mask", seq, table)).encode(), "sha256"))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
