"""What a phone of a crew needs for a day, read in a few questions: its streets, venues, points, sittings, and its past."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from fieldops.clock import format_moment, parse_moment
from fieldops.ids import CrewId, MeasurementId, PromoterId, StreetId, TriangleId, VenueId
from fieldops.store import geopackage
from fieldops.store.roster import VERIFIED
from fieldops.store.sqlite import sqlite3

Line = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Place:
    """A street as a phone shows it: words, middle (degrees), lines, people, and what is known of its awareness."""

    street: StreetId
    label: str
    kind: str
    people: float
    permission: str
    triangle: TriangleId | None
    lon: float
    lat: float
    lines: list[Line]
    knows: int
    asked: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class VenueStop:
    """A venue on a street, with its hours "HH:MM" and people met per hour."""

    venue: VenueId
    kind: str
    name: str
    street: StreetId
    lon: float
    lat: float
    people_per_hour: float
    open_from: str
    open_until: str


@dataclass(frozen=True, slots=True)
class Point:
    """A connection point: where it is, and whether the crew holds more streets of its triangle than any other crew."""

    triangle: TriangleId
    lon: float
    lat: float
    ours: bool


@dataclass(frozen=True, slots=True)
class Sitting:
    """A measurement that still takes surveys: its place, rule and phase."""

    measurement: MeasurementId
    place: str
    rule: str
    number: int
    phase: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """A claim of the crew that ended lately, and how."""

    street: StreetId
    label: str
    outcome: str
    ended_at: datetime


def read_places(connection: sqlite3.Connection, streets: Iterable[StreetId]) -> dict[StreetId, Place]:
    """Return streets by id, those that still exist."""
    rows = connection.execute(
        "SELECT s.id, s.label, s.kind, s.people, s.permission, s.triangle_id, s.lon, s.lat, s.geom, coalesce(e.knows, 0),"
        " coalesce(e.asked, 0), e.share, e.low, e.high FROM street AS s LEFT JOIN estimate AS e"
        " ON e.place = s.id AND e.noun = 'street' WHERE s.status <> 'gone' AND s.id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(streets)),),
    ).fetchall()
    found: dict[StreetId, Place] = {}
    for row, lines in zip(rows, _lines([row[8] for row in rows]), strict=True):
        street, label, kind, people, permission, triangle, lon, lat, _, knows, asked, share, low, high = tuple(row)
        found[street] = Place(
            street, label, kind, people, permission, triangle, lon, lat, lines, knows, asked, share, low, high
        )
    return found


def _lines(blobs: Sequence[bytes]) -> list[list[Line]]:
    """Return the lines of streets, and the outlines of compounds."""
    import shapely

    found: list[list[Line]] = []
    for geometry in geopackage.decode(blobs):
        area = geometry.geom_type in ("Polygon", "MultiPolygon")
        parts = shapely.get_parts(geometry)
        rings = [part.exterior if area else part for part in parts]
        found.append([[(float(x), float(y)) for x, y in np.asarray(ring.coords)[:, :2]] for ring in rings])
    return found


def read_stops(connection: sqlite3.Connection, streets: Iterable[StreetId]) -> list[VenueStop]:
    """Return the venues on streets, most people per hour first; those that asked not to be contacted are left out."""
    rows = connection.execute(
        "SELECT id, kind, name, street_id, people_per_hour, coalesce(open_from, ''), coalesce(open_until, ''), geom"
        " FROM venue WHERE street_id IN (SELECT value FROM json_each(?))"
        " AND id NOT IN (SELECT venue_id FROM do_not_contact WHERE venue_id IS NOT NULL)"
        " ORDER BY people_per_hour DESC, id",
        (json.dumps(list(streets)),),
    ).fetchall()
    points = geopackage.decode([row[7] for row in rows])
    return [
        VenueStop(row[0], row[1], row[2], row[3], point.x, point.y, row[4], row[5], row[6])
        for row, point in zip(rows, points, strict=True)
    ]


def read_points(
    connection: sqlite3.Connection, triangles: Iterable[TriangleId], crew: CrewId, at: datetime
) -> list[Point]:
    """Return connection points; RULE 10: the point's test is the job of the crew that has most to do in the triangle."""
    rows = connection.execute(
        "SELECT t.id, t.point_lon, t.point_lat, (SELECT c.crew_id FROM claim AS c JOIN street AS s ON s.id = c.street_id"
        " WHERE s.triangle_id = t.id AND c.claimed_at <= :at AND coalesce(c.ended_at, c.held_until) > :at"
        " GROUP BY c.crew_id ORDER BY sum(s.people) DESC, c.crew_id LIMIT 1) FROM triangle AS t"
        " WHERE t.id IN (SELECT value FROM json_each(:triangles)) ORDER BY t.id",
        {"at": format_moment(at), "triangles": json.dumps(list(triangles))},
    )
    return [Point(row[0], row[1], row[2], row[3] == crew) for row in rows]


def open_sittings(connection: sqlite3.Connection, places: Iterable[str], at: datetime) -> list[Sitting]:
    """Return the measurements of places that still take surveys at the moment, those of verifiers left out."""
    moment = format_moment(at)
    rows = connection.execute(
        "SELECT id, coalesce(triangle_id, street_id), rule, try, phase, opened_at FROM measurement WHERE blind = 0"
        " AND opened_at <= ? AND closes_at > ? AND coalesce(triangle_id, street_id) IN"
        " (SELECT value FROM json_each(?)) ORDER BY opened_at",
        (moment, moment, json.dumps(list(places))),
    )
    return [Sitting(row[0], row[1], row[2], row[3], row[4], parse_moment(row[5])) for row in rows]


def ended_claims(connection: sqlite3.Connection, crew: CrewId, since: datetime, at: datetime) -> list[Ended]:
    """Return the claims of a crew that ended in (since, at], by the clock too, the last one first."""
    rows = connection.execute(
        "SELECT c.street_id, s.label, coalesce(c.outcome, 'forfeited'), coalesce(c.ended_at, c.held_until) AS over"
        " FROM claim AS c JOIN street AS s ON s.id = c.street_id WHERE c.crew_id = ? AND over > ? AND over <= ?"
        " ORDER BY over DESC, c.street_id",
        (crew, format_moment(since), format_moment(at)),
    )
    return [Ended(row[0], row[1], row[2], parse_moment(row[3])) for row in rows]


# ── one's own page ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Own:
    """
    What a promoter did since a day: hours, contacts by disposition, visits, sign-ups, surveys, and how many count.

    Who had signed up before counts as no sign-up. `late` are records made after the claim had ended, `quarantined` surveys that wait to be looked into.
    """

    hours: float
    contacts: dict[str, int]
    visits: int
    sign_ups: int
    surveys: int
    quarantined: int
    late: int


@dataclass(frozen=True, slots=True)
class Credit:
    """A street that the crew's surveys showed to be saturated; `verified` by a blind re-survey, None where none was done."""

    street: StreetId
    label: str
    at: datetime
    verified: bool | None


@dataclass(frozen=True, slots=True)
class Rank:
    """A crew's place among all by streets saturated with its credit."""

    place: int
    crews: int
    streets: int
    best: int


def read_own(connection: sqlite3.Connection, promoter: PromoterId, since: datetime, first_day: date) -> Own:
    """Return what a promoter did from a moment on; hours from a calendar day on, each day and place by its last word."""
    moment = format_moment(since)
    hours = connection.execute(
        "SELECT coalesce(sum(hours), 0) FROM hours_told AS h WHERE promoter_id = ? AND day >= ? AND NOT EXISTS"
        " (SELECT 1 FROM hours_told AS l WHERE l.promoter_id = h.promoter_id AND l.day = h.day AND l.venue_id IS h.venue_id"
        " AND l.street_id IS h.street_id AND (l.made_at, l.seq, l.id) > (h.made_at, h.seq, h.id))",
        (promoter, first_day.isoformat()),
    ).fetchone()[0]
    contacts = connection.execute(
        "SELECT disposition, count(*) FROM contact WHERE promoter_id = ? AND made_at >= ? GROUP BY 1 ORDER BY 1",
        (promoter, moment),
    ).fetchall()
    kinds = dict(
        tuple(row)
        for row in connection.execute(
            "SELECT kind, count(*) FROM phone_record WHERE promoter_id = ? AND made_at >= ?"
            " AND NOT (kind = 'sign_up' AND json_extract(answer, '$.again') IS 1) GROUP BY kind",
            (promoter, moment),
        )
    )
    late = connection.execute(
        "SELECT count(*) FROM phone_record WHERE promoter_id = ? AND made_at >= ? AND standing = 'late'",
        (promoter, moment),
    ).fetchone()[0]
    surveys = connection.execute(
        "SELECT count(*), count(q.survey_id) FROM survey AS s LEFT JOIN quarantine AS q ON q.survey_id = s.id"
        " AND q.until_seq IS NULL WHERE s.promoter_id = ? AND s.asked_at >= ?",
        (promoter, moment),
    ).fetchone()
    return Own(
        round(float(hours), 2), {row[0]: row[1] for row in contacts}, kinds.get("visit", 0), kinds.get("sign_up", 0),
        surveys[0], surveys[1], late,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Doubted:
    """Surveys of a promoter that one quarantine took out of every decision: the last of them stands for all in an appeal."""

    last: str
    surveys: int
    reason: str
    since: datetime
    appealed: bool


def read_doubted(connection: sqlite3.Connection, promoter: PromoterId) -> list[Doubted]:
    """Return the quarantines in force that hold surveys of a promoter, newest first, and whether they were appealed against."""
    rows = connection.execute(
        "SELECT (SELECT l.id FROM quarantine AS m JOIN survey AS l ON l.id = m.survey_id WHERE m.since_seq = q.since_seq"
        " AND l.promoter_id = :promoter ORDER BY l.asked_at DESC, l.id LIMIT 1), count(*), q.reason, o.made_at,"
        " max(EXISTS (SELECT 1 FROM phone_record AS a WHERE a.about = s.id AND a.kind = 'appeal'))"
        " FROM quarantine AS q JOIN survey AS s ON s.id = q.survey_id JOIN quarantine_order AS o ON o.seq = q.since_seq"
        " WHERE q.until_seq IS NULL AND s.promoter_id = :promoter GROUP BY q.since_seq ORDER BY q.since_seq DESC",
        {"promoter": promoter},
    )
    return [Doubted(row[0], row[1], row[2], parse_moment(row[3]), bool(row[4])) for row in rows]


def read_homes(
    connection: sqlite3.Connection, triangles: Iterable[TriangleId], *, most: int
) -> dict[TriangleId, list[tuple[StreetId, str]]]:
    """Return the streets of triangles where passers-by may live, id and label, the `most` with most people, by label."""
    rows = connection.execute(
        "SELECT triangle_id, id, label FROM (SELECT triangle_id, id, label, row_number() OVER (PARTITION BY triangle_id"
        " ORDER BY people DESC, id) AS place FROM street WHERE status <> 'gone' AND people > 0"
        " AND triangle_id IN (SELECT value FROM json_each(?))) WHERE place <= ? ORDER BY triangle_id, label, id",
        (json.dumps(list(triangles)), most),
    )
    found: dict[TriangleId, list[tuple[StreetId, str]]] = {}
    for triangle, street, label in rows:
        found.setdefault(TriangleId(triangle), []).append((StreetId(street), label))
    return found


def read_credits(connection: sqlite3.Connection, crew: CrewId, since: datetime) -> list[Credit]:
    """Return the streets saturated by a crew's evidence since a moment, newest first, and whether that was verified."""
    rows = connection.execute(
        "SELECT c.street_id, s.label, c.ended_at, (SELECT d.verdict FROM measurement AS m JOIN decision AS d"
        " ON d.measurement_id = m.id AND d.withdrawn_at IS NULL WHERE m.blind = 1 AND m.opened_at >= c.claimed_at"
        " AND (m.street_id = c.street_id OR m.triangle_id = s.triangle_id) ORDER BY m.opened_at DESC LIMIT 1)"
        " FROM claim AS c JOIN street AS s ON s.id = c.street_id WHERE c.credit = ? AND c.ended_at >= ?"
        " ORDER BY c.ended_at DESC, c.street_id",
        (crew, format_moment(since)),
    )
    return [
        Credit(row[0], row[1], parse_moment(row[2]), None if row[3] is None else row[3] == "move_on") for row in rows
    ]


def read_rank(connection: sqlite3.Connection, crew: CrewId, since: datetime) -> Rank:
    """Return a crew's place by verified streets with its credit since a moment; equals share a place."""
    counts = dict(
        tuple(row)
        for row in connection.execute(
            "SELECT w.id, (SELECT count(*) FROM claim AS k WHERE k.credit = w.id AND k.ended_at >= ?"  # noqa: S608  # constants
            f" AND {VERIFIED}) FROM crew AS w",
            (format_moment(since),),
        )
    )
    mine = counts.get(crew, 0)
    return Rank(1 + sum(other > mine for other in counts.values()), len(counts), mine, max(counts.values(), default=0))


def last_of_devices(connection: sqlite3.Connection, promoter: PromoterId) -> dict[str, int]:
    """Return the highest number that has arrived of each phone of a promoter."""
    rows = connection.execute(
        "SELECT device, max(seq) FROM phone_record WHERE promoter_id = ? GROUP BY device", (promoter,)
    )
    return {row[0]: row[1] for row in rows}
