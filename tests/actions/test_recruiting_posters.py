"""The page behind a poster: people pass, floods wait, machines leave nothing behind, and nobody learns who is known."""

from datetime import timedelta

import pytest

from fieldops.actions.recruiting_duties import run_retention
from fieldops.actions.recruiting_lists import list_candidates
from fieldops.actions.recruiting_posters import (
    FREE_OF_NETWORK,
    MOST_HELD_OF_NETWORK,
    ConsentText,
    Received,
    close_poster,
    list_floods,
    list_posters,
    make_poster,
    network_of,
    open_page,
    read_consent,
    receive,
    set_consent,
    set_poster_words,
    settle_flood,
)
from fieldops.clock import format_moment
from fieldops.errors import BadInput, ConsentMissing, Forbidden, NotFound
from fieldops.ids import ActorId, CrewId, PosterCode, StreetId
from fieldops.people import Actor, Role
from fieldops.recruiting.consent import FIRST_TEXT
from fieldops.recruiting.sources import CODE_SIGNS, SourceKind
from fieldops.store import held
from fieldops.store.connect import Region
from fieldops.store.persons import find_by_phone, private_turn, read_persons
from fieldops.store.recruiting import find_candidate
from fieldops.store.verify import verify
from tests.conftest import LEAD, NOON
from tests.recruits import join, phone
from tests.small_region import add_town

LATER = NOON + timedelta(seconds=30)


@pytest.fixture
def code(region: Region) -> PosterCode:
    add_town(region)
    return make_poster(region, LEAD, street=StreetId("S0"), crew=CrewId("C1"), now=NOON).code


def send(region: Region, code: str, number: int = 0, **more: object) -> Received:
    """Open the page and send it, as a person does; `form`, `now` and all else may be given."""
    written = {"form": open_page(region, code, now=NOON, at=NOON).form, "name": "王小明", "phone": phone(number), "now": LATER,
               "consent": FIRST_TEXT.version, "address": "203.0.113.7"} | more  # fmt: skip
    return receive(region, code, at=written["now"], **written)  # type: ignore[arg-type]


def count(region: Region) -> int:
    return int(region.reader().execute("SELECT count(*) FROM candidate").fetchone()[0])


def test_who_scans_a_poster_is_a_candidate_of_its_street_crew_and_code(region: Region, code: PosterCode) -> None:
    assert send(region, code, group="4") == Received.TAKEN
    (card,) = list_candidates(region, LEAD, now=NOON).cards
    source = card.candidate.source
    assert (source.kind, source.street, source.crew, source.poster) == (SourceKind.POSTER, "S0", "C1", code)
    assert [(one.code, brought) for one, brought in list_posters(region, LEAD)] == [(code, 1)]
    assert region.reader().execute("SELECT actor FROM event ORDER BY seq DESC").fetchone()[0] == f"poster:{code}"
    assert verify(region).violations == []


def test_codes_are_long_enough_not_to_be_guessed_and_have_no_signs_that_are_misread(
    region: Region, code: PosterCode
) -> None:
    codes = {make_poster(region, LEAD, crew=CrewId("C1"), now=NOON).code for _ in range(50)}
    assert len(codes) == 50
    assert len(CODE_SIGNS) ** len(code) > 1e11
    assert not set("01OIlLU") & set("".join(codes))
    assert open_page(region, code.lower(), now=NOON).code == code


def test_a_double_tap_and_a_second_form_of_the_same_day_are_one_sign_up(region: Region, code: PosterCode) -> None:
    form = open_page(region, code, now=NOON, at=NOON).form
    assert [send(region, code, form=form) for _ in range(3)] == [Received.TAKEN] * 3
    assert send(region, code) == Received.TAKEN
    assert region.reader().execute("SELECT count(*) FROM sign_up").fetchone()[0] == 1


def test_a_form_used_again_for_another_number_brings_nobody(region: Region, code: PosterCode) -> None:
    form = open_page(region, code, now=NOON, at=NOON).form
    assert [send(region, code, number, form=form) for number in range(20)] == [Received.TAKEN] * 20
    assert count(region) == 1


def test_the_answer_does_not_tell_whether_a_number_is_known(region: Region, code: PosterCode) -> None:
    join(region, 5)
    assert send(region, code, 5) == send(region, code, 6) == Received.TAKEN


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"form": ""}, "form"), ({"form": "1.2.3"}, "form"), ({"form": "x" * 500}, "form"), ({"form": "1.\u0661.é"}, "form"),
        ({"now": NOON + timedelta(hours=13)}, "form"), ({"now": NOON + timedelta(seconds=1)}, "speed"),
        ({"name": "<script>alert(1)</script>"}, "name"), ({"phone": "110"}, "phone"), ({"name": "加微信 vx123456"}, "name"),
    ],
)  # fmt: skip
def test_what_no_person_sends_brings_nobody(
    region: Region, code: PosterCode, change: dict[str, object], field: str
) -> None:
    with pytest.raises(BadInput) as refusal:
        send(region, code, **change)
    assert refusal.value.field == field
    assert count(region) == 0


def test_a_form_of_one_poster_does_not_do_for_another(region: Region, code: PosterCode) -> None:
    other = make_poster(region, LEAD, crew=CrewId("C1"), now=NOON).code
    with pytest.raises(BadInput, match="not the form"):
        send(region, other, form=open_page(region, code, now=NOON, at=NOON).form)


def test_a_filled_trap_and_a_missing_consent_store_nothing(region: Region, code: PosterCode) -> None:
    assert send(region, code, trap="http://x") == Received.DROPPED
    with pytest.raises(ConsentMissing):
        send(region, code, consent="")
    assert count(region) == 0
    assert held.read_floods(region) == []


def test_people_behind_one_address_are_never_shut_out_what_is_too_much_waits(region: Region, code: PosterCode) -> None:
    answers = [send(region, code, number) for number in range(FREE_OF_NETWORK + 10)]
    assert answers == [Received.TAKEN] * FREE_OF_NETWORK + [Received.HELD] * 10
    assert count(region) == FREE_OF_NETWORK
    assert send(region, code, 500, address="198.51.100.1") == Received.TAKEN  # another network is not concerned
    (flood,) = list_floods(region, LEAD)
    assert flood.count == 10
    assert settle_flood(region, LEAD, flood.code, flood.network, let_in=True, now=LATER) == 10
    assert count(region) == FREE_OF_NETWORK + 11
    assert list_floods(region, LEAD) == []
    assert verify(region).violations == []


def test_ten_minutes_later_the_same_address_passes_again(region: Region, code: PosterCode) -> None:
    for number in range(FREE_OF_NETWORK + 1):
        send(region, code, number)
    later = NOON + timedelta(minutes=11)
    form = open_page(region, code, now=later, at=later).form
    assert send(region, code, 300, form=form, now=later + timedelta(seconds=30)) == Received.TAKEN


def test_a_flood_is_dropped_whole_and_leaves_nothing(region: Region, code: PosterCode) -> None:
    for number in range(FREE_OF_NETWORK + 5):
        send(region, code, number)
    (flood,) = list_floods(region, LEAD)
    assert settle_flood(region, LEAD, flood.code, flood.network, let_in=False, now=LATER) == 0
    assert list_floods(region, LEAD) == []
    assert count(region) == FREE_OF_NETWORK
    with pytest.raises(Forbidden):
        settle_flood(region, Actor(ActorId("r"), Role.REP), flood.code, flood.network, let_in=True)


def test_what_waits_is_bounded_and_forgotten_after_a_week(region: Region, code: PosterCode) -> None:
    network = held.hash_network(region, "203.0.113.7", NOON)
    with private_turn(region) as private:
        sealed = held.seal(region, "x", {})
        private.executemany(
            "INSERT INTO held_sign_up VALUES (?, ?, ?, ?, ?, ?)",
            [
                (f"n{i}", str(i).encode(), code, network, format_moment(NOON), sealed)
                for i in range(MOST_HELD_OF_NETWORK)
            ],
        )
    for number in range(FREE_OF_NETWORK + 1):
        last = send(region, code, number)
    assert last == Received.TOO_MANY
    done = run_retention(region, LEAD, now=NOON + timedelta(days=8))
    assert done.held_dropped == MOST_HELD_OF_NETWORK
    assert held.read_floods(region) == []


def test_an_address_is_kept_as_a_hash_that_changes_every_day(region: Region, code: PosterCode) -> None:
    send(region, code, address="203.0.113.77")
    region.close()
    stored = b"".join(path.read_bytes() for path in region.path.parent.iterdir() if path.is_file())
    assert b"203.0.113.77" not in stored
    assert held.hash_network(region, "a", NOON) != held.hash_network(region, "a", NOON + timedelta(days=1))


def test_phones_of_one_ipv6_network_are_one_network() -> None:
    assert network_of("2001:db8:1:2::1") == network_of("2001:db8:1:2:ffff::9")
    assert network_of("2001:db8:1:3::1") != network_of("2001:db8:1:2::1")
    assert network_of("203.0.113.7") != network_of("203.0.113.8")
    assert network_of("nonsense") == network_of("") == "unknown"


def test_a_closed_or_unknown_poster_takes_nobody(region: Region, code: PosterCode) -> None:
    form = open_page(region, code, now=NOON, at=NOON).form
    close_poster(region, LEAD, code, now=NOON)
    for act in (
        lambda: send(region, "22222222", form=form), lambda: open_page(region, code, now=NOON),
        lambda: receive(region, code, form=form, name="王", phone=phone(0), now=LATER, at=LATER),
        lambda: open_page(region, "../../etc", now=NOON), lambda: close_poster(region, LEAD, code, now=NOON),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            act()


def test_the_consent_that_is_stored_is_the_text_that_was_shown(region: Region, code: PosterCode) -> None:
    old = read_consent(region).version
    new = set_consent(region, LEAD, ConsentText("新的说明", "new words"), now=NOON)
    assert new != old
    send(region, code, 0, consent=new)
    send(region, code, 1, consent=old, address="198.51.100.1")  # a page opened before the change
    found = find_by_phone(region, [f"+86{phone(0)}", f"+86{phone(1)}"])
    assert [person.consent for person in read_persons(region, list(found.values())).values()] == [new, old]
    assert all(find_candidate(region.reader(), one) for one in found.values())


def test_the_region_words_its_posters_itself(region: Region, code: PosterCode) -> None:
    set_poster_words(region, LEAD, {"chinese_headline": " 在家做兼职 ", "english_text": ""}, now=NOON)
    assert open_page(region, code, now=NOON).words == {"chinese_headline": "在家做兼职"}
    for words in ({"german_text": "x"}, {"chinese_text": "x" * 301}):
        with pytest.raises(BadInput):
            set_poster_words(region, LEAD, words, now=NOON)
