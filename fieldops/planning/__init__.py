"""Who claims what, when, and in which order on foot; every plan with its bound."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fieldops.planning.assignment import Assignment as Assignment
    from fieldops.planning.assignment import AssignmentProblem as AssignmentProblem
    from fieldops.planning.solve import assign as assign
    from fieldops.planning.walkproblem import Walk as Walk
    from fieldops.planning.walkproblem import WalkProblem as WalkProblem
    from fieldops.planning.walks import walk as walk

# OR-Tools and scipy are loaded when a name is first asked for, never before.
ROOM_OF_NAME = {
    "assign": "solve",
    "Assignment": "assignment",
    "AssignmentProblem": "assignment",
    "WalkProblem": "walkproblem",
    "Walk": "walkproblem",
    "walk": "walks",
}


def __getattr__(name: str) -> object:
    """Load the room of a public name (PEP 562)."""
    if name not in ROOM_OF_NAME:
        raise AttributeError(f"fieldops.planning has no {name}")
    return getattr(import_module(f"fieldops.planning.{ROOM_OF_NAME[name]}"), name)
