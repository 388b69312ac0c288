"""Erased is gone: the bytes are looked for in every file. Kept no longer than said. A region closes in stages."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from fieldops.actions.claims import make_claim
from fieldops.actions.keep import back_up, restore
from fieldops.actions.recruiting_duties import (
    correct_person,
    erase_person,
    export_person,
    find_person,
    read_data_map,
    run_retention,
)
from fieldops.actions.recruiting_end import carry_out, hand_over, plan_wind_down
from fieldops.actions.recruiting_lists import list_candidates, read_board, read_funnel, reveal_phone
from fieldops.actions.recruiting_moves import (
    Outcome,
    add_note,
    assign_rep,
    merge_candidates,
    move_candidate,
    record_call,
)
from fieldops.actions.recruiting_posters import make_poster
from fieldops.errors import BadInput, Forbidden, NotFound, RegionWindingDown
from fieldops.ids import ActorId, CandidateId, StreetId
from fieldops.people import Actor, Role
from fieldops.recruiting.stages import Reason, Stage
from fieldops.store import persons
from fieldops.store.connect import Region
from fieldops.store.persons import private_reader
from fieldops.store.recruiting import find_candidate
from fieldops.store.verify import verify
from tests.conftest import LEAD, NOON, PLANNER
from tests.recruits import add_rep, advance, join, phone, sellers
from tests.small_region import add_town


def traces(region: Region, candidate: CandidateId) -> dict[str, bytes]:
    """Every byte string by which a person could be found in a file: readable, sealed, hashed, as words of the search."""
    person = persons.read_persons(region, [candidate])[candidate]
    found = {
        "name": person.name.encode(), "number": person.phone.encode(), "number at home": person.phone[3:].encode(),
        "hash": persons.hash_phone(region, person.phone), "name in UTF-16": person.name.encode("utf-16-le"),
    }  # fmt: skip
    with private_reader(region) as connection:
        row = connection.execute("SELECT seal FROM person WHERE candidate_id = ?", (candidate,)).fetchone()
        found["seal"] = row[0]
        for i, (sealed,) in enumerate(
            connection.execute("SELECT seal FROM candidate_note WHERE candidate_id = ?", (candidate,)).fetchall()
        ):
            found[f"note {i}"] = sealed
        words = connection.execute(
            "SELECT w.word FROM person_word AS w JOIN person AS p USING (number) WHERE p.candidate_id = ?", (candidate,)
        ).fetchall()
        for i, (word,) in enumerate(words):
            if connection.execute("SELECT count(*) FROM person_word WHERE word = ?", (word,)).fetchone()[0] == 1:
                found[f"word {i}"] = word.to_bytes(8, "big", signed=True)
    return found


def everywhere(region: Region) -> dict[str, bytes]:
    """Every file of the region's folder: both databases, their write-ahead logs, backups, exports, what lies beside the key."""
    return {path.name: path.read_bytes() for path in sorted(region.path.parent.rglob("*")) if path.is_file()}


def test_after_an_erasure_no_byte_of_the_person_is_in_any_file(region: Region) -> None:
    add_town(region)
    for i in range(40):
        join(region, i, name="张伟")
    who = join(region, 77, name="欧阳娜娜").candidate
    add_note(region, LEAD, who, "欧阳的店在北站", now=NOON)
    move_candidate(region, LEAD, who, Stage.CONTACTED, now=NOON)
    before = traces(region, who)
    assert {"seal", "note 0"} <= set(before)
    files = everywhere(region)
    for what in ("seal", "hash", "note 0"):  # the control: what is looked for can be found while it is there
        assert any(before[what] in content for content in files.values()), what
    assert (
        sum(any(before[what] in content for content in files.values()) for what in before if what.startswith("word"))
        > 3
    )
    figures = read_funnel(region, LEAD, now=NOON)

    done = erase_person(region, LEAD, who, now=NOON)

    assert done.log_emptied
    for file, content in everywhere(region).items():
        for what, trace in before.items():
            assert trace not in content, f"{what} is still in {file}"
    assert list_candidates(region, LEAD, words="欧阳", now=NOON).cards == ()
    assert list_candidates(region, LEAD, words=phone(77), now=NOON).cards == ()
    after = read_funnel(region, LEAD, now=NOON)
    assert after == figures
    assert after.stages[0].reached == 41
    assert sum(one.count for one in read_board(region, LEAD, now=NOON).columns) == 40
    assert verify(region).violations == []


def test_exports_and_backups_made_later_hold_nothing_of_them(region: Region, tmp_path: Path) -> None:
    add_town(region)
    who = sellers(region, 3)[0]
    before = traces(region, who)
    erase_person(region, LEAD, who, now=NOON)
    back_up(region, PLANNER, tmp_path / "later.gpkg")
    rows = hand_over(region, LEAD, now=NOON)
    assert len(rows) == 2
    for content in [*everywhere(region).values(), repr(rows).encode()]:
        assert before["seal"] not in content
        assert before["number at home"] not in content


def test_a_backup_from_before_brings_nobody_back(region: Region, tmp_path: Path) -> None:
    add_town(region)
    who, other = join(region, 0).candidate, join(region, 1).candidate
    back_up(region, PLANNER, tmp_path / "before.gpkg")
    erase_person(region, LEAD, who, now=NOON)
    region.close()
    restored, _ = restore(region.path, PLANNER, tmp_path / "before.gpkg", replace_present=True, now=NOON)
    assert set(persons.read_persons(restored, [who, other])) == {other}
    found = find_candidate(restored.reader(), who)
    assert found is not None
    assert found.erased_at is not None
    assert verify(restored).violations == []
    restored.close()


def test_who_was_erased_may_sign_up_again_as_somebody_new(region: Region) -> None:
    add_town(region)
    who = join(region, 0).candidate
    erase_person(region, LEAD, who, now=NOON)
    again = join(region, 1, phone=phone(0))
    assert again.candidate != who
    assert not again.again
    with pytest.raises(NotFound):
        erase_person(region, LEAD, who, now=NOON)
    with pytest.raises(NotFound):
        move_candidate(region, LEAD, who, Stage.CONTACTED, now=NOON)


def test_both_numbers_of_a_merged_person_are_erased_together(region: Region) -> None:
    add_town(region)
    kept, merged = join(region, 0).candidate, join(region, 1).candidate
    merge_candidates(region, LEAD, kept, merged, now=NOON)
    assert find_person(region, LEAD, phone(1)) == kept
    erase_person(region, LEAD, kept, now=NOON)
    assert persons.read_persons(region, [kept, merged]) == {}
    assert verify(region).violations == []


def test_a_seller_who_is_erased_gives_the_place_at_the_rep_free(region: Region) -> None:
    add_town(region)
    rep = add_rep(region, "R1")
    first, *_ = sellers(region, 35, rep)
    erase_person(region, LEAD, first, now=NOON)
    late = sellers(region, 1, first=99)[0]
    assign_rep(region, LEAD, late, rep, now=NOON)
    assert verify(region).violations == []


def test_a_person_is_given_all_that_is_stored_about_them(region: Region) -> None:
    add_town(region)
    who = join(region, name="欧阳娜娜").candidate
    add_note(region, LEAD, who, "周三再打", now=NOON)
    record_call(region, LEAD, who, Outcome.REACHED, now=NOON)
    advance(region, who, Stage.SIGNED)
    (record,) = export_person(region, LEAD, who, now=NOON)["records"]  # type: ignore[misc]
    told = repr(record)
    for part in ("欧阳娜娜", phone(0), "周三再打", "reached", "interviewed", "first_live", "S0"):
        assert part in told, part
    assert region.reader().execute("SELECT count(*) FROM event WHERE kind = 'PersonExported'").fetchone()[0] == 1
    with pytest.raises(Forbidden):
        export_person(region, Actor(ActorId("r"), Role.REP), who, now=NOON)


def test_a_wrong_name_or_number_is_put_right_and_leaves_no_trace_of_the_old_one(region: Region) -> None:
    add_town(region)
    who, other = join(region, 0).candidate, join(region, 1).candidate
    record_call(region, LEAD, who, Outcome.REACHED, now=NOON)
    before = traces(region, who)
    correct_person(region, LEAD, who, name="王晓明", phone=phone(7), now=NOON)
    persons.empty_log(region)
    assert persons.read_persons(region, [who])[who].phone == f"+86{phone(7)}"
    found = find_candidate(region.reader(), who)
    assert found is not None
    assert found.confirmed_at is None  # nobody has called the new number
    assert len(list_candidates(region, LEAD, words="晓明", now=NOON).cards) == 1
    assert list_candidates(region, LEAD, words=phone(0), now=NOON).cards == ()
    for file, content in everywhere(region).items():
        assert before["seal"] not in content, file
        assert before["hash"] not in content, file
    with pytest.raises(BadInput, match="another candidate"):
        correct_person(region, LEAD, other, name="李", phone=phone(7), now=NOON)
    with pytest.raises(BadInput):
        correct_person(region, LEAD, other, name="<b>", now=NOON)
    assert verify(region).violations == []


def test_a_number_is_shown_in_full_on_the_record_only(region: Region) -> None:
    add_town(region)
    who = join(region).candidate
    (card,) = list_candidates(region, LEAD, now=NOON).cards
    assert card.phone == "138****0000"
    assert reveal_phone(region, LEAD, who, now=NOON) == "138 0000 0000"
    kinds = [
        row[0] for row in region.reader().execute("SELECT kind FROM event WHERE kind <> 'RowsSealed' ORDER BY seq")
    ]
    assert kinds[-1] == "PhoneRevealed"
    auditor = Actor(ActorId("a"), Role.AUDITOR)
    assert list_candidates(region, auditor, now=NOON).cards[0].name == ""
    for act in (
        lambda: reveal_phone(region, auditor, who, now=NOON),
        lambda: list_candidates(region, auditor, words="王"),
    ):
        with pytest.raises(Forbidden):
            act()


# ── retention ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_was_not_talked_with_for_90_days_is_erased_and_nobody_else(region: Region) -> None:
    add_town(region)
    quiet, called, seller, left = (join(region, i).candidate for i in range(4))
    advance(region, seller, Stage.SIGNED)
    advance(region, left, Stage.SIGNED)
    move_candidate(region, LEAD, left, Stage.LOST, reason=Reason.FAMILY, now=NOON)
    record_call(region, LEAD, called, Outcome.NO_ANSWER, now=NOON + timedelta(days=60))
    later = NOON + timedelta(days=90, hours=1)
    assert run_retention(region, LEAD, dry_run=True, now=later).erased == (quiet,)
    assert set(persons.read_persons(region, [quiet])) == {quiet}
    assert run_retention(region, LEAD, now=later).erased == (quiet,)
    assert set(persons.read_persons(region, [quiet, called, seller, left])) == {called, seller, left}
    assert run_retention(region, LEAD, now=NOON + timedelta(days=181)).erased == (called, left)
    assert verify(region).violations == []


def test_old_private_backups_are_destroyed_and_young_ones_are_not(region: Region, tmp_path: Path) -> None:
    add_town(region)
    join(region)
    folder = tmp_path / "backups"
    folder.mkdir()
    for name, age in (("old", 31), ("young", 29)):
        back_up(region, PLANNER, folder / f"{name}.gpkg")
        moment = (NOON - timedelta(days=age)).timestamp()
        os.utime(folder / f"{name}.private.db", (moment, moment))
    done = run_retention(region, LEAD, backups=folder, now=NOON)
    assert [Path(one).name for one in done.backups] == ["old.private.db"]
    assert sorted(path.name for path in folder.glob("*.private.db")) == ["young.private.db"]
    assert (folder / "old.gpkg").exists()


def test_the_data_map_names_every_private_table_that_holds_something_about_people(region: Region) -> None:
    add_town(region)
    join(region)
    lines = read_data_map(region, LEAD)
    told = {one.table: one.rows for one in lines}
    assert told["person"] == told["consent"] == told["candidate"] == 1
    assert [one.table for one in lines if "undescribed" in (one.about, one.what, one.purpose, one.keeps)] == []
    with private_reader(region) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    machinery = {name for name in tables if name.startswith(("sqlite", "_"))}
    assert tables - machinery <= set(told), "a private table is missing from the data map"


# ── the region's end ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_region_closes_in_dated_stages_and_each_waits_for_the_one_before(region: Region, tmp_path: Path) -> None:
    streets, crews = add_town(region)
    make_poster(region, LEAD, street=StreetId("S0"), now=NOON)
    rep = add_rep(region, "R1")
    who = sellers(region, 2, rep)
    begin = NOON + timedelta(days=1)
    plan_wind_down(region, LEAD, begin, now=NOON)
    join(region, 50, now=NOON)
    with pytest.raises(RegionWindingDown, match="no sign-ups"):
        join(region, 51, now=begin)
    make_claim(region, LEAD, street=streets[0], crew=crews[0], now=begin)
    late = begin + timedelta(days=7)
    with pytest.raises(RegionWindingDown, match="no claims"):
        make_claim(region, LEAD, street=streets[1], crew=crews[0], now=late)
    told = dict(carry_out(region, LEAD, now=begin + timedelta(days=21)))
    assert told["sign_ups"] == told["claims"] == "done"
    assert "2 sellers" in told["hand_over"]
    assert "archive" not in told
    assert [row["phone"] for row in hand_over(region, LEAD, now=begin + timedelta(days=21))] == [
        f"+86{phone(i)}" for i in range(2)
    ]
    told = dict(carry_out(region, PLANNER, archive=tmp_path / "archive.gpkg", now=begin + timedelta(days=21)))
    assert told == {"hand_over": "done", "archive": "done"}
    assert not (tmp_path / "archive.private.db").exists()
    assert dict(carry_out(region, PLANNER, now=begin + timedelta(days=90))) == {"deletion": "done"}
    assert persons.read_persons(region, who) == {}
    assert verify(region).violations == []


def test_a_planned_end_can_be_taken_back(region: Region) -> None:
    add_town(region)
    plan_wind_down(region, LEAD, NOON, now=NOON)
    with pytest.raises(RegionWindingDown):
        join(region)
    assert plan_wind_down(region, LEAD, None, now=NOON) == {}
    join(region)
