import numpy as np
import pytest

from fieldops.awareness import History, Response, current_awareness, next_day, pace_of_contacts, posterior_interval
from fieldops.errors import BadInput

TYPICAL = Response()
LINE = [[1], [0, 2], [1]]  # three streets in a row


def lived(**changes: object) -> History:
    """Three streets, two days, the first pushed on the first day and asked before and after."""
    facts: dict[str, object] = {
        "people": [400, 400, 400], "hours": [[8, 0], [0, 0], [0, 0]], "neighbours": LINE, "street": [0, 0],
        "day": [0, 0], "after_push": [False, True], "knows": [1, 8], "asked": [25, 25],
    }  # fmt: skip
    return History(**{**facts, **changes})


def test_without_surveys_or_hours_the_prior_only_fades() -> None:
    quiet = lived(hours=np.zeros((3, 2)), street=[], day=[], after_push=[], knows=[], asked=[])
    now = current_awareness(quiet, TYPICAL)
    assert now.alpha / (now.alpha + now.beta) == pytest.approx(np.full(3, 0.07 * 0.97**2), rel=2e-3)
    assert now.factor == pytest.approx(np.ones(3))
    assert not now.measured.any()


def test_with_certain_starts_and_rates_awareness_is_what_the_days_make_of_it() -> None:
    sure = Response(tau=0.0)
    quiet = lived(street=[], day=[], after_push=[], knows=[], asked=[])
    now = current_awareness(quiet, sure, prior_mean=[0.05, 0.10, 0.15], kappa=400.0)
    expected = next_day([0.05, 0.10, 0.15], [8, 0, 0], [400, 400, 400], LINE, sure)
    expected = next_day(expected, [0, 0, 0], [400, 400, 400], LINE, sure)
    assert now.alpha / (now.alpha + now.beta) == pytest.approx(expected, abs=2e-4)


def test_many_surveys_of_this_morning_are_the_estimate() -> None:
    asked = lived(street=[1], day=[1], after_push=[True], knows=[300], asked=[1000])
    now = current_awareness(asked, TYPICAL)
    low, high = posterior_interval(now.alpha, now.beta)
    assert low[1] < 0.97 * 0.3 < high[1]
    assert high[1] - low[1] < 0.05
    assert now.measured.tolist() == [False, True, False]


def test_a_street_that_answers_its_push_well_has_a_better_factor() -> None:
    poor, rich = (current_awareness(lived(knows=[1, knows]), TYPICAL).factor for knows in (2, 14))
    assert poor[0] < 1 < rich[0]
    assert rich[1:] == pytest.approx([1.0, 1.0])


def test_what_the_fit_is_unsure_of_widens_every_estimate() -> None:
    unsure = Response(covariance=tuple(tuple(row) for row in (0.1 * np.eye(6)).tolist()))
    plain, mixed = (current_awareness(lived(), response) for response in (TYPICAL, unsure))
    width = [np.subtract(*posterior_interval(now.alpha, now.beta)[::-1]) for now in (plain, mixed)]
    assert (width[1] > width[0]).all()


def test_the_stated_intervals_hold_after_two_weeks_of_pushes() -> None:
    rng = np.random.default_rng(11)
    streets = 600
    people = rng.lognormal(6, 0.5, streets)
    share = rng.beta(0.07 * 25, 0.93 * 25, streets)
    factor = np.exp(0.35 * rng.standard_normal(streets) - 0.35**2 / 2)
    hours = 8.0 * (rng.random((streets, 14)) < 0.1)
    groups = []
    for day in range(14):
        some = np.flatnonzero(rng.random(streets) < 0.1)
        groups += [(street, day, rng.binomial(20, share[street])) for street in some]
        share = next_day(share, hours[:, day], people, None, TYPICAL, factors=factor)
    street, days, knows = np.array(groups).T
    seen = History(people, hours, None, street, days, np.zeros(len(groups)), knows, np.full(len(groups), 20))
    now = current_awareness(seen, TYPICAL)
    low, high = posterior_interval(now.alpha, now.beta)
    assert 0.76 <= ((low <= share) & (share <= high)).mean() <= 0.84


@pytest.mark.parametrize(
    "changes",
    [
        {"people": [400, 0, 400]}, {"people": [400, 400]}, {"hours": [[8, -1], [0, 0], [0, 0]]}, {"hours": [1, 2, 3]},
        {"street": [0, 3]}, {"day": [0, 2]}, {"day": [0, -1]}, {"knows": [1, 26]}, {"asked": [25]},
    ],
)  # fmt: skip
def test_a_history_that_cannot_be_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        lived(**changes)


def test_conversations_tell_how_fast_a_street_is_as_far_as_their_noise_allows() -> None:
    mean, deviation = pace_of_contacts([0, 30, 60, 120, 6000], [0.0, 60.0, 60.0, 60.0, 3000.0], TYPICAL)
    assert (mean[0], deviation[0]) == (0.0, 1.0)  # nobody counted
    assert mean[1] < mean[2] < mean[3]
    assert deviation[4] == pytest.approx(1 / np.sqrt(1 + TYPICAL.tau**2 / 0.15**2), rel=0.01)
    factor = np.exp(TYPICAL.tau * mean - TYPICAL.tau**2 / 2)
    assert factor[4] == pytest.approx(2 * factor[0] ** deviation[4] ** 2 / 2 ** deviation[4] ** 2, rel=0.02)
    with pytest.raises(BadInput, match="negative"):
        pace_of_contacts([-1], [1.0], TYPICAL)


def test_where_conversations_say_that_a_street_is_fast_its_hours_have_told_more_people() -> None:
    hours = np.full((3, 1), 6.0)
    slow, usual, fast = ([[-1.5], [0.3]], [[0.0], [0.3]], [[1.5], [0.3]])
    pace = np.concatenate([slow, usual, fast], axis=1)
    nothing = np.zeros(0)
    history = History(np.full(3, 400.0), hours, None, nothing, nothing, nothing, nothing, nothing, pace)
    now = current_awareness(history, TYPICAL)
    share = now.alpha / (now.alpha + now.beta)
    assert share[0] < share[1] < share[2]
    np.testing.assert_allclose(now.pace[0], [-1.5, 0.0, 1.5], atol=1e-9)
    np.testing.assert_allclose(now.pace[1], 0.3, atol=1e-6)
