"""The move-on test: ask, look at the card, and leave, push on or ask more, with stated errors."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Self

import numpy as np

from fieldops.awareness.counting import (
    Bounds,
    Characteristic,
    FloatArray,
    bounds_of_looks,
    count_clustered_stops,
    count_paths,
    count_stops,
    summarise,
)
from fieldops.errors import BadInput
from fieldops.said import Said


class Verdict(StrEnum):
    """What the card says."""

    MOVE_ON = "move_on"
    PUSH_ON = "push_on"
    ASK_MORE = "ask_more"


@dataclass(frozen=True, slots=True)
class Decision:
    """
    What a card says of the answers given so far.

    `asked` and `knows` count every answer given; the first `surveys_used` of them, of which `knows_used` knew, decided.
    Where the verdict is *ask more* the two pairs are equal.
    """

    verdict: Verdict
    surveys_used: int
    knows_used: int
    asked: int
    knows: int


@dataclass(frozen=True)
class CountRule:
    """
    A card: after each number of surveys in `looks`, *push on* at most so many knows and *move on* at least so many.

    Parameters
    ----------
    looks
        Numbers of surveys at which the card is looked at, increasing, the first at least 1.
    push_on_at_most, move_on_at_least
        Counts of "knows" that decide at each look; -1 and anything above the look mean "cannot". At the last look
        every count decides.
    name
        What people call the card.
    zone
        The two shares at which the errors are stated: below the first one should push on, above the second move on.
    first
        The first survey after which it may decide, at most the first look; see `not_before`.

    Raises
    ------
    BadInput
        If the table is not a card; the message names the look.
    """

    looks: tuple[int, ...]
    push_on_at_most: tuple[int, ...]
    move_on_at_least: tuple[int, ...]
    name: str = ""
    zone: tuple[float, float] = (0.12, 0.28)
    first: int = 1

    def __post_init__(self) -> None:
        """Take any sequence for the three tables and refuse what is not a card."""
        for field in ("looks", "push_on_at_most", "move_on_at_least"):
            object.__setattr__(self, field, tuple(int(value) for value in getattr(self, field)))
        if not self.looks or not len(self.looks) == len(self.push_on_at_most) == len(self.move_on_at_least):
            raise BadInput("a card needs one count to push on and one to move on for each look, and a look at least")
        if self.looks[0] < 1 or any(a >= b for a, b in zip(self.looks, self.looks[1:], strict=False)):
            raise BadInput(Said("the looks %(looks)s do not increase from 1 on", looks=self.looks))
        for look, low, high in zip(self.looks, self.push_on_at_most, self.move_on_at_least, strict=True):
            if not -1 <= low < high:
                raise BadInput(
                    Said(
                        "at %(look)s surveys the card pushes on at %(low)s knows and moves on at %(high)s",
                        look=look,
                        low=low,
                        high=high,
                    )
                )
        if self.move_on_at_least[-1] != self.push_on_at_most[-1] + 1:
            raise BadInput(
                Said("at its last look, %(looks)s surveys, the card leaves some counts undecided", looks=self.looks[-1])
            )
        if not 1 <= self.first <= self.looks[0]:
            raise BadInput(
                Said(
                    "a card that may not decide before survey %(first)s cannot be looked at before it", first=self.first
                )
            )
        if not 0.0 <= self.zone[0] < self.zone[1] <= 1.0:
            raise BadInput(Said("the zone %(zone)s is not two increasing shares", zone=self.zone))

    @property
    def most_surveys(self) -> int:
        """Return the number of surveys after which the card always decides."""
        return self.looks[-1]

    @cached_property
    def bounds(self) -> Bounds:
        """Stopping bounds after each survey, at the looks of the card only."""
        return self._bounds(curtailed=False)

    @cached_property
    def curtailed_bounds(self) -> Bounds:
        """Stopping bounds after each survey, stopping as soon as the next look's decision is certain."""
        return self._bounds(curtailed=True)

    def _bounds(self, *, curtailed: bool) -> Bounds:
        bounds = bounds_of_looks(self.looks, self.push_on_at_most, self.move_on_at_least, curtailed=curtailed)
        bounds.low[: self.first], bounds.high[: self.first] = -1, np.arange(1, self.first + 1)
        return bounds

    def not_before(self, first: int) -> Self:
        """
        Return the card where nothing may decide before survey number `first`: its looks before that are none.

        Where no look is left there is one at `first`, which moves on from the share of the last one on.
        """
        rows = zip(self.looks, self.push_on_at_most, self.move_on_at_least, strict=True)
        left = [row for row in rows if row[0] >= first]
        if not left:
            needed = -(-self.move_on_at_least[-1] * first // self.most_surveys)
            left = [(first, needed - 1, needed)]
        looks, low, high = zip(*left, strict=True)
        return replace(self, looks=looks, push_on_at_most=low, move_on_at_least=high, first=max(first, self.first))

    @cached_property
    def _paths(self) -> dict[tuple[int, int], tuple[int, int]]:
        return count_paths(self.bounds)

    @cached_property
    def _curtailed_paths(self) -> dict[tuple[int, int], tuple[int, int]]:
        return count_paths(self.curtailed_bounds)

    def paths(self, *, curtailed: bool = True) -> dict[tuple[int, int], tuple[int, int]]:
        """
        Return for each stopping point (surveys, knows) its number of answer orders, and of those that open with "knows".

        Exact integers; P(stop at (n, s)) = orders x p^s (1 - p)^(n - s).
        """
        return self._curtailed_paths if curtailed else self._paths

    def decide(self, answers: Sequence[bool], *, curtailed: bool = True) -> Decision:
        """
        Return what the card says of the answers, in the order in which they were given (True = knows).

        Answers after the deciding one are counted and change nothing. With `curtailed` the card speaks as soon as the
        decision at its next look is certain; the verdict is the one it would have given at the look.
        """
        # RULE 9: a sequential test with stated errors says move on, push on or ask more.
        bounds = self.curtailed_bounds if curtailed else self.bounds
        knows = 0
        total = sum(map(bool, answers))
        for asked, answer in enumerate(answers[: self.most_surveys], start=1):
            knows += bool(answer)
            if knows <= bounds.low[asked]:
                return Decision(Verdict.PUSH_ON, asked, knows, len(answers), total)
            if knows >= bounds.high[asked]:
                return Decision(Verdict.MOVE_ON, asked, knows, len(answers), total)
        return Decision(Verdict.ASK_MORE, len(answers), knows, len(answers), total)

    def next_look(self, asked: int) -> int:
        """Return the number of surveys at the next look after `asked`; the last look where there is none."""
        return next((look for look in self.looks if look > asked), self.most_surveys)

    def operating_characteristic(self, share: float, *, curtailed: bool = True) -> Characteristic:
        """
        Return P(*move on*), the expected number of surveys and its 95 % point where `share` of the people know.

        Exact up to the rounding of floats (about 1e-13). Answers are taken as independent: see
        `clustered_characteristic` and `finite_characteristic` for what happens where they are not.

        Raises
        ------
        BadInput
            If the share is outside [0, 1].
        """
        if not 0.0 <= share <= 1.0:
            raise BadInput(Said("a share of %(share)s is outside [0, 1]", share=share), field="share")
        bounds = self.curtailed_bounds if curtailed else self.bounds
        return summarise(*count_stops(bounds, lambda _n, _s: share))

    def move_on_curve(self, shares: FloatArray) -> FloatArray:
        """Return P(*move on*) for many shares at once, shape of `shares`."""
        rates = np.asarray(shares, dtype=np.float64)[..., None]
        return np.asarray(count_stops(self.curtailed_bounds, lambda _n, _s: rates)[1].sum(axis=-1))

    def surveys_curve(self, shares: FloatArray, *, curtailed: bool = True) -> FloatArray:
        """Return the expected number of surveys for many shares at once, shape of `shares`."""
        rates = np.asarray(shares, dtype=np.float64)[..., None]
        bounds = self.curtailed_bounds if curtailed else self.bounds
        push_on, move_on = count_stops(bounds, lambda _n, _s: rates)
        return (push_on + move_on) @ np.arange(bounds.last + 1, dtype=np.float64)

    def stop_probabilities(self, share: float, *, curtailed: bool = True) -> tuple[FloatArray, FloatArray]:
        """
        Return P(*push on*) and P(*move on*) after exactly n surveys, each of shape (most_surveys + 1,), index n.

        An honest promoter's tests stop like this: many *move on* at 10 surveys where few are due are suspicious.
        """
        bounds = self.curtailed_bounds if curtailed else self.bounds
        return count_stops(bounds, lambda _n, _s: share)

    def error_rates(self, low: float | None = None, high: float | None = None) -> tuple[float, float]:
        """Return P(*move on*) at `low` and P(*push on*) at `high`, by default at the card's own zone."""
        wrong_move_on = self.operating_characteristic(self.zone[0] if low is None else low).move_on
        return wrong_move_on, 1.0 - self.operating_characteristic(self.zone[1] if high is None else high).move_on

    def clustered_characteristic(
        self, share: float, *, icc: float, cluster_size: int, curtailed: bool = False
    ) -> Characteristic:
        """
        Return the characteristic where answers come in clusters (same corner, group or promoter).

        Parameters
        ----------
        share
            Share of people who know, in [0, 1].
        icc
            Intra-cluster correlation, in [0, 1).
        cluster_size
            Consecutive answers per cluster; the design effect is 1 + (cluster_size - 1) icc.
        curtailed
            Whether the test stops between looks; by default not, as tables are printed.

        Raises
        ------
        BadInput
            If a number is outside its range.
        """
        if not 0.0 <= share <= 1.0:
            raise BadInput(Said("a share of %(share)s is outside [0, 1]", share=share), field="share")
        if not 0.0 <= icc < 1.0 or cluster_size < 1:
            raise BadInput(
                Said(
                    "a correlation of %(icc)s in clusters of %(cluster_size)s cannot be",
                    icc=icc,
                    cluster_size=cluster_size,
                ),
                field="icc",
            )
        bounds = self.curtailed_bounds if curtailed else self.bounds
        return summarise(*count_clustered_stops(bounds, share, icc=icc, cluster_size=cluster_size))

    def finite_characteristic(
        self, people: int, knowing: int, *, target: float = 0.20, curtailed: bool = False
    ) -> Characteristic:
        """
        Return the characteristic on a small street: nobody is asked twice, and `knowing` of `people` know.

        Where everybody has been asked before the card decides, heads are counted: *move on* from `target` on.

        Raises
        ------
        BadInput
            If more people know than live there.
        """
        if not 0 <= knowing <= people or people < 1:
            raise BadInput(
                Said("%(knowing)s of %(people)s people cannot know", knowing=knowing, people=people), field="knowing"
            )
        bounds = self.curtailed_bounds if curtailed else self.bounds
        if people < bounds.last:
            bounds = end_by_head_count(bounds, people, target)
        return summarise(*count_stops(bounds, lambda n, s: np.maximum(knowing - s, 0) / (people - n)))


def end_by_head_count(bounds: Bounds, people: int, target: float) -> Bounds:
    """Return the bounds of a test that ends when all `people` were asked: *move on* where `target` of them know."""
    # Ten of fifty is 20 %, whatever 0.2 * 50 is in binary.
    needed = int(np.ceil(target * people - 1e-9))
    low, high = bounds.low[: people + 1].copy(), bounds.high[: people + 1].copy()
    low[people], high[people] = needed - 1, needed
    return Bounds(low, high)


R50 = CountRule(
    looks=(10, 15, 20, 25, 30, 35, 40, 45, 50),
    push_on_at_most=(0, 0, 1, 2, 3, 4, 5, 7, 9),
    move_on_at_least=(4, 5, 7, 7, 8, 8, 9, 10, 10),
    name="r50",
    zone=(0.12, 0.28),
)
A130 = CountRule(
    looks=(20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130),
    push_on_at_most=(0, 2, 4, 6, 8, 10, 12, 15, 17, 19, 22, 25),
    move_on_at_least=(8, 10, 12, 13, 15, 17, 18, 21, 22, 24, 25, 26),
    name="a130",
    zone=(0.15, 0.25),
)
TWO_OF_TEN = CountRule((10,), (1,), (2,), name="two_of_ten", zone=(0.12, 0.28))
_NAMED = {rule.name: rule for rule in (R50, A130, TWO_OF_TEN)}


def find_rule(name: str) -> CountRule:
    """
    Return the ready-made card of that name: r50, a130 or two_of_ten.

    Raises
    ------
    BadInput
        If there is none.
    """
    try:
        return _NAMED[name.strip().lower()]
    except KeyError:
        raise BadInput(
            Said("no rule is called '%(name)s'", name=name),
            cure=Said("use one of %(choices)s", choices=", ".join(_NAMED)),
            field="name",
        ) from None
