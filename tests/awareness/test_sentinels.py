import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldops.awareness import choose_sentinels
from fieldops.errors import BadInput


def test_those_not_asked_for_longest_come_first_each_triangle_before_any_second() -> None:
    chosen = choose_sentinels([5, 1, 2, 3], [0, 0, 0, 1], np.random.default_rng(0), count=3)
    assert chosen.tolist() == [1, 3, 2]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), max_size=30), st.integers(0, 8), st.integers(0, 2**32))
def test_sentinels_are_distinct_and_as_many_as_asked(rows: list[tuple[int, int]], count: int, seed: int) -> None:
    days, triangle = [row[0] for row in rows], [row[1] for row in rows]
    chosen = choose_sentinels(days, triangle, np.random.default_rng(seed), count=count).tolist()
    assert len(set(chosen)) == len(chosen) == min(count, len(rows))
    seen = {triangle[i] for i in chosen}
    assert len(seen) == min(len(chosen), len(set(triangle)))


def test_nobody_can_tell_which_of_two_equal_streets_is_visited() -> None:
    chosen = {int(choose_sentinels([1, 1], [0, 1], np.random.default_rng(s), count=1)[0]) for s in range(20)}
    assert chosen == {0, 1}


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(BadInput):
        choose_sentinels([1, 2], [0], np.random.default_rng(0))
