"""
Which crews to refill next, and how: a few openings compete, and those that gain most for their work are made more often.

Nothing gained for long makes every opening larger and harder; a small problem is then also opened whole, which proves
what its best answer can be.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

from fieldops.planning.assignment import NOBODY, BoolArray, FloatArray, IntArray
from fieldops.planning.knapsack import refill_crew
from fieldops.planning.neighbourhoods import Refill, apply_refill, pose_refill, solve_refills
from fieldops.planning.search import Search


@dataclass(frozen=True, slots=True)
class Opening:
    """So many neighbouring crews with a share of their streets, about so many choices, so much work (see `Campaign`)."""

    crews: int
    share: float
    choices: int
    work: float


OPENINGS = (
    Opening(2, 1.0, 80, 0.03),
    Opening(3, 1.0, 100, 0.03),
    Opening(4, 1.0, 200, 0.06),
    Opening(8, 0.5, 150, 0.05),
    Opening(20, 0.2, 150, 0.03),
)
MEMORY = 0.9  # share of an opening's record that each further refill keeps
LEAST = 0.1  # weight of the worst opening, as a share of the best
GROWTH = 1.5
MOST_WORK = 30.0
FAIRLY_SMALL = 10_000  # pairs that one exact problem may have
FLOOR = 0.02  # weight of a crew that loses nothing, as a share of the mean


@dataclass(slots=True, eq=False)
class Campaign:
    """
    A sequence of refills; the same seed and workers give the same sequence.

    Attributes
    ----------
    within
        By how much any other answer of the whole problem can be better at most, where a refill of everything has
        exhausted it; inf before.
    size
        How much larger than at first the openings are now; work, in CP-SAT's deterministic seconds, grows by its square.
    """

    search: Search
    seed: int
    rng: np.random.Generator
    workers: int
    within: float = np.inf
    size: float = 1.0
    vain: int = 0
    turns: int = 0
    open_whole: bool = False
    nearness: FloatArray = field(init=False, repr=False)
    record: FloatArray = field(init=False, repr=False)
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
        self.record = np.ones(len(OPENINGS))
        self.changed = np.zeros(count, dtype=np.int64)
        self.open_whole = len(search.values) <= OPENINGS[0].choices

    def advance(self, pool: Executor, *, seconds: float, going: Callable[[], bool]) -> None:
        """Refill as many groups as there are workers, side by side, and take over what is better."""
        self.turns += 1
        weight = np.maximum(self.record, LEAST * self.record.max())
        kind = int(self.rng.choice(len(OPENINGS), p=weight / weight.sum()))
        whole, self.open_whole = self.open_whole, False
        refills = self._pose_whole() if whole else self._pose(OPENINGS[kind])
        work = OPENINGS[kind].work if not whole else 1.0
        answers = solve_refills(
            self.search, refills, pool=pool, work=min(MOST_WORK, work * self.size**2), seconds=seconds, going=going,
            seed=self.seed + self.turns * self.workers,
        )  # fmt: skip
        for refill, answer in zip(refills, answers, strict=True):
            gain = apply_refill(self.search, refill, answer)
            if gain > 0:
                self.vain, self.changed[refill.crews] = 0, self.turns
                for crew in refill.crews.tolist():
                    refill_crew(self.search, crew)
            elif answer.within < np.inf and refill.exact:
                self.fruitless[refill.crews.tobytes()] = self.turns
            self.vain += gain <= 0
            if whole:
                self.within = min(self.within, answer.within if refill.exact else np.inf)
            else:
                self.record[kind] = MEMORY * self.record[kind] + (1 - MEMORY) * gain / OPENINGS[kind].work
        if self.vain >= max(4, self.search.problem.crews):
            self.vain, self.size = 0, self.size * GROWTH
            self.open_whole = len(self.search.values) <= FAIRLY_SMALL

    def _pose_whole(self) -> list[Refill]:
        """Return the problem of everything; where nothing can change, it is exhausted."""
        crews = np.arange(self.search.problem.crews)
        nothing = np.zeros(self.search.problem.streets, dtype=bool)
        refill = pose_refill(self.search, crews, most_choices=len(self.search.values), spared=nothing)
        self.within = 0.0 if refill is None else self.within
        return [refill] if refill else []

    def _pose(self, opening: Opening) -> list[Refill]:
        """Return up to `workers` problems that have neither a crew nor a street in common."""
        held = self.search.held != NOBODY
        asked = np.zeros(len(held), dtype=bool)
        refills: list[Refill] = []
        for group in self._groups(opening.crews):
            full = opening.share == 1.0
            if full and self.fruitless.get(group.tobytes(), -1) >= self.changed[group].max():
                self.vain += 1
                continue
            spared: BoolArray = asked if full else asked | (held & (self.rng.random(len(held)) > opening.share))
            refill = pose_refill(self.search, group, most_choices=int(opening.choices * self.size), spared=spared)
            if refill is None:
                self.vain += 1
                continue
            asked[refill.streets] = asked[self.search.street[refill.settled]] = True
            refills.append(refill)
        return refills

    def _groups(self, size: int) -> list[IntArray]:
        """Return groups of neighbouring crews without a common one, drawn by what they lose."""
        losses = self.search.losses()
        if size >= len(losses):
            return [np.arange(len(losses))]
        weight = losses + FLOOR * losses.mean() + 1e-12
        groups: list[IntArray] = []
        while len(groups) < self.workers and np.count_nonzero(weight) >= size:
            group = [int(self.rng.choice(len(weight), p=weight / weight.sum()))]
            near = np.zeros(len(weight))
            for _more in range(size - 1):
                near += self.nearness[group[-1]]
                pull = near * weight
                pull[group] = 0.0
                if pull.sum() <= 0:
                    break
                group.append(int(self.rng.choice(len(pull), p=pull / pull.sum())))
            weight[group] = 0.0
            groups.append(np.sort(np.array(group)))
        return groups
