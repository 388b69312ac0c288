"""The tables of a region, as small dated steps; applied by `create` and `fieldops check --migrate`, never by a web worker."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from fieldops.store import geopackage, views
from fieldops.store.migrations import (
    bursts,
    dispatch,
    estimates,
    guards,
    neighbours,
    office,
    phones,
    pins,
    recruiting,
    response,
    sentinels,
    tables,
    walks,
)
from fieldops.store.migrations.statements import run_statements

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlite_utils.db import Database

    from fieldops.store.sqlite import sqlite3


def _tables(db: "Database") -> None:
    for script in (tables.RECORD, tables.MAP, tables.PEOPLE, tables.EVIDENCE, tables.CLAIMS, tables.PLANS):
        run_statements(db, script)
    for table, (geometry_type, description) in tables.LAYERS.items():
        geopackage.add_layer(db.conn, table, geometry_type, description)
    views.add_views(db.conn)


def _office(db: "Database") -> None:
    run_statements(db, office.OFFICE)
    views.renew_views(db.conn)


# From here on the grace of a withdrawal holds once in a cool-down (rule 4): what was claimed before, was lawful without.
GRACE_ONCE = "m2026_11_27_grace_once"
SPREAD = "m2026_11_27_spread"  # `store/upgrade.py` fills what it adds
JOURNEYS = "m2026_11_27_journeys"  # and what this one adds
# From here on heads that a promoter in quarantine told of count no more, nor a door as a corner: `store/upgrade.py` counts anew.
HEADS = "m2026_11_27_heads"


def _no_table(db: "Database") -> None:
    """Leave the tables as they are: the step only dates a change of the rules."""


# By their names every file remembers which it has: a step that was once published stays as it is.
STEPS: dict[str, "Callable[[Database], None]"] = {
    "m2026_11_23_geopackage": lambda db: geopackage.add_core(db.conn),
    "m2026_11_23_tables": _tables,
    "m2026_11_26_phones": lambda db: run_statements(db, phones.RECORDS),
    "m2026_11_26_recruiting": lambda db: run_statements(db, recruiting.REGION),
    "m2026_11_26_reserves": lambda db: run_statements(db, dispatch.RESERVES),
    "m2026_11_26_appeals": lambda db: run_statements(db, phones.APPEALS),
    "m2026_11_26_walks": lambda db: run_statements(db, walks.WALKS),
    "m2026_11_26_bursts": lambda db: run_statements(db, bursts.BURSTS),
    "m2026_11_26_response": lambda db: run_statements(db, response.FITS),
    "m2026_11_26_sentinels": lambda db: run_statements(db, sentinels.SENTINELS),
    "m2026_11_26_neighbours": lambda db: run_statements(db, neighbours.INDEXES),
    "m2026_11_26_lifted": lambda db: run_statements(db, phones.LIFTED),
    "m2026_11_27_standby": lambda db: run_statements(db, office.STANDBY),
    "m2026_11_27_bases": lambda db: run_statements(db, office.BASES),
    "m2026_11_27_office": _office,
    # A decision has the digest of what it rests on.
    "m2026_11_26_tally_without_digest": lambda db: run_statements(db, "ALTER TABLE tally DROP COLUMN digest"),
    "m2026_11_26_guards": lambda db: run_statements(db, guards.GUARDS),
    "m2026_11_26_hours_interval": lambda db: run_statements(db, estimates.HOURS),
    "m2026_11_26_brings": lambda db: run_statements(db, recruiting.BRINGS),
    "m2026_11_27_pins": lambda db: run_statements(db, pins.PINS),
    "m2026_11_27_burst_reasons": lambda db: run_statements(db, bursts.REASONS),
    "m2026_11_27_no_hours": lambda db: run_statements(db, phones.NO_HOURS),
    GRACE_ONCE: _no_table,
    SPREAD: lambda db: run_statements(db, tables.SPREAD),
    "m2026_11_27_paused": lambda db: views.renew_views(db.conn),
    "m2026_11_27_never_replaced": guards.refuse_replacing,
    "m2026_11_27_entry_hours": lambda db: run_statements(db, tables.ENTRY_HOURS),
    "m2026_11_27_voiding": lambda db: run_statements(db, guards.VOIDING),
    JOURNEYS: lambda db: run_statements(db, recruiting.JOURNEYS),
    "m2026_11_27_told": lambda db: run_statements(db, guards.TOLD),
    HEADS: _no_table,
    "m2026_11_27_never_was": lambda db: run_statements(db, guards.NEVER_WAS),
}


def migrate_region(database: "Database") -> None:
    """Bring the tables of a `.gpkg` region to the present schema; each step is all or nothing."""
    from sqlite_utils.migrations import Migrations

    migrations = Migrations("region")
    for name, step in STEPS.items():
        migrations(name=name)(step)
    migrations.apply(database)


def steps_missing(connection: "sqlite3.Connection") -> list[str]:
    """Return the steps that a region file still lacks; empty where it is of the present version."""
    done = {row[0] for row in connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'region'")}
    return [name for name in STEPS if name not in done]
