"""Plans in the region file, and what a plan is made from."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fieldops.clock import format_moment, parse_moment
from fieldops.errors import NotFound
from fieldops.estimates import Basis
from fieldops.events import PlanMade, PlanPublished
from fieldops.ids import CrewId, PlanId, StreetId, TriangleId
from fieldops.planning.reasons import pack, say, unpack
from fieldops.said import Reason, Said
from fieldops.store import audit
from fieldops.store.connect import Turn
from fieldops.store.nodes import region_node
from fieldops.store.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class StoredAssignment:
    """One street of a plan; `pinned` are live claims, which the plan takes as given."""

    street: StreetId
    crew: CrewId
    hours: float
    finish_probability: float
    value: float
    pinned: bool
    reason: Reason


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan with its assignments and with the reason for every street that nobody gets."""

    id: PlanId
    made_at: datetime
    starts_at: datetime
    status: str
    objective: float
    bound: float
    gap: float
    seconds: float
    seed: int
    figures: dict[str, Any]
    published_at: datetime | None
    assignments: tuple[StoredAssignment, ...] = ()
    unassigned: tuple[tuple[StreetId, Reason], ...] = ()

    @property
    def known_at(self) -> datetime:
        """Return the moment of which it knows the streets; one that was moved knows what the one before knew."""
        return parse_moment(self.figures["known_at"]) if "known_at" in self.figures else self.made_at

    @property
    def known_seq(self) -> int | None:
        """Return the number of the newest event of which it knows; None in plans of old records."""
        return self.figures.get("known_seq")

    @property
    def weeks(self) -> dict[CrewId, tuple[float, float]] | None:
        """Return the promoter-hours of the week and of a day of each crew that it gives streets; None in plans of old records."""
        found = self.figures.get("weeks")
        return None if found is None else {CrewId(crew): (week, day) for crew, (week, day) in found.items()}

    @property
    def rooms(self) -> dict[CrewId, tuple[float, float]]:
        """
        Return the promoter-hours that each crew with streets had left beside its claims, and what its streets take of them.

        So many that it can do them as surely as the rules want, see `reserve.sure_hours`. Empty in plans of old records.
        """
        found = self.figures.get("rooms", {})
        return {CrewId(crew): (room, needs) for crew, (room, needs) in found.items()}

    @property
    def impossible(self) -> Reason:
        """Return why nothing at all could be planned, empty where something was."""
        return unpack(self._because.get("impossible", ""), self.figures.get("impossible", ""))

    @property
    def violations(self) -> list[Reason]:
        """Return what is unlawful in it, empty where it is lawful."""
        wrong = self.figures.get("violations", [])
        packed = self._because.get("violations", [""] * len(wrong))
        return [unpack(stored, english) for stored, english in zip(packed, wrong, strict=True)]

    @property
    def left_out(self) -> dict[str, Reason]:
        """Return the crews that get no street, each with its reason."""
        return self._unpacked("left_out")

    @property
    def unkept(self) -> dict[str, Reason]:
        """Return the streets whose pin could not be kept, each with its reason."""
        return self._unpacked("unkept")

    @property
    def basis_warning(self) -> Said | None:
        """Return what is to be said where it rests on few measured triangles; None in plans of old records."""
        basis = self.figures.get("basis")
        return Basis(**basis).warning if basis else None

    @property
    def _because(self) -> dict[str, Any]:
        found: dict[str, Any] = self.figures.get("because", {})
        return found

    def _unpacked(self, name: str) -> dict[str, Reason]:
        packed = self._because.get(name, {})
        return {key: unpack(packed.get(key, ""), text) for key, text in self.figures.get(name, {}).items()}


def save_plan(turn: Turn, plan: StoredPlan, *, event: PlanMade) -> None:
    """Append a plan with all that belongs to it, and its event."""
    connection = turn.connection
    connection.execute(
        "INSERT INTO plan (id, made_at, starts_at, status, objective, bound, gap, seconds, seed, figures)"
        " VALUES (?,?,?,?,?,?,?,?,?,?)",
        (
            plan.id, format_moment(plan.made_at), format_moment(plan.starts_at), plan.status, plan.objective, plan.bound,
            plan.gap, plan.seconds, plan.seed, json.dumps(plan.figures, ensure_ascii=False),
        ),
    )  # fmt: skip
    connection.executemany(_ASSIGNMENT, [_assignment_row(plan.id, one) for one in plan.assignments])
    connection.executemany(
        _UNASSIGNED, [(plan.id, street, str(reason), pack(reason)) for street, reason in plan.unassigned]
    )
    audit.append(turn, event)


_ASSIGNMENT = (
    "INSERT INTO assignment (plan_id, street_id, crew_id, hours, finish_probability, value, pinned, reason, because)"
    " VALUES (?,?,?,?,?,?,?,?,?)"
)
_UNASSIGNED = "INSERT INTO unassigned (plan_id, street_id, reason, because) VALUES (?,?,?,?)"


def _assignment_row(plan: PlanId, one: StoredAssignment) -> tuple[Any, ...]:
    return (
        plan, one.street, one.crew, one.hours, one.finish_probability, one.value, int(one.pinned), str(one.reason),
        pack(one.reason),
    )  # fmt: skip


def mark_published(turn: Turn, plan: PlanId, *, event: PlanPublished) -> None:
    """Note that the plan's assignments are claims now, and append the event."""
    turn.connection.execute("UPDATE plan SET published_at = ? WHERE id = ?", (format_moment(event.at), plan))
    audit.append(turn, event)


def names(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the name of every crew and the label of every street, by id."""
    found = connection.execute("SELECT id, name FROM crew UNION ALL SELECT id, label FROM street")
    return dict(tuple(row) for row in found)


def read_plan(connection: sqlite3.Connection, plan: PlanId) -> StoredPlan:
    """
    Return the plan whole; an id may be cut short as long as it is unambiguous.

    Raises
    ------
    NotFound
        If there is no such plan, or several begin so.
    """
    rows = connection.execute(
        "SELECT * FROM plan WHERE substr(id, 1, length(?1)) = ?1 AND ?1 <> '' LIMIT 2", (plan,)
    ).fetchall()
    if len(rows) != 1:
        raise NotFound(
            "plan", plan, cure="see `fieldops plan list`" if not rows else "several begin so: give more of it"
        )
    found = _plan(rows[0])
    assignments = connection.execute(
        "SELECT street_id, crew_id, hours, finish_probability, value, pinned, reason, because FROM assignment"
        " WHERE plan_id = ? ORDER BY crew_id, value DESC, street_id",
        (found.id,),
    )
    unassigned = connection.execute(
        "SELECT street_id, reason, because FROM unassigned WHERE plan_id = ? ORDER BY street_id", (found.id,)
    )
    return StoredPlan(
        found.id, found.made_at, found.starts_at, found.status, found.objective, found.bound, found.gap, found.seconds,
        found.seed, found.figures, found.published_at,
        tuple(
            StoredAssignment(StreetId(a), CrewId(b), c, d, e, bool(f), unpack(because, g))
            for a, b, c, d, e, f, g, because in assignments
        ),
        tuple((StreetId(street), unpack(because, reason)) for street, reason, because in unassigned),
    )  # fmt: skip


def list_plans(connection: sqlite3.Connection) -> list[StoredPlan]:
    """Return all plans without their assignments, newest first."""
    return [_plan(row) for row in connection.execute("SELECT * FROM plan ORDER BY made_at DESC, id")]


def plans_since(connection: sqlite3.Connection, moment: datetime) -> list[StoredPlan]:
    """Return the plans that begin after a moment, without their assignments, newest first."""
    rows = connection.execute(
        "SELECT * FROM plan WHERE starts_at > ? ORDER BY made_at DESC, id", (format_moment(moment),)
    )
    return [_plan(row) for row in rows]


def has_ground_changed(connection: sqlite3.Connection, seq: int) -> bool:
    """Return whether crews, bursts, pins or settings were changed after an event."""
    found = connection.execute(
        "SELECT 1 FROM event WHERE seq > ? AND (kind IN ('BurstsSet', 'BurstOverridden', 'StreetPinned', 'StreetUnpinned', 'RulesChanged')"
        " OR (kind = 'RowsImported' AND json_extract(facts, '$.noun') = 'crews')) LIMIT 1",
        (seq,),
    )
    return found.fetchone() is not None


def _plan(row: Any) -> StoredPlan:
    return StoredPlan(
        PlanId(row["id"]), parse_moment(row["made_at"]), parse_moment(row["starts_at"]), row["status"], row["objective"],
        row["bound"], row["gap"], row["seconds"], row["seed"], json.loads(row["figures"]),
        parse_moment(row["published_at"]) if row["published_at"] else None,
    )  # fmt: skip


# ── what a plan is made from ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class PlanStreet:
    """A street as the plan sees it; `excluded` is the standing reason against it, `note` what its crew should know."""

    id: StreetId
    label: str
    people: float
    priority: float
    node: int
    lon: float
    lat: float
    excluded: str
    note: Said | None
    triangle: TriangleId | None = None
    opens: str = ""
    closes: str = ""


def plan_streets(connection: sqlite3.Connection) -> list[PlanStreet]:
    """Return the streets of the region by id; closed ones and those without permission carry the reason."""
    rows = connection.execute(
        f"SELECT id, label, people, priority, {region_node('node', 'city_id')} AS node, lon, lat, status, permission, triangle_id,"  # noqa: S608  # constants
        " coalesce(open_from, '') AS open_from, coalesce(open_until, '') AS open_until FROM street WHERE status <> 'gone' ORDER BY id"
    )
    streets = []
    for row in rows:
        reason = ""
        if row["status"] != "open":
            reason = say("closed")
        elif row["permission"] == "refused":
            reason = say("refused")
        note = say("ask_gate") if row["permission"] == "unknown" else None
        streets.append(
            PlanStreet(
                StreetId(row["id"]),
                row["label"],
                row["people"],
                row["priority"],
                row["node"],
                row["lon"],
                row["lat"],
                reason,
                note,
                row["triangle_id"],
                row["open_from"],
                row["open_until"],
            )
        )
    return streets


def swarmed_triangles(connection: sqlite3.Connection, at: datetime) -> frozenset[TriangleId]:
    """Return the triangles whose latest decisive point test by the moment says push on (rule 11)."""
    return _triangles_at(connection, at, "push_on")


def moved_triangles(connection: sqlite3.Connection, at: datetime) -> frozenset[TriangleId]:
    """Return the triangles whose latest decisive point test by the moment says move on: nobody tests them again."""
    return _triangles_at(connection, at, "move_on")


def number_triangles(streets: Iterable[PlanStreet], moved: frozenset[TriangleId]) -> dict[StreetId, int]:
    """Return the number of each street's triangle, -1 where no point decides for it: there is none, or it has moved on before."""
    of = {one.id: one.triangle for one in streets}
    number = {name: k for k, name in enumerate(sorted({name for name in of.values() if name} - moved))}
    return {street: number.get(name, -1) if name else -1 for street, name in of.items()}


def _triangles_at(connection: sqlite3.Connection, at: datetime, verdict: str) -> frozenset[TriangleId]:
    rows = connection.execute(
        "SELECT triangle_id, verdict, max(decisive_at || printf('%020d', rowid)) FROM decision WHERE triangle_id IS NOT NULL AND withdrawn_at IS NULL"
        " AND decisive_at <= ? GROUP BY triangle_id",
        (format_moment(at),),
    )
    return frozenset(TriangleId(row[0]) for row in rows if row[1] == verdict)


def kept_pairs(
    connection: sqlite3.Connection, since: datetime, until: datetime, without: PlanId | None = None
) -> frozenset[tuple[StreetId, CrewId]]:
    """Return what the newest plan but `without` published within [since, until] gives to whom; what was claimed meanwhile included."""
    rows = connection.execute(
        "SELECT street_id, crew_id FROM assignment WHERE pinned = 0 AND plan_id = (SELECT id FROM plan"
        " WHERE published_at >= ? AND published_at <= ? AND id IS NOT ? ORDER BY published_at DESC, id LIMIT 1)",
        (format_moment(since), format_moment(until), without),
    )
    return frozenset((StreetId(street), CrewId(crew)) for street, crew in rows)


def read_walks(
    connection: sqlite3.Connection,
) -> tuple[list[tuple[int, float, float, str]], list[tuple[int, int, float, str]]]:
    """Return nodes (id, lon, lat, city) and segments (from, to, metres, kind) of all cities, without their geometry."""
    node, start, end = (region_node(column, "city_id") for column in ("id", "from_node", "to_node"))
    nodes = connection.execute(f"SELECT {node}, lon, lat, city_id FROM node ORDER BY 1").fetchall()  # noqa: S608  # constants
    segments = connection.execute(f"SELECT {start}, {end}, length_m, kind FROM segment ORDER BY fid").fetchall()  # noqa: S608  # constants
    return [tuple(row) for row in nodes], [tuple(row) for row in segments]
