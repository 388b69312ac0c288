"""Tallies: measurements reduced to what counts, derived from the surveys and brought up to date with every batch."""

import json
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby, takewhile

from fieldops.clock import format_moment
from fieldops.contacts import NEWLY_TOLD
from fieldops.errors import Stopped
from fieldops.ids import MeasurementId, PromoterId
from fieldops.progress import Progress, no_progress
from fieldops.rules import Rules
from fieldops.store.audit import canonical
from fieldops.store.connect import Turn
from fieldops.store.sqlite import sqlite3
from fieldops.surveys import TOLD, Asked, Phase, Tally, phase_of, tally

_SAVE_EVERY = 2_000
_IN_FORCE = "SELECT seq FROM quarantine_order WHERE undone_at IS NULL"
_SURVEYS = (
    "SELECT s.measurement_id, s.id, s.asked_at, s.answer, s.promoter_id, coalesce(s.cluster, ''), s.phase,"
    " coalesce(s.home_street_id, m.street_id, ''),"
    " EXISTS (SELECT 1 FROM quarantine AS q WHERE q.survey_id = s.id AND q.since_seq IN ({orders}))"
    " FROM {chosen} CROSS JOIN measurement AS m ON m.id = chosen.id CROSS JOIN survey AS s ON s.measurement_id = m.id{known}"
    " ORDER BY chosen.id, s.asked_at, s.id"
)
_WITHIN_A_DAY = "c.made_at >= m.opened_at AND c.made_at < strftime('%Y-%m-%dT%H:%M:%f', m.opened_at, '+1 day')"
# RULE 9, statistics.md 3.2: on a small street whoever was told after its arrival measurement is one more who knows
# RULE 13: not by a promoter in quarantine, nor where the measurement itself is in it
_HEADS = (  # noqa: S608  # constants
    "SELECT m.id, c.id, min(c.made_at), c.promoter_id, CASE c.door WHEN '' THEN c.id ELSE c.door END AS told_at, EXISTS (SELECT 1"
    " FROM quarantine_order AS o WHERE o.seq IN ({orders}) AND (o.promoter_id = c.promoter_id OR o.measurement_id = m.id)) AS held"
    " FROM {chosen} CROSS JOIN measurement AS m ON m.id = chosen.id"
    " CROSS JOIN street AS s ON s.id = m.street_id AND s.people < ? CROSS JOIN contact AS c ON c.street_id = m.street_id"
    " WHERE m.blind = 0 AND m.phase <> 'exit' AND c.venue_id IS NULL AND c.disposition IN ({told}) AND {within}{known}"
    " GROUP BY m.id, told_at, held ORDER BY m.id, held, 3"
).format(
    chosen="{chosen}", orders="{orders}", known="{known}", told=", ".join(f"'{one}'" for one in NEWLY_TOLD), within=_WITHIN_A_DAY
)  # fmt: skip
_OF_PROMOTER = (
    "SELECT DISTINCT m.id FROM contact AS c CROSS JOIN street AS s ON s.id = c.street_id"  # noqa: S608  # constants
    " CROSS JOIN measurement AS m ON m.street_id = c.street_id CROSS JOIN tally AS t ON t.measurement_id = m.id"
    f" WHERE c.promoter_id = ?2 AND m.blind = 0 AND {_WITHIN_A_DAY} AND (s.people < ?1 OR length(t.answers) >"
    " (SELECT coalesce(sum(h.asked), 0) FROM home_tally AS h WHERE h.measurement_id = m.id))"
)
_HELD_BY = "SELECT DISTINCT s.measurement_id FROM quarantine AS q JOIN survey AS s ON s.id = q.survey_id WHERE q.since_seq IN ({orders})"

_SURVEYS_AT = (
    "SELECT s.measurement_id, s.id, s.asked_at, s.answer, s.promoter_id, coalesce(s.cluster, ''), s.phase,"
    " coalesce(s.home_street_id, m.street_id, ''), EXISTS (SELECT 1 FROM quarantine AS q WHERE q.survey_id = s.id"
    " AND q.since_seq < :event AND (q.until_seq IS NULL OR q.until_seq > :event))"
    " FROM survey AS s JOIN measurement AS m ON m.id = s.measurement_id WHERE s.measurement_id = :measurement"
    " AND s.batch < :event ORDER BY s.asked_at, s.id"
)
_HEADS_AT = (  # noqa: S608  # constants
    "SELECT m.id, c.id, min(c.made_at), c.promoter_id, CASE c.door WHEN '' THEN c.id ELSE c.door END AS told_at, EXISTS (SELECT 1"
    " FROM quarantine_order AS o WHERE o.seq < :event AND (o.promoter_id = c.promoter_id OR o.measurement_id = m.id) AND NOT EXISTS"
    " (SELECT 1 FROM event AS e WHERE e.seq > o.seq AND e.seq < :event AND e.kind = 'QuarantineLifted' AND e.facts ->> 'order' = o.seq)) AS held"
    " FROM measurement AS m JOIN phone_record AS c"
    " ON c.street_id = m.street_id AND c.kind = 'contact' AND c.batch < :event WHERE m.id = :measurement AND m.blind = 0"
    " AND c.venue_id IS NULL AND c.what IN ({told}) AND c.made_at >= :opened"
    " AND c.made_at < strftime('%Y-%m-%dT%H:%M:%f', :opened, '+1 day') AND NOT EXISTS (SELECT 1 FROM phone_record AS u"
    " WHERE u.about = c.id AND u.kind = 'undo' AND u.promoter_id = c.promoter_id AND u.batch < :event)"
    " GROUP BY told_at, held ORDER BY held, 3"
).format(told=", ".join(f"'{one}'" for one in NEWLY_TOLD))


def recount(turn: Turn, measurements: Sequence[MeasurementId], *, event: int, progress: Progress = no_progress) -> None:
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
    rules = turn.rules
    _choose(turn.connection, measurements)
    batch: list[tuple[str, Tally]] = []
    heads = _heads(turn.connection, rules.small_street_people, "temp.chosen AS chosen")
    for done, (name, surveys) in enumerate(_surveys(turn.connection), start=1):
        batch.append((name, tally(_in_order(surveys, heads.get(name)), rules)))
        if len(batch) >= _SAVE_EVERY or done == len(measurements):
            _save(turn, batch)
            batch.clear()
            if not progress("tally", done / len(measurements)):
                raise Stopped("nothing was stored")


def read_asked(
    connection: sqlite3.Connection, measurements: Iterable[MeasurementId], *, with_quarantined: bool = False
) -> dict[MeasurementId, list[Asked]]:
    """Return the surveys of a few measurements in the order asked; `with_quarantined` as if none were in quarantine."""
    chosen = "(SELECT value AS id FROM json_each(?)) AS chosen"
    names = json.dumps(list(measurements))
    orders = "" if with_quarantined else _IN_FORCE
    return dict(_grouped(connection.execute(_SURVEYS.format(chosen=chosen, orders=orders, known=""), (names,))))


def read_heads(
    connection: sqlite3.Connection, measurements: Iterable[MeasurementId], rules: Rules
) -> dict[MeasurementId, list[Asked]]:
    """Return the surveys of measurements with whoever was told on small streets, in the order asked or told."""
    names = list(measurements)
    heads = _heads(
        connection, rules.small_street_people, "(SELECT value AS id FROM json_each(?)) AS chosen", json.dumps(names)
    )
    return {name: _in_order(asked, heads.get(name)) for name, asked in read_asked(connection, names).items()}


def read_asked_at(
    connection: sqlite3.Connection, measurement: MeasurementId, event: int, *, heads: bool
) -> list[Asked]:
    """
    Return the surveys of a measurement as they were before an event, in the order asked.

    What came in or went into quarantine later is as it was then; `heads` adds whoever had been told by then (a head-count).
    """
    given = {"measurement": measurement, "event": event}
    asked = next((found for _, found in _grouped(connection.execute(_SURVEYS_AT, given))), [])
    if not heads or not asked or phase_of(asked) is Phase.AFTER:
        return asked
    told = connection.execute(_HEADS_AT, given | {"opened": format_moment(min(one.asked_at for one in asked))})
    return _in_order(asked, _by_door(told).get(measurement))


def sittings_of_contacts(connection: sqlite3.Connection, records: Iterable[str], rules: Rules) -> list[MeasurementId]:
    """Return the measurements of small streets whose heads these records of phones change: contacts, and what undoes them."""
    rows = connection.execute(
        "SELECT DISTINCT m.id FROM phone_record AS r CROSS JOIN phone_record AS c"  # noqa: S608  # constants
        " ON c.id = CASE r.kind WHEN 'undo' THEN r.about ELSE r.id END AND c.kind = 'contact' CROSS JOIN street AS s"
        " ON s.id = c.street_id AND s.people < ? CROSS JOIN measurement AS m ON m.street_id = c.street_id"
        f" WHERE r.id IN (SELECT value FROM json_each(?)) AND r.kind IN ('contact', 'undo') AND {_WITHIN_A_DAY}",
        (rules.small_street_people, json.dumps(list(records))),
    )
    return [MeasurementId(row[0]) for row in rows]


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


def sittings_of_promoter(connection: sqlite3.Connection, promoter: PromoterId, rules: Rules) -> list[MeasurementId]:
    """Return the measurements at which the promoter told somebody, of streets that are small or were when last counted."""
    rows = connection.execute(_OF_PROMOTER, (rules.small_street_people, promoter))
    return [MeasurementId(row[0]) for row in rows]


def sittings_with_heads(connection: sqlite3.Connection, rules: Rules) -> list[MeasurementId]:
    """Return the measurements of small streets: what is told there is counted by heads."""
    rows = connection.execute(
        "SELECT m.id FROM measurement AS m JOIN street AS s ON s.id = m.street_id WHERE s.people < ? ORDER BY m.id",
        (rules.small_street_people,),
    )
    return [MeasurementId(row[0]) for row in rows]


def counted_as_if(
    connection: sqlite3.Connection, rules: Rules, orders: Collection[int], *, event: int | None = None
) -> dict[MeasurementId, Tally | None]:
    """
    Return the measurements that these quarantines, or those in force, concern, counted as if these were those in force.

    With an `event` those too of which anything was recorded after it, and all counted as they had been recorded by then:
    None where nothing had been.
    """
    wanted = ", ".join(str(int(seq)) for seq in sorted(orders))
    concerned = connection.execute(
        f"SELECT seq, promoter_id FROM quarantine_order WHERE undone_at IS NULL OR seq IN ({wanted})"  # noqa: S608  # numbers
    ).fetchall()
    numbers = ", ".join(str(int(seq)) for seq, _ in concerned)
    held = {MeasurementId(row[0]) for row in connection.execute(_HELD_BY.format(orders=numbers))}
    held |= {name for _, one in concerned if one for name in sittings_of_promoter(connection, one, rules)}
    if event is not None:
        held |= _recorded_after(connection, event, rules)
    chosen, names = "(SELECT value AS id FROM json_each(?)) AS chosen", json.dumps(sorted(held))
    known = "" if event is None else f" AND s.batch <= {event:d}"
    told = "" if event is None else f" AND (SELECT r.batch FROM phone_record AS r WHERE r.id = c.id) <= {event:d}"  # noqa: S608  # a number
    heads = _heads(connection, rules.small_street_people, chosen, names, orders=wanted, known=told)
    asked_of = dict(_grouped(connection.execute(_SURVEYS.format(chosen=chosen, orders=wanted, known=known), (names,))))
    return {
        name: tally(_in_order(asked_of[name], heads.get(name)), rules) if name in asked_of else None
        for name in sorted(held)
    }


def _recorded_after(connection: sqlite3.Connection, event: int, rules: Rules) -> set[MeasurementId]:
    """Return the measurements of which a survey, or somebody told on a small street, was recorded after an event."""
    surveys = connection.execute("SELECT batch, measurement_id FROM survey ORDER BY number DESC")
    asked = {MeasurementId(name) for _, name in takewhile(lambda row: row[0] > event, surveys)}
    records = connection.execute("SELECT batch, id FROM phone_record ORDER BY number DESC")
    told = [name for _, name in takewhile(lambda row: row[0] > event, records)]
    return asked.union(sittings_of_contacts(connection, told, rules))


def unlike_their_surveys(
    connection: sqlite3.Connection, rules_at: Callable[[int], Rules]
) -> Iterator[tuple[MeasurementId, str]]:
    """
    Count every measurement anew and yield those whose tally differs, each with the word for the table: tally or home_tally.

    `rules_at` says which settings were in force at the event of a number: a tally is that of the last event that made it
    necessary. One pass in the order of the measurements; memory does not grow with them.
    """
    quarantines = _quarantines(connection)
    for name, surveys, event in _every(connection):
        stored = connection.execute(
            "SELECT answers, spread_at, left_out, last_asked_at FROM tally WHERE measurement_id = ?",
            (name,),
        ).fetchone()
        told = tally(surveys, rules_at(event))
        if stored is not None and tuple(stored) != columns_of(told):
            told = _with_heads(connection, name, surveys, stored, rules_at, quarantines) or told
        if stored is None or tuple(stored) != columns_of(told):
            yield name, "tally"
        homes = connection.execute("SELECT street_id, knows, asked FROM home_tally WHERE measurement_id = ?", (name,))
        if {home: (knows, asked) for home, knows, asked in homes} != told.homes:
            yield name, "home_tally"


def note_spreads(turn: Turn, rules_at: Callable[[int], Rules], *, event: int) -> None:
    """
    Note in every tally with which answer enough promoters or corners had asked: older versions did not.

    What an older version counted by corners as they were typed is counted anew; whatever else differs from its surveys stays
    as it is, and is found. All are decided anew. Rules as in `unlike_their_surveys`; `event` is the number of that of the upgrade.
    """
    assert turn.head.seq >= event
    connection, quarantines = turn.connection, _quarantines(turn.connection)
    for name, surveys, cause in _every(connection):
        stored = connection.execute("SELECT answers FROM tally WHERE measurement_id = ?", (name,)).fetchone()
        if stored is None:
            continue
        told: Tally | None = tally(surveys, rules_at(cause))
        if told is None or told.answers != stored[0]:
            as_typed = [replace(one, corner="x" + one.corner.encode().hex()) for one in surveys]
            if tally(as_typed, rules_at(cause)).answers == stored[0]:
                _save(turn, [(name, tally(surveys, rules_at(cause)))])
                continue
            told = _with_heads(connection, name, surveys, stored, rules_at, quarantines)
        connection.execute(
            "UPDATE tally SET spread_at = ?, undecided = 1 WHERE measurement_id = ?", (told and told.spread_at, name)
        )


def _every(connection: sqlite3.Connection) -> Iterator[tuple[MeasurementId, list[Asked], int]]:
    """Yield every measurement with its surveys and the last event that made its tally necessary."""
    causes = connection.cursor().execute(
        "SELECT max(max(s.batch), coalesce(max(q.since_seq), 0), coalesce(max(q.until_seq), 0)) FROM survey AS s"
        " LEFT JOIN quarantine AS q ON q.survey_id = s.id GROUP BY s.measurement_id ORDER BY s.measurement_id"
    )
    every = _grouped(
        connection.cursor().execute(
            _SURVEYS.format(chosen="(SELECT id FROM measurement ORDER BY id) AS chosen", orders=_IN_FORCE, known="")
        )
    )
    for (name, surveys), (event,) in zip(every, causes, strict=True):
        yield name, surveys, event


def _quarantines(connection: sqlite3.Connection) -> dict[PromoterId, set[int]]:
    """Return the events by which each promoter went into quarantine or came out of it."""
    found: dict[PromoterId, set[int]] = {}
    for promoter, *events in connection.execute(
        "SELECT o.promoter_id, o.seq, coalesce((SELECT max(e.seq) FROM event AS e WHERE e.seq > o.seq"
        " AND e.kind = 'QuarantineLifted' AND e.facts ->> 'order' = o.seq), o.seq) FROM quarantine_order AS o"
        " WHERE o.promoter_id IS NOT NULL"
    ):
        found.setdefault(PromoterId(promoter), set()).update(events)
    return found


def _with_heads(
    connection: sqlite3.Connection,
    name: MeasurementId,
    surveys: list[Asked],
    stored: Sequence[object],
    rules_at: Callable[[int], Rules],
    quarantines: dict[PromoterId, set[int]],
) -> Tally | None:
    """
    Return the tally that is stored, if surveys and some of those told come to it; None where they never did.

    `stored` are its first columns: all of `columns_of`, or the answers only.

    How many people live on the street may have changed since: then those told later count no more, or not yet. What made the
    tally necessary may be a quarantine, or its end, of whoever told.
    """
    heads = _heads(connection, math.inf, "(SELECT ? AS id) AS chosen", name).get(name, [])
    heads.sort(key=lambda one: (one.asked_at, one.id))
    batches = connection.execute(
        "SELECT DISTINCT batch FROM phone_record WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps([one.id for one in heads]),),
    ).fetchall()
    causes = {batch for (batch,) in batches}.union(*(quarantines.get(PromoterId(one.promoter), ()) for one in heads))
    for cause in sorted(causes, reverse=True):
        for count in range(len(heads), -1, -1):
            found = tally(_in_order(surveys, heads[:count]), rules_at(cause))
            if columns_of(found)[: len(stored)] == tuple(stored):
                return found
    return None


def columns_of(one: Tally) -> tuple[object, ...]:
    """Return a tally as it is stored."""
    return one.answers, one.spread_at, canonical(dict(one.left_out)), format_moment(one.last_asked_at)


def _choose(connection: sqlite3.Connection, measurements: Sequence[MeasurementId]) -> None:
    connection.execute("DROP TABLE IF EXISTS temp.chosen")
    connection.execute("CREATE TEMP TABLE chosen (id TEXT PRIMARY KEY) WITHOUT ROWID")
    connection.executemany("INSERT OR IGNORE INTO chosen VALUES (?)", [(name,) for name in measurements])


def _surveys(connection: sqlite3.Connection) -> Iterator[tuple[MeasurementId, list[Asked]]]:
    return _grouped(connection.execute(_SURVEYS.format(chosen="temp.chosen AS chosen", orders=_IN_FORCE, known="")))


def _grouped(rows: Iterable[sqlite3.Row]) -> Iterator[tuple[MeasurementId, list[Asked]]]:
    for name, group in groupby(rows, key=lambda row: str(row[0])):
        yield (
            MeasurementId(name),
            [
                Asked(row[1], datetime.fromisoformat(row[2]), row[3], row[4], row[5], row[6], row[7], bool(row[8]))
                for row in group
            ],
        )


def _heads(
    connection: sqlite3.Connection,
    people_below: float,
    chosen: str,
    *names: str,
    orders: str = _IN_FORCE,
    known: str = "",
) -> dict[MeasurementId, list[Asked]]:
    """Return whoever was told on streets so small, by measurement of the day; `names` fill the places of `chosen`."""
    return _by_door(
        connection.execute(_HEADS.format(chosen=chosen, orders=orders, known=known), (*names, people_below))
    )


def _by_door(rows: Iterable[sqlite3.Row]) -> dict[MeasurementId, list[Asked]]:
    """Return whoever was told, by measurement: a door once, by whoever is in no quarantine, such rows come first; a door is no corner."""
    found: dict[MeasurementId, dict[str, Asked]] = {}
    for name, contact, at, promoter, door, held in rows:
        told = Asked(contact, datetime.fromisoformat(at), TOLD, promoter, corner="", quarantined=bool(held))
        found.setdefault(MeasurementId(name), {}).setdefault(door, told)
    return {name: list(doors.values()) for name, doors in found.items()}


def _in_order(surveys: list[Asked], heads: list[Asked] | None) -> list[Asked]:
    return sorted([*surveys, *heads], key=lambda one: (one.asked_at, one.id)) if heads else surveys


def _save(turn: Turn, batch: Sequence[tuple[str, Tally]]) -> None:
    turn.connection.executemany(
        "INSERT INTO tally (measurement_id, answers, spread_at, left_out, last_asked_at, undecided) VALUES (?, ?, ?, ?, ?, 1)"
        " ON CONFLICT (measurement_id) DO UPDATE SET answers = excluded.answers, spread_at = excluded.spread_at, left_out = excluded.left_out, last_asked_at = excluded.last_asked_at, undecided = 1",
        [(name, *columns_of(one)) for name, one in batch],
    )
    turn.connection.executemany("DELETE FROM home_tally WHERE measurement_id = ?", [(name,) for name, _ in batch])
    turn.connection.executemany(
        "INSERT INTO home_tally VALUES (?, ?, ?, ?)",
        [(name, home, *counts) for name, one in batch for home, counts in one.homes.items()],
    )
    turn.connection.executemany(
        "UPDATE measurement SET phase = ? WHERE id = ? AND phase <> ?",
        [(one.phase.of_measurement, name, one.phase.of_measurement) for name, one in batch],
    )
