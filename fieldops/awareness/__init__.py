"""How many people know: the test that says move on, the estimate with its interval, and how effort changes it."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fieldops.awareness.counting import Characteristic as Characteristic
    from fieldops.awareness.design import bayes_rule as bayes_rule
    from fieldops.awareness.design import equidistant_share as equidistant_share
    from fieldops.awareness.design import lqas as lqas
    from fieldops.awareness.design import lqas_double as lqas_double
    from fieldops.awareness.design import sprt as sprt
    from fieldops.awareness.design import stretch as stretch
    from fieldops.awareness.design import two_sprt as two_sprt
    from fieldops.awareness.robust import chain_of_tests as chain_of_tests
    from fieldops.awareness.robust import confidence_interval as confidence_interval
    from fieldops.awareness.robust import drifting_characteristic as drifting_characteristic
    from fieldops.awareness.robust import predictive_value as predictive_value
    from fieldops.awareness.robust import reasked_characteristic as reasked_characteristic
    from fieldops.awareness.robust import repeated_move_on as repeated_move_on
    from fieldops.awareness.robust import unbiased_share as unbiased_share
    from fieldops.awareness.stopping import A130 as A130
    from fieldops.awareness.stopping import R50 as R50
    from fieldops.awareness.stopping import TWO_OF_TEN as TWO_OF_TEN
    from fieldops.awareness.stopping import CountRule as CountRule
    from fieldops.awareness.stopping import Decision as Decision
    from fieldops.awareness.stopping import Verdict as Verdict
    from fieldops.awareness.stopping import find_rule as find_rule

# Rooms are loaded when a name is first asked for: the card needs numpy only, the rest scipy as well.
ROOM_OF_NAME = {
    name: room
    for room, names in {
        "counting": ("Characteristic",),
        "stopping": ("A130", "R50", "TWO_OF_TEN", "CountRule", "Decision", "Verdict", "find_rule"),
        "design": ("bayes_rule", "equidistant_share", "lqas", "lqas_double", "sprt", "stretch", "two_sprt"),
        "robust": (
            "chain_of_tests", "confidence_interval", "drifting_characteristic", "predictive_value",
            "reasked_characteristic", "repeated_move_on", "unbiased_share",
        ),
    }.items()
    for name in names
}  # fmt: skip


def __getattr__(name: str) -> object:
    """Load the room of a public name (PEP 562)."""
    if name not in ROOM_OF_NAME:
        raise AttributeError(f"fieldops.awareness has no {name}")
    return getattr(import_module(f"fieldops.awareness.{ROOM_OF_NAME[name]}"), name)
