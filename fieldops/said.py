"""
Sentences that are values: English for whoever prints them, template and facts for whoever says them in another language.

A `Said` is a `str`, so that logs, files and programs need to know nothing of it. A page takes the template, which is a key
of its translations, and writes the facts in the reader's own way. The end of a fact's name says what it is:

| ends in | holds | English |
|---|---|---|
| `_n` | a count or a number to be rounded | 1200 |
| `_share` | a share in 0..1 | 20% |
| `_h` | promoter-hours | 11.5 |
| `_hours` | promoter-hours, rounded | 12 |
| `_m` | metres | 420 m, 1.2 km |
| `_at` | local time, `2026-03-02 08:00` | as it is |
| anything else | an id or a word | as it is |
"""

import json
from collections.abc import Callable, Iterable
from typing import Self

Fact = str | int | float


def template(text: str) -> str:
    """Mark a text as the template of a sentence, so that the translations are asked for it."""
    return text


def way(metres: float) -> str:
    """Return a way on foot as people write it."""
    return f"{metres / 1000:.1f} km" if metres >= 1000 else f"{metres:.0f} m"


_FORMS: dict[str, Callable[[float], str]] = {
    "n": lambda value: f"{value:.0f}", "share": lambda value: f"{value:.0%}", "h": lambda value: f"{value:.1f}",
    "hours": lambda value: f"{value:.0f}", "m": way,
}  # fmt: skip


def sort_of_fact(name: str) -> str:
    """Return what the end of a fact's name says it is; empty for an id or a word."""
    _, mark, end = name.rpartition("_")
    return end if mark and (end in _FORMS or end == "at") else ""


def _english(name: str, fact: Fact) -> str:
    form = _FORMS.get(sort_of_fact(name))
    return form(float(fact)) if form is not None else str(fact)


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
