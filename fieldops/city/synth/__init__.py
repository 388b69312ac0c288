"""A made-up city of any size: a town that nobody has to publish, and whose truth is known."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fieldops.city.synth.town import Town, make_town
    from fieldops.city.synth.truth import Truth, make_truth

__all__ = ["Town", "Truth", "make_town", "make_truth"]


def __getattr__(name: str) -> object:
    """Load a room when its name is first asked for: some are heavy."""
    from importlib import import_module

    rooms = {"Town": "town", "make_town": "town", "Truth": "truth", "make_truth": "truth"}
    if name not in rooms:
        raise AttributeError(name)
    return getattr(import_module(f"fieldops.city.synth.{rooms[name]}"), name)
