"""No table and no column of a region escapes `claims verify`: the schema itself says what is tried."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from fieldops.actions.backcheck import lift_quarantine, quarantine_surveys
from fieldops.actions.claims import end_claim, make_claim, override_cool_down
from fieldops.actions.decisions import decide
from fieldops.actions.effort import import_effort
from fieldops.actions.reserves import keep_reserves
from fieldops.actions.surveys import record_surveys
from fieldops.ids import CrewId, PromoterId, StreetId
from fieldops.store.connect import Region, create_memory_region
from fieldops.store.seals import EXEMPT, sealed_columns
from fieldops.store.sqlite import sqlite3
from fieldops.store.verify import verify
from tests import towns
from tests.conftest import LEAD, NOON, PLANNER

DAY = timedelta(days=1)
# what nothing follows from, with the reason; everything else must be found
NOT_FOUND = {
    "incoming": "rows of a file on their way: empty between two turns",
    "gpkg_contents": "tells other programs of the tables, and they write to it",
    "gpkg_geometry_columns": "tells other programs of the tables, and they write to it",
    "gpkg_spatial_ref_sys": "tells other programs of the tables, and they write to it",
    "_sqlite_migrations": "`fieldops check` compares the schema itself",
    "sqlite_sequence": "SQLite's own counter",
}
VALUES = {"INTEGER": 1, "REAL": 1.5, "TEXT": "x"}  # every other type is a blob


def busy_region() -> Region:
    """Claims, reserves, effort, surveys, a decision, a quarantine, all by acts; then a row in every table without one."""
    region = create_memory_region(PLANNER, now=NOON - 30 * DAY)
    towns.add_town(region)
    first = make_claim(region, LEAD, street=StreetId("S0"), crew=CrewId("C0"), now=NOON)
    left = make_claim(region, LEAD, street=StreetId("S4"), crew=CrewId("C1"), now=NOON)
    end_claim(region, LEAD, left.id, outcome="withdrawn", why="no_time", now=NOON + 2 * DAY)
    override_cool_down(region, LEAD, street=StreetId("S4"), crew=CrewId("C1"), why="nearly_done", now=NOON + 2 * DAY)
    rows = towns.survey_rows([True] * 12, at=NOON + DAY, street="S0", phase="before")
    record_surveys(region, LEAD, enumerate(rows, start=2), now=NOON + 2 * DAY)
    assert decide(region, LEAD, now=NOON + 2 * DAY).closed == [first.street]
    order = quarantine_surveys(region, LEAD, reason="pace", promoter=PromoterId("C0-0"), now=NOON + 3 * DAY).order
    lift_quarantine(region, LEAD, order, now=NOON + 4 * DAY)
    worked = {"day": "2026-03-03", "crew": "C0", "street": "S0", "promoter_hours": "3"}
    assert import_effort(region, LEAD, [(2, worked)], now=NOON + 4 * DAY).added == 1
    keep_reserves(region, LEAD, CrewId("C0"), streets=1, now=NOON + 4 * DAY)
    return region


def fill(region: Region) -> None:
    """Write a row into every table without one, in a turn: of no meaning, but recorded."""
    connection = region.reader()
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("PRAGMA ignore_check_constraints=ON")
    with region.turn(PLANNER) as turn:
        for table, columns in sealed_columns(connection).items():
            if turn.connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is None:
                values = [VALUES.get(kind, b"\x01") for _, kind in columns]
                names = ", ".join(name for name, _ in columns)
                turn.connection.execute(
                    f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(values))})", values
                )


def findings(region: Region) -> set[str]:
    return {violation.what for violation in verify(region).violations}


def drop_guards(region: Region) -> None:
    """Leave nothing in the file that refuses a write."""
    names = "SELECT type, name FROM main.sqlite_master WHERE type = 'trigger' OR sql LIKE 'CREATE UNIQUE INDEX%'"
    for kind, name in region.reader().execute(names).fetchall():
        region.reader().execute(f"DROP {kind} {name}")


@pytest.fixture(scope="module")
def busy() -> Iterator[Region]:
    region = busy_region()
    assert findings(region) == set()
    fill(region)
    drop_guards(region)
    yield region
    region.close()


def tables() -> list[str]:
    region = create_memory_region(PLANNER, now=NOON)
    names = [row[0] for row in region.reader().execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")]
    region.close()
    return sorted(set(names) - set(NOT_FOUND))


def other_value(old: object, kind: str) -> object:
    """Return another value that a column of that type takes."""
    if isinstance(old, bytes):
        return old + b"\x02"
    if isinstance(old, str):
        return old + "x"
    if isinstance(old, int | float):
        return old + 1000
    return VALUES.get(kind, b"\x01")


def write(region: Region, table: str, keys: list[str], row: dict[str, object], name: str, value: object) -> None:
    """Change one column of one row, found by its key."""
    where = " AND ".join(f"{key} IS ?" for key in keys)
    done = region.reader().execute(f"UPDATE {table} SET {name} = ? WHERE {where}", (value, *(row[key] for key in keys)))
    assert done.rowcount == 1


@pytest.mark.parametrize("table", tables())
def test_a_change_of_any_column_past_the_triggers_is_found(busy: Region, table: str) -> None:
    connection, before = busy.reader(), findings(busy)
    columns = [
        tuple(row)
        for row in connection.execute("SELECT name, type, pk FROM pragma_table_xinfo(?) WHERE hidden = 0", (table,))
    ]
    found = connection.execute(f"SELECT {', '.join(name for name, _, _ in columns)} FROM {table} LIMIT 1").fetchone()
    assert found is not None, f"no row of {table} to try it with"
    row, keys = dict(found), [name for name, _, key in columns if key]
    missed = []
    for name, kind, _ in columns:
        changed = row | {name: other_value(row[name], kind)}
        write(busy, table, keys, row, name, changed[name])
        if not findings(busy) - before:
            missed.append(name)
        write(busy, table, keys, changed, name, row[name])
    assert missed == []
    assert findings(busy) == before


@pytest.mark.parametrize("table", tables())
def test_a_change_of_the_type_of_any_text_or_blob_past_the_triggers_is_found_or_refused(
    busy: Region, table: str
) -> None:
    connection, before = busy.reader(), findings(busy)
    names = [row[0] for row in connection.execute("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", (table,))]
    missed = []
    for name in names:
        kinds = [row[0] for row in connection.execute(f"SELECT DISTINCT typeof({name}) FROM {table}")]
        for old, new in (("text", "BLOB"), ("blob", "TEXT")):
            turn = f"UPDATE {table} SET {name} = CAST({name} AS {{}}) WHERE typeof({name}) = '{{}}'"
            if old not in kinds:
                continue
            try:
                connection.execute(turn.format(new, old))
            except sqlite3.IntegrityError:  # a STRICT table
                continue
            if not findings(busy) - before:
                missed.append(name)
            connection.execute(turn.format(old, new.lower()))
    assert missed == []
    assert findings(busy) == before


@pytest.mark.parametrize("table", tables())
def test_a_row_taken_away_past_the_triggers_is_found(busy: Region, table: str) -> None:
    connection, before = busy.reader(), findings(busy)
    names = [row[0] for row in connection.execute("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", (table,))]
    rows = [tuple(row) for row in connection.execute(f"SELECT {', '.join(names)} FROM {table}")]
    connection.execute(f"DELETE FROM {table}")
    after = findings(busy)
    marks = ", ".join("?" * len(names))
    connection.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)
    assert after - before
    assert findings(busy) == before


def test_what_is_not_sealed_is_replayed_or_of_no_meaning() -> None:
    assert set(EXEMPT) - set(NOT_FOUND) == {"event", "claim", "reserve", "cool_down_override"}
