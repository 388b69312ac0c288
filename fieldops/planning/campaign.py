"""
Which crews to refill next, and how: a few openings compete, and those that gain most for their work are made more often.

A search begins with a dive (see `dives`) where the problem is small enough for one into the whole of it; each such answer is
polished before it is compared. Nothing gained for long lets it dive again, or into groups of crews. Where dives are of no use, or have been made often, every opening becomes larger and
harder; a small problem is then also opened whole, which proves what its best answer can be.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

from fieldops.planning.assignment import NOBODY, BoolArray, FloatArray, IntArray
from fieldops.planning.dives import Diver, can_dive, crews_of_a_dive
from fieldops.planning.knapsack import refill_crew
from fieldops.planning.neighbourhoods import Refill, Refilled, apply_refill, pose_refill, solve_refills
from fieldops.planning.packing import prove_packs
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
POLISH = Opening(4, 1.0, 150, 0.05)
LEAST_WHOLE = 1.0 - 1e-4  # the least gain where every value is a whole number
HASTE = 0.2  # of the first dive, which has to be there soon; later ones fix one crew at a time
DIVES_A_SIZE = 8.0  # dives, times the size, before the openings grow further
DIVE_CHOICES = 4_000
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
    bound
        No answer of the core is worth more, as far as refills of everything have proven; inf before.
    proven
        No answer at all is worth more, by the street prices of the first dive; inf before.
    exhausted
        Whether a refill of everything was solved to its end: nothing better is left.
    size
        How much larger than at first the openings are now; work, in CP-SAT's deterministic seconds, grows by its square.
    """

    search: Search
    seed: int
    rng: np.random.Generator
    workers: int
    bound: float = np.inf
    proven: float = np.inf
    exhausted: bool = False
    size: float = 1.0
    vain: int = 0
    turns: int = 0
    dives: int = 0
    open_whole: bool = False
    nearness: FloatArray = field(init=False, repr=False)
    record: FloatArray = field(init=False, repr=False)
    changed: IntArray = field(init=False, repr=False)
    fruitless: dict[bytes, int] = field(default_factory=dict, repr=False)
    whole: Diver | None = field(default=None, repr=False)

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

    def begin(self, pool: Executor, *, seconds: float, going: Callable[[], bool]) -> bool:
        """Dive into the whole, if it is small enough, which proves a bound too; return whether it was."""
        if crews_of_a_dive(self.search) < self.search.problem.crews:
            return False
        self.dives += self._dive_whole(pool, seconds=seconds, going=going, haste=HASTE)
        return self.dives > 0

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
            gain = self._take(refill, answer)
            if gain <= 0 and answer.within < np.inf and refill.exact:
                self.fruitless[refill.crews.tobytes()] = self.turns
            if whole and refill.exact and answer.within < np.inf:
                self.bound, self.exhausted = min(self.bound, self.search.objective + answer.within), True
            if not whole:
                self.record[kind] = MEMORY * self.record[kind] + (1 - MEMORY) * gain / OPENINGS[kind].work
        if self.vain >= max(4, self.search.problem.crews):
            self.vain = 0
            due = self.dives < self.size * DIVES_A_SIZE
            dived = self._dive(pool, seconds=seconds, going=going) if due else 0
            self.dives += dived
            if not dived:
                self.size *= GROWTH
                self.open_whole = len(self.search.values) <= FAIRLY_SMALL

    def _take(self, refill: Refill, answer: Refilled) -> float:
        """Take over what is better, and return the gain."""
        gain = apply_refill(self.search, refill, answer)
        self.vain += gain <= 0
        if gain > 0:
            self.vain, self.changed[refill.crews] = 0, self.turns
            for crew in refill.crews.tolist():
                refill_crew(self.search, crew)
        return gain

    # ── dives ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _dive(self, pool: Executor, *, seconds: float, going: Callable[[], bool]) -> int:
        """Dive into the whole of a small problem, else into as many groups of crews as there are workers; return how often."""
        size = crews_of_a_dive(self.search)
        if size == self.search.problem.crews:
            return self._dive_whole(pool, seconds=seconds, going=going)
        busy = np.zeros(self.search.problem.streets, dtype=bool)
        refills: list[Refill] = []
        for group in self._groups(size):
            if self.fruitless.get(group.tobytes(), -1) >= self.changed[group].max():
                continue
            refill = pose_refill(self.search, group, most_choices=DIVE_CHOICES, spared=busy)
            if refill is not None and can_dive(self.search, refill):
                refills.append(refill)
                busy = busy.copy()
                busy[refill.streets] = busy[self.search.street[refill.settled]] = True
        jobs = [
            pool.submit(self._dive_group, refill, seed=self.seed + self.turns + k, seconds=seconds, going=going)
            for k, refill in enumerate(refills)
        ]
        for refill, answer in zip(refills, [job.result() for job in jobs], strict=True):
            if self._take(refill, answer) <= 0 and answer.within < np.inf and refill.exact:
                self.fruitless[refill.crews.tobytes()] = self.turns
        return len(jobs)

    def _dive_group(self, refill: Refill, *, seed: int, seconds: float, going: Callable[[], bool]) -> Refilled:
        diver = Diver(self.search, refill, going)
        if diver.room < (LEAST_WHOLE if self.search.is_whole else 1e-9):
            return Refilled(np.zeros(0, dtype=np.int64), within=max(0.0, diver.room))
        return diver.dive(np.random.default_rng(seed), seed=seed, seconds=seconds, going=going)

    def _dive_whole(self, pool: Executor, *, seconds: float, going: Callable[[], bool], haste: float = 0.0) -> int:
        """Dive into everything, polish each answer, and keep it where it is better than the best before."""
        search = self.search
        if self.whole is None:
            refill = next(iter(self._pose_whole()), None)
            if refill is None or not can_dive(search, refill):
                return 0
            self.whole = Diver(search, refill, going)
            self.proven = prove_packs(search.problem, self.whole.street_prices(), scale=search.hour_scale)
            if refill.exact:
                settled = float(search.values[refill.settled].sum())
                self.bound = min(self.bound, max(search.objective, self.whole.bound + settled))
        diver = self.whole
        jobs = [
            pool.submit(
                diver.dive, np.random.default_rng(self.seed + self.turns + k), seed=self.seed + k, seconds=seconds,
                going=going, haste=haste,
            )
            for k in range(1 if haste else self.workers)  # side by side they take each other's time
        ]  # fmt: skip
        for answer in [job.result() for job in jobs]:
            best, kept = search.objective, search.state()
            if not len(answer.taken):
                continue
            apply_refill(search, diver.refill, answer, even_worse=True)
            for crew in range(search.problem.crews):
                refill_crew(search, crew)
            self.changed[:] = self.turns
            self._polish(pool, seconds=seconds, going=going)
            if search.objective <= best:
                search.restore(kept)
        return len(jobs)

    def _polish(self, pool: Executor, *, seconds: float, going: Callable[[], bool]) -> None:
        """Refill small groups until as many in a row as there are crews gain nothing."""
        opening, vain = POLISH, 0
        while vain < self.search.problem.crews and going():
            self.turns += 1
            refills = self._pose(opening)
            answers = solve_refills(
                self.search, refills, pool=pool, work=opening.work, seconds=seconds, going=going,
                seed=self.seed + self.turns * self.workers,
            )  # fmt: skip
            gains = [self._take(*both) for both in zip(refills, answers, strict=True)]
            vain = 0 if any(gain > 0 for gain in gains) else vain + max(1, len(gains))

    # ── what is posed ───────────────────────────────────────────────────────────────────────────────────────────────

    def _pose_whole(self) -> list[Refill]:
        """Return the problem of everything; where nothing can change, it is exhausted."""
        crews = np.arange(self.search.problem.crews)
        nothing = np.zeros(self.search.problem.streets, dtype=bool)
        refill = pose_refill(self.search, crews, most_choices=len(self.search.values), spared=nothing)
        if refill is None:
            self.bound, self.exhausted = min(self.bound, self.search.objective), True
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
