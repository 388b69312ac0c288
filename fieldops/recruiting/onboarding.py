"""The first steps of a seller as a checklist with dates, and who is stuck at them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fieldops.errors import BadInput
from fieldops.said import Said

_STEP = re.compile(r"[a-z][a-z0-9_]{0,31}")
MOST_STEPS = 30


@dataclass(frozen=True, slots=True)
class Step:
    """One step, due so many days after the seller signed; `label` in the region's words, empty for a known step."""

    name: str
    due_after: timedelta
    label: str = ""


# The operator's own first steps; a region may have others.
FIRST_STEPS = (
    Step("account_name", timedelta(days=1)),  # says the subject, no shop words
    Step("portrait", timedelta(days=1)),  # clear
    Step("profile_text", timedelta(days=2)),
    Step("first_video", timedelta(days=3)),  # 10 to 30 seconds, bright, published here first
    Step("first_live", timedelta(days=3)),  # from the first day on; 6 followers suffice
    Step("three_lives_a_week", timedelta(days=10)),  # about 3 sessions of 2 hours a week
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a seller stands at one step."""

    step: Step
    due_at: datetime
    done_at: datetime | None

    def is_stuck(self, now: datetime) -> bool:
        """Return whether the step is overdue."""
        return self.done_at is None and self.due_at <= now


def standings(steps: Sequence[Step], signed_at: datetime, done: Mapping[str, datetime]) -> tuple[Standing, ...]:
    """Return where a seller who signed at a moment stands at every step."""
    return tuple(Standing(step, signed_at + step.due_after, done.get(step.name)) for step in steps)


def read_steps(rows: Sequence[Mapping[str, object]]) -> tuple[Step, ...]:
    """
    Return the steps of a region from plain values {name, days, label}.

    Raises
    ------
    BadInput
        If a name is no short word or stands twice, days are out of range, or there are too many.
    """
    if len(rows) > MOST_STEPS:
        raise BadInput(
            Said("%(count)s steps", count=len(rows)),
            field="steps",
            cure=Said("give at most %(most_steps)s", most_steps=MOST_STEPS),
        )
    steps: list[Step] = []
    for number, row in enumerate(rows, start=1):
        name, days, label = str(row.get("name", "")), row.get("days"), str(row.get("label", "")).strip()
        if not _STEP.fullmatch(name) or name in {step.name for step in steps}:
            raise BadInput(
                Said("'%(name)s' is no name of a step", name=name),
                row=number,
                field="name",
                cure="use letters, digits and _",
            )
        if not isinstance(days, int | float) or not 0 <= days <= 365:
            raise BadInput(
                Said("%(days)s days", days=days), row=number, field="days", cure="give 0 to 365 days after signing"
            )
        if len(label) > 100 or not label.isprintable():
            raise BadInput("is too long", row=number, field="label", cure="use at most 100 characters")
        steps.append(Step(name, timedelta(days=days), label))
    return tuple(steps)
