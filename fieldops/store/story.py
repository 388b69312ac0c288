"""What ever happened on one street, and what the map showed at a past moment."""

import struct
from dataclasses import dataclass
from datetime import datetime, timedelta

from fieldops.clock import format_moment, parse_moment
from fieldops.ids import CityId, StreetId
from fieldops.store.sqlite import sqlite3

OPEN, ENDS_LATER, ENDS_IN_4_DAYS, ENDS_IN_2_DAYS, ENDS_TODAY, SATURATED, SHUT = range(7)


@dataclass(frozen=True, slots=True)
class Chapter:
    """Something that happened on a street: `kind` says what, the other fields its facts; empty where they do not apply."""

    at: datetime
    kind: str
    crew: str = ""
    crew_name: str = ""
    word: str = ""  # outcome, verdict, rule, change
    why: str = ""
    knows: int = 0
    asked: int = 0
    hours: float = 0.0


def read_story(connection: sqlite3.Connection, street: StreetId, most: int) -> list[Chapter]:
    """Return what happened on a street, newest first: claims, measurements, decisions, effort by day, changes by hand."""
    found: list[Chapter] = []
    for row in connection.execute(
        "SELECT k.claimed_at, k.crew_id, c.name, k.ended_at, k.held_until, k.outcome, k.reason FROM claim AS k "
        "JOIN crew AS c ON c.id = k.crew_id WHERE k.street_id = ?",
        (street,),
    ):
        found.append(Chapter(parse_moment(row[0]), "claimed", row[1], row[2]))
        if row[3]:
            found.append(Chapter(parse_moment(row[3]), "ended", row[1], row[2], word=row[5], why=row[6]))
    for row in connection.execute(
        "SELECT m.opened_at, m.crew_id, coalesce(c.name, ''), m.rule, t.answers, m.blind FROM measurement AS m "
        "JOIN tally AS t ON t.measurement_id = m.id LEFT JOIN crew AS c ON c.id = m.crew_id WHERE m.street_id = ?",
        (street,),
    ):
        word = "blind" if row[5] else row[3]
        found.append(
            Chapter(
                parse_moment(row[0]),
                "measured",
                row[1] or "",
                row[2],
                word=word,
                knows=row[4].count("1"),
                asked=len(row[4]),
            )
        )
    for row in connection.execute(
        "SELECT decided_at, verdict, rule, knows, asked, withdrawn_at FROM decision WHERE street_id = ?", (street,)
    ):
        found.append(Chapter(parse_moment(row[0]), "decided", word=row[1], why=row[2], knows=row[3], asked=row[4]))
        if row[5]:
            found.append(Chapter(parse_moment(row[5]), "withdrawn", word=row[1]))
    for row in connection.execute(
        "SELECT max(e.recorded_at), e.crew_id, c.name, sum(e.promoter_hours), sum(coalesce(e.contacts, 0)), e.day FROM effort AS e "
        "JOIN crew AS c ON c.id = e.crew_id WHERE e.street_id = ? GROUP BY e.day, e.crew_id",
        (street,),
    ):
        noon = parse_moment(f"{row[5]}T12:00:00Z")
        found.append(Chapter(noon, "worked", row[1], row[2], hours=row[3], asked=row[4]))
    changes = connection.execute(
        "SELECT took_effect_at, json_extract(facts, '$.change') FROM event WHERE kind = 'StreetEdited' "
        "AND json_extract(facts, '$.street') = ?",
        (street,),
    )
    found += [Chapter(parse_moment(row[0]), "changed", word=row[1]) for row in changes]
    return sorted(found, key=lambda one: one.at, reverse=True)[:most]


def count_candidates(connection: sqlite3.Connection, street: StreetId) -> int:
    """Return how many candidates came from a street."""
    found: int = connection.execute(
        "SELECT count(*) FROM candidate WHERE street_id = ? AND merged_into IS NULL", (street,)
    ).fetchone()[0]
    return found


def count_contacts(connection: sqlite3.Connection, street: StreetId) -> dict[str, int]:
    """Return the conversations that phones recorded on a street, by outcome."""
    rows = connection.execute(
        "SELECT disposition, count(*) FROM contact WHERE street_id = ? GROUP BY 1 ORDER BY 2 DESC", (street,)
    )
    return {row[0]: row[1] for row in rows}


def read_standing(connection: sqlite3.Connection, city: CityId, at: datetime) -> bytes:
    """
    Return what each street was to claims at a moment, present or past: a byte for each street key, as the map colours it.

    0 free, 1 to 4 claimed (ending in more than 4 days, within 4, within 2, within 1), 5 saturated, 6 closed or shut.
    """
    n = 1 + connection.execute("SELECT coalesce(max(fid), 0) FROM street").fetchone()[0]
    standing = bytearray(n)
    moment = format_moment(at)
    for fid, shut in connection.execute(
        "SELECT fid, status = 'closed' OR permission = 'refused' FROM street WHERE city_id = ? AND status <> 'gone'",
        (city,),
    ):
        standing[fid] = SHUT if shut else OPEN
    for (fid,) in connection.execute(
        "SELECT s.fid FROM closure AS d JOIN street AS s ON s.id = d.street_id WHERE d.since <= :at AND d.reopens_at > :at "
        "AND (d.ended_at IS NULL OR d.ended_at > :at)",
        {"at": moment},
    ):
        standing[fid] = SATURATED
    for fid, end in connection.execute(
        "SELECT s.fid, k.held_until FROM claim AS k JOIN street AS s ON s.id = k.street_id WHERE k.claimed_at <= :at "
        "AND coalesce(k.ended_at, k.held_until) > :at",
        {"at": moment},
    ):
        left = parse_moment(end) - at
        days = left / timedelta(days=1)
        standing[fid] = (
            ENDS_TODAY if days <= 1 else ENDS_IN_2_DAYS if days <= 2 else ENDS_IN_4_DAYS if days <= 4 else ENDS_LATER
        )
    return bytes(standing)


def read_holders(connection: sqlite3.Connection, at: datetime) -> bytes:
    """Return the number of the crew that held each street at a moment, as little-endian u16 by street key; 0 for none."""
    number = {row[0]: i for i, row in enumerate(connection.execute("SELECT id FROM crew ORDER BY id"), start=1)}
    n = 1 + connection.execute("SELECT coalesce(max(fid), 0) FROM street").fetchone()[0]
    held = [0] * n
    for fid, crew in connection.execute(
        "SELECT s.fid, k.crew_id FROM claim AS k JOIN street AS s ON s.id = k.street_id WHERE k.claimed_at <= :at "
        "AND coalesce(k.ended_at, k.held_until) > :at",
        {"at": format_moment(at)},
    ):
        held[fid] = number.get(crew, 0)
    return struct.pack(f"<{n}H", *held)


def read_labels(connection: sqlite3.Connection, city: CityId) -> list[tuple[StreetId, str]]:
    """Return the streets of a city with their names, shortest name first."""
    rows = connection.execute(
        "SELECT id, label FROM street WHERE city_id = ? AND status <> 'gone' ORDER BY length(label), label", (city,)
    )
    return [(StreetId(row[0]), row[1]) for row in rows]
