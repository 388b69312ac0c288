"""The streets as a table: filtered and sorted by the database, a page at a time, so that 50,000 of them are no burden."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fieldops.clock import parse_moment
from fieldops.ids import CityId, CrewId, PlanId, StreetId
from fieldops.store.sqlite import sqlite3

# What a table can be sorted by; unknown values come last either way.
SORTS = {
    "street": "v.label", "state": "v.state", "ends": "v.held_until", "aware": "v.share", "asked": "nullif(v.asked, 0)",
    "hours": "v.hours_to_target", "people": "v.people", "planned": "c.name",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """
    Which streets, in which order: all of them as they were imported where nothing is wished.

    `words` are parts of the name; `state` one of free, claimed ...; `measured` whether anybody was ever asked there; `crew`
    holds the street or is planned for it; `sort` is one of `SORTS`, `down` from the largest.
    """

    words: str = ""
    state: str | None = None
    measured: bool | None = None
    crew: CrewId | None = None
    sort: str | None = None
    down: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """A wish in a city, beside a plan where there is one; `sounding` are further streets that its words mean."""

    city: CityId
    plan: PlanId | None
    wish: Wish
    sounding: Sequence[StreetId] = ()


@dataclass(frozen=True, slots=True)
class ListedStreet:
    """A street in the table beside the map: the facts that the map shows. `share` is None where nobody has measured (rule 12)."""

    fid: int
    id: StreetId
    label: str
    state: str
    people: float
    holder: str | None
    held_until: datetime | None
    knows: int
    asked: int
    share: float | None
    low: float | None
    high: float | None
    hours_to_target: float | None
    planned: str | None
    zone: str | None


_FROM = (
    " FROM street_status AS v LEFT JOIN assignment AS a ON a.street_id = v.street AND a.plan_id = :plan"
    " LEFT JOIN crew AS c ON c.id = a.crew_id WHERE v.city = :city"
)
_ROWS = (
    "SELECT v.fid, v.street, v.label, v.state, v.people, h.name, v.held_until, coalesce(v.knows, 0), coalesce(v.asked, 0),"
    " v.share, v.low, v.high, v.hours_to_target, c.name, z.name FROM json_each(:fids) AS j"
    " JOIN street_status AS v ON v.fid = j.value LEFT JOIN zone AS z ON z.id = v.zone LEFT JOIN crew AS h ON h.id = v.crew"
    " LEFT JOIN assignment AS a ON a.street_id = v.street AND a.plan_id = :plan LEFT JOIN crew AS c ON c.id = a.crew_id"
    " ORDER BY j.key"
)


def list_streets(connection: sqlite3.Connection, search: Search, *, most: int, after: int = 0) -> list[ListedStreet]:
    """Return `most` streets of the city as wished, from number `after` on."""
    conditions, given = _wished(search)
    by = SORTS.get(search.wish.sort or "")
    order = f"{by} IS NULL, {by}{' DESC' if search.wish.down else ''}, v.fid" if by else "v.fid"
    chosen = connection.execute(
        f"SELECT v.fid{_FROM}{conditions} ORDER BY {order} LIMIT :most OFFSET :after",
        {**given, "most": most, "after": after},
    )  # our own words; what people write is bound
    fids = [row[0] for row in chosen]
    rows = connection.execute(_ROWS, {"fids": json.dumps(fids), "plan": search.plan})
    return [
        ListedStreet(
            row[0], StreetId(row[1]), row[2], row[3], row[4], row[5], parse_moment(row[6]) if row[6] else None, *row[7:]
        )
        for row in map(tuple, rows)
    ]


def count_streets(connection: sqlite3.Connection, search: Search) -> int:
    """Return how many streets of the city are as wished."""
    conditions, given = _wished(search)
    found: int = connection.execute(f"SELECT count(*){_FROM}{conditions}", given).fetchone()[0]
    return found


def _wished(search: Search) -> tuple[str, dict[str, object]]:
    """Return the conditions of a wish, and what is bound in them."""
    wish = search.wish
    given: dict[str, object] = {"city": search.city, "plan": search.plan}
    where, asked = [], wish.words.split()
    for i, word in enumerate(asked):
        given[f"w{i}"] = "%" + word.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
    if asked:
        named = " AND ".join(f"v.label LIKE :w{i} ESCAPE '!'" for i in range(len(asked)))
        where.append(f"(({named}) OR v.street IN (SELECT value FROM json_each(:sounding)))")  # noqa: S608  # names are ours: w0, w1 ...
        given["sounding"] = json.dumps(list(search.sounding))
    if wish.state is not None:
        where.append("v.state = :state")
        given["state"] = wish.state
    if wish.measured is not None:
        where.append("v.share IS NOT NULL" if wish.measured else "v.share IS NULL")
    if wish.crew is not None:
        where.append("(v.crew = :crew OR a.crew_id = :crew)")
        given["crew"] = wish.crew
    return "".join(f" AND {one}" for one in where), given
