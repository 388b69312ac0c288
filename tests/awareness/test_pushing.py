"""Streets pushed together: no hour that is worth less than its price, and what neighbours hear counts."""

import numpy as np
import pytest

from fieldops.awareness import CHANCE_DOSES, Response, chance_by_dose, hours_at_probability, joint_hours

RESPONSE = Response()
ALPHA, BETA, PEOPLE = 1.75, 23.25, 400.0  # a street of which nothing is known


def worth(
    count: int = 1, *, alpha: float = ALPHA, beta: float = BETA, tau: float = 0.35, short: float = 0.0
) -> np.ndarray:
    street = {"alpha": [alpha], "beta": [beta], "tau": [tau], "response": RESPONSE}
    one = chance_by_dose(**street, target=0.2)[0] + short * chance_by_dose(**street, target=0.15)[0]  # type: ignore[arg-type]
    return np.repeat(one, count, axis=0)


def push(
    count: int = 1, *, people: float = PEOPLE, short: float = 0.0, price: float = 0.09, setup: float = 0.0,
    spill: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    among = np.zeros((count, count)) if spill is None else spill
    reach = np.full(count, people / RESPONSE.rho)
    return joint_hours(worth(count, short=short), CHANCE_DOSES, reach, spill=among, price=price, setup=setup)


def test_the_chance_after_a_dose_is_the_inverse_of_the_hours_for_a_chance() -> None:
    wanted = np.array([0.3, 0.6, 0.9])
    hours = hours_at_probability(ALPHA, BETA, PEOPLE, RESPONSE, probability=wanted)
    chances, doses = chance_by_dose([ALPHA], [BETA], RESPONSE, target=0.2, tau=[0.35])
    np.testing.assert_allclose(np.interp(hours * RESPONSE.rho / PEOPLE, doses, chances[0]), wanted, atol=0.01)


def test_a_street_is_pushed_until_an_hour_adds_less_than_its_price() -> None:
    hours = push()[0]
    chances, doses = chance_by_dose([ALPHA], [BETA], RESPONSE, target=0.2, tau=[0.35])
    worth = np.interp(np.linspace(0, 30, 601) * RESPONSE.rho / PEOPLE, doses, chances[0]) - 0.09 * np.linspace(
        0, 30, 601
    )
    assert hours == pytest.approx(np.linspace(0, 30, 601)[np.argmax(worth)], rel=0.15)
    assert push(price=0.2)[0] < hours < push(price=0.04)[0]


def test_a_street_that_is_not_worth_its_set_up_is_not_begun() -> None:
    assert push(people=3000.0)[0] == 0.0
    assert push(price=0.06, setup=1.33)[0] > 0.0
    assert push(price=0.06, setup=20.0)[0] == 0.0


def test_streets_that_hear_of_each_other_need_fewer_hours_each() -> None:
    spill = 0.15 * (np.ones((3, 3)) - np.eye(3))
    together, alone = push(3, spill=spill), push(3)
    assert together.sum() < alone.sum()
    heard = together + spill @ together
    assert np.all(heard > 0.8 * alone)


def test_of_two_streets_the_one_whose_neighbour_is_pushed_is_left_out_where_beginning_costs_much() -> None:
    two = np.vstack([worth(tau=0.1), worth(alpha=7.0, beta=26.0, tau=0.1)])
    spill = np.array([[0.0, 0.3], [0.3, 0.0]])
    both = joint_hours(two, CHANCE_DOSES, np.full(2, PEOPLE / RESPONSE.rho), spill=spill, price=0.09, setup=[1.33, 3.0])
    assert both[0] > 0.0
    assert both[1] == 0.0


def test_fear_of_leaving_streets_far_short_pushes_what_would_not_be_worth_it() -> None:
    assert push(people=1200.0, price=0.07)[0] == 0.0
    assert push(people=1200.0, price=0.07, short=1.0)[0] > 0.0


def test_hours_do_not_depend_on_the_order_in_which_streets_are_told() -> None:
    rng = np.random.default_rng(3)
    reach, spill = rng.uniform(10.0, 60.0, 6), 0.09 * (rng.random((6, 6)) < 0.5)
    np.fill_diagonal(spill, 0.0)
    turned = rng.permutation(6)
    hours = joint_hours(worth(6), CHANCE_DOSES, reach, spill=spill, price=0.09, setup=1.33)
    again = joint_hours(
        worth(6), CHANCE_DOSES, reach[turned], spill=spill[np.ix_(turned, turned)], price=0.09, setup=1.33
    )
    assert again.tolist() == hours[turned].tolist()
    assert len(set(hours.tolist())) > 2
