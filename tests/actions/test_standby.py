"""Who stands by, who is sent where, who is on the board: figures of crews follow, and phones go along."""

from datetime import timedelta

import pytest

from fieldops.actions.accounts import add_account, list_accounts
from fieldops.actions.roster import read_crew_people, read_own_work, read_roster
from fieldops.actions.standby import choose_board, send_to_crew, stand_by
from fieldops.errors import BadInput, Forbidden, NotFound
from fieldops.ids import CrewId, PromoterId
from fieldops.people import Role
from fieldops.store.connect import Region
from fieldops.store.people import find_crew, find_promoter
from tests.conftest import LEAD, NOON
from tests.phone_town import make_phone_town
from tests.phones import Phone, crew_actor, results

CREW_LEAD = crew_actor()
ONE, OTHER = PromoterId("C0-0"), PromoterId("C1-0")


@pytest.fixture
def town(region: Region) -> Region:
    region.close()
    for left in region.path.parent.iterdir():
        left.unlink()
    return make_phone_town(region.path)


def strength(town: Region) -> list[int]:
    return [find_crew(town.reader(), CrewId(f"C{i}")).people for i in range(3)]


def test_who_stands_by_is_counted_in_no_crew_until_sent_to_one(town: Region) -> None:
    assert strength(town) == [5, 5, 5]
    stand_by(town, LEAD, ONE, now=NOON)
    assert strength(town) == [4, 5, 5]
    assert read_roster(town, LEAD).standby == {ONE: NOON}
    with pytest.raises(BadInput, match="stands by already"):
        stand_by(town, LEAD, ONE, now=NOON)
    send_to_crew(town, LEAD, ONE, CrewId("C2"), now=NOON)
    assert strength(town) == [4, 5, 6]
    assert read_roster(town, LEAD).standby == {}
    assert find_promoter(town.reader(), ONE).crew == "C2"  # type: ignore[union-attr]


def test_who_changes_crews_takes_account_and_phone_along(town: Region) -> None:
    add_account(town, LEAD, login="zhang", name="小张", role=Role.CREW, crew=CrewId("C0"), promoter=ONE)
    send_to_crew(town, LEAD, ONE, CrewId("C1"), now=NOON)
    assert strength(town) == [4, 6, 5]
    assert [one.crew for one in list_accounts(town, LEAD) if one.login == "zhang"] == ["C1"]
    with pytest.raises(BadInput, match="works in 乙组 already"):
        send_to_crew(town, LEAD, ONE, CrewId("C1"), now=NOON)


def test_no_crew_is_emptied_and_nobody_unknown_or_gone_is_placed(town: Region) -> None:
    with town.turn(LEAD, now=NOON) as turn:
        turn.connection.execute("UPDATE crew SET people = 1 WHERE id = 'C0'")
        turn.connection.execute("UPDATE promoter SET until = '2026-03-01' WHERE id = 'C2-0'")
    with pytest.raises(BadInput, match="甲组 would be empty"):
        stand_by(town, LEAD, ONE, now=NOON)
    with pytest.raises(BadInput, match="甲组 would be empty"):
        send_to_crew(town, LEAD, ONE, CrewId("C1"), now=NOON)
    with pytest.raises(BadInput, match="has left"):
        stand_by(town, LEAD, PromoterId("C2-0"), now=NOON)
    with pytest.raises(NotFound):
        stand_by(town, LEAD, PromoterId("nobody"), now=NOON)
    with pytest.raises(Forbidden):
        stand_by(town, CREW_LEAD, ONE, now=NOON)


def lessons(town: Region, *codes: str, device: str = "D0") -> list[str]:
    phone = Phone(device=device)
    done = phone.send(town, [phone.make(NOON, "lesson", what=code) for code in codes], NOON)
    return [result for result, _ in results(done)]


def test_a_training_card_worked_through_is_a_skill_learned_once(town: Region) -> None:
    assert lessons(town, "poster", "card", "poster") == ["accepted"] * 3
    assert lessons(town, "juggling", device="D1") == ["rejected"]
    assert read_own_work(town, CREW_LEAD, ONE)[0].learned == ("card", "poster")
    assert {one.id: one.learned for one in read_roster(town, LEAD).crews} == {"C0": 2, "C1": 0, "C2": 0}
    assert [one.learned for one in read_crew_people(town, LEAD, CrewId("C0")).work if one.learned] == [
        ("card", "poster")
    ]


def test_who_wants_no_board_is_on_none_and_still_counts_for_the_crew(town: Region) -> None:
    lessons(town, "talk")
    assert [one.id for one in read_roster(town, LEAD).board] == [ONE]
    for _ in range(2):
        choose_board(town, CREW_LEAD, ONE, shown=False, now=NOON + timedelta(hours=1))
    assert town.reader().execute("SELECT count(*) FROM event WHERE kind = 'BoardChosen'").fetchone()[0] == 1
    seen = read_roster(town, LEAD)
    assert (seen.board, seen.hidden) == ((), 1)
    assert seen.crews[0].learned == 1
    with pytest.raises(Forbidden):
        choose_board(town, CREW_LEAD, OTHER, shown=False, now=NOON)
    choose_board(town, CREW_LEAD, ONE, shown=True, now=NOON + timedelta(hours=1))
    assert len(read_roster(town, LEAD).board) == 1
