"""Which crews to refill next, and how hard: neighbours that lose most, larger groups where nothing more is gained."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

from fieldops.planning.assignment import FloatArray, IntArray
from fieldops.planning.knapsack import refill_crew
from fieldops.planning.neighbourhoods import Refill, apply_refill, pose_refill, solve_refills
from fieldops.planning.search import Search

FIRST_CREWS, FIRST_CHOICES, FIRST_WORK = 3, 100.0, 0.03
GROWTH = 1.6
MOST_WORK = 30.0
FAIRLY_SMALL = 10_000  # choices that one exact problem of all crews may have
FLOOR = 0.02  # weight of a crew that loses nothing, as a share of the mean


@dataclass(slots=True, eq=False)
class Campaign:
    """
    A sequence of refills, each of a few neighbouring crews; the same seed gives the same sequence.

    Attributes
    ----------
    within
        By how much any other answer of the whole problem can be better at most, where a refill of all crews has
        exhausted it; inf before.
    """

    search: Search
    seed: int
    rng: np.random.Generator
    workers: int
    crews: int = FIRST_CREWS
    choices: float = FIRST_CHOICES
    work: float = FIRST_WORK
    within: float = np.inf
    vain: int = 0
    turns: int = 0
    nearness: FloatArray = field(init=False, repr=False)
    changed: IntArray = field(init=False, repr=False)
    fruitless: dict[bytes, int] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Count the streets that every two crews compete for."""
        search, count = self.search, self.search.problem.crews
        near = search.regret <= np.median(search.regret) if len(search.regret) else np.zeros(0, dtype=bool)
        share = csr_array(
            (np.ones(near.sum()), (search.street[near], search.crew[near])), shape=(search.problem.streets, count)
        )
        self.nearness = (share.T @ share).toarray()
        np.fill_diagonal(self.nearness, 0.0)
        self.changed = np.zeros(count, dtype=np.int64)
        self.crews = min(self.crews, count)

    def advance(self, pool: Executor, *, seconds: float, going: Callable[[], bool]) -> None:
        """Refill as many groups as there are workers, side by side, and take over what is better."""
        self.turns += 1
        spared = np.zeros(self.search.problem.streets, dtype=bool)
        losses = self.search.losses()
        refills: list[Refill] = []
        for group in self._groups(losses):
            whole = len(group) == len(losses)
            if not whole and self.fruitless.get(group.tobytes(), -1) >= self.changed[group].max():
                self.vain += 1
                continue
            most = max(self.choices, FAIRLY_SMALL) if whole else self.choices
            refill = pose_refill(self.search, group, most_choices=int(most), spared=spared)
            if refill is None:
                self.vain += 1
                self.within = 0.0 if whole and len(self.search.values) <= most else self.within
                continue
            spared[refill.streets] = spared[self.search.street[refill.settled]] = True
            refills.append(refill)
        answers = solve_refills(
            self.search, refills, pool=pool, work=self.work, seed=self.seed + self.turns * self.workers,
            seconds=seconds, going=going,
        )  # fmt: skip
        for refill, answer in zip(refills, answers, strict=True):
            gained = apply_refill(self.search, refill, answer) > 0
            if gained:
                self.vain, self.changed[refill.crews] = 0, self.turns
                for crew in refill.crews.tolist():
                    refill_crew(self.search, crew)
            elif answer.within < np.inf and refill.exact:
                self.fruitless[refill.crews.tobytes()] = self.turns
            self.vain += not gained
            if refill.exact and len(refill.crews) == len(losses):
                self.within = min(self.within, answer.within)
        if self.vain >= self._patience():
            self._grow(len(losses))

    def _patience(self) -> int:
        """Return how many refills in vain are enough: about two for every crew."""
        return max(2, 2 * self.search.problem.crews // self.crews) if self.crews < self.search.problem.crews else 1

    def _grow(self, crews: int) -> None:
        self.vain = 0
        self.crews = min(crews, max(self.crews + 1, int(self.crews * GROWTH)))
        self.choices *= GROWTH
        self.work = min(MOST_WORK, self.work * GROWTH**2)

    def _groups(self, losses: FloatArray) -> list[IntArray]:
        """Return groups of neighbouring crews without a common one, drawn by what they lose."""
        if self.crews >= len(losses):
            return [np.arange(len(losses))]
        weight = losses + FLOOR * losses.mean() + 1e-12
        groups: list[IntArray] = []
        while len(groups) < self.workers and np.count_nonzero(weight) >= self.crews:
            group = [int(self.rng.choice(len(weight), p=weight / weight.sum()))]
            near = np.zeros(len(weight))
            for _more in range(self.crews - 1):
                near += self.nearness[group[-1]]
                pull = near * weight
                pull[group] = 0.0
                if pull.sum() <= 0:
                    break
                group.append(int(self.rng.choice(len(pull), p=pull / pull.sum())))
            weight[group] = 0.0
            groups.append(np.sort(np.array(group)))
        return groups
