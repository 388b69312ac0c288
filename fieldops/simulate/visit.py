"""A crew on a street: what it has done there under its claim, what it may do next, and what its hours went to."""

from dataclasses import dataclass, field, fields

from fieldops.awareness import Verdict
from fieldops.ids import ClaimId, CrewId


@dataclass(frozen=True, slots=True)
class Push:
    """Push the street for so many promoter-hours."""

    hours: float


@dataclass(frozen=True, slots=True)
class Ask:
    """Test the street, or the connection point of its triangle."""

    at_point: bool = False


@dataclass(frozen=True, slots=True)
class Leave:
    """Go on: `done` for good, though nothing was decided; `gives_up` withdraws the claim."""

    done: bool = False
    gives_up: bool = False


Step = Push | Ask | Leave


@dataclass(slots=True)
class Visit:
    """
    What a crew has done on a street under its present claim.

    `pushed` are promoter-hours, `tests` the verdicts that the phone gave so far, `goal` what a policy wants pushed before the next
    test, `since_test` what has been pushed since the last; `left` says that the crew has gone on,
    `unheard` that its last test has not reached the region, `own` that only its own test can close it.
    """

    crew: CrewId
    street: int
    claim: ClaimId
    pushed: float = 0.0
    useful: float = 0.0
    since_test: float = 0.0
    goal: float | None = None
    tests: list[Verdict] = field(default_factory=list)
    left: bool = False
    unheard: bool = False
    own: bool = False


@dataclass(slots=True)
class Spent:
    """
    Where the promoter-hours of a campaign went.

    `pushing` was still needed; `over_pushing` came after the street was truly at the target; `wrong_hours` is what pushing while
    the venues were shut lost; `forfeited` was pushed under claims that ended without saturation on streets that were left short.
    """

    pushing: float = 0.0
    over_pushing: float = 0.0
    wrong_hours: float = 0.0
    forfeited: float = 0.0
    asking: float = 0.0
    verifying: float = 0.0
    setup: float = 0.0
    walking: float = 0.0
    idle: float = 0.0

    @property
    def total(self) -> float:
        """Return all promoter-hours that were paid."""
        return sum(self.to_json().values())

    def to_json(self) -> dict[str, float]:
        """Return the hours by cause."""
        return {one.name: float(getattr(self, one.name)) for one in fields(self)}
