import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.city.synth import words
from fieldops.city.synth.names import Names, english, numeral


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("解放东路", "Jiefang East Road"),
        ("中山路", "Zhongshan Road"),
        ("滨江大道", "Binjiang Avenue"),
        ("槐树巷", "Huaishu Lane"),
        ("解放路12弄", "Alley 12, Jiefang Road"),
        ("岚川", "Lanchuan"),
    ],
)
def test_a_street_sign_is_spelled_in_english(name: str, spelled: str) -> None:
    assert english(name) == spelled


@pytest.mark.parametrize(("number", "text"), [(1, "一"), (10, "十"), (12, "十二"), (20, "二十"), (99, "九十九")])
def test_numbers_are_written_in_chinese(number: int, text: str) -> None:
    assert numeral(number) == text


def test_every_character_of_every_word_has_a_pinyin() -> None:
    for name, value in vars(words).items():
        if name.isupper() and isinstance(value, tuple):
            assert {c for word in value for c in word} <= words.PINYIN.keys(), name


@given(st.integers(0, 1_000))
@settings(max_examples=20, deadline=None)
def test_no_name_is_given_twice(seed: int) -> None:
    names = Names(np.random.default_rng(seed))
    given_names = [names.street() for _ in range(60)] + [names.lane("解放路") for _ in range(250)]
    given_names += [names.compound(old=k % 2 == 0, near="解放路") for k in range(250)] + [
        names.village() for _ in range(60)
    ]
    assert len(set(given_names)) == len(given_names)
    assert all(character in words.PINYIN or character.isdigit() for name in given_names for character in name)


def test_stems_of_roads_never_run_out() -> None:
    names = Names(np.random.default_rng(3))
    stems = [names.stem() for _ in range(6_000)]
    assert len(set(stems)) == len(stems)


def test_lanes_without_a_street_are_not_called_after_nothing() -> None:
    names = Names(np.random.default_rng(4))
    assert all(len(names.lane("")) >= 3 for _ in range(300))
