"""Tallies: measurements reduced to what counts, derived from the surveys and brought up to date with every batch."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby, takewhile

from fieldops.clock import format_moment
from fieldops.errors import Stopped
from fieldops.ids import MeasurementId
from fieldops.progress import Progress, no_progress
from fieldops.rules import Rules
from fieldops.store.audit import canonical
from fieldops.store.connect import Turn
from fieldops.store.heads import heads_of, sittings_of_contacts, sittings_of_promoter, with_heads
from fieldops.store.recorded import NOW, Recorded
from fieldops.store.sqlite import sqlite3
from fieldops.surveys import Asked, Tally, tally

_AT_A_TIME = 2_000
_SURVEYS = (
    "SELECT s.measurement_id, s.id, s.asked_at, s.answer, s.promoter_id, coalesce(s.cluster, ''), s.phase,"
    " coalesce(s.home_street_id, m.street_id, ''),"
    " EXISTS (SELECT 1 FROM quarantine AS q WHERE q.survey_id = s.id AND q.since_seq IN ({in_force}))"
    " FROM {chosen} AS chosen CROSS JOIN measurement AS m ON m.id = chosen.id"
    " CROSS JOIN survey AS s ON s.measurement_id = m.id{surveys} ORDER BY chosen.id, s.asked_at, s.id"
)
_HELD_BY = (
    "SELECT DISTINCT s.measurement_id FROM quarantine AS q JOIN survey AS s ON s.id = q.survey_id"
    " WHERE q.since_seq IN (SELECT value FROM json_each(?))"
)


def recount(turn: Turn, measurements: Iterable[MeasurementId], *, event: int, progress: Progress = no_progress) -> None:
    """
    Bring the tallies of these measurements up to date and mark them undecided.

    Parameters
    ----------
    turn
        The open write turn.
    measurements
        Which ones.
    event
        Number of the recorded event that made this necessary: new surveys, a quarantine or its end.
    progress
        Told the share done.

    Raises
    ------
    Stopped
        If progress asked to stop.
    """
    assert turn.head.seq >= event  # the event comes first
    names = sorted(set(measurements))
    for start in range(0, len(names), _AT_A_TIME):
        some = names[start : start + _AT_A_TIME]
        save_tallies(turn, _count(turn.connection, some, turn.rules, NOW), event=event)
        if not progress("tally", (start + len(some)) / len(names)):
            raise Stopped("nothing was stored")


def read_asked(
    connection: sqlite3.Connection,
    measurements: Iterable[MeasurementId],
    *,
    with_quarantined: bool = False,
    recorded: Recorded = NOW,
) -> dict[MeasurementId, list[Asked]]:
    """Return the surveys of a few measurements in the order asked; `with_quarantined` as if none were in quarantine."""
    found = Recorded.as_if(()) if with_quarantined else recorded
    query = _SURVEYS.format(
        chosen="(SELECT value AS id FROM json_each(:names))", in_force=found.in_force, surveys=found.surveys
    )
    return dict(_grouped(connection.execute(query, {"names": json.dumps(list(measurements))} | found.given)))


def read_every_asked(connection: sqlite3.Connection) -> Iterator[tuple[MeasurementId, list[Asked]]]:
    """Yield every measurement with its surveys, in the order of the measurements; memory does not grow with them."""
    query = _SURVEYS.format(chosen="(SELECT id FROM measurement ORDER BY id)", in_force=NOW.in_force, surveys="")
    yield from _grouped(connection.cursor().execute(query))


def read_heads(
    connection: sqlite3.Connection, measurements: Iterable[MeasurementId], rules: Rules
) -> dict[MeasurementId, list[Asked]]:
    """Return the surveys of measurements with whoever was told on small streets, in the order asked or told."""
    names = list(measurements)
    heads = heads_of(connection, names, rules.small_street_people)
    return {name: with_heads(asked, heads.get(name)) for name, asked in read_asked(connection, names).items()}


def read_asked_at(
    connection: sqlite3.Connection, measurement: MeasurementId, event: int, *, heads: bool
) -> list[Asked]:
    """
    Return the surveys of a measurement as they were at an event, in the order asked.

    What came in or went into quarantine later is as it was then; `heads` adds whoever had been told by then (a head-count).
    """
    then = Recorded.at(event)
    asked = read_asked(connection, [measurement], recorded=then).get(measurement, [])
    told = heads_of(connection, [measurement], None, then) if heads and asked else {}
    return with_heads(asked, told.get(measurement))


def read_counts(
    connection: sqlite3.Connection,
    measurements: Iterable[MeasurementId],
    rules: Rules,
    *,
    with_quarantined: bool = False,
) -> dict[MeasurementId, tuple[int, int]]:
    """
    Return of measurements how many know and how many were asked, counted answers only.

    Those of which no answer counts are left out; `with_quarantined` counts as if none were in quarantine.
    """
    asked_of = read_asked(connection, measurements, with_quarantined=with_quarantined)
    homes = {name: tally(asked, rules).homes.values() for name, asked in asked_of.items()}
    counts = {name: (sum(knows for knows, _ in one), sum(asked for _, asked in one)) for name, one in homes.items()}
    return {name: count for name, count in counts.items() if count[1]}


def counted_as_if(
    connection: sqlite3.Connection, rules: Rules, orders: Collection[int], *, event: int | None = None
) -> dict[MeasurementId, Tally | None]:
    """
    Return the measurements that these quarantines, or those in force, concern, counted as if these were those in force.

    With an `event` those too of which anything was recorded after it, and all counted as they had been recorded by then:
    None where nothing had been.
    """
    concerned = connection.execute(
        "SELECT seq, promoter_id FROM quarantine_order WHERE undone_at IS NULL OR seq IN (SELECT value FROM json_each(?))",
        (json.dumps(list(orders)),),
    ).fetchall()
    numbers = json.dumps([row[0] for row in concerned])
    held = {MeasurementId(row[0]) for row in connection.execute(_HELD_BY, (numbers,))}
    held |= {name for _, one in concerned if one for name in sittings_of_promoter(connection, one, rules)}
    if event is not None:
        held |= _recorded_after(connection, event, rules)
    names = sorted(held)
    counted = _count(connection, names, rules, Recorded.as_if(orders, event))
    return {name: counted.get(name) for name in names}


def _count(
    connection: sqlite3.Connection, names: Collection[MeasurementId], rules: Rules, recorded: Recorded
) -> dict[MeasurementId, Tally]:
    heads = heads_of(connection, names, rules.small_street_people, recorded)
    asked = read_asked(connection, names, recorded=recorded)
    return {name: tally(with_heads(surveys, heads.get(name)), rules) for name, surveys in asked.items()}


def _recorded_after(connection: sqlite3.Connection, event: int, rules: Rules) -> set[MeasurementId]:
    """Return the measurements of which a survey, or somebody told on a small street, was recorded after an event."""
    surveys = connection.execute("SELECT batch, measurement_id FROM survey ORDER BY number DESC")
    asked = {MeasurementId(name) for _, name in takewhile(lambda row: row[0] > event, surveys)}
    records = connection.execute("SELECT batch, id FROM phone_record ORDER BY number DESC")
    told = [name for _, name in takewhile(lambda row: row[0] > event, records)]
    return asked.union(sittings_of_contacts(connection, told, rules))


def _grouped(rows: Iterable[sqlite3.Row]) -> Iterator[tuple[MeasurementId, list[Asked]]]:
    for name, group in groupby(rows, key=lambda row: str(row[0])):
        yield (
            MeasurementId(name),
            [
                Asked(row[1], datetime.fromisoformat(row[2]), row[3], row[4], row[5], row[6], row[7], bool(row[8]))
                for row in group
            ],
        )


def columns_of(one: Tally) -> tuple[object, ...]:
    """Return a tally as it is stored."""
    return one.answers, one.spread_at, canonical(dict(one.left_out)), format_moment(one.last_asked_at)


def save_tallies(turn: Turn, counted: Mapping[MeasurementId, Tally], *, event: int) -> None:
    """Store the tallies of measurements, to be decided anew; `event` is the number of that which made it necessary."""
    assert turn.head.seq >= event
    turn.connection.executemany(
        "INSERT INTO tally (measurement_id, answers, spread_at, left_out, last_asked_at, undecided) VALUES (?, ?, ?, ?, ?, 1)"
        " ON CONFLICT (measurement_id) DO UPDATE SET answers = excluded.answers, spread_at = excluded.spread_at, left_out = excluded.left_out, last_asked_at = excluded.last_asked_at, undecided = 1",
        [(name, *columns_of(one)) for name, one in counted.items()],
    )
    turn.connection.executemany("DELETE FROM home_tally WHERE measurement_id = ?", [(name,) for name in counted])
    turn.connection.executemany(
        "INSERT INTO home_tally VALUES (?, ?, ?, ?)",
        [(name, home, *counts) for name, one in counted.items() for home, counts in one.homes.items()],
    )
    turn.connection.executemany(
        "UPDATE measurement SET phase = ? WHERE id = ? AND phase <> ?",
        [(one.phase.of_measurement, name, one.phase.of_measurement) for name, one in counted.items()],
    )
