"""What somebody tries who has the file and another program, or fieldops and the key of another region."""

import json
import secrets
from datetime import timedelta
from pathlib import Path

import pytest

from fieldops.actions.backcheck import quarantine_surveys
from fieldops.actions.claims import end_claim, make_claim
from fieldops.actions.decisions import decide
from fieldops.actions.keep import check_region
from fieldops.actions.notices import deliver
from fieldops.actions.surveys import record_surveys
from fieldops.errors import BadInput
from fieldops.ids import CrewId, PromoterId, StreetId
from fieldops.store.connect import Region, open_region
from fieldops.store.sqlite import sqlite3
from fieldops.store.verify import verify
from tests import towns
from tests.conftest import LEAD, NOON

DAY = timedelta(days=1)
S0, C0 = StreetId("S0"), CrewId("C0")
TABLES = ("event", "claim", "measurement", "survey", "decision", "quarantine", "quarantine_order", "notice")


@pytest.fixture
def lived_in(region: Region) -> Path:
    """A region with claims, reminders, surveys, a decision and a quarantine."""
    towns.add_town(region)
    first = make_claim(region, LEAD, street=S0, crew=C0, now=NOON)
    end_claim(region, LEAD, first.id, outcome="revoked", why="safety", now=NOON)
    make_claim(region, LEAD, street=S0, crew=C0, now=NOON)
    rows = towns.survey_rows([True] * 4, at=NOON, street="S1")
    record_surveys(region, LEAD, towns.numbered(rows), now=NOON + DAY)
    decide(region, LEAD, now=NOON + DAY)
    quarantine_surveys(region, LEAD, promoter=PromoterId("C0-1"), reason="suspect", now=NOON + 2 * DAY)
    deliver(region, LEAD, now=NOON + 6 * DAY)
    region.close()
    return region.path


@pytest.mark.parametrize("table", TABLES)
def test_another_program_replaces_no_row_of_what_was_said(lived_in: Path, table: str) -> None:
    connection = sqlite3.connect(lived_in, isolation_level=None)
    connection.execute("PRAGMA foreign_keys=OFF")
    assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] > 0
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} ORDER BY 1 LIMIT 1")
    connection.close()


@pytest.mark.parametrize(
    "generation",
    [
        "generation",  # the same once more
        "generation + 5",  # another, while one is open: it would replace that one
    ],
)
def test_another_program_takes_no_claim_away_by_making_one(lived_in: Path, generation: str) -> None:
    connection = sqlite3.connect(lived_in, isolation_level=None)
    connection.execute("DROP TRIGGER claim_is_told")  # which would refuse it first
    with pytest.raises(sqlite3.IntegrityError, match="replaces none"):
        connection.execute(
            "INSERT OR REPLACE INTO claim SELECT 'x', street_id, 'C1', "
            f"{generation}, '2027-01-01T00:00:00Z', '2027-01-08T00:00:00Z', NULL, NULL, '', NULL, NULL FROM claim LIMIT 1"
        )
    assert connection.execute("SELECT count(*) FROM claim WHERE crew_id = 'C0'").fetchone()[0] == 2
    connection.close()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE claim SET ended_at = '2026-03-04T00:00:00.000000Z', outcome = 'revoked'",  # a claim is cut short
        "UPDATE claim SET ended_at = held_until, outcome = 'forfeited'",
        "UPDATE claim SET ended_at = '2026-03-04T00:00:00.000000Z', outcome = 'saturated', credit = crew_id",
        "UPDATE claim SET held_until = '2026-03-20T00:00:00.000000Z'",  # stretched
        "UPDATE claim SET claimed_at = '2026-03-01T00:00:00.000000Z'",
        "UPDATE claim SET crew_id = 'C1'",  # given to another
    ],
)
def test_another_program_ends_stretches_and_gives_away_no_claim_without_an_event(lived_in: Path, change: str) -> None:
    connection = sqlite3.connect(lived_in, isolation_level=None)
    held = "street_id = 'S0' AND ended_at IS NULL"
    assert connection.execute(f"SELECT count(*) FROM claim WHERE {held}").fetchone() == (1,)
    with pytest.raises(sqlite3.IntegrityError, match="claim"):
        connection.execute(f"{change} WHERE {held}")
    ended = "street_id = 'S0' AND ended_at IS NOT NULL"
    with pytest.raises(sqlite3.IntegrityError, match="claim"):  # and none lives again
        connection.execute(f"UPDATE claim SET ended_at = NULL, outcome = NULL WHERE {ended}")
    connection.close()


def test_another_program_makes_no_claim_without_an_event(lived_in: Path) -> None:
    connection = sqlite3.connect(lived_in, isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError, match="made by its event"):
        connection.execute(
            "INSERT INTO claim (id, street_id, crew_id, generation, claimed_at, held_until)"
            " VALUES ('x', 'S2', 'C1', 1, '2026-03-02T04:00:00.000000Z', '2026-03-09T04:00:00.000000Z')"
        )
    connection.close()


def test_whoever_makes_the_event_up_too_is_named_by_verify(lived_in: Path) -> None:
    connection = sqlite3.connect(lived_in, isolation_level=None)
    end = "2026-03-04T00:00:00.000000Z"
    (claim,) = connection.execute("SELECT id FROM claim WHERE street_id = 'S0' AND ended_at IS NULL").fetchone()
    facts = json.dumps({"claim": claim, "street": "S0", "crew": "C0"})
    connection.execute(
        "INSERT INTO event SELECT max(seq) + 1, 'ClaimRevoked', ?, ?, 'mallory', '', 'x', ?, ? FROM event",
        (end, end, facts, "0" * 64),
    )
    connection.execute("UPDATE claim SET ended_at = ?, outcome = 'revoked', reason = 'x' WHERE id = ?", (end, claim))
    connection.close()
    region = open_region(lived_in)
    assert any("chain" in one.what for one in verify(region).violations)
    region.close()


@pytest.mark.parametrize("seq", ["1", "max(seq) + 7", "NULL"])
def test_another_program_puts_no_event_anywhere_but_behind_the_last(lived_in: Path, seq: str) -> None:
    connection = sqlite3.connect(lived_in, isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError, match="only appended"):
        connection.execute(
            f"INSERT INTO event SELECT {seq}, kind, took_effect_at, recorded_at, actor, device, why, facts, chain FROM event"
        )
    connection.close()


def test_a_region_is_not_opened_with_the_key_of_another_which_would_spoil_its_record(
    lived_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = lived_in.with_name("other.key")
    other.write_text(secrets.token_hex(32))
    other.chmod(0o600)
    monkeypatch.setenv("FIELDOPS_KEY", str(other))
    for older in (False, True):
        with pytest.raises(BadInput, match=r"other\.key is that of another region") as refusal:
            open_region(lived_in, older=older)
        assert "$FIELDOPS_KEY" in refusal.value.cure
    monkeypatch.delenv("FIELDOPS_KEY")
    region = open_region(lived_in)
    assert verify(region).violations == []
    region.close()


@pytest.mark.parametrize("seq", ["1", "(SELECT max(seq) FROM event)"])
def test_a_region_of_which_one_event_was_changed_is_opened_so_that_verify_can_name_it(lived_in: Path, seq: str) -> None:
    connection = sqlite3.connect(lived_in, isolation_level=None)
    connection.execute("DROP TRIGGER event_is_never_changed")
    connection.execute(f"UPDATE event SET actor = 'mallory' WHERE seq = {seq}")
    connection.close()
    region = open_region(lived_in)
    assert any("was changed" in one.what for one in verify(region).violations)
    region.close()


def by_hand(path: Path, *changes: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("DROP TRIGGER event_is_never_changed")
    for change in changes:
        connection.execute(f"UPDATE event SET {change}")
    connection.close()


@pytest.mark.parametrize(
    "changes",
    [
        ["chain = replace(chain, substr(chain, 1, 1), 'x') WHERE seq = 1"],  # on which both events of a new region hang
        ["actor = 'm' WHERE seq = 1", "actor = 'm' WHERE seq = (SELECT max(seq) FROM event)"],
        ["chain = 'x' WHERE seq = 1", "chain = 'y' WHERE seq = (SELECT max(seq) FROM event)"],
    ],
)
@pytest.mark.parametrize("more", [False, True])
def test_tampering_with_the_first_and_the_newest_event_is_not_told_as_a_wrong_key(
    region: Region, changes: list[str], more: bool
) -> None:
    if more:
        towns.add_town(region)
        make_claim(region, LEAD, street=S0, crew=C0, now=NOON)
    region.close()
    by_hand(region.path, *(changes if more else changes[:1]))
    opened = open_region(region.path)
    assert verify(opened).violations[0].seq == 1
    opened.close()


def test_verify_and_check_run_also_where_no_event_bears_the_key(region: Region) -> None:
    region.close()
    by_hand(region.path, "actor = 'mallory'")
    with pytest.raises(BadInput, match="or every event was changed") as refusal:
        open_region(region.path)
    assert "claims verify" in refusal.value.cure
    opened = open_region(region.path, bears_key=False)
    assert [one.seq for one in verify(opened).violations if "was changed" in one.what] == [1, 2]
    (found,) = [one for one in check_region(opened, LEAD) if one.check == "key"]
    assert (found.level, "no event bears the key" in found.text) == ("error", True)
    opened.close()
