"""Brings the files of a region to the present schema."""

from pathlib import Path

from fieldops.events import RegionUpgraded
from fieldops.ids import ActorId
from fieldops.people import Actor, Role
from fieldops.store import audit, connect, heads, making, migrations, places, recruiting, tallies, verify_tallies
from fieldops.store.rules import rules_of_record
from fieldops.store.seals import sums_of_rows
from fieldops.store.sqlite import refusal, sqlite3

_UPGRADE = Actor(ActorId("upgrade"), Role.PLANNER)


def migrate_files(path: Path) -> None:
    """
    Bring the region file and its private file to the present schema, each all or nothing.

    What the region's rows add to the record is recorded in the same turn: a row that somebody had changed before stays found.

    Raises
    ------
    BadInput
        If the file is no region, or its key is missing.
    StorageFailed
        If a file is in use.
    ClockRefused
        If there is something to do and the clock is far behind the record.
    """
    region = connect.open_region(path, older=True)
    try:
        migrate_open(region)
    finally:
        region.close()
    migrate_private(connect.private_path(path))


def migrate_private(file: Path) -> None:
    """
    Bring a private file to the present schema.

    Raises
    ------
    StorageFailed
        If it is in use.
    """
    connection = sqlite3.connect(file, timeout=connect.BUSY_SECONDS)
    try:
        migrations.migrate_private(making.database(connection))
        connection.commit()
    except sqlite3.OperationalError as error:
        raise refusal(error) from error
    finally:
        connection.close()


def migrate_open(region: connect.Region) -> None:
    """Bring an open region to the present schema, in one turn of its own; see `migrate_files`."""
    try:
        reader = region.reader()
        sealed = reader.execute("SELECT 1 FROM setting WHERE name = 'sealed'").fetchone() is not None
        missing = tuple(migrations.steps_missing(reader))
        if sealed and not missing:
            return
        now = audit.last_recorded_at(reader) if region.sandbox else None  # a sandbox's time is its own
        with region.turn(_UPGRADE, now=now) as turn:
            before = sums_of_rows(turn.connection, region.key) if sealed else {}
            turn.seals.stop(turn)
            migrations.migrate_region(making.database(turn.connection))
            if missing:
                event = audit.append(turn, RegionUpgraded(at=turn.now, steps=missing))
                if migrations.SPREAD in missing:
                    verify_tallies.note_spreads(turn, rules_of_record(turn.connection), event=event)
                if migrations.HEADS in missing:
                    tallies.recount(turn, heads.sittings_with_heads(turn.connection, turn.rules), event=event)
                if migrations.JOURNEYS in missing:
                    recruiting.note_journeys(turn, places.read_zone(turn.connection), event=event)
            turn.seals.seal_all(turn, before)
    except sqlite3.OperationalError as error:
        raise refusal(error) from error
