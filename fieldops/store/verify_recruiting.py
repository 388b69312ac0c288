"""The tables of recruiting compared with the record: sign-ups and moves by digest, stages, reps and the funnel by what follows."""

import json
from collections import Counter

from fieldops.errors import BadInput
from fieldops.recruiting.journey import Entry, entries, rolled_up, walk_journey
from fieldops.recruiting.packed import pack
from fieldops.store import places, recruiting
from fieldops.store.replay import Replay, Violation
from fieldops.store.sqlite import as_text, sqlite3

_STAGES = (
    "SELECT c.id, c.stage, coalesce((SELECT m.after FROM candidate_move AS m WHERE m.candidate_id = c.id"
    " ORDER BY m.number DESC LIMIT 1), 'new') AS told FROM candidate AS c WHERE c.stage <> told LIMIT 20"
)
_REPS = (
    "SELECT c.id, c.rep_id, e.rep FROM candidate AS c LEFT JOIN (SELECT facts ->> 'candidate' AS candidate,"
    " facts ->> 'rep' AS rep, max(seq) FROM event WHERE kind = 'RepAssigned' GROUP BY 1) AS e ON e.candidate = c.id"
    " WHERE c.rep_id IS NOT e.rep LIMIT 20"
)
_UNSIGNED = (
    "SELECT c.id FROM candidate AS c WHERE NOT EXISTS (SELECT 1 FROM sign_up AS s WHERE s.candidate_id = c.id AND s.again = 0"
    " AND s.source_kind = c.source_kind AND s.street_id IS c.street_id AND s.venue_id IS c.venue_id AND s.crew_id IS c.crew_id"
    " AND s.poster IS c.poster AND s.made_at = c.made_at) LIMIT 20"
)
# rows of a table -> how many the events demand, and how many they take away again
_COUNTS = {
    "candidate WHERE merged_into IS NOT NULL": ("CandidatesMerged", "MergeUndone"),
    "candidate WHERE erased_at IS NOT NULL": ("PersonErased", ""),
    "candidate_call": ("CallMade", ""),
    "poster": ("PosterMade", ""),
    "poster WHERE closed_at IS NOT NULL": ("PosterClosed", ""),
}


def compare_recruiting(connection: sqlite3.Connection, replay: Replay) -> None:
    """Add to the replay's violations what sign-ups, moves, candidates and tallies say against the events."""
    with as_text(connection):
        for table, single, many in (
            ("sign_up", "", "SignUpsRecorded"), ("candidate_move", "CandidateMoved", "CandidatesMoved"),
        ):  # fmt: skip
            _compare_batches(connection, replay, table, single, many)
        for row in connection.execute(_STAGES):
            _blame(replay, f"candidate {row[0]} is {row[1]} in the table, and {row[2]} by their moves")
        for row in connection.execute(_REPS):
            _blame(replay, f"candidate {row[0]} is with rep {row[1]} in the table, and {row[2]} in the record")
        for row in connection.execute(_UNSIGNED):
            _blame(replay, f"candidate {row[0]} has no sign-up that says the same")
        for table, (made, undone) in _COUNTS.items():
            rows = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608  # keys of `_COUNTS`
            told = replay.counts.get(made, 0) - replay.counts.get(undone, 0)
            if rows != told:
                _blame(replay, f"table {table} has {rows} rows, but the events tell of {told} ({made})")
        _compare_funnel(connection, replay)


def _blame(replay: Replay, what: str, seq: int = 0) -> None:
    replay.violations.append(Violation(seq, what))


def _compare_batches(connection: sqlite3.Connection, replay: Replay, table: str, single: str, many: str) -> None:
    """Compare each batch of append-only rows with its event: one move with its facts, many rows with count and digest."""
    seen = 0
    try:
        for seq, count, again, digest in recruiting.batches(connection, table):
            seen += 1
            row = connection.execute(
                "SELECT kind, facts, why, took_effect_at FROM event WHERE seq = ?", (seq,)
            ).fetchone()
            kind, facts = (row[0], json.loads(row[1])) if row else ("", {})
            if kind == single and single:
                one = (facts["candidate"], facts["before"], facts["after"], row[2], row[3])
                right = count == 1 and recruiting.digest_rows([one]) == digest
            else:
                right = kind == many and (facts["count"], facts.get("again", 0), facts["digest"]) == (
                    count,
                    again,
                    digest,
                )
            if not right:
                _blame(replay, f"the {count} rows of {table} in this batch are not those that were recorded", seq)
    except (sqlite3.OperationalError, ValueError, TypeError, KeyError) as error:
        _blame(replay, f"table {table} cannot be read ({error})")
    told = replay.counts.get(many, 0) + replay.counts.get(single, 0)
    if seen != told:
        _blame(replay, f"{told} batches of {table} were recorded, and {seen} are there")


def _compare_funnel(connection: sqlite3.Connection, replay: Replay) -> None:
    """Recompute every candidate's way, and the funnel's tallies, from their moves."""
    told: Counter[Entry] = Counter()
    try:
        zone = places.read_zone(connection)
        for candidate, moves, packed in recruiting.each_journey(connection):
            way = walk_journey(candidate.made_at, moves, zone)
            if packed != pack(way):
                _blame(replay, f"the way of candidate {candidate.id} is not that of their moves")
            if candidate.merged_into is None:
                told.update(entries(way, candidate.source.kind, candidate.group))
        stored, told = recruiting.read_tallied(connection), rolled_up(told)
    except (BadInput, ValueError, TypeError, KeyError) as error:
        _blame(replay, f"candidates cannot be read ({error})")
        return
    wrong = [one for one in told.keys() | stored.keys() if told[one] != stored[one]]
    if wrong:
        _blame(replay, f"the funnel's tallies differ from the moves in {len(wrong)} places")
