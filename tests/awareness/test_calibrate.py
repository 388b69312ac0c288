import numpy as np
import pytest

from fieldops.awareness import calibrated_two_sprt, design_card, two_sprt
from fieldops.errors import BadInput


def test_the_calibrated_test_asks_no_more_than_the_published_one() -> None:
    shares = np.linspace(0.05, 0.4, 141)
    published = two_sprt(0.12, 0.28, 0.28467, 0.17399, theta=0.17541)
    found = calibrated_two_sprt(0.12, 0.28, 0.10, 0.10)
    assert max(found.error_rates()) <= 0.10
    most = found.surveys_curve(shares, curtailed=False).max()
    assert most <= published.surveys_curve(shares, curtailed=False).max()
    assert most <= 1.02 * 27.278  # the bound for any rule


@pytest.mark.parametrize(
    ("zone", "error", "every", "printed"),
    [
        ((0.10, 0.30), 0.10, 1, 17.40), ((0.10, 0.30), 0.10, 5, 18.63), ((0.10, 0.30), 0.10, 10, 21.72),
        ((0.12, 0.28), 0.10, 5, 29.59), ((0.12, 0.28), 0.10, 10, 32.43), ((0.10, 0.30), 0.05, 5, 30.72),
        ((0.10, 0.30), 0.05, 10, 32.06),
        *(pytest.param(*one, marks=pytest.mark.full) for one in (
            ((0.10, 0.30), 0.05, 1, 29.00), ((0.12, 0.28), 0.05, 1, 46.63), ((0.12, 0.28), 0.05, 5, 48.51),
            ((0.12, 0.28), 0.05, 10, 50.12), ((0.15, 0.25), 0.10, 1, 72.72), ((0.15, 0.25), 0.10, 5, 74.56),
            ((0.15, 0.25), 0.10, 10, 76.29), ((0.15, 0.25), 0.05, 1, 123.24), ((0.16, 0.24), 0.10, 1, 114.04),
        )),
    ],
)  # fmt: skip
def test_calibrated_tests_ask_no_more_than_those_of_the_price_list(
    zone: tuple[float, float], error: float, every: int, printed: float
) -> None:
    rule = calibrated_two_sprt(*zone, error, error, every=every)
    assert max(rule.error_rates(*zone)) <= error
    assert rule.surveys_curve(np.linspace(0.05, 0.4, 351), curtailed=False).max() <= printed + 0.005


@pytest.mark.parametrize("zone", [(0.10, 0.30, 0.10, 0.05), (0.15, 0.40, 0.02, 0.10)])
def test_a_card_for_the_hand_keeps_its_errors_in_blocks(zone: tuple[float, float, float, float]) -> None:
    card = design_card(*zone)
    wrong_move_on, wrong_push_on = card.error_rates()
    assert wrong_move_on <= zone[2]
    assert wrong_push_on <= zone[3]
    assert len(card.looks) <= 16
    assert all(look % 5 == 0 for look in card.looks)
    assert card.push_on_at_most[0] >= 0 or card.move_on_at_least[0] <= card.looks[0]


def test_errors_of_a_coin_are_refused() -> None:
    with pytest.raises(BadInput):
        design_card(0.1, 0.3, 0.5, 0.1)
