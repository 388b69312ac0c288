"""The evidence for awareness, read from tallies and effort; estimates kept for map programs."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from fieldops.clock import format_moment, local_day, parse_moment
from fieldops.evidence import Evidence
from fieldops.ids import MeasurementId, StreetId, TriangleId, ZoneId
from fieldops.store import tallies
from fieldops.store.connect import Turn, read_rules
from fieldops.store.places import read_neighbours, read_zone
from fieldops.store.sqlite import sqlite3
from fieldops.surveys import Phase, tally

EstimateRow = tuple[str, str, int, int, float | None, float | None, float | None, float | None]


def read_evidence(
    connection: sqlite3.Connection, now: datetime, *, with_quarantined: bool = False
) -> tuple[Evidence, list[TriangleId], list[ZoneId]]:
    """
    Return what was asked and worked until `now`, and the triangles and zones in the order of the evidence.

    `with_quarantined` counts quarantined surveys as well: the figures as they would be without the quarantine.
    """
    points = connection.execute("SELECT id, zone_id FROM triangle ORDER BY id").fetchall()
    of = {TriangleId(row[0]): i for i, row in enumerate(points)}
    zones = [ZoneId(row[0]) for row in connection.execute("SELECT id FROM zone ORDER BY id")]
    zone_of = {name: i for i, name in enumerate(zones)}
    streets = connection.execute(
        "SELECT id, people, triangle_id, zone_id FROM street WHERE status <> 'gone' ORDER BY id"
    ).fetchall()
    alone, outside = len(of), len(zones)  # streets without a triangle or zone pool as one more group
    unit = {StreetId(row[0]): i for i, row in enumerate(streets)}
    zone, today = read_zone(connection), local_day(now, read_zone(connection)).toordinal()
    groups = _groups(connection, now, unit, of, len(streets), zone, with_quarantined=with_quarantined)
    worked = [
        (unit[StreetId(row[0])], date.fromisoformat(row[1]).toordinal(), row[2])
        for row in connection.execute(
            "SELECT street_id, day, sum(promoter_hours) FROM effort WHERE day <= ? GROUP BY street_id, day",
            (date.fromordinal(today).isoformat(),),
        )
        if row[0] in unit
    ]
    counted = [
        (unit[StreetId(row[0])], row[1], row[2])
        for row in connection.execute(
            "SELECT street_id, sum(contacts), sum(promoter_hours) FROM effort WHERE contacts IS NOT NULL AND day <= ?"
            " GROUP BY street_id",
            (date.fromordinal(today).isoformat(),),
        )
        if row[0] in unit
    ]
    counts = np.array(counted, dtype=float).reshape(-1, 3)
    surveys, efforts = np.array(groups, dtype=float).reshape(-1, 5), np.array(worked, dtype=float).reshape(-1, 3)
    return Evidence(
        streets=tuple(StreetId(row[0]) for row in streets), people=np.array([row[1] for row in streets], dtype=float),
        triangle=np.array([of.get(row[2], alone) for row in streets], dtype=np.int64), triangles=len(of) + 1,
        zone=np.array([zone_of.get(row[3], outside) for row in streets], dtype=np.int64), zones=len(zones) + 1,
        point_zone=np.array([*(zone_of.get(row[1], outside) for row in points), outside], dtype=np.int64),
        unit=surveys[:, 0].astype(np.int64), day=surveys[:, 1].astype(np.int64), after_push=surveys[:, 2] > 0,
        knows=surveys[:, 3], asked=surveys[:, 4], worked_unit=efforts[:, 0].astype(np.int64),
        worked_day=efforts[:, 1].astype(np.int64), hours=efforts[:, 2], today=today,
        neighbours=read_neighbours(connection, list(unit)) if worked else None,
        counted_unit=counts[:, 0].astype(np.int64), contacts=counts[:, 1].astype(np.int64), counted_hours=counts[:, 2],
    ), list(of), zones  # fmt: skip


def _groups(
    connection: sqlite3.Connection, now: datetime, unit: dict[StreetId, int], of: dict[TriangleId, int], streets: int,
    zone: ZoneInfo, *, with_quarantined: bool,
) -> list[tuple[int, int, bool, int, int]]:  # fmt: skip
    """Return groups of surveys: unit, day, whether after the day's push, knows, asked."""
    other = _counted_with_quarantined(connection) if with_quarantined else {}
    day_of: dict[str, int] = {}
    found: list[tuple[int, int, bool, int, int]] = []
    rows: Iterable[sqlite3.Row] = connection.execute(
        "SELECT m.id, m.opened_at, m.phase, m.triangle_id, h.street_id, h.knows, h.asked FROM measurement AS m"
        " JOIN home_tally AS h ON h.measurement_id = m.id WHERE m.opened_at <= ?",
        (format_moment(now),),
    )
    for name, opened_at, phase, triangle, home, knows, asked in rows:
        if name in other:
            continue
        where = unit.get(home) if home else streets + of[triangle] if triangle in of else None
        if where is not None:
            hour = opened_at[:13]
            if hour not in day_of:
                day_of[hour] = local_day(parse_moment(opened_at), zone).toordinal()
            found.append((where, day_of[hour], phase == Phase.AFTER.of_measurement, knows, asked))
    for opened_at, phase, triangle, homes in other.values():
        for home, (knows, asked) in homes.items():
            where = unit.get(StreetId(home)) if home else streets + of[triangle] if triangle in of else None
            if where is not None and opened_at <= now:
                day = local_day(opened_at, zone).toordinal()
                found.append((where, day, phase == Phase.AFTER.of_measurement, knows, asked))
    return found


def _counted_with_quarantined(
    connection: sqlite3.Connection,
) -> dict[str, tuple[datetime, str, TriangleId, dict[str, tuple[int, int]]]]:
    """Return the measurements that hold quarantined surveys, counted as if nothing were quarantined."""
    facts = {
        MeasurementId(row[0]): (parse_moment(row[1]), row[2], row[3])
        for row in connection.execute(
            "SELECT DISTINCT m.id, m.opened_at, m.phase, m.triangle_id FROM quarantine AS q"
            " JOIN survey AS s ON s.id = q.survey_id JOIN measurement AS m ON m.id = s.measurement_id"
            " WHERE q.until_seq IS NULL"
        )
    }
    rules = read_rules(connection)
    counted: dict[str, tuple[datetime, str, TriangleId, dict[str, tuple[int, int]]]] = {}
    for name, asked in tallies.read_asked(connection, facts, with_quarantined=True).items():
        counted[name] = (*facts[name], dict(tally(asked, rules).homes))
    return counted


def save_estimates(turn: Turn, rows: Sequence[EstimateRow], *, event: int) -> None:
    """
    Replace the estimates that map programs read with these, as of the turn's moment.

    `event` is the newest event that they take into account; estimates are derived, and no state of their own.
    """
    assert turn.head.seq >= event
    turn.connection.execute("DELETE FROM estimate")
    as_of = format_moment(turn.now)
    turn.connection.executemany(
        "INSERT INTO estimate VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [(*row, as_of) for row in rows]
    )
