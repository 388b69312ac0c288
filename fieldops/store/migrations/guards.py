"""What was said stays said: rows that are never changed or deleted, and rows of which only some columns ever change."""

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
