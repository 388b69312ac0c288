"""What the first page of a lead counts: streets by state, what ends soon, who is idle, what waits for a decision."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from fieldops.clock import format_moment, parse_moment
from fieldops.ids import CityId, ClaimId, CrewId, StreetId, TriangleId
from fieldops.people import WEEKDAYS
from fieldops.store.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class Streets:
    """A city's streets by state, and those whose claims end within a day."""

    free: int
    claimed: int
    saturated: int
    shut: int
    ending: int


@dataclass(frozen=True, slots=True)
class IdleCrew:
    """A crew that holds no street; `since` is when its last claim ended, None where it never had one."""

    id: CrewId
    name: str
    people: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Happening:
    """An event in a few facts, for the list of what happened last."""

    seq: int
    at: datetime
    kind: str
    street: str | None
    street_label: str | None
    crew_name: str | None
    more: int = 0  # events of the same kind, crew and moment that this line stands for


def count_streets(connection: sqlite3.Connection, city: CityId, at: datetime) -> Streets:
    """Return the city's streets by state at the present, of which `at` is the moment."""
    soon = format_moment(at + timedelta(hours=24))
    row = connection.execute(
        "SELECT coalesce(sum(state = 'free'), 0), coalesce(sum(state = 'claimed'), 0), coalesce(sum(state = 'saturated'), 0), "
        "coalesce(sum(state IN ('closed', 'paused', 'no_permission')), 0), coalesce(sum(state = 'claimed' AND held_until <= ?), 0) "
        "FROM street_status WHERE city = ?",
        (soon, city),
    ).fetchone()
    return Streets(*row)


def idle_crews(connection: sqlite3.Connection, at: datetime, day: str) -> list[IdleCrew]:
    """Return the crews that hold no street at the moment and have not that day off, the longest idle first."""
    moment = format_moment(at)
    rows = connection.execute(
        "SELECT c.id, c.name, c.people, (SELECT max(coalesce(k.ended_at, k.held_until)) FROM claim AS k "
        "WHERE k.crew_id = c.id AND coalesce(k.ended_at, k.held_until) <= :at) AS since FROM crew AS c "
        "WHERE NOT EXISTS (SELECT 1 FROM json_each(c.days_off) AS d WHERE d.value IN (:day, :weekday)) AND NOT EXISTS "
        "(SELECT 1 FROM claim AS k WHERE k.crew_id = c.id AND k.claimed_at <= :at AND coalesce(k.ended_at, k.held_until) > :at) "
        "ORDER BY since, c.id",
        {"at": moment, "day": day, "weekday": WEEKDAYS[date.fromisoformat(day).weekday()]},
    )
    return [IdleCrew(CrewId(row[0]), row[1], row[2], parse_moment(row[3]) if row[3] else None) for row in rows]


def undecided_places(connection: sqlite3.Connection) -> set[tuple[StreetId | None, TriangleId | None]]:
    """Return the places, (street, None) or (None, triangle), with surveys that no decision has looked at."""
    rows = connection.execute(
        "SELECT DISTINCT m.street_id, m.triangle_id FROM tally AS t JOIN measurement AS m ON m.id = t.measurement_id"
        " WHERE t.undecided = 1"
    )
    return {(row[0], row[1]) for row in rows}


def let_go(connection: sqlite3.Connection, at: datetime) -> list[ClaimId]:
    """Return the claims that ended unsaturated in the last 24 hours and whose street is free: who goes on there?"""
    rows = connection.execute(
        "SELECT k.id FROM claim AS k JOIN street_status AS v ON v.street = k.street_id"
        " WHERE coalesce(k.ended_at, k.held_until) > :since AND coalesce(k.ended_at, k.held_until) <= :at"
        " AND coalesce(k.outcome, 'forfeited') <> 'saturated' AND v.state = 'free' AND NOT EXISTS (SELECT 1 FROM claim AS n"
        " WHERE n.street_id = k.street_id AND n.claimed_at > k.claimed_at AND n.claimed_at <= :at)",
        {"since": format_moment(at - timedelta(hours=24)), "at": format_moment(at)},
    )
    return [ClaimId(row[0]) for row in rows]


def count_pushing(connection: sqlite3.Connection, city: CityId) -> int:
    """Return how many triangles of the city should be swarmed: their point says push on."""
    found: int = connection.execute(
        "SELECT count(*) FROM triangle_status WHERE city = ? AND verdict = 'push_on'", (city,)
    ).fetchone()[0]
    return found


def forfeits_since(connection: sqlite3.Connection, since: datetime, until: datetime) -> list[datetime]:
    """Return when the clock ended claims in that time, written down or not."""
    rows = connection.execute(
        "SELECT coalesce(ended_at, held_until) FROM claim WHERE coalesce(outcome, 'forfeited') = 'forfeited' "
        "AND coalesce(ended_at, held_until) > ? AND coalesce(ended_at, held_until) <= ?",
        (format_moment(since), format_moment(until)),
    )
    return [parse_moment(row[0]) for row in rows]


def saturated_since(connection: sqlite3.Connection, since: datetime, until: datetime) -> list[datetime]:
    """Return when streets became saturated in that time, with a claim or without one; what was found wrong is left out."""
    rows = connection.execute(
        "SELECT DISTINCT street_id, since FROM closure AS c WHERE since > :since AND since <= :until "
        "AND (ended_at IS NULL OR ended_at > :until) AND NOT EXISTS (SELECT 1 FROM closure AS b "
        "WHERE b.street_id = c.street_id AND b.since < c.since AND coalesce(b.ended_at, b.reopens_at) >= c.since)",
        {"since": format_moment(since), "until": format_moment(until)},
    )
    return [parse_moment(row[1]) for row in rows]


def chances_of_claims(connection: sqlite3.Connection, at: datetime) -> list[list[float]]:
    """
    Return the probability that their plan promises of each claim in force; claims without a plan are left out.

    Those that are decided together stand together: a crew's streets of one triangle (rule 10).
    """
    rows = connection.execute(
        "SELECT k.crew_id, coalesce(s.triangle_id, s.id), a.finish_probability FROM claim AS k JOIN assignment AS a "
        "ON a.plan_id = k.plan_id AND a.street_id = k.street_id AND a.crew_id = k.crew_id JOIN street AS s ON s.id = k.street_id "
        "WHERE k.claimed_at <= :at AND coalesce(k.ended_at, k.held_until) > :at",
        {"at": format_moment(at)},
    )
    return _together((row[0], row[1], row[2]) for row in rows)


def _together(claims: Iterable[tuple[str, str, float]]) -> list[list[float]]:
    groups = defaultdict[tuple[str, str], list[float]](list)
    for crew, place, chance in claims:
        groups[crew, place].append(chance)
    return list(groups.values())


EVEN = 0.5  # the odds of a claim that no plan has promised anything of


@dataclass(frozen=True, slots=True)
class BurstStand:
    """What a forecast of running bursts needs; see `planning.ending.forecast_ending` for the fields."""

    streets: int
    saturated: int
    claims: list[list[float]]
    claims_hours: float
    free: list[tuple[float, float, str]]
    ended: list[tuple[float, bool]]


def stand_of_bursts(
    connection: sqlite3.Connection, streets: Sequence[StreetId], at: datetime, since: datetime
) -> BurstStand:
    """Return how the streets of running bursts stand at the moment, and how claims have ended since the bursts began."""
    given = {"streets": json.dumps(list(streets)), "at": format_moment(at), "since": format_moment(since)}
    rows = connection.execute(
        "SELECT v.state, o.hours, o.finish, coalesce(a.finish_probability, o.finish), coalesce(o.value, 0),"
        " k.crew_id, coalesce(v.triangle, v.street) FROM json_each(:streets) AS j"
        " JOIN street_status AS v ON v.street = j.value LEFT JOIN outlook AS o ON o.street_id = v.street"
        " LEFT JOIN claim AS k ON k.id = v.claim"
        " LEFT JOIN assignment AS a ON a.plan_id = k.plan_id AND a.street_id = k.street_id AND a.crew_id = k.crew_id",
        given,
    ).fetchall()
    held = [row for row in rows if row[0] == "claimed"]
    ended = connection.execute(
        "SELECT a.finish_probability, k.outcome = 'saturated' FROM claim AS k JOIN assignment AS a ON a.plan_id = k.plan_id"
        " AND a.street_id = k.street_id AND a.crew_id = k.crew_id JOIN json_each(:streets) AS j ON j.value = k.street_id"
        " WHERE k.claimed_at >= :since AND coalesce(k.ended_at, k.held_until) <= :at"
        " AND coalesce(k.outcome, 'forfeited') IN ('saturated', 'forfeited')",
        given,
    )
    return BurstStand(
        len(rows), sum(row[0] == "saturated" for row in rows), _together((row[5], row[6], EVEN if row[3] is None else row[3]) for row in held),
        sum(row[1] or 0.0 for row in held),
        [(row[1], row[2], row[6]) for row in rows if row[0] == "free" and row[1] is not None and row[2] is not None and row[4] > 0],
        [(row[0], bool(row[1])) for row in ended],
    )  # fmt: skip


def last_happenings(connection: sqlite3.Connection, most: int) -> list[Happening]:
    """Return what happened to streets last, newest first."""
    rows = connection.execute(
        "SELECT e.seq, e.took_effect_at, e.kind, s.id, s.label, c.name FROM event AS e "
        "LEFT JOIN street AS s ON s.id = json_extract(e.facts, '$.street') "
        "LEFT JOIN crew AS c ON c.id = json_extract(e.facts, '$.crew') "
        "WHERE e.kind IN ('StreetClaimed', 'ClaimSaturated', 'ClaimForfeited', 'ClaimRevoked', 'ClaimWithdrawn', 'DecisionMade',"
        " 'PlanPublished', 'PlanMade', 'SurveysRecorded', 'SurveysQuarantined', 'QuarantineLifted', 'BackCheckOrdered',"
        " 'RecordsTaken') ORDER BY e.seq DESC LIMIT ?",
        (most * 30,),
    )
    found: list[Happening] = []
    for row in rows:
        last = found[-1] if found else None
        at = parse_moment(row[1])
        if last is not None and (last.kind, last.crew_name, last.at) == (row[2], row[5], at):
            found[-1] = replace(last, more=last.more + 1)
        elif len(found) == most:
            break
        else:
            found.append(Happening(row[0], at, row[2], row[3], row[4], row[5]))
    return found
