"""
Sentences that are values: English for whoever prints them, template and facts for whoever says them in another language.

A `Said` is a `str`, so that logs, files and programs need to know nothing of it. A page takes the template, which is a key
of its translations, and writes the facts in the reader's own way. The end of a fact's name says what it is:

| ends in | holds | English |
|---|---|---|
| `_n` | a count or a number to be rounded | 1200 |
| `_share` | a share in 0..1 | 20%, 0.4%, below 0.1% |
| `_interval` | the ends of an interval of shares, `0.12 0.31` | 12%–31%, below 0.1% |
| `_h` | promoter-hours | 11.5 |
| `_hours` | promoter-hours, rounded | 12 |
| `_m` | metres | 420 m, 1.2 km |
| `_at` | local time, `2026-03-02 08:00` | as it is |
| anything else | an id or a word | as it is |
"""

import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Self

Fact = str | int | float


def say_end(moment: datetime) -> str:
    """Return an end in its own zone, rounded up to the second, so that what it promises holds: `2026-03-09 12:00:00+08:00`."""
    if moment.microsecond:
        moment = moment.replace(microsecond=0) + timedelta(seconds=1)
    return moment.isoformat(" ")


def template(text: str) -> str:
    """Mark a text as the template of a sentence, so that the translations are asked for it."""
    return text


def way(metres: float) -> str:
    """Return a way on foot as people write it."""
    return f"{metres / 1000:.1f} km" if metres >= 1000 else f"{metres:.0f} m"


FINEST, WHOLE = 0.001, 0.01  # steps in which people read shares


def is_little(share: float, finest: float = FINEST) -> bool:
    """Return whether a share is more than nothing and would be read as nothing: then it is said to be below `finest`."""
    return 0.0 < share < finest / 2


def ends_to_read(low: float, high: float, finest: float = FINEST) -> tuple[float, ...]:
    """Return the ends of an interval as they are read: none where all of it lies below `finest`, one where both read alike."""
    if high < finest / 2:
        return ()
    return (low,) if round(low / finest) == round(high / finest) else (low, high)


def say_share(share: float, finest: float = FINEST) -> str:
    """Return a share in English, rounded to `finest`; RULE 12: little is never said to be 0 %."""
    digits = 1 if finest < WHOLE else 0
    return f"below {finest:.{digits}%}" if is_little(share, finest) else f"{share:.{digits}%}"


def say_interval(low: float, high: float, finest: float = FINEST) -> str:
    """Return an interval of shares in English, its ends rounded to `finest`."""
    digits = 1 if finest < WHOLE else 0
    return "–".join(f"{end:.{digits}%}" for end in ends_to_read(low, high, finest)) or f"below {finest:.{digits}%}"


def step_of(share: float) -> float:
    """Return the step in which a share within a sentence is read."""
    return FINEST if 0.0 < share < WHOLE else WHOLE


def interval_of(fact: Fact) -> tuple[float, float]:
    """Return the ends that a fact of the sort `_interval` holds."""
    low, high = str(fact).split()
    return float(low), float(high)


def _interval(fact: Fact) -> str:
    low, high = interval_of(fact)
    return say_interval(low, high, step_of(high))


_FORMS: dict[str, Callable[[Fact], str]] = {
    "n": lambda value: f"{float(value):.0f}", "share": lambda value: say_share(float(value), step_of(float(value))),
    "interval": _interval, "h": lambda value: f"{float(value):.1f}", "hours": lambda value: f"{float(value):.0f}",
    "m": lambda value: way(float(value)),
}  # fmt: skip


def sort_of_fact(name: str) -> str:
    """Return what the end of a fact's name says it is; empty for an id or a word."""
    _, mark, end = name.rpartition("_")
    return end if mark and (end in _FORMS or end == "at") else ""


def _english(name: str, fact: Fact) -> str:
    form = _FORMS.get(sort_of_fact(name))
    return form(fact) if form is not None else str(fact)


class Said(str):
    """
    A sentence with its template and facts; as a `str` it is English.

    Attributes
    ----------
    template
        English with holes, `%(crew)s`; the key of the translations.
    facts
        What fills the holes; plain values.
    """

    template: str
    facts: dict[str, Fact]

    def __new__(cls, template: str, /, **facts: object) -> Self:
        """Fill the holes; a template without facts is taken as it is. What is no plain value, a day or a path, becomes text."""
        plain = {name: fact if isinstance(fact, str | int | float) else str(fact) for name, fact in facts.items()}
        said = super().__new__(
            cls, template % {name: _english(name, fact) for name, fact in plain.items()} if plain else template
        )
        said.template, said.facts = template, plain
        return said

    def __reduce__(self) -> tuple[object, ...]:
        """Cross process borders whole."""
        return _said, (self.template, self.facts)


def pack(said: str) -> str:
    """Return a sentence, or several, as a small text that any file holds; `unpack` gives it back whole."""
    return Reason([said]).to_json({}) if said else ""


def unpack(text: str) -> str:
    """Return what `pack` made; any other text is a sentence without facts."""
    return Reason.from_json(text, {}) if text.startswith("[[") else Reason([text])


def _said(template: str, facts: dict[str, Fact]) -> Said:
    return Said(template, **facts)


class Reason(str):
    """Several sentences as one, joined by semicolons; `parts` are those that are values, an empty tuple where none is."""

    parts: tuple[Said, ...]

    def __new__(cls, parts: Iterable[str] = ()) -> Self:
        """Join the sentences and reasons; plain texts among them, such as those of older records, are kept as they are."""
        given: tuple[Said, ...] = ()
        for part in parts:
            if part:
                given += part.parts if isinstance(part, Reason) else (part if isinstance(part, Said) else Said(part),)
        reason = super().__new__(cls, "; ".join(given))
        reason.parts = given
        return reason

    def __reduce__(self) -> tuple[object, ...]:
        """Cross process borders whole."""
        return Reason, (self.parts,)

    def to_json(self, code_of: dict[str, str]) -> str:
        """Return the parts as a small text; `code_of` gives templates short names."""
        return json.dumps(
            [[code_of.get(part.template, part.template), part.facts] for part in self.parts], ensure_ascii=False
        )

    @classmethod
    def from_json(cls, text: str, template_of: dict[str, str]) -> Self:
        """Return what `to_json` made; an empty text gives an empty reason."""
        parts = json.loads(text) if text else []
        return cls(Said(template_of.get(code, code), **facts) for code, facts in parts)
