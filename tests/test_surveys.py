"""Surveys and measurements as pure rules: what a row may say, what counts (rule 9), which number a test has."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldops.errors import BadInput
from fieldops.ids import MeasurementId
from fieldops.rules import Rules
from fieldops.surveys import (
    Answer,
    Asked,
    Phase,
    Sitting,
    digest_of,
    name_measurement,
    number_of_try,
    read_survey,
    rule_of_try,
    tally,
    those_that_count,
    why_not_counted,
)

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
RULES = Rules()
ROW = {"survey_id": "s1", "asked_at": "2026-03-02T09:00:00+08:00", "answer": "knows", "promoter": "P1", "street": "S1"}


def asked(minute: float, answer: str = "knows", *, promoter: str = "P1", corner: str = "A", **more: object) -> Asked:
    return Asked(f"{promoter}{corner}{minute}", START + timedelta(minutes=minute), answer, promoter, corner, **more)  # type: ignore[arg-type]


def test_a_row_of_text_becomes_a_survey_in_utc() -> None:
    survey = read_survey(ROW)
    assert (survey.asked_at, survey.answer, survey.street, survey.phase) == (START, Answer.KNOWS, "S1", Phase.UNKNOWN)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("survey_id", ""), ("survey_id", "x" * 65), ("survey_id", "a\tb"), ("asked_at", "2026-03-02 09:00"),
        ("asked_at", "1999-12-31T23:59:59Z"), ("asked_at", "yesterday"), ("answer", "yes"), ("answer", ""),
        ("promoter", ""), ("triangle", "T1"), ("phase", "during"), ("accuracy_m", "-1"), ("accuracy_m", "nan"),
        ("lat", "28"), ("device_time", "noon"), ("accuracy_m", "1e308"), ("device_time", "2099-01-01T00:00:00Z"),
        ("cluster", "Wang 13800138000"), ("cluster", "１３８００"), ("cluster", "x" * 17), ("cluster", "A\x00"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_meant_is_refused_by_the_name_of_its_field(column: str, value: str) -> None:
    with pytest.raises(BadInput) as refusal:
        read_survey({**ROW, column: value})
    assert refusal.value.field == ("lon" if column == "lat" else column)


@pytest.mark.parametrize("corner", ["A", "东门", "gate 1204", "x" * 16])
def test_a_corner_is_a_short_word_or_none(corner: str) -> None:
    assert read_survey({**ROW, "cluster": f" {corner} "}).cluster == corner


def test_a_survey_needs_a_place() -> None:
    with pytest.raises(BadInput, match="no place"):
        read_survey({**ROW, "street": ""})


def test_a_position_is_a_place() -> None:
    survey = read_survey({**ROW, "street": "", "lon": "117.2", "lat": "28.3"})
    assert (survey.lon, survey.lat, survey.street) == (117.2, 28.3, None)


def test_the_sixth_survey_of_a_promoter_at_a_corner_within_20_minutes_is_kept_and_does_not_count() -> None:
    reasons = why_not_counted([asked(3 * i) for i in range(6)], RULES)
    assert reasons == [""] * 5 + ["crowded"]


def test_twenty_minutes_after_the_first_another_one_counts() -> None:
    reasons = why_not_counted([asked(minute) for minute in (0, 1, 2, 3, 4, 19.9, 20, 20.5)], RULES)
    assert reasons == [""] * 5 + ["crowded", "", "crowded"]


def test_another_corner_and_another_promoter_have_five_of_their_own() -> None:
    surveys = [asked(i, promoter=p, corner=c) for i in range(5) for p, c in (("P1", "A"), ("P1", "B"), ("P2", "A"))]
    assert set(why_not_counted(surveys, RULES)) == {""}


def test_refusals_and_quarantined_surveys_take_no_place_of_the_five() -> None:
    surveys = [asked(0, "refused"), asked(1, quarantined=True), *(asked(2 + i) for i in range(5))]
    assert why_not_counted(surveys, RULES) == ["refused", "quarantined", "", "", "", "", ""]


def test_a_survey_after_pitching_does_not_count_in_a_measurement_begun_before() -> None:
    surveys = [
        asked(0, phase="unknown"),
        asked(5, phase="before"),
        asked(10, phase="after"),
        asked(15, phase="unknown"),
    ]
    assert why_not_counted(surveys, RULES) == ["", "", "other_phase", ""]
    assert tally(surveys, RULES).phase is Phase.BEFORE


SURVEYS = st.lists(
    st.builds(
        asked, st.floats(0, 119, allow_nan=False), st.sampled_from(list(Answer)), promoter=st.sampled_from(["P1", "P2"]),
        corner=st.sampled_from(["A", "B"]), quarantined=st.booleans(),
    ),
    min_size=1, max_size=60,
).map(lambda surveys: sorted(surveys, key=lambda one: one.asked_at))  # fmt: skip


@given(SURVEYS)
def test_in_any_twenty_minutes_at_most_five_of_a_promoter_at_a_corner_count(surveys: list[Asked]) -> None:
    counted = [one for one, why in zip(surveys, why_not_counted(surveys, RULES), strict=True) if not why]
    for first in counted:
        window = [
            one for one in counted
            if (one.promoter, one.corner) == (first.promoter, first.corner)
            and timedelta(0) <= one.asked_at - first.asked_at < RULES.cluster_window
        ]  # fmt: skip
        assert len(window) <= 5


@given(SURVEYS)
def test_every_survey_either_counts_or_is_left_out_for_a_reason(surveys: list[Asked]) -> None:
    counts = tally(surveys, RULES)
    assert len(counts.answers) + sum(counts.left_out.values()) == len(surveys)
    assert sum(n for _, n in counts.homes.values()) == len(counts.answers)
    assert sum(s for s, _ in counts.homes.values()) == counts.answers.count("1")
    assert counts.left_out.get("quarantined", 0) == sum(one.quarantined for one in surveys)


def test_a_tally_files_answers_under_the_street_where_the_person_lives() -> None:
    surveys = [asked(0, home="S1"), asked(5, "does_not_know", home="S2"), asked(10, home="S1"), asked(15)]
    assert tally(surveys, RULES).homes == {"S1": (2, 2), "S2": (0, 1), "": (1, 1)}


def test_what_counts_has_one_digest_whatever_else_was_asked_and_another_with_another_answer() -> None:
    few = [asked(0), asked(5, "does_not_know")]
    counted = those_that_count([few[0], asked(4, "refused"), few[1], asked(9, "refused")], RULES)
    assert counted == few
    assert digest_of(counted) == digest_of(few)
    assert digest_of([few[0], asked(5)]) != digest_of(few)


def test_a_measurement_takes_surveys_on_both_sides_as_long_as_it_stays_within_two_hours() -> None:
    sitting = Sitting(MeasurementId("m"), START + timedelta(minutes=60), START + timedelta(minutes=100))
    window = RULES.measurement_window
    assert sitting.takes(START + timedelta(minutes=180), window)
    assert not sitting.takes(START + timedelta(minutes=181), window)
    assert sitting.takes(START - timedelta(minutes=20), window)
    assert not sitting.takes(START - timedelta(minutes=21), window)


def test_the_fourth_test_of_a_place_within_a_claim_needs_the_audit_rule() -> None:
    earlier = [START + timedelta(days=i) for i in range(3)]
    rules = [
        rule_of_try(number_of_try((day, str(i)), START, [(one, str(j)) for j, one in enumerate(earlier[:i])]), RULES)
        for i, day in enumerate([*earlier, START + timedelta(days=4)])
    ]
    assert rules == ["r50", "r50", "r50", "a130"]


def test_tests_before_the_claim_do_not_count_against_it() -> None:
    before = [(START - timedelta(days=i), str(i)) for i in range(1, 9)]
    assert number_of_try((START, "0"), START - timedelta(hours=1), before) == 1


def test_tests_begun_at_one_moment_are_numbered_by_their_ids() -> None:
    tests = [(START, name) for name in "DBAC"]
    assert [number_of_try(one, START, tests) for one in tests] == [4, 2, 1, 3]


@pytest.mark.parametrize(("corner", "at"), [("", None), ("A", None), (" a ", None), ("Ａ", None), ("B", 2)])
def test_an_unstated_corner_is_none_and_the_same_one_typed_otherwise_is_the_same(corner: str, at: int | None) -> None:
    assert tally([asked(0, corner="A"), asked(5, corner=corner)], RULES).spread_at == at


def test_where_no_corner_is_stated_there_is_none() -> None:
    assert tally([asked(0, corner=""), asked(5, corner=" ")], RULES).spread_at is None


def test_a_corner_typed_otherwise_gives_no_room_for_more_than_five_surveys() -> None:
    assert tally([asked(i, corner="aA"[i % 2]) for i in range(8)], RULES).left_out == {"crowded": 3}


def test_measurements_without_a_name_are_named_alike_each_time_and_differently_by_place_phase_and_target() -> None:
    names = Counter(
        name_measurement(place, phase, target, START)
        for place in ("S1", "S2") for phase in ("arrival", "exit") for target in ("", "m1")
    )  # fmt: skip
    assert len(names) == 8
    assert name_measurement("S1", "exit", "", START) in names
