"""Signing up: taken once, one person one candidate, consent first, and nothing readable in any file."""

from datetime import timedelta

import pytest

from fieldops.actions.recruiting_posters import read_consent, set_consent
from fieldops.errors import BadInput, ConsentMissing, Forbidden, NotFound, RecordDamaged
from fieldops.ids import ActorId, CandidateId, CrewId, PosterCode, StreetId, VenueId
from fieldops.people import Actor, Role
from fieldops.recruiting.consent import FIRST_TEXT, FIRST_TEXTS, ConsentText
from fieldops.recruiting.sources import Group, Source, SourceKind
from fieldops.recruiting.stages import Stage
from fieldops.store import persons
from fieldops.store import recruiting as store
from fieldops.store.connect import Region
from fieldops.store.persons import Person, private_turn, search_persons
from fieldops.store.sqlite import sqlite3
from fieldops.store.verify import verify
from tests.conftest import LEAD, NOON
from tests.recruits import ON_STREET, join, phone
from tests.small_region import add_town


def files(region: Region) -> bytes:
    """Every byte that the region has on disk, keys left out."""
    folder = region.path.parent
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix != ".key" and path.is_file())


def events(region: Region, kind: str) -> int:
    return int(region.reader().execute("SELECT count(*) FROM event WHERE kind = ?", (kind,)).fetchone()[0])


def test_a_sign_up_makes_a_new_candidate_who_is_due_for_a_call_at_once(region: Region) -> None:
    add_town(region)
    done = join(region, group=Group.PART_TIME)
    assert (done.again, done.known) == (False, False)
    found = store.find_candidate(region.reader(), done.candidate)
    assert found is not None
    assert (found.stage, found.group, found.source, found.due_at) == (Stage.NEW, Group.PART_TIME, ON_STREET, NOON)
    assert verify(region).violations == []


def test_the_same_sign_up_is_taken_once_however_often_a_phone_sends_it(region: Region) -> None:
    add_town(region)
    first = join(region)
    for _ in range(3):
        again = join(region, name="another", phone=phone(9))
        assert (again.candidate, again.known) == (first.candidate, True)
    assert events(region, "SignUpsRecorded") == 1


def test_one_number_is_one_candidate_however_it_is_written_and_by_whichever_door(region: Region) -> None:
    add_town(region)
    first = join(region, 0)
    for i, written in enumerate(["+86 138 0000 0000", "0086-13800000000", "１３８００００００００"], start=1):
        done = join(region, i, phone=written, source=Source(SourceKind.CREW, crew=CrewId("C1")), name="小王")
        assert (done.candidate, done.again) == (first.candidate, True)
    assert region.reader().execute("SELECT count(*) FROM candidate").fetchone()[0] == 1
    assert [one.again for one in store.read_sign_ups(region.reader(), first.candidate)] == [False, True, True, True]
    assert verify(region).violations == []


def test_who_signs_up_again_is_due_for_a_call_again(region: Region) -> None:
    add_town(region)
    first = join(region, 0)
    with region.turn(LEAD, now=NOON) as turn:
        turn.connection.execute("UPDATE candidate SET due_at = ?", (store.NEVER,))
    later = NOON + timedelta(days=3)
    join(region, 1, phone=phone(0), now=later)
    found = store.find_candidate(region.reader(), first.candidate)
    assert found is not None
    assert found.due_at == later


# RULE 19


def test_no_number_is_stored_without_consent_to_a_text_of_this_region(region: Region) -> None:
    add_town(region)
    for version in ("", "1234567890ab"):
        with pytest.raises(ConsentMissing):
            join(region, consent=version)
    assert persons.find_by_phone(region, [f"+86{phone(0)}"]) == {}
    assert region.reader().execute("SELECT count(*) FROM candidate").fetchone()[0] == 0


@pytest.mark.parametrize("text", FIRST_TEXTS, ids=lambda text: text.version)
def test_a_text_to_which_somebody_agreed_stays_known_when_the_words_change(region: Region, text: ConsentText) -> None:
    add_town(region)
    assert read_consent(region) == FIRST_TEXTS[-1]
    join(region, consent=text.version)
    set_consent(region, LEAD, ConsentText("新的说明", "new words"), now=NOON)
    join(region, 2, consent=text.version)


def test_a_text_of_the_regions_own_is_read_out_whole_because_nobody_knows_what_its_first_paragraph_leaves_out() -> None:
    text = ConsentText("短的\r\n\r\n长的\n\n更长的\n", "short\n \n  long")
    assert text.read_out(chinese=True) == ("短的\r\n\r\n长的\n\n更长的", "")
    assert text.read_out(chinese=False) == ("short\n \n  long", "")


@pytest.mark.parametrize(
    ("chinese", "who", "what_for", "rights", "agree"),
    [(True, "推广队", "只为找您兼职卖货", "可查可删", "同意吗？"),
     (False, "Our promotion team", "only to call you about selling part-time", "see and delete", "do you agree?")],
)  # fmt: skip
def test_what_is_read_out_of_our_own_text_says_who_collects_what_for_and_which_rights_there_are(
    chinese: bool, who: str, what_for: str, rights: str, agree: str
) -> None:
    aloud, rest = FIRST_TEXT.read_out(chinese=chinese)
    assert aloud.startswith(who)
    assert aloud.endswith(agree)
    assert what_for in aloud
    assert rights in aloud
    assert ("大区" if chinese else "region") in rest


def test_the_database_itself_refuses_a_number_before_its_consent(region: Region) -> None:
    add_town(region)
    with pytest.raises(sqlite3.IntegrityError), private_turn(region) as private:
        private.execute("INSERT INTO person VALUES (1, 'c', x'00', x'00')")


def test_name_and_number_lie_in_no_file_in_a_form_that_can_be_read(region: Region) -> None:
    add_town(region)
    join(region, name="欧阳娜娜")
    region.close()
    stored = files(region)
    for trace in ("欧阳", "ouyang", phone(0), f"+86{phone(0)}", "娜娜"):
        assert trace.encode() not in stored, trace
        assert trace.encode("utf-16-le") not in stored, trace


def test_without_the_key_the_sealed_names_cannot_be_opened(region: Region) -> None:
    add_town(region)
    done = join(region)
    assert persons.read_persons(region, [done.candidate])[done.candidate].phone == f"+86{phone(0)}"
    region.key = bytes(32)
    with pytest.raises(RecordDamaged, match="key"):
        persons.read_persons(region, [done.candidate])


def test_a_seal_opens_for_its_own_candidate_only(region: Region) -> None:
    sealed = persons.seal(region, "one", {"name": "王"})
    assert persons.unseal(region, "one", sealed) == {"name": "王"}
    with pytest.raises(RecordDamaged):
        persons.unseal(region, "other", sealed)


def test_a_person_whose_candidate_never_came_to_be_gives_the_number_free(region: Region) -> None:
    add_town(region)
    with region.turn(LEAD, now=NOON) as turn:
        orphan = Person(CandidateId("orphan"), "李", f"+86{phone(0)}", "v", NOON)
        persons.add_persons(turn, [orphan], 1)
    done = join(region)
    assert done.again is False
    found = store.find_candidate(region.reader(), done.candidate)
    assert found is not None
    assert search_persons(region, ["王"]).numbers == [found.number]
    assert search_persons(region, ["李"]).numbers == []


def test_orphans_are_swept_and_nobody_else(region: Region) -> None:
    add_town(region)
    done = join(region)
    with region.turn(LEAD, now=NOON) as turn:
        persons.add_persons(turn, [Person(CandidateId("orphan"), "李", f"+86{phone(7)}", "v", NOON)], 5)
        assert persons.sweep_persons(turn) == 1
    assert set(persons.read_persons(region, [done.candidate, CandidateId("orphan")])) == {done.candidate}


# sources, times, permissions


@pytest.mark.parametrize(
    "source",
    [
        Source(SourceKind.STREET, street=StreetId("none")), Source(SourceKind.VENUE, venue=VenueId("none")),
        Source(SourceKind.CREW, crew=CrewId("none")), Source(SourceKind.POSTER, poster=PosterCode("22222222")),
    ],
)  # fmt: skip
def test_a_source_that_is_not_there_is_refused_and_nothing_is_stored(region: Region, source: Source) -> None:
    add_town(region)
    with pytest.raises(NotFound):
        join(region, source=source)
    assert persons.find_by_phone(region, [f"+86{phone(0)}"]) == {}


def test_a_source_names_what_its_kind_says() -> None:
    with pytest.raises(BadInput, match="not named"):
        Source(SourceKind.VENUE, street=StreetId("S0"))
    with pytest.raises(BadInput, match="no channel"):
        Source(SourceKind.CHANNEL, channel="a b")


def test_the_moment_of_the_talk_is_kept_and_a_wrong_clock_of_a_phone_is_not(region: Region) -> None:
    add_town(region)
    for i, (given, kept) in enumerate([
        (NOON - timedelta(days=2), NOON - timedelta(days=2)), (NOON + timedelta(days=1), NOON), (NOON - timedelta(days=400), NOON),
    ]):  # fmt: skip
        found = store.find_candidate(region.reader(), join(region, i, made_at=given).candidate)
        assert found is not None
        assert found.made_at == kept


def test_a_crew_signs_up_for_itself_and_not_for_another_crew(region: Region) -> None:
    add_town(region)
    crew = Actor(ActorId("p"), Role.CREW, CrewId("C1"))
    join(region, 0, actor=crew, source=Source(SourceKind.CREW, crew=CrewId("C1"), street=StreetId("S0")))
    with pytest.raises(Forbidden):
        join(region, 1, actor=crew, source=Source(SourceKind.CREW, crew=CrewId("C2")))
    with pytest.raises(Forbidden):
        join(region, 2, actor=Actor(ActorId("a"), Role.AUDITOR))


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "<b>"), ("phone", "123"), ("id", ""), ("id", "x" * 65), ("wanted_low", -1)],
)
def test_what_cannot_be_is_refused_by_its_field(region: Region, field: str, value: object) -> None:
    add_town(region)
    with pytest.raises(BadInput) as refusal:
        join(region, **{field: value})
    assert refusal.value.field in (field, "income")
    assert persons.find_by_phone(region, [f"+86{phone(0)}"]) == {}


# the record


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE candidate SET stage = 'contacted'", "UPDATE candidate SET street_id = 'S1'", "DELETE FROM funnel_tally",
        "UPDATE funnel_tally SET count = 2", "UPDATE candidate SET journey = replace(journey, 'ff', '05')", "DROP TRIGGER sign_up_is_never_changed; UPDATE sign_up SET street_id = 'S2'",
        "DROP TRIGGER sign_up_is_never_deleted; DELETE FROM sign_up", "INSERT INTO rep VALUES ('R', 'b', '[]', '[]', 0, 0, NULL, NULL, NULL); UPDATE candidate SET rep_id = 'R'",
    ],
)  # fmt: skip
def test_a_table_that_says_other_than_the_record_is_found(region: Region, change: str) -> None:
    add_town(region)
    join(region)
    assert verify(region).violations == []
    with region.turn(LEAD, now=NOON) as turn:
        for statement in change.split("; "):
            turn.connection.execute(statement)
    assert verify(region).violations


@pytest.mark.parametrize("statement", ["UPDATE sign_up SET again = 1", "DELETE FROM sign_up"])
def test_sign_ups_can_be_neither_changed_nor_deleted(region: Region, statement: str) -> None:
    add_town(region)
    join(region)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), region.turn(LEAD, now=NOON) as turn:
        turn.connection.execute(statement)
