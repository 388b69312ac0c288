"""What a phone knows of a street today: the estimate of the night, and what was pushed, counted, heard and asked since."""

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from fieldops.awareness import (
    SHORT_BY,
    History,
    Response,
    chance_by_dose,
    current_awareness,
    pace_of_contacts,
    probability_at_least,
)
from fieldops.simulate.town import FloatArray

# Who stops to talk is no sample of who passes: log odds of knowing that err with a standard deviation of a quarter on a
# street (ASSUMED), times p (1 - p) around the target, for each conversation.
_ALIKE = 0.25**2 * 0.13
_HEARD = 0.6  # part of what is expected of a street after a push that conversations said


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
    talks: list[tuple[int, int, int]] = field(default_factory=list)
    counted: float = 0.0
    _standing: "Standing | None" = field(default=None, repr=False)

    def push(self, hours: float, contacts: int = 0, knew: int = 0, met: int = 0) -> None:
        """
        Note hours that were pushed, by whomever, and the conversations in them.

        In `met` of them it was asked, and heeded, whether the person knew already: `knew` of them did, in the middle of the push.
        """
        self._standing = None
        self.hours.append(hours / 2)
        self.talks.append((len(self.hours), knew, met))
        self.hours.append(hours / 2)
        self.contacts += contacts
        self.counted += hours

    def spill(self, hours: float) -> None:
        """Note what hours on a neighbouring street are worth here."""
        self._standing = None
        if self.hours and all(before < len(self.hours) for before, _, _ in (*self.groups, *self.talks)):
            self.hours[-1] += hours
        else:
            self.hours.append(hours)

    def ask(self, knows: int, asked: int) -> None:
        """Note the answers of a test made after what was pushed so far."""
        self._standing = None
        self.groups.append((len(self.hours), knows, asked))

    def now(self, response: Response, usual_contacts: float, shift: float = 0.0) -> "Standing":
        """
        Return what is known at this moment; kept until more is known, so for one response and usual figure a day.

        Parameters
        ----------
        response
            How streets answer effort.
        usual_contacts
            Conversations that an hour gives on a typical street; 0 where nobody counts them.
        shift
            Log odds of knowing that those who talk lack against passers-by; see `Talk`.
        """
        if self._standing is None:
            self._standing = self._stand(response, usual_contacts, shift)
        return self._standing

    def _stand(self, response: Response, usual_contacts: float, shift: float) -> "Standing":
        pace = self._pace(response, usual_contacts)
        heard, met = sum(knew for _, knew, _ in self.talks), sum(met for _, _, met in self.talks)
        worth = 1.0 / (1.0 + _ALIKE * met)
        said = heard / met if met else 0.0
        right = math.exp(shift) / (1.0 - said + said * math.exp(shift))  # passers-by who know, for each talker who does
        groups = [
            *self.groups,
            *((at, worth * min(k * right, n), worth * n) for at, k, n in self.talks if n),
        ]
        if not self.hours:
            knows, asked = (sum(group[k] for group in self.groups) for k in (1, 2))
            return Standing(self.alpha + knows, self.beta + asked - knows, self.people, *pace)
        # Blocks of one day are followed like days without a night between them.
        steps, knows_of, asked_of = zip(*groups, strict=True) if groups else ((), (), ())
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
        if not self.counted or usual_contacts <= 0:
            return mean, deviation
        today = pace_of_contacts([self.contacts], [self.counted * usual_contacts], response)
        # Today's figures hold the prior (0, 1) once more: it is taken out again.
        weight = today[1, 0] ** -2 - 1.0
        seen = today[0, 0] * today[1, 0] ** -2 / max(weight, 1e-12)
        if deviation < 1.0:  # the night knew the noise of this street's conversations already
            weight *= deviation**2
        total = deviation**-2 + weight
        return float((mean * deviation**-2 + seen * weight) / total), float(total**-0.5)


@dataclass(slots=True)
class Talk:
    """
    How far conversations mislead in a city: `shift` is the log odds of knowing that those who talk lack against passers-by.

    It is learned from tests on streets with conversations, test by test; before the first it is 0, give or take 0.2.
    """

    shift: float = 0.0
    precision: float = 0.2**-2

    def compare(self, expected: float, knows: int, asked: int) -> None:
        """Learn from a test where `expected` should have known; most of that was heard in conversations."""
        self.precision += _HEARD * asked * expected * (1.0 - expected)
        self.shift += (knows - asked * expected) / self.precision


@dataclass(slots=True)
class Standing:
    """What is known of a street at a moment: Beta posterior, people, and the factor's deviate, its mean and deviation."""

    alpha: float
    beta: float
    people: float
    pace: float
    pace_deviation: float
    _worth: FloatArray | None = field(default=None, repr=False)

    def worth(self, response: Response, target: float, short: float) -> FloatArray:
        """Return what the street is worth after each of the doses of `chance_by_dose`, in chances of being truly at the target; see `joint_hours`."""
        if self._worth is None:
            known: dict[str, Any] = {"alpha": [self.alpha], "beta": [self.beta], "tau": [self.spread(response)]}
            self._worth = chance_by_dose(**known, response=response, target=target)[0][0]
            if short > 0:
                not_short = chance_by_dose(**known, response=response, target=target - SHORT_BY)[0][0]
                self._worth = self._worth + short * not_short
        return self._worth

    def spread(self, response: Response) -> float:
        """Return the standard deviation of what is not known of the log of the street's factor."""
        return response.tau * self.pace_deviation

    def reach(self, response: Response) -> float:
        """Return the people divided by the mean of the factor: a factor that is known in part is so many fewer people."""
        return self.people / math.exp(response.tau * self.pace - (response.tau**2 - self.spread(response) ** 2) / 2)

    def chance(self, target: float) -> float:
        """Return the probability that the street is truly at the target now."""
        return float(probability_at_least(np.array([self.alpha]), np.array([self.beta]), target)[0])
