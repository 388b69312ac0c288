"""How few surveys any rule at all can do with: the bound of Kiefer & Weiss, by backward induction."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from fieldops.awareness.counting import FloatArray
from fieldops.awareness.design import equidistant_share, lqas
from fieldops.errors import BadInput

_GAP = 1e-6  # relative: between the bound returned and the best that this dual can prove
_BEYOND = 1e-12  # surveys that a bound may be short because nobody looks beyond the horizon
_HUGE = 600.0  # log of a ratio that no price makes worth stopping for


@dataclass(frozen=True, slots=True)
class _Question:
    """Which rules are compared (when they may stop) and what their surveys are counted under (shares and weights)."""

    p0: float
    p1: float
    shares: FloatArray
    weights: FloatArray
    looks: tuple[int, ...] | None
    max_surveys: int | None

    def evidence(self, n: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return ln z0, ln z1 and the log of the mixture after n surveys, shape (n + 1,) over the knows."""
        s = np.arange(n + 1)
        logs = s[:, None] * np.log(self.shares) + (n - s)[:, None] * np.log1p(-self.shares)
        most = logs.max(axis=1)
        mixture = most + np.log(np.exp(logs - most[:, None]) @ self.weights)
        at0, at1 = (s * np.log(p) + (n - s) * np.log1p(-p) for p in (self.p0, self.p1))
        return at0 - mixture, at1 - mixture, mixture


class _Induction:
    """The values of the best rule at any price of the two errors; what does not depend on the prices is kept."""

    def __init__(self, question: _Question) -> None:
        self._question = question
        self._ahead = question.evidence(0)
        self._rows: list[tuple[FloatArray, FloatArray, FloatArray]] = []

    def _row(self, n: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return z0, z1 and P(next knows) after n surveys."""
        while len(self._rows) <= n:
            m = len(self._rows)
            z0, z1, mixture = self._ahead
            self._ahead = self._question.evidence(m + 1)
            z0, z1 = (np.exp(np.minimum(z, _HUGE)) for z in (z0, z1))
            self._rows.append((z0, z1, np.exp(self._ahead[2][1:] - mixture)))
        return self._rows[n]

    def _horizon(self, prices: FloatArray) -> int:
        """
        Return a number of surveys after which one more costs more than any error that it could save, but for `_BEYOND`.

        The mean of sqrt(price0 z0 price1 z1) after n surveys is sqrt(price0 price1) c^n under any mixture, c the
        Bhattacharyya coefficient of the two shares, and no less than that of the cheaper error, and of the chance that it
        costs more than a survey.
        """
        asked = self._question
        if asked.looks:
            return asked.looks[-1]
        last = 1
        with np.errstate(divide="ignore"):
            price0, price1 = np.log(prices)
        alike = np.sqrt(asked.p0 * asked.p1) + np.sqrt((1.0 - asked.p0) * (1.0 - asked.p1))
        longest = int(np.ceil(max(1.0, ((price0 + price1) / 2.0 - np.log(_BEYOND)) / -np.log(alike))))
        most = longest if asked.max_surveys is None else min(longest, asked.max_surveys)
        while last < most:
            z0, z1, _ = asked.evidence(last)
            if np.all(np.minimum(z0 + price0, z1 + price1) <= 0.0):
                return last
            last = last + max(1, last // 8)
        return most

    def value(self, prices: FloatArray) -> tuple[float, float, float]:
        """
        Return expected surveys, P(*move on*) at p0 and P(*push on*) at p1 of the rule that minimises surveys + prices x errors.

        Backward induction of V(n, s) = min {l0 z0, l1 z1, 1 + E V(n + 1, .)}, the parts carried along.
        """
        last = self._horizon(prices)
        looks = set(self._question.looks or ())
        z0, z1, _ = self._row(last)
        moves = prices[0] * z0 < prices[1] * z1
        parts = np.array([np.zeros(last + 1), np.where(moves, z0, 0.0), np.where(moves, 0.0, z1)])
        if not looks and last != self._question.max_surveys:
            # Whoever would go on beyond the horizon is told the truth for one survey: no rule can have it cheaper.
            on = np.minimum(prices[0] * z0, prices[1] * z1) > 1.0
            parts = np.where(on, np.array([[1.0], [0.0], [0.0]]), parts)
        for n in range(last - 1, -1, -1):
            z0, z1, knows = self._row(n)
            parts = parts[:, 1:] * knows + parts[:, :-1] * (1.0 - knows)
            parts[0] += 1.0
            if looks and n not in looks:
                continue
            cost0, cost1 = prices[0] * z0, prices[1] * z1
            ahead = parts[0] + prices[0] * parts[1] + prices[1] * parts[2]
            stop, moves = np.minimum(cost0, cost1) <= ahead, cost0 < cost1
            parts *= ~stop
            parts[1] += z0 * (stop & moves)
            parts[2] += z1 * (stop & ~moves)
        return float(parts[0, 0]), float(parts[1, 0]), float(parts[2, 0])


def _maximise(
    induction: _Induction, alpha: float, beta: float, start: FloatArray, most: float
) -> tuple[float, FloatArray]:
    """
    Return the highest bound over the prices of the two errors, and the prices.

    The bound is concave and piecewise linear in the prices: cutting planes (Kelley 1960) inside a box that grows while that
    helps. Whatever the prices, the value is a valid bound; a bound above `most` proves that no rule is so short.
    """
    best, at, before = -np.inf, start, -np.inf
    cuts: list[tuple[FloatArray, float]] = []  # bound(l) <= slope . l + level
    low, high = start / 3.0, start * 3.0
    trial = start
    for _ in range(300):
        surveys, wrong_move, wrong_push = induction.value(trial)
        slope = np.array([wrong_move - alpha, wrong_push - beta])
        reached = surveys + float(slope @ trial)
        if reached > best:
            best, at = reached, trial
        if best > most * (1.0 + _GAP):
            raise BadInput(
                f"no rule of at most {most:g} surveys keeps these errors", cure="allow more surveys or errors"
            )
        cuts.append((slope, surveys))
        found = optimize.linprog(
            [0.0, 0.0, -1.0],
            A_ub=[[-slope[0], -slope[1], 1.0] for slope, _ in cuts], b_ub=[level for _, level in cuts],
            bounds=[(low[0], high[0]), (low[1], high[1]), (None, None)],
        )  # fmt: skip
        assert found.x is not None, "cuts inside a box always have a highest point"
        trial = np.asarray(found.x[:2])
        if float(found.x[2]) - best <= _GAP * abs(best):
            bind = (trial >= high * (1 - 1e-9)) | (trial <= low * (1 + 1e-9))
            if not bind.any() or best - before <= _GAP * abs(best):
                break
            low, high, before = np.where(bind, low / 3.0, low), np.where(bind, high * 3.0, high), best
    return best, at


def field_weights() -> tuple[FloatArray, FloatArray]:
    """Return the field's mixture of places: shares 0.01 .. 0.60 and their Beta(2, 10) weights, which sum to 1."""
    shares = np.arange(1, 61) / 100.0
    weights = shares * (1.0 - shares) ** 9
    return shares, weights / weights.sum()


def kiefer_weiss_bound(
    p0: float, p1: float, alpha: float, beta: float, *,
    mixture: tuple[Sequence[float] | FloatArray, Sequence[float] | FloatArray] | None = None,
    looks: Sequence[int] | None = None, max_surveys: int | None = None,
) -> float:  # fmt: skip
    """
    Return a number of surveys that no rule with these errors can undercut, sequential or not, randomised or not.

    Parameters
    ----------
    p0, p1
        Shares at which the errors are stated, 0 < p0 < p1 < 1.
    alpha, beta
        P(*move on*) at `p0` and P(*push on*) at `p1`, at most.
    mixture
        Shares and their weights, under which the expected surveys are averaged (see `field_weights`); by default the worst
        share, so that the bound is on the largest expected number of surveys.
    looks
        Compare only with rules that look after these numbers of surveys and end with the last.
    max_surveys
        Compare only with rules that end by this number.

    Returns
    -------
    float
        Expected surveys; true by weak duality whatever the accuracy of the search, and within 0.001 % of its best.

    Raises
    ------
    BadInput
        If a number is outside its range, or no rule with those looks keeps the errors.

    Notes
    -----
    Kiefer & Weiss (1957); Lai (1973); Lorden (1976). Seconds for zones as wide as 12 % .. 28 %, a minute for 16 % .. 24 %.
    """
    fixed, _ = lqas(p0, p1, alpha, beta)
    if looks is not None and (not looks or list(looks) != sorted(set(looks)) or looks[0] < 1):
        raise BadInput(f"the looks {looks} do not increase from 1 on", field="looks")
    when = tuple(looks) if looks is not None else None
    most = float(min(when[-1] if when else np.inf, max_surveys or np.inf))
    start = np.array([fixed / alpha, fixed / beta]) / 4.0

    def bound(shares: FloatArray, weights: FloatArray, prices: FloatArray) -> tuple[float, FloatArray]:
        question = _Question(p0, p1, shares, weights, when, max_surveys)
        return _maximise(_Induction(question), alpha, beta, prices, most)

    if mixture is not None:
        weights = np.asarray(mixture[1], dtype=np.float64)
        return bound(np.asarray(mixture[0], dtype=np.float64), weights / weights.sum(), start)[0]
    middle = equidistant_share(p0, p1)
    reached, prices = bound(np.array([middle]), np.ones(1), start)
    found = optimize.minimize_scalar(
        lambda theta: -bound(np.array([theta]), np.ones(1), prices)[0],
        bounds=(p0 + 0.25 * (p1 - p0), p1 - 0.25 * (p1 - p0)), method="bounded", options={"xatol": 2e-4 * (p1 - p0) / 0.1},
    )  # fmt: skip
    return float(max(reached, -found.fun))
