"""Names of streets are found by how they sound."""

import pytest

from fieldops.city.spoken import sounds_like, spoken


@pytest.mark.parametrize(
    ("label", "word"),
    [
        ("解放路", "jiefanglu"), ("解放路", "jiefang"), ("解放路", "jfl"), ("解放路", "fang"), ("重庆路", "chongqing"),
        ("长乐街12号弄", "changlejie12"), ("Market Lane 3", "market"), ("2号路", "2h"), ("长安街", "caj"),
    ],
)  # fmt: skip
def test_a_name_is_found_by_pinyin_initials_and_parts_of_them(label: str, word: str) -> None:
    assert sounds_like(spoken(label), word)


@pytest.mark.parametrize(("label", "word"), [("解放路", "jl"), ("解放路", "jiefangjie"), ("人民路", "jfl")])
def test_a_name_that_sounds_otherwise_is_not_found(label: str, word: str) -> None:
    assert not sounds_like(spoken(label), word)
