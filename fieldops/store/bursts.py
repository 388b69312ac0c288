"""Bursts in the region file: when each zone is pushed, what lies outside, and the days on which nobody worked."""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from fieldops.clock import format_moment
from fieldops.events import BurstOverridden, BurstsSet
from fieldops.ids import StreetId, TriangleId, ZoneId
from fieldops.planning.reasons import pack, say, unpack
from fieldops.said import Reason
from fieldops.store import audit

if TYPE_CHECKING:
    from fieldops.store.connect import Turn
    from fieldops.store.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class StoredBurst:
    """
    A zone, or a part of one (`streets` are its streets, empty for the whole zone), in a burst.

    `part` is its name; `hours` promoter-hours that it needed when the burst was set; `reason` why it is split, put later or
    extended, empty for none.
    """

    part: str
    zone: ZoneId
    starts_on: date
    days: int
    people: int
    hours: float
    reason: Reason
    streets: tuple[StreetId, ...]

    @property
    def ends_on(self) -> date:
        """Return the first day after it."""
        return self.starts_on + timedelta(days=self.days)

    def runs_on(self, day: date) -> bool:
        """Return whether it is pushed on that day."""
        return self.starts_on <= day < self.ends_on


@dataclass(frozen=True, slots=True)
class ZoneStreet:
    """A street of a zone as bursts see it: `open` where it may be claimed at all."""

    street: StreetId
    zone: ZoneId
    triangle: TriangleId | None
    lon: float
    lat: float
    open: bool


def zone_streets(connection: "sqlite3.Connection") -> list[ZoneStreet]:
    """Return the streets that lie in a zone, by id."""
    rows = connection.execute(
        "SELECT id, zone_id, triangle_id, lon, lat, status = 'open' AND permission <> 'refused' FROM street"
        " WHERE status <> 'gone' AND zone_id IS NOT NULL ORDER BY id"
    )
    return [ZoneStreet(StreetId(r[0]), ZoneId(r[1]), r[2], r[3], r[4], bool(r[5])) for r in rows]


def zone_names(connection: "sqlite3.Connection") -> dict[ZoneId, str]:
    """Return the name of each zone, by id."""
    return {ZoneId(row[0]): row[1] for row in connection.execute("SELECT id, name FROM zone ORDER BY id")}


def neighbouring_streets(connection: "sqlite3.Connection") -> list[tuple[StreetId, StreetId]]:
    """Return the pairs of streets that meet at a node, each once."""
    rows = connection.execute(
        "WITH touch (city, node, street) AS (SELECT city_id, from_node, street_id FROM segment WHERE street_id IS NOT NULL"
        " UNION SELECT city_id, to_node, street_id FROM segment WHERE street_id IS NOT NULL) SELECT DISTINCT a.street, b.street"
        " FROM touch AS a JOIN touch AS b ON b.node = a.node AND b.city = a.city AND a.street < b.street"
    )
    return [(StreetId(row[0]), StreetId(row[1])) for row in rows]


def newest_bursts(connection: "sqlite3.Connection") -> list[StoredBurst]:
    """Return the bursts that are set, past ones included, by start; empty where none were ever set."""
    rows = connection.execute(
        "SELECT part, zone_id, starts_on, days, people, hours, reason, streets, because FROM burst"
        " WHERE event = (SELECT max(seq) FROM event WHERE kind = 'BurstsSet') ORDER BY starts_on, part"
    )
    return [
        StoredBurst(
            r[0],
            ZoneId(r[1]),
            date.fromisoformat(r[2]),
            r[3],
            r[4],
            r[5],
            unpack(r[8], r[6]),
            tuple(map(StreetId, json.loads(r[7]))),
        )
        for r in rows
    ]


def newest_setting(connection: "sqlite3.Connection") -> tuple[date, int, int, int] | None:
    """Return first day, people, days and bound of the newest setting, None where none was made."""
    row = connection.execute("SELECT facts FROM event WHERE kind = 'BurstsSet' ORDER BY seq DESC LIMIT 1").fetchone()
    if row is None:
        return None
    facts = json.loads(row[0])
    return date.fromisoformat(facts["first_day"]), facts["people"], facts["days"], facts["bound_days"]


def people_by_street(connection: "sqlite3.Connection") -> dict[StreetId, float]:
    """Return the people of each street."""
    return {StreetId(r[0]): r[1] for r in connection.execute("SELECT id, people FROM street WHERE status <> 'gone'")}


def are_set(connection: "sqlite3.Connection") -> bool:
    """Return whether bursts were ever set."""
    return connection.execute("SELECT 1 FROM burst LIMIT 1").fetchone() is not None


def overridden_zones(connection: "sqlite3.Connection") -> set[ZoneId]:
    """Return the zones that a lead has let be planned outside bursts since bursts were set last."""
    rows = connection.execute(
        "SELECT zone_id FROM burst_override WHERE event > coalesce((SELECT max(seq) FROM event WHERE kind = 'BurstsSet'), 0)"
    )
    return {ZoneId(row[0]) for row in rows}


@dataclass(frozen=True, slots=True)
class Running:
    """What runs on a day: whole zones (those that a lead lets be planned outside bursts too), and streets of parts of zones."""

    zones: frozenset[str]
    streets: frozenset[str]

    def holds(self, street: StreetId, zone: str | None) -> bool:
        """Return whether a street belongs to a running burst."""
        return zone in self.zones or street in self.streets


def running_bursts(
    connection: "sqlite3.Connection", day: date, *, zones: Collection[str] | None = None
) -> Running | None:
    """
    Return what runs on the day, of these zones or of all; None where bursts were never set: then everything is open.

    Only what runs is read: the next street is looked for in a moment.
    """
    if not are_set(connection):
        return None
    whole, streets = set[str](overridden_zones(connection)), set[str]()
    rows = connection.execute(
        "SELECT zone_id, streets FROM burst WHERE event = (SELECT max(seq) FROM event WHERE kind = 'BurstsSet')"
        " AND starts_on <= :day AND date(starts_on, '+' || days || ' days') > :day",
        {"day": day.isoformat()},
    )
    for zone, listed in rows:
        if zones is not None and zone not in zones:
            continue
        part = json.loads(listed)
        streets.update(part)
        if not part:
            whole.add(zone)
    return Running(frozenset(whole), frozenset(streets))


def outside_bursts(connection: "sqlite3.Connection", day: date) -> dict[StreetId, str]:
    """
    Return the streets to which no running burst belongs on the day, with the reason (rule 15).

    Empty where bursts were never set.
    """
    running = running_bursts(connection, day)
    if running is None:
        return {}
    later: dict[ZoneId, date] = {}
    for one in newest_bursts(connection):  # by start: the first that comes stays
        if one.starts_on > day:
            later.setdefault(one.zone, one.starts_on)
    on, found = day.isoformat(), dict[StreetId, str]()
    for street, zone in _zones_of(connection):
        if not running.holds(street, zone):
            found[street] = (
                say("burst_later", day=on, next_day=later[zone].isoformat())
                if zone in later
                else say("burst_none", day=on)
            )
    return found


def streets_of(connection: "sqlite3.Connection", slots: Iterable[StoredBurst]) -> list[StreetId]:
    """Return the streets that belong to these bursts, each once."""
    slots = list(slots)
    whole = {one.zone for one in slots if not one.streets}
    found = {street for one in slots for street in one.streets}
    return sorted(found | {street for street, zone in _zones_of(connection) if zone in whole})


def _zones_of(connection: "sqlite3.Connection") -> Iterable[tuple[StreetId, ZoneId]]:
    rows = connection.execute("SELECT id, coalesce(zone_id, '') FROM street WHERE status <> 'gone'").fetchall()
    return [(StreetId(row[0]), ZoneId(row[1])) for row in rows]


def gap_days(
    connection: "sqlite3.Connection", slots: Iterable[StoredBurst], today: date, zone: ZoneInfo
) -> list[tuple[str, ZoneId, date]]:
    """
    Return (part, zone, day) where nobody worked during a burst while a triangle there had not moved on (rule 15).

    Only days that are over count.
    """
    of_zone: dict[ZoneId, list[ZoneStreet]] = {}
    for street in zone_streets(connection):
        of_zone.setdefault(street.zone, []).append(street)
    found = []
    for slot in slots:
        mine = [s for s in of_zone.get(slot.zone, []) if not slot.streets or s.street in slot.streets]
        worked = _worked_days(connection, [s.street for s in mine], slot)
        triangles = sorted({s.triangle for s in mine if s.triangle})
        day = slot.starts_on
        while day < min(slot.ends_on, today):
            if day not in worked and not _all_moved_on(connection, triangles, day, zone):
                found.append((slot.part, slot.zone, day))
            day += timedelta(days=1)
    return found


def _worked_days(connection: "sqlite3.Connection", streets: Iterable[StreetId], slot: StoredBurst) -> set[date]:
    days: set[date] = set()
    for street in streets:
        rows = connection.execute(
            "SELECT day FROM effort WHERE street_id = ? AND day >= ? AND day < ? AND promoter_hours > 0",
            (street, slot.starts_on.isoformat(), slot.ends_on.isoformat()),
        )
        days.update(date.fromisoformat(row[0]) for row in rows)
    return days


def _all_moved_on(connection: "sqlite3.Connection", triangles: Sequence[TriangleId], day: date, zone: ZoneInfo) -> bool:
    end = format_moment(datetime.combine(day + timedelta(days=1), time(), zone))
    for triangle in triangles:
        row = connection.execute(
            "SELECT verdict FROM decision WHERE triangle_id = ? AND decided_at < ? AND (withdrawn_at IS NULL OR"
            " withdrawn_at >= ?) ORDER BY decisive_at DESC, rowid DESC LIMIT 1",
            (triangle, end, end),
        ).fetchone()
        if row is None or row[0] != "move_on":
            return False
    return bool(triangles)


def set_bursts(turn: "Turn", slots: Sequence[StoredBurst], *, event: BurstsSet) -> None:
    """Store bursts with their event, in the place of those before, which are kept."""
    number = audit.append(turn, event)
    turn.connection.executemany(
        "INSERT INTO burst VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                number, s.part, s.zone, s.starts_on.isoformat(), s.days, s.people, s.hours, str(s.reason),
                json.dumps(s.streets), pack(s.reason),
            )
            for s in slots
        ],
    )  # fmt: skip


def override_zone(turn: "Turn", *, event: BurstOverridden) -> None:
    """Store that a zone may be planned outside bursts, with the event."""
    number = audit.append(turn, event)
    turn.connection.execute("INSERT INTO burst_override VALUES (?, ?)", (number, event.zone))


def bursts_digest(rows: Iterable[tuple[str, str, str, int, int]]) -> str:
    """Return the digest of bursts as (part, zone, first day, days, people), in whatever order they come."""
    return hashlib.sha256(json.dumps(sorted(rows), separators=(",", ":")).encode("utf-8")).hexdigest()
