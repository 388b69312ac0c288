"""What a plan is made under beside the rules: rain, fairness, and the assumptions of a what-if."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, Self

from fieldops.errors import BadInput
from fieldops.rules import Rules
from fieldops.said import Said

SWARMED = 1.5  # RULE 11: a triangle that is below the target is worth more
NEARLY_DONE = 1.25  # so is a street that lacks little
NEARLY = 0.75  # of the target
LEAST_MISSING = (
    1e-3  # of the target: beliefs err, so that a street without a test is worth a visit however good they are
)
MOST_ON_THE_WAY = 0.9  # of a day: whoever lives farther away has a tenth of it left for the street
WALKED = 0.01  # of what an hour tells on average: what an hour on foot costs beside the time it takes
LEAST_LEFT = 0.9  # of a street's value, however far it is
KEPT = 1.05  # minimal disruption: what a published plan says is worth keeping
FARTHEST = timedelta(days=366)  # nobody knows the people at hand longer ahead
RANGES: Mapping[str, tuple[float, float]] = MappingProxyType({  # of what may be assumed
    "people": (0.05, 20.0), "hours": (0.25, 16.0), "days": (1, 7), "threshold": (0.01, 0.95), "finish": (0.05, 0.99),
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """
    Assumptions that differ from the operation; None where one is left as it is.

    `people` multiplies the people of every crew; `hours` are hours a day of every promoter; `days` are the days on which
    anybody works, 1 to 7; `threshold` is the share to reach; `finish` the probability with which a street given must be
    finished.

    Raises
    ------
    BadInput
        If a number is outside its range.
    """

    people: float | None = None
    hours: float | None = None
    days: int | None = None
    threshold: float | None = None
    finish: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise BadInput(
                    Said("%(given)s is out of range", given=f"{value:g}"), field=name,
                    cure=Said("give %(least)s to %(most)s", least=f"{low:g}", most=f"{high:g}"),
                )  # fmt: skip

    @classmethod
    def from_words(cls, words: Iterable[str]) -> Self:
        """
        Return the assumptions that words such as `people=1.2` and `days=5` name.

        Raises
        ------
        BadInput
            If a word names no assumption, or holds no number.
        """
        known = {field.name for field in fields(cls)}
        given: dict[str, Any] = {}
        for word in words:
            name, _, value = word.partition("=")
            if name not in known:
                raise BadInput(
                    Said("'%(word)s' is no assumption", word=word),
                    field="--what-if",
                    cure=Said("use %(choices)s=N", choices="=N, ".join(sorted(known))),
                )
            try:
                given[name] = int(value) if name == "days" else float(value)
            except ValueError:
                raise BadInput(
                    Said("'%(value)s' is not a number", value=value),
                    field=name,
                    cure=Said("write %(name)s=N", name=name),
                ) from None
        return cls(**given)

    def to_json(self) -> dict[str, float]:
        """Return the assumptions made."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def apply(self, rules: Rules) -> Rules:
        """Return the rules under these assumptions."""
        return replace(
            rules, target_share=self.threshold or rules.target_share,
            finish_probability=self.finish or rules.finish_probability,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """
    What this plan is made under.

    `rain` are days on which nobody works; `fair` is the largest Gini coefficient of the crews' results per hour, in (0, 1),
    None for no bound.
    """

    rain: frozenset[date] = frozenset()
    fair: float | None = None
    what_if: WhatIf | None = None

    @classmethod
    def from_figures(cls, figures: Mapping[str, Any]) -> Self:
        """Return the terms that a stored plan was made under, but for its bound on unfairness."""
        rain = frozenset(date.fromisoformat(day) for day in figures.get("rain", []))
        return cls(rain=rain, what_if=WhatIf(**figures["what_if"]) if "what_if" in figures else None)

    def __post_init__(self) -> None:
        """Refuse a Gini coefficient that is none."""
        if self.fair is not None and not 0.0 < self.fair < 1.0:
            raise BadInput(
                Said("%(fair)s is no Gini coefficient", fair=f"{self.fair:g}"),
                field="fair",
                cure="give 0.05 (very even) to 0.5",
            )


def check_first_day(first: date, today: date) -> None:
    """
    Let bursts begin on a day.

    Raises
    ------
    BadInput
        If it is over, or more than a year ahead.
    """
    if first < today:
        raise BadInput(Said("%(first)s is over", first=first), field="--from", cure="bursts start today or later")
    if first > today + FARTHEST:
        problem = Said("%(first)s is more than a year ahead", first=first)
        raise BadInput(problem, field="--from", cure="give a nearer day")
