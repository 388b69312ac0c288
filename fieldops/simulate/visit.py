"""A crew on a street: what it has done there under its claim, what it may do next, and what its hours went to."""

from dataclasses import dataclass, field, fields

import numpy as np

from fieldops.awareness import History, Response, Verdict, current_awareness
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
    test, `since_test` what has been pushed since the last; `left` says that the crew has gone on.
    """

    crew: CrewId
    street: int
    claim: ClaimId
    begun: bool = False
    pushed: float = 0.0
    useful: float = 0.0
    since_test: float = 0.0
    goal: float | None = None
    tests: list[Verdict] = field(default_factory=list)
    left: bool = False


@dataclass(slots=True)
class Outlook:
    """
    What a phone knows of a street today: the estimate of the last night, and what was pushed and asked since.

    `alpha`, `beta` of the night; each block is (promoter-hours pushed before, knows, asked).
    """

    alpha: float
    beta: float
    people: float
    hours: list[float] = field(default_factory=list)
    groups: list[tuple[int, int, int]] = field(default_factory=list)

    def push(self, hours: float) -> None:
        """Note hours that were pushed, by whomever."""
        self.hours.append(hours)

    def ask(self, knows: int, asked: int) -> None:
        """Note the answers of a test made after what was pushed so far."""
        self.groups.append((len(self.hours), knows, asked))

    def now(self, response: Response) -> tuple[float, float, float]:
        """Return alpha and beta at this moment, and the people divided by the factor that the street has shown."""
        if not self.hours:
            knows, asked = (sum(group[k] for group in self.groups) for k in (1, 2))
            return self.alpha + knows, self.beta + asked - knows, self.people
        # Blocks of one day are followed like days without a night between them.
        steps, knows_of, asked_of = zip(*self.groups, strict=True) if self.groups else ((), (), ())
        history = History(
            np.array([self.people]), np.array([[*self.hours, 0.0]]), None, np.zeros(len(steps), dtype=np.int64),
            np.array(steps, dtype=np.int64), np.zeros(len(steps), dtype=bool), np.array(knows_of, dtype=float),
            np.array(asked_of, dtype=float),
        )  # fmt: skip
        awake = Response(rho=response.rho, delta=0.0, sigma=0.0, tau=response.tau, mu=response.mu, kappa=response.kappa)
        strength = self.alpha + self.beta
        known = current_awareness(history, awake, prior_mean=self.alpha / strength, kappa=strength)
        return float(known.alpha[0]), float(known.beta[0]), self.people / float(known.factor[0])


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
