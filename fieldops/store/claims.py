"""
The claims in the database: who holds which street at which moment, and the writes behind the one door.

What the schema promises beside the rules: at most one unended claim per street (`claim_one_open`), no two claims of a
street that overlap in time (`claim_never_overlaps`), that the time of a claim only shrinks (`claim_only_shrinks`), and that
no claim is made or ended but by the newest event of the record (`claim_is_told`, `claim_end_is_told`).
A claim is in force by its span, never by a flag: rows that the clock has ended are closed by the next write on their
street, and read as ended before that.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from fieldops.claims import Claim, Ground, Outcome, cool_down_until, given_up_soon
from fieldops.clock import format_moment, parse_moment
from fieldops.errors import NotFound
from fieldops.events import CoolDownOverridden, Event
from fieldops.ids import ClaimId, CrewId, PlanId, StreetId, TriangleId
from fieldops.rules import Rules
from fieldops.store import audit, city, connect, decisions, incidents, reserves

if TYPE_CHECKING:
    from fieldops.store.connect import Turn
    from fieldops.store.sqlite import sqlite3

_COLUMNS = "id, street_id, crew_id, generation, claimed_at, held_until, ended_at, outcome, reason, credit, plan_id"
_IN_FORCE = "claimed_at <= :at AND held_until > :at AND coalesce(ended_at, held_until) > :at"


@dataclass(frozen=True, slots=True)
class StreetState:
    """
    What a street is to claims at a moment.

    `closed` is why nobody may claim it (closed, paused, no_permission, saturated), empty where nothing stands against it;
    `paused_until` is when a street that an incident closed for a time opens by itself; `claim` is the claim in force, `before` the one that ended last; `cool_downs` says which crew waits until when.
    """

    street: StreetId
    closed: str
    claim: Claim | None
    before: Claim | None
    cool_downs: dict[CrewId, datetime]
    paused_until: datetime | None = None


def claims_in_force(connection: "sqlite3.Connection", at: datetime) -> list[Claim]:
    """Return the claims in force at the moment, past or present, by street; at most one for each."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM claim WHERE {_IN_FORCE} ORDER BY street_id",  # noqa: S608  # constants
        {"at": format_moment(at)},
    )
    return [_claim(row) for row in rows]


def claims_of_crew(
    connection: "sqlite3.Connection", crew: CrewId, at: datetime, *, ended_too: bool = False
) -> list[Claim]:
    """Return the crew's claims in force at the moment by end, or all that had begun by then, newest last."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM claim WHERE crew_id = :crew AND "  # noqa: S608  # constants
        f"{'claimed_at <= :at' if ended_too else _IN_FORCE} ORDER BY held_until, street_id",
        {"crew": crew, "at": format_moment(at)},
    )
    return [_claim(row) for row in rows]


@dataclass(frozen=True, slots=True)
class ListedClaim:
    """A claim with the words that people know its street, crew, zone and time by."""

    claim: Claim
    street_label: str
    crew_name: str
    zone: str
    time_zone: str
    people: float


def list_claims(
    connection: "sqlite3.Connection",
    at: datetime,
    *,
    crew: CrewId | None = None,
    zone: str | None = None,
    street: StreetId | None = None,
    ended_too: bool = False,
) -> list[ListedClaim]:
    """Return the claims in force at the moment, soonest end first, or all that had begun by then; filters narrow it."""
    rows = connection.execute(
        f"SELECT {', '.join('c.' + name for name in _COLUMNS.split(', '))},"  # noqa: S608  # constants
        " s.label, w.name, coalesce(s.zone_id, ''), t.time_zone, s.people FROM claim AS c JOIN street AS s"
        " ON s.id = c.street_id JOIN crew AS w ON w.id = c.crew_id JOIN city AS t ON t.id = s.city_id WHERE "
        f"{'claimed_at <= :at' if ended_too else _IN_FORCE} AND (:crew IS NULL OR c.crew_id = :crew)"
        " AND (:zone IS NULL OR s.zone_id = :zone) AND (:street IS NULL OR c.street_id = :street)"
        " ORDER BY coalesce(c.ended_at, c.held_until), c.street_id",
        {"at": format_moment(at), "crew": crew, "zone": zone, "street": street},
    )
    return [ListedClaim(_claim(row), *tuple(row)[11:]) for row in rows]


def refuse_unknown(
    connection: "sqlite3.Connection", *, crew: CrewId | None, zone: str | None, street: StreetId | None
) -> None:
    """
    Let names pass that the region knows: an empty list is an answer only about what there is.

    Raises
    ------
    NotFound
        If there is no such crew, zone or street.
    """
    for noun, name, cure in (
        ("crew", crew, "see `fieldops crews list`"),
        ("zone", zone, "the zone of a street stands in `fieldops streets list`"),
        ("street", street, "find it by name with `fieldops streets list`"),
    ):
        if name is not None and not connection.execute(f"SELECT 1 FROM {noun} WHERE id = ?", (name,)).fetchone():  # noqa: S608  # constants
            raise NotFound(noun, name, cure=cure)


@dataclass(frozen=True, slots=True)
class Missing:
    """What a street still lacks, by the last estimate: all None where nobody has measured or estimated it (rule 12)."""

    knows: int = 0
    asked: int = 0
    share: float | None = None
    low: float | None = None
    high: float | None = None
    hours_to_target: float | None = None
    hours_low: float | None = None
    hours_high: float | None = None
    estimated_at: str | None = None


def missing_on(connection: "sqlite3.Connection", street: StreetId) -> Missing:
    """Return what the street still lacks to the target, as last estimated."""
    row = connection.execute(
        "SELECT knows, asked, share, low, high, hours_to_target, hours_low, hours_high, as_of FROM estimate"
        " WHERE place = ? AND noun = 'street'",
        (street,),
    ).fetchone()
    return Missing(*row) if row else Missing()


def claims_of_street(connection: "sqlite3.Connection", street: StreetId) -> list[Claim]:
    """Return every claim that the street ever had, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM claim WHERE street_id = ? ORDER BY generation",  # noqa: S608  # constants
        (street,),
    )
    return [_claim(row) for row in rows]


def claims_in_triangle(connection: "sqlite3.Connection", triangle: TriangleId, crew: CrewId) -> list[Claim]:
    """Return every claim that the crew ever had on streets of the triangle."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM claim WHERE crew_id = ? AND street_id IN"  # noqa: S608  # constants
        " (SELECT id FROM street WHERE triangle_id = ?)",
        (crew, triangle),
    )
    return [_claim(row) for row in rows]


def find_claim(connection: "sqlite3.Connection", claim: ClaimId) -> Claim:
    """
    Return the claim of that id.

    Raises
    ------
    NotFound
        If there is none.
    """
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM claim WHERE id = ?",  # noqa: S608  # constants
        (claim,),
    ).fetchone()
    if row is None:
        raise NotFound("claim", claim, cure="see `fieldops claims list` for the claims in force")
    return _claim(row)


def unclosed_claims(connection: "sqlite3.Connection", at: datetime, *, most: int) -> list[Claim]:
    """Return claims that the clock has ended by the moment and nobody has written down as forfeited yet."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM claim WHERE ended_at IS NULL AND held_until <= ? "  # noqa: S608  # constants
        "ORDER BY held_until, street_id LIMIT ?",
        (format_moment(at), most),
    )
    return [_claim(row) for row in rows]


def claims_beyond(connection: "sqlite3.Connection", at: datetime) -> list[Claim]:
    """Return claims that were made, or ended by an act, later than the moment: the clock had been ahead; voided ones not."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM claim WHERE held_until > :at AND (coalesce(ended_at, held_until) > claimed_at"  # noqa: S608  # constants
        " OR outcome = 'withdrawn')"
        " AND (claimed_at > :at OR (ended_at > :at AND outcome <> 'forfeited')) ORDER BY street_id, generation",
        {"at": format_moment(at)},
    )
    return [_claim(row) for row in rows]


def cool_downs(
    connection: "sqlite3.Connection", at: datetime, crew: CrewId | None = None
) -> dict[tuple[StreetId, CrewId], datetime]:
    """Return until when each crew, or that crew, may not claim a street that it forfeited, as of the moment (rule 4)."""
    rules = connect.read_rules(connection)
    rows = connection.execute(
        f"SELECT {_COLUMNS}, EXISTS (SELECT 1 FROM cool_down_override AS o WHERE o.claim_id = c.id AND o.made_at <= :at)"  # noqa: S608  # constants
        " FROM claim AS c WHERE coalesce(ended_at, held_until) <= :at AND held_until > :since"
        f"{'' if crew is None else ' AND crew_id = :crew'} AND (held_until > :binds OR outcome = 'withdrawn')",
        {
            "at": format_moment(at), "since": format_moment(at - 2 * rules.cool_down), "crew": crew,
            "binds": format_moment(at - rules.cool_down),
        },
    ).fetchall()  # fmt: skip
    claims = [(_claim(row), bool(row[-1])) for row in rows]
    given_up: dict[tuple[StreetId, CrewId], list[Claim]] = {}
    for claim, _ in claims:
        if given_up_soon(claim, rules):
            given_up.setdefault((claim.street, claim.crew), []).append(claim)
    found: dict[tuple[StreetId, CrewId], datetime] = {}
    for claim, lifted in claims:
        until = cool_down_until(claim, given_up.get((claim.street, claim.crew), ()), rules)
        if until is not None and until > at and not lifted:
            key = (claim.street, claim.crew)
            found[key] = max(until, found.get(key, until))
    return found


def street_state(connection: "sqlite3.Connection", street: StreetId, at: datetime) -> StreetState:
    """
    Return who holds the street at the moment, past or present, or what stands against claiming it.

    Raises
    ------
    NotFound
        If there is no such street.
    """
    status, permission = city.status_at(connection, street, at)
    rules = connect.read_rules(connection)
    waiting: dict[CrewId, datetime] = {}
    claims = [claim for claim in claims_of_street(connection, street) if claim.claimed_at <= at]
    overridden = _overridden(connection, claims, at)
    for claim in claims:
        ended = claim.ends_at <= at and claim.id not in overridden
        until = cool_down_until(claim, claims, rules) if ended else None
        if until is not None and until > at:
            waiting[claim.crew] = max(until, waiting.get(claim.crew, until))
    paused = incidents.paused_until(connection, street, at)
    reasons = {
        "closed": status != "open", "paused": paused is not None, "no_permission": permission == "refused",
        "saturated": decisions.is_closed(connection, street, at),
    }  # fmt: skip
    closed = next((reason for reason, holds in reasons.items() if holds), "")
    held = next((claim for claim in claims if claim.holds_at(at)), None)
    before = max((c for c in claims if c.ends_at <= at), key=lambda c: (c.ends_at, c.generation), default=None)
    return StreetState(street, closed, held, before, waiting, paused)


def ground(connection: "sqlite3.Connection", street: StreetId, crew: CrewId, at: datetime, rules: Rules) -> Ground:
    """
    Return what the rules look at before the street is given to the crew: four indexed reads.

    Raises
    ------
    NotFound
        If there is no such street or no such crew.
    """
    row = _street(connection, street)
    known, holds, first_ends = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM crew WHERE id = :crew), count(*), min(coalesce(ended_at, held_until))"  # noqa: S608  # constants
        f" FROM claim WHERE crew_id = :crew AND {_IN_FORCE}",
        {"crew": crew, "at": format_moment(at)},
    ).fetchone()
    if not known:
        raise NotFound("crew", crew, cure="import it with `fieldops crews import FILE`")
    reach = format_moment(at - 2 * rules.cool_down - timedelta(seconds=1))
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM claim WHERE street_id = :street AND (held_until > :reach "  # noqa: S608  # constants
        "OR ended_at IS NULL OR generation = (SELECT max(generation) FROM claim WHERE street_id = :street))",
        {"street": street, "reach": reach},
    )
    claims = tuple(map(_claim, rows))
    return Ground(
        street, row["status"], row["permission"], decisions.closed_until(connection, street, at), claims,
        _overridden(connection, [claim for claim in claims if claim.crew == crew], at), holds,
        parse_moment(first_ends) if first_ends else None,
        reserves.reserve_of_street(connection, street, at), incidents.paused_until(connection, street, at),
    )  # fmt: skip


def add_claim(turn: "Turn", claim: Claim, *, event: Event) -> None:
    """Store a new claim by its event, which comes first; the schema refuses it where the rules were not asked."""
    audit.append(turn, event)
    turn.connection.execute(
        "INSERT INTO claim (id, street_id, crew_id, generation, claimed_at, held_until, plan_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            claim.id, claim.street, claim.crew, claim.generation, format_moment(claim.claimed_at),
            format_moment(claim.held_until), claim.plan,
        ),
    )  # fmt: skip
    reserves.end_by_claim(turn, claim, event=event)


def write_end(turn: "Turn", claim: Claim, *, event: Event) -> None:
    """Store how and when a claim ended by its event, which comes first; the schema refuses a later end than the present one."""
    assert claim.ended_at is not None  # an ended claim has its end
    audit.append(turn, event)
    turn.connection.execute(
        "UPDATE claim SET ended_at = ?, outcome = ?, reason = ?, credit = ? WHERE id = ?",
        (format_moment(claim.ended_at), claim.outcome, claim.reason, claim.credit, claim.id),
    )


def add_override(turn: "Turn", *, event: CoolDownOverridden) -> None:
    """Store that the cool-down of a forfeited claim no longer binds, with its event; the latest such act counts."""
    turn.connection.execute(
        "INSERT INTO cool_down_override (claim_id, made_at, reason) VALUES (?, ?, ?)"
        " ON CONFLICT (claim_id) DO UPDATE SET made_at = excluded.made_at, reason = excluded.reason",
        (event.claim, format_moment(event.at), event.why),
    )
    audit.append(turn, event)


def street_words(connection: "sqlite3.Connection", street: StreetId) -> tuple[str, str]:
    """Return the label of the street and the time zone of its city; ("", "UTC") where it is unknown."""
    row = connection.execute(
        "SELECT s.label, c.time_zone FROM street AS s JOIN city AS c ON c.id = s.city_id WHERE s.id = ?", (street,)
    ).fetchone()
    return (row[0], row[1]) if row else ("", "UTC")


def crew_name(connection: "sqlite3.Connection", crew: CrewId) -> str:
    """Return the name of the crew; empty where it is unknown."""
    row = connection.execute("SELECT name FROM crew WHERE id = ?", (crew,)).fetchone()
    return row[0] if row else ""


def _street(connection: "sqlite3.Connection", street: StreetId) -> Any:
    row = connection.execute("SELECT status, permission FROM street WHERE id = ?", (street,)).fetchone()
    if row is None:
        raise NotFound("street", street, cure="find it by name with `fieldops streets list`")
    return row


def _overridden(connection: "sqlite3.Connection", claims: list[Claim], at: datetime) -> frozenset[ClaimId]:
    found = set()
    for claim in claims:
        row = connection.execute("SELECT made_at FROM cool_down_override WHERE claim_id = ?", (claim.id,)).fetchone()
        if row and row[0] <= format_moment(at):
            found.add(claim.id)
    return frozenset(found)


def _claim(row: Any) -> Claim:
    """Return the claim of a row with the columns of `_COLUMNS`."""
    return Claim(
        ClaimId(row[0]), StreetId(row[1]), CrewId(row[2]), row[3], parse_moment(row[4]), parse_moment(row[5]),
        parse_moment(row[6]) if row[6] else None, Outcome(row[7]) if row[7] else None, row[8],
        CrewId(row[9]) if row[9] else None, PlanId(row[10]) if row[10] else None,
    )  # fmt: skip
