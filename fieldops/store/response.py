"""How streets answer effort: the newest fit to the record, or what is assumed until there is one."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from fieldops.clock import format_moment, parse_moment
from fieldops.events import ResponseFitted
from fieldops.ids import CityId
from fieldops.store import audit
from fieldops.store.audit import canonical
from fieldops.store.connect import Turn
from fieldops.store.places import people_doubt
from fieldops.store.sqlite import sqlite3

if TYPE_CHECKING:
    from fieldops.awareness import Pool, Response


_ALL = CityId("")


@dataclass(frozen=True, slots=True)
class Fit:
    """
    What was fitted, when, and to how much: streets that were asked, surveys, promoter-hours.

    `fitted_at` is None, and the counts are 0, where the response is assumed. `pools` say what ties the streets of each city
    together; of an old record one stands for all cities, under an empty name.
    """

    response: "Response"
    pools: Mapping[CityId, "Pool"] = field(default_factory=dict)
    fitted_at: datetime | None = None
    streets: int = 0
    surveys: int = 0
    hours: float = 0.0

    def pool_of(self, city: CityId) -> "Pool | None":
        """Return what ties the streets of a city together; None where it was not among those of the fit."""
        return self.pools.get(city, self.pools.get(_ALL))


def read_fit(connection: sqlite3.Connection, at: datetime) -> Fit:
    """Return the newest fit made by the moment, or what is assumed; quick: see `believed_fit` for what hours need."""
    from fieldops.awareness import Pool, Response

    row = connection.execute(
        "SELECT response, pool, fitted_at, streets, surveys, hours FROM response WHERE fitted_at <= ? ORDER BY seq DESC LIMIT 1",
        (format_moment(at),),
    ).fetchone()
    if row is None:
        return Fit(Response())
    stored = json.loads(row[1])
    return Fit(
        Response.from_json(json.loads(row[0])),
        {_ALL: Pool.from_json(stored)}
        if "kappa" in stored
        else {CityId(city): Pool.from_json(pool) for city, pool in stored["cities"].items()},
        parse_moment(row[2]),
        *tuple(row)[3:],
    )


def believed_fit(connection: sqlite3.Connection, at: datetime) -> Fit:
    """Return the newest fit made by the moment; before the first one what is assumed, in doubt as people are."""
    fit = read_fit(connection, at)
    return fit if fit.fitted_at else Fit(fit.response.in_doubt(people_doubt(connection)))


def save_fit(turn: Turn, *, event: ResponseFitted) -> None:
    """Store a fit and its event."""
    seq = audit.append(turn, event)
    turn.connection.execute(
        "INSERT INTO response VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            seq, format_moment(event.at), canonical(event.response), canonical(event.pool), event.streets, event.surveys,
            event.hours,
        ),
    )  # fmt: skip


def fits_unlike_their_events(connection: sqlite3.Connection) -> Iterator[int]:
    """Yield the events whose fit stands otherwise, or not at all, in the table."""
    rows = connection.execute(
        "SELECT e.seq, e.facts, e.took_effect_at, r.fitted_at, r.response, r.pool, r.streets, r.surveys, r.hours FROM event AS e"
        " LEFT JOIN response AS r ON r.seq = e.seq WHERE e.kind = 'ResponseFitted' ORDER BY e.seq"
    )
    for seq, facts, at, fitted_at, response, pool, *counts in rows:
        told = json.loads(facts)
        stored = {
            "response": json.loads(response or "null"), "pool": json.loads(pool or "null"),
            **dict(zip(("streets", "surveys", "hours"), counts, strict=True)),
        }  # fmt: skip
        if stored != told or fitted_at != at:
            yield seq
