"""
What phones told, as it is kept: one append-only row a record, whatever came of it; contacts, visits and hours are views.

A record is taken once: its id is unique, and `told` is the digest of its content, so that a second sending is told from
another record under the same id. A batch is one event with count and digest over the stored lines (rule 20).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fieldops.claims import Standing
from fieldops.clock import format_moment, parse_moment
from fieldops.contacts import Disposition, Mark, Record
from fieldops.events import AppealAnswered, DoNotContactLifted, RecordsTaken
from fieldops.ids import CrewId, PromoterId, StreetId, TriangleId, VenueId
from fieldops.store import audit, positions
from fieldops.store.connect import Turn
from fieldops.store.positions import coarse
from fieldops.store.sqlite import sqlite3

_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
_STORED = (
    "id, device, seq, kind, promoter_id, crew_id, made_at, device_time, offset_s, sent_offset_s, street_id, triangle_id,"
    " venue_id, generation, standing, what, door, hours, day, about, why, lon, lat, accuracy_m, marks, told, answer"
)
_LATE = _STORED.split(", ").index("standing")


@dataclass(frozen=True, slots=True)
class Taken:
    """A record as it is taken: whose, when made, what it was to the claims, its marks, and what its phone is answered."""

    record: Record
    crew: CrewId | None
    made_at: datetime
    sent_offset: timedelta
    standing: Standing
    marks: tuple[Mark, ...]
    answer: dict[str, object]


@dataclass(frozen=True, slots=True)
class Known:
    """A record that was taken earlier: the digest of what was told, by whom, and what was answered."""

    told: str
    kind: str
    promoter: PromoterId
    crew: CrewId | None
    marks: tuple[str, ...]
    answer: dict[str, object]


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact that stands: when, by whom, where, how it ended."""

    id: str
    made_at: datetime
    crew: CrewId | None
    promoter: PromoterId
    street: StreetId | None
    venue: VenueId | None
    door: str
    disposition: Disposition
    marks: tuple[str, ...]


def find_known(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, Known]:
    """Return the records that were taken earlier, of those named."""
    rows = connection.execute(
        "SELECT id, told, kind, promoter_id, crew_id, marks, answer FROM phone_record WHERE id IN"
        " (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    )
    return {
        row[0]: Known(row[1], row[2], PromoterId(row[3]), row[4], _marks(row[5]), json.loads(row[6])) for row in rows
    }


def append_records(turn: Turn, records: Sequence[Taken], *, event: RecordsTaken) -> None:
    """Store taken records, at least one, in order, and the event of the batch; their positions first."""
    positions.save_positions(
        turn.region,
        [
            (one.record.id, one.made_at, (one.record.lon, one.record.lat, one.record.accuracy_m))
            for one in records if one.record.lon is not None and one.record.lat is not None
        ],
    )  # fmt: skip
    seq = audit.append(turn, event)
    turn.connection.executemany(
        f"INSERT INTO phone_record ({_STORED}, batch) VALUES ({', '.join('?' * 28)})",  # noqa: S608  # constants
        [(*record_line(one), seq) for one in records],
    )


def record_line(taken: Taken) -> tuple[object, ...]:
    """Return a record as it is stored: its position on the coarse grid, see `store.positions`."""
    one = taken.record
    return (
        one.id, one.device, one.seq, one.kind, one.promoter, taken.crew, format_moment(taken.made_at),
        format_moment(one.device_time), None if one.offset is None else one.offset.total_seconds(),
        taken.sent_offset.total_seconds(), one.street, one.triangle, one.venue, one.generation, taken.standing, one.what,
        one.door, one.hours, one.day.isoformat() if one.day else None, one.about, one.why, coarse(one.lon),
        coarse(one.lat), None, " ".join(taken.marks), one.digest, _ENCODE(taken.answer),
    )  # fmt: skip


def digest_of_batch(lines: Iterable[tuple[object, ...]]) -> str:
    """Return SHA-256 over stored lines in their order."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update((_ENCODE(line) + "\n").encode())
    return digest.hexdigest()


def batch_digests(connection: sqlite3.Connection) -> Iterator[tuple[int, int, int, str]]:
    """Yield for each batch its event, its count, how many were late and the digest, recomputed from the rows."""
    batch = 0
    lines: list[tuple[object, ...]] = []
    for row in connection.execute(f"SELECT batch, {_STORED} FROM phone_record ORDER BY number"):  # noqa: S608  # constants
        if row[0] != batch and lines:
            yield batch, len(lines), _late(lines), digest_of_batch(lines)
            lines = []
        batch = row[0]
        lines.append(tuple(row)[1:])
    if lines:
        yield batch, len(lines), _late(lines), digest_of_batch(lines)


def _late(lines: Iterable[tuple[object, ...]]) -> int:
    return sum(line[_LATE] == Standing.LATE for line in lines)


def hours_of(
    connection: sqlite3.Connection, crew: CrewId, day: date, street: StreetId, venue: VenueId | None
) -> float | None:
    """Return the hours that a crew's promoters told of a day at a place, each one's last word; None where nobody did."""
    row = connection.execute(
        "SELECT sum(hours) FROM hours_told AS h WHERE crew_id = :crew AND day = :day AND venue_id IS :venue AND"
        " (:venue IS NOT NULL OR street_id = :street) AND NOT EXISTS (SELECT 1 FROM hours_told AS l"
        " WHERE l.promoter_id = h.promoter_id AND l.day = h.day AND l.venue_id IS h.venue_id AND l.street_id IS h.street_id"
        " AND (l.made_at, l.seq, l.id) > (h.made_at, h.seq, h.id))",
        {"crew": crew, "day": day.isoformat(), "street": street, "venue": venue},
    ).fetchone()
    return None if row[0] is None else round(float(row[0]), 2)


def hours_by_place(
    connection: sqlite3.Connection, promoter: PromoterId, day: date
) -> dict[tuple[str | None, str | None], float]:
    """Return the hours that a promoter told of a day by street and venue, the last word of each."""
    rows = connection.execute(
        "SELECT street_id, venue_id, hours FROM hours_told WHERE promoter_id = ? AND day = ? ORDER BY made_at, seq, id",
        (promoter, day.isoformat()),
    )
    return {(row[0], row[1]): float(row[2]) for row in rows}


def count_contacts(
    connection: sqlite3.Connection, crew: CrewId, street: StreetId, venue: VenueId | None, since: datetime, until: datetime
) -> int:  # fmt: skip
    """Return how many contacts of a crew at a place stand, made in [since, until)."""
    row = connection.execute(
        "SELECT count(*) FROM contact WHERE crew_id = :crew AND made_at >= :since AND made_at < :until"
        " AND venue_id IS :venue AND (:venue IS NOT NULL OR street_id = :street)",
        {"crew": crew, "street": street, "venue": venue, "since": format_moment(since), "until": format_moment(until)},
    ).fetchone()
    return int(row[0])


def places_of(
    connection: sqlite3.Connection, contacts: Sequence[str]
) -> list[tuple[CrewId | None, datetime, StreetId, VenueId | None]]:
    """Return of contacts by id whose they are, when they were made, the street, and the venue where it was at one."""
    rows = connection.execute(
        "SELECT r.crew_id, r.made_at, coalesce(r.street_id, v.street_id), r.venue_id FROM phone_record AS r"
        " LEFT JOIN venue AS v ON v.id = r.venue_id WHERE r.kind = 'contact'"
        " AND r.id IN (SELECT value FROM json_each(?)) AND coalesce(r.street_id, v.street_id) IS NOT NULL",
        (json.dumps(list(contacts)),),
    )
    return [(row[0], parse_moment(row[1]), StreetId(row[2]), row[3]) for row in rows]


def read_contacts(
    connection: sqlite3.Connection, *, crew: CrewId | None = None, street: StreetId | None = None,
    since: datetime | None = None, until: datetime | None = None,
) -> list[Contact]:  # fmt: skip
    """Return the contacts that stand, by time, narrowed where wished; undone ones are left out."""
    rows = connection.execute(
        "SELECT id, made_at, crew_id, promoter_id, street_id, venue_id, door, disposition, marks FROM contact"
        " WHERE (:crew IS NULL OR crew_id = :crew) AND (:street IS NULL OR street_id = :street)"
        " AND (:since IS NULL OR made_at >= :since) AND (:until IS NULL OR made_at < :until) ORDER BY made_at, id",
        {
            "crew": crew, "street": street, "since": format_moment(since) if since else None,
            "until": format_moment(until) if until else None,
        },
    )  # fmt: skip
    return [
        Contact(
            row[0], parse_moment(row[1]), row[2], row[3], row[4], row[5], row[6], Disposition(row[7]), _marks(row[8])
        )
        for row in rows
    ]


def is_not_to_be_contacted(
    connection: sqlite3.Connection, street: StreetId | None, venue: VenueId | None, door: str, at: datetime
) -> bool:
    """Return whether the door of a street, or the venue, had asked by then not to be contacted."""
    row = connection.execute(
        "SELECT 1 FROM asked_not_to_be_contacted WHERE since < :at AND (lifted_at IS NULL OR lifted_at > :at) AND ((:venue IS NOT NULL AND venue_id = :venue)"
        " OR (:door <> '' AND street_id = :street AND door = :door)) LIMIT 1",
        {"at": format_moment(at), "street": street, "venue": venue, "door": door},
    ).fetchone()
    return row is not None


def doors_not_to_contact(connection: sqlite3.Connection, streets: Iterable[StreetId]) -> dict[StreetId, list[str]]:
    """Return the doors of streets that asked not to be contacted, in order."""
    found: dict[StreetId, list[str]] = {}
    for street, door in connection.execute(
        "SELECT DISTINCT street_id, door FROM do_not_contact WHERE door <> '' AND street_id IN"
        " (SELECT value FROM json_each(?)) ORDER BY street_id, door",
        (json.dumps(list(streets)),),
    ):
        found.setdefault(StreetId(street), []).append(door)
    return found


def venues_not_to_contact(connection: sqlite3.Connection) -> set[VenueId]:
    """Return the venues that asked not to be contacted."""
    rows = connection.execute("SELECT DISTINCT venue_id FROM do_not_contact WHERE venue_id IS NOT NULL")
    return {VenueId(row[0]) for row in rows}


@dataclass(frozen=True, slots=True)
class Closed:
    """A door or venue that asked not to be contacted: since when, to whom, and the records that say so."""

    records: tuple[str, ...]
    since: datetime
    label: str
    door: str
    crew: CrewId | None


def read_closed(connection: sqlite3.Connection) -> list[Closed]:
    """Return every door and venue that asked not to be contacted, the latest first."""
    rows = connection.execute(
        "SELECT group_concat(d.id, ' '), max(d.since) AS last, coalesce(v.name, s.label, ''), d.door, max(d.crew_id)"
        " FROM do_not_contact AS d LEFT JOIN street AS s ON s.id = d.street_id LEFT JOIN venue AS v ON v.id = d.venue_id"
        " GROUP BY d.street_id, d.venue_id, d.triangle_id, d.door ORDER BY last DESC, d.street_id, d.door"
    )
    return [Closed(tuple(sorted(row[0].split())), parse_moment(row[1]), row[2], row[3], row[4]) for row in rows]


def lift_closed(turn: Turn, *, event: DoNotContactLifted) -> None:
    """Let requests not to be contacted hold no longer, and record the event."""
    audit.append(turn, event)
    turn.connection.executemany(
        "INSERT INTO contact_lifted VALUES (?, ?, ?)",
        [(record, event.why, format_moment(event.at)) for record in event.records],
    )


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a place is (degrees), how far it stretches, and whether the map still has it."""

    street: StreetId | None
    lon: float
    lat: float
    reach_m: float
    gone: bool


def find_spot(
    connection: sqlite3.Connection, street: StreetId | None, triangle: TriangleId | None, venue: VenueId | None
) -> Spot | None:
    """Return where the street, connection point or venue is; None where the region never had it."""
    if venue is not None:
        row = connection.execute(
            "SELECT s.id, s.lon, s.lat, s.walk_m, 0 FROM venue AS v JOIN street AS s ON s.id = v.street_id WHERE v.id = ?",
            (venue,),
        ).fetchone()
    elif triangle is not None:
        row = connection.execute(
            "SELECT NULL, point_lon, point_lat, radius_m, 0 FROM triangle WHERE id = ?", (triangle,)
        ).fetchone()
    else:
        row = connection.execute(
            "SELECT id, lon, lat, walk_m, status = 'gone' FROM street WHERE id = ?", (street,)
        ).fetchone()
    return Spot(row[0], row[1], row[2], row[3], bool(row[4])) if row else None


# ── appeals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Appeal:
    """
    A promoter's appeal against what became of a record, and the lead's answer; `upheld` is None while none was given.

    The record's kind, what it said and its place are empty where it was refused: then only the phone has it. A connection
    point is named by the street of its triangle where most people live.
    """

    id: str
    about: str
    why: str
    made_at: datetime
    promoter: PromoterId
    crew: CrewId | None
    about_kind: str
    about_what: str
    about_place: str
    upheld: bool | None
    answer_why: str


def read_appeals(
    connection: sqlite3.Connection, *, promoter: PromoterId | None = None, open_only: bool = False
) -> list[Appeal]:
    """Return appeals, newest first: of a promoter, or those that wait for an answer, where wished."""
    rows = connection.execute(
        "SELECT r.id, r.about, r.why, r.made_at, r.promoter_id, r.crew_id, coalesce(k.kind, ''), coalesce(k.what, ''),"
        " coalesce(v.name, s.label, (SELECT n.label FROM street AS n WHERE n.triangle_id = k.triangle_id"
        " ORDER BY n.people DESC, n.id LIMIT 1), ''), a.upheld, coalesce(a.why, '') FROM phone_record AS r"
        " LEFT JOIN appeal_answer AS a ON a.appeal_id = r.id LEFT JOIN phone_record AS k ON k.id = r.about"
        " LEFT JOIN street AS s ON s.id = k.street_id LEFT JOIN venue AS v ON v.id = k.venue_id"
        " WHERE r.kind = 'appeal' AND (:promoter IS NULL OR r.promoter_id = :promoter)"
        " AND (NOT :open OR a.appeal_id IS NULL) ORDER BY r.made_at DESC, r.id",
        {"promoter": promoter, "open": open_only},
    )
    return [
        Appeal(
            row[0], row[1], row[2], parse_moment(row[3]), row[4], row[5], row[6], row[7], row[8],
            None if row[9] is None else bool(row[9]), row[10],
        )
        for row in rows
    ]  # fmt: skip


def write_answer(turn: Turn, *, event: AppealAnswered) -> None:
    """Store the answer to an appeal, and the event."""
    audit.append(turn, event)
    turn.connection.execute(
        "INSERT INTO appeal_answer VALUES (?, ?, ?, ?)",
        (event.appeal, event.upheld, event.why, format_moment(event.at)),
    )


def _marks(text: str) -> tuple[str, ...]:
    return tuple(text.split())
