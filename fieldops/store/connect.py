"""
Opening a region: its GeoPackage, its private file, its key; readers and write turns.

A write turn (`Region.turn`) is the only way to write: `BEGIN IMMEDIATE`, one moment `now` for everything in it, commit
at the end, rollback on any error. It promises that a change and its event are stored together or not at all. It does not
span the region file and the private file: the private row is written first, orphans are swept.
"""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from fieldops import clock
from fieldops.errors import BadInput, ClockRefused, NotFound, StorageFailed
from fieldops.events import RegionCreated
from fieldops.ids import DeviceId
from fieldops.people import Actor
from fieldops.rules import Rules
from fieldops.said import Said
from fieldops.store import audit, keys, making, migrations
from fieldops.store.moments import behind_the_record
from fieldops.store.onlyfile import OnlyFile
from fieldops.store.opening import BUSY_SECONDS as BUSY_SECONDS
from fieldops.store.opening import journal_mode as journal_mode
from fieldops.store.opening import open_file as open_file
from fieldops.store.opening import open_private as open_private
from fieldops.store.opening import private_path as private_path
from fieldops.store.seals import Seals
from fieldops.store.sqlite import OLDER, refusal, sqlite3
from fieldops.store.turnstile import Turnstile, turnstile_path


@dataclass(slots=True)
class Turn:
    """One write turn: everything done through it is stored together, at one moment, under the rules in force."""

    region: "Region"
    connection: sqlite3.Connection
    actor: Actor
    now: datetime
    head: audit.Head
    seals: Seals
    device: DeviceId | None = None

    @property
    def rules(self) -> Rules:
        """Return the settings in force, as this turn sees them."""
        return read_rules(self.connection)


MEMORY = Path(":memory:")


@dataclass(slots=True)
class Region:
    """An open region. Not shared between threads or processes: each opens its own."""

    path: Path
    key: bytes = field(repr=False)
    sandbox: bool
    _writer: sqlite3.Connection | None = field(default=None, repr=False)
    _reader: sqlite3.Connection | None = field(default=None, repr=False)
    _turnstile: Turnstile | None = field(default=None, repr=False)
    _seals: Seals | None = field(default=None, repr=False)
    _only: OnlyFile | None = field(default=None, repr=False)
    newer_keys: tuple[bytes, ...] = field(default=(), repr=False)
    only_reads: bool = False  # while what is read is not what is stored

    @property
    def seal_keys(self) -> tuple[bytes, ...]:
        """Return the keys that open seals of the private file; the last one seals."""
        return (self.key, *self.newer_keys)

    @property
    def in_memory(self) -> bool:
        """Whether the region lives in memory, without a private file."""
        return self.path == MEMORY

    @property
    def private_path(self) -> Path:
        """Return the path of the file with names and phone numbers."""
        return private_path(self.path)

    def reader(self) -> sqlite3.Connection:
        """Return this region's read-only connection; rows are addressable by column name."""
        if self._reader is None:
            self._reader = open_file(self.path, read_only=True)
        return self._reader

    @contextmanager
    def turn(
        self,
        actor: Actor,
        *,
        now: datetime | None = None,
        device: DeviceId | None = None,
        accept_clock: bool = False,
    ) -> Iterator[Turn]:
        """
        Open a write turn; `now` may be given in a sandbox only (rule 2).

        `accept_clock` is for `actions.keep.accept_clock` alone: it takes the clock although the record is ahead of it.

        Raises
        ------
        ClockRefused
            If the clock is more than the tolerance behind the record, or a time was given outside a sandbox.
        StorageFailed
            If the file is busy for longer than `BUSY_SECONDS`, full, not writable, or not the only or whole one (`onlyfile`).
        RecordDamaged
            If SQLite finds the file malformed.
        """
        if self.only_reads:
            raise RuntimeError("a write turn while the region is read otherwise than it is stored")
        only = self._look()
        if self._turnstile is None and not self.in_memory:
            self._turnstile = Turnstile(turnstile_path(self.path))
        if self._turnstile:
            self._turnstile.enter(BUSY_SECONDS / 2)
        try:
            if only is not None:
                only.fit(self.reader(), self._open_anew)
            if self._writer is None:
                self._writer = open_file(self.path)
                if only is not None:
                    only.own()  # to turn to a log is written into the file
            connection = self._writer
            self._seals = self._seals or Seals(connection, self.key)
            with self._transaction(connection):
                head = audit.head(connection)
                if only is not None:
                    only.know(connection, head)
                    only.say(connection, head)
                moment = self._moment(connection, head, now, accept_clock=accept_clock)
                turn = Turn(self, connection, actor, moment, head, self._seals, device)
                self._seals.begin()
                yield turn
                self._seals.record(turn)
                if only is not None:
                    only.look()
                    only.keep_fit(self._open_anew)
            if only is not None and (only.own() or turn.head != head):
                only.remember(connection)
        finally:
            if self._turnstile:
                self._turnstile.leave()

    def _open_anew(self) -> sqlite3.Connection:
        return open_file(self.path, read_only=True)

    def _look(self) -> OnlyFile | None:
        """Refuse to write where the file is not the only one; nothing to look at in memory."""
        if self.in_memory:
            return None
        self._only = self._only or OnlyFile(self.path)
        self._only.look()
        return self._only

    @staticmethod
    @contextmanager
    def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.DatabaseError as error:
            raise refusal(error) from error
        try:
            yield
            connection.execute("COMMIT")
        except BaseException as error:  # the turn is rolled back and the error goes on
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError:
                raise refusal(error) from error
            raise

    def moment(self, given: datetime | None = None) -> datetime:
        """
        Return the moment for reading: the given one, else what a write would take for now (rule 2).

        Where the record is ahead by more than the tolerance, so that a write would be refused, this is the clock: who
        holds a street then follows from the true time. In a sandbox the record is followed however far it is ahead.
        """
        if given is not None:
            return given
        present, last = clock.now(), audit.last_recorded_at(self.reader())
        if last is None or present >= last:
            return present
        return last if self.sandbox or last - present <= read_rules(self.reader()).clock_tolerance else present

    def check_moment(self, given: datetime | None) -> None:
        """Refuse at once the moment that a write turn would refuse after a long search; see `turn`."""
        self._moment(self.reader(), audit.head(self.reader()), given, accept_clock=False)

    def _moment(
        self, connection: sqlite3.Connection, head: audit.Head, given: datetime | None, *, accept_clock: bool
    ) -> datetime:
        """RULE 2: the later of the clock and the last recorded event; a clock far behind refuses writes."""
        if given is not None and not self.sandbox:
            raise ClockRefused(
                problem="a time was given for a write, and this region is not a sandbox",
                cure="leave --now away: the clock decides; only sandbox regions accept given times",
            )
        present = (given or clock.now()).astimezone(UTC)
        if accept_clock or not head.recorded_at or present >= (last := clock.parse_moment(head.recorded_at)):
            return present
        if last - present > read_rules(connection).clock_tolerance:
            raise behind_the_record(present, last, read_zone(connection), given=given is not None)
        return last

    def stand_inside(self, turnstile: Turnstile) -> None:
        """Let the coming turns pass as one that is inside already."""
        self._turnstile = turnstile

    def leave_open(self, turnstile: Turnstile) -> None:
        """Close the region without leaving a turnstile in which it stands."""
        assert self._turnstile is turnstile
        self._turnstile = None
        self.close()

    def writing_moment(self, given: datetime | None = None) -> datetime:
        """
        Return the moment that a write turn would have now (rule 2).

        Raises
        ------
        ClockRefused
            If it would be refused.
        """
        return self._moment(self.reader(), audit.head(self.reader()), given, accept_clock=False)

    def close(self) -> None:
        """Close both connections; the last to close tidies the write-ahead log up, and says so where nobody is writing."""
        line = self._turnstile
        with self._only.leaving() if self._only and line and line.is_free() else nullcontext():
            for one in filter(None, (self._reader, self._writer)):
                one.close()
        if line:
            line.close()
        self._writer = self._reader = self._turnstile = self._seals = self._only = None


def read_rules(connection: sqlite3.Connection) -> Rules:
    """Return the settings in force."""
    row = connection.execute("SELECT value FROM setting WHERE name = 'rules'").fetchone()
    return _rules(row[0] if row else "{}")


def read_zone(connection: sqlite3.Connection) -> ZoneInfo:
    """Return the time zone of the region's (first) city; UTC in a region without one."""
    row = connection.execute("SELECT time_zone FROM city ORDER BY id LIMIT 1").fetchone()
    return clock.find_zone(row[0] if row else "UTC")


@lru_cache(maxsize=8)
def _rules(stored: str) -> Rules:
    return Rules.from_json(json.loads(stored))


def create_region(path: Path, actor: Actor, *, sandbox: bool = False, now: datetime | None = None) -> Region:
    """
    Make a new region file with its private file and key, and open it.

    Raises
    ------
    BadInput
        If the file exists already or its folder does not, or what belongs to another region of this name lies there.
    """
    if path.exists():
        raise BadInput(Said("%(path)s exists already", path=path), cure="choose another file with --db")
    if not path.parent.is_dir():
        raise BadInput(
            Said("the folder %(parent)s does not exist", parent=path.parent),
            cure="make it first, or choose another --db",
        )
    if left := [one for one in _of_its_name(path) if one.exists()]:
        raise BadInput(
            Said("%(files)s belongs to another region of this name", files=", ".join(map(str, left))),
            cure="choose another name with --db, or move away what is left of a region that is gone",
        )
    building = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    private_building = private_path(building)
    try:
        making.make_file(building, migrations.migrate_region)
        making.make_file(private_building, migrations.migrate_private)
        keys.make_key(path)
        connection = sqlite3.connect(building, isolation_level=None)
        connection.execute("INSERT INTO setting VALUES ('sandbox', ?)", (json.dumps(sandbox),))
        connection.close()
        building.rename(path)
        private_building.rename(private_path(path))
    finally:
        for file in (building, Path(f"{building}-wal"), Path(f"{building}-shm"), private_building):
            file.unlink(missing_ok=True)
    region = open_region(path)
    with region.turn(actor, now=now) as turn:
        audit.append(turn, RegionCreated(at=turn.now, sandbox=sandbox))
        turn.seals.seal_all(turn, before={})
    return region


def _of_its_name(path: Path) -> tuple[Path, ...]:
    """Return the files that a region has for itself beside its own and its key, and may share with no other."""
    return (private_path(path), keys.place_file(path, "anchors"), keys.place_file(path, "last"))


def create_memory_region(actor: Actor, *, now: datetime | None = None) -> Region:
    """Make a sandbox region in memory, for simulations and tests: one connection, no private file; closing it forgets it."""
    connection = empty_database()
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("INSERT INTO setting VALUES ('sandbox', 'true')")
    region = Region(MEMORY, secrets.token_bytes(32), True, connection, connection)
    with region.turn(actor, now=now) as turn:
        audit.append(turn, RegionCreated(at=turn.now, sandbox=True))
        turn.seals.seal_all(turn, before={})
    return region


def empty_database() -> sqlite3.Connection:
    """Return a database in memory with the tables of a region and nothing in them."""
    connection = sqlite3.connect(":memory:")
    migrations.migrate_region(making.database(connection))
    connection.commit()
    connection.isolation_level = None
    return connection


def open_region(path: Path, *, older: bool = False, bears_key: bool = True) -> Region:
    """
    Open an existing region.

    Parameters
    ----------
    older
        Open it although an older fieldops made it: to examine or to upgrade it.
    bears_key
        Refuse a record of which no event bears the key. Without it the region is to be examined only, never written.

    Raises
    ------
    NotFound
        If there is no such file.
    BadInput
        If the file is no region of fieldops, or its key is missing, lies open to others or is that of another region.
    StorageFailed
        If an older fieldops made it.
    """
    if path.is_dir():
        raise BadInput(Said("%(path)s is a folder", path=path), cure="name the region file with --db or $FIELDOPS_DB")
    if not path.exists():
        raise NotFound(
            "region file", str(path), cure="make one with `fieldops import MAP --city NAME` or `fieldops demo`"
        )
    connection = open_file(path, read_only=True)
    try:
        row = connection.execute("SELECT value FROM setting WHERE name = 'sandbox'").fetchone()
        missing = migrations.steps_missing(connection)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise BadInput(
            Said("%(path)s is not a region file of fieldops (%(error)s)", path=path, error=error),
            cure="choose another file with --db",
        ) from None
    if not older and missing:
        connection.close()
        raise StorageFailed(problem=Said("%(path)s was made by an older fieldops", path=path), cure=OLDER)
    try:
        key, *newer = keys.read_keys(path)
    except BadInput:
        connection.close()
        raise
    region = Region(path, key, sandbox=bool(row and json.loads(row[0])), newer_keys=tuple(newer))
    if bears_key and audit.is_of_another(connection, region.key):
        connection.close()
        raise BadInput(
            Said("the key %(keys)s is that of another region, or every event was changed", keys=keys.key_source(path)),
            cure="copy the right one back from where you keep it, or name it in $FIELDOPS_KEY; else see `fieldops claims verify`",
        )
    region._reader = connection
    return region
