"""Sentences that are values: English for programs, template and facts for pages, whole after every border."""

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldops.planning.reasons import CODE_OF, SENTENCES, SORTS, fold_crews, pack, say, sort_of, unpack
from fieldops.said import WHOLE, Reason, Said, say_interval, say_share


def test_a_sentence_is_english_text_and_keeps_its_facts() -> None:
    said = say("lacks_hours", crew="C1", needs_h=12.34, room_h=8.0)
    assert (
        said == "crew C1 would need 12.3 h for it, its ways there and back included, and can give 8.0 h in all (rule 5)"
    )
    assert said.facts == {"crew": "C1", "needs_h": 12.34, "room_h": 8.0}


def test_reasons_that_differ_in_their_crew_only_are_one_line() -> None:
    waits = [Reason([say("cools_down", crew=crew)]) for crew in ("C1", "C2")]
    held = [Reason([say("claimed", crew="C9", until_at="2026-03-09 08:00")])] * 2
    lacks = [Reason([say("lacks_hours", crew=crew, needs_h=h, room_h=8.0)]) for crew, h in (("C3", 9.0), ("C4", 12.0))]
    assert fold_crews([waits[0], held[0], *lacks, held[1], waits[1]]) == [
        "crew C1, C2 cools down for it: it forfeited the street (rule 4)", held[0], *lacks
    ]  # fmt: skip


def test_the_end_of_a_name_says_how_a_fact_is_written() -> None:
    said = Said("%(a_n)s %(b_share)s %(c_h)s %(d_hours)s %(e_m)s %(f_m)s %(g_at)s %(h)s", a_n=12.6, b_share=0.2, c_h=1.25,
                d_hours=7.6, e_m=420, f_m=1234, g_at="2026-03-02 08:00", h="x")  # fmt: skip
    assert said == "13 20% 1.2 8 420 m 1.2 km 2026-03-02 08:00 x"


@pytest.mark.parametrize(
    ("low", "high", "read", "roughly"),
    [
        (0.0, 0.0, "below 0.1%", "below 1%"), (0.0001, 0.0004, "below 0.1%", "below 1%"),
        (0.0001, 0.003, "0.0%–0.3%", "below 1%"), (0.0009, 0.0011, "0.1%", "below 1%"),
        (0.004, 0.03, "0.4%–3.0%", "0%–3%"), (0.7, 1.0, "70.0%–100.0%", "70%–100%"),
    ],
)  # fmt: skip
def test_an_interval_is_never_said_to_lie_between_nothing_and_nothing(
    low: float, high: float, read: str, roughly: str
) -> None:
    assert (say_interval(low, high), say_interval(low, high, WHOLE)) == (read, roughly)


def test_a_share_of_a_few_is_never_said_to_be_none() -> None:
    assert [say_share(share) for share in (0.0, 0.0004, 0.0006, 0.2)] == ["0.0%", "below 0.1%", "0.1%", "20.0%"]
    said = [Said("%(known_share)s", known_share=share) for share in (0.0, 0.0004, 0.004, 0.2)]
    assert said == ["0%", "below 0.1%", "0.4%", "20%"]
    assert Said("%(known_interval)s", known_interval="0.0001 0.0003") == "below 0.1%"
    assert Said("%(known_interval)s", known_interval="0.12 0.31") == "12%–31%"


def test_a_text_with_a_per_cent_sign_and_no_facts_is_taken_as_it_is() -> None:
    assert Said("20 % of them") == "20 % of them"
    assert pickle.loads(pickle.dumps(Said("20 % of them"))) == "20 % of them"


def test_a_reason_joins_sentences_and_reasons_and_leaves_empty_ones_out() -> None:
    reason = Reason([say("only"), "", Reason([say("swarmed"), say("ask_gate")]), "as it was"])
    assert (
        reason
        == "no other crew can take it; its triangle is swarmed; ask at the gate first: permission unknown; as it was"
    )
    assert len(reason.parts) == 4
    assert not Reason()


@given(st.lists(st.sampled_from(["only", "swarmed", "closed", "no_crew"])), st.floats(0, 1), st.integers(0, 10**6))
def test_a_reason_survives_storing_and_process_borders(codes: list[str], share: float, metres: int) -> None:
    reason = Reason([*map(say, codes), say("believed", known_share=share), Said("%(way_m)s away", way_m=metres)])
    for again in (unpack(pack(reason), "unused"), pickle.loads(pickle.dumps(reason))):
        assert again == reason
        assert [part.facts for part in again.parts] == [part.facts for part in reason.parts]
    assert json.loads(pack(say("only"))) == [["only", {}]]


def test_an_older_record_without_values_keeps_its_english() -> None:
    assert unpack("", "no crew has hours left") == "no crew has hours left"
    assert sort_of("no crew has hours left") == "no crew has hours left"


def test_every_sentence_has_one_code_and_every_sort_is_one_of_them() -> None:
    assert len(CODE_OF) == len(SENTENCES)
    assert set(SORTS) <= set(SENTENCES)
