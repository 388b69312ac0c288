"""A crew on a street: what it has done there under its claim, what it may do next, and what its hours went to."""

import math
from dataclasses import dataclass, field, fields, replace

import numpy as np

from fieldops.awareness import (
    History,
    Response,
    Verdict,
    current_awareness,
    hours_at_probability,
    pace_of_contacts,
    probability_at_least,
)
from fieldops.ids import ClaimId, CrewId
from fieldops.simulate.town import FloatArray


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
class Outlook:
    """
    What a phone knows of a street today: the estimate of the last night, and what was pushed, counted and asked since.

    `alpha`, `beta` of the night, `pace` mean and deviation of the street's factor (see `History`); a group is (blocks pushed
    before it, knows, asked).
    """

    alpha: float
    beta: float
    people: float
    pace: tuple[float, float] = (0.0, 1.0)
    hours: list[float] = field(default_factory=list)
    contacts: int = 0
    groups: list[tuple[int, int, int]] = field(default_factory=list)

    def push(self, hours: float, contacts: int = 0) -> None:
        """Note hours that were pushed, by whomever, and the conversations in them."""
        self.hours.append(hours)
        self.contacts += contacts

    def ask(self, knows: int, asked: int) -> None:
        """Note the answers of a test made after what was pushed so far."""
        self.groups.append((len(self.hours), knows, asked))

    def now(self, response: Response, usual_contacts: float) -> "Standing":
        """
        Return what is known at this moment.

        Parameters
        ----------
        response
            How streets answer effort.
        usual_contacts
            Conversations that an hour gives on a typical street; 0 where nobody counts them.
        """
        pace = self._pace(response, usual_contacts)
        if not self.hours:
            knows, asked = (sum(group[k] for group in self.groups) for k in (1, 2))
            return Standing(self.alpha + knows, self.beta + asked - knows, self.people, *pace)
        # Blocks of one day are followed like days without a night between them.
        steps, knows_of, asked_of = zip(*self.groups, strict=True) if self.groups else ((), (), ())
        history = History(
            np.array([self.people]), np.array([[*self.hours, 0.0]]), None, np.zeros(len(steps), dtype=np.int64),
            np.array(steps, dtype=np.int64), np.zeros(len(steps), dtype=bool), np.array(knows_of, dtype=float),
            np.array(asked_of, dtype=float), np.array(pace)[:, None],
        )  # fmt: skip
        awake = replace(response, delta=0.0, sigma=0.0)
        strength = self.alpha + self.beta
        known = current_awareness(history, awake, prior_mean=self.alpha / strength, kappa=strength)
        return Standing(
            float(known.alpha[0]), float(known.beta[0]), self.people, float(known.pace[0, 0]), float(known.pace[1, 0])
        )

    def _pace(self, response: Response, usual_contacts: float) -> tuple[float, float]:
        """Return what the night and today's conversations together say of the street's factor."""
        mean, deviation = self.pace
        if not self.hours or usual_contacts <= 0:
            return mean, deviation
        today = pace_of_contacts([self.contacts], [sum(self.hours) * usual_contacts], response)
        # Today's figures hold the prior (0, 1) once more: it is taken out again.
        weight = today[1, 0] ** -2 - 1.0
        seen = today[0, 0] * today[1, 0] ** -2 / max(weight, 1e-12)
        if deviation < 1.0:  # the night knew the noise of this street's conversations already
            weight *= deviation**2
        total = deviation**-2 + weight
        return float((mean * deviation**-2 + seen * weight) / total), float(total**-0.5)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a street at a moment: Beta posterior, people, and the factor's deviate, its mean and deviation."""

    alpha: float
    beta: float
    people: float
    pace: float
    pace_deviation: float

    def hours(self, response: Response, *, target: float, probability: float) -> float:
        """Return the promoter-hours that bring the street truly to the target with that probability."""
        return float(self._hours(response, target, np.array([probability]))[0])

    def _hours(self, response: Response, target: float, probability: FloatArray) -> FloatArray:
        # A factor that is known in part: fewer people by its mean, and less spread around it.
        tau, spread = response.tau, response.tau * self.pace_deviation
        people = self.people / math.exp(tau * self.pace - tau**2 / 2 + spread**2 / 2)
        alpha, beta = np.full(len(probability), self.alpha), np.full(len(probability), self.beta)
        known = replace(response, tau=spread, covariance=None)
        return hours_at_probability(alpha, beta, people, known, target=target, probability=probability)

    def worthwhile_hours(self, response: Response, *, target: float, price: float, least: float) -> float:
        """
        Return the promoter-hours after which one more is worth less than `price`, in chance of the street being at the target.

        Never fewer than bring it there with probability `least`.
        """
        grid = np.linspace(least, 0.97, 15)
        hours = self._hours(response, target, grid)
        return float(hours[np.argmax(grid - price * hours)])

    def chance(self, target: float) -> float:
        """Return the probability that the street is truly at the target now."""
        return float(probability_at_least(np.array([self.alpha]), np.array([self.beta]), target)[0])


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
