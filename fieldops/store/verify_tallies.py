"""Tallies counted anew: which differ from their surveys, and what an upgrade notes in those of older versions."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from fieldops.ids import MeasurementId, PromoterId
from fieldops.rules import Rules
from fieldops.store.connect import Turn
from fieldops.store.heads import heads_of, with_heads
from fieldops.store.sqlite import sqlite3
from fieldops.store.tallies import columns_of, read_every_asked, save_tallies
from fieldops.surveys import Asked, Tally, tally

RulesAt = Callable[[int], Rules]


def unlike_their_surveys(connection: sqlite3.Connection, rules_at: RulesAt) -> Iterator[tuple[MeasurementId, str]]:
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
            told = _as_stored(connection, name, surveys, stored, rules_at, quarantines) or told
        if stored is None or tuple(stored) != columns_of(told):
            yield name, "tally"
        homes = connection.execute("SELECT street_id, knows, asked FROM home_tally WHERE measurement_id = ?", (name,))
        if {home: (knows, asked) for home, knows, asked in homes} != told.homes:
            yield name, "home_tally"


def note_spreads(turn: Turn, rules_at: RulesAt, *, event: int) -> None:
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
                save_tallies(turn, {name: tally(surveys, rules_at(cause))}, event=event)
                continue
            told = _as_stored(connection, name, surveys, stored, rules_at, quarantines)
        connection.execute(
            "UPDATE tally SET spread_at = ?, undecided = 1 WHERE measurement_id = ?", (told and told.spread_at, name)
        )


def _every(connection: sqlite3.Connection) -> Iterator[tuple[MeasurementId, list[Asked], int]]:
    """Yield every measurement with its surveys and the last event that made its tally necessary."""
    causes = connection.cursor().execute(
        "SELECT max(max(s.batch), coalesce(max(q.since_seq), 0), coalesce(max(q.until_seq), 0)) FROM survey AS s"
        " LEFT JOIN quarantine AS q ON q.survey_id = s.id GROUP BY s.measurement_id ORDER BY s.measurement_id"
    )
    for (name, surveys), (event,) in zip(read_every_asked(connection), causes, strict=True):
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


def _as_stored(
    connection: sqlite3.Connection,
    name: MeasurementId,
    surveys: list[Asked],
    stored: Sequence[object],
    rules_at: RulesAt,
    quarantines: dict[PromoterId, set[int]],
) -> Tally | None:
    """
    Return the tally that is stored, if surveys and some of those told come to it; None where they never did.

    `stored` are its first columns: all of `columns_of`, or the answers only.

    How many people live on the street may have changed since: then those told later count no more, or not yet. What made the
    tally necessary may be a quarantine, or its end, of whoever told.
    """
    heads = heads_of(connection, [name], None).get(name, [])
    heads.sort(key=lambda one: (one.asked_at, one.id))
    batches = connection.execute(
        "SELECT DISTINCT batch FROM phone_record WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps([one.id for one in heads]),),
    ).fetchall()
    causes = {batch for (batch,) in batches}.union(*(quarantines.get(PromoterId(one.promoter), ()) for one in heads))
    for cause in sorted(causes, reverse=True):
        for count in range(len(heads), -1, -1):
            found = tally(with_heads(surveys, heads[:count]), rules_at(cause))
            if columns_of(found)[: len(stored)] == tuple(stored):
                return found
    return None
