"""What ever happened on one street."""

from dataclasses import dataclass
from datetime import datetime

from fieldops.clock import parse_moment
from fieldops.ids import CityId, StreetId
from fieldops.store.connect import read_rules
from fieldops.store.decisions import measurements_of_street
from fieldops.store.sqlite import sqlite3


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
    until: datetime | None = None  # the end of a pause


def read_story(connection: sqlite3.Connection, street: StreetId, most: int) -> list[Chapter]:
    """
    Return what happened on a street, newest first: claims, pauses, measurements, decisions, effort by day, changes by hand.

    What the clock has ended is told as ended, whether or not that was written down yet (rule 2).
    """
    found: list[Chapter] = []
    for row in connection.execute(
        "SELECT k.claimed_at, k.crew_id, c.name, coalesce(k.ended_at, CASE WHEN k.held_until <= now.moment THEN k.held_until END),"
        " coalesce(k.outcome, 'forfeited'), CASE WHEN k.ended_at IS NULL THEN 'clock' ELSE k.reason END"
        " FROM claim AS k CROSS JOIN present AS now JOIN crew AS c ON c.id = k.crew_id WHERE k.street_id = ?",
        (street,),
    ):
        found.append(Chapter(parse_moment(row[0]), "claimed", row[1], row[2]))
        if row[3]:
            found.append(Chapter(parse_moment(row[3]), "ended", row[1], row[2], word=row[4], why=row[5]))
    for since, until, ended in connection.execute(
        "SELECT since, until, ended_at FROM pause WHERE street_id = ?", (street,)
    ):
        found.append(Chapter(parse_moment(since), "paused", until=parse_moment(until)))
        if ended and ended < until:
            found.append(Chapter(parse_moment(ended), "opened"))
    crews = {row[0]: row[1] for row in connection.execute("SELECT id, name FROM crew")}
    found += [
        Chapter(
            one.opened_at, "measured", one.crew or "", crews.get(one.crew, ""), word="blind" if one.blind else one.rule,
            knows=one.answers.count("1"), asked=len(one.answers),
        )
        for one in measurements_of_street(connection, read_rules(connection), street)
    ]  # fmt: skip
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


def read_labels(connection: sqlite3.Connection, city: CityId) -> list[tuple[StreetId, str]]:
    """Return the streets of a city with their names, shortest name first."""
    rows = connection.execute(
        "SELECT id, label FROM street WHERE city_id = ? AND status <> 'gone' ORDER BY length(label), label", (city,)
    )
    return [(StreetId(row[0]), row[1]) for row in rows]
