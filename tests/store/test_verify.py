"""The record is replayed, and whatever was tampered with is found."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldops.actions.backcheck import lift_quarantine, quarantine_surveys
from fieldops.actions.claims import end_claim, make_claim, override_cool_down
from fieldops.actions.decisions import decide, decide_in_turn
from fieldops.actions.rules import change_rules
from fieldops.actions.surveys import record_surveys
from fieldops.awareness import Verdict
from fieldops.errors import StorageFailed
from fieldops.events import DecisionMade, DecisionWithdrawn, RegionUpgraded
from fieldops.ids import CrewId, PromoterId, StreetId
from fieldops.store import audit
from fieldops.store.connect import Region, create_memory_region
from fieldops.store.decisions import record_decision, set_closure, withdraw_decision
from fieldops.store.migrations import GRACE_ONCE
from fieldops.store.sqlite import sqlite3
from fieldops.store.verify import verify
from tests import towns
from tests.conftest import LEAD, NOON, PLANNER
from tests.small_region import add_town

WEEK = timedelta(days=7)
DAY = timedelta(days=1)
S = [StreetId(f"S{i}") for i in range(10)]
C = [CrewId(f"C{i}") for i in range(4)]


def busy_region() -> Region:
    """Three weeks of claims: forfeited, withdrawn, revoked, lifted, unended."""
    region = create_memory_region(PLANNER, now=NOON)
    add_town(region, streets=10, crews=4)
    claims = [make_claim(region, LEAD, street=S[i], crew=C[i % 4], now=NOON + i * DAY / 10) for i in range(10)]
    end_claim(region, LEAD, claims[1].id, outcome="withdrawn", why="no_time", now=NOON + DAY)
    end_claim(region, LEAD, claims[2].id, outcome="revoked", why="crew_shrank", now=NOON + 2 * DAY)
    make_claim(region, LEAD, street=S[0], crew=C[1], now=NOON + WEEK + DAY)
    override_cool_down(region, LEAD, street=S[3], crew=C[3], why="nearly_done", now=NOON + WEEK + DAY)
    make_claim(region, LEAD, street=S[3], crew=C[3], now=NOON + WEEK + DAY)
    make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON + 2 * WEEK + DAY)
    return region


@pytest.fixture
def busy() -> Iterator[Region]:
    region = busy_region()
    yield region
    region.close()


def tamper(region: Region, *statements: str) -> None:
    """Write past every guard, as somebody with the file and without the key could."""
    connection = region.reader()
    guards = "SELECT type, name FROM main.sqlite_master WHERE type = 'trigger' OR name = 'claim_one_open'"
    for kind, name in connection.execute(guards).fetchall():
        connection.execute(f"DROP {kind} {name}")
    connection.execute("PRAGMA foreign_keys=OFF")
    for statement in statements:
        assert connection.execute(statement).rowcount > 0, statement


def findings(region: Region, *anchors: audit.Head) -> str:
    return "\n".join(violation.what for violation in verify(region, anchors=anchors).violations)


def test_an_honest_record_has_no_violation(busy: Region) -> None:
    result = verify(busy)
    assert (result.violations, result.claims, result.events) == ([], 13, 22)
    assert result.head == audit.head(busy.reader())


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("ended_at", "held_until"),
        ("outcome", "'saturated'"),
        ("crew_id", "'C3'"),
        ("plan_id", "'P'"),
        ("reason", "'x'"),
    ],
)
def test_a_claim_row_that_differs_from_its_events_is_found(busy: Region, column: str, value: str) -> None:
    busy.reader().execute("PRAGMA ignore_check_constraints=ON")
    tamper(busy, f"UPDATE claim SET {column} = {value} WHERE street_id = 'S1'")
    assert "in the table, and ('S1'" in findings(busy)


def test_a_claim_without_its_event_and_an_event_without_its_claim_are_found(busy: Region) -> None:
    tamper(busy, "DELETE FROM claim WHERE street_id = 'S5'")
    assert "is in the record but not in the table" in findings(busy)
    assert "table claim has 12 rows, but the events tell of 13" in findings(busy)


def test_a_second_holder_written_past_the_guards_is_found_without_any_index() -> None:
    region = create_memory_region(PLANNER, now=NOON)
    add_town(region)
    make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON)
    tamper(region, "UPDATE claim SET street_id = 'S1'")  # the door no longer sees it
    make_claim(region, LEAD, street=S[0], crew=C[1], now=NOON)
    tamper(
        region,
        "UPDATE claim SET generation = 2 WHERE street_id = 'S0'",
        "UPDATE claim SET street_id = 'S0' WHERE crew_id = 'C0'",
    )
    assert "gives street S0 to crew C1 while claim" in findings(region)
    region.close()


@pytest.mark.parametrize("column", ["kind", "took_effect_at", "recorded_at", "actor", "why", "facts", "chain"])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draw=st.data())
def test_a_single_flipped_bit_in_any_event_is_found(busy: Region, column: str, draw: st.DataObject) -> None:
    connection = busy.reader()
    seq = draw.draw(st.integers(1, 22))
    before = connection.execute(f"SELECT {column} FROM event WHERE seq = ?", (seq,)).fetchone()[0]
    old = before.encode()
    if not old:
        return
    byte, bit = draw.draw(st.integers(0, len(old) - 1)), draw.draw(st.integers(0, 7))
    new = old[:byte] + bytes([old[byte] ^ 1 << bit]) + old[byte + 1 :]
    tamper(busy)
    connection.execute(f"UPDATE event SET {column} = CAST(? AS TEXT) WHERE seq = ?", (new, seq))
    found = verify(busy).violations
    connection.execute(f"UPDATE event SET {column} = ? WHERE seq = ?", (before, seq))
    assert {violation.seq for violation in found} & {seq, seq + 1}
    assert verify(busy).violations == []


def test_a_flipped_byte_in_the_file_itself_is_found(region: Region, tmp_path: Path) -> None:
    add_town(region)
    make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON)
    region.close()
    whole = region.path.read_bytes()
    facts = whole.index(b'"held_until":"2026-03-09')
    for offset in range(0, 30, 3):
        region.path.write_bytes(whole[: facts + offset] + b"\xff" + whole[facts + offset + 1 :])
        assert "was changed" in findings(replace(region))
    region.path.write_bytes(whole)
    assert findings(region) == ""


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("DELETE FROM event WHERE seq = 7", "events 7 to 7 are missing"),
        ("UPDATE event SET seq = 100 WHERE seq = 22", "events 22 to 99 are missing"),
        ("UPDATE event SET device = 'a' || char(31) WHERE seq = 5", "chain value differs"),
        ("UPDATE event SET actor = '', device = actor WHERE seq = 5", "chain value differs"),
    ],
)
def test_events_taken_out_moved_or_shifted_are_found(busy: Region, statement: str, what: str) -> None:
    tamper(busy, statement)
    assert what in findings(busy)


def test_two_events_that_changed_places_are_found(busy: Region) -> None:
    tamper(
        busy,
        "UPDATE event SET seq = 1000 WHERE seq = 4",
        "UPDATE event SET seq = 4 WHERE seq = 5",
        "UPDATE event SET seq = 5 WHERE seq = 1000",
    )
    assert "chain value differs" in findings(busy)


def test_a_cut_tail_is_found_by_an_anchor_and_by_nothing_else(busy: Region) -> None:
    anchor = audit.head(busy.reader())
    assert findings(busy, anchor) == ""
    tamper(
        busy,
        "DELETE FROM event WHERE seq >= 21",
        "DELETE FROM claim WHERE street_id = 'S0' AND generation = 3",
        "UPDATE claim SET ended_at = NULL, outcome = NULL, reason = '' WHERE street_id = 'S0' AND generation = 2",
    )
    assert findings(busy) == ""
    assert "the record ends at 20: its tail was cut" in findings(busy, anchor)


def test_a_record_that_somebody_rewrote_with_another_key_is_found(busy: Region) -> None:
    assert "chain value differs" in findings(replace(busy, key=b"another"))


def test_an_anchor_of_another_record_is_found(busy: Region) -> None:
    assert "was replaced" in findings(busy, audit.Head(3, "f" * 64, ""))


def rewrite(region: Region, seq: int, **changed: object) -> None:
    """Change an event and forge the chain from there on, as somebody with the key could: only the rules remain."""
    tamper(region)
    connection = region.reader()
    rows = connection.execute("SELECT * FROM event WHERE seq >= ? ORDER BY seq", (seq - 1,)).fetchall()
    previous = rows[0]["chain"]
    for row in rows[1:]:
        columns = {name: row[name] for name in row.keys()[1:8]}  # a Row
        if row["seq"] == seq:
            columns["facts"] = audit.canonical(json.loads(columns["facts"]) | changed)
        previous = audit.link(region.key, previous, row["seq"], *columns.values())
        connection.execute(
            "UPDATE event SET facts = ?, chain = ? WHERE seq = ?", (columns["facts"], previous, row["seq"])
        )


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"held_until": "2026-03-10T04:00:00.000000Z"}, "(rule 2)"),
        ({"generation": 2}, "has generation 2 after 0"),
        ({"generation": None}, "in the table"),
    ],
)
def test_a_forged_grant_breaks_the_rules_though_its_chain_holds(
    busy: Region, changed: dict[str, object], what: str
) -> None:
    rewrite(busy, 4, **changed)
    found = findings(busy)
    assert "chain value" not in found
    assert what in found


def test_a_grant_within_the_cool_down_is_found_when_the_override_is_hidden(busy: Region) -> None:
    seq = busy.reader().execute("SELECT seq FROM event WHERE kind = 'CoolDownOverridden'").fetchone()[0]
    rewrite(busy, seq, crew="C0", claim="other")
    assert "within its cool-down (rule 4)" in findings(busy)


def test_a_grant_beyond_the_cap_is_found() -> None:
    region = create_memory_region(PLANNER, now=NOON)
    add_town(region, streets=42)
    with region.turn(PLANNER, now=NOON) as turn:  # a setting without its event loosens the door, and not the replay
        turn.connection.execute("INSERT INTO setting VALUES ('rules', '{\"claims_per_crew\": 41}')")
    for i in range(41):
        assert "may hold" not in findings(region)
        make_claim(region, LEAD, street=StreetId(f"S{i}"), crew=C[0], now=NOON)
    assert "is claim 41 of crew C0, which may hold 40" in findings(region)
    region.close()


@pytest.fixture
def surveyed() -> Iterator[Region]:
    """A street that moved on by its own test, whose surveys were quarantined and let go again."""
    region = create_memory_region(PLANNER, now=NOON - 30 * DAY)
    towns.add_town(region)
    make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON)
    rows = towns.survey_rows([True] * 12, at=NOON + DAY, street="S0", phase="before")
    record_surveys(region, LEAD, enumerate(rows, start=2), now=NOON + 2 * DAY)
    assert decide(region, LEAD, now=NOON + 2 * DAY).closed == [S[0]]
    order = quarantine_surveys(region, LEAD, reason="pace", promoter=PromoterId("C0-0"), now=NOON + 3 * DAY).order
    lift_quarantine(region, LEAD, order, now=NOON + 4 * DAY)
    yield region
    region.close()


def test_an_honest_record_with_surveys_decisions_and_quarantine_has_no_violation(surveyed: Region) -> None:
    assert findings(surveyed) == ""


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE survey SET answer = 'does_not_know' WHERE id = 's3'", "are not those that were recorded"),
        ("UPDATE survey SET lon = 1.0 WHERE id = 's3'", "are not those that were recorded"),
        ("UPDATE survey SET answer = CAST(x'ff' AS TEXT) WHERE id = 's3'", "surveys cannot be read"),
        ("DELETE FROM survey WHERE id = 's11'", "are not those that were recorded"),
        ("UPDATE survey SET batch = 1", "are not those that were recorded"),
        ("DELETE FROM survey", "1 batches of surveys were recorded, and 0 are there"),
        ("UPDATE decision SET knows = knows - 1", "the decision is"),
        ("UPDATE decision SET withdrawn_at = NULL", "(DecisionWithdrawn)"),
        ("DELETE FROM decision", "(DecisionMade)"),
        ("UPDATE quarantine SET until_seq = NULL", "(QuarantineLifted.count)"),
        ("DELETE FROM quarantine", "(SurveysQuarantined.count)"),
    ],
)
def test_evidence_that_differs_from_the_record_is_found(surveyed: Region, statement: str, what: str) -> None:
    surveyed.reader().execute("PRAGMA ignore_check_constraints=ON")
    tamper(surveyed, statement)
    assert what in findings(surveyed)


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE tally SET answers = '1' || answers", "the tally of measurement"),
        ("UPDATE tally SET spread_at = spread_at + 1", "the tally of measurement"),
        ("DELETE FROM home_tally", "the home_tally of measurement"),
    ],
)
def test_a_tally_that_does_not_follow_from_its_surveys_is_found_whoever_wrote_it(
    surveyed: Region, statement: str, what: str
) -> None:
    with surveyed.turn(PLANNER) as turn:
        assert turn.connection.execute(statement).rowcount == 1
    assert what in findings(surveyed)


def test_tallies_are_counted_anew_by_the_settings_of_their_time(surveyed: Region) -> None:
    change_rules(surveyed, PLANNER, why="pilot", surveys_per_cluster=1, now=NOON + 5 * DAY)
    assert findings(surveyed) == ""
    rows = towns.survey_rows([True] * 3, at=NOON + 5 * DAY, street="S1", prefix="later", promoters=["C0-0"])
    record_surveys(surveyed, LEAD, enumerate(rows, start=2), now=NOON + 6 * DAY)
    assert findings(surveyed) == ""


def test_writes_outside_of_a_turn_are_found_even_where_the_same_process_made_them(surveyed: Region) -> None:
    surveyed.reader().execute("UPDATE street SET people = 9000 WHERE id = 'S1'")
    with surveyed.turn(PLANNER) as turn:
        turn.connection.execute("UPDATE street SET people = 8000 WHERE id = 'S2'")
    assert "the rows of table street are not those" in findings(surveyed)
    surveyed.reader().execute("UPDATE street SET people = 400 WHERE id = 'S1'")
    assert findings(surveyed) == ""


def test_a_turn_that_failed_has_sealed_nothing(surveyed: Region) -> None:
    write = "UPDATE street SET people = 9000 WHERE id = 'S1'"
    with pytest.raises(StorageFailed), surveyed.turn(PLANNER) as turn:
        turn.connection.execute(write).execute("no SQL")
    with surveyed.turn(PLANNER) as turn:
        turn.connection.execute("UPDATE street SET label = 'a' || char(0) || 'b' WHERE id = 'S1'")
    assert findings(surveyed) == ""


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM decision", "UPDATE decision SET knows = 3", "UPDATE decision SET withdrawn_at = NULL",
        "DELETE FROM closure", "UPDATE closure SET reopens_at = '2099'", "UPDATE closure SET ended_at = '2099'",
        "DELETE FROM measurement", "UPDATE measurement SET crew_id = 'C1'", "DELETE FROM quarantine",
        "UPDATE quarantine SET until_seq = NULL", "UPDATE quarantine_order SET undone_at = NULL",
    ],
)  # fmt: skip
def test_what_was_decided_is_neither_changed_nor_deleted(surveyed: Region, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="keeps"), surveyed.turn(PLANNER) as turn:
        turn.connection.execute(statement)


@pytest.fixture
def left_twice() -> Iterator[Region]:
    """Crew C0 withdrew twice from S0, each time after the day of grace, and both times the cool-down was lifted."""
    region = create_memory_region(PLANNER, now=NOON)
    add_town(region)
    for start in (0, 3):
        held = make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON + start * DAY)
        end_claim(region, LEAD, held.id, outcome="withdrawn", why="no_time", now=NOON + (start + 2) * DAY)
        if start == 0:
            override_cool_down(region, LEAD, street=S[0], crew=C[0], why="nearly_done", now=NOON + 2 * DAY)
    yield region
    region.close()


def test_an_override_of_two_claims_is_honest_though_the_cool_down_grew(left_twice: Region) -> None:
    region = left_twice
    change_rules(region, PLANNER, why="pilot", cool_down=3 * DAY, now=NOON + 5 * DAY)
    change_rules(region, PLANNER, why="pilot", cool_down=30 * DAY, now=NOON + 9 * DAY)
    lifted = override_cool_down(region, LEAD, street=S[0], crew=C[0], why="nearly_done", now=NOON + 10 * DAY)
    assert len(lifted) == 1
    make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON + 10 * DAY)
    assert findings(region) == ""


def withdrawn_twice() -> Region:
    """Crew C0 gave S0 up within the grace twice in an hour; then crew C1 has it."""
    region = create_memory_region(PLANNER, now=NOON)
    add_town(region)
    for minutes in (0, 30):
        at = NOON + timedelta(minutes=minutes)
        held = make_claim(region, LEAD, street=S[0], crew=C[0], now=at)
        end_claim(region, LEAD, held.id, outcome="withdrawn", why="no_time", now=at + timedelta(minutes=9))
    make_claim(region, LEAD, street=S[0], crew=C[1], now=NOON + timedelta(hours=1))
    return region


@pytest.mark.parametrize("upgraded", [False, True])
def test_a_grant_by_a_second_grace_is_found_but_not_where_it_was_lawful_then(upgraded: bool) -> None:
    region = withdrawn_twice()
    assert findings(region) == ""
    if upgraded:
        with region.turn(PLANNER, now=NOON + DAY) as turn:
            audit.append(turn, RegionUpgraded(at=turn.now, steps=(GRACE_ONCE,)))
    seq = region.reader().execute("SELECT max(seq) FROM event WHERE kind = 'StreetClaimed'").fetchone()[0]
    rewrite(region, seq, crew="C0")
    assert ("within its cool-down (rule 4)" in findings(region)) is not upgraded
    region.close()


def test_a_first_withdrawal_that_binds_again_is_lifted_together_with_the_second() -> None:
    region = create_memory_region(PLANNER, now=NOON)
    add_town(region)
    change_rules(region, PLANNER, why="pilot", cool_down=DAY, now=NOON)
    for start in (0, 4):
        held = make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON + start * DAY)
        end_claim(region, LEAD, held.id, outcome="withdrawn", why="no_time", now=NOON + (start + 2) * DAY)
    change_rules(region, PLANNER, why="pilot", cool_down=30 * DAY, now=NOON + 8 * DAY)
    lifted = override_cool_down(region, LEAD, street=S[0], crew=C[0], why="nearly_done", now=NOON + 9 * DAY)
    assert len(lifted) == 2
    make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON + 9 * DAY)
    assert findings(region) == ""
    seq = region.reader().execute("SELECT min(seq) FROM event WHERE kind = 'CoolDownOverridden'").fetchone()[0]
    rewrite(region, seq, claim="other")
    assert "within its cool-down (rule 4)" in findings(region)
    region.close()


# ── what our own code might get wrong and seal with the right key ────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"knows": 2}, "the decision says"),
        ({"asked": 9}, "the decision says"),
        ({"surveys_used": 3}, "the decision says"),
        ({"wrong_move_on": 0.5}, "the decision says"),
        ({"verdict": Verdict.PUSH_ON}, "the decision says"),
        ({"digest": "0" * 64}, "the decision says"),
        ({"decisive_at": NOON}, "the decision says"),
    ],
)
def test_a_decision_that_does_not_follow_from_its_surveys_is_found_though_record_row_and_seal_agree(
    region: Region, wrong: dict[str, Any], said: str
) -> None:
    towns.add_town(region)
    rows = towns.numbered(towns.survey_rows([True] * 4, at=NOON, street="S0"))
    record_surveys(region, LEAD, rows, now=NOON + timedelta(hours=1))
    with region.turn(LEAD, now=NOON + timedelta(hours=1)) as turn:  # as `decide` does, but for one figure
        right = decide_in_turn(turn).made[0]
        other = replace(right, id="D2", **wrong)
        event = DecisionWithdrawn(
            at=turn.now, decision=right.id, measurement=right.measurement, street=right.street, triangle=None
        )
        withdraw_decision(turn, event=event)
        facts = ("measurement", "street", "triangle", "rule", "asked", "knows", "surveys_used", "verdict", "digest")
        told = {name: getattr(other, name) for name in facts}
        record_decision(turn, other, event=DecisionMade(at=turn.now, **told))
    found = [one for one in verify(region).violations if "is closed over" not in one.what]
    assert [(one.what[: len(said)], one.seq > 0) for one in found] == [(said, True)]


def test_a_closure_that_does_not_follow_from_the_decisions_is_found_though_its_seal_is_right(region: Region) -> None:
    towns.add_town(region)
    rows = towns.numbered(towns.survey_rows([True] * 4, at=NOON, street="S0"))
    record_surveys(region, LEAD, rows, now=NOON + timedelta(hours=1))
    (made,) = decide(region, LEAD, now=NOON + timedelta(hours=1)).made
    assert verify(region).violations == []
    with region.turn(LEAD, now=NOON + DAY) as turn:
        set_closure(turn, StreetId("S1"), made, NOON + 30 * DAY, event=turn.head.seq)
    assert findings(region).startswith("street S1 is closed over [('2026-03-03T")
    with region.turn(LEAD, now=NOON + 2 * DAY) as turn:
        set_closure(turn, StreetId("S0"), None, None, event=turn.head.seq)
    assert "street S0 is closed over" in findings(region)


def test_a_withdrawal_at_another_moment_than_the_table_says_is_found(region: Region) -> None:
    towns.add_town(region)
    rows = towns.numbered(towns.survey_rows([True] * 4, at=NOON, street="S0"))
    record_surveys(region, LEAD, rows, now=NOON + timedelta(hours=1))
    (made,) = decide(region, LEAD, now=NOON + timedelta(hours=1)).made
    with region.turn(LEAD, now=NOON + DAY) as turn:
        event = DecisionWithdrawn(
            at=NOON, decision=made.id, measurement=made.measurement, street=made.street, triangle=None
        )
        withdraw_decision(turn, event=event)
    assert "was withdrawn at 2026-03-02T04:00:00.000000Z, and at 2026-03-03T04:00" in findings(region)
