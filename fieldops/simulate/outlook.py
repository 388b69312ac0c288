"""
What the operation knows of a street in the middle of a day: the estimate of the morning, and what was pushed, counted and asked since.

`fieldops.actions.pushing` reckons it from the record whenever a phone asks; a campaign of many days would spend most of its
time there, so the bench brings each street up to date by itself and compares both every morning (`examine`).
"""

from dataclasses import dataclass, field, replace

import numpy as np

from fieldops.awareness import History, Response, Standing, current_awareness, pace_of_contacts


@dataclass(slots=True)
class Outlook:
    """
    What is known of a street today.

    `alpha`, `beta` of the morning, `pace` mean and deviation of the street's factor (see `History`); a group is (blocks pushed
    before it, knows, asked).
    """

    alpha: float
    beta: float
    people: float
    pace: tuple[float, float] = (0.0, 1.0)
    hours: list[float] = field(default_factory=list)
    contacts: int = 0
    groups: list[tuple[int, int, int]] = field(default_factory=list)
    counted: float = 0.0
    _standing: Standing | None = field(default=None, repr=False)

    def push(self, hours: float, contacts: int = 0) -> None:
        """Note hours that were pushed, by whomever, and the conversations in them."""
        self._standing = None
        self.hours.append(hours)
        self.contacts += contacts
        self.counted += hours

    def spill(self, hours: float) -> None:
        """Note what hours on a neighbouring street are worth here."""
        self._standing = None
        if self.hours and all(before < len(self.hours) for before, _, _ in self.groups):
            self.hours[-1] += hours
        else:
            self.hours.append(hours)

    def ask(self, knows: int, asked: int) -> None:
        """Note the answers of a test made after what was pushed so far."""
        self._standing = None
        self.groups.append((len(self.hours), knows, asked))

    def now(self, response: Response, usual_contacts: float) -> Standing:
        """
        Return what is known at this moment; kept until more is known, so for one response and usual figure a day.

        Parameters
        ----------
        response
            How streets answer effort.
        usual_contacts
            Conversations that an hour gives on a typical street; 0 where nobody counts them.
        """
        if self._standing is None:
            self._standing = self._stand(response, usual_contacts)
        return self._standing

    def _stand(self, response: Response, usual_contacts: float) -> Standing:
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
