"""The tables of a region, as small dated steps; applied by `create` and `fieldops check --migrate`, never by a web worker."""

from typing import TYPE_CHECKING

from fieldops.store import geopackage, views
from fieldops.store.migrations import (
    bursts,
    dispatch,
    neighbours,
    phones,
    recruiting,
    response,
    sentinels,
    tables,
    walks,
)
from fieldops.store.migrations.statements import run_statements

if TYPE_CHECKING:
    from sqlite_utils.db import Database


def migrate_region(database: "Database") -> None:
    """Bring the tables of a `.gpkg` region to the present schema; each step is all or nothing."""
    from sqlite_utils.migrations import Migrations

    migrations = Migrations("region")

    @migrations()
    def m2026_11_23_geopackage(db: "Database") -> None:
        geopackage.add_core(db.conn)

    @migrations()
    def m2026_11_23_tables(db: "Database") -> None:
        for script in (tables.RECORD, tables.MAP, tables.PEOPLE, tables.EVIDENCE, tables.CLAIMS, tables.PLANS):
            run_statements(db, script)
        for table, (geometry_type, description) in tables.LAYERS.items():
            geopackage.add_layer(db.conn, table, geometry_type, description)
        views.add_views(db.conn)

    @migrations()
    def m2026_11_26_phones(db: "Database") -> None:
        run_statements(db, phones.RECORDS)

    @migrations()
    def m2026_11_26_recruiting(db: "Database") -> None:
        run_statements(db, recruiting.REGION)

    @migrations()
    def m2026_11_26_reserves(db: "Database") -> None:
        run_statements(db, dispatch.RESERVES)

    @migrations()
    def m2026_11_26_appeals(db: "Database") -> None:
        run_statements(db, phones.APPEALS)

    @migrations()
    def m2026_11_26_walks(db: "Database") -> None:
        run_statements(db, walks.WALKS)

    @migrations()
    def m2026_11_26_bursts(db: "Database") -> None:
        run_statements(db, bursts.BURSTS)

    @migrations()
    def m2026_11_26_response(db: "Database") -> None:
        run_statements(db, response.FITS)

    @migrations()
    def m2026_11_26_sentinels(db: "Database") -> None:
        run_statements(db, sentinels.SENTINELS)

    @migrations()
    def m2026_11_26_neighbours(db: "Database") -> None:
        run_statements(db, neighbours.INDEXES)

    @migrations()
    def m2026_11_26_lifted(db: "Database") -> None:
        run_statements(db, phones.LIFTED)

    migrations.apply(database)
