"""Heads: whoever was told on a small street after its arrival measurement is one more who knows (RULE 9, statistics.md 3.2)."""

import json
from collections.abc import Collection, Iterable
from datetime import datetime

from fieldops.contacts import NEWLY_TOLD
from fieldops.ids import MeasurementId, PromoterId
from fieldops.rules import Rules
from fieldops.store.recorded import NOW, Recorded
from fieldops.store.sqlite import sqlite3
from fieldops.surveys import TOLD, Asked, Phase, phase_of

_WITHIN_A_DAY = "c.made_at >= {0} AND c.made_at < strftime('%Y-%m-%dT%H:%M:%f', {0}, '+1 day')"
_OF_THE_DAY = _WITHIN_A_DAY.format("m.opened_at")
# RULE 13: not by a promoter in quarantine, nor where the measurement itself is in it
_HEADS = (  # constants
    "SELECT m.id, c.id, min(c.made_at), c.promoter_id, CASE c.door WHEN '' THEN c.id ELSE c.door END AS told_at, EXISTS (SELECT 1"
    " FROM quarantine_order AS o WHERE o.seq IN ({in_force}) AND (o.promoter_id = c.promoter_id OR o.measurement_id = m.id)) AS held"
    " FROM (SELECT value AS id FROM json_each(:names)) AS chosen CROSS JOIN measurement AS m ON m.id = chosen.id"
    " CROSS JOIN street AS s ON s.id = m.street_id AND (:below IS NULL OR s.people < :below)"
    " CROSS JOIN {talks} AS c ON c.street_id = m.street_id"
    " WHERE m.blind = 0 AND c.venue_id IS NULL AND c.disposition IN ({told}) AND {within}"
    " GROUP BY m.id, told_at, held ORDER BY m.id, held, 3"
)
_TOLD = ", ".join(f"'{one}'" for one in NEWLY_TOLD)
_OF_PROMOTER = (
    "SELECT DISTINCT m.id FROM contact AS c CROSS JOIN street AS s ON s.id = c.street_id"  # noqa: S608  # constants
    " CROSS JOIN measurement AS m ON m.street_id = c.street_id CROSS JOIN tally AS t ON t.measurement_id = m.id"
    f" WHERE c.promoter_id = ?2 AND m.blind = 0 AND {_OF_THE_DAY} AND (s.people < ?1 OR length(t.answers) >"
    " (SELECT coalesce(sum(h.asked), 0) FROM home_tally AS h WHERE h.measurement_id = m.id))"
)


def heads_of(
    connection: sqlite3.Connection,
    measurements: Collection[MeasurementId],
    people_below: float | None,
    recorded: Recorded = NOW,
) -> dict[MeasurementId, list[Asked]]:
    """
    Return whoever was told within a day on streets of so few people (None: on any), by measurement.

    A door counts once, by whoever is in no quarantine; it is no corner.
    """
    query = _HEADS.format(
        in_force=recorded.in_force, talks=recorded.talks, told=_TOLD, within=_WITHIN_A_DAY.format(recorded.opened)
    )
    given = {"names": json.dumps(list(measurements)), "below": people_below}
    found: dict[MeasurementId, dict[str, Asked]] = {}
    for name, contact, at, promoter, door, held in connection.execute(query, given | recorded.given):
        told = Asked(contact, datetime.fromisoformat(at), TOLD, promoter, corner="", quarantined=bool(held))
        found.setdefault(MeasurementId(name), {}).setdefault(door, told)  # those in no quarantine come first
    return {name: list(doors.values()) for name, doors in found.items()}


def with_heads(surveys: list[Asked], heads: list[Asked] | None) -> list[Asked]:
    """Return the surveys of a measurement with the heads told, in the order asked or told; one made after a push has none."""
    if not heads or phase_of(surveys) is Phase.AFTER:
        return surveys
    return sorted([*surveys, *heads], key=lambda one: (one.asked_at, one.id))


def sittings_of_contacts(connection: sqlite3.Connection, records: Iterable[str], rules: Rules) -> list[MeasurementId]:
    """Return the measurements of small streets whose heads these records of phones change: contacts, and what undoes them."""
    rows = connection.execute(
        "SELECT DISTINCT m.id FROM phone_record AS r CROSS JOIN phone_record AS c"  # noqa: S608  # constants
        " ON c.id = CASE r.kind WHEN 'undo' THEN r.about ELSE r.id END AND c.kind = 'contact' CROSS JOIN street AS s"
        " ON s.id = c.street_id AND s.people < ? CROSS JOIN measurement AS m ON m.street_id = c.street_id"
        f" WHERE r.id IN (SELECT value FROM json_each(?)) AND r.kind IN ('contact', 'undo') AND {_OF_THE_DAY}",
        (rules.small_street_people, json.dumps(list(records))),
    )
    return [MeasurementId(row[0]) for row in rows]


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
