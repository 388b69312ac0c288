"""
What a desk page reads: a city's figures, the newest plan with the crews' turfs, one street.

Everything is as of the present of the region (see `views`). A plan is shown as soon as it is made, published or not.
`coverage` holds the same as whole tables; here a page of a big city reads only what it shows.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fieldops.clock import parse_moment
from fieldops.errors import NotFound
from fieldops.ids import CityId, CrewId, PlanId, StreetId
from fieldops.planning.reasons import unpack
from fieldops.said import Reason
from fieldops.store.connect import read_rules
from fieldops.store.sqlite import LARGEST_KEY, sqlite3


@dataclass(frozen=True, slots=True)
class Figures:
    """The city in figures: streets, people on them, and how many streets are measured, at the target, held, saturated."""

    streets: int
    people: float
    measured: int
    reached: int
    claimed: int
    saturated: int


@dataclass(frozen=True, slots=True)
class PlanCard:
    """A plan in figures; hours are promoter-hours, `finished` the streets expected to reach the decision *move on*."""

    id: PlanId
    made_at: datetime
    starts_at: datetime
    published_at: datetime | None
    objective: float
    bound: float
    gap: float
    assigned: int
    unassigned: int
    crews: int
    hours: float
    finished: float


@dataclass(frozen=True, slots=True)
class CrewTurf:
    """
    A crew with what the newest plan gives it and what it holds now.

    `number` counts the crews from 1; `lon` and `lat` are the middle of its planned streets, None where it has none.
    """

    number: int
    id: CrewId
    name: str
    people: int
    streets: int
    hours: float
    finished: float
    lon: float | None
    lat: float | None
    holds: int


@dataclass(frozen=True, slots=True)
class StreetRow:
    """A street in a list; `crew` is the crew of the newest plan, `share` None where nobody has measured (rule 12)."""

    id: StreetId
    fid: int
    kind: str
    label: str
    people: float
    lon: float
    lat: float
    state: str
    share: float | None
    low: float | None
    high: float | None
    crew: CrewId | None
    crew_name: str | None
    hours: float | None
    finish_probability: float | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class StreetFacts:
    """All that a desk knows of one street: its row, and what stands behind it."""

    row: StreetRow
    city: CityId
    zone: str | None
    triangle: str | None
    people_low: float
    people_high: float
    people_source: str
    length_m: float
    permission: str
    entry: str
    holder: CrewId | None
    holder_name: str | None
    held_until: datetime | None
    asked: int
    knows: int
    hours_to_target: float | None
    claim: str | None
    paused_until: datetime | None


_ROW = (
    "SELECT v.street, v.fid, v.kind, v.label, v.people, s.lon, s.lat, v.state, v.share, v.low, v.high, a.crew_id, c.name, "
    "a.hours, a.finish_probability, coalesce(a.reason, u.reason, ''), coalesce(a.because, u.because, '')"
)
_BEHIND = (
    ", v.city, z.name, v.triangle, s.people_low, s.people_high, s.people_source, s.length_m, v.permission, "
    "coalesce(s.open_from || '-' || s.open_until, ''), v.crew, h.name, "
    "v.held_until, coalesce(v.asked, 0), coalesce(v.knows, 0), v.hours_to_target, v.claim, v.paused_until"
)
_ROW_COLUMNS = 17
_HELD_UNTIL = _ROW_COLUMNS + 11
_FROM = (
    " FROM street_status AS v JOIN street AS s ON s.fid = v.fid LEFT JOIN zone AS z ON z.id = v.zone "
    "LEFT JOIN crew AS h ON h.id = v.crew LEFT JOIN assignment AS a ON a.street_id = v.street AND a.plan_id = :plan "
    "LEFT JOIN crew AS c ON c.id = a.crew_id LEFT JOIN unassigned AS u ON u.street_id = v.street AND u.plan_id = :plan "
)


def _row(values: Sequence[Any]) -> StreetRow:
    *facts, english, stored = values
    facts.append(unpack(stored, english))
    return StreetRow(*facts)


def read_present(connection: sqlite3.Connection) -> datetime:
    """Return the moment that all figures are of."""
    return parse_moment(connection.execute("SELECT moment FROM present").fetchone()[0])


def map_number(connection: sqlite3.Connection) -> int:
    """Return the number of the event that changed the map last, 0 before the first: it names a state of the map."""
    row = connection.execute("SELECT max(seq) FROM event WHERE kind IN ('CityImported', 'StreetEdited')").fetchone()
    return row[0] or 0


def read_figures(connection: sqlite3.Connection, city: CityId) -> Figures:
    """Return the city in figures."""
    row = connection.execute(
        "SELECT count(*), coalesce(sum(people), 0.0), count(share), coalesce(sum(share >= ?), 0), "
        "coalesce(sum(state = 'claimed'), 0), coalesce(sum(state = 'saturated'), 0) FROM street_status WHERE city = ?",
        (read_rules(connection).target_share, city),
    ).fetchone()
    return Figures(*row)


def asked_by_triangle(connection: sqlite3.Connection, city: CityId) -> list[int]:
    """Return the answers that each triangle of the city has."""
    rows = connection.execute("SELECT coalesce(asked, 0) FROM triangle_status WHERE city = ?", (city,))
    return [int(row[0]) for row in rows]


def newest_plan(connection: sqlite3.Connection) -> PlanCard | None:
    """Return the plan made last of those that are possible and no what-if, None before the first."""
    row = connection.execute(
        "SELECT p.id, p.made_at, p.starts_at, p.published_at, p.objective, p.bound, p.gap, "
        "(SELECT count(*) FROM unassigned AS u WHERE u.plan_id = p.id), count(a.street_id), count(DISTINCT a.crew_id), "
        "coalesce(sum(a.hours), 0.0), coalesce(sum(a.finish_probability), 0.0) FROM plan AS p "
        "LEFT JOIN assignment AS a ON a.plan_id = p.id "
        "WHERE p.id = (SELECT id FROM plan WHERE json_extract(figures, '$.what_if') IS NULL AND status <> 'impossible' "
        "ORDER BY made_at DESC, id LIMIT 1) GROUP BY p.id"
    ).fetchone()
    if row is None:
        return None
    identity, made, starts, published, objective, bound, gap, left, *sums = row
    return PlanCard(
        PlanId(identity), parse_moment(made), parse_moment(starts), _moment(published), objective, bound, gap,
        sums[0], left, *sums[1:],
    )  # fmt: skip


def read_turfs(connection: sqlite3.Connection, plan: PlanId | None) -> list[CrewTurf]:
    """Return every crew of the region by id, with its turf in the plan."""
    rows = connection.execute(
        "SELECT c.id, c.name, c.people, count(a.street_id), coalesce(sum(a.hours), 0.0), "
        "coalesce(sum(a.finish_probability), 0.0), avg(s.lon), avg(s.lat), (SELECT count(*) FROM claim AS k, present AS now WHERE k.crew_id = c.id "
        "AND k.claimed_at <= now.moment AND coalesce(k.ended_at, k.held_until) > now.moment) "
        "FROM crew AS c LEFT JOIN assignment AS a ON a.crew_id = c.id AND a.plan_id = ? "
        "LEFT JOIN street AS s ON s.id = a.street_id GROUP BY c.id ORDER BY c.id",
        (plan,),
    )
    return [CrewTurf(number, CrewId(row[0]), *row[1:]) for number, row in enumerate(map(tuple, rows), start=1)]


def streets_of_crew(connection: sqlite3.Connection, plan: PlanId | None, crew: CrewId) -> list[StreetRow]:
    """Return the streets that the plan gives to the crew, by name."""
    rows = connection.execute(
        f"{_ROW}{_FROM} WHERE a.crew_id = :crew ORDER BY v.label",
        {"plan": plan, "crew": crew},
    )
    return [_row(row) for row in rows]


def find_streets(
    connection: sqlite3.Connection,
    city: CityId,
    plan: PlanId | None,
    words: str,
    *,
    state: str | None = None,
    sounding: Sequence[StreetId] = (),
    most: int,
    after: int = 0,
) -> list[StreetRow]:
    """
    Return streets of the city whose name holds all the words, or that are among `sounding`, shortest name first.

    `most` of them are returned, from number `after` on; `state` keeps those of one state.
    """
    asked = {f"w{i}": f"%{_literal(word)}%" for i, word in enumerate(words.split())}
    named = " AND ".join(f"v.label LIKE :{name} ESCAPE '!'" for name in asked) or "1"
    rows = connection.execute(
        f"{_ROW}{_FROM} WHERE v.city = :city AND (({named}) OR v.street IN (SELECT value FROM json_each(:sounding))) "  # noqa: S608  # names are ours: w0, w1 ...
        "AND (:state IS NULL OR v.state = :state) ORDER BY length(v.label), v.label LIMIT :most OFFSET :after",
        {
            "city": city,
            "plan": plan,
            "state": state,
            "sounding": json.dumps(list(sounding)),
            "most": most,
            "after": after,
            **asked,
        },
    )
    return [_row(row) for row in rows]


def read_street(connection: sqlite3.Connection, plan: PlanId | None, street: StreetId) -> StreetFacts:
    """
    Return the facts of a street.

    Raises
    ------
    NotFound
        If there is no such street on the map.
    """
    row = connection.execute(
        f"{_ROW}{_BEHIND}{_FROM} WHERE v.street = :street",
        {"plan": plan, "street": street},
    ).fetchone()
    if row is None:
        raise NotFound("street", street, cure="see `fieldops streets list`")
    values = list(row)
    for place in (_HELD_UNTIL, -1):
        values[place] = _moment(values[place])
    return StreetFacts(_row(values[:_ROW_COLUMNS]), *values[_ROW_COLUMNS:])


def street_labels(connection: sqlite3.Connection, streets: Sequence[StreetId]) -> dict[StreetId, str]:
    """Return the names of streets by id."""
    rows = connection.execute(
        "SELECT s.id, s.label FROM json_each(?) AS j JOIN street AS s ON s.id = j.value", (json.dumps(list(streets)),)
    )
    return {StreetId(row[0]): row[1] for row in rows}


def street_by_key(connection: sqlite3.Connection, fid: int) -> StreetId:
    """
    Return the id of the street whose integer key the map's tiles carry.

    Raises
    ------
    NotFound
        If there is none.
    """
    row = connection.execute(
        "SELECT id FROM street WHERE fid = ? AND status <> 'gone'", (min(fid, LARGEST_KEY),)
    ).fetchone()
    if row is None:
        raise NotFound("street", str(fid), cure="make the tiles anew with `fieldops tiles`")
    return StreetId(row[0])


def _literal(word: str) -> str:
    return word.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _moment(text: Any) -> datetime | None:
    return parse_moment(text) if text else None
