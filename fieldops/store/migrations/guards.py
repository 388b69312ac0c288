"""What was said stays said: rows that are never changed, deleted or replaced, and rows of which only some columns ever change."""

from typing import TYPE_CHECKING

from fieldops.store.migrations.statements import run_statements

if TYPE_CHECKING:
    from sqlite_utils.db import Database

# tables of which no row is ever changed or deleted
_APPEND_ONLY = (
    "appeal_answer", "assignment", "back_check", "burst", "burst_override", "candidate_call", "response", "sentinel",
    "street_edit", "unassigned", "walk",
)  # fmt: skip
# tables of which no row is ever deleted: the columns that stay as they are
_KEPT = {
    "decision": (
        "id", "measurement_id", "street_id", "triangle_id", "rule", "asked", "knows", "surveys_used", "verdict",
        "wrong_move_on", "wrong_push_on", "surveys_digest", "crew_id", "decisive_at", "decided_at",
    ),
    "measurement": ("id", "street_id", "triangle_id", "blind", "crew_id", "claim_id", "given", "back_check_of"),
    "closure": ("street_id", "since", "decision_id"),
    "quarantine": ("survey_id", "since_seq", "reason"),
    "quarantine_order": ("seq", "promoter_id", "measurement_id", "reason", "made_at"),
    "effort": ("id", "day", "crew_id", "street_id", "venue_id"),
    "plan": ("id", "made_at", "starts_at", "objective", "bound", "gap", "seed"),
    "reserve": ("street_id", "event", "crew_id", "kept_from", "kept_until"),
    "cool_down_override": ("claim_id",),
    "poster": ("code", "street_id", "venue_id", "crew_id", "made_at"),
    "notice": ("id", "claim_id", "crew_id", "street_id", "lead_time_s", "due_at", "held_until", "channel", "made_at"),
    "candidate": ("number", "id", "source_kind", "made_at"),
}  # fmt: skip
# what is set once stays: a closure may be made anew only within the moment in which it was made and ended
_ONCE = {
    "decision": "OLD.withdrawn_at IS NOT NULL AND NEW.withdrawn_at IS NOT OLD.withdrawn_at",
    "quarantine": "OLD.until_seq IS NOT NULL AND NEW.until_seq IS NOT OLD.until_seq",
    "quarantine_order": "OLD.undone_at IS NOT NULL AND NEW.undone_at IS NOT OLD.undone_at",
    "reserve": "OLD.ended_at IS NOT NULL AND NEW.ended_at IS NOT OLD.ended_at",
    "closure": "OLD.ended_at IS NOT OLD.since AND (NEW.reopens_at IS NOT OLD.reopens_at"
    " OR (OLD.ended_at IS NOT NULL AND NEW.ended_at IS NOT OLD.ended_at))",
}


def _guards() -> str:
    return "\n".join(
        [
            *(_guard(f"{name}_is_never_changed", f"UPDATE ON {name}", "", "is append-only") for name in _APPEND_ONLY),
            *(_guard(f"{name}_stays", f"UPDATE ON {name}", _when(name), "keeps what was said") for name in _KEPT),
            *(
                _guard(f"{name}_is_never_deleted", f"DELETE ON {name}", "", "keeps every row")
                for name in (*_APPEND_ONLY, *_KEPT)
            ),
        ]
    )


def _when(table: str) -> str:
    changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in _KEPT[table])
    return f" WHEN {changed}" + (f" OR {_ONCE[table]}" if table in _ONCE else "")


def _guard(name: str, act: str, when: str, words: str) -> str:
    table = act.split()[-1]
    return f"CREATE TRIGGER {name} BEFORE {act}{when} BEGIN SELECT RAISE(ABORT, 'table {table} {words}'); END;"


GUARDS = _guards()


# `INSERT OR REPLACE` of another program takes the old row away without asking the triggers on DELETE. Rows of these tables are
# only ever added; of the others that are kept, some are written again by ours where they are there (ON CONFLICT DO UPDATE).
_ADDED = (
    "appeal_answer", "assignment", "back_check", "burst", "burst_override", "candidate", "candidate_call", "candidate_move",
    "decision", "measurement", "notice", "phone_record", "plan", "poster", "quarantine", "quarantine_order", "reserve",
    "response", "sentinel", "sign_up", "street_edit", "survey", "unassigned", "walk",
)  # fmt: skip
# An event comes after all others. A claim of a street comes after its last one has ended, and has the next number or a later.
_APPENDED = """
CREATE TRIGGER event_is_only_appended BEFORE INSERT ON event
  WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM event)
  BEGIN SELECT RAISE(ABORT, 'events are only appended'); END;
CREATE TRIGGER claim_is_only_appended BEFORE INSERT ON claim
  WHEN EXISTS (SELECT 1 FROM claim AS c WHERE c.id = NEW.id)
    OR EXISTS (SELECT 1 FROM claim AS c WHERE c.street_id = NEW.street_id AND c.generation >= NEW.generation)
    OR EXISTS (SELECT 1 FROM claim AS c WHERE c.street_id = NEW.street_id AND c.ended_at IS NULL)
  BEGIN SELECT RAISE(ABORT, 'a claim follows those of its street, and replaces none'); END
"""


def refuse_replacing(db: "Database") -> None:
    """Let no row of the record, of claims and of what was said be replaced by an insert."""
    run_statements(db, _APPENDED)
    for table in _ADDED:
        same = " OR ".join(
            f"EXISTS (SELECT 1 FROM {table} AS o WHERE {' AND '.join(f'o.{name} = NEW.{name}' for name in key)})"  # noqa: S608  # our own names
            for key in _keys(db, table)
        )
        run_statements(
            db, _guard(f"{table}_is_never_replaced", f"INSERT ON {table}", f" WHEN {same}", "keeps what was said")
        )


def _keys(db: "Database", table: str) -> list[list[str]]:
    """Return the columns by which a row of the table is one of a kind, by its primary key first."""
    columns = db.conn.execute(f"PRAGMA table_info({table})").fetchall()
    primary = [row[1] for row in sorted((row for row in columns if row[5]), key=lambda row: row[5])]
    unique = [row for row in db.conn.execute(f"PRAGMA index_list({table})").fetchall() if row[2] and not row[4]]
    others = [[row[2] for row in db.conn.execute(f"PRAGMA index_info({index[1]})").fetchall()] for index in unique]
    return [primary, *(key for key in sorted(others) if key != primary)]


# The time of a claim only shrinks (rule 1). One that was made and withdrawn within a moment has no time left, and is revoked
# nevertheless where that moment never was (see `actions.keep.accept_clock`): else it would count as a withdrawal.
VOIDING = """
DROP TRIGGER claim_only_shrinks;
CREATE TRIGGER claim_only_shrinks BEFORE UPDATE ON claim
  WHEN NEW.ended_at IS NULL OR NEW.ended_at > OLD.ended_at
    OR (NEW.ended_at = OLD.ended_at AND (OLD.ended_at > OLD.claimed_at OR NEW.outcome <> 'revoked'))
    OR NEW.id <> OLD.id OR NEW.street_id <> OLD.street_id
    OR NEW.crew_id <> OLD.crew_id OR NEW.generation <> OLD.generation OR NEW.claimed_at <> OLD.claimed_at
    OR NEW.held_until <> OLD.held_until OR NEW.plan_id IS NOT OLD.plan_id
  BEGIN SELECT RAISE(ABORT, 'a claim can only be ended, and only earlier'); END
"""

# What was done in a time that never was (see `actions.keep.accept_clock`): a reserve of it has no time left and is in nobody's way,
# and a reminder of it is made anew when its time comes.
NEVER_WAS = f"""
DROP TRIGGER reserve_never_overlaps;
CREATE TRIGGER reserve_never_overlaps BEFORE INSERT ON reserve
  WHEN EXISTS (SELECT 1 FROM reserve AS r WHERE r.street_id = NEW.street_id
    AND r.kept_from < coalesce(r.ended_at, r.kept_until)
    AND r.kept_from < NEW.kept_until AND NEW.kept_from < coalesce(r.ended_at, r.kept_until))
  BEGIN SELECT RAISE(ABORT, 'a street is kept for one crew only'); END;
DROP TRIGGER notice_stays;
{_guard("notice_stays", "UPDATE ON notice", _when("notice").replace("NEW.made_at IS NOT OLD.made_at", "NEW.made_at > OLD.made_at"), "keeps what was said")}
"""  # noqa: S608  # our own names

# RULE 20: a claim is made, and ended, by the newest event of the record. Another program that changes claims has no event to
# show; one that makes an event up has not the key, and `claims verify` names it.
TOLD = """
CREATE TRIGGER claim_is_told BEFORE INSERT ON claim
  WHEN NOT EXISTS (SELECT 1 FROM event AS e WHERE e.seq = (SELECT max(seq) FROM event) AND e.kind = 'StreetClaimed'
    AND e.took_effect_at = NEW.claimed_at AND json_extract(e.facts, '$.claim') = NEW.id
    AND json_extract(e.facts, '$.street') = NEW.street_id AND json_extract(e.facts, '$.crew') = NEW.crew_id
    AND json_extract(e.facts, '$.generation') = NEW.generation AND json_extract(e.facts, '$.held_until') = NEW.held_until)
  BEGIN SELECT RAISE(ABORT, 'a claim is made by its event'); END;
CREATE TRIGGER claim_end_is_told BEFORE UPDATE ON claim
  WHEN NOT EXISTS (SELECT 1 FROM event AS e WHERE e.seq = (SELECT max(seq) FROM event)
    AND e.kind = 'Claim' || upper(substr(NEW.outcome, 1, 1)) || substr(NEW.outcome, 2)
    AND e.took_effect_at = NEW.ended_at AND e.why = NEW.reason AND json_extract(e.facts, '$.claim') = NEW.id
    AND json_extract(e.facts, '$.credit') IS NEW.credit)
  BEGIN SELECT RAISE(ABORT, 'a claim is ended by its event'); END
"""
