"""Every number of the rules is a setting with a meaning, and what people write for it is read back as it was."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldops.errors import BadInput
from fieldops.rules import MEANINGS, Rules, read_setting, write_setting

NAMES = [field.name for field in fields(Rules)]


def test_every_setting_has_a_meaning_and_no_other_word_has_one() -> None:
    assert list(MEANINGS) == NAMES
    assert all(0 <= rule <= 20 and len(meaning) > 15 for rule, meaning in MEANINGS.values())


@pytest.mark.parametrize("name", NAMES)
def test_a_default_is_read_back_as_it_was_written(name: str) -> None:
    value = getattr(Rules(), name)
    assert read_setting(name, write_setting(value)) == value
    assert read_setting(name, "default") == value


@given(st.integers(1, 10**7))
def test_any_duration_of_whole_seconds_is_read_back(seconds: int) -> None:
    value = timedelta(seconds=seconds)
    assert read_setting("cool_down", write_setting(value)) == value


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("target_share", "25%", 0.25), ("target_share", "0.3", 0.3), ("claim_duration", "5d", timedelta(days=5)),
        ("cluster_window", "20 min", timedelta(minutes=20)), ("claims_per_crew", "12", 12), ("walk_both_sides", "no", False),
        ("move_on_rule", "A130", "a130"), ("withdrawal_grace", "1.5h", timedelta(minutes=90)),
    ],
)  # fmt: skip
def test_what_people_write_is_understood(name: str, text: str, value: object) -> None:
    assert read_setting(name, text) == value


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("target", "0.2", "no such setting"), ("claim_duration", "7", "not a duration"), ("claim_duration", "-7d", "not a duration"),
        ("claims_per_crew", "12.5", "not a whole number"), ("target_share", "much", "not a number"),
        ("walk_both_sides", "1", "neither yes nor no"),
    ],
)  # fmt: skip
def test_what_is_no_value_is_refused_with_its_name_and_cure(name: str, text: str, problem: str) -> None:
    with pytest.raises(BadInput, match=problem) as refusal:
        read_setting(name, text)
    assert refusal.value.field == name
    assert refusal.value.cure


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("claim_duration", "99999999d"),
        ("claim_duration", "999999999999d"),
        ("survey_minutes", "nan"),
        ("walk_speed_km_h", "inf"),
    ],
)
def test_a_number_that_nothing_can_be_reckoned_with_is_refused(name: str, text: str) -> None:
    with pytest.raises(BadInput):
        replace(Rules(), **{name: read_setting(name, text)})


@pytest.mark.parametrize("stored", [{"claims_per_crew": "40"}, {"target_share": "0.2"}, {"walk_both_sides": 1}])
def test_stored_settings_of_another_kind_are_refused_by_name(stored: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="is of another kind") as refusal:
        Rules.from_json(stored)
    assert refusal.value.field == next(iter(stored))
