"""Bases: what each is, and who belongs to it by what crews, reps and trainings name."""

from dataclasses import dataclass

from fieldops.clock import format_moment
from fieldops.events import BaseSet
from fieldops.people import Base
from fieldops.store import audit
from fieldops.store.connect import Turn
from fieldops.store.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class BaseUse:
    """A base with who belongs to it; `base` is None where it is only named and nobody has described it."""

    name: str
    base: Base | None
    crews: int
    people: int
    reps: int
    sellers: int
    trainings: int

    @property
    def in_use(self) -> bool:
        """Return whether a crew, rep, seller or coming training names it."""
        return bool(self.crews or self.reps or self.sellers or self.trainings)


def read_bases(connection: sqlite3.Connection, now: str) -> list[BaseUse]:
    """Return every base that is described or named, by name; `now` tells which trainings are still to come."""
    described = {row[0]: Base(*row) for row in connection.execute("SELECT name, address, lon, lat, hours FROM base")}
    rows = connection.execute(
        "WITH named (name) AS (SELECT name FROM base UNION SELECT base FROM crew WHERE base IS NOT NULL UNION SELECT base FROM rep"
        " WHERE base <> '' UNION SELECT base FROM training WHERE starts_at > :now AND cancelled_at IS NULL)"
        " SELECT n.name, (SELECT count(*) FROM crew AS c WHERE c.base = n.name),"
        " (SELECT coalesce(sum(c.people), 0) FROM crew AS c WHERE c.base = n.name),"
        " (SELECT count(*) FROM rep AS r WHERE r.base = n.name AND r.until IS NULL),"
        " (SELECT count(*) FROM candidate AS k WHERE k.base = n.name AND k.stage IN ('trained', 'first_order', 'active')"
        " AND k.merged_into IS NULL AND k.erased_at IS NULL),"
        " (SELECT count(*) FROM training AS t WHERE t.base = n.name AND t.starts_at > :now AND t.cancelled_at IS NULL)"
        " FROM named AS n ORDER BY n.name",
        {"now": now},
    )
    return [BaseUse(row[0], described.get(row[0]), *tuple(row)[1:]) for row in rows]


def write_base(turn: Turn, base: Base, *, event: BaseSet) -> None:
    """Store what a base is, new or changed, with the event."""
    audit.append(turn, event)
    turn.connection.execute(
        "INSERT INTO base VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET address = excluded.address, lon = excluded.lon,"
        " lat = excluded.lat, hours = excluded.hours",
        (base.name, base.address, base.lon, base.lat, base.hours),
    )


def drop_base(turn: Turn, *, event: BaseSet) -> None:
    """Take a base off the list, with the event."""
    audit.append(turn, event)
    turn.connection.execute("DELETE FROM base WHERE name = ?", (event.base,))


def bases_now(turn: Turn) -> dict[str, BaseUse]:
    """Return every base by name, as the open turn sees them."""
    return {one.name: one for one in read_bases(turn.connection, format_moment(turn.now))}
