"""`bench fit` fails where the stated intervals do not hold what they state."""

import numpy as np
import pytest

from tests.benchmarks.bench_fit import HELD, broken


def found(**shares: float) -> dict[str, np.ndarray]:
    """Return judgements of a thousand cases each, of which so many parts held, 80 % where none are told."""
    return {name: np.arange(1000) < 1000 * shares.get(name, 0.80) for name in HELD}


@pytest.mark.parametrize("share", [0.76, 0.80, 0.84])
@pytest.mark.parametrize("name", HELD)
def test_intervals_that_hold_what_they_state_pass(name: str, share: float) -> None:
    assert broken(found(**{name: share}), "town") == []


@pytest.mark.parametrize("share", [0.75, 0.85])
@pytest.mark.parametrize("name", HELD)
def test_intervals_that_hold_too_rarely_or_too_often_are_named(name: str, share: float) -> None:
    (said,) = broken(found(**{name: share}), "town")
    assert f"town: the stated 80 % intervals of {name} held in {100 * share:.1f} %" in said
