"""What tests of places decided, and which streets are closed because they moved on (rules 8 and 10)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from fieldops.awareness import Verdict
from fieldops.clock import format_moment, parse_moment
from fieldops.decisions import PlaceDecision, is_small
from fieldops.events import DecisionMade, DecisionWithdrawn
from fieldops.ids import CrewId, MeasurementId, StreetId, TriangleId, VenueId
from fieldops.rules import Rules
from fieldops.store import audit, tallies, trusting
from fieldops.store.sqlite import sqlite3
from fieldops.surveys import answers_of, spread_at, those_that_count

if TYPE_CHECKING:
    from fieldops.store.connect import Turn


def closed_streets(
    connection: sqlite3.Connection, at: datetime, streets: Iterable[StreetId] | None = None
) -> dict[StreetId, datetime]:
    """
    Return the streets that are closed to claims at `at`, each with the moment from which it may be claimed again.

    A street is closed because it moved on (rule 10), until its forecast falls below the target (rule 8); a fresh
    decisive test of its own that says *push on* opens it earlier. Streets closed by hand, and compounds that forbid
    entry, are not listed here: see the columns `status` and `permission` of the street.

    Parameters
    ----------
    connection
        Of a region.
    at
        Any moment, also a past one: decisions recorded later do not count.
    streets
        Look at these only; None: at all.

    Returns
    -------
    dict
        Street -> end of the closure, as known at `at`.
    """
    # RULE 8: closed over [since, reopens_at), or until a push-on of its own or a withdrawal ended it
    moment = format_moment(at)
    some = "" if streets is None else " AND street_id IN (SELECT value FROM json_each(:some))"
    rows = connection.execute(
        "SELECT street_id, max(reopens_at) FROM closure WHERE since <= :at AND reopens_at > :at"  # noqa: S608  # constants
        f" AND (ended_at IS NULL OR ended_at > :at){some} GROUP BY street_id",
        {"at": moment, "some": json.dumps([] if streets is None else list(streets))},
    )
    return {StreetId(street): parse_moment(until) for street, until in rows}


def is_closed(connection: sqlite3.Connection, street_id: StreetId, at: datetime) -> bool:
    """Return whether the street is closed to claims at `at` because it moved on; see `closed_streets`."""
    return closed_until(connection, street_id, at) is not None


def closed_until(connection: sqlite3.Connection, street_id: StreetId, at: datetime) -> datetime | None:
    """Return when the street that moved on opens to claims again, None where it is open at `at`; see `closed_streets`."""
    moment = format_moment(at)
    row = connection.execute(
        "SELECT max(reopens_at) FROM closure WHERE street_id = ? AND since <= ? AND reopens_at > ? "
        "AND (ended_at IS NULL OR ended_at > ?)",
        (street_id, moment, moment, moment),
    ).fetchone()
    return parse_moment(row[0]) if row[0] else None


@dataclass(frozen=True, slots=True)
class Counted:
    """
    A measurement as the test sees it; `people` and `label` of its street, None and "" at a connection point.

    `told` of its answers are none: heads that were counted while the street was small.
    """

    measurement: MeasurementId
    street: StreetId | None
    triangle: TriangleId | None
    rule: str
    crew: CrewId | None
    blind: bool
    opened_at: datetime
    answers: str
    spread_at: int | None
    last_asked_at: datetime
    people: float | None
    label: str
    told: int


_COUNTED = (
    "SELECT t.measurement_id, m.street_id, m.triangle_id, m.rule, m.crew_id, m.blind, m.opened_at, t.answers, t.spread_at,"
    " t.last_asked_at, s.people, coalesce(s.label, ''), length(t.answers) - (SELECT coalesce(sum(h.asked), 0) FROM home_tally AS h"
    " WHERE h.measurement_id = t.measurement_id) FROM tally AS t JOIN measurement AS m ON m.id = t.measurement_id"
    " LEFT JOIN street AS s ON s.id = m.street_id"
)
_DECISION = (
    "SELECT d.id, d.measurement_id, d.street_id, d.triangle_id, d.rule, d.asked, d.knows, d.surveys_used, d.verdict,"
    " d.wrong_move_on, d.wrong_push_on, d.surveys_digest, d.crew_id, m.blind, d.decisive_at, d.decided_at"
    " FROM decision AS d JOIN measurement AS m ON m.id = d.measurement_id"
)


def undecided(connection: sqlite3.Connection, rules: Rules, triangle: TriangleId | None = None) -> list[Counted]:
    """
    Return the measurements with surveys that no decision has taken into account; of one triangle where given.

    They are decided in the order of their last survey, then of their first: of two decisions with one decisive moment the
    one recorded later is the latest test of the place (rule 10).
    """
    where = (
        " WHERE t.undecided = 1 AND (? IS NULL OR m.triangle_id = ? OR s.triangle_id = ?)"
        " ORDER BY t.last_asked_at, m.opened_at, m.id"
    )
    return _as_settings_count(connection, rules, connection.execute(_COUNTED + where, (triangle, triangle, triangle)))


def newest_measurements(
    connection: sqlite3.Connection, rules: Rules, triangle: TriangleId | None, at: datetime
) -> list[Counted]:
    """Return the newest measurement of every point and street opened by `at`, of one triangle where given."""
    where = (
        " WHERE m.opened_at <= ? AND (? IS NULL OR m.triangle_id = ? OR s.triangle_id = ?) AND NOT EXISTS"
        " (SELECT 1 FROM measurement AS n WHERE n.{0} = m.{0} AND (n.opened_at, n.id) > (m.opened_at, m.id)"
        " AND n.opened_at <= ?) AND m.{0} IS NOT NULL ORDER BY m.{0}"
    )
    moment, found = format_moment(at), []
    for place in ("triangle_id", "street_id"):
        rows = connection.execute(_COUNTED + where.format(place), (moment, triangle, triangle, triangle, moment))
        found += _as_settings_count(connection, rules, rows)
    return found


def measurements_of_street(connection: sqlite3.Connection, rules: Rules, street: StreetId) -> list[Counted]:
    """Return all measurements of a street, oldest first."""
    rows = connection.execute(_COUNTED + " WHERE m.street_id = ? ORDER BY m.opened_at, m.id", (street,))
    return _as_settings_count(connection, rules, rows)


def _as_settings_count(connection: sqlite3.Connection, rules: Rules, rows: Iterable[sqlite3.Row]) -> list[Counted]:
    """Return the measurements, without the heads told on streets that are not small any more: settings or the map have changed."""
    found = [_counted(row) for row in rows]
    leaked = [one.measurement for one in found if one.told and not is_small(one.people, rules)]
    if not leaked:
        return found
    asked = tallies.read_asked(connection, leaked, with_quarantined=trusting.is_trusting(connection))
    counted = {name: those_that_count(surveys, rules) for name, surveys in asked.items()}
    return [
        replace(one, answers=answers_of(own), spread_at=spread_at(own, rules), told=0)
        if (own := counted.get(one.measurement)) is not None
        else one
        for one in found
    ]


def standing(
    connection: sqlite3.Connection, measurements: Iterable[MeasurementId]
) -> dict[MeasurementId, PlaceDecision]:
    """Return the decisions of these measurements that stand now."""
    rows = connection.execute(
        _DECISION + " WHERE d.measurement_id IN (SELECT value FROM json_each(?)) AND d.withdrawn_at IS NULL",  # noqa: S608  # constants
        (json.dumps(list(measurements)),),
    )
    return {one.measurement: one for one in map(_decision, rows)}


def latest_tests(connection: sqlite3.Connection, street: StreetId) -> tuple[PlaceDecision | None, PlaceDecision | None]:
    """Return the latest decisive test of the street itself and of its triangle's point, as they stand now."""
    ordered = " AND d.withdrawn_at IS NULL ORDER BY d.decisive_at DESC, d.rowid DESC LIMIT 1"
    own = connection.execute(_DECISION + " WHERE d.street_id = ?" + ordered, (street,)).fetchone()
    point = connection.execute(
        _DECISION + " JOIN street AS s ON s.triangle_id = d.triangle_id WHERE s.id = ?" + ordered, (street,)
    ).fetchone()
    return (_decision(own) if own else None), (_decision(point) if point else None)


def closing_test(connection: sqlite3.Connection, street: StreetId) -> PlaceDecision | None:
    """Return the latest of the decisions that closed the street at any time and stand now; None where there is none."""
    where = " JOIN closure AS c ON c.decision_id = d.id WHERE c.street_id = ? AND d.withdrawn_at IS NULL"
    row = connection.execute(
        _DECISION + where + " ORDER BY d.decisive_at DESC, d.rowid DESC LIMIT 1", (street,)
    ).fetchone()
    return _decision(row) if row else None


def triangles_of(connection: sqlite3.Connection, measurements: Iterable[Counted]) -> set[TriangleId]:
    """Return the triangles whose estimates these measurements touch: the points' own, and those of the streets asked about."""
    names = [one.measurement for one in measurements]
    rows = connection.execute(
        "SELECT m.triangle_id FROM measurement AS m WHERE m.id IN (SELECT value FROM json_each(:names)) UNION"
        " SELECT s.triangle_id FROM home_tally AS h JOIN street AS s ON s.id = h.street_id"
        " WHERE h.measurement_id IN (SELECT value FROM json_each(:names))",
        {"names": json.dumps(names)},
    )
    return {TriangleId(row[0]) for row in rows if row[0]}


def streets_in(connection: sqlite3.Connection, triangle: TriangleId) -> list[StreetId]:
    """Return the streets of a triangle."""
    rows = connection.execute(
        "SELECT id FROM street WHERE triangle_id = ? AND status <> 'gone' ORDER BY id", (triangle,)
    )
    return [StreetId(row[0]) for row in rows]


def venues_in(connection: sqlite3.Connection, triangle: TriangleId) -> list[tuple[VenueId, float]]:
    """Return the venues of a triangle with the people met there per hour, most first; who asked not to be contacted is left out."""
    rows = connection.execute(
        "SELECT v.id, v.people_per_hour FROM venue AS v JOIN street AS s ON s.id = v.street_id WHERE s.triangle_id = ?"
        " AND v.id NOT IN (SELECT venue_id FROM do_not_contact WHERE venue_id IS NOT NULL)"
        " ORDER BY v.people_per_hour DESC, v.id",
        (triangle,),
    )
    return [(VenueId(row[0]), row[1]) for row in rows]


def record_decision(turn: "Turn", made: PlaceDecision, *, event: DecisionMade) -> None:
    """Store a decision and its event."""
    audit.append(turn, event)
    turn.connection.execute(
        "INSERT INTO decision VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        (
            made.id, made.measurement, made.street, made.triangle, made.rule, made.asked, made.knows, made.surveys_used,
            made.verdict, made.wrong_move_on, made.wrong_push_on, made.digest, made.crew,
            format_moment(made.decisive_at), format_moment(made.decided_at),
        ),
    )  # fmt: skip


def withdraw_decision(turn: "Turn", *, event: DecisionWithdrawn) -> None:
    """Note that a decision no longer stands, and the event."""
    audit.append(turn, event)
    turn.connection.execute(
        "UPDATE decision SET withdrawn_at = ? WHERE id = ?", (format_moment(turn.now), event.decision)
    )


def mark_decided(turn: "Turn", measurements: Iterable[MeasurementId], *, event: int) -> None:
    """Note that the surveys up to the event of that number have been taken into account."""
    assert turn.head.seq >= event
    turn.connection.executemany(
        "UPDATE tally SET undecided = 0 WHERE measurement_id = ?", [(name,) for name in measurements]
    )


def set_closure(
    turn: "Turn", street: StreetId, by: PlaceDecision | None, reopens_at: datetime | None, *, event: int
) -> bool:
    """
    Let a street be closed by a decision until `reopens_at`, or open; return whether that closed it anew.

    `event` is the number of the event that recorded the decision, or its withdrawal. A decision closes a street once
    (rule 8): its closure stays as it is, also where it has run out; any other ends now.
    """
    assert turn.head.seq >= event
    now = format_moment(turn.now)
    rows = turn.connection.execute(
        "SELECT decision_id FROM closure WHERE street_id = ? AND ended_at IS NULL", (street,)
    ).fetchall()
    stays = by.id if by is not None and any(row[0] == by.id for row in rows) else None
    if rows:
        turn.connection.execute(
            "UPDATE closure SET ended_at = ? WHERE street_id = ? AND reopens_at > ? AND ended_at IS NULL"
            " AND decision_id IS NOT ?",
            (now, street, now, stays),
        )
    if stays is not None or by is None or reopens_at is None or reopens_at <= turn.now:
        return False
    turn.connection.execute(
        # the same decision may close a street, lose and win again within one moment of the record (rule 2)
        "INSERT INTO closure VALUES (?, ?, ?, NULL, ?) ON CONFLICT (street_id, since, decision_id)"
        " DO UPDATE SET reopens_at = excluded.reopens_at, ended_at = NULL",
        (street, now, format_moment(reopens_at), by.id),
    )
    return True


def _counted(row: sqlite3.Row) -> Counted:
    return Counted(
        measurement=row[0], street=row[1], triangle=row[2], rule=row[3], crew=row[4], blind=bool(row[5]),
        opened_at=datetime.fromisoformat(row[6]), answers=row[7], spread_at=row[8],
        last_asked_at=datetime.fromisoformat(row[9]),
        people=row[10], label=row[11], told=row[12],
    )  # fmt: skip


def _decision(row: sqlite3.Row) -> PlaceDecision:
    return PlaceDecision(
        id=row[0], measurement=row[1], street=row[2], triangle=row[3], rule=row[4], asked=row[5], knows=row[6],
        surveys_used=row[7], verdict=Verdict(row[8]), wrong_move_on=row[9], wrong_push_on=row[10], digest=row[11],
        crew=row[12], blind=bool(row[13]), decisive_at=parse_moment(row[14]), decided_at=parse_moment(row[15]),
    )  # fmt: skip
