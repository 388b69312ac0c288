"""Migrations: the first tables of a noun stand in the room of its name, the dated steps in `region` and `private`."""

from fieldops.store.migrations.private import migrate_private
from fieldops.store.migrations.region import GRACE_ONCE, HEADS, JOURNEYS, SPREAD, migrate_region, steps_missing

__all__ = ["GRACE_ONCE", "HEADS", "JOURNEYS", "SPREAD", "migrate_private", "migrate_region", "steps_missing"]
