"""
Who candidates are, in the private file: sealed name and number, the keyed hash of the number, the keyed words of the search.

Nothing readable lies in the file: names and numbers are sealed by AES-256-GCM and bound to their candidate; a number is found
by HMAC-SHA256, a word of a name by a keyed BLAKE2b of 64 bits. All keys follow from the region's key, which lies elsewhere.
Whoever has the file alone sees how many people there are and how often the same unknown word occurs.

Inside a write turn of the region the person is written first; where the turn fails the person is an orphan and is swept.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography.exceptions import InvalidTag

from fieldops.clock import format_moment, parse_moment
from fieldops.errors import RecordDamaged
from fieldops.ids import CandidateId
from fieldops.recruiting.names import matches, search_words
from fieldops.store import sealing
from fieldops.store.connect import Region, Turn, open_private
from fieldops.store.sqlite import refusal, sqlite3

MOST_UNSEALED = 3_000  # persons looked at one by one where the index knows only the beginning of a word
_MANY = 1_000


@dataclass(frozen=True, slots=True)
class Person:
    """A candidate's name and E.164 phone number, and the consent under which they are stored."""

    candidate: CandidateId
    name: str
    phone: str
    consent: str
    consented_at: datetime
    way: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Something written about a candidate."""

    id: str
    made_at: datetime
    actor: str
    text: str


@lru_cache(maxsize=4)
def _keys(key: bytes) -> tuple[bytes, bytes]:
    numbers, words = (hmac.digest(key, f"fieldops persons {part} 1".encode(), "sha256") for part in ("phone", "word"))
    return numbers, words


@contextmanager
def private_reader(region: Region) -> Iterator[sqlite3.Connection]:
    """Open the private file of a region for one question."""
    connection = open_private(region.path)
    try:
        yield connection
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError:
            raise refusal(error) from error
        raise
    finally:
        connection.close()


@contextmanager
def private_turn(region: Region) -> Iterator[sqlite3.Connection]:
    """Open the private file for one change, stored whole or not at all."""
    with private_reader(region) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:  # the change is rolled back and the error goes on
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def hash_phone(region: Region, phone: str) -> bytes:
    """Return what stands for an E.164 number in the index: one number, one value, and no way back without the key."""
    return hmac.digest(_keys(region.key)[0], phone.encode(), "sha256")[:16]


def seal(region: Region, binding: str, value: Mapping[str, object]) -> bytes:
    """Return plain values sealed and bound to a name: they cannot be opened under another one."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return sealing.close(region.seal_keys, binding, text)


def unseal(region: Region, binding: str, sealed: bytes) -> dict[str, str]:
    """
    Return what was sealed.

    Raises
    ------
    RecordDamaged
        If it was changed, is bound to another name, or was sealed with another key.
    """
    try:
        text = sealing.open_seal(region.seal_keys, binding, sealed)
    except InvalidTag:
        raise RecordDamaged(
            problem="a sealed name cannot be opened: the private file and the key do not belong together",
            cure="restore both from the same backup",
        ) from None
    value: dict[str, str] = json.loads(text)
    return value


def renew_seals(region: Region) -> int:
    """Seal everything anew that is not sealed in the present way under the last key, and return how much it was."""
    keys, count = region.seal_keys, 0
    with private_turn(region) as connection:
        for table, name, column, binding in sealing.SEALED:
            rows = connection.execute(f"SELECT {name}, {column} FROM {table}").fetchall()  # noqa: S608  # of SEALED
            old = [(row[0], row[1]) for row in rows if not sealing.is_present(keys, row[1])]
            bound = [binding.format(one) for one, _ in old]
            anew = [
                (sealing.close(keys, to, sealing.open_seal(keys, to, sealed)), one)
                for to, (one, sealed) in zip(bound, old, strict=True)
            ]
            connection.executemany(f"UPDATE {table} SET {column} = ? WHERE {name} = ?", anew)  # noqa: S608  # of SEALED
            count += len(anew)
    return count


def _words(region: Region, words: frozenset[str] | Sequence[str]) -> list[int]:
    key = _keys(region.key)[1]
    return [
        int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8, key=key).digest(), "big", signed=True)
        for word in words
    ]


def find_by_phone(region: Region, phones: Sequence[str]) -> dict[str, CandidateId]:
    """Return who has these numbers."""
    found: dict[str, CandidateId] = {}
    with private_reader(region) as connection:
        for phone in phones:
            row = connection.execute(
                "SELECT candidate_id FROM person WHERE phone_hash = ?", (hash_phone(region, phone),)
            ).fetchone()
            if row:
                found[phone] = CandidateId(row[0])
    return found


def add_persons(turn: Turn, persons: Sequence[Person], first: int) -> list[int]:
    """
    Store persons inside the write turn that will make their candidates, and return their numbers.

    RULE 19: the consent is stored first; the database refuses a number without one. Numbers are `first` or later and were
    never given in the private file.
    """
    region = turn.region
    with private_turn(region) as connection:
        if len(persons) > _MANY:
            widen_cache(connection)
            widen_cache(turn.connection)
        last = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'person'").fetchone()
        start = max(first, (last[0] if last else 0) + 1)
        numbers = list(range(start, start + len(persons)))
        connection.executemany(
            "INSERT INTO consent VALUES (?, ?, ?, ?)",
            [(one.candidate, one.consent, format_moment(one.consented_at), one.way) for one in persons],
        )
        connection.executemany(
            "INSERT INTO person VALUES (?, ?, ?, ?)",
            [
                (number, one.candidate, hash_phone(region, one.phone), _seal(region, one))
                for number, one in zip(numbers, persons, strict=True)
            ],
        )
        words = [
            (word, number)
            for number, one in zip(numbers, persons, strict=True)
            for word in _words(region, search_words(one.name, one.phone))
        ]
        words.sort()
        connection.executemany("INSERT OR IGNORE INTO person_word VALUES (?, ?)", words)
    return numbers


def widen_cache(connection: sqlite3.Connection) -> None:
    """Let a connection keep 64 MB of pages: many rows at once touch every page of every index."""
    connection.execute("PRAGMA cache_size=-65536")


def _seal(region: Region, person: Person) -> bytes:
    return seal(region, person.candidate, {"name": person.name, "phone": person.phone})


def change_person(turn: Turn, candidate: CandidateId, name: str, phone: str) -> None:
    """Correct a name and a number; the caller has seen to it that nobody else has the number."""
    region = turn.region
    with private_turn(region) as connection:
        number = _drop_words(region, connection, candidate)
        connection.execute(
            "UPDATE person SET phone_hash = ?, seal = ? WHERE candidate_id = ?",
            (hash_phone(region, phone), seal(region, candidate, {"name": name, "phone": phone}), candidate),
        )
        connection.executemany(
            "INSERT OR IGNORE INTO person_word VALUES (?, ?)",
            [(word, number) for word in _words(region, search_words(name, phone))],
        )


def _drop_words(region: Region, connection: sqlite3.Connection, candidate: CandidateId) -> int:
    row = connection.execute("SELECT number, seal FROM person WHERE candidate_id = ?", (candidate,)).fetchone()
    if row is None:
        return 0
    known = unseal(region, candidate, row["seal"])
    connection.executemany(
        "DELETE FROM person_word WHERE word = ? AND number = ?",
        [(word, row["number"]) for word in _words(region, search_words(known["name"], known["phone"]))],
    )
    return int(row["number"])


def read_persons(region: Region, candidates: Sequence[CandidateId]) -> dict[CandidateId, Person]:
    """Return who these candidates are; those who were erased are not in it."""
    found: dict[CandidateId, Person] = {}
    with private_reader(region) as connection:
        for candidate in candidates:
            row = connection.execute(
                "SELECT p.seal, c.version, c.given_at, c.way FROM person AS p JOIN consent AS c USING (candidate_id)"
                " WHERE candidate_id = ?", (candidate,),
            ).fetchone()  # fmt: skip
            if row:
                known = unseal(region, candidate, row["seal"])
                found[candidate] = Person(
                    candidate, known["name"], known["phone"], row["version"], parse_moment(row["given_at"]), row["way"]
                )
    return found


@dataclass(frozen=True, slots=True)
class Found:
    """Numbers of candidates that a search found; not `whole` where only the first were looked at."""

    numbers: list[int]
    whole: bool = True


def search_persons(region: Region, words: Sequence[str]) -> Found:
    """Return whom every word finds: a run of the name, pinyin or initials from a syllable on, the last four digits."""
    with private_reader(region) as connection:
        numbers: set[int] | None = None
        cut = False
        for word in words:
            mine, exact = _postings(region, connection, word)
            cut |= not exact
            numbers = mine if numbers is None else numbers & mine
        ordered = sorted(numbers or (), reverse=True)
        if not cut:
            return Found(ordered)
        looked, kept = ordered[:MOST_UNSEALED], []
        for number in looked:
            row = connection.execute("SELECT candidate_id, seal FROM person WHERE number = ?", (number,)).fetchone()
            if row:
                known = unseal(region, row["candidate_id"], row["seal"])
                if matches(tuple(words), known["name"], known["phone"]):
                    kept.append(number)
        return Found(kept, len(looked) == len(ordered))


def _postings(region: Region, connection: sqlite3.Connection, word: str) -> tuple[set[int], bool]:
    """Return who has the word, or else its longest beginning that anybody has, and whether it was the whole word."""
    for length in range(len(word), 0, -1):
        (token,) = _words(region, [word[:length]])
        rows = connection.execute("SELECT number FROM person_word WHERE word = ?", (token,)).fetchall()
        if rows:
            return {row[0] for row in rows}, length == len(word)
    return set(), True


def erase_person(region: Region, candidate: CandidateId) -> bool:
    """
    Destroy all that is known about a person, and empty the write-ahead log; return whether nobody kept the log open.

    Deleted bytes are overwritten (`secure_delete`). Where another connection reads at this very moment the log is emptied
    by the next erasure or retention run.
    """
    with private_turn(region) as connection:
        _drop_words(region, connection, candidate)
        connection.execute("DELETE FROM candidate_note WHERE candidate_id = ?", (candidate,))
        connection.execute("DELETE FROM person WHERE candidate_id = ?", (candidate,))
        connection.execute("DELETE FROM consent WHERE candidate_id = ?", (candidate,))
    return empty_log(region)


def empty_log(region: Region) -> bool:
    """Move everything from the write-ahead log into the private file and cut the log to nothing."""
    with private_reader(region) as connection:
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return not busy


def sweep_persons(turn: Turn) -> int:
    """Destroy persons whose candidate never came to be; only inside a write turn, so that none is between the two files."""
    with private_reader(turn.region) as connection:
        there = [row[0] for row in connection.execute("SELECT candidate_id FROM consent")]
    find = "SELECT 1 FROM candidate WHERE id = ? AND erased_at IS NULL"
    orphans = [one for one in there if turn.connection.execute(find, (one,)).fetchone() is None]
    for one in orphans:
        erase_person(turn.region, CandidateId(one))
    return len(orphans)


# ── notes and names of reps ─────────────────────────────────────────────────────────────────────────────────────────


def add_note(turn: Turn, candidate: CandidateId, note: str, text: str) -> None:
    """Store the words of a note, sealed."""
    with private_turn(turn.region) as connection:
        connection.execute(
            "INSERT INTO candidate_note VALUES (?, ?, ?, ?, ?)",
            (note, candidate, format_moment(turn.now), turn.actor.id, seal(turn.region, note, {"text": text})),
        )


def read_notes(region: Region, candidate: CandidateId) -> list[Note]:
    """Return the notes about a candidate, newest first."""
    with private_reader(region) as connection:
        rows = connection.execute(
            "SELECT id, made_at, actor, seal FROM candidate_note WHERE candidate_id = ? ORDER BY made_at DESC, id",
            (candidate,),
        ).fetchall()
    return [Note(row[0], parse_moment(row[1]), row[2], unseal(region, row[0], row[3])["text"]) for row in rows]


def save_rep_names(turn: Turn, names: Mapping[str, str]) -> None:
    """Store the names of reps."""
    with private_turn(turn.region) as connection:
        connection.executemany(
            "INSERT INTO rep_name VALUES (?, ?) ON CONFLICT DO UPDATE SET name = excluded.name", list(names.items())
        )


def read_rep_names(region: Region) -> dict[str, str]:
    """Return the names of all reps."""
    with private_reader(region) as connection:
        return {row[0]: row[1] for row in connection.execute("SELECT rep_id, name FROM rep_name")}
