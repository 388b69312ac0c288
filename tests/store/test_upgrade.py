"""A region of an older version is brought to the present one, and nothing that was changed before is forgiven."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fieldops import claims
from fieldops.actions.claims import end_in_turn, make_claim, start_event
from fieldops.actions.keep import back_up, examine_backup, restore
from fieldops.actions.recruiting_lists import Filters, read_funnel
from fieldops.actions.rules import change_rules
from fieldops.actions.surveys import record_surveys
from fieldops.claims import Ground
from fieldops.errors import CrewCoolingDown, RecordDamaged, StreetAlreadyClaimed
from fieldops.ids import ClaimId, CrewId, StreetId
from fieldops.recruiting.stages import Stage
from fieldops.store import claims as store
from fieldops.store.connect import Region, create_region, open_file, open_region
from fieldops.store.migrations import GRACE_ONCE, HEADS, JOURNEYS, SPREAD
from fieldops.store.onlyfile import OnlyFile
from fieldops.store.seals import sums_of_rows
from fieldops.store.sqlite import sqlite3
from fieldops.store.upgrade import migrate_files
from fieldops.store.verify import verify
from tests import towns
from tests.conftest import LEAD, NOON, PLANNER
from tests.recruits import advance, join
from tests.small_region import add_town

S0, C0 = StreetId("S0"), CrewId("C0")
DAY = timedelta(days=1)


def findings(path: Path) -> list[str]:
    region = open_region(path)
    found = [violation.what for violation in verify(region).violations]
    region.close()
    return found


def by_hand(path: Path, *statements: str) -> None:
    """Write without fieldops."""
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A region as it was made before rows were sealed, with a town in it."""
    path = tmp_path / "region.gpkg"
    create_region(path, PLANNER, sandbox=True, now=NOON).close()
    guards = "event_is_never_deleted", "decision_stays", "effort_is_never_deleted"
    by_hand(
        path,
        *(f"DROP TRIGGER {name}" for name in guards),
        "DELETE FROM event WHERE kind = 'RowsSealed'",
        "DELETE FROM setting WHERE name = 'sealed'",
    )
    connection = open_file(path)
    OnlyFile(path).remember(connection, restored=True)  # nor did an older version write down how far it had come
    connection.close()
    region = open_region(path)
    add_town(region)
    region.close()
    return path


def test_a_region_of_before_has_no_violation_and_says_that_its_rows_are_not_sealed(old: Path) -> None:
    region = open_region(old)
    result = verify(region)
    assert (result.violations, result.sealed, result.events) == ([], False, 1)
    region.close()


def test_an_upgrade_seals_what_is_there_once_and_a_change_after_it_is_found(old: Path) -> None:
    migrate_files(old)
    assert findings(old) == []
    migrate_files(old)
    region = open_region(old)
    assert (verify(region).sealed, verify(region).events) == (True, 2)
    region.close()
    by_hand(old, "UPDATE street SET people = 9000 WHERE id = 'S1'")
    assert findings(old) == ["the rows of table street are not those that were recorded: one was changed past fieldops"]


def test_what_was_lawful_before_an_upgrade_is_no_violation_after_it_and_from_then_on_is_refused(region: Region) -> None:
    add_town(region)
    hour = timedelta(hours=1)
    for number in range(1, 5):
        start = NOON + (number - 1) * hour
        with region.turn(LEAD, now=start) as turn:  # as the door of an older version granted it
            ground = Ground(S0, "open", "free", None, (), (), 0, None)
            made = replace(
                claims.make_claim(ClaimId(f"K{number}"), ground, C0, turn.now, turn.rules), generation=number
            )
            store.add_claim(turn, made, event=start_event(made))
        with region.turn(LEAD, now=start + hour) as turn:
            end_in_turn(turn, made.id, outcome="withdrawn", why="no_time")
    region.close()
    assert any("cool-down" in what for what in findings(region.path))
    by_hand(region.path, f"DELETE FROM _sqlite_migrations WHERE name = '{GRACE_ONCE}'")
    migrate_files(region.path)
    assert findings(region.path) == []
    region = open_region(region.path)
    with pytest.raises(CrewCoolingDown):
        make_claim(region, LEAD, street=S0, crew=C0, now=NOON + 4 * hour)
    region.close()


def test_a_change_of_the_tables_is_no_violation_and_hides_none(region: Region) -> None:
    add_town(region)
    region.close()
    steps = "DELETE FROM _sqlite_migrations WHERE name = 'm2026_11_26_sentinels'", "DROP TABLE sentinel"
    by_hand(region.path, *steps, "ALTER TABLE crew ADD COLUMN motto TEXT NOT NULL DEFAULT 'on'")
    by_hand(region.path, "UPDATE street SET people = 9000 WHERE id = 'S1'")
    migrate_files(region.path)
    found = findings(region.path)
    assert [what.split()[4] for what in found] == ["crew", "street"]  # the column came past fieldops, and not by a step


def test_what_a_step_does_to_the_rows_is_recorded(region: Region) -> None:
    add_town(region)
    with region.turn(PLANNER) as turn:
        before = sums_of_rows(turn.connection, region.key)
        turn.seals.stop(turn)
        turn.connection.execute("ALTER TABLE crew ADD COLUMN motto TEXT NOT NULL DEFAULT 'on'")
        turn.seals.seal_all(turn, before)
    region.close()
    assert findings(region.path) == []


def test_heads_that_an_older_version_counted_are_counted_anew_and_decided_again(region: Region) -> None:
    towns.add_town(region, people=[100.0] * 6)
    rows = towns.survey_rows([True] * 4, at=NOON, street="S0", promoters=["C0-0"])
    record_surveys(region, PLANNER, towns.numbered(rows), now=NOON + DAY / 2)
    with region.turn(PLANNER, now=NOON + DAY / 2) as turn:  # as if it had seen two corners at two doors
        turn.connection.execute("UPDATE tally SET spread_at = 2, undecided = 0")
    region.close()
    by_hand(region.path, f"DELETE FROM _sqlite_migrations WHERE name = '{HEADS}'")
    migrate_files(region.path)
    region = open_region(region.path)
    assert [tuple(row) for row in region.reader().execute("SELECT spread_at, undecided FROM tally")] == [(None, 1)]
    assert verify(region).violations == []
    region.close()


def test_tallies_of_before_learn_from_which_answer_on_enough_had_asked_by_the_settings_of_their_time(
    region: Region,
) -> None:
    towns.add_town(region, people=[100.0, 400.0, 400.0, 400.0, 400.0, 400.0])
    alone = towns.survey_rows([True] * 4, at=NOON, prefix="a", minutes=5, street="S0", promoters=["C0-0"])
    both = towns.survey_rows([True] * 4, at=NOON, prefix="b", street="S1", promoters=["C0-0", "C0-0", "C0-1"])
    record_surveys(region, PLANNER, towns.numbered([*alone, *both]), now=NOON + DAY / 2)
    change_rules(region, PLANNER, why="pilot", surveys_per_cluster=1, now=NOON + DAY)
    before = region.reader().execute("SELECT * FROM tally ORDER BY measurement_id").fetchall()
    region.close()
    by_hand(
        region.path,
        f"DELETE FROM _sqlite_migrations WHERE name = '{SPREAD}'",
        "ALTER TABLE tally DROP COLUMN spread_at",
        "ALTER TABLE tally ADD COLUMN promoters INTEGER NOT NULL DEFAULT 2",
        "ALTER TABLE tally ADD COLUMN corners INTEGER NOT NULL DEFAULT 0",
    )
    migrate_files(region.path)
    again = open_region(region.path)
    after = again.reader().execute("SELECT * FROM tally ORDER BY measurement_id").fetchall()
    assert [tuple(row) for row in after] == [tuple(row) for row in before]
    assert {row["spread_at"] for row in after} == {None, 3}
    again.close()
    # the columns of before were put there by hand, so the seal of the table tells; no tally differs from its surveys
    assert [what.split()[4] for what in findings(region.path)] == ["tally"]


def test_what_was_counted_by_corners_as_they_were_typed_is_counted_anew_and_nothing_else(region: Region) -> None:
    towns.add_town(region)
    for number, (prefix, street) in enumerate((("a", "S0"), ("b", "S1"))):
        rows = towns.survey_rows([True] * 7, at=NOON + number * DAY, prefix=prefix, minutes=2, street=street)
        typed = [{**row, "promoter": "C0-0", "cluster": "A" if i % 2 else "a"} for i, row in enumerate(rows)]
        record_surveys(region, LEAD, towns.numbered(typed), now=NOON + 2 * DAY)
    region.close()
    of = "WHERE measurement_id = (SELECT id FROM measurement WHERE street_id = '{}')"
    by_hand(
        region.path,
        f"DELETE FROM _sqlite_migrations WHERE name = '{SPREAD}'",
        "ALTER TABLE tally DROP COLUMN spread_at",
        "ALTER TABLE tally ADD COLUMN promoters INTEGER NOT NULL DEFAULT 1",
        "ALTER TABLE tally ADD COLUMN corners INTEGER NOT NULL DEFAULT 2",
        f"UPDATE tally SET answers = '1111111', left_out = '{{}}' {of.format('S0')}",  # "a" and "A" were two corners
        f"UPDATE home_tally SET knows = 7, asked = 7 {of.format('S0')}",
        f"UPDATE tally SET answers = '1110000' {of.format('S1')}",
    )
    migrate_files(region.path)
    again = open_region(region.path)
    answers = [row[0] for row in again.reader().execute("SELECT answers FROM tally ORDER BY answers")]
    assert answers == ["1110000", "11111"]
    found = [what for what in findings(region.path) if "not what its surveys come to" in what]
    assert len(found) == 1
    again.close()


def test_a_backup_that_an_older_version_made_is_restored_as_a_region_of_this_one(old: Path) -> None:
    region = open_region(old)
    advance(region, join(region, 0).candidate, Stage.SIGNED, now=NOON)
    make_claim(region, LEAD, street=S0, crew=C0, now=NOON)
    backup = old.with_name("monday.gpkg")
    back_up(region, PLANNER, backup)
    region.close()
    by_hand(
        backup,
        *(f"DROP INDEX funnel_of_{name}" for name in ("street", "venue", "crew", "poster", "base")),
        "CREATE INDEX candidate_venue ON candidate (venue_id)",
        "CREATE INDEX candidate_poster ON candidate (poster)",
        "ALTER TABLE candidate DROP COLUMN journey",
        f"DELETE FROM _sqlite_migrations WHERE name = '{JOURNEYS}'",
    )
    examine_backup(old, PLANNER, backup)
    restore(old, PLANNER, backup, replace_present=True, now=NOON)[0].close()
    assert findings(old) == []
    with pytest.raises(StreetAlreadyClaimed):
        make_claim(open_region(old), LEAD, street=S0, crew=CrewId("C1"), now=NOON)
    assert not [file.name for file in old.parent.iterdir() if file.name.startswith(".")]
    by_hand(backup, "DELETE FROM event WHERE seq = 2")
    with pytest.raises(RecordDamaged, match="are missing"):
        examine_backup(old, PLANNER, backup)


def test_the_ways_of_candidates_of_before_are_written_from_their_moves(old: Path) -> None:
    region = open_region(old)
    here = Filters(street=StreetId("S0"))
    for number, stage in enumerate((Stage.NEW, Stage.SIGNED, Stage.ACTIVE)):
        advance(region, join(region, number).candidate, stage, now=NOON + number * DAY)
    told = read_funnel(region, LEAD, here, now=NOON + 9 * DAY)
    assert [one.reached for one in told.stages] == [3, 2, 2, 2, 1, 1, 1]
    region.close()
    names = ("street", "venue", "crew", "poster", "base")
    by_hand(
        old,
        *(f"DROP INDEX funnel_of_{name}" for name in names),
        "CREATE INDEX candidate_venue ON candidate (venue_id)",
        "CREATE INDEX candidate_poster ON candidate (poster)",
        "ALTER TABLE candidate DROP COLUMN journey",
        f"DELETE FROM _sqlite_migrations WHERE name = '{JOURNEYS}'",
    )
    migrate_files(old)
    region = open_region(old)
    assert read_funnel(region, LEAD, here, now=NOON + 9 * DAY) == told
    assert verify(region).violations == []
    region.close()
