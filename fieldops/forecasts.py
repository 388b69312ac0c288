"""What the streets of a claim are expected to take: promoter-hours until the decision *move on*, and how surely it falls."""

from dataclasses import replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from fieldops.estimates import StreetAwareness
from fieldops.evidence import FloatArray
from fieldops.rules import Rules

if TYPE_CHECKING:
    from fieldops.awareness import Response

_SURELY = 0.9  # the least probability from whose quantile a deviation is taken: rare long streets count in a sum


def forecast_claims(
    known: StreetAwareness, people: FloatArray, response: "Response", rules: Rules, *, days: int = 2
) -> tuple[FloatArray, FloatArray]:
    """
    Return for each street the promoter-hours that finish it within a claim as surely as the rules want, and how surely.

    Parameters
    ----------
    known
        The streets.
    people
        People of each, shape (n_streets,), > 0.
    response
        How streets answer effort.
    rules
        Settings of the region: card, tests, target, probability, minutes a survey, and who is counted by heads.
    days
        Days over which the hours are spread.

    Returns
    -------
    tuple of FloatArray
        Hours, pushing and asking, inf where none suffice; probability of the decision *move on* with them.
    """
    from fieldops.awareness import find_rule, finish_probability, hours_for_finish

    if not len(people):
        return np.zeros(0), np.zeros(0)
    card, reach, asked = find_rule(rules.move_on_rule), _reach(known, people, rules), _asking(rules, days)
    street = (known.alpha, known.beta, reach)
    hours = hours_for_finish(*street, response, card, probability=rules.finish_probability, **asked)
    within = np.where(np.isfinite(hours), hours, 0.0)
    return hours, finish_probability(*street, within, response, card, **asked)


def _reach(known: StreetAwareness, people: FloatArray, rules: Rules) -> FloatArray:
    """Return the people of each street by its pace; RULE 9: whether it has a test of its own follows from its people alone."""
    small = rules.small_street_people
    return np.where(people < small, people, np.maximum(people / known.factor, small))


def _asking(rules: Rules, days: int) -> dict[str, Any]:
    return {
        "target": rules.target_share, "tests": rules.tests_per_claim, "survey_minutes": rules.survey_minutes,
        "head_count_below": float(rules.small_street_people), "days": days,
    }  # fmt: skip


def expected_claims(
    known: StreetAwareness, people: FloatArray, response: "Response", rules: Rules, *, days: int = 2
) -> tuple[FloatArray, FloatArray]:
    """
    Return the promoter-hours to be expected until the decision *move on*, of each street by itself, and their deviation.

    The deviation is that of a normal distribution with the mean and an upper quantile of these hours, which are skewed: of one
    street alone the usual deviation would say too much. Parameters as in `forecast_claims`. What all streets have in
    common, the doubt about the response, is not in it: it does not pool; see `Response.deviation`.
    """
    from fieldops.awareness import find_rule, hours_for_finish, hours_until_finish

    if not len(people):
        return np.zeros(0), np.zeros(0)
    card, alone, asked = find_rule(rules.move_on_rule), replace(response, covariance=None), _asking(rules, days)
    street = (known.alpha, known.beta, _reach(known, people, rules), alone, card)
    mean, surely = hours_until_finish(*street, **asked), max(_SURELY, rules.finish_probability)
    upper = hours_for_finish(*street, probability=surely, **asked)
    deviation = np.maximum(upper - mean, 0.0) / NormalDist().inv_cdf(surely)
    return mean, np.where(np.isfinite(deviation), deviation, 0.0)
