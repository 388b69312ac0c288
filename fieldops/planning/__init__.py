"""Who claims what, when, and in which order on foot; every plan with its bound."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fieldops.planning.assignment import Assignment as Assignment
    from fieldops.planning.assignment import AssignmentProblem as AssignmentProblem
    from fieldops.planning.solve import assign as assign

# OR-Tools and scipy are loaded when a name is first asked for, never before.
ROOM_OF_NAME = {"assign": "solve", "Assignment": "assignment", "AssignmentProblem": "assignment"}


def __getattr__(name: str) -> object:
    """Load the room of a public name (PEP 562)."""
    if name not in ROOM_OF_NAME:
        raise AttributeError(f"fieldops.planning has no {name}")
    return getattr(import_module(f"fieldops.planning.{ROOM_OF_NAME[name]}"), name)
