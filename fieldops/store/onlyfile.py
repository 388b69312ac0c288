"""
That a region is written by its only name, and by nobody who does not see all of it.

SQLite keeps what was written last beside the file, in `-wal` and `-shm`, under the name by which the file was opened. Who has
the file by another name (a hard link, a mount of the file alone, a folder to which it was moved while open), or lost what lay
beside it, sees nothing of the newest claims and would give the same street away once more. So every write turn asks, before
and after:

- the path leads to the file that was opened, which has one name, is no mount by itself, and lies on a disk of this machine;
- what SQLite keeps beside it is what was there when it was opened;
- the record holds the newest event that was ever acknowledged (`lastword`), of which an older copy put in its place, and a file
  without what lay beside it, know nothing;
- the file is as the turn before left it; where it is not, all of it is examined: a file that somebody wrote over this one while it
  is open has its newest events in the log all the same.

Not promised: that two copies of a file know of each other in their own folders, nor that the past of a whole folder, put back
with its key, is told from the present. Keep the key in a folder of its own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from fieldops.errors import StorageFailed
from fieldops.said import Said, template
from fieldops.store import audit, mounts
from fieldops.store.lastword import LastWord, LastWords, state_of
from fieldops.store.sqlite import refusal, sqlite3

Identity = tuple[int, int]
Opening = Callable[[], sqlite3.Connection]
_CURE = template(
    "put back what lay beside it (-wal), the file that was here before, or this one under its former name; to go on with this copy all the same, move it away and take it with `fieldops restore`"
)


_CURE_LOG = template(
    "move -wal and -shm away together with this file, then put the file back that was here, or take this copy with `fieldops restore`: claims made since it are lost"
)
_CURE_PAGES = template("put the file back that was here before, or the latest backup with `fieldops restore`")
_CURE_WORD = template(
    "give the files that end in -turn and .last to the user who runs fieldops, as the region file is: `chown --reference`"
)


_UNLIKE_THEIR_EVENTS = """
WITH told AS (SELECT seq, kind, took_effect_at AS at, json_extract(facts, '$.claim') AS claim, facts FROM event
    WHERE kind IN ('StreetClaimed', 'ClaimForfeited', 'ClaimSaturated', 'ClaimWithdrawn', 'ClaimRevoked')),
made AS (SELECT claim, at, json_extract(facts, '$.street') AS street, json_extract(facts, '$.crew') AS crew FROM told
    WHERE kind = 'StreetClaimed'),
ended AS (SELECT claim, at, max(seq), CASE kind WHEN 'ClaimForfeited' THEN 'forfeited' WHEN 'ClaimSaturated' THEN 'saturated'
    WHEN 'ClaimWithdrawn' THEN 'withdrawn' ELSE 'revoked' END AS outcome FROM told WHERE kind <> 'StreetClaimed' GROUP BY claim),
stored AS (SELECT id AS claim, claimed_at AS at, street_id AS street, crew_id AS crew FROM claim NOT INDEXED)
SELECT EXISTS (SELECT claim, at, street, crew FROM made EXCEPT SELECT claim, at, street, crew FROM stored)
    OR EXISTS (SELECT claim, at, street, crew FROM stored EXCEPT SELECT claim, at, street, crew FROM made)
    OR EXISTS (SELECT claim, at, outcome FROM ended EXCEPT SELECT id, ended_at, outcome FROM claim NOT INDEXED)
    OR EXISTS (SELECT id, ended_at, outcome FROM claim NOT INDEXED WHERE ended_at IS NOT NULL OR outcome IS NOT NULL
        EXCEPT SELECT claim, at, outcome FROM ended)
"""


class OnlyFile:
    """A region file as one process has it open for writing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._real = path.resolve()
        self._beside = tuple(self._real.with_name(self._real.name + end) for end in ("-wal", "-shm"))
        self._file: Identity | None = None
        self._kept: tuple[Identity | None, ...] | None = None
        self._words = LastWords(path)
        self._told: frozenset[str] = frozenset()
        self._first = ""
        self._anew = False  # say it once more: the file is otherwise than the last word says
        self._state = ""  # of the file, as a turn left it or as it was examined

    def look(self) -> None:
        """
        Refuse where the file is not the only one, or not whole.

        Raises
        ------
        StorageFailed
            If the file has several names, is gone, is another one, is mounted alone, lies on a disk that machines share, or
            what SQLite keeps beside it was taken away.
        """
        found = self._stat()
        if self._file is None:
            self._look_around()
        if self._file not in (None, found):
            raise StorageFailed(
                problem=Said("another file was put in the place of %(path)s; nothing was written", path=self._path),
                cure="start fieldops again; put a backup in its place with `fieldops restore` only",
            )
        self._file = found
        if self._kept is not None and self._kept != self._beside_now():
            raise StorageFailed(
                problem=Said(
                    "what is kept beside %(path)s (-wal, -shm) was taken away while it was open; nothing was written",
                    path=self._path,
                ),
                cure="stop every fieldops of this region in the ordinary way, which puts what it knows into the file, then start it again; leave those files alone",
            )

    def fit(self, connection: sqlite3.Connection, examined: Opening) -> None:
        """
        Refuse where what lies there is of several times: a file, and a log (-wal) that SQLite lays, or somebody laid, over it.

        To be asked before it is opened for writing, because whoever closes it then would put the log into the file, and before every
        turn. Where the file is not as the newest last word left it, as after a crash or another program, its pages are examined
        through a connection that `examined` opens, which remembers none: every index, every event, the row of every claim.

        Raises
        ------
        StorageFailed
            If it is.
        """
        try:
            newest = self._words.newest(_chain(connection, 1))
        except sqlite3.DatabaseError as error:
            raise refusal(error) from error
        self._examine(newest.state if newest is not None else "", examined)

    def keep_fit(self, examined: Opening) -> None:
        """
        Refuse where the file was written by somebody else since the turn began; to be asked last in it.

        Without a log a turn writes the file itself, so that nothing can be told there.

        Raises
        ------
        StorageFailed
            If what lies there is of several times now.
        """
        if self._beside[0].exists():
            self._examine(self._state, examined)

    def _examine(self, known: str, examined: Opening) -> None:
        found = state_of(self._real)
        if known != found:
            self._anew = True
            connection = examined()
            try:
                whole = _is_whole(connection)
            finally:
                connection.close()
            if not whole:
                raise self._mixed()
        self._state = found

    def _mixed(self) -> StorageFailed:
        if self._has_log():
            return StorageFailed(
                problem=Said(
                    "%(path)s is of another time than the log (-wal) beside it; nothing was written",
                    path=self._path,
                ),
                cure=_CURE_LOG,
            )
        return StorageFailed(
            problem=Said("the pages of %(path)s are of several times; nothing was written", path=self._path),
            cure=_CURE_PAGES,
        )

    def own(self) -> bool:
        """Take the file's state for ours, right after we wrote it; return whether that is to be said."""
        before, self._state = self._state, state_of(self._real)
        self._anew |= before != self._state
        return self._anew

    def know(self, connection: sqlite3.Connection, head: audit.Head) -> None:
        """
        Refuse where the record lacks an event that somebody was told to be stored; to be asked within the write turn.

        Raises
        ------
        StorageFailed
            If it does, or nobody could say so, because no place of the last word can be read and written.
        """
        if not self._words.is_kept():
            raise StorageFailed(
                problem=Said(
                    "how far %(path)s has come can be neither read nor written beside it; nothing was written",
                    path=self._path,
                ),
                cure=_CURE_WORD,
            )
        self._first = _chain(connection, 1)
        words = self._words.read(self._first)
        missed = [word for word in words if _chain(connection, word.seq) != word.chain]
        if missed:
            raise self._missing(max(missed, key=lambda one: one.seq), head)
        self._told = frozenset(word.chain for word in words)
        if self._kept is None:
            self._kept = self._beside_now()
            self._anew = True
            if connection.execute("SELECT count(*) FROM event").fetchone()[0] != head.seq:
                raise StorageFailed(
                    problem=Said("%(path)s lacks events before its last one; nothing was written", path=self._path),
                    cure=_CURE_PAGES,
                )

    def _missing(self, word: LastWord, head: audit.Head) -> StorageFailed:
        if word.seq > head.seq:
            problem = Said(
                "%(path)s ends at event %(seq)s, but event %(last)s was stored already; nothing was written",
                path=self._path, seq=head.seq, last=word.seq,
            )  # fmt: skip
        else:
            problem = Said(
                "event %(last)s of %(path)s is another than the one that was stored; nothing was written",
                path=self._path, last=word.seq,
            )  # fmt: skip
        return StorageFailed(
            problem=problem,
            cure=_CURE,
        )

    def say(self, connection: sqlite3.Connection, head: audit.Head, *, restored: bool = False) -> None:
        """Write down how far the record has come, under SQLite's write lock, unless it was known; back too where `restored`."""
        self._first = _chain(connection, 1)
        word = LastWord(self._first, head.seq, head.chain, self._state)
        if restored:
            self._words.set_back(word)
        elif head.seq and (self._anew or head.chain not in self._told):
            self._words.write(word)
        self._anew = False

    def remember(self, connection: sqlite3.Connection, *, restored: bool = False) -> None:
        """
        Write down how far the record has come after a write turn, before anybody is told so.

        The newest event of this very moment is written, under SQLite's write lock, so that a writer that slept sets nothing back.
        Where another one is writing already, it is left to them: they say what they found before they go on.
        """
        if restored:
            self.own()
        (patience,) = connection.execute("PRAGMA busy_timeout").fetchone()
        connection.execute(f"PRAGMA busy_timeout={patience if restored else 0}")
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                self.say(connection, audit.head(connection), restored=restored)
            finally:
                connection.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            if restored:
                raise refusal(error) from error
        finally:
            connection.execute(f"PRAGMA busy_timeout={patience}")

    @contextmanager
    def leaving(self) -> Iterator[None]:
        """
        Close the file within, and write down how it was left where no log is left beside it; to be called by one process at a time.

        Only where it was as the last word says, so that nothing that somebody put there meanwhile is taken for ours.
        """
        newest = self._words.newest(self._first)
        known = newest is not None and newest.state == state_of(self._real)
        yield
        if newest is not None and known and not self._has_log():
            self._words.write(replace(newest, state=state_of(self._real)))

    def _has_log(self) -> bool:
        log = self._beside[0]
        return log.exists() and log.stat().st_size > 0

    def _stat(self) -> Identity:
        try:
            found = self._path.stat()
        except OSError as error:
            raise StorageFailed(
                problem=Said("%(path)s is not there any more; nothing was written", path=self._path),
                cure="put it back, or a backup with `fieldops restore`",
            ) from error
        if found.st_nlink > 1:
            raise StorageFailed(
                problem=Said(
                    "%(path)s has %(count)s names on its disk; nothing was written",
                    path=self._path,
                    count=found.st_nlink,
                ),
                cure="leave it one name: what is written by one is not seen by the others; copy files instead of linking them",
            )
        return found.st_dev, found.st_ino

    def _look_around(self) -> None:
        table = mounts.mounts_here()
        if mounts.is_mounted_alone((self._real, *self._beside), table):
            raise StorageFailed(
                problem=Said("%(path)s is mounted by itself; nothing was written", path=self._path),
                cure="mount the folder in which it lies instead: what is written last lies beside the file",
            )
        if (kind := mounts.kind_of(self._real, table)) in mounts.SHARED_KINDS:
            raise StorageFailed(
                problem=Said(
                    "%(path)s lies on a disk that machines share (%(kind)s); nothing was written",
                    path=self._path,
                    kind=kind,
                ),
                cure="move the folder to a disk of this machine: two machines would not see each other's claims",
            )

    def places(self, connection: sqlite3.Connection) -> tuple[int, int, list[Path]]:
        """Return in how many places the last word stands, how many there are, and those that cannot be read and written."""
        return (*self._words.places(_chain(connection, 1)), self._words.closed())

    def _beside_now(self) -> tuple[Identity | None, ...]:
        return tuple(_identity(file) for file in self._beside)


def _chain(connection: sqlite3.Connection, seq: int) -> str:
    row = connection.execute("SELECT chain FROM event WHERE seq = ?", (seq,)).fetchone()
    return str(row[0]) if row else ""


def _is_whole(connection: sqlite3.Connection) -> bool:
    """Return whether every index and every event is there, and every claim as its events left it: its newest end counts."""
    try:
        (sound,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        events, newest = connection.execute("SELECT count(*), max(seq) FROM event").fetchone()
        unlike = connection.execute(_UNLIKE_THEIR_EVENTS).fetchone()[0]
    except sqlite3.DatabaseError:
        return False
    return bool(sound == "ok" and events == (newest or 0) and not unlike)


def _identity(file: Path) -> Identity | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
