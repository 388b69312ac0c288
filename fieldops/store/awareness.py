"""The evidence for awareness, read from tallies and effort; estimates kept for map programs."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from fieldops.clock import format_moment, local_day, parse_moment
from fieldops.evidence import Evidence
from fieldops.ids import CityId, StreetId, TriangleId, ZoneId
from fieldops.store.audit import GENESIS
from fieldops.store.connect import Turn
from fieldops.store.places import read_neighbours, read_zone, streets_around
from fieldops.store.sqlite import sqlite3
from fieldops.surveys import Phase

_STREETS = "SELECT id, people, triangle_id, zone_id, city_id FROM street WHERE status <> 'gone'{some} ORDER BY id"
_TRIANGLES = "SELECT id, zone_id, city_id FROM triangle{some} ORDER BY id"
_WORKED = (
    "SELECT street_id, day, sum(promoter_hours), sum(contacts), sum(iif(contacts IS NULL, 0.0, promoter_hours))"
    " FROM effort WHERE day <= :today{near} GROUP BY street_id, day"
)
_EVER_WORKED = "SELECT DISTINCT street_id FROM effort WHERE street_id IN (SELECT value FROM json_each(?))"
_ALL_GROUPS = (
    "SELECT m.id, m.opened_at, m.phase, m.triangle_id, h.street_id, h.knows, h.asked FROM measurement AS m"
    " JOIN home_tally AS h ON h.measurement_id = m.id WHERE m.opened_at <= :now"
)
_SOME_GROUPS = (
    "SELECT m.id, m.opened_at, m.phase, m.triangle_id, h.street_id, h.knows, h.asked FROM home_tally AS h"
    " CROSS JOIN measurement AS m ON m.id = h.measurement_id WHERE m.opened_at <= :now"
    " AND h.street_id IN (SELECT value FROM json_each(:streets)) UNION ALL"
    " SELECT m.id, m.opened_at, m.phase, m.triangle_id, h.street_id, h.knows, h.asked FROM measurement AS m"
    " CROSS JOIN home_tally AS h ON h.measurement_id = m.id WHERE m.opened_at <= :now"
    " AND m.triangle_id IN (SELECT value FROM json_each(:triangles)) AND h.street_id = ''"
)

_SAVE_ESTIMATE = (
    "INSERT INTO estimate (place, noun, knows, asked, share, low, high, hours_to_target, hours_low, hours_high, as_of)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (place) DO UPDATE SET noun = excluded.noun, knows = excluded.knows,"
    " asked = excluded.asked, share = excluded.share, low = excluded.low, high = excluded.high,"
    " hours_to_target = excluded.hours_to_target, hours_low = excluded.hours_low, hours_high = excluded.hours_high,"
    " as_of = excluded.as_of"
)

_Street = tuple[StreetId, float, TriangleId, ZoneId, CityId]
# place, noun, knows, asked; then share and hours to the target, each with the ends of its interval
EstimateRow = tuple[
    str, str, int, int, float | None, float | None, float | None, float | None, float | None, float | None
]


def read_evidence(
    connection: sqlite3.Connection, now: datetime, *, only: Collection[TriangleId] | None = None
) -> tuple[Evidence, list[TriangleId], list[ZoneId]]:
    """
    Return what was asked and worked until `now`, and the triangles and zones in the order of the evidence.

    Parameters
    ----------
    connection, now
        Of a region; the moment.
    only
        Read these triangles only. Their streets come first; behind them stand those whose hours may spill over to
        them, as streets without a triangle: what is estimated for those means nothing.
    """
    some = "" if only is None else " WHERE id IN (SELECT value FROM json_each(:some))"
    points = connection.execute(_TRIANGLES.format(some=some), {"some": json.dumps(list(only or ()))}).fetchall()
    of = {TriangleId(row[0]): i for i, row in enumerate(points)}
    zones = [ZoneId(row[0]) for row in connection.execute("SELECT id FROM zone ORDER BY id")]
    zone_of = {name: i for i, name in enumerate(zones)}
    streets, chosen = _streets(connection, only)
    every = (row[0] for row in connection.execute("SELECT id FROM city ORDER BY id"))
    cities = [CityId(name) for name in every if only is None or name in {row[2] for row in points}] or [CityId("")]
    city_of = {name: i for i, name in enumerate(cities)}
    alone, outside = (
        len(of),
        len(zones),
    )  # streets without a triangle or zone are one more group, the former of each city
    unit = {StreetId(row[0]): i for i, row in enumerate(streets)}
    zone, today = read_zone(connection), local_day(now, read_zone(connection)).toordinal()
    groups = _groups(connection, now, unit, of, len(streets), zone, only=chosen)
    until = {
        "today": date.fromordinal(today).isoformat(),
        "streets": json.dumps(list(unit)) if only is not None else "",
    }
    near = "" if only is None else " AND street_id IN (SELECT value FROM json_each(:streets))"
    rows = [row for row in connection.execute(_WORKED.format(near=near), until) if row[0] in unit]
    worked = [(unit[StreetId(row[0])], date.fromisoformat(row[1]).toordinal(), row[2]) for row in rows]
    counted = [(unit[StreetId(row[0])], row[3], row[4]) for row in rows if row[3] is not None]
    in_all = connection.execute(
        "SELECT coalesce(sum(contacts), 0), coalesce(sum(promoter_hours), 0.0) FROM effort"
        " WHERE contacts IS NOT NULL AND day <= :today",
        until,
    ).fetchone()
    counts = np.array(counted, dtype=float).reshape(-1, 3)
    surveys, efforts = np.array(groups, dtype=float).reshape(-1, 5), np.array(worked, dtype=float).reshape(-1, 3)
    return Evidence(
        streets=tuple(StreetId(row[0]) for row in streets), people=np.array([row[1] for row in streets], dtype=float),
        triangle=np.array([of.get(row[2], alone + city_of.get(row[4], 0)) for row in streets], dtype=np.int64),
        triangles=len(of) + len(cities), cities=tuple(cities),
        city=np.array([*(city_of[row[2]] for row in points), *range(len(cities))], dtype=np.int64),
        zone=np.array([zone_of.get(row[3], outside) for row in streets], dtype=np.int64), zones=len(zones) + 1,
        point_zone=np.array([*(zone_of.get(row[1], outside) for row in points), *(outside for _ in cities)], dtype=np.int64),
        unit=surveys[:, 0].astype(np.int64), day=surveys[:, 1].astype(np.int64), after_push=surveys[:, 2] > 0,
        knows=surveys[:, 3], asked=surveys[:, 4], worked_unit=efforts[:, 0].astype(np.int64),
        worked_day=efforts[:, 1].astype(np.int64), hours=efforts[:, 2], today=today,
        neighbours=read_neighbours(connection, list(unit)) if worked else None,
        counted_unit=counts[:, 0].astype(np.int64), contacts=counts[:, 1].astype(np.int64), counted_hours=counts[:, 2],
        counted_in_all=(float(in_all[0]), float(in_all[1])), own=None if chosen is None else len(chosen),
    ), list(of), zones  # fmt: skip


def _streets(
    connection: sqlite3.Connection, only: Collection[TriangleId] | None
) -> tuple[list[_Street], list[StreetId] | None]:
    """Return id, people, triangle, zone and city of the streets in their order, and which of them are the chosen triangles' own."""
    if only is None:
        return [_street(row) for row in connection.execute(_STREETS.format(some=""))], None
    by_triangle = _STREETS.format(some=" AND triangle_id IN (SELECT value FROM json_each(?))")
    own = [_street(row) for row in connection.execute(by_triangle, (json.dumps(list(only)),))]
    names = [StreetId(row[0]) for row in own]
    # An hour spills over in equal parts to all neighbours of its street: so where anybody worked, all of them are needed.
    near = json.dumps(list(streets_around(connection, names)))
    worked = [StreetId(row[0]) for row in connection.execute(_EVER_WORKED, (near,))]
    ring = streets_around(connection, worked) - set(names)
    by_name = _STREETS.format(some=" AND id IN (SELECT value FROM json_each(?))")
    around = connection.execute(by_name, (json.dumps(list(ring)),))
    return [*own, *((row[0], row[1], TriangleId(""), ZoneId(""), CityId(row[4])) for row in around)], names


def _street(row: sqlite3.Row) -> _Street:
    return StreetId(row[0]), row[1], TriangleId(row[2] or ""), ZoneId(row[3] or ""), CityId(row[4])


def _groups(
    connection: sqlite3.Connection, now: datetime, unit: dict[StreetId, int], of: dict[TriangleId, int], streets: int,
    zone: ZoneInfo, *, only: list[StreetId] | None,
) -> list[tuple[int, int, bool, int, int]]:  # fmt: skip
    """Return groups of surveys: unit, day, whether after the day's push, knows, asked."""
    found: list[tuple[int, int, bool, int, int]] = []
    given = {"now": format_moment(now), "streets": json.dumps(only or []), "triangles": json.dumps(list(of))}
    rows: Iterable[sqlite3.Row] = connection.execute(_ALL_GROUPS if only is None else _SOME_GROUPS, given)
    for _, opened_at, phase, triangle, home, knows, asked in rows:
        where = unit.get(home) if home else streets + of[triangle] if triangle in of else None
        if where is not None:
            day = local_day(datetime.fromisoformat(opened_at), zone).toordinal()
            found.append((where, day, phase == Phase.AFTER.of_measurement, knows, asked))
    return found


def save_estimates(turn: Turn, rows: Sequence[EstimateRow], *, event: int, others_stay: bool = False) -> None:
    """
    Replace the estimates that map programs read with these, as of the turn's moment; of these places only where others stay.

    `event` is the newest event that they take into account; estimates are derived, and no state of their own.
    """
    assert turn.head.seq >= event
    if not others_stay:
        turn.connection.execute("DELETE FROM estimate")
    as_of = format_moment(turn.now)
    turn.connection.executemany(_SAVE_ESTIMATE, [(*row, as_of) for row in rows])


# what estimates rest on: of surveys and decisions those are refreshed that they touch, after anything else all are stale
_TOUCHING = ("SurveysRecorded", "SurveysQuarantined", "QuarantineLifted", "DecisionMade", "DecisionWithdrawn")
_ALL_STALE = (
    "CityImported", "StreetEdited", "RowsImported", "RecordsTaken", "RulesChanged", "ResponseFitted", "ClockAccepted",
    "RegionUpgraded", "HoursConfirmed",
)  # fmt: skip

_PROMISED_BY = (
    "PlanMade", "SurveysQuarantined", "QuarantineLifted", "CityImported", "StreetEdited", "RulesChanged", "ClockAccepted",
    "RegionRestored", "RegionUpgraded",
)  # fmt: skip


def state_of_evidence(connection: sqlite3.Connection) -> str:
    """
    Return what stands for all that estimates rest on: the chain value of the event that changed it last.

    It follows from the whole record up to that event, so that it is another one where a backup was restored and other things
    happened since.
    """
    return _chain_after(connection, (*_TOUCHING, *_ALL_STALE))


def state_of_promises(connection: sqlite3.Connection) -> str:
    """Return what stands for all that the promise of a plan made before rests on, beside surveys that come late."""
    return _chain_after(connection, _PROMISED_BY)


def _chain_after(connection: sqlite3.Connection, kinds: Sequence[str]) -> str:
    row = connection.execute(
        "SELECT chain FROM event WHERE kind IN (SELECT value FROM json_each(?)) ORDER BY seq DESC LIMIT 1",
        (json.dumps(kinds),),
    ).fetchone()
    return row[0] if row else GENESIS


def read_estimates(connection: sqlite3.Connection) -> list[tuple[EstimateRow, datetime]]:
    """
    Return the stored estimates, each with its moment; empty where anything was recorded since on which they rest.

    Then they are of their time, and no longer what the record comes to now.
    """
    rows = connection.execute(
        "SELECT place, noun, knows, asked, share, low, high, hours_to_target, hours_low, hours_high, as_of FROM estimate"
        " ORDER BY noun, place"
    ).fetchall()
    if not rows:
        return []
    first, last = min(row["as_of"] for row in rows), max(row["as_of"] for row in rows)
    if _anything_after(connection, last, (*_TOUCHING, *_ALL_STALE)) or _anything_after(connection, first, _ALL_STALE):
        return []
    return [(tuple(row)[:-1], parse_moment(row["as_of"])) for row in rows]


def _anything_after(connection: sqlite3.Connection, moment: str, kinds: Sequence[str]) -> bool:
    """Return whether events of these kinds came after the turn that wrote estimates at the moment; also if none is known."""
    written = connection.execute(
        "SELECT max(seq) FROM event WHERE kind = 'RowsSealed' AND recorded_at = ?"
        " AND json_extract(facts, '$.tables.estimate') IS NOT NULL",
        (moment,),
    ).fetchone()[0]
    row = connection.execute(
        "SELECT 1 FROM event WHERE seq > ? AND kind IN (SELECT value FROM json_each(?)) LIMIT 1",
        (written or 0, json.dumps(kinds)),
    ).fetchone()
    return written is None or row is not None


def estimated_at(connection: sqlite3.Connection) -> datetime | None:
    """
    Return when the estimates were made, None where there are none.

    Asked of the last place, quickly: some are only ever refreshed on the day on which all were made.
    """
    row = connection.execute("SELECT as_of FROM estimate ORDER BY place DESC LIMIT 1").fetchone()
    return parse_moment(row[0]) if row else None
