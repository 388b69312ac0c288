"""One frame of the map: what colours every street and point at a moment, past, present or ahead, in a few bytes a street."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fieldops.clock import format_moment, parse_moment
from fieldops.ids import CityId, PlanId, StreetId
from fieldops.store.bursts import StoredBurst, newest_bursts
from fieldops.store.connect import read_rules
from fieldops.store.sqlite import sqlite3

UNKNOWN = 0  # the class of a street that nobody has measured: never a number (rule 12)
CLASSES = 5  # of the measured ones: quarters of the target, and the target reached
VERDICTS = {None: 0, "push_on": 1, "move_on": 2}
OPEN, ENDS_LATER, ENDS_IN_4_DAYS, ENDS_IN_2_DAYS, ENDS_TODAY, SATURATED, SHUT = range(7)
MOST_BURSTS = 255
A_CLAIM = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Keys:
    """The integer keys of streets and triangles, by which the map's tiles carry them; arrays have `n` and `m` places."""

    n: int
    m: int
    street: Mapping[StreetId, int]
    crew: Mapping[str, int]


def read_keys(connection: sqlite3.Connection) -> Keys:
    """Return the keys of the region's map, and the numbers of its crews, which begin with 1."""
    streets = {StreetId(row[0]): row[1] for row in connection.execute("SELECT id, fid FROM street")}
    crews = {row[0]: i for i, row in enumerate(connection.execute("SELECT id FROM crew ORDER BY id"), start=1)}
    m = 1 + connection.execute("SELECT coalesce(max(fid), 0) FROM triangle").fetchone()[0]
    return Keys(1 + max(streets.values(), default=0), m, streets, crews)


def read_frame(
    connection: sqlite3.Connection,
    city: CityId,
    at: datetime,
    present: datetime,
    shares: Mapping[StreetId, float | None],
) -> bytes:
    """
    Return what colours the map of a city at a moment.

    Parameters
    ----------
    at, present
        The moment asked for; the region's present. Ahead of it claims end as the clock will end them, and the newest plan
        holds what it gives.
    shares
        Awareness of the measured streets at that moment; a street that is left out or None is unknown (rule 12).

    Returns
    -------
    bytes
        Little-endian: two u32 `n` and `m`; for each street key 0..n-1 the number of the planned crew (u16), then of the
        crew that holds it (u16), 0 for none; then for each street its class of awareness, its standing to claims (0 free,
        1 to 4 claimed and ending in more than 4 days, within 4, 2, 1; 5 saturated; 6 closed or shut), and the number of
        its burst (u8 each); then for each triangle key 0..m-1 its verdict (u8). Keys without a row are 0.
    """
    keys = read_keys(connection)
    planned, known, bursts = [0] * keys.n, bytearray(keys.n), bytearray(keys.n)
    for street, crew in read_planned(connection, _plan_at(connection, min(at, present))):
        planned[keys.street.get(street, 0)] = keys.crew.get(crew, 0)
    target = read_rules(connection).target_share
    for street, share in shares.items():
        known[keys.street.get(street, 0)] = awareness_class(share, target)
    for street, number in read_burst_numbers(connection).items():
        bursts[keys.street.get(street, 0)] = number
    held, standing = _standing(connection, city, at, present, keys)
    verdicts = bytearray(keys.m)
    for fid, verdict, _ in connection.execute(_VERDICTS_AT, (city, format_moment(at))):
        verdicts[fid] = VERDICTS[verdict]
    head = struct.pack(f"<2I{2 * keys.n}H", keys.n, keys.m, *planned, *held)
    return head + bytes(known) + bytes(standing) + bytes(bursts) + bytes(verdicts)


_VERDICTS_AT = (
    "SELECT t.fid, d.verdict, max(d.decisive_at || printf('%020d', d.rowid)) FROM triangle AS t JOIN decision AS d ON d.triangle_id = t.id"
    " WHERE t.city_id = ?1 AND d.decided_at <= ?2 AND (d.withdrawn_at IS NULL OR d.withdrawn_at > ?2) GROUP BY t.fid"
)


def evidence_number(connection: sqlite3.Connection) -> int:
    """Return the number of the event that changed last what is known of any moment, 0 before the first."""
    row = connection.execute(
        "SELECT max(seq) FROM event WHERE kind IN ('SurveysRecorded', 'SurveysQuarantined', 'QuarantineLifted',"
        " 'RecordsTaken', 'RowsImported', 'ResponseFitted', 'RulesChanged', 'CityImported', 'StreetEdited')"
    ).fetchone()
    return row[0] or 0


def read_shares(connection: sqlite3.Connection, city: CityId) -> dict[StreetId, float | None]:
    """Return the stored awareness of the measured streets of a city."""
    rows = connection.execute(
        "SELECT s.id, e.share FROM estimate AS e JOIN street AS s ON s.id = e.place WHERE e.noun = 'street'"
        " AND s.city_id = ? AND e.share IS NOT NULL AND s.status <> 'gone'",
        (city,),
    )
    return {StreetId(row[0]): row[1] for row in rows}


def read_planned(connection: sqlite3.Connection, plan: PlanId | None) -> list[tuple[StreetId, str]]:
    """Return the streets of a plan with the crew that gets each."""
    rows = connection.execute("SELECT street_id, crew_id FROM assignment WHERE plan_id = ?", (plan,))
    return [(StreetId(row[0]), row[1]) for row in rows]


def _plan_at(connection: sqlite3.Connection, at: datetime) -> PlanId | None:
    row = connection.execute(
        "SELECT id FROM plan WHERE json_extract(figures, '$.what_if') IS NULL AND status <> 'impossible' AND made_at <= ?"
        " ORDER BY made_at DESC, id LIMIT 1",
        (format_moment(at),),
    ).fetchone()
    return PlanId(row[0]) if row else None


def number_bursts(slots: list[StoredBurst]) -> dict[tuple[date, date], int]:
    """Return a number, from 1 on, for each span of days in which bursts run together."""
    spans = sorted({(one.starts_on, one.ends_on) for one in slots})
    return {span: min(number, MOST_BURSTS) for number, span in enumerate(spans, start=1)}


def read_burst_numbers(connection: sqlite3.Connection) -> dict[StreetId, int]:
    """Return the number of the burst that each street belongs to; streets without one are left out."""
    slots = newest_bursts(connection)
    if not slots:
        return {}
    numbers = number_bursts(slots)
    whole = {one.zone: numbers[one.starts_on, one.ends_on] for one in slots if not one.streets}
    found = {
        StreetId(row[0]): whole[row[1]]
        for row in connection.execute("SELECT id, zone_id FROM street WHERE zone_id IS NOT NULL")
        if row[1] in whole
    }
    for one in slots:
        found |= dict.fromkeys(one.streets, numbers[one.starts_on, one.ends_on])
    return found


def _standing(
    connection: sqlite3.Connection, city: CityId, at: datetime, present: datetime, keys: Keys
) -> tuple[list[int], bytearray]:
    """Return for each street key the number of the crew that holds it, and how it stands to claims."""
    held, standing = [0] * keys.n, bytearray(keys.n)
    moment = format_moment(at)
    for fid, shut in connection.execute(
        "SELECT s.fid, s.status = 'closed' OR s.permission = 'refused' OR EXISTS (SELECT 1 FROM pause AS p WHERE"
        " p.street_id = s.id AND p.since <= :at AND coalesce(p.ended_at, p.until) > :at) FROM street AS s"
        " WHERE s.city_id = :city AND s.status <> 'gone'",
        {"city": city, "at": moment},
    ):
        standing[fid] = SHUT if shut else OPEN
    for (fid,) in connection.execute(
        "SELECT s.fid FROM closure AS d JOIN street AS s ON s.id = d.street_id WHERE d.since <= :at AND d.reopens_at > :at "
        "AND (d.ended_at IS NULL OR d.ended_at > :at)",
        {"at": moment},
    ):
        standing[fid] = SATURATED
    for street, crew, end in _held_at(connection, at, present):
        fid = keys.street.get(street, 0)
        held[fid] = keys.crew.get(crew, 0)
        standing[fid] = _ends(end - at)
    return held, standing


def _held_at(connection: sqlite3.Connection, at: datetime, present: datetime) -> list[tuple[StreetId, str, datetime]]:
    """Return who holds which street until when at a moment; ahead also what the newest plan gives for then."""
    rows = connection.execute(
        "SELECT k.street_id, k.crew_id, k.held_until FROM claim AS k WHERE k.claimed_at <= :at "
        "AND coalesce(k.ended_at, k.held_until) > :at",
        {"at": format_moment(at)},
    )
    found = [(StreetId(row[0]), row[1], parse_moment(row[2])) for row in rows]
    if at <= present:
        return found
    row = connection.execute("SELECT starts_at FROM plan WHERE id = ?", (_plan_at(connection, present),)).fetchone()
    if row is None or not parse_moment(row[0]) <= at < parse_moment(row[0]) + A_CLAIM:
        return found
    taken, end = {street for street, _, _ in found}, parse_moment(row[0]) + A_CLAIM
    given = read_planned(connection, _plan_at(connection, present))
    return found + [(street, crew, end) for street, crew in given if street not in taken]


def _ends(left: timedelta) -> int:
    days = left / timedelta(days=1)
    return ENDS_TODAY if days <= 1 else ENDS_IN_2_DAYS if days <= 2 else ENDS_IN_4_DAYS if days <= 4 else ENDS_LATER


def street_bytes(connection: sqlite3.Connection, of: Mapping[StreetId, int]) -> bytes:
    """Return a byte for each street key, 0 for a street that has none."""
    keys = read_keys(connection)
    found = bytearray(keys.n)
    for street, value in of.items():
        found[keys.street.get(street, 0)] = value
    return bytes(found)


def awareness_class(share: float | None, target: float) -> int:
    """Return 0 for unknown, 1 to 4 for the quarters below the target, 5 for the target reached."""
    if share is None:
        return UNKNOWN
    return CLASSES if share >= target else 1 + int(share / target * (CLASSES - 1))
