"""How many people know: the test that says move on, the estimate with its interval, and how effort changes it."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fieldops.awareness.bound import field_weights as field_weights
    from fieldops.awareness.bound import kiefer_weiss_bound as kiefer_weiss_bound
    from fieldops.awareness.calibrate import calibrated_two_sprt as calibrated_two_sprt
    from fieldops.awareness.calibrate import design_card as design_card
    from fieldops.awareness.counting import Characteristic as Characteristic
    from fieldops.awareness.design import bayes_rule as bayes_rule
    from fieldops.awareness.design import equidistant_share as equidistant_share
    from fieldops.awareness.design import lqas as lqas
    from fieldops.awareness.design import lqas_double as lqas_double
    from fieldops.awareness.design import sprt as sprt
    from fieldops.awareness.design import stretch as stretch
    from fieldops.awareness.design import two_sprt as two_sprt
    from fieldops.awareness.dynamics import Neighbours as Neighbours
    from fieldops.awareness.dynamics import Response as Response
    from fieldops.awareness.dynamics import days_to_target as days_to_target
    from fieldops.awareness.dynamics import effective_hours as effective_hours
    from fieldops.awareness.dynamics import forecast_share as forecast_share
    from fieldops.awareness.dynamics import hours_to_hold as hours_to_hold
    from fieldops.awareness.dynamics import hours_to_target as hours_to_target
    from fieldops.awareness.dynamics import next_day as next_day
    from fieldops.awareness.dynamics import share_to_outlast as share_to_outlast
    from fieldops.awareness.dynamics import spill_weights as spill_weights
    from fieldops.awareness.estimate import Pool as Pool
    from fieldops.awareness.estimate import PooledAwareness as PooledAwareness
    from fieldops.awareness.estimate import beta_of_moments as beta_of_moments
    from fieldops.awareness.estimate import carry_forward as carry_forward
    from fieldops.awareness.estimate import expected_dose as expected_dose
    from fieldops.awareness.estimate import expected_shortfall as expected_shortfall
    from fieldops.awareness.estimate import pool_streets as pool_streets
    from fieldops.awareness.estimate import posterior_interval as posterior_interval
    from fieldops.awareness.estimate import probability_at_least as probability_at_least
    from fieldops.awareness.fit import fit_response as fit_response
    from fieldops.awareness.forecast import CHANCE_DOSES as CHANCE_DOSES
    from fieldops.awareness.forecast import chance_by_dose as chance_by_dose
    from fieldops.awareness.forecast import finish_probability as finish_probability
    from fieldops.awareness.forecast import hours_at_probability as hours_at_probability
    from fieldops.awareness.forecast import hours_for_finish as hours_for_finish
    from fieldops.awareness.forecast import hours_until_finish as hours_until_finish
    from fieldops.awareness.history import CurrentAwareness as CurrentAwareness
    from fieldops.awareness.history import History as History
    from fieldops.awareness.history import conversations_per_hour as conversations_per_hour
    from fieldops.awareness.history import current_awareness as current_awareness
    from fieldops.awareness.history import pace_of_contacts as pace_of_contacts
    from fieldops.awareness.picture import draw_curve as draw_curve
    from fieldops.awareness.pooling import fit_pool as fit_pool
    from fieldops.awareness.pushing import SHORT_BY as SHORT_BY
    from fieldops.awareness.pushing import PushPrice as PushPrice
    from fieldops.awareness.pushing import Standing as Standing
    from fieldops.awareness.pushing import hours_worth as hours_worth
    from fieldops.awareness.pushing import joint_hours as joint_hours
    from fieldops.awareness.robust import Leaving as Leaving
    from fieldops.awareness.robust import chain_of_tests as chain_of_tests
    from fieldops.awareness.robust import confidence_interval as confidence_interval
    from fieldops.awareness.robust import drifting_characteristic as drifting_characteristic
    from fieldops.awareness.robust import predictive_value as predictive_value
    from fieldops.awareness.robust import reasked_characteristic as reasked_characteristic
    from fieldops.awareness.robust import repeated_move_on as repeated_move_on
    from fieldops.awareness.robust import unbiased_share as unbiased_share
    from fieldops.awareness.sentinels import choose_sentinels as choose_sentinels
    from fieldops.awareness.stopping import A130 as A130
    from fieldops.awareness.stopping import R50 as R50
    from fieldops.awareness.stopping import TWO_OF_TEN as TWO_OF_TEN
    from fieldops.awareness.stopping import CountRule as CountRule
    from fieldops.awareness.stopping import Decision as Decision
    from fieldops.awareness.stopping import Verdict as Verdict
    from fieldops.awareness.stopping import find_rule as find_rule

# Rooms are loaded when a name is first asked for: the card needs numpy only, most of the rest scipy as well.
_ROOM_OF_NAME = {
    name: room
    for room, names in {
        "bound": (
            "field_weights",
            "kiefer_weiss_bound",
        ),
        "calibrate": (
            "calibrated_two_sprt",
            "design_card",
        ),
        "counting": ("Characteristic",),
        "design": (
            "bayes_rule",
            "equidistant_share",
            "lqas",
            "lqas_double",
            "sprt",
            "stretch",
            "two_sprt",
        ),
        "dynamics": (
            "Neighbours",
            "Response",
            "days_to_target",
            "effective_hours",
            "forecast_share",
            "hours_to_hold",
            "hours_to_target",
            "next_day",
            "share_to_outlast",
            "spill_weights",
        ),
        "estimate": (
            "Pool",
            "PooledAwareness",
            "beta_of_moments",
            "carry_forward",
            "expected_dose",
            "expected_shortfall",
            "pool_streets",
            "posterior_interval",
            "probability_at_least",
        ),
        "fit": ("fit_response",),
        "forecast": (
            "CHANCE_DOSES",
            "chance_by_dose",
            "finish_probability",
            "hours_at_probability",
            "hours_for_finish",
            "hours_until_finish",
        ),
        "history": (
            "CurrentAwareness",
            "History",
            "conversations_per_hour",
            "current_awareness",
            "pace_of_contacts",
        ),
        "picture": ("draw_curve",),
        "pooling": ("fit_pool",),
        "pushing": ("PushPrice", "SHORT_BY", "Standing", "hours_worth", "joint_hours"),
        "robust": (
            "Leaving",
            "chain_of_tests",
            "confidence_interval",
            "drifting_characteristic",
            "predictive_value",
            "reasked_characteristic",
            "repeated_move_on",
            "unbiased_share",
        ),
        "sentinels": ("choose_sentinels",),
        "stopping": (
            "A130",
            "CountRule",
            "Decision",
            "R50",
            "TWO_OF_TEN",
            "Verdict",
            "find_rule",
        ),
    }.items()
    for name in names
}


def __getattr__(name: str) -> object:
    """Load the room of a public name (PEP 562)."""
    if name not in _ROOM_OF_NAME:
        raise AttributeError(f"fieldops.awareness has no {name}")
    return getattr(import_module(f"fieldops.awareness.{_ROOM_OF_NAME[name]}"), name)
