"""
The whole record examined: the chain link by link, the claims replayed, and every derived table compared with the events.

One streaming pass in one read transaction; memory does not grow with the number of events. What is found is listed, never
repaired: the events are the truth, and a table that differs from them is rebuilt from a backup.

Every row of every table is compared with the record. What follows from what was recorded is derived again: claims, reserves,
lifted cool-downs, settings, tallies, decisions, closures, fits, and the estimates (`actions.awareness.estimates_unlike`). What
somebody said (surveys, phone records, people, the map) or a solver answered (plans, walks, bursts, `outlook` and
`outlook_price`) follows from nothing: the solver stops by the clock, so that the same question has another answer the next
time. Of these the record holds a digest or a seal (`store/seals.py`): that the rows are those which were said then, is all
that there is to prove. Nothing of it opens or shuts the door to a street.
"""

import hmac
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fieldops.errors import FieldopsError, Stopped
from fieldops.events import event_kinds
from fieldops.progress import Progress, no_progress
from fieldops.rules import Rules
from fieldops.store import bursts, contacts, response, surveys, verify_tallies, walks
from fieldops.store.ahead import look_ahead
from fieldops.store.audit import GENESIS, Head
from fieldops.store.migrations import GRACE_ONCE, HEADS, SPREAD
from fieldops.store.replay import Recorded, Replay, Violation, expected_row
from fieldops.store.seals import Sealed
from fieldops.store.sqlite import as_text, refusal, sqlite3
from fieldops.store.verify_decisions import Decisions
from fieldops.store.verify_recruiting import compare_recruiting

if TYPE_CHECKING:
    from fieldops.store.connect import Region

MOST_VIOLATIONS = 1_000
Digests = Callable[[sqlite3.Connection], Iterator[tuple[int, int, int, str]]]
_BATCH = 2_000

# rows of a table -> how many the events demand
_COUNTS = {
    "claim": "StreetClaimed",
    "notice": "NoticesMade.count",
    "decision": "DecisionMade",
    "decision WHERE withdrawn_at IS NOT NULL": "DecisionWithdrawn",
    "survey": "SurveysRecorded.count",
    "phone_record": "RecordsTaken.count",
    "appeal_answer": "AppealAnswered",
    "quarantine": "SurveysQuarantined.count",
    "quarantine WHERE until_seq IS NOT NULL": "QuarantineLifted.count",
    "plan": "PlanMade",
    "response": "ResponseFitted",
    "sentinel": "SentinelsChosen.count",
    "reserve": "reserve",
    "walk": "WalkMade",
    "burst_override": "BurstOverridden",
    "pin": "StreetPinned",
    "pin WHERE lifted_at IS NOT NULL": "StreetUnpinned",
}


@dataclass(frozen=True, slots=True)
class Verification:
    """
    What an examination found: `violations` in the order of the record, then the tables; at most `MOST_VIOLATIONS` of `found`.

    `sealed` is whether the rows of every table are bound to the record: not yet in a region of an older version.
    """

    claims: int
    events: int
    head: Head
    violations: list[Violation]
    found: int
    sealed: bool


def verify(region: "Region", *, anchors: Iterable[Head] = (), progress: Progress = no_progress) -> Verification:
    """
    Return what is wrong with the record and with the tables that follow from it.

    A changed byte in any event is found, and so are events that were inserted, moved or taken out of the middle. That the
    newest are missing is found by `anchors` only: heads that were written down elsewhere.

    Raises
    ------
    RecordDamaged
        If SQLite itself finds the file malformed.
    Stopped
        If `progress` asked to stop.
    """
    connection = region.reader()
    try:
        with _snapshot(connection):
            return _examine(connection, region.key, list(anchors), progress)
    except sqlite3.DatabaseError as error:
        raise refusal(error) from error


def verify_chain(region: "Region", *, anchors: Iterable[Head] = ()) -> Verification:
    """
    Return what is wrong with the chain of the record and its anchors alone: also of one that an older version wrote.

    Raises
    ------
    RecordDamaged
        If SQLite itself finds the file malformed.
    """
    connection = region.reader()
    chain = _Chain(region.key, anchors)
    try:
        with _snapshot(connection):
            for _ in _events(connection, chain, {kind.encode(): kind for kind in event_kinds()}):
                pass
    except sqlite3.DatabaseError as error:
        raise refusal(error) from error
    chain.finish()
    return Verification(
        0, chain.events, chain.head, chain.violations[:MOST_VIOLATIONS], len(chain.violations), sealed=False
    )


@contextmanager
def _snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Hold one read transaction with text as bytes, so that a byte that is no UTF-8 is a finding and no accident."""
    text, rows = connection.text_factory, connection.row_factory
    connection.text_factory, connection.row_factory = bytes, None
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.text_factory, connection.row_factory = text, rows


def _examine(connection: sqlite3.Connection, key: bytes, anchors: list[Head], progress: Progress) -> Verification:
    last = connection.execute("SELECT max(seq) FROM event").fetchone()[0] or 0
    ahead = look_ahead(connection)
    replay = Replay(ahead.repaired, ahead.longest_cool_down, ahead.steps.get(GRACE_ONCE, 0))
    decisions = Decisions(connection, max(ahead.steps.get(step, 0) for step in (SPREAD, HEADS)), ahead.redrawn)
    chain = _Chain(key, anchors)
    known = {kind.encode(): kind for kind in event_kinds()}
    sealed = Sealed(key)
    for event in _events(connection, chain, known):
        if event.kind == "BurstsSet":
            _compare_bursts(connection, event, chain.violations)
        elif event.kind == "WalkMade":
            _compare_walk(connection, event, chain.violations)
        if event.seq % _BATCH == 0:
            _compare_claims(connection, replay)
            _compare_reserves(connection, replay)
            if not progress("verifying", event.seq / last):
                raise Stopped("nothing was changed; the record was examined in part only")
        try:
            decisions.take(event, replay.rules)
            replay.take(event)
            if event.kind == "RowsSealed":
                sealed.take(event.seq, event.facts["tables"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            chain.violations.append(Violation(event.seq, f"{event.kind} cannot be understood ({error!r})"))
    chain.finish()
    replay.finish()
    decisions.finish(replay.rules)
    _compare_claims(connection, replay)
    _compare_reserves(connection, replay)
    _compare_overrides(connection, replay)
    _compare_counts(connection, replay)
    _compare_rules(connection, replay)
    _compare_batches(connection, replay, "SurveysRecorded", "surveys", surveys.batch_digests)
    _compare_batches(connection, replay, "RecordsTaken", "records of phones", contacts.batch_digests)
    compare_recruiting(connection, replay)
    _compare_fits(connection, replay)
    _compare_tallies(connection, replay)
    _compare_sealed(connection, replay, sealed)
    progress("verifying", 1.0)
    violations = sorted(
        [*chain.violations, *replay.violations, *decisions.violations], key=lambda one: (not one.seq, one.seq)
    )
    return Verification(
        replay.claims, chain.events, chain.head, violations[:MOST_VIOLATIONS], len(violations), sealed.found
    )


class _Chain:
    """The HMAC chain as far as it was read: every link, every number, every anchor."""

    def __init__(self, key: bytes, anchors: Iterable[Head]) -> None:
        self.violations: list[Violation] = []
        self.events = 0
        self._key = key
        self._anchors: dict[int, set[str]] = {}
        for anchor in anchors:
            self._anchors.setdefault(anchor.seq, set()).add(anchor.chain)
        self._seq, self._value, self._recorded_at = 0, GENESIS.encode(), b""

    @property
    def head(self) -> Head:
        """Return the newest event that was read."""
        return Head(self._seq, self._value.decode(errors="replace"), self._recorded_at.decode(errors="replace"))

    def take(self, seq: int, columns: tuple[Any, ...], value: Any) -> None:
        """Check the next event against the one before and the anchors."""
        self.events += 1
        if seq != self._seq + 1:
            self.violations.append(Violation(seq, f"events {self._seq + 1} to {seq - 1} are missing"))
        if isinstance(value, bytes) and all(isinstance(column, bytes) for column in columns):
            message = b"\x1f".join((self._value, str(seq).encode(), *columns))
            if hmac.digest(self._key, message, "sha256").hex().encode() != value:
                self.violations.append(
                    Violation(seq, "the event or the one before was changed: its chain value differs")
                )
            self._value, self._recorded_at = value, columns[2]
        else:
            self.violations.append(Violation(seq, "the event was changed: a column is no text"))
        anchored = self._anchors.pop(seq, None)
        if anchored is not None and anchored != {self._value.decode(errors="replace")}:
            self.violations.append(
                Violation(seq, "the event is not the one that an anchor names: the record was replaced")
            )
        self._seq = seq

    def finish(self) -> None:
        """Name the anchors that were never reached: the tail of the record was cut."""
        for seq in sorted(self._anchors):
            self.violations.append(
                Violation(seq, f"an anchor names event {seq}, but the record ends at {self._seq}: its tail was cut")
            )


def _events(connection: sqlite3.Connection, chain: _Chain, known: dict[bytes, str]) -> Iterator[Recorded]:
    rows = connection.execute(
        "SELECT seq, kind, took_effect_at, recorded_at, actor, device, why, facts, chain FROM event ORDER BY seq"
    )
    for seq, kind, at, recorded_at, actor, device, why, facts, value in rows:
        chain.take(seq, (kind, at, recorded_at, actor, device, why, facts), value)
        try:
            yield Recorded(seq, known[kind], at.decode(), recorded_at.decode(), why.decode(), json.loads(facts))
        except (KeyError, ValueError, AttributeError, TypeError):
            chain.violations.append(Violation(seq, f"{kind!r} is no event that this version knows, or cannot be read"))


def _compare_claims(connection: sqlite3.Connection, replay: Replay) -> None:
    """Compare the claims whose end is final with their rows, and forget them."""
    for claim in replay.settled:
        row = connection.execute(
            "SELECT street_id, crew_id, generation, claimed_at, held_until, ended_at, outcome, reason, credit, plan_id"
            " FROM claim WHERE id = ?",
            (claim.claim,),
        ).fetchone()
        stored = None if row is None else _texts(row)
        if stored != expected_row(claim):
            what = "is in the record but not in the table" if row is None else f"is {stored} in the table"
            replay.violations.append(
                Violation(0, f"claim {claim.claim} {what}, and {expected_row(claim)} in the record")
            )
    replay.settled.clear()


def _compare_reserves(connection: sqlite3.Connection, replay: Replay) -> None:
    """Compare the kept streets whose end is final with their rows, and forget them."""
    for kept in replay.settled_reserves:
        row = connection.execute(
            "SELECT crew_id, kept_from, kept_until, ended_at FROM reserve WHERE street_id = ? AND event = ?",
            (kept.street, kept.event),
        ).fetchone()
        demanded = (kept.crew, kept.kept_from, kept.kept_until, kept.ended_at or None)
        if row is None or _texts(row) != demanded:
            stored = None if row is None else _texts(row)
            replay.violations.append(
                Violation(
                    kept.event, f"street {kept.street} is kept as {stored} in the table, and {demanded} in the record"
                )
            )
    replay.counts["reserve"] = replay.counts.get("reserve", 0) + len(replay.settled_reserves)
    replay.settled_reserves.clear()


def _compare_bursts(connection: sqlite3.Connection, event: Recorded, violations: list[Violation]) -> None:
    """Compare the bursts of a setting with the digest that was recorded."""
    rows = connection.execute(
        "SELECT part, zone_id, starts_on, days, people FROM burst WHERE event = ?", (event.seq,)
    ).fetchall()
    stored = bursts.bursts_digest(
        (part, zone, day, days, people) for part, zone, day, days, people in map(_texts, rows)
    )
    if (len(rows), stored) != (event.facts.get("zones"), event.facts.get("digest")):
        violations.append(Violation(event.seq, f"the {len(rows)} bursts in the table are not those that were recorded"))


def _compare_walk(connection: sqlite3.Connection, event: Recorded, violations: list[Violation]) -> None:
    """Compare a walk with the digest of its stops that was recorded."""
    row = connection.execute(
        "SELECT crew_id, day, length_m, bound_m, stops FROM walk WHERE event = ?", (event.seq,)
    ).fetchone()
    if row is None:
        return  # counted among the rows that are missing
    *facts, stops = _texts(row)
    stored = (*facts, walks.stops_digest(stops))
    demanded = tuple(event.facts.get(name) for name in ("crew", "day", "length_m", "bound_m", "digest"))
    if stored != demanded:
        violations.append(Violation(event.seq, f"the walk is {stored} in the table, and {demanded} in the record"))


@contextmanager
def _read(connection: sqlite3.Connection, replay: Replay, otherwise: str) -> Iterator[None]:
    """Read text as text; what cannot be read is a finding."""
    try:
        with as_text(connection):
            yield
    except (sqlite3.OperationalError, ValueError, TypeError) as error:
        replay.violations.append(Violation(0, f"{otherwise} ({error})"))


def _compare_batches(connection: sqlite3.Connection, replay: Replay, kind: str, noun: str, digests: Digests) -> None:
    """Recompute the digest of every batch of surveys, or of what phones told, from its rows."""
    batches = 0
    with _read(connection, replay, f"the {noun} cannot be read"):
        for seq, count, late, digest in digests(connection):
            batches += 1
            row = connection.execute("SELECT facts FROM event WHERE seq = ? AND kind = ?", (seq, kind)).fetchone()
            if row is None or json.loads(row[0]) != {"count": count, "late": late, "digest": digest}:
                replay.violations.append(
                    Violation(seq, f"the {count} {noun} of this batch are not those that were recorded")
                )
    recorded = replay.counts.get(kind, 0)
    if batches != recorded:
        replay.violations.append(Violation(0, f"{recorded} batches of {noun} were recorded, and {batches} are there"))


def _compare_fits(connection: sqlite3.Connection, replay: Replay) -> None:
    with _read(connection, replay, "the fitted responses cannot be read"):
        for seq in response.fits_unlike_their_events(connection):
            replay.violations.append(
                Violation(seq, "the fitted response in the table is not the one that was recorded")
            )


def _compare_tallies(connection: sqlite3.Connection, replay: Replay) -> None:
    """Count every measurement anew from its surveys, by the settings of its time."""
    with _read(connection, replay, "the tallies cannot be counted anew"):
        for measurement, table in verify_tallies.unlike_their_surveys(connection, replay.rules_at):
            replay.violations.append(
                Violation(0, f"the {table} of measurement {measurement} is not what its surveys come to")
            )


def _compare_sealed(connection: sqlite3.Connection, replay: Replay, sealed: Sealed) -> None:
    """Compare the rows of every table with the sum that was recorded; a record of before sums has none to compare with."""
    for table in sealed.unlike(connection) if sealed.found else ():
        replay.violations.append(
            Violation(0, f"the rows of table {table} are not those that were recorded: one was changed past fieldops")
        )


def _texts(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(value.decode(errors="replace") if isinstance(value, bytes) else value for value in row)


def _compare_rules(connection: sqlite3.Connection, replay: Replay) -> None:
    """The settings in force are those that the events left."""
    row = connection.execute("SELECT value FROM setting WHERE name = 'rules'").fetchone()
    try:
        stored = Rules.from_json(json.loads(row[0]) if row else {})
    except (FieldopsError, ValueError) as error:
        replay.violations.append(Violation(0, f"the settings of the rules cannot be read ({error})"))
        return
    here, recorded = stored.to_json(), replay.rules.to_json()
    for name in (name for name in here if here[name] != recorded[name]):
        replay.violations.append(
            Violation(0, f"the setting {name} is {here[name]} in the table, and {recorded[name]} in the record")
        )


def _compare_overrides(connection: sqlite3.Connection, replay: Replay) -> None:
    rows = connection.execute("SELECT claim_id, made_at, reason FROM cool_down_override")
    stored = {_texts(row) for row in rows}
    recorded = {(claim, *words) for claim, words in replay.overrides.items()}
    for override in sorted(stored ^ recorded):
        where = "the table only" if override in stored else "the record only"
        replay.violations.append(Violation(0, f"the lifted cool-down of claim {override[0]} is in {where}"))


def _compare_counts(connection: sqlite3.Connection, replay: Replay) -> None:
    for table, kind in _COUNTS.items():
        rows = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608  # our own names
        demanded = replay.counts.get(kind, 0)
        if rows != demanded:
            replay.violations.append(
                Violation(0, f"table {table} has {rows} rows, but the events tell of {demanded} ({kind})")
            )
