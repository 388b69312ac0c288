"""What is wrong with a region's files, before it hurts: pages, schema, foreign hands, clock, disk and library."""

import shutil
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from fieldops.clock import local_text
from fieldops.errors import StorageFailed
from fieldops.store import audit, backup, connect, geopackage, keys, mounts, onlyfile
from fieldops.store.connect import Region
from fieldops.store.sqlite import has_wal_reset_race, sqlite3

LEAST_FREE_BYTES = 500_000_000
MOST_WAL_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `level` is ok, warning or error; a cure where something is wrong."""

    check: str
    level: str
    text: str
    cure: str = ""


def check_region(region: Region, now: datetime) -> list[Finding]:
    """Return what was found, the good news too; reading only."""
    connection = region.reader()
    try:
        findings = [_pages(connection), _foreign_keys(connection), *_schema(connection)]
    except sqlite3.DatabaseError as error:
        restore = "restore the latest backup with `fieldops restore`"
        return [Finding("pages", "error", f"SQLite finds the file damaged: {error}", restore)]
    return [
        *findings,
        _journal(connection),
        _library(),
        _clock(region, now),
        _anchors(region),
        _key(region),
        _place(region, findings[0]),
        _disk(region),
    ]


def _pages(connection: sqlite3.Connection) -> Finding:
    found = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
    number = connection.execute("PRAGMA application_id").fetchone()[0]
    if found != ["ok"]:
        return Finding("pages", "error", "; ".join(found), "restore the latest backup with `fieldops restore`")
    if number != geopackage.APPLICATION_ID:
        return Finding("pages", "error", "the file no longer says that it is a GeoPackage", "restore the latest backup")
    return Finding("pages", "ok", "every page is sound")


def _foreign_keys(connection: sqlite3.Connection) -> Finding:
    broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    if broken:
        tables = ", ".join(sorted({row[0] for row in broken}))
        cure = "restore the latest backup; open the region read-only in other programs"
        return Finding("references", "error", f"{len(broken)} rows point to nothing, in {tables}", cure)
    return Finding("references", "ok", "every row points to one that exists")


def _schema(connection: sqlite3.Connection) -> list[Finding]:
    """Compare tables, indexes, triggers and views with those of a region made now."""
    query = "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
    fresh = connect.empty_database()
    ours = dict(tuple(row) for row in fresh.execute(query))
    fresh.close()
    found = {row[0]: row[1] for row in connection.execute(query)}
    findings = []
    lost = sorted(name for name in ours if found.get(name) != ours[name])
    if lost:
        findings.append(Finding(
            "schema", "error", f"missing or changed: {', '.join(lost)}",
            "a newer fieldops needs `fieldops check --migrate`; otherwise another program changed the file: restore",
        ))  # fmt: skip
    foreign = sorted(set(found) - set(ours))
    triggers = [name for name in foreign if name.startswith("trigger ")]
    if triggers:
        findings.append(Finding(
            "schema", "error", f"another program left triggers behind: {', '.join(triggers)}",
            "drop them; open the region read-only in QGIS, or work on `fieldops export`",
        ))  # fmt: skip
    if left := [name for name in foreign if name not in triggers]:
        findings.append(
            Finding("schema", "warning", f"another program left behind: {', '.join(left)}", "open it read-only")
        )
    return findings or [Finding("schema", "ok", "tables, indexes, triggers and views are those of this version")]


def _journal(connection: sqlite3.Connection) -> Finding:
    mode, wanted = connection.execute("PRAGMA journal_mode").fetchone()[0], connect.journal_mode()
    if mode != wanted.lower():
        return Finding(
            "journal", "warning", f"journal mode {mode}, left by another program", f"the next write sets {wanted}"
        )
    return Finding("journal", "ok", f"journal mode {mode}")


def _library() -> Finding:
    version = sqlite3.sqlite_version
    if has_wal_reset_race():
        text = f"SQLite {version} can lose committed writes in WAL mode; a rollback journal is used, which is slower"
        return Finding("library", "warning", text, "install pysqlite3, or a Python with SQLite 3.51.3 or newer")
    return Finding("library", "ok", f"SQLite {version}")


def _clock(region: Region, now: datetime) -> Finding:
    last = audit.last_recorded_at(region.reader())
    tolerance = connect.read_rules(region.reader()).clock_tolerance
    zone = connect.read_zone(region.reader())
    if last is not None and last - now > tolerance and not region.sandbox:
        text = f"the clock says {local_text(now, zone)}, but the last event was recorded at {local_text(last, zone)}: writes are refused"
        return Finding("clock", "error", text, "set the clock right; if it is right, see `fieldops check clock`")
    return Finding("clock", "ok", f"the record ends at {local_text(last, zone) if last else 'nothing'}")


def _anchors(region: Region) -> Finding:
    """Look the anchored events up; the whole chain is for `claims verify`."""
    anchors = backup.read_anchors(region.path)
    restore = "somebody put an older or another file in place: compare with your backups before anything is written"
    for anchor in anchors:
        row = region.reader().execute("SELECT chain FROM event WHERE seq = ?", (anchor.seq,)).fetchone()
        if row is None:
            return Finding(
                "anchors", "error", f"event {anchor.seq} was anchored, and the record ends before it", restore
            )
        if row[0] != anchor.chain:
            return Finding("anchors", "error", f"event {anchor.seq} is not the one that was anchored", restore)
    if not anchors:
        return Finding(
            "anchors", "warning", "the record has no anchor yet", "take a backup with `fieldops backup --out F`"
        )
    return Finding(
        "anchors", "ok", f"the record reaches all {len(anchors)} anchors, the newest at event {anchors[-1].seq}"
    )


def _key(region: Region) -> Finding:
    if audit.is_of_another(region.reader(), region.key):
        text = f"no event bears the key {keys.key_source(region.path)}: it is that of another region, or every event was changed"
        return Finding(
            "key",
            "error",
            text,
            "copy the right one back, or name it in $FIELDOPS_KEY; `fieldops claims verify` tells more",
        )
    return Finding("key", "ok", f"{keys.key_source(region.path)}; keep a copy of it elsewhere")


def _place(region: Region, pages: Finding) -> Finding:
    only = onlyfile.OnlyFile(region.path)
    try:
        only.look()
        only.fit(region.reader(), partial(connect.open_file, region.path, read_only=True))
        only.know(region.reader(), audit.head(region.reader()))
    except StorageFailed as refusal:
        return Finding("place", "error", str(refusal.problem), str(refusal.cure))
    if pages.level == "error":
        return Finding(
            "place", "error", "the pages are damaged: whether this is the only file is not known", pages.cure
        )
    held, places, closed = only.places(region.reader())
    if closed:
        text = f"how far the record has come can be neither read nor written in {', '.join(map(str, closed))}"
        return Finding(
            "place", "error", text, "give it to the user who runs fieldops: `chown --reference` the region file"
        )
    if not held:
        text = "nothing says yet how far the record has come: an older copy would not be told from this file"
        return Finding("place", "warning", text, "it is written down with the next act")
    kind = mounts.kind_of(region.path.resolve(), mounts.mounts_here())
    if kind.startswith(mounts.PERHAPS_SHARED):
        text = f"the file lies on {kind}, which machines may share: they would not see each other's claims"
        return Finding(
            "place", "warning", text, "move the folder to a disk of this machine, unless no other can reach it"
        )
    return Finding(
        "place",
        "ok",
        f"the file has one name, lies on a disk of this machine, and holds what was stored last ({held} of {places} places say so)",
    )


def _disk(region: Region) -> Finding:
    free = shutil.disk_usage(region.path.resolve().parent).free
    wal = region.path.with_name(region.path.name + "-wal")
    if free < LEAST_FREE_BYTES:
        return Finding(
            "disk", "warning", f"{free // 1_000_000} MB are free", "free disk space: a full disk stops all writes"
        )
    if wal.exists() and wal.stat().st_size > MOST_WAL_BYTES:
        size = wal.stat().st_size // 1_000_000
        return Finding(
            "disk", "warning", f"the write-ahead log has grown to {size} MB", "end programs that read without end"
        )
    return Finding("disk", "ok", f"{free // 1_000_000_000} GB are free")
